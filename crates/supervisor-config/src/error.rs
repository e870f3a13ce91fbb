//! Why a configuration cannot be used, and where it says so.
//!
//! Owns the sentences that belong to a whole file or section; those of single values are in `value` and `expand`.
//! The first line of every error is the original's; file, line, text and caret follow it, as rustc prints them.

use std::fmt;
use std::ops::Range;

use crate::environment::EnvironmentError;
use crate::expand::ExpandError;
use crate::ini::Mark;
use crate::python::Repr;
use crate::value::ValueError;

/// One problem or more; the first is the one that the original stops at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    problems: Vec<Problem>,
}

impl ConfigError {
    /// All that was found, the original's first.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Where the first problem is, if it is at one place.
    pub fn place(&self) -> Option<&Place> {
        self.problems.first().and_then(|first| first.place.as_ref())
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.problems.first().map_or(Ok(()), |first| first.reason.fmt(f))
    }
}

impl std::error::Error for ConfigError {}

/// One thing that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What, as the original says it.
    pub reason: Reason,
    /// Where.
    pub place: Option<Place>,
    /// What to do about it, when that is not obvious.
    pub help: Option<&'static str>,
}

/// Displayed as its sentence, its place and its help, on several lines.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reason.fmt(f)?;
        if let Some(place) = &self.place {
            write!(f, "\n{place}")?;
        }
        if let Some(help) = self.help {
            write!(f, "\n  = help: {help}")?;
        }
        Ok(())
    }
}

/// The problems found so far.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    found: Vec<(Option<Mark>, Problem)>,
    reports: usize,
    /// Bytes of all sentences.
    size: usize,
    full: bool,
}

impl Problems {
    /// More are not kept: nobody reads them.
    const MOST: usize = 100;
    /// And no more text than this, when the first does not reach it already.
    const MOST_TEXT: usize = 4 << 20;

    /// Keeps a problem of no certain place.
    pub(crate) fn add(&mut self, reason: Reason) {
        self.add_at(reason, None, None, || None);
    }

    /// Keeps a problem unless it is known: the original reads some values twice, and only the first time counts. The
    /// place is looked for only then.
    pub(crate) fn add_at(
        &mut self,
        reason: Reason,
        mark: Option<Mark>,
        help: Option<&'static str>,
        place: impl FnOnce() -> Option<Place>,
    ) {
        self.reports += 1;
        let plain = reason.without_section();
        let same = |(at, one): &(Option<Mark>, Problem)| *at == mark && one.reason.without_section() == plain;
        if self.full || self.found.iter().any(same) {
            return;
        }
        self.size += length(&reason);
        // What follows an exhausted budget is not looked at as it should be.
        self.full = *plain == Reason::TooLarge || self.size > Self::MOST_TEXT;
        if !self.full || self.found.is_empty() || *plain == Reason::TooLarge {
            self.found.push((mark, Problem { reason, place: place(), help }));
            self.full |= self.found.len() == Self::MOST;
        }
    }

    /// How often a problem was reported, known ones included.
    pub(crate) fn reports(&self) -> usize {
        self.reports
    }

    /// Whether nothing that is found from now on would be kept.
    pub(crate) fn is_full(&self) -> bool {
        self.full
    }

    /// The error, if there is one.
    pub(crate) fn into_error(self) -> Option<ConfigError> {
        let problems: Vec<_> = self.found.into_iter().map(|(_, problem)| problem).collect();
        (!problems.is_empty()).then_some(ConfigError { problems })
    }
}

/// The length of a sentence, without writing it down.
fn length(reason: &Reason) -> usize {
    struct Counted(usize);
    impl fmt::Write for Counted {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            self.0 += text.len();
            Ok(())
        }
    }
    let mut counted = Counted(0);
    let _ = fmt::Write::write_fmt(&mut counted, format_args!("{reason}"));
    counted.0
}

