//! Starting, stopping and feeding processes; adding and removing groups. Manual, "Process Control".

use harness::{TestBed, Value, differs, member};

use super::{answer, document, refused};

// api.rst, startProcess: the order in which a start is checked.
#[test]
fn a_start_is_checked_in_order() {
    let bed = TestBed::new(
        "[program:cat]\ncommand={here}/cat\nautostart=false\nstartsecs=0\n\
         [program:plain]\ncommand={here}/plain\nautostart=false\n\
         [program:folder]\ncommand={here}\nautostart=false\n\
         [program:nowhere]\ncommand=no-such-program-anywhere x\nautostart=false\n",
    );
    bed.write_script("cat", "#!/bin/sh\nexec cat\n");
    bed.write("plain", "");
    let here = bed.here();
    assert_eq!(
        refused(&bed, "startProcess", ["plain".into()]),
        (21, format!("NOT_EXECUTABLE: command at '{here}/plain' is not executable"))
    );
    assert_eq!(
        refused(&bed, "startProcess", ["folder".into()]),
        (21, format!("NOT_EXECUTABLE: command at '{here}' is a directory"))
    );
    assert_eq!(
        refused(&bed, "startProcess", ["nowhere".into()]),
        (20, "NO_FILE: can't find command 'no-such-program-anywhere'".to_owned())
    );
    // None of these has changed anything.
    assert_eq!(bed.state("nowhere"), "STOPPED");
    assert_eq!(bed.info("nowhere").spawnerr, "");
    assert_eq!(bed.rpc("startProcess", ["cat".into()]), Ok(true.into()));
    assert_eq!(refused(&bed, "startProcess", ["cat".into()]), (60, "ALREADY_STARTED: cat".to_owned()));
    assert_eq!(
        refused(&bed, "startProcess", ["cat:cat".into(), false.into()]),
        (60, "ALREADY_STARTED: cat:cat".to_owned())
    );
    // Whether the command is there comes before whether it runs.
    std::fs::remove_file(bed.path("cat")).unwrap();
    assert_eq!(
        refused(&bed, "startProcess", ["cat".into()]),
        (20, format!("NO_FILE: can't find command '{here}/cat'"))
    );
}

// api.rst, startProcess: "wait: Wait for process to be fully started".
#[test]
fn a_start_is_answered_when_the_process_is_up() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\nstartsecs=1\n");
    assert_eq!(bed.rpc("startProcess", ["cat".into(), false.into()]), Ok(true.into()));
    assert_eq!(bed.state("cat"), "STARTING");
    bed.ask("stopProcess", ["cat".into()]);
    assert_eq!(bed.rpc("startProcess", ["cat".into()]), Ok(true.into()));
    assert_eq!(bed.state("cat"), "RUNNING");
    bed.ask("stopProcess", ["cat".into()]);
    assert_eq!(bed.rpc("startProcess", ["cat".into(), true.into()]), Ok(true.into()));
    assert_eq!(bed.state("cat"), "RUNNING");
}

// undocumented: a start that somebody else's stop ends.
#[test]
fn a_start_that_is_stopped_ends_abnormally() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\nstartsecs=600\n");
    let mut wire = bed.connect();
    let call = super::call("supervisor.startProcess", &["<value>cat</value>"]);
    wire.send(&format!("POST /RPC2 HTTP/1.1\r\nContent-Length: {}\r\n\r\n{call}", call.len()));
    bed.state_becomes("cat", "STARTING");
    bed.ask("stopProcess", ["cat".into()]);
    assert_eq!(wire.response().body, super::fault(40, "ABNORMAL_TERMINATION: cat"));
}

// undocumented: the result of a method over several processes, to the byte.
#[test]
fn results_have_their_members_in_order() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n");
    assert_eq!(
        answer(&bed, "supervisor.startAllProcesses", &[]),
        document(
            "<value><array><data>\n<value><struct>\n\
             <member>\n<name>name</name>\n<value><string>cat</string></value>\n</member>\n\
             <member>\n<name>group</name>\n<value><string>cat</string></value>\n</member>\n\
             <member>\n<name>status</name>\n<value><int>80</int></value>\n</member>\n\
             <member>\n<name>description</name>\n<value><string>OK</string></value>\n</member>\n\
             </struct></value>\n</data></array></value>"
        )
    );
}

// api.rst, signalProcess: "signal: Signal to send, as name ('HUP') or number ('1')".
#[test]
fn a_signal_is_named_or_numbered() {
    let bed = TestBed::new(
        "[program:count]\ncommand=/bin/sh -c \"trap 'echo WINCH' WINCH; echo up; while :; do sleep 0.05; done\"\n\
         startsecs=0\nstdout_logfile=%(here)s/out\n",
    );
    bed.file_becomes("out", "up\n");
    let mut expected = "up\n".to_owned();
    for signal in
        ["WINCH".into(), "SIGWINCH".into(), "winch".into(), "28".into(), Value::Int(28), " SigWinch ".into()]
    {
        assert_eq!(bed.rpc("signalProcess", ["count".into(), signal]), Ok(true.into()));
        expected.push_str("WINCH\n");
        bed.file_becomes("out", &expected);
    }
    for signal in ["", "-1", "65", "SIG", "SIGFOO", "1.0", "WINCH KILL"] {
        assert_eq!(
            refused(&bed, "signalProcess", ["count".into(), signal.into()]),
            (11, format!("BAD_SIGNAL: {signal}")),
            "{signal:?}"
        );
    }
    // Zero asks whether there is somebody to signal.
    assert_eq!(bed.rpc("signalProcess", ["count".into(), Value::Int(0)]), Ok(true.into()));
}

