//! Processes: never a wrong state, never a zombie.

use std::fs;

use harness::{RECORDER, Setup, Signal, TestBed, needs_root};

/// A process that ends at once is never shown as RUNNING.
#[test]
fn a_process_that_ends_at_once_never_runs() {
    let text = format!("{RECORDER}[program:quick]\ncommand=/bin/false\nstartretries=2\n");
    let bed = TestBed::new(&text);
    bed.state_becomes("quick", "FATAL");
    bed.events_become(
        "quick",
        &[
            "STARTING from_state:STOPPED tries:0",
            "BACKOFF from_state:STARTING tries:1",
            "STARTING from_state:BACKOFF tries:1",
            "BACKOFF from_state:STARTING tries:2",
            "STARTING from_state:BACKOFF tries:2",
            "BACKOFF from_state:STARTING tries:3",
            "FATAL from_state:BACKOFF",
        ],
    );
}

/// A process that could not be signalled is no longer UNKNOWN when its end is seen.
#[test]
fn an_unknown_process_recovers_when_it_is_reaped() {
    needs_root!();
    let setup = Setup {
        text: "[supervisord]\nuser=nobody\n\
               [program:proud]\ncommand={here}/setpriv --reuid 0 --clear-groups sh -c \"echo up; exec sleep 1000\"\n\
               startsecs=0\nautorestart=false\nstdout_logfile={here}/auto/out\n",
        ..Setup::default()
    };
    let mut bed = setup.prepare();
    bed.give_to("nobody");
    bed.copy_setuid("setpriv");
    bed.start();
    bed.file_becomes("auto/out", "up\n");
    assert_eq!(bed.rpc("stopProcess", ["proud".into()]).unwrap_err().code, 30);
    assert_eq!(bed.state("proud"), "UNKNOWN");
    nix::sys::signal::kill(bed.pid_of("proud"), Signal::SIGKILL).unwrap();
    bed.eventually("it is known again", || bed.state("proud") != "UNKNOWN");
    assert_eq!(bed.info("proud").pid, 0);
    assert_eq!(bed.rpc("startProcess", ["proud".into()]), Ok(true.into()));
    bed.state_becomes("proud", "RUNNING");
    // Nobody else can end it.
    nix::sys::signal::kill(bed.pid_of("proud"), Signal::SIGKILL).unwrap();
    bed.state_becomes("proud", "EXITED");
}

/// Orphans become children of the daemon and are reaped; they do not keep it from ending.
#[test]
fn orphans_are_reaped() {
    let text = "[program:says]\ncommand=/bin/sh -c \"(sleep 0.3; exit 3) & echo $! > {here}/orphan\"\nstartsecs=0\nautorestart=false\n";
    let bed = TestBed::new(text);
    bed.state_becomes("says", "EXITED");
    bed.eventually("it is told", || !bed.read("orphan").is_empty());
    let stat = format!("/proc/{}/stat", bed.read("orphan").trim());
    bed.eventually("it is gone", || !std::path::Path::new(&stat).exists());
    bed.logs("INFO reaped unknown pid PID (exit status 3)");
}

/// A signal that arrives while a child is being born reaches neither the daemon nor nobody.
#[test]
fn a_stop_right_after_the_start_is_not_lost() {
    let text = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\n";
    let bed = TestBed::new(text);
    for _ in 0..20 {
        bed.ask("startProcess", ["cat".into()]);
        bed.ask("stopProcess", ["cat".into()]);
    }
    assert!(!bed.log().contains("SIGKILL"));
}

/// Many processes leave no descriptor and no zombie behind.
#[test]
fn many_processes_leave_nothing_behind() {
    let text = "[program:x]\ncommand=/bin/sleep 1000\nprocess_name=x%(process_num)d\nnumprocs=200\nstartsecs=0\nautostart=false\n";
    let bed = TestBed::new(text);
    let descriptors = || fs::read_dir(format!("/proc/{}/fd", bed.pid())).unwrap().count();
    let before = descriptors();
    bed.ask("startAllProcesses", []);
    assert!(descriptors() >= before + 400);
    bed.ask("stopAllProcesses", []);
    bed.eventually("all descriptors are closed", || descriptors() <= before);
    let children = fs::read_to_string(format!("/proc/{0}/task/{0}/children", bed.pid())).unwrap();
    assert_eq!(children, "");
}
