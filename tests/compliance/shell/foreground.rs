//! fg: a process at the terminal.

use harness::TestBed;

use super::{CTRL_C, CTRL_D};

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=%(here)s/out\nautorestart=false\n\
    [program:dog]\ncommand=/bin/cat\nautostart=false\n";

// running.rst, fg: "Connect to a process in foreground mode. Press Ctrl+C to exit foreground".
#[test]
fn lines_go_to_the_process_and_come_back() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    let mut terminal = bed.ctl_terminal([]);
    terminal.ends_with("supervisor>");
    terminal.types("fg cat\r");
    terminal.ends_with("supervisor> fg cat\n==> Press Ctrl-C to exit <==\n");
    terminal.types("hello\r");
    bed.file_becomes("out", "hello\n");
    terminal.ends_with("==> Press Ctrl-C to exit <==\nhello\nhello\n");
    terminal.types("you\r");
    terminal.ends_with("hello\nhello\nyou\nyou\n");
    terminal.types(CTRL_C);
    terminal.ends_with("Exiting foreground\nsupervisor>");
    assert_eq!(bed.state("cat"), "RUNNING");
}

// undocumented: the end of the input ends it too.
#[test]
fn the_end_of_the_input_ends_it() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    let mut terminal = bed.ctl_terminal(["fg", "cat"]);
    terminal.becomes("==> Press Ctrl-C to exit <==\n");
    terminal.types(CTRL_D);
    // Then the original stumbles, now and then, over the log that it follows in a thread and has just closed.
    terminal.shows("==> Press Ctrl-C to exit <==\nExiting foreground\n");
}

// undocumented: a process that is gone is noticed at the next line.
#[test]
fn a_process_that_is_gone_is_noticed() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    let mut terminal = bed.ctl_terminal(["fg", "cat"]);
    terminal.becomes("==> Press Ctrl-C to exit <==\n");
    bed.ask("stopProcess", ["cat".into()]);
    terminal.types("hello\r");
    terminal.ends_with("Process got killed\nExiting foreground\n");
}

// undocumented: what cannot be brought to the foreground.
#[test]
fn what_cannot_be_brought_to_the_foreground() {
    let bed = TestBed::new(CAT);
    for (args, words) in [
        (&["fg", "cat", "dog"][..], "ERROR: too many process names supplied\n"),
        (&["fg", "eel"], "ERROR: bad process name supplied\n"),
        (&["fg", "cat:*"], "ERROR: bad process name supplied\n"),
        (&["fg", "dog"], "ERROR: process not running\n"),
    ] {
        let output = bed.ctl(args.iter().copied());
        assert_eq!((output.stdout.as_str(), output.code), (words, Some(1)), "{args:?}");
    }
    let output = bed.ctl(["fg"]);
    assert!(
        output.stdout.starts_with("ERROR: no process name supplied\nfg <process>\t"),
        "{}",
        output.stdout
    );
    assert_eq!(output.code, Some(1));
}
