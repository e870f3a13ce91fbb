//! `[eventlistener:x]`.

use serde::{Deserialize, Serialize};

use super::rpcinterface::resolves;
use crate::error::Reason;
use crate::options::{At, Key, options};
use crate::value::List;

/// What a pool of event listeners has besides its processes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool {
    /// The subscribed event types in the order of the configuration.
    pub events: Vec<EventType>,
    /// How many events wait at most; at least 1.
    pub buffer_size: usize,
}

/// The types of events, abstract ones among them: who subscribes to one receives all whose name it begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum EventType {
    /// `EVENT`.
    Event,
    /// `PROCESS_STATE`.
    ProcessState,
    /// `PROCESS_STATE_STARTING`.
    ProcessStateStarting,
    /// `PROCESS_STATE_RUNNING`.
    ProcessStateRunning,
    /// `PROCESS_STATE_BACKOFF`.
    ProcessStateBackoff,
    /// `PROCESS_STATE_STOPPING`.
    ProcessStateStopping,
    /// `PROCESS_STATE_EXITED`.
    ProcessStateExited,
    /// `PROCESS_STATE_STOPPED`.
    ProcessStateStopped,
    /// `PROCESS_STATE_FATAL`.
    ProcessStateFatal,
    /// `PROCESS_STATE_UNKNOWN`.
    ProcessStateUnknown,
    /// `PROCESS_COMMUNICATION`.
    ProcessCommunication,
    /// `PROCESS_COMMUNICATION_STDOUT`.
    ProcessCommunicationStdout,
    /// `PROCESS_COMMUNICATION_STDERR`.
    ProcessCommunicationStderr,
    /// `PROCESS_LOG`.
    ProcessLog,
    /// `PROCESS_LOG_STDOUT`.
    ProcessLogStdout,
    /// `PROCESS_LOG_STDERR`.
    ProcessLogStderr,
    /// `REMOTE_COMMUNICATION`.
    RemoteCommunication,
    /// `SUPERVISOR_STATE_CHANGE`.
    SupervisorStateChange,
    /// `SUPERVISOR_STATE_CHANGE_RUNNING`.
    SupervisorStateChangeRunning,
    /// `SUPERVISOR_STATE_CHANGE_STOPPING`.
    SupervisorStateChangeStopping,
    /// `TICK`.
    Tick,
    /// `TICK_5`.
    Tick5,
    /// `TICK_60`.
    Tick60,
    /// `TICK_3600`.
    Tick3600,
    /// `PROCESS_GROUP`.
    ProcessGroup,
    /// `PROCESS_GROUP_ADDED`.
    ProcessGroupAdded,
    /// `PROCESS_GROUP_REMOVED`.
    ProcessGroupRemoved,
}

impl EventType {
    /// Every type.
    pub const ALL: [Self; 27] = [
        Self::Event,
        Self::ProcessState,
        Self::ProcessStateStarting,
        Self::ProcessStateRunning,
        Self::ProcessStateBackoff,
        Self::ProcessStateStopping,
        Self::ProcessStateExited,
        Self::ProcessStateStopped,
        Self::ProcessStateFatal,
        Self::ProcessStateUnknown,
        Self::ProcessCommunication,
        Self::ProcessCommunicationStdout,
        Self::ProcessCommunicationStderr,
        Self::ProcessLog,
        Self::ProcessLogStdout,
        Self::ProcessLogStderr,
        Self::RemoteCommunication,
        Self::SupervisorStateChange,
        Self::SupervisorStateChangeRunning,
        Self::SupervisorStateChangeStopping,
        Self::Tick,
        Self::Tick5,
        Self::Tick60,
        Self::Tick3600,
        Self::ProcessGroup,
        Self::ProcessGroupAdded,
        Self::ProcessGroupRemoved,
    ];

