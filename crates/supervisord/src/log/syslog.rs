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

#[cfg(test)]
mod tests {
    use super::*;

    const AT: LocalTime =
        LocalTime { year: 2026, month: 11, day: 5, hour: 7, minute: 35, second: 53, offset: 0 };

    fn received(daemon: &UnixDatagram) -> Vec<String> {
        daemon.set_nonblocking(true).expect("set");
        let mut buffer = vec![0; 70_000];
        let mut all = Vec::new();
        while let Ok(length) = daemon.recv(&mut buffer) {
            all.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
        }
        all
    }

    #[test]
    fn messages_look_like_those_of_the_c_library() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let daemon = UnixDatagram::bind(&path).expect("bound");
        let mut syslog = Syslog::new(&path, "supervisord");
        syslog.send(b"cat x", AT, Instant::now());
        syslog.send(b"cat ", LocalTime { day: 25, ..AT }, Instant::now());
        assert_eq!(
            received(&daemon),
            ["<14>Nov  5 07:35:53 supervisord: cat x", "<14>Nov 25 07:35:53 supervisord: cat "]
        );
    }

    #[test]
    fn a_missing_syslog_daemon_costs_messages_until_it_is_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let mut syslog = Syslog::new(&path, "supervisord");
        let start = Instant::now();
        syslog.send(b"1", AT, start);
        let daemon = UnixDatagram::bind(&path).expect("bound");
        syslog.send(b"2", AT, start);
        assert_eq!((received(&daemon).len(), syslog.take_lost()), (0, 0));
        syslog.send(b"3", AT, start + RETRY);
        assert_eq!((received(&daemon).len(), syslog.take_lost(), syslog.take_lost()), (1, 2, 0));
        // It is restarted.
        drop(daemon);
        std::fs::remove_file(&path).expect("removed");
        let daemon = UnixDatagram::bind(&path).expect("bound");
        syslog.send(b"4", AT, start + 2 * RETRY);
        assert_eq!((received(&daemon).len(), syslog.take_lost()), (1, 0));
    }

    #[test]
    fn a_slow_syslog_daemon_is_not_waited_for() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        let daemon = UnixDatagram::bind(&path).expect("bound");
        let mut syslog = Syslog::new(&path, "supervisord");
        let now = Instant::now();
        let message = [b'x'; 1000];
        for _ in 0..2000 {
            syslog.send(&message, AT, now);
        }
        assert!(syslog.is_backlogged());
        assert!(syslog.waiting_bytes <= BACKLOG);
        let mut all = 0;
        while syslog.is_backlogged() {
            all += received(&daemon).len();
            syslog.flush(now);
        }
        all += received(&daemon).len();
        assert_eq!(all as u64 + syslog.take_lost(), 2000);
    }

    fn lines(reads: &[&[u8]]) -> Vec<String> {
        let mut all = Vec::new();
        let mut emit = |line: &[u8]| all.push(String::from_utf8_lossy(line).into_owned());
        let mut lines = Lines::default();
        for read in reads {
            lines.feed(read, &mut emit);
        }
        lines.finish(&mut emit);
        all
    }

    #[test]
    fn output_becomes_lines() {
        assert_eq!(lines(&[b"x\n\ny\nz"]), ["x", "", "y", "z"]);
        assert_eq!(lines(&[b"one li", b"ne", b"\n", b"two\n"]), ["one line", "two"]);
        assert_eq!(lines(&[b"\n"]), [""]);
        assert!(lines(&[b""]).is_empty());
    }

    #[test]
    fn endless_lines_are_cut() {
        let long = "y".repeat(LONGEST_LINE + 5);
        let cut = [&long[5..], "yyyyy"];
        assert_eq!(lines(&[long.as_bytes()]), cut);
        assert_eq!(lines(&[format!("{long}\n").as_bytes()]), cut);
        assert_eq!(lines(&[&long.as_bytes()[..7], &long.as_bytes()[7..], b"\n"]), cut);
    }
}
