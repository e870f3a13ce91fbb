//! Two readers of a log, one of its files and one of the daemon's stream, and what both must see: every line, once, in order.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::programs::BACKUPS;

/// The next line's number for each run and letter (`o`, `e`).
#[derive(Debug, Default)]
pub(crate) struct Heard(BTreeMap<(u64, char), u64>);

impl Heard {
    /// Lines of a run that were heard.
    pub(crate) fn of(&self, run: u64, letter: char) -> u64 {
        self.0.get(&(run, letter)).copied().unwrap_or_default()
    }

    /// All that were heard.
    pub(crate) fn total(&self) -> u64 {
        self.0.values().sum()
    }

    /// One more line, which must be the next of its run. A reader that came in the middle does not know which is the first.
    fn line(&mut self, line: &[u8], came_late: bool, whose: &Path) {
        let text = String::from_utf8_lossy(line);
        if text.starts_with("supervisor: ") {
            // Its file was away.
            return;
        }
        let mut words = text.split(' ');
        let letter = words.next().and_then(|word| word.parse().ok());
        let mut number = || words.next().and_then(|word| word.parse::<u64>().ok());
        let (Some(letter @ ('o' | 'e')), Some(run), Some(number)) = (letter, number(), number()) else {
            panic!("{}: a line that nobody said: {text:?}", whose.display());
        };
        match self.0.get_mut(&(run, letter)) {
            Some(next) => {
                assert_eq!(number, *next, "{}: {text:?} is not the next line", whose.display());
                *next += 1;
            }
            None => {
                assert!(number == 0 || came_late, "{}: {text:?} is not the first line", whose.display());
                self.0.insert((run, letter), number + 1);
            }
        }
    }
}

/// Cuts bytes into lines and keeps the beginning of the next.
#[derive(Debug, Default)]
struct Cutter(Vec<u8>);

impl Cutter {
    fn feed(&mut self, bytes: &[u8], mut line: impl FnMut(&[u8])) {
        self.0.extend_from_slice(bytes);
        let end = self.0.iter().rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
        self.0[..end]
            .split_inclusive(|&byte| byte == b'\n')
            .for_each(|whole| line(&whole[..whole.len() - 1]));
        self.0.drain(..end);
    }
}

/// Reads a log in its files, through all rotations.
#[derive(Debug)]
pub(crate) struct Files {
    path: PathBuf,
    current: File,
    cutter: Cutter,
}

fn identity(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|metadata| metadata.ino())
}

impl Files {
    /// The first file is made here, so that none is missed.
    pub(crate) fn new(path: PathBuf) -> Self {
        fs::write(&path, "").expect("a log can be made");
        let current = File::open(&path).expect("it was just made");
        Self { path, current, cutter: Cutter::default() }
    }

    /// Reads all that is there.
    pub(crate) fn poll(&mut self, heard: &mut Heard) {
        loop {
            let file = &mut self.current;
            let own = file.metadata().expect("an open file").ino();
            Self::rest(file, &mut self.cutter, heard, &self.path);
            // Nothing has the name between two steps of a rotation, and while the folder is away.
            if identity(&self.path).is_none_or(|other| other == own) {
                return;
            }
            // The daemon may have written between the two looks; from now on it does not.
            Self::rest(file, &mut self.cutter, heard, &self.path);
            match self.successor(own) {
                Some(next) => self.current = next,
                None => return,
            }
        }
    }

    fn rest(file: &mut File, cutter: &mut Cutter, heard: &mut Heard, path: &Path) {
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).expect("a log can be read");
        cutter.feed(&bytes, |line| heard.line(line, false, path));
    }

    /// The file that was begun when this one was put away. Files only move up, so that one looking upwards misses none.
    fn successor(&self, own: u64) -> Option<File> {
        let name = |number: usize| match number {
            0 => self.path.clone(),
            number => PathBuf::from(format!("{}.{number}", self.path.display())),
        };
        let mut seen = false;
        for _ in 0..100 {
            let Some(place) = (1..=BACKUPS).find(|&number| identity(&name(number)) == Some(own)) else {
                // The folder is away for a moment, or this reader has slept too long.
                assert!(
                    self.path.parent().is_none_or(|folder| !folder.exists() || !seen),
                    "{} has left",
                    name(0).display()
                );
                seen = true;
                continue;
            };
            let file = File::open(name(place - 1)).ok();
            if identity(&name(place)) == Some(own) && file.is_some() {
                return file;
            }
        }
        None
    }
}

/// Reads a log as the daemon streams it.
#[derive(Debug)]
pub(crate) struct Stream {
    socket: PathBuf,
    path: PathBuf,
    connection: Option<UnixStream>,
    /// What of the head has come, until all has.
    head: Option<Vec<u8>>,
    /// The first line may be half a line.
    is_cut: bool,
    cutter: Cutter,
    heard: Heard,
}

impl Stream {
    /// Of this program.
    pub(crate) fn new(socket: PathBuf, name: &str) -> Self {
        let path = PathBuf::from(format!("/logtail/{name}"));
        Self {
            socket,
            path,
            connection: None,
            head: None,
            is_cut: true,
            cutter: Cutter::default(),
            heard: Heard::default(),
        }
    }

    /// Reads what has come, on a new connection if need be.
    pub(crate) fn poll(&mut self) {
        if self.connection.is_none() && !self.connect() {
            return;
        }
        let mut bytes = [0; 16 * 1024];
        loop {
            let Some(connection) = &mut self.connection else { return };
            match connection.read(&mut bytes) {
                Ok(0) => self.connection = None,
                Ok(count) => self.take(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Err(_) => self.connection = None,
            }
        }
    }

    /// Goes away.
    pub(crate) fn close(&mut self) {
        self.connection = None;
    }

    /// Whether it has come as far as the other reader, in what both know.
    pub(crate) fn is_level_with(&self, other: &Heard) -> bool {
        self.connection.is_none() || self.heard.0.iter().all(|(key, next)| other.0.get(key) == Some(next))
    }

    fn connect(&mut self) -> bool {
        let Ok(mut connection) = UnixStream::connect(&self.socket) else { return false };
        let request = format!("GET {} HTTP/1.0\r\n\r\n", self.path.display());
        if connection.write_all(request.as_bytes()).is_err() || connection.set_nonblocking(true).is_err() {
            return false;
        }
        self.connection = Some(connection);
        (self.head, self.is_cut, self.cutter, self.heard) =
            (Some(Vec::new()), true, Cutter::default(), Heard::default());
        true
    }

    fn take(&mut self, bytes: &[u8]) {
        let mut body = bytes.to_vec();
        if let Some(head) = &mut self.head {
            head.extend_from_slice(bytes);
            let Some(end) = head.windows(4).position(|window| window == b"\r\n\r\n") else { return };
            body = head.split_off(end + 4);
            if !head.starts_with(b"HTTP/1.0 200 ") {
                // There is no log yet, or no such program.
                self.connection = None;
                return;
            }
            self.head = None;
        }
        self.cutter.feed(&body, |line| {
            if !std::mem::take(&mut self.is_cut) {
                self.heard.line(line, true, &self.path);
            }
        });
    }
}
