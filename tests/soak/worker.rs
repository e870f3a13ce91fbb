//! One of those who command: it has some of the programs to itself, does with them what chance says, and reads all that they say.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::{Fault, Random, Record, Signal, TestBed, Value, int, member, text};
use nix::sys::signal::kill;
use nix::unistd::Pid;

use crate::lines::{Files, Heard, Stream};
use crate::programs::{command, name, section};

/// See the module.
pub(crate) struct Worker<'a> {
    bed: &'a TestBed,
    place: usize,
    talkers: Vec<Talker>,
    random: Random,
    /// Calls may fail for reasons that lie elsewhere.
    with_faults: bool,
    polled: usize,
}

/// One program and what is known of it.
struct Talker {
    number: usize,
    name: String,
    variant: u64,
    is_configured: bool,
    heard: Heard,
    files: [Files; 2],
    stream: Stream,
    /// Runs up to here are complete, and were looked at.
    settled: u64,
    /// Children of runs up to here may have lost their log, as their group was removed.
    orphaned: u64,
}

/// Codes of faults that a call may always have: the daemon ends, or the program is not there, in the wrong state or quick to end.
const BAD_NAME: i64 = 10;
const ABNORMAL_TERMINATION: i64 = 40;
const SPAWN_ERROR: i64 = 50;
const ALREADY_STARTED: i64 = 60;
const NOT_RUNNING: i64 = 70;
const ALREADY_ADDED: i64 = 90;
const STILL_RUNNING: i64 = 91;

impl<'a> Worker<'a> {
    pub(crate) fn new(
        bed: &'a TestBed,
        place: usize,
        numbers: impl Iterator<Item = usize>,
        seed: u64,
        with_faults: bool,
    ) -> Self {
        let mut random = Random::new(seed);
        let talkers = numbers.map(|number| Talker::new(bed, number, random.number())).collect();
        let worker = Self { bed, place, talkers, random, with_faults, polled: 0 };
        worker.configure();
        worker
    }

    /// How many runs there were, and how many lines.
    pub(crate) fn totals(&self) -> (usize, u64) {
        let runs = self.talkers.iter().map(|talker| talker.records(self.bed).len());
        (runs.sum(), self.talkers.iter().map(|talker| talker.heard.total()).sum())
    }

    /// Writes its part of the configuration. It is there whole or not at all.
    fn configure(&self) {
        let here = self.bed.here();
        let configured = self.talkers.iter().filter(|talker| talker.is_configured);
        let text: String = configured.map(|talker| section(&here, talker.number, talker.variant)).collect();
        let (new, path) = (format!("programs/{}.new", self.place), format!("programs/{}.conf", self.place));
        self.bed.write(&new, &text);
        fs::rename(self.bed.path(&new), self.bed.path(&path)).expect("the same folder");
    }

    pub(crate) fn add_all(&mut self) {
        for talker in &self.talkers {
            self.bed.ask("addProcessGroup", [talker.name.as_str().into()]);
        }
    }

    /// Does things until it is time.
    pub(crate) fn work(&mut self, until: Instant, over: &AtomicBool) {
        for index in 0..self.talkers.len() {
            self.call(
                index,
                "startProcess",
                &[false.into()],
                &[ALREADY_STARTED, SPAWN_ERROR, ABNORMAL_TERMINATION],
            );
        }
        while Instant::now() < until && !over.load(Ordering::Relaxed) {
            let index = usize::try_from(self.random.below(self.talkers.len() as u64)).expect("an index");
            self.act(index);
            for _ in 0..4 {
                self.polled = (self.polled + 1) % self.talkers.len();
                self.talkers[self.polled].poll();
            }
            sleep(Duration::from_millis(self.random.below(20)));
        }
    }

