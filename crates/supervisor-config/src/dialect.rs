//! The dialect: what Python's `RawConfigParser` reads in a file, as the original sets it up.
//!
//! Owns comments, continuation lines, headers, keys, the encoding, and the errors of all that. Turns a file into
//! *canonical* text that every INI parser reads alike: one line per header and per key, values in quotation marks,
//! each name preceded by its line number, which also guards it against trimming. Knows no section and no key.
//!
//! Python changed its rule for inline comments in 3.13; this is the newer one: the earliest `;` or `#` behind a
//! blank begins the comment.

use std::fmt::Write;

use crate::error::{Place, Reason};
use crate::python::{is_blank, strip, strip_end};

/// Stands between the line number and the name in canonical text.
pub(crate) const MARK: char = '|';

/// A file as it was read.
pub(crate) struct Source {
    /// As the original names it in messages.
    pub(crate) name: String,
    text: String,
    /// Where each line begins.
    lines: Vec<u32>,
}

/// The canonical form of a file, and what is wrong with the file.
pub(crate) struct Canonical {
    pub(crate) text: String,
    pub(crate) problems: Vec<(Reason, Option<Place>)>,
}

impl Source {
    /// Decodes a file. Bad bytes end it; what precedes them is still read, as the original sometimes finds a mistake
    /// there first.
    pub(crate) fn decode(name: &str, bytes: Vec<u8>) -> (Self, Option<Undecodable>) {
        let (text, bad) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let bad = Undecodable::new(error.as_bytes(), &error.utf8_error());
                let mut bytes = error.into_bytes();
                bytes.truncate(bad.readable);
                (String::from_utf8_lossy(&bytes).into_owned(), Some(bad))
            }
        };
        let mut lines = vec![0];
        let mut previous = 0;
        for (at, byte) in (1..).zip(text.bytes()) {
            match byte {
                b'\n' if previous == b'\r' => *lines.last_mut().unwrap_or(&mut 0) = at,
                b'\n' | b'\r' => lines.push(at),
                _ => {}
            }
            previous = byte;
        }
        (Self { name: name.to_owned(), text, lines }, bad)
    }

    /// A line, counted from 0, without its end; and whether it has one.
    fn line(&self, index: usize) -> (&str, bool) {
        let start = self.lines[index] as usize;
        let end = self.lines.get(index + 1).map_or(self.text.len(), |&next| next as usize);
        let whole = &self.text[start..end];
        let line = whole.strip_suffix('\n').unwrap_or(whole);
        let line = line.strip_suffix('\r').unwrap_or(line);
        (line, line.len() < whole.len())
    }

    /// The place of a whole line, counted from 1.
    pub(crate) fn place(&self, line: usize) -> Place {
        let text = self.line(line - 1).0;
        let column = text.chars().take_while(|&c| is_blank(c)).count();
        let width = strip(text).chars().count();
        Place { file: self.name.clone(), line, text: text.to_owned(), column, width }
    }

    /// The place of the key of a line.
    pub(crate) fn key_place(&self, line: usize) -> Place {
        let mut place = self.place(line);
        let text = strip(&place.text);
        place.width = strip_end(&text[..text.find(['=', ':']).unwrap_or(text.len())]).chars().count();
        place
    }

    /// The place of the value that begins in a line.
    pub(crate) fn value_place(&self, line: usize) -> Place {
        let mut place = self.place(line);
        let text = uncommented(&place.text);
        let start = text.find(['=', ':']).map_or(0, |at| at + 1);
        let (before, value) = (&text[..start], &text[start..]);
        let blanks = value.chars().take_while(|&c| is_blank(c)).count();
        (place.column, place.width) = match strip(value).chars().count() {
            0 => (before.chars().count(), 0),
            width => (before.chars().count() + blanks, width),
        };
        place
    }
}

/// Bytes that are not UTF-8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Undecodable {
    reason: Reason,
    /// How much of the file Python hands out before it meets them: it decodes 8192 bytes at a time.
    readable: usize,
}

impl Undecodable {
    /// Python counts the position from the start of its chunk, with what is left of a character of the chunk before.
    fn new(bytes: &[u8], error: &std::str::Utf8Error) -> Self {
        const CHUNK: usize = 8192;
        let start = error.valid_up_to();
        let (length, met, what) = match error.error_len() {
            None => (bytes.len() - start, bytes.len(), "unexpected end of data"),
            Some(1) if !(0xc2..=0xf4).contains(&bytes[start]) => (1, start, "invalid start byte"),
            Some(length) => (length, start + length, "invalid continuation byte"),
        };
        let chunk = met / CHUNK * CHUNK;
        let pending = (0..4).find(|back| {
            let at = chunk.saturating_sub(*back);
            at <= start && str::from_utf8(&bytes[..start]).is_ok_and(|text| text.is_char_boundary(at))
        });
        let position = match error.error_len() {
            None => 0,
            Some(_) if start < chunk => 0,
            Some(_) => start - chunk + pending.unwrap_or(0),
        };
        let reason = Reason::Undecodable { first: bytes[start], position, length, what };
        let readable = if error.error_len().is_none() { start } else { chunk.min(start) };
        // Of the chunk before, only whole lines were handed out.
        let whole = bytes[..readable].iter().rposition(|&b| b == b'\n').map_or(0, |at| at + 1);
        Self { reason, readable: whole }
    }
}

