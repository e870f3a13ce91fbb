//! The order in which a configuration is read: the main file, its includes, then section by section as the original
//! does, so that the first problem is the one it would stop at.

use std::collections::HashSet;
use std::fs;
use std::io::Read;
use std::path::Path;

use crate::budget::Budget;
use crate::error::{Problems, Reason};
use crate::include;
use crate::ini::Document;
use crate::options::{At, Context, Environment, Names, Remark};
use crate::python::{abspath, dirname};
use crate::sections::{
    Config, CtlOptions, Include, Whereabouts, group, http_server, rpcinterface, supervisorctl, supervisord,
};
use crate::value::Surroundings;
use crate::{Overrides, spelling};

/// What a reading found.
pub(crate) struct Found<T> {
    /// Meaningful when there are no problems.
    pub(crate) value: Option<T>,
    pub(crate) problems: Problems,
    pub(crate) remarks: Vec<Remark>,
}

/// Who asks, and from where.
pub(crate) struct Asked<'a> {
    pub(crate) file: &'a Path,
    pub(crate) environment: &'a [(String, String)],
    pub(crate) cwd: &'a Path,
}

impl<'a> Asked<'a> {
    fn surroundings(&self) -> Surroundings {
        Surroundings::new(self.environment, self.cwd)
    }

    fn environment(&self) -> Environment<'a> {
        let process = self.environment.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        Environment { process, ..Environment::default() }
    }

    /// Reads the main file.
    fn open(&self) -> Result<Vec<u8>, Reason> {
        let path = self.cwd.join(self.file);
        let name = || self.file.display().to_string();
        if !path.exists() {
            return Err(Reason::NotFound(name()));
        }
        let file = fs::File::open(path).map_err(|_| Reason::Unreadable(name()))?;
        let mut bytes = Vec::new();
        let mut file = file.take(include::GREATEST_FILE + 1);
        file.read_to_end(&mut bytes).map_err(|_| Reason::Unreadable(name()))?;
        match bytes.len() as u64 {
            ..=include::GREATEST_FILE => Ok(bytes),
            _ => Err(Reason::FileTooLarge(name())),
        }
    }
}

/// Reads what supervisord needs.
pub(crate) fn configuration(asked: &Asked<'_>, overrides: &Overrides) -> Found<Config> {
    let mut found = Found { value: None, problems: Problems::default(), remarks: Vec::new() };
    let mut document = Document::default();
    let mut budget = Budget::default();
    if !main_file(asked, &mut document, &mut budget, &mut found) {
        return found;
    }
    included(asked, &mut document, &mut budget, &mut found);
    let mut context = context(asked, &document);
    context.budget = budget;
    std::mem::swap(&mut context.problems, &mut found.problems);
    std::mem::swap(&mut context.remarks, &mut found.remarks);
    found.value = sections(asked, overrides, &mut context);
    if !context.problems.is_full() {
        context.remarks.extend(spelling::unknown(&document));
    }
    // As the original logs them: warnings before what is only to be known.
    context.remarks.sort_by_key(|remark| std::cmp::Reverse(remark.level));
    Found { value: found.value, problems: context.problems, remarks: context.remarks }
}

/// Reads what supervisorctl needs.
pub(crate) fn client(asked: &Asked<'_>) -> Found<CtlOptions> {
    let mut found = Found { value: None, problems: Problems::default(), remarks: Vec::new() };
    let mut document = Document::default();
    let mut budget = Budget::default();
    if !main_file(asked, &mut document, &mut budget, &mut found) {
        return found;
    }
    let mut context = context(asked, &document);
    context.budget = budget;
    std::mem::swap(&mut context.problems, &mut found.problems);
    // The rest is supervisord's, and so are the mistakes in it, and the includes.
    let value = supervisorctl::read(&mut context);
    Found { value, problems: std::mem::take(&mut context.problems), remarks: Vec::new() }
}

