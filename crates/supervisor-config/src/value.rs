//! The types of values: one parse for each.
//!
//! Owns what a single value may be and the sentence about one that is not. Asks the system whether folders and users
//! exist; knows no key, no section and no expansion.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;
use std::rc::Rc;

use nix::unistd::{Gid, Group, Uid, User};

use crate::python::{self, NumberError, Repr, dirname, expanduser, is_blank, strip};
use crate::sections::{Autorestart, InetAddress, LogLevel, ServerUrl, Signal};

mod address;
mod signal;

pub(crate) use address::port;

/// What values need to know of the world.
pub(crate) struct Surroundings {
    /// What relative names count from.
    pub(crate) cwd: String,
    /// `$HOME`.
    pub(crate) home: Option<String>,
    /// Users that were asked for: a thousand programs name the same few, and each question reads a file or more.
    users: RefCell<HashMap<String, Option<u32>>>,
}

impl Surroundings {
    pub(crate) fn new(environment: &[(String, String)], cwd: &Path) -> Self {
        let home = environment.iter().find(|(name, _)| name == "HOME").map(|(_, home)| home.clone());
        Self { cwd: cwd.to_string_lossy().into_owned(), home, users: RefCell::default() }
    }

    pub(crate) fn abspath(&self, path: &str) -> String {
        python::abspath(&self.cwd, &self.expanduser(path))
    }

    pub(crate) fn expanduser<'t>(&self, path: &'t str) -> Cow<'t, str> {
        expanduser(path, self.home.as_deref())
    }

    fn is_folder(&self, path: &str) -> bool {
        Path::new(&self.cwd).join(path).is_dir()
    }
}

/// The type of a value.
pub(crate) trait Value: Sized {
    /// What a manual calls it.
    const KIND: &'static str;
    /// Whether `%(…)s` in it is expanded before it is parsed.
    const EXPANDED: bool = true;
    /// What it means.
    fn parse(text: &str, around: &Surroundings) -> Result<Self, ValueError>;
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// Not a number.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// Not a word for true or false.
    #[error("not a valid boolean value: {}", Repr(.0))]
    Boolean(String),
    /// Not an octal number.
    #[error("{0} can not be converted to an octal type")]
    Octal(String),
    /// Not a level.
    #[error("bad logging level name {}", Repr(.0))]
    Level(String),
    /// The folder of a file is missing.
    #[error("The directory named as part of the path {0} does not exist")]
    FolderOfFile(String),
    /// A folder is missing.
    #[error("{0} is not an existing directory")]
    Folder(String),
    /// No user of this name.
    #[error("Invalid user name {0}")]
    UserName(String),
    /// No user of this number.
    #[error("Invalid user id {0}")]
    UserId(String),
    /// No such user, or no such group.
    #[error("Invalid user:group definition {0}")]
    Owner(String),
    /// No signal of this name.
    #[error("value {} is not a valid signal name", Repr(.0))]
    SignalName(String),
    /// No signal of this number.
    #[error("value {} is not a valid signal number", Repr(.0))]
    SignalNumber(String),
    /// Not a list of exit codes.
    #[error("not a valid list of exit codes: {}", Repr(.0))]
    ExitCodes(String),
    /// A name with a character that the event protocol or an URL would not survive.
    #[error("Invalid name: {} because of character: {}", Repr(.0), Repr(&.1.to_string()))]
    Name(String, char),
    /// A name without characters, which the original accepts and then cannot address.
    #[error("Invalid name: '' because it is empty")]
    EmptyName,
    /// Neither a boolean nor `unexpected`.
    #[error("invalid 'autorestart' value {}", Repr(.0))]
    Autorestart(String),
    /// A port alone that is not a number in range.
    #[error("not a valid port number: {} ", Repr(.0))]
    Port(String),
    /// `host:`.
    #[error("no port number specified in ''")]
    NoPort,
    /// A port that is too great.
    #[error("{0} is above upper bound (65535)")]
    PortAbove(String),
    /// A port that is too small.
    #[error("{0} is below lower bound (1)")]
    PortBelow(String),
    /// Brackets that hold no IPv6 address.
    #[error("not a valid IPv6 address: {}", Repr(.0))]
    Ipv6(String),
    /// What some keys say of every bad value.
    #[error("{sentence} {value}")]
    Other {
        /// What they say.
        sentence: &'static str,
        /// The value.
        value: String,
    },
}

impl Value for String {
    const KIND: &'static str = "text";
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        Ok(text.to_owned())
    }
}

impl Value for i64 {
    const KIND: &'static str = "integer";
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        Ok(python::int(text)?)
    }
}

