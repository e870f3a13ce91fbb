//! What is refused, and with which fault.

use harness::{Signal, TestBed, Value};

use super::{answer, fault, refused};

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nautostart=false\n";

// api.rst: methods are `namespace.method`; nothing else is reachable.
#[test]
fn what_is_no_method_is_unknown() {
    let bed = TestBed::new("");
    for name in [
        "getVersion",
        "supervisor",
        "supervisor.",
        ".getVersion",
        ".",
        "supervisor.nothing",
        "nothing.getVersion",
        "supervisor.getVersion.x",
        "system.listmethods",
        // What is reachable in the original as an attribute, but is no method.
        "supervisor.supervisord",
        "supervisor._update",
        "supervisor.__init__",
        "system.namespaces",
        // CVE-2017-11610.
        "supervisor.supervisord.options.warnings.linecache.os.system",
        "__class__.mro",
    ] {
        assert_eq!(answer(&bed, name, &[]), fault(1, "UNKNOWN_METHOD"), "{name}");
    }
}

// undocumented: without [rpcinterface:supervisor] only `system` is there.
#[test]
fn without_its_section_the_namespace_is_unknown() {
    let bed = harness::Setup {
        text: "[unix_http_server]\nfile=%(here)s/supervisor.sock\n\
               [supervisord]\nlogfile=%(here)s/supervisord.log\npidfile=%(here)s/supervisord.pid\n",
        bare: true,
        ..harness::Setup::default()
    }
    .start();
    assert_eq!(refused(&bed, "getState", []), (1, "UNKNOWN_METHOD".to_owned()));
    assert_eq!(
        bed.ask("system.listMethods", []),
        Value::from(vec![
            "system.listMethods",
            "system.methodHelp",
            "system.methodSignature",
            "system.multicall"
        ])
    );
}

// undocumented: the namespace is named by the section.
#[test]
fn the_section_names_the_namespace() {
    let bed = TestBed::new(
        "[rpcinterface:more]\nsupervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n",
    );
    assert_eq!(bed.ask("more.getVersion", []), "3.0".into());
    let Value::Array(names) = bed.ask("system.listMethods", []) else { panic!("an array") };
    assert_eq!(names.len(), 37 + 37 + 4);
    assert!(names.contains(&"more.startProcess".into()));
}

// undocumented: too few or too many parameters.
#[test]
fn the_number_of_parameters_is_checked() {
    let bed = TestBed::new(CAT);
    let x = || Value::from("cat");
    let incorrect = (2, "INCORRECT_PARAMETERS".to_owned());
    for (method, params) in [
        ("getState", vec![x()]),
        ("getPID", vec![Value::Int(1)]),
        ("getProcessInfo", vec![]),
        ("getProcessInfo", vec![x(), x()]),
        ("startProcess", vec![]),
        ("startProcess", vec![x(), true.into(), true.into()]),
        ("stopAllProcesses", vec![true.into(), true.into()]),
        ("signalProcess", vec![x()]),
        ("readLog", vec![Value::Int(0)]),
        ("readProcessStdoutLog", vec![x(), Value::Int(0)]),
        ("tailProcessStderrLog", vec![x()]),
        ("sendProcessStdin", vec![x()]),
        ("sendRemoteCommEvent", vec![x()]),
        ("reloadConfig", vec![x()]),
        ("system.listMethods", vec![x()]),
        ("system.multicall", vec![]),
        ("system.methodHelp", vec![]),
    ] {
        let fault = bed.rpc(method, params.clone()).unwrap_err();
        assert_eq!((fault.code, fault.text), incorrect, "{method} {params:?}");
    }
}

