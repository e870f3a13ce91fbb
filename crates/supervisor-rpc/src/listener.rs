//! For those who write event listeners: the protocol between supervisord and a listener, seen from the listener.
//!
//! A listener says [`ready`], reads one [`Event`], and answers it with [`ok`] or [`fail`]; then again. It must write nothing
//! else to its standard output. Blocking on purpose: a listener has nothing else to do.

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};

use thiserror::Error;

/// The longest header or body that is believed.
const LIMIT: usize = 64 << 20;

/// Words such as `processname:cat groupname:cat`, in headers and in payloads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tokens(BTreeMap<String, String>);

impl Tokens {
    /// Splits at white space, and each word at its first colon; what has none is left out.
    pub fn parse(text: &str) -> Self {
        let words = text.split_whitespace().filter_map(|word| word.split_once(':'));
        Self(words.map(|(key, value)| (key.to_owned(), value.to_owned())).collect())
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }
}

/// The line before an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Version of the protocol, `3.0`.
    pub ver: String,
    /// The identifier of the supervisord.
    pub server: String,
    /// Number of the event, one sequence for all pools.
    pub serial: u64,
    /// The pool that this listener belongs to.
    pub pool: String,
    /// Number of the event in this pool.
    pub poolserial: u64,
    /// Its type, such as `PROCESS_STATE_EXITED`.
    pub eventname: String,
    /// Length of the payload in characters.
    pub len: usize,
}

impl Header {
    /// Reads the line.
    pub fn parse(line: &str) -> Result<Self, EventError> {
        let tokens = Tokens::parse(line);
        let text = |key| tokens.get(key).ok_or_else(|| EventError::BadHeader(line.to_owned()));
        let number = |key| text(key)?.parse().map_err(|_| EventError::BadHeader(line.to_owned()));
        Ok(Self {
            ver: text("ver")?.to_owned(),
            server: text("server")?.to_owned(),
            serial: number("serial")?,
            pool: text("pool")?.to_owned(),
            poolserial: number("poolserial")?,
            eventname: text("eventname")?.to_owned(),
            len: usize::try_from(number("len")?).map_err(|_| EventError::BadHeader(line.to_owned()))?,
        })
    }
}

/// The text of an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payload {
    /// Its first line, as words.
    pub tokens: Tokens,
    /// What follows the first line: the output of a process, or the data of a remote event.
    pub data: String,
}

impl Payload {
    /// Splits at the first line feed.
    pub fn parse(text: &str) -> Self {
        let (first, data) = text.split_once('\n').unwrap_or((text, ""));
        Self { tokens: Tokens::parse(first), data: data.to_owned() }
    }
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its header.
    pub header: Header,
    /// Its text.
    pub payload: Payload,
}

/// Why there is no event.
#[derive(Debug, Error)]
pub enum EventError {
    /// supervisord closed the pipe, or it broke.
    #[error("cannot read an event: {0}")]
    Read(#[from] io::Error),
    /// A header that lacks a word, or has one that is no number.
    #[error("not the header of an event: {0:?}")]
    BadHeader(String),
}

/// Waits for the next event; `None` when supervisord closed the pipe.
pub fn read_event(input: &mut impl BufRead) -> Result<Option<Event>, EventError> {
    let mut line = String::new();
    if io::Read::take(&mut *input, LIMIT as u64).read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let header = Header::parse(&line)?;
    if header.len > LIMIT {
        return Err(EventError::BadHeader(line));
    }
    let payload = Payload::parse(&read_characters(input, header.len)?);
    Ok(Some(Event { header, payload }))
}

/// `len` counts characters, not bytes: read as many bytes as so many characters take.
fn read_characters(input: &mut impl BufRead, count: usize) -> io::Result<String> {
    let mut bytes = Vec::new();
    let mut missing = count;
    while missing > 0 {
        let buffer = input.fill_buf()?;
        if buffer.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut used = 0;
        while used < buffer.len() && (missing > 0 || !starts_character(buffer[used])) {
            missing -= usize::from(starts_character(buffer[used]));
            used += 1;
        }
        bytes.extend_from_slice(&buffer[..used]);
        input.consume(used);
    }
    // The last character may go on in bytes that are yet to come.
    while std::str::from_utf8(&bytes).is_err_and(|error| error.error_len().is_none()) {
        let mut byte = [0];
        io::Read::read_exact(input, &mut byte)?;
        bytes.push(byte[0]);
    }
    String::from_utf8(bytes).map_err(|_| io::ErrorKind::InvalidData.into())
}

fn starts_character(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

/// Tells supervisord that this listener can take an event.
pub fn ready(output: &mut impl Write) -> io::Result<()> {
    output.write_all(b"READY\n")?;
    output.flush()
}

/// Tells supervisord that the event was dealt with.
pub fn ok(output: &mut impl Write) -> io::Result<()> {
    result(output, "OK")
}

/// Gives the event back: supervisord sends it again later.
pub fn fail(output: &mut impl Write) -> io::Result<()> {
    result(output, "FAIL")
}

/// Any other answer, for a `result_handler` of its own.
pub fn result(output: &mut impl Write, answer: &str) -> io::Result<()> {
    write!(output, "RESULT {}\n{answer}", answer.len())?;
    output.flush()
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    const EVENT: &str = "ver:3.0 server:supervisor serial:21 pool:listener poolserial:10 eventname:PROCESS_COMMUNICATION_STDOUT \
                         len:46\nprocessname:foo groupname:bar pid:123\ndé: the d";

    #[test]
    fn an_event_is_read_whatever_the_pieces_it_comes_in() {
        for capacity in [1, 2, 3, 7, 4096] {
            let mut input = BufReader::with_capacity(capacity, EVENT.as_bytes());
            let event = read_event(&mut input).expect("an event").expect("not the end");
            assert_eq!((event.header.serial, event.header.poolserial), (21, 10));
            assert_eq!(event.header.eventname, "PROCESS_COMMUNICATION_STDOUT");
            assert_eq!(event.payload.tokens.get("groupname"), Some("bar"));
            assert_eq!(event.payload.data, "dé: the ");
            let mut rest = String::new();
            input.read_line(&mut rest).expect("readable");
            assert_eq!(rest, "d");
        }
    }

    #[test]
    fn a_character_of_several_bytes_may_be_the_last() {
        let text = EVENT.replace("len:46", "len:40");
        let mut input = BufReader::with_capacity(1, text.as_bytes());
        let event = read_event(&mut input).expect("an event").expect("not the end");
        assert_eq!(event.payload.data, "dé");
    }

    #[test]
    fn the_end_is_no_error_but_half_an_event_is() {
        assert!(matches!(read_event(&mut &b""[..]), Ok(None)));
        assert!(matches!(read_event(&mut &EVENT.as_bytes()[..150]), Err(EventError::Read(_))));
        assert!(matches!(read_event(&mut &b"ver:3.0\n"[..]), Err(EventError::BadHeader(_))));
    }

    #[test]
    fn answers_have_the_form_of_the_protocol() {
        let mut output = Vec::new();
        ready(&mut output).and_then(|()| ok(&mut output)).expect("a vector takes all");
        ready(&mut output).and_then(|()| fail(&mut output)).expect("a vector takes all");
        assert_eq!(output, b"READY\nRESULT 2\nOKREADY\nRESULT 4\nFAIL");
    }
}
