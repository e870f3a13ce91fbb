//! Where supervisord and supervisorctl look for a file that is not named.

use std::fs;
use std::path::{Path, PathBuf};

use harness::{Output, TestBed, is_root, supervisorctl, supervisord};

use super::folder;

/// The places below the folder in the order in which they are looked at; the program is `root/bin/…`.
const PLACES: [&str; 4] =
    ["root/etc/supervisord.conf", "root/supervisord.conf", "supervisord.conf", "etc/supervisord.conf"];

/// The program below the folder.
fn called(bed: &TestBed, program: PathBuf) -> PathBuf {
    let path = bed.path("root/bin").join(program.file_name().unwrap_or_default());
    fs::create_dir_all(bed.path("root/bin")).unwrap();
    std::os::unix::fs::symlink(program, &path).unwrap();
    path
}

fn run(bed: &TestBed, program: &Path, words: &[&str]) -> Output {
    bed.finish(bed.command(program, words.iter().copied()), "")
}

// configuration.rst, "Configuration File": "supervisord … will look for a file named supervisord.conf within each of the following
// locations, in the specified order".
#[test]
fn the_daemon_takes_the_first_file_that_exists() {
    let bed = folder();
    let daemon = called(&bed, supervisord());
    for place in PLACES {
        bed.write(place, &format!("[supervisord]\nminfds={place}\n"));
    }
    for place in PLACES {
        let output = run(&bed, &daemon, &[]);
        let reason = format!("Error: invalid literal for int() with base 10: '{place}'\n");
        assert!(output.stderr.contains(&reason) && output.code == Some(2), "{output:?}\nnot {reason}");
        fs::remove_file(bed.path(place)).unwrap();
    }
}

// The same: a program that is found by PATH has the place where it was found.
#[test]
fn the_place_of_the_program_is_found_by_path() {
    let bed = folder();
    called(&bed, supervisord());
    bed.write(PLACES[0], "[supervisord]\nminfds=here\n");
    let mut command = bed.command(Path::new("supervisord"), []);
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}/root/bin:{path}", bed.here()));
    let output = bed.finish(command, "");
    assert!(output.stderr.contains("Error: invalid literal for int() with base 10: 'here'\n"), "{output:?}");
}

// The same: none at all.
#[test]
fn a_daemon_without_a_file_tells_where_it_looked() {
    if Path::new("/etc/supervisord.conf").exists() || Path::new("/etc/supervisor/supervisord.conf").exists() {
        return;
    }
    let bed = folder();
    let daemon = called(&bed, supervisord());
    fs::remove_file(bed.path("supervisord.conf")).unwrap();
    let output = run(&bed, &daemon, &[]);
    let expected = "Error: No config file found at default paths (HERE/root/etc/supervisord.conf, HERE/root/supervisord.conf, \
                    supervisord.conf, etc/supervisord.conf, /etc/supervisord.conf, /etc/supervisor/supervisord.conf); use the -c \
                    option to specify a config file at a different path\nFor help, use HERE/root/bin/supervisord -h\n";
    assert!(output.stderr.contains(expected) && output.code == Some(2), "{output:?}\nnot {expected}");
}

// undocumented: root is warned that the file might be somebody else's.
#[test]
fn root_is_warned_of_a_file_that_was_looked_for() {
    let bed = folder();
    bed.write("supervisord.conf", "[supervisord]\nminfds=x\n");
    let warning = "Supervisord is running as root and it is searching for its configuration file in default locations (including \
                   its current working directory); you probably want to specify a \"-c\" argument specifying an absolute path to \
                   a configuration file for improved security.";
    let daemon = called(&bed, supervisord());
    assert_eq!(run(&bed, &daemon, &[]).stderr.contains(warning), is_root());
    assert!(!run(&bed, &daemon, &["-c", "supervisord.conf"]).stderr.contains(warning));
}

// configuration.rst: supervisorctl looks at the same places.
#[test]
fn supervisorctl_takes_the_first_file_that_exists() {
    let bed = folder();
    let client = called(&bed, supervisorctl());
    for place in PLACES {
        bed.write(place, &format!("[supervisorctl]\nserverurl=unix:///nonexistent/{place}\n"));
    }
    for place in PLACES {
        let output = run(&bed, &client, &["version"]);
        let expected = format!("unix:///nonexistent/{place} no such file\n");
        assert!(output.stdout.starts_with(&expected), "{output:?}\nnot {expected}");
        fs::remove_file(bed.path(place)).unwrap();
    }
}
