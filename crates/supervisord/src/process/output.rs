//! What a child wrote, cut into pieces: for its log, for the capture buffer, for events.
//!
//! Pure: bytes in, pieces out. No file, no log, no event, no clock. However the bytes were split on their way, the
//! pieces joined by kind are the same.

use serde::{Deserialize, Serialize};

const BEGIN: &[u8] = b"<!--XSUPERVISOR:BEGIN-->";
const END: &[u8] = b"<!--XSUPERVISOR:END-->";

/// One of the two output channels of a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

impl Stream {
    /// `stdout` or `stderr`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
        }
    }
}

/// A part of a child's output. None is empty, save perhaps a communication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Piece<'a> {
    /// For the log file and syslog, the PROCESS_LOG event and the copy in the main log.
    Plain(&'a [u8]),
    /// Between the tokens of capture mode: for the PROCESS_LOG event and the copy in the main log only.
    Captured(&'a [u8]),
    /// What was captured, now complete: for the PROCESS_COMMUNICATION event.
    Communication(&'a [u8]),
}

/// The reader of one channel of a process, for one life of the process.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Output {
    capture: Option<Box<Capture>>,
    strip: Option<Strip>,
}

impl Output {
    /// `capture_maxbytes` above 0 turns capture mode on.
    pub fn new(capture_maxbytes: i64, strip_ansi: bool) -> Self {
        let limit = usize::try_from(capture_maxbytes).unwrap_or(0);
        Self {
            capture: (limit > 0).then(|| Box::new(Capture { limit, ..Capture::default() })),
            strip: strip_ansi.then(Strip::default),
        }
    }

    /// Takes what was read from the pipe. Without capture mode and stripping this is one plain piece, not copied.
    pub fn feed(&mut self, bytes: &[u8], emit: &mut dyn FnMut(Piece<'_>)) {
        let Some(capture) = &mut self.capture else {
            return pass(&mut self.strip, bytes, &mut |bytes| emit(Piece::Plain(bytes)));
        };
        let held = std::mem::take(&mut capture.held);
        if held == 0 {
            capture.feed(bytes, &mut self.strip, emit);
        } else {
            let joined = [&capture.token()[..held], bytes].concat();
            capture.feed(&joined, &mut self.strip, emit);
        }
    }

    /// The pipe is at its end: what was held back is decided.
    ///
    /// As in the original, what was captured without its end token is gone.
    pub fn finish(&mut self, emit: &mut dyn FnMut(Piece<'_>)) {
        if let Some(capture) = &mut self.capture {
            let held = &capture.token()[..capture.held];
            capture.held = 0;
            capture.pass(held, &mut self.strip, emit);
            capture.flush_strip(&mut self.strip, emit);
        } else if let Some(strip) = &mut self.strip {
            strip.finish(&mut |bytes| emit(Piece::Plain(bytes)));
        }
    }
}

/// The state of capture mode.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Capture {
    limit: usize,
    /// Between the tokens.
    inside: bool,
    /// So many bytes at the end of the input may be the beginning of the awaited token.
    held: usize,
    buffer: Vec<u8>,
}

impl Capture {
    fn token(&self) -> &'static [u8] {
        if self.inside { END } else { BEGIN }
    }

    fn feed(&mut self, mut bytes: &[u8], strip: &mut Option<Strip>, emit: &mut dyn FnMut(Piece<'_>)) {
        while let Some(at) = find(bytes, self.token()) {
            self.pass(&bytes[..at], strip, emit);
            self.flush_strip(strip, emit);
            bytes = &bytes[at + self.token().len()..];
            self.inside = !self.inside;
            if !self.inside {
                emit(Piece::Communication(&std::mem::take(&mut self.buffer)));
            }
        }
        self.held = prefix_at_end(bytes, self.token());
        self.pass(&bytes[..bytes.len() - self.held], strip, emit);
    }

    fn pass(&mut self, bytes: &[u8], strip: &mut Option<Strip>, emit: &mut dyn FnMut(Piece<'_>)) {
        pass(strip, bytes, &mut |bytes| self.emit(bytes, emit));
    }

    /// A token ends an unfinished escape sequence too, as in the original.
    fn flush_strip(&mut self, strip: &mut Option<Strip>, emit: &mut dyn FnMut(Piece<'_>)) {
        if let Some(strip) = strip {
            strip.finish(&mut |bytes| self.emit(bytes, emit));
        }
    }

    fn emit(&mut self, bytes: &[u8], emit: &mut dyn FnMut(Piece<'_>)) {
        if !self.inside {
            return emit(Piece::Plain(bytes));
        }
        self.buffer.extend_from_slice(&bytes[bytes.len().saturating_sub(self.limit)..]);
        // The oldest bytes make room. The original drops more than it must when output arrives in small parts.
        let excess = self.buffer.len().saturating_sub(self.limit);
        self.buffer.drain(..excess);
        emit(Piece::Captured(bytes));
    }
}

/// Removes ANSI sequences: `ESC [` up to and including one of the letters that the original knows.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize)]
enum Strip {
    #[default]
    Text,
    /// An ESC was the last byte; it is held back.
    Escape,
    /// Inside a sequence, so many bytes already.
    Sequence(u16),
}

/// The original drops everything up to the next known letter, but only within one read. A sequence longer than this
/// is no sequence, and output flows again.
const LONGEST_SEQUENCE: u16 = 1024;

fn pass(strip: &mut Option<Strip>, bytes: &[u8], emit: &mut dyn FnMut(&[u8])) {
    match strip {
        _ if bytes.is_empty() => {}
        Some(strip) => strip.feed(bytes, emit),
        None => emit(bytes),
    }
}

impl Strip {
    fn feed(&mut self, bytes: &[u8], emit: &mut dyn FnMut(&[u8])) {
        if matches!(self, Self::Text) && !bytes.contains(&0x1b) {
            return emit(bytes);
        }
        // One piece for one read, as it becomes one event.
        let mut shown = Vec::with_capacity(bytes.len() + 1);
        for &byte in bytes {
            *self = match (*self, byte) {
                (Self::Text, 0x1b) => Self::Escape,
                (Self::Escape, b'[') => Self::Sequence(0),
                (Self::Text, _) => {
                    shown.push(byte);
                    Self::Text
                }
                (Self::Escape, 0x1b) => {
                    shown.push(0x1b);
                    Self::Escape
                }
                (Self::Escape, _) => {
                    shown.extend_from_slice(&[0x1b, byte]);
                    Self::Text
                }
                (Self::Sequence(_), b'H' | b'f' | b'A'..=b'D' | b'R' | b's' | b'u') => Self::Text,
                (Self::Sequence(_), b'J' | b'K' | b'h' | b'l' | b'p' | b'm') => Self::Text,
                (Self::Sequence(LONGEST_SEQUENCE), _) => Self::Text,
                (Self::Sequence(length), _) => Self::Sequence(length + 1),
            };
        }
        if !shown.is_empty() {
            emit(&shown);
        }
    }

    fn finish(&mut self, emit: &mut dyn FnMut(&[u8])) {
        if let Self::Escape = std::mem::take(self) {
            emit(b"\x1b");
        }
    }
}

/// Where the token begins. It begins with `<`, which it contains only there.
fn find(bytes: &[u8], token: &[u8]) -> Option<usize> {
    let mut from = 0;
    while let Some(at) = bytes[from..].iter().position(|&byte| byte == token[0]) {
        if bytes[from + at..].starts_with(token) {
            return Some(from + at);
        }
        from += at + 1;
    }
    None
}

/// How many bytes at the end are a beginning of the token.
fn prefix_at_end(bytes: &[u8], token: &[u8]) -> usize {
    (1..token.len()).rev().find(|&length| bytes.ends_with(&token[..length])).unwrap_or(0)
}
