//! The daemon of a bed: its start, its end, its words.

use std::fs::File;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use nix::sys::signal::{self, Signal};
use nix::unistd::Pid;

use super::{Output, TestBed};
use crate::wait::{Patience, STEP};
use crate::{sessions, under_test};

impl TestBed {
    /// The command that starts the daemon, in a session of its own, with the bed's arguments and environment.
    pub fn daemon_command(&self) -> Command {
        let mut command = Command::new("setsid");
        command.arg(under_test::supervisord());
        if !self.daemonize {
            command.arg("-n");
        }
        command.arg("-c").arg(self.path("supervisord.conf")).args(&self.args);
        self.surround(&mut command);
        command
    }

    pub(crate) fn surround(&self, command: &mut Command) {
        command.current_dir(self.dir.path()).stdin(Stdio::null()).env_clear().env("LANG", "C.UTF-8");
        for name in ["PATH", "HOME", "TMPDIR", "TZ", "LLVM_PROFILE_FILE"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
    }

    /// Starts the daemon and waits until it answers.
    #[track_caller]
    pub fn start(&mut self) {
        self.launch();
        let mut patience = Patience::new();
        while !self.answers() {
            let ended =
                self.daemon.as_mut().and_then(|daemon| daemon.try_wait().expect("the daemon is ours"));
            let failed = ended.is_some_and(|status| !self.daemonize || !status.success());
            assert!(!failed && patience.lasts(), "the daemon does not answer:\n{}", self.words());
            sleep(STEP);
        }
        self.sessions.extend(self.pid_in_file());
    }

    /// Starts the daemon without waiting.
    #[track_caller]
    pub fn launch(&mut self) {
        self.launch_command(self.daemon_command());
    }

    /// Starts the daemon from a shell that has run a command before (`umask 077`, `ulimit -n 64`), without waiting.
    #[track_caller]
    pub fn launch_under(&mut self, prelude: &str) {
        self.launch_through(&["sh", "-c", &format!("{prelude}; exec \"$@\""), "sh"]);
    }

    /// Starts the daemon through a program that executes its arguments, such as `unshare`, without waiting.
    #[track_caller]
    pub fn launch_through(&mut self, through: &[&str]) {
        let mut command = Command::new("setsid");
        command.args(through).args(self.daemon_command().get_args());
        self.surround(&mut command);
        self.launch_command(command);
    }

    /// Starts the daemon with a library of the helper programs loaded before all others, without waiting. What the library does is
    /// told to it in the file that this variable names.
    #[track_caller]
    pub fn launch_with_library(&mut self, name: &str, variable: &str, file: &str) {
        let library = self.path(&format!("{name}.so"));
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("programs").join(name).with_extension("c");
        // The compiler that links our programs is there.
        let made = Command::new("cc").args(["-shared", "-fPIC", "-o"]).args([&library, &source]).status();
        assert!(made.is_ok_and(|status| status.success()), "{} cannot be built", source.display());
        let (load, told) =
            (format!("LD_PRELOAD={}", library.display()), format!("{variable}={}/{file}", self.here()));
        self.launch_through(&["env", &load, &told]);
    }

    fn launch_command(&mut self, mut command: Command) {
        assert!(self.daemon.is_none(), "the bed has its daemon");
        let log = |name: &str| File::create(self.path(name)).expect("a file for the daemon's words");
        command.stdout(log("daemon.out")).stderr(log("daemon.err"));
        let daemon = command.spawn().expect("setsid starts the daemon");
        self.sessions.push(Pid::from_raw(daemon.id().cast_signed()));
        self.daemon = Some(daemon);
    }

    /// Runs the daemon until it ends by itself.
    #[track_caller]
    pub fn run(&mut self) -> Output {
        self.launch();
        let status = self.ended();
        Output { stdout: self.stdout(), stderr: self.stderr(), code: status.code() }
    }

    fn answers(&self) -> bool {
        let ask = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        match self.rpc("getState", []) {
            Ok(_) => true,
            // Whatever it says, it listens (it may want a password).
            Err(_) => self.exchange(ask).is_ok_and(|answer| !answer.is_empty()),
        }
    }

    /// The daemon's process number.
    #[track_caller]
    pub fn pid(&self) -> Pid {
        let started = self.daemon.as_ref().map(|daemon| Pid::from_raw(daemon.id().cast_signed()));
        if self.daemonize { self.pid_in_file() } else { started }.expect("the bed has a daemon")
    }

    fn pid_in_file(&self) -> Option<Pid> {
        self.read("supervisord.pid").trim().parse().ok().map(Pid::from_raw)
    }

    /// Sends a signal to the daemon.
    #[track_caller]
    pub fn signal(&self, signal: Signal) {
        signal::kill(self.pid(), signal).expect("the daemon is there");
    }

    /// Waits until the daemon has ended, and returns its exit code (`None`: a signal ended it).
    #[track_caller]
    pub fn exit_code(&mut self) -> Option<i32> {
        self.ended().code()
    }

    /// Waits until the daemon has ended, and returns the signal that ended it.
    #[track_caller]
    pub fn exit_signal(&mut self) -> Option<i32> {
        self.ended().signal()
    }

    #[track_caller]
    fn ended(&mut self) -> ExitStatus {
        let mut daemon = self.daemon.take().expect("the bed has a daemon");
        let mut patience = Patience::new();
        loop {
            if let Some(status) = daemon.try_wait().expect("the daemon is ours") {
                return status;
            }
            if !patience.lasts() {
                self.daemon = Some(daemon);
                panic!("the daemon does not end:\n{}", self.words());
            }
            self.wake();
            sleep(STEP);
        }
    }

    /// The original looks at its signals and its children once a second, unless something arrives at a descriptor.
    pub(super) fn wake(&self) {
        if under_test::is_theirs() {
            // It may be gone.
            let _ = self.rpc("getState", []);
        }
    }

    /// What the daemon wrote to its stdout (normalised).
    pub fn stdout(&self) -> String {
        self.normalise(&self.read("daemon.out"))
    }

    /// What the daemon wrote to its stderr (normalised).
    pub fn stderr(&self) -> String {
        self.normalise(&self.read("daemon.err"))
    }

    /// The daemon's log (normalised), without the warning that it runs as root.
    pub fn log(&self) -> String {
        let text = self.normalise(&self.read("supervisord.log"));
        text.split_inclusive('\n')
            .filter(|line| !line.starts_with("CRIT Supervisor is running as root."))
            .collect()
    }

    /// Waits until the log holds a line (`INFO spawned: 'cat' with pid PID`).
    #[track_caller]
    pub fn logs(&self, line: &str) {
        self.logs_times(1, line);
    }

    /// Waits until the log holds a line at least so many times.
    #[track_caller]
    pub fn logs_times(&self, times: usize, line: &str) {
        self.eventually(&format!("{times} × {line:?} in the log"), || self.logged(line) >= times);
    }

    /// How many times the log holds a line.
    pub fn logged(&self, line: &str) -> usize {
        self.log().lines().filter(|other| *other == line).count()
    }

    pub(super) fn words(&self) -> String {
        let mut words = String::new();
        for name in ["daemon.out", "daemon.err", "supervisord.log"] {
            words.push_str(&format!("--- {name}\n{}", self.read(name)));
        }
        words
    }
}

impl Drop for TestBed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.words());
        }
        self.sessions.extend(self.pid_in_file());
        let by_itself = self.end_daemon();
        for &session in &self.sessions {
            sessions::kill_members(session);
        }
        if !std::thread::panicking() {
            assert!(by_itself, "the daemon did not end on SIGTERM:\n{}", self.words());
            assert!(!self.read("daemon.err").contains("panicked at"), "{}", self.words());
        }
    }
}

