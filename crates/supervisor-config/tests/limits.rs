//! Files that grow without end, in size or in time, end in an answer. The whole test may take less than a gigabyte.

use std::fs;
use std::path::Path;

use nix::sys::resource::{Resource, setrlimit};
use supervisor_config::{Overrides, load};

const TOO_LARGE: &str =
    "the configuration is too large: with includes, expansions and numprocs it exceeds 256 MB";

/// The first line of the error, if there is one.
fn answer(folder: &Path, text: &str) -> Option<String> {
    let file = folder.join("supervisord.conf");
    fs::write(&file, text).expect("the file");
    let error = load(&file, &Overrides::default(), &[], folder).err()?;
    let whole: usize = error.problems().iter().map(|problem| problem.to_string().len()).sum();
    assert!(whole < 64 << 20, "{whole} bytes of errors");
    error.to_string().lines().next().map(|line| line.chars().take(200).collect())
}

fn program(keys: &str) -> String {
    format!("[supervisord]\n[program:x]\n{keys}\n")
}

fn many(count: usize, line: impl Fn(usize) -> String) -> String {
    (0..count).map(line).collect()
}

#[test]
fn ends_in_an_answer_and_in_less_than_a_gigabyte() {
    setrlimit(Resource::RLIMIT_AS, 1 << 30, 1 << 30).expect("a limit");
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let long = "x".repeat(1_000_000);
    let in_program = format!("{TOO_LARGE} in section 'program:x' (file: ");

    let sound = [
        ("a million characters", program(&format!("command={long}"))),
        ("a million lines", program(&format!("command=a\n{}", " b\n".repeat(1_000_000)))),
        ("a million empty lines", program(&format!("command=a\n{}b=c", "\n".repeat(1_000_000)))),
        ("a key of a million characters", program(&format!("command=a\n{long}=b"))),
        ("a million comments in a line", program(&format!("command=a\nb={}", "c #".repeat(1_000_000)))),
        ("a file that includes itself", program("command=a\n[include]\nfiles=supervisord.conf")),
        (
            "a million events",
            format!(
                "[supervisord]\n[eventlistener:x]\ncommand=a\nevents={}TICK_5",
                "TICK,".repeat(1_000_000)
            ),
        ),
        ("a million escapes", program(&format!("command={}", "\"\\".repeat(1_000_000)))),
    ];
    for (name, text) in sound {
        assert_eq!(answer(folder, &text), None, "{name}");
    }

    let refused = [
        (
            "a text that grows",
            program(&format!("environment=A=\"{long}\"\ncommand={}", "%(ENV_A)s".repeat(100_000))),
            &*in_program,
        ),
        ("numprocs", program("numprocs=1000000000\nprocess_name=%(process_num)s\ncommand=a"), &in_program),
        (
            "long processes",
            program(&format!("numprocs=1000\nprocess_name=%(process_num)s\ncommand={long}")),
            &in_program,
        ),
        (
            "a member a million times",
            program(&format!("command=a\n[group:g]\nprograms={}x", "x,".repeat(1_000_000))),
            &in_program,
        ),
        (
            "a million members that are none",
            format!("[supervisord]\n[group:g]\nprograms={}", many(1_000_000, |n| format!("x{n},"))),
            "[group:g] names unknown program or fcgi-program x0",
        ),
        (
            "a bad member a million times",
            program(&format!("command=%(no)s{long}\n[group:g]\nprograms={}x", "x,".repeat(1_000_000))),
            "Format string '%(no)s",
        ),
        (
            "a bad value a thousand times",
            format!(
                "[DEFAULT]\ncommand=%(no)s{long}\n[supervisord]\n{}",
                many(1000, |n| format!("[program:x{n}]\n"))
            ),
            "Format string '%(no)s",
        ),
        (
            "a million patterns",
            format!("[supervisord]\n[include]\nfiles={}", "nothing ".repeat(1_000_000)),
            TOO_LARGE,
        ),
        (
            "a file a million times",
            format!("[supervisord]\n[include]\nfiles={}", "supervisord.conf ".repeat(1_000_000)),
            TOO_LARGE,
        ),
        (
            "the whole system a million times",
            format!("[supervisord]\n[include]\nfiles={}", "/*/*/*.none ".repeat(1_000_000)),
            TOO_LARGE,
        ),
        (
            "a file without an end",
            "[supervisord]\n[include]\nfiles=/dev/zero".to_owned(),
            "could not read config file /dev/zero: it exceeds 32 MB",
        ),
        (
            "folders in defaults of a million values",
            format!(
                "[DEFAULT]\n{}[supervisord]\n[include]\nfiles=nothing\n{}",
                many(10_000, |n| format!("k{n}=%(here)s\n")),
                many(10_000, |n| format!("[p{n}]\n"))
            ),
            TOO_LARGE,
        ),
        (
            "a million bad lines",
            format!("[supervisord]\n{}", "a\n".repeat(1_000_000)),
            "Source contains parsing errors: ",
        ),
        (
            "a million brackets",
            program(&format!("command=%{}", "(".repeat(1_000_000))),
            "Format string '%(((",
        ),
        (
            "a million digits",
            format!("[supervisord]\nminfds={}", "1".repeat(1_000_000)),
            "Exceeds the limit (4300 digits)",
        ),
        ("33 MB", program(&format!("command={}", "x".repeat(33 << 20))), "could not read config file "),
    ];
    for (name, text, expected) in refused {
        let answer = answer(folder, &text).unwrap_or_else(|| panic!("{name} is accepted"));
        assert!(answer.starts_with(expected), "{name}: {answer}");
    }
}
