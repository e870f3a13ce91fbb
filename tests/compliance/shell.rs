//! supervisorctl on a terminal: its shell, its questions, and what runs until Ctrl-C. Manual, "Running supervisorctl".

mod editing;
mod follow;
mod foreground;
mod questions;

const CTRL_C: &str = "\u{3}";
const CTRL_D: &str = "\u{4}";
const CTRL_U: &str = "\u{15}";
const UP: &str = "\u{1b}[A";

/// The row of a program that has not been started.
fn stopped(name: &str) -> String {
    format!("{name:<33}STOPPED   Not started\n")
}
