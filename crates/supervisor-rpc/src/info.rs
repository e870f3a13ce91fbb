//! The structs that methods answer with: one set, read and written as XML-RPC and as JSON.
//!
//! The order of the fields is the order of the members on the wire.

use serde::{Deserialize, Serialize};

/// `getState`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateInfo {
    /// 1, 0 or -1.
    pub statecode: i64,
    /// RUNNING, RESTARTING or SHUTDOWN.
    pub statename: String,
}

/// `getProcessInfo`. Who reads it owns its texts; the daemon, which writes very many, lends them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the protocol's: manual, \"XML-RPC API\", getProcessInfo")]
pub struct ProcessInfo<Text = String> {
    pub name: Text,
    pub group: Text,
    pub start: i64,
    pub stop: i64,
    pub now: i64,
    pub state: i64,
    pub statename: Text,
    pub spawnerr: Text,
    pub exitstatus: i64,
    pub logfile: Text,
    pub stdout_logfile: Text,
    pub stderr_logfile: Text,
    pub pid: i64,
    pub description: Text,
}

/// One process in the answer of a method over several.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the protocol's: manual, \"XML-RPC API\", startProcessGroup")]
pub struct StatusInfo {
    pub name: String,
    pub group: String,
    pub status: i64,
    pub description: String,
}

/// `getAllConfigInfo`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the names are the protocol's: they are those of the keys of a program")]
pub struct ConfigInfo {
    pub autostart: bool,
    pub directory: String,
    pub uid: Uid,
    pub command: String,
    pub exitcodes: Vec<i64>,
    pub group: String,
    pub group_prio: i64,
    pub inuse: bool,
    pub killasgroup: bool,
    pub name: String,
    pub process_prio: i64,
    pub redirect_stderr: bool,
    pub startretries: i64,
    pub startsecs: i64,
    pub stdout_capture_maxbytes: i64,
    pub stdout_events_enabled: bool,
    pub stdout_logfile: String,
    pub stdout_logfile_backups: i64,
    pub stdout_logfile_maxbytes: i64,
    pub stdout_syslog: bool,
    pub stopsignal: i64,
    pub stopwaitsecs: i64,
    pub stderr_capture_maxbytes: i64,
    pub stderr_events_enabled: bool,
    pub stderr_logfile: String,
    pub stderr_logfile_backups: i64,
    pub stderr_logfile_maxbytes: i64,
    pub stderr_syslog: bool,
    pub serverurl: String,
}

/// The user in [`ConfigInfo`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Uid {
    /// The user's number.
    Number(i64),
    /// The text `none`: no user was configured.
    None(String),
}

/// `tailProcessStdoutLog`: an array of three on the wire.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tail(pub String, pub i64, pub bool);
