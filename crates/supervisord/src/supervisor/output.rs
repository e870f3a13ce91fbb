//! From the pipes of the children to logs, syslog, events and the conversation with listeners.

use std::os::fd::AsFd;
use std::rc::Rc;
use std::time::Duration;

use nix::errno::Errno;
use supervisor_config::sections::LogLevel;

use super::Supervisor;
use crate::clock::Now;
use crate::events::{Event, Subject};
use crate::listener::Offer;
use crate::log;
use crate::pipes::{PipeId, Portion, READ_SIZE};
use crate::process::ProcessId;
use crate::process::output::{Piece, Stream};
use crate::process::stdin::Refused;
use crate::repr;

/// Where the buffer begins with one, the kernel copies a tenth faster.
pub(super) const CACHE_LINE: usize = 64;

/// A PROCESS_LOG event holds at most what the original reads at once.
const EVENT_SIZE: usize = 128 * 1024;

/// So long after a call the next is likely.
const CONVERSATION: Duration = Duration::from_millis(10);

/// So many pipes that somebody else still holds are kept per process; the oldest is closed when there are more.
const MOST_LEFT_OVER: usize = 8;

/// What a read came to.
enum Taken {
    Bytes(Portion),
    Empty,
    End,
}

impl Supervisor {
    /// Reads a ready pipe, at most so many times as long as there is more: the others have their turn before it has its next.
    pub(super) fn read_pipe(&mut self, id: PipeId, most: usize, now: &Now) {
        for _ in 0..most {
            match self.take(id, now) {
                Taken::Bytes(portion) => {
                    if !self.is_heard(id) {
                        let calls =
                            self.last_call.is_some_and(|last| now.mono.duration_since(last) < CONVERSATION);
                        self.pipes.pace(id, portion, calls, now.mono);
                    }
                    if !portion.more {
                        return;
                    }
                }
                Taken::Empty => return,
                Taken::End => return self.close_pipe(id, now),
            }
        }
    }

    /// What comes through it are a listener's answers: no stream of lines, as the next event follows each at once.
    fn is_heard(&mut self, id: PipeId) -> bool {
        let Some(pipe) = self.pipes.get_mut(id) else { return false };
        let process = self.processes.get(&pipe.process);
        pipe.stream == Stream::Stdout
            && process.is_some_and(|process| self.pools.contains_key(&process.group))
    }

    fn take(&mut self, id: PipeId, now: &Now) -> Taken {
        let Some(pipe) = self.pipes.get_mut(id) else { return Taken::Empty };
        // What floods a file is read so that the next part begins at a multiple of its size.
        let process = if pipe.enlarged { self.processes.get(&pipe.process) } else { None };
        let log = process.and_then(|process| process.log(pipe.stream).file.as_ref());
        let most = log.map_or(READ_SIZE, |log| log.up_to_multiple(READ_SIZE));
        // The buffer is lent for the time of the call, as what is done with it needs all of `self`.
        let mut buffer = std::mem::take(&mut self.buffer);
        let start = buffer.as_ptr().align_offset(CACHE_LINE);
        let room = &mut buffer[start..start + most];
        let taken = match self.pipes.read(id, room) {
            Ok(0) => Taken::End,
            Ok(count) => Taken::Bytes(Portion { count, more: count == most }),
            Err(Errno::EAGAIN | Errno::EINTR) => Taken::Empty,
            Err(_) => Taken::End,
        };
        if let Taken::Bytes(portion) = taken {
            self.pass_on(id, Some(&room[..portion.count]), now);
        }
        self.buffer = buffer;
        taken
    }

