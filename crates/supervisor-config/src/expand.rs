//! `%(name)s`: Python's formatting with a mapping, as far as a mapping of texts and integers can use it.
//!
//! Owns the rules and the sentences of expansion. Does not know which names a key may use: that is the caller's.

use std::borrow::Cow;
use std::fmt;

use crate::python::{Ascii, Repr};

mod number;

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Known<'a> {
    /// All names but two.
    Text(&'a str),
    /// `process_num` and `numprocs`.
    Number(i64),
}

/// What names stand for.
pub(crate) trait Lookup {
    /// What this name stands for.
    fn get(&self, name: &str) -> Option<Known<'_>>;
    /// All names, sorted.
    fn available(&self) -> Vec<String>;
}

/// Why a text cannot be expanded.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// It uses a name that means nothing there.
    #[error(
        "Format string {} for {} contains names ({}) which cannot be expanded. Available names: {}",
        Repr(.value), Repr(.place), Repr(.name), .available.join(", ")
    )]
    Unknown {
        /// The whole text.
        value: String,
        /// Section and key.
        place: String,
        /// The name.
        name: String,
        /// What could have been used.
        available: Vec<String>,
    },
    /// It is not well formed.
    #[error("Format string {} for {} is badly formatted: {reason}", Repr(.value), Repr(.place))]
    Malformed {
        /// The whole text.
        value: String,
        /// Section and key.
        place: String,
        /// What is wrong.
        reason: FormatError,
    },
    /// It grows beyond what a configuration may.
    #[error("the configuration is too large")]
    TooLarge,
}

/// What is wrong with a format, in Python's words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// No `)`.
    #[error("incomplete format key")]
    IncompleteKey,
    /// No conversion.
    #[error("incomplete format")]
    Incomplete,
    /// No such conversion.
    #[error("unsupported format character '{}' ({:#x}) at index {index}", shown(*.character), u32::from(*.character))]
    Unsupported {
        /// The conversion.
        character: char,
        /// Where it is, in characters from 0.
        index: usize,
    },
    /// `%d` of a text.
    #[error("%{0} format: a real number is required, not {1}")]
    NotReal(char, &'static str),
    /// `%x` of a text.
    #[error("%{0} format: an integer is required, not {1}")]
    NotInteger(char, &'static str),
    /// `%f` of a text.
    #[error("must be real number, not {0}")]
    NotFloat(&'static str),
    /// `%c` of a text.
    #[error("%c requires int or char")]
    NotCharacter,
    /// `%c` of a number that is none.
    #[error("%c arg not in range(0x110000)")]
    NotInUnicode,
    /// `*` with a text.
    #[error("* wants int")]
    StarWantsNumber,
    /// A conversion without a name. The original prints all names and their values for a bare `%s`, the environment
    /// among them; nobody can have wanted that.
    #[error("not enough arguments for format string")]
    NotEnough,
    /// A width that nobody can mean.
    #[error("width too big")]
    Width,
    /// A precision that nobody can mean.
    #[error("precision too big")]
    Precision,
}

/// C prints the characters that it cannot convert so.
fn shown(c: char) -> char {
    if ('\x1f'..='~').contains(&c) { c } else { '?' }
}

/// Width and precision beyond this are refused, as Python does for far greater ones.
const GREATEST_WIDTH: usize = u16::MAX as usize;

/// Expands a text that is the value of the key `place`, to `limit` bytes at most.
pub(crate) fn expand<'a>(
    text: &'a str,
    place: fmt::Arguments<'_>,
    names: &dyn Lookup,
    limit: usize,
) -> Result<Cow<'a, str>, ExpandError> {
    if !text.contains('%') {
        return Ok(Cow::Borrowed(text));
    }
    let mut format = Format { text, at: 0, names, limit, argument: Argument::Mapping };
    format.expand().map(Cow::Owned).map_err(|stop| match stop {
        Stop::Unknown(name) => ExpandError::Unknown {
            value: text.to_owned(),
            place: place.to_string(),
            name: name.to_owned(),
            available: names.available(),
        },
        Stop::Malformed(reason) => {
            ExpandError::Malformed { value: text.to_owned(), place: place.to_string(), reason }
        }
        Stop::TooLarge => ExpandError::TooLarge,
    })
}

/// Why it stopped.
enum Stop<'a> {
    Unknown(&'a str),
    Malformed(FormatError),
    TooLarge,
}

impl From<FormatError> for Stop<'_> {
    fn from(error: FormatError) -> Self {
        Self::Malformed(error)
    }
}

/// What the next conversion converts. Python gives the whole mapping to a conversion without a name until the first
/// name was used, and nothing afterwards.
#[derive(Clone, Copy)]
enum Argument<'n> {
    Mapping,
    Value(Known<'n>),
    Spent,
}

/// A text being expanded, as far as byte `at`.
struct Format<'a, 'n> {
    text: &'a str,
    at: usize,
    names: &'n dyn Lookup,
    limit: usize,
    argument: Argument<'n>,
}

/// Between `%` and the conversion.
#[derive(Default)]
pub(super) struct Spec {
    left: bool,
    sign: bool,
    blank: bool,
    alternate: bool,
    zero: bool,
    width: usize,
    precision: Option<usize>,
}

