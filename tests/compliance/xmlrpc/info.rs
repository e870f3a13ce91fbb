//! What is told of processes and of their configuration.

use harness::{TestBed, Value, differs, member};

const PROGRAM: &str = "[program:cat]\ncommand=/bin/cat -u\nautostart=false\nstartsecs=0\n\
    stdout_logfile=%(here)s/out\nstderr_logfile=NONE\n";

fn names(value: &Value) -> Vec<&str> {
    match value {
        Value::Struct(members) => {
            let mut names: Vec<_> = members.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            names
        }
        other => panic!("not a struct: {other:?}"),
    }
}

// api.rst, getProcessInfo: "Get info about a process named name. Return result A structure containing data about the process".
#[test]
fn all_is_told_of_a_process() {
    let bed = TestBed::new(PROGRAM);
    let info = bed.ask("getProcessInfo", ["cat".into()]);
    assert_eq!(
        names(&info),
        [
            "description",
            "exitstatus",
            "group",
            "logfile",
            "name",
            "now",
            "pid",
            "spawnerr",
            "start",
            "state",
            "statename",
            "stderr_logfile",
            "stdout_logfile",
            "stop"
        ]
    );
    let out = format!("{}/out", bed.here());
    let info = bed.info("cat");
    assert_eq!((info.name.as_str(), info.group.as_str()), ("cat", "cat"));
    assert_eq!(
        (info.state, info.statename.as_str(), info.description.as_str()),
        (0, "STOPPED", "Not started")
    );
    assert_eq!((info.start, info.stop, info.pid, info.exitstatus), (0, 0, 0, 0));
    assert_eq!(
        (info.logfile.as_str(), info.stdout_logfile.as_str(), info.stderr_logfile.as_str()),
        (out.as_str(), out.as_str(), "")
    );
    assert_eq!(info.spawnerr, "");
    let before = info.now;
    bed.ask("startProcess", ["cat".into()]);
    let info = bed.info("cat");
    assert!(info.start >= before && info.now >= info.start, "{info:?}");
    assert_eq!((info.stop, info.state), (0, 20));
    assert_ne!(info.pid, 0);
    bed.ask("stopProcess", ["cat".into()]);
    let info = bed.info("cat");
    assert!(info.stop >= info.start, "{info:?}");
    assert_eq!(info.pid, 0);
}

// api.rst, getProcessInfo: the types of the members.
#[test]
fn what_is_told_of_a_process_has_its_types() {
    let bed = TestBed::new(PROGRAM);
    let info = bed.ask("getProcessInfo", ["cat".into()]);
    for name in ["start", "stop", "now", "state", "exitstatus", "pid"] {
        assert!(matches!(member(&info, name), Value::Int(_)), "{name}");
    }
    for name in [
        "name",
        "group",
        "statename",
        "description",
        "spawnerr",
        "logfile",
        "stdout_logfile",
        "stderr_logfile",
    ] {
        assert!(matches!(member(&info, name), Value::String(_)), "{name}");
    }
}

// undocumented: a log with a name made up by the daemon is told with that name, from the beginning.
#[test]
fn a_log_of_its_own_choice_is_told() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    let info = bed.info("cat");
    for (log, channel) in [(&info.stdout_logfile, "stdout"), (&info.stderr_logfile, "stderr")] {
        let start = format!("{}/auto/cat-{channel}---supervisor-", bed.here());
        assert!(log.starts_with(&start) && log.ends_with(".log"), "{log}");
    }
}

