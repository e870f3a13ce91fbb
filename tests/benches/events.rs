//! Event rates: how fast events get to a listener that answers at once.

use std::fs;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::Extent;
use crate::client::request;
use crate::daemon::{Daemon, Side};
use crate::table::Table;

pub(crate) fn measure(extent: Extent, table: &mut Table) {
    for _ in 0..if extent.short { 1 } else { 3 } {
        for side in Side::BOTH {
            messages(extent, true, side, table);
            messages(extent, false, side, table);
        }
    }
    for side in Side::BOTH {
        state_changes(extent, side, table);
    }
}

fn listener(events: &str) -> String {
    format!(
        "[eventlistener:l]\ncommand={{bench}} listen {{here}}/count\nevents={events}\nbuffer_size=100000\nstartsecs=0\n"
    )
}

/// How many events the listener has had: it writes a byte for each.
fn count(daemon: &Daemon) -> u64 {
    fs::metadata(daemon.path("count")).map_or(0, |data| data.len())
}

/// Remote events to one listener: `together` of them in a call, or each in a call of its own.
fn messages(extent: Extent, together: bool, side: Side, table: &mut Table) {
    let daemon = Daemon::start(side, &listener("REMOTE_COMMUNICATION"));
    let mut client = daemon.client();
    // Before that it gets nothing, however ready it is.
    harness::eventually("the listener is up", || {
        let info = client.call("supervisor.getProcessInfo", &["<string>l</string>"]);
        info.contains("<string>RUNNING</string>") && daemon.path("count").exists()
    });
    let all = if extent.short { 10_000 } else { 100_000 };
    let (begin, name) = (Instant::now(), "supervisor.sendRemoteCommEvent");
    let params = ["<string>type</string>", "<string>some data</string>"];
    if together {
        let params: String = params.iter().map(|param| format!("<value>{param}</value>")).collect();
        let call = format!(
            "<value><struct><member><name>methodName</name><value><string>{name}</string></value></member>\
             <member><name>params</name><value><array><data>{params}</data></array></value></member></struct></value>"
        );
        let batch =
            request("system.multicall", &[&format!("<array><data>{}</data></array>", call.repeat(500))]);
        for _ in 0..all / 500 {
            client.send(&batch);
        }
    } else {
        let request = request(name, &params);
        for _ in 0..all {
            client.send(&request);
        }
    }
    while count(&daemon) < all {
        assert!(
            begin.elapsed() < Duration::from_secs(300),
            "{side:?} lost events: {} of {all} came",
            count(&daemon)
        );
        sleep(Duration::from_millis(1));
    }
    let figure = if together {
        "events: sendRemoteCommEvent to one listener, 500 in a call"
    } else {
        "events: sendRemoteCommEvent to one listener, a call for each"
    };
    table.add(figure, "/s", side, all as f64 / begin.elapsed().as_secs_f64());
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
