//! Any text as an `environment=`.
#![no_main]

use std::fs;
use std::path::PathBuf;

use libfuzzer_sys::fuzz_target;
use supervisor_config::{Overrides, load};

const CONFIGURATION: &str = "[supervisord]\n[program:x]\ncommand=cat\nenvironment=%(ENV_TEXT)s\n";

thread_local! {
    static FILE: (tempfile::TempDir, PathBuf) = {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("supervisord.conf");
        fs::write(&file, CONFIGURATION).expect("the file");
        (folder, file)
    };
}

fuzz_target!(|text: &str| FILE.with(|(folder, file)| {
    let environment = [("TEXT".to_owned(), text.to_owned())];
    match load(file, &Overrides::default(), &environment, folder.path()) {
        Ok(config) => {
            let variables = &config.groups[0].programs[0].environment;
            let length: usize = variables.iter().map(|(name, value)| name.len() + value.len()).sum();
            assert!(length <= text.len(), "nothing is made up");
        }
        Err(error) => drop(error.to_string()),
    }
}));
