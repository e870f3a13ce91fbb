//! Any text as one that `%(…)s` is expanded in, with names of all kinds.
#![no_main]

use std::fs;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use supervisor_config::{Overrides, load};

/// A log file is expanded twice: the first time brings in the text of the variable, the second expands that.
const CONFIGURATION: &str = "[supervisord]\n[program:x]\ncommand=cat\nstdout_logfile=%(ENV_TEXT)s\n";

thread_local! {
    static FILE: (tempfile::TempDir, PathBuf) = {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("supervisord.conf");
        fs::write(&file, CONFIGURATION).expect("the file");
        (folder, file)
    };
}

fuzz_target!(|text: &str| FILE.with(|(folder, file)| {
    let environment =
        [("TEXT", text), ("A", "é\"'"), ("B", "")].map(|(name, value)| (name.into(), value.into()));
    let loaded = load(file, &Overrides::default(), &environment, folder.path());
    if !text.contains('%') && !text.contains('/') && !text.starts_with('~') {
        loaded.expect("a text that has nothing to expand");
    } else if let Err(error) = loaded {
        let _ = error.to_string();
    }
}));
