//! One process: its options, where it is in its life, and what it is shown as.
//!
//! Owns the run-time state of one configured program, whether it runs or not. Decides nothing by itself (that is
//! [`machine`]) and reads no pipe (that is [`crate::supervisor`]).

use std::borrow::Cow;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use supervisor_config::sections::{Channel, LogTarget, Program};
use supervisor_rpc::info::ProcessInfo;
use supervisor_rpc::state::ProcessState;

use crate::clock::Now;
use crate::log::file::{Access, LogFile, Rotation};
use crate::os::Pid;
use crate::os::child::local_time;

pub mod command;
pub mod machine;
pub mod output;
pub mod stdin;

use machine::{Machine, Rules};
use output::Stream;
use stdin::Stdin;

/// What a process is known by as long as its group exists; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProcessId(pub u32);

/// A configured program and what became of it.
#[derive(Debug)]
pub struct Process {
    /// Its options.
    pub program: Rc<Program>,
    /// The name of its group.
    pub group: Rc<str>,
    /// Its place in its group.
    pub index: usize,
    /// Where it is in its life.
    pub machine: Machine,
    /// Its process, from spawn to reaping.
    pub pid: Option<Pid>,
    /// It was asked to end, by a stop: its stdin takes nothing any more.
    pub stopping: bool,
    /// When it was last started and when it last ended, in seconds since the epoch.
    pub started: Option<i64>,
    /// See `started`.
    pub stopped: Option<i64>,
    /// How it last ended, as clients see it.
    pub exitstatus: Option<i32>,
    /// Why it is not running.
    pub spawnerr: Option<String>,
    /// Its standard input.
    pub stdin: Option<Stdin>,
    /// Where its standard output goes.
    pub stdout: Log,
    /// Where its standard error goes.
    pub stderr: Log,
}

/// The log of one channel.
#[derive(Debug, Default)]
pub struct Log {
    /// Its file; `None` when nothing is kept.
    pub path: Option<PathBuf>,
    /// Open while something may be written.
    pub file: Option<LogFile>,
}

impl Log {
    /// Its path, as clients see it.
    fn shown(&self) -> Cow<'_, str> {
        let Some(path) = self.path.as_deref() else { return "".into() };
        // Quicker than to look for what has to be replaced: there hardly ever is.
        path.to_str().map_or_else(|| path.to_string_lossy(), Cow::Borrowed)
    }
}

impl Process {
    /// A process that was never started. `auto` makes the file of an AUTO log.
    pub fn new(
        program: &Rc<Program>,
        group: &Rc<str>,
        index: usize,
        auto: impl Fn(&str, Stream) -> Option<PathBuf>,
    ) -> Self {
        let log = |channel: &Channel, stream| Log {
            path: match &channel.logfile {
                LogTarget::Auto => auto(&program.name, stream),
                LogTarget::None => None,
                LogTarget::File(path) => Some(path.clone()),
            },
            file: None,
        };
        Self {
            stdout: log(&program.stdout, Stream::Stdout),
            stderr: if program.redirect_stderr {
                Log::default()
            } else {
                log(&program.stderr, Stream::Stderr)
            },
            program: Rc::clone(program),
            group: Rc::clone(group),
            index,
            machine: Machine::default(),
            pid: None,
            stopping: false,
            started: None,
            stopped: None,
            exitstatus: None,
            spawnerr: None,
            stdin: None,
        }
    }

    /// Its name without its group: as in the log.
    pub fn name(&self) -> &str {
        &self.program.name
    }

    /// Its state.
    pub fn state(&self) -> ProcessState {
        self.machine.state()
    }

    /// What decides over its life.
    pub fn rules(&self) -> Rules {
        Rules::from(&*self.program)
    }

