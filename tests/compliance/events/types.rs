//! "Event Types": the payload of each.

use harness::{Setup, Signal, TestBed, differs, needs_root};

use super::{Heard, SLOW, heard, hears, listener, payloads_become};

/// Waits until a listener has heard events with these names and payloads.
#[track_caller]
fn hears_exactly(bed: &TestBed, expected: &[(&str, &str)]) {
    let shown = |event: &Heard| (event.name().to_owned(), event.payload.clone());
    let expected: Vec<_> =
        expected.iter().map(|&(name, payload)| (name.to_owned(), payload.to_owned())).collect();
    let mut seen = Vec::new();
    bed.eventually(&format!("{expected:#?} is heard"), || {
        seen = heard(bed, "l").iter().map(shown).collect();
        seen.len() >= expected.len()
    });
    assert_eq!(seen, expected);
}

fn bed(events: &str, text: &str) -> TestBed {
    TestBed::new(&format!("{}{text}", listener("l", events)))
}

// events.rst, PROCESS_STATE_STARTING, _RUNNING, _STOPPING, _STOPPED: "processname", "groupname", "from_state", "tries" or "pid".
#[test]
fn a_life_is_told() {
    let bed = bed(
        "PROCESS_STATE",
        "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\n[group:pets]\nprograms=cat\n",
    );
    hears(&bed, "l", 2);
    bed.ask("startProcess", ["pets:cat".into()]);
    bed.ask("stopProcess", ["pets:cat".into()]);
    let group = "processname:cat groupname:pets from_state";
    hears_exactly(
        &bed,
        &[
            // The listener became ready after its own start.
            ("PROCESS_STATE_STARTING", "processname:l groupname:l from_state:STOPPED tries:0"),
            ("PROCESS_STATE_RUNNING", "processname:l groupname:l from_state:STARTING pid:PID"),
            ("PROCESS_STATE_STARTING", &format!("{group}:STOPPED tries:0")),
            ("PROCESS_STATE_RUNNING", &format!("{group}:STARTING pid:PID")),
            ("PROCESS_STATE_STOPPING", &format!("{group}:RUNNING pid:PID")),
            ("PROCESS_STATE_STOPPED", &format!("{group}:STOPPING pid:PID")),
        ],
    );
}

// events.rst, PROCESS_STATE_EXITED: "expected", "0 if the process exited unexpectedly, or 1".
#[test]
fn an_exit_is_told_with_what_was_expected() {
    for (code, expected) in [(0, 1), (3, 0)] {
        let bed = bed(
            "PROCESS_STATE_EXITED",
            &format!("[program:x]\ncommand=/bin/sh -c \"exit {code}\"\nstartsecs=0\nautorestart=false\n"),
        );
        let payload = format!("processname:x groupname:x from_state:RUNNING expected:{expected} pid:PID");
        hears_exactly(&bed, &[("PROCESS_STATE_EXITED", &payload)]);
    }
}

// events.rst, PROCESS_STATE_STARTING, PROCESS_STATE_BACKOFF: "tries"; PROCESS_STATE_FATAL has no more than the state before. What is told
// is what was so when it happened, however late the listener comes.
#[test]
fn failures_are_told_with_their_count() {
    let bed = bed(
        "PROCESS_STATE_STARTING,PROCESS_STATE_BACKOFF,PROCESS_STATE_FATAL",
        "autostart=false\n[program:x]\ncommand=/bin/false\nstartsecs=10\nstartretries=1\n",
    );
    bed.state_becomes("x", "FATAL");
    bed.ask("startProcess", ["l".into()]);
    hears_exactly(
        &bed,
        &[
            ("PROCESS_STATE_STARTING", "processname:x groupname:x from_state:STOPPED tries:0"),
            ("PROCESS_STATE_BACKOFF", "processname:x groupname:x from_state:STARTING tries:1"),
            ("PROCESS_STATE_STARTING", "processname:x groupname:x from_state:BACKOFF tries:1"),
            ("PROCESS_STATE_BACKOFF", "processname:x groupname:x from_state:STARTING tries:2"),
            ("PROCESS_STATE_FATAL", "processname:x groupname:x from_state:BACKOFF"),
            ("PROCESS_STATE_STARTING", "processname:l groupname:l from_state:STOPPED tries:0"),
        ],
    );
}

