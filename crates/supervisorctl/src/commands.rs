//! What a command is, and how a line becomes one. The commands are in [`table`].

mod config;
mod daemon;
mod fg;
mod follow;
mod help;
mod shared;
mod start_stop;
mod status;
mod table;
mod tail;
mod wait;

use supervisor_rpc::client::ClientError;

pub(crate) use self::table::TABLE;
use crate::controller::{Controller, exit};
use crate::failure::Failure;

/// What comes after a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The next line.
    Continue,
    /// The end of the shell.
    Quit,
    /// Ctrl-C: the end of the shell, too.
    Interrupted,
}

/// What completes the words behind a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Completes {
    Nothing,
    Commands,
    Groups,
    Processes,
}

/// What a command is given.
#[derive(Debug)]
pub(crate) struct Arguments<'a> {
    /// All of it.
    text: &'a str,
    /// Cut at white space.
    words: Vec<String>,
}

/// A command.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) name: &'static str,
    /// It is pointless without a daemon: ask that first.
    upcheck: bool,
    /// It takes no arguments.
    alone: bool,
    /// It knows `--json`.
    json: bool,
    pub(crate) completes: Completes,
    /// The original has it.
    original: bool,
    /// Its forms and what they do.
    help: &'static [&'static str],
    run: fn(&mut Controller, &Arguments<'_>) -> Result<(), Failure>,
}

/// Each command and the lines of its help, for the manual page and completions.
pub fn manual() -> impl Iterator<Item = (&'static str, &'static [&'static str])> {
    TABLE.iter().map(|command| (command.name, command.help))
}

/// The command of this name.
pub(crate) fn find(name: &str) -> Option<&'static Command> {
    TABLE.iter().find(|command| command.name == name)
}

/// What a line means.
#[derive(Debug, PartialEq, Eq)]
enum Line<'a> {
    Empty,
    Command { name: &'a str, text: &'a str },
}

/// Cuts a line as Python's `cmd` does: the first word is letters, digits and underscores; `?` is short for `help`.
fn parse(line: &str) -> Line<'_> {
    let line = line.trim();
    if line.is_empty() {
        return Line::Empty;
    }
    if let Some(topic) = line.strip_prefix('?') {
        return Line::Command { name: "help", text: topic.trim() };
    }
    let end = line.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(line.len());
    Line::Command { name: &line[..end], text: line[end..].trim() }
}

/// Runs a line and tells what went wrong with it.
pub(crate) fn run_line(ctl: &mut Controller, line: &str) -> Flow {
    let flow = loop {
        let failure = match dispatch(ctl, line) {
            Ok(flow) => break flow,
            Err(failure) => failure,
        };
        let refused = matches!(failure, Failure::Client(ClientError::Status { code: 401, .. }));
        if refused {
            ctl.say("Server requires authentication");
        }
        let failure = match refused && ctl.options.interactive {
            true => match log_in(ctl) {
                Ok(()) => continue,
                Err(failure) => failure,
            },
            false => failure,
        };
        match failure {
            Failure::Interrupted => break Flow::Interrupted,
            // Nobody reads any more.
            Failure::Io(error) if error.kind() == std::io::ErrorKind::BrokenPipe => break Flow::Quit,
            failure => {
                ctl.refuse(exit::GENERIC, format_args!("error: {failure}"));
                if let Failure::Client(error) = &failure {
                    ctl.explain(error);
                }
                break Flow::Continue;
            }
        }
    };
    ctl.out.json = false;
    flow
}

fn log_in(ctl: &mut Controller) -> Result<(), Failure> {
    let username = ctl.ask("Username:")?;
    let password = ctl.ask_secretly("Password:")?;
    ctl.say("");
    ctl.log_in(username, password);
    Ok(())
}

fn dispatch(ctl: &mut Controller, line: &str) -> Result<Flow, Failure> {
    let (name, text) = match parse(line) {
        Line::Empty => return Ok(Flow::Continue),
        Line::Command { name: "quit" | "exit" | "EOF", .. } => {
            ctl.say("");
            return Ok(Flow::Quit);
        }
        Line::Command { name, text } => (name, text),
    };
    let Some(command) = find(name) else {
        ctl.refuse(exit::GENERIC, format_args!("*** Unknown syntax: {}", line.trim()));
        return Ok(Flow::Continue);
    };
    let mut arguments = Arguments { text, words: text.split_whitespace().map(str::to_owned).collect() };
    if command.json && arguments.words.iter().any(|word| word == "--json") {
        arguments.words.retain(|word| word != "--json");
        ctl.out.json = true;
    }
    if command.alone && !arguments.words.is_empty() {
        ctl.refuse(exit::GENERIC, format_args!("Error: {name} accepts no arguments"));
        help::explain(ctl, command);
    } else if !command.upcheck || ctl.upcheck()? {
        (command.run)(ctl, &arguments)?;
    }
    Ok(Flow::Continue)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_explained() {
        assert!(TABLE.is_sorted_by_key(|command| command.name));
        assert!(TABLE.iter().all(|command| !command.help.is_empty()));
    }

    #[test]
    fn lines_are_cut_as_python_does() {
        for (line, name, text) in [
            ("status", "status", ""),
            ("  status  a  b ", "status", "a  b"),
            ("status;", "status", ";"),
            ("?pid", "help", "pid"),
            ("? pid", "help", "pid"),
            ("!ls", "", "!ls"),
            ("EOF", "EOF", ""),
            ("a_1:x", "a_1", ":x"),
        ] {
            assert_eq!(parse(line), Line::Command { name, text }, "{line}");
        }
        assert_eq!(parse(" \t"), Line::Empty);
    }
}
