//! The table of commands, and how a line becomes one of them.

mod config;
mod daemon;
mod fg;
mod follow;
mod help;
mod shared;
mod start_stop;
mod status;
mod tail;
mod wait;

use supervisor_rpc::client::ClientError;

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

const PLAIN: Command = Command {
    name: "",
    upcheck: false,
    alone: false,
    json: false,
    completes: Completes::Nothing,
    original: true,
    help: &[],
    run: |_, _| Ok(()),
};

/// Every command, sorted by name.
pub(crate) const TABLE: &[Command] = &[
    Command {
        name: "add",
        json: true,
        completes: Completes::Groups,
        help: &["add <name> [...]\tMake groups run that the configuration has, as read last"],
        run: config::add,
        ..PLAIN
    },
    Command {
        name: "avail",
        alone: true,
        json: true,
        help: &["avail\t\t\tShow all processes of the configuration, as read last"],
        run: config::avail,
        ..PLAIN
    },
    Command {
        name: "clear",
        upcheck: true,
        json: true,
        completes: Completes::Processes,
        help: &[
            "clear <name>\t\tEmpty the log files of a process",
            "clear <name> <name>\tEmpty the log files of several processes",
            "clear all\t\tEmpty the log files of all processes",
        ],
        run: tail::clear,
        ..PLAIN
    },
    Command { name: "exit", help: &["exit\tLeave this shell"], ..PLAIN },
    Command {
        name: "fg",
        upcheck: true,
        completes: Completes::Processes,
        help: &[
            "fg <process>\tTalk to a process: its output is shown, your lines go to it",
            "\t\tCtrl-C ends that",
        ],
        run: fg::fg,
        ..PLAIN
    },
    Command {
        name: "help",
        completes: Completes::Commands,
        help: &["help\t\tList the actions", "help <action>\tExplain an action"],
        run: help::help,
        ..PLAIN
    },
    Command {
        name: "maintail",
        upcheck: true,
        help: &[
            "maintail -f \tFollow the log of supervisord (Ctrl-C ends that)",
            "maintail -100\tShow the last 100 *bytes* of the log of supervisord",
            "maintail\tShow the last 1600 *bytes* of the log of supervisord",
            "",
        ],
        run: tail::maintail,
        ..PLAIN
    },
    Command {
        name: "open",
        help: &[
            "open <url>\tTalk to another supervisord from now on",
            "\t\t(http://host:port, or unix:///path for a unix socket)",
        ],
        run: daemon::open,
        ..PLAIN
    },
    Command {
        name: "pid",
        upcheck: true,
        json: true,
        completes: Completes::Processes,
        help: &[
            "pid\t\t\tShow the process id of supervisord",
            "pid <name>\t\tShow the process id of a process",
            "pid all\t\t\tShow the process ids of all processes, one in a line",
        ],
        run: status::pid,
        ..PLAIN
    },
    Command { name: "quit", help: &["quit\tLeave this shell"], ..PLAIN },
    Command {
        name: "reload",
        alone: true,
        help: &["reload \t\tRestart supervisord, and all programs with it"],
        run: daemon::reload,
        ..PLAIN
    },
    Command {
        name: "remove",
        json: true,
        completes: Completes::Groups,
        help: &["remove <name> [...]\tForget groups whose processes are stopped"],
        run: config::remove,
        ..PLAIN
    },
    Command {
        name: "reread",
        alone: true,
        json: true,
        help: &["reread \t\t\tRead the configuration and show what changed, but change nothing"],
        run: config::reread,
        ..PLAIN
    },
    Command {
        name: "restart",
        upcheck: true,
        json: true,
        completes: Completes::Processes,
        help: &[
            "restart <name>\t\tStop and start a process",
            "restart <gname>:*\tStop and start all processes of a group",
            "restart <name> <name>\tStop and start several processes or groups",
            "restart all\t\tStop and start all processes",
            "Note: the configuration is not read again. See reread and update for that.",
        ],
        run: start_stop::restart,
        ..PLAIN
    },
    Command {
        name: "shutdown",
        alone: true,
        help: &["shutdown \tStop all programs and supervisord"],
        run: daemon::shutdown,
        ..PLAIN
    },
    Command {
        name: "signal",
        upcheck: true,
        json: true,
        completes: Completes::Processes,
        help: &[
            "signal <signal name> <name>\t\tSend a signal to a process",
            "signal <signal name> <gname>:*\t\tSend a signal to all processes of a group",
            "signal <signal name> <name> <name>\tSend a signal to several processes or groups",
            "signal <signal name> all\t\tSend a signal to all processes",
        ],
        run: start_stop::signal,
        ..PLAIN
    },
    Command {
        name: "start",
        upcheck: true,
        json: true,
        completes: Completes::Processes,
        help: &[
            "start <name>\t\tStart a process",
            "start <gname>:*\t\tStart all processes of a group",
            "start <name> <name>\tStart several processes or groups",
            "start all\t\tStart all processes",
        ],
        run: start_stop::start,
        ..PLAIN
    },
    Command {
        name: "status",
        json: true,
        completes: Completes::Processes,
        help: &[
            "status <name>\t\tShow the state of a process",
            "status <gname>:*\tShow the states of all processes of a group",
            "status <name> <name>\tShow the states of several processes or groups",
            "status\t\t\tShow the states of all processes",
        ],
        run: status::status,
        ..PLAIN
    },
    Command {
        name: "stop",
        upcheck: true,
        json: true,
        completes: Completes::Processes,
        help: &[
            "stop <name>\t\tStop a process",
            "stop <gname>:*\t\tStop all processes of a group",
            "stop <name> <name>\tStop several processes or groups",
            "stop all\t\tStop all processes",
        ],
        run: start_stop::stop,
        ..PLAIN
    },
    Command {
        name: "tail",
        upcheck: true,
        completes: Completes::Processes,
        help: &[
            "tail [-f] <name> [stdout|stderr] (stdout if not said)",
            "Ex:",
            "tail -f <name>\t\tFollow the stdout log of a process",
            "\t\t\tCtrl-C ends that",
            "tail -f <name> <name>\tFollow several, with the name before each line",
            "tail -100 <name>\tShow the last 100 *bytes* of the stdout log",
            "tail <name> stderr\tShow the last 1600 *bytes* of the stderr log",
        ],
        run: tail::tail,
        ..PLAIN
    },
    Command {
        name: "update",
        json: true,
        completes: Completes::Groups,
        help: &[
            "update\t\t\tRead the configuration; add, restart and remove the groups that changed",
            "update all\t\tThe same",
            "update <gname> [...]\tThe same, for these groups only",
        ],
        run: config::update,
        ..PLAIN
    },
    Command {
        name: "version",
        upcheck: true,
        alone: true,
        json: true,
        help: &["version\t\t\tShow the version of supervisord"],
        run: daemon::version,
        ..PLAIN
    },
    Command {
        name: "wait",
        upcheck: true,
        completes: Completes::Processes,
        original: false,
        help: &[
            "wait <name> [...]\tWait until processes are RUNNING",
            "wait <name> --state S\tWait for another state",
            "wait <name> --timeout N\tGive up after N seconds",
        ],
        run: wait::wait,
        ..PLAIN
    },
];

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