    /// Everything that a child wrote before its end is taken. What somebody else writes into its pipes later is
    /// read later; what he writes meanwhile cannot hold this up, as no more is read than a pipe holds.
    pub(super) fn drain(&mut self, process: ProcessId, now: &Now) {
        let pipes = self.pipes.of(process);
        let surplus = pipes.len().saturating_sub(MOST_LEFT_OVER);
        for (place, id) in pipes.into_iter().enumerate() {
            let mut left = self.pipes.get_mut(id).map_or(0, |pipe| pipe.capacity());
            loop {
                match self.take(id, now) {
                    Taken::Bytes(portion) if portion.count < left => left -= portion.count,
                    Taken::Bytes(_) | Taken::Empty if place >= surplus => break,
                    Taken::Bytes(_) | Taken::Empty | Taken::End => {
                        self.close_pipe(id, now);
                        break;
                    }
                }
            }
            if let Some(pipe) = self.pipes.get_mut(id) {
                pipe.left_over = true;
            }
        }
    }

    fn close_pipe(&mut self, id: PipeId, now: &Now) {
        self.pass_on(id, None, now);
        let Some(pipe) = self.pipes.remove(id) else { return };
        if let Some(process) = self.processes.get(&pipe.process) {
            log::debug!("{} of {} closed, stopped monitoring", pipe.stream.name(), process.name());
        }
        if pipe.left_over {
            self.close_logs(pipe.process);
        }
    }

