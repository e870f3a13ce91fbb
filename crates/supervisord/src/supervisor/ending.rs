//! How the daemon ends or begins again: groups are stopped one after the other, the last to start first.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use supervisor_config::sections::{Config, EventType};
use supervisor_rpc::state::SupervisorState;

use super::{Outcome, Supervisor};
use crate::clock::Now;
use crate::events::Event;
use crate::log;
use crate::os::Os;

/// Whether the daemon runs, and if not, how far its end has come.
#[derive(Debug)]
pub(super) enum Mood {
    Running,
    Ending(Ending),
}

/// The daemon is ending.
#[derive(Debug)]
pub(super) struct Ending {
    /// Shutdown, or restarting.
    to: SupervisorState,
    /// What it begins again with.
    next: Option<Box<Config>>,
    /// The groups that still run, the next to be stopped first; `None` before the first step.
    groups: Option<VecDeque<Rc<str>>>,
    /// When it is said next who has not ended yet.
    report: Option<Instant>,
    done: bool,
}

/// The pause between two lines about who has not ended yet.
const REPORT_PERIOD: Duration = Duration::from_secs(3);

impl Mood {
    pub(super) fn is_running(&self) -> bool {
        matches!(self, Self::Running)
    }

    pub(super) fn state(&self) -> SupervisorState {
        match self {
            Self::Running => SupervisorState::Running,
            Self::Ending(ending) => ending.to,
        }
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        match self {
            Self::Running => None,
            Self::Ending(ending) => ending.report,
        }
    }

    pub(super) fn outcome(&mut self) -> Option<Outcome> {
        let Self::Ending(ending) = self else { return None };
        if !ending.done {
            return None;
        }
        match (ending.to, ending.next.take()) {
            (SupervisorState::Restarting, Some(config)) => Some(Outcome::Restart(config)),
            _ => Some(Outcome::End),
        }
    }
}

impl Supervisor {
    /// Begins to end; an end that is asked for during a restart comes.
    pub(crate) fn end(&mut self, to: SupervisorState) {
        match &mut self.mood {
            Mood::Ending(ending) => ending.to = to,
            Mood::Running => {
                self.mood = Mood::Ending(Ending { to, next: None, groups: None, report: None, done: false });
            }
        }
    }

    /// Begins a restart, if the configuration can be read. The original stops everything first, and ends when it cannot.
    pub(crate) fn restart(&mut self) {
        match self.around.reader.read() {
            Ok(config) => {
                self.end(SupervisorState::Restarting);
                if let Mood::Ending(ending) = &mut self.mood {
                    ending.next = Some(Box::new(config));
                }
            }
            Err(error) => {
                log::error!("the configuration cannot be read, everything goes on as it is: {error}");
            }
        }
    }

    /// Does the next step of the end, as far as it can be done now.
    pub(super) fn advance_ending(&mut self, now: &Now, os: &mut dyn Os) {
        let Mood::Ending(ending) = &mut self.mood else { return };
        if ending.groups.is_none() {
            let groups = self.by_priority().into_iter().rev().collect();
            if let Mood::Ending(ending) = &mut self.mood {
                ending.groups = Some(groups);
            }
            self.publish(EventType::SupervisorStateChangeStopping, now, Event::supervisor_stopping);
            self.rearm_all();
        }
        while let Some(group) = self.next_group() {
            for id in self.members_by_priority(&group).into_iter().rev() {
                self.drive(id, now, os, |process, _| {
                    process.machine.stop_for_good(&process.rules(), now.mono)
                });
            }
            if !self.unstopped(&group).is_empty() {
                break;
            }
            if let Mood::Ending(Ending { groups: Some(groups), .. }) = &mut self.mood {
                groups.pop_front();
            }
        }
        self.report_unstopped(now);
    }

    fn next_group(&self) -> Option<Rc<str>> {
        match &self.mood {
            Mood::Ending(Ending { groups: Some(groups), .. }) => groups.front().cloned(),
            _ => None,
        }
    }

    /// Deadlines of what would be started again are gone.
    fn rearm_all(&mut self) {
        for id in self.processes.keys().copied().collect::<Vec<_>>() {
            self.arm(id);
        }
    }

    fn unstopped(&self, group: &str) -> Vec<&str> {
        let members = self.groups.get(group).map(|group| group.members.as_slice()).unwrap_or_default();
        let processes = members.iter().map(|id| &self.processes[id]);
        processes.filter(|process| !process.state().is_stopped()).map(|process| process.name()).collect()
    }

    fn report_unstopped(&mut self, now: &Now) {
        let Mood::Ending(ending) = &self.mood else { return };
        let due = ending.report.is_none_or(|report| report <= now.mono);
        let done = ending.groups.as_ref().is_some_and(VecDeque::is_empty);
        if due && !done {
            let groups = self.by_priority();
            let names: Vec<&str> = groups.iter().flat_map(|group| self.unstopped(group)).collect();
            log::info!("waiting for {} to die", names.join(", "));
        }
        if done {
            self.read_what_is_there(now);
        }
        if let Mood::Ending(ending) = &mut self.mood {
            ending.done = done;
            ending.report = match (done, due) {
                (true, _) => None,
                (false, true) => Some(now.mono + REPORT_PERIOD),
                (false, false) => ending.report,
            };
        }
    }
}
