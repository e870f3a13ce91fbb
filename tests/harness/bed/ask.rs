//! Asking the daemon over RPC.

use std::fs;
use std::thread::sleep;

use nix::unistd::Pid;
use supervisor_rpc::client::ClientError;
use supervisor_rpc::fault::Fault;
use supervisor_rpc::info::ProcessInfo;
use supervisor_rpc::value::{Value, from_value};

use super::TestBed;
use crate::rpc;
use crate::wait::{Patience, STEP};

impl TestBed {
    /// Sends bytes to the unix socket and returns all that comes back until the daemon closes.
    ///
    /// # Errors
    ///
    /// When it does not listen, or says nothing for thirty seconds.
    pub fn exchange(&self, request: &[u8]) -> std::io::Result<Vec<u8>> {
        rpc::exchange(&self.path("supervisor.sock"), request)
    }

    /// Calls a method over the unix socket; one without a dot is of the namespace `supervisor`.
    ///
    /// # Errors
    ///
    /// The fault that the daemon answers with. What is no answer at all is a fault with the code 0.
    pub fn rpc(&self, method: &str, params: impl IntoIterator<Item = Value>) -> Result<Value, Fault> {
        let method = if method.contains('.') { method.to_owned() } else { format!("supervisor.{method}") };
        let params: Vec<Value> = params.into_iter().collect();
        rpc::call(&self.path("supervisor.sock"), &method, &params).map_err(|error| match error {
            ClientError::Fault(fault) => fault,
            other => Fault { code: 0, text: other.to_string() },
        })
    }

    /// Calls a method that is expected to succeed.
    #[track_caller]
    pub fn ask(&self, method: &str, params: impl IntoIterator<Item = Value>) -> Value {
        self.rpc(method, params).unwrap_or_else(|fault| panic!("{method}: {fault:?}\n{}", self.words()))
    }

    /// What `getProcessInfo` tells of a process.
    #[track_caller]
    pub fn info(&self, name: &str) -> ProcessInfo {
        let info = self.ask("getProcessInfo", [name.into()]);
        from_value(info).expect("getProcessInfo answers with a ProcessInfo")
    }

    /// The state of a process.
    #[track_caller]
    pub fn state(&self, name: &str) -> String {
        self.info(name).statename
    }

    /// The process number of a process that runs.
    #[track_caller]
    pub fn pid_of(&self, name: &str) -> Pid {
        let pid = self.info(name).pid;
        assert_ne!(pid, 0, "{name} does not run");
        Pid::from_raw(i32::try_from(pid).expect("a process number"))
    }

    /// Waits until a process is in a state. One that is up has also come to be its program: a signal sent to a child of the original
    /// that is still the daemon's copy would be lost.
    #[track_caller]
    pub fn state_becomes(&self, name: &str, state: &str) {
        self.eventually(&format!("{name} is {state}"), || self.state(name) == state);
        if matches!(state, "STARTING" | "RUNNING") {
            let command = |pid: i64| fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
            let daemon = command(self.pid().as_raw().into());
            self.eventually(&format!("{name} is its program"), || command(self.info(name).pid) != daemon);
        }
    }

    /// The state changes of a process that [`RECORDER`](crate::RECORDER) has written down: the event's name without `PROCESS_STATE_`,
    /// a blank, the payload without the process and its group (`RUNNING from_state:STARTING pid:PID`).
    pub fn events(&self, name: &str) -> Vec<String> {
        let of = format!("processname:{name} ");
        let changes = self.read("events");
        let changes = changes.lines().filter(|line| line.contains(&of));
        changes
            .filter_map(|line| {
                let (event, payload) = line.strip_prefix("PROCESS_STATE_")?.split_once(' ')?;
                let words = payload.split(' ').filter_map(|word| match word.split_once(':')? {
                    ("processname" | "groupname", _) => None,
                    ("pid", _) => Some("pid:PID"),
                    _ => Some(word),
                });
                Some(std::iter::once(event).chain(words).collect::<Vec<_>>().join(" "))
            })
            .collect()
    }

    /// Waits until [`events`](Self::events) of a process are these.
    #[track_caller]
    pub fn events_become(&self, name: &str, events: &[&str]) {
        let mut seen = Vec::new();
        let mut patience = Patience::new();
        while seen != events {
            assert!(patience.lasts(), "events of {name}: {seen:#?}\nnot {events:#?}\n{}", self.words());
            self.wake();
            sleep(STEP);
            seen = self.events(name);
        }
    }

    /// Waits until a file has a text.
    #[track_caller]
    pub fn file_becomes(&self, name: &str, text: &str) {
        self.eventually(&format!("{name} is {text:?}"), || self.read(name) == text);
    }

    /// Waits until a condition holds; a failure shows what the daemon said.
    #[track_caller]
    pub fn eventually(&self, what: &str, mut condition: impl FnMut() -> bool) {
        let mut patience = Patience::new();
        while !condition() {
            assert!(patience.lasts(), "waited in vain: {what}\n{}", self.words());
            self.wake();
            sleep(STEP);
        }
    }
}
