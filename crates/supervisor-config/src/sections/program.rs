//! `[program:x]`: one process of it, after expansion.

use std::path::PathBuf;
use std::rc::Rc;

use super::FcgiSocket;

pub(crate) mod read;

/// Whether an exited process is started again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Autorestart {
    /// `false`.
    Never,
    /// `unexpected`: when its exit status is not among `exitcodes`.
    Unexpected,
    /// `true`.
    Always,
}

/// Where the output of a channel goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogTarget {
    /// A file with a generated name in `childlogdir`.
    Auto,
    /// Nowhere.
    None,
    /// A file, as written (relative to the daemon's working folder).
    File(PathBuf),
}

/// What is done with one output channel of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Channel {
    /// `*_logfile`.
    pub logfile: LogTarget,
    /// Bytes after which the log is rotated; 0 or less: never.
    pub maxbytes: i64,
    /// How many rotated files are kept.
    pub backups: i64,
    /// More than 0: capture mode with a buffer of so many bytes.
    pub capture_maxbytes: i64,
    /// PROCESS_LOG events.
    pub events_enabled: bool,
    /// Each line goes to syslog too.
    pub syslog: bool,
    /// Access of the log file, at creation, rotation and reopen (new key `*_logfile_mode`).
    pub mode: Option<u32>,
    /// Owner of the log file (new key `*_logfile_owner`).
    pub owner: Option<(u32, Option<u32>)>,
}

/// A checked signal number. 0 is possible: it probes whether the process lives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signal(pub i32);

/// `SUPERVISOR_SERVER_URL` of the child.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ServerUrl {
    /// Taken from the servers of the daemon.
    Auto,
    /// This text; empty: the variable is not set.
    Given(String),
}

/// One process, with everything expanded.
#[derive(Debug, Clone, PartialEq)]
pub struct Program {
    /// The expanded `process_name`.
    pub name: String,
    /// Split into words only when it is spawned, as a mistake there is a spawn error.
    pub command: String,
    /// Lower numbers first.
    pub priority: i64,
    /// Started with the daemon.
    pub autostart: bool,
    /// Started again when it exits.
    pub autorestart: Autorestart,
    /// Seconds it must stay up to count as running.
    pub startsecs: i64,
    /// Attempts after the first before it is given up.
    pub startretries: i64,
    /// Exit statuses that are expected.
    pub exitcodes: Rc<[i32]>,
    /// Asks it to end.
    pub stopsignal: Signal,
    /// Seconds until SIGKILL.
    pub stopwaitsecs: i64,
    /// The stop signal goes to its whole process group.
    pub stopasgroup: bool,
    /// SIGKILL goes to its whole process group.
    pub killasgroup: bool,
    /// User to become.
    pub uid: Option<u32>,
    /// Its file creation mask.
    pub umask: Option<u32>,
    /// It and its children cannot gain privileges by executing a file (new key `no_new_privs`).
    pub no_new_privs: bool,
    /// Its working folder.
    pub directory: Option<PathBuf>,
    /// Its environment besides the daemon's own: `[supervisord] environment`, then the program's. Shared where equal.
    pub environment: Rc<[(String, String)]>,
    /// stderr goes where stdout goes.
    pub redirect_stderr: bool,
    /// Its standard output.
    pub stdout: Channel,
    /// Its standard error.
    pub stderr: Channel,
    /// `SUPERVISOR_SERVER_URL` in its environment.
    pub serverurl: ServerUrl,
    /// The FastCGI socket that is its standard input, shared by all processes of its `[fcgi-program:x]`.
    pub socket: Option<Rc<FcgiSocket>>,
}
