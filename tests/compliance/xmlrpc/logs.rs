//! Logs of processes: read, followed, cleared. Manual, "Process Logging".

use harness::{Signal, TestBed, Value, member};

use super::refused;

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n\
    stdout_logfile=%(here)s/out\nstderr_logfile=%(here)s/err\n";

// api.rst, tailProcessStdoutLog: "Requests (length) bytes from the (name)'s log, starting at (offset). If the total log size is greater
// than (offset + length), the overflow flag is set and the (offset) is automatically increased to position the buffer at the end of the
// log. If less than (length) bytes are available, the maximum number of available bytes will be returned. (offset) returned is always the
// last offset in the log +1."
#[test]
fn a_log_is_followed() {
    let bed = TestBed::new(CAT);
    bed.write("out", "hello world\n");
    bed.write("err", "hello world\n");
    for method in ["tailProcessStdoutLog", "tailProcessLog", "tailProcessStderrLog"] {
        for (offset, length, text, overflow) in [
            (0, 12, "hello world\n", false),
            (0, 100, "hello world\n", false),
            (0, 5, "orld\n", true),
            (0, 0, "", true),
            (6, 6, "world\n", false),
            (6, 100, "hello world\n", false),
            (7, 5, "orld\n", false),
            (7, 6, "world\n", false),
            (10, 1, "\n", true),
            (11, 1, "\n", false),
            (12, 0, "", false),
            (12, 1, "", false),
            (13, 1, "", false),
            (100, 500, "", false),
        ] {
            let expected = Value::Array(vec![text.into(), Value::Int(12), overflow.into()]);
            let told = bed.ask(method, ["cat".into(), Value::Int(offset), Value::Int(length)]);
            assert_eq!(told, expected, "{method} {offset} {length}");
        }
    }
}

// undocumented: what the original's clients do: from the end, by what has come.
#[test]
fn a_log_is_followed_from_its_end() {
    let bed = TestBed::new(CAT);
    bed.ask("startProcess", ["cat".into()]);
    let tail =
        |offset: &Value| bed.ask("tailProcessStdoutLog", ["cat".into(), offset.clone(), Value::Int(1000)]);
    let told = |value: Value| match value {
        Value::Array(values) => (values[0].clone(), values[1].clone(), values[2].clone()),
        other => panic!("not an array: {other:?}"),
    };
    assert_eq!(told(tail(&Value::Int(0))), ("".into(), Value::Int(0), false.into()));
    bed.ask("sendProcessStdin", ["cat".into(), "one\n".into()]);
    bed.file_becomes("out", "one\n");
    let (text, offset, _) = told(tail(&Value::Int(0)));
    assert_eq!((text, offset.clone()), ("one\n".into(), Value::Int(4)));
    assert_eq!(told(tail(&offset)).0, "".into());
}

// undocumented: the log of a process that has none, or whose log is not there.
#[test]
fn a_missing_log_is_told() {
    let bed = TestBed::new(&format!(
        "{CAT}[program:dog]\ncommand=/bin/cat\nautostart=false\nstdout_logfile=NONE\nredirect_stderr=true\n"
    ));
    for name in ["out", "err"] {
        let _ = std::fs::remove_file(bed.path(name));
    }
    let zero = || Value::Int(0);
    let read = |method: &str, name: &str| refused(&bed, method, [name.into(), zero(), zero()]);
    assert_eq!(read("readProcessStdoutLog", "cat"), (20, format!("NO_FILE: {}/out", bed.here())));
    assert_eq!(read("readProcessStderrLog", "cat"), (20, format!("NO_FILE: {}/err", bed.here())));
    assert_eq!(read("readProcessStdoutLog", "dog"), (20, "NO_FILE".to_owned()));
    assert_eq!(read("readProcessStderrLog", "dog"), (20, "NO_FILE".to_owned()));
    for (method, name) in [
        ("tailProcessStdoutLog", "cat"),
        ("tailProcessStderrLog", "cat"),
        ("tailProcessStdoutLog", "dog"),
        ("tailProcessStderrLog", "dog"),
    ] {
        let told = bed.ask(method, [name.into(), zero(), zero()]);
        assert_eq!(told, Value::Array(vec!["".into(), zero(), false.into()]), "{method} {name}");
    }
}

