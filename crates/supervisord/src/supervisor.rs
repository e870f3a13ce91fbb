//! The supervisor: the one owner of all groups and processes.
//!
//! Everything that happens comes in a line through [`Supervisor::handle`], a plain function: a signal, a child's end, a
//! child's output, a call over RPC, the passing of time. It changes its state, acts through [`Os`], and returns. It knows
//! no runtime, no connection and no clock.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::CString;
use std::rc::Rc;
use std::time::{Duration, Instant};

use supervisor_config::sections::{self, Config, EventType};
use supervisor_rpc::state::{ProcessState, SupervisorState};

use crate::clock::Now;
use crate::events::{Entered, Event, Subject, Ticks};
use crate::group::{Group, SocketError, Sockets};
use crate::limits::Limits;
use crate::listener::{self, Pool, Serial};
use crate::log;
use crate::os::{Os, Pid, Target};
use crate::pipes::{Pipes, READ_SIZE, Ready};
use crate::process::machine::{Action, Change};
use crate::process::{Process, ProcessId};
use crate::reader::Reader;
use crate::rpc::Call;
use crate::signals;

mod ending;
mod left_over;
mod output;
mod queries;
mod reaping;
mod spawning;
pub(crate) mod waiters;

use ending::Mood;
use output::CACHE_LINE;
use waiters::Waiter;

/// What happens to the daemon.
#[derive(Debug)]
pub enum Input {
    /// The end is asked for by this signal: TERM, INT or QUIT.
    End(i32),
    /// SIGHUP: everything is to be stopped, read again and started again.
    Restart,
    /// SIGUSR2: the logs are to be opened again.
    ReopenLogs,
    /// SIGCHLD: children have ended.
    Children,
    /// These pipes are ready.
    Pipes(Vec<Ready>),
    /// A client asks something.
    Call(Call),
    /// The earliest deadline has come.
    Time,
}

/// What the supervisor is made with, once per configuration.
#[derive(Debug)]
pub struct Surroundings {
    /// How the configuration is read again.
    pub reader: Reader,
    /// `SUPERVISOR_SERVER_URL` of the children that do not say otherwise.
    pub server_url: Option<String>,
    /// The daemon's own environment.
    pub environment: Vec<CString>,
    /// The daemon's own `PATH`.
    pub path: String,
    /// The soft and hard limit of descriptors that children get, where the daemon's own are higher.
    pub descriptors: Option<(u64, u64)>,
    /// What the system allows the daemon.
    pub limits: Limits,
    /// The number of the first event.
    pub serial: Serial,
}

/// The daemon in a few numbers. Each process of a program counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// Whether it runs, begins again, or ends.
    pub state: SupervisorState,
    /// All programs.
    pub programs: usize,
    /// Those in RUNNING.
    pub running: usize,
    /// Those that are not stopped.
    pub left: usize,
    /// Those in FATAL.
    pub given_up: usize,
}

/// What a signal is for: the log has a word for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// The process is to end.
    Killing,
    /// A client asked for it.
    Sending,
}

/// See the module.
#[derive(Debug)]
pub struct Supervisor {
    around: Surroundings,
    /// The configuration as last read, which the active groups may not follow yet.
    config: Rc<Config>,
    groups: BTreeMap<Rc<str>, Group>,
    /// What the groups of event listeners have besides, by the same names.
    pools: BTreeMap<Rc<str>, Pool>,
    processes: BTreeMap<ProcessId, Process>,
    next_process: u32,
    pids: HashMap<Pid, ProcessId>,
    pipes: Pipes,
    /// What waits for time to pass, the earliest first.
    deadlines: BTreeSet<(Instant, ProcessId)>,
    /// The entry of each process in `deadlines`.
    armed: HashMap<ProcessId, Instant>,
    mood: Mood,
    waiters: Vec<Waiter>,
    /// Processes whose state changed since waiters were last looked at.
    changed: Vec<ProcessId>,
    serial: Serial,
    ticks: Ticks,
    /// Logs with output that waits for a slow reader.
    backlogged: BTreeSet<ProcessId>,
    buffer: Box<[u8]>,
    /// When a client last asked something.
    last_call: Option<Instant>,
    /// A listener was sent an event since this was last asked.
    told: bool,
}