impl TestBed {
    /// SIGTERM; after a second its children are killed, at last the daemon. Tells whether the daemon ended by itself.
    fn end_daemon(&mut self) -> bool {
        let Some(pid) = self.running() else { return true };
        // It may end between these lines.
        let _ = signal::kill(pid, Signal::SIGTERM);
        let start = Instant::now();
        let mut patience = Patience::new();
        while self.running().is_some() && patience.lasts() {
            if start.elapsed() > Duration::from_secs(1) {
                self.sessions.iter().for_each(|&session| sessions::kill_members(session));
            }
            self.wake();
            sleep(STEP);
        }
        let by_itself = self.running().is_none();
        if !by_itself {
            let _ = signal::kill(pid, Signal::SIGKILL);
        }
        if let Some(daemon) = &mut self.daemon {
            let _ = daemon.wait();
        }
        by_itself
    }

    /// The daemon's process number while it lives.
    fn running(&mut self) -> Option<Pid> {
        if self.daemonize {
            return self.pid_in_file().filter(|&pid| signal::kill(pid, None).is_ok());
        }
        let daemon = self.daemon.as_mut()?;
        match daemon.try_wait() {
            Ok(None) => Some(Pid::from_raw(daemon.id().cast_signed())),
            Ok(Some(_)) | Err(_) => None,
        }
    }
}
