//! supervisorctl: drives supervisord with one command, or from a shell of its own.
//!
//! [`cli`] reads the command line and the configuration into [`cli::Options`]. A [`controller::Controller`] owns them, the
//! connection and the exit status; every command of the table in [`commands`] works on it, called once by [`main`] or
//! line by line by [`shell`]. [`failure`] words what went wrong as the original does, [`diagnosis`] adds what a person
//! wants to know. [`output`] is the only way to stdout.
//!
//! Synchronous on purpose: a controller runs its runtime for one call at a time, and only what follows a log
//! ([`commands`]' tail and fg) waits for several things at once.

use std::io;
use std::process::ExitCode;

mod cli;
mod commands;
mod controller;
mod diagnosis;
mod failure;
mod input;
mod interrupt;
mod names;
mod output;
mod shell;

pub use cli::command;
pub use commands::manual;

/// The program: its result is the exit status.
pub fn main() -> ExitCode {
    let mut words = std::env::args_os().map(|word| word.to_string_lossy().into_owned());
    let name = words.next().unwrap_or_else(|| "supervisorctl".to_owned());
    let words: Vec<String> = words.collect();
    let program = supervisor_config::program(&name, std::env::var("PATH").ok().as_deref());
    let (options, line) = match cli::read(&program, &words, &cli::Surroundings::of_this_process()) {
        Ok(cli::Request::Run(options, line)) => (options, line),
        Ok(cli::Request::Help(text)) => {
            print!("{text}");
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("Error: {error}\nFor help, use {} -h", program.display());
            return ExitCode::from(error.exit_status());
        }
    };
    match run(options, &line) {
        Ok(status) => ExitCode::from(status),
        // Whoever read the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("supervisorctl: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(options: cli::Options, line: &str) -> io::Result<u8> {
    let mut controller = controller::Controller::new(options)?;
    if line.is_empty() {
        shell::run(&mut controller)?;
        // Whatever happened in the shell was told there.
        return Ok(0);
    }
    // There is no shell to end or to interrupt.
    let _ = commands::run_line(&mut controller, line);
    controller.out.flush()?;
    Ok(controller.status)
}