// undocumented: a process that is stopped while it waits has no pid.
#[test]
fn a_stop_in_backoff_is_told_without_a_pid() {
    let bed =
        bed("PROCESS_STATE_STOPPED", "[program:x]\ncommand=/bin/false\nstartsecs=10\nstartretries=100\n");
    bed.state_becomes("x", "BACKOFF");
    bed.ask("stopProcess", ["x".into()]);
    bed.eventually("the stop is told", || !heard(&bed, "l").is_empty());
    assert!(
        bed.read("l").contains("\nprocessname:x groupname:x from_state:BACKOFF pid:0\n"),
        "{}",
        bed.read("l")
    );
}

// events.rst, PROCESS_STATE_UNKNOWN: "usually because of a bug"; here because the daemon may not signal it.
#[test]
fn an_unknown_state_is_told() {
    needs_root!();
    let text = format!(
        "[supervisord]\nuser=nobody\n{}[program:x]\ncommand={{here}}/setpriv --reuid 0 --clear-groups sh -c \"echo up; exec sleep 1000\"\n\
         startsecs=0\nstdout_logfile={{here}}/auto/out\n",
        listener("l", "PROCESS_STATE_UNKNOWN")
    );
    let mut bed = Setup { text: &text, ..Setup::default() }.prepare();
    bed.give_to("nobody");
    bed.copy_setuid("setpriv");
    bed.start();
    bed.file_becomes("auto/out", "up\n");
    assert_eq!(bed.rpc("stopProcess", ["x".into()]).unwrap_err().code, 30);
    hears_exactly(&bed, &[("PROCESS_STATE_UNKNOWN", "processname:x groupname:x from_state:STOPPING")]);
    // The original would die of the end of this child.
    bed.signal(Signal::SIGKILL);
    assert_eq!(bed.exit_signal(), Some(Signal::SIGKILL as i32));
}

const SPEAKER: &str = "[program:x]\nstartsecs=0\nautorestart=false\n";

// events.rst, PROCESS_LOG_STDOUT, PROCESS_LOG_STDERR: "processname", "groupname", "pid", "channel", and behind the first line the data.
#[test]
fn output_is_told_when_it_is_enabled() {
    let text = format!(
        "{SPEAKER}command=/bin/sh -c \"echo out; echo err >&2\"\nstdout_events_enabled=true\nstderr_events_enabled=true\n"
    );
    let bed = bed("PROCESS_LOG", &text);
    let events = hears(&bed, "l", 2);
    let mut shown: Vec<_> = events.iter().map(|event| (event.name(), event.payload.as_str())).collect();
    shown.sort_unstable();
    assert_eq!(
        shown,
        [
            ("PROCESS_LOG_STDERR", "processname:x groupname:x pid:PID channel:stderr\nerr\n"),
            ("PROCESS_LOG_STDOUT", "processname:x groupname:x pid:PID channel:stdout\nout\n"),
        ]
    );
}

// undocumented: what is read at once is told at once, however many lines it is.
#[test]
fn lines_that_are_written_together_are_told_together() {
    let text = format!("{SPEAKER}command=/usr/bin/printf 'a\\nb\\nc'\nstdout_events_enabled=true\n");
    hears_exactly(
        &bed("PROCESS_LOG_STDOUT", &text),
        &[("PROCESS_LOG_STDOUT", "processname:x groupname:x pid:PID channel:stdout\na\nb\nc")],
    );
}

// undocumented: the original tells an empty text where strip_ansi has left nothing.
#[test]
fn output_of_which_nothing_is_left() {
    let text = format!(
        "[supervisord]\nstrip_ansi=true\n{SPEAKER}command=/usr/bin/printf '\\033[0m'\nstdout_events_enabled=true\n"
    );
    let bed = bed("PROCESS_LOG,PROCESS_STATE_EXITED", &text);
    let empty = ("PROCESS_LOG_STDOUT", "processname:x groupname:x pid:PID channel:stdout\n");
    let exited = ("PROCESS_STATE_EXITED", "processname:x groupname:x from_state:RUNNING expected:1 pid:PID");
    differs! {
        ours: hears_exactly(&bed, &[exited]),
        theirs: hears_exactly(&bed, &[empty, exited]),
        why: "output of which `strip_ansi` leaves nothing is no event",
    }
}