// api.rst, signalAllProcesses: "Send a signal to all processes in the process list"; those that run.
#[test]
fn all_processes_can_be_signalled() {
    let bed = TestBed::new(
        "[program:a]\ncommand=/bin/cat\nstartsecs=0\nautorestart=false\n[program:b]\ncommand=/bin/cat\nautostart=false\n",
    );
    bed.state_becomes("a", "RUNNING");
    let Value::Array(results) = bed.ask("signalAllProcesses", ["TERM".into()]) else { panic!("an array") };
    assert_eq!(results.iter().map(|result| member(result, "name")).collect::<Vec<_>>(), ["a".into()]);
    bed.state_becomes("a", "EXITED");
    assert_eq!(bed.ask("signalAllProcesses", ["FOO".into()]), Value::Array(vec![]));
}

// api.rst, sendProcessStdin: "Send a string of chars to the stdin of the process name. If non-7-bit data is sent (unicode), it is encoded
// to utf-8 before being sent to the process' stdin."
#[test]
fn a_process_is_fed() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=%(here)s/out\n");
    bed.state_becomes("cat", "RUNNING");
    for text in ["a\n", "", "é\u{1F600}\n", "<&>\"\n"] {
        assert_eq!(bed.rpc("sendProcessStdin", ["cat".into(), text.into()]), Ok(true.into()));
    }
    bed.file_becomes("out", "a\né\u{1F600}\n<&>\"\n");
}

// api.rst, sendProcessStdin: "If chars is not a string or is not unicode, raise INCORRECT_PARAMETERS. If the process is not running, raise
// NOT_RUNNING. If the process' stdin cannot accept input (e.g. it was closed by the child process), raise NO_FILE."
#[test]
fn feeding_is_checked_in_order() {
    let bed = TestBed::new(
        "[program:cat]\ncommand=/bin/cat\nautostart=false\n\
         [program:deaf]\ncommand=/bin/sh -c \"exec <&-; echo up; exec sleep 1000\"\nstartsecs=0\nstdout_logfile=%(here)s/out\n",
    );
    let feed = |name: &str, chars: Value| refused(&bed, "sendProcessStdin", [name.into(), chars]);
    assert_eq!(feed("dog", Value::Int(1)), (2, "INCORRECT_PARAMETERS: 1".to_owned()));
    assert_eq!(feed("dog", true.into()), (2, "INCORRECT_PARAMETERS: True".to_owned()));
    assert_eq!(feed("dog", "x".into()), (10, "BAD_NAME: dog".to_owned()));
    assert_eq!(feed("cat", "x".into()), (70, "NOT_RUNNING: cat".to_owned()));
    bed.file_becomes("out", "up\n");
    assert_eq!(feed("deaf", "x".into()), (20, "NO_FILE: deaf".to_owned()));
}

// undocumented: a process that is being stopped takes nothing more.
#[test]
fn a_process_that_is_being_stopped_is_not_fed() {
    let bed = TestBed::new(
        "[program:stubborn]\ncommand=/bin/sh -c \"trap '' TERM; echo up; while :; do sleep 0.1; done\"\nstartsecs=0\n\
         stdout_logfile=%(here)s/out\n",
    );
    bed.file_becomes("out", "up\n");
    bed.ask("stopProcess", ["stubborn".into(), false.into()]);
    assert_eq!(
        refused(&bed, "sendProcessStdin", ["stubborn".into(), "x".into()]),
        (70, "NOT_RUNNING: stubborn".to_owned())
    );
    bed.ask("signalProcess", ["stubborn".into(), "KILL".into()]);
}

// undocumented: a process that does not read is fed later.
#[test]
fn a_process_that_does_not_read_is_fed_later() {
    let bed = TestBed::new(
        "[program:late]\ncommand=/bin/sh -c \"echo up; while [ ! -e {here}/go ]; do sleep 0.05; done; wc -c\"\n\
         startsecs=0\nautorestart=false\nstdout_logfile={here}/out\n",
    );
    bed.file_becomes("out", "up\n");
    let much = "x".repeat(70_000);
    let fed: Vec<_> = (0..3)
        .map(|_| {
            bed.rpc("sendProcessStdin", ["late".into(), much.as_str().into()]).map_err(|fault| fault.code)
        })
        .collect();
    assert_eq!(
        fed,
        differs! {
            ours: [Ok(true.into()), Ok(true.into()), Ok(true.into())],
            theirs: [Ok(true.into()), Err(0), Err(0)],
            why: "sendProcessStdin to a process whose pipe is full is true, as the text is kept for it, and no error 500",
        }
    );
    bed.write("go", "");
    // It ends when its stdin does.
    bed.eventually("its stdin is read", || {
        let stdin = format!("/proc/{}/fd/0", bed.pid_of("late"));
        std::path::Path::new(&stdin).exists()
    });
    assert_eq!(bed.state("late"), "RUNNING");
}

