//! The `supervisor.*` methods: from a name and its parameters to an answer, now or later.
//!
//! The order of checks is the original's, as clients see which fault comes first.

use std::path::Path;
use std::rc::Rc;

use serde::Serialize;
use supervisor_config::sections::{self, EventType, LogTarget, Program, ServerUrl, Signal};
use supervisor_rpc::fault::{Code, Fault};
use supervisor_rpc::info::{ConfigInfo, StateInfo, Uid};
use supervisor_rpc::methods;
use supervisor_rpc::namespec::{self, Namespec};
use supervisor_rpc::state::{ProcessState, SupervisorState};
use supervisor_rpc::value::{self, Value};

use super::{Answer, Ask, Call, Writer};
use crate::clock::Now;
use crate::events::Event;
use crate::log;
use crate::os::Os;
use crate::process::command::CommandError;
use crate::process::output::Stream;
use crate::process::stdin::Refused;
use crate::process::{Process, ProcessId};
use crate::supervisor::waiters::{Form, Goal, Wait, status};
use crate::supervisor::{Purpose, Supervisor};

/// What a call comes to.
pub(super) enum Outcome {
    /// The answer.
    Done(Value),
    /// It comes later.
    Wait(Wait),
}

impl From<bool> for Outcome {
    fn from(value: bool) -> Self {
        Self::Done(Value::Bool(value))
    }
}

/// The parameters of a call; a wrong one is a fault.
pub(super) struct Arguments<'a>(&'a [Value]);

impl Arguments<'_> {
    pub(super) fn text(&self, index: usize) -> Result<&str, Fault> {
        match self.0.get(index) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(Code::IncorrectParameters.fault()),
        }
    }

    /// A number, or a text or double that Python's `int()` takes for one.
    pub(super) fn int(&self, index: usize) -> Result<i64, Fault> {
        let number = match self.0.get(index) {
            Some(Value::Int(number)) => Some(*number),
            Some(Value::Bool(flag)) => Some(i64::from(*flag)),
            #[expect(clippy::cast_possible_truncation, reason = "int() cuts what follows the point")]
            Some(Value::Double(number)) if number.is_finite() => Some(*number as i64),
            Some(Value::String(text)) => text.trim().parse().ok(),
            _ => None,
        };
        number.ok_or_else(|| Code::IncorrectParameters.fault())
    }

    /// A flag that is true unless it is given; what Python takes for false is false.
    fn flag(&self, index: usize) -> bool {
        match self.0.get(index) {
            None => true,
            Some(Value::Nil) => false,
            Some(Value::Bool(flag)) => *flag,
            Some(Value::Int(number)) => *number != 0,
            Some(Value::Double(number)) => *number != 0.0,
            Some(Value::String(text)) => !text.is_empty(),
            Some(Value::Array(items)) => !items.is_empty(),
            Some(Value::Struct(members)) => !members.is_empty(),
        }
    }
}

/// Our own structures always have a value.
pub(super) fn to_value<T: Serialize + ?Sized>(structure: &T) -> Value {
    value::to_value(structure).unwrap_or(Value::Nil)
}

impl Supervisor {
    /// Answers a call, or lets it wait.
    pub(crate) fn answer(&mut self, call: Call, now: &Now, os: &mut dyn Os) {
        let Call { ask, reply } = call;
        let answer = match ask {
            Ask::LogPath { namespec, stderr } => {
                let stream = if stderr { Stream::Stderr } else { Stream::Stdout };
                Answer::Path(
                    self.one(&namespec).ok().and_then(|id| self.process(id).log(stream).path.clone()),
                )
            }
            Ask::Processes(_) if self.state() != SupervisorState::Running => {
                Answer::Fault(Code::ShutdownState.fault())
            }
            Ask::Processes(Writer(write)) => {
                Answer::Written(write(&mut self.all_by_name().iter().map(|process| process.info(now))))
            }
            Ask::MainLogPath => Answer::Path(log::path()),
            Ask::Method { name, params } => match self.call(name, &params, now, os) {
                Ok(Outcome::Wait(wait)) => return self.wait(reply, wait, now),
                Ok(Outcome::Done(value)) => Answer::Value(value),
                Err(fault) => Answer::Fault(fault),
            },
        };
        // Who has hung up meanwhile misses nothing.
        let _: Result<(), Answer> = reply.send(answer);
    }

