//! `version`, `open`, `shutdown`, `reload`.

use serde::Serialize;
use serde::de::IgnoredAny;
use supervisor_rpc::client::ClientError;
use supervisor_rpc::fault::Code;

use super::{Arguments, status};
use crate::cli;
use crate::controller::{Controller, exit};
use crate::failure::Failure;

/// What `version --json` tells.
#[derive(Debug, Serialize)]
struct Version {
    version: String,
}

pub(super) fn version(ctl: &mut Controller, _: &Arguments<'_>) -> Result<(), Failure> {
    let version: String = ctl.call("getSupervisorVersion", &[])?;
    if ctl.out.json {
        ctl.out.document(&Version { version });
    } else {
        ctl.say(version);
    }
    Ok(())
}

pub(super) fn open(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    let url = arguments.text;
    if !matches!(cli::scheme(url), Some((scheme, _)) if scheme == "unix" || scheme == "http") {
        ctl.refuse(exit::GENERIC, "ERROR: url must be http:// or unix://");
        return Ok(());
    }
    ctl.open(url);
    let before = ctl.status;
    status::status(ctl, &Arguments { text: "", words: Vec::new() })?;
    ctl.status = before;
    Ok(())
}

/// Whether a person agrees; nobody is asked where nobody is there.
fn agreed(ctl: &mut Controller, question: &str) -> Result<bool, Failure> {
    if !ctl.options.interactive {
        return Ok(true);
    }
    Ok(ctl.ask(question)?.to_lowercase().starts_with('y'))
}

pub(super) fn shutdown(ctl: &mut Controller, _: &Arguments<'_>) -> Result<(), Failure> {
    if !agreed(ctl, "Really shut the remote supervisord process down y/N? ")? {
        return Ok(());
    }
    let url = ctl.options.serverurl.clone();
    match ctl.call::<IgnoredAny>("shutdown", &[]) {
        Ok(_) => ctl.say("Shut down"),
        // What was wanted is happening: exit status 0.
        Err(Failure::Client(ClientError::Fault(fault))) if fault.code == Code::ShutdownState.number() => {
            ctl.say("ERROR: already shutting down");
        }
        Err(Failure::Client(error @ ClientError::Refused)) => {
            ctl.refuse(exit::GENERIC, format_args!("ERROR: {url} refused connection (already shut down?)"));
            ctl.explain(&error);
        }
        Err(Failure::Client(error @ ClientError::NoSuchFile)) => {
            ctl.refuse(exit::GENERIC, format_args!("ERROR: {url} no such file (already shut down?)"));
            ctl.explain(&error);
        }
        Err(failure) => return Err(failure),
    }
    Ok(())
}

pub(super) fn reload(ctl: &mut Controller, _: &Arguments<'_>) -> Result<(), Failure> {
    if !agreed(ctl, "Really restart the remote supervisord process y/N? ")? {
        return Ok(());
    }
    match ctl.call::<IgnoredAny>("restart", &[]) {
        Ok(_) => ctl.say("Restarted supervisord"),
        Err(Failure::Client(ClientError::Fault(fault))) if fault.code == Code::ShutdownState.number() => {
            ctl.refuse(exit::GENERIC, "ERROR: already shutting down");
        }
        Err(failure) => return Err(failure),
    }
    Ok(())
}
