//! `start`, `stop`, `restart`, `signal`.

use serde::Serialize;
use serde::de::IgnoredAny;
use supervisor_rpc::client::ClientError;
use supervisor_rpc::fault::Code;
use supervisor_rpc::info::StatusInfo;
use supervisor_rpc::namespec::Namespec;
use supervisor_rpc::value::Value;

use super::shared::{Wording, all, expand, result_of};
use super::{Arguments, help};
use crate::controller::{Controller, exit};
use crate::failure::Failure;

/// A verb that is for processes, groups, or all.
struct Verb {
    one: &'static str,
    group: &'static str,
    all: &'static str,
    wording: Wording,
    /// Exit status for a group that does not exist.
    no_group: u8,
    /// What a person waits for: "cat to start".
    purpose: &'static str,
}

const START: Verb = Verb {
    one: "startProcess",
    group: "startProcessGroup",
    all: "startAllProcesses",
    wording: Wording {
        done: "started",
        errors: &[
            (Code::BadName, "no such process"),
            (Code::NoFile, "no such file"),
            (Code::NotExecutable, "file is not executable"),
            (Code::AlreadyStarted, "already started"),
            (Code::SpawnError, "spawn error"),
            (Code::AbnormalTermination, "abnormal termination"),
        ],
        verbatim: None,
        nothing_to_do: Some(Code::AlreadyStarted),
    },
    no_group: exit::INVALID_ARGUMENTS,
    purpose: "to start",
};

const STOP: Verb = Verb {
    one: "stopProcess",
    group: "stopProcessGroup",
    all: "stopAllProcesses",
    wording: Wording { done: "stopped", nothing_to_do: Some(Code::NotRunning), ..SIGNAL.wording },
    no_group: exit::GENERIC,
    purpose: "to stop",
};

const SIGNAL: Verb = Verb {
    one: "signalProcess",
    group: "signalProcessGroup",
    all: "signalAllProcesses",
    wording: Wording {
        done: "signalled",
        errors: &[
            (Code::BadName, "no such process"),
            (Code::BadSignal, "bad signal name"),
            (Code::NotRunning, "not running"),
        ],
        verbatim: Some(Code::Failed),
        nothing_to_do: None,
    },
    no_group: exit::GENERIC,
    purpose: "to take the signal",
};

/// Applies a verb to names; `more` are the parameters behind the name.
fn apply(
    ctl: &mut Controller,
    verb: &Verb,
    names: &[String],
    more: &[Value],
) -> Result<Vec<StatusInfo>, Failure> {
    let mut results = Vec::new();
    if all(names) {
        let what = format!("all programs {}", verb.purpose);
        for result in ctl.call_waiting::<Vec<StatusInfo>>(verb.all, more, &what)? {
            verb.wording.report(ctl, result, &mut results)?;
        }
        return Ok(results);
    }
    for name in expand(ctl, names)? {
        let named = Namespec::parse(&name);
        let target = if named.process.is_some() { name.as_str() } else { named.group };
        let params: Vec<Value> = std::iter::once(target.into()).chain(more.iter().cloned()).collect();
        let what = format!("{name} {}", verb.purpose);
        if named.process.is_some() {
            let fault = match ctl.call_waiting::<IgnoredAny>(verb.one, &params, &what) {
                Ok(_) => None,
                Err(Failure::Client(ClientError::Fault(fault))) => Some(fault),
                Err(failure) => return Err(failure),
            };
            verb.wording.report(ctl, result_of(named, fault), &mut results)?;
            continue;
        }
        match ctl.call_waiting::<Vec<StatusInfo>>(verb.group, &params, &what) {
            Ok(members) => {
                for result in members {
                    verb.wording.report(ctl, result, &mut results)?;
                }
            }
            Err(Failure::Client(ClientError::Fault(fault))) if fault.code == Code::BadName.number() => {
                ctl.refuse(verb.no_group, format_args!("{}: ERROR (no such group)", named.group));
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(results)
}

fn finish(ctl: &mut Controller, results: &impl Serialize) {
    if ctl.out.json {
        ctl.out.document(results);
    }
}

/// Tells that names are missing; whether they were.
fn nameless(ctl: &mut Controller, command: &str, words: &[String], status: u8) -> bool {
    if words.is_empty() {
        ctl.refuse(status, format_args!("Error: {command} requires a process name"));
        help::explain_named(ctl, command);
    }
    words.is_empty()
}

pub(super) fn start(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    if nameless(ctl, "start", &arguments.words, exit::INVALID_ARGUMENTS) {
        return Ok(());
    }
    let results = apply(ctl, &START, &arguments.words, &[])?;
    finish(ctl, &results);
    Ok(())
}

pub(super) fn stop(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    if nameless(ctl, "stop", &arguments.words, exit::GENERIC) {
        return Ok(());
    }
    let results = apply(ctl, &STOP, &arguments.words, &[])?;
    finish(ctl, &results);
    Ok(())
}

/// What `restart --json` tells.
#[derive(Debug, Serialize)]
struct Restarted {
    stopped: Vec<StatusInfo>,
    started: Vec<StatusInfo>,
}

pub(super) fn restart(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    if nameless(ctl, "restart", &arguments.words, exit::GENERIC) {
        return Ok(());
    }
    let stopped = apply(ctl, &STOP, &arguments.words, &[])?;
    let started = apply(ctl, &START, &arguments.words, &[])?;
    finish(ctl, &Restarted { stopped, started });
    Ok(())
}

pub(super) fn signal(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    let words = &arguments.words;
    if words.len() < 2 {
        ctl.refuse(exit::GENERIC, "Error: signal requires a signal name and a process name");
        help::explain_named(ctl, "signal");
        return Ok(());
    }
    let (signal, names) = (&words[0], &words[1..]);
    let results = apply(ctl, &SIGNAL, names, &[signal.as_str().into()])?;
    finish(ctl, &results);
    Ok(())
}
