//! "Event Listener Pools": who gets an event, and the place of pools among the groups.

use harness::{Signal, TestBed, differs};

use super::{DEBUG, SLOW, heard, hears, listener, ready, send, texts_become};

/// A pool of two.
fn pair(more: &str) -> TestBed {
    let text = format!(
        "{DEBUG}[eventlistener:l]\ncommand=/bin/sh {{programs}}/listener.sh {{here}} l%(process_num)d\n\
         process_name=l%(process_num)d\nnumprocs=2\nevents=REMOTE_COMMUNICATION\nstartsecs=0\n{more}"
    );
    let bed = TestBed::new(&text);
    ready(&bed, "l0");
    ready(&bed, "l1");
    bed
}

// events.rst, "Event Listener Pools": an event goes to one listener of the pool, to the first that is ready.
#[test]
fn an_event_goes_to_the_first_that_is_ready() {
    let bed = pair("");
    for (count, text) in ["a", "b", "c"].into_iter().enumerate() {
        send(&bed, &[text]);
        hears(&bed, "l0", count + 1);
        bed.logs_times(count + 2, "DEBG l0: ACKNOWLEDGED -> READY");
    }
    assert_eq!(heard(&bed, "l1"), []);
}

// The same: to the next while the first is busy.
#[test]
fn an_event_goes_to_the_next_while_the_first_is_busy() {
    let bed = pair("");
    bed.write("l0.hold", "");
    send(&bed, &["a"]);
    texts_become(&bed, "l0", &["a"]);
    send(&bed, &["b", "c"]);
    texts_become(&bed, "l1", &["b", "c"]);
    std::fs::remove_file(bed.path("l0.hold")).unwrap();
    bed.logs_times(2, "DEBG l0: ACKNOWLEDGED -> READY");
    send(&bed, &["d"]);
    texts_become(&bed, "l0", &["a", "d"]);
}

// The same: what the first rejects may go to the next.
#[test]
fn a_stopped_listener_is_passed_over() {
    let bed = pair("");
    bed.ask("stopProcess", ["l:l0".into()]);
    send(&bed, &["a"]);
    texts_become(&bed, "l1", &["a"]);
    assert_eq!(heard(&bed, "l0"), []);
}

// events.rst: each pool that wants an event gets it.
#[test]
fn each_pool_gets_its_own_copy() {
    let text = format!("{}{}", listener("a", "REMOTE_COMMUNICATION"), listener("b", "REMOTE_COMMUNICATION"));
    let bed = TestBed::new(&text);
    send(&bed, &["x"]);
    texts_become(&bed, "a", &["x"]);
    texts_become(&bed, "b", &["x"]);
}

// undocumented: a rejection concerns the pool that rejects.
#[test]
fn a_rejected_event_stays_in_its_pool() {
    let text = format!(
        "{DEBUG}{}{}",
        listener("a", "REMOTE_COMMUNICATION"),
        listener("b", "SUPERVISOR_STATE_CHANGE_STOPPING")
    );
    let bed = TestBed::new(&text);
    ready(&bed, "b");
    bed.write("a.answer", "RESULT 4\nFAIL");
    send(&bed, &["x"]);
    bed.logs_times(2, "WARN a: event was rejected");
    std::fs::remove_file(bed.path("a.answer")).unwrap();
    bed.logs("DEBG a: event was processed");
    let also = differs! {
        ours: 0,
        theirs: 2,
        why: "an event that a listener rejects is delivered again to the same pool only",
    };
    if also > 0 {
        bed.eventually("the other hears it too", || heard(&bed, "b").len() >= also);
    }
    assert_eq!(heard(&bed, "b").is_empty(), also == 0);
}

// configuration.rst, [eventlistener:x] priority: "The default is -1": pools start before other groups.
#[test]
fn pools_start_first() {
    let text =
        format!("[program:a]\ncommand=/bin/cat\nstartsecs=0\npriority=0\n{}", listener("z", "TICK_3600"));
    let bed = TestBed::new(&text);
    bed.state_becomes("a", "RUNNING");
    let log = bed.log();
    let at = |name: &str| log.find(&format!("spawned: '{name}'")).unwrap_or_else(|| panic!("{log}"));
    assert!(at("z") < at("a"), "{log}");
}

