//! `fg`: a process as if it had been started in this terminal.

use serde::de::IgnoredAny;
use supervisor_rpc::client::ClientError;
use supervisor_rpc::fault::Code;
use supervisor_rpc::info::ProcessInfo;
use supervisor_rpc::state::ProcessState;

use super::follow::{HOW_TO_END, Piece, Source, complain, open};
use super::shared::expand;
use super::{Arguments, help};
use crate::controller::{Controller, exit};
use crate::failure::{Failure, exception};
use crate::interrupt::Interrupts;

pub(super) fn fg(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    let names = expand(ctl, &arguments.words)?;
    let name = match &names[..] {
        [] => {
            ctl.refuse(exit::GENERIC, "ERROR: no process name supplied");
            help::explain_named(ctl, "fg");
            return Ok(());
        }
        [name] => name,
        _ => {
            ctl.refuse(exit::GENERIC, "ERROR: too many process names supplied");
            return Ok(());
        }
    };
    match ctl.call::<ProcessInfo>("getProcessInfo", &[name.as_str().into()]) {
        Ok(info) if info.state == ProcessState::Running.code() => {}
        Ok(_) => {
            ctl.refuse(exit::GENERIC, "ERROR: process not running");
            return Ok(());
        }
        Err(Failure::Client(ClientError::Fault(fault))) if fault.code == Code::BadName.number() => {
            ctl.refuse(exit::GENERIC, "ERROR: bad process name supplied");
            return Ok(());
        }
        Err(Failure::Client(error @ ClientError::Fault(_))) => {
            ctl.say(format_args!("ERROR: {}", exception(&error).1));
            return Ok(());
        }
        Err(failure) => return Err(failure),
    }
    ctl.say(HOW_TO_END);
    ctl.out.flush()?;
    talk(ctl, name)
}

/// What happens next.
enum Next {
    Output(Option<Piece>),
    Line(Option<String>),
    Interrupt,
}

fn talk(ctl: &mut Controller, name: &str) -> Result<(), Failure> {
    let client = ctl.streams()?;
    let sources = ["stdout", "stderr"].map(|channel| Source::of_process(name, channel, false));
    let url = ctl.options.serverurl.clone();
    let (interrupts, mut pieces) = {
        let _within = ctl.runtime.enter();
        (Interrupts::new()?, open(&client, &sources))
    };
    let mut streaming = true;
    loop {
        let Controller { runtime, input, .. } = ctl;
        let next = runtime.block_on(async {
            tokio::select! {
                piece = pieces.recv(), if streaming => Ok(Next::Output(piece)),
                line = input.line() => line.map(Next::Line),
                pressed = interrupts.pressed() => pressed.map(|()| Next::Interrupt),
            }
        })?;
        match next {
            Next::Output(None) => streaming = false,
            Next::Output(Some(Piece::Bytes(_, bytes))) => ctl.out.raw(&bytes)?,
            Next::Output(Some(Piece::End(_, None))) => {}
            Next::Output(Some(Piece::End(at, Some(error)))) => complain(&url, &sources[at], &error),
            Next::Line(None) | Next::Interrupt => break,
            Next::Line(Some(line)) => {
                if !send(ctl, name, &line)? {
                    break;
                }
            }
        }
    }
    ctl.say("Exiting foreground");
    Ok(())
}

/// Gives a line to the process; whether it lives on.
fn send(ctl: &mut Controller, name: &str, line: &str) -> Result<bool, Failure> {
    match ctl.call::<IgnoredAny>("sendProcessStdin", &[name.into(), format!("{line}\n").into()]) {
        Ok(_) => {}
        Err(Failure::Client(ClientError::Fault(fault))) if fault.code == Code::NotRunning.number() => {
            ctl.say("Process got killed");
            return Ok(false);
        }
        Err(Failure::Client(error @ ClientError::Fault(_))) => {
            ctl.say(format_args!("ERROR: {}", exception(&error).1));
            return Ok(false);
        }
        Err(failure) => return Err(failure),
    }
    let info: ProcessInfo = ctl.call("getProcessInfo", &[name.into()])?;
    if info.state != ProcessState::Running.code() {
        ctl.say("Process got killed");
        return Ok(false);
    }
    Ok(true)
}
