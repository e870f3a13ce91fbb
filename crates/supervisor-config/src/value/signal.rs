//! Signals as the original takes them: the names and numbers that Python's `signal` module knows.

use nix::libc;
use nix::sys::signal::Signal;

use super::ValueError;
use crate::python;

/// The module's other constants in `SIG…` are names and numbers too: `_DFL` is 0, and 0 probes for life.
const OTHERS: [(&str, i32); 5] = [("_DFL", 0), ("_IGN", 1), ("_BLOCK", 0), ("_UNBLOCK", 1), ("_SETMASK", 2)];

/// Second names.
const ALIASES: [(&str, i32); 3] = [("CLD", libc::SIGCHLD), ("IOT", libc::SIGABRT), ("POLL", libc::SIGIO)];

/// Of the real-time signals only the first and the last have names.
fn real_time() -> [(&'static str, i32); 2] {
    [("RTMIN", libc::SIGRTMIN()), ("RTMAX", libc::SIGRTMAX())]
}

pub(super) fn parse(text: &str) -> Result<i32, ValueError> {
    match python::int(text) {
        Ok(number) => i32::try_from(number)
            .ok()
            .filter(|&number| is_named(number))
            .ok_or_else(|| ValueError::SignalNumber(text.to_owned())),
        Err(_) => by_name(text).ok_or_else(|| ValueError::SignalName(text.to_owned())),
    }
}

fn is_named(number: i32) -> bool {
    number == 0 || Signal::try_from(number).is_ok() || real_time().iter().any(|&(_, known)| known == number)
}

fn by_name(text: &str) -> Option<i32> {
    let upper = python::strip(text).to_uppercase();
    let name = upper.strip_prefix("SIG").unwrap_or(&upper);
    let others = OTHERS.into_iter().chain(ALIASES).chain(real_time());
    let named = others.into_iter().find(|&(known, _)| known == name).map(|(_, number)| number);
    named.or_else(|| format!("SIG{name}").parse::<Signal>().ok().map(|signal| signal as i32))
}
