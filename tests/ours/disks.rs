//! Disks that are full or may not be written: each costs what was to be written there, and nothing else.
//!
//! The daemons run in mount namespaces of their own, in which `disk` is a small file system in memory.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use harness::{Setup, Signal, TestBed, eventually, is_root};

/// A bed whose daemon sees a small disk.
struct Small(TestBed);

impl Small {
    /// With 64 KiB below `disk`, of which the command leaves some.
    fn new(text: &str, command: &str) -> Option<Self> {
        if !is_root() {
            assert!(std::env::var_os("CI").is_none(), "this test needs root");
            return None;
        }
        let mut bed = Setup { text, files: &[("disk/below", "")], ..Setup::default() }.prepare();
        let script = format!("mount -t tmpfs -o size=64k tmpfs disk && {{ {command}; }}; exec \"$@\"");
        bed.launch_through(&["unshare", "--mount", "sh", "-c", &script, "sh"]);
        eventually("the daemon answers", || bed.rpc("getState", []).is_ok());
        Some(Self(bed))
    }

    /// A path on the small disk.
    fn path(&self, name: &str) -> PathBuf {
        format!("/proc/{}/root{}/disk/{name}", self.0.pid(), self.0.here()).into()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    /// Nothing more fits.
    fn fill(&self) {
        let rest = vec![b'x'; 128 * 1024];
        fs::write(self.path("filler"), rest).expect_err("there is less room");
    }

    fn make_room(&self) {
        fs::remove_file(self.path("filler")).unwrap();
    }

    fn say(&self, line: &str) {
        self.0.ask("sendProcessStdin", ["cat".into(), format!("{line}\n").as_str().into()]);
    }

    /// How many bytes the daemon says were lost of a log.
    fn lost(&self, name: &str) -> Option<usize> {
        let start = format!("WARN log HERE/disk/{name} is written again, ");
        self.0.log().lines().find_map(|line| line.strip_prefix(&start)?.split(' ').next()?.parse().ok())
    }
}

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={here}/disk/out\n";

/// What does not fit is counted and said once, with the count; then the log goes on by itself.
#[test]
fn a_full_disk_costs_what_was_to_be_written() {
    let Some(small) = Small::new(CAT, "true") else { return };
    let bed = &small.0;
    let before = bed.shown().descriptors().len();
    small.say("before");
    bed.eventually("it is logged", || small.read("out") == "before\n");
    small.fill();
    let mut written = "before\n".len();
    for number in 0..300 {
        let line = format!("{number} {}", "y".repeat(100));
        written += line.len() + 1;
        small.say(&line);
    }
    bed.logs("WARN log HERE/disk/out cannot be written, output is being lost: No space left on device");
    assert_eq!(bed.state("cat"), "RUNNING");
    small.make_room();
    bed.eventually("it is written again", || {
        small.say("after");
        written += "after\n".len();
        small.read("out").ends_with("after\n")
    });
    bed.eventually("the loss is told", || small.lost("out").is_some());
    bed.eventually("what is there and what is lost is all", || {
        small.lost("out").map(|lost| lost + small.read("out").len()) == Some(written)
    });
    assert_eq!(bed.log().matches("output is being lost").count(), 1);
    bed.settles_at(before);
}

/// A rotation on a full disk loses nothing that has room.
#[test]
fn a_log_rotates_on_a_full_disk() {
    let text = format!("{CAT}stdout_logfile_maxbytes=1000\nstdout_logfile_backups=3\n");
    let Some(small) = Small::new(&text, "true") else { return };
    let bed = &small.0;
    small.fill();
    for number in 0..200 {
        small.say(&format!("{number} {}", "y".repeat(100)));
    }
    bed.eventually("output is being lost", || bed.log().contains("output is being lost"));
    small.make_room();
    bed.eventually("it is written and rotated again", || {
        small.say(&"z".repeat(100));
        small.path("out.2").exists()
    });
    for name in ["out", "out.1", "out.2", "out.3"] {
        assert!(small.read(name).len() <= 1101, "{name}");
    }
}

/// The daemon's own log.
#[test]
fn a_full_disk_under_the_main_log_ends_nothing() {
    let text = "[supervisord]\nlogfile={here}/disk/main\n[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={here}/out\n";
    let Some(small) = Small::new(text, "true") else { return };
    let bed = &small.0;
    small.fill();
    let restart = || {
        bed.ask("stopProcess", ["cat".into()]);
        bed.ask("startProcess", ["cat".into()]);
    };
    let page = 4096;
    bed.eventually("nothing more is written", || {
        let before = small.read("main").len();
        restart();
        before % page == 0 && before == small.read("main").len()
    });
    small.say("heard");
    bed.file_becomes("out", "heard\n");
    small.make_room();
    bed.eventually("it is written again, and the loss is told", || {
        restart();
        small.read("main").contains("disk/main is written again, ")
    });
}

/// The pid file, and the files that are made up for AUTO logs.
#[test]
fn a_full_disk_at_the_start_costs_the_pid_file() {
    let text = "[supervisord]\npidfile={here}/disk/pid\n[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";
    let Some(mut small) = Small::new(text, "head -c 100000 /dev/zero >disk/filler 2>/dev/null") else {
        return;
    };
    small.0.logs("CRIT could not write pidfile HERE/disk/pid");
    small.0.state_becomes("cat", "RUNNING");
    small.0.signal(Signal::SIGTERM);
    assert_eq!(small.0.exit_code(), Some(0));
}

/// A disk that may only be read: programs that log there wait, the others run, and the daemon has its log elsewhere.
#[test]
fn a_disk_that_may_only_be_read_costs_what_is_on_it() {
    let text = format!(
        "[supervisord]\nchildlogdir={{here}}/disk\npidfile={{here}}/disk/pid\n{CAT}startretries=1000\n\
         [program:auto]\ncommand=/bin/cat\nstartsecs=0\n[program:dog]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={{here}}/out\nstderr_logfile=NONE\n"
    );
    let Some(small) = Small::new(&text, "mount -o remount,ro disk") else { return };
    let bed = &small.0;
    bed.logs("CRIT could not write pidfile HERE/disk/pid");
    bed.logs("INFO spawnerr: unknown error making dispatchers for 'cat': EROFS");
    bed.state_becomes("dog", "RUNNING");
    bed.state_becomes("auto", "RUNNING");
    let mount = std::process::Command::new("nsenter")
        .args([
            &format!("--mount=/proc/{}/ns/mnt", bed.pid()),
            "mount",
            "-o",
            "remount,rw",
            &format!("{}/disk", bed.here()),
        ])
        .status();
    assert!(mount.is_ok_and(|status| status.success()), "the disk can be written again");
    bed.state_becomes("cat", "RUNNING");
    small.say("heard");
    bed.eventually("it is logged", || small.read("out") == "heard\n");
}

/// A folder that may no longer be written: the log grows, and is rotated when it may be again. No byte is lost or doubled.
#[test]
fn a_log_that_cannot_be_rotated_grows() {
    harness::needs_root!();
    let text = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={here}/logs/out\nstdout_logfile_maxbytes=100\nstdout_logfile_backups=50\n";
    let mut bed = Setup { text, files: &[("logs/x", "")], ..Setup::default() }.prepare();
    bed.give_to("nobody");
    bed.launch_through(&["setpriv", "--reuid", "nobody", "--clear-groups"]);
    eventually("the daemon answers", || bed.rpc("getState", []).is_ok());
    let allow = |mode| fs::set_permissions(bed.path("logs"), fs::Permissions::from_mode(mode)).unwrap();
    let mut lines = String::new();
    let mut say = |times: usize| {
        for _ in 0..times {
            let line = format!("{}: {}\n", lines.len(), "y".repeat(30));
            bed.ask("sendProcessStdin", ["cat".into(), line.as_str().into()]);
            lines.push_str(&line);
        }
        lines.clone()
    };
    let whole = || {
        (1..=50).rev().map(|number| bed.read(&format!("logs/out.{number}"))).collect::<String>()
            + &bed.read("logs/out")
    };
    bed.eventually("it runs", || bed.state("cat") == "RUNNING");
    say(10);
    allow(0o555);
    say(20);
    bed.logs("WARN log HERE/logs/out cannot be rotated and grows: Permission denied");
    let all = say(20);
    bed.eventually("all is there", || whole() == all);
    assert!(bed.read("logs/out").len() > 1000);
    allow(0o755);
    bed.eventually("it is rotated again", || {
        let all = say(1);
        bed.eventually("all is there", || whole() == all);
        bed.read("logs/out").len() < 200
    });
    assert_eq!(bed.log().matches("cannot be rotated").count(), 1);
}
