//! The one table of keys, and how a value is fetched from a section.
//!
//! `options!` turns rows of key, type, default and documentation into a struct, its reader and its part of the
//! manual. Rows stand in the order in which the original evaluates them, as it stops at the first mistake: reading
//! goes on behind a mistake with the default, so that all are found in one run and the first is the original's.

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::rc::Rc;

use crate::budget::Budget;
use crate::error::{Place, Problems, Reason};
use crate::expand::{ExpandError, Known, Lookup, expand};
use crate::ini::{Document, Entry, Mark, Section};
use crate::sections::{LogLevel, Notice};
use crate::value::{Name, Surroundings, Value, ValueError};

/// A key, as a manual shows it.
#[derive(Debug, Clone, Copy)]
pub struct Key {
    /// Its name.
    pub name: &'static str,
    /// The type of its value.
    pub kind: &'static str,
    /// What a user would write to get what happens without it.
    pub default: Option<&'static str>,
    /// What it does: lines of one paragraph.
    pub doc: &'static [&'static str],
}

/// Declares keys. A row with a default gives a value, one without gives an `Option`. `else` replaces the sentence
/// about a bad value.
macro_rules! options {
    (
        $(#[$about:meta])*
        $visibility:vis struct $name:ident {
            $(
                $(#[doc = $doc:literal])+
                $key:ident: $type:ty $(= $default:literal)? $(, else $sentence:literal)?;
            )*
        }
    ) => {
        $(#[$about])*
        $visibility struct $name {
            $( $(#[doc = $doc])+ $visibility $key: options!(@type $type $(, $default)?), )*
        }

        impl $name {
            /// The rows.
            $visibility const KEYS: &'static [$crate::options::Key] = &[
                $( $crate::options::Key {
                    name: stringify!($key),
                    kind: <$type as $crate::value::Value>::KIND,
                    default: options!(@option $($default)?),
                    doc: &[$($doc),+],
                }, )*
            ];

            /// Reads the rows from top to bottom.
            $visibility fn read(at: &mut $crate::options::At<'_, '_>) -> Self {
                Self {
                    $( $key: options!(
                        @read at, stringify!($key), options!(@option $($sentence)?) $(, $default)?
                    ), )*
                }
            }
        }
    };
    (@type $type:ty) => { Option<$type> };
    (@type $type:ty, $default:literal) => { $type };
    (@option) => { None };
    (@option $literal:literal) => { Some($literal) };
    (@read $at:ident, $key:expr, $sentence:expr) => { $at.value($key, $sentence) };
    (@read $at:ident, $key:expr, $sentence:expr, $default:literal) => {
        $at.value_or($key, $sentence, $default)
    };
}
pub(crate) use options;

/// Variables that `%(ENV_…)s` sees: those of the process, and those that `[supervisord] environment` adds.
#[derive(Default)]
pub(crate) struct Environment<'a> {
    pub(crate) process: BTreeMap<&'a str, &'a str>,
    pub(crate) added: BTreeMap<String, String>,
}

impl Environment<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.added.get(name).map(String::as_str).or_else(|| self.process.get(name).copied())
    }
}

/// The names that the values of one section may use besides `ENV_…`.
#[derive(Default)]
pub(crate) struct Names {
    pub(crate) texts: Vec<(&'static str, Rc<str>)>,
    pub(crate) numbers: Vec<(&'static str, i64)>,
    /// Variables that the section sets itself.
    pub(crate) own: BTreeMap<String, String>,
}

impl Names {
    pub(crate) fn new<const N: usize>(texts: [(&'static str, &Rc<str>); N]) -> Self {
        let texts = texts.into_iter().map(|(name, text)| (name, Rc::clone(text))).collect();
        Self { texts, ..Self::default() }
    }
}

/// The names of a section and the environment together.
struct Scope<'s, 'a> {
    names: &'s Names,
    environment: &'s Environment<'a>,
}

impl Lookup for Scope<'_, '_> {
    fn get(&self, name: &str) -> Option<Known<'_>> {
        if let Some(variable) = name.strip_prefix("ENV_") {
            let own = self.names.own.get(variable).map(String::as_str);
            return own.or_else(|| self.environment.get(variable)).map(Known::Text);
        }
        let text = self.names.texts.iter().find(|(known, _)| *known == name);
        let number = self.names.numbers.iter().find(|(known, _)| *known == name);
        text.map(|(_, text)| Known::Text(text)).or(number.map(|&(_, number)| Known::Number(number)))
    }

    fn available(&self) -> Vec<String> {
        let variables = self.names.own.keys().map(String::as_str);
        let variables = variables.chain(self.environment.added.keys().map(String::as_str));
        let variables = variables.chain(self.environment.process.keys().copied());
        let fixed = self.names.texts.iter().map(|(name, _)| *name);
        let fixed = fixed.chain(self.names.numbers.iter().map(|(name, _)| *name));
        let mut all: Vec<_> = variables.map(|name| format!("ENV_{name}")).collect();
        all.extend(fixed.map(str::to_owned));
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// Something to tell that does not keep the configuration from being used.
pub(crate) struct Remark {
    pub(crate) level: LogLevel,
    pub(crate) text: String,
    pub(crate) place: Option<Place>,
}

impl From<Remark> for Notice {
    fn from(remark: Remark) -> Self {
        let text = match remark.place {
            Some(place) => format!("{}:{}: {}", place.file, place.line, remark.text),
            None => remark.text,
        };
        Self { level: remark.level, text }
    }
}

/// What the reading of a configuration shares.
pub(crate) struct Context<'a> {
    pub(crate) document: &'a Document,
    /// The main file as it was named.
    pub(crate) file: &'a str,
    pub(crate) around: Surroundings,
    pub(crate) environment: Environment<'a>,
    /// The folder of the main file.
    pub(crate) here: Rc<str>,
    pub(crate) host: Rc<str>,
    pub(crate) problems: Problems,
    pub(crate) remarks: Vec<Remark>,
    pub(crate) budget: Budget,
    /// Names of sections of programs in which something is wrong: that need not be told again.
    pub(crate) wrong: HashSet<&'a str>,
}

impl<'a> Context<'a> {
    /// A section to be read.
    pub(crate) fn at<'c>(&'c mut self, section: &'a Section, names: Names) -> At<'c, 'a> {
        At { context: self, section, names, in_program: false }
    }

    /// Records a problem of no certain place.
    pub(crate) fn problem(&mut self, reason: Reason) {
        self.problems.add(reason);
    }

    /// Records a warning in the original's words.
    pub(crate) fn warn(&mut self, text: String) {
        if !self.budget.spend(text.len()) {
            self.problem(Reason::TooLarge);
            return;
        }
        self.remarks.push(Remark { level: LogLevel::Warn, text, place: None });
    }
}

/// A section that is being read.
pub(crate) struct At<'c, 'a> {
    pub(crate) context: &'c mut Context<'a>,
    pub(crate) section: &'a Section,
    pub(crate) names: Names,
    /// Whether problems tell section and file, as those of program sections do.
    pub(crate) in_program: bool,
}

impl<'a> At<'_, 'a> {
    pub(crate) fn entry(&self, key: &str) -> Option<&'a Entry> {
        self.context.document.get(self.section, key)
    }

    /// The value of a key, if it is given and good.
    pub(crate) fn value<T: Value>(&mut self, key: &'static str, sentence: Option<&'static str>) -> Option<T> {
        let entry = self.entry(key)?;
        let text = match T::EXPANDED {
            true => {
                let section = self.section;
                self.expanded(&entry.value, format_args!("{}.{key}", section.name), Some(entry.mark))?
            }
            false => entry.value.as_str().into(),
        };
        self.parsed(&text, Some(entry.mark), sentence)
    }

    /// The value of a key, or the meaning of its default.
    pub(crate) fn value_or<T: Value>(
        &mut self,
        key: &'static str,
        sentence: Option<&'static str>,
        default: &'static str,
    ) -> T {
        match self.value(key, sentence).map_or_else(|| T::parse(default, &self.context.around), Ok) {
            Ok(value) => value,
            Err(error) => unreachable!("the default of {key} is bad: {error}"),
        }
    }

    /// The name of the section's process or group, as a value that stands in its header.
    pub(crate) fn named(&mut self, text: &str) -> Option<Name> {
        match Name::parse(text, &self.context.around) {
            Ok(name) => Some(name),
            Err(error) => {
                self.problem(error.into(), None);
                None
            }
        }
    }

    /// Parses a text that is expanded already.
    pub(crate) fn parsed<T: Value>(
        &mut self,
        text: &str,
        mark: Option<Mark>,
        sentence: Option<&'static str>,
    ) -> Option<T> {
        match (T::parse(text, &self.context.around), sentence) {
            (Ok(value), _) => Some(value),
            (Err(error), None) => {
                self.problem(error.into(), mark);
                None
            }
            (Err(_), Some(sentence)) => {
                let error = ValueError::Other { sentence, value: text.to_owned() };
                self.problem(error.into(), mark);
                None
            }
        }
    }

    /// Expands a text with the names of this section.
    pub(crate) fn expanded<'t>(
        &mut self,
        text: &'t str,
        place: fmt::Arguments<'_>,
        mark: Option<Mark>,
    ) -> Option<std::borrow::Cow<'t, str>> {
        // Telling what could have been used may take long, so it is not done for nobody.
        if self.context.problems.is_full() {
            return None;
        }
        let scope = Scope { names: &self.names, environment: &self.context.environment };
        match expand(text, place, &scope, self.context.budget.rest()) {
            Ok(text) if self.context.budget.spend(text.len()) => Some(text),
            Ok(_) | Err(ExpandError::TooLarge) => {
                self.problem(Reason::TooLarge, mark);
                None
            }
            Err(error) => {
                self.problem(error.into(), mark);
                None
            }
        }
    }

    /// Records that a key is wrong in this section.
    pub(crate) fn wrong(
        &mut self,
        key: &str,
        reason: impl FnOnce(String) -> Reason,
        help: Option<&'static str>,
    ) {
        let mark = self.entry(key).map(|entry| entry.mark);
        self.problem_with_help(reason(self.section.name.clone()), mark, help);
    }

    /// Records a problem of this section; without a mark it points to the header.
    pub(crate) fn problem(&mut self, reason: Reason, mark: Option<Mark>) {
        self.problem_with_help(reason, mark, None);
    }

    pub(crate) fn problem_with_help(
        &mut self,
        reason: Reason,
        mark: Option<Mark>,
        help: Option<&'static str>,
    ) {
        let (document, section) = (self.context.document, self.section);
        let reason = match self.in_program {
            true => Reason::InProgram {
                reason: Box::new(reason),
                section: section.name.clone(),
                file: document.file_of(section).to_owned(),
            },
            false => reason,
        };
        self.context.problems.add_at(reason, mark.or(section.mark), help, || match mark {
            Some(mark) => Some(document.value_place(mark)),
            None => section.mark.map(|mark| document.header_place(mark)),
        });
    }
}
