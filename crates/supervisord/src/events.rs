//! Events: what happened, in the words that listeners receive.
//!
//! An event is frozen when it is emitted; its body is the text of the original, byte for byte. Who receives it, and
//! when, is [`crate::listener`]'s affair.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use serde::{Deserialize, Serialize};
use supervisor_config::sections::EventType;
use supervisor_rpc::state::ProcessState;

use crate::process::output::Stream;
use crate::repr;

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Its type, never an abstract one.
    pub kind: EventType,
    /// Its body.
    pub body: String,
}

/// The process that an event is about.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its name.
    pub process: &'a str,
    /// Its group's name.
    pub group: &'a str,
}

/// The state that a process entered, with what its event says about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the event's body")]
pub enum Entered {
    /// STARTING, for the `tries`-th time in a row; 0 the first time.
    Starting { tries: i64 },
    /// RUNNING.
    Running { pid: i32 },
    /// BACKOFF.
    Backoff { tries: i64 },
    /// STOPPING.
    Stopping { pid: i32 },
    /// EXITED.
    Exited { expected: bool, pid: i32 },
    /// STOPPED; the pid is 0 when there was no process to stop.
    Stopped { pid: i32 },
    /// FATAL.
    Fatal,
    /// UNKNOWN.
    Unknown,
}

impl Event {
    /// PROCESS_STATE_…
    pub fn process_state(subject: Subject<'_>, from: ProcessState, entered: Entered) -> Self {
        let (kind, extra) = match entered {
            Entered::Starting { tries } => (EventType::ProcessStateStarting, format!(" tries:{tries}")),
            Entered::Running { pid } => (EventType::ProcessStateRunning, format!(" pid:{pid}")),
            Entered::Backoff { tries } => (EventType::ProcessStateBackoff, format!(" tries:{tries}")),
            Entered::Stopping { pid } => (EventType::ProcessStateStopping, format!(" pid:{pid}")),
            Entered::Exited { expected, pid } => {
                (EventType::ProcessStateExited, format!(" expected:{} pid:{pid}", u8::from(expected)))
            }
            Entered::Stopped { pid } => (EventType::ProcessStateStopped, format!(" pid:{pid}")),
            Entered::Fatal => (EventType::ProcessStateFatal, String::new()),
            Entered::Unknown => (EventType::ProcessStateUnknown, String::new()),
        };
        let Subject { process, group } = subject;
        let from = from.name();
        Self { kind, body: format!("processname:{process} groupname:{group} from_state:{from}{extra}") }
    }

    /// The type of [`Self::process_state`], to ask whether anybody wants it.
    pub fn process_state_kind(state: ProcessState) -> EventType {
        match state {
            ProcessState::Stopped => EventType::ProcessStateStopped,
            ProcessState::Starting => EventType::ProcessStateStarting,
            ProcessState::Running => EventType::ProcessStateRunning,
            ProcessState::Backoff => EventType::ProcessStateBackoff,
            ProcessState::Stopping => EventType::ProcessStateStopping,
            ProcessState::Exited => EventType::ProcessStateExited,
            ProcessState::Fatal => EventType::ProcessStateFatal,
            ProcessState::Unknown => EventType::ProcessStateUnknown,
        }
    }

    /// PROCESS_LOG_…
    pub fn process_log(subject: Subject<'_>, pid: i32, stream: Stream, data: &[u8]) -> Self {
        let kind = Self::process_log_kind(stream);
        let Subject { process, group } = subject;
        let (channel, data) = (stream.name(), repr::decoded(data));
        Self {
            kind,
            body: format!("processname:{process} groupname:{group} pid:{pid} channel:{channel}\n{data}"),
        }
    }

    /// The type of [`Self::process_log`], to ask whether anybody wants it.
    pub fn process_log_kind(stream: Stream) -> EventType {
        match stream {
            Stream::Stdout => EventType::ProcessLogStdout,
            Stream::Stderr => EventType::ProcessLogStderr,
        }
    }

    /// The type of [`Self::process_communication`], to ask whether anybody wants it.
    pub fn process_communication_kind(stream: Stream) -> EventType {
        match stream {
            Stream::Stdout => EventType::ProcessCommunicationStdout,
            Stream::Stderr => EventType::ProcessCommunicationStderr,
        }
    }

    /// PROCESS_COMMUNICATION_…
    pub fn process_communication(subject: Subject<'_>, pid: i32, stream: Stream, data: &[u8]) -> Self {
        let kind = match stream {
            Stream::Stdout => EventType::ProcessCommunicationStdout,
            Stream::Stderr => EventType::ProcessCommunicationStderr,
        };
        let Subject { process, group } = subject;
        let data = repr::decoded(data);
        Self { kind, body: format!("processname:{process} groupname:{group} pid:{pid}\n{data}") }
    }

    /// REMOTE_COMMUNICATION.
    pub fn remote_communication(kind: &str, data: &str) -> Self {
        Self { kind: EventType::RemoteCommunication, body: format!("type:{kind}\n{data}") }
    }

