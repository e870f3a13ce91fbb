//! Reading the configuration again, and putting it into effect group by group. Manual, "XML-RPC API", reloadConfig, addProcessGroup,
//! removeProcessGroup.

use harness::{Setup, TestBed, Value, member, text};

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";
const DOG: &str = "[program:dog]\ncommand=/bin/cat\nstartsecs=0\n";

/// The answer of reloadConfig: added, changed, removed.
#[track_caller]
fn reread(bed: &TestBed) -> [Vec<String>; 3] {
    let Value::Array(mut outer) = bed.ask("reloadConfig", []) else { panic!("an array") };
    let Some(Value::Array(lists)) = outer.pop() else { panic!("an array in an array") };
    assert!(outer.is_empty());
    let names = |list: &Value| match list {
        Value::Array(names) => names.iter().map(text).collect::<Vec<_>>(),
        other => panic!("not a list: {other:?}"),
    };
    let lists: Vec<_> = lists.iter().map(names).collect();
    lists.try_into().expect("three lists")
}

#[track_caller]
fn changes(before: &str, after: &str) -> [Vec<String>; 3] {
    let bed = TestBed::new(before);
    bed.configure(after);
    reread(&bed)
}

fn only_changed(names: &[&str]) -> [Vec<String>; 3] {
    [vec![], names.iter().map(|&name| name.to_owned()).collect(), vec![]]
}

// api.rst, reloadConfig: "The return value is a list [[added, changed, removed]]": nothing.
#[test]
fn an_unchanged_file_has_no_changes() {
    let text = format!("{CAT}[eventlistener:e]\ncommand=/bin/cat\nevents=TICK_60\n[group:g]\nprograms=cat\n");
    assert_eq!(changes(&text, &text), only_changed(&[]));
}

// api.rst, reloadConfig: "It does not affect the running processes".
#[test]
fn added_changed_and_removed_groups_are_told() {
    let bed = TestBed::new(&format!("{CAT}{DOG}[program:eel]\ncommand=/bin/cat\n"));
    bed.state_becomes("cat", "RUNNING");
    bed.configure(&format!("{CAT}priority=1\n{DOG}[program:fox]\ncommand=/bin/cat\n"));
    assert_eq!(reread(&bed), [vec!["fox".to_owned()], vec!["cat".to_owned()], vec!["eel".to_owned()]]);
    // Asked again, it is the same: nothing was put into effect.
    assert_eq!(reread(&bed), [vec!["fox".to_owned()], vec!["cat".to_owned()], vec!["eel".to_owned()]]);
    assert_eq!(bed.logged("INFO spawned: 'cat' with pid PID"), 1);
    assert_eq!(bed.state("cat"), "RUNNING");
    assert_eq!(bed.rpc("getProcessInfo", ["fox".into()]).unwrap_err().text, "BAD_NAME: fox");
}

// api.rst, reloadConfig: CANT_REREAD.
#[test]
fn a_broken_file_cannot_be_read_again() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    bed.configure("[program:cat]\nstartsecs=0\n");
    let fault = bed.rpc("reloadConfig", []).unwrap_err();
    assert_eq!(
        (fault.code, bed.normalise(&fault.text).as_str()),
        (
            92,
            "CANT_REREAD: program section program:cat does not specify a command in section 'program:cat' \
             (file: 'HERE/supervisord.conf')"
        )
    );
    assert_eq!(bed.state("cat"), "RUNNING");
    bed.write("supervisord.conf", "no section\n");
    let fault = bed.rpc("reloadConfig", []).unwrap_err();
    assert_eq!(
        bed.normalise(&fault.text),
        "CANT_REREAD: File contains no section headers.\nfile: 'HERE/supervisord.conf', line: 1\n'no section\\n'"
    );
    bed.configure(CAT);
    assert_eq!(reread(&bed), only_changed(&[]));
}

// api.rst, addProcessGroup: "Update the config for a running process from config file"; the group starts by itself.
#[test]
fn an_added_group_starts() {
    let bed = TestBed::new(CAT);
    bed.configure(&format!("{CAT}{DOG}"));
    let fault = bed.rpc("addProcessGroup", ["dog".into()]).unwrap_err();
    assert_eq!((fault.code, fault.text.as_str()), (10, "BAD_NAME: dog"), "not read yet");
    reread(&bed);
    assert_eq!(bed.rpc("addProcessGroup", ["dog".into()]), Ok(true.into()));
    bed.state_becomes("dog", "RUNNING");
    let fault = bed.rpc("addProcessGroup", ["dog".into()]).unwrap_err();
    assert_eq!((fault.code, fault.text.as_str()), (90, "ALREADY_ADDED: dog"));
    assert_eq!(reread(&bed), only_changed(&[]));
}

