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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone, PartialEq, Eq)]
    enum Got {
        Plain(Vec<u8>),
        Captured(Vec<u8>),
        Communication(Vec<u8>),
    }

    fn plain(bytes: &[u8]) -> Got {
        Got::Plain(bytes.to_vec())
    }

    fn captured(bytes: &[u8]) -> Got {
        Got::Captured(bytes.to_vec())
    }

    fn communication(bytes: &[u8]) -> Got {
        Got::Communication(bytes.to_vec())
    }

    /// The pieces of these reads and of the end of the pipe.
    fn pieces(mut output: Output, reads: &[&[u8]]) -> Vec<Got> {
        let mut got = Vec::new();
        let mut emit = |piece: Piece<'_>| {
            got.push(match piece {
                Piece::Plain(bytes) => plain(bytes),
                Piece::Captured(bytes) => captured(bytes),
                Piece::Communication(bytes) => communication(bytes),
            });
        };
        for read in reads {
            output.feed(read, &mut emit);
        }
        output.finish(&mut emit);
        got
    }

    /// The pieces with neighbours of one kind joined.
    fn joined(pieces: Vec<Got>) -> Vec<Got> {
        let mut joined: Vec<Got> = Vec::new();
        for piece in pieces {
            match (joined.last_mut(), piece) {
                (Some(Got::Plain(last)), Got::Plain(bytes)) => last.extend(bytes),
                (Some(Got::Captured(last)), Got::Captured(bytes)) => last.extend(bytes),
                (_, piece) => joined.push(piece),
            }
        }
        joined
    }

    #[test]
    fn without_capture_and_stripping_the_bytes_are_not_copied() {
        let bytes = b"hello\n";
        let mut seen = 0;
        Output::new(0, false).feed(bytes, &mut |piece| {
            assert!(matches!(piece, Piece::Plain(same) if std::ptr::eq(same, bytes.as_slice())));
            seen += 1;
        });
        assert_eq!(seen, 1);
    }

    #[test]
    fn captures_between_the_tokens() {
        let bytes = [b"before ", BEGIN, b"captured", END, b"after"].concat();
        assert_eq!(
            pieces(Output::new(100, false), &[&bytes]),
            [plain(b"before "), captured(b"captured"), communication(b"captured"), plain(b"after")]
        );
    }

    #[test]
    fn short_output_is_neither_delayed_nor_lost_in_capture_mode() {
        let mut output = Output::new(100, false);
        let mut got = Vec::new();
        output.feed(b"y", &mut |piece| got.push(matches!(piece, Piece::Plain(b"y"))));
        assert_eq!(got, [true]);
        assert_eq!(pieces(Output::new(100, false), &[b"a", b"<!--X"]), [plain(b"a"), plain(b"<!--X")]);
    }

    #[test]
    fn a_split_token_is_held_back_until_it_is_whole() {
        let (first, second) = BEGIN.split_at(5);
        assert_eq!(
            pieces(Output::new(100, false), &[b"a", first, second, b"x", &END[..3], &END[3..]]),
            [plain(b"a"), captured(b"x"), communication(b"x")]
        );
        assert_eq!(pieces(Output::new(100, false), &[first, b"other"]), [plain(&[first, b"other"].concat())]);
    }

    #[test]
    fn an_empty_capture_is_a_communication_too() {
        assert_eq!(pieces(Output::new(9, false), &[&[BEGIN, END].concat()]), [communication(b"")]);
    }

    #[test]
    fn the_capture_buffer_keeps_its_last_bytes() {
        let bytes = [BEGIN, b"1234567890", END].concat();
        let got = pieces(Output::new(5, false), &[&bytes]);
        assert_eq!(got, [captured(b"1234567890"), communication(b"67890")]);
    }

    #[test]
    fn what_is_captured_without_end_is_no_communication() {
        assert_eq!(
            pieces(Output::new(5, false), &[BEGIN, b"abc<!--"]),
            [captured(b"abc"), captured(b"<!--")]
        );
    }

    #[test]
    fn strips_the_sequences_that_the_original_strips() {
        let cases: [(&[u8], &[u8]); 13] = [
            (b"plain", b"plain"),
            (b"\x1b[31mred\x1b[0m.", b"red."),
            (b"a\x1b[2Jb\x1b[1;1Hc", b"abc"),
            (b"a\x1b[4qHello", b"aello"),
            (b"a\x1b(Bb", b"a\x1b(Bb"),
            (b"a\x1b", b"a\x1b"),
            (b"a\x1b\x1b[1mb", b"a\x1bb"),
            (b"a\x1b[", b"a"),
            (b"a\x1b[12", b"a"),
            (b"\x1b[m", b""),
            (b"\x1b[\x1b[mx", b"x"),
            (b"a\x1b[?25lb\x1b]0;t\x07c", b"ab\x1b]0;t\x07c"),
            (b"\x1b[123abc H x", b" x"),
        ];
        for (from, to) in cases {
            let whole: Vec<_> = [from].concat();
            let expected = if to.is_empty() { vec![] } else { vec![plain(to)] };
            assert_eq!(joined(pieces(Output::new(0, true), &[&whole])), expected, "{from:?}");
            let bytes: Vec<_> = from.chunks(1).collect();
            assert_eq!(joined(pieces(Output::new(0, true), &bytes)), expected, "{from:?} byte by byte");
        }
    }

    #[test]
    fn a_token_ends_an_escape_sequence() {
        let bytes = [b"aa\x1b[", BEGIN, b"m\x1b[1mcap\x1b", END, b"[1mxyz"].concat();
        assert_eq!(
            joined(pieces(Output::new(100, true), &[&bytes])),
            [plain(b"aa"), captured(b"mcap\x1b"), communication(b"mcap\x1b"), plain(b"[1mxyz")]
        );
    }

    #[test]
    fn a_sequence_without_end_does_not_swallow_everything() {
        let bytes = [b"\x1b[".to_vec(), vec![b'0'; 10_000], b"end".to_vec()].concat();
        let got = joined(pieces(Output::new(0, true), &[&bytes]));
        assert!(matches!(&got[..], [Got::Plain(bytes)] if bytes.ends_with(b"0end")));
    }

    fn text() -> impl Strategy<Value = Vec<u8>> {
        let word = prop_oneof![
            Just(BEGIN.to_vec()),
            Just(END.to_vec()),
            Just(b"<!--XSUPERVISOR:".to_vec()),
            Just(b"<".to_vec()),
            Just(b"\x1b[31m".to_vec()),
            Just(b"\x1b".to_vec()),
            Just(b"[".to_vec()),
            prop::collection::vec(any::<u8>(), 0..20),
        ];
        prop::collection::vec(word, 0..20).prop_map(|words| words.concat())
    }

    proptest! {
        #[test]
        fn any_split_gives_the_same(
            bytes in text(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..10),
            limit in 0_i64..30,
            strip: bool,
        ) {
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            cuts.push(bytes.len());
            let mut from = 0;
            let mut reads: Vec<&[u8]> = Vec::new();
            for cut in cuts {
                reads.push(&bytes[from..cut]);
                from = cut;
            }
            let whole = joined(pieces(Output::new(limit, strip), &[&bytes]));
            prop_assert_eq!(joined(pieces(Output::new(limit, strip), &reads)), whole);
        }

        #[test]
        fn no_byte_is_lost_or_doubled(bytes in text(), limit in 0_i64..30) {
            let mut all = Vec::new();
            for piece in pieces(Output::new(limit, false), &[&bytes]) {
                match piece {
                    Got::Plain(bytes) | Got::Captured(bytes) => all.extend(bytes),
                    Got::Communication(_) => {}
                }
            }
            if limit == 0 {
                prop_assert_eq!(all, bytes);
            } else {
                // All but the tokens, each of which is dropped in its turn only.
                let tokens = |at: usize| [BEGIN, END][at % 2];
                let mut rest = &bytes[..];
                let mut expected = Vec::new();
                let mut turn = 0;
                while let Some(at) = rest.windows(tokens(turn).len()).position(|window| window == tokens(turn)) {
                    expected.extend_from_slice(&rest[..at]);
                    rest = &rest[at + tokens(turn).len()..];
                    turn += 1;
                }
                expected.extend_from_slice(rest);
                prop_assert_eq!(all, expected);
            }
        }
    }
}
