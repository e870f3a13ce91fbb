//! pidproxy passes on signals, and the status of its command.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

fn pidproxy(words: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_pidproxy"));
    command.args(words).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

fn status(words: &[&str]) -> ExitStatus {
    pidproxy(words).status().expect("it runs")
}

fn send(child: &Child, signal: Signal) {
    kill(Pid::from_raw(i32::try_from(child.id()).expect("a pid")), signal).expect("it lives");
}

/// A command that tells of a signal, and its pid file.
fn listener(folder: &Path, signal: &str) -> (Child, String) {
    let file = folder.join("pid").to_string_lossy().into_owned();
    let script = format!(
        "trap 'echo got; exit 5' {signal}; echo $$ > {file}.new; mv {file}.new {file}; echo ready; while :; do sleep 0.05; done"
    );
    let child = pidproxy(&[&file, "/bin/sh", "-c", &script]).spawn().expect("it runs");
    (child, file)
}

#[test]
fn too_few_words_are_answered_with_the_usage() {
    let output = pidproxy(&["file"]).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stdout).contains("<pidfile name> <command> [<cmdarg1> ...]"));
}

#[test]
fn the_status_of_the_command_is_passed_on() {
    assert_eq!(status(&["/nowhere", "/bin/sh", "-c", "exit 3"]).code(), Some(3));
    assert_eq!(status(&["/nowhere", "/bin/sh", "-c", "kill -TERM $$"]).code(), Some(128 + 15));
    assert_eq!(status(&["/nowhere", "/nowhere/command"]).code(), Some(127));
}

#[test]
fn a_signal_reaches_the_process_in_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut child, _) = listener(folder.path(), "USR1");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    assert_eq!(lines.next().expect("a line").expect("text"), "ready");
    send(&child, Signal::SIGUSR1);
    assert_eq!(lines.next().expect("a line").expect("text"), "got");
    assert_eq!(child.wait().expect("its end").code(), Some(5));
}

#[test]
fn it_ends_after_passing_on_a_signal_to_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut child, _) = listener(folder.path(), "TERM");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    assert_eq!(lines.next().expect("a line").expect("text"), "ready");
    send(&child, Signal::SIGTERM);
    assert_eq!(child.wait().expect("its end").code(), Some(0));
    assert_eq!(lines.next().expect("a line").expect("text"), "got");
}

#[test]
fn it_stays_when_the_file_cannot_be_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let (mut child, file) = listener(folder.path(), "TERM");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    assert_eq!(lines.next().expect("a line").expect("text"), "ready");
    let pid = fs::read_to_string(&file).expect("its file");
    fs::remove_file(&file).expect("its file");
    send(&child, Signal::SIGTERM);
    assert_eq!(lines.next().expect("a line").expect("text"), format!("Can't read child pidfile {file}!"));
    fs::write(&file, pid).expect("its file");
    send(&child, Signal::SIGTERM);
    assert_eq!(child.wait().expect("its end").code(), Some(0));
}
