//! Any bytes from a listener, cut anywhere: what they mean does not depend on the cuts, and little of it is kept.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supervisord::listener::protocol::{Action, Protocol};

fuzz_target!(|input: (&[u8], Vec<(u8, bool)>)| {
    let (bytes, cuts) = input;
    let (mut whole, mut pieces) = (Protocol::default(), Protocol::default());
    let mut rest = bytes;
    // An event is sent to both at the same place.
    for (length, sends) in cuts {
        let (piece, after) = rest.split_at(usize::from(length).min(rest.len()));
        rest = after;
        let mut said = Vec::new();
        for byte in piece.chunks(1) {
            said.extend(pieces.feed(byte));
        }
        assert_eq!(whole.feed(piece), said);
        if sends && whole.state() == supervisord::listener::protocol::ListenerState::Ready {
            whole.sent();
            pieces.sent();
        }
        assert_eq!(whole.state(), pieces.state());
    }
    let actions = whole.feed(rest);
    for action in &actions {
        if let Action::BadResultLine(line) = action {
            assert!(line.len() < 8192, "{} characters", line.len());
        }
    }
    let mut said = Vec::new();
    rest.chunks(1).for_each(|byte| said.extend(pieces.feed(byte)));
    assert_eq!(actions, said);
});
