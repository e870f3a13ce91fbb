//! What start, stop, signal and clear have in common: results of single processes, and names that are patterns.

use supervisor_rpc::fault::{Code, Fault};
use supervisor_rpc::info::{ProcessInfo, StatusInfo};
use supervisor_rpc::namespec::{self, Namespec};

use crate::controller::Controller;
use crate::failure::Failure;
use crate::names;

/// The words for a result.
#[derive(Debug)]
pub(super) struct Wording {
    /// Success.
    pub(super) done: &'static str,
    /// What stands in `ERROR (…)`.
    pub(super) errors: &'static [(Code, &'static str)],
    /// The text of this fault is told as it is.
    pub(super) verbatim: Option<Code>,
    /// This fault says that there was nothing to do, which is no failure.
    pub(super) nothing_to_do: Option<Code>,
}

impl Wording {
    /// The line for a result. One that the original does not know ends its command.
    fn line(&self, result: &StatusInfo) -> Result<String, Failure> {
        let name = namespec::show(&result.group, &result.name);
        let code = Code::from_number(result.status);
        if code == Some(Code::Success) {
            return Ok(format!("{name}: {}", self.done));
        }
        if code.is_some() && code == self.verbatim {
            return Ok(result.description.clone());
        }
        match self.errors.iter().find(|(known, _)| Some(*known) == code) {
            Some((_, text)) => Ok(format!("{name}: ERROR ({text})")),
            None => Err(Failure::UnknownResult { code: result.status, name }),
        }
    }

    /// Tells a result, or keeps it for the one document of `--json`.
    pub(super) fn report(
        &self,
        ctl: &mut Controller,
        result: StatusInfo,
        results: &mut Vec<StatusInfo>,
    ) -> Result<(), Failure> {
        if !ctl.out.json {
            ctl.say(self.line(&result)?);
        }
        ctl.note(result.status, self.nothing_to_do);
        results.push(result);
        Ok(())
    }
}

/// The result of a call for one process.
pub(super) fn result_of(named: Namespec<'_>, fault: Option<Fault>) -> StatusInfo {
    let (status, description) = match fault {
        None => (Code::Success.number(), "OK".to_owned()),
        Some(fault) => (fault.code, fault.text),
    };
    let group = named.group.to_owned();
    // As the original shows a group where it expects a process.
    let name = named.process.unwrap_or("None").to_owned();
    StatusInfo { name, group, status, description }
}

/// The names that a list of names stands for; asks the daemon only if one may be a pattern.
pub(super) fn expand(ctl: &mut Controller, names: &[String]) -> Result<Vec<String>, Failure> {
    if !names.iter().any(|name| names::may_be_pattern(name)) {
        return Ok(names.to_vec());
    }
    let infos: Vec<ProcessInfo> = ctl.call("getAllProcessInfo", &[])?;
    Ok(names::expand(names, &infos))
}

/// Whether `all` is among the names, which then stands for everything.
pub(super) fn all(names: &[String]) -> bool {
    names.iter().any(|name| name == "all")
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDING: Wording = Wording {
        done: "stopped",
        errors: &[(Code::NotRunning, "not running")],
        verbatim: Some(Code::Failed),
        nothing_to_do: None,
    };

    fn line(code: i64) -> Result<String, String> {
        let result = StatusInfo {
            name: "b".into(),
            group: "a".into(),
            status: code,
            description: "FAILED: why".into(),
        };
        WORDING.line(&result).map_err(|failure| failure.to_string())
    }

    #[test]
    fn each_result_has_its_line() {
        assert_eq!(line(80).as_deref(), Ok("a:b: stopped"));
        assert_eq!(line(70).as_deref(), Ok("a:b: ERROR (not running)"));
        assert_eq!(line(30).as_deref(), Ok("FAILED: why"));
        assert_eq!(line(6).expect_err("unknown"), "<class 'ValueError'>, Unknown result code 6 for a:b");
        assert_eq!(line(999).expect_err("unknown"), "<class 'ValueError'>, Unknown result code 999 for a:b");
    }
}
