//! `[inet_http_server…]` and `[unix_http_server…]`.

use std::path::PathBuf;

/// One HTTP server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpServer {
    /// Its section as written, such as `inet_http_server` or `unix_http_server:b`.
    pub section: String,
    /// Where it listens.
    pub listen: Listen,
    /// `None`: open to everybody who reaches it.
    pub credentials: Option<Credentials>,
}

/// Where a server listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Listen {
    /// A TCP port.
    Inet(InetAddress),
    /// A unix socket.
    Unix(UnixAddress),
}

/// A TCP address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InetAddress {
    /// Lower-cased host; empty means every IPv4 interface (`*` becomes empty). A bracketed IPv6 address keeps no brackets.
    pub host: String,
    /// 1 to 65535.
    pub port: u16,
}

/// A unix socket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnixAddress {
    /// Absolute.
    pub file: PathBuf,
    /// Access of the socket file.
    pub chmod: u32,
    /// User and group of the socket file; `None`: unchanged.
    pub chown: (Option<u32>, Option<u32>),
}

/// What Basic authentication compares with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user's name.
    pub username: String,
    /// Plain, or `{SHA}` and 40 lower-case hexadecimal digits.
    pub password: String,
}
