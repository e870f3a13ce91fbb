//! The open end of a log: a descriptor that is written without ever waiting.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{FallocateFlags, fallocate};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, send};
use nix::sys::statfs::{EXT4_SUPER_MAGIC, fstatfs};
use nix::unistd::{Whence, lseek, write};

use super::Access;

/// Who writes so much at once is likely to write more.
const FLOOD: usize = 64 * 1024;
/// So much room is reserved ahead of a flood.
const RESERVED: i64 = 1024 * 1024;
/// So large is a file before room is reserved. A smaller one may be rotated away before its blocks were ever looked for, as those of 50 MB
/// are by default; and what stays unused is little beside it.
const RESERVED_FROM: i64 = 64 * RESERVED;

/// An open descriptor.
#[derive(Debug)]
pub(super) struct Sink {
    fd: OwnedFd,
    kind: Kind,
    /// So many bytes of a flood are written until room is reserved for more.
    reserved: i64,
}

/// What is behind the descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A regular file under a name of its own.
    File,
    /// Something else, opened by us and hence not blocking: a FIFO, a terminal, the pipe behind `/dev/stdout`.
    Special,
    /// A socket that the daemon was started with, shared with others that may want it blocking.
    SharedSocket,
    /// A pipe, terminal or file that the daemon was started with.
    Shared,
}

/// How a write ended.
#[derive(Debug)]
pub(super) struct Written {
    /// So many bytes are out.
    pub(super) bytes: usize,
    /// Why the rest is not; [`Errno::EAGAIN`]: the reader is slow.
    pub(super) stopped: Option<Errno>,
}

impl Sink {
    /// Opens for append; creates the file when it is missing.
    pub(super) fn open(path: &Path, access: Access) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        // A FIFO without a reader must fail here, where the original would wait for one.
        options.append(true).create(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY);
        options.mode(access.mode.unwrap_or(0o666));
        let standard = standard_stream(path);
        let file = match options.open(path) {
            Ok(file) => file,
            // A socket (systemd's journal) cannot be opened by name, nor can what belongs to another user.
            Err(error) => return standard.map_or(Err(error), Self::shared),
        };
        let regular = file.metadata()?.is_file();
        if regular && standard.is_none() {
            access.apply(&file)?;
        }
        let kind = if regular && standard.is_none() { Kind::File } else { Kind::Special };
        Ok(Self::new(file, kind))
    }

    /// One of the descriptors that the daemon was started with.
    pub(super) fn shared(stream: StandardStream) -> io::Result<Self> {
        let fd = match stream {
            StandardStream::Stdout => io::stdout().as_fd().try_clone_to_owned(),
            StandardStream::Stderr => io::stderr().as_fd().try_clone_to_owned(),
        }?;
        let file = File::from(fd);
        let socket = file.metadata()?.file_type().is_socket();
        Ok(Self::new(file, if socket { Kind::SharedSocket } else { Kind::Shared }))
    }

    fn new(fd: impl Into<OwnedFd>, kind: Kind) -> Self {
        Self { fd: fd.into(), kind, reserved: 0 }
    }

    /// Whether it is a file that can be rotated.
    pub(super) fn rotates(&self) -> bool {
        self.kind == Kind::File
    }

    /// Where the next byte goes.
    pub(super) fn position(&self) -> Result<i64, Errno> {
        lseek(&self.fd, 0, Whence::SeekCur)
    }

    /// Empties the file.
    pub(super) fn truncate(&self) -> Result<(), Errno> {
        nix::unistd::ftruncate(&self.fd, 0)
    }

    /// Writes as much as it can without waiting.
    pub(super) fn write(&mut self, bytes: &[u8]) -> Written {
        if bytes.len() >= FLOOD && self.kind == Kind::File {
            self.reserve(bytes.len());
        }
        let mut written = 0;
        while written < bytes.len() {
            match self.write_once(&bytes[written..]) {
                Ok(0) => return Written { bytes: written, stopped: Some(Errno::EIO) },
                Ok(count) => written += count,
                Err(Errno::EINTR) => {}
                Err(errno) => return Written { bytes: written, stopped: Some(errno) },
            }
        }
        Written { bytes: written, stopped: None }
    }

    /// Counts what is written, and reserves room when that of the last time is used up.
    fn reserve(&mut self, count: usize) {
        let count = i64::try_from(count).unwrap_or(i64::MAX);
        if self.reserved < count {
            let _: Result<(), Errno> = self.reserve_more();
            // Also where it was refused, as on a full disk: then it is asked for again so much later.
            self.reserved = RESERVED;
        }
        self.reserved = self.reserved.saturating_sub(count);
    }

    /// Reserves blocks behind the end of the file, whose size stays as it is.
    ///
    /// Otherwise ext4 looks for each block of 4 KiB by itself within `write`, which is a quarter of the time that one takes. Other
    /// file systems are left alone: btrfs would not compress what is reserved, XFS reserves by itself.
    fn reserve_more(&self) -> Result<(), Errno> {
        let end = lseek(&self.fd, 0, Whence::SeekEnd)?;
        if end < RESERVED_FROM || fstatfs(&self.fd)?.filesystem_type() != EXT4_SUPER_MAGIC {
            return Ok(());
        }
        fallocate(&self.fd, FallocateFlags::FALLOC_FL_KEEP_SIZE, end, RESERVED)
    }

    fn write_once(&self, bytes: &[u8]) -> Result<usize, Errno> {
        match self.kind {
            Kind::File | Kind::Special => write(&self.fd, bytes),
            Kind::SharedSocket => {
                send(self.fd.as_raw_fd(), bytes, MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL)
            }
            Kind::Shared => {
                // A pipe that polls as writable takes so many bytes without waiting.
                let portion = &bytes[..bytes.len().min(libc::PIPE_BUF)];
                let mut ready = [PollFd::new(self.fd.as_fd(), PollFlags::POLLOUT)];
                match poll(&mut ready, PollTimeout::ZERO)? {
                    0 => Err(Errno::EAGAIN),
                    _ => write(&self.fd, portion),
                }
            }
        }
    }
}

