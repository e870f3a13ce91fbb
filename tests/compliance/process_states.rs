//! Manual, "Subprocesses", "Process States": the states, the way from one to the next, and what is told about a process in each.

use harness::{RECORDER, Setup, Signal, TestBed, needs_root};

/// A program that ends at once and is far from having stayed up.
const QUICK: &str = "[program:quick]\ncommand=/bin/false\nstartsecs=10\n";

fn recorded(text: &str) -> TestBed {
    TestBed::new(&format!("{RECORDER}{text}"))
}

// subprocess.rst, "Process States": STARTING "is starting due to a start request", RUNNING "is running".
#[test]
fn a_start_passes_through_starting() {
    let bed = recorded("[program:cat]\ncommand=/bin/cat\n");
    bed.events_become("cat", &["STARTING from_state:STOPPED tries:0", "RUNNING from_state:STARTING pid:PID"]);
    bed.logs("INFO spawned: 'cat' with pid PID");
    bed.logs(
        "INFO success: cat entered RUNNING state, process has stayed up for > than 1 seconds (startsecs)",
    );
}

// configuration.rst, startsecs: "Set to 0 to indicate that the program needn't stay running for any particular amount of time."
#[test]
fn startsecs_zero_is_a_success_at_once() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    bed.state_becomes("cat", "RUNNING");
    bed.logs(
        "INFO success: cat entered RUNNING state, process has stayed up for > than 0 seconds (startsecs)",
    );
}

// The same: a program that ends at once is a success too.
#[test]
fn startsecs_zero_and_an_end_at_once_is_an_expected_exit() {
    let bed = recorded("[program:brief]\ncommand=/bin/true\nstartsecs=0\n");
    bed.events_become(
        "brief",
        &[
            "STARTING from_state:STOPPED tries:0",
            "RUNNING from_state:STARTING pid:PID",
            "EXITED from_state:RUNNING expected:1 pid:PID",
        ],
    );
    bed.logs("INFO exited: brief (exit status 0; expected)");
}

// subprocess.rst, "Process States": STARTING; stays there until startsecs have passed.
#[test]
fn is_starting_until_startsecs_have_passed() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nstartsecs=600\n");
    bed.state_becomes("cat", "STARTING");
    let info = bed.info("cat");
    assert_eq!((info.state, info.description.as_str()), (10, ""));
    assert!(info.pid > 0 && info.start > 0 && info.stop == 0);
}

// configuration.rst, autostart: "If true, this program will start automatically when supervisord is started."
#[test]
fn without_autostart_a_program_is_stopped() {
    let bed = TestBed::new(
        "[program:cat]\ncommand=/bin/cat\nautostart=false\n[program:dog]\ncommand=/bin/cat\nstartsecs=0\n",
    );
    bed.state_becomes("dog", "RUNNING");
    let info = bed.info("cat");
    assert_eq!(
        (info.state, info.statename.as_str(), info.description.as_str()),
        (0, "STOPPED", "Not started")
    );
    assert_eq!((info.pid, info.start, info.stop, info.exitstatus, info.spawnerr.as_str()), (0, 0, 0, 0, ""));
}

// subprocess.rst: "BACKOFF: The process entered the STARTING state but subsequently exited too quickly to move to RUNNING";
// configuration.rst, startretries: "The number of serial failure attempts that supervisord will allow".
#[test]
fn backs_off_and_gives_up_after_startretries() {
    let bed = recorded(&format!("{QUICK}startretries=1\n"));
    bed.events_become(
        "quick",
        &[
            "STARTING from_state:STOPPED tries:0",
            "BACKOFF from_state:STARTING tries:1",
            "STARTING from_state:BACKOFF tries:1",
            "BACKOFF from_state:STARTING tries:2",
            "FATAL from_state:BACKOFF",
        ],
    );
    bed.logs_times(2, "WARN exited: quick (exit status 1; not expected)");
    bed.logs("INFO gave up: quick entered FATAL state, too many start retries too quickly");
    let info = bed.info("quick");
    assert_eq!((info.state, info.exitstatus, info.pid), (200, 0, 0));
    assert_eq!(info.spawnerr, "Exited too quickly (process log may have details)");
    assert_eq!(info.description, info.spawnerr);
}

