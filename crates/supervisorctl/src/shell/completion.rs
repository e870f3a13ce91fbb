//! Completion of commands, groups and processes.
//!
//! Has a connection of its own, and asks the daemon once between two lines.

use std::cell::RefCell;
use std::io;

use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::validate::Validator;
use rustyline::{Context, Helper};
use supervisor_rpc::client::{Address, Client};
use supervisor_rpc::info::ProcessInfo;
use supervisor_rpc::value::from_value;
use tokio::runtime::Runtime;

use crate::cli::Options;
use crate::commands::{Completes, TABLE, find};

/// What ends a word; `:`, `*` and `-` belong to names.
const DELIMITERS: &str = " \t\n`~!@#$%^&()=+[{]}\\|;'\",<>/?";

/// Completes the line of the shell.
#[derive(Debug)]
pub(super) struct Completion {
    runtime: Runtime,
    known: RefCell<Known>,
}

/// What the daemon said since the last line.
#[derive(Debug, Default)]
struct Known {
    client: Option<Client>,
    infos: Option<Vec<ProcessInfo>>,
}

impl Completion {
    pub(super) fn new() -> io::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
        Ok(Self { runtime, known: RefCell::default() })
    }

    /// Forgets what the daemon said before the next line: a command may have changed it.
    pub(super) fn prepare(&mut self, options: &Options) {
        let client = Address::parse(&options.serverurl)
            .ok()
            .map(|address| Client::new(address, options.credentials()));
        self.known = RefCell::new(Known { client, infos: None });
    }

    /// All that begins with `word`, in a line that goes up to it.
    fn candidates(&self, before: &str, word: &str) -> Vec<String> {
        let Some(command) = before.split_whitespace().next() else {
            return commands(word);
        };
        match find(command).map(|command| command.completes) {
            Some(Completes::Commands) => commands(word),
            Some(Completes::Groups) => self.with_infos(|infos| groups(infos, word)),
            Some(Completes::Processes) => self.with_infos(|infos| processes(infos, word)),
            Some(Completes::Nothing) | None => Vec::new(),
        }
    }

    /// Without a daemon there is nothing to offer.
    fn with_infos(&self, offer: impl Fn(&[ProcessInfo]) -> Vec<String>) -> Vec<String> {
        let mut known = self.known.borrow_mut();
        if known.infos.is_none()
            && let Some(client) = &mut known.client
        {
            let answer = self.runtime.block_on(client.call("supervisor.getAllProcessInfo", &[]));
            known.infos = answer.ok().and_then(|value| from_value(value).ok());
        }
        known.infos.as_deref().map(offer).unwrap_or_default()
    }
}

fn commands(word: &str) -> Vec<String> {
    let mut names: Vec<String> =
        TABLE.iter().map(|command| command.name).filter(|name| name.starts_with(word)).map(spaced).collect();
    names.sort();
    names
}

fn groups(infos: &[ProcessInfo], word: &str) -> Vec<String> {
    let mut groups: Vec<String> = Vec::new();
    for group in infos.iter().map(|info| &info.group).filter(|group| group.starts_with(word)) {
        let group = spaced(group);
        if !groups.contains(&group) {
            groups.push(group);
        }
    }
    groups
}

/// A process whose group has its name goes by that name, unless the word already has a colon.
fn processes(infos: &[ProcessInfo], word: &str) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for ProcessInfo { group, name, .. } in infos {
        if name == group && !word.contains(':') {
            names.push(name.clone());
            continue;
        }
        names.push(format!("{group}:{name}"));
        let whole = format!("{group}:*");
        if !names.contains(&whole) {
            names.push(whole);
        }
    }
    names.into_iter().filter(|name| name.starts_with(word)).map(|name| spaced(&name)).collect()
}

fn spaced(word: &str) -> String {
    format!("{word} ")
}

/// Where the word at the end of a line begins.
fn start_of_word(line: &str) -> usize {
    line.rfind(|c| DELIMITERS.contains(c)).map_or(0, |at| at + 1)
}

impl Completer for Completion {
    type Candidate = String;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<String>)> {
        let line = &line[..position];
        let start = start_of_word(line);
        Ok((start, self.candidates(&line[..start], &line[start..])))
    }
}

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {}
impl Validator for Completion {}
impl Helper for Completion {}

#[cfg(test)]
mod tests {
    use super::*;

    fn infos() -> Vec<ProcessInfo> {
        let row = |group: &str, name: &str| ProcessInfo {
            name: name.into(),
            group: group.into(),
            start: 0,
            stop: 0,
            now: 0,
            state: 0,
            statename: String::new(),
            spawnerr: String::new(),
            exitstatus: 0,
            logfile: String::new(),
            stdout_logfile: String::new(),
            stderr_logfile: String::new(),
            pid: 0,
            description: String::new(),
        };
        vec![row("cat", "cat"), row("web", "a-1"), row("web", "a-2")]
    }

    #[test]
    fn first_words_are_commands() {
        assert_eq!(commands("re"), ["reload ", "remove ", "reread ", "restart "]);
        let completion = Completion::new().expect("a runtime");
        assert_eq!(completion.candidates("", "vers"), ["version "]);
        assert_eq!(completion.candidates("help ", "vers"), ["version "]);
        assert_eq!(completion.candidates("version ", ""), [""; 0]);
    }

    #[test]
    fn names_are_offered_as_they_are_shown() {
        assert_eq!(processes(&infos(), ""), ["cat ", "web:a-1 ", "web:* ", "web:a-2 "]);
        assert_eq!(processes(&infos(), "cat:"), ["cat:cat ", "cat:* "]);
        assert_eq!(groups(&infos(), ""), ["cat ", "web "]);
        assert_eq!(groups(&infos(), "w"), ["web "]);
    }

    #[test]
    fn words_contain_colons_stars_and_dashes() {
        assert_eq!(start_of_word("status web:a-1 c"), 15);
        assert_eq!(start_of_word("status"), 0);
        assert_eq!(start_of_word("signal HUP web:*"), 11);
    }
}
