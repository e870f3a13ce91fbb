//! Entry of supervisord.

use std::process::ExitCode;

fn main() -> ExitCode {
    match supervisord::cli::configure(std::env::args_os()) {
        Ok((config, reader)) => supervisord::startup::start(config, reader),
        Err(status) => status,
    }
}