    /// The log of a channel.
    pub fn log(&self, stream: Stream) -> &Log {
        match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        }
    }

    /// The log of a channel.
    pub fn log_mut(&mut self, stream: Stream) -> &mut Log {
        match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr => &mut self.stderr,
        }
    }

    /// The options of a channel.
    pub fn channel(&self, stream: Stream) -> &Channel {
        match stream {
            Stream::Stdout => &self.program.stdout,
            Stream::Stderr => &self.program.stderr,
        }
    }

    /// Opens the logs that are not open: as in the original, by their names at every start.
    pub fn open_logs(&mut self) -> std::io::Result<()> {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let Some(path) = self.log(stream).path.clone() else { continue };
            if self.log(stream).file.is_none() {
                let file = open_log(&path, self.channel(stream))?;
                self.log_mut(stream).file = Some(file);
            }
        }
        Ok(())
    }

    /// What `getProcessInfo` answers.
    pub fn info(&self, now: &Now) -> ProcessInfo<Cow<'_, str>> {
        ProcessInfo {
            name: self.program.name.as_str().into(),
            group: (&*self.group).into(),
            start: capped(self.started.unwrap_or(0)),
            stop: capped(self.stopped.unwrap_or(0)),
            now: capped(now.epoch()),
            state: self.state().code(),
            statename: self.state().name().into(),
            spawnerr: self.spawnerr.as_deref().unwrap_or_default().into(),
            exitstatus: self.exitstatus.unwrap_or(0).into(),
            logfile: self.stdout.shown(),
            stdout_logfile: self.stdout.shown(),
            stderr_logfile: self.stderr.shown(),
            pid: self.pid.unwrap_or(0).into(),
            description: self.description(now),
        }
    }

    fn description(&self, now: &Now) -> Cow<'_, str> {
        match self.state() {
            ProcessState::Running => {
                let uptime = now.epoch() - self.started.unwrap_or(0);
                running_since(self.pid.unwrap_or(0), uptime).into()
            }
            ProcessState::Fatal | ProcessState::Backoff => match &self.spawnerr {
                Some(text) if !text.is_empty() => text.into(),
                _ => format!("unknown error (try \"tail {}\")", self.name()).into(),
            },
            ProcessState::Stopped | ProcessState::Exited => match (self.started, self.stopped) {
                (Some(_), stopped) => day_and_time(stopped.unwrap_or(0)).into(),
                (None, _) => "Not started".into(),
            },
            ProcessState::Starting | ProcessState::Stopping | ProcessState::Unknown => "".into(),
        }
    }
}

/// Opens the log file of a channel.
pub fn open_log(path: &Path, channel: &Channel) -> std::io::Result<LogFile> {
    let rotation = Rotation { maxbytes: channel.maxbytes, backups: channel.backups };
    let access = Access { mode: channel.mode, owner: channel.owner };
    LogFile::open(path, rotation, access)
}

/// Times are integers of 32 bits on the wire.
fn capped(seconds: i64) -> i64 {
    seconds.min(i32::MAX.into())
}

/// `pid 4711, uptime 0:01:07`, or `1 day, 0:00:05`, as Python shows a timedelta; nothing below zero. Written by hand, as this is
/// told of many processes at a time.
fn running_since(pid: Pid, seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    let mut number = itoa::Buffer::new();
    let mut text = String::with_capacity(32);
    text.push_str("pid ");
    text.push_str(number.format(pid));
    text.push_str(", uptime ");
    if days > 0 {
        text.push_str(number.format(days));
        text.push_str(if days == 1 { " day, " } else { " days, " });
    }
    text.push_str(number.format(rest / 3600));
    for part in [rest / 60 % 60, rest % 60] {
        text.push_str(if part < 10 { ":0" } else { ":" });
        text.push_str(number.format(part));
    }
    text
}

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `Nov 22 06:33 AM`, in the local time zone.
fn day_and_time(epoch: i64) -> String {
    let time = local_time(epoch);
    let month = MONTHS[usize::from(time.month.clamp(1, 12)) - 1];
    let half = if time.hour < 12 { "AM" } else { "PM" };
    let hour = match time.hour % 12 {
        0 => 12,
        hour => hour,
    };
    format!("{month} {:02} {hour:02}:{:02} {half}", time.day, time.minute)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Observed: Python's str(timedelta).
    #[test]
    fn durations_are_shown_as_python_shows_them() {
        for (seconds, text) in
            [(67, "0:01:07"), (-5, "0:00:00"), (86_405, "1 day, 0:00:05"), (176_523, "2 days, 1:02:03")]
        {
            assert_eq!(running_since(12, seconds), format!("pid 12, uptime {text}"));
        }
    }
}
