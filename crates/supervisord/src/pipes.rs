//! The daemon's ends of its children's pipes, and the one set in which the kernel watches them all.
//!
//! Owns the descriptors and the identity of what they carry. Reads nothing by itself, and knows no process but by its
//! id. One epoll set for thousands of pipes is one source of events for the event loop and costs no memory of ours.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::log::syslog::Lines;
use crate::os::Pid;
use crate::process::ProcessId;
use crate::process::output::{Output, Stream};

/// An output pipe of a process, until its end.
///
/// It may outlive the process when a grandchild still holds it.
#[derive(Debug)]
pub struct Pipe {
    /// The daemon's end.
    pub fd: OwnedFd,
    /// Whose output it carries.
    pub process: ProcessId,
    /// The process that was started with it: events name it.
    pub pid: Pid,
    /// Which output.
    pub stream: Stream,
    /// What was read so far and not yet passed on.
    pub output: Output,
    /// The beginning of a line for syslog, when lines go there.
    pub lines: Option<Box<Lines>>,
    /// Its process was reaped; somebody else may still write.
    pub left_over: bool,
    /// It was enlarged, after a read that emptied a full one.
    pub enlarged: bool,
}

/// What a pipe is known by: the process in the upper half, so that the pipes of one are next to each other, and a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PipeId(u64);

/// Something in the set has become possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ready {
    /// An output pipe has bytes or is at its end.
    Output(PipeId),
    /// The standard input of a process takes bytes.
    Stdin(ProcessId),
}

/// All pipes.
#[derive(Debug)]
pub struct Pipes {
    epoll: Epoll,
    pipes: BTreeMap<PipeId, Pipe>,
    next: u32,
}

/// A pipe takes so many bytes until its writer has to wait, once it was seen full.
const ENLARGED: i32 = 1024 * 1024;

impl Pipes {
    /// An empty set.
    pub fn new() -> Result<Self, Errno> {
        Ok(Self { epoll: Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?, pipes: BTreeMap::new(), next: 0 })
    }

    /// A descriptor that is readable when something is ready.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }

    /// Watches an output pipe.
    pub fn add(&mut self, pipe: Pipe) -> Result<PipeId, Errno> {
        let id = PipeId(u64::from(pipe.process.0) << 32 | u64::from(self.next));
        self.next = self.next.wrapping_add(1);
        self.epoll.add(&pipe.fd, EpollEvent::new(EpollFlags::EPOLLIN, id.0 << 1))?;
        self.pipes.insert(id, pipe);
        Ok(id)
    }

    /// A pipe, unless it is at its end.
    pub fn get_mut(&mut self, id: PipeId) -> Option<&mut Pipe> {
        self.pipes.get_mut(&id)
    }

    /// Closes a pipe.
    pub fn remove(&mut self, id: PipeId) -> Option<Pipe> {
        self.pipes.remove(&id)
    }

    /// The pipes of a process, the oldest first.
    pub fn of(&self, process: ProcessId) -> Vec<PipeId> {
        let first = u64::from(process.0) << 32;
        self.pipes.range(PipeId(first)..=PipeId(first | u64::from(u32::MAX))).map(|(id, _)| *id).collect()
    }

    /// How many pipes are open.
    pub fn len(&self) -> usize {
        self.pipes.len()
    }

    /// None is open.
    pub fn is_empty(&self) -> bool {
        self.pipes.is_empty()
    }

    /// Watches whether a standard input takes bytes.
    pub fn watch_stdin(&self, process: ProcessId, fd: BorrowedFd<'_>) {
        let watched =
            self.epoll.add(fd, EpollEvent::new(EpollFlags::EPOLLOUT, u64::from(process.0) << 1 | 1));
        debug_assert!(matches!(watched, Ok(()) | Err(Errno::EEXIST)), "{watched:?}");
    }

    /// Stops watching it.
    pub fn unwatch_stdin(&self, fd: BorrowedFd<'_>) {
        let unwatched = self.epoll.delete(fd);
        debug_assert!(matches!(unwatched, Ok(()) | Err(Errno::ENOENT)), "{unwatched:?}");
    }

    /// What is ready now, without waiting; some of it when there is much.
    pub fn ready(&self) -> Vec<Ready> {
        let mut events = [EpollEvent::empty(); 64];
        let count = self.epoll.wait(&mut events, EpollTimeout::ZERO).unwrap_or(0);
        let ready = |event: &EpollEvent| match (event.data() >> 1, event.data() & 1) {
            (id, 0) => Some(Ready::Output(PipeId(id))),
            (id, _) => u32::try_from(id).ok().map(|id| Ready::Stdin(ProcessId(id))),
        };
        events[..count].iter().filter_map(ready).collect()
    }
}

impl Pipe {
    /// Lets its writer get further ahead. Where the kernel refuses, it stays as it is.
    pub fn enlarge(&mut self) {
        self.enlarged = true;
        let _: Result<i32, Errno> = fcntl(&self.fd, FcntlArg::F_SETPIPE_SZ(ENLARGED));
    }

    /// How many bytes it can hold.
    pub fn capacity(&self) -> usize {
        fcntl(&self.fd, FcntlArg::F_GETPIPE_SZ)
            .ok()
            .and_then(|size| usize::try_from(size).ok())
            .unwrap_or(1 << 16)
    }
}
