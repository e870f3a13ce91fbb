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
