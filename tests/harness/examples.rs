//! The examples, for tests that run them: each as it is but for the places of its socket, its log and its pid file.

use std::fs;
use std::path::{Path, PathBuf};

use crate::bed::{Setup, TestBed};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("examples")
}

/// What the configurations use: the files below a folder, by their names from there, without what a run has left.
fn files(folder: &Path, prefix: &str) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("the examples").flatten() {
        let name = format!("{prefix}{}", entry.file_name().display());
        if entry.path().is_file() && !name.ends_with(".conf") {
            found.push((name, fs::read_to_string(entry.path()).expect("an example is text")));
        } else if entry.path().is_dir() && name != "run" && !name.ends_with("__pycache__") {
            found.extend(files(&entry.path(), &format!("{name}/")));
        }
    }
    found
}

/// A running daemon on a copy of the examples, of which it has this one with these changes to its text.
///
/// # Panics
///
/// When the text does not hold what is to be changed.
#[track_caller]
pub fn example(name: &str, changes: &[(&str, &str)]) -> TestBed {
    example_with(name, changes, &[])
}

/// The same with some of the other files replaced.
///
/// # Panics
///
/// When the text does not hold what is to be changed.
#[track_caller]
pub fn example_with(name: &str, changes: &[(&str, &str)], replaced: &[(&str, &str)]) -> TestBed {
    let mut files = files(&folder(), "");
    files.push(("run/.gitignore".to_owned(), String::new()));
    let mut text = fs::read_to_string(folder().join(name)).expect("the example");
    for (from, to) in changes {
        assert!(text.contains(from), "{name} does not hold {from}");
        text = text.replace(from, to);
    }
    let mut files: Vec<_> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    files.extend(replaced);
    Setup { text: &text, bare: true, files: &files, ..Setup::default() }.start()
}

/// What is changed in the main example: everything is in the test's folder, and on its port.
pub const MAIN_CHANGES: [(&str, &str); 4] = [
    ("%(here)s/run/supervisor.sock", "%(here)s/supervisor.sock"),
    ("%(here)s/run/supervisord.log", "%(here)s/supervisord.log"),
    ("%(here)s/run/supervisord.pid", "%(here)s/supervisord.pid"),
    ("127.0.0.1:9001", "127.0.0.1:{port}"),
];
