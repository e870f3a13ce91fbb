//! The command line of supervisord.
//!
//! Owns its options, their order of evaluation and its errors. clap holds the table and prints the help; the words
//! are cut by `getopt`, as the original's are: options may be shortened, `-nk` is `-n -k`, mistakes of form come
//! before mistakes of meaning, and those from left to right. Starts nothing.

use std::env;
use std::ffi::OsString;
use std::fmt::Display;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Arg, ArgAction, Command};
use nix::unistd::geteuid;
use supervisor_config::getopt::{self, Spec, UsageError};
use supervisor_config::sections::{Config, LogLevel};
use supervisor_config::{ConfigError, Overrides, ValueError, check, find, program, search_path};

use crate::VERSION;
use crate::reader::Reader;

mod init;

/// The options, for help, man pages and completions.
pub fn command() -> Command {
    let value = |name: &'static str, short: Option<char>, what: &'static str, help: &'static str| {
        let arg = Arg::new(name).long(name).value_name(what).help(help);
        short.into_iter().fold(arg, Arg::short)
    };
    let flag = |name: &'static str, short: Option<char>, help: &'static str| {
        let arg = Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
        short.into_iter().fold(arg, Arg::short)
    };
    Command::new("supervisord")
        .about("Keeps programs running, captures their output and answers supervisorctl")
        .disable_help_flag(true)
        .args([
            value("configuration", Some('c'), "FILE", "Read this file instead of looking for one"),
            flag("nodaemon", Some('n'), "Stay in the foreground"),
            flag("silent", Some('s'), "Keep the log off standard output in the foreground"),
            flag("help", Some('h'), "Print this help").visible_short_alias('?'),
            flag("version", Some('v'), "Print the version of supervisor that this one stands in for"),
            value("user", Some('u'), "USER", "Become this user, given by name or number"),
            value("umask", Some('m'), "MASK", "The octal file creation mask of the daemon [default: 022]"),
            value("directory", Some('d'), "DIR", "Change to this folder when going to the background"),
            value("logfile", Some('l'), "FILE", "The daemon's own log file"),
            value("logfile_maxbytes", Some('y'), "SIZE", "Rotate the log file at this size, such as 50MB"),
            value("logfile_backups", Some('z'), "NUM", "Keep so many rotated log files"),
            value(
                "loglevel",
                Some('e'),
                "LEVEL",
                "Log from this level on: critical, error, warn, info, debug",
            ),
            value("pidfile", Some('j'), "FILE", "Write the process id of the daemon to this file"),
            value("identifier", Some('i'), "NAME", "The name of this supervisord in events and log names"),
            value("childlogdir", Some('q'), "DIR", "The folder of automatically named log files"),
            flag("nocleanup", Some('k'), "Keep the automatically named log files of an earlier run"),
            value("minfds", Some('a'), "NUM", "Start only with so many file descriptors"),
            flag("strip_ansi", Some('t'), "Remove escape sequences of terminals from the logs of programs"),
            value("minprocs", None, "NUM", "Start only with so many processes"),
            value("profile_options", None, "LIST", "Refused: there is no Python here to be profiled"),
            flag(
                "check",
                None,
                "Read the whole configuration, print what is wrong with it, and start nothing",
            ),
            value("init", None, "DIR", "Write a first configuration into this folder, and start nothing"),
        ])
}

/// What the original does not have: must be spelled out, so that short forms of its options stay unique.
const NEW: [&str; 2] = ["check", "init"];

/// Why nothing is started.
#[derive(Debug, thiserror::Error)]
enum Mistake {
    #[error(transparent)]
    Form(#[from] UsageError),
    #[error("positional arguments are not supported: [{}]", .0.iter().map(|word| crate::repr::text(word)).collect::<Vec<_>>().join(", "))]
    Positional(Vec<String>),
    #[error("invalid value for {option} {}: {reason}", crate::repr::text(value))]
    Value { option: String, value: String, reason: ValueError },
    #[error(
        "invalid value for --profile_options {}: there is no Python here to be profiled, use perf(1)",
        crate::repr::text(.0)
    )]
    Profile(String),
    #[error(
        "No config file found at default paths ({}); use the -c option to specify a config file at a different path",
        .0.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
    )]
    NoFile(Vec<PathBuf>),
}

/// What the words ask for.
#[derive(Debug, PartialEq)]
enum Request {
    Help,
    Version,
    Init(String),
    Run { check: bool, file: Option<String>, overrides: Box<Overrides> },
}

/// Who runs, and where.
struct Invocation {
    program: PathBuf,
    environment: Vec<(String, String)>,
    folder: PathBuf,
}

