//! When a process that ended is started again. Manual, "Program Settings", autorestart and exitcodes.

use harness::{RECORDER, TestBed};

/// A program that counts its lives in the file `lives` and ends with a code each time, but stays from the third life on.
fn counting(end: &str, more: &str) -> String {
    format!(
        "[program:phoenix]\n\
         command=/bin/sh -c \"echo life >> {{here}}/lives; [ $(wc -l < {{here}}/lives) -lt 3 ] && {end}; exec sleep 1000\"\n\
         startsecs=0\n{more}"
    )
}

/// It ended once and was started no more.
#[track_caller]
fn one_life(text: &str) {
    let bed =
        TestBed::new(&format!("{text}[program:other]\ncommand=/bin/cat\nautostart=false\nstartsecs=1\n"));
    bed.state_becomes("phoenix", "EXITED");
    // Time enough for the daemon to start it again.
    bed.ask("startProcess", ["other".into()]);
    assert_eq!((bed.read("lives").as_str(), bed.state("phoenix").as_str()), ("life\n", "EXITED"));
}

/// It ended twice and was started each time.
#[track_caller]
fn three_lives(text: &str) {
    let bed = TestBed::new(text);
    bed.file_becomes("lives", "life\nlife\nlife\n");
    bed.state_becomes("phoenix", "RUNNING");
    bed.logs_times(3, "INFO spawned: 'phoenix' with pid PID");
}

// configuration.rst, autorestart: "If true, the process will be unconditionally restarted when it exits, without regard to its exit code."
#[test]
fn autorestart_true_restarts_after_an_expected_exit() {
    three_lives(&counting("exit 0", "autorestart=true\n"));
}

// The same after an unexpected one.
#[test]
fn autorestart_true_restarts_after_an_unexpected_exit() {
    three_lives(&counting("exit 5", "autorestart=true\n"));
}

// configuration.rst, autorestart: "If false, the process will not be autorestarted."
#[test]
fn autorestart_false_never_restarts() {
    one_life(&counting("exit 5", "autorestart=false\n"));
}

// configuration.rst, autorestart: "If unexpected, the process will be restarted when the program exits with an exit code that is not one
// of the exit codes associated with this process' configuration"; it is the default.
#[test]
fn autorestart_unexpected_restarts_after_an_unexpected_exit() {
    three_lives(&counting("exit 5", ""));
}

// The same: not after an expected one.
#[test]
fn autorestart_unexpected_does_not_restart_after_an_expected_exit() {
    one_life(&counting("exit 0", ""));
}

// configuration.rst, exitcodes.
#[test]
fn autorestart_unexpected_looks_at_exitcodes() {
    one_life(&counting("exit 5", "exitcodes=4,5\n"));
}

// The same: what is not in the list is not expected, not even 0.
#[test]
fn autorestart_unexpected_restarts_when_zero_is_not_listed() {
    three_lives(&counting("exit 0", "exitcodes=4\n"));
}

// undocumented: death by a signal is never expected.
#[test]
fn autorestart_unexpected_restarts_after_a_signal() {
    three_lives(&counting("kill -KILL $$", "autorestart=unexpected\n"));
}

// undocumented: the word is read in any case.
#[test]
fn autorestart_is_read_in_any_case() {
    three_lives(&counting("exit 5", "autorestart=Unexpected\n"));
}

// subprocess.rst: an EXITED process goes to STARTING again, with no failure counted.
#[test]
fn a_restart_after_an_exit_counts_no_failure() {
    let bed = TestBed::new(&format!("{RECORDER}{}", counting("exit 0", "autorestart=true\n")));
    bed.events_become(
        "phoenix",
        &[
            "STARTING from_state:STOPPED tries:0",
            "RUNNING from_state:STARTING pid:PID",
            "EXITED from_state:RUNNING expected:1 pid:PID",
            "STARTING from_state:EXITED tries:0",
            "RUNNING from_state:STARTING pid:PID",
            "EXITED from_state:RUNNING expected:1 pid:PID",
            "STARTING from_state:EXITED tries:0",
            "RUNNING from_state:STARTING pid:PID",
        ],
    );
}

// subprocess.rst, autorestart: it is about the end of a process that was up; a failed start is startretries' business.
#[test]
fn autorestart_false_does_not_stop_the_retries_of_a_start() {
    let bed = TestBed::new(
        "[program:quick]\ncommand=/bin/false\nstartsecs=10\nstartretries=1\nautorestart=false\n",
    );
    bed.state_becomes("quick", "FATAL");
    assert_eq!(bed.logged("INFO spawned: 'quick' with pid PID"), 2);
}

// subprocess.rst: a success forgives the failures before it.
#[test]
fn a_success_forgives_earlier_failures() {
    let text = format!(
        "{RECORDER}[program:phoenix]\n\
         command=/bin/sh -c \"echo life >> {{here}}/lives; case $(wc -l < {{here}}/lives) in 1|3) exit 1;; 2) sleep 1.5;; esac\"\n\
         startsecs=1\nstartretries=1\nautorestart=true\n"
    );
    let bed = TestBed::new(&text);
    bed.events_become(
        "phoenix",
        &[
            "STARTING from_state:STOPPED tries:0",
            "BACKOFF from_state:STARTING tries:1",
            "STARTING from_state:BACKOFF tries:1",
            "RUNNING from_state:STARTING pid:PID",
            "EXITED from_state:RUNNING expected:1 pid:PID",
            "STARTING from_state:EXITED tries:0",
            "BACKOFF from_state:STARTING tries:1",
        ],
    );
    bed.ask("stopProcess", ["phoenix".into()]);
}

// undocumented: a process that ended while nobody restarts it is started by hand as often as one likes.
#[test]
fn a_fatal_process_is_not_restarted_by_itself() {
    let bed = TestBed::new(
        "[program:quick]\ncommand=/bin/false\nstartsecs=10\nstartretries=0\nautorestart=true\n\
         [program:other]\ncommand=/bin/cat\nautostart=false\nstartsecs=1\n",
    );
    bed.state_becomes("quick", "FATAL");
    bed.ask("startProcess", ["other".into()]);
    assert_eq!(bed.state("quick"), "FATAL");
    assert_eq!(bed.logged("INFO spawned: 'quick' with pid PID"), 1);
}
