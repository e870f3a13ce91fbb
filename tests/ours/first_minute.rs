//! What somebody reads who has just installed the programs: what to do, in three lines.

use std::fs;
use std::process::Command;

use harness::{Setup, TestBed};

/// A bed without a configuration; `None` where the machine itself has one, which would be found.
fn bare() -> Option<TestBed> {
    let global = ["/etc/supervisord.conf", "/etc/supervisor/supervisord.conf"];
    if global.iter().any(|file| fs::exists(file).unwrap_or(true)) {
        return None;
    }
    let bed = Setup::default().prepare();
    fs::remove_file(bed.path("supervisord.conf")).expect("the bed's configuration");
    Some(bed)
}

fn run(bed: &TestBed, mut command: Command, args: &[&str]) -> harness::Output {
    command.args(args).current_dir(bed.here()).env("HOME", bed.here());
    bed.finish(command, "")
}

#[test]
fn supervisord_without_a_configuration_says_what_to_do() {
    let Some(bed) = bare() else { return };
    let said = run(&bed, Command::new(harness::supervisord()), &[]);
    assert_eq!(said.code, Some(2), "{said:?}");
    // The original's warning for root comes first.
    let lines: Vec<&str> = said.stderr.lines().filter(|line| !line.starts_with("UserWarning: ")).collect();
    assert!(lines[0].starts_with("Error: No config file found at default paths ("), "{said:?}");
    assert!(lines[0].ends_with("use the -c option to specify a config file at a different path"), "{said:?}");
    assert_eq!(
        lines[1..],
        [
            "For help, use BIN/supervisord -h",
            "To write a first configuration into a folder, use BIN/supervisord --init DIR"
        ]
    );
}

#[test]
fn supervisorctl_against_nothing_says_what_to_do() {
    let Some(bed) = bare() else { return };
    // Something else may listen at the default address.
    if std::net::TcpStream::connect(("localhost", 9001)).is_ok() {
        return;
    }
    let said = run(&bed, Command::new(harness::supervisorctl()), &["status"]);
    assert_eq!(said.code, Some(4), "{said:?}");
    assert_eq!(said.stdout, "http://localhost:9001 refused connection\n");
    assert_eq!(
        said.stderr,
        "  the url http://localhost:9001 is the default, as no configuration file was found; -c names one, -s a url\n  \
         to begin, use supervisord --init DIR, which writes a first configuration and tells what is next\n"
    );
}

#[test]
fn supervisorctl_says_how_to_start_the_daemon_of_its_configuration() {
    let bed = Setup::default().prepare();
    let said = bed.ctl(["status"]);
    assert_eq!(said.code, Some(4), "{said:?}");
    let remedy = "supervisord does not run with this configuration; to start it, use supervisord -c HERE/supervisord.conf\n";
    assert!(said.stderr.ends_with(remedy), "{said:?}");
}

#[test]
fn a_first_configuration_is_written_and_never_over_another() {
    let bed = Setup::default().prepare();
    let init = |folder: &str| run(&bed, Command::new(harness::supervisord()), &["--init", folder]);
    let written = init("new/folder");
    assert_eq!(written.code, Some(0), "{written:?}");
    let main = "new/folder/supervisord.conf";
    let check = run(&bed, Command::new(harness::supervisord()), &["--check", "-c", main]);
    assert_eq!(check.code, Some(0), "{check:?}");

    bed.write(main, "; mine\n");
    let refused = init("new/folder");
    assert_eq!((refused.code, &*bed.read(main)), (Some(2), "; mine\n"), "{refused:?}");
    assert_eq!(refused.refusal(), "cannot write HERE/new/folder/supervisord.conf: it exists already");

    // Nor is a half of it written beside what is there.
    fs::create_dir_all(bed.path("other/supervisor.d")).expect("a folder");
    assert_eq!(init("other").refusal(), "cannot write HERE/other/supervisor.d: it exists already");
    assert!(!bed.path("other/supervisord.conf").exists());
}