// api.rst, removeProcessGroup: "Remove a stopped process from the active configuration."
#[test]
fn a_stopped_group_can_be_removed() {
    let bed = TestBed::new(&format!("{CAT}{DOG}"));
    bed.state_becomes("dog", "RUNNING");
    let fault = bed.rpc("removeProcessGroup", ["dog".into()]).unwrap_err();
    assert_eq!((fault.code, fault.text.as_str()), (91, "STILL_RUNNING: dog"));
    bed.ask("stopProcess", ["dog".into()]);
    assert_eq!(bed.rpc("removeProcessGroup", ["dog".into()]), Ok(true.into()));
    for method in ["removeProcessGroup", "getProcessInfo", "startProcess"] {
        let fault = bed.rpc(method, ["dog".into()]).unwrap_err();
        assert_eq!((fault.code, fault.text.as_str()), (10, "BAD_NAME: dog"), "{method}");
    }
    bed.state_becomes("cat", "RUNNING");
}

// undocumented: a group that is added again is a new one: autostart counts.
#[test]
fn a_group_removed_and_added_starts_again() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    bed.ask("stopProcess", ["cat".into()]);
    bed.ask("removeProcessGroup", ["cat".into()]);
    assert_eq!(bed.rpc("addProcessGroup", ["cat".into()]), Ok(true.into()));
    bed.state_becomes("cat", "RUNNING");
}

// undocumented: BACKOFF counts as running.
#[test]
fn a_group_that_backs_off_cannot_be_removed() {
    let bed = TestBed::new("[program:quick]\ncommand=/bin/false\nstartsecs=10\nstartretries=100\n");
    bed.state_becomes("quick", "BACKOFF");
    assert_eq!(bed.rpc("removeProcessGroup", ["quick".into()]).unwrap_err().text, "STILL_RUNNING: quick");
}

// supervisorctl update: stop, remove, add.
#[test]
fn a_changed_group_runs_by_its_new_keys_after_remove_and_add() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    bed.configure("[program:cat]\ncommand=/bin/sh -c \"echo changed; exec cat\"\nstdout_logfile=%(here)s/out\nstartsecs=0\n");
    assert_eq!(reread(&bed), only_changed(&["cat"]));
    // A mere restart keeps the old keys.
    bed.ask("stopProcess", ["cat".into()]);
    bed.ask("startProcess", ["cat".into()]);
    bed.state_becomes("cat", "RUNNING");
    assert!(!bed.path("out").exists());
    bed.ask("stopProcess", ["cat".into()]);
    bed.ask("removeProcessGroup", ["cat".into()]);
    bed.ask("addProcessGroup", ["cat".into()]);
    bed.file_becomes("out", "changed\n");
    assert_eq!(reread(&bed), only_changed(&[]));
}

// undocumented: each key of a program is a change.
#[test]
fn each_key_of_a_program_is_a_change() {
    let bed = TestBed::new(CAT);
    for key in [
        "command=/bin/cat -u",
        "priority=5",
        "autostart=false",
        "autorestart=true",
        "startsecs=3",
        "startretries=4",
        "stopsignal=INT",
        "stopwaitsecs=3",
        "stopasgroup=true",
        "killasgroup=true",
        "exitcodes=0,2",
        "redirect_stderr=true",
        "environment=A=1",
        "directory=/tmp",
        "umask=022",
        "serverurl=http://localhost:1",
        "stdout_logfile=NONE",
        "stdout_logfile_maxbytes=1",
        "stdout_logfile_backups=1",
        "stdout_capture_maxbytes=1",
        "stdout_events_enabled=true",
        "stderr_logfile=%(here)s/err",
        "stderr_logfile_maxbytes=1",
        "stderr_logfile_backups=1",
        "stderr_capture_maxbytes=1",
        "stderr_events_enabled=true",
        "numprocs=0",
        "process_name=other",
    ] {
        bed.configure(&format!("{CAT}{key}\n"));
        assert_eq!(reread(&bed), only_changed(&["cat"]), "{key}");
        bed.configure(CAT);
        assert_eq!(reread(&bed), only_changed(&[]), "{key}");
    }
}

