//! From a `[program:x]`, `[eventlistener:x]` or `[fcgi-program:x]` to its processes.

use std::collections::HashMap;
use std::rc::Rc;

use super::{Autorestart, Channel, LogTarget, Program, ServerUrl, Signal};
use crate::environment::{Shared, Variables};
use crate::error::Reason;
use crate::ini::Section;
use crate::options::{At, Context, Names, options};
use crate::sections::FcgiSocket;
use crate::sections::supervisord::Common;
use crate::value::{LogTemplate, Logfile, Name, Octal, Owner, Size, Template, UserId};

options! {
    /// The keys that are read once for all processes of a section.
    pub(crate) struct Options {
        /// The place in the order of starting and stopping: lower numbers start first and stop last.
        priority: i64 = "999";
        /// Whether the program starts with supervisord.
        autostart: bool = "true";
        /// Whether the program is started again when it exits: `true`, `false`, or `unexpected` for only when its
        /// exit status is not among `exitcodes`.
        autorestart: Autorestart = "unexpected";
        /// How many seconds the program must stay up to count as running.
        startsecs: i64 = "1";
        /// How many more times the program is started when it does not stay up.
        startretries: i64 = "3";
        /// The signal that asks the program to end.
        stopsignal: Signal = "TERM";
        /// How many seconds the program has to end before it is killed.
        stopwaitsecs: i64 = "10";
        /// Whether the stop signal goes to the whole process group of the program.
        stopasgroup: bool = "false";
        /// Whether the killing signal goes to the whole process group of the program. Without it as `stopasgroup`.
        killasgroup: bool;
        /// The exit statuses that are expected.
        exitcodes: Rc<[i32]> = "0";
        /// Whether the program's standard error goes where its standard output goes.
        redirect_stderr: bool = "false";
        /// How many processes are started. More than one need `%(process_num)s` in `process_name`.
        numprocs: i64 = "1";
        /// The number of the first process.
        numprocs_start: i64 = "0";
        /// Variables of the program, as `NAME="value",OTHER="value"`.
        environment: Template = "";
        /// The size of the buffer for what the program puts between marks of a communication event on its standard
        /// output; 0 turns them off.
        stdout_capture_maxbytes: Size = "0";
        /// Whether lines on standard output become PROCESS_LOG events.
        stdout_events_enabled: bool = "false";
        /// As `stdout_capture_maxbytes`, for standard error.
        stderr_capture_maxbytes: Size = "0";
        /// Whether lines on standard error become PROCESS_LOG events.
        stderr_events_enabled: bool = "false";
        /// What the program finds in `SUPERVISOR_SERVER_URL`: a URL, nothing, or `AUTO` for what the servers say.
        serverurl: ServerUrl = "AUTO";
        /// The user that the program runs as.
        user: UserId;
        /// The file creation mask of the program. Without it supervisord's.
        umask: Octal;
        /// The name of a process.
        process_name: Name = "%(program_name)s";
        /// Whether the program and its children are kept from gaining privileges by executing a file.
        no_new_privs: bool = "false";
        /// The access of the log of standard output. Without it `childlog_mode`.
        stdout_logfile_mode: Octal;
        /// The owner of the log of standard output. Without it `childlog_owner`.
        stdout_logfile_owner: Owner;
        /// The access of the log of standard error. Without it `childlog_mode`.
        stderr_logfile_mode: Octal;
        /// The owner of the log of standard error. Without it `childlog_owner`.
        stderr_logfile_owner: Owner;
    }
}

options! {
    /// The keys that are read for each process, up to its logs.
    pub(crate) struct Placing {
        /// The folder in which the program runs.
        directory: String;
    }
}

options! {
    /// Where standard output goes. This row is expanded twice before the next ones are read.
    pub(crate) struct StdoutLog {
        /// The log of standard output: a path, `AUTO` for a chosen name, or `NONE`.
        stdout_logfile: LogTemplate = "AUTO";
    }
}