/// A descriptor that the daemon was started with and that can be named as a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StandardStream {
    Stdout,
    Stderr,
}

/// The stream that a path leads to: `/dev/stdout`, `/dev/fd/1`, `/proc/self/fd/1`, or a link to one of them.
pub(super) fn standard_stream(path: &Path) -> Option<StandardStream> {
    let mut path = path.to_owned();
    // More links than these are no path but a loop.
    for _ in 0..8 {
        match path.to_str() {
            Some("/dev/stdout" | "/dev/fd/1" | "/proc/self/fd/1") => {
                return named(&path, StandardStream::Stdout);
            }
            Some("/dev/stderr" | "/dev/fd/2" | "/proc/self/fd/2") => {
                return named(&path, StandardStream::Stderr);
            }
            _ => {}
        }
        let target = fs::read_link(&path).ok()?;
        path = path.parent().unwrap_or(Path::new("/")).join(target);
    }
    None
}

/// A regular file may stand where a careless program replaced the link.
fn named(path: &Path, stream: StandardStream) -> Option<StandardStream> {
    fs::symlink_metadata(path).ok().filter(|found| found.is_symlink()).map(|_| stream)
}

/// What `clear` may do with a path.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Clearing {
    /// A regular file: it is removed, and created again.
    Remove,
    /// A link to a regular file: that one is emptied.
    Truncate,
    /// There is nothing, or nothing that can be emptied.
    Leave,
}

/// What `clear` may do with what is at this path now.
pub(super) fn clearing(path: &Path) -> io::Result<Clearing> {
    let ignore_missing = |error: io::Error| match error.kind() {
        ErrorKind::NotFound => Ok(None),
        _ => Err(error),
    };
    let Some(found) = fs::symlink_metadata(path).map(Some).or_else(ignore_missing)? else {
        return Ok(Clearing::Leave);
    };
    if found.is_file() {
        return Ok(Clearing::Remove);
    }
    let behind = fs::metadata(path).map(Some).or_else(ignore_missing)?;
    let file_behind = found.is_symlink() && behind.is_some_and(|behind| behind.is_file());
    Ok(if file_behind && standard_stream(path).is_none() { Clearing::Truncate } else { Clearing::Leave })
}

impl Access {
    /// The file was created with no more access than asked for; the umask may have taken some.
    fn apply(self, file: &File) -> io::Result<()> {
        if let Some((user, group)) = self.owner {
            std::os::unix::fs::fchown(file, Some(user), group)?;
        }
        if let Some(mode) = self.mode {
            file.set_permissions(fs::Permissions::from_mode(mode))?;
        }
        Ok(())
    }
}

/// The path of a rotated file: `path.number`.
pub(super) fn numbered(path: &Path, number: i64) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{number}"));
    name.into()
}

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixStream;

    use super::*;

    #[test]
    fn knows_the_standard_streams_by_any_path() {
        assert_eq!(standard_stream(Path::new("/dev/stdout")), Some(StandardStream::Stdout));
        assert_eq!(standard_stream(Path::new("/dev/fd/2")), Some(StandardStream::Stderr));
        let folder = tempfile::tempdir().expect("a folder");
        let link = folder.path().join("link");
        symlink("/dev/stderr", &link).expect("linked");
        assert_eq!(standard_stream(&link), Some(StandardStream::Stderr));
        assert_eq!(clearing(&link).expect("found"), Clearing::Leave);
        let own = folder.path().join("loop");
        symlink("loop", &own).expect("linked");
        assert_eq!(standard_stream(&own), None);
        assert_eq!(standard_stream(Path::new("/dev/null")), None);
    }

    #[test]
    fn clears_regular_files_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        fs::write(path("file"), "").expect("written");
        symlink("file", path("link")).expect("linked");
        symlink("missing", path("dangling")).expect("linked");
        symlink("/dev/null", path("null")).expect("linked");
        let found = |name: &str| clearing(&path(name)).expect("found");
        assert_eq!(found("file"), Clearing::Remove);
        assert_eq!(found("link"), Clearing::Truncate);
        for name in ["dangling", "null", "missing"] {
            assert_eq!(found(name), Clearing::Leave, "{name}");
        }
        assert_eq!(clearing(folder.path()).expect("found"), Clearing::Leave);
    }

    #[test]
    fn a_shared_socket_that_is_full_is_not_waited_for() {
        let (ours, mut theirs) = UnixStream::pair().expect("a pair");
        let mut sink = Sink::new(ours, Kind::SharedSocket);
        let Written { bytes, stopped } = sink.write(&vec![0; 10_000_000]);
        assert_eq!(stopped, Some(Errno::EAGAIN));
        drop(sink);
        let mut read = Vec::new();
        theirs.read_to_end(&mut read).expect("read");
        assert_eq!(read.len(), bytes);
    }

    #[test]
    fn a_shared_pipe_that_is_full_is_not_waited_for() {
        let (mut theirs, ours) = io::pipe().expect("a pipe");
        let mut sink = Sink::new(ours, Kind::Shared);
        let Written { bytes, stopped } = sink.write(&vec![0; 10_000_000]);
        assert_eq!(stopped, Some(Errno::EAGAIN));
        drop(sink);
        let mut read = Vec::new();
        theirs.read_to_end(&mut read).expect("read");
        assert_eq!(read.len(), bytes);
    }
}