// api.rst, clearProcessLogs: "Clear the stdout and stderr logs for the process and reopen them."
#[test]
fn both_logs_of_a_process_are_cleared() {
    let bed = TestBed::new(
        "[program:loud]\ncommand=/bin/sh -c \"echo out; echo err >&2; exec cat\"\nstartsecs=0\n\
         stdout_logfile=%(here)s/out\nstderr_logfile=%(here)s/err\n",
    );
    for (method, number) in [("clearProcessLogs", 1), ("clearProcessLog", 2)] {
        bed.eventually("the logs are written", || {
            bed.read("out").ends_with('\n') && (number == 2 || bed.read("err") == "err\n")
        });
        assert_eq!(bed.rpc(method, ["loud".into()]), Ok(true.into()));
        assert_eq!((bed.read("out"), bed.read("err")), (String::new(), String::new()));
        bed.ask("sendProcessStdin", ["loud".into(), "more\n".into()]);
        bed.file_becomes("out", "more\n");
    }
}

// api.rst, clearAllProcessLogs: "Clear all process log files. Return result An array of process status info structs".
#[test]
fn the_logs_of_all_processes_are_cleared() {
    let bed = TestBed::new(
        "[program:a]\ncommand=/bin/sh -c \"echo a; exec cat\"\nstartsecs=0\nstdout_logfile=%(here)s/a\npriority=2\n\
         [program:b]\ncommand=/bin/sh -c \"echo b; exec cat\"\nstartsecs=0\nstdout_logfile=%(here)s/b\npriority=1\n",
    );
    bed.file_becomes("a", "a\n");
    bed.file_becomes("b", "b\n");
    let Value::Array(results) = bed.ask("clearAllProcessLogs", []) else { panic!("an array") };
    let told: Vec<_> = results
        .iter()
        .map(|result| ["name", "group", "status", "description"].map(|name| member(result, name)))
        .collect();
    let ok = |name: &str| [name.into(), name.into(), Value::Int(80), "OK".into()];
    assert_eq!(told, [ok("b"), ok("a")]);
    assert_eq!((bed.read("a"), bed.read("b")), (String::new(), String::new()));
}

// undocumented: the logs of no process at all.
#[test]
fn there_may_be_no_logs_to_clear() {
    assert_eq!(TestBed::new("").ask("clearAllProcessLogs", []), Value::Array(vec![]));
}

// undocumented: clearing what cannot be removed fails.
#[test]
fn a_log_that_cannot_be_cleared_is_a_failure() {
    let bed = TestBed::new(&format!(
        "{CAT}[program:dog]\ncommand=/bin/cat\nautostart=false\nstdout_logfile=NONE\nstderr_logfile=NONE\n"
    ));
    // Without a log there is nothing that could fail.
    assert_eq!(bed.rpc("clearProcessLogs", ["dog".into()]), Ok(true.into()));
    assert_eq!(refused(&bed, "clearProcessLogs", ["eel".into()]), (10, "BAD_NAME: eel".to_owned()));
}

// running.rst, "Signals": SIGUSR2 reopens the logs; they can be read after that as before.
#[test]
fn a_log_that_was_moved_away_and_reopened_is_read_anew() {
    let bed = TestBed::new(CAT);
    bed.ask("startProcess", ["cat".into()]);
    bed.ask("sendProcessStdin", ["cat".into(), "old\n".into()]);
    bed.file_becomes("out", "old\n");
    std::fs::rename(bed.path("out"), bed.path("out.old")).unwrap();
    bed.signal(Signal::SIGUSR2);
    bed.eventually("there is a new log", || bed.path("out").exists());
    bed.ask("sendProcessStdin", ["cat".into(), "new\n".into()]);
    bed.file_becomes("out", "new\n");
    let read = bed.ask("readProcessStdoutLog", ["cat".into(), Value::Int(0), Value::Int(0)]);
    assert_eq!(read, "new\n".into());
}
