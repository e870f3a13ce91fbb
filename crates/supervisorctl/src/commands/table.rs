//! The table of commands.

use super::{Command, Completes, config, daemon, fg, help, start_stop, status, tail, wait};

/// What most commands have in common.
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
        json: true,
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