fn boolean(lower: &str) -> Option<bool> {
    match lower {
        "yes" | "true" | "on" | "1" => Some(true),
        "no" | "false" | "off" | "0" => Some(false),
        _ => None,
    }
}

impl Value for bool {
    const KIND: &'static str = "boolean";
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        boolean(&text.to_lowercase()).ok_or_else(|| ValueError::Boolean(text.to_owned()))
    }
}

/// Text whose `%(…)s` is expanded later.
pub(crate) struct Template(pub(crate) String);

impl Value for Template {
    const KIND: &'static str = "text";
    const EXPANDED: bool = false;
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        Ok(Self(text.to_owned()))
    }
}

/// The name of a process or group. Only what is written is checked, not what `%(…)s` brings in.
pub(crate) struct Name(pub(crate) String);

impl Value for Name {
    const KIND: &'static str = "name";
    const EXPANDED: bool = false;
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        let name = strip(text);
        match [' ', ':', '/'].into_iter().find(|&c| name.contains(c)) {
            Some(character) => Err(ValueError::Name(text.to_owned(), character)),
            None if name.is_empty() => Err(ValueError::EmptyName),
            None => Ok(Self(name.to_owned())),
        }
    }
}

/// Bits of access.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Octal(pub(crate) u32);

impl Value for Octal {
    const KIND: &'static str = "octal number";
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        // Like the kernel, take the low bits of what is out of range.
        python::octal(text).map(|bits| Self(bits as u32)).ok_or_else(|| ValueError::Octal(text.to_owned()))
    }
}

/// A number of bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size(pub(crate) i64);

impl Value for Size {
    const KIND: &'static str = "size";
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        let lower = text.to_lowercase();
        let (number, factor) = [("kb", 1 << 10), ("mb", 1 << 20), ("gb", 1 << 30)]
            .into_iter()
            .find_map(|(suffix, factor)| Some((lower.strip_suffix(suffix)?, factor)))
            .unwrap_or((&lower, 1));
        Ok(Self(python::int(number)?.saturating_mul(factor)))
    }
}

impl Value for LogLevel {
    const KIND: &'static str = "level";
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        match text.to_lowercase().as_str() {
            "critical" => Ok(Self::Critical),
            "error" => Ok(Self::Error),
            "warn" => Ok(Self::Warn),
            "info" => Ok(Self::Info),
            "debug" => Ok(Self::Debug),
            "trace" => Ok(Self::Trace),
            "blather" => Ok(Self::Blather),
            _ => Err(ValueError::Level(text.to_owned())),
        }
    }
}

/// A file whose folder exists.
#[derive(Debug, Clone)]
pub(crate) struct FilePath(pub(crate) String);

impl Value for FilePath {
    const KIND: &'static str = "path";
    fn parse(text: &str, around: &Surroundings) -> Result<Self, ValueError> {
        let path = around.expanduser(text);
        match dirname(&path) {
            "" => Ok(Self(path.into_owned())),
            folder if around.is_folder(folder) => Ok(Self(path.into_owned())),
            _ => Err(ValueError::FolderOfFile(text.to_owned())),
        }
    }
}

/// A folder that exists.
#[derive(Debug, Clone)]
pub(crate) struct Folder(pub(crate) String);

impl Value for Folder {
    const KIND: &'static str = "folder";
    fn parse(text: &str, around: &Surroundings) -> Result<Self, ValueError> {
        let path = around.expanduser(text);
        // Python's isdir('') is false, though joining it to the working folder would name that.
        match !path.is_empty() && around.is_folder(&path) {
            true => Ok(Self(path.into_owned())),
            false => Err(ValueError::Folder(text.to_owned())),
        }
    }
}

/// A user, by name or number.
#[derive(Debug, Clone, Copy)]
pub(crate) struct UserId(pub(crate) u32);

impl Value for UserId {
    const KIND: &'static str = "user";
    fn parse(text: &str, around: &Surroundings) -> Result<Self, ValueError> {
        let number = python::int(text);
        let known = around.users.borrow().get(text).copied();
        let uid = known.unwrap_or_else(|| {
            let uid = match number {
                Ok(number) => u32::try_from(number)
                    .ok()
                    .filter(|&uid| matches!(User::from_uid(Uid::from_raw(uid)), Ok(Some(_)))),
                Err(_) => User::from_name(text).ok().flatten().map(|user| user.uid.as_raw()),
            };
            around.users.borrow_mut().insert(text.to_owned(), uid);
            uid
        });
        uid.map(Self).ok_or_else(|| match number {
            Ok(_) => ValueError::UserId(text.to_owned()),
            Err(_) => ValueError::UserName(text.to_owned()),
        })
    }
}

