//! clear

use harness::TestBed;

use super::{assert_runs, run, synopses};

// running.rst, clear: "Clear a process' log files.", several, all.
#[test]
fn logs_are_cleared() {
    let bed = TestBed::new(
        "[program:a]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=%(here)s/a\n\
         [program:b]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=%(here)s/b\npriority=1\n\
         [program:x]\ncommand=/bin/cat\nprocess_name=p\nstartsecs=0\nstdout_logfile=%(here)s/x\n",
    );
    let logs = [("a", "a"), ("b", "b"), ("x:p", "x")];
    let fill = || {
        for (name, log) in logs {
            bed.state_becomes(name, "RUNNING");
            bed.ask("sendProcessStdin", [name.into(), "text\n".into()]);
            bed.eventually("the log is written", || bed.read(log).ends_with("text\n"));
        }
    };
    fill();
    assert_runs(&bed, &[("clear a", "a: cleared\n", 0)]);
    assert_eq!((bed.read("a"), bed.read("b")), (String::new(), "text\n".to_owned()));
    assert_runs(
        &bed,
        &[
            ("clear b:b x:p", "b: cleared\nx:p: cleared\n", 0),
            ("clear all", "b: cleared\na: cleared\nx:p: cleared\n", 0),
            ("clear eel", "eel: ERROR (no such process)\n", 1),
            ("clear eel a", "eel: ERROR (no such process)\na: cleared\n", 1),
        ],
    );
    fill();
    assert_runs(&bed, &[("clear a all", "b: cleared\na: cleared\nx:p: cleared\n", 0)]);
    assert_eq!((bed.read("a"), bed.read("b"), bed.read("x")), Default::default());
}

// undocumented: clear wants a name.
#[test]
fn a_clear_wants_a_name() {
    let bed = TestBed::new("");
    let (words, code) = run(&bed, "clear");
    assert_eq!(
        synopses(&words),
        ["Error: clear requires a process name", "clear <name>", "clear <name> <name>", "clear all"]
    );
    assert_eq!(code, 1);
    assert_runs(&bed, &[("clear all", "", 0)]);
}
