//! `avail`, `reread`, `update`, `add`, `remove`.

use std::collections::BTreeMap;

use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use supervisor_rpc::client::ClientError;
use supervisor_rpc::fault::{Code, Fault};
use supervisor_rpc::info::{ConfigInfo, ProcessInfo, StatusInfo};
use supervisor_rpc::namespec;

use super::Arguments;
use super::shared::all;
use crate::controller::{Controller, exit};
use crate::failure::Failure;
use crate::names;

/// The groups that differ, as `reloadConfig` answers: an array of three.
#[derive(Debug, Deserialize)]
struct Changes(Vec<String>, Vec<String>, Vec<String>);

/// The same with names, for `--json`.
#[derive(Debug, Default, Serialize)]
struct Differences<'a> {
    added: Vec<&'a str>,
    changed: Vec<&'a str>,
    removed: Vec<&'a str>,
}

fn reload_config(ctl: &mut Controller) -> Result<Changes, Failure> {
    let (changes,): (Changes,) = ctl.call("reloadConfig", &[])?;
    Ok(changes)
}

/// The fault, if that is what ended a call.
fn fault_of(failure: &Failure) -> Option<(Code, &Fault)> {
    match failure {
        Failure::Client(ClientError::Fault(fault)) => Some((Code::from_number(fault.code)?, fault)),
        _ => None,
    }
}

pub(super) fn avail(ctl: &mut Controller, _: &Arguments<'_>) -> Result<(), Failure> {
    let infos: Vec<ConfigInfo> = match ctl.call("getAllConfigInfo", &[]) {
        Err(failure) if matches!(fault_of(&failure), Some((Code::ShutdownState, _))) => {
            ctl.refuse(exit::GENERIC, "ERROR: supervisor shutting down");
            return Ok(());
        }
        infos => infos?,
    };
    if ctl.out.json {
        ctl.out.document(&infos);
        return Ok(());
    }
    for info in infos {
        ctl.say(avail_row(&info));
    }
    Ok(())
}

fn avail_row(info: &ConfigInfo) -> String {
    let name = namespec::show(&info.group, &info.name);
    let in_use = if info.inuse { "in use" } else { "avail" };
    let start = if info.autostart { "auto" } else { "manual" };
    format!("{name:32} {in_use:9} {start:9} {}:{}", info.group_prio, info.process_prio)
}

pub(super) fn reread(ctl: &mut Controller, _: &Arguments<'_>) -> Result<(), Failure> {
    let changes = match reload_config(ctl) {
        Ok(changes) => changes,
        Err(failure) => {
            match fault_of(&failure) {
                Some((Code::ShutdownState, _)) => {
                    ctl.refuse(exit::GENERIC, "ERROR: supervisor shutting down")
                }
                Some((Code::CantReread, fault)) => {
                    ctl.refuse(exit::GENERIC, format_args!("ERROR: {}", fault.text))
                }
                _ => return Err(failure),
            }
            return Ok(());
        }
    };
    let Changes(added, changed, removed) = &changes;
    if ctl.out.json {
        ctl.out.document(&Differences {
            added: borrowed(added),
            changed: borrowed(changed),
            removed: borrowed(removed),
        });
        return Ok(());
    }
    for line in change_lines(&changes) {
        ctl.say(line);
    }
    Ok(())
}

fn borrowed(names: &[String]) -> Vec<&str> {
    names.iter().map(String::as_str).collect()
}

/// Sorted by name; of a group in several lists the last counts.
fn change_lines(Changes(added, changed, removed): &Changes) -> Vec<String> {
    let mut words = BTreeMap::new();
    for (names, word) in [(added, "available"), (changed, "changed"), (removed, "disappeared")] {
        words.extend(names.iter().map(|name| (name, word)));
    }
    if words.is_empty() {
        return vec!["No config updates to processes".to_owned()];
    }
    words.into_iter().map(|(name, word)| format!("{name}: {word}")).collect()
}

pub(super) fn update(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    let Changes(added, changed, removed) = match reload_config(ctl) {
        Err(failure) if matches!(fault_of(&failure), Some((Code::ShutdownState, _))) => {
            ctl.refuse(exit::GENERIC, "ERROR: already shutting down");
            return Ok(());
        }
        changes => changes?,
    };
    let chosen =
        if all(&arguments.words) { Vec::new() } else { known_groups(ctl, &arguments.words, &added)? };
    let wanted = |name: &&String| chosen.is_empty() || chosen.contains(name);
    let mut done = Differences::default();

    for name in removed.iter().filter(wanted) {
        let results = stop_group(ctl, name)?;
        if results.iter().any(|result| result.status == Code::Failed.number()) {
            ctl.refuse(exit::GENERIC, format_args!("{name}: has problems; not removing"));
            continue;
        }
        ctl.call::<IgnoredAny>("removeProcessGroup", &[name.as_str().into()])?;
        tell(ctl, name, "removed process group");
        done.removed.push(name);
    }
    for name in changed.iter().filter(wanted) {
        stop_group(ctl, name)?;
        ctl.call::<IgnoredAny>("removeProcessGroup", &[name.as_str().into()])?;
        ctl.call::<IgnoredAny>("addProcessGroup", &[name.as_str().into()])?;
        tell(ctl, name, "updated process group");
        done.changed.push(name);
    }
    for name in added.iter().filter(wanted) {
        ctl.call::<IgnoredAny>("addProcessGroup", &[name.as_str().into()])?;
        tell(ctl, name, "added process group");
        done.added.push(name);
    }
    if ctl.out.json {
        ctl.out.document(&done);
    }
    Ok(())
}

