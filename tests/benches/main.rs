//! This implementation and the original side by side: memory, idling, start and stop, restarts, supervisorctl, RPC, logs, events.
//!
//! ```sh
//! SUPERVISOR_PYTHON=target/original/bin/python cargo bench -p supervisor-tests --bench compare
//! ```
//!
//! Figures are taken of both in turn, so that what else the machine does hits both alike, and the table shows medians, of logs the
//! best. Behind `--` may stand `--short` (fewer and smaller rounds, no 1,000 programs), `--5000` (also with 5,000 programs, ours alone)
//! and names of chapters: `sizes`, `restart`, `ctl`, `rpc`, `logs`, `events`. What is lost ends it with a panic: a byte of a log, an
//! event. `--check README.md` compares the ratios with those of the table there, and fails where one is more than twice as bad.

mod child;
mod client;
mod ctl;
mod daemon;
mod events;
mod logs;
mod restart;
mod rpc;
mod sizes;
mod table;

use daemon::Side;
use table::{Published, Table};

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Extent {
    /// The quick form.
    short: bool,
    /// Also with 5,000 programs.
    large: bool,
}

type Measure = fn(Extent, &mut Table);
type Chapter = (&'static str, Measure);

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if child::run(&args) {
        return;
    }
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    let extent = Extent { short: has("--short"), large: has("--5000") };
    let names: Vec<&String> =
        args.iter().filter(|arg| !arg.starts_with("--") && !arg.ends_with(".md")).collect();
    for side in Side::BOTH {
        println!("{side:?}: {}", side.program("supervisord").display());
    }

    let chapters: [Chapter; 6] = [
        ("sizes", sizes::measure),
        ("restart", restart::measure),
        ("ctl", ctl::measure),
        ("rpc", rpc::measure),
        ("logs", logs::measure),
        ("events", events::measure),
    ];
    // Programs that were built a moment ago are not yet on the disk, and would count as changed memory.
    nix::unistd::sync();
    let published = args
        .iter()
        .position(|arg| arg == "--check")
        .map(|at| Published::read(args.get(at + 1).expect("--check is followed by the file with the table")));
    let mut table = Table::default();
    let mut off = Vec::new();
    for (name, measure) in chapters {
        if names.is_empty() || names.iter().any(|wanted| *wanted == name) {
            eprintln!("{name} …");
            let (part, worse) = checked(measure, extent, published.as_ref());
            table.append(part);
            off.extend(worse);
        }
    }
    print!("{table}");
    if !off.is_empty() {
        eprintln!("off by more than a factor of two:\n{}", off.join("\n"));
        std::process::exit(1);
    }
}

/// Measures a chapter, and what of it is worse than it was published: a machine that is busy with something else gets three tries.
fn checked(measure: Measure, extent: Extent, published: Option<&Published>) -> (Table, Vec<String>) {
    let mut tries = 1..=3;
    let mut always: Option<Vec<String>> = None;
    loop {
        let mut part = Table::default();
        measure(extent, &mut part);
        let mut off = published.map_or_else(Vec::new, |published| published.worse(&part));
        off.retain(|row| always.as_ref().is_none_or(|before| before.contains(row)));
        tries.next();
        if off.is_empty() || tries.is_empty() {
            return (part, off);
        }
        eprintln!("off: {off:?}");
        always = Some(off);
    }
}
