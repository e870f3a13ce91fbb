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
        self.part(line, strip(text))
    }

    /// The place of the key of a line.
    pub(crate) fn key_place(&self, line: usize) -> Place {
        let text = strip(self.line(line - 1).0);
        self.part(line, strip_end(&text[..text.find(['=', ':']).unwrap_or(text.len())]))
    }

    /// The place of the value that begins in a line.
    pub(crate) fn value_place(&self, line: usize) -> Place {
        let text = self.line(line - 1).0;
        let start = text.find(['=', ':']).map_or(0, |at| at + 1);
        // A comment that begins further away than anybody looks need not be found.
        let shown = text[start..].trim_start_matches(is_blank);
        let end = shown
            .char_indices()
            .nth(Place::SHOWN)
            .map_or(text.len(), |(at, _)| text.len() - shown.len() + at);
        self.part(line, strip(&uncommented(&text[..end])[start..]))
    }

    /// The place of a part of a line.
    fn part(&self, line: usize, part: &str) -> Place {
        let text = self.line(line - 1).0;
        // Both are slices of the same text.
        let start = part.as_ptr().addr() - text.as_ptr().addr();
        Place::new(&self.name, line, text, start..start + part.len())
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

/// Puts a file into canonical form, piece by piece, so that whoever parses that holds a part of a great file only.
pub(crate) struct Reader<'a> {
    source: &'a Source,
    /// The line that comes next, counted from 0.
    next: usize,
    /// The current header in canonical form. Each piece begins with one.
    header: String,
    out: String,
    pending: Option<Pending>,
    /// Of the line that began the current key or section.
    indent: usize,
    bad_lines: Vec<(usize, String)>,
    more_bad_lines: usize,
    /// Text before the first header: nothing else is looked at.
    headless: Option<(Reason, Option<Place>)>,
    ended: bool,
}

impl<'a> Reader<'a> {
    /// Pieces are a little longer than this.
    const PIECE: usize = 1 << 20;
    /// More bad lines are counted only.
    const BAD_LINES: usize = 1000;

    pub(crate) fn new(source: &'a Source) -> Self {
        Self {
            source,
            next: 0,
            header: String::new(),
            out: String::with_capacity(Self::PIECE.min(source.text.len() + source.text.len() / 4)),
            pending: None,
            indent: 0,
            bad_lines: Vec::new(),
            more_bad_lines: 0,
            headless: None,
            ended: false,
        }
    }

    /// The next piece, if there is one.
    pub(crate) fn piece(&mut self) -> Option<String> {
        if self.ended {
            return None;
        }
        let most = Self::PIECE + self.header.len();
        while self.next < self.source.lines.len() && self.headless.is_none() && self.out.len() < most {
            self.line(self.next);
            self.next += 1;
        }
        self.ended = self.next == self.source.lines.len() || self.headless.is_some();
        if self.ended {
            self.finish_value();
        }
        let next = if self.ended { String::new() } else { self.header.clone() };
        Some(std::mem::replace(&mut self.out, next))
    }

    /// What is wrong with the file.
    pub(crate) fn problems(self, undecodable: Option<Undecodable>) -> Vec<(Reason, Option<Place>)> {
        if let Some(headless) = self.headless {
            return vec![headless];
        }
        // Python stops at bad bytes before it tells of bad lines.
        let mut problems: Vec<_> = undecodable.map(|bad| (bad.reason, None)).into_iter().collect();
        if let Some(&(first, _)) = self.bad_lines.first() {
            let (lines, more) = (self.bad_lines, self.more_bad_lines);
            let reason = Reason::BadLines { file: self.source.name.clone(), lines, more };
            problems.push((reason, Some(self.source.place(first))));
        }
        problems
    }

    fn line(&mut self, index: usize) {
        let (line, _) = self.source.line(index);
        let clean = uncommented(line);
        let content = strip(clean);
        if content.is_empty() {
            // A line with nothing but a comment does not count as empty.
            if let Some(pending) = self.pending.as_mut().filter(|_| clean.len() == line.len()) {
                pending.empty += 1;
            }
            return;
        }
        let indent = line.chars().take_while(|&c| is_blank(c)).count();
        if let Some(pending) = self.pending.as_mut().filter(|_| indent > self.indent) {
            pending.value.extend(std::iter::repeat_n('\n', pending.empty + 1));
            pending.empty = 0;
            escape_into(content, '"', &mut pending.value);
            return;
        }
        self.indent = indent;
        if let Some(name) = header(content) {
            self.finish_value();
            self.begin_section(index, name);
        } else if self.header.is_empty() {
            let (line, text) = self.whole(index);
            let reason = Reason::NoHeader { file: self.source.name.clone(), line, text };
            self.headless = Some((reason, Some(self.source.place(line))));
        } else {
            self.key(index, content);
        }
    }

    fn begin_section(&mut self, index: usize, name: &str) {
        self.header.clear();
        let _ = write!(self.header, "[{}{MARK}", index + 1);
        escape_into(name, ']', &mut self.header);
        self.header.push(MARK);
        self.header.push_str("]\n");
        self.out.push_str(&self.header);
    }

    fn bad_line(&mut self, index: usize) {
        match self.bad_lines.len() {
            Self::BAD_LINES => self.more_bad_lines += 1,
            _ => self.bad_lines.push(self.whole(index)),
        }
    }

    /// The number of a line, counted from 1, and its text as Python shows it.
    fn whole(&self, index: usize) -> (usize, String) {
        match self.source.line(index) {
            (line, true) => (index + 1, format!("{line}\n")),
            (line, false) => (index + 1, line.to_owned()),
        }
    }

    fn key(&mut self, index: usize, content: &str) {
        let Some(at) = content.find(['=', ':']) else {
            self.bad_line(index);
            return;
        };
        self.finish_value();
        let key = strip_end(&content[..at]);
        if key.is_empty() {
            self.bad_line(index);
            return;
        }
        let mut value = String::new();
        escape_into(strip(&content[at + 1..]), '"', &mut value);
        self.pending = Some(Pending { line: index + 1, key: key.to_lowercase(), value, empty: 0 });
    }

    fn finish_value(&mut self) {
        let Some(Pending { line, key, value, .. }) = self.pending.take() else { return };
        let _ = write!(self.out, "{line}{MARK}");
        escape_into(&key, '\\', &mut self.out);
        self.out.push_str("=\"");
        self.out.push_str(&value);
        self.out.push_str("\"\n");
    }
}

/// Puts a backslash before each `mark` and each backslash.
fn escape_into(text: &str, mark: char, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find([mark, '\\']) {
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
        return &line[..0];
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
