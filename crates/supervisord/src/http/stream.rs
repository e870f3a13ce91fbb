//! One accepted socket, of either kind: hyper's machinery is compiled once.

use std::io;
use std::net::IpAddr;
use std::os::fd::{AsRawFd, RawFd};
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use hyper::body::Bytes;
use nix::sys::socket::{MsgFlags, recv};
use tokio::io::{AsyncRead, AsyncWrite, Interest, ReadBuf};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::Instant;

use super::activity::Activity;

/// Who is at the other end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Peer {
    /// A host. The port changes with each connection and is no part of who it is.
    Host(IpAddr),
    /// A user of this machine.
    User(u32),
}

impl std::fmt::Display for Peer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Host(ip) => write!(formatter, "{ip}"),
            Self::User(uid) => write!(formatter, "user {uid} on the unix socket"),
        }
    }
}

/// A socket of either kind.
#[derive(Debug)]
pub(crate) enum Socket {
    Inet(TcpStream),
    Unix(UnixStream),
}

impl Socket {
    /// Waits for a byte, or for the end.
    async fn has_input(&self) {
        loop {
            // A new socket counts as ready until one has looked.
            let ready = match self {
                Self::Inet(socket) => socket.readable().await,
                Self::Unix(socket) => socket.readable().await,
            };
            let looked = match self {
                Self::Inet(socket) => socket.try_io(Interest::READABLE, || peek(socket.as_raw_fd())),
                Self::Unix(socket) => socket.try_io(Interest::READABLE, || peek(socket.as_raw_fd())),
            };
            let is_waiting = looked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock);
            if ready.is_err() || !is_waiting {
                return;
            }
        }
    }
}

fn peek(socket: RawFd) -> io::Result<()> {
    recv(socket, &mut [0], MsgFlags::MSG_PEEK | MsgFlags::MSG_DONTWAIT)?;
    Ok(())
}

/// A socket whose traffic is noted in an [`Activity`].
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) socket: Socket,
    pub(crate) activity: Rc<Activity>,
    /// What was read from the socket already.
    pub(crate) ahead: Bytes,
}

impl Stream {
    /// Waits until there is something to read.
    pub(crate) async fn has_input(&self) {
        if self.ahead.is_empty() {
            self.socket.has_input().await;
        }
    }

    fn note<T>(&self, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        match &result {
            Poll::Ready(_) => self.activity.sent(),
            Poll::Pending => self.activity.held_up(Instant::now()),
        }
        result
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.ahead.is_empty() {
            let length = self.ahead.len().min(buffer.remaining());
            buffer.put_slice(&self.ahead.split_to(length));
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        let result = match &mut self.socket {
            Socket::Inet(socket) => Pin::new(socket).poll_read(cx, buffer),
            Socket::Unix(socket) => Pin::new(socket).poll_read(cx, buffer),
        };
        if buffer.filled().len() > before {
            self.activity.received(Instant::now());
        }
        result
    }
}

impl AsyncWrite for Stream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let result = match &mut self.socket {
            Socket::Inet(socket) => Pin::new(socket).poll_write(cx, bytes),
            Socket::Unix(socket) => Pin::new(socket).poll_write(cx, bytes),
        };
        self.note(result)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let result = match &mut self.socket {
            Socket::Inet(socket) => Pin::new(socket).poll_write_vectored(cx, bytes),
            Socket::Unix(socket) => Pin::new(socket).poll_write_vectored(cx, bytes),
        };
        self.note(result)
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.socket {
            Socket::Inet(socket) => Pin::new(socket).poll_shutdown(cx),
            Socket::Unix(socket) => Pin::new(socket).poll_shutdown(cx),
        }
    }
}
