//! version, pid, shutdown, reload, open; and any action while the daemon stops

use harness::{Signal, TestBed};

use super::{assert_runs, assert_session, run, told};

// running.rst, pid: "Get the PID of supervisord.", of one process, of all.
#[test]
fn process_numbers_are_shown() {
    let bed = TestBed::new(
        "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n[program:dog]\ncommand=/bin/cat\nautostart=false\n\
         [program:x]\ncommand=/bin/cat\nprocess_name=p\nstartsecs=0\n",
    );
    bed.state_becomes("cat", "RUNNING");
    bed.state_becomes("x:p", "RUNNING");
    let (daemon, cat, p) = (bed.pid(), bed.pid_of("cat"), bed.pid_of("x:p"));
    assert_runs(
        &bed,
        &[
            ("version", "4.3.0\n", 0),
            ("pid", &format!("{daemon}\n"), 0),
            ("pid cat", &format!("{cat}\n"), 0),
            ("pid x:p cat", &format!("{p}\n{cat}\n"), 0),
            ("pid all", &format!("{cat}\n0\n{p}\n"), 0),
            ("pid cat all", &format!("{cat}\n0\n{p}\n"), 0),
            ("pid dog", "0\n", 7),
            ("pid eel", "No such process eel\n", 1),
            ("pid x:*", "No such process x:*\n", 1),
            ("pid dog eel cat", &format!("0\nNo such process eel\n{cat}\n"), 1),
        ],
    );
}

// running.rst, shutdown: "Shut the remote supervisord down."
#[test]
fn the_daemon_is_shut_down() {
    let mut bed = TestBed::new("");
    assert_runs(&bed, &[("shutdown", "Shut down\n", 0)]);
    assert_eq!(bed.exit_code(), Some(0));
    assert_runs(
        &bed,
        &[("shutdown", "ERROR: unix://HERE/supervisor.sock no such file (already shut down?)\n", 1)],
    );
}

// running.rst, reload: "Restarts the remote supervisord."
#[test]
fn the_daemon_is_restarted() {
    let bed = TestBed::new("");
    bed.configure("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    assert_runs(&bed, &[("reload", "Restarted supervisord\n", 0)]);
    bed.eventually("it has read its file again", || bed.rpc("getProcessInfo", ["cat".into()]).is_ok());
}

// undocumented: while the daemon stops.
#[test]
fn while_the_daemon_stops() {
    let bed = TestBed::new(
        "[program:slow]\ncommand=/bin/sh -c \"trap '' TERM; echo up; while :; do sleep 0.1; done\"\nstartsecs=0\n\
         stdout_logfile=%(here)s/out\nstopwaitsecs=600\n[program:cat]\ncommand=/bin/cat\nautostart=false\n",
    );
    bed.file_becomes("out", "up\n");
    bed.signal(Signal::SIGTERM);
    bed.eventually("it stops", || bed.rpc("getState", []).is_err());
    let fault = "error: <class 'xmlrpc.client.Fault'>, <Fault 6: 'SHUTDOWN_STATE'>\n";
    assert_runs(
        &bed,
        &[
            ("status", fault, 1),
            ("start cat", fault, 1),
            ("shutdown", "ERROR: already shutting down\n", 0),
            ("reload", "ERROR: already shutting down\n", 1),
            ("reread", "ERROR: supervisor shutting down\n", 1),
            ("avail", "ERROR: supervisor shutting down\n", 1),
            ("update", "ERROR: already shutting down\n", 1),
            ("add cat", "ERROR: shutting down\n", 1),
            ("remove cat", fault, 1),
        ],
    );
    let output = bed.ctl_shell(
        "stop cat\nsignal HUP cat\nrestart cat\npid\ntail cat\nmaintail\nclear cat\nversion\nfg cat\n",
    );
    assert_eq!(super::without_places(&output.stdout).matches(fault).count(), 1 + 9, "{output:?}");
}

// running.rst, open: "Connect to a remote supervisord process."
#[test]
fn another_daemon_is_opened() {
    let other = TestBed::new(
        "[program:dog]\ncommand=/bin/cat\nautostart=false\n[inet_http_server]\nport=127.0.0.1:{port}\n",
    );
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    let row = |name: &str| format!("{name:<33}STOPPED   Not started\n");
    let (socket, port) = (
        format!("open unix://{}/supervisor.sock", other.here()),
        format!("open http://127.0.0.1:{}", other.port()),
    );
    assert_session(
        &bed,
        &[
            ("status", &row("cat")),
            (&socket, &row("dog")),
            ("status", &row("dog")),
            (&format!("open unix://{}/supervisor.sock", bed.here()), &row("cat")),
            (&port, &row("dog")),
            ("open https://localhost", "ERROR: url must be http:// or unix://\n"),
            ("open localhost:9001", "ERROR: url must be http:// or unix://\n"),
            ("open", "ERROR: url must be http:// or unix://\n"),
            ("status", &row("dog")),
            ("open unix:///nonexistent", "unix:///nonexistent no such file\n"),
            ("status", "unix:///nonexistent no such file\n"),
        ],
    );
    // It has no exit code of its own.
    assert_eq!(run(&bed, &port), (row("dog"), 0));
    assert_runs(
        &bed,
        &[
            ("open unix:///nonexistent", "unix:///nonexistent no such file\n", 0),
            ("open ftp://x", "ERROR: url must be http:// or unix://\n", 1),
        ],
    );
}

// undocumented: the daemon goes away between two lines.
#[test]
fn the_daemon_goes_away() {
    let mut bed = TestBed::new("");
    bed.ask("shutdown", []);
    assert_eq!(bed.exit_code(), Some(0));
    let gone = "unix://HERE/supervisor.sock no such file\n";
    let output = told(bed.ctl_shell("status\nversion\n"));
    assert_eq!(output, (format!("{gone}supervisor> {gone}supervisor> {gone}supervisor> \n"), 0));
}
