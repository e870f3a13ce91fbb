//! A folder with a configuration, and the daemon that runs on it.

mod ask;
mod ctl;
mod daemon;
mod footprint;

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU16, Ordering};

use nix::unistd::Pid;
use tempfile::TempDir;

use crate::normal::normalise;
use crate::under_test;
use crate::wait::eventually;

/// Everything is below the test's folder; what a test adds behind may name the same sections again, and the last value of a key wins.
const PREAMBLE: &str = "\
[unix_http_server]
file=%(here)s/supervisor.sock

[supervisord]
logfile=%(here)s/supervisord.log
pidfile=%(here)s/supervisord.pid
childlogdir=%(here)s/auto

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://%(here)s/supervisor.sock

";

/// What a test bed is made of.
///
/// In the texts `{port}` and `{port2}` become free TCP ports, `{programs}` the folder of the helper programs, and `{here}` the test's
/// folder.
///
/// ```no_run
/// use harness::Setup;
///
/// let bed = Setup { text: "[inet_http_server]\nport=127.0.0.1:{port}\n", args: &["-e", "debug"], ..Setup::default() }.start();
/// ```
#[derive(Debug, Default, Clone, Copy)]
pub struct Setup<'a> {
    /// Sections to stand behind the preamble (a unix socket, the log, the pid file, `childlogdir=%(here)s/auto`). They may repeat its
    /// sections: the keys are merged, the last value wins.
    pub text: &'a str,
    /// `text` is the whole file, without the preamble. A bed that is started must have its socket at `%(here)s/supervisor.sock`.
    pub bare: bool,
    /// More files: their names below the folder, and their texts.
    pub files: &'a [(&'a str, &'a str)],
    /// More arguments of the daemon, behind `-n -c supervisord.conf`.
    pub args: &'a [&'a str],
    /// More variables of its environment, which otherwise holds PATH, HOME, TMPDIR, LANG and PWD alone.
    pub env: &'a [(&'a str, &'a str)],
    /// Without `-n`: the daemon leaves its terminal.
    pub daemonize: bool,
}

impl Setup<'_> {
    /// Makes the folder and starts the daemon.
    ///
    /// # Panics
    ///
    /// When the daemon ends, or does not answer in time.
    #[track_caller]
    pub fn start(self) -> TestBed {
        let mut bed = self.prepare();
        bed.start();
        bed
    }

    /// Makes the folder alone.
    pub fn prepare(self) -> TestBed {
        let dir = tempfile::Builder::new().prefix("bed-").tempdir().expect("a temporary folder");
        let bed = TestBed {
            dir,
            ports: [free_port(), free_port()],
            args: self.args.iter().map(|&arg| arg.to_owned()).collect(),
            env: self.env.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
            daemonize: self.daemonize,
            daemon: None,
            sessions: Vec::new(),
        };
        fs::create_dir(bed.path("auto")).expect("a folder for AUTO logs");
        bed.configure_from(self.bare, self.text);
        for (name, text) in self.files {
            bed.write(name, text);
        }
        bed
    }

    /// Makes the folder and runs a daemon that is expected to end by itself, as on a wrong configuration.
    #[track_caller]
    pub fn run(self) -> Output {
        self.prepare().run()
    }
}

/// How a program ended, and what it said (normalised).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// What it wrote to stdout.
    pub stdout: String,
    /// What it wrote to stderr.
    pub stderr: String,
    /// Its exit code; `None`: a signal ended it.
    pub code: Option<i32>,
}

impl Output {
    /// Why a program refuses its command line or its configuration: what it says behind `Error: `, without the place in the file that
    /// ours shows below, and without the line that points to the help.
    ///
    /// # Panics
    ///
    /// When it ended in another way.
    #[track_caller]
    pub fn refusal(&self) -> &str {
        let text =
            self.stderr.strip_prefix("Error: ").and_then(|rest| rest.split_once("\nFor help, use BIN/"));
        let Some((text, help)) = text else { panic!("not refused: {self:?}") };
        assert!(self.code == Some(2) && help.ends_with(" -h\n"), "{self:?}");
        let shown = text.match_indices('\n').find(|&(at, _)| {
            let below = text[at + 1..].trim_start_matches(' ');
            ["--> ", "= help: ", "Error: "].iter().any(|start| below.starts_with(start))
        });
        shown.map_or(text, |(at, _)| &text[..at])
    }
}

