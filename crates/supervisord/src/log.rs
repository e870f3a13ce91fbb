//! The daemon's own log: `2026-01-31 12:00:00,000 INFO message` in a file, in syslog, and on stdout in the foreground.
//!
//! Lines come through `tracing`. Of the seven levels of the original two have no counterpart there: CRIT is an error
//! with a field `critical`, BLAT a trace with a field `blather`; the macros of this module set them. The state lives in
//! the one thread of the daemon, behind a subscriber of no size, so that nothing need be shared. Before [`open`] lines
//! go nowhere.
//!
//! Failing to log never fails anything else.

use std::cell::{Cell, RefCell};
use std::fmt::{self, Write};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use supervisor_config::sections::{LogLevel, Supervisord};
use supervisor_rpc::fault::{Code, Fault};
use thiserror::Error;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
pub(crate) use tracing::{debug, error, info, trace, warn};

use self::file::{Access, LogFile, Note, Rotation};
use self::syslog::Syslog;
use crate::os::child::{LocalTime, local_time};

pub mod file;
pub mod syslog;

/// Logs at the level CRIT.
macro_rules! critical {
    ($($message:tt)+) => { ::tracing::error!(critical = true, $($message)+) };
}
pub(crate) use critical;

/// Logs at the level BLAT.
macro_rules! blather {
    ($($message:tt)+) => { ::tracing::trace!(blather = true, $($message)+) };
}
pub(crate) use blather;

/// The log could not be opened.
#[derive(Debug, Error)]
#[error("could not open log file {}: {source}", path.display())]
pub struct OpenError {
    path: PathBuf,
    source: io::Error,
}

thread_local! {
    static LEVEL: Cell<Option<LogLevel>> = const { Cell::new(None) };
    static LOG: RefCell<Option<Log>> = const { RefCell::new(None) };
}

struct Log {
    file: Option<LogFile>,
    stdout: Option<LogFile>,
    /// The daemon's own lines go there too. Those of its children go there anyway.
    to_syslog: bool,
    syslog: Syslog,
    line: String,
    second: (i64, LocalTime),
}

/// Opens the log, in place of the one that was open.
pub fn open(options: &Supervisord) -> Result<(), OpenError> {
    let rotation = Rotation { maxbytes: options.logfile_maxbytes, backups: options.logfile_backups };
    let access = Access { mode: options.logfile_mode, owner: options.logfile_owner };
    let open = |path: &PathBuf| {
        LogFile::open(path, rotation, access).map_err(|source| OpenError { path: path.clone(), source })
    };
    let file = options.logfile.as_ref().map(open).transpose()?;
    let foreground = options.nodaemon && !options.silent;
    let log = Log {
        to_syslog: file.is_none(),
        file,
        stdout: if foreground { LogFile::stdout().ok() } else { None },
        syslog: Syslog::new(Path::new("/dev/log"), "supervisord"),
        line: String::new(),
        second: (0, local_time(0)),
    };
    LOG.set(Some(log));
    LEVEL.set(Some(options.loglevel));
    // Fails when it was set before: the same subscriber then writes to the new log.
    tracing::subscriber::set_global_default(Lines).unwrap_or_default();
    Ok(())
}

/// Whether lines of this level are written; to be asked before costly preparations only.
pub fn enabled(level: LogLevel) -> bool {
    LEVEL.get().is_some_and(|least| level >= least)
}

/// Logs at a level that is not known beforehand.
pub fn log(level: LogLevel, text: &str) {
    match level {
        LogLevel::Critical => self::critical!("{text}"),
        LogLevel::Error => error!("{text}"),
        LogLevel::Warn => warn!("{text}"),
        LogLevel::Info => info!("{text}"),
        LogLevel::Debug => debug!("{text}"),
        LogLevel::Trace => trace!("{text}"),
        LogLevel::Blather => self::blather!("{text}"),
    }
}

/// Logs what a log file has to say.
pub fn note(note: Option<Note>) {
    if let Some(note) = note {
        warn!("{note}");
    }
}

/// The path of the log file; `None` when the log goes to syslog.
pub fn path() -> Option<PathBuf> {
    LOG.with_borrow(|log| log.as_ref()?.file.as_ref().map(|file| file.path().to_owned()))
}

/// Opens what is at the path of the log file now.
pub fn reopen() {
    note(with_file(|file| file.reopen(Instant::now())).flatten());
}

/// `clearLog`: empties the log file.
pub fn clear() -> Result<(), Fault> {
    match path() {
        Some(path) if path.exists() => {}
        _ => return Err(Code::NoFile.fault()),
    }
    // As in the original this goes into the file that is about to vanish, and onto stdout.
    info!("reopening log file");
    match with_file(|file| file.clear(Instant::now())) {
        Some(Err(_)) => Err(Code::Failed.fault()),
        Some(Ok(said)) => {
            note(said);
            Ok(())
        }
        None => Ok(()),
    }
}