options! {
    /// What is done with that log.
    pub(crate) struct Stdout {
        /// How many rotated logs of standard output are kept.
        stdout_logfile_backups: i64 = "10";
        /// The size at which the log of standard output is rotated; 0 means never.
        stdout_logfile_maxbytes: Size = "50MB";
        /// Whether standard output goes to syslog.
        stdout_syslog: bool = "false";
    }
}

options! {
    /// Where standard error goes. This row is expanded twice before the next ones are read.
    pub(crate) struct StderrLog {
        /// The log of standard error: a path, `AUTO` for a chosen name, or `NONE`.
        stderr_logfile: LogTemplate = "AUTO";
    }
}

options! {
    /// What is done with that log.
    pub(crate) struct Stderr {
        /// How many rotated logs of standard error are kept.
        stderr_logfile_backups: i64 = "10";
        /// The size at which the log of standard error is rotated; 0 means never.
        stderr_logfile_maxbytes: Size = "50MB";
        /// Whether standard error goes to syslog.
        stderr_syslog: bool = "false";
    }
}

options! {
    /// The key that is read last.
    pub(crate) struct Starting {
        /// The program and its arguments. Required.
        command: String;
    }
}

pub(crate) fn known_keys() -> impl Iterator<Item = &'static crate::options::Key> {
    let logs = [StdoutLog::KEYS, Stdout::KEYS, StderrLog::KEYS, Stderr::KEYS];
    let keys = [Starting::KEYS, Options::KEYS, Placing::KEYS].into_iter().chain(logs);
    keys.flatten()
}

/// Reads the processes of a section for a group, sorted by name.
pub(crate) fn read<'a>(
    context: &mut Context<'a>,
    section: &'a Section,
    group: &str,
    common: &Common,
    socket: Option<&Rc<FcgiSocket>>,
) -> Vec<Rc<Program>> {
    if context.problems.is_full() || context.wrong.contains(section.name.as_str()) {
        return Vec::new();
    }
    let mut at = context.at(section, Names::default());
    at.in_program = true;
    let name = section.name.split_once(':').map_or("", |(_, name)| name);
    let Some(Name(name)) = at.named(name) else { return Vec::new() };
    let host = Rc::clone(&at.context.host);
    let here = Rc::clone(&at.context.here);
    at.names = Names::new([
        ("here", &here),
        ("program_name", &name.into()),
        ("host_node_name", &host),
        ("group_name", &group.into()),
    ]);
    let reports = at.context.problems.reports();
    let options = Options::read(&mut at);
    let killasgroup = options.killasgroup.unwrap_or(options.stopasgroup);
    if options.numprocs > 1 && !options.process_name.0.contains("%(process_num)") {
        let key = if at.entry("process_name").is_some() { "process_name" } else { "numprocs" };
        at.wrong(key, |_| Reason::NoProcessNum, None);
    }
    if options.stopasgroup && !killasgroup {
        at.wrong("killasgroup", |_| Reason::StopButNotKill, None);
    }
    let mut reader = Processes { at, options, killasgroup, common, socket, base: HashMap::new(), last: None };
    let mut programs: Vec<Rc<Program>> = Vec::new();
    for offset in 0..reader.options.numprocs {
        match reader.process(offset) {
            Some(program) => programs.push(Rc::new(program)),
            None => break,
        }
        // What is wrong with one is wrong with the next, and in the next group.
        if reader.at.context.problems.reports() > reports {
            reader.at.context.wrong.insert(&section.name);
            break;
        }
    }
    programs.sort_by(|a, b| a.name.cmp(&b.name));
    programs
}

struct Processes<'r, 'c, 'a> {
    at: At<'c, 'a>,
    options: Options,
    killasgroup: bool,
    common: &'r Common,
    socket: Option<&'r Rc<FcgiSocket>>,
    /// Where in the common variables a name stands; filled when it is first needed.
    base: HashMap<&'r str, usize>,
    /// The variables of the process before, alone and with the common ones: the next may share these.
    last: Option<(Variables, Shared)>,
}

