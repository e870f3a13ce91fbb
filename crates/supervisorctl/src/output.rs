//! The way to stdout: buffered lines, tables, colours, JSON.
//!
//! Bytes are those of the original unless stdout is a terminal. Never decides what to say.

use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, Stdout, Write};

use serde::Serialize;
use supervisor_rpc::info::ProcessInfo;
use supervisor_rpc::namespec;

/// Where lines go.
#[derive(Debug)]
pub(crate) struct Output {
    sink: BufWriter<Stdout>,
    /// stdout is a terminal.
    pub(crate) terminal: bool,
    /// States are shown in colour.
    colour: bool,
    /// stdout is for one JSON document: lines go to stderr.
    pub(crate) json: bool,
    /// The first error of writing, kept for [`flush`](Self::flush).
    error: Option<io::Error>,
}

impl Output {
    pub(crate) fn new() -> Self {
        let stdout = io::stdout();
        let terminal = stdout.is_terminal();
        // no-color.org: present and not empty.
        let colour = terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        Self { sink: BufWriter::new(stdout), terminal, colour, json: false, error: None }
    }

    /// A line.
    pub(crate) fn say(&mut self, line: impl Display) {
        if self.json {
            eprintln!("{line}");
        } else if let Err(error) = writeln!(self.sink, "{line}") {
            self.error.get_or_insert(error);
        }
    }

    /// Bytes as they are, at once.
    pub(crate) fn raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.sink.write_all(bytes)?;
        self.flush()
    }

    /// A question, without the end of its line.
    pub(crate) fn ask(&mut self, question: &str) -> io::Result<()> {
        self.raw(question.as_bytes())
    }

    /// The one document of `--json`.
    pub(crate) fn document(&mut self, facts: &impl Serialize) {
        let written = serde_json::to_writer_pretty(&mut self.sink, facts).map_err(io::Error::from);
        if let Err(error) = written.and_then(|()| writeln!(self.sink)) {
            self.error.get_or_insert(error);
        }
    }

    /// Everything said so far is out, or it is told why not.
    pub(crate) fn flush(&mut self) -> io::Result<()> {
        if let Some(error) = self.error.take() {
            return Err(error);
        }
        // The buffer of `Stdout` ends at line feeds and must be told of the rest.
        self.sink.flush()?;
        self.sink.get_mut().flush()
    }

    /// The rows of `status`.
    pub(crate) fn statuses(&mut self, infos: &[ProcessInfo]) {
        for row in rows(infos, self.colour) {
            self.say(row);
        }
    }
}

/// The rows of `status`: names as wide as the longest, at least 30, and three spaces.
fn rows(infos: &[ProcessInfo], colour: bool) -> impl Iterator<Item = String> {
    let names: Vec<String> = infos.iter().map(|info| namespec::show(&info.group, &info.name)).collect();
    let width = names.iter().map(|name| name.chars().count()).max().unwrap_or_default().max(30) + 3;
    names.into_iter().zip(infos).map(move |(name, info)| {
        let state = &info.statename;
        let description = &info.description;
        if !colour {
            return format!("{name:width$}{state:10}{description}");
        }
        let spaces = " ".repeat(10_usize.saturating_sub(state.len()));
        format!("{name:width$}\x1b[{}m{state}\x1b[0m{spaces}{description}", colour_of(state))
    })
}

/// What is well is green, what changes yellow, what is broken red, what rests is dim.
fn colour_of(state: &str) -> &'static str {
    match state {
        "RUNNING" => "32",
        "STARTING" | "STOPPING" | "BACKOFF" => "33",
        "FATAL" | "UNKNOWN" => "31",
        "STOPPED" => "2",
        _ => "0",
    }
}

/// Words in columns, as Python's `cmd` lays them out: down, then right, in as few lines as `width` allows.
pub(crate) fn columns(words: &[&str], width: usize) -> Vec<String> {
    let length = |word: &&str| word.chars().count();
    let layout = |lines: usize| -> Vec<usize> {
        words.chunks(lines).map(|column| column.iter().map(length).max().unwrap_or_default()).collect()
    };
    let fits = |lines: &usize| {
        let widths = layout(*lines);
        widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1) <= width
    };
    let Some(lines) = (1..words.len()).find(fits) else {
        return words.iter().map(|word| (*word).to_owned()).collect();
    };
    let widths = layout(lines);
    let line = |at: usize| {
        let cells = words.iter().skip(at).step_by(lines).zip(&widths);
        cells.map(|(word, width)| format!("{word:width$}")).collect::<Vec<_>>().join("  ")
    };
    (0..lines).map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn info(group: &str, name: &str, statename: &str, description: &str) -> ProcessInfo {
        ProcessInfo {
            name: name.into(),
            group: group.into(),
            start: 0,
            stop: 0,
            now: 0,
            state: 0,
            statename: statename.into(),
            spawnerr: String::new(),
            exitstatus: 0,
            logfile: String::new(),
            stdout_logfile: String::new(),
            stderr_logfile: String::new(),
            pid: 0,
            description: description.into(),
        }
    }

    #[test]
    fn rows_are_as_wide_as_the_longest_name() {
        let infos =
            [info("cat", "cat", "STARTING", ""), info("web", "b", "RUNNING", "pid 1, uptime 0:00:01")];
        let seen: Vec<String> = rows(&infos, false).collect();
        assert_eq!(seen[0], "cat                              STARTING  ");
        assert_eq!(seen[1], "web:b                            RUNNING   pid 1, uptime 0:00:01");
        let long = "x".repeat(40);
        let seen: Vec<String> = rows(&[info(&long, &long, "FATAL", "why")], false).collect();
        assert_eq!(seen[0], format!("{long}   FATAL     why"));
    }

    #[test]
    fn colours_do_not_move_columns() {
        let seen: Vec<String> = rows(&[info("a", "a", "FATAL", "why")], true).collect();
        assert_eq!(
            seen[0].replace("\x1b[31m", "").replace("\x1b[0m", ""),
            format!("{:33}FATAL     why", "a")
        );
    }

    #[test]
    fn columns_are_those_of_python() {
        assert_eq!(columns(&["a", "bbb", "cc"], 79), ["a  bbb  cc"]);
        assert_eq!(columns(&["a", "bbb", "cc", "d"], 7), ["a    cc", "bbb  d "]);
        assert_eq!(columns(&["a", "bbb", "cc"], 1), ["a", "bbb", "cc"]);
        assert_eq!(columns(&[], 79), [""; 0]);
    }
}
