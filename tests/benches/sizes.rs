//! What N programs cost: the time to start and to end them all, memory after 500 looks at their status, and what idling costs.

use std::thread::sleep;
use std::time::Duration;

use crate::Extent;
use crate::daemon::{Daemon, Side, folder};
use crate::restart::Execs;
use crate::table::Table;

pub(crate) fn measure(extent: Extent, table: &mut Table) {
    let rounds: &[(usize, usize, usize)] = if extent.short {
        &[(10, 5, 500), (100, 1, 100)]
    } else {
        // The original needs half a minute for a thousand programs, and a tenth of a second for each look at them.
        &[(10, 5, 500), (100, 2, 500), (1_000, 1, 50)]
    };
    for &(programs, rounds, looks) in rounds {
        for round in 0..rounds {
            for side in Side::BOTH {
                one(side, programs, looks, (programs == 100 && round == 0).then(|| idling(extent)), table);
            }
            peer(programs, table);
        }
    }
    if extent.large {
        one(Side::Ours, 5_000, 500, None, table);
    }
    for side in Side::BOTH {
        for programs in [100, 1_000] {
            let resident = |programs: usize| table.median(&memory("resident", programs), side);
            if let Some((few, many)) = resident(10).zip(resident(programs)) {
                let name = format!("memory: resident for each further program, 10 to {programs}");
                table.add(name, "KiB", side, (many - few) / (programs - 10) as f64);
            }
        }
    }
}

fn idling(extent: Extent) -> Duration {
    Duration::from_secs(if extent.short { 5 } else { 30 })
}

fn memory(what: &str, programs: usize) -> String {
    format!("memory: {what}, {programs} programs")
}

fn names(programs: usize) -> Vec<String> {
    (0..programs).map(|number| format!("p{number}")).collect()
}

fn start(programs: usize) -> String {
    format!("start: exec of the daemon to that of the last of {programs} programs")
}

/// The time that runit needs to start and to end as many. It has a process for each, so that memory does not compare.
fn peer(programs: usize, table: &mut Table) {
    let (dir, names) = (folder(), names(programs));
    let mut execs = Execs::watch(dir.path(), &names);
    let Some(daemon) = Daemon::runit(dir, &names) else { return };
    let started = execs.all_run(&names);
    table.add(start(programs), "ms", Side::Runit, started.duration_since(daemon.begin).as_secs_f64() * 1e3);
    sleep(Duration::from_millis(200));
    daemon.end();
}

fn one(side: Side, programs: usize, looks: usize, idle: Option<Duration>, table: &mut Table) {
    let dir = folder();
    let names = names(programs);
    let mut execs = Execs::watch(dir.path(), &names);
    // Three descriptors for each instead of five: many systems allow 20,000.
    let more = if programs > 3_000 { "redirect_stderr=true\n[supervisord]\nminfds=19000\n" } else { "" };
    let daemon = Daemon::start_in(
        dir,
        side,
        &format!(
            "[program:p]\ncommand={{here}}/run/p%(process_num)d 100000\nprocess_name=%(program_name)s%(process_num)d\n\
             numprocs={programs}\n{more}"
        ),
    );
    let started = execs.all_run(&names);
    table.add(start(programs), "ms", side, started.duration_since(daemon.begin).as_secs_f64() * 1e3);
    daemon.answers();
    let mut client = daemon.client();
    harness::eventually("all programs are RUNNING", || {
        client.call("supervisor.getAllProcessInfo", &[]).matches("<string>RUNNING</string>").count()
            == programs
    });
    for _ in 0..looks {
        client.call("supervisor.getAllProcessInfo", &[]);
    }
    drop(client);
    // The end of the connection gives back what long answers took.
    harness::eventually("the daemon sleeps", || {
        let before = daemon.wakeups();
        sleep(Duration::from_millis(20));
        daemon.wakeups() == before
    });
    for (what, line) in [("resident", "Rss"), ("proportional", "Pss"), ("private dirty", "Private_Dirty")] {
        table.add(memory(what, programs), "KiB", side, daemon.memory(line));
    }
    if let Some(time) = idle {
        // What the calls left to do is over.
        sleep(Duration::from_secs(2));
        let (wakeups, cpu) = (daemon.wakeups(), daemon.cpu());
        sleep(time);
        let of_a_minute = 60.0 / time.as_secs_f64();
        let name = |what| format!("idling a minute with {programs} programs: {what}");
        table.add(name("wake-ups"), "", side, (daemon.wakeups() - wakeups) * of_a_minute);
        table.add(name("processor"), "ms", side, (daemon.cpu() - cpu) * of_a_minute);
    }
    table.add(format!("end of all {programs} programs and the daemon"), "ms", side, daemon.end());
}
