//! `[supervisorctl]`.

use std::path::PathBuf;

use super::HttpServer;

/// What supervisorctl reads of the main file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CtlOptions {
    /// The file, as it was named.
    pub file: PathBuf,
    /// `http://host[:port]`, or `unix://` and an absolute path.
    pub serverurl: String,
    /// For the daemon's Basic authentication.
    pub username: Option<String>,
    /// Plain; also what `password_file` holds.
    pub password: Option<String>,
    /// Shown before `> `.
    pub prompt: String,
    /// Absolute.
    pub history_file: Option<PathBuf>,
    /// The pid file that the same file gives to supervisord, absolute, if it can be understood.
    pub pidfile: Option<PathBuf>,
    /// The servers that the same file gives to supervisord, as far as they can be understood.
    pub servers: Vec<HttpServer>,
}
