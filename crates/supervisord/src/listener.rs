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
mod tests;
