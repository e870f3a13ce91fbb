//! This implementation and the original side by side: memory, idling, start and stop, restarts, supervisorctl, RPC, logs, events.
//!
//! ```sh
//! SUPERVISOR_PYTHON=target/original/bin/python cargo bench -p supervisor-tests --bench compare
//! ```
//!
//! Figures are taken of both in turn, so that what else the machine does hits both alike, and the table shows medians. Behind
//! `--` may stand `--short` (fewer and smaller rounds, no 1,000 programs), `--5000` (also with 5,000 programs, ours alone) and names
//! of chapters: `sizes`, `restart`, `ctl`, `rpc`, `logs`, `events`. What is lost ends it with a panic: a byte of a log, an event.

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
use table::Table;

/// How much is measured.
#[derive(Debug, Clone, Copy)]
struct Extent {
    /// The quick form.
    short: bool,
    /// Also with 5,000 programs.
    large: bool,
}

type Chapter = (&'static str, fn(Extent, &mut Table));

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if child::run(&args) {
        return;
    }
    let has = |flag: &str| args.iter().any(|arg| arg == flag);
    let extent = Extent { short: has("--short"), large: has("--5000") };
    let names: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--")).collect();
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
    let mut table = Table::default();
    for (name, measure) in chapters {
        if names.is_empty() || names.iter().any(|wanted| *wanted == name) {
            eprintln!("{name} …");
            measure(extent, &mut table);
        }
    }
    print!("{table}");
}
