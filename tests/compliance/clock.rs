//! "The wall clock jumps", as that of a virtual machine that was asleep: what waits goes on waiting, for as long as it would have.
//!
//! The original measures with that clock, and mends its deadlines after it went back. Ours does not look at it.

use harness::{Setup, Signal, TestBed, differs};

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
fn bed(programs: &str) -> TestBed {
    let mut bed = Setup { text: programs, ..Setup::default() }.prepare();
    bed.launch_with_library("clock", "CLOCK_OFFSET", "offset");
    bed.eventually("it answers", || bed.rpc("getState", []).is_ok());
    bed
}

/// Replaces the file, so that nobody reads half of it.
fn set(bed: &TestBed, offset: i64) {
    bed.write("offset.new", &offset.to_string());
    std::fs::rename(bed.path("offset.new"), bed.path("offset")).unwrap();
}

/// All of them are on the way when the clock jumps, and what is soon to happen happens.
fn jumped(offset: i64) -> TestBed {
    let bed = bed(PROGRAMS);
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
    // It has really jumped.
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs().cast_signed();
    let shown = bed.info("late").now;
    assert!((shown - now - offset).abs() < DAY / 2, "{shown} is shown at {now}");
    bed
}

#[track_caller]
fn go_on_waiting(bed: &TestBed) {
    assert_eq!(bed.state("late"), "STARTING");
    assert_eq!(bed.state("stays"), "STOPPING");
}

fn waits_end(bed: &TestBed) {
    bed.state_becomes("late", "RUNNING");
    bed.logs("WARN killing 'stays' (PID) with SIGKILL");
    bed.state_becomes("stays", "STOPPED");
}

/// What still waits for its end after all the jumps comes to it.
fn stays_ends(bed: &TestBed) {
    if bed.state("stays") == "STOPPING" {
        nix::sys::signal::kill(bed.pid_of("stays"), Signal::SIGKILL).unwrap();
    }
    bed.state_becomes("stays", "STOPPED");
}

fn clock_forward(bed: &TestBed) {
    differs! {
        ours: go_on_waiting(bed),
        theirs: waits_end(bed),
        why: "a clock that jumps ends no wait",
    }
}

// State corrections: a clock that went back holds nothing up, and ends nothing.
#[test]
fn a_clock_that_jumps_back_holds_nothing_up() {
    let bed = jumped(-DAY);
    go_on_waiting(&bed);
    set(&bed, 0);
    // To the original, that is a day that has gone by.
    clock_forward(&bed);
    stays_ends(&bed);
}

// undocumented: the original takes a clock that went forward for time that has gone by.
#[test]
fn a_clock_that_jumps_forward_ends_no_wait() {
    let bed = jumped(DAY);
    clock_forward(&bed);
    set(&bed, 0);
    clock_forward(&bed);
    stays_ends(&bed);
}

// undocumented: the original knows no more how long a process was up that has started in the future, and takes it for long enough.
#[test]
fn a_process_that_began_in_the_future_ends_as_any_other() {
    let bed = bed("[program:x]\ncommand=/bin/cat\nstartsecs=0\nautorestart=false\n");
    bed.state_becomes("x", "RUNNING");
    set(&bed, -DAY);
    let pid = bed.pid_of("x");
    nix::sys::signal::kill(pid, Signal::SIGTERM).unwrap();
    bed.state_becomes("x", "EXITED");
    bed.logs("WARN exited: x (terminated by SIGTERM; not expected)");
    let told = bed.log().contains(
        "WARN process 'x' (PID) laststart time is in the future, don't know how long process was running so assuming it did not exit too quickly",
    );
    differs! {
        ours: assert!(!told),
        theirs: assert!(told),
        why: "leaves no doubt how long a process was up",
    }
}
