//! Pools of event listeners: which event waits, who has which, who gets the next.
//!
//! A pool owns its buffer, its serial numbers and what is known of its listeners' conversations. It knows no process
//! and no descriptor: who is running and whose stdin takes bytes it is told. All of it is data that can be handed over.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use supervisor_config::sections::EventType;

use crate::events::Event;
use crate::listener::protocol::{Action, ListenerState, Protocol};
use crate::{log, repr};

pub mod protocol;

/// A counter of events: 0, 1, … up to 2^63 - 1, then 0 again.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Serial(i64);

impl Serial {
    /// The next number.
    pub fn take(&mut self) -> i64 {
        let serial = self.0;
        self.0 = serial.checked_add(1).unwrap_or(0);
        serial
    }
}

/// Hands an event to every pool that wants it, under one serial; an event that nobody wants uses up none.
pub fn publish<'a>(
    event: Event,
    serial: &mut Serial,
    pools: impl Iterator<Item = &'a mut Pool>,
    now: Instant,
) {
    let kind = event.kind;
    let event = Rc::new(event);
    let mut number = None;
    for pool in pools.filter(|pool| pool.wants(kind)) {
        let number = *number.get_or_insert_with(|| serial.take());
        pool.accept(Rc::clone(&event), number, now);
    }
}

/// An event in a buffer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Waiting {
    serial: i64,
    pool_serial: i64,
    event: Rc<Event>,
}

/// One listener of a pool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Member {
    name: String,
    protocol: Protocol,
    /// Its process is RUNNING.
    running: bool,
    /// The event that it is busy with.
    event: Option<Waiting>,
}

impl Member {
    fn is_available(&self) -> bool {
        self.running && self.protocol.state() == ListenerState::Ready
    }
}

/// What became of an envelope that was offered to a listener.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Offer {
    /// Its stdin has the bytes, or will write them when it can.
    Sent,
    /// It leaves too much unread on its stdin: the next listener is asked.
    Full,
    /// Its stdin is closed.
    BrokenPipe,
}

/// A pool of event listeners.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pool {
    name: String,
    subscriptions: Vec<EventType>,
    buffer_size: usize,
    buffer: VecDeque<Waiting>,
    serial: Serial,
    members: Vec<Member>,
    #[serde(skip)]
    overflow: Overflow,
}

impl Pool {
    /// An empty pool with the listeners of these names, in the order of the configuration.
    pub fn new(
        name: &str,
        options: &supervisor_config::sections::Pool,
        members: impl Iterator<Item = String>,
    ) -> Self {
        let member = |name| Member { name, protocol: Protocol::default(), running: false, event: None };
        Self {
            name: name.to_owned(),
            subscriptions: options.events.clone(),
            buffer_size: options.buffer_size,
            buffer: VecDeque::new(),
            serial: Serial::default(),
            members: members.map(member).collect(),
            overflow: Overflow::default(),
        }
    }

    /// Whether the pool is subscribed to events of this type.
    pub fn wants(&self, kind: EventType) -> bool {
        self.subscriptions.iter().any(|subscription| subscription.includes(kind))
    }

    /// Buffers an event. Once, however many subscriptions it fits: the original delivers it for each.
    pub fn accept(&mut self, event: Rc<Event>, serial: i64, now: Instant) {
        let pool_serial = self.serial.take();
        self.make_room(now);
        self.buffer.push_back(Waiting { serial, pool_serial, event });
    }

    /// The listener at this place was started.
    pub fn started(&mut self, index: usize, now: Instant) {
        self.ended(index, now);
        if let Some(member) = self.members.get_mut(index) {
            member.protocol = Protocol::default();
        }
    }

    /// The listener at this place ended: what it was busy with waits again.
    pub fn ended(&mut self, index: usize, now: Instant) {
        if let Some(event) = self.members.get_mut(index).and_then(|member| member.event.take()) {
            self.rebuffer(event, now);
        }
    }

    /// The process of the listener at this place became RUNNING, or is no longer.
    pub fn set_running(&mut self, index: usize, running: bool) {
        if let Some(member) = self.members.get_mut(index) {
            member.running = running;
        }
    }

