//! A program that says numbered lines and lives as chance has it: a short life or a long one, an end by a code or by a signal, a child
//! that goes on talking, deafness to SIGTERM. It writes down how much it has said, so that a test knows what must be in the log.
//!
//! `talker RECORDS SEED` is such a life. Each run has a record in the file RECORDS; its place there is the number of the run. A
//! line is `o RUN NUMBER …` on stdout, `e RUN NUMBER …` on stderr. `talker listen FILE` is an event listener that writes down the state
//! changes of processes. `talker elsewhere` lives in the process group of its parent, where signals for its own do not find it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::process::{Command, ExitCode, Stdio};
use std::thread::sleep;
use std::time::Duration;

use harness::{Random, Record, Signal};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{SigSet, raise};
use nix::unistd::{Pid, getpgid, getppid, setpgid};

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let done = match args[..] {
        ["listen", file] => listen(file),
        ["elsewhere"] => live_elsewhere(),
        ["heir", records, run] => run.parse().map_or(Ok(()), |run| inherit(records, run)),
        [records, seed] => match seed.parse() {
            Ok(seed) => return live(records, seed).unwrap_or(ExitCode::FAILURE),
            Err(_) => return ExitCode::FAILURE,
        },
        _ => return ExitCode::FAILURE,
    };
    // The daemon has ended: so does its child.
    done.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS)
}

/// A life, and how it ends.
fn live(records: &str, seed: u64) -> io::Result<ExitCode> {
    setrlimit(Resource::RLIMIT_CORE, 0, 0)?;
    let mut voice = Voice::claim(records, false)?;
    let mut random = Random::new(seed ^ voice.run.wrapping_mul(0x1000_0001));
    match random.below(100) {
        // All at once, and gone.
        0..10 => (0..random.below(40)).try_for_each(|_| voice.say(&mut random, 16))?,
        10..25 => voice.talk(random.below(100), 20, &mut random)?,
        25..30 => {
            let heir = Voice::claim(records, true)?;
            Command::new(std::env::current_exe()?)
                .args(["heir", records, &heir.run.to_string()])
                .stdin(Stdio::null())
                .spawn()?;
            voice.talk(random.below(30), 20, &mut random)?;
        }
        30..35 => {
            [Signal::SIGTERM, Signal::SIGINT].into_iter().collect::<SigSet>().thread_block()?;
            voice.talk(u64::MAX, 100, &mut random)?;
        }
        _ => voice.talk(random.below(1000), 100, &mut random)?,
    }
    voice.end()?;
    match random.below(10) {
        0 => raise(Signal::SIGKILL)?,
        1 => raise(Signal::SIGSEGV)?,
        2 => raise(Signal::SIGABRT)?,
        3 => return Ok(ExitCode::from(7)),
        4 => return Ok(ExitCode::FAILURE),
        _ => {}
    }
    Ok(ExitCode::SUCCESS)
}

fn live_elsewhere() -> io::Result<()> {
    setpgid(Pid::from_raw(0), getpgid(Some(getppid()))?)?;
    io::stdout().write_all(b"elsewhere\n")?;
    loop {
        sleep(Duration::from_secs(1000));
    }
}

/// What a child says after its parent has ended.
fn inherit(records: &str, run: u64) -> io::Result<()> {
    let mut voice =
        Voice { records: OpenOptions::new().write(true).open(records)?, run, record: Record::HEIR };
    let mut random = Random::new(run);
    voice.talk(40, 20, &mut random)?;
    voice.end()
}

/// One run: where it writes down what it has said.
struct Voice {
    records: File,
    run: u64,
    record: Record,
}

impl Voice {
    fn claim(records: &str, is_heir: bool) -> io::Result<Self> {
        let records = OpenOptions::new().create(true).truncate(false).write(true).open(records)?;
        let run = records.metadata()?.len() / Record::SIZE;
        let record = if is_heir { Record::HEIR } else { Record::default() };
        let mut voice = Self { records, run, record };
        voice.note()?;
        Ok(voice)
    }

    fn note(&mut self) -> io::Result<()> {
        self.records.write_all_at(&self.record.to_bytes(), self.run * Record::SIZE)
    }

    fn end(&mut self) -> io::Result<()> {
        self.record.has_ended = true;
        self.note()
    }

    /// So many times a line, with pauses of so many milliseconds at most.
    fn talk(&mut self, times: u64, pause: u64, random: &mut Random) -> io::Result<()> {
        for _ in 0..times {
            self.say(random, 1)?;
            sleep(Duration::from_millis(random.below(pause)));
        }
        Ok(())
    }

    /// Some lines in one write, small enough that no end cuts it in two.
    fn say(&mut self, random: &mut Random, lines: u64) -> io::Result<()> {
        let to_stderr = random.below(5) == 0;
        let (letter, said) =
            if to_stderr { ('e', &mut self.record.stderr) } else { ('o', &mut self.record.stdout) };
        let mut text = String::new();
        for _ in 0..lines {
            let rest = usize::try_from(random.below(80)).unwrap_or_default();
            text.push_str(&format!("{letter} {} {said} {}\n", self.run, ".".repeat(rest)));
            *said += 1;
        }
        let written = if to_stderr {
            nix::unistd::write(io::stderr().as_fd(), text.as_bytes())
        } else {
            nix::unistd::write(io::stdout().as_fd(), text.as_bytes())
        };
        if written? != text.len() {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.note()
    }
}

/// Accepts all events and writes down each of a process: a line of its name and payload.
fn listen(file: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().create(true).append(true).open(file)?;
    let (mut stdin, mut stdout) = (io::stdin().lock(), io::stdout().lock());
    let (mut header, mut payload) = (String::new(), Vec::new());
    file.write_all(b"listens\n")?;
    stdout.write_all(b"READY\n")?;
    loop {
        stdout.flush()?;
        header.clear();
        if stdin.read_line(&mut header)? == 0 {
            return Ok(());
        }
        let value = |name: &str| header.split_whitespace().find_map(|word| word.strip_prefix(name));
        let length = value("len:").and_then(|length| length.parse().ok());
        payload.resize(length.ok_or(io::ErrorKind::InvalidData)?, 0);
        stdin.read_exact(&mut payload)?;
        let mut line = value("eventname:").unwrap_or_default().as_bytes().to_vec();
        line.push(b' ');
        line.extend_from_slice(&payload);
        line.push(b'\n');
        file.write_all(&line)?;
        stdout.write_all(b"RESULT 2\nOKREADY\n")?;
    }
}
