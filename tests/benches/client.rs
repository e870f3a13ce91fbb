//! A client that costs little: calls over one connection that is kept, with bodies made once and answers looked at only for faults.

use std::fmt::Debug;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

trait Stream: Read + Write + Debug + Send {}
impl<T: Read + Write + Debug + Send> Stream for T {}

/// A connection.
#[derive(Debug)]
pub(crate) struct Client {
    stream: BufReader<Box<dyn Stream>>,
    body: Vec<u8>,
}

impl Client {
    /// Over a unix socket.
    pub(crate) fn unix(path: &Path) -> Self {
        let stream = UnixStream::connect(path).expect("the daemon listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
        Self::over(Box::new(stream))
    }

    /// Over TCP, on this machine.
    pub(crate) fn tcp(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).expect("the daemon listens");
        stream.set_read_timeout(Some(Duration::from_secs(60))).expect("a socket");
        Self::over(Box::new(stream))
    }

    fn over(stream: Box<dyn Stream>) -> Self {
        Self { stream: BufReader::with_capacity(1 << 16, stream), body: Vec::new() }
    }

    /// Calls a method with parameters as XML (`<string>x</string>`), and returns the answer's body.
    pub(crate) fn call(&mut self, method: &str, params: &[&str]) -> &str {
        self.send(&request(method, params))
    }

    /// Sends a whole request, and returns the answer's body.
    pub(crate) fn send(&mut self, request: &[u8]) -> &str {
        self.stream.get_mut().write_all(request).expect("the daemon reads");
        let (mut line, mut length) = (String::new(), 0);
        loop {
            line.clear();
            assert!(self.stream.read_line(&mut line).expect("an answer") > 0, "the connection was closed");
            match line.trim_end() {
                "" => break,
                line => {
                    if let Some((name, value)) = line.split_once(':')
                        && name.eq_ignore_ascii_case("content-length")
                    {
                        length = value.trim().parse().expect("a length");
                    }
                }
            }
        }
        self.body.resize(length, 0);
        self.stream.read_exact(&mut self.body).expect("the whole answer");
        let body = std::str::from_utf8(&self.body).expect("UTF-8");
        // The two stand at the beginning; to search a long answer for them takes longer than to make it.
        let head = body.get(..100).unwrap_or(body);
        assert!(head.contains("<methodResponse>") && !head.contains("<fault>"), "{body}");
        body
    }
}

/// A request as bytes.
pub(crate) fn request(method: &str, params: &[&str]) -> Vec<u8> {
    let params: String =
        params.iter().map(|param| format!("<param><value>{param}</value></param>")).collect();
    let body = format!(
        "<?xml version='1.0'?>\n<methodCall><methodName>{method}</methodName><params>{params}</params></methodCall>"
    );
    format!(
        "POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}
