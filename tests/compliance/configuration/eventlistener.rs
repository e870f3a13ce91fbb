//! `[eventlistener:e]`: what a pool needs beside the keys of a program.

use super::{Reader, starts_not, table};

fn listener(lines: &str) -> String {
    format!("[eventlistener:e]\ncommand=/bin/cat\n{lines}\n")
}

// configuration.rst, events: "Required: Yes."
#[test]
fn a_pool_needs_events() {
    let reader = Reader::new();
    assert_eq!(reader.refuses(&listener("")), "[eventlistener:e] section requires an \"events\" line");
    assert_eq!(starts_not(&listener("")).refusal(), "[eventlistener:e] section requires an \"events\" line");
}

// configuration.rst, events: "A comma-separated list of event type names". undocumented: in any case.
#[test]
fn events_are_parted_by_commas() {
    let reader = Reader::new();
    for events in [
        "EVENT",
        "PROCESS_STATE",
        "process_state",
        "TICK_5,TICK_60, Tick_3600",
        "PROCESS_STATE_STARTING,PROCESS_STATE_RUNNING,PROCESS_STATE_BACKOFF,PROCESS_STATE_STOPPING,PROCESS_STATE_EXITED,\
         PROCESS_STATE_STOPPED,PROCESS_STATE_FATAL,PROCESS_STATE_UNKNOWN",
        "PROCESS_COMMUNICATION,PROCESS_COMMUNICATION_STDOUT,PROCESS_COMMUNICATION_STDERR",
        "PROCESS_LOG,PROCESS_LOG_STDOUT,PROCESS_LOG_STDERR",
        "REMOTE_COMMUNICATION",
        "SUPERVISOR_STATE_CHANGE,SUPERVISOR_STATE_CHANGE_RUNNING,SUPERVISOR_STATE_CHANGE_STOPPING",
        "PROCESS_GROUP,PROCESS_GROUP_ADDED,PROCESS_GROUP_REMOVED",
        "TICK,\n TICK_5",
    ] {
        reader.reads(&listener(&format!("events={events}")));
    }
}

// undocumented: events that do not exist.
#[test]
fn unknown_events_are_told() {
    let reader = Reader::new();
    table(
        &[
            ("NOPE", "Unknown event type NOPE in [eventlistener:e] events"),
            ("TICK,nope", "Unknown event type NOPE in [eventlistener:e] events"),
            ("TICK,", "Unknown event type  in [eventlistener:e] events"),
            ("", "[eventlistener:e] section requires an \"events\" line"),
            ("TICK_10", "Unknown event type TICK_10 in [eventlistener:e] events"),
            ("TICK TICK_5", "Unknown event type TICK TICK_5 in [eventlistener:e] events"),
        ],
        |events| reader.refuses(&listener(&format!("events={events}"))),
    );
}

// configuration.rst, buffer_size: "The event listener pool's event queue buffer size."
#[test]
fn a_buffer_holds_at_least_one_event() {
    let reader = Reader::new();
    reader.reads(&listener("events=TICK\nbuffer_size=1"));
    table(
        &[
            ("0", "[eventlistener:e] section sets invalid buffer_size (0)"),
            ("-5", "[eventlistener:e] section sets invalid buffer_size (-5)"),
            ("big", "invalid literal for int() with base 10: 'big'"),
            ("", "invalid literal for int() with base 10: ''"),
        ],
        |size| reader.refuses(&listener(&format!("events=TICK\nbuffer_size={size}"))),
    );
}

// configuration.rst, redirect_stderr: for an event listener it must be false.
#[test]
fn a_pool_may_not_redirect_stderr() {
    let reader = Reader::new();
    assert_eq!(
        reader.refuses(&listener("events=TICK\nredirect_stderr=true")),
        "[eventlistener:e] section sets redirect_stderr=true but this is not allowed because it will interfere with the eventlistener protocol"
    );
    reader.reads(&listener("events=TICK\nredirect_stderr=false"));
}

// configuration.rst, result_handler: "A pkg_resources entry point string that resolves to a Python callable."
#[test]
fn a_result_handler_must_be_there() {
    let reader = Reader::new();
    reader.reads(&listener("events=TICK\nresult_handler=supervisor.dispatchers:default_handler"));
    table(
        &[
            ("no_such_module:handler", "no_such_module:handler cannot be resolved within [eventlistener:e]"),
            (
                "supervisor.dispatchers:nope",
                "supervisor.dispatchers:nope cannot be resolved within [eventlistener:e]",
            ),
        ],
        |handler| reader.refuses(&listener(&format!("events=TICK\nresult_handler={handler}"))),
    );
}

// undocumented: a pool comes before all others, its processes as those of programs.
#[test]
fn a_pool_comes_first() {
    let reader = Reader::new();
    assert_eq!(reader.value(&listener("events=TICK"), "group_prio"), (-1).into());
    assert_eq!(reader.value(&listener("events=TICK"), "process_prio"), 999.into());
    assert_eq!(reader.value(&listener("events=TICK\npriority=7"), "group_prio"), 7.into());
    assert_eq!(reader.value(&listener("events=TICK\npriority=7"), "process_prio"), 7.into());
}

// configuration.rst, [eventlistener:x]: "all of the keys allowed by [program:x]", with numprocs for a pool of several.
#[test]
fn a_pool_has_the_keys_of_a_program() {
    let reader = Reader::new();
    let processes = reader.reads(&listener(
        "events=TICK\nnumprocs=2\nprocess_name=%(program_name)s%(process_num)d\nstopsignal=INT\nstderr_logfile=NONE",
    ));
    let names: Vec<_> =
        processes.iter().map(|process| harness::text(&harness::member(process, "name"))).collect();
    assert_eq!(names, ["e0", "e1"]);
    assert_eq!(
        reader.refuses("[eventlistener:e]\nevents=TICK\n"),
        "program section eventlistener:e does not specify a command in section 'eventlistener:e' (file: 'HERE/supervisord.conf')"
    );
    assert_eq!(
        reader.refuses(&listener("events=TICK\nstartsecs=a")),
        "invalid literal for int() with base 10: 'a' in section 'eventlistener:e' (file: 'HERE/supervisord.conf')"
    );
}