/// So often pipes are read, all together, before calls have their turn.
const READS: usize = 4;
/// How often output is offered again to the slow reader of a log.
const FLUSH_PERIOD: Duration = Duration::from_millis(50);

impl Supervisor {
    /// With all groups of the configuration, none of whose processes is started yet.
    pub fn new(
        config: Rc<Config>,
        around: Surroundings,
        pipes: Pipes,
        now: &Now,
    ) -> Result<Self, SocketError> {
        let serial = around.serial;
        let mut supervisor = Self {
            around,
            config: Rc::clone(&config),
            groups: BTreeMap::new(),
            pools: BTreeMap::new(),
            processes: BTreeMap::new(),
            next_process: 0,
            pids: HashMap::new(),
            pipes,
            deadlines: BTreeSet::new(),
            armed: HashMap::new(),
            mood: Mood::Running,
            waiters: Vec::new(),
            changed: Vec::new(),
            serial,
            ticks: Ticks::default(),
            backlogged: BTreeSet::new(),
            buffer: vec![0; READ_SIZE + CACHE_LINE].into_boxed_slice(),
            last_call: None,
            told: false,
        };
        for group in &config.groups {
            supervisor.add_group(group, now)?;
        }
        supervisor.tell_of_limits(0);
        Ok(supervisor)
    }

    /// The daemon runs: what is to be started with it is started.
    pub fn begin(&mut self, now: &Now, os: &mut dyn Os) {
        self.publish(EventType::SupervisorStateChangeRunning, now, Event::supervisor_running);
        for name in self.by_priority() {
            self.autostart(&name, now, os);
        }
        self.settle(now, os);
    }

    /// Something happened.
    pub fn handle(&mut self, input: Input, now: &Now, os: &mut dyn Os) {
        match input {
            Input::End(signal) => {
                log::warn!("received {} indicating exit request", signals::name(signal));
                self.end(SupervisorState::Shutdown);
            }
            Input::Restart if self.mood.state() == SupervisorState::Shutdown => {
                log::warn!("ignored SIGHUP indicating restart request (shutdown in progress)");
            }
            Input::Restart => {
                log::warn!("received SIGHUP indicating restart request");
                self.restart();
            }
            Input::ReopenLogs => {
                log::info!("received SIGUSR2 indicating log reopen request");
                self.reopen_logs(now);
            }
            Input::Children => {
                log::debug!("received SIGCHLD indicating a child quit");
                self.reap(now, os);
            }
            Input::Pipes(ready) => self.serve_pipes(ready, now),
            Input::Call(call) => {
                self.last_call = Some(now.mono);
                self.answer(call, now, os);
            }
            Input::Time => {
                // What has ended must not be taken for something that stayed up.
                self.reap(now, os);
                self.time_passed(now, os);
            }
        }
        self.settle(now, os);
    }

    /// Whether a listener was sent an event since the last time: most answer within microseconds.
    pub fn told_listeners(&mut self) -> bool {
        std::mem::take(&mut self.told)
    }

    /// When time alone changes something.
    pub fn deadline(&self, now: &Now) -> Option<Instant> {
        let processes = self.deadlines.first().map(|(instant, _)| *instant);
        let ticks = self.ticks.next(now.wall).map(|pause| now.mono + pause);
        let reports = self.waiters.iter().filter_map(Waiter::deadline).min();
        let pools = self.pools.values().filter_map(Pool::deadline).min();
        let flush = (!self.backlogged.is_empty() || log::is_backlogged()).then(|| now.mono + FLUSH_PERIOD);
        [processes, ticks, reports, pools, flush, self.mood.deadline()].into_iter().flatten().min()
    }

