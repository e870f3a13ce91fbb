//! supervisorctl.
use std::process::ExitCode;

fn main() -> ExitCode {
    supervisorctl::main()
}
