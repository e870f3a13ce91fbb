//! Speaking HTTP by hand: every byte of a request is the test's, every byte of an answer is seen.

use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use crate::bed::TestBed;
use crate::wait::CEILING;

/// A connection to the daemon.
#[derive(Debug)]
pub struct Wire {
    stream: File,
    /// What has arrived and is not yet looked at.
    arrived: Vec<u8>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The status line.
    pub status: String,
    /// Names in lower case, and values, in the order of the names.
    pub headers: Vec<(String, String)>,
    /// The body, without the marks of its chunks.
    pub body: String,
}

impl Response {
    /// The number in the status line.
    #[track_caller]
    pub fn code(&self) -> u16 {
        self.status.split(' ').nth(1).and_then(|code| code.parse().ok()).expect("a status line has its code")
    }

    /// The value of a header; a date is `DATE`.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|header| header.0 == name).map(|header| header.1.as_str())
    }
}

impl TestBed {
    /// Connects to the unix socket.
    #[track_caller]
    pub fn connect(&self) -> Wire {
        let stream =
            UnixStream::connect(self.path("supervisor.sock")).expect("the daemon listens on its socket");
        stream.set_read_timeout(Some(CEILING)).expect("a timeout");
        Wire::new(OwnedFd::from(stream))
    }

    /// Connects to `127.0.0.1:{port}`.
    #[track_caller]
    pub fn connect_tcp(&self) -> Wire {
        let stream = TcpStream::connect(("127.0.0.1", self.port())).expect("the daemon listens on its port");
        stream.set_read_timeout(Some(CEILING)).expect("a timeout");
        Wire::new(OwnedFd::from(stream))
    }

    /// Sends one request over a connection of its own to the unix socket, and returns the answer.
    #[track_caller]
    pub fn request(&self, request: &str) -> Response {
        let mut wire = self.connect();
        wire.send(request);
        wire.response()
    }

    /// What a GET of a path over the unix socket answers.
    #[track_caller]
    pub fn get(&self, path: &str) -> Response {
        self.request(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    }
}

impl Wire {
    fn new(stream: OwnedFd) -> Self {
        Self { stream: stream.into(), arrived: Vec::new() }
    }

    /// Sends a text.
    #[track_caller]
    pub fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).expect("the daemon listens");
    }

    /// Says that nothing more will be sent.
    pub fn end(&self) {
        let stream = self.stream.try_clone().expect("a second handle");
        // Shutting down works on a socket of either kind.
        let _ = TcpStream::from(OwnedFd::from(stream)).shutdown(Shutdown::Write);
    }

    /// Reads an answer whole.
    #[track_caller]
    pub fn response(&mut self) -> Response {
        let mut response = self.head();
        let bodiless = matches!(response.code(), 100 | 304);
        let body = if bodiless {
            Vec::new()
        } else if let Some(length) = response.header("content-length") {
            let length = length.parse().expect("a length");
            self.take(length)
        } else if response.header("transfer-encoding").is_some() {
            let mut body = Vec::new();
            loop {
                match self.chunk() {
                    chunk if chunk.is_empty() => break body,
                    chunk => body.extend(chunk),
                }
            }
        } else {
            while self.more() {}
            std::mem::take(&mut self.arrived)
        };
        response.body = String::from_utf8_lossy(&body).into_owned();
        response
    }

    /// Reads the head of an answer alone: that of a stream, or of an answer to HEAD.
    #[track_caller]
    pub fn head(&mut self) -> Response {
        let head = self.until("\r\n\r\n");
        let mut lines = head.trim_end().split("\r\n");
        let status = lines.next().unwrap_or_default().to_owned();
        let header = |line: &str| {
            let (name, value) = line.split_once(": ").unwrap_or((line, ""));
            let is_date = value.ends_with(" GMT") && !value.contains(" 1970 ");
            (name.to_lowercase(), if is_date { "DATE" } else { value }.to_owned())
        };
        let mut headers: Vec<_> = lines.map(header).collect();
        headers.sort();
        Response { status, headers, body: String::new() }
    }

    /// Reads the next chunk of a body in chunks; the last one is empty.
    #[track_caller]
    pub fn chunk(&mut self) -> Vec<u8> {
        let size = self.until("\r\n");
        let size = usize::from_str_radix(size.trim(), 16).expect("the size of a chunk");
        let mut chunk = self.take(size + 2);
        assert_eq!(chunk.split_off(size), b"\r\n", "the end of a chunk");
        chunk
    }

    /// Reads chunks until together they have so many bytes.
    #[track_caller]
    pub fn chunks(&mut self, length: usize) -> String {
        let mut bytes = Vec::new();
        while bytes.len() < length {
            let chunk = self.chunk();
            assert!(!chunk.is_empty(), "the stream ends after {}", String::from_utf8_lossy(&bytes));
            bytes.extend(chunk);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Reads up to the end of a text.
    #[track_caller]
    pub fn until(&mut self, text: &str) -> String {
        let find = |bytes: &[u8]| bytes.windows(text.len()).position(|window| window == text.as_bytes());
        loop {
            if let Some(start) = find(&self.arrived) {
                let found = self.take(start + text.len());
                return String::from_utf8_lossy(&found).into_owned();
            }
            assert!(self.more(), "closed before {text:?}: {:?}", String::from_utf8_lossy(&self.arrived));
        }
    }

    /// Whether the daemon closes the connection without another byte.
    #[track_caller]
    pub fn is_closed(&mut self) -> bool {
        self.arrived.is_empty() && !self.more()
    }

    #[track_caller]
    fn take(&mut self, length: usize) -> Vec<u8> {
        while self.arrived.len() < length {
            assert!(
                self.more(),
                "closed {} bytes too early: {:?}",
                length - self.arrived.len(),
                String::from_utf8_lossy(&self.arrived)
            );
        }
        let rest = self.arrived.split_off(length);
        std::mem::replace(&mut self.arrived, rest)
    }

    /// Reads what comes next; false: the other side has closed.
    #[track_caller]
    fn more(&mut self) -> bool {
        let mut bytes = [0; 4096];
        match self.stream.read(&mut bytes) {
            Ok(0) => false,
            Ok(length) => {
                self.arrived.extend(&bytes[..length]);
                true
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("{error}, after {:?}", String::from_utf8_lossy(&self.arrived)),
        }
    }
}