/// Reads the command line and the configuration that it names. Whatever is not the start of a daemon is done here and
/// ends with an exit status.
pub fn configure(words: impl Iterator<Item = OsString>) -> Result<(Config, Reader), ExitCode> {
    let text = |word: OsString| word.to_string_lossy().into_owned();
    let mut words = words.map(text);
    let name = words.next().unwrap_or_else(|| "supervisord".to_owned());
    let words: Vec<String> = words.collect();
    let environment = env::vars_os().map(|(name, value)| (text(name), text(value))).collect();
    let program = program(&name, env::var("PATH").ok().as_deref());
    let invocation = Invocation { program, environment, folder: env::current_dir().unwrap_or_default() };
    match request(&words, &invocation) {
        Err(mistake) => Err(refuse(&mistake)),
        Ok(Request::Help) => {
            print!("{}", command().bin_name(invocation.program.display().to_string()).render_help());
            Err(ExitCode::SUCCESS)
        }
        Ok(Request::Version) => {
            println!("{VERSION}");
            Err(ExitCode::SUCCESS)
        }
        Ok(Request::Init(folder)) => Err(init::write(&invocation.folder.join(folder), &invocation.program)),
        Ok(Request::Run { check, file, overrides }) => {
            let file = match file {
                Some(file) => file.into(),
                None => default_file(&invocation)?,
            };
            let Invocation { environment, folder, .. } = invocation;
            let reader = Reader { file, overrides: *overrides, environment, folder };
            if check { Err(print_findings(&reader)) } else { start(reader) }
        }
    }
}

/// Tells a usage error, as every error before the daemon's own log is one.
pub fn refuse(error: &dyn Display) -> ExitCode {
    let name = env::args_os().next().unwrap_or_default();
    let program = program(&name.to_string_lossy(), env::var("PATH").ok().as_deref());
    eprintln!("Error: {error}\nFor help, use {} -h", program.display());
    ExitCode::from(2)
}

fn request(words: &[String], invocation: &Invocation) -> Result<Request, Mistake> {
    let command = command();
    let args: Vec<&Arg> = command.get_arguments().collect();
    let specs = args.iter().map(|arg| Spec {
        short: arg.get_short(),
        long: arg.get_long(),
        value: arg.get_action().takes_values(),
        original: !NEW.contains(&arg.get_id().as_str()),
    });
    let question = Spec { short: Some('?'), long: None, value: false, original: true };
    let table: Vec<Spec<'_>> = specs.chain([question]).collect();
    let (given, rest) = getopt::parse(words, &table)?;
    if !rest.is_empty() {
        return Err(Mistake::Positional(rest));
    }
    let (mut check, mut init, mut file, mut overrides) = (false, None, None, Overrides::default());
    for (at, option) in given.iter().enumerate() {
        let key = args.get(option.index).map_or("help", |arg| arg.get_id().as_str());
        match key {
            "help" => return Ok(Request::Help),
            "version" => return Ok(Request::Version),
            "profile_options" => return Err(Mistake::Profile(option.value.clone())),
            "check" => check = true,
            "init" => init = Some(option.value.clone()),
            "configuration" => file = file.or(Some(option.value.clone())),
            key => {
                let set = overrides.set(key, &option.value, &invocation.environment, &invocation.folder);
                set.map_err(|reason| Mistake::Value {
                    option: option.spelled.clone(),
                    value: option.value.clone(),
                    reason,
                })?;
            }
        }
        getopt::refuse_twice(&given[..=at])?;
    }
    Ok(init.map_or(Request::Run { check, file, overrides: overrides.into() }, Request::Init))
}

/// The first file of the search path that exists.
fn default_file(invocation: &Invocation) -> Result<PathBuf, ExitCode> {
    if geteuid().is_root() {
        eprintln!(
            "UserWarning: Supervisord is running as root and it is searching for its configuration file in default \
             locations (including its current working directory); you probably want to specify a \"-c\" argument \
             specifying an absolute path to a configuration file for improved security."
        );
    }
    let paths = search_path(&invocation.program);
    find(&paths, &invocation.folder).ok_or_else(|| {
        let status = refuse(&Mistake::NoFile(paths.to_vec()));
        eprintln!(
            "To write a first configuration into a folder, use {} --init DIR",
            invocation.program.display()
        );
        status
    })
}

fn start(reader: Reader) -> Result<(Config, Reader), ExitCode> {
    let config = reader.read().map_err(|error| refuse(&Detailed(&error)))?;
    if config.supervisord.nodaemon {
        config.typos.iter().for_each(|typo| eprintln!("Warning: {}", typo.text));
    }
    Ok((config, reader))
}

/// All problems: the first one's sentence first, each with its place.
struct Detailed<'a>(&'a ConfigError);

impl Display for Detailed<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut separator = "";
        for problem in self.0.problems() {
            write!(f, "{separator}{problem}")?;
            separator = "\nError: ";
        }
        Ok(())
    }
}

/// `--check`.
fn print_findings(reader: &Reader) -> ExitCode {
    let Reader { file, overrides, environment, folder } = reader;
    let findings = check(file, overrides, environment, folder);
    let (mut errors, mut warnings) = (0, 0);
    for finding in &findings {
        let kind = match finding.level {
            LogLevel::Critical | LogLevel::Error => "Error",
            LogLevel::Warn => "Warning",
            _ => "Info",
        };
        errors += usize::from(kind == "Error");
        warnings += usize::from(kind == "Warning");
        println!("{kind}: {}", finding.text);
        if let Some(place) = &finding.place {
            println!("{place}");
        }
        if let Some(help) = finding.help {
            println!("  = help: {help}");
        }
    }
    println!("{}: {}, {}", file.display(), count(errors, "error"), count(warnings, "warning"));
    if errors == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

fn count(number: usize, what: &str) -> String {
    match number {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        number => format!("{number} {what}s"),
    }
}

#[cfg(test)]
mod tests;
