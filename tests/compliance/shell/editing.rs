//! The prompt, the keys, completion and history.

use harness::{Terminal, TestBed, ctl_differs};

use super::{CTRL_C, CTRL_D, CTRL_U, UP, stopped};

const PROGRAMS: &str = "[program:cat]\ncommand=/bin/cat\nautostart=false\n[program:cow-1]\ncommand=/bin/cat\nautostart=false\n\
    [program:alpha]\ncommand=/bin/cat\nautostart=false\n[program:beta]\ncommand=/bin/cat\nautostart=false\n\
    [group:zoo]\nprograms=alpha,beta\n";

fn shell(bed: &TestBed) -> Terminal<'_> {
    let mut terminal = bed.ctl_terminal([]);
    terminal.ends_with("supervisor>");
    terminal
}

// running.rst: "a shell interpreting actions typed interactively is started": it begins with the status.
#[test]
fn the_shell_shows_what_is_typed_and_said() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    let mut terminal = bed.ctl_terminal([]);
    let start = format!("{}supervisor>", stopped("cat"));
    terminal.becomes(&start);
    terminal.types("version\r");
    terminal.becomes(&format!("{start} version\n4.3.0\nsupervisor>"));
    terminal.types("\r");
    terminal.becomes(&format!("{start} version\n4.3.0\nsupervisor>\nsupervisor>"));
    // A key that was wrong.
    terminal.types("pid cax\u{7f}t\r");
    terminal.ends_with("supervisor> pid cat\n0\nsupervisor>");
    terminal.types("nothing\r");
    terminal.ends_with("supervisor> nothing\n*** Unknown syntax: nothing\nsupervisor>");
    terminal.types("quit\r");
    assert_eq!(terminal.exit_code(), Some(0));
}

// running.rst, exit: "Exit the supervisor shell"; as the end of the input and Ctrl-C do.
#[test]
fn the_shell_can_be_left_in_several_ways() {
    let bed = TestBed::new("");
    for keys in ["exit\r", "quit\r", "EOF\r", CTRL_D, CTRL_C] {
        let mut terminal = shell(&bed);
        terminal.types(keys);
        assert_eq!(terminal.exit_code(), Some(0), "{keys:?}");
        assert!(terminal.screen().ends_with('\n'), "{keys:?}");
    }
}

// undocumented: what Tab makes of the beginning of a word.
#[test]
fn words_are_completed() {
    let bed = TestBed::new(PROGRAMS);
    let mut terminal = shell(&bed);
    for (typed, completed) in [
        ("ver\t", "version"),
        ("sig\t", "signal"),
        ("hel\tmaint\t", "help maintail"),
        ("start ca\t", "start cat"),
        ("stop cow\t", "stop cow-1"),
        ("status zoo:al\t", "status zoo:alpha"),
        ("tail zoo:b\t", "tail zoo:beta"),
        ("restart cow\tca\t", "restart cow-1 cat"),
        ("signal HUP zoo:be\t", "signal HUP zoo:beta"),
        ("clear ca\t", "clear cat"),
        ("pid co\t", "pid cow-1"),
        ("fg co\t", "fg cow-1"),
        ("add zo\t", "add zoo"),
        ("remove zo\t", "remove zoo"),
        ("update ca\tco\t", "update cat cow-1"),
        // Nothing fits.
        ("start eel\t", "start eel"),
        ("reread ca\t", "reread ca"),
    ] {
        terminal.types(typed);
        terminal.ends_with(&format!("supervisor> {completed}"));
        // A blank follows what is complete.
        terminal.types("!");
        let last = completed.split(' ').next_back().unwrap_or_default();
        let blank = if typed.ends_with(&format!("{last}\t")) { "" } else { " " };
        terminal.ends_with(&format!("supervisor> {completed}{blank}!"));
        terminal.types(CTRL_U);
        terminal.ends_with("supervisor>");
    }
}

