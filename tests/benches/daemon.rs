//! A daemon that is measured: its folder, its process, and what the kernel tells about it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::{Shown, Signal};
use nix::sys::signal::kill;
use nix::unistd::Pid;
use tempfile::TempDir;

use crate::client::Client;

/// Whose daemon.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    /// This implementation.
    Ours,
    /// The original.
    Theirs,
    /// runit, where it is installed: the quickest of the others.
    Runit,
}

impl Side {
    /// Both, in the order in which they are measured.
    pub(crate) const BOTH: [Self; 2] = [Self::Ours, Self::Theirs];

    /// One of its programs.
    pub(crate) fn program(self, name: &str) -> PathBuf {
        harness::program(name, self == Self::Theirs)
    }
}

/// A folder with a configuration, and the daemon that runs on it; dropping it ends both.
#[derive(Debug)]
pub(crate) struct Daemon {
    dir: TempDir,
    process: Child,
    /// What asks it to end.
    end: Signal,
    /// When it was started.
    pub(crate) begin: Instant,
}

/// A folder for a daemon, with a copy of `sleep` in it for [`crate::restart::Execs`].
pub(crate) fn folder() -> TempDir {
    let dir = tempfile::Builder::new().prefix("bench-").tempdir().expect("a temporary folder");
    for name in ["auto", "run"] {
        fs::create_dir(dir.path().join(name)).expect("a new folder");
    }
    fs::copy("/bin/sleep", dir.path().join("sleep")).expect("a copy of sleep");
    dir
}

impl Daemon {
    /// Starts a daemon with these sections; `{here}` is its folder, `{bench}` this program.
    pub(crate) fn start(side: Side, text: &str) -> Self {
        let daemon = Self::start_in(folder(), side, text);
        daemon.answers();
        daemon
    }

    /// The same in a folder that is already there, without waiting for it.
    pub(crate) fn start_in(dir: TempDir, side: Side, text: &str) -> Self {
        let bench = std::env::current_exe().expect("this program has a path").display().to_string();
        let text = format!(
            "[unix_http_server]\nfile={{here}}/supervisor.sock\n[supervisord]\nlogfile={{here}}/supervisord.log\n\
             pidfile={{here}}/supervisord.pid\nchildlogdir={{here}}/auto\nminfds=8192\n\
             [rpcinterface:supervisor]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n\
             [supervisorctl]\nserverurl=unix://{{here}}/supervisor.sock\n{text}"
        );
        let text = text.replace("{here}", &dir.path().display().to_string()).replace("{bench}", &bench);
        let file = dir.path().join("supervisord.conf");
        fs::write(&file, text).expect("a configuration");
        let mut command = Command::new(side.program("supervisord"));
        command
            .arg("-n")
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let begin = Instant::now();
        let process = command.spawn().expect("the daemon starts");
        Self { dir, process, begin, end: Signal::SIGTERM }
    }

    /// Waits until it listens.
    pub(crate) fn answers(&self) {
        harness::eventually("an answer", || UnixStream::connect(self.path("supervisor.sock")).is_ok());
    }

    /// A connection to its unix socket.
    pub(crate) fn client(&self) -> Client {
        Client::unix(&self.path("supervisor.sock"))
    }

    /// A path below its folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Starts runit on the same programs, one folder with a script for each, if it is installed.
    pub(crate) fn runit(dir: TempDir, names: &[String]) -> Option<Self> {
        for name in names {
            let service = dir.path().join("services").join(name);
            fs::create_dir_all(&service).expect("a new folder");
            let script = service.join("run");
            let text = format!("#!/bin/sh\nexec {} 100000\n", dir.path().join("run").join(name).display());
            fs::write(&script, text).expect("a script");
            fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("ours");
        }
        let mut command = Command::new("runsvdir");
        command.arg(dir.path().join("services"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let begin = Instant::now();
        let process = command.spawn().ok()?;
        Some(Self { dir, process, begin, end: Signal::SIGHUP })
    }

    /// Its process.
    pub(crate) fn shown(&self) -> Shown {
        Shown(Pid::from_raw(self.process.id().try_into().expect("a pid")))
    }

    fn proc_file(&self, name: &str) -> String {
        fs::read_to_string(format!("/proc/{}/{name}", self.process.id())).expect("the daemon runs")
    }

    /// A line of `smaps_rollup` (`Rss`, `Pss`, `Private_Dirty`), in KiB.
    pub(crate) fn memory(&self, name: &str) -> f64 {
        let text = self.proc_file("smaps_rollup");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).expect("a number of KiB")
    }

    /// How often it slept and was woken.
    pub(crate) fn wakeups(&self) -> f64 {
        self.shown().status("voluntary_ctxt_switches").parse().expect("a number")
    }

    /// Its time on a processor, in milliseconds.
    pub(crate) fn cpu(&self) -> f64 {
        let text = self.proc_file("schedstat");
        let nanoseconds: f64 = text.split(' ').next().and_then(|word| word.parse().ok()).expect("a number");
        nanoseconds / 1e6
    }

    /// Asks it to end, waits until it has, and tells how long that took in milliseconds.
    pub(crate) fn end(mut self) -> f64 {
        let begin = Instant::now();
        kill(self.shown().0, self.end).expect("the daemon runs");
        self.process.wait().expect("our child");
        milliseconds(begin)
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if matches!(self.process.try_wait(), Ok(None)) {
            // Its programs go with it, so that none is left behind; one that hangs for long is killed.
            let _ = kill(self.shown().0, self.end);
            let begin = Instant::now();
            while begin.elapsed() < Duration::from_secs(30) && matches!(self.process.try_wait(), Ok(None)) {
                sleep(Duration::from_millis(10));
            }
            let _ = self.process.kill();
            let _ = self.process.wait();
        }
    }
}

/// The time since then, in milliseconds.
pub(crate) fn milliseconds(since: Instant) -> f64 {
    since.elapsed().as_secs_f64() * 1e3
}
