//! The states of processes and of the daemon, with their numbers on the wire.

use serde::{Deserialize, Serialize};

/// The state of a process (manual, "Process States").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ProcessState {
    /// 0: stopped by request, or never started.
    Stopped,
    /// 10: spawned, not yet up for `startsecs`.
    Starting,
    /// 20: up.
    Running,
    /// 30: ended too quickly; waits for its next attempt.
    Backoff,
    /// 40: was asked to end.
    Stopping,
    /// 100: ended by itself.
    Exited,
    /// 200: given up.
    Fatal,
    /// 1000: could not be signalled.
    Unknown,
}

impl ProcessState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Stopped,
        Self::Starting,
        Self::Running,
        Self::Backoff,
        Self::Stopping,
        Self::Exited,
        Self::Fatal,
        Self::Unknown,
    ];

    /// The number on the wire.
    pub fn code(self) -> i64 {
        match self {
            Self::Stopped => 0,
            Self::Starting => 10,
            Self::Running => 20,
            Self::Backoff => 30,
            Self::Stopping => 40,
            Self::Exited => 100,
            Self::Fatal => 200,
            Self::Unknown => 1000,
        }
    }

    /// The name in upper case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stopped => "STOPPED",
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
            Self::Backoff => "BACKOFF",
            Self::Stopping => "STOPPING",
            Self::Exited => "EXITED",
            Self::Fatal => "FATAL",
            Self::Unknown => "UNKNOWN",
        }
    }

    /// STOPPED, EXITED, FATAL, UNKNOWN.
    pub fn is_stopped(self) -> bool {
        matches!(self, Self::Stopped | Self::Exited | Self::Fatal | Self::Unknown)
    }

    /// STARTING, RUNNING, BACKOFF.
    pub fn is_running(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Backoff)
    }

    /// STARTING, RUNNING, STOPPING.
    pub fn is_signallable(self) -> bool {
        matches!(self, Self::Starting | Self::Running | Self::Stopping)
    }
}

/// The state of the daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SupervisorState {
    /// 1.
    Running,
    /// 0: everything is stopped, read again and started again.
    Restarting,
    /// -1: everything is stopped, then the daemon ends.
    Shutdown,
}

impl SupervisorState {
    /// The number on the wire.
    pub fn code(self) -> i64 {
        match self {
            Self::Running => 1,
            Self::Restarting => 0,
            Self::Shutdown => -1,
        }
    }

    /// The name in upper case.
    pub fn name(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Restarting => "RESTARTING",
            Self::Shutdown => "SHUTDOWN",
        }
    }
}