// api.rst, getAllProcessInfo: "Each element contains a struct, and this struct contains the exact same elements as the struct returned by
// getProcessInfo. If the process table is empty, an empty array is returned."
#[test]
fn all_is_told_of_all_processes() {
    let bed = TestBed::new(&format!(
        "{PROGRAM}[program:ant]\ncommand=/bin/cat\nautostart=false\npriority=1\n[group:z]\nprograms=cat\n"
    ));
    let Value::Array(infos) = bed.ask("getAllProcessInfo", []) else { panic!("an array") };
    let told: Vec<_> = infos.iter().map(|info| (member(info, "group"), member(info, "name"))).collect();
    assert_eq!(told, [("ant".into(), "ant".into()), ("z".into(), "cat".into())]);
    assert_eq!(names(&infos[0]), names(&bed.ask("getProcessInfo", ["ant".into()])));
    assert_eq!(TestBed::new("").ask("getAllProcessInfo", []), Value::Array(vec![]));
}

/// The configuration of the process, without the members whose values are the same for all.
fn config_of(bed: &TestBed, name: &str) -> Value {
    let Value::Array(infos) = bed.ask("getAllConfigInfo", []) else { panic!("an array") };
    infos.into_iter().find(|info| member(info, "name") == name.into()).expect("the process is configured")
}

#[track_caller]
fn assert_members(value: &Value, expected: Vec<(&str, Value)>) {
    let mut expected_names: Vec<_> = expected.iter().map(|(name, _)| *name).collect();
    expected_names.sort_unstable();
    assert_eq!(names(value), expected_names);
    for (name, expected) in expected {
        assert_eq!(member(value, name), expected, "{name}");
    }
}

// undocumented: getAllConfigInfo tells the configuration of every process, here the defaults.
#[test]
fn the_configuration_of_a_process_is_told() {
    let text = "[program:cat]\ncommand=/bin/cat -u \"a b\"\nautostart=false\n";
    let bed = TestBed::new(text);
    // A log with a name made up by the daemon is told with that name.
    let info = bed.info("cat");
    assert_members(
        &config_of(&bed, "cat"),
        vec![
            ("autostart", false.into()),
            ("directory", "none".into()),
            ("uid", "none".into()),
            ("command", "/bin/cat -u \"a b\"".into()),
            ("exitcodes", Value::Array(vec![Value::Int(0)])),
            ("group", "cat".into()),
            ("group_prio", Value::Int(999)),
            ("inuse", true.into()),
            ("killasgroup", false.into()),
            ("name", "cat".into()),
            ("process_prio", Value::Int(999)),
            ("redirect_stderr", false.into()),
            ("startretries", Value::Int(3)),
            ("startsecs", Value::Int(1)),
            ("stdout_capture_maxbytes", Value::Int(0)),
            ("stdout_events_enabled", false.into()),
            ("stdout_logfile", info.stdout_logfile.into()),
            ("stdout_logfile_backups", Value::Int(10)),
            ("stdout_logfile_maxbytes", Value::Int(52_428_800)),
            ("stdout_syslog", false.into()),
            ("stopsignal", Value::Int(15)),
            ("stopwaitsecs", Value::Int(10)),
            ("stderr_capture_maxbytes", Value::Int(0)),
            ("stderr_events_enabled", false.into()),
            ("stderr_logfile", info.stderr_logfile.into()),
            ("stderr_logfile_backups", Value::Int(10)),
            ("stderr_logfile_maxbytes", Value::Int(52_428_800)),
            ("stderr_syslog", false.into()),
            ("serverurl", "none".into()),
        ],
    );
}

