//! `[supervisord]`.

use std::path::{Path, PathBuf};
use std::rc::Rc;

use nix::unistd::{AccessFlags, access};
use serde::{Deserialize, Serialize};

use crate::Overrides;
use crate::environment::{self, Variables};
use crate::error::Reason;
use crate::options::{At, Context, Names, options};
use crate::value::{FilePath, Folder, Octal, Owner, Size, Template, UserId, Value};

/// How loud the daemon's own log is. Ordered: `Critical` is the greatest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum LogLevel {
    /// `blather`, 3.
    Blather,
    /// `trace`, 5.
    Trace,
    /// `debug`, 10.
    Debug,
    /// `info`, 20.
    Info,
    /// `warn`, 30.
    Warn,
    /// `error`, 40.
    Error,
    /// `critical`, 50.
    Critical,
}

/// `[supervisord]`, after the command line had its say.
#[derive(Debug, Clone, PartialEq)]
pub struct Supervisord {
    /// The daemon's log file, absolute; `None` for `syslog`.
    pub logfile: Option<PathBuf>,
    /// Bytes after which the log is rotated; 0 or less: never.
    pub logfile_maxbytes: i64,
    /// How many rotated files are kept; 0: the file is truncated instead.
    pub logfile_backups: i64,
    /// Lines below this level are dropped.
    pub loglevel: LogLevel,
    /// Absolute.
    pub pidfile: PathBuf,
    /// Applied when daemonizing only.
    pub umask: u32,
    /// Stay in the foreground.
    pub nodaemon: bool,
    /// No copy of the log on stdout in the foreground.
    pub silent: bool,
    /// Descriptors that must be available.
    pub minfds: i64,
    /// Processes that must be available.
    pub minprocs: i64,
    /// Leave the AUTO logs of an earlier run alone.
    pub nocleanup: bool,
    /// Folder of AUTO logs.
    pub childlogdir: PathBuf,
    /// User to become: its uid, checked.
    pub user: Option<u32>,
    /// Folder to change to when daemonizing.
    pub directory: Option<PathBuf>,
    /// Strip ANSI sequences from the output of children.
    pub strip_ansi: bool,
    /// Environment of all children, in the order of the file. Already merged into each program's.
    pub environment: Vec<(String, String)>,
    /// Name of this supervisord in events and AUTO log names.
    pub identifier: String,
    /// Access of the daemon's own log file (new key `logfile_mode`).
    pub logfile_mode: Option<u32>,
    /// Owner of the daemon's own log file (new key `logfile_owner`).
    pub logfile_owner: Option<(u32, Option<u32>)>,
}

options! {
    /// The rows of `[supervisord]`.
    pub(crate) struct Options {
        /// The number of file descriptors that must be available before supervisord starts.
        minfds: i64 = "1024";
        /// The number of processes that must be available before supervisord starts.
        minprocs: i64 = "200";
        /// The folder that the daemon changes to when it goes to the background.
        directory: Folder;
        /// The user to become when started as root.
        user: String;
        /// The file creation mask of the daemon when it goes to the background.
        umask: Octal = "022";
        /// The daemon's own log file, or `syslog`.
        logfile: FilePath = "supervisord.log";
        /// The size at which the log file is rotated; 0 means never.
        logfile_maxbytes: Size = "50MB";
        /// How many rotated log files are kept; 0 means that the file is emptied instead.
        logfile_backups: i64 = "10";
        /// What the log file tells: `critical`, `error`, `warn`, `info`, `debug`, `trace` or `blather`.
        loglevel: LogLevel = "info";
        /// The file that holds the process id of the daemon.
        pidfile: FilePath = "supervisord.pid";
        /// The name of this supervisord in events and in the names of log files.
        identifier: String = "supervisor";
        /// Whether supervisord stays in the foreground.
        nodaemon: bool = "false";
        /// Whether the log is kept off standard output in the foreground.
        silent: bool = "false";
        /// The folder of log files whose names are chosen automatically. Without it the system's temporary folder.
        childlogdir: Folder;
        /// Whether automatically named log files of an earlier run are kept.
        nocleanup: bool = "false";
        /// Whether escape sequences of terminals are removed from the logs of programs.
        strip_ansi: bool = "false";
        /// Variables for all programs, as `NAME="value",OTHER="value"`.
        environment: Template = "";
        /// The access of the daemon's own log file. Without it what `umask` leaves.
        logfile_mode: Octal;
        /// The owner of the daemon's own log file.
        logfile_owner: Owner;
        /// The access of the log files of programs that do not say. Without it 0600 for automatic names, and what the
        /// umask leaves for others.
        childlog_mode: Octal;
        /// The owner of the log files of programs that do not say.
        childlog_owner: Owner;
    }
}

/// Keys that are accepted and mean nothing: the original resets this one after reading it.
pub(crate) const IGNORED: &[&str] = &["profile_options"];

/// What `[supervisord]` says to other sections.
pub(crate) struct Common {
    pub(crate) environment: Rc<[(String, String)]>,
    pub(crate) childlog_mode: Option<u32>,
    pub(crate) childlog_owner: Option<(u32, Option<u32>)>,
}

/// Reads the section; its variables are seen by all that is read afterwards.
pub(crate) fn read(context: &mut Context<'_>) -> Option<(Options, Variables)> {
    let Some(section) = context.document.section("supervisord") else {
        context.problem(Reason::NoSection("supervisord"));
        return None;
    };
    let names = Names::new([("here", &context.here)]);
    let mut at = context.at(section, names);
    let options = Options::read(&mut at);
    let host = Rc::clone(&at.context.host);
    at.names.texts.push(("host_node_name", host));
    let variables = variables(&mut at, &options.environment);
    context.environment.added = variables.iter().cloned().collect();
    Some((options, variables))
}