// configuration.rst, startretries: with none, the first failure is the last.
#[test]
fn without_startretries_one_failure_is_fatal() {
    let bed = TestBed::new(&format!("{QUICK}startretries=0\n"));
    bed.state_becomes("quick", "FATAL");
    assert_eq!(bed.logged("INFO spawned: 'quick' with pid PID"), 1);
}

// configuration.rst, startretries: "After each failed restart, process will be put in BACKOFF state and each retry attempt will take
// increasingly more time." The description is the reason of the failure.
#[test]
fn waits_in_backoff() {
    let bed = TestBed::new(&format!("{QUICK}startretries=100\n"));
    bed.state_becomes("quick", "BACKOFF");
    let info = bed.info("quick");
    assert_eq!(
        (info.state, info.description.as_str()),
        (30, "Exited too quickly (process log may have details)")
    );
    assert_eq!(info.pid, 0);
}

// configuration.rst, startsecs: "Even if a process exits with an 'expected' exit code (see exitcodes), the start will still be considered
// a failure if the process exits quicker than startsecs."
#[test]
fn an_expected_exit_code_that_comes_too_early_is_a_failure() {
    let bed = TestBed::new("[program:brief]\ncommand=/bin/true\nstartsecs=10\nstartretries=0\n");
    bed.state_becomes("brief", "FATAL");
    bed.logs("WARN exited: brief (exit status 0; not expected)");
}

// A stop request ends the waiting at once, without a signal.
#[test]
fn a_stop_in_backoff_is_immediate() {
    let bed = recorded(&format!("{QUICK}startretries=100\n"));
    bed.state_becomes("quick", "BACKOFF");
    assert_eq!(bed.rpc("stopProcess", ["quick".into()]), Ok(true.into()));
    assert_eq!(bed.state("quick"), "STOPPED");
    bed.eventually("STOPPED is told", || {
        bed.events("quick").last().is_some_and(|event| event == "STOPPED from_state:BACKOFF pid:PID")
    });
}

// undocumented: a stop by hand does not forgive the failures that were counted.
#[test]
fn the_count_of_failures_survives_a_stop_by_hand() {
    let bed = recorded(&format!("{QUICK}startretries=100\nautostart=false\n"));
    for _ in 0..2 {
        // Whether the end is seen before the answer is a matter of luck: then it is a SPAWN_ERROR.
        let _ = bed.rpc("startProcess", ["quick".into(), false.into()]);
        bed.state_becomes("quick", "BACKOFF");
        bed.ask("stopProcess", ["quick".into()]);
    }
    let starts =
        || bed.events("quick").into_iter().filter(|event| event.starts_with("STARTING")).collect::<Vec<_>>();
    bed.eventually("two starts are told", || {
        starts() == ["STARTING from_state:STOPPED tries:0", "STARTING from_state:STOPPED tries:1"]
    });
}

// undocumented: the count starts anew after the process was given up.
#[test]
fn the_count_of_failures_starts_anew_after_fatal() {
    let bed = recorded(&format!("{QUICK}startretries=0\n"));
    bed.state_becomes("quick", "FATAL");
    // Whether the end is seen before the answer is a matter of luck: then it is a SPAWN_ERROR.
    let _ = bed.rpc("startProcess", ["quick".into(), false.into()]);
    bed.events_become(
        "quick",
        &[
            "STARTING from_state:STOPPED tries:0",
            "BACKOFF from_state:STARTING tries:1",
            "FATAL from_state:BACKOFF",
            "STARTING from_state:FATAL tries:0",
            "BACKOFF from_state:STARTING tries:1",
            "FATAL from_state:BACKOFF",
        ],
    );
}

// subprocess.rst: "EXITED: The process exited from the RUNNING state (expectedly or unexpectedly)."
#[test]
fn an_expected_exit_is_told_with_its_date() {
    let bed = TestBed::new("[program:brief]\ncommand=/bin/true\nstartsecs=0\nautorestart=false\n");
    bed.state_becomes("brief", "EXITED");
    let info = bed.info("brief");
    assert_eq!((info.state, info.exitstatus, info.spawnerr.as_str(), info.pid), (100, 0, "", 0));
    assert_eq!(bed.normalise(&info.description), "DATE");
    assert!(info.stop >= info.start && info.start > 0);
}

