//! What happens when children end.

use std::rc::Rc;

use super::Supervisor;
use crate::clock::Now;
use crate::log;
use crate::os::{Exit, Os, Pid};
use crate::process::ProcessId;
use crate::process::machine::End;

impl Supervisor {
    /// Takes note of all children that have ended.
    ///
    /// All are taken before anything is done about one: programs that are started again here and end at once, too, are
    /// for the next turn, or this one would never end.
    pub(super) fn reap(&mut self, now: &Now, os: &mut dyn Os) {
        let mut ended = Vec::new();
        while let Some((pid, exit)) = os.reap() {
            // Now, as the number may soon be another's.
            ended.push((pid, self.pids.remove(&pid), exit));
        }
        for (pid, id, exit) in ended {
            self.reaped(pid, id, exit, now, os);
        }
    }

    fn reaped(&mut self, pid: Pid, id: Option<ProcessId>, exit: Exit, now: &Now, os: &mut dyn Os) {
        let Some(id) = id.filter(|id| self.processes.contains_key(id)) else {
            log::info!("reaped unknown pid {pid} ({exit})");
            return;
        };
        // All that it wrote is in its log before its end is told.
        self.drain(id, now);
        let restart = self.mood.is_running();
        let Some(process) = self.processes.get_mut(&id) else { return };
        process.stopped = Some(now.epoch());
        process.stdin = None;
        let code = exit.code();
        let expected = process.program.exitcodes.contains(&code);
        let (end, actions) = process.machine.exited(expected, restart, &process.rules(), now.mono);
        process.exitstatus = Some(code);
        let name = process.name();
        match end {
            End::Stopped if expected => log::info!("stopped: {name} ({exit})"),
            End::Stopped => log::warn!("stopped: {name} ({exit})"),
            End::TooQuick => {
                log::warn!("exited: {name} ({exit}; not expected)");
                process.exitstatus = None;
                process.spawnerr = Some("Exited too quickly (process log may have details)".to_owned());
            }
            End::Expected => log::info!("exited: {name} ({exit}; expected)"),
            End::Unexpected => {
                log::warn!("exited: {name} ({exit}; not expected)");
                process.spawnerr = Some(format!("Bad exit code {code}"));
            }
        }
        let (index, group) = (process.index, Rc::clone(&process.group));
        // Its last change of state still names its process; the next one, if it is started at once, does not.
        let (first, rest) = split_at_start(actions);
        self.perform(id, first, now, os);
        if let Some(process) = self.processes.get_mut(&id) {
            process.pid = None;
        }
        if let Some(pool) = self.pools.get_mut(&group) {
            pool.ended(index, now.mono);
        }
        if let Some(group) = self.groups.get_mut(&group) {
            group.sockets.release(id);
        }
        // As in the original, the next life opens its logs by their names.
        self.close_logs(id);
        self.perform(id, rest, now, os);
        self.arm(id);
    }
}

/// Cuts what is to be done where the next life begins.
fn split_at_start(
    mut actions: Vec<crate::process::machine::Action>,
) -> (Vec<crate::process::machine::Action>, Vec<crate::process::machine::Action>) {
    use crate::process::machine::Action;
    use supervisor_rpc::state::ProcessState;
    let starts =
        |action: &Action| matches!(action, Action::Enter(change) if change.to == ProcessState::Starting);
    let at = actions.iter().position(starts).unwrap_or(actions.len());
    let rest = actions.split_off(at);
    (actions, rest)
}