    /// Does one thing to one program.
    fn act(&mut self, index: usize) {
        match self.random.below(100) {
            0..30 => {
                let wait = self.random.below(3) == 0;
                let faults = [ALREADY_STARTED, SPAWN_ERROR, ABNORMAL_TERMINATION];
                self.call(index, "startProcess", &[wait.into()], &faults);
            }
            30..50 => self.stop(index),
            50..55 => {
                self.call(index, "stopProcess", &[false.into()], &[NOT_RUNNING]);
            }
            55..65 => {
                let signal = *self.random.pick(&["USR1", "HUP", "INT", "CONT", "STOP", "CONT", "KILL"]);
                self.call(index, "signalProcess", &[signal.into()], &[NOT_RUNNING]);
            }
            65..75 => self.kill(index),
            75..80 => self.update(index),
            80..85 => {
                self.call(index, "sendProcessStdin", &["x\n".into()], &[NOT_RUNNING]);
            }
            85..90 => {
                // A log that was never written is not there.
                self.call(index, "tailProcessStdoutLog", &[0.into(), 1000.into()], &[]);
            }
            _ => self.look(index),
        }
    }

    /// Calls a method of a program; `None`: one of the faults that were to be expected.
    fn call(&self, index: usize, method: &str, rest: &[Value], expected: &[i64]) -> Option<Value> {
        let name = self.talkers[index].name.as_str();
        let params = std::iter::once(name.into()).chain(rest.iter().cloned());
        match self.bed.rpc(method, params) {
            Ok(value) => Some(value),
            Err(Fault { code, text }) => {
                let is_gone = code == BAD_NAME && !self.talkers[index].is_configured;
                assert!(
                    is_gone || self.with_faults || expected.contains(&code),
                    "{method} {name}: {code} {text}"
                );
                None
            }
        }
    }

    /// A stop that was waited for leaves nothing unsaid.
    fn stop(&mut self, index: usize) {
        if self.call(index, "stopProcess", &[], &[NOT_RUNNING]).is_none() {
            return;
        }
        let talker = &mut self.talkers[index];
        match self.bed.rpc("getProcessInfo", [talker.name.as_str().into()]) {
            Ok(info) => assert_eq!(state_and_pid(&info), ("STOPPED".to_owned(), 0), "{}", talker.name),
            Err(fault) => assert!(self.with_faults, "{fault:?}"),
        }
        talker.has_ended(self.bed, self.with_faults);
    }

    /// An end that the daemon did not ask for.
    fn kill(&mut self, index: usize) {
        let Some(info) = self.call(index, "getProcessInfo", &[], &[]) else { return };
        let pid = Pid::from_raw(i32::try_from(state_and_pid(&info).1).expect("a pid"));
        let signal = *self.random.pick(&[Signal::SIGKILL, Signal::SIGSEGV, Signal::SIGTERM, Signal::SIGKILL]);
        if self.talkers[index].is_run_by(pid) {
            // It may have ended by itself.
            let _ = kill(pid, signal);
        }
    }

    /// What is shown fits together, and there is such a process.
    fn look(&mut self, index: usize) {
        let Some(info) = self.call(index, "getProcessInfo", &[], &[]) else { return };
        let (state, pid) = state_and_pid(&info);
        let runs = matches!(state.as_str(), "STARTING" | "RUNNING" | "STOPPING");
        assert_eq!(runs, pid != 0, "{} is {state} with pid {pid}", self.talkers[index].name);
        assert_ne!(state, "UNKNOWN");
    }

    /// The program is another one from now on, or is gone for a while.
    fn update(&mut self, index: usize) {
        let talker = &mut self.talkers[index];
        let was_there = talker.is_configured;
        talker.is_configured = self.random.below(4) != 0;
        talker.variant = self.random.number();
        self.configure();
        let name = Value::from(self.talkers[index].name.as_str());
        let _ = self.tolerated(self.bed.rpc("reloadConfig", []));
        if was_there {
            while !self.removed(index) {}
            let talker = &mut self.talkers[index];
            talker.orphaned = talker.records(self.bed).len() as u64;
            talker.has_ended(self.bed, self.with_faults);
        }
        if self.talkers[index].is_configured {
            // A restart of the daemon may have added it.
            let added = self.bed.rpc("addProcessGroup", [name]);
            if !added.as_ref().is_err_and(|fault| fault.code == ALREADY_ADDED && self.with_faults) {
                self.tolerated(added);
            }
        }
    }

    /// Stops and removes a group; false: somebody has started it meanwhile, or the daemon does not answer just now.
    fn removed(&self, index: usize) -> bool {
        self.call(index, "stopProcess", &[], &[NOT_RUNNING, BAD_NAME]);
        match self.bed.rpc("removeProcessGroup", [self.talkers[index].name.as_str().into()]) {
            Ok(_) => true,
            Err(Fault { code: BAD_NAME, .. }) => true,
            Err(Fault { code: STILL_RUNNING, .. }) => false,
            other => {
                self.tolerated(other);
                sleep(Duration::from_millis(20));
                false
            }
        }
    }