    fn call(&mut self, name: &str, params: &[Value], now: &Now, os: &mut dyn Os) -> Result<Outcome, Fault> {
        let method = methods::find(name).ok_or_else(|| Code::UnknownMethod.fault())?;
        if !method.arity().contains(&params.len()) {
            return Err(Code::IncorrectParameters.fault());
        }
        let is_running = self.state() == SupervisorState::Running;
        let name = name.strip_prefix("supervisor.").unwrap_or(name);
        // As in the original, an event is passed on and a signal is sent even when the daemon is ending.
        if !is_running && !matches!(name, "sendRemoteCommEvent" | "signalAllProcesses") {
            return Err(Code::ShutdownState.fault());
        }
        let arguments = Arguments(params);
        match name {
            "getAPIVersion" | "getVersion" => Ok(Outcome::Done("3.0".into())),
            "getSupervisorVersion" => Ok(Outcome::Done(crate::VERSION.into())),
            "getIdentification" => Ok(Outcome::Done(self.config().supervisord.identifier.as_str().into())),
            "getState" => {
                let (statecode, statename) = (self.state().code(), self.state().name().to_owned());
                Ok(Outcome::Done(to_value(&StateInfo { statecode, statename })))
            }
            "getPID" => Ok(Outcome::Done(i64::from(std::process::id()).into())),
            "readLog" | "readMainLog" => self.read_main_log(&arguments),
            "clearLog" => log::clear().map(|()| true.into()),
            "shutdown" => {
                self.end(SupervisorState::Shutdown);
                Ok(true.into())
            }
            "restart" => {
                self.restart();
                Ok(true.into())
            }
            "reloadConfig" => self.reload_config(),
            "addProcessGroup" => self.add_process_group(arguments.text(0)?, now, os),
            "removeProcessGroup" => self.remove_process_group(arguments.text(0)?, now),
            "startProcess" => {
                let verb = Verb::Start { wait: arguments.flag(1) };
                self.control(arguments.text(0)?, verb, now, os)
            }
            "startProcessGroup" => {
                let members = self.group(arguments.text(0)?)?;
                Ok(self.control_many(members, Verb::Start { wait: arguments.flag(1) }, now, os))
            }
            "startAllProcesses" => {
                let verb = Verb::Start { wait: arguments.flag(0) };
                Ok(self.control_many(self.all_by_priority(), verb, now, os))
            }
            "stopProcess" => {
                let verb = Verb::Stop { wait: arguments.flag(1) };
                self.control(arguments.text(0)?, verb, now, os)
            }
            "stopProcessGroup" => {
                let members = self.group(arguments.text(0)?)?;
                Ok(self.control_many(members, Verb::Stop { wait: arguments.flag(1) }, now, os))
            }
            "stopAllProcesses" => {
                let verb = Verb::Stop { wait: arguments.flag(0) };
                Ok(self.control_many(self.all_by_priority(), verb, now, os))
            }
            "signalProcess" => self.control(arguments.text(0)?, Verb::Signal(&params[1]), now, os),
            "signalProcessGroup" => {
                let members = self.group(arguments.text(0)?)?;
                Ok(self.control_many(members, Verb::Signal(&params[1]), now, os))
            }
            "signalAllProcesses" => {
                let results = self.control_many(self.all_by_priority(), Verb::Signal(&params[0]), now, os);
                if is_running { Ok(results) } else { Err(Code::ShutdownState.fault()) }
            }
            "getProcessInfo" => {
                let id = self.one(arguments.text(0)?)?;
                Ok(Outcome::Done(to_value(&self.process(id).info(now))))
            }
            "getAllProcessInfo" => {
                let infos: Vec<_> = self.all_by_name().iter().map(|process| process.info(now)).collect();
                Ok(Outcome::Done(to_value(&infos)))
            }
            "getAllConfigInfo" => Ok(self.config_info()),
            "readProcessStdoutLog" | "readProcessLog" => self.read_process_log(&arguments, Stream::Stdout),
            "readProcessStderrLog" => self.read_process_log(&arguments, Stream::Stderr),
            "tailProcessStdoutLog" | "tailProcessLog" => self.tail_process_log(&arguments, Stream::Stdout),
            "tailProcessStderrLog" => self.tail_process_log(&arguments, Stream::Stderr),
            "clearProcessLogs" | "clearProcessLog" => self.clear_process_log(&arguments, now),
            "clearAllProcessLogs" => Ok(self.clear_all_process_logs(now)),
            "sendProcessStdin" => self.send_process_stdin(&arguments),
            "sendRemoteCommEvent" => {
                let (kind, data) = (event_text(&params[0]), event_text(&params[1]));
                self.publish(EventType::RemoteCommunication, now, || {
                    Event::remote_communication(&kind, &data)
                });
                Ok(true.into())
            }
            _ => Err(Code::UnknownMethod.fault()),
        }
    }