/// A place in a file. Displayed as rustc does: the file and line, the text, a caret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// The line as it stands in the file; of a long one what is around the place.
    pub text: String,
    /// How many characters of the text precede what is meant.
    pub column: usize,
    /// How many characters are meant.
    pub width: usize,
}

impl Place {
    /// So many characters of a long line are shown,
    pub(crate) const SHOWN: usize = 120;
    /// and so many of them are before the place.
    const BEFORE: usize = 60;

    pub(crate) fn new(file: &str, line: usize, text: &str, part: Range<usize>) -> Self {
        let (before, part, after) = (&text[..part.start], &text[part.clone()], &text[part.end..]);
        let before = match before.char_indices().rev().nth(Self::BEFORE) {
            Some((at, c)) => &before[at + c.len_utf8()..],
            None => before,
        };
        let column = before.chars().count();
        let shown = before.chars().chain(part.chars()).chain(after.chars()).take(Self::SHOWN);
        Self {
            file: file.to_owned(),
            line,
            text: shown.map(|c| if c.is_control() { ' ' } else { c }).collect(),
            column,
            width: part.chars().take(Self::SHOWN - column).count(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let margin = " ".repeat(self.line.to_string().len());
        writeln!(f, "{margin}--> {}:{}", self.file, self.line)?;
        writeln!(f, "{margin} |")?;
        writeln!(f, "{} | {}", self.line, self.text)?;
        write!(f, "{margin} | {}{}", " ".repeat(self.column), "^".repeat(self.width.max(1)))
    }
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Reason {
    /// The named file does not exist.
    #[error("could not find config file {0}")]
    NotFound(String),
    /// The named file cannot be opened.
    #[error("could not read config file {0}")]
    Unreadable(String),
    /// Bytes that are not UTF-8.
    #[error("'utf-8' codec can't decode {}: {what}", bytes(*.first, *.position, *.length))]
    Undecodable {
        /// The first of them.
        first: u8,
        /// Where Python says that it is.
        position: usize,
        /// How many.
        length: usize,
        /// What is wrong with them.
        what: &'static str,
    },
    /// Text before the first section.
    #[error("File contains no section headers.\nfile: {}, line: {line}\n{}", Repr(.file), Repr(.text))]
    NoHeader {
        /// The file.
        file: String,
        /// The line, from 1.
        line: usize,
        /// Its text.
        text: String,
    },
    /// Lines that are neither header nor key.
    #[error("Source contains parsing errors: {}{}", Repr(.file), bad_lines(.lines, *.more))]
    BadLines {
        /// The file.
        file: String,
        /// The lines, from 1, and their texts.
        lines: Vec<(usize, String)>,
        /// How many more there are.
        more: usize,
    },
    /// `[include]` without its key.
    #[error(".ini file has [include] section, but no files setting")]
    NoFiles,
    /// A file of more than a configuration can mean.
    #[error("could not read config file {0}: it exceeds 32 MB")]
    FileTooLarge(String),
    /// More than a configuration can mean.
    #[error("the configuration is too large: with includes, expansions and numprocs it exceeds 256 MB")]
    TooLarge,
    /// The section that the program needs is missing.
    #[error(".ini file does not include {0} section")]
    NoSection(&'static str),
    /// A bad value.
    #[error(transparent)]
    Value(#[from] ValueError),
    /// A value that cannot be expanded.
    #[error(transparent)]
    Expand(#[from] ExpandError),
    /// A bad `environment`.
    #[error(transparent)]
    Environment(#[from] EnvironmentError),
    /// A plug-in without its factory.
    #[error("section [{section}] does not specify a {key}")]
    NoFactory {
        /// The section.
        section: String,
        /// The key.
        key: &'static str,
    },
    /// Python code that we cannot load.
    #[error("{spec} cannot be resolved within [{section}]")]
    Unresolved {
        /// What should be loaded.
        spec: String,
        /// The section.
        section: String,
    },
    /// A member of a group that does not exist.
    #[error("[{section}] names unknown program or fcgi-program {program}")]
    UnknownMember {
        /// The section.
        section: String,
        /// The member.
        program: String,
    },
    /// A member of a group that exists twice.
    #[error("[{section}] name {program} is ambiguous (exists as program and fcgi-program)")]
    AmbiguousMember {
        /// The section.
        section: String,
        /// The member.
        program: String,
    },
    /// A buffer without room.
    #[error("[{section}] section sets invalid buffer_size ({size})")]
    BufferSize {
        /// The section.
        section: String,
        /// The size.
        size: i64,
    },
    /// A listener of nothing.
    #[error("[{0}] section requires an \"events\" line")]
    NoEvents(String),
    /// An event type that does not exist.
    #[error("Unknown event type {event} in [{section}] events")]
    UnknownEvent {
        /// The section.
        section: String,
        /// The type.
        event: String,
    },
    /// A listener whose protocol would be garbled.
    #[error(
        "[{0}] section sets redirect_stderr=true but this is not allowed because it will interfere with the \
         eventlistener protocol"
    )]
    ListenerRedirects(String),
    /// A FastCGI program without a socket.
    #[error("[{0}] section requires a \"socket\" line")]
    NoSocket(String),
    /// A FastCGI backlog out of range.
    #[error("Invalid socket_backlog value {0}")]
    Backlog(i64),
    /// A bad FastCGI socket.
    #[error("{reason} in [{section}] socket")]
    Socket {
        /// Why it is bad.
        reason: SocketError,
        /// The section.
        section: String,
    },
    /// A program without a command.
    #[error("program section {0} does not specify a command")]
    NoCommand(String),
    /// Processes that would have the same name.
    #[error("%(process_num) must be present within process_name when numprocs > 1")]
    NoProcessNum,
    /// Two keys against each other.
    #[error("Cannot set stopasgroup=true and killasgroup=false")]
    StopButNotKill,
    /// A problem of a section that forms processes.
    #[error("{reason} in section {} (file: {})", Repr(.section), Repr(.file))]
    InProgram {
        /// The problem.
        reason: Box<Reason>,
        /// The section.
        section: String,
        /// The file in which it first appears.
        file: String,
    },
    /// A server without its port.
    #[error("section [{section}] has no {key} value")]
    NoAddress {
        /// The section.
        section: String,
        /// `port` or `file`.
        key: &'static str,
    },
    /// Half of a user.
    #[error(
        "Section [{0}] contains incomplete authentication: If a username or a password is specified, both the \
         username and password must be specified"
    )]
    IncompleteLogin(String),
    /// Two passwords.
    #[error("Section [{0}] sets both password and password_file")]
    TwoPasswords(String),
    /// A password that cannot be had.
    #[error("Section [{section}] names a password_file that cannot be read: {file}: {why}")]
    PasswordFile {
        /// The section.
        section: String,
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
}

impl Reason {
    fn without_section(&self) -> &Self {
        match self {
            Self::InProgram { reason, .. } => reason.without_section(),
            other => other,
        }
    }
}

/// What is wrong with the socket of a FastCGI program.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SocketError {
    /// Not a known form. The original prints its unformatted text.
    #[error("('Bad socket format %s', {})", Repr(.0))]
    Format(String),
    /// A relative path.
    #[error("('Unix socket path %s is not an absolute path', {})", Repr(.0))]
    Relative(String),
    /// Access of something that is not a file.
    #[error("socket_owner and socket_mode params should only be used with a Unix domain socket")]
    NotAFile,
    /// A bad port.
    #[error(transparent)]
    Port(#[from] ValueError),
}

fn bytes(first: u8, position: usize, length: usize) -> String {
    match length {
        1 => format!("byte {first:#04x} in position {position}"),
        _ => format!("bytes in position {position}-{}", position + length - 1),
    }
}

fn bad_lines(lines: &[(usize, String)], more: usize) -> String {
    let lines = lines.iter().map(|(line, text)| format!("\n\t[line {line:2}]: {}", Repr(text)));
    let more = (more > 0).then(|| format!("\n\tand {more} more"));
    lines.chain(more).collect()
}
