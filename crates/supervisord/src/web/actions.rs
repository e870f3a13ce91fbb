//! What the buttons do, and the sentence that tells of it.

use supervisor_rpc::fault::{Code, Fault};
use supervisor_rpc::namespec::Namespec;
use supervisor_rpc::value::Value;

use super::{call, seconds_since_epoch, unexpected};
use crate::os::child::local_time;
use crate::rpc::{Gone, Handle};

/// Performs an action and waits for its end. `None`: there is no such action.
pub(super) async fn perform(
    handle: &Handle,
    action: &str,
    name: Option<&str>,
) -> Result<Option<String>, Gone> {
    let all = match action {
        "refresh" => Some((&[][..], "Page refreshed")),
        "startall" => Some((&["supervisor.startAllProcesses"][..], "All started")),
        "stopall" => Some((&["supervisor.stopAllProcesses"][..], "All stopped")),
        "restartall" => {
            Some((&["supervisor.stopAllProcesses", "supervisor.startAllProcesses"][..], "All restarted"))
        }
        _ => None,
    };
    if let Some((methods, done)) = all {
        for method in methods {
            if let Err(fault) = call(handle, method, vec![]).await? {
                return Ok(Some(format!("ERROR: {}", unexpected(&fault))));
            }
        }
        return Ok(Some(format!("{done} at {}", ctime(seconds_since_epoch()))));
    }
    let Some(name) = name else { return Ok(None) };
    match Namespec::parse(name) {
        Namespec { group, process: None } => on_group(handle, action, group, name).await,
        Namespec { process: Some(_), .. } => on_process(handle, action, name).await,
    }
}

/// The original knows no actions on groups: to it, `group:*` is no process.
async fn on_group(handle: &Handle, action: &str, group: &str, name: &str) -> Result<Option<String>, Gone> {
    let (methods, done): (&[&str], _) = match action {
        "start" => (&["supervisor.startProcessGroup"], "started"),
        "stop" => (&["supervisor.stopProcessGroup"], "stopped"),
        "restart" => (&["supervisor.stopProcessGroup", "supervisor.startProcessGroup"], "restarted"),
        _ => return Ok(None),
    };
    for method in methods {
        if let Err(fault) = call(handle, method, vec![group.into()]).await? {
            return Ok(Some(if fault.code == Code::BadName.number() {
                unknown(name)
            } else {
                format!("ERROR: Group {group}: {}", unexpected(&fault))
            }));
        }
    }
    Ok(Some(format!("Group {group} {done}")))
}

async fn on_process(handle: &Handle, action: &str, name: &str) -> Result<Option<String>, Gone> {
    let process = |method| call(handle, method, vec![Value::from(name)]);
    // Whether there is such a process comes first, even before whether there is such an action.
    if let Err(fault) = process("supervisor.getProcessInfo").await?
        && fault.code == Code::BadName.number()
    {
        return Ok(Some(unknown(name)));
    }
    let message = match action {
        "start" => match process("supervisor.startProcess").await? {
            Ok(_) => format!("Process {name} started"),
            Err(fault) => format!("ERROR: Process {name}: {}", why_not_started(&fault)),
        },
        "stop" => match process("supervisor.stopProcess").await? {
            Ok(_) => format!("Process {name} stopped"),
            Err(fault) => unexpected(&fault),
        },
        "restart" => {
            // As the original, which says so whatever became of it: the page shows the state.
            let _ = process("supervisor.stopProcess").await?;
            let _ = process("supervisor.startProcess").await?;
            format!("Process {name} restarted")
        }
        "clearlog" => match process("supervisor.clearProcessLogs").await? {
            Ok(_) => format!("Log for {name} cleared"),
            Err(fault) => unexpected(&fault),
        },
        _ => return Ok(None),
    };
    Ok(Some(message))
}

fn unknown(name: &str) -> String {
    format!("No such process named {name}")
}

fn why_not_started(fault: &Fault) -> String {
    let words = [
        (Code::NoFile, "no such file"),
        (Code::NotExecutable, "file not executable"),
        (Code::AlreadyStarted, "already started"),
        (Code::SpawnError, "spawn error"),
        (Code::AbnormalTermination, "abnormal termination"),
    ];
    let known = words.iter().find(|(code, _)| code.number() == fault.code);
    known.map_or_else(|| unexpected(fault), |(_, words)| (*words).to_owned())
}

