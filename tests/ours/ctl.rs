//! supervisorctl: what only ours does, and that it is seen only by those who ask for it.

use std::path::Path;

use harness::{TestBed, Value};

const PROGRAMS: &str = "[program:web-1]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n\
    [program:web-2]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n\
    [program:db]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n\
    [program:x]\ncommand=/bin/cat\nprocess_name=p%(process_num)s\nnumprocs=2\nautostart=false\nstartsecs=0\n";

#[track_caller]
fn run(bed: &TestBed, line: &str) -> (String, i32) {
    let output = bed.ctl(line.split(' '));
    (output.stdout, output.code.expect("no signal ended it"))
}

#[test]
fn names_may_be_patterns() {
    let bed = TestBed::new(PROGRAMS);
    assert_eq!(run(&bed, "start web-*"), ("web-1: started\nweb-2: started\n".to_owned(), 0));
    assert_eq!(
        run(&bed, "stop web-[12] x:p?"),
        (
            "web-1: stopped\nweb-2: stopped\nx:p0: ERROR (not running)\nx:p1: ERROR (not running)\n"
                .to_owned(),
            0
        )
    );
    assert_eq!(run(&bed, "pid *b*"), ("0\n0\n0\n".to_owned(), 7));
    assert_eq!(run(&bed, "status eel*"), ("eel*: ERROR (no such process)\n".to_owned(), 4));
}