// undocumented: an event holds at most 128 KiB, which is what the original reads at once.
#[test]
fn much_output_is_told_in_parts() {
    const SIZE: usize = 4_000_000;
    let text = format!(
        "{SPEAKER}command=/bin/sh -c \"head -c {SIZE} /dev/zero | tr '\\0' x\"\nstdout_events_enabled=true\n{}buffer_size=1000\n",
        listener("l", "PROCESS_LOG_STDOUT")
    );
    let bed = TestBed::new(&text);
    let mut lengths = Vec::new();
    bed.eventually("all of it is told", || {
        let events = heard(&bed, "l");
        lengths = events.iter().filter_map(|event| Some(event.payload.split_once('\n')?.1.len())).collect();
        lengths.iter().sum::<usize>() >= SIZE
    });
    assert_eq!(lengths.iter().sum::<usize>(), SIZE);
    assert!(lengths.iter().all(|&length| length <= 128 * 1024), "{lengths:?}");
}

// configuration.rst, stdout_events_enabled: "PROCESS_LOG_STDOUT events will be emitted when the process writes to its stdout". The
// default is false.
#[test]
fn output_is_not_told_otherwise() {
    let bed = bed("PROCESS_LOG,PROCESS_STATE_EXITED", &format!("{SPEAKER}command=/bin/echo out\n"));
    hears_exactly(
        &bed,
        &[("PROCESS_STATE_EXITED", "processname:x groupname:x from_state:RUNNING expected:1 pid:PID")],
    );
}

// undocumented: with redirect_stderr all is stdout.
#[test]
fn redirected_output_is_told_as_stdout() {
    let text = format!(
        "{SPEAKER}command=/bin/sh -c \"echo err >&2\"\nredirect_stderr=true\nstdout_events_enabled=true\nstderr_events_enabled=true\n"
    );
    hears_exactly(
        &bed("PROCESS_LOG", &text),
        &[("PROCESS_LOG_STDOUT", "processname:x groupname:x pid:PID channel:stdout\nerr\n")],
    );
}

// undocumented: what is no UTF-8 is shown as Python shows bytes.
#[test]
fn output_that_is_no_text_is_told_as_bytes() {
    let text =
        format!("{SPEAKER}command=/usr/bin/printf 'a\\377\\047b\\n\\033'\nstdout_events_enabled=true\n");
    hears_exactly(
        &bed("PROCESS_LOG", &text),
        &[(
            "PROCESS_LOG_STDOUT",
            "processname:x groupname:x pid:PID channel:stdout\nUndecodable: b\"a\\xff'b\\n\\x1b\"",
        )],
    );
}

// events.rst, PROCESS_COMMUNICATION_STDOUT: "processname", "groupname", "pid", and behind the first line what stood between the tokens.
#[test]
fn captured_output_is_told() {
    let text = format!(
        "{SPEAKER}command=/usr/bin/printf 'before<!--XSUPERVISOR:BEGIN-->within\\nand on<!--XSUPERVISOR:END-->behind and long enough to be told'\n\
         stdout_capture_maxbytes=1KB\nstdout_logfile={{here}}/out\n"
    );
    hears_exactly(
        &bed("PROCESS_COMMUNICATION", &text),
        &[("PROCESS_COMMUNICATION_STDOUT", "processname:x groupname:x pid:PID\nwithin\nand on")],
    );
}

// events.rst, PROCESS_COMMUNICATION_STDERR: the same of stderr.
#[test]
fn captured_errors_are_told() {
    let text = format!(
        "{SPEAKER}command=/bin/sh -c \"printf '<!--XSUPERVISOR:BEGIN-->within<!--XSUPERVISOR:END-->' >&2\"\n\
         stderr_capture_maxbytes=1KB\nstderr_logfile={{here}}/err\n"
    );
    hears_exactly(
        &bed("PROCESS_COMMUNICATION", &text),
        &[("PROCESS_COMMUNICATION_STDERR", "processname:x groupname:x pid:PID\nwithin")],
    );
}

