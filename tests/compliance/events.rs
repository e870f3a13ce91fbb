//! Event listeners: what they are told, and what their answers do.
//!
//! Chapter "Events" of the manual.

use harness::{Fault, TestBed, Value};

/// A bed with a pool `l` that is subscribed to these events, and with these programs.
fn listening(events: &str, more: &str, text: &str) -> TestBed {
    let bed = TestBed::new(&format!(
        "[eventlistener:l]\ncommand=/bin/sh {{programs}}/listener.sh {{here}}/heard\nevents={events}\nstartsecs=0\n{more}\n{text}"
    ));
    let listener = if more.is_empty() { "l" } else { "l:l0" };
    bed.state_becomes(listener, "RUNNING");
    bed
}

/// Waits until so many events were heard, and returns them without their pids.
fn heard(bed: &TestBed, count: usize) -> Vec<String> {
    bed.eventually(&format!("{count} events are heard"), || bed.read("heard").lines().count() >= count);
    bed.read("heard").lines().map(without_pid).collect()
}

fn without_pid(line: &str) -> String {
    let words = line.split(' ').map(|word| match word.strip_prefix("pid:") {
        Some(number) if number.starts_with(|digit: char| digit.is_ascii_digit() && digit != '0') => {
            format!("pid:PID{}", number.trim_start_matches(|digit: char| digit.is_ascii_digit()))
        }
        _ => word.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ")
}

fn remote(bed: &TestBed, data: &str) -> Result<Value, Fault> {
    bed.rpc("sendRemoteCommEvent", ["kind".into(), data.into()])
}

// events.rst, "Event Listener Notification Protocol": "ver:3.0 server:supervisor serial:21 pool:listener poolserial:10 eventname:… len:54".
#[test]
fn an_event_has_a_header_and_a_body() {
    let bed = listening("REMOTE_COMMUNICATION", "", "[supervisord]\nidentifier=here\n");
    assert_eq!(remote(&bed, "one"), Ok(true.into()));
    assert_eq!(remote(&bed, "two"), Ok(true.into()));
    assert_eq!(
        heard(&bed, 2),
        [
            "ver:3.0 server:here serial:0 pool:l poolserial:0 eventname:REMOTE_COMMUNICATION len:13 type:kind|one",
            "ver:3.0 server:here serial:1 pool:l poolserial:1 eventname:REMOTE_COMMUNICATION len:13 type:kind|two",
        ]
    );
}

// undocumented: `len` counts characters, not bytes.
#[test]
fn the_length_is_counted_in_characters() {
    let bed = listening("REMOTE_COMMUNICATION", "", "");
    assert_eq!(remote(&bed, "dé"), Ok(true.into()));
    let heard = heard(&bed, 1);
    assert!(heard[0].contains(" len:12 type:kind|d"), "{heard:?}");
}

// events.rst, PROCESS_STATE: "Subscribing to this event type … will allow a listener to receive event notifications of all … subtypes".
#[test]
fn an_abstract_type_stands_for_all_below_it() {
    let bed = listening("PROCESS_STATE", "", "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    bed.state_becomes("cat", "RUNNING");
    assert_eq!(bed.rpc("stopProcess", ["cat".into()]), Ok(true.into()));
    bed.eventually("its end is heard", || bed.read("heard").contains("PROCESS_STATE_STOPPED"));
    let heard = heard(&bed, 1);
    let bodies: Vec<&str> = heard
        .iter()
        .filter(|line| line.contains("processname:cat "))
        .map(|line| line.split_once(" eventname:").expect("a header").1)
        .collect();
    assert_eq!(
        bodies,
        [
            "PROCESS_STATE_STARTING len:61 processname:cat groupname:cat from_state:STOPPED tries:0",
            "PROCESS_STATE_RUNNING len:65 processname:cat groupname:cat from_state:STARTING pid:PID",
            "PROCESS_STATE_STOPPING len:64 processname:cat groupname:cat from_state:RUNNING pid:PID",
            "PROCESS_STATE_STOPPED len:65 processname:cat groupname:cat from_state:STOPPING pid:PID",
        ]
        .map(|line| with_length(line, &heard))
        .iter()
        .map(String::as_str)
        .collect::<Vec<_>>()
    );
}

/// The length depends on the number of digits of the pid: it is taken from what was heard.
fn with_length(line: &str, heard: &[String]) -> String {
    let name = line.split(' ').next().unwrap_or_default();
    let length = heard.iter().filter(|line| line.contains("processname:cat ")).find_map(|line| {
        let rest = line.split_once(&format!("eventname:{name} len:"))?.1;
        rest.split(' ').next()
    });
    let (head, tail) = line.split_once(" len:").unwrap_or((line, ""));
    let tail = tail.split_once(' ').map_or("", |(_, body)| body);
    format!("{head} len:{} {tail}", length.unwrap_or("?"))
}

// events.rst, PROCESS_GROUP_ADDED, PROCESS_GROUP_REMOVED: "groupname:cat".
#[test]
fn groups_come_and_go() {
    let bed = listening("PROCESS_GROUP", "", "[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    bed.eventually("the start is heard", || bed.read("heard").contains("groupname:cat|"));
    assert_eq!(bed.rpc("removeProcessGroup", ["cat".into()]), Ok(true.into()));
    assert_eq!(bed.rpc("addProcessGroup", ["cat".into()]), Ok(true.into()));
    bed.eventually("both are heard", || bed.read("heard").matches("groupname:cat|").count() == 3);
    let heard = heard(&bed, 1);
    let names: Vec<&str> = heard
        .iter()
        .filter(|line| line.ends_with(" groupname:cat|"))
        .filter_map(|line| line.split_once("eventname:")?.1.split(' ').next())
        .collect();
    assert_eq!(names, ["PROCESS_GROUP_ADDED", "PROCESS_GROUP_REMOVED", "PROCESS_GROUP_ADDED"]);
}

// events.rst, SUPERVISOR_STATE_CHANGE_RUNNING, …_STOPPING: the body is empty.
#[test]
fn the_daemon_tells_of_its_own_start_and_end() {
    let slow = "[program:slow]\nstartsecs=0\nstdout_logfile={here}/out\n\
                command=/bin/sh -c \"trap '' TERM; echo up; while [ ! -e {here}/go ]; do sleep 0.05; done\"\n";
    let mut bed = listening("SUPERVISOR_STATE_CHANGE", "", slow);
    heard(&bed, 1);
    bed.file_becomes("out", "up\n");
    bed.signal(harness::Signal::SIGTERM);
    // The pool is stopped last: it hears of the end while a program keeps the daemon waiting.
    heard(&bed, 2);
    bed.write("go", "");
    assert_eq!(bed.exit_code(), Some(0));
    let text = bed.read("heard");
    let ends: Vec<&str> =
        text.lines().filter_map(|line| line.split_once("eventname:")).map(|(_, end)| end).collect();
    assert_eq!(ends, ["SUPERVISOR_STATE_CHANGE_RUNNING len:0 ", "SUPERVISOR_STATE_CHANGE_STOPPING len:0 "]);
}

// events.rst, PROCESS_LOG_STDOUT: "processname:… groupname:… pid:… channel:stdout" and the data.
#[test]
fn output_is_an_event_where_it_is_asked_for() {
    let bed = listening(
        "PROCESS_LOG",
        "",
        "[program:a]\ncommand=/bin/sh -c \"echo out; echo err >&2; exec cat\"\nstdout_events_enabled=true\nstderr_events_enabled=true\n\
         [program:b]\ncommand=/bin/sh -c \"echo out; exec cat\"\n",
    );
    let heard = heard(&bed, 2);
    let ends: Vec<&str> =
        heard.iter().filter_map(|line| line.split_once(" processname:")).map(|(_, end)| end).collect();
    assert!(ends.contains(&"a groupname:a pid:PID channel:stderr|err|"), "{ends:?}");
    assert!(ends.contains(&"a groupname:a pid:PID channel:stdout|out|"), "{ends:?}");
    assert_eq!(ends.len(), 2);
}

// events.rst, PROCESS_COMMUNICATION: what stands between the tokens.
#[test]
fn what_is_captured_is_an_event() {
    let bed = listening(
        "PROCESS_COMMUNICATION",
        "",
        "[program:a]\ncommand=/bin/sh -c \"echo '<!--XSUPERVISOR:BEGIN-->hello<!--XSUPERVISOR:END-->'; exec cat\"\nstdout_capture_maxbytes=1KB\n",
    );
    let heard = heard(&bed, 1);
    assert!(heard[0].ends_with(" processname:a groupname:a pid:PID|hello"), "{heard:?}");
    assert!(heard[0].contains("eventname:PROCESS_COMMUNICATION_STDOUT "), "{heard:?}");
}

// events.rst: "FAIL … the event will be rebuffered and sent again at a later time", with the same serials.
#[test]
fn a_rejected_event_comes_again() {
    let bed = TestBed::new(
        "[eventlistener:l]\ncommand=/bin/sh {programs}/listener.sh {here}/heard FAIL\nevents=REMOTE_COMMUNICATION\nstartsecs=0\n",
    );
    bed.state_becomes("l", "RUNNING");
    assert_eq!(remote(&bed, "x"), Ok(true.into()));
    let heard = heard(&bed, 2);
    assert_eq!(heard[0], heard[1]);
    bed.logs("WARN l: event was rejected");
}

// events.rst, "Event Listener States": a listener that does not keep to the protocol is sent no more events.
#[test]
fn who_breaks_the_protocol_is_told_nothing_more() {
    let bed = TestBed::new(
        "[eventlistener:l]\ncommand=/bin/sh -c \"echo nonsense; exec cat\"\nevents=REMOTE_COMMUNICATION\nstartsecs=0\n",
    );
    bed.logs(
        "WARN l: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process violated the eventlistener protocol",
    );
    assert_eq!(remote(&bed, "x"), Ok(true.into()));
    assert_eq!(bed.state("l"), "RUNNING");
}

// events.rst, buffer_size: "If … the event buffer overflows, the oldest event in the buffer is discarded."
#[test]
fn the_oldest_event_goes_when_the_buffer_is_full() {
    let bed = TestBed::new(
        "[eventlistener:l]\ncommand=/bin/cat\nevents=REMOTE_COMMUNICATION\nbuffer_size=2\nstartsecs=0\n",
    );
    bed.state_becomes("l", "RUNNING");
    for _ in 0..4 {
        assert_eq!(remote(&bed, "x"), Ok(true.into()));
    }
    bed.logs("ERRO pool l event buffer overflowed, discarding event 0");
    bed.logs("ERRO pool l event buffer overflowed, discarding event 1");
    assert_eq!(bed.log().matches("overflowed").count(), 2);
}

// events.rst, "Event Listener Pools": "… the event is sent to one of the processes of the pool."
#[test]
fn a_pool_of_two_gets_each_event_once() {
    let bed = listening("REMOTE_COMMUNICATION", "numprocs=2\nprocess_name=l%(process_num)d\n", "");
    for number in 0..10 {
        assert_eq!(remote(&bed, &number.to_string()), Ok(true.into()));
    }
    let mut bodies: Vec<String> =
        heard(&bed, 10).iter().filter_map(|line| line.rsplit('|').next().map(str::to_owned)).collect();
    bodies.sort();
    assert_eq!(bodies, (0..10).map(|number: u8| number.to_string()).collect::<Vec<_>>());
}

// events.rst, TICK_5: "when:…", the start of the slice.
#[test]
fn ticks_come_with_the_start_of_their_slice() {
    let bed = listening("TICK_5", "", "");
    let heard = heard(&bed, 1);
    let when: i64 =
        heard[0].rsplit("when:").next().and_then(|text| text.trim().parse().ok()).expect("a number");
    assert_eq!(when % 5, 0);
}