// undocumented: where several words fit, all are shown.
#[test]
fn what_fits_is_listed() {
    let bed = TestBed::new(PROGRAMS);
    let mut terminal = shell(&bed);
    for (typed, fitting) in [
        ("sta\t\t", vec!["start", "status"]),
        ("\t\t", vec!["add", "avail", "maintail", "version"]),
        ("start zoo:\t\t", vec!["zoo:*", "zoo:alpha", "zoo:beta"]),
        ("start c\t\t", vec!["cat", "cow-1"]),
        ("add \t\t", vec!["cat", "cow-1", "zoo"]),
    ] {
        let before = terminal.screen().len();
        terminal.types(typed);
        for word in fitting {
            harness::eventually(&format!("{word} is listed for {typed:?}"), || {
                terminal.screen()[before..].split_whitespace().any(|shown| shown == word)
            });
        }
        let line = format!("supervisor> {}", typed.trim_end_matches('\t'));
        terminal.ends_with(line.trim_end());
        terminal.types(CTRL_U);
        terminal.ends_with("supervisor>");
    }
}

// undocumented: what was started since is known at the next line.
#[test]
fn completion_knows_what_is_new() {
    let bed = TestBed::new("");
    let mut terminal = shell(&bed);
    terminal.types("start ca\t");
    terminal.ends_with("supervisor> start ca");
    terminal.types(CTRL_U);
    bed.configure("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    terminal.types("update\r");
    terminal.ends_with("cat: added process group\nsupervisor>");
    terminal.types("start ca\t");
    terminal.ends_with("supervisor> start cat");
}

// undocumented: earlier lines come back.
#[test]
fn earlier_lines_come_back() {
    let bed = TestBed::new("");
    let mut terminal = shell(&bed);
    terminal.types("version\r");
    terminal.ends_with("4.3.0\nsupervisor>");
    terminal.types("pid eel\r");
    terminal.ends_with("No such process eel\nsupervisor>");
    terminal.types(&format!("{UP}{UP}"));
    terminal.ends_with("supervisor> version");
    terminal.types("\r");
    terminal.ends_with("supervisor> version\n4.3.0\nsupervisor>");
}

// configuration.rst, [supervisorctl] history_file: "A path to use as the readline persistent history file."
#[test]
fn lines_are_kept_in_a_file() {
    let bed = TestBed::new("[supervisorctl]\nhistory_file=%(here)s/history\n");
    let mut terminal = shell(&bed);
    terminal.types("version\r");
    terminal.ends_with("4.3.0\nsupervisor>");
    terminal.types("pid eel\r");
    terminal.ends_with("No such process eel\nsupervisor>");
    terminal.types(CTRL_D);
    assert_eq!(terminal.exit_code(), Some(0));
    assert_eq!(bed.read("history"), "version\npid eel\n");
    let mut terminal = shell(&bed);
    terminal.types(&format!("{UP}{UP}"));
    terminal.ends_with("supervisor> version");
    terminal.types(&format!("{CTRL_U}quit\r"));
    assert_eq!(terminal.exit_code(), Some(0));
    assert_eq!(bed.read("history"), "version\npid eel\nquit\n");
}

// running.rst, -r: "Keep a readline history (if readline is available)".
#[test]
fn the_file_of_the_history_may_be_given() {
    let bed = TestBed::new("");
    let history = bed.path("history").display().to_string();
    let mut terminal = bed.ctl_terminal(["-r", &history]);
    terminal.ends_with("supervisor>");
    terminal.types("version\r");
    terminal.ends_with("4.3.0\nsupervisor>");
    terminal.types(CTRL_D);
    assert_eq!(terminal.exit_code(), Some(0));
    assert_eq!(bed.read("history"), ctl_differs! { ours: "version\n", theirs: "", why: "`-r` works" });
}

// configuration.rst, [supervisorctl] prompt: "String used as supervisorctl prompt."
#[test]
fn the_prompt_may_be_chosen() {
    let bed = TestBed::new("[supervisorctl]\nprompt=my %(ENV_TERM)s\n");
    let mut terminal = bed.ctl_terminal([]);
    terminal.ends_with("my xterm>");
}
