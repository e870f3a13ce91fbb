//! AUTO logs: files with generated names in `childlogdir`.

use std::fs::{self, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use crate::process::output::Stream;
use crate::{log, repr};

const LETTERS: &[u8] = b"abcdefghijklmnopqrstuvwxyz0123456789_";

/// Creates the log of a process, empty, for the daemon's user alone.
pub fn create(folder: &Path, process: &str, stream: Stream, identifier: &str) -> io::Result<PathBuf> {
    loop {
        let name = format!("{process}-{}---{identifier}-{}.log", stream.name(), random_name());
        let path = folder.join(name);
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path) {
            Ok(_) => return Ok(path),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
}

/// The keys of a hasher are from the kernel's randomness, which needs no `/dev`: a bare container has none.
fn random_name() -> String {
    let mut number = RandomState::new().build_hasher().finish();
    let letters = (0..8).map(|_| {
        let letter = LETTERS[(number % LETTERS.len() as u64) as usize];
        number /= LETTERS.len() as u64;
        char::from(letter)
    });
    letters.collect()
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn knows_its_files_by_their_names() {
        let yes = [
            "cat-stdout---supervisor-abc123_z.log",
            "cat-stdout---supervisor-abc.log.12",
            "x---supervisor-a.logfile",
            "x---supervisor-a.log b",
            "---supervisor-a---supervisor-b.log",
            "a b---supervisor-x.y.log",
        ];
        let no = [
            "cat-stdout---other-abc.log",
            "---supervisor-abc.log",
            "x---supervisor-.log",
            "x---supervisor-a b.log",
            "x---supervisor-abc.txt",
            "supervisord.log",
        ];
        assert!(yes.iter().all(|name| is_auto(name, "supervisor")));
        assert!(!no.iter().any(|name| is_auto(name, "supervisor")));
        // The original takes the identifier for a pattern.
        assert!(!is_auto("x---a.b-c.log", "a+b") && is_auto("x---a+b-c.log", "a+b"));
    }

    #[test]
    fn creates_private_files_and_removes_them_all() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = create(folder.path(), "cat", Stream::Stderr, "supervisor").expect("created");
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name");
        let random = name.strip_prefix("cat-stderr---supervisor-").and_then(|name| name.strip_suffix(".log"));
        assert!(
            random.is_some_and(|random| random.len() == 8 && random.bytes().all(|b| LETTERS.contains(&b)))
        );
        assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o7777, 0o600);
        let other = folder.path().join("other.log");
        fs::write(&other, "").expect("written");
        remove_old(folder.path(), "supervisor");
        assert!(!path.exists() && other.exists());
    }
}