// undocumented: a key that says what is so anyway is no change; neither are unknown keys and comments.
#[test]
fn a_default_written_out_is_no_change() {
    let after = format!(
        "{CAT}autorestart=unexpected\nstartretries=3\nstopsignal=SIGTERM\nfoo=bar\n; comment\nstdout_logfile=AUTO\n"
    );
    assert_eq!(changes(CAT, &after), only_changed(&[]));
}

// undocumented: so is the order of a group, and its priority.
#[test]
fn the_list_and_the_priority_of_a_group_are_changes() {
    let group = |keys: &str| format!("{CAT}{DOG}[group:g]\n{keys}");
    let bed = TestBed::new(&group("programs=cat,dog\n"));
    for keys in ["programs=dog,cat\n", "programs=cat,dog\npriority=1\n"] {
        bed.configure(&group(keys));
        assert_eq!(reread(&bed), only_changed(&["g"]), "{keys}");
    }
    bed.configure(&group("programs=cat\n"));
    assert_eq!(reread(&bed), [vec!["dog".to_owned()], vec!["g".to_owned()], vec![]]);
}

// undocumented: the pool of a listener.
#[test]
fn events_and_buffer_of_a_listener_are_changes() {
    let pool = |keys: &str| format!("[eventlistener:e]\ncommand=/bin/cat\nautostart=false\n{keys}");
    let bed = TestBed::new(&pool("events=TICK_60\n"));
    for keys in ["events=TICK_5\n", "events=TICK_60\nbuffer_size=20\n", "events=TICK_60\npriority=3\n"] {
        bed.configure(&pool(keys));
        assert_eq!(reread(&bed), only_changed(&["e"]), "{keys}");
    }
}

// configuration.rst, [include]: the included files are read again.
#[test]
fn included_files_are_read_again() {
    let include = "[include]\nfiles=conf.d/*.conf\n";
    let bed = Setup { text: include, files: &[("conf.d/cat.conf", CAT)], ..Setup::default() }.start();
    bed.state_becomes("cat", "RUNNING");
    bed.write("conf.d/dog.conf", DOG);
    assert_eq!(reread(&bed), [vec!["dog".to_owned()], vec![], vec![]]);
    std::fs::remove_file(bed.path("conf.d/cat.conf")).unwrap();
    assert_eq!(reread(&bed), [vec!["dog".to_owned()], vec![], vec!["cat".to_owned()]]);
    // supervisorctl does it all at once.
    let output = bed.ctl(["update"]);
    assert_eq!(
        (output.stdout.as_str(), output.code),
        ("cat: stopped\ncat: removed process group\ndog: added process group\n", Some(0))
    );
    bed.state_becomes("dog", "RUNNING");
    let Value::Array(infos) = bed.ask("getAllProcessInfo", []) else { panic!("an array") };
    assert_eq!(infos.iter().map(|info| text(&member(info, "name"))).collect::<Vec<_>>(), ["dog"]);
}

// supervisorctl update: a changed program alone is stopped and started.
#[test]
fn update_restarts_what_changed_and_nothing_else() {
    let bed = TestBed::new(&format!("{CAT}{DOG}"));
    bed.state_becomes("cat", "RUNNING");
    bed.state_becomes("dog", "RUNNING");
    let (cat, dog) = (bed.pid_of("cat"), bed.pid_of("dog"));
    bed.configure(&format!("{CAT}environment=A=1\n{DOG}"));
    assert_eq!(bed.ctl(["update"]).stdout, "cat: stopped\ncat: updated process group\n");
    bed.state_becomes("cat", "RUNNING");
    assert_ne!(bed.pid_of("cat"), cat);
    assert_eq!(bed.pid_of("dog"), dog);
    assert_eq!(bed.ctl(["update"]).stdout, "");
}

// api.rst, getAllConfigInfo: of the file as it was read last.
#[test]
fn config_infos_are_those_of_the_last_reading() {
    let bed = TestBed::new(CAT);
    bed.configure(&format!("{CAT}startretries=7\n{DOG}"));
    reread(&bed);
    let Value::Array(infos) = bed.ask("getAllConfigInfo", []) else { panic!("an array") };
    let rows: Vec<_> = infos
        .iter()
        .map(|info| (text(&member(info, "name")), member(info, "startretries"), member(info, "inuse")))
        .collect();
    assert_eq!(
        rows,
        [
            ("cat".to_owned(), Value::Int(7), Value::Bool(true)),
            ("dog".to_owned(), Value::Int(3), Value::Bool(false))
        ]
    );
}