    /// The state of the listener at this place.
    pub fn state(&self, index: usize) -> Option<ListenerState> {
        self.members.get(index).map(|member| member.protocol.state())
    }

    /// Takes what the listener at this place wrote to its stdout.
    pub fn feed(&mut self, index: usize, bytes: &[u8], now: Instant) {
        let Some(member) = self.members.get_mut(index) else { return };
        let actions = member.protocol.feed(bytes);
        for action in actions {
            self.follow(index, action, now);
        }
    }

    fn follow(&mut self, index: usize, action: Action, now: Instant) {
        let Member { name, event, .. } = &mut self.members[index];
        match action {
            Action::Changed { from, to } => {
                log::debug!("{name}: {} -> {}", from.name(), to.name());
                if to == ListenerState::Unknown {
                    log::warn!(
                        "{name}: has entered the UNKNOWN state and will no longer receive events, this usually \
                         indicates the process violated the eventlistener protocol"
                    );
                }
                if from == ListenerState::Busy {
                    let unprocessed = event.take();
                    unprocessed.into_iter().for_each(|event| self.rebuffer(event, now));
                }
            }
            Action::Processed => {
                log::debug!("{name}: event was processed");
                *event = None;
            }
            Action::Rejected => log::warn!("{name}: event was rejected"),
            Action::BadResultLine(line) => log::warn!("{name}: bad result line: '{line}'"),
        }
    }

    /// The listeners, by their places, on whose answers an event waits.
    pub fn awaited(&self) -> impl Iterator<Item = usize> {
        let waits = !self.buffer.is_empty();
        let members = self.members.iter().enumerate();
        let busy = members.filter(move |(_, member)| waits && member.protocol.state() == ListenerState::Busy);
        busy.map(|(index, _)| index)
    }

    /// Gives waiting events to ready listeners, as long as there are both. `offer` gets the place of a listener and
    /// the bytes for its stdin.
    pub fn dispatch(&mut self, identifier: &str, now: Instant, mut offer: impl FnMut(usize, &[u8]) -> Offer) {
        while self.members.iter().any(Member::is_available) {
            let Some(next) = self.buffer.pop_front() else { return };
            if let Some(next) = self.offer(next, identifier, &mut offer) {
                return self.rebuffer(next, now);
            }
        }
    }

    /// Gives the event back when nobody took it.
    fn offer(
        &mut self,
        next: Waiting,
        identifier: &str,
        offer: &mut impl FnMut(usize, &[u8]) -> Offer,
    ) -> Option<Waiting> {
        let envelope = next.event.envelope(identifier, next.serial, &self.name, next.pool_serial);
        let serial = next.serial;
        for (index, member) in self.members.iter_mut().enumerate() {
            if !member.is_available() {
                continue;
            }
            let name = &member.name;
            match offer(index, &envelope) {
                Offer::Full => {}
                Offer::BrokenPipe => log::debug!(
                    "epipe occurred while sending event {serial} to listener {name}, listener state unchanged"
                ),
                Offer::Sent => {
                    log::debug!("event {serial} sent to listener {name}");
                    member.protocol.sent();
                    member.event = Some(next);
                    return None;
                }
            }
        }
        Some(next)
    }

    /// Puts an event back at the head. In the original a rejected event comes back to the pools of all processes of
    /// an equal priority; here to the pool that rejected it.
    fn rebuffer(&mut self, event: Waiting, now: Instant) {
        let (serial, length, max) = (event.serial, self.buffer.len(), self.buffer_size);
        log::debug!("rebuffering event {serial} for pool {} (buf size={length}, max={max})", self.name);
        self.make_room(now);
        self.buffer.push_front(event);
    }

    fn make_room(&mut self, now: Instant) {
        if self.buffer.len() >= self.buffer_size
            && let Some(discarded) = self.buffer.pop_front()
        {
            self.overflow.discarded(&self.name, discarded.serial, now);
        }
    }

