//! Any output of a program, cut anywhere: log, capture and events do not depend on the cuts, and without options nothing is changed.
#![no_main]

use libfuzzer_sys::fuzz_target;
use supervisord::process::output::{Output, Piece};

/// What came out, joined by kind.
#[derive(Debug, Default, PartialEq)]
struct Told {
    plain: Vec<u8>,
    captured: Vec<u8>,
    communications: Vec<Vec<u8>>,
}

impl Told {
    fn piece(&mut self, piece: Piece<'_>) {
        match piece {
            Piece::Plain(bytes) => self.plain.extend_from_slice(bytes),
            Piece::Captured(bytes) => self.captured.extend_from_slice(bytes),
            Piece::Communication(bytes) => self.communications.push(bytes.to_vec()),
        }
    }
}

fuzz_target!(|input: (u8, bool, Vec<u8>, &[u8])| {
    let (capture, strip_ansi, cuts, bytes) = input;
    let read = |pieces: &mut dyn Iterator<Item = &[u8]>| {
        let mut output = Output::new(capture.into(), strip_ansi);
        let mut told = Told::default();
        pieces.for_each(|piece| output.feed(piece, &mut |piece| told.piece(piece)));
        output.finish(&mut |piece| told.piece(piece));
        told
    };
    let whole = read(&mut std::iter::once(bytes));
    let (mut cut, mut rest) = (Vec::new(), bytes);
    for length in cuts {
        let (piece, after) = rest.split_at(usize::from(length).min(rest.len()));
        cut.push(piece);
        rest = after;
    }
    cut.push(rest);
    assert_eq!(read(&mut cut.into_iter()), whole);
    assert_eq!(read(&mut bytes.chunks(1)), whole);
    if capture == 0 && !strip_ansi {
        assert_eq!(whole.plain, bytes);
    }
    assert!(whole.communications.iter().all(|data| data.len() <= capture.into()));
});