    /// The process of this name; a whole group is none.
    pub(super) fn one(&self, name: &str) -> Result<ProcessId, Fault> {
        match self.find(name)? {
            Found::Process(id) => Ok(id),
            Found::Group(_) => Err(Code::BadName.with(name)),
        }
    }

    fn find(&self, name: &str) -> Result<Found, Fault> {
        let namespec = Namespec::parse(name);
        let members = self.members(namespec.group).ok_or_else(|| Code::BadName.with(name))?;
        let Some(process) = namespec.process else { return Ok(Found::Group(namespec.group.to_owned())) };
        let found = members.iter().copied().find(|id| self.process(*id).name() == process);
        found.map(Found::Process).ok_or_else(|| Code::BadName.with(name))
    }

    fn group(&self, name: &str) -> Result<Vec<ProcessId>, Fault> {
        self.members(name).ok_or_else(|| Code::BadName.with(name))?;
        Ok(self.members_by_priority(name))
    }

    /// How a process is called.
    pub(super) fn namespec(&self, id: ProcessId) -> String {
        let process = self.process(id);
        namespec::show(&process.group, process.name())
    }

    fn reload_config(&mut self) -> Result<Outcome, Fault> {
        let (added, changed, removed) = self.reread().map_err(|error| Code::CantReread.with(error))?;
        let names = |names: Vec<String>| Value::from(names);
        let groups = Value::Array(vec![names(added), names(changed), names(removed)]);
        Ok(Outcome::Done(Value::Array(vec![groups])))
    }

    fn add_process_group(&mut self, name: &str, now: &Now, os: &mut dyn Os) -> Result<Outcome, Fault> {
        let config = self.config().groups.iter().find(|group| group.name == name).map(Rc::clone);
        let config = config.ok_or_else(|| Code::BadName.with(name))?;
        if self.members(name).is_some() {
            return Err(Code::AlreadyAdded.with(name));
        }
        let before = self.count();
        // A FastCGI socket that cannot be made: the original answers with an internal error.
        self.add_group(&config, now).map_err(|error| Code::Failed.with(error))?;
        self.tell_of_limits(before);
        self.autostart(name, now, os);
        Ok(true.into())
    }

    fn remove_process_group(&mut self, name: &str, now: &Now) -> Result<Outcome, Fault> {
        let members = self.members(name).ok_or_else(|| Code::BadName.with(name))?;
        if members.iter().any(|id| !self.process(*id).state().is_stopped()) {
            return Err(Code::StillRunning.with(name));
        }
        self.remove_group(name, now);
        Ok(true.into())
    }

    /// Does something to a process, or to all processes of a group.
    fn control(&mut self, name: &str, verb: Verb<'_>, now: &Now, os: &mut dyn Os) -> Result<Outcome, Fault> {
        match self.find(name)? {
            Found::Group(group) => Ok(self.control_many(self.members_by_priority(&group), verb, now, os)),
            Found::Process(id) => match self.control_one(id, name, verb, now, os)? {
                Progress::Done => Ok(true.into()),
                Progress::Pending => {
                    let form = Form::One(name.to_owned());
                    Ok(Outcome::Wait(Wait { goal: verb.goal(), pending: vec![id], form }))
                }
            },
        }
    }

    /// Does something to those of several processes that it is for: what is decided at once comes first in the answer, in
    /// the order of the processes, then the others as they come to their end.
    fn control_many(
        &mut self,
        members: Vec<ProcessId>,
        verb: Verb<'_>,
        now: &Now,
        os: &mut dyn Os,
    ) -> Outcome {
        let (mut results, mut pending) = (Vec::new(), Vec::new());
        for id in members {
            if !verb.is_for(self.process(id).state()) {
                continue;
            }
            let name = self.namespec(id);
            match self.control_one(id, &name, verb, now, os) {
                Ok(Progress::Pending) => pending.push(id),
                Ok(Progress::Done) => results.push(status(self.process(id), Ok(()))),
                Err(fault) => results.push(status(self.process(id), Err(fault))),
            }
        }
        if pending.is_empty() {
            return Outcome::Done(to_value(&results));
        }
        Outcome::Wait(Wait { goal: verb.goal(), pending, form: Form::Many(results) })
    }