// configuration.rst, exitcodes: the default is 0.
#[test]
fn another_exit_code_is_not_expected() {
    let bed =
        TestBed::new("[program:brief]\ncommand=/bin/sh -c \"exit 3\"\nstartsecs=0\nautorestart=false\n");
    bed.state_becomes("brief", "EXITED");
    bed.logs("WARN exited: brief (exit status 3; not expected)");
    let info = bed.info("brief");
    assert_eq!((info.exitstatus, info.spawnerr.as_str()), (3, "Bad exit code 3"));
    assert_eq!(bed.normalise(&info.description), "DATE");
}

// configuration.rst, exitcodes: "The list of 'expected' exit codes for this program used with autorestart."
#[test]
fn exitcodes_name_what_is_expected() {
    let bed = TestBed::new(
        "[program:brief]\ncommand=/bin/sh -c \"exit 3\"\nstartsecs=0\nautorestart=false\nexitcodes=2, 3\n",
    );
    bed.state_becomes("brief", "EXITED");
    bed.logs("INFO exited: brief (exit status 3; expected)");
    let info = bed.info("brief");
    assert_eq!((info.exitstatus, info.spawnerr.as_str()), (3, ""));
}

// An empty list of exit codes expects none.
#[test]
fn empty_exitcodes_expect_nothing() {
    let bed =
        TestBed::new("[program:brief]\ncommand=/bin/true\nstartsecs=0\nautorestart=false\nexitcodes=\n");
    bed.state_becomes("brief", "EXITED");
    bed.logs("WARN exited: brief (exit status 0; not expected)");
    assert_eq!(bed.info("brief").spawnerr, "Bad exit code 0");
}

// An end by a signal is named in the log, and is the exit status -1.
#[test]
fn an_end_by_a_signal_is_not_expected() {
    let bed = TestBed::new(
        "[program:brief]\ncommand=/bin/sh -c \"kill -KILL $$\"\nstartsecs=0\nautorestart=false\n",
    );
    bed.state_becomes("brief", "EXITED");
    bed.logs("WARN exited: brief (terminated by SIGKILL; not expected)");
    let info = bed.info("brief");
    assert_eq!((info.exitstatus, info.spawnerr.as_str()), (-1, "Bad exit code -1"));
}

// A signal without a name is told by its number.
#[test]
fn an_end_by_a_nameless_signal_is_told_by_number() {
    let bed =
        TestBed::new("[program:brief]\ncommand=/bin/sh -c \"kill -40 $$\"\nstartsecs=0\nautorestart=false\n");
    bed.state_becomes("brief", "EXITED");
    bed.logs("WARN exited: brief (terminated by signal 40; not expected)");
}

// A memory image that was written is told.
#[test]
fn a_memory_image_is_told() {
    use std::os::unix::process::ExitStatusExt;
    const CRASH: &str = "ulimit -c unlimited; kill -SEGV $$";
    let folder = tempfile::tempdir().unwrap();
    let here =
        std::process::Command::new("sh").args(["-c", CRASH]).current_dir(folder.path()).status().unwrap();
    let told = if here.core_dumped() { " (core dumped)" } else { "" };
    let bed = TestBed::new(&format!(
        "[program:brief]\ncommand=/bin/sh -c \"{CRASH}\"\nstartsecs=0\nautorestart=false\ndirectory=%(here)s\n"
    ));
    bed.state_becomes("brief", "EXITED");
    bed.logs(&format!("WARN exited: brief (terminated by SIGSEGV{told}; not expected)"));
}

// "pid <p>, uptime 0:00:00" while it runs.
#[test]
fn a_running_process_is_described_by_pid_and_uptime() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    bed.state_becomes("cat", "RUNNING");
    let info = bed.info("cat");
    assert_eq!(bed.normalise(&info.description), "pid PID, uptime TIME");
    assert!(info.description.starts_with(&format!("pid {}, uptime 0:0", info.pid)), "{}", info.description);
    assert_eq!((info.state, info.group.as_str(), info.name.as_str()), (20, "cat", "cat"));
}

