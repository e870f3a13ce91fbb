//! The rotation of log files. Manual, "Program Settings", *_logfile_maxbytes and *_logfile_backups, and "[supervisord] Section Settings".

use harness::{Setup, TestBed};

/// A program that repeats what it is told, so that each piece is one write.
fn parrot(keys: &str) -> TestBed {
    parrot_beside(keys, &[])
}

fn parrot_beside(keys: &str, files: &[(&str, &str)]) -> TestBed {
    let text = format!("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=%(here)s/out\n{keys}");
    let bed = Setup { text: &text, files, ..Setup::default() }.start();
    bed.state_becomes("cat", "RUNNING");
    bed
}

/// Says something and waits until it is in one of the files.
#[track_caller]
fn say(bed: &TestBed, words: &str) {
    bed.ask("sendProcessStdin", ["cat".into(), words.into()]);
    bed.eventually(&format!("{words:?} is logged"), || {
        ["out", "out.1"].iter().any(|name| bed.read(name).ends_with(words))
    });
}

#[track_caller]
fn files(bed: &TestBed, expected: &[(&str, Option<&str>)]) {
    for (name, text) in expected {
        let what = format!("{name} is {:?}", text.map(|text| &text[..text.len().min(80)]));
        bed.eventually(&what, || bed.path(name).exists().then(|| bed.read(name)).as_deref() == *text);
    }
}

// configuration.rst, stdout_logfile_maxbytes: "The maximum number of bytes that may be consumed by stdout_logfile before it is rotated";
// stdout_logfile_backups: "The number of stdout_logfile backups to keep around resulting from process stdout log file rotation."
#[test]
fn a_full_log_becomes_the_first_backup() {
    let bed = parrot("stdout_logfile_maxbytes=10\nstdout_logfile_backups=2\n");
    say(&bed, "1234\n");
    files(&bed, &[("out", Some("1234\n")), ("out.1", None)]);
    say(&bed, "a longer line\n");
    files(&bed, &[("out", Some("")), ("out.1", Some("1234\na longer line\n")), ("out.2", None)]);
    say(&bed, "5678\n");
    files(&bed, &[("out", Some("5678\n")), ("out.1", Some("1234\na longer line\n"))]);
}

// undocumented: full is what has reached maxbytes.
#[test]
fn a_log_is_full_when_it_reaches_maxbytes() {
    let bed = parrot("stdout_logfile_maxbytes=5\n");
    say(&bed, "123\n");
    files(&bed, &[("out", Some("123\n")), ("out.1", None)]);
    say(&bed, "\n");
    files(&bed, &[("out", Some("")), ("out.1", Some("123\n\n"))]);
}

// configuration.rst, stdout_logfile_backups: the oldest goes.
#[test]
fn backups_move_up_and_the_oldest_goes() {
    let bed = parrot("stdout_logfile_maxbytes=5\nstdout_logfile_backups=2\n");
    for words in ["first\n", "second\n", "third\n"] {
        say(&bed, words);
    }
    files(
        &bed,
        &[("out", Some("")), ("out.1", Some("third\n")), ("out.2", Some("second\n")), ("out.3", None)],
    );
}

// configuration.rst, stdout_logfile_backups: "If set to 0, no backups will be kept."
#[test]
fn without_backups_a_full_log_is_emptied() {
    let bed = parrot("stdout_logfile_maxbytes=5\nstdout_logfile_backups=0\n");
    bed.ask("sendProcessStdin", ["cat".into(), "long line\n".into()]);
    bed.ask("sendProcessStdin", ["cat".into(), "ab\n".into()]);
    bed.eventually("the rest is there", || matches!(bed.read("out").as_str(), "ab\n" | ""));
    files(&bed, &[("out.1", None)]);
}

// configuration.rst, stdout_logfile_maxbytes: "Set this value to 0 to indicate an unlimited log size."
#[test]
fn maxbytes_zero_never_rotates() {
    let bed = parrot("stdout_logfile_maxbytes=0\n");
    let words = "x".repeat(5000) + "\n";
    say(&bed, &words);
    say(&bed, &words);
    files(&bed, &[("out", Some(&words.repeat(2))), ("out.1", None)]);
}

// configuration.rst, stdout_logfile_maxbytes: "suffix multipliers like 'KB', 'MB', and 'GB' can be used in the value".
#[test]
fn maxbytes_may_have_a_suffix() {
    let bed = parrot("stdout_logfile_maxbytes=1KB\n");
    let words = "x".repeat(1000) + "\n";
    say(&bed, &words);
    files(&bed, &[("out", Some(&words)), ("out.1", None)]);
    let more = "y".repeat(30) + "\n";
    say(&bed, &more);
    files(&bed, &[("out", Some("")), ("out.1", Some(&(words + &more)))]);
}

