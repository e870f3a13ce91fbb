//! Manual, "Running Supervisor": the command lines of the four programs, and the file that is found without one.

use harness::{Output, Setup, TestBed};

mod daemon;
mod echo_supervisord_conf;
mod pidproxy;
mod search;
mod supervisorctl;

/// A folder with an empty configuration, and no daemon.
fn folder() -> TestBed {
    Setup::default().prepare()
}

/// Compares each row: the words of a command line, and why they are refused.
#[track_caller]
fn refused(rows: &[(&[&str], &str)], run: impl Fn(&[&str]) -> Output) {
    for (words, reason) in rows {
        let output = run(words);
        assert_eq!((output.refusal(), output.stdout.as_str()), (*reason, ""), "on {words:?}");
    }
}
