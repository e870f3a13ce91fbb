//! The life of one process, as a pure state machine.
//!
//! One method per input; each answers with what is to be done, in order. No clock, no system call, no log, no event:
//! time is an argument, and deadlines are instants, so that no jump of the wall clock can change one.
//!
//! The whole table, written by a test:
#![doc = include_str!("machine.table.md")]
#![forbid(unsafe_code)]
#![warn(clippy::wildcard_enum_match_arm)]

use std::time::{Duration, Instant};

use supervisor_config::sections::{Autorestart, Program};
use supervisor_rpc::state::ProcessState;

/// What of a program's options decides over its life.
#[derive(Debug, Clone, Copy)]
pub struct Rules {
    /// How long it must stay up to count as running.
    pub startsecs: Duration,
    /// Attempts after the first.
    pub startretries: i64,
    /// How long it may take to end.
    pub stopwaitsecs: Duration,
    /// Whether it is started again when it exits.
    pub autorestart: Autorestart,
}

impl From<&Program> for Rules {
    fn from(program: &Program) -> Self {
        Self {
            startsecs: seconds(program.startsecs),
            startretries: program.startretries,
            stopwaitsecs: seconds(program.stopwaitsecs),
            autorestart: program.autorestart,
        }
    }
}

/// A century stands for every longer time, as an [`Instant`] cannot be moved without end.
fn seconds(number: i64) -> Duration {
    Duration::from_secs(number.clamp(0, 100 * 365 * 86_400).unsigned_abs())
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// The state has changed: listeners and waiting callers are told.
    Enter(Change),
    /// Start the program, then tell the machine by [`Machine::spawned`] or [`Machine::spawn_failed`].
    Spawn,
    /// Send the stop signal, then tell the machine by [`Machine::unkillable`] if that failed.
    Stop,
    /// Send SIGKILL.
    Kill,
    /// It stayed up for `startsecs`: say so in the log.
    SayStarted,
    /// It was given up: say so in the log.
    SayGivenUp,
}

/// A change of state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Change {
    /// The state before.
    pub from: ProcessState,
    /// The state now.
    pub to: ProcessState,
    /// How many attempts failed so far.
    pub tries: i64,
}

/// The state with the data that belongs to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Stopped,
    Starting { since: Instant },
    Running,
    Backoff { until: Instant },
    Stopping { kill_at: Instant },
    Exited,
    Fatal,
    Unknown,
}

/// How a process ended, as far as its life is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It was asked to.
    Stopped,
    /// Before `startsecs` were over.
    TooQuick,
    /// By itself, with a status in `exitcodes`.
    Expected,
    /// By itself, with another status or by a signal.
    Unexpected,
}

/// The life of one process.
#[derive(Debug, Clone)]
pub struct Machine {
    state: State,
    /// Failed attempts since it last ran. As in the original, a stop in BACKOFF does not reset it.
    tries: i64,
}

impl Default for Machine {
    fn default() -> Self {
        Self { state: State::Stopped, tries: 0 }
    }
}

impl Machine {
    /// The state.
    pub fn state(&self) -> ProcessState {
        match self.state {
            State::Stopped => ProcessState::Stopped,
            State::Starting { .. } => ProcessState::Starting,
            State::Running => ProcessState::Running,
            State::Backoff { .. } => ProcessState::Backoff,
            State::Stopping { .. } => ProcessState::Stopping,
            State::Exited => ProcessState::Exited,
            State::Fatal => ProcessState::Fatal,
            State::Unknown => ProcessState::Unknown,
        }
    }

    /// When [`tick`](Self::tick) has something to do.
    pub fn deadline(&self, rules: &Rules) -> Option<Instant> {
        match self.state {
            State::Starting { since } => Some(since + rules.startsecs),
            State::Backoff { until } => Some(until),
            State::Stopping { kill_at } => Some(kill_at),
            State::Stopped | State::Running | State::Exited | State::Fatal | State::Unknown => None,
        }
    }

    fn enter(&mut self, state: State) -> Action {
        let from = self.state();
        self.state = state;
        Action::Enter(Change { from, to: self.state(), tries: self.tries })
    }

