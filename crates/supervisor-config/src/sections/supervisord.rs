//! `[supervisord]`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

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
