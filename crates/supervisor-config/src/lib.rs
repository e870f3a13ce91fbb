//! The configuration of supervisord: from INI files to typed, immutable options.
//!
//! Owns every fact about the text of a configuration: its dialect, its includes, its `%(…)s` expansions, its keys,
//! their types, defaults and error sentences. Opens configuration files and nothing else: no sockets, no log files,
//! no processes, no async.

use std::path::{Path, PathBuf};

mod budget;
mod dialect;
mod environment;
mod error;
mod expand;
pub mod getopt;
mod include;
mod ini;
mod options;
mod python;
mod reading;
pub mod sections;
mod spelling;
mod value;

pub use environment::EnvironmentError;
pub use error::{ConfigError, Place, Problem, Reason, SocketError};
pub use expand::{ExpandError, FormatError};
pub use options::Key;
pub use python::NumberError;
pub use sections::{Config, CtlOptions, Kind, LogLevel, Notice, Whereabouts, kinds};
pub use value::ValueError;

use options::Remark;
use reading::Asked;
use value::{FilePath, Folder, Octal, Size, Surroundings, Value};

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

impl Overrides {
    /// Takes the value of a key of `[supervisord]` from the command line; what is relative counts from `cwd`.
    pub fn set(
        &mut self,
        key: &str,
        text: &str,
        process_env: &[(String, String)],
        cwd: &Path,
    ) -> Result<(), ValueError> {
        let around = &Surroundings::new(process_env, cwd);
        match key {
            "nodaemon" => self.nodaemon = true,
            "silent" => self.silent = true,
            "nocleanup" => self.nocleanup = true,
            "strip_ansi" => self.strip_ansi = true,
            "user" => self.user = Some(text.to_owned()),
            "umask" => self.umask = Some(Octal::parse(text, around)?.0),
            "directory" => self.directory = Some(Folder::parse(text, around)?.0.into()),
            "logfile" => self.logfile = Some(FilePath::parse(text, around)?.0.into()),
            "logfile_maxbytes" => self.logfile_maxbytes = Some(Size::parse(text, around)?.0),
            "logfile_backups" => self.logfile_backups = Some(i64::parse(text, around)?),
            "loglevel" => self.loglevel = Some(LogLevel::parse(text, around)?),
            "pidfile" => self.pidfile = Some(FilePath::parse(text, around)?.0.into()),
            "identifier" => self.identifier = Some(text.to_owned()),
            "childlogdir" => self.childlogdir = Some(Folder::parse(text, around)?.0.into()),
            "minfds" => self.minfds = Some(i64::parse(text, around)?),
            "minprocs" => self.minprocs = Some(i64::parse(text, around)?),
            key => unreachable!("the command line has no {key}"),
        }
        Ok(())
    }
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
    let found = reading::configuration(&Asked { file, environment: process_env, cwd }, overrides);
    match (found.value, found.problems.into_error()) {
        (Some(config), None) => {
            let (typos, notices): (Vec<_>, Vec<_>) =
                found.remarks.into_iter().partition(|remark| remark.place.is_some());
            let notices = notices.into_iter().map(Notice::from).collect();
            Ok(Config { notices, typos: typos.into_iter().map(Notice::from).collect(), ..config })
        }
        (_, Some(error)) => Err(error),
        (None, None) => unreachable!("what cannot be read has a problem"),
    }
}

/// Reads what supervisorctl needs.
pub fn load_ctl(
    file: &Path,
    process_env: &[(String, String)],
    cwd: &Path,
) -> Result<CtlOptions, ConfigError> {
    let found = reading::client(&Asked { file, environment: process_env, cwd });
    match (found.value, found.problems.into_error()) {
        (Some(options), None) => Ok(options),
        (_, Some(error)) => Err(error),
        (None, None) => unreachable!("what cannot be read has a problem"),
    }
}

/// Reads where the supervisord of a file can be found, as far as that can be understood: for a client that does not
/// reach it. Unlike [`load_ctl`] it reads the included files, of which there may be many.
pub fn whereabouts(file: &Path, process_env: &[(String, String)], cwd: &Path) -> Whereabouts {
    reading::whereabouts(&Asked { file, environment: process_env, cwd })
}

/// Everything that can be said about a configuration, errors first.
pub fn check(
    file: &Path,
    overrides: &Overrides,
    process_env: &[(String, String)],
    cwd: &Path,
) -> Vec<Finding> {
    let found = reading::configuration(&Asked { file, environment: process_env, cwd }, overrides);
    let problems = found.problems.into_error().map(|error| error.problems().to_vec()).unwrap_or_default();
    let errors = problems.into_iter().map(|Problem { reason, place, help }| Finding {
        level: LogLevel::Error,
        text: reason.to_string(),
        place,
        help,
    });
    let remarks = found.remarks.into_iter().map(|Remark { level, text, place }| Finding {
        level,
        text,
        place,
        help: None,
    });
    errors.chain(remarks).collect()
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

/// The program as the kernel would tell it to a script: a name without a slash was found in `PATH`.
pub fn program(name: &str, path: Option<&str>) -> PathBuf {
    let candidates = path.unwrap_or_default().split(':').map(|folder| Path::new(folder).join(name));
    let mut candidates = candidates.filter(|_| !name.contains('/'));
    candidates.find(|file| file.is_file()).unwrap_or_else(|| name.into())
}

/// The first of these that exists.
pub fn find(paths: &[PathBuf], cwd: &Path) -> Option<PathBuf> {
    paths.iter().find(|path| cwd.join(path).exists()).cloned()
}
