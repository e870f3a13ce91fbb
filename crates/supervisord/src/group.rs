//! A group: its options, its processes, and what they share.
//!
//! Owns the FastCGI sockets of its programs while one of them lives.

use std::net::ToSocketAddrs;
use std::os::fd::AsFd;
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::rc::Rc;

use nix::sys::socket::sockopt::ReuseAddr;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, UnixAddr, bind, listen, setsockopt, socket,
};
use nix::unistd::{Gid, Uid, chown};
use std::os::unix::fs::PermissionsExt;
use supervisor_config::sections::{self, FcgiSocket, SocketAddress};
use thiserror::Error;

use crate::log;
use crate::process::ProcessId;

/// A group that is active.
#[derive(Debug)]
pub struct Group {
    /// Its options.
    pub config: Rc<sections::Group>,
    /// Its processes in the order of the configuration.
    pub members: Vec<ProcessId>,
    /// The FastCGI sockets of its programs.
    pub sockets: Sockets,
}

/// FastCGI sockets, each open while a process uses it.
#[derive(Debug, Default)]
pub struct Sockets(Vec<Shared>);

#[derive(Debug)]
struct Shared {
    url: String,
    fd: OwnedFd,
    users: Vec<ProcessId>,
}

/// A FastCGI socket could not be made.
#[derive(Debug, Error)]
#[error("Could not create FastCGI socket {url}: {reason}")]
pub struct SocketError {
    url: String,
    reason: std::io::Error,
}

impl Sockets {
    /// Makes each socket once and closes it again, as the original does to find mistakes early.
    pub fn check(config: &sections::Group) -> Result<(), SocketError> {
        let mut sockets = Self::default();
        for program in &config.programs {
            if let Some(socket) = &program.socket {
                sockets.acquire(socket, ProcessId(0))?;
            }
        }
        sockets.release(ProcessId(0));
        Ok(())
    }

    /// The socket for a process, made if it is the first to use it.
    pub fn acquire(&mut self, socket: &FcgiSocket, user: ProcessId) -> Result<BorrowedFd<'_>, SocketError> {
        let index = match self.0.iter().position(|shared| shared.url == socket.url) {
            Some(index) => index,
            None => {
                log::info!("Creating socket {}", socket.url);
                let fd = open(socket).map_err(|reason| SocketError { url: socket.url.clone(), reason })?;
                self.0.push(Shared { url: socket.url.clone(), fd, users: Vec::new() });
                self.0.len() - 1
            }
        };
        let shared = &mut self.0[index];
        if !shared.users.contains(&user) {
            shared.users.push(user);
        }
        Ok(shared.fd.as_fd())
    }

    /// The process does not use its socket any more; the last one closes it. Its file stays, as with the original.
    pub fn release(&mut self, user: ProcessId) {
        self.0.retain_mut(|shared| {
            shared.users.retain(|one| *one != user);
            if shared.users.is_empty() {
                log::info!("Closing socket {}", shared.url);
            }
            !shared.users.is_empty()
        });
    }
}

fn open(socket: &FcgiSocket) -> std::io::Result<OwnedFd> {
    let fd = match &socket.address {
        SocketAddress::Tcp(host, port) => open_tcp(host, *port)?,
        SocketAddress::Unix(path) => open_unix(path, socket)?,
    };
    // Without a number, as many as the system allows.
    let backlog = Backlog::new(socket.backlog.unwrap_or(libc::SOMAXCONN)).unwrap_or(Backlog::MAXCONN);
    listen(&fd, backlog)?;
    Ok(fd)
}

fn open_tcp(host: &str, port: u16) -> std::io::Result<OwnedFd> {
    let mut addresses = (host, port).to_socket_addrs()?;
    let address =
        addresses.find(|address| address.is_ipv4()).or_else(|| (host, port).to_socket_addrs().ok()?.next());
    let address = address.ok_or(std::io::ErrorKind::AddrNotAvailable)?;
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let fd = socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    setsockopt(&fd, ReuseAddr, &true)?;
    bind(fd.as_raw_fd(), &SockaddrStorage::from(address))?;
    Ok(fd)
}

/// What is at the path already is unlinked first, unless it is no socket: the original unlinks anything.
fn open_unix(path: &Path, options: &FcgiSocket) -> std::io::Result<OwnedFd> {
    use std::os::unix::fs::FileTypeExt;
    if std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket()) {
        std::fs::remove_file(path)?;
    }
    let fd = socket(AddressFamily::Unix, SockType::Stream, SockFlag::SOCK_CLOEXEC, None)?;
    bind(fd.as_raw_fd(), &UnixAddr::new(path)?)?;
    if let Some((uid, gid)) = options.owner {
        chown(path, Some(Uid::from_raw(uid)), gid.map(Gid::from_raw))?;
    }
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(options.mode))?;
    Ok(fd)
}
