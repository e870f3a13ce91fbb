//! Reading logs for clients: parts of a file, and what it grew by.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use supervisor_rpc::fault::{Code, Fault};

/// No answer holds more bytes of a log. The original answers with whole files, whatever their size.
pub const LONGEST_READ: u64 = 16 * 1024 * 1024;

/// `readLog` and its kin. Of a part longer than [`LONGEST_READ`] the beginning is returned; of the last bytes of a
/// file (a negative offset) the end.
pub fn read_file(path: &Path, offset: i64, length: i64) -> Result<String, Fault> {
    if !path.exists() {
        return Err(Code::NoFile.with(path.display()));
    }
    if length < 0 || (offset < 0 && length != 0) {
        return Err(Code::BadArguments.fault());
    }
    let read = || -> io::Result<String> {
        let mut file = open(path)?;
        let size = file.seek(SeekFrom::End(0))?;
        let (from, length) = match u64::try_from(offset) {
            Ok(offset) if length == 0 => (offset, LONGEST_READ),
            Ok(offset) => (offset, length.unsigned_abs().min(LONGEST_READ)),
            Err(_) => {
                let length = offset.unsigned_abs().min(LONGEST_READ);
                (size.saturating_sub(length), length)
            }
        };
        read_at(&mut file, from, length)
    };
    read().map_err(|_| Code::Failed.fault())
}

/// `tailProcessStdoutLog` and its kin: the text, the size of the file, and whether more was written than was asked
/// for. Of a part longer than [`LONGEST_READ`] the end is returned.
pub fn tail_file(path: &Path, offset: i64, length: i64) -> (String, i64, bool) {
    let read = || -> io::Result<(String, i64, bool)> {
        let mut file = open(path)?;
        let size = i128::from(file.seek(SeekFrom::End(0))?);
        let (mut from, mut wanted) = (i128::from(offset), i128::from(length));
        let overflow = size > from + wanted;
        if overflow {
            from = size - 1;
        }
        if from + wanted > size {
            if from > size - 1 {
                wanted = 0;
            }
            from = size - wanted;
        }
        let from = u64::try_from(from).unwrap_or(0);
        let wanted = u64::try_from(wanted).unwrap_or(0);
        let size = u64::try_from(size).unwrap_or(0);
        let end = from.saturating_add(wanted).min(size);
        let from = from.max(end.saturating_sub(LONGEST_READ));
        let text = read_at(&mut file, from, end.saturating_sub(from))?;
        Ok((text, i64::try_from(size).unwrap_or(i64::MAX), overflow))
    };
    read().unwrap_or_else(|_| (String::new(), offset, false))
}

/// Never waits for the writer of a FIFO.
fn open(path: &Path) -> io::Result<File> {
    let file = OpenOptions::new().read(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    if file.metadata()?.is_dir() { Err(ErrorKind::IsADirectory.into()) } else { Ok(file) }
}

fn read_at(file: &mut File, from: u64, length: u64) -> io::Result<String> {
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(decode(bytes, from > 0))
}

/// A character cut by the edge of what was read is left out; other bytes that are no UTF-8 are replaced. The original
/// fails with both.
fn decode(bytes: Vec<u8>, cut_before: bool) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| {
        let mut bytes = error.as_bytes();
        if cut_before {
            let continuation = bytes.iter().take(3).take_while(|&&byte| byte & 0xc0 == 0x80).count();
            bytes = &bytes[continuation..];
        }
        let mut text = String::with_capacity(bytes.len());
        let mut chunks = bytes.utf8_chunks().peekable();
        while let Some(chunk) = chunks.next() {
            text.push_str(chunk.valid());
            let cut = chunks.peek().is_none() && is_cut(chunk.invalid());
            if !chunk.invalid().is_empty() && !cut {
                text.push(char::REPLACEMENT_CHARACTER);
            }
        }
        text
    })
}

