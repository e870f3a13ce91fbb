//! help

use harness::TestBed;

use super::{assert_runs, session, synopses};

const LIST: &str = "\ndefault commands (type help <topic>):\n=====================================\n\
    add    exit      open  reload  restart   start   tail   \n\
    avail  fg        pid   remove  shutdown  status  update \n\
    clear  maintail  quit  reread  signal    stop    version\n\n";

// running.rst, help: "Print a list of available actions".
#[test]
fn help_lists_the_actions() {
    let bed = TestBed::new("");
    assert_runs(&bed, &[("help", LIST, 0), ("help nothing", "*** No help on nothing\n", 0)]);
    let said = session(&bed, &["help", "?", "? nothing", "?nothing"]);
    assert_eq!(said, [LIST, LIST, "*** No help on nothing\n", "*** No help on nothing\n"]);
}

// running.rst, help <action>: "Print help for action".
#[test]
fn help_explains_each_action() {
    let bed = TestBed::new("");
    let expected: &[(&str, &[&str])] = &[
        ("help", &["help", "help <action>"]),
        ("add", &["add <name> [...]"]),
        ("avail", &["avail"]),
        ("clear", &["clear <name>", "clear <name> <name>", "clear all"]),
        ("exit", &["exit"]),
        ("fg", &["fg <process>"]),
        ("maintail", &["maintail -f", "maintail -100", "maintail"]),
        ("open", &["open <url>"]),
        ("pid", &["pid", "pid <name>", "pid all"]),
        ("quit", &["quit"]),
        ("reload", &["reload"]),
        ("remove", &["remove <name> [...]"]),
        ("reread", &["reread"]),
        ("restart", &["restart <name>", "restart <gname>:*", "restart <name> <name>", "restart all", "Note"]),
        ("shutdown", &["shutdown"]),
        (
            "signal",
            &[
                "signal <signal name> <name>",
                "signal <signal name> <gname>:*",
                "signal <signal name> <name> <name>",
                "signal <signal name> all",
            ],
        ),
        ("start", &["start <name>", "start <gname>:*", "start <name> <name>", "start all"]),
        ("status", &["status <name>", "status <gname>:*", "status <name> <name>", "status"]),
        ("stop", &["stop <name>", "stop <gname>:*", "stop <name> <name>", "stop all"]),
        (
            "tail",
            &[
                "tail [-f] <name> [stdout|stderr]",
                "Ex:",
                "tail -f <name>",
                "tail -100 <name>",
                "tail <name> stderr",
            ],
        ),
        ("update", &["update", "update all", "update <gname> [...]"]),
        ("version", &["version"]),
    ];
    let lines: Vec<_> = expected.iter().map(|(action, _)| format!("help {action}")).collect();
    let said = session(&bed, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    for ((action, synopsis), said) in expected.iter().zip(said) {
        let mut found = synopses(&said);
        // Ours follows several.
        found.retain(|line| line != "tail -f <name> <name>");
        if let Some(note) = found.iter_mut().find(|line| line.starts_with("Note: ")) {
            note.truncate("Note".len());
        }
        assert_eq!(found, *synopsis, "{action}");
        assert!(said.contains('\t'), "{action} is explained: {said}");
    }
}
