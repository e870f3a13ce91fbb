//! `status`, `pid`.

use serde::Serialize;
use supervisor_rpc::client::ClientError;
use supervisor_rpc::fault::Code;
use supervisor_rpc::info::ProcessInfo;
use supervisor_rpc::namespec::Namespec;
use supervisor_rpc::state::ProcessState;

use super::Arguments;
use super::shared::{all, expand};
use crate::controller::{Controller, exit};
use crate::failure::Failure;
use crate::names;

pub(super) fn status(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    // Whatever the upcheck found: the state of programs is not known.
    if !ctl.upcheck()? {
        ctl.status = exit::STATUS_UNKNOWN;
        return Ok(());
    }
    let infos: Vec<ProcessInfo> = ctl.call("getAllProcessInfo", &[])?;
    let names = &arguments.words;
    let infos = if names.is_empty() || all(names) { infos } else { select(ctl, names, infos) };
    if ctl.out.json {
        ctl.out.document(&infos);
    } else {
        ctl.out.statuses(&infos);
    }
    let stopped = |info: &ProcessInfo| {
        ProcessState::ALL.iter().any(|state| state.code() == info.state && state.is_stopped())
    };
    if infos.iter().any(stopped) {
        ctl.status = exit::STATUS_NOT_RUNNING;
    }
    Ok(())
}

/// The processes of these names, in their order, each as often as it is named.
fn select(ctl: &mut Controller, names: &[String], infos: Vec<ProcessInfo>) -> Vec<ProcessInfo> {
    let mut selected = Vec::new();
    for name in names::expand(names, &infos) {
        let named = Namespec::parse(&name);
        let before = selected.len();
        selected.extend(infos.iter().filter(|info| named.includes(&info.group, &info.name)).cloned());
        if selected.len() == before {
            let (name, kind) =
                if named.process.is_none() { (named.group, "group") } else { (&*name, "process") };
            ctl.refuse(exit::STATUS_UNKNOWN, format_args!("{name}: ERROR (no such {kind})"));
        }
    }
    selected
}

/// What `pid --json` tells of supervisord.
#[derive(Debug, Serialize)]
struct Daemon {
    pid: i64,
}

/// What `pid --json` tells of a process.
#[derive(Debug, Serialize)]
struct ProcessId {
    name: String,
    group: String,
    pid: i64,
}

impl From<ProcessInfo> for ProcessId {
    fn from(info: ProcessInfo) -> Self {
        Self { name: info.name, group: info.group, pid: info.pid }
    }
}

pub(super) fn pid(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    let names = &arguments.words;
    if names.is_empty() {
        let pid: i64 = ctl.call("getPID", &[])?;
        if ctl.out.json {
            ctl.out.document(&Daemon { pid });
        } else {
            ctl.say(pid);
        }
        return Ok(());
    }
    let mut shown = Vec::new();
    if all(names) {
        let infos: Vec<ProcessInfo> = ctl.call("getAllProcessInfo", &[])?;
        for info in infos {
            show_pid(ctl, info, &mut shown);
        }
    } else {
        for name in expand(ctl, names)? {
            match ctl.call::<ProcessInfo>("getProcessInfo", &[name.as_str().into()]) {
                Ok(info) => {
                    if info.pid == 0 {
                        ctl.status = exit::NOT_RUNNING;
                    }
                    show_pid(ctl, info, &mut shown);
                }
                Err(Failure::Client(ClientError::Fault(fault))) if fault.code == Code::BadName.number() => {
                    ctl.refuse(exit::GENERIC, format_args!("No such process {name}"));
                }
                Err(failure) => return Err(failure),
            }
        }
    }
    if ctl.out.json {
        ctl.out.document(&shown);
    }
    Ok(())
}

fn show_pid(ctl: &mut Controller, info: ProcessInfo, shown: &mut Vec<ProcessId>) {
    if !ctl.out.json {
        ctl.say(info.pid);
    }
    shown.push(info.into());
}