/// Whether more bytes might have made it a character.
fn is_cut(invalid: &[u8]) -> bool {
    std::str::from_utf8(invalid).is_err_and(|error| error.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use tempfile::NamedTempFile;

    use super::*;

    fn file(bytes: &[u8]) -> NamedTempFile {
        let mut file = NamedTempFile::new().expect("a file");
        file.write_all(bytes).expect("written");
        file
    }

    #[test]
    fn reads_parts_as_the_original() {
        let file = file(b"0123456789ab");
        let read = |offset, length| read_file(file.path(), offset, length).expect("read");
        for (offset, whole) in [(-20, "0123456789ab"), (-5, "789ab"), (-1, "b"), (0, "0123456789ab")] {
            assert_eq!(read(offset, 0), whole);
        }
        let table = [
            (0, 1, "0"),
            (0, 4, "0123"),
            (0, 100, "0123456789ab"),
            (3, 0, "3456789ab"),
            (3, 4, "3456"),
            (11, 4, "b"),
            (12, 0, ""),
            (50, 4, ""),
        ];
        for (offset, length, text) in table {
            assert_eq!(read(offset, length), text, "{offset} {length}");
        }
        for (offset, length) in [(-5, 1), (0, -1), (-1, -1), (i64::MIN, 1)] {
            assert_eq!(read_file(file.path(), offset, length), Err(Code::BadArguments.fault()));
        }
        assert_eq!(read(i64::MIN, 0), "0123456789ab");
        // Beyond what the file system can address.
        assert_eq!(read_file(file.path(), i64::MAX, 1), Err(Code::Failed.fault()));
    }

    #[test]
    fn a_missing_file_has_its_own_fault() {
        let path = Path::new("/nonexistent/log");
        assert_eq!(read_file(path, 0, 0).expect_err("nothing").text, "NO_FILE: /nonexistent/log");
        assert_eq!(tail_file(path, 7, 3), (String::new(), 7, false));
    }

    #[test]
    fn a_pipe_cannot_be_read_as_a_log() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("made");
        assert_eq!(read_file(&path, 0, 0), Err(Code::Failed.fault()));
        assert_eq!(tail_file(&path, 0, 10), (String::new(), 0, false));
    }

    #[test]
    fn tails_as_the_original() {
        let file = file(b"0123456789ab");
        let whole = "0123456789ab";
        let lengths = [-3, 0, 1, 5, 9, 12, 100];
        let table = [
            (-20, ["", "", "b", "789ab", "3456789ab", whole, whole], 6),
            (-5, ["", "", "b", "789ab", "3456789ab", whole, whole], 6),
            (0, ["", "", "b", "789ab", "3456789ab", whole, whole], 5),
            (3, ["", "", "b", "789ab", "3456789ab", whole, whole], 4),
            (11, ["", "", "b", "789ab", "3456789ab", whole, whole], 2),
            (12, [""; 7], 1),
            (13, [""; 7], 1),
            (50, [""; 7], 0),
        ];
        for (offset, texts, overflows) in table {
            for (index, (length, text)) in lengths.into_iter().zip(texts).enumerate() {
                let expected = (text.to_owned(), 12, index < overflows);
                assert_eq!(tail_file(file.path(), offset, length), expected, "{offset} {length}");
            }
        }
        assert_eq!(tail_file(file.path(), i64::MAX, i64::MAX), (String::new(), 12, false));
        assert_eq!(tail_file(file.path(), i64::MIN, i64::MIN), (String::new(), 12, true));
    }

    #[test]
    fn a_character_cut_by_the_edge_is_left_out_and_garbage_is_replaced() {
        let file = file("d\u{e9}\u{20ac}".as_bytes());
        assert_eq!(read_file(file.path(), 0, 0).expect("read"), "d\u{e9}\u{20ac}");
        assert_eq!(read_file(file.path(), 0, 5).expect("read"), "d\u{e9}");
        assert_eq!(read_file(file.path(), 2, 0).expect("read"), "\u{20ac}");
        assert_eq!(read_file(file.path(), -2, 0).expect("read"), "");
        let garbage = self::file(b"\x80a\xffb\xe2\x82");
        assert_eq!(read_file(garbage.path(), 0, 0).expect("read"), "\u{fffd}a\u{fffd}b");
    }

    #[test]
    fn answers_are_bounded() {
        let file = file(b"");
        file.as_file().set_len(LONGEST_READ + 10).expect("sparse");
        let limit = usize::try_from(LONGEST_READ).expect("small");
        assert_eq!(read_file(file.path(), 0, 0).expect("read").len(), limit);
        let (text, size, overflow) = tail_file(file.path(), 0, i64::MAX);
        assert_eq!(
            (text.len() as u64, size.unsigned_abs(), overflow),
            (LONGEST_READ, LONGEST_READ + 10, false)
        );
    }
}
