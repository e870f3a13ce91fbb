//! A log file: written without ever waiting, rotated, reopened, cleared.
//!
//! Whatever happens to the disk or to a reader, the daemon goes on: what cannot be written is counted, told once, and
//! writing resumes by itself. Reading logs is in [`read`], the generated names of AUTO logs are in [`auto`].

use std::collections::VecDeque;
use std::fmt;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;
use std::time::{Duration, Instant};

use nix::errno::Errno;

use self::sink::{Clearing, Sink, StandardStream, Written, clearing, numbered};

pub mod auto;
pub mod read;
mod sink;

/// So long after a failure it is tried again, when there is something to write.
const RETRY: Duration = Duration::from_secs(1);
/// So many bytes wait at most for a pipe or terminal whose reader is slow.
const BACKLOG: usize = 1024 * 1024;

/// Who may read a log file.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Access {
    /// Its mode; `None`: as the umask has it.
    pub mode: Option<u32>,
    /// Its user and group; `None`: the daemon's.
    pub owner: Option<(u32, Option<u32>)>,
}

/// When a log file is rotated.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// Bytes after which it is rotated; 0 or less: never.
    pub maxbytes: i64,
    /// How many rotated files are kept; 0: the file is emptied instead.
    pub backups: i64,
}

/// Something about a log file that belongs in the daemon's log, as a warning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    /// Output is being lost.
    Failing(Box<Path>, Errno),
    /// It is written again, after so many bytes were lost.
    Resumed(Box<Path>, u64),
    /// It grows beyond its maximum.
    NotRotated(Box<Path>, Errno),
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failing(path, Errno::EAGAIN) => {
                write!(f, "log {} is not read fast enough, output is being lost", path.display())
            }
            Self::Failing(path, errno) => {
                write!(f, "log {} cannot be written, output is being lost: {}", path.display(), errno.desc())
            }
            Self::Resumed(path, lost) => {
                write!(f, "log {} is written again, {lost} bytes were lost", path.display())
            }
            Self::NotRotated(path, errno) => {
                write!(f, "log {} cannot be rotated and grows: {}", path.display(), errno.desc())
            }
        }
    }
}

/// A log file.
#[derive(Debug)]
pub struct LogFile {
    path: Box<Path>,
    rotation: Rotation,
    access: Access,
    /// `None`: to be opened again.
    sink: Option<Sink>,
    backlog: VecDeque<u8>,
    trouble: Option<Trouble>,
    rotating: Option<Rotating>,
}

/// Output is being lost.
#[derive(Debug)]
struct Trouble {
    lost: u64,
    retry: Instant,
}

/// A rotation that could not be finished.
#[derive(Debug, Clone, Copy)]
struct Rotating {
    next: Step,
    retry: Instant,
}

/// The steps of a rotation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// `.1` becomes `.2`, and so on.
    Shift,
    /// The file becomes `.1`.
    Rename,
    /// A new file is opened. Until it is, output goes on into the renamed one.
    Open,
}

impl LogFile {
    /// Opens the log, or creates it.
    pub fn open(path: &Path, rotation: Rotation, access: Access) -> io::Result<Self> {
        let sink = match Sink::open(path, access) {
            Ok(sink) => Some(sink),
            // A FIFO that nobody reads yet. The original waits for a reader, and with it everything.
            Err(error) if error.raw_os_error() == Some(libc::ENXIO) => None,
            Err(error) => return Err(error),
        };
        Ok(Self { path: path.into(), rotation, access, sink, ..Self::closed(path) })
    }

    /// The daemon's own standard output.
    pub fn stdout() -> io::Result<Self> {
        let sink = Sink::shared(StandardStream::Stdout)?;
        Ok(Self { sink: Some(sink), ..Self::closed(Path::new("/dev/stdout")) })
    }

    fn closed(path: &Path) -> Self {
        Self {
            path: path.into(),
            rotation: Rotation::default(),
            access: Access::default(),
            sink: None,
            backlog: VecDeque::new(),
            trouble: None,
            rotating: None,
        }
    }

