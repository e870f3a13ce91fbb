//! The command line and the configuration, to [`Options`].
//!
//! The table of options is a [`clap::Command`], from which manual page and completions are made. It is read by the rules of
//! Python's `getopt`, which are not clap's: see [`supervisor_config::getopt`].

use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, Command};
use supervisor_config::getopt::{self, Given, Spec, UsageError};
use supervisor_config::{ConfigError, Reason, find, load_ctl, search_path};
use supervisor_rpc::client::Credentials;
use thiserror::Error;

use crate::failure::repr;

/// Where the daemon is looked for when nothing says otherwise.
const DEFAULT_URL: &str = "http://localhost:9001";

/// What supervisorctl does, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Options {
    /// Somebody is there to answer questions: no command was given, or `-i`.
    pub(crate) interactive: bool,
    /// As given; the file's is made absolute.
    pub(crate) serverurl: String,
    /// Who said it.
    pub(crate) url_source: UrlSource,
    /// For Basic authentication.
    pub(crate) username: Option<String>,
    /// Plain.
    pub(crate) password: Option<String>,
    /// Shown before `> `.
    pub(crate) prompt: String,
    /// Where the shell keeps its lines.
    pub(crate) history_file: Option<PathBuf>,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
}

/// Who named the url of the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UrlSource {
    CommandLine,
    File,
    Default,
    /// The command `open`.
    Open,
}

impl Options {
    /// What is sent with each request: nothing without both parts.
    pub(crate) fn credentials(&self) -> Option<Credentials> {
        let username = self.username.clone()?;
        let password = self.password.clone()?;
        Some(Credentials { username, password })
    }
}

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Run this line; empty: the shell.
    Run(Options, String),
    /// Print this.
    Help(String),
}

