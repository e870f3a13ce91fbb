//! Whether the states that a listener is told of follow from each other, and lead to what the daemon shows.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;

use harness::{TestBed, Value, member, text};

/// The changes of all processes, as far as they were read.
pub(crate) struct Changes<'a> {
    bed: &'a TestBed,
    file: Option<File>,
    rest: String,
    states: BTreeMap<String, String>,
    count: usize,
}

impl<'a> Changes<'a> {
    pub(crate) fn new(bed: &'a TestBed) -> Self {
        Self { bed, file: None, rest: String::new(), states: BTreeMap::new(), count: 0 }
    }

    /// How many there were.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Everything is quiet: the last change of each process has led to its state.
    pub(crate) fn check(&mut self) {
        let Value::Array(infos) = self.bed.ask("getAllProcessInfo", []) else { panic!("an array") };
        let shown: BTreeMap<String, String> = infos
            .iter()
            .map(|info| (text(&member(info, "name")), text(&member(info, "statename"))))
            .collect();
        let bed = self.bed;
        bed.eventually("the last changes are told", || {
            self.read();
            self.states.iter().filter(|(name, _)| name.starts_with('t')).all(|(name, state)| {
                // A process of a group that was removed and added is a new one.
                shown.get(name).is_none_or(|shown| shown == state || shown == "STOPPED")
            })
        });
    }

    fn read(&mut self) {
        if self.file.is_none() {
            self.file = File::open(self.bed.path("events")).ok();
        }
        let Some(file) = &mut self.file else { return };
        file.read_to_string(&mut self.rest).expect("a text");
        let end = self.rest.rfind('\n').map_or(0, |at| at + 1);
        let lines: String = self.rest.drain(..end).collect();
        for line in lines.lines() {
            self.line(line);
        }
    }

    fn line(&mut self, line: &str) {
        if line == "listens" {
            // What happened before it listened is not known.
            self.states.clear();
            return;
        }
        let value = |name: &str| line.split(' ').find_map(|word| word.strip_prefix(name));
        let (Some(to), Some(name), Some(from)) = (
            line.split(' ').next().and_then(|word| word.strip_prefix("PROCESS_STATE_")),
            value("processname:"),
            value("from_state:"),
        ) else {
            panic!("no change of state: {line:?}");
        };
        self.count += 1;
        let last = self.states.insert(name.to_owned(), to.to_owned());
        assert!(
            last.as_deref().is_none_or(|last| last == from || (from, to) == ("STOPPED", "STARTING")),
            "{name} was {last:?}: {line}"
        );
        let legal = match from {
            "STOPPED" | "FATAL" => matches!(to, "STARTING"),
            "EXITED" => matches!(to, "STARTING"),
            "STARTING" => matches!(to, "RUNNING" | "BACKOFF" | "STOPPING"),
            "RUNNING" => matches!(to, "STOPPING" | "EXITED"),
            "BACKOFF" => matches!(to, "STARTING" | "STOPPED" | "FATAL"),
            "STOPPING" => matches!(to, "STOPPED"),
            _ => false,
        };
        assert!(legal, "{line}");
    }
}
