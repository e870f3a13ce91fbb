//! What a daemon holds: nothing of it may grow by what happens to it.

use super::TestBed;
use crate::kernel::Shown;

impl TestBed {
    /// The daemon, as the kernel shows it.
    #[track_caller]
    pub fn shown(&self) -> Shown {
        Shown(self.pid())
    }

    /// Waits until the daemon has no more than so many descriptors and no zombie.
    #[track_caller]
    pub fn settles_at(&self, descriptors: usize) {
        let daemon = self.shown();
        let mut open = daemon.descriptors();
        self.eventually(&format!("{descriptors} descriptors, not {open:#?}"), || {
            open = daemon.descriptors();
            open.len() <= descriptors
        });
        self.eventually("no zombie", || !daemon.kids().iter().any(|kid| kid.is_zombie));
    }

    /// Sets a limit of the running daemon, as `prlimit` names it (`nofile`, `nproc`).
    ///
    /// # Panics
    ///
    /// When that is not allowed.
    #[track_caller]
    pub fn limit(&self, what: &str, number: usize) {
        let daemon = self.shown();
        let id = |name| daemon.status(name).split_whitespace().next().unwrap_or_default().to_owned();
        let (uid, gid) = (id("Uid"), id("Gid"));
        // The limits of others than oneself are not for every root to set.
        let mut command = std::process::Command::new("setpriv");
        if nix::unistd::geteuid().to_string() != uid {
            command.args(["--reuid", &uid, "--regid", &gid, "--clear-groups"]);
        }
        let limit = format!("--{what}={number}:");
        let set = command.args(["prlimit", "--pid", &daemon.0.to_string(), &limit]).status();
        assert!(set.is_ok_and(|status| status.success()), "prlimit --{what}={number}");
    }
}