/// A folder with a configuration, and the daemon that runs on it; dropping it ends both.
#[derive(Debug)]
pub struct TestBed {
    dir: TempDir,
    ports: [u16; 2],
    args: Vec<String>,
    env: Vec<(String, String)>,
    daemonize: bool,
    daemon: Option<Child>,
    /// The sessions of the daemons started here; their children are in them.
    sessions: Vec<Pid>,
}

impl TestBed {
    /// A running daemon with these sections.
    #[track_caller]
    pub fn new(text: &str) -> Self {
        Setup { text, ..Setup::default() }.start()
    }

    /// A path below the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The folder, as text.
    pub fn here(&self) -> String {
        self.dir.path().display().to_string()
    }

    /// The port that `{port}` became.
    pub fn port(&self) -> u16 {
        self.ports[0]
    }

    /// The port that `{port2}` became.
    pub fn port2(&self) -> u16 {
        self.ports[1]
    }

    /// The text of a file; empty when there is none.
    pub fn read(&self, name: &str) -> String {
        let bytes = fs::read(self.path(name)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        let written = fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))
            .and_then(|()| fs::write(&path, self.fill(text)));
        written.unwrap_or_else(|error| panic!("cannot write {}: {error}", path.display()));
    }

    /// Writes a file that can be executed.
    pub fn write_script(&self, name: &str, text: &str) {
        self.write(name, text);
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(self.path(name), executable).expect("the file was just written");
    }

    /// Makes a user the owner of the folder and of what is in it (root may).
    ///
    /// # Panics
    ///
    /// When there is no such user.
    #[track_caller]
    pub fn give_to(&self, user: &str) {
        let owned = Command::new("chown").arg("-R").arg(user).arg(self.dir.path()).status();
        assert!(owned.is_ok_and(|status| status.success()), "cannot give the folder to {user}");
    }

    /// Puts a copy of a program with root's set-user-id bit into the folder (root may).
    ///
    /// # Panics
    ///
    /// When there is no such program.
    #[track_caller]
    pub fn copy_setuid(&self, program: &str) {
        let script = r#"install -o 0 -m 4755 "$(command -v "$0")" "$1""#;
        let copied = Command::new("sh").args(["-c", script, program]).arg(self.path(program)).status();
        assert!(copied.is_ok_and(|status| status.success()), "cannot copy {program}");
    }

    /// Replaces the configuration: the preamble and these sections.
    pub fn configure(&self, text: &str) {
        self.configure_from(false, text);
    }

    fn configure_from(&self, bare: bool, text: &str) {
        let preamble = if bare { "" } else { PREAMBLE };
        self.write("supervisord.conf", &format!("{preamble}{text}"));
    }

    fn fill(&self, text: &str) -> String {
        text.replace("{port}", &self.ports[0].to_string())
            .replace("{port2}", &self.ports[1].to_string())
            .replace("{programs}", concat!(env!("CARGO_MANIFEST_DIR"), "/programs"))
            .replace("{here}", &self.here())
    }

    /// The form of a text in which two runs are equal: the times of log lines are gone, and there stand `PID`, `TIME` (up), `DATE` (of
    /// a stop), `HERE` (the folder), `BIN` (that of the programs under test), `PORT` and `PORT2`.
    pub fn normalise(&self, text: &str) -> String {
        normalise(
            &text
                .replace(&self.here(), "HERE")
                .replace(&under_test::bin(), "BIN")
                .replace(&self.ports[0].to_string(), "PORT")
                .replace(&self.ports[1].to_string(), "PORT2"),
        )
    }
}

/// A port below those that the kernel gives away itself, so that two tests do not get the same one.
fn free_port() -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let base = u16::try_from(std::process::id() % 200).unwrap_or_default() * 100;
    let mut free = None;
    eventually("a free port", || {
        let port = 10_000 + (base + NEXT.fetch_add(1, Ordering::Relaxed)) % 22_000;
        free = TcpListener::bind(("127.0.0.1", port)).is_ok().then_some(port);
        free.is_some()
    });
    free.expect("eventually returned")
}
