//! Running supervisorctl, and other programs, to their end.

use std::fs::File;
use std::io::{Read, Seek, Write};
use std::path::Path;
use std::process::Command;

use super::{Output, TestBed};
use crate::under_test;
use crate::wait::obtain;

impl TestBed {
    /// The command of supervisorctl with the bed's configuration.
    pub fn ctl_command(&self) -> Command {
        let mut command = Command::new(under_test::supervisorctl());
        command.arg("-c").arg(self.path("supervisord.conf"));
        self.surround(&mut command);
        command
    }

    /// The command of a program with these arguments, in the bed's folder and environment.
    pub fn command<'a>(&self, program: &Path, args: impl IntoIterator<Item = &'a str>) -> Command {
        let mut command = Command::new(program);
        command.args(args);
        self.surround(&mut command);
        command
    }

    /// Runs supervisorctl with these arguments.
    #[track_caller]
    pub fn ctl<'a>(&self, args: impl IntoIterator<Item = &'a str>) -> Output {
        let mut command = self.ctl_command();
        command.args(args);
        self.finish(command, "")
    }

    /// Runs supervisorctl's interactive shell on lines from a file.
    #[track_caller]
    pub fn ctl_shell(&self, lines: &str) -> Output {
        self.finish(self.ctl_command(), lines)
    }

    /// Runs a command to its end.
    #[track_caller]
    pub fn finish(&self, mut command: Command, stdin: &str) -> Output {
        let file = || tempfile::tempfile().expect("a temporary file");
        let (mut input, mut out, mut err) = (file(), file(), file());
        input.write_all(stdin.as_bytes()).and_then(|()| input.rewind()).expect("a file for stdin");
        let handle = |file: &File| file.try_clone().expect("a second handle");
        let mut child = command
            .stdin(input)
            .stdout(handle(&out))
            .stderr(handle(&err))
            .spawn()
            .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
        let status = obtain(&format!("{command:?} ends"), || child.try_wait().expect("the child is ours"));
        let text = |file: &mut File| {
            let mut bytes = Vec::new();
            file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("the child's words");
            self.normalise(&String::from_utf8_lossy(&bytes))
        };
        Output { stdout: text(&mut out), stderr: text(&mut err), code: status.code() }
    }
}
