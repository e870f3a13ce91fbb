//! Methods over the daemon itself. Manual, "Status and Control".

use harness::{Fault, Setup, TestBed, Value, differs};

use super::{post, refused};

// api.rst, getAPIVersion, getSupervisorVersion, getIdentification, getPID, getState.
#[test]
fn the_daemon_tells_what_it_is() {
    let bed = Setup { args: &["-i", "this one"], ..Setup::default() }.start();
    assert_eq!(bed.ask("getAPIVersion", []), "3.0".into());
    assert_eq!(bed.ask("getVersion", []), "3.0".into());
    assert_eq!(bed.ask("getSupervisorVersion", []), "4.3.0".into());
    assert_eq!(bed.ask("getIdentification", []), "this one".into());
    assert_eq!(bed.ask("getPID", []), i64::from(bed.pid().as_raw()).into());
    let state = bed.ask("getState", []);
    assert_eq!(
        state,
        Value::Struct(vec![("statecode".to_owned(), 1.into()), ("statename".to_owned(), "RUNNING".into())])
    );
}

// api.rst, getIdentification: "The identification allows the client to identify with which Supervisor instance it is communicating".
#[test]
fn the_identifier_is_supervisor_by_default() {
    assert_eq!(TestBed::new("").ask("getIdentification", []), "supervisor".into());
    let bed = TestBed::new("[supervisord]\nidentifier=é\n");
    assert_eq!(bed.ask("getIdentification", []), "é".into());
}

/// The arithmetic of reading: offset, length, and what comes of the ten bytes `0123456789`.
const READS: [(i64, i64, Result<&str, &str>); 17] = [
    (0, 0, Ok("0123456789")),
    (0, 1, Ok("0")),
    (0, 10, Ok("0123456789")),
    (0, 11, Ok("0123456789")),
    (3, 0, Ok("3456789")),
    (3, 4, Ok("3456")),
    (9, 5, Ok("9")),
    (10, 5, Ok("")),
    (11, 0, Ok("")),
    (1_000_000, 1, Ok("")),
    (-1, 0, Ok("9")),
    (-10, 0, Ok("0123456789")),
    (-11, 0, Ok("0123456789")),
    (-1, 1, Err("BAD_ARGUMENTS")),
    (-1, -1, Err("BAD_ARGUMENTS")),
    (0, -1, Err("BAD_ARGUMENTS")),
    (5, -5, Err("BAD_ARGUMENTS")),
];

fn reads(bed: &TestBed, method: &str, name: Option<&str>) {
    for (offset, length, expected) in READS {
        let params = name.map(Value::from).into_iter().chain([offset.into(), length.into()]);
        let result = bed.rpc(method, params);
        let expected = expected.map(Value::from).map_err(|text| Fault { code: 3, text: text.to_owned() });
        assert_eq!(result, expected, "{method} {name:?} {offset} {length}");
    }
}

// api.rst, readLog: "It can either return the entire log, a number of characters from the tail of the log, or a slice of the log
// specified by the offset and length parameters".
#[test]
fn a_part_of_the_main_log_is_read() {
    let bed = TestBed::new("");
    bed.write("supervisord.log", "0123456789");
    reads(&bed, "readLog", None);
    reads(&bed, "readMainLog", None);
}

// The same of the logs of processes.
#[test]
fn a_part_of_a_processs_log_is_read() {
    let bed = TestBed::new(
        "[program:cat]\ncommand=/bin/cat\nautostart=false\nstdout_logfile=%(here)s/out\nstderr_logfile=%(here)s/err\n",
    );
    bed.write("out", "0123456789");
    bed.write("err", "0123456789");
    for method in ["readProcessLog", "readProcessStdoutLog", "readProcessStderrLog"] {
        reads(&bed, method, Some("cat"));
    }
}

// undocumented: a log that is not there.
#[test]
fn a_missing_main_log_is_told() {
    let bed = TestBed::new("");
    std::fs::remove_file(bed.path("supervisord.log")).unwrap();
    let missing = (20, format!("NO_FILE: {}/supervisord.log", bed.here()));
    assert_eq!(refused(&bed, "readLog", [Value::Int(0), Value::Int(0)]), missing);
    assert_eq!(refused(&bed, "clearLog", []), (20, "NO_FILE".to_owned()));
}