    /// SUPERVISOR_STATE_CHANGE_RUNNING.
    pub fn supervisor_running() -> Self {
        Self { kind: EventType::SupervisorStateChangeRunning, body: String::new() }
    }

    /// SUPERVISOR_STATE_CHANGE_STOPPING.
    pub fn supervisor_stopping() -> Self {
        Self { kind: EventType::SupervisorStateChangeStopping, body: String::new() }
    }

    /// PROCESS_GROUP_ADDED.
    pub fn group_added(group: &str) -> Self {
        Self { kind: EventType::ProcessGroupAdded, body: format!("groupname:{group}\n") }
    }

    /// PROCESS_GROUP_REMOVED.
    pub fn group_removed(group: &str) -> Self {
        Self { kind: EventType::ProcessGroupRemoved, body: format!("groupname:{group}\n") }
    }

    /// The event as a listener reads it: header line and body.
    pub fn envelope(&self, identifier: &str, serial: i64, pool: &str, pool_serial: i64) -> Vec<u8> {
        let (name, body) = (self.kind.name(), &self.body);
        // The original counts characters although bytes travel; listeners are written for that.
        let length = body.chars().count();
        format!(
            "ver:3.0 server:{identifier} serial:{serial} pool:{pool} poolserial:{pool_serial} \
             eventname:{name} len:{length}\n{body}"
        )
        .into_bytes()
    }
}

const PERIODS: [(EventType, i64); 3] =
    [(EventType::Tick5, 5), (EventType::Tick60, 60), (EventType::Tick3600, 3600)];

/// When TICK events are due. The one thing that follows the clock on the wall, as its slices are what is announced.
#[derive(Debug, Default, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticks {
    /// The start of the slice announced last, for each period that somebody listens to.
    slices: [Option<i64>; PERIODS.len()],
}

impl Ticks {
    /// To be told whenever a pool came or went: which types have a subscriber now.
    pub fn watch(&mut self, wanted: impl Fn(EventType) -> bool, now: SystemTime) {
        for (slice, (kind, period)) in self.slices.iter_mut().zip(PERIODS) {
            *slice = wanted(kind).then(|| slice.unwrap_or_else(|| slice_at(now, period)));
        }
    }

    /// The ticks of all periods whose slice is another than last time.
    pub fn due(&mut self, now: SystemTime) -> Vec<Event> {
        let mut events = Vec::new();
        for (last, (kind, period)) in self.slices.iter_mut().zip(PERIODS) {
            let slice = slice_at(now, period);
            if last.is_some_and(|last| last != slice) {
                *last = Some(slice);
                events.push(Event { kind, body: format!("when:{slice}") });
            }
        }
        events
    }

    /// How long until the next tick; `None` when nobody listens.
    pub fn next(&self, now: SystemTime) -> Option<Duration> {
        let elapsed = now.duration_since(UNIX_EPOCH).unwrap_or_default();
        let watched = self.slices.iter().zip(PERIODS).filter(|(slice, _)| slice.is_some());
        watched.map(|(_, (_, period))| until_boundary(elapsed, period)).min()
    }
}

fn seconds(now: SystemTime) -> i64 {
    now.duration_since(UNIX_EPOCH).map_or(0, |elapsed| elapsed.as_secs().try_into().unwrap_or(i64::MAX))
}

fn slice_at(now: SystemTime, period: i64) -> i64 {
    let now = seconds(now);
    now - now % period
}

fn until_boundary(elapsed: Duration, period: i64) -> Duration {
    let period = Duration::from_secs(period.unsigned_abs());
    let into = Duration::new(elapsed.as_secs() % period.as_secs(), elapsed.subsec_nanos());
    period - into
}

#[cfg(test)]
mod tests {
    use super::*;

    const CAT: Subject<'_> = Subject { process: "cat", group: "grp" };

    #[test]
    fn state_events_say_what_the_original_says() {
        let table = [
            (Entered::Starting { tries: 3 }, "PROCESS_STATE_STARTING", " tries:3"),
            (Entered::Backoff { tries: 3 }, "PROCESS_STATE_BACKOFF", " tries:3"),
            (Entered::Running { pid: 42 }, "PROCESS_STATE_RUNNING", " pid:42"),
            (Entered::Stopping { pid: 42 }, "PROCESS_STATE_STOPPING", " pid:42"),
            (Entered::Stopped { pid: 0 }, "PROCESS_STATE_STOPPED", " pid:0"),
            (Entered::Exited { expected: true, pid: 42 }, "PROCESS_STATE_EXITED", " expected:1 pid:42"),
            (Entered::Exited { expected: false, pid: 42 }, "PROCESS_STATE_EXITED", " expected:0 pid:42"),
            (Entered::Fatal, "PROCESS_STATE_FATAL", ""),
            (Entered::Unknown, "PROCESS_STATE_UNKNOWN", ""),
        ];
        for (entered, name, extra) in table {
            let event = Event::process_state(CAT, ProcessState::Starting, entered);
            assert_eq!(event.kind.name(), name);
            assert_eq!(event.body, format!("processname:cat groupname:grp from_state:STARTING{extra}"));
        }
    }

