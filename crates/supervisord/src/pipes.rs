//! The daemon's ends of its children's pipes, and the one set in which the kernel watches them all.
//!
//! Owns the descriptors and the identity of what they carry. Knows no process but by its id, and nothing of what is read.
//! One epoll set for thousands of pipes is one source of events for the event loop and costs no memory of ours.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, SpliceFFlags, fcntl, splice};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::time::TimeSpec;
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use nix::unistd::{pipe2, read};

use crate::log::{self, syslog::Lines};
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
    /// When it was last read to its end.
    pub emptied: Instant,
    /// What came since.
    pub came: usize,
    /// It holds more than usual.
    pub enlarged: bool,
    /// How many bytes it could hold when that last mattered to its pace.
    pub room: Option<usize>,
    /// Nobody looks at it for a moment.
    pub resting: bool,
}

/// What a pipe is known by: the process in the upper half, so that the pipes of one are next to each other, and a count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PipeId(u64);

/// What a read brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Portion {
    /// How many bytes; at least one.
    pub count: usize,
    /// They are as many as were asked for: there may be more.
    pub more: bool,
}

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
    resting: Vec<PipeId>,
    /// Tells when those are looked at again. In the set as well, and not a deadline of the event loop, which counts in milliseconds.
    timer: TimerFd,
    /// None where the kernel does not give it or does not let it be used: all is then read from the pipes themselves.
    staging: Option<Staging>,
}

/// A pipe of our own, empty but within a read. The pages that a busy program wrote are moved here, which is quick, and copied
/// from here: its own pipe is locked while it is copied from, and the program would have to wait.
#[derive(Debug)]
struct Staging {
    reader: OwnedFd,
    writer: OwnedFd,
}

/// What the timer is known by in the set.
const TIMER: u64 = u64::MAX;
/// A pipe takes so many bytes until its writer has to wait, once it was seen full.
const ENLARGED: i32 = 1024 * 1024;
/// The usual size of a pipe: a read of so many bytes shows a writer that was waiting.
const FULL_PIPE: usize = 64 * 1024;
/// As much as is read, and written to a log, at once. Twice what the original reads: the reader meets the writer at the pipe's lock half
/// as often. More was no quicker.
pub const READ_SIZE: usize = 256 * 1024;
/// So long a stream of lines is left alone, that more of it can be read at once.
const REST: Duration = Duration::from_millis(1);
/// What comes in that time makes a rest worth it.
const STREAM: usize = 8 * 1024;

