//! syslog, as `syslog(3)` speaks it: datagrams to `/dev/log` with facility user and priority info.
//!
//! Never waits for the syslog daemon. What it cannot take at once is kept up to a limit; what is lost is counted.

use std::collections::VecDeque;
use std::io::{self, ErrorKind};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::os::child::LocalTime;

/// Facility user (1 << 3) and priority info (6).
const PRIORITY: u8 = 14;
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// So many bytes wait at most for a syslog daemon that is behind.
const BACKLOG: usize = 256 * 1024;
/// So long after a failure the socket is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// A connection to the syslog daemon, made when it is needed.
#[derive(Debug)]
pub struct Syslog {
    path: Box<Path>,
    ident: Box<str>,
    socket: Option<UnixDatagram>,
    retry: Option<Instant>,
    waiting: VecDeque<Box<[u8]>>,
    waiting_bytes: usize,
    lost: u64,
}

impl Syslog {
    /// A connection to the daemon behind this socket; the ident stands in front of each message.
    pub fn new(path: &Path, ident: &str) -> Self {
        Self {
            path: path.into(),
            ident: ident.into(),
            socket: None,
            retry: None,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            lost: 0,
        }
    }

    /// Sends one message, or keeps it, or counts it as lost.
    pub fn send(&mut self, message: &[u8], at: LocalTime, now: Instant) {
        let LocalTime { month, day, hour, minute, second, .. } = at;
        let month = MONTHS.get(usize::from(month).wrapping_sub(1)).unwrap_or(&"Jan");
        let head = format!("<{PRIORITY}>{month} {day:2} {hour:02}:{minute:02}:{second:02} {}: ", self.ident);
        let datagram = [head.as_bytes(), message].concat();
        self.flush(now);
        if self.waiting_bytes + datagram.len() > BACKLOG {
            self.lost += 1;
            return;
        }
        self.waiting_bytes += datagram.len();
        self.waiting.push_back(datagram.into());
        self.flush(now);
    }

    /// Whether messages wait for a syslog daemon that is behind.
    pub fn is_backlogged(&self) -> bool {
        self.socket.is_some() && !self.waiting.is_empty()
    }

    /// Sends what waits, as far as the syslog daemon takes it. Without a syslog daemon it is lost.
    pub fn flush(&mut self, now: Instant) {
        while let Some(datagram) = self.waiting.front() {
            let Some(socket) = &self.socket else {
                if !self.connect(now) {
                    self.lose_all();
                }
                continue;
            };
            match socket.send(datagram) {
                Ok(_) => self.pop(),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                // Too long for a datagram; the socket is fine.
                Err(error) if error.raw_os_error() == Some(libc::EMSGSIZE) => {
                    self.lost += 1;
                    self.pop();
                }
                // The syslog daemon was restarted, or is gone.
                Err(_) => self.socket = None,
            }
        }
    }

    /// How many messages were lost, once messages flow again; told once.
    pub fn take_lost(&mut self) -> u64 {
        let flows = self.socket.is_some() && self.waiting.is_empty();
        if flows { std::mem::take(&mut self.lost) } else { 0 }
    }

    fn connect(&mut self, now: Instant) -> bool {
        if self.retry.is_some_and(|retry| now < retry) {
            return false;
        }
        self.retry = Some(now + RETRY);
        self.socket = connect(&self.path).ok();
        self.socket.is_some()
    }

    fn pop(&mut self) {
        if let Some(datagram) = self.waiting.pop_front() {
            self.waiting_bytes -= datagram.len();
        }
        if self.waiting.is_empty() {
            self.waiting = VecDeque::new();
        }
    }

    fn lose_all(&mut self) {
        self.lost += self.waiting.len() as u64;
        self.waiting = VecDeque::new();
        self.waiting_bytes = 0;
    }
}

fn connect(path: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    socket.set_nonblocking(true)?;
    socket.connect(path)?;
    Ok(socket)
}

/// Cuts a child's output into the lines that become messages. A line that has not ended waits for its end, as one
/// read from a pipe ends anywhere.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Lines {
    partial: Vec<u8>,
}

/// A line is cut here.
const LONGEST_LINE: usize = 32 * 1024;

impl Lines {
    /// Takes output; emits each line that is complete, without its end.
    pub fn feed(&mut self, bytes: &[u8], emit: &mut dyn FnMut(&[u8])) {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|&byte| byte == b'\n') {
            self.emit(&rest[..end], emit);
            rest = &rest[end + 1..];
        }
        self.partial.extend_from_slice(rest);
        while self.partial.len() >= LONGEST_LINE {
            let tail = self.partial.split_off(LONGEST_LINE);
            emit(&std::mem::replace(&mut self.partial, tail));
        }
    }

    /// The output is at its end.
    pub fn finish(&mut self, emit: &mut dyn FnMut(&[u8])) {
        let partial = std::mem::take(&mut self.partial);
        if !partial.is_empty() {
            emit(&partial);
        }
    }

    fn emit(&mut self, end: &[u8], emit: &mut dyn FnMut(&[u8])) {
        if self.partial.is_empty() {
            end.chunks(LONGEST_LINE).for_each(&mut *emit);
            if end.is_empty() {
                emit(end);
            }
        } else {
            self.partial.extend_from_slice(end);
            std::mem::take(&mut self.partial).chunks(LONGEST_LINE).for_each(emit);
        }
    }
}
