//! Opening the listening sockets, before there is a runtime and before the daemon forks.
//!
//! Owns the sockets and the files of unix sockets: whoever drops a [`Bound`] removes the file, unless somebody else has
//! put another one in its place. Must not know HTTP.

use std::fs;
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, ToSocketAddrs};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags, RenameFlags, renameat2};
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, SockaddrStorage, UnixAddr, bind, connect, listen, setsockopt,
    socket, sockopt,
};
use nix::sys::stat::{Mode, fchmod, umask};
use nix::unistd::{Gid, Uid, User, fchownat};
use supervisor_config::sections::{Credentials, HttpServer, InetAddress, Listen, UnixAddress};
use thiserror::Error;

/// Connections that the kernel holds until they are accepted. As the original.
const BACKLOG: i32 = 1024;

/// How often a stale socket file may come back before opening is given up.
const RIVALS: usize = 10;

/// Why a server could not be opened. The daemon ends with it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum OpenError {
    /// Somebody listens there.
    #[error(
        "Another program is already listening on a port that one of our HTTP servers is configured to use.  \
         Shut this program down first before starting supervisord."
    )]
    InUse,
    /// The kernel refused.
    #[error("Cannot open an HTTP server: socket.error reported errno.{0:?} ({n})", n = *.0 as i32)]
    Refused(Errno),
    /// The host has no address. The number is that of getaddrinfo(3), which the original shows.
    #[error("Cannot open an HTTP server: socket.error reported -2")]
    NoSuchHost,
    /// The name of a unix socket, together with the pid that is appended at first, has a length that no address has.
    #[error("Cannot open an HTTP server: socket.error reported AF_UNIX path too long")]
    PathTooLong,
    /// The owner of the socket file cannot be set.
    #[error(
        "Not permitted to chown {} to uid/gid ({}, {}); adjust \"sockchown\" value in config file or on command line \
         to values that the current user ({user}) can successfully chown",
        file.display(), or_unchanged(*.uid), or_unchanged(*.gid)
    )]
    Chown {
        /// The socket file.
        file: PathBuf,
        /// The user it should belong to.
        uid: Option<u32>,
        /// The group it should belong to.
        gid: Option<u32>,
        /// Who we are.
        user: String,
    },
    /// There is a file of another kind. The original takes it for a stale socket and deletes it.
    #[error("Cannot open an HTTP server: {} exists and is not a socket", .0.display())]
    NotASocket(PathBuf),
}

/// The original shows its tuple, in which -1 is "unchanged".
fn or_unchanged(id: Option<u32>) -> i64 {
    id.map_or(-1, i64::from)
}

impl From<Errno> for OpenError {
    fn from(errno: Errno) -> Self {
        if errno == Errno::EADDRINUSE { Self::InUse } else { Self::Refused(errno) }
    }
}

/// A server whose socket is open and which is not served yet.
#[derive(Debug)]
pub struct Bound {
    pub(crate) section: String,
    pub(crate) credentials: Option<Credentials>,
    pub(crate) listener: Listener,
}

/// A listening socket.
#[derive(Debug)]
pub(crate) enum Listener {
    Inet(TcpListener),
    Unix(UnixListener, SocketFile),
}

/// Opens every server, or none.
pub fn open(servers: &[HttpServer]) -> Result<Vec<Bound>, OpenError> {
    servers
        .iter()
        .map(|server| {
            let listener = match &server.listen {
                Listen::Inet(address) => Listener::Inet(open_inet(address)?),
                Listen::Unix(address) => {
                    let (listener, file) = open_unix(address)?;
                    Listener::Unix(listener, file)
                }
            };
            Ok(Bound { section: server.section.clone(), credentials: server.credentials.clone(), listener })
        })
        .collect()
}

fn open_inet(address: &InetAddress) -> Result<TcpListener, OpenError> {
    let address = resolve(address)?;
    let family = if address.is_ipv6() { AddressFamily::Inet6 } else { AddressFamily::Inet };
    let socket = stream_socket(family)?;
    setsockopt(&socket, sockopt::ReuseAddr, &true)?;
    if address.is_ipv6() {
        // So that `*:9001` and `[::]:9001` can stand side by side, each for the addresses it names.
        setsockopt(&socket, sockopt::Ipv6V6Only, &true)?;
    }
    bind(socket.as_raw_fd(), &SockaddrStorage::from(address))?;
    listen(&socket, Backlog::new(BACKLOG)?)?;
    Ok(TcpListener::from(socket))
}

/// IPv4 wins when a name has both: the original knows no other.
fn resolve(address: &InetAddress) -> Result<SocketAddr, OpenError> {
    let port = address.port;
    if address.host.is_empty() {
        return Ok((Ipv4Addr::UNSPECIFIED, port).into());
    }
    if let Ok(ip) = address.host.parse::<IpAddr>() {
        return Ok((ip, port).into());
    }
    let found: Vec<SocketAddr> =
        (address.host.as_str(), port).to_socket_addrs().map_err(|_| OpenError::NoSuchHost)?.collect();
    let v4 = found.iter().find(|address| address.is_ipv4());
    v4.or(found.first()).copied().ok_or(OpenError::NoSuchHost)
}

