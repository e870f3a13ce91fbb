//! status

use harness::TestBed;

use super::{assert_runs, run};

const PROGRAMS: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n[program:dog]\ncommand=/bin/cat\nautostart=false\n\
    [program:x]\ncommand=/bin/cat\nprocess_name=p%(process_num)s\nnumprocs=2\nstartsecs=0\n";

/// A row, as wide as most.
fn row(name: &str, state: &str, description: &str) -> String {
    format!("{name:<33}{state:<10}{description}\n")
}

// running.rst, status: "Get all process status info", one, several, a group.
#[test]
fn the_status_of_processes() {
    let bed = TestBed::new(PROGRAMS);
    for name in ["cat", "x:p0", "x:p1"] {
        bed.state_becomes(name, "RUNNING");
    }
    let cat = row("cat", "RUNNING", "pid PID, uptime TIME");
    let dog = row("dog", "STOPPED", "Not started");
    let (p0, p1) =
        (row("x:p0", "RUNNING", "pid PID, uptime TIME"), row("x:p1", "RUNNING", "pid PID, uptime TIME"));
    let all = format!("{cat}{dog}{p0}{p1}");
    assert_runs(
        &bed,
        &[
            ("status", &all, 3),
            ("status all", &all, 3),
            ("status cat all", &all, 3),
            ("status cat", &cat, 0),
            ("status x:*", &format!("{p0}{p1}"), 0),
            ("status x:", &format!("{p0}{p1}"), 0),
            ("status cat:*", &cat, 0),
            ("status dog cat", &format!("{dog}{cat}"), 3),
            ("status x:p1 x:p1", &format!("{p1}{p1}"), 0),
        ],
    );
}

// running.rst, status: names that are none.
#[test]
fn the_status_of_nobody() {
    let bed = TestBed::new(PROGRAMS);
    bed.state_becomes("cat", "RUNNING");
    let cat = row("cat", "RUNNING", "pid PID, uptime TIME");
    let dog = row("dog", "STOPPED", "Not started");
    assert_runs(
        &bed,
        &[
            ("status eel", "eel: ERROR (no such process)\n", 4),
            ("status x", "x: ERROR (no such process)\n", 4),
            ("status p0", "p0: ERROR (no such process)\n", 4),
            ("status x:p9", "x:p9: ERROR (no such process)\n", 4),
            ("status eel:*", "eel: ERROR (no such group)\n", 4),
            // They are told first.
            ("status cat eel", &format!("eel: ERROR (no such process)\n{cat}"), 4),
            // What is stopped counts for more.
            ("status eel dog", &format!("eel: ERROR (no such process)\n{dog}"), 3),
        ],
    );
}

// undocumented: the exit code tells whether anything is down.
#[test]
fn the_exit_code_tells_what_is_down() {
    let bed = TestBed::new(
        "[program:starting]\ncommand=/bin/cat\nstartsecs=600\n[program:gone]\ncommand=/bin/true\nstartsecs=0\nautorestart=false\n\
         [program:bad]\ncommand=/nonexistent\nstartretries=0\n[program:again]\ncommand=/nonexistent\nstartretries=1000\n",
    );
    bed.state_becomes("gone", "EXITED");
    bed.state_becomes("bad", "FATAL");
    bed.state_becomes("again", "BACKOFF");
    assert_runs(
        &bed,
        &[
            ("status starting", &row("starting", "STARTING", ""), 0),
            ("status gone", &row("gone", "EXITED", "DATE"), 3),
            ("status bad", &row("bad", "FATAL", "can't find command '/nonexistent'"), 3),
        ],
    );
    // It may try again at any moment.
    let (words, code) = run(&bed, "status again");
    assert!(
        words.starts_with(&row("again", "BACKOFF", "can't").trim_end()[..40]) || words.contains("STARTING"),
        "{words}"
    );
    assert_eq!(code, 0);
}

// undocumented: a long name makes the rows wider.
#[test]
fn long_names_widen_the_rows() {
    let long = "a".repeat(31);
    let bed = TestBed::new(&format!(
        "[program:{long}]\ncommand=/bin/cat\nautostart=false\n[program:b]\ncommand=/bin/cat\nautostart=false\n"
    ));
    let (words, _) = run(&bed, "status");
    assert_eq!(words, format!("{long}   STOPPED   Not started\n{:<34}STOPPED   Not started\n", "b"));
    // Only of those that are shown.
    assert_eq!(run(&bed, "status b").0, row("b", "STOPPED", "Not started"));
}

// undocumented: nothing to show is nothing wrong.
#[test]
fn the_status_of_nothing() {
    assert_runs(&TestBed::new(""), &[("status", "", 0), ("status all", "", 0)]);
}
