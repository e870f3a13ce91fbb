//! Manual, "Subprocesses", "Process States".

use harness::{RECORDER, TestBed};

// subprocess.rst, "Process States": the simplest life of a process.
#[test]
fn a_program_starts_and_stops() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\n");
    bed.state_becomes("cat", "RUNNING");
    assert_eq!(bed.ctl(["stop", "cat"]).stdout, "cat: stopped\n");
    bed.logs("WARN stopped: cat (terminated by SIGTERM)");
}

// subprocess.rst, "Process States": FATAL "The process could not be started successfully."
#[test]
fn gives_up_after_startretries() {
    let bed = TestBed::new("[program:quick]\ncommand=/bin/false\nstartretries=0\n");
    bed.state_becomes("quick", "FATAL");
}

// subprocess.rst, "Process States": STOPPED, STARTING, RUNNING.
#[test]
fn a_start_passes_through_starting() {
    let bed = TestBed::new(&format!("{RECORDER}[program:cat]\ncommand=/bin/cat\n"));
    bed.events_become("cat", &["STARTING from_state:STOPPED tries:0", "RUNNING from_state:STARTING pid:PID"]);
}