/// Local time as C's ctime(3) writes it.
fn ctime(seconds: i64) -> String {
    const DAYS: [&str; 7] = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
    const MONTHS: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let time = local_time(seconds);
    // The first day of the epoch was a Thursday.
    let day = ((seconds + time.offset).div_euclid(86400) + 4).rem_euclid(7);
    format!(
        "{} {} {:2} {:02}:{:02}:{:02} {}",
        DAYS[usize::try_from(day).unwrap_or_default()],
        MONTHS[usize::from(time.month).saturating_sub(1).min(11)],
        time.day,
        time.hour,
        time.minute,
        time.second,
        time.year
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rpc::{Answer, Ask};

    /// Performs while a supervisor answers with this fault to the methods of this name, and lists what it was asked.
    fn perform_with(
        refused: &str,
        fault: Fault,
        action: &str,
        name: Option<&str>,
    ) -> (Option<String>, Vec<String>) {
        let (handle, mut calls) = Handle::new(1);
        let mut asked = Vec::new();
        let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
        let message = runtime.block_on(async {
            let supervisor = async {
                while let Some(call) = calls.recv().await {
                    let Ask::Method { name, .. } = call.ask else { panic!("no method") };
                    let short = name.strip_prefix("supervisor.").expect("the namespace").to_owned();
                    let answer = if short == refused {
                        Answer::Fault(fault.clone())
                    } else {
                        Answer::Value(true.into())
                    };
                    asked.push(short);
                    call.reply.send(answer).expect("somebody waits");
                }
            };
            tokio::select! {
                message = perform(&handle, action, name) => message.expect("a supervisor"),
                () = supervisor => unreachable!("the handle lives"),
            }
        });
        (message, asked)
    }

    fn message(refused: &str, fault: Fault, action: &str) -> String {
        perform_with(refused, fault, action, Some("a:b")).0.expect("an action")
    }

    #[test]
    fn messages_are_those_of_the_original() {
        let done = |action| message("", Code::Failed.fault(), action);
        assert_eq!(done("start"), "Process a:b started");
        assert_eq!(done("stop"), "Process a:b stopped");
        assert_eq!(done("restart"), "Process a:b restarted");
        assert_eq!(done("clearlog"), "Log for a:b cleared");
        let start = |fault| message("startProcess", fault, "start");
        assert_eq!(start(Code::NoFile.with("x")), "ERROR: Process a:b: no such file");
        assert_eq!(start(Code::AlreadyStarted.with("x")), "ERROR: Process a:b: already started");
        assert_eq!(
            start(Code::ShutdownState.fault()),
            "ERROR: Process a:b: unexpected rpc fault [6] SHUTDOWN_STATE"
        );
        let stop = message("stopProcess", Code::NotRunning.with("a:b"), "stop");
        assert_eq!(stop, "unexpected rpc fault [70] NOT_RUNNING: a:b");
        assert_eq!(
            message("getProcessInfo", Code::BadName.with("a:b"), "nonsense"),
            "No such process named a:b"
        );
    }

    #[test]
    fn unknown_actions_are_none() {
        for (action, name) in [("nonsense", Some("a:b")), ("nonsense", Some("a:*")), ("stop", None)] {
            assert_eq!(perform_with("", Code::Failed.fault(), action, name).0, None);
        }
    }

    #[test]
    fn a_restart_goes_on_when_there_was_nothing_to_stop() {
        let (_, asked) = perform_with("stopProcess", Code::NotRunning.fault(), "restart", Some("a"));
        assert_eq!(asked, ["getProcessInfo", "stopProcess", "startProcess"]);
    }

    #[test]
    fn groups_have_actions_as_well() {
        let (message, asked) = perform_with("", Code::Failed.fault(), "restart", Some("web:*"));
        assert_eq!(message.as_deref(), Some("Group web restarted"));
        assert_eq!(asked, ["stopProcessGroup", "startProcessGroup"]);
        let (message, _) = perform_with("stopProcessGroup", Code::BadName.fault(), "stop", Some("web:*"));
        assert_eq!(message.as_deref(), Some("No such process named web:*"));
    }

    #[test]
    fn all_actions_tell_the_time() {
        let (message, asked) = perform_with("", Code::Failed.fault(), "restartall", None);
        assert!(message.expect("an action").starts_with("All restarted at "));
        assert_eq!(asked, ["stopAllProcesses", "startAllProcesses"]);
        let time = ctime(1_795_602_306);
        assert!(time.contains("2026") && time.len() == 24, "{time}");
        if local_time(1_795_602_306).offset == 0 {
            assert_eq!(time, "Wed Nov 25 10:25:06 2026");
            assert_eq!(ctime(-1), "Wed Dec 31 23:59:59 1969");
        }
    }
}
