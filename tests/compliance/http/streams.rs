//! Logs that are followed. Manual, "supervisorctl Actions", tail -f.

use harness::{Setup, Signal, TestBed, Wire};

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=%(here)s/out\nstderr_logfile=%(here)s/err\n";

#[track_caller]
fn follow(bed: &TestBed, path: &str) -> Wire {
    let mut wire = bed.connect();
    wire.send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
    let head = wire.head();
    assert_eq!(head.status, "HTTP/1.1 200 OK");
    for (name, value) in [
        ("content-type", "text/plain;charset=utf-8"),
        ("transfer-encoding", "chunked"),
        ("last-modified", "DATE"),
        ("server", "Medusa/1.12"),
    ] {
        assert_eq!(head.header(name), Some(value), "{path}");
    }
    if path.starts_with("/logtail") {
        assert_eq!(head.header("x-accel-buffering"), Some("no"));
    }
    wire
}

#[track_caller]
fn say(bed: &TestBed, text: &str) {
    bed.ask("sendProcessStdin", ["cat".into(), text.into()]);
}

// undocumented: a log is sent as it grows.
#[test]
fn a_log_is_followed_as_it_grows() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    say(&bed, "one\n");
    bed.file_becomes("out", "one\n");
    let mut wire = follow(&bed, "/logtail/cat");
    assert_eq!(wire.chunks(4), "one\n");
    for text in ["two\n", "no end", "é<&>\n"] {
        say(&bed, text);
        assert_eq!(wire.chunks(text.len()), text);
    }
}

// undocumented: it starts with the last kibibyte.
#[test]
fn a_followed_log_starts_near_its_end() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    let lines: String = (0..500).map(|number| format!("line {number}\n")).collect();
    say(&bed, &lines);
    bed.file_becomes("out", &lines);
    let mut wire = follow(&bed, "/logtail/cat/stdout");
    assert_eq!(wire.chunks(1024), lines[lines.len() - 1024..]);
    say(&bed, "more\n");
    assert_eq!(wire.chunks(5), "more\n");
}

// undocumented: a log that is empty yet is waited for.
#[test]
fn an_empty_log_is_waited_for() {
    let bed = TestBed::new(
        "[program:loud]\ncommand=/bin/sh -c \"while [ ! -e {here}/go ]; do sleep 0.05; done; echo oops >&2; exec sleep 1000\"\n\
         stderr_logfile=%(here)s/err\n",
    );
    bed.state_becomes("loud", "RUNNING");
    let mut wire = follow(&bed, "/logtail/loud/stderr");
    bed.write("go", "");
    assert_eq!(wire.chunks(5), "oops\n");
}

// undocumented: several may follow.
#[test]
fn several_follow_at_once() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    let mut wires: Vec<_> = (0..5).map(|_| follow(&bed, "/logtail/cat")).collect();
    say(&bed, "hello\n");
    for wire in &mut wires {
        assert_eq!(wire.chunks(6), "hello\n");
    }
}

// undocumented: a log that is rotated away goes on with the new file.
#[test]
fn a_followed_log_survives_its_rotation() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    say(&bed, "old\n");
    bed.file_becomes("out", "old\n");
    let mut wire = follow(&bed, "/logtail/cat");
    assert_eq!(wire.chunks(4), "old\n");
    std::fs::rename(bed.path("out"), bed.path("out.old")).unwrap();
    bed.signal(Signal::SIGUSR2);
    bed.eventually("there is a new log", || bed.path("out").exists());
    say(&bed, "new\n");
    assert_eq!(wire.chunks(4), "new\n");
}

// undocumented: a log that is cleared goes on.
#[test]
fn a_followed_log_survives_its_clearing() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    say(&bed, "long text before\n");
    bed.file_becomes("out", "long text before\n");
    let mut wire = follow(&bed, "/logtail/cat");
    assert_eq!(wire.chunks(17), "long text before\n");
    bed.ask("clearProcessLogs", ["cat".into()]);
    say(&bed, "after\n");
    assert_eq!(wire.chunks(6), "after\n");
}

// undocumented: the main log can be followed too.
#[test]
fn the_main_log_is_followed() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    bed.logs(
        "INFO success: cat entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)",
    );
    for path in ["/mainlogtail", "/mainlogtail/x"] {
        let mut wire = follow(&bed, path);
        wire.until("(startsecs)\n");
        bed.ask("stopProcess", ["cat".into()]);
        wire.until("WARN stopped: cat (terminated by SIGTERM)\n");
        bed.ask("startProcess", ["cat".into()]);
    }
}

// undocumented: who follows does not keep the daemon from its end.
#[test]
fn a_follower_does_not_hold_up_the_shutdown() {
    let mut bed = Setup { text: CAT, ..Setup::default() }.start();
    bed.state_becomes("cat", "RUNNING");
    let mut wire = follow(&bed, "/mainlogtail");
    wire.chunk();
    bed.signal(Signal::SIGTERM);
    assert_eq!(bed.exit_code(), Some(0));
}
