//! What signals do to the daemon. Manual, "Running Supervisor", "Signals".

use harness::{Setup, Signal, TestBed, differs};

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";

/// A program that ends a while after SIGTERM: when there is a file `go`.
const SLOW: &str = "[program:slow]\n\
    command=/bin/sh -c \"trap '' TERM; echo up; while [ ! -e {here}/go ]; do sleep 0.05; done\"\n\
    stdout_logfile=%(here)s/out\nstartsecs=0\n";

/// A bed whose daemon shuts down and waits for its program.
#[track_caller]
fn shutting_down() -> TestBed {
    let bed = TestBed::new(SLOW);
    bed.file_becomes("out", "up\n");
    bed.signal(Signal::SIGTERM);
    bed.logs("INFO waiting for slow to die");
    bed
}

#[track_caller]
fn ends_on(signal: Signal, name: &str) {
    let mut bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    bed.signal(signal);
    assert_eq!(bed.exit_code(), Some(0));
    let log = bed.log();
    let end = format!(
        "WARN received {name} indicating exit request\nINFO waiting for cat to die\nWARN stopped: cat (terminated by SIGTERM)\n"
    );
    assert!(log.ends_with(&end), "{log}");
    for name in ["supervisor.sock", "supervisord.pid"] {
        assert!(!bed.path(name).exists(), "{name} is left");
    }
}

// running.rst, "Signals": "SIGTERM: supervisord and all its subprocesses will shut down."
#[test]
fn sigterm_shuts_down() {
    ends_on(Signal::SIGTERM, "SIGTERM");
}

// running.rst, "Signals": "SIGINT: supervisord and all its subprocesses will shut down."
#[test]
fn sigint_shuts_down() {
    ends_on(Signal::SIGINT, "SIGINT");
}

// running.rst, "Signals": "SIGQUIT: supervisord and all its subprocesses will shut down."
#[test]
fn sigquit_shuts_down() {
    ends_on(Signal::SIGQUIT, "SIGQUIT");
}

// running.rst, "Signals": "SIGHUP: supervisord will stop all processes, reload the configuration from the first config file it finds, and
// start all processes."
#[test]
fn sighup_starts_anew_in_the_same_process() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    let before = bed.pid_of("cat");
    bed.configure("[program:dog]\ncommand=/bin/cat\nstartsecs=0\n");
    bed.signal(Signal::SIGHUP);
    bed.logs("WARN received SIGHUP indicating restart request");
    bed.logs("INFO waiting for cat to die");
    bed.logs_times(2, "INFO supervisord started with pid PID");
    bed.state_becomes("dog", "RUNNING");
    assert_eq!(bed.rpc("getPID", []), Ok(i64::from(bed.pid().as_raw()).into()));
    assert_eq!(bed.rpc("getProcessInfo", ["cat".into()]).unwrap_err().text, "BAD_NAME: cat");
    assert!(!std::path::Path::new(&format!("/proc/{before}")).exists());
    assert_eq!(
        bed.log(),
        "INFO RPC interface 'supervisor' initialized\n\
         CRIT Server 'unix_http_server' running without any HTTP authentication checking\n\
         INFO supervisord started with pid PID\n\
         INFO spawned: 'cat' with pid PID\n\
         INFO success: cat entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)\n\
         WARN received SIGHUP indicating restart request\n\
         INFO waiting for cat to die\n\
         WARN stopped: cat (terminated by SIGTERM)\n\
         INFO RPC interface 'supervisor' initialized\n\
         CRIT Server 'unix_http_server' running without any HTTP authentication checking\n\
         INFO supervisord started with pid PID\n\
         INFO spawned: 'dog' with pid PID\n\
         INFO success: dog entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)\n"
    );
}

// undocumented: the original then ends, after it has stopped everything.
#[test]
fn sighup_with_a_broken_file() {
    let mut bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    bed.configure("[program:cat]\n");
    bed.signal(Signal::SIGHUP);
    let ends = differs! {
        ours: false,
        theirs: true,
        why: "a restart with a file that cannot be read leaves everything as it is",
    };
    let error = "program section program:cat does not specify a command in section 'program:cat' (file: 'HERE/supervisord.conf')";
    if ends {
        assert_eq!(bed.exit_code(), Some(2));
        assert_eq!(bed.stderr(), format!("Error: {error}\nFor help, use BIN/supervisord -h\n"));
    } else {
        bed.logs(&format!("ERRO the configuration cannot be read, everything goes on as it is: {error}"));
        assert_eq!(bed.state("cat"), "RUNNING");
    }
}

// undocumented: a shutdown is not taken back.
#[test]
fn sighup_is_ignored_during_a_shutdown() {
    let mut bed = shutting_down();
    bed.signal(Signal::SIGHUP);
    bed.logs("WARN ignored SIGHUP indicating restart request (shutdown in progress)");
    bed.write("go", "");
    assert_eq!(bed.exit_code(), Some(0));
    bed.logs("INFO stopped: slow (exit status 0)");
}

// undocumented: a second request to end changes nothing but the log.
#[test]
fn a_second_sigterm_is_told_and_changes_nothing() {
    let mut bed = shutting_down();
    bed.signal(Signal::SIGTERM);
    bed.logs_times(2, "WARN received SIGTERM indicating exit request");
    bed.write("go", "");
    assert_eq!(bed.exit_code(), Some(0));
}

