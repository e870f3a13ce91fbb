//! Why a configuration cannot be used, and where it says so.
//!
//! Owns the sentences that belong to a whole file or section; those of single values are in `value` and `expand`.
//! The first line of every error is the original's; file, line, text and caret follow it, as rustc prints them.

use std::fmt;

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
        match self.problems.first() {
            Some(first) => first.reason.fmt(f),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ConfigError {}

impl From<Problem> for ConfigError {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem] }
    }
}

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

/// A place in a file. Displayed as rustc does: the file and line, the text, a caret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// The line as it stands in the file.
    pub text: String,
    /// How many characters of the line precede what is meant.
    pub column: usize,
    /// How many characters are meant.
    pub width: usize,
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
    /// The section that the program needs is missing.
    #[error(".ini file does not include {0} section")]
    NoSection(&'static str),
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
