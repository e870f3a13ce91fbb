//! Pipes that outlive their processes, as a grandchild still holds them: across a restart of the daemon they stay with the
//! program of the same name. The original closes them, and the grandchild dies of its next line.

use super::Supervisor;
use crate::clock::Now;
use crate::log;
use crate::pipes::Pipe;

/// A pipe, and whose it is.
#[derive(Debug)]
pub struct LeftOver {
    group: String,
    process: String,
    pipe: Pipe,
}

impl Supervisor {
    /// Everything is stopped: what is still open is given away.
    pub fn left_over(&mut self) -> Vec<LeftOver> {
        let mut all = Vec::new();
        for (id, process) in &self.processes {
            for pipe in self.pipes.of(*id) {
                all.extend(self.pipes.remove(pipe).map(|pipe| LeftOver {
                    group: process.group.to_string(),
                    process: process.name().to_owned(),
                    pipe,
                }));
            }
        }
        all
    }

    /// Goes on reading what is left over from before. What belongs to nobody any more is closed.
    pub fn take_over(&mut self, left_over: Vec<LeftOver>) {
        for LeftOver { group, process: name, mut pipe } in left_over {
            let mut processes = self.processes.iter_mut();
            let Some((id, process)) =
                processes.find(|(_, process)| *process.group == *group && process.name() == name)
            else {
                continue;
            };
            pipe.process = *id;
            if let Err(error) = process.open_logs() {
                log::critical!("the log of what '{name}' left behind cannot be opened: {error}");
            }
            if let Err(errno) = self.pipes.add(pipe) {
                log::critical!("what '{name}' left behind cannot be read: {}", errno.desc());
            }
        }
    }

    /// What has been written so far is read, whoever wrote it.
    pub(super) fn read_what_is_there(&mut self, now: &Now) {
        for id in self.processes.keys().copied().collect::<Vec<_>>() {
            self.drain(id, now);
        }
    }
}
