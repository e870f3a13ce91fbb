//! What a connection is doing, and since when: its deadlines, and who must go when there are too many.
//!
//! Pure: time is an argument. The original closes idle connections only after half an hour and only while it is
//! busy with many; event listeners rely on that and keep one connection for days. So nothing is closed for being idle
//! until its place is needed.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::task::AbortHandle;
use tokio::time::Instant;

use crate::os::child::give_back_memory;

/// From connecting to the first byte. Long enough for every client, short enough not to keep descriptors for nothing.
const SILENCE: Duration = Duration::from_secs(60);
/// From the first byte of a request to the end of its header.
const HEAD: Duration = Duration::from_secs(30);
/// From the end of the header to the end of the body.
const BODY: Duration = Duration::from_secs(120);
/// A client that has not taken anything for so long may lose its place to another.
const STALLED: Duration = Duration::from_secs(10);

/// Documents of so many bytes are worth it to give their memory back.
const LONG: usize = 64 << 10;

/// What a connection is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing has been heard yet.
    Silent,
    /// A header is coming.
    Head,
    /// A body is coming.
    Body,
    /// The answer is being found out or sent.
    Answering,
    /// A log is being followed, which has no end.
    Following,
    /// Between two requests.
    Idle,
}

/// What one connection is doing.
#[derive(Debug)]
pub(crate) struct Activity {
    phase: Cell<Phase>,
    since: Cell<Instant>,
    /// Since when the client takes nothing.
    stalled: Cell<Option<Instant>>,
    /// Something long was asked or answered, and its memory is kept for the next time.
    heavy: Cell<bool>,
}

impl Activity {
    pub(crate) fn new(now: Instant) -> Self {
        Self {
            phase: Cell::new(Phase::Silent),
            since: Cell::new(now),
            stalled: Cell::new(None),
            heavy: Cell::new(false),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.phase.get()
    }

    pub(crate) fn enter(&self, phase: Phase, now: Instant) {
        self.phase.set(phase);
        self.since.set(now);
    }

    /// Bytes came.
    pub(crate) fn received(&self, now: Instant) {
        if matches!(self.phase.get(), Phase::Silent | Phase::Idle) {
            self.enter(Phase::Head, now);
        }
    }

    /// The client took bytes.
    pub(crate) fn sent(&self) {
        self.stalled.set(None);
    }

    /// The client takes nothing at the moment.
    pub(crate) fn held_up(&self, now: Instant) {
        if self.stalled.get().is_none() {
            self.stalled.set(Some(now));
        }
    }

    /// A document of this length was received or is sent.
    pub(crate) fn carries(&self, bytes: usize) {
        if bytes >= LONG {
            self.heavy.set(true);
        }
    }

    /// Gives memory back after long documents. Not after each: a client that asks again and again for all processes would
    /// wait for the kernel half of the time.
    pub(crate) fn rest(&self) {
        if self.heavy.take() {
            give_back_memory();
        }
    }

    /// When the connection is given up if nothing happens.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        let patience = match self.phase.get() {
            Phase::Silent => SILENCE,
            Phase::Head => HEAD,
            Phase::Body => BODY,
            Phase::Answering | Phase::Following | Phase::Idle => return None,
        };
        Some(self.since.get() + patience)
    }

    /// Since when there is neither a request nor anything that remains to be sent.
    pub(crate) fn idle_since(&self) -> Option<Instant> {
        (self.phase.get() == Phase::Idle && self.stalled.get().is_none()).then_some(self.since.get())
    }

    /// How easily this connection is spared: unfinished requests before idle connections before those that follow a log and
    /// would otherwise keep their places for ever, the oldest first. Whoever floods us with halves of requests must not
    /// push out those who wait between whole ones.
    fn expendable(&self, now: Instant) -> Option<(u8, Instant)> {
        let stalled = self.stalled.get().filter(|since| now - *since >= STALLED).map(|since| (0, since));
        match self.phase.get() {
            Phase::Silent | Phase::Head | Phase::Body => Some((0, self.since.get())),
            Phase::Answering => stalled,
            Phase::Idle => Some((1, self.since.get())),
            Phase::Following => stalled.or(Some((2, self.since.get()))),
        }
    }
}

/// Every connection of the daemon.
#[derive(Debug)]
pub(crate) struct Connections {
    limit: usize,
    next: Cell<u64>,
    open: RefCell<HashMap<u64, Open>>,
    /// The most that were open since memory was last given back.
    most: Cell<usize>,
}

/// What so many connections have used is worth giving back when most of them are gone.
const MANY: usize = 64;

#[derive(Debug)]
struct Open {
    activity: Rc<Activity>,
    task: Option<AbortHandle>,
}