// undocumented: of [supervisord], the identifier counts at once.
#[test]
fn the_identifier_is_read_again() {
    let bed = TestBed::new("[supervisord]\nidentifier=before\n");
    assert_eq!(bed.rpc("getIdentification", []), Ok("before".into()));
    bed.configure("[supervisord]\nidentifier=after\n");
    reread(&bed);
    assert_eq!(bed.rpc("getIdentification", []), Ok("after".into()));
}

// undocumented: of [supervisord], the environment counts in what is read now.
#[test]
fn the_environment_is_read_again() {
    let program = "[program:says]\ncommand=/bin/sh -c \"echo $A\"\nstdout_logfile=%(here)s/out\nstartsecs=0\nautorestart=false\nautostart=false\n";
    let bed = TestBed::new(&format!("{program}[supervisord]\nenvironment=A=1\n"));
    bed.configure(&format!("{program}[supervisord]\nenvironment=A=2\n"));
    reread(&bed);
    bed.ask("removeProcessGroup", ["says".into()]);
    bed.ask("addProcessGroup", ["says".into()]);
    bed.ask("startProcess", ["says".into(), false.into()]);
    bed.file_becomes("out", "2\n");
}

// undocumented: AUTO logs of an added group are there at once; those of a removed one stay.
#[test]
fn auto_logs_come_with_the_group() {
    let count = |bed: &TestBed| std::fs::read_dir(bed.path("auto")).unwrap().count();
    let bed = TestBed::new("");
    assert_eq!(count(&bed), 0);
    bed.configure("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    reread(&bed);
    bed.ask("addProcessGroup", ["cat".into()]);
    assert_eq!(count(&bed), 2);
    bed.ask("removeProcessGroup", ["cat".into()]);
    assert_eq!(count(&bed), 2);
}

// undocumented: of [supervisord], the folder of AUTO logs counts for groups that are added afterwards.
#[test]
fn the_folder_of_auto_logs_is_read_again() {
    let program = "[program:cat]\ncommand=/bin/cat\nautostart=false\n";
    let bed = TestBed::new(program);
    std::fs::create_dir(bed.path("other")).unwrap();
    bed.configure(&format!("[supervisord]\nchildlogdir=%(here)s/other\n{program}"));
    reread(&bed);
    let log = bed.info("cat").stdout_logfile;
    assert!(log.contains("/auto/cat-stdout"), "{log}");
    bed.ask("removeProcessGroup", ["cat".into()]);
    bed.ask("addProcessGroup", ["cat".into()]);
    let log = bed.info("cat").stdout_logfile;
    assert!(log.contains("/other/cat-stdout"), "{log}");
}

// undocumented: of [supervisord], strip_ansi counts at once for what is started afterwards.
#[test]
fn strip_ansi_is_read_again() {
    let program = "[program:says]\ncommand=/usr/bin/printf '\\033[1mbold\\033[0m\\n'\nstdout_logfile=%(here)s/out\nstartsecs=0\n\
                   autorestart=false\nautostart=false\n";
    let bed = TestBed::new(program);
    bed.configure(&format!("[supervisord]\nstrip_ansi=true\n{program}"));
    reread(&bed);
    bed.ask("startProcess", ["says".into(), false.into()]);
    bed.file_becomes("out", "bold\n");
}

// undocumented: of [supervisord], the level counts for what is written of children's output alone; the log keeps its own.
#[test]
fn the_level_of_the_log_stays() {
    let bed = TestBed::new(
        "[supervisord]\nloglevel=info\n[program:says]\ncommand=/bin/echo hello\nstdout_logfile=%(here)s/out\nstartsecs=0\n\
                            autorestart=false\nautostart=false\n",
    );
    let text = bed.read("supervisord.conf").replace("loglevel=info", "loglevel=debug");
    bed.write("supervisord.conf", &text);
    reread(&bed);
    bed.ask("startProcess", ["says".into(), false.into()]);
    bed.file_becomes("out", "hello\n");
    assert!(!bed.log().contains("DEBG"), "{}", bed.log());
}
