//! What of Python shows in a configuration: which characters are blank, how text is quoted in a message, what
//! counts as a number, how paths are completed.
//!
//! Owns nothing of supervisor itself; knows no key and no section.

use std::borrow::Cow;
use std::fmt;

use nix::unistd::{Uid, User};

/// Whether Python's `str.isspace` says so: Unicode's white space and the four separators of ASCII.
pub(crate) fn is_blank(c: char) -> bool {
    c.is_whitespace() || ('\x1c'..='\x1f').contains(&c)
}

/// `str.strip()`.
pub(crate) fn strip(text: &str) -> &str {
    text.trim_matches(is_blank)
}

/// `str.rstrip()`.
pub(crate) fn strip_end(text: &str) -> &str {
    text.trim_end_matches(is_blank)
}

/// `repr()` of text.
pub(crate) struct Repr<'a>(pub(crate) &'a str);

impl fmt::Display for Repr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quote(self.0, false, f)
    }
}

/// `ascii()` of text.
pub(crate) struct Ascii<'a>(pub(crate) &'a str);

impl fmt::Display for Ascii<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        quote(self.0, true, f)
    }
}

/// Python quotes with `'` unless the text has a `'` and no `"`.
fn quote(text: &str, only_ascii: bool, f: &mut impl fmt::Write) -> fmt::Result {
    let mark = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    f.write_char(mark)?;
    for c in text.chars() {
        match c {
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c == mark => write!(f, "\\{c}")?,
            ' '..='~' => f.write_char(c)?,
            c if !only_ascii && is_printable(c) => f.write_char(c)?,
            c if c <= '\u{ff}' => write!(f, "\\x{:02x}", u32::from(c))?,
            c if c <= '\u{ffff}' => write!(f, "\\u{:04x}", u32::from(c))?,
            c => write!(f, "\\U{:08x}", u32::from(c))?,
        }
    }
    f.write_char(mark)
}

/// `str.isprintable` of a character beyond ASCII. Behind another character, Rust escapes the same categories.
fn is_printable(c: char) -> bool {
    let mut buffer = [0; 5];
    buffer[0] = b'.';
    let end = 1 + c.encode_utf8(&mut buffer[1..]).len();
    str::from_utf8(&buffer[..end]).is_ok_and(|pair| !c.is_ascii() && pair.escape_debug().count() == 2)
}

/// Why a text is not a number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Other characters than digits.
    #[error("invalid literal for int() with base 10: {}", Shortened(.0))]
    Invalid(String),
    /// Python refuses to convert more than 4300 digits.
    #[error(
        "Exceeds the limit (4300 digits) for integer string conversion: value has {0} digits; use \
         sys.set_int_max_str_digits() to increase the limit"
    )]
    TooLong(usize),
}

/// `%.200R`, which `int()` uses in its complaint.
struct Shortened<'a>(&'a str);

impl fmt::Display for Shortened<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let head: String = self.0.chars().take(200).collect();
        // The kind of quotation mark depends on the whole text.
        let mut whole = String::new();
        match self.0.len() == head.len() {
            true => quote(&head, false, &mut whole)?,
            false => quote(self.0, false, &mut whole)?,
        }
        whole.chars().take(200).try_for_each(|c| fmt::Write::write_char(f, c))
    }
}

/// `int(text)`. What is beyond 64 bits becomes the nearest that is not.
pub(crate) fn int(text: &str) -> Result<i64, NumberError> {
    let (negative, digits) = digits(text, 10).ok_or_else(|| NumberError::Invalid(text.to_owned()))?;
    match digits.bytes().filter(|&b| b != b'_').count() {
        count if count > 4300 => Err(NumberError::TooLong(count)),
        _ => Ok(saturate(negative, digits, 10)),
    }
}

/// `int(text, 8)`.
pub(crate) fn octal(text: &str) -> Option<i64> {
    digits(text, 8).map(|(negative, digits)| saturate(negative, digits, 8))
}

/// `str(int(text))` of a text that is a number.
pub(crate) fn plain_int(text: &str) -> String {
    match digits(text, 10) {
        Some((negative, digits)) => {
            let digits: String = digits.chars().filter(|&c| c != '_').collect();
            let digits = digits.trim_start_matches('0');
            match (negative, digits) {
                (_, "") => "0".to_owned(),
                (true, digits) => format!("-{digits}"),
                (false, digits) => digits.to_owned(),
            }
        }
        None => text.to_owned(),
    }
}

/// Sign and digits of a number: single `_` between digits, `0o` before octal ones.
fn digits(text: &str, radix: u32) -> Option<(bool, &str)> {
    let text = strip(text);
    let (negative, text) = match text.strip_prefix(['+', '-']) {
        Some(rest) => (text.starts_with('-'), rest),
        None => (false, text),
    };
    let prefixed = if radix == 8 { text.strip_prefix("0o").or(text.strip_prefix("0O")) } else { None };
    let text = match prefixed {
        Some(rest) => rest.strip_prefix('_').unwrap_or(rest),
        None => text,
    };
    let well_formed = text.split('_').all(|part| !part.is_empty() && part.chars().all(|c| c.is_digit(radix)));
    well_formed.then_some((negative, text))
}