// api.rst, getState: SHUTDOWN; most methods then answer SHUTDOWN_STATE.
#[test]
fn methods_are_refused_during_a_shutdown() {
    let mut bed = shutting_down();
    for method in ["getState", "getVersion", "getPID", "stopAllProcesses", "shutdown", "restart"] {
        let fault = bed.rpc(method, []).unwrap_err();
        assert_eq!((fault.code, fault.text.as_str()), (6, "SHUTDOWN_STATE"), "{method}");
    }
    assert!(bed.rpc("system.listMethods", []).is_ok());
    bed.write("go", "");
    assert_eq!(bed.exit_code(), Some(0));
}

// undocumented: a restart asks every process to stop, too; nothing is restarted by autorestart meanwhile.
#[test]
fn nothing_is_restarted_during_a_shutdown() {
    let mut bed = TestBed::new(&format!(
        "{SLOW}priority=2\n[program:cat]\ncommand=/bin/cat\nautorestart=true\nstartsecs=0\npriority=1\n"
    ));
    bed.file_becomes("out", "up\n");
    bed.state_becomes("cat", "RUNNING");
    let cat = bed.pid_of("cat");
    bed.signal(Signal::SIGTERM);
    bed.logs("INFO waiting for cat, slow to die");
    nix::sys::signal::kill(cat, Signal::SIGKILL).unwrap();
    bed.logs("WARN exited: cat (terminated by SIGKILL; not expected)");
    bed.write("go", "");
    assert_eq!(bed.exit_code(), Some(0));
    assert_eq!(bed.logged("INFO spawned: 'cat' with pid PID"), 1);
}

// running.rst, "Signals": "SIGUSR2: supervisord will close and reopen the main activity log and all child log files."
#[test]
fn sigusr2_reopens_the_main_log() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\n");
    bed.logs("INFO supervisord started with pid PID");
    std::fs::rename(bed.path("supervisord.log"), bed.path("moved")).unwrap();
    bed.signal(Signal::SIGUSR2);
    bed.eventually("there is a new file", || bed.path("supervisord.log").exists());
    let moved = bed.normalise(&bed.read("moved"));
    let end = "INFO received SIGUSR2 indicating log reopen request\nINFO supervisord logreopen\n";
    assert!(moved.ends_with(end), "{moved}");
    bed.ask("startProcess", ["cat".into()]);
    assert!(bed.log().starts_with("INFO spawned: 'cat' with pid PID\n"), "{}", bed.log());
}

// undocumented: a child's end is told to those who debug.
#[test]
fn sigchld_is_told_at_debug() {
    let bed = TestBed::new(&format!("{CAT}[supervisord]\nloglevel=debug\n"));
    bed.state_becomes("cat", "RUNNING");
    bed.ask("stopProcess", ["cat".into()]);
    bed.logs("DEBG received SIGCHLD indicating a child quit");
}

// undocumented: signals that nobody handles have their defaults.
#[test]
fn sigusr1_kills_the_daemon() {
    let mut bed = TestBed::new("");
    bed.signal(Signal::SIGUSR1);
    assert_eq!(bed.exit_signal(), Some(Signal::SIGUSR1 as i32));
}

// undocumented: children survive a daemon that is killed.
#[test]
fn children_survive_a_killed_daemon() {
    let mut bed = TestBed::new("[program:sleep]\ncommand=/bin/sleep 1000\nstartsecs=0\n");
    bed.state_becomes("sleep", "RUNNING");
    let sleep = bed.pid_of("sleep");
    bed.signal(Signal::SIGKILL);
    assert_eq!(bed.exit_signal(), Some(Signal::SIGKILL as i32));
    assert_eq!(nix::sys::signal::kill(sleep, None), Ok(()));
}

// undocumented: a broken pipe or a file size limit does not end the daemon.
#[test]
fn sigpipe_and_sigxfsz_are_ignored() {
    let bed = TestBed::new(CAT);
    bed.signal(Signal::SIGPIPE);
    bed.signal(Signal::SIGXFSZ);
    bed.state_becomes("cat", "RUNNING");
}

// api.rst, shutdown: "Shut down the supervisor process".
#[test]
fn the_method_shutdown_ends_the_daemon() {
    let mut bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    assert_eq!(bed.rpc("shutdown", []), Ok(true.into()));
    assert_eq!(bed.exit_code(), Some(0));
    let log = bed.log();
    assert!(
        log.ends_with("INFO waiting for cat to die\nWARN stopped: cat (terminated by SIGTERM)\n"),
        "{log}"
    );
}

// api.rst, restart: "Restart the supervisor process".
#[test]
fn the_method_restart_starts_anew() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    let before = bed.pid_of("cat");
    assert_eq!(bed.rpc("restart", []), Ok(true.into()));
    bed.logs_times(2, "INFO spawned: 'cat' with pid PID");
    bed.state_becomes("cat", "RUNNING");
    assert_ne!(bed.pid_of("cat"), before);
    assert!(!bed.log().contains("SIGHUP"));
}

// undocumented: the flags of the command line are read again as well, and still win.
#[test]
fn a_restart_keeps_the_flags() {
    let bed = Setup { text: CAT, args: &["-i", "from-flags"], ..Setup::default() }.start();
    bed.configure("[supervisord]\nidentifier=from-file\n");
    bed.signal(Signal::SIGHUP);
    bed.logs_times(2, "INFO supervisord started with pid PID");
    bed.eventually("it answers", || bed.rpc("getIdentification", []) == Ok("from-flags".into()));
}