// api.rst, clearLog: "Clear the main log."
#[test]
fn the_main_log_is_cleared() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    assert!(bed.log().contains("supervisord started"));
    assert_eq!(bed.rpc("clearLog", []), Ok(true.into()));
    assert_eq!(bed.rpc("readLog", [Value::Int(0), Value::Int(0)]), Ok("".into()));
    bed.ask("startAllProcesses", []);
    bed.logs("INFO spawned: 'cat' with pid PID");
    let text = harness::text(&bed.ask("readLog", [Value::Int(0), Value::Int(0)]));
    assert_eq!(bed.normalise(&text).lines().next(), Some("INFO spawned: 'cat' with pid PID"));
}

// undocumented: a log that does not hold text everywhere, or is cut within a character, is read nevertheless.
#[test]
fn a_log_that_is_no_text_is_read() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\nstdout_logfile=%(here)s/out\n");
    std::fs::write(bed.path("out"), b"a\xffb\xc3\xa9").unwrap();
    let read = |offset: i64| {
        bed.rpc("readProcessStdoutLog", ["cat".into(), offset.into(), Value::Int(0)])
            .map_err(|fault| fault.code)
    };
    let (whole, end) = differs! {
        ours: (Ok("a\u{fffd}bé".into()), Ok("".into())),
        theirs: (Err(0), Err(0)),
        why: "a log that is not UTF-8, or is cut within a character, is read, with what is no character replaced, or left out at the edges, and not answered with an error 500",
    };
    assert_eq!((read(0), read(-1), read(-2)), (whole, end, Ok("é".into())));
}

// api.rst, shutdown: "Shut down the supervisor process"; it is true before it happens.
#[test]
fn a_shutdown_is_promised_and_kept() {
    let mut bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    bed.state_becomes("cat", "RUNNING");
    assert_eq!(bed.rpc("shutdown", []), Ok(true.into()));
    assert_eq!(bed.exit_code(), Some(0));
    bed.logs("WARN stopped: cat (terminated by SIGTERM)");
    assert!(!bed.path("supervisor.sock").exists());
    assert!(!bed.path("supervisord.pid").exists());
}

// api.rst, restart: "Restart the supervisor process": with the configuration as it is then.
#[test]
fn a_restart_reads_the_configuration_anew() {
    let bed = TestBed::new("");
    bed.configure("[supervisord]\nidentifier=anew\n[program:cat]\ncommand=/bin/cat\n");
    let pid = bed.pid();
    assert_eq!(bed.rpc("restart", []), Ok(true.into()));
    bed.eventually("it is another", || bed.rpc("getIdentification", []) == Ok("anew".into()));
    assert_eq!(bed.pid(), pid);
    bed.state_becomes("cat", "RUNNING");
}

// api.rst, sendRemoteCommEvent: "Send an event that will be received by event listener subprocesses subscribing to the
// RemoteCommunicationEvent."
#[test]
fn an_event_of_ones_own_reaches_the_listeners() {
    let bed = TestBed::new(
        "[eventlistener:recorder]\ncommand=/bin/sh {programs}/recorder.sh {here}\nevents=REMOTE_COMMUNICATION\n",
    );
    bed.state_becomes("recorder", "RUNNING");
    assert_eq!(bed.rpc("sendRemoteCommEvent", ["a type".into(), "some\ndata <&>".into()]), Ok(true.into()));
    bed.file_becomes("events", "REMOTE_COMMUNICATION type:a type\nsome\ndata <&>\n");
}

// undocumented: a request that is no text at all.
#[test]
fn a_document_of_other_bytes_is_refused() {
    let bed = TestBed::new("");
    let response = post(&bed, "<methodCall><methodName>supervisor.getVersion</methodName>\u{0}</methodCall>");
    assert_eq!(response.code(), 400);
}
