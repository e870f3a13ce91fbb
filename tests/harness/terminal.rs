//! A person at a terminal: a pseudo terminal with a program on it, keys, and what is seen.

mod screen;

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Command};
use std::thread::sleep;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};

use crate::bed::TestBed;
use crate::wait::{Patience, STEP, obtain};

/// So wide that no line is broken.
const SIZE: Winsize = Winsize { ws_row: 1000, ws_col: 1000, ws_xpixel: 0, ws_ypixel: 0 };

/// A program on a terminal of its own; dropping it ends the program.
#[derive(Debug)]
pub struct Terminal<'a> {
    bed: &'a TestBed,
    keys: File,
    child: Child,
    written: Vec<u8>,
}

impl TestBed {
    /// Runs supervisorctl with these arguments on a terminal.
    #[track_caller]
    pub fn ctl_terminal<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Terminal<'_> {
        let mut command = self.ctl_command();
        command.args(args);
        self.terminal(&command)
    }

    /// Runs a command on a terminal, which is the controlling one of a session of its own.
    #[track_caller]
    pub fn terminal(&self, command: &Command) -> Terminal<'_> {
        let OpenptyResult { master, slave } = openpty(&SIZE, None).expect("a pseudo terminal");
        fcntl(&master, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))
            .expect("the terminal can be read without waiting");
        let end = || slave.try_clone().expect("a second handle");
        // Whoever runs the tests in the background ignores what Ctrl-C sends, and Python then stays deaf to it.
        let mut leader = Command::new("env");
        leader
            .args(["--default-signal=INT,QUIT", "setsid", "--ctty"])
            .arg(command.get_program())
            .args(command.get_args());
        self.surround(&mut leader);
        leader.env("TERM", "xterm").stdin(end()).stdout(end()).stderr(end());
        let child = leader.spawn().expect("env and setsid start the program");
        Terminal { bed: self, keys: master.into(), child, written: Vec::new() }
    }
}

impl Terminal<'_> {
    /// Presses keys.
    #[track_caller]
    pub fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("the terminal is there");
    }

    /// Whether the terminal shows what is typed.
    pub fn shows_keys(&self) -> bool {
        let modes = tcgetattr(&self.keys).expect("a terminal has modes");
        modes.local_flags.contains(LocalFlags::ECHO)
    }

    /// What is seen (normalised): lines without the blanks at their ends.
    pub fn screen(&mut self) -> String {
        let mut bytes = [0; 4096];
        loop {
            match self.keys.read(&mut bytes) {
                Ok(0) => break,
                Ok(length) => self.written.extend(&bytes[..length]),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                // Nothing new; or, EIO, the program has ended.
                Err(_) => break,
            }
        }
        self.bed.normalise(&screen::show(&String::from_utf8_lossy(&self.written)))
    }

    /// All that was written to the terminal, with what moves and colours.
    pub fn written(&mut self) -> String {
        self.screen();
        String::from_utf8_lossy(&self.written).into_owned()
    }

    /// Waits until this is seen anywhere.
    #[track_caller]
    pub fn shows(&mut self, text: &str) {
        self.sees(&format!("{text:?} anywhere"), |screen| screen.contains(text));
    }

    /// Waits until exactly this is seen.
    #[track_caller]
    pub fn becomes(&mut self, text: &str) {
        self.sees(&format!("exactly {text:?}"), |screen| screen == text);
    }

    /// Waits until what is seen ends so; the prompt of a shell is a good thing to wait for.
    #[track_caller]
    pub fn ends_with(&mut self, text: &str) {
        self.sees(&format!("{text:?} at the end"), |screen| screen.ends_with(text));
    }

    #[track_caller]
    fn sees(&mut self, what: &str, is_right: impl Fn(&str) -> bool) {
        let mut patience = Patience::new();
        loop {
            let screen = self.screen();
            if is_right(&screen) {
                return;
            }
            assert!(patience.lasts(), "waited for {what}, saw {screen:?}:\n{screen}");
            sleep(STEP);
        }
    }

    /// Waits until the program has ended, and returns its exit code (`None`: a signal ended it).
    #[track_caller]
    pub fn exit_code(&mut self) -> Option<i32> {
        let status = obtain("the program on the terminal ends", || {
            // A program that finds its terminal full would wait for a reader.
            self.screen();
            self.child.try_wait().expect("the child is ours")
        });
        assert_eq!(status.signal(), None, "{}", self.screen());
        status.code()
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- terminal\n{}", self.screen());
        }
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