/// Reads where supervisord can be found, as far as that can be understood.
pub(crate) fn whereabouts(asked: &Asked<'_>) -> Whereabouts {
    let mut document = Document::default();
    let mut budget = Budget::default();
    let mut ignored = Found::<()> { value: None, problems: Problems::default(), remarks: Vec::new() };
    main_file(asked, &mut document, &mut budget, &mut ignored);
    included(asked, &mut document, &mut budget, &mut ignored);
    let mut context = context(asked, &document);
    context.budget = budget;
    let pidfile = supervisord::read(&mut context).map(|(options, _)| options.pidfile);
    let pidfile = pidfile.map(|file| context.around.abspath(&file.0).into());
    Whereabouts { pidfile, servers: http_server::read(&mut context) }
}

/// Whether the main file could be read at all.
fn main_file<T>(
    asked: &Asked<'_>,
    document: &mut Document,
    budget: &mut Budget,
    found: &mut Found<T>,
) -> bool {
    let name = asked.file.to_string_lossy();
    match asked.open() {
        Ok(bytes) => {
            let problems = document.read(&name, bytes, budget);
            // Bad lines leave the others; anything else leaves nothing worth looking at.
            let worth = problems.iter().all(|(reason, _)| matches!(reason, Reason::BadLines { .. }));
            for (reason, place) in problems {
                found.problems.add_at(reason, None, None, || place);
            }
            worth
        }
        Err(reason) => {
            found.problems.add(reason);
            false
        }
    }
}

fn context<'a>(asked: &Asked<'a>, document: &'a Document) -> Context<'a> {
    let around = asked.surroundings();
    let here = abspath(&around.cwd, dirname(&asked.file.to_string_lossy())).into();
    let host = nix::sys::utsname::uname();
    let host = host.map(|names| names.nodename().to_string_lossy().into_owned()).unwrap_or_default();
    Context {
        document,
        file: asked.file.to_str().unwrap_or_default(),
        around,
        environment: asked.environment(),
        here,
        host: host.into(),
        problems: Problems::default(),
        remarks: Vec::new(),
        budget: Budget::default(),
        wrong: HashSet::new(),
    }
}

/// Reads the files of `[include]` over the main one.
fn included<T>(asked: &Asked<'_>, document: &mut Document, budget: &mut Budget, found: &mut Found<T>) {
    let around = asked.surroundings();
    let here = abspath(&around.cwd, dirname(&asked.file.to_string_lossy()));
    if document.section("include").is_none() {
        return;
    }
    if !document.replace_here(&here, budget) {
        found.problems.add(Reason::TooLarge);
        return;
    }
    let mut context = context(asked, document);
    let names = Names::new([("here", &context.here), ("host_node_name", &context.host)]);
    let Some(section) = document.section("include") else { return };
    std::mem::swap(&mut context.budget, budget);
    std::mem::swap(&mut context.problems, &mut found.problems);
    let files = files(&mut context.at(section, names));
    std::mem::swap(&mut context.problems, &mut found.problems);
    std::mem::swap(&mut context.budget, budget);
    let Some(files) = files else { return };
    let included = include::read(document, &files, &here, budget);
    for (reason, place) in included.problems {
        found.problems.add_at(reason, None, None, || place);
    }
    found.remarks.extend(included.remarks);
}

fn files(at: &mut At<'_, '_>) -> Option<Vec<String>> {
    if at.entry("files").is_none() {
        at.wrong("files", |_| Reason::NoFiles, None);
    }
    Include::read(at).files.map(|files| files.0)
}

/// Reads the sections in the original's order.
fn sections(asked: &Asked<'_>, overrides: &Overrides, context: &mut Context<'_>) -> Option<Config> {
    let (options, variables) = supervisord::read(context)?;
    let common = options.common(&variables);
    let rpcinterfaces = rpcinterface::read(context);
    let groups = group::read(context, &common);
    let http_servers = http_server::read(context);
    let supervisord = options.finish(overrides, variables, context);
    let file = context.around.abspath(&asked.file.to_string_lossy()).into();
    let (notices, typos) = (Vec::new(), Vec::new());
    Some(Config { file, supervisord, http_servers, rpcinterfaces, groups, notices, typos })
}
