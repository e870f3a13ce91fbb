//! signal

use harness::TestBed;

use super::{assert_runs, run, synopses};

// running.rst, signal: "Signal a process", several, a group, all.
#[test]
fn processes_are_signalled() {
    let bed = TestBed::new(
        "[program:a]\ncommand=/bin/cat\nstartsecs=0\nautorestart=false\n[program:b]\ncommand=/bin/cat\nautostart=false\n\
         [program:x]\ncommand=/bin/cat\nprocess_name=p%(process_num)s\nnumprocs=2\nstartsecs=0\n",
    );
    for name in ["a", "x:p0", "x:p1"] {
        bed.state_becomes(name, "RUNNING");
    }
    assert_runs(
        &bed,
        &[
            ("signal CONT a", "a: signalled\n", 0),
            ("signal sigcont a x:p0", "a: signalled\nx:p0: signalled\n", 0),
            ("signal 18 x:*", "x:p0: signalled\nx:p1: signalled\n", 0),
            ("signal CONT all", "a: signalled\nx:p0: signalled\nx:p1: signalled\n", 0),
            ("signal CONT b", "b: ERROR (not running)\n", 7),
            ("signal CONT b:*", "", 0),
            ("signal FOO a", "a: ERROR (bad signal name)\n", 1),
            ("signal FOO b", "b: ERROR (bad signal name)\n", 1),
            ("signal FOO x:*", "x:p0: ERROR (bad signal name)\nx:p1: ERROR (bad signal name)\n", 1),
            (
                "signal FOO all",
                "a: ERROR (bad signal name)\nx:p0: ERROR (bad signal name)\nx:p1: ERROR (bad signal name)\n",
                1,
            ),
            ("signal CONT eel", "eel: ERROR (no such process)\n", 1),
            ("signal CONT eel:*", "eel: ERROR (no such group)\n", 1),
            (
                "signal CONT eel b a",
                "eel: ERROR (no such process)\nb: ERROR (not running)\na: signalled\n",
                7,
            ),
            ("signal KILL a", "a: signalled\n", 0),
        ],
    );
    bed.state_becomes("a", "EXITED");
}

// undocumented: signal wants a signal and a name.
#[test]
fn a_signal_wants_a_name_and_a_process() {
    let bed = TestBed::new("");
    for line in ["signal", "signal HUP"] {
        let (words, code) = run(&bed, line);
        assert_eq!(
            synopses(&words),
            [
                "Error: signal requires a signal name and a process name",
                "signal <signal name> <name>",
                "signal <signal name> <gname>:*",
                "signal <signal name> <name> <name>",
                "signal <signal name> all"
            ]
        );
        assert_eq!(code, 1);
    }
}
