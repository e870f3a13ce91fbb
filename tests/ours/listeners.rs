//! Event listeners, where more is promised than by the original.

use harness::{Setup, TestBed, Value};

/// So many remote events with a call.
fn send(bed: &TestBed, count: usize) {
    let member = |name: &str, value| (name.to_owned(), value);
    let call = |number: usize| {
        Value::Struct(vec![
            member("methodName", "supervisor.sendRemoteCommEvent".into()),
            member("params", Value::Array(vec!["t".into(), number.to_string().as_str().into()])),
        ])
    };
    let calls = (0..count).map(call).collect();
    assert_eq!(bed.ask("system.multicall", [Value::Array(calls)]), Value::Array(vec![true.into(); count]));
}

/// Each event that is thrown away is in the log with its serial, up to a hundred lines a second; of more, the number is told.
#[test]
fn a_storm_of_lost_events_is_told_in_few_lines_and_whole() {
    let bed = TestBed::new(
        "[eventlistener:silent]\ncommand=/bin/cat\nevents=REMOTE_COMMUNICATION\nbuffer_size=5\nstartsecs=0\n",
    );
    send(&bed, 3000);
    let overflowed = "ERRO pool silent event buffer overflowed, ";
    let mut told = Vec::new();
    let lost = |line: &str| match line.strip_suffix(" more events were discarded") {
        Some(number) => number.parse().expect("a number"),
        None => 1,
    };
    bed.eventually("all are told", || {
        told =
            bed.log().lines().filter_map(|line| line.strip_prefix(overflowed).map(str::to_owned)).collect();
        told.iter().map(|line| lost(line)).sum::<usize>() == 2995
    });
    let single: Vec<_> = told.iter().filter(|line| lost(line) == 1).collect();
    let first: Vec<_> = (0..100).map(|serial| format!("discarding event {serial}")).collect();
    assert!(single.iter().copied().take(100).eq(&first), "{told:#?}");
    // A slow machine needs several seconds for the storm.
    assert!(told.len() > single.len(), "{told:#?}");
}

/// As many events as the buffer holds wait for a listener that is busy; none is lost, and they come in their order.
#[test]
fn no_event_is_lost_below_the_size_of_the_buffer() {
    let bed = TestBed::new(
        "[eventlistener:l]\ncommand=/bin/sh {programs}/listener.sh {here} l\nevents=REMOTE_COMMUNICATION\nbuffer_size=200\nstartsecs=0\n",
    );
    bed.write("l.hold", "");
    send(&bed, 1);
    let heard = || bed.read("l").lines().filter(|line| line.starts_with("ver:3.0 ")).count();
    bed.eventually("it is busy", || heard() == 1);
    send(&bed, 200);
    std::fs::remove_file(bed.path("l.hold")).expect("the file was written");
    bed.eventually("all are heard", || heard() == 201);
    let text = bed.read("l");
    let serials: Vec<usize> = text
        .lines()
        .filter_map(|line| line.split(' ').find_map(|word| word.strip_prefix("serial:"))?.parse().ok())
        .collect();
    assert!(serials.into_iter().eq(0..201));
    assert!(!bed.log().contains("overflowed"), "{}", bed.log());
}

/// Programs that crash as fast as they can are told of one after the other, to a listener that keeps up as well as to its neighbour that
/// does not.
#[test]
fn a_silent_listener_costs_its_neighbour_nothing() {
    let text = "[eventlistener:l]\ncommand=/bin/sh {programs}/recorder.sh {here}\nevents=PROCESS_STATE\nbuffer_size=100000\nstartsecs=0\n\
                [eventlistener:silent]\ncommand=/bin/cat\nevents=EVENT\nstartsecs=0\n\
                [program:crash]\ncommand=/bin/true\nautorestart=true\nstartsecs=0\nprocess_name=p%(process_num)d\nnumprocs=5\n";
    let bed = TestBed::new(text);
    bed.state_becomes("l", "RUNNING");
    let wanted = ["STARTING ", "RUNNING ", "EXITED ", "STARTING ", "RUNNING ", "EXITED "];
    for number in 0..5 {
        let name = format!("p{number}");
        bed.eventually(&format!("two lives of {name} are told"), || bed.events(&name).len() >= wanted.len());
        let events = bed.events(&name);
        assert!(events.iter().zip(wanted).all(|(event, wanted)| event.starts_with(wanted)), "{events:#?}");
    }
}

/// What names Python code is refused, with a word about what to do instead.
#[test]
fn python_code_is_refused_with_advice() {
    let refused = |section: &str| {
        let output = Setup { text: section, ..Setup::default() }.run();
        assert_eq!(output.code, Some(2), "{output:?}");
        output.stderr
    };
    let handler =
        refused("[eventlistener:l]\ncommand=/bin/cat\nevents=EVENT\nresult_handler=site.events:handler\n");
    for words in [
        "Error: site.events:handler cannot be resolved within [eventlistener:l]\n",
        "result_handler=site.events:handler\n",
        "Python code cannot be loaded; leave the key out and let the listener answer OK or FAIL\n",
    ] {
        assert!(handler.contains(words), "{handler}");
    }
    let factory = refused("[rpcinterface:site]\nsupervisor.rpcinterface_factory=site.rpc:make\n");
    for words in [
        "Error: site.rpc:make cannot be resolved within [rpcinterface:site]\n",
        "Python code cannot be loaded; only supervisor.rpcinterface:make_main_rpcinterface is built in: remove the section\n",
    ] {
        assert!(factory.contains(words), "{factory}");
    }
    let bed = Setup { text: "[ctlplugin:site]\nsupervisor.ctl_factory=site.ctl:make\n", ..Setup::default() };
    let plugin = bed.prepare().ctl(["status"]);
    assert_eq!(plugin.code, Some(2), "{plugin:?}");
    for words in [
        "Error: site.ctl:make cannot be resolved within [ctlplugin:site]\n",
        "Python code cannot be loaded: remove the section\n",
    ] {
        assert!(plugin.stderr.contains(words), "{plugin:?}");
    }
}