/// Sends a line of a child's output to syslog.
pub fn to_syslog(process: &str, line: &[u8]) {
    let message = [process.as_bytes(), b" ", line].concat();
    let lost = LOG.with_borrow_mut(|log| {
        let Some(log) = log else { return 0 };
        let (at, _) = log.clock();
        log.syslog.send(&message, at, Instant::now());
        log.syslog.take_lost()
    });
    note_lost(lost);
}

/// Whether lines wait for a slow reader: [`flush`] is then to be called soon.
pub fn is_backlogged() -> bool {
    LOG.with_borrow(|log| {
        log.as_ref().is_some_and(|log| log.syslog.is_backlogged() || log.files().any(LogFile::is_backlogged))
    })
}

/// Writes what waits for a slow reader.
pub fn flush(now: Instant) {
    let (notes, lost) = LOG.with_borrow_mut(|log| {
        let Some(log) = log else { return (Vec::new(), 0) };
        log.syslog.flush(now);
        let notes = log.files_mut().filter_map(|file| file.flush(now)).collect();
        (notes, log.syslog.take_lost())
    });
    notes.into_iter().for_each(|said| note(Some(said)));
    note_lost(lost);
}

fn note_lost(lost: u64) {
    if lost > 0 {
        warn!("syslog takes messages again, {lost} were lost");
    }
}

fn with_file<T>(act: impl FnOnce(&mut LogFile) -> T) -> Option<T> {
    LOG.with_borrow_mut(|log| log.as_mut()?.file.as_mut().map(act))
}

impl Log {
    fn files(&self) -> impl Iterator<Item = &LogFile> {
        self.stdout.iter().chain(&self.file)
    }

    fn files_mut(&mut self) -> impl Iterator<Item = &mut LogFile> {
        self.stdout.iter_mut().chain(&mut self.file)
    }

    /// The local time and its milliseconds. Many lines fall into one second.
    fn clock(&mut self) -> (LocalTime, u32) {
        let elapsed = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let seconds = i64::try_from(elapsed.as_secs()).unwrap_or_default();
        if self.second.0 != seconds {
            self.second = (seconds, local_time(seconds));
        }
        (self.second.1, elapsed.subsec_millis())
    }

    fn write(&mut self, level: LogLevel, message: &dyn Fn(&mut String)) {
        let notes = self.write_line(level, message);
        // A second failure while the first is told would have nothing new to say.
        for said in notes.into_iter().flatten() {
            if enabled(LogLevel::Warn) {
                self.write_line(LogLevel::Warn, &|line| write!(line, "{said}").unwrap_or_default());
            }
        }
    }

    fn write_line(&mut self, level: LogLevel, message: &dyn Fn(&mut String)) -> [Option<Note>; 2] {
        let (at, milliseconds) = self.clock();
        let mut line = std::mem::take(&mut self.line);
        line.clear();
        let LocalTime { year, month, day, hour, minute, second, .. } = at;
        let stamp = format_args!("{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}");
        write!(line, "{stamp},{milliseconds:03} {} ", letters(level)).unwrap_or_default();
        let start = line.len();
        message(&mut line);
        let now = Instant::now();
        if self.to_syslog {
            // Each line of the message becomes one of syslog's, with the same beginning.
            let (head, text) = line.split_at(start);
            for part in text.trim_end_matches('\n').split('\n') {
                self.syslog.send(format!("{head}{part}\n").as_bytes(), at, now);
            }
        }
        line.push('\n');
        let notes = [&mut self.stdout, &mut self.file].map(|file| file.as_mut()?.write(line.as_bytes(), now));
        // One long line is no reason to keep its room.
        if line.capacity() <= 4096 {
            self.line = line;
        }
        notes
    }
}

fn letters(level: LogLevel) -> &'static str {
    match level {
        LogLevel::Critical => "CRIT",
        LogLevel::Error => "ERRO",
        LogLevel::Warn => "WARN",
        LogLevel::Info => "INFO",
        LogLevel::Debug => "DEBG",
        LogLevel::Trace => "TRAC",
        LogLevel::Blather => "BLAT",
    }
}

fn level_of(metadata: &Metadata<'_>) -> LogLevel {
    let has = |name| metadata.fields().field(name).is_some();
    match *metadata.level() {
        Level::ERROR if has("critical") => LogLevel::Critical,
        Level::ERROR => LogLevel::Error,
        Level::WARN => LogLevel::Warn,
        Level::INFO => LogLevel::Info,
        Level::DEBUG => LogLevel::Debug,
        Level::TRACE if has("blather") => LogLevel::Blather,
        Level::TRACE => LogLevel::Trace,
    }
}