    /// The number of the next event, which stays the next when the daemon begins again.
    pub fn serial(&self) -> Serial {
        self.serial
    }

    /// Which pipes are ready, without waiting.
    pub fn ready_pipes(&mut self) -> Vec<Ready> {
        self.pipes.ready()
    }

    /// Everything is stopped and the daemon is to end, or to begin again with this configuration.
    pub fn outcome(&mut self) -> Option<Outcome> {
        self.mood.outcome()
    }

    fn time_passed(&mut self, now: &Now, os: &mut dyn Os) {
        while let Some(&(instant, id)) = self.deadlines.first()
            && instant <= now.mono
        {
            self.deadlines.pop_first();
            self.armed.remove(&id);
            self.drive(id, now, os, |process, restart| {
                process.machine.tick(restart, &process.rules(), now.mono)
            });
        }
        for event in self.ticks.due(now.wall) {
            self.publish(event.kind, now, || event);
        }
        for pool in self.pools.values_mut() {
            pool.tick(now.mono);
        }
        self.flush_logs(now);
        self.report_waiting(now);
    }

    /// What follows from what happened, once, after each input.
    fn settle(&mut self, now: &Now, os: &mut dyn Os) {
        self.advance_ending(now, os);
        self.dispatch_events(now);
        self.serve_waiters();
    }

    /// Lets something happen to the machine of a process and does what it asks for.
    pub(crate) fn drive(
        &mut self,
        id: ProcessId,
        now: &Now,
        os: &mut dyn Os,
        input: impl FnOnce(&mut Process, bool) -> Vec<Action>,
    ) {
        let restart = self.mood.is_running();
        let Some(process) = self.processes.get_mut(&id) else { return };
        let actions = input(process, restart);
        self.perform(id, actions, now, os);
        self.arm(id);
    }

    fn perform(&mut self, id: ProcessId, actions: Vec<Action>, now: &Now, os: &mut dyn Os) {
        for action in actions {
            match action {
                Action::Enter(change) => {
                    self.entered(id, change, now);
                    self.converse(now);
                }
                Action::Spawn => {
                    let next = self.spawn(id, now, os);
                    self.perform(id, next, now, os);
                }
                Action::Stop => {
                    let signal = self.processes[&id].program.stopsignal.0;
                    let as_group = self.processes[&id].program.stopasgroup;
                    // A failure has been logged, and the state tells it.
                    let _: Option<String> = self.send_signal(id, signal, as_group, Purpose::Killing, now, os);
                }
                Action::Kill => {
                    let process = &self.processes[&id];
                    let as_group = process.program.killasgroup;
                    log::warn!("killing '{}' ({}) with SIGKILL", process.name(), process.pid.unwrap_or(0));
                    let _: Option<String> =
                        self.send_signal(id, libc::SIGKILL, as_group, Purpose::Killing, now, os);
                }
                Action::SayStarted => {
                    let process = &self.processes[&id];
                    log::info!(
                        "success: {} entered RUNNING state, process has stayed up for > than {} seconds (startsecs)",
                        process.name(),
                        process.program.startsecs
                    );
                }
                Action::SayGivenUp => log::info!(
                    "gave up: {} entered FATAL state, too many start retries too quickly",
                    self.processes[&id].name()
                ),
            }
        }
    }