// undocumented: a file that is full when it is opened is rotated after the next write, not before.
#[test]
fn a_file_full_from_before_is_rotated_after_the_next_write() {
    let bed = parrot_beside("stdout_logfile_maxbytes=5\n", &[("out", "from before\n")]);
    files(&bed, &[("out", Some("from before\n")), ("out.1", None)]);
    say(&bed, "x\n");
    files(&bed, &[("out", Some("")), ("out.1", Some("from before\nx\n"))]);
}

// undocumented: backups from before are in the row.
#[test]
fn backups_from_before_move_up() {
    let before = [("out.1", "one"), ("out.2", "two"), ("out.3", "three")];
    let bed = parrot_beside("stdout_logfile_maxbytes=5\nstdout_logfile_backups=3\n", &before);
    say(&bed, "long line\n");
    files(
        &bed,
        &[("out.1", Some("long line\n")), ("out.2", Some("one")), ("out.3", Some("two")), ("out.4", None)],
    );
}

// configuration.rst, stderr_logfile_maxbytes, stderr_logfile_backups.
#[test]
fn stderr_rotates_by_its_own_keys() {
    let text = "[program:says]\ncommand=/bin/sh -c \"echo long line; echo long line >&2; sleep 0.1; echo x >&2\"\n\
                stdout_logfile=%(here)s/out\nstderr_logfile=%(here)s/err\nstderr_logfile_maxbytes=5\nstartsecs=0\nautorestart=false\n";
    let bed = TestBed::new(text);
    bed.state_becomes("says", "EXITED");
    files(
        &bed,
        &[
            ("out", Some("long line\n")),
            ("out.1", None),
            ("err", Some("x\n")),
            ("err.1", Some("long line\n")),
        ],
    );
}

// No byte is lost or doubled at a rotation.
#[test]
fn no_byte_is_lost_at_a_rotation() {
    let text = "[program:says]\ncommand=/bin/sh -c \"seq 1 30000\"\nstdout_logfile=%(here)s/out\nstdout_logfile_maxbytes=10KB\n\
                stdout_logfile_backups=100\nstartsecs=0\nautorestart=false\n";
    let bed = TestBed::new(text);
    bed.state_becomes("says", "EXITED");
    let mut all = String::new();
    for number in (1..=100).rev() {
        all.push_str(&bed.read(&format!("out.{number}")));
    }
    all.push_str(&bed.read("out"));
    let expected: String = (1..=30000).map(|number| format!("{number}\n")).collect();
    assert!(all == expected, "{} bytes, not {}", all.len(), expected.len());
    assert!(bed.path("out.1").exists());
}

// configuration.rst, logfile_maxbytes, logfile_backups: the main log.
#[test]
fn the_main_log_rotates() {
    let text = "[supervisord]\nlogfile_maxbytes=1000\nlogfile_backups=2\n[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";
    let bed = TestBed::new(text);
    for _ in 0..40 {
        bed.ask("stopProcess", ["cat".into()]);
        bed.ask("startProcess", ["cat".into()]);
        bed.state_becomes("cat", "RUNNING");
        if bed.path("supervisord.log.2").exists() {
            break;
        }
    }
    for name in ["supervisord.log.1", "supervisord.log.2"] {
        let size = bed.read(name).len();
        assert!((1000..1200).contains(&size), "{name}: {size}");
    }
    files(&bed, &[("supervisord.log.3", None)]);
    let (older, old) = (bed.read("supervisord.log.2"), bed.read("supervisord.log.1"));
    assert!(
        older.ends_with('\n') && old < bed.read("supervisord.log") || bed.read("supervisord.log").is_empty()
    );
    assert!(older < old);
}

// configuration.rst, logfile_backups: "If set to 0, no backups will be kept."
#[test]
fn the_main_log_without_backups_is_emptied() {
    let text = "[supervisord]\nlogfile_maxbytes=1000\nlogfile_backups=0\n[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";
    let bed = TestBed::new(text);
    bed.state_becomes("cat", "RUNNING");
    let started = "supervisord started with pid";
    for _ in 0..40 {
        bed.ask("stopProcess", ["cat".into()]);
        bed.ask("startProcess", ["cat".into()]);
        bed.state_becomes("cat", "RUNNING");
        if !bed.read("supervisord.log").contains(started) {
            break;
        }
    }
    assert!(!bed.read("supervisord.log").contains(started));
    files(&bed, &[("supervisord.log.1", None)]);
}

// running.rst, -y and -z: the same from the command line.
#[test]
fn the_main_log_rotates_by_its_flags() {
    let args = ["-y", "150", "-z", "1"];
    let bed = Setup { args: &args, ..Setup::default() }.start();
    bed.eventually("the log has rotated", || bed.path("supervisord.log.1").exists());
    files(&bed, &[("supervisord.log.2", None)]);
}