    /// The name in a configuration and in the header of an event.
    pub fn name(self) -> &'static str {
        match self {
            Self::Event => "EVENT",
            Self::ProcessState => "PROCESS_STATE",
            Self::ProcessStateStarting => "PROCESS_STATE_STARTING",
            Self::ProcessStateRunning => "PROCESS_STATE_RUNNING",
            Self::ProcessStateBackoff => "PROCESS_STATE_BACKOFF",
            Self::ProcessStateStopping => "PROCESS_STATE_STOPPING",
            Self::ProcessStateExited => "PROCESS_STATE_EXITED",
            Self::ProcessStateStopped => "PROCESS_STATE_STOPPED",
            Self::ProcessStateFatal => "PROCESS_STATE_FATAL",
            Self::ProcessStateUnknown => "PROCESS_STATE_UNKNOWN",
            Self::ProcessCommunication => "PROCESS_COMMUNICATION",
            Self::ProcessCommunicationStdout => "PROCESS_COMMUNICATION_STDOUT",
            Self::ProcessCommunicationStderr => "PROCESS_COMMUNICATION_STDERR",
            Self::ProcessLog => "PROCESS_LOG",
            Self::ProcessLogStdout => "PROCESS_LOG_STDOUT",
            Self::ProcessLogStderr => "PROCESS_LOG_STDERR",
            Self::RemoteCommunication => "REMOTE_COMMUNICATION",
            Self::SupervisorStateChange => "SUPERVISOR_STATE_CHANGE",
            Self::SupervisorStateChangeRunning => "SUPERVISOR_STATE_CHANGE_RUNNING",
            Self::SupervisorStateChangeStopping => "SUPERVISOR_STATE_CHANGE_STOPPING",
            Self::Tick => "TICK",
            Self::Tick5 => "TICK_5",
            Self::Tick60 => "TICK_60",
            Self::Tick3600 => "TICK_3600",
            Self::ProcessGroup => "PROCESS_GROUP",
            Self::ProcessGroupAdded => "PROCESS_GROUP_ADDED",
            Self::ProcessGroupRemoved => "PROCESS_GROUP_REMOVED",
        }
    }

    /// The type of this name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.name().eq_ignore_ascii_case(name))
    }

    /// Whether a subscription to `self` receives events of the type `other`.
    pub fn includes(self, other: Self) -> bool {
        let (mine, theirs) = (self.name(), other.name());
        self == Self::Event
            || theirs.strip_prefix(mine).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'))
    }
}

options! {
    /// The rows of a pool, one after the other, as the original checks each before it reads the next.
    pub(crate) struct Buffer {
        /// The place of the pool in the order of starting and stopping.
        priority: i64 = "-1";
        /// How many events wait for the pool at most.
        buffer_size: i64 = "10";
    }
}

options! {
    /// The second row.
    pub(crate) struct Handler {
        /// What decides about the result of a listener. Only the default can be loaded.
        result_handler: String = "supervisor.dispatchers:default_handler";
    }
}

options! {
    /// The third row.
    pub(crate) struct Events {
        /// The event types that the pool subscribes to, with commas between. Required.
        events: List = "";
    }
}

pub(crate) fn known_keys() -> impl Iterator<Item = &'static Key> {
    [Events::KEYS, Buffer::KEYS, Handler::KEYS].into_iter().flatten()
}

/// Reads the pool and the priority of its group.
pub(crate) fn read(at: &mut At<'_, '_>) -> (i64, Pool) {
    let Buffer { priority, buffer_size: size } = Buffer::read(at);
    let buffer_size = usize::try_from(size).ok().filter(|&size| size > 0);
    if buffer_size.is_none() {
        at.wrong("buffer_size", |section| Reason::BufferSize { section, size }, None);
    }
    let Handler { result_handler: spec } = Handler::read(at);
    if !resolves(&spec, "supervisor.dispatchers", "default_handler") {
        let help = "Python code cannot be loaded; leave the key out and let the listener answer OK or FAIL";
        at.wrong("result_handler", |section| Reason::Unresolved { spec, section }, Some(help));
    }
    let events = events(at);
    // Not allowed, as it would garble the protocol.
    if at.value_or::<bool>("redirect_stderr", None, "false") {
        at.wrong("redirect_stderr", Reason::ListenerRedirects, None);
    }
    (priority, Pool { events, buffer_size: buffer_size.unwrap_or(1) })
}

fn events(at: &mut At<'_, '_>) -> Vec<EventType> {
    let reports = at.context.problems.reports();
    let Events { events: List(names) } = Events::read(at);
    if names.is_empty() && at.context.problems.reports() == reports {
        at.wrong("events", Reason::NoEvents, None);
    }
    let mut events = Vec::new();
    for name in names {
        match EventType::from_name(&name) {
            Some(event) if events.contains(&event) => {}
            Some(event) => events.push(event),
            None if at.context.problems.is_full() => break,
            None => {
                let event = name.to_uppercase();
                at.wrong("events", |section| Reason::UnknownEvent { section, event }, None);
            }
        }
    }
    events
}