/// A key whose value is not complete, as more lines may follow.
struct Pending {
    line: usize,
    key: String,
    /// Escaped for quotation marks.
    value: String,
    /// Empty lines, which count only when something follows them.
    empty: usize,
}

/// Puts a file into canonical form.
pub(crate) fn canonical(source: &Source, undecodable: Option<Undecodable>) -> Canonical {
    let mut reader = Reader {
        source,
        out: String::with_capacity(source.text.len() + source.text.len() / 4),
        pending: None,
        in_section: false,
        indent: 0,
        bad_lines: Vec::new(),
        problems: Vec::new(),
    };
    for index in 0..source.lines.len() {
        if !reader.line(index) {
            return Canonical { text: String::new(), problems: reader.problems };
        }
    }
    reader.finish_value();
    // Python stops at bad bytes before it tells of bad lines.
    if let Some(bad) = undecodable {
        reader.problems.push((bad.reason, None));
    }
    if let Some(&first) = reader.bad_lines.first() {
        let lines = reader
            .bad_lines
            .iter()
            .map(|&index| match source.line(index) {
                (line, true) => (index + 1, format!("{line}\n")),
                (line, false) => (index + 1, line.to_owned()),
            })
            .collect();
        let reason = Reason::BadLines { file: source.name.clone(), lines };
        reader.problems.push((reason, Some(source.place(first + 1))));
    }
    Canonical { text: reader.out, problems: reader.problems }
}

struct Reader<'a> {
    source: &'a Source,
    out: String,
    pending: Option<Pending>,
    in_section: bool,
    /// Of the line that began the current key or section.
    indent: usize,
    bad_lines: Vec<usize>,
    problems: Vec<(Reason, Option<Place>)>,
}

impl Reader<'_> {
    /// Whether reading goes on.
    fn line(&mut self, index: usize) -> bool {
        let (line, ended) = self.source.line(index);
        let clean = uncommented(line);
        let content = strip(clean);
        if content.is_empty() {
            // A line with nothing but a comment does not count as empty.
            if let Some(pending) = self.pending.as_mut().filter(|_| clean.len() == line.len()) {
                pending.empty += 1;
            }
            return true;
        }
        let indent = line.chars().take_while(|&c| is_blank(c)).count();
        if let Some(pending) = self.pending.as_mut().filter(|_| indent > self.indent) {
            pending.value.extend(std::iter::repeat_n('\n', pending.empty + 1));
            pending.empty = 0;
            escape_into(content, &mut pending.value);
            return true;
        }
        self.indent = indent;
        if let Some(name) = header(content) {
            self.finish_value();
            self.in_section = true;
            let _ = write!(self.out, "[{}{MARK}", index + 1);
            for c in name.chars() {
                match c {
                    ']' | '\\' => self.out.extend(['\\', c]),
                    c => self.out.push(c),
                }
            }
            self.out.push(MARK);
            self.out.push_str("]\n");
            return true;
        }
        if !self.in_section {
            let text = if ended { format!("{line}\n") } else { line.to_owned() };
            let reason = Reason::NoHeader { file: self.source.name.clone(), line: index + 1, text };
            self.problems.push((reason, Some(self.source.place(index + 1))));
            return false;
        }
        self.key(index, content);
        true
    }

    fn key(&mut self, index: usize, content: &str) {
        let Some(at) = content.find(['=', ':']) else {
            self.bad_lines.push(index);
            return;
        };
        self.finish_value();
        let key = strip_end(&content[..at]);
        if key.is_empty() {
            self.bad_lines.push(index);
            return;
        }
        let mut value = String::new();
        escape_into(strip(&content[at + 1..]), &mut value);
        self.pending = Some(Pending { line: index + 1, key: key.to_lowercase(), value, empty: 0 });
    }

    fn finish_value(&mut self) {
        let Some(Pending { line, key, value, .. }) = self.pending.take() else { return };
        let _ = write!(self.out, "{line}{MARK}");
        for c in key.chars() {
            match c {
                '\\' => self.out.push_str("\\\\"),
                c => self.out.push(c),
            }
        }
        self.out.push_str("=\"");
        self.out.push_str(&value);
        self.out.push_str("\"\n");
    }
}

fn escape_into(value: &str, out: &mut String) {
    let mut rest = value;
    while let Some(at) = rest.find(['"', '\\']) {
        out.push_str(&rest[..at]);
        out.push('\\');
        out.push_str(&rest[at..=at]);
        rest = &rest[at + 1..];
    }
    out.push_str(rest);
}

/// A line up to its comment.
fn uncommented(line: &str) -> &str {
    if strip(line).starts_with(['#', ';']) {
        return "";
    }
    let mut from = 0;
    while let Some(at) = line[from..].find(['#', ';']).map(|at| at + from) {
        match line[..at].chars().next_back() {
            Some(before) if is_blank(before) => return &line[..at - before.len_utf8()],
            _ => from = at + 1,
        }
    }
    line
}

/// The name in a header: up to the last `]`, at least one character.
fn header(content: &str) -> Option<&str> {
    let rest = content.strip_prefix('[')?;
    rest.rfind(']').filter(|&end| end > 0).map(|end| &rest[..end])
}

#[cfg(test)]
mod tests;
