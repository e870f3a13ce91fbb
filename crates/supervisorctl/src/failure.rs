//! What ends a command early, in the words of the original.
//!
//! The original prints the exception, with the place in its own source behind it; scripts look for the head of that line. The
//! head is kept, the place is not: there is none.

use std::io;

use supervisor_rpc::client::ClientError;
use supervisor_rpc::fault::Fault;
use thiserror::Error;

/// Why a command ended early.
#[derive(Debug, Error)]
pub(crate) enum Failure {
    /// The daemon cannot be reached, or refused.
    #[error("{}", client_text(.0))]
    Client(#[from] ClientError),
    /// A result that this command does not know.
    #[error("<class 'ValueError'>, Unknown result code {code} for {name}")]
    UnknownResult {
        /// Its number.
        code: i64,
        /// Of which process.
        name: String,
    },
    /// A question found nobody to answer it.
    #[error("<class 'EOFError'>, EOF when reading a line")]
    NoAnswer,
    /// Ctrl-C.
    #[error("<class 'KeyboardInterrupt'>, ")]
    Interrupted,
    /// stdin or stdout failed.
    #[error("<class 'OSError'>, {}", os_text(.0))]
    Io(#[from] io::Error),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Client(fault.into())
    }
}

fn client_text(error: &ClientError) -> String {
    let (class, text) = exception(error);
    format!("{class}, {text}")
}

/// The class and the text of the exception that Python has for it.
pub(crate) fn exception(error: &ClientError) -> (String, String) {
    let (class, text) = match error {
        ClientError::Fault(Fault { code, text }) => {
            ("xmlrpc.client.Fault", format!("<Fault {code}: {}>", repr(text)))
        }
        ClientError::Status { code, reason } => {
            ("xmlrpc.client.ProtocolError", format!("<ProtocolError for 127.0.0.1/RPC2: {code} {reason}>"))
        }
        ClientError::Refused => ("ConnectionRefusedError", "[Errno 111] Connection refused".to_owned()),
        ClientError::NoSuchFile => ("FileNotFoundError", "[Errno 2] No such file or directory".to_owned()),
        ClientError::PermissionDenied => ("PermissionError", "[Errno 13] Permission denied".to_owned()),
        ClientError::UnknownProtocol(_) | ClientError::BadUrl(_) => ("ValueError", error.to_string()),
        ClientError::Resolve(io) => ("socket.gaierror", resolver_text(io)),
        ClientError::Io(io) => (class_of(io.kind()), os_text(io)),
        ClientError::Http(http) => ("http.client.HTTPException", http.to_string()),
        ClientError::TooLarge | ClientError::BadDocument(_) | ClientError::BadShape(_) => {
            ("xmlrpc.client.ResponseError", error.to_string())
        }
    };
    (format!("<class '{class}'>"), text)
}

fn class_of(kind: io::ErrorKind) -> &'static str {
    match kind {
        io::ErrorKind::ConnectionReset => "ConnectionResetError",
        io::ErrorKind::ConnectionAborted => "ConnectionAbortedError",
        io::ErrorKind::BrokenPipe => "BrokenPipeError",
        io::ErrorKind::TimedOut => "TimeoutError",
        io::ErrorKind::NotADirectory => "NotADirectoryError",
        _ => "OSError",
    }
}

/// `[Errno -2] Name or service not known`. The standard library tells the resolver's words, but not its number.
fn resolver_text(error: &io::Error) -> String {
    let text = error.to_string();
    let words = text.strip_prefix("failed to lookup address information: ").unwrap_or(&text);
    let number = if words.starts_with("Temporary") { -3 } else { -2 };
    format!("[Errno {number}] {words}")
}

/// `[Errno 104] Connection reset by peer`.
fn os_text(error: &io::Error) -> String {
    match error.raw_os_error() {
        Some(number) => format!("[Errno {number}] {}", nix::errno::Errno::from_raw(number).desc()),
        None => error.to_string(),
    }
}

/// Text as Python quotes it: in `'` unless it has a `'` and no `"`.
pub(crate) fn repr(text: &str) -> String {
    let mark = if text.contains('\'') && !text.contains('"') { '"' } else { '\'' };
    let mut out = String::from(mark);
    for character in text.chars() {
        match character {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\\' => out.push_str("\\\\"),
            c if c == mark => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push(mark);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failures_look_like_the_exceptions_of_the_original() {
        let fault = Fault { code: 92, text: "CANT_REREAD: 'x'".into() };
        for (failure, text) in [
            (fault.into(), r#"<class 'xmlrpc.client.Fault'>, <Fault 92: "CANT_REREAD: 'x'">"#),
            (
                ClientError::Status { code: 401, reason: "Unauthorized".into() }.into(),
                "<class 'xmlrpc.client.ProtocolError'>, <ProtocolError for 127.0.0.1/RPC2: 401 Unauthorized>",
            ),
            (ClientError::Refused.into(), "<class 'ConnectionRefusedError'>, [Errno 111] Connection refused"),
            (
                ClientError::Io(io::Error::from_raw_os_error(104)).into(),
                "<class 'ConnectionResetError'>, [Errno 104] Connection reset by peer",
            ),
            (
                ClientError::UnknownProtocol("https://x".into()).into(),
                "<class 'ValueError'>, Unknown protocol for serverurl https://x",
            ),
            (
                Failure::UnknownResult { code: 30, name: "cat".into() },
                "<class 'ValueError'>, Unknown result code 30 for cat",
            ),
        ] {
            assert_eq!(Failure::to_string(&failure), text);
        }
    }

    #[test]
    fn text_is_quoted_as_python_does() {
        for (text, quoted) in
            [("a", "'a'"), ("it's", "\"it's\""), ("'\"", "'\\'\"'"), ("é\n\u{1}\\", "'é\\n\\x01\\\\'")]
        {
            assert_eq!(repr(text), quoted);
        }
    }
}