impl<'a, 'n> Format<'a, 'n> {
    fn expand(&mut self) -> Result<String, Stop<'a>> {
        let mut out = String::with_capacity(self.text.len());
        while let Some(offset) = self.text[self.at..].find('%') {
            out.push_str(&self.text[self.at..self.at + offset]);
            self.at += offset + 1;
            if self.peek() == Some('%') {
                self.at += 1;
                out.push('%');
            } else {
                self.conversion(&mut out)?;
            }
            if out.len() > self.limit {
                return Err(Stop::TooLarge);
            }
        }
        out.push_str(&self.text[self.at..]);
        Ok(out)
    }

    fn conversion(&mut self, out: &mut String) -> Result<(), Stop<'a>> {
        if self.peek() == Some('(') {
            let name = self.name()?;
            self.argument = Argument::Value(self.names.get(name).ok_or(Stop::Unknown(name))?);
        }
        let spec = self.spec()?;
        if matches!(self.peek(), Some('h' | 'l' | 'L')) {
            self.at += 1;
        }
        let conversion = self.next().ok_or(FormatError::Incomplete)?;
        let argument = self.take();
        let number = match argument {
            Argument::Spent => return Err(FormatError::NotEnough.into()),
            Argument::Mapping => Err("dict"),
            Argument::Value(Known::Text(_)) => Err("str"),
            Argument::Value(Known::Number(number)) => Ok(number),
        };
        match conversion {
            's' | 'r' | 'a' => spec.pad(&text_of(argument, conversion)?, out),
            'c' => spec.pad(&character(argument)?, out),
            'd' | 'i' | 'u' => {
                spec.integer(number.map_err(|what| FormatError::NotReal(conversion, what))?, 'd', out);
            }
            'x' | 'X' | 'o' => {
                let number = number.map_err(|what| FormatError::NotInteger(conversion, what))?;
                spec.integer(number, conversion, out);
            }
            'e' | 'E' | 'f' | 'F' | 'g' | 'G' => {
                spec.float(number.map_err(FormatError::NotFloat)?, conversion, out);
            }
            character => {
                let index = self.text[..self.at].chars().count() - 1;
                return Err(FormatError::Unsupported { character, index }.into());
            }
        }
        Ok(())
    }

    /// A name may hold balanced parentheses.
    fn name(&mut self) -> Result<&'a str, FormatError> {
        let rest = &self.text[self.at + 1..];
        let mut depth = 1_usize;
        for (at, byte) in rest.bytes().enumerate() {
            match byte {
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                self.at += at + 2;
                return Ok(&rest[..at]);
            }
        }
        Err(FormatError::IncompleteKey)
    }

    fn spec(&mut self) -> Result<Spec, FormatError> {
        let mut spec = Spec::default();
        while let Some(flag @ ('-' | '+' | ' ' | '#' | '0')) = self.peek() {
            match flag {
                '-' => spec.left = true,
                '+' => spec.sign = true,
                ' ' => spec.blank = true,
                '#' => spec.alternate = true,
                _ => spec.zero = true,
            }
            self.at += 1;
        }
        if self.peek() == Some('*') {
            let width = self.star()?;
            spec.left |= width < 0;
            spec.width = usize::try_from(width.unsigned_abs()).unwrap_or(usize::MAX);
        } else {
            spec.width = self.count();
        }
        if self.peek() == Some('.') {
            self.at += 1;
            spec.precision = Some(match self.peek() {
                Some('*') => usize::try_from(self.star()?).unwrap_or(0),
                _ => self.count(),
            });
        }
        match spec.precision {
            _ if spec.width > GREATEST_WIDTH => Err(FormatError::Width),
            Some(precision) if precision > GREATEST_WIDTH => Err(FormatError::Precision),
            _ => Ok(spec),
        }
    }

    fn star(&mut self) -> Result<i64, FormatError> {
        self.at += 1;
        match self.take() {
            Argument::Value(Known::Number(number)) => Ok(number),
            Argument::Value(Known::Text(_)) | Argument::Mapping => Err(FormatError::StarWantsNumber),
            Argument::Spent => Err(FormatError::NotEnough),
        }
    }

    fn count(&mut self) -> usize {
        let mut count = 0_usize;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            count = count.saturating_mul(10).saturating_add(digit as usize);
            self.at += 1;
        }
        count
    }

    fn take(&mut self) -> Argument<'n> {
        std::mem::replace(&mut self.argument, Argument::Spent)
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }
}

fn text_of(argument: Argument<'_>, conversion: char) -> Result<Cow<'_, str>, FormatError> {
    match argument {
        Argument::Value(Known::Number(number)) => Ok(number.to_string().into()),
        Argument::Value(Known::Text(text)) if conversion == 's' => Ok(text.into()),
        Argument::Value(Known::Text(text)) if conversion == 'r' => Ok(Repr(text).to_string().into()),
        Argument::Value(Known::Text(text)) => Ok(Ascii(text).to_string().into()),
        Argument::Mapping | Argument::Spent => Err(FormatError::NotEnough),
    }
}

fn character(argument: Argument<'_>) -> Result<String, FormatError> {
    match argument {
        Argument::Value(Known::Text(text)) if text.chars().count() == 1 => Ok(text.to_owned()),
        Argument::Value(Known::Number(number)) => u32::try_from(number)
            .ok()
            .and_then(char::from_u32)
            .map(String::from)
            .ok_or(FormatError::NotInUnicode),
        _ => Err(FormatError::NotCharacter),
    }
}

impl Spec {
    /// Text: cut to the precision, filled to the width.
    fn pad(&self, text: &str, out: &mut String) {
        // By hand, as `format!` takes no width beyond 65,535.
        let end = self.precision.and_then(|precision| text.char_indices().nth(precision));
        let text = end.map_or(text, |(end, _)| &text[..end]);
        let fill = self.width.saturating_sub(text.chars().count());
        if !self.left {
            out.extend(std::iter::repeat_n(' ', fill));
        }
        out.push_str(text);
        if self.left {
            out.extend(std::iter::repeat_n(' ', fill));
        }
    }
}

#[cfg(test)]
mod tests;
