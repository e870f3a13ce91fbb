//! Whole files, dialect and includes and all: what is before the first NUL is the main file, the rest is one that it
//! may include as `a.conf`.
#![no_main]

use std::fs;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use supervisor_config::{Overrides, check, load, load_ctl};

thread_local! {
    static FOLDER: tempfile::TempDir = tempfile::tempdir().expect("a folder");
}

fuzz_target!(|data: &[u8]| FOLDER.with(|folder| read(folder.path(), data)));

fn read(folder: &Path, data: &[u8]) {
    let (main, included) = data.split_at(data.iter().position(|&b| b == 0).unwrap_or(data.len()));
    let file = folder.join("supervisord.conf");
    fs::write(&file, main).expect("the main file");
    fs::write(folder.join("a.conf"), included.get(1..).unwrap_or_default()).expect("the included file");

    let environment = [("A", "one"), ("HOME", "/root")].map(|(name, value)| (name.into(), value.into()));
    let loaded = load(&file, &Overrides::default(), &environment, folder);
    let findings = check(&file, &Overrides::default(), &environment, folder);
    let errors = findings.iter().filter(|finding| finding.level == supervisor_config::LogLevel::Error);
    match &loaded {
        Ok(_) => assert_eq!(errors.count(), 0),
        Err(error) => {
            assert_eq!(errors.count(), error.problems().len());
            for problem in error.problems() {
                let _ = problem.to_string();
            }
        }
    }
    let _ = load_ctl(&file, &environment, folder).map_err(|error| error.to_string());
}