impl Connections {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, next: Cell::new(0), open: RefCell::default(), most: Cell::new(0) }
    }

    /// Takes a place. The connection gives it back with [`leave`](Self::leave).
    pub(crate) fn join(&self, activity: Rc<Activity>) -> u64 {
        let key = self.next.replace(self.next.get() + 1);
        let mut open = self.open.borrow_mut();
        open.insert(key, Open { activity, task: None });
        self.most.set(self.most.get().max(open.len()));
        key
    }

    /// What is to be stopped when the place is needed.
    pub(crate) fn runs_as(&self, key: u64, task: AbortHandle) {
        if let Some(open) = self.open.borrow_mut().get_mut(&key) {
            open.task = Some(task);
        }
    }

    pub(crate) fn leave(&self, key: u64) {
        let mut open = self.open.borrow_mut();
        open.remove(&key);
        if self.most.get() >= MANY && open.len() <= self.most.get() / 8 {
            open.shrink_to_fit();
            give_back_memory();
            self.most.set(open.len());
        }
    }

    /// Whether there is a place, made free if need be. False: everybody is being answered.
    pub(crate) fn make_room(&self, now: Instant) -> bool {
        self.open.borrow().len() < self.limit || self.drop_one(now)
    }

    /// Closes the most expendable connection.
    pub(crate) fn drop_one(&self, now: Instant) -> bool {
        let open = self.open.borrow();
        let candidates = open.iter().filter_map(|(key, open)| Some((open.activity.expendable(now)?, *key)));
        let Some((_, key)) = candidates.min() else { return false };
        drop(open);
        // The task of an aborted connection still runs its drops later, so its place is taken back here.
        if let Some(Open { task: Some(task), .. }) = self.open.borrow_mut().remove(&key) {
            task.abort();
        }
        true
    }

    /// Closes every connection whose client has taken nothing of its answer for a while.
    pub(crate) fn drop_stalled(&self, now: Instant) {
        self.open.borrow_mut().retain(|_, open| {
            let stalled = open.activity.stalled.get().is_some_and(|since| now - since >= STALLED);
            if let (true, Some(task)) = (stalled, &open.task) {
                task.abort();
            }
            !stalled
        });
    }

    /// Closes every connection that is not being answered.
    pub(crate) fn drop_quiet(&self) {
        self.open.borrow_mut().retain(|_, open| {
            let busy = matches!(open.activity.phase(), Phase::Answering | Phase::Following);
            if let (false, Some(task)) = (busy, &open.task) {
                task.abort();
            }
            busy
        });
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.open.borrow().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(start: Instant, phase: Phase, seconds: u64) -> Rc<Activity> {
        let activity = Activity::new(start);
        activity.enter(phase, start + Duration::from_secs(seconds));
        Rc::new(activity)
    }

    #[test]
    fn a_request_has_deadlines_and_an_answer_has_none() {
        let start = Instant::now();
        let activity = Activity::new(start);
        assert_eq!(activity.deadline(), Some(start + SILENCE));
        let later = start + Duration::from_secs(5);
        activity.received(later);
        activity.received(later + Duration::from_secs(1));
        assert_eq!(activity.deadline(), Some(later + HEAD), "each byte buys no time");
        activity.enter(Phase::Answering, later);
        assert_eq!(activity.deadline(), None);
        activity.enter(Phase::Idle, later);
        assert_eq!(activity.deadline(), None);
        activity.received(later);
        assert_eq!(activity.phase(), Phase::Head);
    }

    #[test]
    fn the_oldest_half_of_a_request_goes_before_the_idle_and_the_answered_stay() {
        let start = Instant::now();
        let connections = Connections::new(5);
        let idle = connections.join(at(start, Phase::Idle, 0));
        let answering = connections.join(at(start, Phase::Answering, 0));
        let following = connections.join(at(start, Phase::Following, 0));
        let young = connections.join(at(start, Phase::Head, 20));
        assert!(connections.make_room(start));
        let old = connections.join(at(start, Phase::Silent, 10));
        for gone in [old, young, idle, following] {
            assert!(connections.open.borrow().contains_key(&gone));
            assert!(connections.drop_one(start));
            assert!(!connections.open.borrow().contains_key(&gone));
        }
        assert!(!connections.drop_one(start));
        assert!(connections.open.borrow().contains_key(&answering));
    }

    #[test]
    fn a_client_that_takes_nothing_is_expendable_after_a_while() {
        let start = Instant::now();
        let activity = at(start, Phase::Answering, 0);
        activity.held_up(start);
        activity.held_up(start + STALLED);
        assert_eq!(activity.expendable(start), None);
        assert_eq!(activity.expendable(start + STALLED), Some((0, start)));
        let connections = Connections::new(4);
        connections.join(Rc::new(Activity::new(start)));
        connections.join(activity);
        connections.drop_stalled(start + STALLED);
        assert_eq!(connections.len(), 1);
        let activity = at(start, Phase::Answering, 0);
        activity.held_up(start);
        activity.sent();
        assert_eq!(activity.expendable(start + STALLED), None);
    }
}
