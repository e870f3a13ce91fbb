//! The sockets that the daemon listens on: always there, and never for an instant more open than they may be.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use harness::{Setup, Signal, TestBed, eventually, needs_root};

const REMOVED: &str = "HERE/supervisor.sock was removed; made it again";

fn says(bed: &TestBed, text: &str) -> usize {
    bed.log().matches(text).count()
}

/// Whether the daemon answers on its socket. A connection in the instant of a change may fail; the next one does not.
fn answers(bed: &TestBed) -> bool {
    bed.rpc("getState", []).is_ok()
}

/// Somebody who cleans up in /tmp removes it.
#[test]
fn a_removed_socket_file_comes_back_and_the_log_says_so() {
    let bed = TestBed::new("");
    for times in 1..=5 {
        fs::remove_file(bed.path("supervisor.sock")).unwrap();
        bed.eventually("it answers again", || answers(&bed));
        bed.eventually("it is said", || says(&bed, REMOVED) == times);
    }
    let found = fs::symlink_metadata(bed.path("supervisor.sock")).unwrap();
    assert!(found.file_type().is_socket() && found.permissions().mode() & 0o7777 == 0o700);
}

/// Also when it is removed again in the very moment in which it comes back.
#[test]
fn a_socket_file_comes_back_however_often_it_is_removed() {
    let bed = TestBed::new("");
    for _ in 0..300 {
        let _ = fs::remove_file(bed.path("supervisor.sock"));
        thread::yield_now();
    }
    bed.eventually("it answers again", || answers(&bed));
    let before = bed.shown().descriptors().len();
    fs::remove_file(bed.path("supervisor.sock")).unwrap();
    bed.eventually("it answers again", || answers(&bed));
    bed.settles_at(before);
}

/// Another file in its place is not the daemon's: it is left alone until it goes. A whole folder may go and come.
#[test]
fn a_socket_file_comes_back_with_its_folder() {
    let text =
        "[unix_http_server]\nfile={here}/run/supervisor.sock\n[inet_http_server]\nport=127.0.0.1:{port}\n";
    let mut bed = Setup { text, files: &[("run/x", "")], ..Setup::default() }.prepare();
    bed.launch();
    let file = bed.path("run/supervisor.sock");
    let ask = || {
        let mut stream = UnixStream::connect(&file).ok()?;
        stream.write_all(b"GET /ok.html HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        answer.ends_with("OK").then_some(())
    };
    eventually("it answers", || ask().is_some());
    // The file may come back while its folder is being emptied.
    eventually("the folder is gone", || fs::remove_dir_all(bed.path("run")).is_ok());
    bed.eventually("it is said", || says(&bed, "supervisor.sock was removed: ") == 1);
    fs::create_dir(bed.path("run")).unwrap();
    bed.eventually("it answers again", || ask().is_some());
    // A file of somebody else.
    fs::write(bed.path("other"), "precious").unwrap();
    fs::rename(bed.path("other"), &file).unwrap();
    bed.eventually("it is said", || says(&bed, "exists and is not a socket") == 1);
    assert_eq!(bed.read("run/supervisor.sock"), "precious");
    fs::remove_file(&file).unwrap();
    bed.eventually("it answers again", || ask().is_some());
    bed.signal(Signal::SIGTERM);
    assert_eq!(bed.exit_code(), Some(0));
    assert!(!file.exists());
}

/// Whoever has come before the file was removed is served, and whoever comes later too.
#[test]
fn clients_are_served_while_the_socket_file_is_replaced() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    bed.state_becomes("cat", "RUNNING");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..30 {
                let _ = fs::remove_file(bed.path("supervisor.sock"));
                eventually("it is back", || bed.path("supervisor.sock").exists());
            }
            done.store(true, Ordering::Relaxed);
        });
        // A client with a connection keeps it through all of this.
        let mut kept = UnixStream::connect(bed.path("supervisor.sock")).ok();
        while !done.load(Ordering::Relaxed) {
            eventually("somebody answers", || answers(&bed));
            if let Some(stream) = &mut kept {
                stream.write_all(b"GET /ok.html HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
                assert_ne!(stream.read(&mut [0; 1000]).unwrap(), 0);
            }
        }
    });
    assert_eq!(bed.state("cat"), "RUNNING");
}

