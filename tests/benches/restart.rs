//! From the death of a program to the exec of its replacement; and how an exec is seen from outside.

use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::Signal;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::signal::kill;
use nix::unistd::Pid;

use crate::Extent;
use crate::daemon::{Daemon, Side, folder};
use crate::table::Table;

/// Sees each exec of programs at the moment when the kernel opens their file, without anything in the programs themselves: they are
/// links to `sleep`, one name each, in a folder that is watched.
#[derive(Debug)]
pub(crate) struct Execs {
    inotify: Inotify,
}

impl Execs {
    /// Makes the links in the folder's `run`, and watches it.
    pub(crate) fn watch(dir: &Path, names: &[String]) -> Self {
        let run = dir.join("run");
        for name in names {
            fs::hard_link(dir.join("sleep"), run.join(name)).expect("a link");
        }
        let inotify = Inotify::init(InitFlags::IN_CLOEXEC).expect("inotify");
        inotify.add_watch(&run, AddWatchFlags::IN_OPEN).expect("a watch");
        Self { inotify }
    }

    /// Waits for the next execs, and returns their names.
    fn next(&self) -> Vec<String> {
        let events = self.inotify.read_events().expect("events");
        events.into_iter().filter_map(|event| event.name?.into_string().ok()).collect()
    }

    /// Waits until each of them was seen, and returns when the last was.
    pub(crate) fn all_run(&mut self, names: &[String]) -> Instant {
        let mut waiting: HashSet<&str> = names.iter().map(String::as_str).collect();
        loop {
            let seen = self.next();
            let now = Instant::now();
            for name in &seen {
                waiting.remove(name.as_str());
            }
            if waiting.is_empty() {
                return now;
            }
        }
    }
}

pub(crate) fn measure(extent: Extent, table: &mut Table) {
    let (ours, theirs) = if extent.short { (100, 3) } else { (500, 9) };
    let names = ["p".to_owned()];
    for (side, times) in [(Side::Ours, ours), (Side::Runit, theirs), (Side::Theirs, theirs)] {
        let dir = folder();
        let mut execs = Execs::watch(dir.path(), &names);
        let program = dir.path().join("run/p");
        let daemon = if side == Side::Runit {
            Daemon::runit(dir, &names)
        } else {
            let text = "[program:p]\ncommand={here}/run/p 100000\nautorestart=true\nstartsecs=0\n";
            Some(Daemon::start_in(dir, side, text))
        };
        let Some(_daemon) = daemon else { continue };
        execs.all_run(&names);
        let mut dead = None;
        for _ in 0..times {
            let pid =
                harness::obtain("the replacement", || running(&program).filter(|pid| Some(*pid) != dead));
            if side == Side::Runit {
                // It waits before it starts again what has not run for a second.
                sleep(Duration::from_millis(1100));
            }
            let begin = Instant::now();
            kill(pid, Signal::SIGKILL).expect("the program runs");
            let end = execs.all_run(&names);
            table.add(
                "restart: kill -9 to the exec of the replacement",
                "ms",
                side,
                (end - begin).as_secs_f64() * 1e3,
            );
            dead = Some(pid);
        }
    }
}

/// The process that runs this program and is not a zombie.
fn running(program: &Path) -> Option<Pid> {
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        (fs::read_link(entry.path().join("exe")).ok()? == program).then_some(Pid::from_raw(pid))
    })
}
