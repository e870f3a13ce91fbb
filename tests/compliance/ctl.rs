//! supervisorctl: every action, with its words and exit codes. Manual, "Running supervisorctl".
//!
//! Calls of the original's program are slow, so that many lines share a session of its shell; exit codes need calls of their own.

mod clear;
mod config;
mod connection;
mod daemon;
mod help;
mod options;
mod python;
mod signal;
mod start;
mod status;
mod stop;
mod tail;

use harness::{Output, TestBed};

/// What a command says, and its exit code.
#[track_caller]
fn run(bed: &TestBed, line: &str) -> (String, i32) {
    told(bed.ctl(line.split(' ')))
}

#[track_caller]
fn told(output: Output) -> (String, i32) {
    let code = output.code.expect("no signal ended it");
    (without_places(&output.stdout), code)
}

/// The original tells where in its source an exception came from.
fn without_places(text: &str) -> String {
    let line = |line: &str| match line.split_once(": file: ") {
        Some((error, _)) if error.contains("error: <class ") => format!("{error}\n"),
        _ => line.to_owned(),
    };
    text.split_inclusive('\n').map(line).collect()
}

#[track_caller]
fn assert_runs(bed: &TestBed, runs: &[(&str, &str, i32)]) {
    for (line, words, code) in runs {
        assert_eq!(run(bed, line), ((*words).to_owned(), *code), "{line}");
    }
}

/// What each line says when it is typed into one shell.
#[track_caller]
fn session(bed: &TestBed, lines: &[&str]) -> Vec<String> {
    let output = bed.ctl_shell(&format!("{}\n", lines.join("\n")));
    assert_eq!(output.code, Some(0), "{output:?}");
    let mut said: Vec<_> = output.stdout.split("supervisor> ").map(without_places).collect();
    assert_eq!(said.pop().as_deref(), Some("\n"), "the end of the lines: {output:?}");
    // The shell begins with the status.
    said.remove(0);
    assert_eq!(said.len(), lines.len(), "{output:?}");
    said
}

#[track_caller]
fn assert_session(bed: &TestBed, pairs: &[(&str, &str)]) {
    let lines: Vec<_> = pairs.iter().map(|pair| pair.0).collect();
    for ((line, words), said) in pairs.iter().zip(session(bed, &lines)) {
        assert_eq!(said, *words, "{line}");
    }
}

/// The error and the synopses in what a command says that was used wrongly; the explanations are each one's own.
fn synopses(text: &str) -> Vec<String> {
    let lines = text.lines().filter_map(|line| line.split('\t').next());
    lines
        .map(|line| line.split(" (").next().unwrap_or(line).trim_end().to_owned())
        .filter(|line| !line.is_empty())
        .collect()
}