#[test]
fn facts_may_be_told_in_json() {
    let bed = TestBed::new(PROGRAMS);
    let document = |line: &str| {
        let (words, _) = run(&bed, line);
        serde_json::from_str::<serde_json::Value>(&words)
            .unwrap_or_else(|error| panic!("{line}: {error}: {words}"))
    };
    let status = document("status --json web-1 x:*");
    let names: Vec<_> =
        status.as_array().unwrap().iter().map(|info| info["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["web-1", "p0", "p1"]);
    assert_eq!((status[0]["statename"].as_str(), status[0]["pid"].as_i64()), (Some("STOPPED"), Some(0)));
    assert_eq!(run(&bed, "status --json").1, 3);
    for line in ["start --json web-1", "stop --json web-1", "pid --json all", "avail --json", "reread --json"]
    {
        document(line);
    }
    assert!(document("pid --json")["pid"].as_i64() > Some(1));
    assert_eq!(document("version --json")["version"].as_str(), Some("4.3.0"));
}

// Whatever changes something tells in JSON what it did, and whatever shows something shows it.
#[test]
fn each_command_that_tells_facts_tells_them_in_json() {
    let bed = TestBed::new(PROGRAMS);
    bed.configure(&format!("{PROGRAMS}[program:new]\ncommand=/bin/cat\nautostart=false\n"));
    let document = |line: &str| {
        let (words, code) = run(&bed, line);
        assert_eq!(code, 0, "{line}: {words}");
        serde_json::from_str::<serde_json::Value>(&words)
            .unwrap_or_else(|error| panic!("{line}: {error}: {words}"))
    };
    let names = |value: &serde_json::Value| -> Vec<String> {
        let items = value.as_array().expect("an array").iter();
        items.map(|item| item["name"].as_str().or(item.as_str()).expect("a name").to_owned()).collect()
    };
    assert_eq!(names(&document("reread --json")["added"]), ["new"]);
    assert_eq!(names(&document("update --json")["added"]), ["new"]);
    assert_eq!(names(&document("remove --json new")["removed"]), ["new"]);
    assert_eq!(names(&document("add --json new")["added"]), ["new"]);
    assert_eq!(names(&document("avail --json")).len(), 6);
    assert_eq!(names(&document("start --json web-*")), ["web-1", "web-2"]);
    assert_eq!(names(&document("signal --json CONT web-1")), ["web-1"]);
    assert_eq!(names(&document("restart --json web-1")["started"]), ["web-1"]);
    assert_eq!(names(&document("wait --json web-1")), ["web-1"]);
    assert_eq!(names(&document("clear --json web-1")), ["web-1"]);
    assert_eq!(names(&document("stop --json all")).len(), 2);
}

// A person sees at a glance what is well; a script, or whoever wants no colours, gets none.
#[test]
fn states_are_in_colour_for_people_alone() {
    let bed = TestBed::new(
        "[program:well]\ncommand=/bin/cat\nstartsecs=0\n[program:ill]\ncommand=/nonexistent\nstartretries=0\n\
         [program:off]\ncommand=/bin/cat\nautostart=false\n",
    );
    bed.state_becomes("well", "RUNNING");
    bed.state_becomes("ill", "FATAL");
    let (ctl, file) = (harness::supervisorctl(), bed.path("supervisord.conf"));
    let words = [ctl.to_str(), Some("-c"), file.to_str(), Some("status")].map(|word| word.expect("UTF-8"));
    let seen = |variable: &str| {
        let command = bed.command(Path::new("env"), [&[variable], &words[..]].concat());
        let mut terminal = bed.terminal(&command);
        assert_eq!(terminal.exit_code(), Some(3));
        terminal.written()
    };
    let coloured = seen("NO_COLOR=");
    for word in ["\x1b[32mRUNNING\x1b[0m", "\x1b[31mFATAL\x1b[0m", "\x1b[2mSTOPPED\x1b[0m"] {
        assert!(coloured.contains(word), "{word:?}: {coloured:?}");
    }
    let plain = run(&bed, "status").0;
    assert!(!plain.contains('\x1b'));
    assert!(!seen("NO_COLOR=1").contains('\x1b'));
}

// What takes long says what it waits for, and takes that away again.
#[test]
fn a_long_wait_is_explained_to_people_alone() {
    let bed = TestBed::new("[program:slow]\ncommand=/bin/cat\nautostart=false\nstartsecs=4\n");
    let mut terminal = bed.ctl_terminal(["start", "slow"]);
    terminal.shows("waiting for slow to start");
    assert_eq!(terminal.exit_code(), Some(0));
    terminal.becomes("slow: started\n");
    let output = bed.ctl(["restart", "slow"]);
    assert_eq!((output.stdout.as_str(), output.stderr.as_str()), ("slow: stopped\nslow: started\n", ""));
}

#[test]
fn a_state_can_be_waited_for() {
    let bed = TestBed::new(
        "[program:slow]\ncommand=/bin/cat\nautostart=false\nstartsecs=1\n[program:bad]\ncommand=/nonexistent\nstartretries=0\n",
    );
    bed.state_becomes("bad", "FATAL");
    bed.ask("startProcess", ["slow".into(), false.into()]);
    assert_eq!(run(&bed, "wait slow").1, 0);
    assert_eq!(bed.state("slow"), "RUNNING");
    assert_ne!(run(&bed, "wait slow --state STOPPED --timeout 0.1").1, 0);
    // It will never run by itself.
    assert_ne!(run(&bed, "wait bad").1, 0);
    assert_ne!(run(&bed, "wait").1, 0);
}

#[test]
fn several_logs_are_followed_at_once() {
    let bed = TestBed::new(
        "[program:a]\ncommand=/bin/sh -c \"echo from a; exec cat\"\nstartsecs=0\nstdout_logfile=%(here)s/a\n\
         [program:b]\ncommand=/bin/sh -c \"echo from b; exec cat\"\nstartsecs=0\nstdout_logfile=%(here)s/b\n",
    );
    bed.file_becomes("a", "from a\n");
    bed.file_becomes("b", "from b\n");
    let mut terminal = bed.ctl_terminal(["tail", "-f", "a", "b"]);
    terminal.shows("from a\n");
    terminal.shows("from b\n");
    bed.ask("sendProcessStdin", ["b".into(), "more\n".into()]);
    terminal.shows("more\n");
    terminal.types("\u{3}");
    assert_eq!(terminal.exit_code(), Some(0));
    let screen = terminal.screen();
    for (name, text) in [("a", "from a"), ("b", "from b"), ("b", "more")] {
        let told =
            screen.lines().any(|line| line.contains(name) && line.ends_with(text) && line.len() > text.len());
        assert!(told, "{name}: {text}: {screen}");
    }
}

// The original often hangs behind its last words.
#[test]
fn the_end_of_a_foreground_is_the_end() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nautorestart=false\n");
    bed.state_becomes("cat", "RUNNING");
    for key in ["\u{3}", "\u{4}"] {
        let mut terminal = bed.ctl_terminal(["fg", "cat"]);
        terminal.becomes("==> Press Ctrl-C to exit <==\n");
        terminal.types(key);
        assert_eq!(terminal.exit_code(), Some(0), "{key:?}");
        terminal.ends_with("Exiting foreground\n");
    }
    // Also when the process is gone.
    let mut terminal = bed.ctl_terminal(["fg", "cat"]);
    terminal.becomes("==> Press Ctrl-C to exit <==\n");
    bed.ask("stopProcess", ["cat".into()]);
    terminal.types("x\r");
    assert_eq!(terminal.exit_code(), Some(0));
}

#[test]
fn the_password_needs_no_place_on_the_command_line() {
    let bed = TestBed::new(
        "[inet_http_server]\nport=127.0.0.1:{port}\nusername=me\npassword=pa:ss\n[supervisorctl]\nserverurl=http://127.0.0.1:{port}\n",
    );
    bed.write("password", "pa:ss\n");
    let file = bed.path("password").display().to_string();
    assert_eq!(bed.ctl(["-u", "me", "--password-file", &file, "version"]).stdout, "4.3.0\n");
    let mut command = bed.ctl_command();
    command.args(["-u", "me", "version"]).env("SUPERVISOR_PASSWORD", "pa:ss");
    assert_eq!(bed.finish(command, "").stdout, "4.3.0\n");
}

#[test]
fn hints_are_on_stderr_alone() {
    let bed = harness::Setup::default().prepare();
    let output = bed.ctl(["status"]);
    assert_eq!(
        (output.stdout.as_str(), output.code),
        ("unix://HERE/supervisor.sock no such file\n", Some(4))
    );
    let mut terminal = bed.ctl_terminal(["status"]);
    terminal.shows("HERE/supervisord.conf");
    terminal.shows("HERE/supervisor.sock does not exist");
    assert_eq!(terminal.exit_code(), Some(4));
    assert!(terminal.screen().starts_with("unix://HERE/supervisor.sock no such file\n"));
}

#[test]
fn a_reader_that_has_seen_enough_is_no_trouble() {
    let programs: String =
        (0..500).map(|number| format!("[program:p{number}]\ncommand=/bin/cat\nautostart=false\nstdout_logfile=NONE\nstderr_logfile=NONE\n")).collect();
    let bed = TestBed::new(&programs);
    let Value::Array(infos) = bed.ask("getAllProcessInfo", []) else { panic!("an array") };
    assert_eq!(infos.len(), 500);
    let mut shell = std::process::Command::new("sh");
    let ctl = harness::supervisorctl().display().to_string();
    shell.args(["-c", "\"$0\" -c \"$1\" status | head -n 1", &ctl]).arg(bed.path("supervisord.conf"));
    let output = bed.finish(shell, "");
    assert_eq!((output.stdout.lines().count(), output.stderr.as_str()), (1, ""));
}
