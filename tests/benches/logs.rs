//! Log throughput: how long until all that programs wrote is in their files, whole and in order, and the daemon's time on a processor.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufReader, Read};
use std::path::PathBuf;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Extent;
use crate::child::Lines;
use crate::daemon::{Daemon, Side};
use crate::table::Table;

const MB: u64 = 1024 * 1024;

/// A way of writing.
struct Load {
    name: &'static str,
    /// How many programs write.
    programs: u64,
    /// How many bytes each writes in all, and at once.
    bytes: u64,
    chunk: u64,
    /// The keys of its log file.
    rotation: &'static str,
}

pub(crate) fn measure(extent: Extent, table: &mut Table) {
    let part = if extent.short { 5 } else { 1 };
    let loads = [
        Load { name: "64 KiB writes", programs: 1, bytes: 1024 * MB / part, chunk: 65_536, rotation: "0" },
        Load {
            name: "64 KiB writes, rotated (50 MB × 10)",
            programs: 1,
            // No multiple of the maximum: with the last byte of one, all is there before it was rotated.
            bytes: 490 * MB / part,
            chunk: 65_536,
            rotation: "50MB\nstdout_logfile_backups=10",
        },
        Load { name: "100-byte lines", programs: 1, bytes: 200 * MB / part, chunk: 100, rotation: "0" },
        Load {
            name: "100-byte lines of 50 programs",
            programs: 50,
            bytes: 2 * MB / part,
            chunk: 100,
            rotation: "0",
        },
    ];
    for load in &loads {
        let mut best: BTreeMap<Side, Pumped> = BTreeMap::new();
        for _ in 0..if extent.short { 2 } else { 5 } {
            for side in Side::BOTH {
                let pumped = pump(load, side);
                let best = best.entry(side).or_insert(pumped);
                *best = Pumped { speed: best.speed.max(pumped.speed), cpu: best.cpu.min(pumped.cpu) };
            }
        }
        for (side, Pumped { speed, cpu }) in best {
            table.add(format!("log: {}", load.name), "MiB/s", side, speed);
            table.add(format!("log: {}: processor", load.name), "ms/GiB", side, cpu);
        }
    }
}

/// What was seen of a load. Of several rounds the best counts: a virtual machine returns memory to its host that nobody has used for
/// seconds, and it is chance which of the logs is charged with having it again, which takes up to ten times as long as writing.
#[derive(Debug, Clone, Copy)]
struct Pumped {
    /// MiB a second.
    speed: f64,
    /// The daemon's time on a processor, in milliseconds for a GiB.
    cpu: f64,
}

fn pump(load: &Load, side: Side) -> Pumped {
    let Load { programs, bytes, chunk, rotation, .. } = *load;
    let daemon = Daemon::start(
        side,
        &format!(
            "[program:w]\ncommand={{bench}} write {bytes} {chunk}\nautostart=false\nautorestart=false\nstartsecs=0\n\
             process_name=w%(process_num)d\nnumprocs={programs}\nstdout_logfile={{here}}/w%(process_num)d.log\n\
             stdout_logfile_maxbytes={rotation}\n"
        ),
    );
    let mut client = daemon.client();
    let (begin, cpu) = (Instant::now(), daemon.cpu());
    client.call("supervisor.startProcessGroup", &["<string>w</string>", "<boolean>0</boolean>"]);
    let all: Vec<Vec<PathBuf>> = (0..programs).map(|number| files(&daemon, number)).collect();
    while written(&all) < programs * bytes {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "{side:?} lost output: {} bytes are there",
            written(&all)
        );
        sleep(Duration::from_millis(1));
    }
    let megabytes = (programs * bytes) as f64 / MB as f64;
    let pumped = Pumped {
        speed: megabytes / begin.elapsed().as_secs_f64(),
        cpu: (daemon.cpu() - cpu) / megabytes * 1024.0,
    };
    for program in &all {
        is_whole(program, bytes);
    }
    pumped
}

/// The log of a program and its backups, the oldest first.
fn files(daemon: &Daemon, number: u64) -> Vec<PathBuf> {
    let log = format!("w{number}.log");
    (1..=10).rev().map(|backup| daemon.path(&format!("{log}.{backup}"))).chain([daemon.path(&log)]).collect()
}

fn written(all: &[Vec<PathBuf>]) -> u64 {
    all.iter().flatten().filter_map(|file| fs::metadata(file).ok()).map(|data| data.len()).sum()
}

/// Compares what is in the files with what was written.
fn is_whole(files: &[PathBuf], bytes: u64) {
    let mut lines = Lines::default();
    let mut length = 0;
    let (mut found, mut expected) = (vec![0; 100], Vec::new());
    let mut parts: Box<dyn Read> = Box::new(std::io::empty());
    for file in files.iter().filter(|file| file.exists()) {
        parts = Box::new(parts.chain(BufReader::with_capacity(1 << 20, File::open(file).expect("a log"))));
    }
    while length < bytes {
        let size = usize::try_from(bytes - length).unwrap_or(100).min(100);
        parts.read_exact(&mut found[..size]).expect("the whole output");
        expected.clear();
        lines.next(&mut expected);
        assert_eq!(found[..size], expected[..size], "at byte {length} of {files:?}");
        length += size as u64;
    }
}