/// Why the command line or the configuration cannot be used.
#[derive(Debug, PartialEq, Eq, Error)]
pub(crate) enum CliError {
    #[error(transparent)]
    Usage(#[from] UsageError),
    #[error("invalid value for {option} {value}: {reason}")]
    BadValue { option: String, value: String, reason: String },
    /// The original's sentence, then where it is and what to do.
    #[error("{}", .0.problems().first().map(ToString::to_string).unwrap_or_default())]
    Config(#[from] ConfigError),
}

impl CliError {
    /// 2, or 1 where the original ends with a traceback.
    pub(crate) fn exit_status(&self) -> u8 {
        let reason = match self {
            Self::Config(error) => error.problems().first().map(|problem| &problem.reason),
            Self::Usage(_) | Self::BadValue { .. } => None,
        };
        match reason {
            Some(Reason::NoHeader { .. } | Reason::BadLines { .. }) => 1,
            _ => 2,
        }
    }
}

/// What is around the process, as far as options depend on it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Surroundings {
    pub(crate) environment: Vec<(String, String)>,
    pub(crate) cwd: PathBuf,
}

impl Surroundings {
    pub(crate) fn of_this_process() -> Self {
        let text = |word: std::ffi::OsString| word.to_string_lossy().into_owned();
        Self {
            environment: std::env::vars_os().map(|(key, value)| (text(key), text(value))).collect(),
            // Without a working folder, relative names do not work; absolute ones still do.
            cwd: std::env::current_dir().unwrap_or_default(),
        }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.environment.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The options, for manual page and completions.
pub fn command() -> Command {
    let value = |id, short, name, help| {
        Arg::new(id).short(short).long(id).value_name(name).help(help).action(ArgAction::Set)
    };
    Command::new("supervisorctl")
        .about("Control the programs that supervisord runs")
        .disable_help_flag(true)
        .arg(value("configuration", 'c', "FILE", "Read this configuration instead of searching for one"))
        .arg(
            Arg::new("help")
                .short('h')
                .long("help")
                .visible_short_alias('?')
                .help("Print this and exit")
                .action(ArgAction::SetTrue),
        )
        .arg(
            Arg::new("interactive")
                .short('i')
                .long("interactive")
                .help("Ask before shutdown and reload, and for a password where one is wanted")
                .action(ArgAction::SetTrue),
        )
        .arg(value("serverurl", 's', "URL", "Where supervisord listens: http://host:port or unix:///path"))
        .arg(value("username", 'u', "NAME", "User to authenticate as"))
        .arg(value(
            "password",
            'p',
            "PASSWORD",
            "The user's password; others can see it in the list of processes",
        ))
        .arg(
            Arg::new("password-file")
                .long("password-file")
                .value_name("FILE")
                .help("Read the password from the first line of this file")
                .action(ArgAction::Set),
        )
        .arg(value("history_file", 'r', "FILE", "Keep the lines of the shell in this file"))
        .arg(
            Arg::new("action")
                .value_name("ACTION")
                .help("What to do, such as status; without it a shell is started, which knows help")
                .num_args(0..)
                .trailing_var_arg(true)
                .action(ArgAction::Append),
        )
}

/// The names that `getopt` of the original knows; those beyond must be spelled out.
const NEW_OPTIONS: [&str; 1] = ["password-file"];

fn table(command: &Command) -> Vec<Spec<'_>> {
    let named = command.get_arguments().filter(|arg| !arg.is_positional());
    let mut table: Vec<Spec<'_>> = named
        .map(|arg| Spec {
            short: arg.get_short(),
            long: arg.get_long(),
            value: matches!(arg.get_action(), ArgAction::Set),
            original: !arg.get_long().is_some_and(|long| NEW_OPTIONS.contains(&long)),
        })
        .collect();
    table.push(Spec { short: Some('?'), long: None, value: false, original: true });
    table
}

/// Reads the words of the command line, then the configuration.
pub(crate) fn read(program: &Path, words: &[String], around: &Surroundings) -> Result<Request, CliError> {
    let command = command();
    let table = table(&command);
    let (given, rest) = getopt::parse(words, &table)?;
    let mut chosen = Chosen::default();
    for (at, option) in given.iter().enumerate() {
        if option.spelled == "-?" || table[option.index].long == Some("help") {
            let text = self::command().bin_name(program.display().to_string()).render_help();
            return Ok(Request::Help(text.to_string()));
        }
        chosen.set(table[option.index].long.unwrap_or_default(), option, around)?;
        getopt::refuse_twice(&given[..=at])?;
    }
    let line = rest.join(" ");
    let options = complete(chosen, rest.is_empty(), program, around)?;
    Ok(Request::Run(options, line))
}

/// What the command line says.
#[derive(Debug, Default)]
struct Chosen {
    configuration: Option<PathBuf>,
    interactive: bool,
    serverurl: Option<String>,
    username: Option<String>,
    password: Option<String>,
    secret: Option<String>,
    history_file: Option<PathBuf>,
}

impl Chosen {
    fn set(&mut self, name: &str, option: &Given, around: &Surroundings) -> Result<(), CliError> {
        let value = option.value.clone();
        let bad = |reason: String| CliError::BadValue {
            option: option.spelled.clone(),
            value: repr(&option.value),
            reason,
        };
        match name {
            "configuration" => self.configuration = Some(value.into()),
            "interactive" => self.interactive = true,
            "serverurl" if !is_url(&value) => {
                return Err(bad(format!("value {} is not a URL", repr(&value))));
            }
            "serverurl" => self.serverurl = Some(value),
            "username" => self.username = Some(value),
            "password" => self.password = Some(value),
            "password-file" => {
                let text = std::fs::read_to_string(around.cwd.join(&value));
                let text = text.map_err(|error| bad(error.to_string()))?;
                self.secret = Some(text.lines().next().unwrap_or_default().to_owned());
            }
            "history_file" => self.history_file = Some(around.cwd.join(value)),
            _ => unreachable!("every option of the table is set; a test gives each"),
        }
        Ok(())
    }
}

/// Fills in what the command line leaves open: from the environment, from the file, from the defaults.
fn complete(
    chosen: Chosen,
    no_action: bool,
    program: &Path,
    around: &Surroundings,
) -> Result<Options, CliError> {
    let file = chosen.configuration.or_else(|| find(&search_path(program), &around.cwd));
    let file = file.map(|file| load_ctl(&file, &around.environment, &around.cwd)).transpose()?;
    let (url_source, serverurl) = match (chosen.serverurl, &file) {
        (Some(url), _) => (UrlSource::CommandLine, url),
        (None, Some(file)) => (UrlSource::File, file.serverurl.clone()),
        (None, None) => (UrlSource::Default, DEFAULT_URL.to_owned()),
    };
    let password = chosen.password.or(chosen.secret);
    let password = password.or_else(|| around.variable("SUPERVISOR_PASSWORD").map(str::to_owned));
    let (mut username, mut prompt, mut history_file) =
        (chosen.username, "supervisor".to_owned(), chosen.history_file);
    let (mut password, mut file_name) = (password, None);
    if let Some(file) = file {
        username = username.or(file.username);
        password = password.or(file.password);
        history_file = history_file.or(file.history_file);
        prompt = file.prompt;
        file_name = Some(file.file);
    }
    let interactive = chosen.interactive || no_action;
    Ok(Options {
        interactive,
        serverurl,
        url_source,
        username,
        password,
        prompt,
        history_file,
        file: file_name,
    })
}

/// As Python's `urlparse` sees it: a scheme, and a host or a path.
fn is_url(text: &str) -> bool {
    scheme(text).is_some_and(|(_, rest)| {
        let rest = rest.split(['?', '#']).next().unwrap_or_default();
        !rest.is_empty() && rest != "//"
    })
}

/// The scheme in lower case, and what follows its colon.
pub(crate) fn scheme(url: &str) -> Option<(String, &str)> {
    let (scheme, rest) = url.split_once(':')?;
    let begins = scheme.starts_with(|c: char| c.is_ascii_alphabetic());
    let goes_on = scheme.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'));
    (begins && goes_on).then(|| (scheme.to_ascii_lowercase(), rest))
}

#[cfg(test)]
mod tests;