/// What anybody can see of the socket at any time: each file of the folder that is a socket, with its rights and owner.
fn seen(folder: &Path) -> Vec<(u32, u32)> {
    let files = fs::read_dir(folder).into_iter().flatten().flatten();
    files
        .filter_map(|entry| fs::symlink_metadata(entry.path()).ok())
        .filter(|found| found.file_type().is_socket())
        .map(|found| (found.permissions().mode() & 0o7777, found.uid()))
        .collect()
}

/// The original binds with the rights of the umask and changes them afterwards.
#[test]
fn the_socket_is_never_more_open_than_its_chmod() {
    needs_root!();
    let text = "[unix_http_server]\nfile={here}/run/supervisor.sock\nchmod=0600\nchown=nobody\n";
    let mut bed = Setup { text, files: &[("run/x", "")], ..Setup::default() }.prepare();
    let done = AtomicBool::new(false);
    let looks = thread::scope(|scope| {
        let watcher = scope.spawn(|| {
            let mut looks = 0_u32;
            while !done.load(Ordering::Relaxed) {
                for (mode, uid) in seen(&bed.path("run")) {
                    looks += 1;
                    // Before it is nobody's it is root's alone.
                    assert!(mode & 0o177 == 0 && [0, 65534].contains(&uid), "mode {mode:o}, owner {uid}");
                }
            }
            looks
        });
        let mut daemons = TestDaemons { bed: &bed };
        for _ in 0..20 {
            daemons.live_once();
        }
        done.store(true, Ordering::Relaxed);
        watcher.join().expect("never more open")
    });
    assert!(looks > 0, "nobody has looked");
    bed.launch();
    eventually("it is nobody's", || seen(&bed.path("run")) == [(0o600, 65534)]);
    bed.signal(Signal::SIGTERM);
    assert_eq!(bed.exit_code(), Some(0));
}

/// Daemons on the configuration of a bed, one after the other.
struct TestDaemons<'a> {
    bed: &'a TestBed,
}

impl TestDaemons<'_> {
    fn live_once(&mut self) {
        let mut command = self.bed.daemon_command();
        // A umask that takes nothing away.
        let args: Vec<_> = command.get_args().map(|arg| arg.to_owned()).collect();
        command = std::process::Command::new("sh");
        command.args(["-c", "umask 0; exec \"$@\"", "sh"]).args(args).stdout(std::process::Stdio::null());
        let mut daemon = command.spawn().unwrap();
        let file = self.bed.path("run/supervisor.sock");
        eventually("it listens", || UnixStream::connect(&file).is_ok());
        let pid = nix::unistd::Pid::from_raw(daemon.id().cast_signed());
        nix::sys::signal::kill(pid, Signal::SIGTERM).unwrap();
        eventually("it has ended", || daemon.try_wait().unwrap().is_some());
    }
}

/// A port that others can reach without a password is a risk that is named at every start.
#[test]
fn an_open_port_is_warned_of_at_every_start() {
    let warning = |bed: &TestBed| {
        bed.log()
            .lines()
            .filter(|line| line.starts_with("WARN Server 'inet_http_server' is reachable"))
            .count()
    };
    let bed = TestBed::new("[inet_http_server]\nport=*:{port}\n");
    bed.eventually("it is said", || warning(&bed) == 1);
    bed.signal(Signal::SIGHUP);
    bed.eventually("it is said again", || warning(&bed) == 2);
    for harmless in ["port=127.0.0.1:{port}\n", "port=*:{port}\nusername=u\npassword=p\n"] {
        let bed = TestBed::new(&format!("[inet_http_server]\n{harmless}"));
        assert_eq!(warning(&bed), 0, "{harmless}");
    }
}