    /// When [`Self::tick`] has something to say.
    pub fn deadline(&self) -> Option<Instant> {
        self.overflow.deadline()
    }

    /// Tells how many events of a storm were discarded without a line of their own.
    pub fn tick(&mut self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.overflow.tell(&self.name);
        }
    }

    /// The copy of a listener's output in the main log: its bytes as they are, unlike a program's.
    pub fn log_output(&self, index: usize, bytes: &[u8]) {
        if let Some(member) = self.members.get(index) {
            log::debug!("{} stdout output:\n{}", repr::text(&member.name), repr::bytes(bytes));
        }
    }
}

/// Keeps a storm of discarded events from flooding the log.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
struct Overflow {
    /// The beginning of the current second of the storm.
    since: Option<Instant>,
    told: u32,
    untold: u64,
}

impl Overflow {
    const LINES_PER_SECOND: u32 = 100;
    const SECOND: Duration = Duration::from_secs(1);

    fn discarded(&mut self, pool: &str, serial: i64, now: Instant) {
        if self.since.is_none_or(|since| now >= since + Self::SECOND) {
            self.tell(pool);
            *self = Self { since: Some(now), ..Self::default() };
        }
        if self.told < Self::LINES_PER_SECOND {
            self.told += 1;
            log::error!("pool {pool} event buffer overflowed, discarding event {serial}");
        } else {
            self.untold += 1;
        }
    }

    fn deadline(&self) -> Option<Instant> {
        (self.untold > 0).then_some(self.since? + Self::SECOND)
    }