impl Processes<'_, '_, '_> {
    fn process(&mut self, offset: i64) -> Option<Program> {
        let number = self.options.numprocs_start.saturating_add(offset);
        let names = &mut self.at.names;
        names.numbers = vec![("process_num", number), ("numprocs", self.options.numprocs)];
        // Variables of the process before are still seen unless the daemon's environment has the name.
        let environment = &self.at.context.environment;
        names.own.retain(|name, _| {
            !environment.added.contains_key(name) && !environment.process.contains_key(name.as_str())
        });
        let variables = self.variables();
        let environment = self.environment(variables)?;
        let directory = Placing::read(&mut self.at).directory;
        let stdout = self.stdout();
        let stderr = self.stderr();
        let command = Starting::read(&mut self.at).command;
        if command.is_none() && self.at.entry("command").is_none() {
            self.at.wrong("command", Reason::NoCommand, None);
        }
        let name = self.name()?;
        let options = &self.options;
        Some(Program {
            name,
            command: command.unwrap_or_default(),
            priority: options.priority,
            autostart: options.autostart,
            autorestart: options.autorestart,
            startsecs: options.startsecs,
            startretries: options.startretries,
            exitcodes: Rc::clone(&options.exitcodes),
            stopsignal: options.stopsignal,
            stopwaitsecs: options.stopwaitsecs,
            stopasgroup: options.stopasgroup,
            killasgroup: self.killasgroup,
            uid: options.user.map(|UserId(uid)| uid),
            umask: options.umask.map(|Octal(mask)| mask),
            no_new_privs: options.no_new_privs,
            directory: directory.map(Into::into),
            environment,
            redirect_stderr: options.redirect_stderr,
            stdout,
            stderr,
            serverurl: options.serverurl.clone(),
            socket: self.socket.cloned(),
        })
    }

    fn name(&mut self) -> Option<String> {
        let mark = self.at.entry("process_name").map(|entry| entry.mark);
        let name = self.at.expanded(&self.options.process_name.0, format_args!("process_name"), mark)?;
        if name.is_empty() {
            self.at.problem(crate::value::ValueError::EmptyName.into(), mark);
            return None;
        }
        Some(name.into_owned())
    }

    fn variables(&mut self) -> Variables {
        let mark = self.at.entry("environment").map(|entry| entry.mark);
        let text = self.at.expanded(&self.options.environment.0, format_args!("environment"), mark);
        let variables = text.map_or_else(Variables::new, |text| self.at.variables(&text, mark));
        self.at.names.own.extend(variables.iter().cloned());
        variables
    }

    /// The common variables with those of the process over them.
    fn environment(&mut self, variables: Variables) -> Option<Shared> {
        /// What a process takes at least, in bytes, here and in the daemon.
        const PROCESS: usize = 2048;
        let common = &self.common.environment;
        if self.last.as_ref().is_none_or(|(last, _)| *last != variables) {
            let merged = match variables.is_empty() {
                true => Rc::clone(common),
                false => self.merged(&variables)?,
            };
            self.last = Some((variables, merged));
        }
        let fits = self.at.context.budget.spend(PROCESS);
        self.within(fits)?;
        self.last.as_ref().map(|(_, merged)| Rc::clone(merged))
    }

    fn merged(&mut self, variables: &Variables) -> Option<Shared> {
        let common = &self.common.environment;
        let sizes = common.iter().chain(variables).map(|(name, value)| name.len() + value.len() + 64);
        let fits = self.at.context.budget.spend(sizes.sum());
        self.within(fits)?;
        if self.base.len() != common.len() {
            self.base = common.iter().zip(0..).map(|((name, _), at)| (name.as_str(), at)).collect();
        }
        let mut merged = common.to_vec();
        for (name, value) in variables {
            match self.base.get(name.as_str()) {
                Some(&at) => merged[at].1.clone_from(value),
                None => merged.push((name.clone(), value.clone())),
            }
        }
        Some(merged.into())
    }

    fn within(&mut self, fits: bool) -> Option<()> {
        if !fits {
            self.at.wrong("numprocs", |_| Reason::TooLarge, None);
        }
        fits.then_some(())
    }

    fn stdout(&mut self) -> Channel {
        let StdoutLog { stdout_logfile: template } = StdoutLog::read(&mut self.at);
        let logfile = self.logfile("stdout_logfile", &template);
        let Stdout { stdout_logfile_backups, stdout_logfile_maxbytes, stdout_syslog } =
            Stdout::read(&mut self.at);
        let options = &self.options;
        let channel = Channel {
            logfile: LogTarget::None,
            maxbytes: stdout_logfile_maxbytes.0,
            backups: stdout_logfile_backups,
            capture_maxbytes: options.stdout_capture_maxbytes.0,
            events_enabled: options.stdout_events_enabled,
            syslog: stdout_syslog,
            mode: options.stdout_logfile_mode.map(|Octal(mode)| mode).or(self.common.childlog_mode),
            owner: options.stdout_logfile_owner.map(|Owner(u, g)| (u, g)).or(self.common.childlog_owner),
        };
        let channel = self.channel(channel, logfile, "stdout");
        named(channel)
    }

    fn stderr(&mut self) -> Channel {
        let StderrLog { stderr_logfile: template } = StderrLog::read(&mut self.at);
        let logfile = self.logfile("stderr_logfile", &template);
        let Stderr { stderr_logfile_backups, stderr_logfile_maxbytes, stderr_syslog } =
            Stderr::read(&mut self.at);
        let options = &self.options;
        let channel = Channel {
            logfile: LogTarget::None,
            maxbytes: stderr_logfile_maxbytes.0,
            backups: stderr_logfile_backups,
            capture_maxbytes: options.stderr_capture_maxbytes.0,
            events_enabled: options.stderr_events_enabled,
            syslog: stderr_syslog,
            mode: options.stderr_logfile_mode.map(|Octal(mode)| mode).or(self.common.childlog_mode),
            owner: options.stderr_logfile_owner.map(|Owner(u, g)| (u, g)).or(self.common.childlog_owner),
        };
        let mut channel = self.channel(channel, logfile, "stderr");
        if self.options.redirect_stderr {
            if matches!(channel.logfile, LogTarget::File(_)) {
                let section = &self.at.section.name;
                self.at.context.warn(format!(
                    "For [{section}], redirect_stderr=true but stderr_logfile has also been set to a filename, \
                     the filename has been ignored"
                ));
            }
            channel.logfile = LogTarget::None;
        }
        named(channel)
    }

    /// The log of a channel. Its value is expanded twice, so that a `%` in it is written `%%%%`.
    fn logfile(&mut self, key: &'static str, template: &LogTemplate) -> Logfile {
        let mark = self.at.entry(key).map(|entry| entry.mark);
        let section = self.at.section;
        let place = format_args!("{}.{key}", section.name);
        let Some(once) = self.at.expanded(&template.0, place, mark) else { return Logfile::None };
        let Some(twice) = self.at.expanded(&once, format_args!("{key}"), mark) else { return Logfile::None };
        self.at.parsed(&twice, mark, None).unwrap_or(Logfile::None)
    }

    fn channel(&mut self, mut channel: Channel, logfile: Logfile, name: &str) -> Channel {
        let section = &self.at.section.name;
        channel.logfile = match logfile {
            Logfile::None => LogTarget::None,
            Logfile::Auto => LogTarget::Auto,
            Logfile::File(path) => LogTarget::File(path.into()),
            Logfile::Syslog => {
                self.at.context.warn(format!(
                    "For [{section}], {name}_logfile=syslog but this is deprecated and will be removed.  Use \
                     {name}_syslog=true to enable syslog instead."
                ));
                channel.syslog = true;
                LogTarget::None
            }
        };
        if channel.logfile == LogTarget::Auto && channel.maxbytes == 0 {
            self.at.context.warn(format!(
                "For [{section}], AUTO logging used for {name}_logfile without rollover, set maxbytes > 0 to \
                 avoid filling up filesystem unintentionally"
            ));
        }
        channel
    }
}

/// An empty name means no log.
fn named(channel: Channel) -> Channel {
    match &channel.logfile {
        LogTarget::File(path) if path.as_os_str().is_empty() => {
            Channel { logfile: LogTarget::None, ..channel }
        }
        _ => channel,
    }
}
