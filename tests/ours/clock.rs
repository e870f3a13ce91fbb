//! The wall clock jumps, as a virtual machine's does that was asleep: what waits goes on waiting, for as long as it would have.

use std::process::Command;

use harness::{Setup, TestBed};

const DAY: i64 = 24 * 60 * 60;

/// What must happen within a second in spite of all, and what must not happen for an hour.
const PROGRAMS: &str = "\
[program:soon]
command=/bin/cat
startsecs=1
autostart=false
[program:late]
command=/bin/cat
startsecs=3600
autostart=false
[program:dies]
command=/bin/sh -c \"trap '' TERM; echo up; while :; do sleep 0.1; done\"
startsecs=0
stopwaitsecs=1
stdout_logfile=%(here)s/dies
autostart=false
[program:stays]
command=/bin/sh -c \"trap '' TERM; echo up; while :; do sleep 0.1; done\"
startsecs=0
stopwaitsecs=3600
stdout_logfile=%(here)s/stays
autostart=false
[program:fails]
command=/bin/false
startretries=2
autostart=false
";

/// A daemon that begins with the right time, and then has another.
fn bed() -> TestBed {
    let mut bed = Setup { text: PROGRAMS, ..Setup::default() }.prepare();
    let clock = bed.path("clock.so");
    let made = Command::new("cc")
        .args(["-shared", "-fPIC", "-o"])
        .arg(&clock)
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/programs/clock.c"))
        .status();
    assert!(made.is_ok_and(|status| status.success()), "the compiler that links our programs is there");
    let (clock, offset) =
        (format!("LD_PRELOAD={}", clock.display()), format!("CLOCK_OFFSET={}/offset", bed.here()));
    bed.launch_through(&["env", &clock, &offset]);
    bed.eventually("it answers", || bed.rpc("getState", []).is_ok());
    bed
}

/// Replaces the file, so that nobody reads half of it.
fn set(bed: &TestBed, offset: i64) {
    bed.write("offset.new", &offset.to_string());
    std::fs::rename(bed.path("offset.new"), bed.path("offset")).unwrap();
}

fn nothing_changes(offset: i64) {
    let bed = bed();
    let start = |name: &str| bed.ask("startProcess", [name.into(), false.into()]);
    for name in ["dies", "stays"] {
        start(name);
        bed.file_becomes(name, "up\n");
        bed.ask("stopProcess", [name.into(), false.into()]);
    }
    ["soon", "late", "fails"].into_iter().for_each(|name| drop(start(name)));
    set(&bed, offset);
    bed.state_becomes("soon", "RUNNING");
    bed.state_becomes("dies", "STOPPED");
    bed.state_becomes("fails", "FATAL");
    assert_eq!(bed.state("late"), "STARTING");
    assert_eq!(bed.state("stays"), "STOPPING");
    // It has really jumped.
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().cast_signed();
    let shown = bed.info("late").now;
    assert!((shown - now - offset).abs() < DAY / 2, "{shown} is shown at {now}");
    set(&bed, 0);
    assert_eq!(bed.state("late"), "STARTING");
    assert_eq!(bed.state("stays"), "STOPPING");
    nix::sys::signal::kill(bed.pid_of("stays"), harness::Signal::SIGKILL).unwrap();
    bed.state_becomes("stays", "STOPPED");
}

#[test]
fn a_clock_that_jumps_forward_ends_no_wait() {
    nothing_changes(DAY);
}

#[test]
fn a_clock_that_jumps_back_holds_nothing_up() {
    nothing_changes(-DAY);
}