    /// Sends a signal. Nobody there is fine: the end will be reaped. Any other failure makes the state UNKNOWN, and is
    /// the answer.
    pub(crate) fn send_signal(
        &mut self,
        id: ProcessId,
        signal: i32,
        as_group: bool,
        purpose: Purpose,
        now: &Now,
        os: &mut dyn Os,
    ) -> Option<String> {
        let process = self.processes.get_mut(&id)?;
        let (name, pid) = (process.name(), process.pid?);
        let shown = signals::name(signal);
        match purpose {
            Purpose::Killing => log::debug!(
                "killing {name} (pid {pid}) {}with signal {shown}",
                if as_group { "process group " } else { "" }
            ),
            Purpose::Sending => log::debug!("sending {name} (pid {pid}) sig {shown}"),
        }
        let target = if as_group { Target::Group(pid) } else { Target::Process(pid) };
        match os.kill(target, signal) {
            Ok(()) => None,
            Err(nix::errno::Errno::ESRCH) => {
                log::debug!(
                    "unable to signal {name} (pid {pid}), it probably just exited on its own: [Errno 3] No such process"
                );
                None
            }
            Err(errno) => {
                let verb = match purpose {
                    Purpose::Killing => "killing",
                    Purpose::Sending => "sending",
                };
                let text = format!("unknown problem {verb} {name} ({pid}): {}", errno.desc());
                log::critical!("{text}");
                process.stopping = false;
                let actions = process.machine.unkillable();
                self.perform(id, actions, now, os);
                Some(text)
            }
        }
    }

    /// A process is in another state: its listeners' pool, all listeners and waiting callers are told.
    fn entered(&mut self, id: ProcessId, change: Change, now: &Now) {
        let Some(process) = self.processes.get_mut(&id) else { return };
        let pid = process.pid.unwrap_or(0);
        process.stopping = match change.to {
            ProcessState::Stopping => true,
            ProcessState::Unknown => process.stopping,
            _ => false,
        };
        let entered = match change.to {
            ProcessState::Starting => Entered::Starting { tries: change.tries },
            ProcessState::Running => Entered::Running { pid },
            ProcessState::Backoff => Entered::Backoff { tries: change.tries },
            ProcessState::Stopping => Entered::Stopping { pid },
            ProcessState::Exited => {
                let code = process.exitstatus.unwrap_or(0);
                Entered::Exited { expected: process.program.exitcodes.contains(&code), pid }
            }
            ProcessState::Stopped => Entered::Stopped { pid },
            ProcessState::Fatal => Entered::Fatal,
            ProcessState::Unknown => Entered::Unknown,
        };
        let (program, group) = (Rc::clone(&process.program), Rc::clone(&process.group));
        if let Some(pool) = self.pools.get_mut(&group) {
            pool.set_running(process.index, change.to == ProcessState::Running);
        }
        self.changed.push(id);
        let subject = Subject { process: &program.name, group: &group };
        self.publish(Event::process_state_kind(change.to), now, || {
            Event::process_state(subject, change.from, entered)
        });
    }

    /// Writes the deadline of a process into the list, in place of its last one.
    fn arm(&mut self, id: ProcessId) {
        if let Some(instant) = self.armed.remove(&id) {
            self.deadlines.remove(&(instant, id));
        }
        let Some(process) = self.processes.get(&id) else { return };
        // Nothing is started again while the daemon ends.
        let waits_for_nothing = process.state() == ProcessState::Backoff && !self.mood.is_running();
        if let Some(instant) = process.machine.deadline(&process.rules()).filter(|_| !waits_for_nothing) {
            self.deadlines.insert((instant, id));
            self.armed.insert(id, instant);
        }
    }

    /// Makes an event, if anybody wants one of its kind, and hands it out.
    pub(crate) fn publish(&mut self, kind: EventType, now: &Now, event: impl FnOnce() -> Event) {
        if self.pools.values().any(|pool| pool.wants(kind)) {
            listener::publish(event(), &mut self.serial, self.pools.values_mut(), now.mono);
        }
    }

