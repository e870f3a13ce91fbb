//! Where a server is: `http://host:port` or `unix:///path`.

use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;

use super::ClientError;

/// Where a server is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// A TCP port.
    Inet {
        /// Name or address; IPv6 without brackets.
        host: String,
        /// 80 where the url has none.
        port: u16,
    },
    /// A unix socket.
    Unix(PathBuf),
}

impl Address {
    /// Reads a url. The path behind a host is ignored, as are a user and a password before it: the original does so.
    pub fn parse(url: &str) -> Result<Self, ClientError> {
        if let Some(path) = url.strip_prefix("unix://") {
            return Ok(Self::Unix(path.into()));
        }
        let Some(rest) = url.strip_prefix("http://") else {
            return Err(ClientError::UnknownProtocol(url.to_owned()));
        };
        let bad = || ClientError::BadUrl(url.to_owned());
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let authority = authority.rsplit_once('@').map_or(authority, |(_, server)| server);
        let (host, port) = match authority.strip_prefix('[') {
            Some(bracketed) => {
                let (host, rest) = bracketed.split_once(']').ok_or_else(bad)?;
                (host, rest.strip_prefix(':'))
            }
            None => match authority.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (authority, None),
            },
        };
        let port = match port {
            None | Some("") => 80,
            Some(port) => port.parse().map_err(|_| bad())?,
        };
        if host.is_empty() {
            return Err(bad());
        }
        Ok(Self::Inet { host: host.to_ascii_lowercase(), port })
    }

    /// The `Host` header.
    pub(super) fn host(&self) -> String {
        match self {
            // What the original sends, too: a path is no host.
            Self::Unix(_) => "localhost".to_owned(),
            Self::Inet { host, port } if host.contains(':') => format!("[{host}]:{port}"),
            Self::Inet { host, port } => format!("{host}:{port}"),
        }
    }

    /// The addresses to try. Blocks, because a resolver that does not would need a thread.
    pub(super) fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        match self {
            Self::Unix(_) => Ok(Vec::new()),
            Self::Inet { host, port } => (host.as_str(), *port).to_socket_addrs().map(Iterator::collect),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inet(host: &str, port: u16) -> Address {
        Address::Inet { host: host.to_owned(), port }
    }

    #[test]
    fn urls_name_a_port_or_a_socket() {
        for (url, address) in [
            ("unix:///tmp/s.sock", Address::Unix("/tmp/s.sock".into())),
            ("unix://s.sock", Address::Unix("s.sock".into())),
            ("http://localhost:9001", inet("localhost", 9001)),
            ("http://Example.COM", inet("example.com", 80)),
            ("http://user:pass@127.0.0.1:9/path?x", inet("127.0.0.1", 9)),
            ("http://[::1]:9001/", inet("::1", 9001)),
            ("http://[::1]", inet("::1", 80)),
        ] {
            assert_eq!(Address::parse(url).ok(), Some(address), "{url}");
        }
    }

    #[test]
    fn other_urls_are_refused() {
        for url in ["https://x", "localhost:9001", "HTTP://x", ""] {
            let error = Address::parse(url).expect_err("refused");
            assert_eq!(error.to_string(), format!("Unknown protocol for serverurl {url}"));
        }
        for url in ["http://", "http://:9001", "http://x:y", "http://x:99999", "http://[::1"] {
            assert!(matches!(Address::parse(url), Err(ClientError::BadUrl(_))), "{url}");
        }
    }
}
