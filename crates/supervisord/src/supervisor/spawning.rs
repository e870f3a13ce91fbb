//! How a program is started: everything is looked up and opened before the kernel is asked for a process.

use std::ffi::{CStr, CString};
use std::os::fd::AsFd;
use std::rc::Rc;

use nix::errno::Errno;
use supervisor_config::sections::{Program, ServerUrl};
use thiserror::Error;

use super::Supervisor;
use crate::clock::Now;
use crate::group::SocketError;
use crate::log;
use crate::os::privileges;
use crate::os::{Os, SpawnError, SpawnSpec, Spawned};
use crate::pipes::Pipe;
use crate::process::command::{self, Command, CommandError};
use crate::process::machine::Action;
use crate::process::output::{Output, Stream};
use crate::process::stdin::Stdin;
use crate::process::{Process, ProcessId};

/// Where a program is looked for when neither its environment nor the daemon's has a `PATH`.
const DEFAULT_PATH: &str = "/bin:/usr/bin:/usr/local/bin";

/// Why a program was not started: what `spawnerr` says.
#[derive(Debug, Error)]
enum Failure {
    #[error(transparent)]
    Command(#[from] CommandError),
    #[error("too many open files to spawn '{0}'")]
    TooManyFiles(String),
    #[error("unknown error making dispatchers for '{name}': {errno:?}")]
    Dispatchers { name: String, errno: Errno },
    #[error("Too many processes in process table to spawn '{0}'")]
    TooManyProcesses(String),
    #[error("unknown error during fork for '{name}': {errno:?}")]
    Fork { name: String, errno: Errno },
    #[error(transparent)]
    Socket(#[from] SocketError),
    #[error("cannot look up uid {uid} for '{name}': {}", errno.desc())]
    User { name: String, uid: u32, errno: Errno },
    #[error("command, environment or directory of '{0}' contains a null character")]
    Null(String),
}

impl Failure {
    fn descriptors(name: &str, errno: Errno) -> Self {
        match errno {
            Errno::EMFILE => Self::TooManyFiles(name.to_owned()),
            errno => Self::Dispatchers { name: name.to_owned(), errno },
        }
    }

    /// The original takes this for a user who is not there.
    fn user(program: &Program, errno: Errno) -> Self {
        match errno {
            Errno::EMFILE => Self::TooManyFiles(program.name.clone()),
            errno => Self::User { name: program.name.clone(), uid: program.uid.unwrap_or_default(), errno },
        }
    }
}

impl From<(&str, SpawnError)> for Failure {
    fn from((name, error): (&str, SpawnError)) -> Self {
        match error {
            SpawnError::Pipes(errno) => Self::descriptors(name, errno),
            SpawnError::Fork(Errno::EAGAIN) => Self::TooManyProcesses(name.to_owned()),
            SpawnError::Fork(errno) => Self::Fork { name: name.to_owned(), errno },
        }
    }
}

impl Supervisor {
    /// Starts the program of a process; answers with what its machine asks for next.
    pub(super) fn spawn(&mut self, id: ProcessId, now: &Now, os: &mut dyn Os) -> Vec<Action> {
        let Some(process) = self.processes.get_mut(&id) else { return Vec::new() };
        process.spawnerr = None;
        process.exitstatus = None;
        process.started = Some(now.epoch());
        let outcome = self.try_spawn(id, now, os);
        let Some(process) = self.processes.get_mut(&id) else { return Vec::new() };
        match outcome {
            Ok(()) => process.machine.spawned(&process.rules()),
            Err(failure) => {
                let text = failure.to_string();
                log::info!("spawnerr: {text}");
                process.spawnerr = Some(text);
                let actions = process.machine.spawn_failed(&process.rules(), now.mono);
                let group = Rc::clone(&process.group);
                if let Some(group) = self.groups.get_mut(&group) {
                    group.sockets.release(id);
                }
                self.close_logs(id);
                actions
            }
        }
    }

    fn try_spawn(&mut self, id: ProcessId, now: &Now, os: &mut dyn Os) -> Result<(), Failure> {
        let Some(process) = self.processes.get_mut(&id) else { return Ok(()) };
        let program = Rc::clone(&process.program);
        let group = self.groups.get_mut(&process.group);
        let socket = match (&program.socket, group) {
            (Some(socket), Some(group)) => {
                let fd = group.sockets.acquire(socket, id)?.try_clone_to_owned();
                Some(fd.map_err(|error| Failure::descriptors(&program.name, errno_of(&error)))?)
            }
            _ => None,
        };
        let command = resolve(&program, &self.around.path)?;
        process.open_logs().map_err(|error| Failure::descriptors(&program.name, errno_of(&error)))?;
        let words = Words::new(process, &command, self.around.server_url.as_deref())
            .ok_or_else(|| Failure::Null(program.name.clone()))?;
        let env = words.environment(&self.around.environment);
        let identity = privileges::identity(program.uid).map_err(|errno| Failure::user(&program, errno))?;
        let spec = SpawnSpec {
            file: &words.file,
            argv: &words.argv,
            env: &env,
            stdin: socket.as_ref().map(AsFd::as_fd),
            redirect_stderr: program.redirect_stderr,
            identity: &identity,
            directory: words.directory.as_deref(),
            umask: program.umask,
            no_new_privs: program.no_new_privs,
            descriptors: self.around.descriptors,
        };
        let spawned = os.spawn(&spec).map_err(|error| Failure::from((program.name.as_str(), error)))?;
        log::info!("spawned: '{}' with pid {}", program.name, spawned.pid);
        self.adopt(id, spawned, now);
        Ok(())
    }

    /// Takes a new child and its pipes in.
    fn adopt(&mut self, id: ProcessId, spawned: Spawned, now: &Now) {
        let Spawned { pid, stdin, stdout, stderr } = spawned;
        let strip_ansi = self.config.supervisord.strip_ansi;
        self.pids.insert(pid, id);
        let Some(process) = self.processes.get_mut(&id) else { return };
        process.pid = Some(pid);
        process.stdin = stdin.map(Stdin::new);
        if let Some(pool) = self.pools.get_mut(&process.group) {
            pool.started(process.index, now.mono);
        }
        for (fd, stream) in [(Some(stdout), Stream::Stdout), (stderr, Stream::Stderr)] {
            let Some(fd) = fd else { continue };
            let output = Output::new(process.channel(stream).capture_maxbytes, strip_ansi);
            let pipe = Pipe {
                fd,
                process: id,
                pid,
                stream,
                output,
                lines: process.channel(stream).syslog.then(Box::default),
                left_over: false,
                emptied: now.mono,
                came: 0,
                enlarged: false,
                room: None,
                resting: false,
            };
            if let Err(errno) = self.pipes.add(pipe) {
                log::critical!(
                    "the {} of '{}' cannot be read: {}",
                    stream.name(),
                    process.program.name,
                    errno.desc()
                );
            }
        }
    }
}

fn errno_of(error: &std::io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw)
}

/// Finds the file of a program's command. The program's own `PATH` counts before the daemon's.
pub(super) fn resolve(program: &Program, path: &str) -> Result<Command, CommandError> {
    let own =
        program.environment.iter().rev().find(|(key, _)| key == "PATH").map(|(_, value)| value.as_str());
    command::resolve(&program.command, own.unwrap_or(if path.is_empty() { DEFAULT_PATH } else { path }))
}

/// The words of a program in the form of the kernel.
struct Words {
    file: CString,
    argv: Vec<CString>,
    directory: Option<CString>,
    /// `KEY=value`, and how long its key is.
    additions: Vec<(CString, usize)>,
}

impl Words {
    /// `None` when there is a null character somewhere.
    fn new(process: &Process, command: &Command, server_url: Option<&str>) -> Option<Self> {
        use std::os::unix::ffi::OsStrExt;
        let program = &process.program;
        let server_url = match &program.serverurl {
            ServerUrl::Auto => server_url.unwrap_or_default(),
            ServerUrl::Given(url) => url,
        };
        let own = [
            ("SUPERVISOR_ENABLED", "1"),
            ("SUPERVISOR_SERVER_URL", server_url),
            ("SUPERVISOR_PROCESS_NAME", program.name.as_str()),
            ("SUPERVISOR_GROUP_NAME", &process.group),
        ];
        let configured = program.environment.iter().map(|(key, value)| (key.as_str(), value.as_str()));
        let mut additions: Vec<(CString, usize)> = Vec::new();
        for (key, value) in
            own.into_iter().filter(|own| *own != ("SUPERVISOR_SERVER_URL", "")).chain(configured)
        {
            let addition = (CString::new(format!("{key}={value}")).ok()?, key.len());
            additions.retain(|(other, length)| &other.as_bytes()[..*length] != key.as_bytes());
            additions.push(addition);
        }
        Some(Self {
            file: CString::new(command.file.as_os_str().as_bytes()).ok()?,
            argv: command.words.iter().map(|word| CString::new(word.as_str()).ok()).collect::<Option<_>>()?,
            directory: match &program.directory {
                Some(directory) => Some(CString::new(directory.as_os_str().as_bytes()).ok()?),
                None => None,
            },
            additions,
        })
    }

    /// The daemon's environment with the additions in place of what they override.
    fn environment<'a>(&'a self, base: &'a [CString]) -> Vec<&'a CStr> {
        let overridden = |entry: &CString| {
            self.additions.iter().any(|(addition, length)| {
                entry.as_bytes().get(..=*length) == addition.as_bytes().get(..=*length)
            })
        };
        let kept = base.iter().filter(|entry| !overridden(entry)).map(CString::as_c_str);
        kept.chain(self.additions.iter().map(|(addition, _)| addition.as_c_str())).collect()
    }
}
