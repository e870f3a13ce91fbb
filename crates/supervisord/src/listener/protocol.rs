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
    let blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0b;
    let start = text.iter().position(|byte| !blank(byte))?;
    let end = text.iter().rposition(|byte| !blank(byte))?;
    let text = &text[start..=end];
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use ListenerState::{Acknowledged, Busy, Ready, Unknown};

    fn listener(state: ListenerState) -> Protocol {
        Protocol { state, ..Protocol::default() }
    }

    /// What a listener in a state says with these bytes.
    fn says(state: ListenerState, bytes: &[u8]) -> Vec<Action> {
        listener(state).feed(bytes)
    }

    fn changed(from: ListenerState, to: ListenerState) -> Action {
        Action::Changed { from, to }
    }

    fn processed() -> Vec<Action> {
        vec![Action::Processed, changed(Busy, Acknowledged)]
    }

    fn bad_line(line: &str) -> Vec<Action> {
        vec![Action::BadResultLine(line.to_owned()), changed(Busy, Unknown)]
    }

    #[test]
    fn a_listener_is_ready_when_it_says_so() {
        assert_eq!(says(Acknowledged, b"READY\n"), [changed(Acknowledged, Ready)]);
        let mut listener = listener(Acknowledged);
        assert_eq!(listener.feed(b"READ"), []);
        assert_eq!(listener.feed(b"Y\n"), [changed(Acknowledged, Ready)]);
    }

    #[test]
    fn six_other_bytes_break_the_protocol() {
        assert_eq!(says(Acknowledged, b"abcde"), []);
        assert_eq!(says(Acknowledged, b"abcdef"), [changed(Acknowledged, Unknown)]);
    }

    #[test]
    fn anything_said_while_ready_breaks_the_protocol() {
        assert_eq!(says(Ready, b"x"), [changed(Ready, Unknown)]);
        assert_eq!(
            says(Acknowledged, b"READY\nREADY\n"),
            [changed(Acknowledged, Ready), changed(Ready, Unknown)]
        );
    }

    #[test]
    fn nothing_leads_out_of_unknown() {
        assert_eq!(says(Unknown, b"READY\nRESULT 2\nOK"), []);
    }

    #[test]
    fn a_result_of_ok_means_processed_and_any_other_rejected() {
        assert_eq!(says(Busy, b"RESULT 2\nOK"), processed());
        for rejected in [&b"RESULT 4\nFAIL"[..], b"RESULT 3\nOK\n", b"RESULT 1\nO", b"RESULT 2\nKO"] {
            assert_eq!(says(Busy, rejected), [Action::Rejected, changed(Busy, Acknowledged)]);
        }
    }

    #[test]
    fn what_follows_a_result_is_read_on() {
        let mut all = processed();
        all.push(changed(Acknowledged, Ready));
        assert_eq!(says(Busy, b"RESULT 2\nOKREADY\n"), all);
        assert_eq!(says(Busy, b"RESULT 2\nOKjunkjunk")[2..], [changed(Acknowledged, Unknown)]);
    }

    #[test]
    fn an_empty_result_is_complete_at_once() {
        assert_eq!(says(Busy, b"RESULT 0\n"), [Action::Rejected, changed(Busy, Acknowledged)]);
    }

    #[test]
    fn numbers_are_read_as_python_reads_them_and_the_word_before_is_not_looked_at() {
        let lines: [&[u8]; 6] = [
            b"FOOBAR 2\n",
            b"RESULT  2 \n",
            b"RESULT +2\n",
            b"RESULT 0_2\n",
            b"RESULT 2\r\n",
            b"RESULT \x0b2\x0c\n",
        ];
        for line in lines {
            assert_eq!(says(Busy, &[line, b"OK"].concat()), processed());
        }
    }

    #[test]
    fn a_bad_result_line_breaks_the_protocol() {
        for line in ["RESULT x", "RESULT", "", "READY", "RESULT 2__0", "RESULT _2", "RESULT -1", "it's 'x'"] {
            assert_eq!(says(Busy, format!("{line}\nOK").as_bytes()), bad_line(line));
        }
        assert_eq!(says(Busy, b"RESULT \xff\n"), bad_line(r"Undecodable: b'RESULT \xff'"));
    }

    #[test]
    fn a_flood_without_lines_costs_bounded_memory() {
        let mut listener = listener(Busy);
        let said: Vec<_> = (0..100).flat_map(|_| listener.feed(&[b'9'; 1000])).collect();
        assert_eq!(said, bad_line(&"9".repeat(LONGEST_LINE)));
        assert!(listener.pending.capacity() <= LONGEST_LINE);
    }

    #[test]
    fn a_huge_result_is_not_kept() {
        let mut listener = listener(Busy);
        assert_eq!(listener.feed(b"RESULT 99999999999999999999999\n"), []);
        assert_eq!(listener.feed(&[b'x'; 100_000]), []);
        assert_eq!(listener.state(), Busy);
        assert_eq!(listener.pending.capacity(), 0);
    }

    proptest! {
        #[test]
        fn any_split_says_the_same(
            words in prop::collection::vec(
                prop_oneof!["READY\n", "RESULT 2\n", "OK", "RESULT 4\nFAIL", "RESULT 0\n", "RES", "x"], 0..12),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
        ) {
            let bytes = words.concat().into_bytes();
            let mut cuts: Vec<_> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.sort_unstable();
            let mut listener = listener(Busy);
            let mut said = Vec::new();
            let mut from = 0;
            for cut in cuts.into_iter().chain([bytes.len()]) {
                said.extend(listener.feed(&bytes[from..cut]));
                from = cut;
            }
            prop_assert_eq!(said, says(Busy, &bytes));
        }
    }
}
