//! The processes of a session: whatever a daemon leaves behind is found and ended.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// The processes of a session, without its leader.
pub(crate) fn members(session: Pid) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw))
        .filter(|&pid| pid != session && session_of(pid) == Some(session))
        .collect()
}

/// Kills the processes of a session, but not its leader.
pub(crate) fn kill_members(session: Pid) {
    for pid in members(session) {
        // It may have ended since.
        let _ = kill(pid, Signal::SIGKILL);
    }
}

/// The fourth field behind the command's name, which may itself hold blanks and parentheses.
fn session_of(pid: Pid) -> Option<Pid> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = stat.rsplit_once(')')?;
    fields.split_whitespace().nth(3)?.parse().ok().map(Pid::from_raw)
}
