//! The typed form of each section, as the daemon uses it.

use std::path::PathBuf;
use std::rc::Rc;

mod eventlistener;
mod fcgi_program;
mod group;
mod http_server;
mod program;
mod rpcinterface;
mod supervisorctl;
mod supervisord;

pub use eventlistener::{EventType, Pool};
pub use fcgi_program::{FcgiSocket, SocketAddress};
pub use group::{Group, GroupKind};
pub use http_server::{Credentials, HttpServer, InetAddress, Listen, UnixAddress};
pub use program::{Autorestart, Channel, LogTarget, Program, ServerUrl, Signal};
pub use rpcinterface::RpcInterface;
pub use supervisorctl::CtlOptions;
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