fn saturate(negative: bool, digits: &str, radix: i64) -> i64 {
    digits.bytes().filter(|&b| b != b'_').fold(0_i64, |sum, b| {
        let digit = i64::from(b - b'0');
        let digit = if negative { -digit } else { digit };
        sum.saturating_mul(radix).saturating_add(digit)
    })
}

/// `os.path.dirname`.
pub(crate) fn dirname(path: &str) -> &str {
    let head = &path[..path.rfind('/').map_or(0, |at| at + 1)];
    match head.trim_end_matches('/') {
        "" => head,
        stripped => stripped,
    }
}

/// `os.path.join` of two parts.
pub(crate) fn join(folder: &str, name: &str) -> String {
    match name {
        name if name.starts_with('/') => name.to_owned(),
        name if folder.is_empty() || folder.ends_with('/') => format!("{folder}{name}"),
        name => format!("{folder}/{name}"),
    }
}

/// `os.path.abspath`, from a given working folder: `.`, `..` and double slashes are resolved in the text alone.
pub(crate) fn abspath(cwd: &str, path: &str) -> String {
    let path = join(cwd, path);
    // POSIX leaves the meaning of exactly two leading slashes to the system, so Python keeps them.
    let root = if path.starts_with("//") && !path.starts_with("///") { "//" } else { "/" };
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("{root}{}", parts.join("/"))
}

/// `os.path.expanduser`: `~` and `~name`; what is unknown stays as it is.
pub(crate) fn expanduser<'a>(path: &'a str, home: Option<&str>) -> Cow<'a, str> {
    let Some(rest) = path.strip_prefix('~') else { return Cow::Borrowed(path) };
    let (name, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let folder = match (name, home) {
        ("", Some(home)) => Some(home.to_owned()),
        ("", None) => home_of(User::from_uid(Uid::current())),
        (name, _) => home_of(User::from_name(name)),
    };
    match folder {
        Some(folder) => match format!("{}{rest}", folder.trim_end_matches('/')) {
            whole if whole.is_empty() => Cow::Borrowed("/"),
            whole => Cow::Owned(whole),
        },
        None => Cow::Borrowed(path),
    }
}

fn home_of(user: nix::Result<Option<User>>) -> Option<String> {
    user.ok().flatten().map(|user| user.dir.to_string_lossy().into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_as_python_does() {
        for (text, quoted) in [
            ("a", "'a'"),
            ("it's", "\"it's\""),
            ("'\"", "'\\'\"'"),
            ("a\\b\n\t\r", "'a\\\\b\\n\\t\\r'"),
            ("\0\x1f\x7f", "'\\x00\\x1f\\x7f'"),
            ("é€😀", "'é€😀'"),
            ("\u{feff}\u{a0}\u{e000}\u{10ffff}", "'\\ufeff\\xa0\\ue000\\U0010ffff'"),
            ("a\u{301}", "'a\u{301}'"),
        ] {
            assert_eq!(Repr(text).to_string(), quoted);
        }
        assert_eq!(Ascii("é€😀").to_string(), "'\\xe9\\u20ac\\U0001f600'");
    }

    #[test]
    fn reads_numbers_as_python_does() {
        for (text, number) in [("1", 1), (" -1_000\n", -1000), ("+07", 7), ("99999999999999999999", i64::MAX)]
        {
            assert_eq!(int(text), Ok(number), "{text:?}");
        }
        for text in ["", "1__0", "_1", "1_", "1.0", "0x1", "1 0", "--1", "- 1", "0o7"] {
            assert_eq!(int(text), Err(NumberError::Invalid(text.to_owned())), "{text:?}");
        }
        assert_eq!(int(&"1".repeat(4301)), Err(NumberError::TooLong(4301)));
        for (text, number) in [("022", 18), ("0o22", 18), ("0O_22", 18), ("-2_2", -18)] {
            assert_eq!(octal(text), Some(number), "{text:?}");
        }
        assert_eq!(octal("8"), None);
        assert_eq!(octal(""), None);
        assert_eq!(plain_int(" -007_0 "), "-70");
    }

    #[test]
    fn shortens_the_literal_in_the_complaint() {
        let text = int(&"x".repeat(300)).unwrap_err().to_string();
        assert_eq!(text, format!("invalid literal for int() with base 10: '{}", "x".repeat(199)));
    }

    #[test]
    fn completes_paths() {
        for (path, whole) in [
            ("a/../b", "/c/b"),
            ("/a//b/./c/", "/a/b/c"),
            ("//a", "//a"),
            ("///a", "/a"),
            ("../../..", "/"),
            ("", "/c"),
        ] {
            assert_eq!(abspath("/c", path), whole, "{path:?}");
        }
        for (path, folder) in [("a", ""), ("/a", "/"), ("//a", "//"), ("a//b", "a"), ("a/", "a")] {
            assert_eq!(dirname(path), folder, "{path:?}");
        }
        assert_eq!(expanduser("~/x", Some("/home/u/")), "/home/u/x");
        assert_eq!(expanduser("~", Some("/")), "/");
        assert_eq!(expanduser("~nobody-of-this-name/x", Some("/h")), "~nobody-of-this-name/x");
        assert_eq!(expanduser("a~", Some("/h")), "a~");
    }
}