// api.rst: "group:process", or "process" for a group of the same name.
#[test]
fn names_of_processes() {
    let bed = TestBed::new(&format!(
        "{CAT}[program:many]\ncommand=/bin/cat\nautostart=false\nprocess_name=%(program_name)s%(process_num)s\nnumprocs=2\n"
    ));
    assert_eq!(bed.info("cat:cat").name, "cat");
    assert_eq!(bed.info("many:many1").group, "many");
    let bad = |name: &str| (10, format!("BAD_NAME: {name}"));
    for name in [
        "", ":", "dog", "many", "many0", "many:dog", "cat:dog", "dog:cat", ":cat", "cat:", "cat:*",
        "cat:cat:", "CAT", " cat", "cat*", "*:cat", "*",
    ] {
        assert_eq!(refused(&bed, "getProcessInfo", [name.into()]), bad(name), "{name:?}");
    }
    for name in ["many:", "many:*", "dog"] {
        assert_eq!(
            refused(&bed, "readProcessStdoutLog", [name.into(), Value::Int(0), Value::Int(0)]),
            bad(name)
        );
        assert_eq!(
            refused(&bed, "readProcessStderrLog", [name.into(), Value::Int(0), Value::Int(0)]),
            bad(name)
        );
        assert_eq!(
            refused(&bed, "tailProcessStdoutLog", [name.into(), Value::Int(0), Value::Int(0)]),
            bad(name)
        );
        assert_eq!(
            refused(&bed, "tailProcessStderrLog", [name.into(), Value::Int(0), Value::Int(0)]),
            bad(name)
        );
        assert_eq!(refused(&bed, "clearProcessLogs", [name.into()]), bad(name));
        assert_eq!(refused(&bed, "sendProcessStdin", [name.into(), "x".into()]), bad(name));
    }
    for name in ["dog", "cat:dog", "dog:*"] {
        assert_eq!(refused(&bed, "startProcess", [name.into()]).0, 10);
        assert_eq!(refused(&bed, "stopProcess", [name.into()]).0, 10);
        assert_eq!(refused(&bed, "signalProcess", [name.into(), "HUP".into()]).0, 10);
    }
    assert_eq!(refused(&bed, "startProcess", ["dog:*".into()]), bad("dog:*"));
    assert_eq!(refused(&bed, "signalProcess", ["dog:".into(), "HUP".into()]), bad("dog:"));
    // A group's name is no process.
    assert_eq!(refused(&bed, "startProcess", ["many".into()]), bad("many"));
    assert_eq!(refused(&bed, "startProcessGroup", ["many:*".into()]), bad("many:*"));
    assert_eq!(refused(&bed, "stopProcessGroup", ["dog".into()]), bad("dog"));
    assert_eq!(refused(&bed, "signalProcessGroup", ["dog".into(), "HUP".into()]), bad("dog"));
}

// api.rst, SHUTDOWN_STATE: while the daemon stops, all methods but few are refused.
#[test]
fn while_it_shuts_down_nearly_everything_is_refused() {
    let bed = TestBed::new(
        "[program:slow]\ncommand=/bin/sh -c \"trap '' TERM; echo up; while :; do sleep 0.1; done\"\n\
         startsecs=0\nstdout_logfile=%(here)s/out\n[program:cat]\ncommand=/bin/cat\nautostart=false\n",
    );
    bed.file_becomes("out", "up\n");
    bed.signal(Signal::SIGTERM);
    bed.eventually("it shuts down", || bed.rpc("getState", []).is_err());
    let shutdown = (6, "SHUTDOWN_STATE".to_owned());
    let x = || Value::from("cat");
    for (method, params) in [
        ("getAPIVersion", vec![]),
        ("getVersion", vec![]),
        ("getSupervisorVersion", vec![]),
        ("getIdentification", vec![]),
        ("getState", vec![]),
        ("getPID", vec![]),
        ("readLog", vec![Value::Int(0), Value::Int(0)]),
        ("clearLog", vec![]),
        ("shutdown", vec![]),
        ("restart", vec![]),
        ("reloadConfig", vec![]),
        ("addProcessGroup", vec![x()]),
        ("removeProcessGroup", vec![x()]),
        ("startProcess", vec!["dog".into()]),
        ("startProcessGroup", vec![x()]),
        ("startAllProcesses", vec![]),
        ("stopProcess", vec![x()]),
        ("stopProcessGroup", vec!["dog".into()]),
        ("stopAllProcesses", vec![]),
        ("signalProcess", vec![x(), "FOO".into()]),
        ("signalProcessGroup", vec![x(), "HUP".into()]),
        ("signalAllProcesses", vec!["CONT".into()]),
        ("getProcessInfo", vec![x()]),
        ("getAllProcessInfo", vec![]),
        ("getAllConfigInfo", vec![]),
        ("readProcessStdoutLog", vec![x(), Value::Int(0), Value::Int(0)]),
        ("tailProcessStderrLog", vec![x(), Value::Int(0), Value::Int(0)]),
        ("clearProcessLogs", vec![x()]),
        ("clearAllProcessLogs", vec![]),
        ("sendProcessStdin", vec![x(), "x".into()]),
    ] {
        let fault = bed.rpc(method, params).unwrap_err();
        assert_eq!((fault.code, fault.text), shutdown, "{method}");
    }
    assert_eq!(bed.rpc("sendRemoteCommEvent", ["a".into(), "b".into()]), Ok(true.into()));
    assert!(bed.rpc("system.listMethods", []).is_ok());
    // It signals first and refuses then.
    bed.rpc("signalAllProcesses", ["KILL".into()]).unwrap_err();
    bed.logs("WARN stopped: slow (terminated by SIGKILL)");
}
