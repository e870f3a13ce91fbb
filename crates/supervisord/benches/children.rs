//! How long the daemon thinks about a child: about its output, and about its life.

use std::hint::black_box;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use supervisor_config::sections::Autorestart;
use supervisord::process::machine::{Machine, Rules};
use supervisord::process::output::Output;

const READ: usize = 128 * 1024;

/// As much as is read at once, of lines.
fn lines(text: &str) -> Vec<u8> {
    text.bytes().cycle().take(READ).collect()
}

fn output(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("output of 128 KiB");
    group.throughput(Throughput::Bytes(READ as u64));
    let plain = lines("a line of the usual length, with < and > in it, as programs write them all day\n");
    let coloured = lines("\x1b[32minfo\x1b[0m a line of the usual length, as programs write them all day\n");
    for (name, capture, strip, bytes) in [
        ("plain", 0, false, &plain),
        ("in capture mode", 1 << 20, false, &plain),
        ("stripped of colours", 0, true, &coloured),
    ] {
        group.bench_function(name, |bencher| {
            let mut output = Output::new(capture, strip);
            bencher.iter(|| {
                output.feed(black_box(bytes), &mut |piece| {
                    black_box(piece);
                })
            });
        });
    }
    group.finish();
}

fn machine(criterion: &mut Criterion) {
    let rules = Rules {
        startsecs: Duration::from_secs(1),
        startretries: 3,
        stopwaitsecs: Duration::from_secs(10),
        autorestart: Autorestart::Always,
    };
    let start = Instant::now();
    criterion.bench_function("a life: start, run, exit, start again", |bencher| {
        bencher.iter(|| {
            let mut machine = Machine::default();
            let mut asked = machine.start(start).len();
            asked += machine.spawned(&rules).len();
            asked += machine.tick(true, &rules, start + rules.startsecs).len();
            asked += machine.exited(false, true, &rules, start + 2 * rules.startsecs).1.len();
            black_box(asked)
        });
    });
}

criterion_group!(benches, output, machine);
criterion_main!(benches);