// api.rst, addProcessGroup: "Update the config for a running process from config file."
#[test]
fn a_group_is_added() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    assert_eq!(refused(&bed, "addProcessGroup", ["cat".into()]), (90, "ALREADY_ADDED: cat".to_owned()));
    assert_eq!(refused(&bed, "addProcessGroup", ["dog".into()]), (10, "BAD_NAME: dog".to_owned()));
    bed.configure(
        "[program:cat]\ncommand=/bin/cat\nautostart=false\n[program:dog]\ncommand=/bin/cat\nstartsecs=0\n",
    );
    // It is the configuration as read last that counts.
    assert_eq!(refused(&bed, "addProcessGroup", ["dog".into()]), (10, "BAD_NAME: dog".to_owned()));
    bed.ask("reloadConfig", []);
    assert_eq!(bed.rpc("addProcessGroup", ["dog".into()]), Ok(true.into()));
    bed.state_becomes("dog", "RUNNING");
    assert_eq!(refused(&bed, "addProcessGroup", ["dog".into()]), (90, "ALREADY_ADDED: dog".to_owned()));
}

// api.rst, removeProcessGroup: "Remove a stopped process from the active configuration."
#[test]
fn a_group_is_removed_when_it_is_stopped() {
    let bed = TestBed::new(
        "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n[program:quick]\ncommand=/bin/false\nstartsecs=10\nstartretries=100\n",
    );
    bed.state_becomes("cat", "RUNNING");
    bed.state_becomes("quick", "BACKOFF");
    assert_eq!(refused(&bed, "removeProcessGroup", ["cat".into()]), (91, "STILL_RUNNING: cat".to_owned()));
    assert_eq!(
        refused(&bed, "removeProcessGroup", ["quick".into()]),
        (91, "STILL_RUNNING: quick".to_owned())
    );
    assert_eq!(refused(&bed, "removeProcessGroup", ["dog".into()]), (10, "BAD_NAME: dog".to_owned()));
    bed.ask("stopAllProcesses", []);
    assert_eq!(bed.rpc("removeProcessGroup", ["cat".into()]), Ok(true.into()));
    assert_eq!(refused(&bed, "getProcessInfo", ["cat".into()]), (10, "BAD_NAME: cat".to_owned()));
    // It can come back.
    assert_eq!(bed.rpc("addProcessGroup", ["cat".into()]), Ok(true.into()));
    bed.state_becomes("cat", "RUNNING");
}

// api.rst, reloadConfig: "It returns a list of added, changed and removed process group names."
#[test]
fn a_reload_tells_what_is_new() {
    let bed = TestBed::new(
        "[program:same]\ncommand=/bin/cat\nautostart=false\n[program:other]\ncommand=/bin/cat\nautostart=false\n\
         [program:gone]\ncommand=/bin/cat\nautostart=false\n",
    );
    let lists = |added: Vec<&str>, changed: Vec<&str>, removed: Vec<&str>| {
        Value::Array(vec![Value::Array(vec![added.into(), changed.into(), removed.into()])])
    };
    assert_eq!(bed.ask("reloadConfig", []), lists(vec![], vec![], vec![]));
    bed.configure(
        "[program:same]\ncommand=/bin/cat\nautostart=false\n[program:other]\ncommand=/bin/cat -n\nautostart=false\n\
         [program:z]\ncommand=/bin/cat\npriority=1\n[program:b]\ncommand=/bin/cat\n[program:a]\ncommand=/bin/cat\n",
    );
    let told = lists(vec!["z", "a", "b"], vec!["other"], vec!["gone"]);
    assert_eq!(bed.ask("reloadConfig", []), told);
    // Nothing has changed by being told.
    assert_eq!(bed.ask("reloadConfig", []), told);
    assert_eq!(bed.info("gone").statename, "STOPPED");
}

// undocumented: a configuration that cannot be read leaves all as it is.
#[test]
fn a_reload_that_fails_changes_nothing() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    bed.configure("[program:cat]\nautostart=false\n");
    assert_eq!(
        refused(&bed, "reloadConfig", []),
        (
            92,
            format!(
                "CANT_REREAD: program section program:cat does not specify a command in section 'program:cat' (file: '{}/supervisord.conf')",
                bed.here()
            )
        )
    );
    assert_eq!(bed.state("cat"), "STOPPED");
    assert_eq!(bed.rpc("getState", []).map(|state| member(&state, "statename")), Ok("RUNNING".into()));
}