fn stream_socket(family: AddressFamily) -> nix::Result<OwnedFd> {
    socket(family, SockType::Stream, SockFlag::SOCK_CLOEXEC | SockFlag::SOCK_NONBLOCK, None)
}

/// The socket is made under a temporary name and then linked to its own, which fails when the name is taken: so no two
/// daemons ever believe that they own it.
pub(crate) fn open_unix(address: &UnixAddress) -> Result<(UnixListener, SocketFile), OpenError> {
    let mut name = address.file.clone().into_os_string();
    name.push(format!(".{}", std::process::id()));
    let temporary = Temporary(PathBuf::from(name));
    let at = UnixAddr::new(&temporary.0).map_err(|_| OpenError::PathTooLong)?;
    let _ = fs::remove_file(&temporary.0);

    let socket = stream_socket(AddressFamily::Unix)?;
    // The file is born with the rights of the unbound socket less the umask. The original changes them afterwards, and
    // until then everybody whom the umask lets in can come in.
    fchmod(&socket, Mode::from_bits_truncate(address.chmod))?;
    let before = umask(Mode::empty());
    let bound = bind(socket.as_raw_fd(), &at);
    umask(before);
    bound?;
    chown(&temporary.0, address)?;
    listen(&socket, Backlog::new(BACKLOG)?)?;

    for _ in 0..RIVALS {
        match publish(&temporary.0, &address.file) {
            Ok(()) => return Ok((UnixListener::from(socket), SocketFile::new(address.clone())?)),
            Err(Errno::EEXIST) => remove_stale(&address.file)?,
            Err(errno) => return Err(errno.into()),
        }
    }
    Err(OpenError::InUse)
}

/// Gives the socket its name, if that is free.
fn publish(temporary: &Path, file: &Path) -> nix::Result<()> {
    match nix::unistd::linkat(AT_FDCWD, temporary, AT_FDCWD, file, AtFlags::empty()) {
        // A file system without hard links.
        Err(Errno::EPERM | Errno::EOPNOTSUPP | Errno::ENOSYS | Errno::EMLINK) => {
            renameat2(AT_FDCWD, temporary, AT_FDCWD, file, RenameFlags::RENAME_NOREPLACE)
        }
        result => result,
    }
}

fn chown(socket: &Path, address: &UnixAddress) -> Result<(), OpenError> {
    let (uid, gid) = address.chown;
    let owner = (uid.map(Uid::from_raw), gid.map(Gid::from_raw));
    match fchownat(AT_FDCWD, socket, owner.0, owner.1, AtFlags::AT_SYMLINK_NOFOLLOW) {
        Ok(()) => Ok(()),
        Err(Errno::EPERM) => {
            let me = Uid::effective();
            let user = User::from_uid(me).ok().flatten().map_or_else(|| me.to_string(), |user| user.name);
            Err(OpenError::Chown { file: address.file.clone(), uid, gid, user })
        }
        Err(errno) => Err(errno.into()),
    }
}

/// Removes the socket file of a daemon that is gone.
fn remove_stale(file: &Path) -> Result<(), OpenError> {
    match fs::symlink_metadata(file) {
        Ok(found) if !found.file_type().is_socket() => return Err(OpenError::NotASocket(file.to_owned())),
        Ok(_) => {}
        Err(_) => return Ok(()),
    }
    let probe = stream_socket(AddressFamily::Unix)?;
    let at = UnixAddr::new(file).map_err(|_| OpenError::PathTooLong)?;
    match connect(probe.as_raw_fd(), &at) {
        Err(Errno::ECONNREFUSED | Errno::ENOENT) => {}
        // A full backlog and a refusal of rights, too, mean that there is an owner.
        _ => return Err(OpenError::InUse),
    }
    let _ = writeln!(io::stderr(), "Unlinking stale socket {}", file.display());
    let _ = fs::remove_file(file);
    Ok(())
}

/// Removes the temporary name whatever happens.
struct Temporary(PathBuf);

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The file of our unix socket; its drop removes it.
#[derive(Debug)]
pub(crate) struct SocketFile {
    pub(crate) address: UnixAddress,
    identity: (u64, u64),
}

impl SocketFile {
    fn new(address: UnixAddress) -> Result<Self, OpenError> {
        let identity = identity(&address.file).ok_or(OpenError::Refused(Errno::ENOENT))?;
        Ok(Self { address, identity })
    }

    /// Whether the file is there and leads to us.
    pub(crate) fn is_ours(&self) -> bool {
        identity(&self.address.file) == Some(self.identity)
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if self.is_ours() {
            let _ = fs::remove_file(&self.address.file);
        }
    }
}

fn identity(file: &Path) -> Option<(u64, u64)> {
    fs::symlink_metadata(file).ok().map(|found| (found.dev(), found.ino()))
}

impl Bound {
    /// The address of an inet server, for tests and for the log.
    pub fn local_address(&self) -> Option<SocketAddr> {
        match &self.listener {
            Listener::Inet(listener) => listener.local_addr().ok(),
            Listener::Unix(..) => None,
        }
    }

