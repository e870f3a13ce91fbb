//! tail -f and maintail -f: until Ctrl-C.

use harness::TestBed;

use super::CTRL_C;

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=%(here)s/out\n\
    [program:oops]\ncommand=/bin/sh -c \"echo oops >&2; exec sleep 1000\"\nstartsecs=0\nstderr_logfile=%(here)s/err\n";

fn say(bed: &TestBed, text: &str) {
    bed.ask("sendProcessStdin", ["cat".into(), text.into()]);
}

// running.rst, tail -f: "Continuous tail of named process stdout. Ctrl-C to exit."
#[test]
fn a_log_is_followed_until_ctrl_c() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    say(&bed, "one\n");
    bed.file_becomes("out", "one\n");
    let mut terminal = bed.ctl_terminal(["tail", "-f", "cat"]);
    terminal.becomes("==> Press Ctrl-C to exit <==\none\n");
    say(&bed, "two\nthree é\n");
    terminal.becomes("==> Press Ctrl-C to exit <==\none\ntwo\nthree é\n");
    terminal.types(CTRL_C);
    assert_eq!(terminal.exit_code(), Some(0));
    let screen = terminal.screen().replace("^C", "");
    assert_eq!(screen, "==> Press Ctrl-C to exit <==\none\ntwo\nthree é\n\n");
}

// running.rst, tail -f: of stderr too.
#[test]
fn stderr_is_followed() {
    let bed = TestBed::new(CAT);
    bed.file_becomes("err", "oops\n");
    let mut terminal = bed.ctl_terminal(["tail", "-f", "oops", "stderr"]);
    terminal.becomes("==> Press Ctrl-C to exit <==\noops\n");
}

// undocumented: within the shell the prompt comes back.
#[test]
fn the_shell_goes_on_after_a_followed_log() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    say(&bed, "one\n");
    bed.file_becomes("out", "one\n");
    let mut terminal = bed.ctl_terminal([]);
    terminal.ends_with("supervisor>");
    terminal.types("tail -f cat\r");
    terminal.ends_with("supervisor> tail -f cat\n==> Press Ctrl-C to exit <==\none\n");
    terminal.types(CTRL_C);
    terminal.ends_with("\nsupervisor>");
    terminal.types("version\r");
    terminal.ends_with("supervisor> version\n4.3.0\nsupervisor>");
}

// running.rst, maintail -f: "Continuous tail of supervisor main log file (Ctrl-C to exit)".
#[test]
fn the_main_log_is_followed() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    let mut terminal = bed.ctl_terminal(["maintail", "-f"]);
    terminal.shows("==> Press Ctrl-C to exit <==\n");
    terminal.shows(
        "INFO success: cat entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)\n",
    );
    bed.ask("stopProcess", ["cat".into()]);
    terminal.shows("WARN stopped: cat (terminated by SIGTERM)\n");
    terminal.types(CTRL_C);
    assert_eq!(terminal.exit_code(), Some(0));
}

// undocumented: what cannot be followed is told on stderr, and is no failure.
#[test]
fn what_cannot_be_followed_is_told() {
    let bed = TestBed::new(CAT);
    let url = "unix://HERE/supervisor.sock";
    for (args, path) in [
        (&["tail", "-f", "eel"][..], "/logtail/eel/stdout"),
        (&["tail", "-f", "eel", "stderr"], "/logtail/eel/stderr"),
    ] {
        let output = bed.ctl(args.iter().copied());
        assert_eq!((output.stdout.as_str(), output.code), ("==> Press Ctrl-C to exit <==\n", Some(0)));
        assert_eq!(output.stderr.trim_end(), format!("{url}{path} Cannot read, status code 404"), "{path}");
    }
}
