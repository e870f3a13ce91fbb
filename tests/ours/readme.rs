//! What the README shows happens so: its sessions and its configurations. Its other commands are run by `packaging/tests/readme`.

use std::fs;
use std::path::Path;
use std::process::Command;

use harness::examples::{MAIN_CHANGES, example_with};
use harness::{Setup, TestBed};

const SERVER: &str = "echo \"server: started with ${*:-no arguments}\"; exec sleep 1000\n";

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn readme() -> String {
    fs::read_to_string(Path::new(ROOT).with_file_name("README.md")).expect("the README")
}

/// The text of a fenced block, behind the name of its language.
fn blocks() -> Vec<(String, String)> {
    let text = readme();
    let mut lines = text.lines();
    let mut blocks = Vec::new();
    while let Some(line) = lines.next() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            let body = lines.by_ref().take_while(|line| line.trim_start() != "```");
            blocks.push((language.to_owned(), body.map(|line| format!("{line}\n")).collect()));
        }
    }
    blocks
}

fn of_language(language: &str) -> impl Iterator<Item = String> {
    blocks().into_iter().filter(move |block| block.0 == language).map(|block| block.1)
}

/// A text of the README as a bed's normalised output shows it.
fn as_shown(bed: &TestBed, text: &str) -> String {
    bed.normalise(text)
        .replace("/home/you/clone/examples", "HERE")
        .replace("/home/you", "HERE")
        .replace("/usr/bin", "BIN")
}

#[test]
fn readme_has_only_blocks_that_are_tested() {
    for (language, text) in blocks() {
        let known = ["sh", "console", "ini", "dockerfile", ""].contains(&&*language);
        assert!(known, "packaging/tests/readme or this chapter must learn to test {language}:\n{text}");
    }
}

#[test]
fn readme_sessions_go_as_they_are_shown() {
    for session in of_language("console") {
        let bed = Setup::default().prepare();
        // Before each command a mark, so that what follows is its answer.
        let mut script = "exec 2>&1\n".to_owned();
        for line in session.lines() {
            if let Some(command) = line.strip_prefix("$ ") {
                if command.starts_with("supervisorctl tail ") {
                    script.push_str("until [ -s log/*stdout* ]; do sleep 0.1; done\n");
                }
                script.push_str(&format!("echo '$'\n{command}\n"));
            } else if let Some(more) = line.strip_prefix("> ") {
                script.push_str(&format!("{more}\n"));
            }
        }
        let expected = session.lines().filter(|line| !line.starts_with("> "));
        let expected =
            expected.map(|line| if line.starts_with("$ ") { "$\n".to_owned() } else { format!("{line}\n") });
        let expected = as_shown(&bed, &expected.collect::<String>());

        let bin = harness::supervisord();
        let bin = bin.parent().expect("a folder").display();
        let mut command = Command::new("sh");
        command.args(["-c", &script]).current_dir(bed.here()).env("HOME", bed.here());
        command.env("PATH", format!("{bin}:{}", std::env::var("PATH").unwrap_or_default()));
        let shown = bed.finish(command, "");
        assert_eq!(shown.stdout, expected);
        bed.eventually("the daemon ends", || !bed.path("supervisor/supervisord.pid").exists());
    }
}

#[test]
fn readme_shell_answers_as_it_is_shown() {
    let session =
        of_language("").find(|block| block.contains("\nsupervisor> ")).expect("a session in the shell");
    // Without the crashes that the worker is made for, and without what a server says now and then.
    let calm = [("bin/queue-worker.sh", "exec sleep 1000\n"), ("bin/server.sh", SERVER)];
    let bed = example_with("supervisord.conf", &MAIN_CHANGES, &calm);
    let names: Vec<_> = bed
        .ctl(["avail"])
        .stdout
        .lines()
        .filter_map(|line| line.split(' ').next().map(str::to_owned))
        .collect();
    names.iter().for_each(|name| bed.state_becomes(name, "RUNNING"));
    bed.eventually("the program tells how it was started", || {
        bed.ctl(["tail", "forms.example"]).stdout.contains("server: ")
    });

    let commands: Vec<_> = session.lines().filter_map(|line| line.strip_prefix("supervisor> ")).collect();
    let answers = session.lines().map(|line| {
        if line.starts_with("supervisor> ") { "supervisor> ".to_owned() } else { format!("{line}\n") }
    });
    let expected = as_shown(&bed, &answers.collect::<String>());
    let mut command = Command::new(harness::supervisorctl());
    command.args(["-c", "supervisord.conf"]).current_dir(bed.here());
    let shown = bed.finish(command, &format!("{}\n", commands.join("\n")));
    // A group answers in the order in which its programs stop.
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text
            .replace("supervisor> ", "")
            .lines()
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&shown.stdout), sorted(&expected));
}

#[test]
fn readme_configurations_are_without_fault() {
    for text in of_language("ini") {
        let bed = Setup::default().prepare();
        let here = bed.here();
        // Folders and users that a server has.
        let mut text = text.replace("/var/log/supervisor\n", &format!("{here}\n"));
        text = text.replace("/run/", &format!("{here}/")).replace("/var/log/", &format!("{here}/"));
        text = text.replace("/etc/supervisor.d/*", "none.*").replace("user = www-data\n", "");
        if text.contains("[group:") {
            text.push_str("[program:shop-queue]\ncommand=/bin/cat\n[program:shop-web]\ncommand=/bin/cat\n");
        }
        let whole = if text.contains("[supervisord]") { text } else { format!("[supervisord]\n{text}") };
        bed.write("none.conf", "");
        bed.write("readme.conf", &whole);
        let mut command = Command::new(harness::supervisord());
        command.args(["--check", "-c", "readme.conf"]).current_dir(bed.here());
        let shown = bed.finish(command, "");
        assert!(shown.code == Some(0) && shown.stdout.contains("no errors, no warnings"), "{whole}{shown:?}");
    }
}
