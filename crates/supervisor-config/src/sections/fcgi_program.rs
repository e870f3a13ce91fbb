//! `[fcgi-program:x]`.

use std::path::PathBuf;

use nix::unistd::getuid;

use crate::error::{Reason, SocketError};
use crate::ini::Section;
use crate::options::{At, Context, Key, Names, options};
use crate::python::is_blank;
use crate::value::{Octal, Owner, UserId, group_of, port};

/// Where a FastCGI socket is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SocketAddress {
    /// `tcp://host:port`.
    Tcp(String, u16),
    /// `unix:///path`.
    Unix(PathBuf),
}

/// The socket that the processes of a `[fcgi-program:x]` share as their standard input.
#[derive(Debug, Clone)]
pub struct FcgiSocket {
    /// Normalised: the host in lower case, the path without `..`.
    pub url: String,
    /// As understood.
    pub address: SocketAddress,
    /// `None`: unchanged.
    pub owner: Option<(u32, Option<u32>)>,
    /// Access of the socket file.
    pub mode: u32,
    /// `None`: the system's greatest.
    pub backlog: Option<i32>,
}

/// Owner, mode and backlog do not make a group changed.
impl PartialEq for FcgiSocket {
    fn eq(&self, other: &Self) -> bool {
        self.url == other.url
    }
}

options! {
    /// The rows that belong to the socket, as the original checks each before it reads the next.
    pub(crate) struct Backlog {
        /// The user that the program runs as, who owns the socket if nobody else is named.
        user: UserId;
        /// How many connections wait to be accepted at most, 1 to 65535. Without it as many as the system allows.
        socket_backlog: i64;
    }
}

options! {
    /// Who may connect.
    pub(crate) struct Access {
        /// The owner of the socket file, as `user` or `user:group`.
        socket_owner: Owner, else "Invalid socket_owner value";
        /// The access of the socket file. Without it 0700.
        socket_mode: Octal, else "Invalid socket_mode value";
    }
}

options! {
    /// The socket itself.
    pub(crate) struct Socket {
        /// The socket: `tcp://host:port` or `unix:///path`. Required.
        socket: String = "";
    }
}

pub(crate) fn known_keys() -> impl Iterator<Item = &'static Key> {
    let backlog = Backlog::KEYS.iter().filter(|key| key.name != "user");
    Socket::KEYS.iter().chain(backlog).chain(Access::KEYS)
}

/// Reads the socket of a section.
pub(crate) fn read<'a>(context: &mut Context<'a>, section: &'a Section, name: &str) -> Option<FcgiSocket> {
    let here = std::rc::Rc::clone(&context.here);
    let mut at = context.at(section, Names::new([("here", &here)]));
    let reports = at.context.problems.reports();
    let Backlog { user, socket_backlog: backlog } = Backlog::read(&mut at);
    if let Some(backlog) = backlog.filter(|backlog| !(1..=65535).contains(backlog)) {
        at.wrong("socket_backlog", |_| Reason::Backlog(backlog), None);
    }
    let access = Access::read(&mut at);
    at.names.texts.push(("program_name", name.into()));
    let before = at.context.problems.reports();
    let Socket { socket } = Socket::read(&mut at);
    if socket.is_empty() {
        if at.context.problems.reports() == before {
            at.wrong("socket", Reason::NoSocket, None);
        }
        return None;
    }
    let socket = match socket_of(&at, &socket, user, &access) {
        Ok(socket) => {
            FcgiSocket { backlog: backlog.and_then(|backlog| i32::try_from(backlog).ok()), ..socket }
        }
        Err(reason) => {
            at.wrong("socket", |section| Reason::Socket { reason, section }, None);
            return None;
        }
    };
    (at.context.problems.reports() == reports).then_some(socket)
}

fn socket_of(
    at: &At<'_, '_>,
    text: &str,
    user: Option<UserId>,
    access: &Access,
) -> Result<FcgiSocket, SocketError> {
    if let Some(path) = text.strip_prefix("unix://") {
        if !path.starts_with('/') {
            return Err(SocketError::Relative(path.to_owned()));
        }
        let path = at.context.around.abspath(path);
        // Somebody else's program gets its own socket.
        let owner = match (access.socket_owner, user) {
            (Some(Owner(user, group)), _) => Some((user, group)),
            (None, Some(UserId(uid))) if uid != getuid().as_raw() => Some((uid, group_of(uid))),
            (None, _) => None,
        };
        return Ok(FcgiSocket {
            url: format!("unix://{path}"),
            address: SocketAddress::Unix(path.into()),
            owner,
            mode: access.socket_mode.map_or(0o700, |Octal(mode)| mode),
            backlog: None,
        });
    }
    if access.socket_owner.is_some() || access.socket_mode.is_some() {
        return Err(SocketError::NotAFile);
    }
    let bad = || SocketError::Format(text.to_owned());
    let (host, number) = text.strip_prefix("tcp://").and_then(|rest| rest.split_once(':')).ok_or_else(bad)?;
    let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
    if host.is_empty() || host.contains(is_blank) || !digits {
        return Err(bad());
    }
    let (host, port) = (host.to_lowercase(), port(number)?);
    Ok(FcgiSocket {
        url: format!("tcp://{host}:{port}"),
        address: SocketAddress::Tcp(host, port),
        owner: None,
        mode: 0o700,
        backlog: None,
    })
}