    /// Closes the logs of a process that does not run and whose pipes are all at their end.
    pub(super) fn close_logs(&mut self, id: ProcessId) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        if process.pid.is_none() && self.pipes.of(id).is_empty() {
            process.stdout.file = None;
            process.stderr.file = None;
            self.backlogged.remove(&id);
        }
    }

    /// Hands on what was read, or, with `None`, what was held back until the end.
    fn pass_on(&mut self, id: PipeId, bytes: Option<&[u8]>, now: &Now) {
        let Some(pipe) = self.pipes.get_mut(id) else { return };
        let (owner, pid, stream) = (pipe.process, pipe.pid, pipe.stream);
        let mut output = std::mem::take(&mut pipe.output);
        let mut lines = pipe.lines.take();
        let Some(process) = self.processes.get_mut(&owner) else { return };
        let (program, group) = (Rc::clone(&process.program), Rc::clone(&process.group));
        let listens = stream == Stream::Stdout && self.pools.contains_key(&group);
        if listens {
            if let Some(bytes) = bytes {
                self.hear(owner, bytes, now);
            }
        } else {
            let subject = Subject { process: &program.name, group: &group };
            let events = self.processes[&owner].channel(stream).events_enabled;
            let mut emit = |piece: Piece<'_>| {
                if let Piece::Plain(bytes) = piece {
                    self.write_log(owner, stream, bytes, now);
                    if let Some(lines) = &mut lines {
                        lines.feed(bytes, &mut |line| log::to_syslog(&program.name, line));
                    }
                }
                match piece {
                    Piece::Plain(bytes) | Piece::Captured(bytes) => {
                        if log::enabled(LogLevel::Debug) {
                            log::debug!(
                                "'{}' {} output:\n{}",
                                program.name,
                                stream.name(),
                                repr::decoded(bytes)
                            );
                        }
                        for part in bytes.chunks(EVENT_SIZE).filter(|_| events) {
                            self.publish(Event::process_log_kind(stream), now, || {
                                Event::process_log(subject, pid, stream, part)
                            });
                        }
                    }
                    Piece::Communication(data) => {
                        log::debug!("'{}' {} emitted a comm event", program.name, stream.name());
                        self.publish(Event::process_communication_kind(stream), now, || {
                            Event::process_communication(subject, pid, stream, data)
                        });
                    }
                }
            };
            match bytes {
                Some(bytes) => output.feed(bytes, &mut emit),
                None => output.finish(&mut emit),
            }
            if bytes.is_none()
                && let Some(lines) = &mut lines
            {
                lines.finish(&mut |line| log::to_syslog(&program.name, line));
            }
        }
        if let Some(pipe) = self.pipes.get_mut(id) {
            pipe.output = output;
            pipe.lines = lines;
        }
    }

    /// A listener speaks to its pool. What it says is logged as it is.
    fn hear(&mut self, owner: ProcessId, bytes: &[u8], now: &Now) {
        self.write_log(owner, Stream::Stdout, bytes, now);
        let Some(process) = self.processes.get(&owner) else { return };
        if let Some(pool) = self.pools.get_mut(&process.group) {
            pool.log_output(process.index, bytes);
            pool.feed(process.index, bytes, now.mono);
        }
    }

    fn write_log(&mut self, owner: ProcessId, stream: Stream, bytes: &[u8], now: &Now) {
        let Some(process) = self.processes.get_mut(&owner) else { return };
        let Some(file) = process.log_mut(stream).file.as_mut() else { return };
        log::note(file.write(bytes, now.mono));
        if file.is_backlogged() {
            self.backlogged.insert(owner);
        }
    }

    /// Offers what waits to the slow readers of logs again.
    pub(super) fn flush_logs(&mut self, now: &Now) {
        let processes = &mut self.processes;
        self.backlogged.retain(|id| {
            let Some(process) = processes.get_mut(id) else { return false };
            let mut waits = false;
            for file in [&mut process.stdout.file, &mut process.stderr.file].into_iter().flatten() {
                log::note(file.flush(now.mono));
                waits |= file.is_backlogged();
            }
            waits
        });
        log::flush(now.mono);
    }

    /// Closes all logs and opens what is at their paths now.
    pub(super) fn reopen_logs(&mut self, now: &Now) {
        log::info!("supervisord logreopen");
        log::reopen();
        for process in self.processes.values_mut() {
            for file in [&mut process.stdout.file, &mut process.stderr.file].into_iter().flatten() {
                log::note(file.reopen(now.mono));
            }
        }
    }

    /// Gives waiting events to ready listeners.
    pub(super) fn dispatch_events(&mut self, now: &Now) {
        let (processes, pipes, told) = (&mut self.processes, &self.pipes, &mut self.told);
        let identifier = &self.config.supervisord.identifier;
        for (name, pool) in &mut self.pools {
            let members = self.groups.get(name).map(|group| group.members.as_slice()).unwrap_or_default();
            pool.dispatch(identifier, now.mono, |index, envelope| {
                let Some(id) = members.get(index) else { return Offer::BrokenPipe };
                let stdin = processes.get_mut(id).and_then(|process| process.stdin.as_mut());
                let Some(stdin) = stdin else { return Offer::BrokenPipe };
                match stdin.send(envelope) {
                    Ok(()) => {
                        if stdin.is_pending() {
                            pipes.watch_stdin(*id, stdin.fd().as_fd());
                        }
                        *told = true;
                        Offer::Sent
                    }
                    Err(Refused::Full) => Offer::Full,
                    Err(Refused::Closed) => Offer::BrokenPipe,
                }
            });
        }
    }

    /// Lets listeners go on within a turn in which much happens, such as the end and the start of many programs. With one
    /// event a turn they would be told less than what happens, and lose the rest.
    pub(super) fn converse(&mut self, now: &Now) {
        self.dispatch_events(now);
        let mut awaited = Vec::new();
        for (name, pool) in &self.pools {
            let members = self.groups.get(name).map(|group| group.members.as_slice()).unwrap_or_default();
            awaited.extend(pool.awaited().filter_map(|index| members.get(index)));
        }
        for &listener in &awaited {
            for pipe in self.pipes.of(listener) {
                if self.is_heard(pipe) {
                    self.read_pipe(pipe, 1, now);
                }
            }
        }
        if !awaited.is_empty() {
            self.dispatch_events(now);
        }
    }

    /// The standard input of a process takes bytes again.
    pub(super) fn flush_stdin(&mut self, id: ProcessId) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let Some(stdin) = &mut process.stdin else { return };
        match stdin.flush() {
            Ok(()) if stdin.is_pending() => {}
            Ok(()) => self.pipes.unwatch_stdin(stdin.fd()),
            Err(_) => process.stdin = None,
        }
    }
}