impl Pipes {
    /// An empty set.
    pub fn new() -> Result<Self, Errno> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        let flags = TimerFlags::TFD_CLOEXEC | TimerFlags::TFD_NONBLOCK;
        let timer = TimerFd::new(ClockId::CLOCK_MONOTONIC, flags)?;
        epoll.add(&timer, EpollEvent::new(EpollFlags::EPOLLIN, TIMER))?;
        let staging = Staging::new().ok();
        Ok(Self { epoll, pipes: BTreeMap::new(), next: 0, resting: Vec::new(), timer, staging })
    }

    /// A descriptor that is readable when something is ready.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.epoll.0.as_fd()
    }

    /// Watches an output pipe.
    pub fn add(&mut self, mut pipe: Pipe) -> Result<PipeId, Errno> {
        // It may have rested in another set.
        pipe.resting = false;
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

    /// Reads what is in a pipe now, as far as it fits; nothing: it is at its end. Fails with `EAGAIN` when it is empty.
    pub fn read(&mut self, id: PipeId, buffer: &mut [u8]) -> Result<usize, Errno> {
        let pipe = self.pipes.get(&id).ok_or(Errno::EBADF)?;
        let Some(staging) = self.staging.as_ref().filter(|_| pipe.enlarged) else {
            return read(&pipe.fd, buffer);
        };
        match staging.take(&pipe.fd, buffer.len()) {
            Ok(moved) => {
                let found = staging.give(&mut buffer[..moved]);
                if found < moved {
                    // Pages of a file that the program sent may be gone. What is behind them must not be taken for another's.
                    log::error!("{} bytes of output cannot be read", moved - found);
                    self.staging = None;
                }
                if found == 0 && moved > 0 { Err(Errno::EIO) } else { Ok(found) }
            }
            Err(errno @ (Errno::EAGAIN | Errno::EINTR)) => Err(errno),
            // A sandbox may not have `splice`.
            Err(_) => {
                self.staging = None;
                read(&pipe.fd, buffer)
            }
        }
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

    /// This was read from a pipe.
    ///
    /// A stream of lines is left alone for a moment, in which it piles up: all of it is then had with two calls of the kernel where
    /// there were two for each line. Its writer does not notice, as the pipe is large enough for twice as much.
    ///
    /// A flood, which has few calls as it is, rests as well while clients call, after each read: it would keep two processors busy,
    /// and the client would wait until the kernel takes one away from them.
    pub fn pace(&mut self, id: PipeId, read: Portion, calls: bool, now: Instant) {
        let Some(pipe) = self.pipes.get_mut(&id) else { return };
        let Portion { count, more } = read;
        pipe.came += count;
        let expected = expected(pipe.came, now.duration_since(pipe.emptied), REST);
        if !pipe.enlarged && (count >= FULL_PIPE || expected >= FULL_PIPE) {
            pipe.enlarge();
        }
        if more && !calls {
            return;
        }
        pipe.came = 0;
        pipe.emptied = now;
        if expected >= STREAM && !pipe.resting && (calls || expected <= pipe.room() / 2) {
            self.rest(id);
        }
    }

    fn rest(&mut self, id: PipeId) {
        let Some(pipe) = self.pipes.get_mut(&id) else { return };
        // Not in the set at all: it would be called for each line, which takes the writer a tenth of its time.
        pipe.resting = self.epoll.delete(&pipe.fd).is_ok();
        if pipe.resting {
            // All that rest are looked at again when the first has rested: the timer runs as long as there are any.
            if self.resting.is_empty() {
                self.run_timer();
            }
            self.resting.push(id);
        }
    }

    fn run_timer(&self) {
        let rest = Expiration::OneShot(TimeSpec::from_duration(REST));
        let set = self.timer.set(rest, TimerSetTimeFlags::empty());
        debug_assert_eq!(set, Ok(()), "a time to come is never refused");
    }

    /// The pipes that have rested, which are watched again from now on.
    fn end_rest(&mut self) -> Vec<PipeId> {
        let _: Result<(), Errno> = self.timer.wait();
        let mut rested = std::mem::take(&mut self.resting);
        rested.retain(|id| {
            let Some(pipe) = self.pipes.get_mut(id) else { return false };
            let watched = EpollEvent::new(EpollFlags::EPOLLIN, id.0 << 1);
            pipe.resting = self.epoll.add(&pipe.fd, watched).is_err();
            if pipe.resting {
                // Where the kernel has no memory to watch it, it is read after each rest.
                self.resting.push(*id);
            }
            true
        });
        if !self.resting.is_empty() {
            self.run_timer();
        }
        rested
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
    pub fn ready(&mut self) -> Vec<Ready> {
        let mut events = [EpollEvent::empty(); 64];
        let count = self.epoll.wait(&mut events, EpollTimeout::ZERO).unwrap_or(0);
        let mut ready = Vec::with_capacity(count);
        for event in &events[..count] {
            match (event.data() >> 1, event.data() & 1) {
                _ if event.data() == TIMER => ready.extend(self.end_rest().into_iter().map(Ready::Output)),
                (id, 0) => ready.push(Ready::Output(PipeId(id))),
                (id, _) => ready.extend(u32::try_from(id).map(|id| Ready::Stdin(ProcessId(id)))),
            }
        }
        ready
    }
}

/// What a stream brings in this time, if it goes on as it did.
fn expected(count: usize, since: Duration, time: Duration) -> usize {
    let expected = count as u128 * time.as_nanos() / since.as_nanos().max(1);
    usize::try_from(expected).unwrap_or(usize::MAX)
}

impl Staging {
    fn new() -> Result<Self, Errno> {
        let (reader, writer) = pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        // All that an enlarged pipe holds has a place here, in however many parts it was written. Where the kernel refuses, less
        // is moved at once.
        let _: Result<i32, Errno> = fcntl(&writer, FcntlArg::F_SETPIPE_SZ(ENLARGED));
        Ok(Self { reader, writer })
    }

    /// Moves at most so many bytes of a pipe here; none: it is at its end.
    fn take(&self, pipe: &OwnedFd, most: usize) -> Result<usize, Errno> {
        splice(pipe, None, &self.writer, None, most, SpliceFFlags::SPLICE_F_NONBLOCK)
    }

    /// Copies what was moved here; how much of it could be read.
    fn give(&self, buffer: &mut [u8]) -> usize {
        let mut found = 0;
        while found < buffer.len()
            && let Ok(count @ 1..) = read(&self.reader, &mut buffer[found..])
        {
            found += count;
        }
        found
    }
}

impl Pipe {
    /// Lets its writer get further ahead. Where the kernel refuses, it stays as it is.
    fn enlarge(&mut self) {
        self.enlarged = true;
        let _: Result<i32, Errno> = fcntl(&self.fd, FcntlArg::F_SETPIPE_SZ(ENLARGED));
        self.room = None;
    }

    /// How many bytes it can hold. The kernel is asked once, as it would wait for the writer each time.
    fn room(&mut self) -> usize {
        let room = self.room.unwrap_or_else(|| self.capacity());
        self.room = Some(room);
        room
    }

    /// How many bytes it can hold now. Its writer may have changed that.
    pub fn capacity(&self) -> usize {
        fcntl(&self.fd, FcntlArg::F_GETPIPE_SZ)
            .ok()
            .and_then(|size| usize::try_from(size).ok())
            .unwrap_or(1 << 16)
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Write;

    use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

    use super::*;

    /// A watched pipe, last read at this instant, and its other end.
    fn watched(start: Instant) -> (Pipes, PipeId, File) {
        let mut pipes = Pipes::new().expect("an epoll set");
        let (fd, writer) = pipe2(OFlag::O_NONBLOCK).expect("a pipe");
        let pipe = Pipe {
            fd,
            process: ProcessId(7),
            pid: 1,
            stream: Stream::Stdout,
            output: Output::default(),
            lines: None,
            left_over: false,
            emptied: start,
            came: 0,
            enlarged: false,
            room: None,
            resting: false,
        };
        let id = pipes.add(pipe).expect("watched");
        (pipes, id, writer.into())
    }

    /// A read that left nothing.
    fn all(count: usize) -> Portion {
        Portion { count, more: false }
    }

    const FULL: Portion = Portion { count: READ_SIZE, more: true };

    const MICROSECONDS: Duration = Duration::from_micros(10);

    /// What is ready next, when something is.
    fn next_ready(pipes: &mut Pipes) -> Vec<Ready> {
        let mut waited = [PollFd::new(pipes.fd(), PollFlags::POLLIN)];
        assert_eq!(poll(&mut waited, PollTimeout::from(30_000_u16)), Ok(1), "nothing became ready");
        pipes.ready()
    }

    #[test]
    fn a_stream_of_lines_rests_and_is_then_ready() {
        let start = Instant::now();
        let (mut pipes, id, mut writer) = watched(start);
        pipes.pace(id, all(100), false, start + MICROSECONDS);
        assert!(pipes.get_mut(id).is_some_and(|pipe| pipe.resting));
        writer.write_all(b"more").expect("written");
        assert_eq!(next_ready(&mut pipes), [Ready::Output(id)]);
        assert!(pipes.get_mut(id).is_some_and(|pipe| !pipe.resting));
        assert_eq!(pipes.ready(), [Ready::Output(id)], "it is watched again");
    }

    #[test]
    fn the_end_of_a_resting_pipe_is_told_after_its_rest() {
        let start = Instant::now();
        let (mut pipes, id, writer) = watched(start);
        pipes.pace(id, all(100), false, start + MICROSECONDS);
        drop(writer);
        assert_eq!(next_ready(&mut pipes), [Ready::Output(id)]);
        assert_eq!(pipes.ready(), [Ready::Output(id)]);
    }

    #[test]
    fn a_pipe_may_be_closed_while_it_rests() {
        let start = Instant::now();
        let (mut pipes, id, _writer) = watched(start);
        pipes.pace(id, all(100), false, start + MICROSECONDS);
        pipes.remove(id);
        assert_eq!(next_ready(&mut pipes), []);
        assert_eq!(pipes.ready(), [], "the timer runs once");
    }

    /// Writes numbered bytes, so many at once, and reads them in portions of this size. A pipe that could not be enlarged has room
    /// for them as well.
    fn is_whole(pipes: &mut Pipes, id: PipeId, writer: &mut File, part: usize, portion: usize) {
        let text: Vec<u8> = (0..=u8::MAX).cycle().step_by(7).take(30_000).collect();
        for part in text.chunks(part) {
            writer.write_all(part).expect("room");
        }
        let (mut found, mut buffer) = (Vec::new(), vec![0; portion]);
        while let Ok(count) = pipes.read(id, &mut buffer) {
            assert!(count > 0, "it is not at its end");
            found.extend_from_slice(&buffer[..count]);
        }
        assert!(found == text, "{} bytes, written by {part} and read by {portion}", found.len());
    }

    #[test]
    fn an_enlarged_pipe_is_read_whole_however_it_was_written() {
        let (mut pipes, id, mut writer) = watched(Instant::now());
        pipes.get_mut(id).expect("a pipe").enlarge();
        for (part, portion) in
            [(100, 1000), (100, READ_SIZE), (2049, 4096), (4096, 4096), (65_536, 7), (1000, 1 << 20)]
        {
            is_whole(&mut pipes, id, &mut writer, part, portion);
        }
        assert_eq!(pipes.read(id, &mut [0]), Err(Errno::EAGAIN));
        drop(writer);
        assert_eq!(pipes.read(id, &mut [0]), Ok(0));
    }

    /// With a staging pipe that takes little, and one that takes nothing.
    #[test]
    fn an_enlarged_pipe_is_read_without_help_of_the_kernel() {
        let (mut pipes, id, mut writer) = watched(Instant::now());
        pipes.get_mut(id).expect("a pipe").enlarge();
        let staging = pipes.staging.as_mut().expect("a pipe");
        assert_eq!(fcntl(&staging.writer, FcntlArg::F_SETPIPE_SZ(4096)), Ok(4096), "as small as can be");
        is_whole(&mut pipes, id, &mut writer, 100, READ_SIZE);
        let staging = pipes.staging.as_mut().expect("it was of use");
        staging.writer = File::open("/dev/null").expect("what nothing is moved into").into();
        is_whole(&mut pipes, id, &mut writer, 100, READ_SIZE);
        assert!(pipes.staging.is_none(), "the kernel is not asked again");
        drop(writer);
        assert_eq!(pipes.read(id, &mut [0]), Ok(0));
    }

    #[test]
    fn what_cannot_be_read_is_never_read_as_the_output_of_another() {
        let (mut pipes, id, mut writer) = watched(Instant::now());
        pipes.get_mut(id).expect("a pipe").enlarge();
        let staging = pipes.staging.as_mut().expect("a pipe");
        let _moved_to = std::mem::replace(&mut staging.reader, Staging::new().expect("another pipe").reader);
        writer.write_all(b"lost").expect("room");
        assert_eq!(pipes.read(id, &mut [0; 100]), Err(Errno::EIO));
        is_whole(&mut pipes, id, &mut writer, 100, READ_SIZE);
    }

    #[test]
    fn single_lines_and_floods_do_not_rest() {
        let start = Instant::now();
        for (read, pause) in
            [(all(100), Duration::from_millis(1)), (FULL, MICROSECONDS), (all(10_000), MICROSECONDS)]
        {
            let (mut pipes, id, _writer) = watched(start);
            pipes.pace(id, read, false, start + pause);
            assert!(pipes.resting.is_empty(), "{read:?} after {pause:?}");
        }
    }

    #[test]
    fn a_flood_rests_while_clients_call() {
        let start = Instant::now();
        let (mut pipes, id, _writer) = watched(start);
        pipes.pace(id, FULL, true, start + MICROSECONDS);
        assert!(pipes.get_mut(id).is_some_and(|pipe| pipe.resting));
        assert_eq!(next_ready(&mut pipes), [Ready::Output(id)]);
    }

    #[test]
    fn a_pipe_that_would_be_half_full_before_its_rest_is_over_is_enlarged_first() {
        let start = Instant::now();
        let (mut pipes, id, _writer) = watched(start);
        let usual = pipes.get_mut(id).map_or(0, |pipe| pipe.capacity());
        pipes.pace(id, all(1000), false, start + MICROSECONDS);
        let larger = pipes.get_mut(id).map_or(0, |pipe| pipe.capacity()) > usual;
        // Where the kernel refuses more room there is no rest.
        assert_eq!(pipes.get_mut(id).is_some_and(|pipe| pipe.resting), larger);
    }

    #[test]
    fn all_rest_until_the_first_has_rested() {
        let start = Instant::now();
        let (mut pipes, first, _writer) = watched(start);
        let (mut others, other, _other_writer) = watched(start);
        let second = pipes.add(others.remove(other).expect("watched")).expect("watched");
        pipes.pace(first, all(100), false, start + MICROSECONDS);
        pipes.pace(second, all(200), false, start + MICROSECONDS);
        assert_eq!(next_ready(&mut pipes), [Ready::Output(first), Ready::Output(second)]);
        assert_eq!(pipes.ready(), [], "the timer runs once");
    }
}