// configuration.rst, stdout_capture_maxbytes: "Max number of bytes written to capture FIFO": of more, the first are lost.
#[test]
fn captured_output_is_limited() {
    let text = format!(
        "{SPEAKER}command={{here}}/x.sh\nstdout_capture_maxbytes=30\nstdout_logfile={{here}}/out\nstdout_events_enabled=true\n{}",
        listener("l", "PROCESS_LOG,PROCESS_COMMUNICATION")
    );
    let mut bed = Setup { text: &text, ..Setup::default() }.prepare();
    let pieces = ["a", "b", "c"].map(|letter| letter.repeat(30));
    let mut script = "#!/bin/sh\nprintf '<!--XSUPERVISOR:BEGIN-->'\n".to_owned();
    for piece in &pieces {
        script += &format!("printf {piece}; while [ ! -e {{here}}/{piece} ]; do sleep 0.02; done\n");
    }
    bed.write_script(
        "x.sh",
        &format!("{script}printf '<!--XSUPERVISOR:END-->behind and long enough to be told'\n"),
    );
    bed.start();
    for piece in &pieces {
        bed.eventually("it is heard", || {
            heard(&bed, "l").iter().any(|event| event.payload.ends_with(piece.as_str()))
        });
        bed.write(piece, "");
    }
    let mut captured = Vec::new();
    bed.eventually("it is captured", || {
        captured = heard(&bed, "l")
            .into_iter()
            .filter(|event| event.name() == "PROCESS_COMMUNICATION_STDOUT")
            .collect();
        !captured.is_empty()
    });
    assert_eq!(captured[0].payload, format!("processname:x groupname:x pid:PID\n{}", pieces[2]));
}

// events.rst, REMOTE_COMMUNICATION: "type", and behind the first line the data.
#[test]
fn remote_events_are_told() {
    let bed = bed("REMOTE_COMMUNICATION", "");
    for (kind, data) in [("greeting", "hello"), ("empty", ""), ("lines", "a\nb\n"), ("a b", "c:d")] {
        assert_eq!(bed.ask("sendRemoteCommEvent", [kind.into(), data.into()]), true.into());
    }
    hears_exactly(
        &bed,
        &[
            ("REMOTE_COMMUNICATION", "type:greeting\nhello"),
            ("REMOTE_COMMUNICATION", "type:empty\n"),
            ("REMOTE_COMMUNICATION", "type:lines\na\nb\n"),
            ("REMOTE_COMMUNICATION", "type:a b\nc:d"),
        ],
    );
}

// events.rst, SUPERVISOR_STATE_CHANGE_RUNNING, _STOPPING: "empty".
#[test]
fn the_daemons_state_is_told() {
    let mut bed = bed("SUPERVISOR_STATE_CHANGE", SLOW);
    bed.file_becomes("slow", "up\n");
    hears_exactly(&bed, &[("SUPERVISOR_STATE_CHANGE_RUNNING", "")]);
    bed.signal(Signal::SIGTERM);
    hears_exactly(&bed, &[("SUPERVISOR_STATE_CHANGE_RUNNING", ""), ("SUPERVISOR_STATE_CHANGE_STOPPING", "")]);
    bed.write("go", "");
    assert_eq!(bed.exit_code(), Some(0));
    assert_eq!(heard(&bed, "l")[1].word("len"), "0");
}

// undocumented: a restart is an end too, and a new beginning.
#[test]
fn a_restart_is_told_as_stopping_and_running() {
    let bed = bed("SUPERVISOR_STATE_CHANGE", SLOW);
    bed.file_becomes("slow", "up\n");
    hears(&bed, "l", 1);
    bed.ask("restart", []);
    hears(&bed, "l", 2);
    bed.write("go", "");
    hears_exactly(
        &bed,
        &[
            ("SUPERVISOR_STATE_CHANGE_RUNNING", ""),
            ("SUPERVISOR_STATE_CHANGE_STOPPING", ""),
            ("SUPERVISOR_STATE_CHANGE_RUNNING", ""),
        ],
    );
    // The serials go on, as the daemon does; those of the pool, which is a new one, begin anew.
    let last = heard(&bed, "l").remove(2);
    assert_eq!((last.word("serial"), last.word("poolserial")), ("2", "0"));
}

