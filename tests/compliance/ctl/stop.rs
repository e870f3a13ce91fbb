//! stop

use harness::{Setup, Signal, TestBed, needs_root};

use super::{assert_runs, run, synopses};

const PROGRAMS: &str = "[program:a]\ncommand=/bin/cat\nstartsecs=0\n[program:b]\ncommand=/bin/cat\nstartsecs=0\n\
    [program:x]\ncommand=/bin/cat\nprocess_name=p%(process_num)s\nnumprocs=2\nstartsecs=0\n";

fn running() -> TestBed {
    let bed = TestBed::new(PROGRAMS);
    for name in ["a", "b", "x:p0", "x:p1"] {
        bed.state_becomes(name, "RUNNING");
    }
    bed
}

// running.rst, stop: "Stop a process", several, a group.
#[test]
fn processes_are_stopped() {
    let bed = running();
    assert_runs(
        &bed,
        &[
            ("stop a", "a: stopped\n", 0),
            ("stop a", "a: ERROR (not running)\n", 0),
            ("stop a:a b", "a: ERROR (not running)\nb: stopped\n", 0),
            ("stop x:p1", "x:p1: stopped\n", 0),
            ("stop x:*", "x:p0: stopped\n", 0),
            ("stop x:", "", 0),
            ("stop all", "", 0),
        ],
    );
}

// running.rst, stop: "Stop all processes".
#[test]
fn all_processes_are_stopped() {
    let bed = running();
    let (words, code) = run(&bed, "stop all a");
    let mut lines: Vec<_> = words.lines().collect();
    lines.sort_unstable();
    assert_eq!((lines, code), (vec!["a: stopped", "b: stopped", "x:p0: stopped", "x:p1: stopped"], 0));
}

// undocumented: what cannot be stopped.
#[test]
fn stops_that_fail() {
    let bed = TestBed::new("[program:a]\ncommand=/bin/cat\nautostart=false\n");
    assert_runs(
        &bed,
        &[
            ("stop eel", "eel: ERROR (no such process)\n", 1),
            ("stop a:eel", "a:eel: ERROR (no such process)\n", 1),
            ("stop eel:*", "eel: ERROR (no such group)\n", 1),
            ("stop eel a", "eel: ERROR (no such process)\na: ERROR (not running)\n", 1),
        ],
    );
    let (words, code) = run(&bed, "stop");
    assert_eq!(
        synopses(&words),
        [
            "Error: stop requires a process name",
            "stop <name>",
            "stop <gname>:*",
            "stop <name> <name>",
            "stop all"
        ]
    );
    assert_eq!(code, 1);
}

// undocumented: a process that may not be signalled.
#[test]
fn a_stop_that_the_kernel_refuses() {
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
    let (words, code) = run(&bed, "stop proud");
    assert!(words.starts_with("FAILED: unknown problem killing proud"), "{words}");
    assert_eq!(code, 1);
    let result = "error: <class 'ValueError'>, Unknown result code 30 for proud\n";
    assert_runs(
        &bed,
        &[
            ("status", &format!("{:<33}{:<10}\n", "proud", "UNKNOWN"), 3),
            ("start proud", result, 1),
            ("stop proud", "proud: ERROR (not running)\n", 0),
        ],
    );
    // The original would die of the end of this child.
    bed.signal(Signal::SIGKILL);
    assert_eq!(bed.exit_signal(), Some(Signal::SIGKILL as i32));
}
