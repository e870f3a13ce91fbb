//! AUTO logs: files with generated names in `childlogdir`.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::process::output::Stream;
use crate::{log, repr};

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789_";

/// Creates the log of a process, empty, for the daemon's user alone.
pub fn create(folder: &Path, process: &str, stream: Stream, identifier: &str) -> io::Result<PathBuf> {
    loop {
        let name = format!("{process}-{}---{identifier}-{}.log", stream.name(), random_name()?);
        let path = folder.join(name);
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

fn random_name() -> io::Result<String> {
    let mut bytes = [0; 8];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|&byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()])).collect())
}

/// Removes the AUTO logs of earlier runs under this identifier, rotated ones too.
pub fn remove_old(folder: &Path, identifier: &str) {
    let Ok(entries) = fs::read_dir(folder) else {
        return log::warn!("Could not clear childlog dir");
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        if is_auto(&name.to_string_lossy(), identifier) && fs::remove_file(entry.path()).is_err() {
            log::warn!("Failed to clean up {}", repr::text(&entry.path().to_string_lossy()));
        }
    }
}

/// As the original's pattern `.+?---IDENTIFIER-\S+\.log`, which need not match to the end.
fn is_auto(name: &str, identifier: &str) -> bool {
    let marker = format!("---{identifier}-");
    name.match_indices(&marker).any(|(at, _)| {
        let (before, rest) = (&name[..at], &name[at + marker.len()..]);
        let random = rest.split(char::is_whitespace).next().unwrap_or_default();
        let mut letters = random.chars();
        !before.is_empty() && letters.next().is_some() && letters.as_str().contains(".log")
    })
}
