//! How long a call and the answers that are asked for most take to be written and read.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use supervisor_rpc::info::ProcessInfo;
use supervisor_rpc::value::{Value, from_value, to_value};
use supervisor_rpc::xml::{
    Limits, read_request, read_response, write_processes, write_request, write_response,
};

/// As many programs as a large machine has.
const PROGRAMS: usize = 100;

fn info(number: usize) -> ProcessInfo {
    ProcessInfo {
        name: format!("worker-{number}"),
        group: "site".into(),
        start: 1_767_225_600,
        stop: 0,
        now: 1_767_229_200,
        state: 20,
        statename: "RUNNING".into(),
        spawnerr: String::new(),
        exitstatus: 0,
        logfile: format!("/var/log/site/worker-{number}.log"),
        stdout_logfile: format!("/var/log/site/worker-{number}.log"),
        stderr_logfile: String::new(),
        pid: 4711,
        description: "pid 4711, uptime 1:00:00".into(),
    }
}

fn small(criterion: &mut Criterion) {
    let request = write_request("supervisor.getProcessInfo", &["site:worker-1".into()]);
    criterion.bench_function("read a request", |bencher| {
        bencher.iter(|| read_request(black_box(request.as_bytes()), Limits::REQUEST).expect("well-formed"));
    });
    let state = Value::Struct(vec![
        ("statecode".to_owned(), Value::Int(1)),
        ("statename".to_owned(), "RUNNING".into()),
    ]);
    criterion.bench_function("write getState", |bencher| bencher.iter(|| write_response(black_box(&state))));
}

fn large(criterion: &mut Criterion) {
    let infos: Vec<ProcessInfo> = (0..PROGRAMS).map(info).collect();
    let value = to_value(&infos).expect("a value");
    let document = write_response(&value);
    let mut group = criterion.benchmark_group("100 processes");
    group.throughput(Throughput::Bytes(document.len() as u64));
    group.bench_function("write", |bencher| {
        bencher.iter(|| write_processes(&mut black_box(&infos).iter().map(lent)));
    });
    group.bench_function("write by way of a value", |bencher| {
        bencher.iter(|| write_response(&to_value(black_box(&infos)).expect("a value")));
    });
    group.bench_function("read", |bencher| {
        bencher
            .iter(|| read_response(black_box(document.as_bytes()), Limits::RESPONSE).expect("well-formed"));
    });
    group.bench_function("read into structs", |bencher| {
        bencher.iter(|| {
            let value = read_response(black_box(document.as_bytes()), Limits::RESPONSE);
            from_value::<Vec<ProcessInfo>>(value.expect("well-formed").expect("no fault")).expect("processes")
        });
    });
    group.finish();
}

/// As the daemon has it: without copies.
fn lent(info: &ProcessInfo) -> ProcessInfo<std::borrow::Cow<'_, str>> {
    ProcessInfo {
        name: info.name.as_str().into(),
        group: info.group.as_str().into(),
        start: info.start,
        stop: info.stop,
        now: info.now,
        state: info.state,
        statename: info.statename.as_str().into(),
        spawnerr: info.spawnerr.as_str().into(),
        exitstatus: info.exitstatus,
        logfile: info.logfile.as_str().into(),
        stdout_logfile: info.stdout_logfile.as_str().into(),
        stderr_logfile: info.stderr_logfile.as_str().into(),
        pid: info.pid,
        description: info.description.as_str().into(),
    }
}

criterion_group!(codec, small, large);
criterion_main!(codec);
