//! The typed form of each section, as the daemon uses it.

use std::path::PathBuf;
use std::rc::Rc;

use crate::options::{Key, options};
use crate::value::Words;

pub(crate) mod eventlistener;
pub(crate) mod fcgi_program;
pub(crate) mod group;
pub(crate) mod http_server;
pub(crate) mod program;
pub(crate) mod rpcinterface;
pub(crate) mod supervisorctl;
pub(crate) mod supervisord;

pub use eventlistener::{EventType, Pool};
pub use fcgi_program::{FcgiSocket, SocketAddress};
pub use group::{Group, GroupKind};
pub use http_server::{Credentials, HttpServer, InetAddress, Listen, UnixAddress};
pub use program::{Autorestart, Channel, LogTarget, Program, ServerUrl, Signal};
pub use rpcinterface::RpcInterface;
pub use supervisorctl::{CtlOptions, Whereabouts};
pub use supervisord::{LogLevel, Supervisord};

/// Everything that supervisord reads: its main file and the files that this one includes.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The main file, absolute.
    pub file: PathBuf,
    /// `[supervisord]`.
    pub supervisord: Supervisord,
    /// `[inet_http_server…]` in the order of the file, then `[unix_http_server…]`.
    pub http_servers: Vec<HttpServer>,
    /// `[rpcinterface:…]`.
    pub rpcinterfaces: Vec<RpcInterface>,
    /// Every group, sorted by priority and name, heterogeneous groups first among equals.
    pub groups: Vec<Rc<Group>>,
    /// What was found while reading and is to be logged once the log is open, in this order.
    pub notices: Vec<Notice>,
    /// Keys and sections that nothing reads, to be logged after the notices and told on stderr in the foreground.
    pub typos: Vec<Notice>,
}

impl Config {
    /// What `SUPERVISOR_SERVER_URL` is when a program does not say: the first unix socket, else the first TCP port.
    pub fn serverurl(&self) -> Option<String> {
        let unix = self.http_servers.iter().find_map(|server| match &server.listen {
            Listen::Unix(address) => Some(format!("unix://{}", address.file.display())),
            Listen::Inet(_) => None,
        });
        let inet = || {
            self.http_servers.iter().find_map(|server| match &server.listen {
                Listen::Unix(_) => None,
                Listen::Inet(InetAddress { host, port }) if host.is_empty() => {
                    Some(format!("http://localhost:{port}"))
                }
                Listen::Inet(InetAddress { host, port }) if host.contains(':') => {
                    Some(format!("http://[{host}]:{port}"))
                }
                Listen::Inet(InetAddress { host, port }) => Some(format!("http://{host}:{port}")),
            })
        };
        unix.or_else(inet)
    }
}

/// A line for the log about what was found in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How loud it is.
    pub level: LogLevel,
    /// The sentence, as the original words it.
    pub text: String,
}

options! {
    /// The row of `[include]`.
    pub(crate) struct Include {
        /// The files to read over this one, with blanks between: patterns, relative to the folder of the main file.
        files: Words;
    }
}

/// A kind of section, as a manual shows it.
#[derive(Debug, Clone)]
pub struct Kind {
    /// Its name: `supervisord`, or `program:` with the colon where a name follows.
    pub name: &'static str,
    /// Its keys.
    pub keys: Vec<Key>,
}

/// Every kind of section.
pub fn kinds() -> Vec<Kind> {
    let kind = |name, keys| Kind { name, keys };
    let program = || program::read::known_keys().copied();
    let listener = || program().filter(|key| key.name != "priority");
    vec![
        kind("unix_http_server", http_server::known_unix_keys().copied().collect()),
        kind("inet_http_server", http_server::known_inet_keys().copied().collect()),
        kind("supervisord", supervisord::Options::KEYS.to_vec()),
        kind("supervisorctl", supervisorctl::known_keys().copied().collect()),
        kind("include", Include::KEYS.to_vec()),
        kind("program:", program().collect()),
        kind("group:", group::Options::KEYS.to_vec()),
        kind("eventlistener:", eventlistener::known_keys().copied().chain(listener()).collect()),
        kind("fcgi-program:", fcgi_program::known_keys().copied().chain(program()).collect()),
        kind("rpcinterface:", Vec::new()),
        kind("ctlplugin:", Vec::new()),
    ]
}