    fn tell(&mut self, pool: &str) {
        if self.untold > 0 {
            log::error!("pool {pool} event buffer overflowed, {} more events were discarded", self.untold);
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use supervisor_config::sections::{LogLevel, Pool as Options};

    use super::*;
    use crate::log::tests::logged;

    const UNKNOWN: &str = "WARN b: has entered the UNKNOWN state and will no longer receive events, this usually \
                           indicates the process violated the eventlistener protocol";

    fn pool(events: &[EventType], buffer_size: usize, members: &[&str]) -> Pool {
        let options = Options { events: events.to_vec(), buffer_size };
        let mut pool = Pool::new("pool", &options, members.iter().map(|&name| name.to_owned()));
        for index in 0..members.len() {
            pool.set_running(index, true);
        }
        pool
    }

    /// A pool for everything with the listeners `a` and `b`, both ready.
    fn ready(buffer_size: usize) -> Pool {
        let mut pool = pool(&[EventType::Event], buffer_size, &["a", "b"]);
        pool.feed(0, b"READY\n", Instant::now());
        pool.feed(1, b"READY\n", Instant::now());
        pool
    }

    fn event(data: &str) -> Event {
        Event::remote_communication("t", data)
    }

    fn accept(pool: &mut Pool, serials: std::ops::Range<i64>) {
        for serial in serials {
            pool.accept(Rc::new(event("")), serial, Instant::now());
        }
    }

    /// Dispatches to whoever is ready; the events as `listener:serial`.
    fn dispatch(pool: &mut Pool) -> Vec<String> {
        let mut sent = Vec::new();
        pool.dispatch("supervisor", Instant::now(), |index, bytes| {
            let text = String::from_utf8_lossy(bytes);
            let serial = text.split(' ').find_map(|word| word.strip_prefix("serial:")).map(str::to_owned);
            sent.push(format!("{}:{}", ["a", "b"][index], serial.unwrap_or_default()));
            Offer::Sent
        });
        sent
    }

    fn waiting(pool: &Pool) -> Vec<i64> {
        pool.buffer.iter().map(|waiting| waiting.serial).collect()
    }

    #[test]
    fn serials_begin_at_0_and_wrap() {
        let mut serial = Serial::default();
        assert_eq!((serial.take(), serial.take()), (0, 1));
        let mut last = Serial(i64::MAX);
        assert_eq!((last.take(), last.take()), (i64::MAX, 0));
    }

    #[test]
    fn an_event_has_one_serial_in_all_pools_and_none_when_nobody_wants_it() {
        let mut serial = Serial::default();
        let mut pools = [
            pool(&[EventType::Tick], 10, &[]),
            pool(&[EventType::RemoteCommunication], 10, &[]),
            pool(&[EventType::Event], 10, &[]),
        ];
        let mut publish = |event| publish(event, &mut serial, pools.iter_mut(), Instant::now());
        publish(event("1"));
        publish(Event::group_added("g"));
        publish(event("2"));
        assert_eq!(pools.each_ref().map(waiting), [vec![], vec![0, 2], vec![0, 1, 2]]);
        let mut ticks = [pool(&[EventType::Tick], 10, &[])];
        super::publish(event("3"), &mut serial, ticks.iter_mut(), Instant::now());
        assert_eq!(serial.take(), 3);
    }

    #[test]
    fn overlapping_subscriptions_deliver_once() {
        let mut pools = [pool(&[EventType::Tick, EventType::Tick5, EventType::Event], 10, &[])];
        let tick = Event { kind: EventType::Tick5, body: String::new() };
        publish(tick, &mut Serial::default(), pools.iter_mut(), Instant::now());
        assert_eq!(waiting(&pools[0]), [0]);
    }

    #[test]
    fn events_go_to_the_first_that_is_running_and_ready() {
        let lines = logged(LogLevel::Debug, || {
            let mut pool = ready(10);
            accept(&mut pool, 0..3);
            assert_eq!(dispatch(&mut pool), ["a:0", "b:1"]);
            assert_eq!(dispatch(&mut pool), [""; 0]);
            pool.feed(1, b"RESULT 2\nOKREADY\n", Instant::now());
            pool.set_running(1, false);
            assert_eq!(dispatch(&mut pool), [""; 0]);
            pool.set_running(1, true);
            assert_eq!(dispatch(&mut pool), ["b:2"]);
        });
        assert_eq!(
            lines,
            [
                "DEBG a: ACKNOWLEDGED -> READY",
                "DEBG b: ACKNOWLEDGED -> READY",
                "DEBG event 0 sent to listener a",
                "DEBG event 1 sent to listener b",
                "DEBG b: event was processed",
                "DEBG b: BUSY -> ACKNOWLEDGED",
                "DEBG b: ACKNOWLEDGED -> READY",
                "DEBG event 2 sent to listener b",
            ]
        );
    }

    #[test]
    fn the_envelope_names_pool_and_serials() {
        let mut pool = ready(10);
        pool.serial = Serial(5);
        pool.accept(Rc::new(event("d\u{e9}")), 7, Instant::now());
        let mut bytes = Vec::new();
        pool.dispatch("id", Instant::now(), |_, envelope| {
            bytes = envelope.to_vec();
            Offer::Sent
        });
        assert_eq!(bytes, event("d\u{e9}").envelope("id", 7, "pool", 5));
    }

    #[test]
    fn an_event_that_nobody_takes_goes_back_to_the_head() {
        let lines = logged(LogLevel::Debug, || {
            let mut pool = ready(10);
            accept(&mut pool, 0..2);
            let mut offers = [Offer::BrokenPipe, Offer::Full].into_iter();
            pool.dispatch("id", Instant::now(), |_, _| offers.next().expect("each is asked once"));
            assert_eq!(waiting(&pool), [0, 1]);
            assert_eq!(pool.state(0), Some(ListenerState::Ready));
        });
        assert_eq!(
            lines[2..],
            [
                "DEBG epipe occurred while sending event 0 to listener a, listener state unchanged",
                "DEBG rebuffering event 0 for pool pool (buf size=1, max=10)",
            ]
        );
    }

    #[test]
    fn a_rejected_event_is_delivered_again_first() {
        let lines = logged(LogLevel::Debug, || {
            let mut pool = ready(10);
            accept(&mut pool, 0..2);
            dispatch(&mut pool);
            accept(&mut pool, 2..3);
            pool.feed(1, b"RESULT 4\nFAILREADY\n", Instant::now());
            assert_eq!(waiting(&pool), [1, 2]);
            assert_eq!(dispatch(&mut pool), ["b:1"]);
        });
        assert_eq!(
            lines[4..],
            [
                "WARN b: event was rejected",
                "DEBG b: BUSY -> ACKNOWLEDGED",
                "DEBG rebuffering event 1 for pool pool (buf size=1, max=10)",
                "DEBG b: ACKNOWLEDGED -> READY",
                "DEBG event 1 sent to listener b",
            ]
        );
    }

    #[test]
    fn a_listener_that_breaks_the_protocol_loses_its_event_to_the_others() {
        let lines = logged(LogLevel::Debug, || {
            let mut pool = ready(10);
            accept(&mut pool, 0..2);
            dispatch(&mut pool);
            pool.feed(1, b"nonsense\n", Instant::now());
            assert_eq!(waiting(&pool), [1]);
            pool.feed(1, b"READY\n", Instant::now());
            assert_eq!(dispatch(&mut pool), [""; 0]);
            pool.feed(0, b"RESULT 2\nOKREADY\n", Instant::now());
            assert_eq!(dispatch(&mut pool), ["a:1"]);
        });
        assert_eq!(
            lines[4..8],
            [
                "WARN b: bad result line: 'nonsense'",
                "DEBG b: BUSY -> UNKNOWN",
                UNKNOWN,
                "DEBG rebuffering event 1 for pool pool (buf size=0, max=10)",
            ]
        );
    }

    #[test]
    fn the_event_of_a_listener_that_died_waits_again() {
        let mut pool = ready(10);
        accept(&mut pool, 0..1);
        assert_eq!(dispatch(&mut pool), ["a:0"]);
        pool.set_running(0, false);
        pool.ended(0, Instant::now());
        assert_eq!(dispatch(&mut pool), ["b:0"]);
        pool.started(0, Instant::now());
        assert_eq!(pool.state(0), Some(ListenerState::Acknowledged));
    }

    #[test]
    fn the_oldest_event_makes_room_even_for_one_that_comes_back() {
        let lines = logged(LogLevel::Error, || {
            let mut pool = ready(2);
            accept(&mut pool, 0..1);
            assert_eq!(dispatch(&mut pool), ["a:0"]);
            pool.set_running(1, false);
            accept(&mut pool, 1..4);
            assert_eq!(waiting(&pool), [2, 3]);
            pool.ended(0, Instant::now());
            assert_eq!(waiting(&pool), [0, 3]);
        });
        assert_eq!(
            lines,
            [
                "ERRO pool pool event buffer overflowed, discarding event 1",
                "ERRO pool pool event buffer overflowed, discarding event 2",
            ]
        );
    }

    #[test]
    fn a_storm_of_discarded_events_does_not_flood_the_log() {
        let start = Instant::now();
        let mut pool = pool(&[EventType::Event], 1, &[]);
        let accept = |pool: &mut Pool, serials: std::ops::Range<i64>, now| {
            serials.for_each(|serial| pool.accept(Rc::new(event("")), serial, now));
        };
        let lines = logged(LogLevel::Error, || {
            accept(&mut pool, 0..1001, start);
            assert_eq!(pool.deadline(), Some(start + Overflow::SECOND));
            pool.tick(start);
            pool.tick(start + Overflow::SECOND);
            assert_eq!(pool.deadline(), None);
            accept(&mut pool, 1001..1002, start + Overflow::SECOND);
        });
        assert_eq!(lines.len(), 102);
        assert_eq!(
            lines[99..],
            [
                "ERRO pool pool event buffer overflowed, discarding event 99",
                "ERRO pool pool event buffer overflowed, 900 more events were discarded",
                "ERRO pool pool event buffer overflowed, discarding event 1000",
            ]
        );
    }

    #[test]
    fn output_is_copied_to_the_log_as_bytes() {
        let lines = logged(LogLevel::Debug, || ready(1).log_output(0, b"READY\n"));
        assert_eq!(lines[2..], ["DEBG 'a' stdout output:", "b'READY\\n'"]);
        assert!(logged(LogLevel::Info, || ready(1).log_output(0, b"READY\n")).is_empty());
    }
}