    /// It shall run.
    pub fn start(&mut self, now: Instant) -> Vec<Action> {
        match self.state {
            State::Stopped | State::Exited | State::Fatal | State::Backoff { .. } => {
                vec![self.enter(State::Starting { since: now }), Action::Spawn]
            }
            State::Starting { .. } | State::Running | State::Stopping { .. } | State::Unknown => vec![],
        }
    }

    /// The program was started.
    pub fn spawned(&mut self, rules: &Rules) -> Vec<Action> {
        match self.state {
            // As rpcinterface.py, startProcess(): with startsecs=0 a start has succeeded at once.
            State::Starting { .. } if rules.startsecs.is_zero() => self.succeed(),
            State::Starting { .. }
            | State::Stopped
            | State::Running
            | State::Backoff { .. }
            | State::Stopping { .. }
            | State::Exited
            | State::Fatal
            | State::Unknown => vec![],
        }
    }

    /// The program could not be started.
    pub fn spawn_failed(&mut self, rules: &Rules, now: Instant) -> Vec<Action> {
        match self.state {
            State::Starting { .. } => self.back_off(rules, now),
            State::Stopped
            | State::Running
            | State::Backoff { .. }
            | State::Stopping { .. }
            | State::Exited
            | State::Fatal
            | State::Unknown => vec![],
        }
    }

    /// It was reaped; `expected` when its exit status is one of `exitcodes`; `restart` unless the daemon is ending.
    pub fn exited(
        &mut self,
        expected: bool,
        restart: bool,
        rules: &Rules,
        now: Instant,
    ) -> (End, Vec<Action>) {
        let end = if expected { End::Expected } else { End::Unexpected };
        match self.state {
            State::Starting { since } if now < since + rules.startsecs => {
                (End::TooQuick, self.back_off(rules, now))
            }
            // As process.py, finish(): a STARTING process that outlived startsecs passes through RUNNING.
            State::Starting { .. } => {
                self.tries = 0;
                let running = self.enter(State::Running);
                let mut actions = self.exit(expected, restart, rules, now);
                actions.insert(0, running);
                (end, actions)
            }
            State::Running => (end, self.exit(expected, restart, rules, now)),
            // Only a signal that could not be sent leads to UNKNOWN: its end is the end of what was asked for.
            // The original dies here.
            State::Stopping { .. } | State::Unknown => (End::Stopped, vec![self.enter(State::Stopped)]),
            State::Stopped | State::Backoff { .. } | State::Exited | State::Fatal => (end, vec![]),
        }
    }

    /// It shall end.
    pub fn stop(&mut self, rules: &Rules, now: Instant) -> Vec<Action> {
        match self.state {
            State::Starting { .. } | State::Running => {
                vec![self.enter(State::Stopping { kill_at: now + rules.stopwaitsecs }), Action::Stop]
            }
            State::Backoff { .. } => vec![self.enter(State::Stopped)],
            State::Stopped | State::Stopping { .. } | State::Exited | State::Fatal | State::Unknown => vec![],
        }
    }

    /// The daemon is ending: as [`stop`](Self::stop), but what waits for an attempt is given up.
    pub fn stop_for_good(&mut self, rules: &Rules, now: Instant) -> Vec<Action> {
        match self.state {
            State::Backoff { .. } => {
                self.tries = 0;
                vec![self.enter(State::Fatal)]
            }
            State::Starting { .. } | State::Running => self.stop(rules, now),
            State::Stopped | State::Stopping { .. } | State::Exited | State::Fatal | State::Unknown => vec![],
        }
    }

    /// A signal could not be sent to it, though it exists.
    pub fn unkillable(&mut self) -> Vec<Action> {
        match self.state {
            State::Starting { .. } | State::Running | State::Stopping { .. } => {
                vec![self.enter(State::Unknown)]
            }
            State::Stopped | State::Backoff { .. } | State::Exited | State::Fatal | State::Unknown => vec![],
        }
    }

