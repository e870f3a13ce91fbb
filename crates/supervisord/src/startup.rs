//! The order in which the daemon comes to life, and begins again after SIGHUP.
//!
//! Rights, limits, log, sockets, old logs, groups, terminal, pid file: plain synchronous code until the runtime exists. An error
//! until then is told on stderr with exit status 2. Unlike the original the sockets come before old AUTO logs are
//! removed: a second daemon that finds them in use must not remove the logs of the first.

use std::ffi::{CString, OsString};
use std::fs;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::rc::Rc;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Uid;
use supervisor_config::sections::{Config, Listen, LogLevel, Notice};
use thiserror::Error;
use tokio::runtime::{Builder, Runtime};
use tokio::task::LocalSet;

use crate::clock::Now;
use crate::event_loop::{self, Signals};
use crate::group::SocketError;
use crate::http::{self, Bound, ServerContext};
use crate::limits::{self, Limits};
use crate::listener::Serial;
use crate::os::Kernel;
use crate::os::child::{forget_the_start, ignore_file_size_signal, wait_readable};
use crate::os::daemonize::{self, LimitError};
use crate::os::notify::{self, ServiceManager};
use crate::os::privileges::{self, Identity};
use crate::pipes::Pipes;
use crate::reader::Reader;
use crate::rpc::Handle;
use crate::rpc::system::Namespaces;
use crate::supervisor::{Outcome, Supervisor, Surroundings};
use crate::{VERSION, cli, log};

