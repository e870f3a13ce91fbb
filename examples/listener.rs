//! An event listener in Rust, whole: for each program that ended although it should not have, or that was given up, it hands a message
//! to the standard input of a command.
//!
//! ```ini
//! [eventlistener:alarm]
//! command = /usr/local/bin/listener mail -s "a program has failed" root
//! events = PROCESS_STATE_EXITED,PROCESS_STATE_FATAL
//! ```
//!
//! Its own standard input and output belong to the conversation with supervisord; to people it speaks on stderr.

use std::error::Error;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::Duration;

use supervisor_rpc::listener::{self, Event};

/// How long to wait before an event is given back: supervisord sends it again at once.
const PAUSE: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    let command: Vec<OsString> = std::env::args_os().skip(1).collect();
    if command.is_empty() {
        eprintln!("usage: listener COMMAND [ARGUMENT…]");
        return ExitCode::from(2);
    }
    match listen(&command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("listener: {error}");
            ExitCode::FAILURE
        }
    }
}

/// The conversation, until supervisord ends it.
fn listen(command: &[OsString]) -> Result<(), Box<dyn Error>> {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    loop {
        listener::ready(&mut output)?;
        let Some(event) = listener::read_event(&mut input)? else { return Ok(()) };
        let handed_over = message(&event).map_or(Ok(()), |message| hand_over(&message, command));
        match handed_over {
            Ok(()) => listener::ok(&mut output)?,
            Err(error) => {
                eprintln!("listener: event {} is given back: {error}", event.header.serial);
                sleep(PAUSE);
                listener::fail(&mut output)?;
            }
        }
    }
}

/// What there is to say about an event.
fn message(event: &Event) -> Option<String> {
    let word = |key| event.payload.tokens.get(key).unwrap_or_default();
    let name = format!("{}:{}", word("groupname"), word("processname"));
    match event.header.eventname.as_str() {
        "PROCESS_STATE_EXITED" if word("expected") == "0" => Some(format!("{name} has ended unexpectedly\n")),
        "PROCESS_STATE_FATAL" => Some(format!("{name} cannot be kept running and was given up\n")),
        _ => None,
    }
}

fn hand_over(message: &str, command: &[OsString]) -> Result<(), Box<dyn Error>> {
    let mut child = Command::new(&command[0])
        .args(&command[1..])
        .stdin(Stdio::piped())
        // Not ours: supervisord would take it for an answer.
        .stdout(io::stderr())
        .spawn()?;
    // Closed at the end of the line. A command that has failed before it read everything says more by its status.
    let written = child.stdin.take().map_or(Ok(()), |mut stdin| stdin.write_all(message.as_bytes()));
    let status = child.wait()?;
    if !status.success() {
        return Err(format!("the command failed: {status}").into());
    }
    Ok(written?)
}
