//! How many programs can run at a time, so that it is told before it is felt.
//!
//! Owns the arithmetic and its sentences. Changes no limit: that is done where the daemon becomes one.

use std::fs;

use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit};
use nix::unistd::Uid;

/// A running program takes three pipes and two logs at most.
const DESCRIPTORS_OF_A_PROGRAM: u64 = 5;
/// The daemon's own descriptors, and a few clients.
const DESCRIPTORS_BESIDES: u64 = 64;

/// What the system allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Descriptors of the daemon.
    pub descriptors: u64,
    /// Processes: of the daemon's user, or of the whole system.
    pub processes: u64,
}

/// What so many running programs may need.
pub fn descriptors_for(programs: usize) -> u64 {
    programs as u64 * DESCRIPTORS_OF_A_PROGRAM + DESCRIPTORS_BESIDES
}

impl Limits {
    /// Asks the system. What it does not tell does not limit.
    pub fn read() -> Self {
        let soft = |resource| getrlimit(resource).map_or(RLIM_INFINITY, |(soft, _)| soft);
        let most =
            fs::read_to_string("/proc/sys/kernel/pid_max").ok().and_then(|text| text.trim().parse().ok());
        // The limit of a user's processes does not count for root.
        let of_user = if Uid::effective().is_root() { RLIM_INFINITY } else { soft(Resource::RLIMIT_NPROC) };
        Self {
            descriptors: soft(Resource::RLIMIT_NOFILE),
            processes: of_user.min(most.unwrap_or(RLIM_INFINITY)),
        }
    }

    /// A sentence for each limit that is too low for all of so many programs.
    pub fn shortages(self, programs: usize) -> Vec<String> {
        let mut shortages = Vec::new();
        if descriptors_for(programs) > self.descriptors {
            let room = self.descriptors.saturating_sub(DESCRIPTORS_BESIDES) / DESCRIPTORS_OF_A_PROGRAM;
            shortages.push(format!(
                "{programs} processes may need {} file descriptors, but this process may open no more than {}: about {room} \
                 can run at a time; raise its hard limit (ulimit -Hn, LimitNOFILE= in a systemd unit)",
                descriptors_for(programs),
                self.descriptors
            ));
        }
        if programs as u64 >= self.processes {
            shortages.push(format!(
                "{programs} processes are configured, but there may be no more than {} at a time; raise the limit \
                 (ulimit -u, TasksMax= in a systemd unit, kernel.pid_max)",
                self.processes
            ));
        }
        shortages
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn enough_says_nothing() {
        let limits = Limits { descriptors: descriptors_for(100), processes: 101 };
        assert_eq!(limits.shortages(100), [""; 0]);
    }

    #[test]
    fn each_limit_that_is_too_low_is_told() {
        let told = Limits { descriptors: 20_000, processes: 9_000 }.shortages(10_000);
        assert_eq!(
            told,
            [
                "10000 processes may need 50064 file descriptors, but this process may open no more than 20000: about 3987 \
                 can run at a time; raise its hard limit (ulimit -Hn, LimitNOFILE= in a systemd unit)",
                "10000 processes are configured, but there may be no more than 9000 at a time; raise the limit \
                 (ulimit -u, TasksMax= in a systemd unit, kernel.pid_max)",
            ]
        );
    }
}
