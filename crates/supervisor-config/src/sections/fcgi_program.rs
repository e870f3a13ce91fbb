//! `[fcgi-program:x]`.

use std::path::PathBuf;

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
    /// As written.
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
