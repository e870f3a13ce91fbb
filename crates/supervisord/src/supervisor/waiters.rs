//! Calls that are answered later: who waits for which processes to do what.
//!
//! Plain data, looked at when the state of a process has changed. A caller who has gone away is forgotten.

use std::time::{Duration, Instant};

use supervisor_rpc::fault::{Code, Fault};
use supervisor_rpc::info::StatusInfo;
use supervisor_rpc::namespec;
use supervisor_rpc::state::ProcessState;
use supervisor_rpc::value::Value;
use tokio::sync::oneshot;

use super::Supervisor;
use crate::clock::Now;
use crate::log;
use crate::process::{Process, ProcessId};
use crate::rpc::{Answer, status_list};

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    /// The process is RUNNING.
    Started,
    /// The process has ended.
    Stopped,
}

/// A caller who waits.
#[derive(Debug)]
pub(crate) struct Waiter {
    reply: oneshot::Sender<Answer>,
    wait: Wait,
    /// When it is said next whom a stop waits for.
    report: Option<Instant>,
}

/// What a call waits for.
#[derive(Debug)]
pub(crate) struct Wait {
    /// What the processes are to do.
    pub goal: Goal,
    /// Those that have not done it yet.
    pub pending: Vec<ProcessId>,
    /// What the answer will be.
    pub form: Form,
}

/// How a call is answered.
#[derive(Debug)]
pub(crate) enum Form {
    /// For one process, called by this name: true or a fault.
    One(String),
    /// For several: a list, to which each is added as it comes to its end.
    Many(Vec<StatusInfo>),
}

/// The pause between two lines about whom a stop waits for.
const REPORT_PERIOD: Duration = Duration::from_secs(2);

impl Waiter {
    /// When it has something to say.
    pub(crate) fn deadline(&self) -> Option<Instant> {
        self.report
    }
}

/// How far a process is: `None` when there is still something to wait for.
fn judge(goal: Goal, process: Option<&Process>, name: &str) -> Option<Result<(), Fault>> {
    match (goal, process) {
        (Goal::Started, None) => Some(Err(Code::AbnormalTermination.with(name))),
        (Goal::Started, Some(process)) if process.spawnerr.is_some() => {
            Some(Err(Code::SpawnError.with(name)))
        }
        (Goal::Started, Some(process)) => match process.state() {
            ProcessState::Running => Some(Ok(())),
            ProcessState::Starting => None,
            ProcessState::Stopped
            | ProcessState::Backoff
            | ProcessState::Stopping
            | ProcessState::Exited
            | ProcessState::Fatal
            | ProcessState::Unknown => Some(Err(Code::AbnormalTermination.with(name))),
        },
        (Goal::Stopped, None) => Some(Ok(())),
        (Goal::Stopped, Some(process)) => process.state().is_stopped().then_some(Ok(())),
    }
}

/// One line of a list of results.
pub(crate) fn status(process: &Process, outcome: Result<(), Fault>) -> StatusInfo {
    let (status, description) = match outcome {
        Ok(()) => (Code::Success.number(), "OK".to_owned()),
        Err(fault) => (fault.code, fault.text),
    };
    StatusInfo { name: process.name().to_owned(), group: process.group.to_string(), status, description }
}

impl Supervisor {
    /// Lets a caller wait.
    pub(crate) fn wait(&mut self, reply: oneshot::Sender<Answer>, wait: Wait, now: &Now) {
        let report = (wait.goal == Goal::Stopped).then_some(now.mono);
        self.changed.extend(&wait.pending);
        self.waiters.push(Waiter { reply, wait, report });
        self.report_waiting(now);
    }

    /// Says whom a stop waits for.
    pub(super) fn report_waiting(&mut self, now: &Now) {
        for waiter in &mut self.waiters {
            if waiter.report.is_none_or(|report| report > now.mono) {
                continue;
            }
            waiter.report = Some(now.mono + REPORT_PERIOD);
            for process in waiter.wait.pending.iter().filter_map(|id| self.processes.get(id)) {
                if process.state() == ProcessState::Stopping {
                    log::info!("waiting for {} to stop", process.name());
                }
            }
        }
    }

    /// Answers those whose wait is over.
    pub(super) fn serve_waiters(&mut self) {
        let mut changed = std::mem::take(&mut self.changed);
        if self.waiters.is_empty() || changed.is_empty() {
            return;
        }
        changed.sort_unstable();
        changed.dedup();
        let processes = &self.processes;
        let waiters = std::mem::take(&mut self.waiters);
        for mut waiter in waiters {
            if waiter.reply.is_closed() {
                continue;
            }
            let Wait { goal, pending, form } = &mut waiter.wait;
            let mut answer = None;
            pending.retain(|id| {
                if changed.binary_search(id).is_err() {
                    return true;
                }
                let process = processes.get(id);
                match form {
                    Form::One(name) => match judge(*goal, process, name) {
                        None => true,
                        Some(outcome) => {
                            answer = Some(outcome.map(|()| Value::Bool(true)));
                            false
                        }
                    },
                    Form::Many(results) => {
                        let name =
                            process.map(|one| namespec::show(&one.group, one.name())).unwrap_or_default();
                        match judge(*goal, process, &name) {
                            None => true,
                            Some(outcome) => {
                                results.extend(process.map(|process| status(process, outcome)));
                                false
                            }
                        }
                    }
                }
            });
            if !pending.is_empty() {
                self.waiters.push(waiter);
                continue;
            }
            let answer = match (answer, waiter.wait.form) {
                (_, Form::Many(results)) => Ok(status_list(&results)),
                (Some(answer), Form::One(_)) => answer,
                (None, Form::One(_)) => Ok(Value::Bool(true)),
            };
            // Who has hung up meanwhile misses nothing.
            let _: Result<(), Answer> = waiter.reply.send(answer.into());
        }
    }
}
