//! Following logs: one as it is, or several with the name before each line.

use std::io;

use supervisor_rpc::client::{Client, ClientError};
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::controller::Controller;
use crate::failure::{Failure, exception};
use crate::interrupt::Interrupts;

/// Shown before the first byte.
pub(super) const HOW_TO_END: &str = "==> Press Ctrl-C to exit <==";

/// A line is shown in pieces when it is longer.
const LONGEST_LINE: usize = 64 << 10;

/// A log to follow.
#[derive(Debug)]
pub(super) struct Source {
    path: String,
    /// Shown before each line.
    label: Option<String>,
}

impl Source {
    /// The log of a process.
    pub(super) fn of_process(name: &str, channel: &str, labelled: bool) -> Self {
        Self { path: format!("/logtail/{name}/{channel}"), label: labelled.then(|| name.to_owned()) }
    }

    /// The log of supervisord.
    pub(super) fn main_log() -> Self {
        Self { path: "/mainlogtail".to_owned(), label: None }
    }
}

/// Something from one of several sources, by its place among them.
#[derive(Debug)]
pub(super) enum Piece {
    Bytes(usize, Vec<u8>),
    /// The source ended or broke.
    End(usize, Option<ClientError>),
}

/// Opens all sources. Must be called within the runtime.
pub(super) fn open(client: &Client, sources: &[Source]) -> Receiver<Piece> {
    // Few, so that a slow terminal slows the daemon down and not this program's memory.
    let (sender, receiver) = mpsc::channel(8);
    for (at, source) in sources.iter().enumerate() {
        let client = Client::new(client.address().clone(), client.credentials().cloned());
        let (path, sender) = (source.path.clone(), sender.clone());
        tokio::spawn(async move {
            let end = pump(&client, &path, at, &sender).await.err();
            // Nobody listens any more: the end is not news.
            let _ = sender.send(Piece::End(at, end)).await;
        });
    }
    receiver
}

async fn pump(client: &Client, path: &str, at: usize, sender: &Sender<Piece>) -> Result<(), ClientError> {
    let mut stream = client.get(path).await?;
    while let Some(bytes) = stream.next().await? {
        if sender.send(Piece::Bytes(at, bytes.to_vec())).await.is_err() {
            break;
        }
    }
    Ok(())
}

/// What the original says on stderr about a stream that it cannot get; the exit status stays as it is.
pub(super) fn complain(url: &str, source: &Source, error: &ClientError) {
    let path = &source.path;
    match error {
        ClientError::Status { code, .. } => eprintln!("{url}{path} Cannot read, status code {code}"),
        error => {
            let (class, text) = exception(error);
            eprintln!("{url}{path} Cannot connect, error: {class} ({text})");
        }
    }
}

/// Shows logs until Ctrl-C.
pub(super) fn follow(ctl: &mut Controller, sources: Vec<Source>) -> Result<(), Failure> {
    ctl.say(HOW_TO_END);
    ctl.out.flush()?;
    let client = ctl.streams()?;
    let url = ctl.options.serverurl.clone();
    let width = sources.iter().filter_map(|source| source.label.as_ref()).map(|label| label.len()).max();
    let mut lines: Vec<Option<Lines>> = sources
        .iter()
        .map(|source| source.label.as_ref().map(|label| Lines::new(label, width.unwrap_or_default())))
        .collect();
    let Controller { runtime, out, .. } = ctl;
    let interrupted = runtime.block_on(async {
        let interrupts = Interrupts::new()?;
        let mut pieces = open(&client, &sources);
        let mut open = sources.len();
        while open > 0 {
            let piece = tokio::select! {
                piece = pieces.recv() => piece,
                pressed = interrupts.pressed() => return pressed.map(|()| true),
            };
            match piece {
                None => break,
                Some(Piece::Bytes(at, bytes)) => match &mut lines[at] {
                    Some(lines) => out.raw(&lines.take(&bytes))?,
                    None => out.raw(&bytes)?,
                },
                Some(Piece::End(at, error)) => {
                    open -= 1;
                    if let Some(lines) = &mut lines[at] {
                        out.raw(&lines.rest())?;
                    }
                    if let Some(error) = error {
                        complain(&url, &sources[at], &error);
                    }
                }
            }
        }
        io::Result::Ok(false)
    })?;
    if interrupted {
        ctl.say("");
    }
    Ok(())
}

/// Cuts a stream into lines and puts a name before each.
#[derive(Debug)]
struct Lines {
    label: String,
    partial: Vec<u8>,
}

impl Lines {
    fn new(label: &str, width: usize) -> Self {
        Self { label: format!("{label:width$} | "), partial: Vec::new() }
    }

    /// The lines that these bytes complete.
    fn take(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            self.partial.extend_from_slice(piece);
            if piece.ends_with(b"\n") || self.partial.len() > LONGEST_LINE {
                out.append(&mut self.rest());
            }
        }
        out
    }

    /// What waits for the end of its line.
    fn rest(&mut self) -> Vec<u8> {
        if self.partial.is_empty() {
            return Vec::new();
        }
        let mut line = self.label.clone().into_bytes();
        line.append(&mut self.partial);
        if !line.ends_with(b"\n") {
            line.push(b'\n');
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_line_has_its_name_before_it() {
        let mut lines = Lines::new("cat", 5);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        assert_eq!(text(lines.take(b"one\ntw")), "cat   | one\n");
        assert_eq!(text(lines.take(b"o\n\nthree")), "cat   | two\ncat   | \n");
        assert_eq!(text(lines.rest()), "cat   | three\n");
        assert_eq!(text(lines.rest()), "");
    }

    #[test]
    fn endless_lines_are_shown_in_pieces() {
        let mut lines = Lines::new("a", 1);
        let shown = lines.take(&[b'x'; LONGEST_LINE + 1]);
        assert_eq!(shown.len(), LONGEST_LINE + 1 + "a | \n".len());
    }
}