/// Why the daemon does not start.
#[derive(Debug, Error)]
#[expect(missing_docs, reason = "each says itself what it means")]
pub enum StartError {
    #[error("{0}")]
    Rights(String),
    #[error(transparent)]
    Limit(#[from] LimitError),
    #[error(transparent)]
    Log(#[from] log::OpenError),
    #[error(transparent)]
    Http(#[from] http::OpenError),
    #[error(transparent)]
    Fcgi(#[from] SocketError),
    #[error("Could not make {0} rpc interface")]
    Interface(String),
    #[error("cannot {doing}: {source}")]
    System { doing: &'static str, source: io::Error },
}

fn system(doing: &'static str) -> impl Fn(io::Error) -> StartError {
    move |source| StartError::System { doing, source }
}

/// Calls that wait for the supervisor's attention; more wait in their connections.
const WAITING_CALLS: usize = 64;

/// Runs the daemon with this configuration until its end, and tells why if it cannot.
pub fn start(config: Config, reader: Reader) -> ExitCode {
    match run(config, reader) {
        Ok(()) => ExitCode::SUCCESS,
        Err(
            error @ (StartError::Rights(_)
            | StartError::Limit(_)
            | StartError::Http(_)
            | StartError::Interface(_)),
        ) => cli::refuse(&error),
        // The original dies of an exception.
        Err(error @ (StartError::Log(_) | StartError::Fcgi(_) | StartError::System { .. })) => {
            eprintln!("Error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(config: Config, reader: Reader) -> Result<(), StartError> {
    daemonize::keep_standard_streams().map_err(system("open /dev/null"))?;
    ignore_file_size_signal();
    hold_signals().map_err(system("hold signals back"))?;
    let mut config = Rc::new(config);
    // What the daemon ran with before a restart.
    let mut last = None;
    // What its programs left behind.
    let mut left_over = Vec::new();
    let mut beginning = Beginning { reader, descriptors: None, serial: Serial::default(), again: false };
    let mut waiting: Option<(Runtime, Kept)> = None;
    let mut attempts = 0;
    loop {
        let mut begun = match (beginning.begin(&config), last.take(), &mut waiting) {
            (Ok(begun), ..) => begun,
            (Err(error), Some(before), _) => {
                log::critical!("cannot begin again, going back to the last configuration: {error}");
                config = before;
                continue;
            }
            // It has worked before: what is missing, such as descriptors, may come back.
            (Err(error), None, Some((runtime, kept))) if attempts < MOST_ATTEMPTS => {
                if attempts == 0 {
                    log::critical!("cannot begin again, trying for a minute: {error}");
                }
                attempts += 1;
                if runtime.block_on(kept.signals.end_within(PAUSE)) {
                    return Ok(());
                }
                continue;
            }
            (Err(error), None, _) => {
                if beginning.again {
                    log::critical!("cannot begin again: {error}");
                }
                return Err(error);
            }
        };
        attempts = 0;
        if !std::mem::replace(&mut beginning.again, true) && !config.supervisord.nodaemon {
            daemonize::daemonize(&config.supervisord).map_err(system("become a daemon"))?;
        }
        begun.supervisor.take_over(std::mem::take(&mut left_over));
        let pid_file = PidFile::write(config.supervisord.pidfile.clone());
        // Only now, as a runtime does not survive a fork.
        let (runtime, kept) = match &mut waiting {
            Some(waiting) => waiting,
            none => none.insert(prepare_to_wait().map_err(system("make the event loop"))?),
        };
        adopt_orphans();
        let (outcome, mut supervisor) = LocalSet::new().block_on(runtime, serve(begun, kept, &config));
        let outcome = outcome.map_err(system("wait for events"))?;
        beginning.serial = supervisor.serial();
        drop(pid_file);
        match outcome {
            Outcome::End => return Ok(()),
            Outcome::Restart(next) => {
                left_over = supervisor.left_over();
                last = Some(std::mem::replace(&mut config, Rc::new(*next)));
            }
        }
    }
}

/// Whoever sees the daemon's sockets may send it signals: until it listens, they wait. All others are unblocked, as a
/// careless parent may have blocked them. Without a runtime there is only this thread.
fn hold_signals() -> io::Result<()> {
    let meant = [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP, Signal::SIGUSR2];
    Ok(meant.into_iter().collect::<SigSet>().thread_set_mask()?)
}

/// A restart that fails is tried again so often, with such pauses.
const MOST_ATTEMPTS: u32 = 60;
/// See [`MOST_ATTEMPTS`].
const PAUSE: Duration = Duration::from_secs(1);

/// What is kept across restarts.
struct Kept {
    /// A restart must not miss one that comes while nobody waits.
    signals: Signals,
    kernel: Kernel,
    manager: ServiceManager,
}

fn prepare_to_wait() -> io::Result<(Runtime, Kept)> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let signals = {
        let _inside = runtime.enter();
        Signals::listen()?
    };
    SigSet::empty().thread_set_mask()?;
    Ok((runtime, Kept { signals, kernel: Kernel::new()?, manager: ServiceManager::of_environment() }))
}

/// A daemon that has all that it needs to go on.
struct Begun {
    supervisor: Supervisor,
    bound: Vec<Bound>,
    /// Leads to the set of pipes.
    pipes: OwnedFd,
}

/// What is done before the daemon waits for the first time, and again at each restart.
struct Beginning {
    reader: Reader,
    /// See [`Surroundings`].
    descriptors: Option<(u64, u64)>,
    /// The number of the next event. No two events of a daemon have the same, however often it begins again.
    serial: Serial,
    /// It is a restart.
    again: bool,
}

impl Beginning {
    fn begin(&mut self, config: &Rc<Config>) -> Result<Begun, StartError> {
        let mut lines = become_user(config)?;
        if !self.again {
            lines.extend(infos(daemonize::raise_limits(&config.supervisord)?));
        }
        let processes = config.groups.iter().map(|group| group.programs.len()).sum();
        let before = daemonize::raise_own_descriptors(limits::descriptors_for(processes));
        self.descriptors = self.descriptors.or(before);
        match log::open(&config.supervisord) {
            // The log that is still open tries by itself to be written again.
            Err(error) if self.again => log::critical!("{error}"),
            opened => opened?,
        }
        tell(config.notices.iter().chain(&config.typos).chain(&lines));
        let bound = http::open(&config.http_servers)?;
        if !config.supervisord.nocleanup {
            log::file::auto::remove_old(&config.supervisord.childlogdir, &config.supervisord.identifier);
        }
        let set = Pipes::new().map_err(io::Error::from).map_err(system("watch pipes"))?;
        let pipes = set.fd().try_clone_to_owned().map_err(system("watch pipes"))?;
        let around = surroundings(config, self.reader.clone(), self.descriptors, self.serial);
        let supervisor = Supervisor::new(Rc::clone(config), around, set, &Now::read())?;
        tell_of_servers(config)?;
        Ok(Begun { supervisor, bound, pipes })
    }
}

async fn serve(
    begun: Begun,
    Kept { signals, kernel, manager }: &mut Kept,
    config: &Config,
) -> (io::Result<Outcome>, Supervisor) {
    let Begun { mut supervisor, bound, pipes } = begun;
    // Before any program is started: what cannot be waited for must leave none behind.
    let pipes = match wait_readable(pipes) {
        Ok(pipes) => pipes,
        Err(error) => return (Err(error), supervisor),
    };
    let (handle, mut calls) = Handle::new(WAITING_CALLS);
    let context = ServerContext {
        identifier: config.supervisord.identifier.clone(),
        version: VERSION,
        namespaces: Namespaces::new(config.rpcinterfaces.iter().map(|interface| interface.name.clone())),
    };
    let servers = http::serve(bound, handle, context);
    manager.watch();
    supervisor.begin(&Now::read(), kernel);
    forget_the_start();
    let outcome = event_loop::run(&mut supervisor, pipes, signals, &mut calls, kernel, manager).await;
    servers.close().await;
    (outcome, supervisor)
}

/// Drops the rights that the daemon does not need.
fn become_user(config: &Config) -> Result<Vec<Notice>, StartError> {
    let Some(uid) = config.supervisord.user else {
        return Ok(if Uid::current().is_root() {
            let text = "Supervisor is running as root.  Privileges were not dropped because no user is specified in the \
                        config file.  If you intend to run as root, you can set user=root in the config file to avoid \
                        this message.";
            vec![Notice { level: LogLevel::Critical, text: text.to_owned() }]
        } else {
            Vec::new()
        });
    };
    let unknown = |errno: Errno| StartError::Rights(format!("Can't find uid {uid}: {}", errno.desc()));
    match privileges::identity(Some(uid)).map_err(unknown)? {
        Identity::Keep => {}
        Identity::Become(who) => {
            privileges::become_user(&who).map_err(|reason| StartError::Rights(reason.to_owned()))?;
        }
        Identity::Impossible { reason, .. } => return Err(StartError::Rights(reason)),
    }
    Ok(infos(vec![format!("Set uid to user {uid} succeeded")]))
}

fn infos(lines: Vec<String>) -> Vec<Notice> {
    lines.into_iter().map(|text| Notice { level: LogLevel::Info, text }).collect()
}

/// What was found before the log was open: as in the original, the loudest first.
fn tell<'a>(notices: impl Iterator<Item = &'a Notice> + Clone) {
    for level in [LogLevel::Critical, LogLevel::Warn, LogLevel::Info] {
        for notice in notices.clone().filter(|notice| notice.level == level) {
            log::log(level, &notice.text);
        }
    }
}

fn tell_of_servers(config: &Config) -> Result<(), StartError> {
    for server in &config.http_servers {
        for interface in &config.rpcinterfaces {
            if interface.has_arguments {
                return Err(StartError::Interface(interface.name.clone()));
            }
            log::info!("RPC interface '{}' initialized", interface.name);
        }
        if server.credentials.is_none() {
            log::critical!("Server '{}' running without any HTTP authentication checking", server.section);
        }
    }
    Ok(())
}

fn surroundings(
    config: &Config,
    reader: Reader,
    descriptors: Option<(u64, u64)>,
    serial: Serial,
) -> Surroundings {
    let entry = |(key, value): (OsString, OsString)| {
        let (mut key, value) = (key.into_vec(), value.into_vec());
        key.push(b'=');
        key.extend(value);
        CString::new(key).ok()
    };
    let for_children =
        |(key, _): &(OsString, OsString)| !notify::VARIABLES.iter().any(|variable| key == variable);
    Surroundings {
        reader,
        server_url: server_url(config),
        environment: std::env::vars_os().filter(for_children).filter_map(entry).collect(),
        path: std::env::var("PATH").unwrap_or_default(),
        descriptors,
        limits: Limits::read(),
        serial,
    }
}

/// What children are told to reach the daemon by: the first unix socket, else the last port.
fn server_url(config: &Config) -> Option<String> {
    let unix = config.http_servers.iter().find_map(|server| match &server.listen {
        Listen::Unix(address) => Some(format!("unix://{}", address.file.display())),
        Listen::Inet(_) => None,
    });
    unix.or_else(|| {
        config.http_servers.iter().rev().find_map(|server| match &server.listen {
            Listen::Inet(address) if address.host.is_empty() => {
                Some(format!("http://localhost:{}", address.port))
            }
            Listen::Inet(address) if address.host.contains(':') => {
                Some(format!("http://[{}]:{}", address.host, address.port))
            }
            Listen::Inet(address) => Some(format!("http://{}:{}", address.host, address.port)),
            Listen::Unix(_) => None,
        })
    })
}

/// What the children leave behind becomes ours, so that no zombie stays. As the first process of a container it is anyway.
fn adopt_orphans() {
    if let Err(errno) = nix::sys::prctl::set_child_subreaper(true) {
        log::debug!("orphans of children are not adopted: {}", errno.desc());
    }
}

/// The file that tells the daemon's pid, as long as the daemon runs.
#[derive(Debug)]
struct PidFile(Option<PathBuf>);

impl PidFile {
    fn write(path: PathBuf) -> Self {
        let pid = std::process::id();
        let written = fs::File::create(&path).and_then(|mut file| writeln!(file, "{pid}"));
        match written {
            Ok(()) => {
                log::info!("supervisord started with pid {pid}");
                Self(Some(path))
            }
            Err(_) => {
                log::critical!("could not write pidfile {}", path.display());
                Self(None)
            }
        }
    }
}

impl Drop for PidFile {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // It may have been removed by somebody else.
            let _: io::Result<()> = fs::remove_file(path);
        }
    }
}
