//! tail and maintail, without -f

use harness::TestBed;

use super::{assert_runs, assert_session, run, synopses};

// running.rst, tail: "tail <name> [stdout|stderr]", the last 1600 bytes, or as many as asked for.
#[test]
fn the_end_of_a_log_is_shown() {
    let bed = TestBed::new(
        "[program:cat]\ncommand=/bin/cat\nautostart=false\nstdout_logfile=%(here)s/out\nstderr_logfile=%(here)s/err\n\
         [program:x]\ncommand=/bin/cat\nautostart=false\nstdout_logfile=%(here)s/x\n[group:g]\nprograms=x\n",
    );
    let lines: String = (0..300).map(|number| format!("line {number:03}\n")).collect();
    bed.write("out", &lines);
    bed.write("err", "oops");
    bed.write("x", "é\n");
    // One line feed follows whatever there is.
    let end = |bytes: usize| format!("{}\n", &lines[lines.len() - bytes..]);
    assert_runs(
        &bed,
        &[
            ("tail cat", &end(1600), 0),
            ("tail -20 cat", &end(20), 0),
            ("tail -f cat stdin", "Error: bad channel 'stdin'\n", 1),
        ],
    );
    assert_session(
        &bed,
        &[
            ("tail cat stdout", &end(1600)),
            ("tail cat:cat STDOUT", &end(1600)),
            ("tail cat stderr", "oops\n"),
            ("tail -2 cat stderr", "ps\n"),
            ("tail -99999 cat", &end(2700)),
            ("tail -0 cat", &end(2700)),
            ("tail g:x", "é\n\n"),
            ("tail cat stdin", "Error: bad channel 'stdin'\n"),
            ("tail cat dog", "Error: bad channel 'dog'\n"),
            ("tail -x cat", "Error: bad argument -x\n"),
            ("tail - cat", "Error: bad argument -\n"),
            ("tail -20", "Error: tail requires process name\n"),
            ("tail -f", "Error: tail requires process name\n"),
            ("tail eel", "eel: ERROR (no such process name)\n"),
            ("tail g:*", "g:*: ERROR (no such process name)\n"),
            ("tail eel stderr", "eel: ERROR (no such process name)\n"),
        ],
    );
    std::fs::remove_file(bed.path("x")).unwrap();
    assert_runs(
        &bed,
        &[
            ("tail g:x", "g:x: ERROR (no log file)\n", 1),
            ("tail eel", "eel: ERROR (no such process name)\n", 1),
            ("tail -x cat", "Error: bad argument -x\n", 1),
            ("tail -1", "Error: tail requires process name\n", 1),
        ],
    );
}

// undocumented: the number of arguments.
#[test]
fn a_tail_wants_one_to_three_arguments() {
    let bed = TestBed::new("");
    let synopsis = [
        "tail [-f] <name> [stdout|stderr]",
        "Ex:",
        "tail -f <name>",
        "tail -100 <name>",
        "tail <name> stderr",
    ];
    for (line, error) in
        [("tail", "Error: too few arguments"), ("tail -1 a stdout x", "Error: too many arguments")]
    {
        let (words, code) = run(&bed, line);
        let mut words = synopses(&words);
        // Ours follows several.
        words.retain(|line| line != "tail -f <name> <name>");
        assert_eq!(words[0], error, "{line}");
        assert_eq!(words[1..], synopsis, "{line}");
        assert_eq!(code, 1);
    }
}

// running.rst, maintail: "last 1600 *bytes* of supervisor main log file".
#[test]
fn the_end_of_the_main_log_is_shown() {
    let bed = TestBed::new("");
    let lines: String = (0..300).map(|number| format!("line {number:03}\n")).collect();
    bed.write("supervisord.log", &lines);
    let end = |bytes: usize| format!("{}\n", &lines[lines.len() - bytes..]);
    assert_runs(
        &bed,
        &[
            ("maintail", &end(1600), 0),
            ("maintail -9", &end(9), 0),
            ("maintail 5", "Error: bad argument 5\n", 1),
        ],
    );
    assert_session(
        &bed,
        &[
            ("maintail -0", &end(2700)),
            ("maintail -9999", &end(2700)),
            ("maintail -x", "Error: bad argument -x\n"),
            ("maintail cat", "Error: bad argument cat\n"),
        ],
    );
    let (words, code) = run(&bed, "maintail -1 2");
    assert_eq!(synopses(&words), ["Error: too many arguments", "maintail -f", "maintail -100", "maintail"]);
    assert_eq!(code, 1);
    std::fs::remove_file(bed.path("supervisord.log")).unwrap();
    assert_runs(&bed, &[("maintail", "supervisord: ERROR (no log file)\n", 1)]);
}
