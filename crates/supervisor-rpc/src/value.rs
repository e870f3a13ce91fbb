//! A value of XML-RPC, and the way from and to the structures of serde.

mod deserialize;
mod serialize;

use thiserror::Error;

pub use deserialize::from_value;
pub use serialize::to_value;

/// Why a value does not fit a structure.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ValueError {
    /// A map whose keys are no strings.
    #[error("the name of a member is no text")]
    KeyIsNoText,
    /// What serde says, such as `missing field`.
    #[error("{0}")]
    Mismatch(String),
}

impl serde::ser::Error for ValueError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Mismatch(message.to_string())
    }
}

impl serde::de::Error for ValueError {
    fn custom<T: std::fmt::Display>(message: T) -> Self {
        Self::Mismatch(message.to_string())
    }
}

/// What a parameter or a result can be.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `<nil/>`, or a type that the original reads as null.
    Nil,
    /// `<int>`; wider than 32 bits where the original fails.
    Int(i64),
    /// `<boolean>`.
    Bool(bool),
    /// `<string>`, `<base64>` (decoded) and `<dateTime.iso8601>` (as text).
    String(String),
    /// `<double>`.
    Double(f64),
    /// `<array>`.
    Array(Vec<Value>),
    /// `<struct>`, members in the order of the document.
    Struct(Vec<(String, Value)>),
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Int(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(values: Vec<T>) -> Self {
        Self::Array(values.into_iter().map(Into::into).collect())
    }
}
