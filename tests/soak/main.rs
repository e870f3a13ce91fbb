//! Many programs that crash, restart, are stopped, started, signalled and updated as chance has it, while all that they say is read
//! along. Afterwards nothing is missing, nothing is there twice, nothing is left over, and every state is right.
//!
//! `torture` does it for some seconds, or for `TORTURE_SECONDS`. `soak` goes on for ten minutes, or for `SOAK_SECONDS`, injects faults
//! besides, and prints how descriptors and memory develop:
//!
//! ```sh
//! cargo test --release -p supervisor-tests --test soak -- --ignored --nocapture
//! ```
//!
//! Both print their seed; `SOAK_SEED` repeats one, as far as the machine does.

mod changes;
mod faults;
mod figures;
mod lines;
mod programs;
mod worker;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use harness::{Random, Setup, TestBed, obtain};

use changes::Changes;
use faults::Faults;
use figures::Figures;
use worker::Worker;

const PROGRAMS: usize = 200;
const WORKERS: usize = 8;

#[test]
fn torture() {
    run(seconds("TORTURE_SECONDS", 5), seconds("TORTURE_SECONDS", 5), false);
}

#[test]
#[ignore = "takes ten minutes; see the top of the file"]
fn soak() {
    run(seconds("SOAK_SECONDS", 600), Duration::from_secs(20), true);
}

fn seconds(variable: &str, default: u64) -> Duration {
    let given = std::env::var(variable).ok();
    Duration::from_secs(given.map_or(default, |text| text.parse().expect("a number of seconds")))
}

fn seed() -> u64 {
    let seed = std::env::var("SOAK_SEED").ok().map(|text| text.parse().expect("a number"));
    seed.unwrap_or_else(|| {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        now.map_or(0, |now| u64::from(now.subsec_nanos()))
    })
}

/// Everything for so long, in rounds of this length. After each round all is stopped and looked at.
fn run(time: Duration, round: Duration, with_faults: bool) {
    let seed = seed();
    println!("SOAK_SEED={seed}");
    let mut random = Random::new(seed);
    let bed = bed(with_faults);
    let mut workers: Vec<Worker<'_>> = (0..WORKERS)
        .map(|place| {
            let numbers = (0..PROGRAMS).filter(|number| number % WORKERS == place);
            Worker::new(&bed, place, numbers, random.number(), with_faults)
        })
        .collect();
    bed.ask("reloadConfig", []);
    workers.iter_mut().for_each(Worker::add_all);
    let mut changes = Changes::new(&bed);
    let mut faults = with_faults.then(|| Faults::new(&bed, random.number()));
    let quiet = obtain("a quiet moment", || {
        let open = bed.shown().descriptors().len();
        std::thread::sleep(Duration::from_millis(200));
        (open == bed.shown().descriptors().len()).then_some(open)
    });
    let mut figures = Figures::new(&bed, quiet);
    let begin = Instant::now();
    while begin.elapsed() < time {
        let until = (Instant::now() + round).min(begin + time);
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for worker in &mut workers {
                let over = &over;
                scope.spawn(move || {
                    let _guard = EndsAll(over);
                    worker.work(until, over);
                });
            }
            if let Some(faults) = &mut faults {
                let _guard = EndsAll(&over);
                faults.inject(until, &over);
            }
        });
        std::thread::scope(|scope| {
            for worker in &mut workers {
                scope.spawn(move || worker.settle());
            }
        });
        changes.check();
        bed.settles_at(quiet);
        bed.eventually("no program is left", || {
            bed.shown().kids().iter().all(|kid| !programs::is_one(kid.pid))
        });
        figures.take(begin.elapsed());
    }
    let totals = workers.iter().map(Worker::totals);
    let (runs, lines) = totals.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    println!("{runs} lives, {lines} lines, {} changes of state", changes.count());
    assert!(runs >= PROGRAMS / 2 && lines > 0, "little has happened");
    if with_faults {
        figures.judge();
    }
}

/// Whoever fails ends the round for all.
struct EndsAll<'a>(&'a AtomicBool);

impl Drop for EndsAll<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

fn bed(with_faults: bool) -> TestBed {
    let text = format!(
        "[eventlistener:recorder]\ncommand={{here}}/bin/talker listen {{here}}/events\nevents=PROCESS_STATE\n\
         buffer_size=10000\n{}[include]\nfiles=programs/*.conf\n",
        if with_faults { faults::SECTIONS } else { "" }
    );
    let files = [("bin/x", ""), ("logs/x", ""), ("records/x", ""), ("programs/x", "")];
    let mut bed = Setup { text: &text, files: &files, ..Setup::default() }.prepare();
    std::fs::copy(env!("CARGO_BIN_EXE_talker"), bed.path("bin/talker")).expect("a copy of the program");
    bed.start();
    bed.state_becomes("recorder", "RUNNING");
    bed
}
