//! Text and bytes as Python's `repr()` shows them: log lines and events of the original contain it.

use std::borrow::Cow;
use std::fmt::Write;

/// `b'…'`.
pub fn bytes(bytes: &[u8]) -> String {
    let quote = quote_for(bytes.contains(&b'\''), bytes.contains(&b'"'));
    let mut out = String::with_capacity(bytes.len() + 3);
    out.push('b');
    out.push(quote);
    for &byte in bytes {
        match byte {
            b' '..=b'~' => push(&mut out, byte.into(), quote),
            _ => push_escape(&mut out, byte.into()),
        }
    }
    out.push(quote);
    out
}

/// `'…'`.
pub fn text(text: &str) -> String {
    let quote = quote_for(text.contains('\''), text.contains('"'));
    let mut out = String::with_capacity(text.len() + 2);
    out.push(quote);
    for char in text.chars() {
        // Python escapes whatever Unicode calls unprintable; controls and odd blanks are what occurs.
        if char.is_control() || (char.is_whitespace() && char != ' ') {
            push_escape(&mut out, char);
        } else {
            push(&mut out, char, quote);
        }
    }
    out.push(quote);
    out
}

/// The bytes as text; `Undecodable: b'…'` when they are not UTF-8.
pub fn decoded(data: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(data) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => Cow::Owned(format!("Undecodable: {}", bytes(data))),
    }
}

fn quote_for(has_single: bool, has_double: bool) -> char {
    if has_single && !has_double { '"' } else { '\'' }
}

fn push(out: &mut String, char: char, quote: char) {
    if char == quote || char == '\\' {
        out.push('\\');
    }
    out.push(char);
}

fn push_escape(out: &mut String, char: char) {
    match (char, u32::from(char)) {
        ('\n', _) => out.push_str("\\n"),
        ('\r', _) => out.push_str("\\r"),
        ('\t', _) => out.push_str("\\t"),
        (_, code @ ..=0xff) => write!(out, "\\x{code:02x}").unwrap_or_default(),
        (_, code @ ..=0xffff) => write!(out, "\\u{code:04x}").unwrap_or_default(),
        (_, code) => write!(out, "\\U{code:08x}").unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_bytes_as_python_does() {
        assert_eq!(bytes(b"abc"), "b'abc'");
        assert_eq!(bytes(b"a'b"), r#"b"a'b""#);
        assert_eq!(bytes(b"a'b\"c"), r#"b'a\'b"c'"#);
        assert_eq!(bytes(b"\x00\t\n\r\x1b\x7f\xff\\"), r"b'\x00\t\n\r\x1b\x7f\xff\\'");
    }

    #[test]
    fn shows_text_as_python_does() {
        assert_eq!(text("cat"), "'cat'");
        assert_eq!(text("d\u{e9}"), "'d\u{e9}'");
        assert_eq!(text("a'b\n\u{2028}\u{a0}"), r#""a'b\n\u2028\xa0""#);
    }

    #[test]
    fn marks_what_is_not_utf8() {
        assert_eq!(decoded("d\u{e9}".as_bytes()), "d\u{e9}");
        assert_eq!(decoded(b"d\xe9"), r"Undecodable: b'd\xe9'");
    }
}