    /// Whether others than this machine reach the server, and no password stops them.
    pub(crate) fn is_exposed(&self) -> bool {
        self.credentials.is_none() && self.local_address().is_some_and(|address| !address.ip().is_loopback())
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixStream;

    use super::*;

    fn unix(file: &Path, chmod: u32) -> HttpServer {
        HttpServer {
            section: "unix_http_server".to_owned(),
            listen: Listen::Unix(UnixAddress { file: file.to_owned(), chmod, chown: (None, None) }),
            credentials: None,
        }
    }

    fn inet(host: &str, port: u16) -> HttpServer {
        HttpServer {
            section: "inet_http_server".to_owned(),
            listen: Listen::Inet(InetAddress { host: host.to_owned(), port }),
            credentials: None,
        }
    }

    #[test]
    fn the_socket_file_has_its_rights_and_goes_with_its_owner() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("s.sock");
        let bound = open(&[unix(&file, 0o640)]).expect("opened");
        assert_eq!(fs::symlink_metadata(&file).expect("there").permissions().mode() & 0o7777, 0o640);
        assert_eq!(fs::read_dir(folder.path()).expect("readable").count(), 1, "the temporary name is gone");
        UnixStream::connect(&file).expect("somebody listens");
        drop(bound);
        assert!(!file.exists());
    }

    #[test]
    fn a_file_that_is_no_longer_ours_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("s.sock");
        let first = open(&[unix(&file, 0o700)]).expect("opened");
        fs::remove_file(&file).expect("removed");
        let second = open(&[unix(&file, 0o700)]).expect("opened");
        drop(first);
        assert!(file.exists());
        drop(second);
        assert!(!file.exists());
    }

    #[test]
    fn a_stale_socket_is_replaced_and_a_living_one_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("s.sock");
        drop(UnixListener::bind(&file).expect("bound"));
        let bound = open(&[unix(&file, 0o700)]).expect("opened over the stale one");
        assert_eq!(open(&[unix(&file, 0o700)]).err(), Some(OpenError::InUse));
        drop(bound);
    }

    #[test]
    fn a_file_that_is_not_a_socket_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("precious");
        fs::write(&file, "data").expect("written");
        let error = open(&[unix(&file, 0o700)]).expect_err("refused");
        assert_eq!(
            error.to_string(),
            format!("Cannot open an HTTP server: {} exists and is not a socket", file.display())
        );
        assert_eq!(fs::read_to_string(&file).expect("still there"), "data");
    }

    #[test]
    fn errors_are_worded_as_the_original_words_them() {
        let missing = open(&[unix(Path::new("/nonexistent/s.sock"), 0o700)]).expect_err("refused");
        assert_eq!(missing.to_string(), "Cannot open an HTTP server: socket.error reported errno.ENOENT (2)");
        let long =
            open(&[unix(Path::new(&format!("/tmp/{}", "x".repeat(120))), 0o700)]).expect_err("refused");
        assert_eq!(
            long.to_string(),
            "Cannot open an HTTP server: socket.error reported AF_UNIX path too long"
        );
        let first = open(&[inet("127.0.0.1", 0)]).expect("opened");
        let port = first[0].local_address().expect("an address").port();
        let taken = open(&[inet("127.0.0.1", port)]).expect_err("refused");
        assert!(
            taken
                .to_string()
                .starts_with("Another program is already listening on a port that one of our HTTP")
        );
        let chown =
            OpenError::Chown { file: "/s".into(), uid: Some(1), gid: None, user: "nobody".to_owned() }
                .to_string();
        assert!(chown.starts_with(
            "Not permitted to chown /s to uid/gid (1, -1); adjust \"sockchown\" value in config"
        ));
    }

    #[test]
    fn one_failure_closes_the_others() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("s.sock");
        let servers = [unix(&file, 0o700), unix(Path::new("/nonexistent/s.sock"), 0o700)];
        assert!(open(&servers).is_err());
        assert!(!file.exists());
    }

    #[test]
    fn a_port_can_be_opened_again_at_once() {
        let first = open(&[inet("127.0.0.1", 0)]).expect("opened");
        let address = first[0].local_address().expect("an address");
        let client = std::net::TcpStream::connect(address).expect("connected");
        drop(first);
        open(&[inet("127.0.0.1", address.port())]).expect("opened again");
        drop(client);
    }

    #[test]
    fn an_address_in_brackets_listens_on_ipv6() {
        match open(&[inet("::1", 0)]) {
            Ok(bound) => assert!(bound[0].local_address().expect("an address").is_ipv6()),
            // A machine without IPv6.
            Err(error) => {
                assert!(matches!(error, OpenError::Refused(Errno::EADDRNOTAVAIL | Errno::EAFNOSUPPORT)))
            }
        }
    }

    #[test]
    fn an_open_port_beyond_this_machine_is_known_as_a_risk() {
        assert!(open(&[inet("", 0)]).expect("opened")[0].is_exposed());
        assert!(!open(&[inet("127.0.0.1", 0)]).expect("opened")[0].is_exposed());
    }
}
