//! The configuration that echo_supervisord_conf prints.

use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use supervisor_config::{LogLevel, Overrides, check, kinds, load, load_ctl};

fn sample() -> String {
    let output =
        Command::new(env!("CARGO_BIN_EXE_echo_supervisord_conf")).arg("-h").output().expect("it runs");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("text")
}

/// The sample with its examples in force, and with what they name in place.
fn uncommented(folder: &Path) -> String {
    fs::write(folder.join("supervisor.pass"), "secret\n").expect("a file");
    let example = |line: &str| {
        let line = line.strip_prefix(';')?;
        let name = line.split(['=', ']']).next()?;
        let is_name = |name: &str| !name.is_empty() && !name.contains(' ');
        (line.starts_with('[') || line.contains('=') && is_name(name)).then(|| line.to_owned())
    };
    let lines =
        sample().lines().map(|line| example(line).unwrap_or_else(|| line.to_owned())).collect::<Vec<_>>();
    // One of both.
    let lines = lines.into_iter().filter(|line| !line.starts_with("password_file="));
    lines.map(|line| line + "\n").collect()
}

#[test]
fn it_is_accepted_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("supervisord.conf");
    fs::write(&file, sample()).expect("a file");
    let config = load(&file, &Overrides::default(), &[], folder.path()).expect("sound");
    assert_eq!((&config.notices, &config.typos), (&vec![], &vec![]));
    assert_eq!(config.groups, []);
    assert_eq!(config.serverurl().as_deref(), Some("unix:///tmp/supervisor.sock"));
    let options = load_ctl(&file, &[], folder.path()).expect("sound");
    assert_eq!(options.serverurl, "unix:///tmp/supervisor.sock");
}

#[test]
fn its_examples_are_accepted() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("supervisord.conf");
    fs::write(&file, uncommented(folder.path())).expect("a file");
    let findings = check(&file, &Overrides::default(), &[], folder.path());
    let findings: Vec<_> =
        findings.into_iter().filter(|one| one.level >= LogLevel::Error || one.place.is_some()).collect();
    assert_eq!(findings, []);
}

#[test]
fn it_has_every_key_with_its_default() {
    let mut section = String::new();
    let mut found: HashMap<String, HashMap<String, String>> = HashMap::new();
    for line in sample().lines() {
        let line = line.strip_prefix(';').unwrap_or(line);
        if let Some((name, _)) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            section = name.to_owned();
        } else if let Some((key, value)) = line.split_once('=').filter(|(key, _)| !key.contains(' ')) {
            let value = value.split(" ;").next().unwrap_or_default().trim();
            found.entry(section.clone()).or_default().insert(key.to_owned(), value.to_owned());
        }
    }
    // Values that show something better than what happens anyway.
    let examples: HashSet<&str> = [
        "command",
        "environment",
        "events",
        "logfile",
        "pidfile",
        "programs",
        "serverurl",
        "socket",
        "numprocs",
        "process_name",
    ]
    .into();
    for kind in kinds() {
        for key in kind.keys {
            let section = found.iter().find(|(name, _)| name.starts_with(kind.name));
            let value = section.and_then(|(_, keys)| keys.get(key.name));
            let value = value.unwrap_or_else(|| panic!("[{}] {} is missing", kind.name, key.name));
            if let Some(default) = key.default.filter(|_| !examples.contains(key.name)) {
                assert_eq!(value, default, "[{}] {}", kind.name, key.name);
            }
        }
    }
}

/// Needs a Python with supervisor 4.3.0 in `SUPERVISOR_PYTHON`.
#[test]
fn the_original_accepts_it_too() {
    let Ok(python) = std::env::var("SUPERVISOR_PYTHON") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let read = "import sys; from supervisor.options import ServerOptions; ServerOptions().realize(['-c', sys.argv[1]], doc='', progname='x')";
    for (name, text) in [("sample.conf", sample()), ("examples.conf", uncommented(folder.path()))] {
        let file = folder.path().join(name);
        fs::write(&file, text).expect("a file");
        let status = Command::new(&python).args(["-c", read]).arg(&file).status().expect("it runs");
        assert!(status.success(), "{name}");
    }
}
