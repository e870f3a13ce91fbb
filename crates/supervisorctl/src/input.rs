//! Lines from a person or a pipe, read so that something else can be waited for meanwhile.
//!
//! Not `std::io::stdin`: what its buffer holds could not be seen before waiting. Not tokio's: that needs a thread.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// The longest line that is believed.
const LIMIT: usize = 1 << 20;

/// A source of lines.
#[derive(Debug)]
pub(crate) struct Input {
    file: File,
    buffer: Vec<u8>,
    ended: bool,
}

impl Input {
    fn new(file: File) -> Self {
        Self { file, buffer: Vec::new(), ended: false }
    }

    /// Standard input.
    pub(crate) fn stdin() -> io::Result<Self> {
        Ok(Self::new(File::from(io::stdin().as_fd().try_clone_to_owned()?)))
    }

    /// The next line, without its end; `None` after the last. Must be called within the runtime.
    pub(crate) async fn line(&mut self) -> io::Result<Option<String>> {
        let Self { file, buffer, ended } = self;
        let mut ready = None;
        loop {
            if let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = buffer.drain(..=end).collect();
                return Ok(Some(String::from_utf8_lossy(&line[..end]).into_owned()));
            }
            if *ended || buffer.len() > LIMIT {
                let rest = String::from_utf8_lossy(buffer).into_owned();
                buffer.clear();
                return Ok((!rest.is_empty()).then_some(rest));
            }
            let ready = match &ready {
                Some(ready) => ready,
                None => ready.insert(register(file)?),
            };
            // A descriptor that is ready does not block, though it is not set to.
            if let Readiness::Pollable(descriptor) = ready {
                descriptor.readable().await?.clear_ready();
            }
            let mut chunk = [0; 4096];
            let mut reader: &File = file;
            match reader.read(&mut chunk) {
                Ok(0) => *ended = true,
                Ok(count) => buffer.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// How a descriptor is waited for.
enum Readiness<'a> {
    Pollable(AsyncFd<BorrowedFd<'a>>),
    /// A file on a disk, or `/dev/null`: always ready.
    Always,
}

fn register(file: &File) -> io::Result<Readiness<'_>> {
    match watch(file.as_fd()) {
        Ok(pollable) => Ok(Readiness::Pollable(pollable)),
        Err(error) if error.raw_os_error() == Some(Errno::EPERM as i32) => Ok(Readiness::Always),
        Err(error) => Err(error),
    }
}

/// A descriptor that can be awaited.
#[expect(
    deprecated,
    reason = "what replaces it is unsafe for the sake of raw descriptors, which these are not"
)]
pub(crate) fn watch<T: AsFd + AsRawFd>(descriptor: T) -> io::Result<AsyncFd<T>> {
    AsyncFd::with_interest(descriptor, Interest::READABLE)
}

/// The terminal, not showing what is typed, for as long as it lives.
#[derive(Debug)]
pub(crate) struct Secretly {
    terminal: File,
    before: Termios,
}

impl Secretly {
    /// Fails where there is no terminal.
    pub(crate) fn new() -> io::Result<Self> {
        let terminal = File::options().read(true).write(true).open("/dev/tty")?;
        let before = tcgetattr(&terminal)?;
        let mut silent = before.clone();
        silent.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(&terminal, SetArg::TCSAFLUSH, &silent)?;
        Ok(Self { terminal, before })
    }

    /// The terminal as a source of lines.
    pub(crate) fn input(&self) -> io::Result<Input> {
        Ok(Input::new(self.terminal.try_clone()?))
    }

    /// Writes to the terminal, whatever stdout is.
    pub(crate) fn write(&mut self, text: &str) -> io::Result<()> {
        io::Write::write_all(&mut self.terminal, text.as_bytes())
    }
}

impl Drop for Secretly {
    fn drop(&mut self) {
        let _ = tcsetattr(&self.terminal, SetArg::TCSAFLUSH, &self.before);
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, Write};

    use super::*;

    fn lines(file: File) -> Vec<String> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        let mut input = Input::new(file);
        let mut lines = Vec::new();
        while let Some(line) = runtime.block_on(input.line()).expect("readable") {
            lines.push(line);
        }
        lines
    }

    #[test]
    fn lines_come_from_files() {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(b"one\n\ntwo").and_then(|()| file.rewind()).expect("writable");
        assert_eq!(lines(file), ["one", "", "two"]);
    }

    #[test]
    fn lines_come_from_pipes() {
        let (reader, writer) = nix::unistd::pipe().expect("a pipe");
        let writer = std::thread::spawn(move || {
            let mut writer = File::from(writer);
            for piece in ["on", "e\ntw", "o\n"] {
                writer.write_all(piece.as_bytes()).expect("writable");
            }
        });
        assert_eq!(lines(File::from(reader)), ["one", "two"]);
        writer.join().expect("written");
    }

    #[test]
    fn nothing_comes_from_nowhere() {
        assert_eq!(lines(File::open("/dev/null").expect("openable")), [""; 0]);
    }
}
