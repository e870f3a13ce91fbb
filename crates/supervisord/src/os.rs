//! The one seam to the kernel: what the supervisor asks of it to start, signal and reap processes.
//!
//! Everything else (files, sockets, clocks) is used directly, as tests can have real ones.

use std::ffi::{CStr, CString};
use std::fmt;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};

use nix::errno::Errno;

pub mod child;
pub mod daemonize;
pub mod notify;
pub mod privileges;

use crate::signals;
use privileges::Identity;

/// The number of a process.
pub type Pid = i32;

/// What the supervisor needs of the kernel to have children.
pub trait Os {
    /// Starts a program.
    fn spawn(&mut self, spec: &SpawnSpec<'_>) -> Result<Spawned, SpawnError>;
    /// Sends a signal to a process, or to a whole process group.
    fn kill(&mut self, target: Target, signal: i32) -> Result<(), Errno>;
    /// A child that has ended, if there is one.
    fn reap(&mut self) -> Option<(Pid, Exit)>;
}

/// Whom a signal is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// One process.
    Process(Pid),
    /// The process group that it leads.
    Group(Pid),
}

/// A program ready to be started: nothing has to be looked up or allocated any more.
#[derive(Debug)]
pub struct SpawnSpec<'a> {
    /// The file to execute.
    pub file: &'a CStr,
    /// Its arguments, its own name first.
    pub argv: &'a [CString],
    /// Its whole environment.
    pub env: &'a [&'a CStr],
    /// Its standard input; `None`: a pipe.
    pub stdin: Option<BorrowedFd<'a>>,
    /// stderr is the same pipe as stdout.
    pub redirect_stderr: bool,
    /// Whose rights it gets.
    pub identity: &'a Identity,
    /// Its working folder.
    pub directory: Option<&'a CStr>,
    /// Its file creation mask.
    pub umask: Option<u32>,
    /// It and its children can never gain rights by executing a file.
    pub no_new_privs: bool,
    /// Its soft and hard limit of descriptors, where the daemon's own are higher.
    pub descriptors: Option<(u64, u64)>,
}

/// A started program and the daemon's ends of its pipes, all non-blocking.
#[derive(Debug)]
pub struct Spawned {
    /// Its process.
    pub pid: Pid,
    /// `None` when it was given a socket.
    pub stdin: Option<OwnedFd>,
    /// What it writes to fd 1.
    pub stdout: OwnedFd,
    /// What it writes to fd 2, unless that is the same pipe.
    pub stderr: Option<OwnedFd>,
}

/// Why a program could not be started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpawnError {
    /// The pipes could not be made.
    Pipes(Errno),
    /// The process could not be made.
    Fork(Errno),
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// With this status.
    Status(i32),
    /// By this signal.
    Signal {
        /// Its number.
        number: i32,
        /// Memory was written to a file.
        core: bool,
    },
}

impl Exit {
    /// The status that clients see: -1 for a signal.
    pub fn code(self) -> i32 {
        match self {
            Self::Status(code) => code,
            Self::Signal { .. } => -1,
        }
    }
}

/// As in the log: `exit status 1`, `terminated by SIGTERM (core dumped)`.
impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Status(code) => write!(f, "exit status {code}"),
            Self::Signal { number, core } => {
                write!(
                    f,
                    "terminated by {}{}",
                    signals::name(*number),
                    if *core { " (core dumped)" } else { "" }
                )
            }
        }
    }
}

/// The kernel itself.
#[derive(Debug)]
pub struct Kernel {
    nursery: child::Nursery,
}

impl Kernel {
    /// The seam to the real kernel.
    pub fn new() -> io::Result<Self> {
        Ok(Self { nursery: child::Nursery::new()? })
    }
}

impl Os for Kernel {
    fn spawn(&mut self, spec: &SpawnSpec<'_>) -> Result<Spawned, SpawnError> {
        child::spawn(spec, &mut self.nursery)
    }

    fn kill(&mut self, target: Target, signal: i32) -> Result<(), Errno> {
        child::kill(target, signal)
    }

    fn reap(&mut self) -> Option<(Pid, Exit)> {
        child::reap()
    }
}
