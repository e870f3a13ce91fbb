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
        let Written { bytes: count, stopped } = self.sink.as_ref().map(|sink| sink.write(bytes))?;
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
            && let Some(sink) = &self.sink
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
mod tests {
    use std::collections::BTreeMap;
    use std::io::Read;
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};

    use tempfile::{TempDir, tempdir};

    use super::*;

    fn rotation(maxbytes: i64, backups: i64) -> Rotation {
        Rotation { maxbytes, backups }
    }

    fn open(folder: &TempDir, rotation: Rotation) -> LogFile {
        LogFile::open(&folder.path().join("log"), rotation, Access::default()).expect("the folder is there")
    }

    fn files(folder: &TempDir) -> BTreeMap<String, String> {
        let entries = fs::read_dir(folder).expect("the folder is there").flatten();
        let name = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let text = |entry: &fs::DirEntry| fs::read_to_string(entry.path()).unwrap_or_default();
        entries.map(|entry| (name(&entry), text(&entry))).collect()
    }

    fn expect(folder: &TempDir, expected: &[(&str, &str)]) {
        let expected = expected.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect();
        assert_eq!(files(folder), expected);
    }

    /// Writes `a`s, then `b`s, … of these lengths.
    fn write_letters(log: &mut LogFile, lengths: &[usize]) {
        for (letter, &length) in (b'a'..).zip(lengths) {
            assert_eq!(log.write(&vec![letter; length], Instant::now()), None);
        }
    }

    #[test]
    fn rotates_as_the_original() {
        let folder = tempdir().expect("a folder");
        write_letters(&mut open(&folder, rotation(10, 2)), &[5; 7]);
        expect(&folder, &[("log", "ggggg"), ("log.1", "eeeeefffff"), ("log.2", "cccccddddd")]);

        let folder = tempdir().expect("a folder");
        write_letters(&mut open(&folder, rotation(10, 1)), &[30, 1, 9, 1]);
        expect(&folder, &[("log", "d"), ("log.1", "bccccccccc")]);

        let folder = tempdir().expect("a folder");
        write_letters(&mut open(&folder, rotation(10, 3)), &[10; 5]);
        let rotated = |letter: &str| letter.repeat(10);
        expect(
            &folder,
            &[("log", ""), ("log.1", &rotated("e")), ("log.2", &rotated("d")), ("log.3", &rotated("c"))],
        );
    }

    #[test]
    fn without_backups_the_file_is_emptied() {
        let folder = tempdir().expect("a folder");
        write_letters(&mut open(&folder, rotation(10, 0)), &[5, 5, 5, 12, 3]);
        expect(&folder, &[("log", "eee")]);
    }

    #[test]
    fn without_maximum_nothing_rotates() {
        for maxbytes in [0, -1] {
            let folder = tempdir().expect("a folder");
            write_letters(&mut open(&folder, rotation(maxbytes, 3)), &[50]);
            expect(&folder, &[("log", &"a".repeat(50))]);
        }
    }

    #[test]
    fn gaps_among_the_backups_stay_gaps() {
        let folder = tempdir().expect("a folder");
        fs::write(folder.path().join("log.1"), "old1").expect("written");
        fs::write(folder.path().join("log.3"), "old3").expect("written");
        write_letters(&mut open(&folder, rotation(10, 4)), &[10]);
        expect(&folder, &[("log", ""), ("log.1", "aaaaaaaaaa"), ("log.2", "old1"), ("log.4", "old3")]);
    }

    #[test]
    fn a_file_found_too_long_is_rotated_after_the_first_write() {
        let folder = tempdir().expect("a folder");
        fs::write(folder.path().join("log"), "o".repeat(20)).expect("written");
        let mut log = open(&folder, rotation(10, 4));
        expect(&folder, &[("log", &"o".repeat(20))]);
        write_letters(&mut log, &[1]);
        expect(&folder, &[("log", ""), ("log.1", "ooooooooooooooooooooa")]);
    }

    #[test]
    fn a_file_removed_by_others_does_not_stop_the_rotation() {
        let folder = tempdir().expect("a folder");
        let mut log = open(&folder, rotation(10, 2));
        fs::remove_file(log.path()).expect("removed");
        write_letters(&mut log, &[10, 3]);
        expect(&folder, &[("log", "bbb")]);
    }

    #[test]
    fn a_log_that_cannot_be_rotated_grows_until_it_can() {
        let folder = tempdir().expect("a folder");
        let mut log = open(&folder, rotation(10, 2));
        fs::create_dir(folder.path().join("log.1")).expect("created");
        fs::write(folder.path().join("log.1/full"), "").expect("written");
        // The folder can become `.2`, what is in its way there cannot be replaced.
        fs::create_dir(folder.path().join("log.2")).expect("created");
        fs::write(folder.path().join("log.2/full"), "").expect("written");
        let start = Instant::now();
        assert_eq!(
            log.write(b"0123456789", start),
            Some(Note::NotRotated(log.path.clone(), Errno::ENOTEMPTY))
        );
        assert_eq!(log.write(b"ab", start), None);
        assert_eq!(log.write(b"cd", start + RETRY), None);
        assert_eq!(fs::read_to_string(&log.path).expect("there"), "0123456789abcd");
        fs::remove_dir_all(folder.path().join("log.1")).expect("removed");
        fs::remove_dir_all(folder.path().join("log.2")).expect("removed");
        assert_eq!(log.write(b"ef", start + 2 * RETRY), None);
        expect(&folder, &[("log", ""), ("log.1", "0123456789abcdef")]);
    }

    #[test]
    fn an_unfinished_rotation_goes_on_where_it_stopped() {
        let folder = tempdir().expect("a folder");
        let mut log = open(&folder, rotation(10, 3));
        fs::write(folder.path().join("log.1"), "old").expect("written");
        let start = Instant::now();
        log.rotating = Some(Rotating { next: Step::Open, retry: start });
        assert_eq!(log.write(b"0123456789", start), None);
        // Nothing was shifted again, the file was opened anew.
        expect(&folder, &[("log", "0123456789"), ("log.1", "old")]);
    }

    #[test]
    fn a_full_disk_is_told_once_and_the_loss_when_it_is_over() {
        let folder = tempdir().expect("a folder");
        let path = folder.path().join("log");
        symlink("/dev/full", &path).expect("linked");
        let mut log = open(&folder, rotation(10, 2));
        let start = Instant::now();
        assert_eq!(log.write(b"lost", start), Some(Note::Failing(log.path.clone(), Errno::ENOSPC)));
        assert_eq!(log.write(b"lost", start), None);
        assert_eq!(log.write(b"lost", start + RETRY), None);
        fs::remove_file(&path).expect("removed");
        assert_eq!(log.write(b"lost", start + RETRY), None, "not tried before its time");
        assert_eq!(log.write(b"kept", start + 2 * RETRY), Some(Note::Resumed(log.path.clone(), 16)));
        expect(&folder, &[("log", "kept")]);
    }

    #[test]
    fn a_vanished_folder_stops_nothing() {
        let folder = tempdir().expect("a folder");
        let sub = folder.path().join("sub");
        fs::create_dir(&sub).expect("created");
        let mut log =
            LogFile::open(&sub.join("log"), rotation(4, 1), Access::default()).expect("the folder is there");
        fs::remove_dir_all(&sub).expect("removed");
        let start = Instant::now();
        // The file lives on without a name, but cannot be rotated.
        assert_eq!(log.write(b"gone", start), Some(Note::NotRotated(log.path.clone(), Errno::ENOENT)));
        assert_eq!(log.write(b"gone", start), None);
        fs::create_dir(&sub).expect("created");
        assert_eq!(log.write(b"more", start + RETRY), None);
        assert_eq!(log.write(b"here", start + RETRY), None);
        assert_eq!(fs::read_to_string(sub.join("log.1")).expect("there"), "here");
    }

    #[test]
    fn the_notes_are_sentences() {
        let path: Box<Path> = Path::new("/log").into();
        let said = |note: Note| note.to_string();
        assert_eq!(
            said(Note::Failing(path.clone(), Errno::ENOSPC)),
            "log /log cannot be written, output is being lost: No space left on device"
        );
        assert_eq!(
            said(Note::Failing(path.clone(), Errno::EAGAIN)),
            "log /log is not read fast enough, output is being lost"
        );
        assert_eq!(said(Note::Resumed(path.clone(), 16)), "log /log is written again, 16 bytes were lost");
        assert_eq!(
            said(Note::NotRotated(path, Errno::EACCES)),
            "log /log cannot be rotated and grows: Permission denied"
        );
    }

    fn fifo(folder: &TempDir) -> std::path::PathBuf {
        let path = folder.path().join("log");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("made");
        path
    }

    fn reader(path: &Path) -> fs::File {
        fs::OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path).expect("a reader")
    }

    fn drain(reader: &mut fs::File) -> Vec<u8> {
        let mut bytes = Vec::new();
        // Ends with EAGAIN when the pipe is empty.
        let _ = reader.read_to_end(&mut bytes);
        bytes
    }

    #[test]
    fn a_pipe_never_rotates_and_is_never_cleared() {
        let folder = tempdir().expect("a folder");
        let path = fifo(&folder);
        let mut reader = reader(&path);
        let mut log = open(&folder, rotation(4, 2));
        write_letters(&mut log, &[10, 10]);
        assert_eq!(drain(&mut reader), b"aaaaaaaaaabbbbbbbbbb");
        assert_eq!(log.clear(Instant::now()).expect("nothing to do"), None);
        assert!(fs::symlink_metadata(&path).is_ok_and(|found| !found.is_file()));
        write_letters(&mut log, &[1]);
        assert_eq!(drain(&mut reader), b"a");
    }

    #[test]
    fn a_pipe_without_reader_does_not_wait_for_one() {
        let folder = tempdir().expect("a folder");
        let path = fifo(&folder);
        let mut log = open(&folder, Rotation::default());
        let start = Instant::now();
        assert_eq!(log.write(b"lost", start), Some(Note::Failing(log.path.clone(), Errno::ENXIO)));
        let mut reader = reader(&path);
        assert_eq!(log.write(b"kept", start + RETRY), Some(Note::Resumed(log.path.clone(), 4)));
        assert_eq!(drain(&mut reader), b"kept");
        drop(reader);
        assert_eq!(log.write(b"lost", start + RETRY), Some(Note::Failing(log.path.clone(), Errno::EPIPE)));
    }

    #[test]
    fn a_slow_reader_loses_nothing_up_to_a_limit_and_then_one_part() {
        let folder = tempdir().expect("a folder");
        let path = fifo(&folder);
        let mut reader = reader(&path);
        let mut log = open(&folder, Rotation::default());
        let now = Instant::now();
        let chunk = |number: u8| vec![number; 100_000];
        let mut written = Vec::new();
        let mut notes = Vec::new();
        for number in 0..20 {
            let note = log.write(&chunk(number), now);
            if note.is_none() && notes.is_empty() {
                written.extend(chunk(number));
            }
            notes.extend(note);
        }
        assert_eq!(notes, [Note::Failing(log.path.clone(), Errno::EAGAIN)]);
        assert!(log.is_backlogged());
        let mut read = Vec::new();
        let mut resumed = None;
        while log.is_backlogged() {
            read.extend(drain(&mut reader));
            resumed = resumed.or(log.flush(now));
        }
        read.extend(drain(&mut reader));
        assert!(read.starts_with(&written));
        let lost = 20 * 100_000 - read.len() as u64;
        assert_eq!(resumed, Some(Note::Resumed(log.path.clone(), lost)));
        assert_eq!(log.write(b"end", now), None);
        assert_eq!(drain(&mut reader), b"end");
    }

    #[test]
    fn reopening_follows_a_moved_file() {
        let folder = tempdir().expect("a folder");
        let mut log = open(&folder, Rotation::default());
        write_letters(&mut log, &[3]);
        fs::rename(&log.path, folder.path().join("moved")).expect("moved");
        write_letters(&mut log, &[2]);
        assert_eq!(log.reopen(Instant::now()), None);
        write_letters(&mut log, &[1]);
        expect(&folder, &[("log", "a"), ("moved", "aaaaa")]);
    }

    #[test]
    fn clearing_removes_the_file_and_creates_it_anew() {
        let folder = tempdir().expect("a folder");
        let mut log = open(&folder, rotation(10, 2));
        write_letters(&mut log, &[10, 3]);
        assert_eq!(log.clear(Instant::now()).expect("cleared"), None);
        expect(&folder, &[("log", ""), ("log.1", "aaaaaaaaaa")]);
        fs::remove_file(&log.path).expect("removed");
        assert_eq!(log.clear(Instant::now()).expect("a missing file is fine"), None);
        write_letters(&mut log, &[1]);
        expect(&folder, &[("log", "a"), ("log.1", "aaaaaaaaaa")]);
    }

    #[test]
    fn clearing_a_link_empties_the_file_behind_it() {
        let folder = tempdir().expect("a folder");
        fs::write(folder.path().join("real"), "old").expect("written");
        symlink("real", folder.path().join("log")).expect("linked");
        let mut log = open(&folder, Rotation::default());
        assert_eq!(log.clear(Instant::now()).expect("cleared"), None);
        write_letters(&mut log, &[1]);
        expect(&folder, &[("log", "a"), ("real", "a")]);
        assert!(log.path.is_symlink());
    }

    #[test]
    fn mode_and_owner_are_applied_at_creation_rotation_and_clearing() {
        let folder = tempdir().expect("a folder");
        let user = nix::unistd::geteuid().as_raw();
        let access = Access { mode: Some(0o662), owner: Some((user, None)) };
        let path = folder.path().join("log");
        let mut log = LogFile::open(&path, rotation(5, 1), access).expect("opened");
        let mode = || fs::metadata(&path).expect("there").permissions().mode() & 0o7777;
        assert_eq!(mode(), 0o662);
        write_letters(&mut log, &[5, 1]);
        assert_eq!(mode(), 0o662);
        assert_eq!(log.clear(Instant::now()).expect("cleared"), None);
        assert_eq!(mode(), 0o662);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).expect("set");
        assert_eq!(log.reopen(Instant::now()), None);
        assert_eq!(mode(), 0o662);
        assert_eq!(fs::metadata(&path).expect("there").uid(), user);
    }
}
