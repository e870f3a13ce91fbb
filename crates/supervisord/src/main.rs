//! Entry of supervisord.

use std::process::ExitCode;

use supervisord::{cli, startup};

fn main() -> ExitCode {
    match cli::configure(std::env::args_os()) {
        Ok((config, reader)) => match startup::run(config, reader) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => cli::refuse(&error),
        },
        Err(status) => status,
    }
}
