//! What a listener says on its standard output: `READY`, `RESULT 2`, `OK`.
//!
//! Pure: bytes in, actions out. Which event a listener has, and what becomes of it, is the pool's affair. Its memory
//! is bounded whatever a listener writes.

use serde::{Deserialize, Serialize};

use crate::repr;

const READY: &[u8] = b"READY\n";
/// The length of `RESULT `. As the original, we skip so many bytes without looking at them.
const RESULT_LENGTH: usize = 7;
/// No result line is longer. The original collects without end.
const LONGEST_LINE: usize = 1024;

/// Where a listener is in its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum ListenerState {
    /// It has said what became of its last event, or has just been started.
    Acknowledged,
    /// It waits for an event.
    Ready,
    /// It has an event.
    Busy,
    /// It broke the protocol, and is not listened to until it is started again.
    Unknown,
}

impl ListenerState {
    /// The name in log lines.
    pub fn name(self) -> &'static str {
        match self {
            Self::Acknowledged => "ACKNOWLEDGED",
            Self::Ready => "READY",
            Self::Busy => "BUSY",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// What a listener has said, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// It is another state now.
    Changed {
        /// The state before.
        from: ListenerState,
        /// The state now.
        to: ListenerState,
    },
    /// Its event is done.
    Processed,
    /// It did not want its event.
    Rejected,
    /// Its result line makes no sense; it has not processed its event.
    BadResultLine(String),
}

/// The conversation with one listener.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Protocol {
    state: ListenerState,
    /// What does not make a whole token or line yet.
    pending: Vec<u8>,
    /// The result that is being received.
    result: Option<Payload>,
}

/// A result on its way. Only whether it is `OK` matters, so it need not be kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Payload {
    announced: u64,
    received: u64,
    agrees: bool,
}

impl Default for Protocol {
    fn default() -> Self {
        Self { state: ListenerState::Acknowledged, pending: Vec::new(), result: None }
    }
}

impl Protocol {
    /// Where the listener is.
    pub fn state(&self) -> ListenerState {
        self.state
    }

    /// The listener was given an event.
    pub fn sent(&mut self) {
        self.state = ListenerState::Busy;
    }

    /// Takes what the listener wrote.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Action> {
        let mut actions = Vec::new();
        let mut rest = bytes;
        while !rest.is_empty() && self.step(&mut rest, &mut actions) {}
        actions
    }

    /// Takes some bytes from the front; false when the rest is not of interest.
    fn step(&mut self, rest: &mut &[u8], actions: &mut Vec<Action>) -> bool {
        match (self.state, &mut self.result) {
            (ListenerState::Unknown, _) => return false,
            (ListenerState::Ready, _) => self.enter(ListenerState::Unknown, actions),
            (ListenerState::Acknowledged, _) => {
                self.pending.extend_from_slice(take(rest, READY.len() - self.pending.len()));
                if self.pending.len() == READY.len() {
                    let ready = self.pending == READY;
                    self.enter(if ready { ListenerState::Ready } else { ListenerState::Unknown }, actions);
                }
            }
            (ListenerState::Busy, None) => self.result_line(rest, actions),
            (ListenerState::Busy, Some(payload)) => {
                let wanted = usize::try_from(payload.announced - payload.received).unwrap_or(usize::MAX);
                payload.take(take(rest, wanted));
                self.complete(actions);
            }
        }
        true
    }

    fn result_line(&mut self, rest: &mut &[u8], actions: &mut Vec<Action>) {
        let end = rest.iter().position(|&byte| byte == b'\n');
        let room = LONGEST_LINE - self.pending.len();
        let length = end.unwrap_or(rest.len()).min(room);
        self.pending.extend_from_slice(take(rest, length));
        if end == Some(length) {
            take(rest, 1);
        } else if self.pending.len() < LONGEST_LINE {
            return;
        }
        let line = std::mem::take(&mut self.pending);
        let announced = (end == Some(length)).then(|| line.get(RESULT_LENGTH..).unwrap_or_default());
        match announced.and_then(parse_length) {
            Some(announced) => {
                self.result = Some(Payload { announced, received: 0, agrees: true });
                // The original completes an empty result only when the next byte arrives.
                self.complete(actions);
            }
            None => {
                actions.push(Action::BadResultLine(repr::decoded(&line).into_owned()));
                self.enter(ListenerState::Unknown, actions);
            }
        }
    }

    fn complete(&mut self, actions: &mut Vec<Action>) {
        if let Some(payload) = self.result.take_if(|payload| payload.received == payload.announced) {
            let ok = payload.agrees && payload.announced == Payload::OK.len() as u64;
            actions.push(if ok { Action::Processed } else { Action::Rejected });
            self.enter(ListenerState::Acknowledged, actions);
        }
    }

    fn enter(&mut self, to: ListenerState, actions: &mut Vec<Action>) {
        actions.push(Action::Changed { from: self.state, to });
        *self = Self { state: to, ..Self::default() };
    }
}

impl Payload {
    const OK: &[u8] = b"OK";

    fn take(&mut self, bytes: &[u8]) {
        let expected =
            usize::try_from(self.received).ok().and_then(|at| Self::OK.get(at..)).unwrap_or_default();
        self.agrees &= expected.starts_with(bytes);
        self.received += bytes.len() as u64;
    }
}

fn take<'a>(rest: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, left) = rest.split_at(length.min(rest.len()));
    *rest = left;
    taken
}

/// A number as Python's `int()` reads it from bytes; a negative one is none.
fn parse_length(text: &[u8]) -> Option<u64> {
    let text = text.trim_ascii().strip_prefix(b"\x0b").unwrap_or(text).trim_ascii();
    let digits = text.strip_prefix(b"+").unwrap_or(text);
    let mut number: u64 = 0;
    let mut digit_before = false;
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                number = number.saturating_mul(10).saturating_add((byte - b'0').into());
                digit_before = true;
            }
            b'_' if digit_before => digit_before = false,
            _ => return None,
        }
    }
    digit_before.then_some(number)
}
