//! pidproxy: a command whose real process tells its number in a file.

use harness::{Output, TestBed, pidproxy};

use super::folder;

fn run(bed: &TestBed, words: &[&str]) -> Output {
    bed.finish(bed.command(&pidproxy(), words.iter().copied()), "")
}

/// A program that tells its number in the file pid, and writes down how it was called and what it gets.
const DAEMON: &str = "#!/bin/sh\n\
    for signal in TERM HUP INT USR1 USR2 QUIT; do trap \"echo $signal >>{here}/got\" $signal; done\n\
    echo \"$0 $*\" >{here}/started\n\
    echo $$ >{here}/pid.new\nmv {here}/pid.new {here}/pid\n\
    while [ ! -e {here}/end ]; do sleep 0.05; done\n";

fn proxied() -> TestBed {
    let bed = TestBed::new("");
    bed.write_script("daemon.sh", DAEMON);
    bed.configure(&format!(
        "[program:p]\ncommand={} {{here}}/pid {{here}}/daemon.sh some words\nstartsecs=0\nautorestart=false\n\
         stdout_logfile={{here}}/out\nstopasgroup=false\nkillasgroup=true\nstopwaitsecs=1\n",
        pidproxy().display()
    ));
    bed.ask("reloadConfig", []);
    bed.ask("addProcessGroup", ["p".into()]);
    bed.state_becomes("p", "RUNNING");
    bed.eventually("the daemon is up", || bed.path("pid").exists());
    bed
}

// subprocess.rst, "pidproxy Program": "/path/to/pidproxy /path/to/pidfile /path/to/somecommand".
#[test]
fn tells_how_it_is_used() {
    let bed = folder();
    for words in [&[][..], &["pid"], &["-h"]] {
        let output = run(&bed, words);
        assert_eq!((output.code, output.stderr.as_str()), (Some(1), ""), "on {words:?}");
        assert!(
            output.stdout.contains("Usage: BIN/pidproxy <pidfile name> <command> [<cmdarg1> ...]"),
            "{}",
            output.stdout
        );
    }
}

// subprocess.rst, "pidproxy Program": it "proxies signals" to the process in the file.
#[test]
fn passes_signals_on() {
    let bed = proxied();
    let mut got = String::new();
    for signal in ["HUP", "USR1", "USR2"] {
        bed.ask("signalProcess", ["p".into(), signal.into()]);
        got.push_str(&format!("{signal}\n"));
        bed.file_becomes("got", &got);
    }
    assert_eq!(bed.normalise(&bed.read("started")), "HERE/daemon.sh some words\n");
    bed.write("end", "");
}

// undocumented: after TERM, INT and QUIT it ends at once.
#[test]
fn ends_when_it_has_passed_the_end_on() {
    for signal in ["TERM", "INT", "QUIT"] {
        let bed = proxied();
        bed.ask("signalProcess", ["p".into(), signal.into()]);
        bed.state_becomes("p", "EXITED");
        bed.file_becomes("got", &format!("{signal}\n"));
        assert_eq!(bed.info("p").exitstatus, 0);
        bed.write("end", "");
    }
}

// undocumented: the file is read at each signal.
#[test]
fn tells_when_the_file_cannot_be_read() {
    let bed = proxied();
    std::fs::rename(bed.path("pid"), bed.path("moved")).unwrap();
    bed.ask("signalProcess", ["p".into(), "TERM".into()]);
    assert_eq!(bed.state("p"), "RUNNING");
    std::fs::rename(bed.path("moved"), bed.path("pid")).unwrap();
    bed.ask("signalProcess", ["p".into(), "HUP".into()]);
    bed.file_becomes("got", "HUP\n");
    // The original keeps its words until its end.
    bed.write("end", "");
    bed.eventually("it is told", || {
        bed.normalise(&bed.read("out")) == "Can't read child pidfile HERE/pid!\n"
    });
}

// undocumented: a file that names no process is told likewise.
#[test]
fn tells_when_the_file_holds_no_number() {
    let bed = proxied();
    bed.write("pid", "soon\n");
    bed.ask("signalProcess", ["p".into(), "TERM".into()]);
    bed.write("end", "");
    bed.eventually("it is told", || {
        bed.normalise(&bed.read("out")) == "Can't read child pidfile HERE/pid!\n"
    });
}

// undocumented: the command is a path from the current folder, never looked for in PATH.
#[test]
fn the_command_is_a_path() {
    let bed = folder();
    bed.write_script("true", "#!/bin/sh\necho \"$0 $1\" >{here}/ran\n");
    let output = run(&bed, &["pid", "true", "x"]);
    assert_eq!(output.code, Some(0), "{output:?}");
    assert_eq!(bed.normalise(&bed.read("ran")), "HERE/true x\n");
}