/// The group of a user.
pub(crate) fn group_of(uid: u32) -> Option<u32> {
    User::from_uid(Uid::from_raw(uid)).ok().flatten().map(|user| user.gid.as_raw())
}

fn group(text: &str) -> Option<u32> {
    match python::int(text) {
        Ok(number) => u32::try_from(number)
            .ok()
            .filter(|&gid| matches!(Group::from_gid(Gid::from_raw(gid)), Ok(Some(_)))),
        Err(_) => Group::from_name(text).ok().flatten().map(|group| group.gid.as_raw()),
    }
}

/// `user` or `user:group`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner(pub(crate) u32, pub(crate) Option<u32>);

impl Value for Owner {
    const KIND: &'static str = "user or user:group";
    fn parse(text: &str, around: &Surroundings) -> Result<Self, ValueError> {
        let wrong = || ValueError::Owner(text.to_owned());
        let (user, group_name) = match text.split_once(':') {
            Some((user, group)) => (user, Some(group)),
            None => (text, None),
        };
        let UserId(uid) = UserId::parse(user, around).map_err(|_| wrong())?;
        match group_name.map(group) {
            None => Ok(Self(uid, None)),
            Some(Some(gid)) => Ok(Self(uid, Some(gid))),
            Some(None) => Err(wrong()),
        }
    }
}

/// A name or a number, as a key of a program or a client gives it.
impl std::str::FromStr for Signal {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Self, ValueError> {
        signal::parse(text).map(Self)
    }
}

impl Value for Signal {
    const KIND: &'static str = "signal";
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        signal::parse(text).map(Self)
    }
}

impl Value for Rc<[i32]> {
    const KIND: &'static str = "exit codes";
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        let code = |part: &str| {
            let code = python::int(part).ok().filter(|code| (0..=255).contains(code));
            code.and_then(|code| i32::try_from(code).ok())
        };
        match text {
            "" => Ok(Self::from([])),
            text => {
                text.split(',').map(code).collect::<Option<_>>().ok_or(ValueError::ExitCodes(text.to_owned()))
            }
        }
    }
}

impl Value for Autorestart {
    const KIND: &'static str = "boolean or `unexpected`";
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        let lower = text.to_lowercase();
        match boolean(&lower) {
            Some(true) => Ok(Self::Always),
            Some(false) => Ok(Self::Never),
            None if lower == "unexpected" => Ok(Self::Unexpected),
            None => Err(ValueError::Autorestart(lower)),
        }
    }
}

/// Where the output of a program goes, as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Logfile {
    None,
    Auto,
    /// The old spelling of `*_syslog=true`.
    Syslog,
    File(String),
}

impl Value for Logfile {
    const KIND: &'static str = "path, `AUTO` or `NONE`";
    fn parse(text: &str, around: &Surroundings) -> Result<Self, ValueError> {
        match text.to_lowercase().as_str() {
            "none" | "off" => Ok(Self::None),
            "auto" => Ok(Self::Auto),
            "syslog" => Ok(Self::Syslog),
            _ => FilePath::parse(text, around).map(|FilePath(path)| Self::File(path)),
        }
    }
}

/// Stands for a `Logfile` that is expanded twice before it is parsed.
pub(crate) struct LogTemplate(pub(crate) String);

impl Value for LogTemplate {
    const KIND: &'static str = Logfile::KIND;
    const EXPANDED: bool = false;
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        Ok(Self(text.to_owned()))
    }
}

impl Value for ServerUrl {
    const KIND: &'static str = "URL or `AUTO`";
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        match strip(text).to_uppercase().as_str() {
            "AUTO" => Ok(Self::Auto),
            _ => Ok(Self::Given(text.to_owned())),
        }
    }
}

/// Texts with commas between.
pub(crate) struct List(pub(crate) Vec<String>);

impl Value for List {
    const KIND: &'static str = "list";
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        match text {
            "" => Ok(Self(Vec::new())),
            text => Ok(Self(text.split(',').map(|part| strip(part).to_owned()).collect())),
        }
    }
}

/// Texts with blanks between.
pub(crate) struct Words(pub(crate) Vec<String>);

impl Value for Words {
    const KIND: &'static str = "file patterns";
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        Ok(Self(text.split(is_blank).filter(|word| !word.is_empty()).map(str::to_owned).collect()))
    }
}

impl Value for InetAddress {
    const KIND: &'static str = "address";
    fn parse(text: &str, _: &Surroundings) -> Result<Self, ValueError> {
        address::inet(text)
    }
}

#[cfg(test)]
mod tests;