    #[test]
    fn output_events_carry_text_or_say_that_it_is_none() {
        let log = |stream, data| Event::process_log(CAT, 42, stream, data);
        assert_eq!(
            log(Stream::Stdout, "d\u{e9}\n".as_bytes()).body,
            "processname:cat groupname:grp pid:42 channel:stdout\nd\u{e9}\n"
        );
        assert_eq!(
            log(Stream::Stderr, b"\xffit's\n").body,
            "processname:cat groupname:grp pid:42 channel:stderr\nUndecodable: b\"\\xffit's\\n\""
        );
        assert_eq!(log(Stream::Stderr, b"").kind, EventType::ProcessLogStderr);
        let communication = Event::process_communication(CAT, 42, Stream::Stdout, b"");
        assert_eq!(communication.body, "processname:cat groupname:grp pid:42\n");
        assert_eq!(communication.kind.name(), "PROCESS_COMMUNICATION_STDOUT");
    }

    #[test]
    fn other_events_say_what_the_original_says() {
        assert_eq!(Event::remote_communication("a b", "x\u{e9}").body, "type:a b\nx\u{e9}");
        assert_eq!(Event::supervisor_running().body, "");
        assert_eq!(Event::supervisor_stopping().kind.name(), "SUPERVISOR_STATE_CHANGE_STOPPING");
        assert_eq!(Event::group_added("g").body, "groupname:g\n");
        assert_eq!(Event::group_removed("g").kind.name(), "PROCESS_GROUP_REMOVED");
    }

    #[test]
    fn the_length_in_the_envelope_counts_characters() {
        let event = Event::remote_communication("t", "d\u{e9}");
        assert_eq!(
            event.envelope("supervisor", 7, "pool", 3),
            "ver:3.0 server:supervisor serial:7 pool:pool poolserial:3 eventname:REMOTE_COMMUNICATION \
             len:9\ntype:t\nd\u{e9}"
                .as_bytes()
        );
    }

    fn at(milliseconds: u64) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(milliseconds)
    }

    #[test]
    fn ticks_are_due_when_their_slice_rolls_over() {
        let mut ticks = Ticks::default();
        ticks.watch(|_| true, at(58_000));
        assert_eq!(ticks.next(at(58_000)), Some(Duration::from_secs(2)));
        assert_eq!(ticks.due(at(59_999)), []);
        let due: Vec<_> = ticks.due(at(60_300)).into_iter().map(|event| (event.kind, event.body)).collect();
        assert_eq!(
            due,
            [(EventType::Tick5, "when:60".to_owned()), (EventType::Tick60, "when:60".to_owned())]
        );
        assert_eq!(ticks.due(at(60_300)), []);
        assert_eq!(ticks.next(at(60_300)), Some(Duration::from_millis(4_700)));
    }

    #[test]
    fn the_hour_ticks_in_all_periods_and_who_slept_hears_of_its_slice_alone() {
        let mut ticks = Ticks::default();
        ticks.watch(|_| true, at(7_199_999));
        let due = |ticks: &mut Ticks, now| {
            let due = ticks.due(now).into_iter().map(|event| format!("{} {}", event.kind.name(), event.body));
            due.collect::<Vec<_>>()
        };
        assert_eq!(
            due(&mut ticks, at(7_200_000)),
            ["TICK_5 when:7200", "TICK_60 when:7200", "TICK_3600 when:7200"]
        );
        assert_eq!(due(&mut ticks, at(7_204_999)), [""; 0]);
        assert_eq!(due(&mut ticks, at(7_268_000)), ["TICK_5 when:7265", "TICK_60 when:7260"]);
        assert_eq!(
            due(&mut ticks, at(18_000_001)),
            ["TICK_5 when:18000", "TICK_60 when:18000", "TICK_3600 when:18000"]
        );
    }

    #[test]
    fn no_tick_is_due_when_nobody_listens() {
        let mut ticks = Ticks::default();
        ticks.watch(|_| false, at(0));
        assert_eq!(ticks.next(at(1)), None);
        assert_eq!(ticks.due(at(10_000_000)), []);
        // Who comes late hears of no slice that began before.
        ticks.watch(|kind| kind == EventType::Tick3600, at(7_300_000));
        assert_eq!(ticks.due(at(7_400_000)), []);
        assert_eq!(ticks.next(at(7_199_000)), Some(Duration::from_secs(1)));
    }

    #[test]
    fn a_clock_set_back_ticks_once() {
        let mut ticks = Ticks::default();
        ticks.watch(|kind| kind == EventType::Tick5, at(100_000));
        assert_eq!(ticks.due(at(7_000)).len(), 1);
        assert_eq!(ticks.due(at(7_000)), []);
    }
}