    fn control_one(
        &mut self,
        id: ProcessId,
        name: &str,
        verb: Verb<'_>,
        now: &Now,
        os: &mut dyn Os,
    ) -> Result<Progress, Fault> {
        match verb {
            Verb::Start { wait } => self.start_one(id, name, wait, now, os),
            Verb::Stop { wait } => self.stop_one(id, name, wait, now, os),
            Verb::Signal(signal) => self.signal_one(id, name, signal, now, os).map(|()| Progress::Done),
        }
    }

    fn start_one(
        &mut self,
        id: ProcessId,
        name: &str,
        wait: bool,
        now: &Now,
        os: &mut dyn Os,
    ) -> Result<Progress, Fault> {
        self.resolve(id).map_err(|error| match error {
            CommandError::NotFound(_) => Code::NoFile.with(error),
            CommandError::IsDirectory(_)
            | CommandError::NotExecutable(_)
            | CommandError::NoPermission(_)
            | CommandError::Unreadable { .. }
            | CommandError::Empty => Code::NotExecutable.with(error),
        })?;
        let process = self.process(id);
        if process.state().is_running() {
            return Err(Code::AlreadyStarted.with(name));
        }
        if process.state() == ProcessState::Unknown {
            return Err(Code::Failed.with(format!("{name} is in an unknown process state")));
        }
        if process.pid.is_some() {
            log::warn!("process '{}' already running", process.name());
        }
        self.drive(id, now, os, |process, _| process.machine.start(now.mono));
        let process = self.process(id);
        if process.spawnerr.is_some() {
            return Err(Code::SpawnError.with(name));
        }
        Ok(if wait && process.state() != ProcessState::Running { Progress::Pending } else { Progress::Done })
    }

    fn stop_one(
        &mut self,
        id: ProcessId,
        name: &str,
        wait: bool,
        now: &Now,
        os: &mut dyn Os,
    ) -> Result<Progress, Fault> {
        if !self.process(id).state().is_running() {
            return Err(Code::NotRunning.with(name));
        }
        self.drive(id, now, os, |process, _| process.machine.stop(&process.rules(), now.mono));
        let process = self.process(id);
        match process.state() {
            ProcessState::Unknown => {
                Err(Code::Failed.with(format!("unknown problem killing {}", process.name())))
            }
            state => Ok(if wait && !state.is_stopped() { Progress::Pending } else { Progress::Done }),
        }
    }

    fn signal_one(
        &mut self,
        id: ProcessId,
        name: &str,
        signal: &Value,
        now: &Now,
        os: &mut dyn Os,
    ) -> Result<(), Fault> {
        let shown = match signal {
            Value::Int(number) => number.to_string(),
            other => event_text(other),
        };
        let Ok(Signal(number)) = shown.parse() else { return Err(Code::BadSignal.with(shown)) };
        if !self.process(id).state().is_signallable() {
            return Err(Code::NotRunning.with(name));
        }
        match self.send_signal(id, number, false, Purpose::Sending, now, os) {
            None => Ok(()),
            Some(text) => Err(Code::Failed.with(text)),
        }
    }

    fn send_process_stdin(&mut self, arguments: &Arguments<'_>) -> Result<Outcome, Fault> {
        let chars = match &arguments.0[1] {
            Value::String(chars) => chars,
            other => return Err(Code::IncorrectParameters.with(event_text(other))),
        };
        let name = arguments.text(0)?;
        let id = self.one(name)?;
        let process = self.process(id);
        if process.pid.is_none() || process.stopping {
            return Err(Code::NotRunning.with(name));
        }
        match self.feed_stdin(id, chars.as_bytes()) {
            Ok(()) => Ok(true.into()),
            Err(Refused::Closed) => Err(Code::NoFile.with(name)),
            Err(Refused::Full) => Err(Code::Failed.with(format!("{name} does not read its standard input"))),
        }
    }