    /// Activates a group. Its processes are not started yet.
    pub(crate) fn add_group(&mut self, config: &Rc<sections::Group>, now: &Now) -> Result<(), SocketError> {
        if self.groups.contains_key(config.name.as_str()) {
            return Ok(());
        }
        Sockets::check(config)?;
        let name: Rc<str> = config.name.as_str().into();
        let (folder, identifier) =
            (&self.config.supervisord.childlogdir, self.config.supervisord.identifier.as_str());
        let auto = |process: &str, stream| match log::file::auto::create(folder, process, stream, identifier)
        {
            Ok(path) => Some(path),
            Err(error) => {
                log::critical!("could not create the log of {process} in {}: {error}", folder.display());
                None
            }
        };
        // As in the original, the last of several programs with one name counts.
        let mut programs: Vec<&Rc<sections::Program>> = Vec::new();
        for program in &config.programs {
            match programs.iter_mut().find(|other| other.name == program.name) {
                Some(other) => *other = program,
                None => programs.push(program),
            }
        }
        let mut members = Vec::new();
        for (index, program) in programs.iter().enumerate() {
            let id = ProcessId(self.next_process);
            self.next_process += 1;
            self.processes.insert(id, Process::new(program, &name, index, auto));
            members.push(id);
        }
        if let sections::GroupKind::Listeners(options) = &config.kind {
            let listeners = programs.iter().map(|program| program.name.clone());
            self.pools.insert(Rc::clone(&name), Pool::new(&config.name, options, listeners));
        }
        let group = Group { config: Rc::clone(config), members, sockets: Sockets::default() };
        self.groups.insert(Rc::clone(&name), group);
        self.watch_ticks(now);
        self.publish(EventType::ProcessGroupAdded, now, || Event::group_added(&name));
        Ok(())
    }

    /// Says which limits are too low for all processes, unless it was said when there were fewer.
    pub(crate) fn tell_of_limits(&self, before: usize) {
        if self.around.limits.shortages(before).is_empty() {
            for shortage in self.around.limits.shortages(self.processes.len()) {
                log::warn!("{shortage}");
            }
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.processes.len()
    }

    /// Deactivates a group whose processes are all stopped.
    pub(crate) fn remove_group(&mut self, name: &str, now: &Now) {
        // What somebody has written into the pipes that a process left behind is not lost with them.
        for id in self.members_by_priority(name) {
            self.drain(id, now);
        }
        let Some(group) = self.groups.remove(name) else { return };
        self.pools.remove(name);
        for id in group.members {
            self.processes.remove(&id);
            self.arm(id);
            self.backlogged.remove(&id);
            self.changed.push(id);
            for pipe in self.pipes.of(id) {
                self.pipes.remove(pipe);
            }
        }
        self.watch_ticks(now);
        self.publish(EventType::ProcessGroupRemoved, now, || Event::group_removed(name));
    }

    fn watch_ticks(&mut self, now: &Now) {
        self.ticks.watch(|kind| self.pools.values().any(|pool| pool.wants(kind)), now.wall);
    }

    pub(crate) fn autostart(&mut self, group: &str, now: &Now, os: &mut dyn Os) {
        let Some(group) = self.groups.get(group) else { return };
        for id in group.members.clone() {
            if self.processes[&id].program.autostart {
                self.drive(id, now, os, |process, _| process.machine.start(now.mono));
            }
        }
    }

    /// The names of the active groups in the order in which they start.
    fn by_priority(&self) -> Vec<Rc<str>> {
        let mut groups: Vec<_> = self.groups.iter().collect();
        groups.sort_by_key(|(name, group)| (group.config.priority, Rc::clone(name)));
        groups.into_iter().map(|(name, _)| Rc::clone(name)).collect()
    }

    /// The processes of a group by priority, else in the order of the configuration.
    pub(crate) fn members_by_priority(&self, group: &str) -> Vec<ProcessId> {
        let mut members = self.groups.get(group).map(|group| group.members.clone()).unwrap_or_default();
        members.sort_by_key(|id| self.processes[id].program.priority);
        members
    }

    fn serve_pipes(&mut self, ready: Vec<Ready>, now: &Now) {
        let most = (READS / ready.len().max(1)).max(1);
        for ready in ready {
            match ready {
                Ready::Output(pipe) => self.read_pipe(pipe, most, now),
                Ready::Stdin(process) => self.flush_stdin(process),
            }
        }
    }
}

/// How the daemon goes on when everything is stopped.
#[derive(Debug)]
pub enum Outcome {
    /// It ends.
    End,
    /// It begins again with this configuration.
    Restart(Box<Config>),
}

#[cfg(test)]
mod tests;