// The same with everything set.
#[test]
fn the_whole_configuration_of_a_process_is_told() {
    let bed = TestBed::new(
        "[program:cat]\ncommand=/bin/cat\nautostart=true\ndirectory=/tmp\nuser=root\nexitcodes=2,0, 7\nstopasgroup=true\n\
         priority=5\nredirect_stderr=true\nstartretries=1\nstartsecs=0\nstdout_capture_maxbytes=1KB\n\
         stdout_events_enabled=true\nstdout_logfile=%(here)s/out\nstdout_logfile_backups=2\nstdout_logfile_maxbytes=1MB\n\
         stdout_syslog=true\nstopsignal=KILL\nstopwaitsecs=3\nstderr_logfile_backups=0\n\
         stderr_logfile_maxbytes=0\nserverurl=http://x:1\n[group:pets]\nprograms=cat\npriority=7\n",
    );
    assert_members(
        &config_of(&bed, "cat"),
        vec![
            ("autostart", true.into()),
            ("directory", "/tmp".into()),
            ("uid", Value::Int(0)),
            ("command", "/bin/cat".into()),
            ("exitcodes", Value::Array(vec![Value::Int(2), Value::Int(0), Value::Int(7)])),
            ("group", "pets".into()),
            ("group_prio", Value::Int(7)),
            ("inuse", true.into()),
            ("killasgroup", true.into()),
            ("name", "cat".into()),
            ("process_prio", Value::Int(5)),
            ("redirect_stderr", true.into()),
            ("startretries", Value::Int(1)),
            ("startsecs", Value::Int(0)),
            ("stdout_capture_maxbytes", Value::Int(1024)),
            ("stdout_events_enabled", true.into()),
            ("stdout_logfile", format!("{}/out", bed.here()).into()),
            ("stdout_logfile_backups", Value::Int(2)),
            ("stdout_logfile_maxbytes", Value::Int(1_048_576)),
            ("stdout_syslog", true.into()),
            ("stopsignal", Value::Int(9)),
            ("stopwaitsecs", Value::Int(3)),
            ("stderr_capture_maxbytes", Value::Int(0)),
            ("stderr_events_enabled", false.into()),
            ("stderr_logfile", "none".into()),
            ("stderr_logfile_backups", Value::Int(0)),
            ("stderr_logfile_maxbytes", Value::Int(0)),
            ("stderr_syslog", false.into()),
            ("serverurl", "http://x:1".into()),
        ],
    );
}

// undocumented: it is the configuration as read last, sorted by the names of the processes.
#[test]
fn the_configuration_as_read_last_is_told() {
    let bed =
        TestBed::new("[program:b]\ncommand=/bin/cat\nautostart=false\n[program:gone]\ncommand=/bin/cat\n");
    bed.configure(
        "[program:b]\ncommand=/bin/cat -n\nautostart=false\n[program:c]\ncommand=/bin/cat\n[program:a]\ncommand=/bin/cat\n\
         [group:z]\nprograms=a\n[eventlistener:ear]\ncommand=/bin/cat\nevents=TICK_5\n",
    );
    let told = |bed: &TestBed| {
        let Value::Array(infos) = bed.ask("getAllConfigInfo", []) else { panic!("an array") };
        let told = infos.iter().map(|info| {
            (
                harness::text(&member(info, "name")),
                harness::text(&member(info, "command")),
                member(info, "inuse") == true.into(),
            )
        });
        told.collect::<Vec<_>>()
    };
    let row = |name: &str, command: &str, in_use| (name.to_owned(), command.to_owned(), in_use);
    assert_eq!(told(&bed), [row("b", "/bin/cat", true), row("gone", "/bin/cat", true)]);
    bed.ask("reloadConfig", []);
    assert_eq!(
        told(&bed),
        [
            row("a", "/bin/cat", false),
            row("b", "/bin/cat -n", true),
            row("c", "/bin/cat", false),
            row("ear", "/bin/cat", false)
        ]
    );
    // What runs is not touched by it.
    assert_eq!(bed.info("gone").group, "gone");
    assert!(bed.rpc("getProcessInfo", ["a".into()]).is_err());
}

// undocumented: a number of more than 32 bits.
#[test]
fn a_large_number_is_told() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\nstdout_logfile_maxbytes=3GB\n");
    let told = bed.rpc("getAllConfigInfo", []).map_err(|fault| fault.code).map(|infos| match infos {
        Value::Array(infos) => member(&infos[0], "stdout_logfile_maxbytes"),
        other => other,
    });
    assert_eq!(
        told,
        differs! { ours: Ok(Value::Int(3_221_225_472)), theirs: Err(0), why: "a size of more than 2 GB is told as it is and not answered with an error 500" }
    );
}
