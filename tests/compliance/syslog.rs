//! Logging to syslog: the daemon's own log, and the output of children. Manual, "Logging".
//!
//! Each test has a /dev/log of its own, in a mount namespace; that needs root.

use std::fs;
use std::io::ErrorKind;
use std::os::unix::net::UnixDatagram;
use std::process::Command;
use std::time::Duration;

use harness::{Setup, TestBed, differs, needs_root};

/// A daemon whose /dev/log is ours to read.
struct Logged {
    bed: TestBed,
    socket: UnixDatagram,
}

impl Logged {
    #[track_caller]
    fn new(text: &str) -> Self {
        let mut bed = Setup { text, ..Setup::default() }.prepare();
        let folder = bed.path("dev");
        fs::create_dir(&folder).unwrap();
        for (name, major, minor) in
            [("null", "1", "3"), ("zero", "1", "5"), ("random", "1", "8"), ("urandom", "1", "9")]
        {
            let made =
                Command::new("mknod").arg(folder.join(name)).args(["-m", "666", "c", major, minor]).status();
            assert!(made.unwrap().success());
        }
        let socket = UnixDatagram::bind(folder.join("log")).unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        bed.launch_through(&["unshare", "--mount", "sh", "-c", "mount --bind dev /dev && exec \"$@\"", "sh"]);
        Self { bed, socket }
    }

    /// The next message that has these words: its priority, and the text behind the time.
    #[track_caller]
    fn message(&self, words: &str) -> String {
        let mut buffer = [0; 4096];
        loop {
            let length = match self.socket.recv(&mut buffer) {
                Ok(length) => length,
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                Err(error) => panic!("no {words:?}: {error}"),
            };
            // The end of a message is as its writer likes it; every syslog daemon takes it off.
            let text = String::from_utf8_lossy(&buffer[..length]).trim_end_matches(['\0', '\n']).to_owned();
            if text.contains(words) {
                // `<14>Jan  1 00:00:00 supervisord: text`
                let (priority, rest) = text.split_once('>').unwrap();
                return self.bed.normalise(&format!("{priority}> {}", &rest["Jan  1 00:00:00 ".len()..]));
            }
        }
    }
}

/// A program that says two lines.
const SAYS: &str = "[program:says]\ncommand=/bin/sh -c \"echo one; echo two >&2\"\nstartsecs=0\nautorestart=false\n\
                    stdout_logfile=%(here)s/out\nstderr_logfile=%(here)s/err\n";

// configuration.rst, stdout_syslog: "True to direct stdout to syslog along with the process name."
#[test]
fn stdout_goes_to_syslog_with_the_name_of_the_process() {
    needs_root!();
    let logged = Logged::new(&format!("{SAYS}stdout_syslog=true\n"));
    assert_eq!(logged.message("says one"), "<14> supervisord: says one");
    // It goes to its file as well.
    logged.bed.file_becomes("out", "one\n");
}

// configuration.rst, stderr_syslog: "True to direct stderr to syslog along with the process name."
#[test]
fn stderr_goes_to_syslog_with_the_name_of_the_process() {
    needs_root!();
    let logged = Logged::new(&format!("{SAYS}stderr_syslog=true\n"));
    assert_eq!(logged.message("says two"), "<14> supervisord: says two");
}

// undocumented: a message is one line.
#[test]
fn each_line_is_a_message() {
    needs_root!();
    let text = "[program:says]\ncommand=/usr/bin/printf 'one\\ntwo\\n\\nthree'\nstartsecs=0\nautorestart=false\nstdout_syslog=true\n\
                stdout_logfile=NONE\n";
    let logged = Logged::new(text);
    for line in ["one", "two", "three"] {
        assert_eq!(logged.message(&format!("says {line}")), format!("<14> supervisord: says {line}"));
    }
}

// configuration.rst, stdout_logfile=syslog: deprecated, the same as stdout_syslog without a file.
#[test]
fn a_log_file_called_syslog_is_syslog() {
    needs_root!();
    let logged = Logged::new(&format!("{SAYS}stdout_logfile=syslog\n"));
    assert_eq!(logged.message("says one"), "<14> supervisord: says one");
    assert_eq!(logged.bed.info("says").stdout_logfile, "");
    let log = logged.bed.log();
    let warning = log.lines().find(|line| line.starts_with("WARN For [program:says], ")).unwrap_or_default();
    assert!(warning.contains("stdout_syslog"), "{log}");
}

// configuration.rst, logfile: "It is also possible to set logfile=syslog".
#[test]
fn the_main_log_may_be_syslog() {
    needs_root!();
    let logged = Logged::new("[supervisord]\nlogfile=syslog\n");
    let message = logged.message("supervisord started");
    let (start, end) = message.split_once("20").unwrap();
    assert_eq!(start, "<14> supervisord: ");
    assert_eq!(
        logged.bed.normalise(&format!("20{end}")),
        "INFO supervisord started with pid PID",
        "the whole line, with its time"
    );
    assert!(!logged.bed.path("supervisord.log").exists());
    assert!(!logged.bed.path("syslog").exists());
}

// api.rst, clearProcessLogs: with syslog the original fails.
#[test]
fn logs_can_be_cleared_while_syslog_is_on() {
    needs_root!();
    let text =
        "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=%(here)s/out\nstdout_syslog=true\n";
    let logged = Logged::new(text);
    let bed = &logged.bed;
    bed.eventually("it answers", || bed.rpc("getState", []).is_ok());
    bed.state_becomes("cat", "RUNNING");
    bed.ask("sendProcessStdin", ["cat".into(), "words\n".into()]);
    bed.file_becomes("out", "words\n");
    let cleared = bed.rpc("clearProcessLogs", ["cat".into()]).is_ok();
    let expected =
        differs! { ours: true, theirs: false, why: "clear works for a program with stdout_syslog" };
    assert_eq!(cleared, expected);
}