/// The subscriber. Spans are not used.
struct Lines;

impl Subscriber for Lines {
    /// The level changes with the configuration: it is asked each time.
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        enabled(level_of(metadata))
    }

    fn event(&self, event: &tracing::Event<'_>) {
        let level = level_of(event.metadata());
        LOG.with(|log| {
            if let Ok(mut log) = log.try_borrow_mut()
                && let Some(log) = &mut *log
            {
                log.write(level, &|line| event.record(&mut Message(line)));
            }
        });
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// Takes the text of an event.
struct Message<'a>(&'a mut String);

impl Visit for Message<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            write!(self.0, "{value:?}").unwrap_or_default();
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::fs;

    use super::*;

    /// `[supervisord]` with this log; everything else is of no interest here.
    fn options(logfile: &Path, loglevel: LogLevel) -> Supervisord {
        Supervisord {
            logfile: Some(logfile.to_owned()),
            logfile_maxbytes: 0,
            logfile_backups: 0,
            loglevel,
            pidfile: PathBuf::new(),
            umask: 0o22,
            nodaemon: false,
            silent: false,
            minfds: 1024,
            minprocs: 200,
            nocleanup: false,
            childlogdir: PathBuf::new(),
            user: None,
            directory: None,
            strip_ansi: false,
            environment: Vec::new(),
            identifier: "supervisor".to_owned(),
            logfile_mode: None,
            logfile_owner: None,
        }
    }

    /// What is logged at this level while `act` runs: `LEVL message`.
    pub(crate) fn logged(level: LogLevel, act: impl FnOnce()) -> Vec<String> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        open(&options(file.path(), level)).expect("opened");
        act();
        LOG.set(None);
        LEVEL.set(None);
        let text = fs::read_to_string(file.path()).expect("read");
        text.lines()
            .map(|line| line.get("2026-01-31 12:00:00,000 ".len()..).unwrap_or(line).to_owned())
            .collect()
    }

    fn one_of_each() {
        critical!("text {}", 1);
        error!("text");
        warn!("text");
        info!("text");
        debug!("text");
        trace!("text");
        blather!("text");
    }

    #[test]
    fn every_level_has_its_letters_and_less_important_lines_are_dropped() {
        let all =
            ["CRIT text 1", "ERRO text", "WARN text", "INFO text", "DEBG text", "TRAC text", "BLAT text"];
        let levels = [
            LogLevel::Critical,
            LogLevel::Error,
            LogLevel::Warn,
            LogLevel::Info,
            LogLevel::Debug,
            LogLevel::Trace,
            LogLevel::Blather,
        ];
        for (index, level) in levels.into_iter().enumerate() {
            assert_eq!(logged(level, one_of_each), all[..=index]);
            assert_eq!(logged(level, || log(level, "text"))[0][5..], *"text");
        }
    }

    #[test]
    fn a_line_begins_with_the_local_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("log");
        open(&options(&path, LogLevel::Info)).expect("opened");
        info!("several\nlines");
        let text = fs::read_to_string(&path).expect("read");
        let shape: String = text.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
        assert_eq!(shape, "0000-00-00 00:00:00,000 INFO several\nlines\n");
    }

    #[test]
    fn what_is_not_written_is_not_formatted() {
        struct Costly;
        impl fmt::Display for Costly {
            fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
                panic!("formatted");
            }
        }
        assert!(logged(LogLevel::Info, || debug!("{Costly}")).is_empty());
        debug!("{Costly}");
    }

    #[test]
    fn the_log_is_reopened_and_cleared() {
        let folder = tempfile::tempdir().expect("a folder");
        let log = folder.path().join("log");
        open(&options(&log, LogLevel::Info)).expect("opened");
        assert_eq!(path(), Some(log.clone()));
        info!("before");
        fs::rename(&log, folder.path().join("moved")).expect("moved");
        reopen();
        info!("after");
        assert!(fs::read_to_string(&log).expect("read").ends_with("INFO after\n"));
        clear().expect("cleared");
        assert_eq!(fs::read_to_string(&log).expect("read"), "");
        fs::remove_file(&log).expect("removed");
        assert_eq!(clear(), Err(Code::NoFile.fault()));
    }

    #[test]
    fn a_full_disk_loses_lines_and_nothing_else() {
        open(&options(Path::new("/dev/full"), LogLevel::Info)).expect("opened");
        info!("lost");
        reopen();
        flush(Instant::now());
        assert!(!is_backlogged());
    }

    #[test]
    fn a_log_that_cannot_be_opened_is_an_error() {
        let error = open(&options(Path::new("/nonexistent/log"), LogLevel::Info)).expect_err("no folder");
        assert_eq!(
            error.to_string(),
            "could not open log file /nonexistent/log: No such file or directory (os error 2)"
        );
    }
}