// A stopped process keeps the times of its last life.
#[test]
fn a_process_stopped_by_hand_is_described_by_the_date() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    bed.state_becomes("cat", "RUNNING");
    bed.ask("stopProcess", ["cat".into()]);
    let info = bed.info("cat");
    assert_eq!(info.statename, "STOPPED");
    assert_eq!(bed.normalise(&info.description), "DATE");
    assert!(info.stop >= info.start && info.start > 0 && info.now >= info.stop);
    assert_eq!((info.exitstatus, info.pid), (-1, 0));
}

// subprocess.rst: "STOPPED: The process has been stopped due to a stop request": autostart does not bring it back.
#[test]
fn a_process_stopped_by_hand_stays_stopped() {
    let bed = TestBed::new(
        "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nautorestart=true\n[program:dog]\ncommand=/bin/cat\nstartsecs=1\nautostart=false\n",
    );
    bed.state_becomes("cat", "RUNNING");
    bed.ask("stopProcess", ["cat".into()]);
    bed.ask("startProcess", ["dog".into()]);
    assert_eq!(bed.state("cat"), "STOPPED");
    assert_eq!(bed.logged("INFO spawned: 'cat' with pid PID"), 1);
}

// subprocess.rst: an EXITED process can be started again by hand.
#[test]
fn an_exited_process_can_be_started_again() {
    let bed = recorded("[program:brief]\ncommand=/bin/true\nstartsecs=0\nautorestart=false\n");
    bed.state_becomes("brief", "EXITED");
    bed.ask("startProcess", ["brief".into(), false.into()]);
    bed.eventually("the second life is told", || {
        bed.events("brief").get(3).is_some_and(|event| event == "STARTING from_state:EXITED tries:0")
    });
}

// A start clears what the last failure left.
#[test]
fn a_start_clears_the_spawn_error() {
    let bed = TestBed::new("[program:tool]\ncommand={here}/tool\nstartretries=0\nstartsecs=0\n");
    bed.state_becomes("tool", "FATAL");
    assert_ne!(bed.info("tool").spawnerr, "");
    std::os::unix::fs::symlink("/bin/cat", bed.path("tool")).unwrap();
    bed.ask("startProcess", ["tool".into()]);
    let info = bed.info("tool");
    assert_eq!((info.statename.as_str(), info.spawnerr.as_str()), ("RUNNING", ""));
}

// "UNKNOWN: The process is in an unknown state": here because the daemon may not signal it.
#[test]
fn a_process_that_cannot_be_signalled_is_unknown() {
    needs_root!();
    let setup = Setup {
        text: "[supervisord]\nuser=nobody\n\
               [program:proud]\ncommand={here}/setpriv --reuid 0 --clear-groups sh -c \"echo up; exec sleep 1000\"\n\
               startsecs=0\nstdout_logfile={here}/auto/out\n",
        ..Setup::default()
    };
    let mut bed = setup.prepare();
    bed.give_to("nobody");
    bed.copy_setuid("setpriv");
    bed.start();
    bed.file_becomes("auto/out", "up\n");
    let fault = bed.rpc("stopProcess", ["proud".into()]).unwrap_err();
    assert_eq!(fault.code, 30);
    assert!(fault.text.starts_with("FAILED: unknown problem killing proud"), "{fault:?}");
    let info = bed.info("proud");
    assert_eq!((info.state, info.statename.as_str(), info.description.as_str()), (1000, "UNKNOWN", ""));
    assert_eq!(bed.rpc("stopProcess", ["proud".into()]).unwrap_err().text, "NOT_RUNNING: proud");
    assert_eq!(
        bed.rpc("startProcess", ["proud".into()]).unwrap_err().text,
        "FAILED: proud is in an unknown process state"
    );
    // The original would die of the end of this child; nothing more is asked of it.
    bed.signal(Signal::SIGKILL);
    assert_eq!(bed.exit_signal(), Some(Signal::SIGKILL as i32));
}