    /// Time has passed. The process must have been reaped before if it has ended; `restart` unless the daemon is
    /// ending.
    pub fn tick(&mut self, restart: bool, rules: &Rules, now: Instant) -> Vec<Action> {
        match self.state {
            State::Starting { since } if now >= since + rules.startsecs => self.succeed(),
            State::Backoff { until } if now >= until && restart => self.start(now),
            State::Stopping { kill_at } if now >= kill_at => {
                let pause = rules.stopwaitsecs.max(Duration::from_secs(1));
                self.state = State::Stopping { kill_at: now + pause };
                vec![Action::Kill]
            }
            State::Starting { .. }
            | State::Backoff { .. }
            | State::Stopping { .. }
            | State::Stopped
            | State::Running
            | State::Exited
            | State::Fatal
            | State::Unknown => vec![],
        }
    }

    fn succeed(&mut self) -> Vec<Action> {
        self.tries = 0;
        vec![self.enter(State::Running), Action::SayStarted]
    }

    /// The n-th failure in a row is followed by a pause of n seconds, or by the end of trying.
    fn back_off(&mut self, rules: &Rules, now: Instant) -> Vec<Action> {
        self.tries += 1;
        let pause = Duration::from_secs(self.tries.unsigned_abs());
        let backed_off = self.enter(State::Backoff { until: now + pause });
        if self.tries <= rules.startretries {
            return vec![backed_off];
        }
        self.tries = 0;
        vec![backed_off, self.enter(State::Fatal), Action::SayGivenUp]
    }

    fn exit(&mut self, expected: bool, restart: bool, rules: &Rules, now: Instant) -> Vec<Action> {
        self.tries = 0;
        let exited = self.enter(State::Exited);
        let again = match rules.autorestart {
            Autorestart::Always => true,
            Autorestart::Unexpected => !expected,
            Autorestart::Never => false,
        };
        if !(again && restart) {
            return vec![exited];
        }
        let mut actions = self.start(now);
        actions.insert(0, exited);
        actions
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIFE: Rules = Rules {
        startsecs: Duration::from_secs(1),
        startretries: 3,
        stopwaitsecs: Duration::from_secs(10),
        autorestart: Autorestart::Unexpected,
    };

    fn states(now: Instant) -> [State; 8] {
        [
            State::Stopped,
            State::Starting { since: now },
            State::Running,
            State::Backoff { until: now + Duration::from_secs(1) },
            State::Stopping { kill_at: now + LIFE.stopwaitsecs },
            State::Exited,
            State::Fatal,
            State::Unknown,
        ]
    }

    fn show(actions: &[Action]) -> String {
        let words: Vec<String> = actions
            .iter()
            .map(|action| match action {
                Action::Enter(change) => format!("→ {}", change.to.name()),
                Action::Spawn | Action::Stop | Action::Kill | Action::SayStarted | Action::SayGivenUp => {
                    format!("{action:?}")
                }
            })
            .collect();
        words.join(", ")
    }

    type Input = fn(&mut Machine, Instant) -> Vec<Action>;

    const SOON: Duration = Duration::from_millis(500);
    const LATER: Duration = Duration::from_secs(60);

    const INPUTS: [(&str, Input); 13] = [
        ("start", |m, now| m.start(now)),
        ("spawned", |m, _| m.spawned(&LIFE)),
        ("spawned, startsecs=0", |m, _| m.spawned(&Rules { startsecs: Duration::ZERO, ..LIFE })),
        ("spawn failed", |m, now| m.spawn_failed(&LIFE, now)),
        ("spawn failed, last attempt", |m, now| m.spawn_failed(&Rules { startretries: 0, ..LIFE }, now)),
        ("exited early", |m, now| m.exited(true, true, &LIFE, now + SOON).1),
        ("exited late, expected", |m, now| m.exited(true, true, &LIFE, now + LATER).1),
        ("exited late, unexpected", |m, now| m.exited(false, true, &LIFE, now + LATER).1),
        ("stop", |m, now| m.stop(&LIFE, now)),
        ("stop for good", |m, now| m.stop_for_good(&LIFE, now)),
        ("unkillable", |m, _| m.unkillable()),
        ("tick early", |m, now| m.tick(true, &LIFE, now + SOON)),
        ("tick late", |m, now| m.tick(true, &LIFE, now + LATER)),
    ];

    /// Set `BLESS=1` to write the table anew.
    #[test]
    fn the_table_in_the_documentation_is_what_the_machine_does() {
        let now = Instant::now();
        let mut table = String::from("\n| |");
        for state in states(now) {
            table += &format!(" {} |", Machine { state, tries: 0 }.state().name());
        }
        table += &format!("\n|---|{}\n", "---|".repeat(8));
        for (name, input) in INPUTS {
            table += &format!("| {name} |");
            for state in states(now) {
                table += &format!(" {} |", show(&input(&mut Machine { state, tries: 0 }, now)));
            }
            table += "\n";
        }
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/process/machine.table.md");
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(file, &table).expect("the table can be written");
        }
        assert_eq!(table, std::fs::read_to_string(file).expect("the table can be read"));
    }

