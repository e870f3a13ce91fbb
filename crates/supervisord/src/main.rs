//! Entry of supervisord.

use std::process::ExitCode;

use supervisor_config::Overrides;
use supervisord::reader::Reader;
use supervisord::startup;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().collect();
    let file = args.iter().position(|word| word == "-c").map(|at| args[at + 1].clone()).unwrap_or_default();
    let folder = std::env::current_dir().unwrap_or_default();
    let reader = Reader {
        file: folder.join(file),
        overrides: Overrides { nodaemon: args.iter().any(|word| word == "-n"), ..Overrides::default() },
        environment: std::env::vars().collect(),
        folder,
    };
    let outcome = reader.read().map_err(|error| error.to_string());
    let outcome = outcome.and_then(|config| startup::run(config, reader).map_err(|error| error.to_string()));
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            eprintln!("Error: {text}\nFor help, use {} -h", args[0]);
            ExitCode::from(2)
        }
    }
}
