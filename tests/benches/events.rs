//! Event rates: how fast events get to a listener that answers at once.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Extent;
use crate::daemon::{Daemon, Side};
use crate::table::Table;

pub(crate) fn measure(extent: Extent, table: &mut Table) {
    for _ in 0..if extent.short { 1 } else { 3 } {
        for side in Side::BOTH {
            messages(extent, side, table);
        }
    }
    for side in Side::BOTH {
        state_changes(extent, side, table);
    }
}

fn listener(events: &str) -> String {
    format!(
        "[eventlistener:l]\ncommand={{bench}} listen {{here}}/count\nevents={events}\nbuffer_size=100000\n"
    )
}

/// How many events the listener has had: it writes a byte for each.
fn count(daemon: &Daemon) -> u64 {
    fs::metadata(daemon.path("count")).map_or(0, |data| data.len())
}

fn messages(extent: Extent, side: Side, table: &mut Table) {
    let daemon = Daemon::start(side, &listener("REMOTE_COMMUNICATION"));
    harness::eventually("the listener", || daemon.path("count").exists());
    let calls = if extent.short { 4 } else { 20 };
    let call = "<value><struct><member><name>methodName</name><value><string>supervisor.sendRemoteCommEvent</string>\
                </value></member><member><name>params</name><value><array><data><value><string>type</string></value>\
                <value><string>some data</string></value></data></array></value></member></struct></value>";
    let batch = format!("<array><data>{}</data></array>", call.repeat(500));
    let mut client = daemon.client();
    let begin = Instant::now();
    for _ in 0..calls {
        client.call("system.multicall", &[&batch]);
    }
    let all = calls * 500;
    while count(&daemon) < all {
        assert!(
            begin.elapsed() < Duration::from_secs(60),
            "{side:?} lost events: {} of {all} came",
            count(&daemon)
        );
        sleep(Duration::from_millis(1));
    }
    table.add(
        "events: sendRemoteCommEvent to one listener",
        "/s",
        side,
        all as f64 / begin.elapsed().as_secs_f64(),
    );
}

fn state_changes(extent: Extent, side: Side, table: &mut Table) {
    let text = "[program:crash]\ncommand=/bin/true\nautorestart=true\nstartsecs=0\nprocess_name=p%(process_num)d\nnumprocs=10\n";
    let daemon = Daemon::start(side, &format!("{}{text}", listener("PROCESS_STATE")));
    harness::eventually("a first event", || count(&daemon) > 0);
    let (begin, first) = (Instant::now(), count(&daemon));
    sleep(Duration::from_secs(if extent.short { 3 } else { 8 }));
    let rate = (count(&daemon) - first) as f64 / begin.elapsed().as_secs_f64();
    table.add("events: state changes of 10 programs that crash and restart", "/s", side, rate);
}
