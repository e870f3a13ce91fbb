//! start, and restart

use harness::TestBed;

use super::{assert_runs, assert_session, run, synopses};

const PROGRAMS: &str = "[program:a]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n\
    [program:b]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n\
    [program:x]\ncommand=/bin/cat\nprocess_name=p%(process_num)s\nnumprocs=2\nautostart=false\nstartsecs=0\n";

// running.rst, start: "Start a process", several, a group, all.
#[test]
fn processes_are_started() {
    let bed = TestBed::new(PROGRAMS);
    assert_runs(
        &bed,
        &[
            ("start a", "a: started\n", 0),
            ("start a b x:p0", "a: ERROR (already started)\nb: started\nx:p0: started\n", 0),
            ("start x:*", "x:p1: started\n", 0),
            ("start x:*", "", 0),
            ("start x:", "", 0),
            ("start all", "", 0),
        ],
    );
    bed.ask("stopAllProcesses", []);
    // "all" is all, wherever it stands.
    assert_runs(&bed, &[("start a all", "a: started\nb: started\nx:p0: started\nx:p1: started\n", 0)]);
    bed.ask("stopAllProcesses", []);
    assert_runs(&bed, &[("start b:b x:*", "b: started\nx:p0: started\nx:p1: started\n", 0)]);
}

// running.rst, start: what cannot be started.
#[test]
fn starts_that_fail() {
    let bed = TestBed::new(
        "[program:missing]\ncommand=/nonexistent\nautostart=false\n[program:plain]\ncommand={here}/plain\nautostart=false\n\
         [program:quick]\ncommand=/bin/false\nautostart=false\nstartsecs=10\nstartretries=1000\n\
         [program:good]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n[group:g]\nprograms=missing,plain\n",
    );
    bed.write("plain", "");
    assert_runs(
        &bed,
        &[
            ("start quick", "quick: ERROR (spawn error)\n", 7),
            ("start g:missing", "g:missing: ERROR (no such file)\n", 1),
            ("start g:plain", "g:plain: ERROR (file is not executable)\n", 1),
            ("start eel", "eel: ERROR (no such process)\n", 1),
            ("start g:eel", "g:eel: ERROR (no such process)\n", 1),
            ("start eel:*", "eel: ERROR (no such group)\n", 2),
            ("start g:*", "g:missing: ERROR (no such file)\ng:plain: ERROR (file is not executable)\n", 1),
            // The last error counts, not the last word.
            (
                "start eel:* eel good",
                "eel: ERROR (no such group)\neel: ERROR (no such process)\ngood: started\n",
                1,
            ),
        ],
    );
}

// undocumented: a start that is stopped by somebody else.
#[test]
fn a_start_that_is_stopped() {
    let bed = TestBed::new("[program:slow]\ncommand=/bin/cat\nautostart=false\nstartsecs=600\n");
    let mut command = bed.ctl_command();
    command.args(["start", "slow"]);
    let output = std::thread::scope(|scope| {
        let started = scope.spawn(|| bed.finish(command, ""));
        bed.state_becomes("slow", "STARTING");
        bed.ask("stopProcess", ["slow".into()]);
        started.join().expect("supervisorctl ends")
    });
    assert_eq!((output.stdout.as_str(), output.code), ("slow: ERROR (abnormal termination)\n", Some(7)));
}

// undocumented: start wants a name.
#[test]
fn a_start_wants_a_name() {
    let bed = TestBed::new("");
    let (words, code) = run(&bed, "start");
    assert_eq!(
        synopses(&words),
        [
            "Error: start requires a process name",
            "start <name>",
            "start <gname>:*",
            "start <name> <name>",
            "start all"
        ]
    );
    assert_eq!(code, 2);
    assert_runs(&bed, &[("start all", "", 0)]);
}

// running.rst, restart: "Restart a process. Note: restart does not reread config files."
#[test]
fn processes_are_restarted() {
    let bed = TestBed::new(PROGRAMS);
    bed.ask("startProcess", ["a".into()]);
    let pid = bed.pid_of("a");
    assert_runs(
        &bed,
        &[
            ("restart a", "a: stopped\na: started\n", 0),
            // First all are stopped, then all are started.
            ("restart a b", "a: stopped\nb: ERROR (not running)\na: started\nb: started\n", 0),
            ("restart x:*", "x:p0: started\nx:p1: started\n", 0),
            ("restart eel", "eel: ERROR (no such process)\neel: ERROR (no such process)\n", 1),
            ("restart eel:*", "eel: ERROR (no such group)\neel: ERROR (no such group)\n", 2),
        ],
    );
    assert_ne!(bed.pid_of("a"), pid);
    let (words, code) = run(&bed, "restart all");
    // Those that are stopped come as they end.
    let mut lines: Vec<_> = words.lines().collect();
    lines[..4].sort_unstable();
    assert_eq!(
        lines,
        [
            "a: stopped",
            "b: stopped",
            "x:p0: stopped",
            "x:p1: stopped",
            "a: started",
            "b: started",
            "x:p0: started",
            "x:p1: started"
        ]
    );
    assert_eq!(code, 0);
    let (words, code) = run(&bed, "restart");
    let words = synopses(&words);
    assert_eq!(
        words[..5],
        [
            "Error: restart requires a process name",
            "restart <name>",
            "restart <gname>:*",
            "restart <name> <name>",
            "restart all"
        ]
    );
    assert!(words[5].starts_with("Note: "), "{words:?}");
    assert_eq!(code, 1);
}

// undocumented: in the shell an error is no end.
#[test]
fn an_error_does_not_end_the_shell() {
    let bed = TestBed::new(PROGRAMS);
    assert_session(
        &bed,
        &[
            ("start eel", "eel: ERROR (no such process)\n"),
            ("start a", "a: started\n"),
            ("nothing", "*** Unknown syntax: nothing\n"),
            ("stop a", "a: stopped\n"),
            ("", ""),
            ("  start  a   b ", "a: started\nb: started\n"),
        ],
    );
}
