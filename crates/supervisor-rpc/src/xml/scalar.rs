//! Values that are one text: numbers, dates, base64. As generous as Python's own readers of them.

use std::num::IntErrorKind;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::read::XmlError;
use crate::value::Value;

/// Any number: what 64 bits do not hold is as good as the nearest that they do.
pub(super) fn integer(text: &str) -> Result<Value, XmlError> {
    let digits = text.trim();
    match digits.parse() {
        Ok(number) => Ok(Value::Int(number)),
        Err(error) => match error.kind() {
            IntErrorKind::PosOverflow => Ok(Value::Int(i64::MAX)),
            IntErrorKind::NegOverflow => Ok(Value::Int(i64::MIN)),
            _ => Err(XmlError::bad("int", text)),
        },
    }
}

pub(super) fn double(text: &str) -> Result<Value, XmlError> {
    text.trim().parse().map(Value::Double).map_err(|_| XmlError::bad("double", text))
}

/// Checks the shape `19980717T14:08:55`; no method takes a date.
pub(super) fn date(text: &str) -> Result<Value, XmlError> {
    let fits = text.len() == 17
        && text.bytes().zip(b"dddddddd\x54dd:dd:dd").all(|(byte, shape)| match shape {
            b'd' => byte.is_ascii_digit(),
            literal => byte == *literal,
        });
    if fits { Ok(text.into()) } else { Err(XmlError::bad("dateTime.iso8601", text)) }
}

/// Text in base64; characters of no meaning, such as line feeds, are skipped.
pub(super) fn base64(text: &str) -> Result<Value, XmlError> {
    let digits: String =
        text.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=')).collect();
    let bytes = STANDARD.decode(digits).ok();
    match bytes.and_then(|bytes| String::from_utf8(bytes).ok()) {
        Some(decoded) => Ok(Value::String(decoded)),
        None => Err(XmlError::bad("base64", text)),
    }
}