    /// From the configuration as last read, which may not be active yet.
    fn config_info(&self) -> Outcome {
        let mut infos = Vec::new();
        for group in &self.config().groups {
            let members = self.members(&group.name);
            infos.extend(group.programs.iter().map(|program| {
                let same = |id: &&ProcessId| self.process(**id).name() == program.name;
                let process = members.iter().flatten().find(same).map(|&id| self.process(id));
                config_info(group, program, members.is_some(), process)
            }));
        }
        infos.sort_by(|one, other| one.name.cmp(&other.name));
        Outcome::Done(to_value(&infos))
    }
}

enum Found {
    Process(ProcessId),
    Group(String),
}

enum Progress {
    Done,
    Pending,
}

/// What can be done to one process or to many.
#[derive(Debug, Clone, Copy)]
enum Verb<'a> {
    Start { wait: bool },
    Stop { wait: bool },
    Signal(&'a Value),
}

impl Verb<'_> {
    /// Whether a process in this state has something to gain from it, when it is for many.
    fn is_for(self, state: ProcessState) -> bool {
        match self {
            Self::Start { .. } => !state.is_running(),
            Self::Stop { .. } => state.is_running(),
            Self::Signal(_) => state.is_signallable(),
        }
    }

    /// What is waited for. Nobody waits for a signal.
    fn goal(self) -> Goal {
        match self {
            Self::Start { .. } => Goal::Started,
            Self::Stop { .. } | Self::Signal(_) => Goal::Stopped,
        }
    }
}

/// A value where a text is wanted, as Python shows it.
fn event_text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Int(number) => number.to_string(),
        Value::Bool(true) => "True".to_owned(),
        Value::Bool(false) => "False".to_owned(),
        Value::Double(number) => format!("{number:?}"),
        Value::Nil => "None".to_owned(),
        Value::Array(_) | Value::Struct(_) => format!("{value:?}"),
    }
}

fn config_info(
    group: &sections::Group,
    program: &Program,
    inuse: bool,
    process: Option<&Process>,
) -> ConfigInfo {
    let none = || "none".to_owned();
    let shown = |path: &Path| path.to_string_lossy().into_owned();
    let logfile = |target: &LogTarget, stream| match target {
        // The name that was made up is known of a process alone.
        LogTarget::Auto => match process.and_then(|process| process.log(stream).path.as_deref()) {
            Some(path) => shown(path),
            None => "auto".to_owned(),
        },
        LogTarget::None => none(),
        LogTarget::File(path) => shown(path),
    };
    let (out, err) = (&program.stdout, &program.stderr);
    ConfigInfo {
        autostart: program.autostart,
        directory: program.directory.as_deref().map_or_else(none, shown),
        uid: program.uid.map_or_else(|| Uid::None(none()), |uid| Uid::Number(uid.into())),
        command: program.command.clone(),
        exitcodes: program.exitcodes.iter().map(|code| i64::from(*code)).collect(),
        group: group.name.clone(),
        group_prio: group.priority,
        inuse,
        killasgroup: program.killasgroup,
        name: program.name.clone(),
        process_prio: program.priority,
        redirect_stderr: program.redirect_stderr,
        startretries: program.startretries,
        startsecs: program.startsecs,
        stdout_capture_maxbytes: out.capture_maxbytes,
        stdout_events_enabled: out.events_enabled,
        stdout_logfile: logfile(&out.logfile, Stream::Stdout),
        stdout_logfile_backups: out.backups,
        stdout_logfile_maxbytes: out.maxbytes,
        stdout_syslog: out.syslog,
        stopsignal: program.stopsignal.0.into(),
        stopwaitsecs: program.stopwaitsecs,
        stderr_capture_maxbytes: err.capture_maxbytes,
        stderr_events_enabled: err.events_enabled,
        stderr_logfile: logfile(&err.logfile, Stream::Stderr),
        stderr_logfile_backups: err.backups,
        stderr_logfile_maxbytes: err.maxbytes,
        stderr_syslog: err.syslog,
        serverurl: match &program.serverurl {
            ServerUrl::Auto => none(),
            ServerUrl::Given(url) => url.clone(),
        },
    }
}

/// How a process looks from the methods.
impl Supervisor {
    /// A process that was found just now.
    pub(super) fn process(&self, id: ProcessId) -> &Process {
        &self.processes()[&id]
    }
}