/// The groups that are meant; those that do not exist are told, and stay among them, so that nothing else is updated.
fn known_groups(ctl: &mut Controller, words: &[String], added: &[String]) -> Result<Vec<String>, Failure> {
    if words.is_empty() {
        return Ok(Vec::new());
    }
    let infos: Vec<ProcessInfo> = ctl.call("getAllProcessInfo", &[])?;
    let groups: Vec<String> = infos.into_iter().map(|info| info.group).chain(added.iter().cloned()).collect();
    let mut chosen = names::expand_groups(words, &groups);
    chosen.sort();
    chosen.dedup();
    for name in chosen.iter().filter(|name| !groups.contains(name)) {
        ctl.refuse(exit::GENERIC, format_args!("ERROR: no such group: {name}"));
    }
    Ok(chosen)
}

fn stop_group(ctl: &mut Controller, name: &str) -> Result<Vec<StatusInfo>, Failure> {
    let results = ctl.call_waiting("stopProcessGroup", &[name.into()], &format!("{name} to stop"))?;
    tell(ctl, name, "stopped");
    Ok(results)
}

fn tell(ctl: &mut Controller, name: &str, what: &str) {
    if !ctl.out.json {
        ctl.say(format_args!("{name}: {what}"));
    }
}

pub(super) fn add(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    let mut groups = arguments.words.clone();
    if groups.iter().any(|name| names::may_be_pattern(name)) {
        let infos: Vec<ConfigInfo> = ctl.call("getAllConfigInfo", &[])?;
        let known: Vec<String> = infos.into_iter().map(|info| info.group).collect();
        groups = names::expand_groups(&groups, &known);
    }
    let mut done = Differences::default();
    for name in &groups {
        match ctl.call::<IgnoredAny>("addProcessGroup", &[name.as_str().into()]) {
            Ok(_) => {
                tell(ctl, name, "added process group");
                done.added.push(name);
            }
            Err(failure) => match fault_of(&failure) {
                Some((Code::ShutdownState, _)) => ctl.refuse(exit::GENERIC, "ERROR: shutting down"),
                Some((Code::AlreadyAdded, _)) => ctl.say("ERROR: process group already active"),
                Some((Code::BadName, _)) => {
                    ctl.refuse(exit::GENERIC, format_args!("ERROR: no such process/group: {name}"));
                }
                _ => return Err(failure),
            },
        }
    }
    if ctl.out.json {
        ctl.out.document(&done);
    }
    Ok(())
}

pub(super) fn remove(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    let mut groups = arguments.words.clone();
    if groups.iter().any(|name| names::may_be_pattern(name)) {
        let infos: Vec<ProcessInfo> = ctl.call("getAllProcessInfo", &[])?;
        let known: Vec<String> = infos.into_iter().map(|info| info.group).collect();
        groups = names::expand_groups(&groups, &known);
    }
    let mut done = Differences::default();
    for name in &groups {
        match ctl.call::<IgnoredAny>("removeProcessGroup", &[name.as_str().into()]) {
            Ok(_) => {
                tell(ctl, name, "removed process group");
                done.removed.push(name);
            }
            Err(failure) => match fault_of(&failure) {
                Some((Code::StillRunning, _)) => {
                    ctl.refuse(exit::GENERIC, format_args!("ERROR: process/group still running: {name}"));
                }
                Some((Code::BadName, _)) => {
                    ctl.refuse(exit::GENERIC, format_args!("ERROR: no such process/group: {name}"));
                }
                _ => return Err(failure),
            },
        }
    }
    if ctl.out.json {
        ctl.out.document(&done);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn changes(added: &[&str], changed: &[&str], removed: &[&str]) -> Changes {
        let texts = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Changes(texts(added), texts(changed), texts(removed))
    }

    #[test]
    fn changes_are_sorted_by_name() {
        let lines = change_lines(&changes(&["b", "d"], &["c"], &["a"]));
        assert_eq!(lines, ["a: disappeared", "b: available", "c: changed", "d: available"]);
        assert_eq!(change_lines(&changes(&[], &[], &[])), ["No config updates to processes"]);
    }
}
