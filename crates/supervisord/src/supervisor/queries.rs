//! What the methods of RPC see of the supervisor, and the few small things that they do to it directly.

use std::collections::BTreeMap;
use std::os::fd::AsFd;
use std::path::PathBuf;

use supervisor_config::ConfigError;
use supervisor_config::sections::Config;
use supervisor_rpc::state::{ProcessState, SupervisorState};

use super::spawning::resolve;
use super::{Summary, Supervisor};
use crate::process::command::{Command, CommandError};
use crate::process::stdin::Refused;
use crate::process::{Process, ProcessId};

/// Names of groups: those that are new, those that have changed, those that are gone.
pub(crate) type Differences = (Vec<String>, Vec<String>, Vec<String>);

impl Supervisor {
    /// The configuration as last read.
    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// The state of the daemon.
    pub(crate) fn state(&self) -> SupervisorState {
        self.mood.state()
    }

    /// How many programs there are, and how they are.
    pub fn summary(&self) -> Summary {
        let count = |fits: fn(ProcessState) -> bool| {
            self.processes.values().filter(|process| fits(process.state())).count()
        };
        Summary {
            state: self.mood.state(),
            programs: self.processes.len(),
            running: count(|state| state == ProcessState::Running),
            left: count(|state| !state.is_stopped()),
            given_up: count(|state| state == ProcessState::Fatal),
        }
    }

    /// Where the log of the daemon is, or would be.
    pub(crate) fn configured_log(&self) -> Option<PathBuf> {
        self.config.supervisord.logfile.clone()
    }

    /// All processes.
    pub(crate) fn processes(&self) -> &BTreeMap<ProcessId, Process> {
        &self.processes
    }

    /// A process that was found just now.
    pub(crate) fn process_mut(&mut self, id: ProcessId) -> &mut Process {
        match self.processes.get_mut(&id) {
            Some(process) => process,
            None => unreachable!("ids are looked up in the call that uses them"),
        }
    }

    /// The processes of an active group in the order of the configuration.
    pub(crate) fn members(&self, group: &str) -> Option<Vec<ProcessId>> {
        self.groups.get(group).map(|group| group.members.clone())
    }

    /// All processes by the priority of their group, then their own.
    pub(crate) fn all_by_priority(&self) -> Vec<ProcessId> {
        self.by_priority().iter().flat_map(|group| self.members_by_priority(group)).collect()
    }

    /// All processes by the name of their group, then their own.
    pub(crate) fn all_by_name(&self) -> Vec<&Process> {
        let mut all = Vec::with_capacity(self.processes.len());
        for group in self.groups.values() {
            let begin = all.len();
            all.extend(group.members.iter().map(|id| &self.processes[id]));
            all[begin..].sort_by_key(|process: &&Process| process.name());
        }
        all
    }

    /// Whether the command of a process could be executed now.
    pub(crate) fn resolve(&self, id: ProcessId) -> Result<Command, CommandError> {
        resolve(&self.processes[&id].program, &self.around.path)
    }

    /// Writes to the standard input of a process.
    pub(crate) fn feed_stdin(&mut self, id: ProcessId, bytes: &[u8]) -> Result<(), Refused> {
        let Some(process) = self.processes.get_mut(&id) else { return Err(Refused::Closed) };
        let Some(stdin) = &mut process.stdin else { return Err(Refused::Closed) };
        stdin.send(bytes).inspect_err(|refused| {
            if *refused == Refused::Closed {
                process.stdin = None;
            }
        })?;
        if let Some(stdin) = &process.stdin
            && stdin.is_pending()
        {
            self.pipes.watch_stdin(id, stdin.fd().as_fd());
        }
        Ok(())
    }

    /// Reads the configuration again; what is active stays as it is.
    pub(crate) fn reread(&mut self) -> Result<Differences, ConfigError> {
        self.config = self.around.reader.read()?.into();
        let active = |name: &str| self.groups.get(name).map(|group| &group.config);
        let (mut added, mut changed) = (Vec::new(), Vec::new());
        for group in &self.config.groups {
            match active(&group.name) {
                None => added.push(group.name.clone()),
                Some(current) if current != group => changed.push(group.name.clone()),
                Some(_) => {}
            }
        }
        let gone = |name: &str| !self.config.groups.iter().any(|group| group.name == name);
        let removed = self.groups.keys().filter(|name| gone(name)).map(|name| name.to_string()).collect();
        Ok((added, changed, removed))
    }
}
