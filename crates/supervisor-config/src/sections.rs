//! The typed form of each section, as the daemon uses it.

use std::path::PathBuf;
use std::rc::Rc;

mod eventlistener;
mod fcgi_program;
mod group;
mod http_server;
mod program;
mod rpcinterface;
mod supervisord;

pub use eventlistener::{EventType, Pool};
pub use fcgi_program::{FcgiSocket, SocketAddress};
pub use group::{Group, GroupKind};
pub use http_server::{Credentials, HttpServer, InetAddress, Listen, UnixAddress};
pub use program::{Autorestart, Channel, LogTarget, Program, ServerUrl, Signal};
pub use rpcinterface::RpcInterface;
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

/// A line for the log about what was found in the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// How loud it is.
    pub level: LogLevel,
    /// The sentence, as the original words it.
    pub text: String,
}