/// Expanded once, as 4.4 does. 4.3 did so twice, so that a `%` had to be written as `%%%%`.
fn variables(at: &mut At<'_, '_>, text: &Template) -> Variables {
    let mark = at.entry("environment").map(|entry| entry.mark);
    let Some(once) = at.expanded(&text.0, format_args!("supervisord.environment"), mark) else {
        return Variables::new();
    };
    if once.contains("%%") {
        at.context.warn(
            "For [supervisord], environment has %% left after expansion: Supervisor 4.3 reads it as %"
                .to_owned(),
        );
    }
    at.variables(&once, mark)
}

impl At<'_, '_> {
    /// Parses an `environment` that is expanded already, and tells where Supervisor 4.3 differs.
    pub(crate) fn variables(&mut self, text: &str, mark: Option<crate::ini::Mark>) -> Variables {
        use environment::Reading;
        let section = &self.section.name;
        match environment::parse(text) {
            Ok((variables, Reading::Same | Reading::New)) => variables,
            Ok((variables, Reading::Old)) => {
                self.context.warn(format!(
                    "For [{section}], environment cannot be read as a POSIX shell would, so it is read as by \
                     Supervisor 4.3"
                ));
                variables
            }
            Ok((variables, Reading::Differs(name))) => {
                self.context.warn(format!(
                    "For [{section}], environment is read as a POSIX shell would, which gives {name} another \
                     value than in Supervisor 4.3"
                ));
                variables
            }
            Err(error) => {
                self.problem(error.into(), mark);
                Variables::new()
            }
        }
    }
}

impl Options {
    /// What the other sections need of this one.
    pub(crate) fn common(&self, variables: &Variables) -> Common {
        Common {
            environment: variables.as_slice().into(),
            childlog_mode: self.childlog_mode.map(|Octal(mode)| mode),
            childlog_owner: self.childlog_owner.map(|Owner(user, group)| (user, group)),
        }
    }

    /// Joins the section with the command line.
    pub(crate) fn finish(
        self,
        overrides: &Overrides,
        environment: Variables,
        context: &mut Context<'_>,
    ) -> Supervisord {
        let around = &context.around;
        let absolute = |path: &str| PathBuf::from(around.abspath(path));
        let given = |path: &Option<PathBuf>| path.as_ref().map(|path| path.to_string_lossy().into_owned());
        let logfile = given(&overrides.logfile).unwrap_or(self.logfile.0);
        let pidfile = given(&overrides.pidfile).unwrap_or(self.pidfile.0);
        let childlogdir = given(&overrides.childlogdir)
            .or(self.childlogdir.map(|Folder(folder)| folder))
            .unwrap_or_else(|| temporary_folder(context));
        let user = overrides.user.as_ref().or(self.user.as_ref()).map(|user| UserId::parse(user, around));
        let user = match user {
            None => None,
            Some(Ok(UserId(uid))) => Some(uid),
            Some(Err(error)) => {
                let document = context.document;
                let entry = document.section("supervisord").and_then(|section| section.get("user"));
                let mark = entry.filter(|_| overrides.user.is_none()).map(|entry| entry.mark);
                let place = || mark.map(|mark| document.value_place(mark));
                context.problems.add_at(error.into(), mark, None, place);
                None
            }
        };
        Supervisord {
            logfile: (logfile != "syslog").then(|| absolute(&logfile)),
            logfile_maxbytes: overrides.logfile_maxbytes.unwrap_or(self.logfile_maxbytes.0),
            logfile_backups: overrides.logfile_backups.unwrap_or(self.logfile_backups),
            loglevel: overrides.loglevel.unwrap_or(self.loglevel),
            pidfile: absolute(&pidfile),
            umask: overrides.umask.unwrap_or(self.umask.0),
            nodaemon: overrides.nodaemon || self.nodaemon,
            silent: overrides.silent || self.silent,
            minfds: overrides.minfds.unwrap_or(self.minfds),
            minprocs: overrides.minprocs.unwrap_or(self.minprocs),
            nocleanup: overrides.nocleanup || self.nocleanup,
            childlogdir: absolute(&childlogdir),
            user,
            directory: overrides.directory.clone().or(self.directory.map(|Folder(folder)| folder.into())),
            strip_ansi: overrides.strip_ansi || self.strip_ansi,
            environment,
            identifier: overrides.identifier.clone().unwrap_or(self.identifier),
            logfile_mode: self.logfile_mode.map(|Octal(mode)| mode),
            logfile_owner: self.logfile_owner.map(|Owner(user, group)| (user, group)),
        }
    }
}

/// The first usable folder of those that Python's `tempfile` tries.
fn temporary_folder(context: &Context<'_>) -> String {
    let variables = ["TMPDIR", "TEMP", "TMP"].into_iter();
    let variables = variables.filter_map(|name| context.environment.process.get(name).copied());
    let candidates = variables.filter(|folder| !folder.is_empty()).chain(["/tmp", "/var/tmp", "/usr/tmp"]);
    let usable = |folder: &&str| {
        let folder = Path::new(&context.around.cwd).join(folder);
        folder.is_dir() && access(&folder, AccessFlags::W_OK | AccessFlags::X_OK).is_ok()
    };
    let mut candidates = candidates;
    candidates.find(usable).map_or_else(|| context.around.cwd.clone(), str::to_owned)
}
