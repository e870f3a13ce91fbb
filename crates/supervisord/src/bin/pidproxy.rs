//! Runs a command and passes signals on to the process whose id a file holds: for programs that go to the background
//! by themselves. Ends when the command ends, with its exit status; the original looks every five seconds and always
//! ends with 0.

use std::ffi::OsString;
use std::io;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitCode};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;

const PASSED_ON: [Signal; 6] =
    [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGUSR1, Signal::SIGUSR2, Signal::SIGQUIT];

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let name = words.next().unwrap_or_default();
    match (words.next(), words.next()) {
        (Some(file), Some(command)) => run(Path::new(&file), &command, words),
        _ => {
            println!("Runs a command and passes signals on to the process whose id is in a file.\n");
            println!("Usage: {} <pidfile name> <command> [<cmdarg1> ...]", name.to_string_lossy());
            ExitCode::FAILURE
        }
    }
}

/// The status of a shell that cannot run a command.
const CANNOT_RUN: u8 = 127;

fn run(file: &Path, command: &OsString, arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
    let watched = runtime.and_then(|runtime| {
        tokio::task::LocalSet::new().block_on(&runtime, async {
            // Before the command starts, so that no signal is missed.
            let mut signals = signals()?;
            let path = std::env::current_dir()?.join(command);
            match Command::new(path).arg0(command).args(arguments).spawn() {
                Ok(child) => Ok(watch(file, child, &mut signals).await),
                Err(error) => {
                    eprintln!("pidproxy: cannot execute {}: {error}", command.to_string_lossy());
                    Ok(ExitCode::from(CANNOT_RUN))
                }
            }
        })
    });
    watched.unwrap_or_else(|error: io::Error| {
        eprintln!("pidproxy: {error}");
        ExitCode::FAILURE
    })
}

/// All signals in one line.
fn signals() -> io::Result<mpsc::UnboundedReceiver<Signal>> {
    let (sender, receiver) = mpsc::unbounded_channel();
    for number in PASSED_ON.into_iter().chain([Signal::SIGCHLD]) {
        let mut arrivals = signal(SignalKind::from_raw(number as i32))?;
        let sender = sender.clone();
        tokio::task::spawn_local(async move {
            while arrivals.recv().await.is_some() && sender.send(number).is_ok() {}
        });
    }
    Ok(receiver)
}

async fn watch(file: &Path, mut child: Child, signals: &mut mpsc::UnboundedReceiver<Signal>) -> ExitCode {
    while let Some(signal) = signals.recv().await {
        if signal == Signal::SIGCHLD {
            match child.try_wait() {
                Ok(None) => continue,
                Ok(Some(status)) => {
                    // A signal counts as in a shell.
                    let code = status.code().or(status.signal().map(|signal| 128 + signal));
                    return ExitCode::from(
                        code.and_then(|code| u8::try_from(code).ok()).unwrap_or(CANNOT_RUN),
                    );
                }
                Err(_) => return ExitCode::FAILURE,
            }
        }
        let passed = pass_on(file, signal);
        if passed && matches!(signal, Signal::SIGTERM | Signal::SIGINT | Signal::SIGQUIT) {
            return ExitCode::SUCCESS;
        }
    }
    ExitCode::FAILURE
}

/// The file is read for each signal, as the process may have been replaced. Whether there was an id in it.
fn pass_on(file: &Path, signal: Signal) -> bool {
    let text = std::fs::read_to_string(file).ok();
    match text.and_then(|text| text.trim().parse().ok()).filter(|&pid: &i32| pid > 0) {
        Some(pid) => {
            if let Err(error) = kill(Pid::from_raw(pid), signal) {
                eprintln!("pidproxy: cannot send {signal} to {pid}: {error}");
            }
            true
        }
        None => {
            println!("Can't read child pidfile {}!", file.display());
            false
        }
    }
}