    fn tolerated(&self, outcome: Result<Value, Fault>) -> Option<Value> {
        assert!(self.with_faults || outcome.is_ok(), "{outcome:?}");
        outcome.ok()
    }

    /// Stops everything that it has, and waits until all that was said is there, for both readers.
    pub(crate) fn settle(&mut self) {
        for index in 0..self.talkers.len() {
            let bed = self.bed;
            bed.eventually("a program is stopped", || {
                self.call(index, "stopProcess", &[], &[NOT_RUNNING]);
                let name = &self.talkers[index].name;
                match self.bed.rpc("getProcessInfo", [name.as_str().into()]) {
                    Ok(info) => matches!(state_and_pid(&info).0.as_str(), "STOPPED" | "FATAL" | "EXITED"),
                    Err(fault) => fault.code == BAD_NAME,
                }
            });
        }
        for talker in &mut self.talkers {
            let mut missing = String::new();
            let mut looks = 0;
            let whole = |talker: &mut Talker, missing: &mut String| {
                *missing = talker.is_whole(self.bed, false).err().unwrap_or_default();
                missing.is_empty()
            };
            while !whole(talker, &mut missing) {
                looks += 1;
                assert!(looks < 3000, "{missing}");
                sleep(Duration::from_millis(10));
            }
            self.bed.eventually(&format!("{} is streamed whole", talker.name), || {
                talker.poll();
                talker.stream.is_level_with(&talker.heard)
            });
            talker.stream.close();
            talker.settled = talker.records(self.bed).len() as u64;
        }
    }
}

fn state_and_pid(info: &Value) -> (String, i64) {
    (text(&member(info, "statename")), int(&member(info, "pid")))
}

impl Talker {
    fn new(bed: &TestBed, number: usize, variant: u64) -> Self {
        let name = name(number);
        let log = |end: &str| Files::new(bed.path(&format!("logs/{name}{end}")));
        Self {
            number,
            variant,
            is_configured: true,
            heard: Heard::default(),
            files: [log(""), log(".err")],
            stream: Stream::new(bed.path("supervisor.sock"), &name),
            settled: 0,
            orphaned: 0,
            name,
        }
    }

    fn records(&self, bed: &TestBed) -> Vec<Record> {
        let bytes = fs::read(bed.path(&format!("records/{}", self.name))).unwrap_or_default();
        Record::all(&bytes)
    }

    fn is_run_by(&self, pid: Pid) -> bool {
        command(pid).contains(&format!("/records/{}\0", self.name))
    }

    /// Both readers read what is there.
    fn poll(&mut self) {
        self.files.iter_mut().for_each(|files| files.poll(&mut self.heard));
        self.stream.poll();
    }

    /// Its runs have ended, so that all that they have said is in the logs at once; with faults, the folder may be away just now.
    fn has_ended(&mut self, bed: &TestBed, with_faults: bool) {
        let mut whole = self.is_whole(bed, true);
        for _ in 0..500 {
            if whole.is_ok() || !with_faults {
                break;
            }
            sleep(Duration::from_millis(10));
            whole = self.is_whole(bed, true);
        }
        whole.unwrap_or_else(|missing| panic!("{missing}"));
    }

    /// Whether everything is in the logs that was said: by runs that have all ended, or also by their children.
    fn is_whole(&mut self, bed: &TestBed, without_heirs: bool) -> Result<(), String> {
        let records = self.records(bed);
        self.poll();
        for (run, record) in (0..).zip(records).skip(usize::try_from(self.settled).expect("an index")) {
            let may_be_cut = record.is_heir && (without_heirs || run < self.orphaned);
            for (letter, said) in [('o', record.stdout), ('e', record.stderr)] {
                let heard = self.heard.of(run, letter);
                let most = if record.has_ended { said } else { said + Record::AT_ONCE };
                if heard < said && !may_be_cut || heard > most && !without_heirs {
                    let what = format!("of run {run} ({record:?}) {heard} lines of {letter} were heard");
                    return Err(format!("{}: {what}", self.name));
                }
            }
        }
        Ok(())
    }
}
