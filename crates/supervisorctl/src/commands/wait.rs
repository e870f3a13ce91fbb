//! `wait`: until processes are in a state. The original has no such command.

use std::time::{Duration, Instant};

use supervisor_rpc::info::ProcessInfo;
use supervisor_rpc::namespec::{self, Namespec};
use supervisor_rpc::state::ProcessState;

use super::{Arguments, help};
use crate::controller::{Controller, exit};
use crate::failure::Failure;
use crate::names;

/// Between two looks: the first comes soon, the later ones cost the daemon little.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What is waited for.
#[derive(Debug, PartialEq)]
struct Request {
    names: Vec<String>,
    state: ProcessState,
    timeout: Option<Duration>,
}

/// Why not.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
enum BadRequest {
    #[error("Error: wait requires a process name")]
    NoName,
    #[error("Error: {0} requires a value")]
    NoValue(String),
    #[error("Error: bad state {0}")]
    BadState(String),
    #[error("Error: bad timeout {0}")]
    BadTimeout(String),
}

/// Reads `NAME… [--state S] [--timeout N]`, in any order.
fn parse(words: &[String]) -> Result<Request, BadRequest> {
    let mut request = Request { names: Vec::new(), state: ProcessState::Running, timeout: None };
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let (option, glued) = match word.split_once('=') {
            Some((option, value)) => (option, Some(value)),
            None => (word.as_str(), None),
        };
        if !matches!(option, "--state" | "--timeout") {
            request.names.push(word.clone());
            continue;
        }
        let value = glued.or_else(|| words.next().map(String::as_str));
        let value = value.ok_or_else(|| BadRequest::NoValue(option.to_owned()))?;
        if option == "--state" {
            let state = ProcessState::ALL.into_iter().find(|state| state.name().eq_ignore_ascii_case(value));
            request.state = state.ok_or_else(|| BadRequest::BadState(value.to_owned()))?;
        } else {
            let seconds = value.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            request.timeout = Some(seconds.ok_or_else(|| BadRequest::BadTimeout(value.to_owned()))?);
        }
    }
    if request.names.is_empty() { Err(BadRequest::NoName) } else { Ok(request) }
}

/// How far one process is.
#[derive(Debug, PartialEq)]
enum Progress {
    There,
    NotYet,
    /// It will not get there by itself.
    Hopeless,
}

/// A process that was given up starts again only when somebody starts it.
fn progress(info: &ProcessInfo, wanted: ProcessState) -> Progress {
    if info.state == wanted.code() {
        Progress::There
    } else if info.state == ProcessState::Fatal.code() && wanted == ProcessState::Running {
        Progress::Hopeless
    } else {
        Progress::NotYet
    }
}

pub(super) fn wait(ctl: &mut Controller, arguments: &Arguments<'_>) -> Result<(), Failure> {
    let request = match parse(&arguments.words) {
        Ok(request) => request,
        Err(error) => {
            ctl.refuse(exit::INVALID_ARGUMENTS, error);
            help::explain_named(ctl, "wait");
            return Ok(());
        }
    };
    let deadline = request.timeout.and_then(|timeout| Instant::now().checked_add(timeout));
    let mut pause = FIRST_PAUSE;
    // A pattern means what it matches now.
    let infos: Vec<ProcessInfo> = ctl.call("getAllProcessInfo", &[])?;
    let names = names::expand(&request.names, &infos);
    let (mut infos, mut missing) = (infos, names.clone());
    loop {
        missing.retain(|name| look(ctl, name, &infos, request.state));
        if missing.is_empty() {
            break;
        }
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            for name in &missing {
                ctl.refuse(
                    exit::GENERIC,
                    format_args!("{name}: ERROR (not {} in time)", request.state.name()),
                );
            }
            break;
        }
        ctl.pause(left.map_or(pause, |left| left.min(pause)))?;
        pause = (pause * 2).min(LONGEST_PAUSE);
        infos = ctl.call("getAllProcessInfo", &[])?;
    }
    if ctl.out.json {
        let named: Vec<Namespec<'_>> = names.iter().map(|name| Namespec::parse(name)).collect();
        infos.retain(|info| named.iter().any(|named| named.includes(&info.group, &info.name)));
        ctl.out.document(&infos);
    }
    Ok(())
}

/// Whether a name must be waited for any longer; what ends its wait is told.
fn look(ctl: &mut Controller, name: &str, infos: &[ProcessInfo], wanted: ProcessState) -> bool {
    let named = Namespec::parse(name);
    let mut members = infos.iter().filter(|info| named.includes(&info.group, &info.name)).peekable();
    if members.peek().is_none() {
        ctl.refuse(exit::GENERIC, format_args!("{name}: ERROR (no such process)"));
        return false;
    }
    for info in members {
        match progress(info, wanted) {
            Progress::There => {}
            Progress::NotYet => return true,
            Progress::Hopeless => {
                let shown = namespec::show(&info.group, &info.name);
                let line = format!("{shown}: ERROR ({}: {})", info.statename, info.description);
                ctl.refuse(exit::NOT_RUNNING, line);
                return false;
            }
        }
    }
    ctl.say(format_args!("{name}: {}", wanted.name()));
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, String> {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        parse(&words).map_err(|error| error.to_string())
    }

    #[test]
    fn options_may_stand_anywhere() {
        let expected = Request {
            names: vec!["a".into(), "b:*".into()],
            state: ProcessState::Stopped,
            timeout: Some(Duration::from_millis(1500)),
        };
        assert_eq!(parsed("a --state stopped b:* --timeout=1.5"), Ok(expected));
        assert_eq!(
            parsed("a").map(|request| (request.state, request.timeout)),
            Ok((ProcessState::Running, None))
        );
    }

    #[test]
    fn mistakes_are_told() {
        for (line, expected) in [
            ("", "Error: wait requires a process name"),
            ("a --state", "Error: --state requires a value"),
            ("a --state=up", "Error: bad state up"),
            ("a --timeout -1", "Error: bad timeout -1"),
            ("a --timeout soon", "Error: bad timeout soon"),
        ] {
            assert_eq!(parsed(line), Err(expected.to_owned()), "{line}");
        }
    }
}