// The same: and stop last, so that they hear of the end of the others.
#[test]
fn pools_stop_last() {
    let text = format!(
        "{SLOW}[program:a]\ncommand=/bin/cat\nstartsecs=0\npriority=1\n[program:b]\ncommand=/bin/cat\nstartsecs=0\npriority=2\n{}",
        listener("l", "SUPERVISOR_STATE_CHANGE_STOPPING,PROCESS_STATE_STOPPING,PROCESS_STATE_STOPPED")
    );
    let mut bed = TestBed::new(&text);
    bed.file_becomes("slow", "up\n");
    for name in ["a", "b", "l"] {
        bed.state_becomes(name, "RUNNING");
    }
    bed.signal(Signal::SIGTERM);
    let events = hears(&bed, "l", 6);
    bed.write("go", "");
    assert_eq!(bed.exit_code(), Some(0));
    let told: Vec<_> = events.iter().map(|event| format!("{} {}", event.name(), event.payload)).collect();
    assert_eq!(
        told,
        [
            "SUPERVISOR_STATE_CHANGE_STOPPING ",
            "PROCESS_STATE_STOPPING processname:b groupname:b from_state:RUNNING pid:PID",
            "PROCESS_STATE_STOPPED processname:b groupname:b from_state:STOPPING pid:PID",
            "PROCESS_STATE_STOPPING processname:a groupname:a from_state:RUNNING pid:PID",
            "PROCESS_STATE_STOPPED processname:a groupname:a from_state:STOPPING pid:PID",
            "PROCESS_STATE_STOPPING processname:slow groupname:slow from_state:RUNNING pid:PID",
        ]
    );
    let log = bed.log();
    let stopped: Vec<_> =
        log.lines().filter_map(|line| line.split_once(" stopped: ")?.1.split(' ').next()).collect();
    assert_eq!(stopped, ["b", "a", "slow", "l"]);
}

// undocumented: a pool that is added hears what happens from then on.
#[test]
fn a_pool_may_be_added() {
    let bed = TestBed::new("");
    send(&bed, &["unheard"]);
    bed.configure(&listener("l", "REMOTE_COMMUNICATION"));
    bed.ask("reloadConfig", []);
    bed.ask("addProcessGroup", ["l".into()]);
    send(&bed, &["heard"]);
    texts_become(&bed, "l", &["heard"]);
    assert_eq!(hears(&bed, "l", 1)[0].word("serial"), "0");
}

// undocumented: a pool that is removed hears nothing more; the others do.
#[test]
fn a_pool_may_be_removed() {
    let text = format!("{}{}", listener("a", "REMOTE_COMMUNICATION"), listener("b", "REMOTE_COMMUNICATION"));
    let bed = TestBed::new(&text);
    bed.state_becomes("a", "RUNNING");
    bed.ask("stopProcess", ["a".into()]);
    bed.ask("removeProcessGroup", ["a".into()]);
    send(&bed, &["x"]);
    texts_become(&bed, "b", &["x"]);
    assert_eq!(heard(&bed, "a"), []);
    bed.ask("addProcessGroup", ["a".into()]);
    send(&bed, &["y"]);
    texts_become(&bed, "a", &["y"]);
    assert_eq!(hears(&bed, "a", 1)[0].word("poolserial"), "0");
}

// undocumented: listeners are programs to supervisorctl.
#[test]
fn listeners_are_shown_as_programs() {
    let bed = pair("");
    let status = bed.ctl(["status"]).stdout;
    let names: Vec<_> =
        status.lines().map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(names, ["l:l0 RUNNING", "l:l1 RUNNING"]);
}

// undocumented: a change of what a pool wants is a change of the group.
#[test]
fn a_changed_pool_is_a_changed_group() {
    let bed = TestBed::new(&listener("l", "TICK_60"));
    for changed in [
        listener("l", "TICK_3600"),
        format!("{}buffer_size=11\n", listener("l", "TICK_60")),
        format!("{}priority=3\n", listener("l", "TICK_60")),
    ] {
        bed.configure(&changed);
        let harness::Value::Array(result) = bed.ask("reloadConfig", []) else { panic!() };
        let expected = harness::Value::Array(vec![
            harness::Value::Array(vec![]),
            harness::Value::Array(vec!["l".into()]),
            harness::Value::Array(vec![]),
        ]);
        assert_eq!(result, [expected], "{changed}");
    }
}