// events.rst, TICK_5: "when": "the epoch time for which the tick was in effect": the begin of the five seconds.
#[test]
fn the_time_is_told_every_five_seconds() {
    let bed = bed("TICK_5", "");
    bed.eventually("it is told", || !heard(&bed, "l").is_empty());
    let event = heard(&bed, "l").remove(0);
    assert_eq!(event.name(), "TICK_5");
    let when: u64 = event.payload.strip_prefix("when:").unwrap().parse().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(when.is_multiple_of(5) && (when..when + 60).contains(&now), "{when} at {now}");
}

// events.rst, PROCESS_GROUP_ADDED, PROCESS_GROUP_REMOVED: "groupname".
#[test]
fn groups_are_told_when_they_come_and_go() {
    let bed = bed("PROCESS_GROUP", "[program:x]\ncommand=/bin/cat\nautostart=false\n");
    let added = ("PROCESS_GROUP_ADDED", "groupname:x\n");
    bed.eventually("the group is told", || heard(&bed, "l").iter().any(|event| event.payload == added.1));
    bed.ask("removeProcessGroup", ["x".into()]);
    bed.ask("addProcessGroup", ["x".into()]);
    let removed = ("PROCESS_GROUP_REMOVED", "groupname:x\n");
    hears_exactly(&bed, &[("PROCESS_GROUP_ADDED", "groupname:l\n"), added, removed, added]);
}

// events.rst, EVENT: "The superclass of all other event types": and who wants an abstract type gets all below it.
#[test]
fn abstract_types_stand_for_all_below_them() {
    let text = format!(
        "{}{}[program:x]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\n",
        listener("l", "EVENT"),
        listener("s", "PROCESS_STATE,REMOTE_COMMUNICATION")
    );
    let bed = TestBed::new(&text);
    bed.state_becomes("l", "RUNNING");
    bed.state_becomes("s", "RUNNING");
    bed.ask("startProcess", ["x".into()]);
    bed.ask("sendRemoteCommEvent", ["last".into(), "".into()]);
    let names = |listener: &str| {
        let mut names = Vec::new();
        bed.eventually(&format!("{listener} hears the last"), || {
            names = heard(&bed, listener);
            names.last().is_some_and(|event| event.payload == "type:last\n")
        });
        names.iter().map(|event| event.name().to_owned()).collect::<Vec<_>>()
    };
    let all = names("l");
    for name in [
        "SUPERVISOR_STATE_CHANGE_RUNNING",
        "PROCESS_GROUP_ADDED",
        "PROCESS_STATE_STARTING",
        "REMOTE_COMMUNICATION",
    ] {
        assert!(all.iter().any(|other| other == name), "no {name} in {all:?}");
    }
    let some = names("s");
    assert!(
        some.iter().all(|name| name.starts_with("PROCESS_STATE_") || name == "REMOTE_COMMUNICATION"),
        "{some:?}"
    );
}

// undocumented: the types are known in any case.
#[test]
fn types_are_known_in_any_case() {
    let bed = bed("remote_Communication", "");
    super::send(&bed, &["a"]);
    payloads_become(&bed, "l", &["type:t\na"]);
}

// undocumented: who names a type twice, or one above another, gets each event once.
#[test]
fn overlapping_subscriptions_deliver_once() {
    let bed = bed("REMOTE_COMMUNICATION,EVENT", "");
    super::send(&bed, &["a", "b"]);
    let times =
        differs! { ours: 1, theirs: 2, why: "an event that two entries of `events` fit is delivered once" };
    bed.eventually("both are heard", || {
        heard(&bed, "l").iter().filter(|event| event.payload == "type:t\nb").count() >= times
    });
    let heard = heard(&bed, "l");
    assert_eq!(heard.iter().filter(|event| event.payload == "type:t\na").count(), times);
}
