//! Faults: the errors that a method answers with.

use thiserror::Error;

/// A fault as it travels: a number and a text such as `BAD_NAME: foo`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text}")]
pub struct Fault {
    /// The number.
    pub code: i64,
    /// The name, with the detail behind `: ` where there is one.
    pub text: String,
}

/// The faults of supervisord.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Code {
    /// 1
    UnknownMethod,
    /// 2
    IncorrectParameters,
    /// 3
    BadArguments,
    /// 4
    SignatureUnsupported,
    /// 6
    ShutdownState,
    /// 10
    BadName,
    /// 11
    BadSignal,
    /// 20
    NoFile,
    /// 21
    NotExecutable,
    /// 30
    Failed,
    /// 40
    AbnormalTermination,
    /// 50
    SpawnError,
    /// 60
    AlreadyStarted,
    /// 70
    NotRunning,
    /// 80: no error, the status of a success in a list of results.
    Success,
    /// 90
    AlreadyAdded,
    /// 91
    StillRunning,
    /// 92
    CantReread,
}

impl Code {
    /// Every fault with its number and its name.
    pub const TABLE: [(Self, i64, &'static str); 18] = [
        (Self::UnknownMethod, 1, "UNKNOWN_METHOD"),
        (Self::IncorrectParameters, 2, "INCORRECT_PARAMETERS"),
        (Self::BadArguments, 3, "BAD_ARGUMENTS"),
        (Self::SignatureUnsupported, 4, "SIGNATURE_UNSUPPORTED"),
        (Self::ShutdownState, 6, "SHUTDOWN_STATE"),
        (Self::BadName, 10, "BAD_NAME"),
        (Self::BadSignal, 11, "BAD_SIGNAL"),
        (Self::NoFile, 20, "NO_FILE"),
        (Self::NotExecutable, 21, "NOT_EXECUTABLE"),
        (Self::Failed, 30, "FAILED"),
        (Self::AbnormalTermination, 40, "ABNORMAL_TERMINATION"),
        (Self::SpawnError, 50, "SPAWN_ERROR"),
        (Self::AlreadyStarted, 60, "ALREADY_STARTED"),
        (Self::NotRunning, 70, "NOT_RUNNING"),
        (Self::Success, 80, "SUCCESS"),
        (Self::AlreadyAdded, 90, "ALREADY_ADDED"),
        (Self::StillRunning, 91, "STILL_RUNNING"),
        (Self::CantReread, 92, "CANT_REREAD"),
    ];

    fn row(self) -> (i64, &'static str) {
        match Self::TABLE.iter().find(|row| row.0 == self) {
            Some(&(_, number, name)) => (number, name),
            None => unreachable!("a test reads every row"),
        }
    }

    /// The number.
    pub fn number(self) -> i64 {
        self.row().0
    }

    /// The name.
    pub fn name(self) -> &'static str {
        self.row().1
    }

    /// The fault of this number.
    pub fn from_number(number: i64) -> Option<Self> {
        Self::TABLE.iter().find(|row| row.1 == number).map(|row| row.0)
    }

    /// The fault, with its name alone as text.
    pub fn fault(self) -> Fault {
        Fault { code: self.number(), text: self.name().to_owned() }
    }

    /// The fault, with a detail behind its name.
    pub fn with(self, detail: impl std::fmt::Display) -> Fault {
        Fault { code: self.number(), text: format!("{}: {detail}", self.name()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_its_row() {
        for (code, number, name) in Code::TABLE {
            assert_eq!((code.number(), code.name()), (number, name));
            assert_eq!(Code::from_number(number), Some(code));
        }
    }
}
