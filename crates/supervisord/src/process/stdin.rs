//! The standard input of a process: a pipe that may be full, and what waits until it is not.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::unistd::write;

/// The most that waits for a program that does not read, unless it is one large piece. The original collects without end.
pub const LIMIT: usize = 4 * 1024 * 1024;

/// The daemon's end of the pipe, non-blocking.
#[derive(Debug)]
pub struct Stdin {
    fd: OwnedFd,
    backlog: Vec<u8>,
}

/// Why a program gets no input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It has closed its standard input.
    Closed,
    /// It does not read what it has.
    Full,
}

impl Stdin {
    /// Nothing waits yet.
    pub fn new(fd: OwnedFd) -> Self {
        Self { fd, backlog: Vec::new() }
    }

    /// The descriptor, to wait until it takes more.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// Something waits.
    pub fn is_pending(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Takes all the bytes or none: what does not fit into the pipe waits. One piece is taken whatever its size, or it could
    /// never be sent, and an event would hold up all others.
    pub fn send(&mut self, bytes: &[u8]) -> Result<(), Refused> {
        if self.is_pending() && self.backlog.len() + bytes.len() > LIMIT {
            return Err(Refused::Full);
        }
        self.backlog.extend_from_slice(bytes);
        self.flush()
    }

    /// Writes what waits, as far as the pipe takes it.
    pub fn flush(&mut self) -> Result<(), Refused> {
        let mut written = 0;
        let outcome = loop {
            if written == self.backlog.len() {
                break Ok(());
            }
            match write(&self.fd, &self.backlog[written..]) {
                Ok(count) => written += count,
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => break Ok(()),
                Err(_) => break Err(Refused::Closed),
            }
        };
        match outcome {
            Ok(()) => drop(self.backlog.drain(..written)),
            // Nobody will read it.
            Err(_) => self.backlog.clear(),
        }
        if self.backlog.is_empty() {
            self.backlog.shrink_to(4096);
        }
        outcome
    }
}
