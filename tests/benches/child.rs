//! What this program does as a child of the daemons that it measures.

use std::fs::File;
use std::io::{self, BufRead, Read, Write};
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

/// Numbered lines of 100 bytes.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    number: u64,
}

impl Lines {
    /// Appends the next line.
    pub(crate) fn next(&mut self, text: &mut Vec<u8>) {
        let end = text.len() + 100;
        let mut digits = self.number;
        text.resize(end, b'.');
        text[end - 1] = b'\n';
        for digit in text[end - 100..end - 88].iter_mut().rev() {
            *digit = b'0' + (digits % 10) as u8;
            digits /= 10;
        }
        self.number += 1;
    }
}

/// Does what the arguments ask a child to do; false: they ask for nothing of the kind.
pub(crate) fn run(args: &[String]) -> bool {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["write", bytes, chunk] => write(bytes.parse().expect("bytes"), chunk.parse().expect("bytes")),
        ["listen", count] => listen(count),
        ["peak-memory", program, ref args @ ..] => peak_memory(program, args),
        _ => return false,
    };
    // The daemon has ended: so does its child.
    let _ = done;
    true
}

/// Writes so many bytes of numbered lines, so many at once.
fn write(bytes: u64, chunk: usize) -> io::Result<()> {
    // Not through `Stdout`, which would cut at the ends of lines.
    let mut stdout = File::options().write(true).open("/proc/self/fd/1")?;
    let (mut left, mut lines, mut text) = (bytes, Lines::default(), Vec::new());
    while left > 0 {
        while text.len() < chunk {
            lines.next(&mut text);
        }
        let size = chunk.min(usize::try_from(left).unwrap_or(chunk));
        stdout.write_all(&text[..size])?;
        text.drain(..size);
        left -= size as u64;
    }
    Ok(())
}

/// An event listener that accepts all, and writes a byte into a file for each.
fn listen(count: &str) -> io::Result<()> {
    let (mut count, mut stdin, mut stdout) = (File::create(count)?, io::stdin().lock(), io::stdout().lock());
    let (mut header, mut payload) = (String::new(), Vec::new());
    stdout.write_all(b"READY\n")?;
    loop {
        stdout.flush()?;
        header.clear();
        if stdin.read_line(&mut header)? == 0 {
            return Ok(());
        }
        let length = header.trim_end().rsplit_once("len:").and_then(|(_, length)| length.parse().ok());
        payload.resize(length.ok_or(io::ErrorKind::InvalidData)?, 0);
        stdin.read_exact(&mut payload)?;
        count.write_all(b".")?;
        stdout.write_all(b"RESULT 2\nOKREADY\n")?;
    }
}

/// Runs a program and prints its peak memory in KiB.
fn peak_memory(program: &str, args: &[&str]) -> io::Result<()> {
    Command::new(program).args(args).stdout(Stdio::null()).status()?;
    println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss());
    Ok(())
}