    // Manual, "Process States": a second more with each failure, given up after startretries.
    #[test]
    fn each_failure_waits_a_second_longer_until_it_is_given_up() {
        let now = Instant::now();
        let mut machine = Machine::default();
        machine.start(now);
        for wait in 1..=3 {
            machine.spawn_failed(&LIFE, now);
            assert_eq!(machine.deadline(&LIFE), Some(now + Duration::from_secs(wait)));
            assert_eq!(machine.tick(true, &LIFE, now), vec![]);
            let actions = machine.tick(true, &LIFE, now + Duration::from_secs(wait));
            assert_eq!(actions.last(), Some(&Action::Spawn));
        }
        machine.spawn_failed(&LIFE, now);
        assert_eq!(machine.state(), ProcessState::Fatal);
    }

    // Observed: the count goes on after a stop by hand during BACKOFF.
    #[test]
    fn a_stop_during_backoff_does_not_reset_the_count() {
        let now = Instant::now();
        let mut machine = Machine::default();
        machine.start(now);
        machine.spawn_failed(&LIFE, now);
        machine.stop(&LIFE, now);
        machine.start(now);
        machine.spawn_failed(&LIFE, now);
        assert_eq!(machine.deadline(&LIFE), Some(now + Duration::from_secs(2)));
    }

    // Observed: SIGKILL is sent again each stopwaitsecs.
    #[test]
    fn sigkill_is_repeated() {
        let now = Instant::now();
        let mut machine = Machine { state: State::Running, tries: 0 };
        machine.stop(&LIFE, now);
        for round in 1..4 {
            assert_eq!(machine.tick(true, &LIFE, now + LIFE.stopwaitsecs * round), vec![Action::Kill]);
        }
    }

    #[test]
    fn nothing_is_restarted_while_the_daemon_ends() {
        let now = Instant::now();
        let mut machine = Machine { state: State::Running, tries: 0 };
        machine.exited(false, false, &LIFE, now);
        assert_eq!(machine.state(), ProcessState::Exited);
        let mut machine = Machine { state: State::Backoff { until: now }, tries: 1 };
        assert_eq!(machine.tick(false, &LIFE, now + LATER), vec![]);
    }

    proptest::proptest! {
        /// Whatever comes in whatever order: an action enters the state that the next one leaves, a spawn is asked
        /// for only on entry into STARTING, signals go only to what may live, and a deadline exists exactly where
        /// time alone changes something.
        #[test]
        fn any_sequence_of_inputs_keeps_the_invariants(
            inputs in proptest::collection::vec(0..INPUTS.len(), 0..200),
        ) {
            let mut now = Instant::now();
            let mut machine = Machine::default();
            for input in inputs {
                let mut at = machine.state();
                let actions = INPUTS[input].1(&mut machine, now);
                for (index, action) in actions.iter().enumerate() {
                    match action {
                        Action::Enter(change) => {
                            assert_eq!(change.from, at);
                            at = change.to;
                        }
                        Action::Spawn => {
                            assert_eq!(at, ProcessState::Starting);
                            assert!(matches!(actions[index - 1], Action::Enter(_)));
                        }
                        Action::Stop | Action::Kill => assert_eq!(at, ProcessState::Stopping),
                        Action::SayStarted => assert_eq!(at, ProcessState::Running),
                        Action::SayGivenUp => assert_eq!(at, ProcessState::Fatal),
                    }
                }
                assert_eq!(machine.state(), at);
                let waits = matches!(at, ProcessState::Starting | ProcessState::Backoff | ProcessState::Stopping);
                assert_eq!(machine.deadline(&LIFE).is_some(), waits);
                now += Duration::from_millis(700);
            }
        }
    }
}
