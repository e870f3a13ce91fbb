//! The shell: lines from a person with editing, history and completion, or from a pipe.

mod completion;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::path::Path;

use rustyline::config::Configurer;
use rustyline::error::ReadlineError;
use rustyline::history::{History, MemHistory};
use rustyline::{CompletionType, Config, Editor};

use self::completion::Completion;
use crate::commands::{Flow, run_line};
use crate::controller::Controller;
use crate::failure::Failure;

/// Shows the status, then runs lines until the end.
pub(crate) fn run(ctl: &mut Controller) -> io::Result<()> {
    let flow = match run_line(ctl, "status") {
        Flow::Continue if io::stdin().is_terminal() && io::stdout().is_terminal() => edit(ctl)?,
        Flow::Continue => read(ctl)?,
        flow => flow,
    };
    if flow == Flow::Interrupted {
        ctl.say("");
    }
    ctl.out.flush()
}

/// Runs lines from a pipe. The prompt is shown all the same: Python's `input` does so.
fn read(ctl: &mut Controller) -> io::Result<Flow> {
    loop {
        ctl.disconnect();
        let prompt = format!("{}> ", ctl.options.prompt);
        ctl.out.ask(&prompt)?;
        let line = match ctl.read_line() {
            Ok(line) => line.unwrap_or_else(|| "EOF".to_owned()),
            Err(Failure::Io(error)) => return Err(error),
            Err(_) => return Ok(Flow::Interrupted),
        };
        match run_line(ctl, &line) {
            Flow::Continue => {}
            flow => return Ok(flow),
        }
    }
}

/// Runs lines of a person at a terminal.
fn edit(ctl: &mut Controller) -> io::Result<Flow> {
    let config = Config::builder().completion_type(CompletionType::List).auto_add_history(true).build();
    let mut editor = Editor::with_history(config, MemHistory::new()).map_err(into_io)?;
    editor.set_max_history_size(usize::MAX).map_err(into_io)?;
    editor.set_helper(Some(Completion::new()?));
    if let Some(file) = &ctl.options.history_file {
        load(&mut editor, file);
    }
    let flow = edit_lines(ctl, &mut editor);
    if let Some(file) = &ctl.options.history_file
        && let Err(error) = save(editor.history(), file)
    {
        eprintln!("supervisorctl: cannot write {}: {error}", file.display());
    }
    flow
}

fn edit_lines(ctl: &mut Controller, editor: &mut Editor<Completion, MemHistory>) -> io::Result<Flow> {
    loop {
        ctl.out.flush()?;
        ctl.disconnect();
        if let Some(completion) = editor.helper_mut() {
            completion.prepare(&ctl.options);
        }
        let line = match editor.readline(&format!("{}> ", ctl.options.prompt)) {
            Ok(line) => line,
            Err(ReadlineError::Eof) => "EOF".to_owned(),
            Err(ReadlineError::Interrupted) => return Ok(Flow::Interrupted),
            Err(error) => return Err(into_io(error)),
        };
        match run_line(ctl, &line) {
            Flow::Continue => {}
            flow => return Ok(flow),
        }
    }
}

fn into_io(error: ReadlineError) -> io::Error {
    match error {
        ReadlineError::Io(error) => error,
        other => io::Error::other(other.to_string()),
    }
}

/// A history is lines of text, as the original's readline keeps it; without one there is nothing to remember.
fn load(editor: &mut Editor<Completion, MemHistory>, file: &Path) {
    let Ok(bytes) = std::fs::read(file) else { return };
    for line in String::from_utf8_lossy(&bytes).lines() {
        // It refuses only what repeats the line before.
        let _ = editor.add_history_entry(line);
    }
}

fn save(history: &MemHistory, file: &Path) -> io::Result<()> {
    let mut out = BufWriter::new(std::fs::File::create(file)?);
    for at in 0..history.len() {
        if let Ok(Some(entry)) = history.get(at, rustyline::history::SearchDirection::Forward) {
            writeln!(out, "{}", entry.entry)?;
        }
    }
    out.flush()
}
