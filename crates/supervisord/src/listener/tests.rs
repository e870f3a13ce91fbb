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
