//! "Event Listener Pools": the buffer of a pool.

use harness::TestBed;

use super::{DEBUG, heard, hears, listener, ready, send, texts_become};

/// A listener that is busy with the first event, which is 0, until [`release`].
fn busy(more: &str) -> TestBed {
    let bed = TestBed::new(&format!("{DEBUG}{}{more}", listener("l", "REMOTE_COMMUNICATION")));
    bed.write("l.hold", "");
    ready(&bed, "l");
    send(&bed, &["0"]);
    hears(&bed, "l", 1);
    bed
}

fn release(bed: &TestBed) {
    std::fs::remove_file(bed.path("l.hold")).unwrap();
}

// configuration.rst, buffer_size: events that come while all listeners are busy wait.
#[test]
fn events_wait_in_their_order() {
    let bed = busy("");
    send(&bed, &["1", "2", "3"]);
    assert_eq!(heard(&bed, "l").len(), 1);
    release(&bed);
    texts_become(&bed, "l", &["0", "1", "2", "3"]);
}

// configuration.rst, buffer_size: "When the event queue buffer overflows, … the oldest event in the buffer is discarded."
#[test]
fn the_oldest_event_is_discarded() {
    let bed = busy("buffer_size=2\n");
    send(&bed, &["1", "2", "3", "4"]);
    bed.logs("ERRO pool l event buffer overflowed, discarding event 1");
    bed.logs("ERRO pool l event buffer overflowed, discarding event 2");
    release(&bed);
    texts_become(&bed, "l", &["0", "3", "4"]);
    assert!(!bed.log().contains("discarding event 3"));
}

// configuration.rst, buffer_size: "The default is 10".
#[test]
fn ten_events_wait_by_default() {
    let bed = busy("");
    let texts: Vec<String> = (1..=12).map(|number| number.to_string()).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    send(&bed, &texts);
    bed.logs("ERRO pool l event buffer overflowed, discarding event 2");
    release(&bed);
    let mut expected = vec!["0"];
    expected.extend(&texts[2..]);
    texts_become(&bed, "l", &expected);
}

// undocumented: an event that comes back pushes the oldest out as well.
#[test]
fn an_event_that_comes_back_needs_room() {
    let bed = busy("buffer_size=2\n");
    send(&bed, &["1", "2"]);
    bed.write("l.answer", "RESULT 4\nFAIL");
    let answer = bed.path("l.answer");
    release(&bed);
    bed.logs("WARN l: event was rejected");
    bed.logs("ERRO pool l event buffer overflowed, discarding event 1");
    std::fs::remove_file(answer).unwrap();
    bed.eventually("the last is heard", || {
        heard(&bed, "l").last().is_some_and(|event| event.payload == "type:t\n2")
    });
    assert!(heard(&bed, "l").iter().all(|event| event.payload != "type:t\n1"));
}

// undocumented: events that come before a listener is ready wait for it.
#[test]
fn events_wait_for_the_first_listener() {
    let text = format!("{DEBUG}{}autostart=false\n", listener("l", "REMOTE_COMMUNICATION"));
    let bed = TestBed::new(&text);
    send(&bed, &["1", "2"]);
    bed.ask("startProcess", ["l".into()]);
    texts_become(&bed, "l", &["1", "2"]);
}

// undocumented: a listener gets events only when it is RUNNING.
#[test]
fn a_starting_listener_gets_nothing() {
    let text = format!("{DEBUG}{}startsecs=600\n", listener("l", "REMOTE_COMMUNICATION"));
    let bed = TestBed::new(&text);
    ready(&bed, "l");
    bed.state_becomes("l", "STARTING");
    send(&bed, &["1"]);
    bed.ask("getState", []);
    assert_eq!(heard(&bed, "l"), []);
}
