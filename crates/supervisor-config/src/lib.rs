//! The configuration of supervisord: from INI files to typed, immutable options.
//!
//! Owns every fact about the text of a configuration: its dialect, its includes, its `%(…)s` expansions, its keys,
//! their types, defaults and error sentences. Opens configuration files and nothing else: no sockets, no log files,
//! no processes, no async.

use std::path::{Path, PathBuf};

mod error;
pub mod getopt;
pub mod sections;

pub use error::{ConfigError, Place, Problem, Reason};
pub use sections::{Config, CtlOptions, LogLevel};

/// What the command line of supervisord says, which wins over the file.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Overrides {
    /// `-n`.
    pub nodaemon: bool,
    /// `-s`.
    pub silent: bool,
    /// `-k`.
    pub nocleanup: bool,
    /// `-t`.
    pub strip_ansi: bool,
    /// `-u`: a name or a number, checked after the file.
    pub user: Option<String>,
    /// `-m`.
    pub umask: Option<u32>,
    /// `-d`.
    pub directory: Option<PathBuf>,
    /// `-l`.
    pub logfile: Option<PathBuf>,
    /// `-y`.
    pub logfile_maxbytes: Option<i64>,
    /// `-z`.
    pub logfile_backups: Option<i64>,
    /// `-e`.
    pub loglevel: Option<LogLevel>,
    /// `-j`.
    pub pidfile: Option<PathBuf>,
    /// `-i`.
    pub identifier: Option<String>,
    /// `-q`.
    pub childlogdir: Option<PathBuf>,
    /// `-a`.
    pub minfds: Option<i64>,
    /// `--minprocs`.
    pub minprocs: Option<i64>,
}

/// Something that `--check` tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// `Error`: the file cannot be used. `Warn`, `Info`: it can.
    pub level: LogLevel,
    /// The sentence.
    pub text: String,
    /// Where.
    pub place: Option<Place>,
    /// What to do about it.
    pub help: Option<&'static str>,
}

/// Reads the configuration of supervisord. `cwd` is what relative names count from, `process_env` what `%(ENV_…)s`
/// sees.
pub fn load(
    file: &Path,
    overrides: &Overrides,
    process_env: &[(String, String)],
    cwd: &Path,
) -> Result<Config, ConfigError> {
    let (_, _) = (overrides, process_env);
    if !cwd.join(file).exists() {
        let reason = Reason::NotFound(file.display().to_string());
        return Err(Problem { reason, place: None, help: None }.into());
    }
    let reason = Reason::NoSection("supervisord");
    Err(Problem { reason, place: None, help: None }.into())
}

/// Reads what supervisorctl needs.
pub fn load_ctl(
    file: &Path,
    process_env: &[(String, String)],
    cwd: &Path,
) -> Result<CtlOptions, ConfigError> {
    let _ = process_env;
    if !cwd.join(file).exists() {
        let reason = Reason::NotFound(file.display().to_string());
        return Err(Problem { reason, place: None, help: None }.into());
    }
    let reason = Reason::NoSection("supervisorctl");
    Err(Problem { reason, place: None, help: None }.into())
}

/// Everything that can be said about a configuration, errors first.
pub fn check(
    file: &Path,
    overrides: &Overrides,
    process_env: &[(String, String)],
    cwd: &Path,
) -> Vec<Finding> {
    match load(file, overrides, process_env, cwd) {
        Ok(config) => config
            .notices
            .into_iter()
            .map(|notice| Finding { level: notice.level, text: notice.text, place: None, help: None })
            .collect(),
        Err(error) => error
            .problems()
            .iter()
            .map(|problem| Finding {
                level: LogLevel::Error,
                text: problem.reason.to_string(),
                place: problem.place.clone(),
                help: problem.help,
            })
            .collect(),
    }
}

/// Where both programs look for their file when none is named: relative to the folder above the one that the program
/// is in, to the working folder, and in `/etc`.
pub fn search_path(program: &Path) -> [PathBuf; 6] {
    let above = program.parent().and_then(Path::parent).unwrap_or(Path::new(""));
    [
        above.join("etc/supervisord.conf"),
        above.join("supervisord.conf"),
        "supervisord.conf".into(),
        "etc/supervisord.conf".into(),
        "/etc/supervisord.conf".into(),
        "/etc/supervisor/supervisord.conf".into(),
    ]
}

/// The first of these that exists.
pub fn find(paths: &[PathBuf], cwd: &Path) -> Option<PathBuf> {
    paths.iter().find(|path| cwd.join(path).exists()).cloned()
}
