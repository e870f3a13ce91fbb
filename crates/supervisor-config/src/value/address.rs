//! Addresses of servers.

use std::net::Ipv6Addr;

use super::ValueError;
use crate::python;
use crate::sections::InetAddress;

/// `port`, `host:port`, `*:port`, `:port`; and, as the original cannot, `[IPv6 address]:port`.
pub(super) fn inet(text: &str) -> Result<InetAddress, ValueError> {
    let Some((host, number)) = text.rsplit_once(':') else {
        let port = port(text).map_err(|_| ValueError::Port(text.to_owned()))?;
        return Ok(InetAddress { host: String::new(), port });
    };
    if number.is_empty() {
        return Err(ValueError::NoPort);
    }
    let port = port(number)?;
    let host = host.to_lowercase();
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(inner) => match inner.split('%').next().map(str::parse::<Ipv6Addr>) {
            Some(Ok(_)) => Ok(InetAddress { host: inner.to_owned(), port }),
            _ => Err(ValueError::Ipv6(host)),
        },
        None if host == "*" => Ok(InetAddress { host: String::new(), port }),
        None => Ok(InetAddress { host, port }),
    }
}

/// 1 to 65535.
pub(crate) fn port(text: &str) -> Result<u16, ValueError> {
    match python::int(text)? {
        ..1 => Err(ValueError::PortBelow(python::plain_int(text))),
        number => u16::try_from(number).map_err(|_| ValueError::PortAbove(python::plain_int(text))),
    }
}
