//! Manual, "Events": what is told to whom, in which words, and what a listener answers.

use harness::TestBed;

mod buffers;
mod envelope;
mod pools;
mod protocol;
mod types;

/// A pool of one listener, which writes down what it gets and says yes.
fn listener(name: &str, events: &str) -> String {
    format!(
        "[eventlistener:{name}]\ncommand=/bin/sh {{programs}}/listener.sh {{here}} {name}\nevents={events}\nstartsecs=0\n"
    )
}

/// An event as it was heard.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Heard {
    header: String,
    payload: String,
}

impl Heard {
    /// The value of a word in the header.
    fn word(&self, key: &str) -> &str {
        let found = self.header.split(' ').find_map(|word| word.strip_prefix(key)?.strip_prefix(':'));
        found.unwrap_or_else(|| panic!("no {key} in {}", self.header))
    }

    fn name(&self) -> &str {
        self.word("eventname")
    }
}

/// What a listener has heard (normalised).
fn heard(bed: &TestBed, listener: &str) -> Vec<Heard> {
    let text = bed.normalise(&bed.read(listener));
    let mut events: Vec<_> = text.split("\n.\n").collect();
    // The last is not complete yet, or empty.
    events.pop();
    let event = |text: &str| {
        let (header, payload) = text.split_once('\n').unwrap_or((text, ""));
        Heard { header: header.to_owned(), payload: payload.to_owned() }
    };
    events.into_iter().map(event).collect()
}

/// Waits until a listener has heard so many events.
#[track_caller]
fn hears(bed: &TestBed, listener: &str, count: usize) -> Vec<Heard> {
    bed.eventually(&format!("{listener} hears {count} events"), || heard(bed, listener).len() >= count);
    let events = heard(bed, listener);
    assert_eq!(events.len(), count, "{events:#?}");
    events
}

/// Waits until the payloads that a listener has heard are these.
#[track_caller]
fn payloads_become(bed: &TestBed, listener: &str, expected: &[&str]) {
    bed.eventually(&format!("{listener} hears {expected:?}"), || {
        heard(bed, listener).iter().map(|event| event.payload.as_str()).eq(expected.iter().copied())
    });
}

/// The payloads of these texts, sent by [`send`].
fn remote(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| format!("type:t\n{text}")).collect()
}

/// Waits until a listener has heard these texts of remote events and nothing else.
#[track_caller]
fn texts_become(bed: &TestBed, listener: &str, texts: &[&str]) {
    let texts = remote(texts);
    payloads_become(bed, listener, &texts.iter().map(String::as_str).collect::<Vec<_>>());
}

/// Makes a remote event of each text.
#[track_caller]
fn send(bed: &TestBed, texts: &[&str]) {
    for &text in texts {
        bed.ask("sendRemoteCommEvent", ["t".into(), text.into()]);
    }
}

/// Waits until a listener has told that it is ready.
#[track_caller]
fn ready(bed: &TestBed, name: &str) {
    bed.logs(&format!("DEBG {name}: ACKNOWLEDGED -> READY"));
}

/// A program that stops when there is a file go, so that listeners have the time to hear of the end.
const SLOW: &str = "[program:slow]\ncommand=/bin/sh -c \"trap '' TERM; echo up; while [ ! -e {here}/go ]; do sleep 0.02; done\"\n\
                    startsecs=0\nautorestart=false\nstdout_logfile={here}/slow\npriority=0\n";

/// The log tells of the conversation with listeners.
const DEBUG: &str = "[supervisord]\nloglevel=debug\n";