    /// Its path as configured.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes, then rotates when the file has reached its maximum, as the original: a file may exceed it by one write.
    #[must_use = "the note belongs in the daemon's log"]
    pub fn write(&mut self, bytes: &[u8], now: Instant) -> Option<Note> {
        if bytes.is_empty() {
            return None;
        }
        if let Some(trouble) = &mut self.trouble
            && now < trouble.retry
        {
            trouble.lost += bytes.len() as u64;
            return None;
        }
        let note = self.deliver(bytes, now);
        note.or_else(|| self.rotate_if_due(now))
    }

    /// How many bytes bring the length of the file to the next multiple of this one; the number itself for what is no file.
    ///
    /// What is written from there in parts of this size costs a quarter less, as the page cache then takes each in one piece.
    pub fn up_to_multiple(&self, size: usize) -> usize {
        let position = self.sink.as_ref().filter(|sink| sink.rotates()).and_then(|sink| sink.position().ok());
        let beyond = position.and_then(|position| usize::try_from(position).ok()).map_or(0, |at| at % size);
        size - beyond
    }

    /// Whether output waits for a slow reader; [`Self::flush`] is then to be called soon.
    pub fn is_backlogged(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Writes what waits for a slow reader.
    #[must_use = "the note belongs in the daemon's log"]
    pub fn flush(&mut self, now: Instant) -> Option<Note> {
        if self.is_backlogged() { self.deliver(&[], now) } else { None }
    }

    /// Closes the file and opens what is at its path now.
    #[must_use = "the note belongs in the daemon's log"]
    pub fn reopen(&mut self, now: Instant) -> Option<Note> {
        // Whoever asks for it has moved the file: what was left of a rotation is void.
        self.rotating = None;
        let mut opened = Sink::open(&self.path, self.access);
        if opened.as_ref().is_err_and(|error| errno_of(error) == Errno::EMFILE) {
            // There is one descriptor that it can have: its own.
            self.sink = None;
            opened = Sink::open(&self.path, self.access);
        }
        match opened {
            Ok(sink) => {
                self.sink = Some(sink);
                if let Some(trouble) = &mut self.trouble {
                    trouble.retry = now;
                }
                None
            }
            Err(error) => self.fail(errno_of(&error), 0, now),
        }
    }

    /// Removes the file and creates it anew. What is not a regular file is left alone: the original removes
    /// `/dev/stdout`.
    pub fn clear(&mut self, now: Instant) -> io::Result<Option<Note>> {
        match clearing(&self.path)? {
            Clearing::Remove => match fs::remove_file(&self.path) {
                Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
                _ => {}
            },
            Clearing::Truncate => {
                let note = self.reopen(now);
                if let Some(sink) = &self.sink {
                    sink.truncate()?;
                }
                return Ok(note);
            }
            Clearing::Leave => {}
        }
        Ok(self.reopen(now))
    }

    fn deliver(&mut self, bytes: &[u8], now: Instant) -> Option<Note> {
        if self.sink.is_none() {
            match Sink::open(&self.path, self.access) {
                Ok(sink) => self.sink = Some(sink),
                Err(error) => return self.fail(errno_of(&error), bytes.len(), now),
            }
        }
        if let Err(errno) = self.drain_backlog() {
            return self.fail_or_keep(errno, bytes, now);
        }
        let Written { bytes: count, stopped } = self.sink.as_mut().map(|sink| sink.write(bytes))?;
        match stopped {
            None => self.resume(),
            Some(Errno::EAGAIN) => {
                let resumed = self.resume();
                let failing = self.fail_or_keep(Errno::EAGAIN, &bytes[count..], now);
                resumed.or(failing)
            }
            Some(errno) => self.fail(errno, bytes.len() - count, now),
        }
    }

    fn drain_backlog(&mut self) -> Result<(), Errno> {
        while !self.backlog.is_empty()
            && let Some(sink) = &mut self.sink
        {
            let Written { bytes, stopped } = sink.write(self.backlog.as_slices().0);
            self.backlog.drain(..bytes);
            stopped.map_or(Ok(()), Err)?;
        }
        self.backlog = VecDeque::new();
        Ok(())
    }

    /// The reader is slow: the bytes wait. Once some were lost, all are until it has caught up: one gap, not many.
    fn fail_or_keep(&mut self, errno: Errno, bytes: &[u8], now: Instant) -> Option<Note> {
        let room = if self.trouble.is_some() { 0 } else { BACKLOG - self.backlog.len() };
        if errno != Errno::EAGAIN {
            return self.fail(errno, bytes.len(), now);
        }
        let (kept, lost) = bytes.split_at(bytes.len().min(room));
        self.backlog.extend(kept);
        if lost.is_empty() { None } else { self.fail(errno, lost.len(), now) }
    }

    fn fail(&mut self, errno: Errno, lost: usize, now: Instant) -> Option<Note> {
        let mut lost = lost;
        let mut retry = now;
        if errno != Errno::EAGAIN {
            // Opening it again cures a vanished folder, a stale handle, and a reader that has gone and comes back.
            self.sink = None;
            lost += std::mem::take(&mut self.backlog).len();
            retry += RETRY;
        }
        let before = self.trouble.take();
        let known = before.as_ref().map_or(0, |trouble| trouble.lost);
        let note = before.is_none().then(|| Note::Failing(self.path.clone(), errno));
        self.trouble = Some(Trouble { lost: known + lost as u64, retry });
        note
    }

    fn resume(&mut self) -> Option<Note> {
        self.trouble.take().map(|trouble| Note::Resumed(self.path.clone(), trouble.lost))
    }

    fn rotate_if_due(&mut self, now: Instant) -> Option<Note> {
        let Rotation { maxbytes, backups } = self.rotation;
        let sink = self.sink.as_ref().filter(|sink| maxbytes > 0 && sink.rotates())?;
        if !sink.position().is_ok_and(|position| position >= maxbytes) {
            return None;
        }
        let mut step = match self.rotating {
            Some(Rotating { retry, .. }) if now < retry => return None,
            Some(Rotating { next, .. }) => next,
            None if backups > 0 => Step::Shift,
            None => Step::Open,
        };
        match self.rotate(&mut step) {
            Ok(()) => {
                self.rotating = None;
                None
            }
            Err(error) => {
                let told = self.rotating.is_some();
                self.rotating = Some(Rotating { next: step, retry: now + RETRY });
                (!told).then(|| Note::NotRotated(self.path.clone(), errno_of(&error)))
            }
        }
    }

    fn rotate(&mut self, step: &mut Step) -> io::Result<()> {
        if *step == Step::Shift {
            for number in (1..self.rotation.backups).rev() {
                rename(&numbered(&self.path, number), &numbered(&self.path, number + 1))?;
            }
            *step = Step::Rename;
        }
        if *step == Step::Rename {
            rename(&self.path, &numbered(&self.path, 1))?;
            *step = Step::Open;
        }
        let sink = Sink::open(&self.path, self.access)?;
        if self.rotation.backups <= 0 {
            sink.truncate()?;
        }
        self.sink = Some(sink);
        Ok(())
    }
}

/// Nothing to rename is fine: somebody may have removed the file.
///
/// What is replaced goes first, as in the original: a file that takes the place of another is written out to the disk by some
/// file systems before the call returns, and meanwhile all clients wait. A folder in the way is for the call to refuse.
fn rename(from: &Path, to: &Path) -> io::Result<()> {
    let _: io::Result<()> = if from.exists() { fs::remove_file(to) } else { Ok(()) };
    match fs::rename(from, to) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(()),
        result => result,
    }
}

fn errno_of(error: &io::Error) -> Errno {
    error.raw_os_error().map_or(Errno::EIO, Errno::from_raw)
}

#[cfg(test)]
mod tests;
