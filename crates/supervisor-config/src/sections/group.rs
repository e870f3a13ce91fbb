//! Groups: `[group:x]`, and the group that each program not named in one forms by itself.

use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use super::program::read as program;
use super::supervisord::Common;
use super::{FcgiSocket, Pool, Program, eventlistener, fcgi_program};
use crate::error::Reason;
use crate::ini::Section;
use crate::options::{Context, Names, options};
use crate::value::{List, Name};

/// A group and its processes.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Lower numbers start first and stop last.
    pub priority: i64,
    /// What it is besides a list of processes.
    pub kind: GroupKind,
    /// Its processes in the order of the configuration.
    pub programs: Vec<Rc<Program>>,
}

/// What a group is besides a list of processes.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupKind {
    /// Programs.
    Programs,
    /// A pool of event listeners.
    Listeners(Pool),
}

options! {
    /// The rows of `[group:x]`.
    pub(crate) struct Options {
        /// The programs of the group, with commas between.
        programs: List = "";
        /// The place of the group in the order of starting and stopping.
        priority: i64 = "999";
    }
}

/// Reads all groups: heterogeneous ones, then what each remaining section forms by itself.
pub(crate) fn read(context: &mut Context<'_>, common: &Common) -> Vec<Rc<Group>> {
    let document = context.document;
    let mut reader = Groups { context, common, members: HashSet::new(), sockets: HashMap::new() };
    let sections = document.sections();
    let of_kind = |kind: &'static str| {
        sections.iter().filter_map(move |section| Some((section, section.name.strip_prefix(kind)?)))
    };
    let mut groups: Vec<Group> = Vec::new();
    groups.extend(of_kind("group:").filter_map(|(section, name)| reader.heterogeneous(section, name)));
    groups.extend(of_kind("program:").filter_map(|(section, name)| reader.homogeneous(section, name)));
    groups.extend(of_kind("eventlistener:").map(|(section, name)| reader.pool(section, name)));
    groups.extend(of_kind("fcgi-program:").filter_map(|(section, name)| reader.fcgi(section, name)));
    groups.sort_by(|a, b| (a.priority, &a.name).cmp(&(b.priority, &b.name)));
    groups.into_iter().map(Rc::new).collect()
}

struct Groups<'r, 'a> {
    context: &'r mut Context<'a>,
    common: &'r Common,
    /// Sections that a `[group:x]` names.
    members: HashSet<&'a str>,
    /// The sockets of those among them that have one: shared if several groups name the section.
    sockets: HashMap<&'a str, Option<Rc<FcgiSocket>>>,
}

impl<'a> Groups<'_, 'a> {
    fn names(&self) -> Names {
        Names::new([("here", &self.context.here)])
    }

    /// The stripped name of a group, if it is one and its problems still count.
    fn name(&mut self, section: &'a Section, name: &str) -> Option<String> {
        if self.context.problems.is_full() {
            return None;
        }
        let mut at = self.context.at(section, Names::default());
        at.named(name).map(|Name(name)| name)
    }

    fn heterogeneous(&mut self, section: &'a Section, name: &str) -> Option<Group> {
        let document = self.context.document;
        let name = self.name(section, name)?;
        let names = self.names();
        let options = Options::read(&mut self.context.at(section, names));
        let mut programs = Vec::new();
        // The original says the section of the member before when the next one does not exist.
        let mut shown = &section.name;
        for member in options.programs.0 {
            if self.context.problems.is_full() {
                break;
            }
            let plain = document.section(&format!("program:{member}"));
            let fcgi = document.section(&format!("fcgi-program:{member}"));
            let found = match (plain, fcgi) {
                (Some(found), None) => Ok(found),
                (None, Some(found)) => Ok(found),
                (None, None) => Err(Reason::UnknownMember { section: shown.clone(), program: member }),
                (Some(_), Some(_)) => {
                    Err(Reason::AmbiguousMember { section: shown.clone(), program: member })
                }
            };
            match found {
                Ok(found) => {
                    shown = &found.name;
                    self.members.insert(&found.name);
                    let socket = if fcgi.is_some() { self.shared_socket(found) } else { None };
                    let read = program::read(self.context, found, &name, self.common, socket.as_ref());
                    programs.extend(read);
                }
                Err(reason) => {
                    self.context.at(section, Names::default()).wrong("programs", |_| reason, None);
                }
            }
        }
        Some(Group { name, priority: options.priority, kind: GroupKind::Programs, programs })
    }

    /// The original forgets the socket of a program that is in a group, and with it to check its keys: what is wrong
    /// with them is a warning then.
    fn shared_socket(&mut self, section: &'a Section) -> Option<Rc<FcgiSocket>> {
        if let Some(socket) = self.sockets.get(section.name.as_str()) {
            return socket.clone();
        }
        let problems = std::mem::take(&mut self.context.problems);
        let name = section.name.split_once(':').map_or("", |(_, name)| name);
        let socket = fcgi_program::read(self.context, section, name.trim());
        let found = std::mem::replace(&mut self.context.problems, problems);
        if let Some(error) = found.into_error() {
            let text = format!("For [{}], the socket is not opened: {error}", section.name);
            self.context.warn(text);
        }
        let socket = socket.map(Rc::new);
        self.sockets.insert(&section.name, socket.clone());
        socket
    }

    fn homogeneous(&mut self, section: &'a Section, name: &str) -> Option<Group> {
        if self.members.contains(section.name.as_str()) {
            return None;
        }
        let name = self.name(section, name)?;
        let names = self.names();
        let priority = self.context.at(section, names).value_or::<i64>("priority", None, "999");
        let programs = program::read(self.context, section, &name, self.common, None);
        Some(Group { name, priority, kind: GroupKind::Programs, programs })
    }

    /// The name of a pool is not stripped.
    fn pool(&mut self, section: &'a Section, name: &str) -> Group {
        let names = self.names();
        let (priority, pool) = eventlistener::read(&mut self.context.at(section, names));
        let programs = program::read(self.context, section, name, self.common, None);
        Group { name: name.to_owned(), priority, kind: GroupKind::Listeners(pool), programs }
    }

    fn fcgi(&mut self, section: &'a Section, name: &str) -> Option<Group> {
        if self.members.contains(section.name.as_str()) {
            return None;
        }
        let name = self.name(section, name)?;
        let names = self.names();
        let priority = self.context.at(section, names).value_or::<i64>("priority", None, "999");
        let socket = fcgi_program::read(self.context, section, &name).map(Rc::new);
        let programs = program::read(self.context, section, &name, self.common, socket.as_ref());
        Some(Group { name, priority, kind: GroupKind::Programs, programs })
    }
}
