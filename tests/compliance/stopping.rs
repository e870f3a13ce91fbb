//! How a process is stopped: stopsignal, stopwaitsecs, stopasgroup, killasgroup; and how it is signalled. Manual, "Program Settings".

use harness::{RECORDER, Setup, TestBed};
use nix::unistd::Pid;

/// A child that ignores SIGTERM, and says when it does so.
const STUBBORN: &str = "[program:stubborn]\n\
    command=/bin/sh -c \"trap '' TERM; echo up; while :; do sleep 0.1; done\"\n\
    stdout_logfile=%(here)s/out\nstartsecs=0\n";

/// A child that ends on signals with an exit code, and says which came.
fn trapping(signals: &str, code: u8, more: &str) -> String {
    let traps: String = signals
        .split(' ')
        .map(|signal| format!("trap 'echo {signal}; exit {code}' {signal}; "))
        .collect::<String>()
        .replace("; ", ";");
    format!(
        "[program:polite]\ncommand=/bin/sh -c \"{traps}echo up;while :; do sleep 0.05; done\"\n\
         stdout_logfile=%(here)s/out\nstartsecs=0\n{more}"
    )
}

/// A shell with a child of its own that writes its process number to `grandchild`.
fn family(more: &str) -> String {
    format!(
        "[program:family]\ncommand=/bin/sh -c \"sleep 1000 & echo $! > {{here}}/grandchild; wait\"\nstartsecs=0\n{more}"
    )
}

fn grandchild(bed: &TestBed) -> Pid {
    bed.eventually("there is a grandchild", || bed.read("grandchild").ends_with('\n'));
    Pid::from_raw(bed.read("grandchild").trim().parse().unwrap())
}

/// A process that is no zombie.
fn lives(pid: Pid) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ").is_some_and(|(_, fields)| !fields.starts_with('Z'))
}

#[track_caller]
fn running(text: &str) -> TestBed {
    let bed = TestBed::new(text);
    let name = text.split(['[', ':', ']']).nth(2).unwrap();
    bed.state_becomes(name, "RUNNING");
    if text.contains("echo up") {
        bed.file_becomes("out", "up\n");
    }
    bed
}

// configuration.rst, stopsignal: the default is TERM.
#[test]
fn sigterm_is_sent_by_default() {
    let bed = running("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    assert_eq!(bed.rpc("stopProcess", ["cat".into()]), Ok(true.into()));
    assert_eq!(bed.state("cat"), "STOPPED");
    bed.logs("WARN stopped: cat (terminated by SIGTERM)");
    assert_eq!(bed.info("cat").exitstatus, -1);
}

// configuration.rst, stopsignal: "The signal used to kill the program when a stop is requested."
#[test]
fn stopsignal_is_sent() {
    let bed = running(&trapping("TERM INT", 0, "stopsignal=INT\n"));
    bed.ask("stopProcess", ["polite".into()]);
    assert_eq!(bed.read("out"), "up\nINT\n");
    bed.logs("INFO stopped: polite (exit status 0)");
}

// configuration.rst, stopsignal: "This can be specified using the signal's name or its number."
#[test]
fn stopsignal_may_be_a_number() {
    let bed = running(&trapping("TERM USR1", 0, "stopsignal=10\n"));
    bed.ask("stopProcess", ["polite".into()]);
    assert_eq!(bed.read("out"), "up\nUSR1\n");
}

// configuration.rst, stopsignal: with the prefix SIG, in any case.
#[test]
fn stopsignal_may_have_its_prefix() {
    let bed = running(&trapping("TERM QUIT", 0, "stopsignal=sigquit\n"));
    bed.ask("stopProcess", ["polite".into()]);
    assert_eq!(bed.read("out"), "up\nQUIT\n");
}

// undocumented: an exit code that is not expected is a warning, also at a stop.
#[test]
fn an_unexpected_code_at_a_stop_is_a_warning() {
    let bed = running(&trapping("TERM", 3, ""));
    bed.ask("stopProcess", ["polite".into()]);
    bed.logs("WARN stopped: polite (exit status 3)");
    let info = bed.info("polite");
    assert_eq!((info.statename.as_str(), info.exitstatus, info.spawnerr.as_str()), ("STOPPED", 3, ""));
}

// undocumented: an expected one is not.
#[test]
fn an_expected_code_at_a_stop_is_information() {
    let bed = running(&trapping("TERM", 3, "exitcodes=3\n"));
    bed.ask("stopProcess", ["polite".into()]);
    bed.logs("INFO stopped: polite (exit status 3)");
}

// subprocess.rst, "Process States": "STOPPING: The process is stopping due to a stop request."
#[test]
fn a_stop_passes_through_stopping() {
    let bed = running(&format!("{}{RECORDER}", trapping("TERM", 0, "")));
    bed.ask("stopProcess", ["polite".into()]);
    bed.events_become(
        "polite",
        &[
            "STARTING from_state:STOPPED tries:0",
            "RUNNING from_state:STARTING pid:PID",
            "STOPPING from_state:RUNNING pid:PID",
            "STOPPED from_state:STOPPING pid:PID",
        ],
    );
}

// undocumented: a process that has not yet stayed up can be stopped too.
#[test]
fn a_starting_process_can_be_stopped() {
    let bed = TestBed::new(&format!("[program:cat]\ncommand=/bin/cat\nstartsecs=600\n{RECORDER}"));
    bed.state_becomes("cat", "STARTING");
    assert_eq!(bed.rpc("stopProcess", ["cat".into()]), Ok(true.into()));
    bed.events_become(
        "cat",
        &[
            "STARTING from_state:STOPPED tries:0",
            "STOPPING from_state:STARTING pid:PID",
            "STOPPED from_state:STOPPING pid:PID",
        ],
    );
}

// configuration.rst, stopwaitsecs: "The number of seconds to wait for the OS to return a SIGCHLD to supervisord after the program has been
// sent a stopsignal. If this number of seconds elapses [...], supervisord will attempt to kill it with a final SIGKILL."
#[test]
fn sigkill_follows_after_stopwaitsecs() {
    let bed = running(&format!("{STUBBORN}stopwaitsecs=1\n"));
    assert_eq!(bed.rpc("stopProcess", ["stubborn".into()]), Ok(true.into()));
    bed.logs("WARN killing 'stubborn' (PID) with SIGKILL");
    bed.logs("WARN stopped: stubborn (terminated by SIGKILL)");
    let info = bed.info("stubborn");
    assert_eq!((info.statename.as_str(), info.exitstatus), ("STOPPED", -1));
}

// undocumented: SIGKILL is sent again every stopwaitsecs, as long as it has no effect.
#[test]
fn sigkill_is_repeated() {
    let text = format!(
        "[program:hidden]\ncommand={} elsewhere\nstdout_logfile=%(here)s/out\nstartsecs=0\nautorestart=false\n\
         stopwaitsecs=1\nstopasgroup=true\nkillasgroup=true\n",
        env!("CARGO_BIN_EXE_talker")
    );
    let bed = Setup { text: &text, args: &["-e", "debug"], ..Setup::default() }.start();
    bed.file_becomes("out", "elsewhere\n");
    bed.ask("stopProcess", ["hidden".into(), false.into()]);
    bed.logs_times(3, "WARN killing 'hidden' (PID) with SIGKILL");
    bed.logs_times(
        3,
        "DEBG unable to signal hidden (pid PID), it probably just exited on its own: [Errno 3] No such process",
    );
    assert_eq!(bed.state("hidden"), "STOPPING");
    nix::sys::signal::kill(bed.pid_of("hidden"), harness::Signal::SIGKILL).unwrap();
    bed.state_becomes("hidden", "STOPPED");
    bed.logs("WARN stopped: hidden (terminated by SIGKILL)");
}

// undocumented: 0 does not wait.
#[test]
fn stopwaitsecs_zero_kills_at_once() {
    let bed = running(&format!("{STUBBORN}stopwaitsecs=0\n"));
    bed.ask("stopProcess", ["stubborn".into()]);
    bed.logs("WARN stopped: stubborn (terminated by SIGKILL)");
}

// undocumented: the line about SIGKILL names the process without its group.
#[test]
fn sigkill_names_the_process_without_its_group() {
    let bed = TestBed::new(&format!("{STUBBORN}stopwaitsecs=0\n[group:club]\nprograms=stubborn\n"));
    bed.file_becomes("out", "up\n");
    bed.ask("stopProcess", ["club:stubborn".into()]);
    bed.logs("WARN killing 'stubborn' (PID) with SIGKILL");
}

// api.rst, stopProcess: "wait: Wait for the process to be fully stopped".
#[test]
fn a_stop_that_does_not_wait_answers_while_stopping() {
    let bed = running(STUBBORN);
    assert_eq!(bed.rpc("stopProcess", ["stubborn".into(), false.into()]), Ok(true.into()));
    let info = bed.info("stubborn");
    assert_eq!((info.state, info.statename.as_str(), info.description.as_str()), (40, "STOPPING", ""));
    assert_ne!(info.pid, 0);
    // A second request is refused: it is no longer running.
    let fault = bed.rpc("stopProcess", ["stubborn".into()]).unwrap_err();
    assert_eq!((fault.code, fault.text.as_str()), (70, "NOT_RUNNING: stubborn"));
    // It can be signalled.
    assert_eq!(bed.rpc("signalProcess", ["stubborn".into(), "KILL".into()]), Ok(true.into()));
    bed.state_becomes("stubborn", "STOPPED");
    bed.logs("WARN stopped: stubborn (terminated by SIGKILL)");
}

// undocumented: a start while it stops is no start.
#[test]
fn a_start_while_stopping_fails() {
    let bed = running(STUBBORN);
    bed.ask("stopProcess", ["stubborn".into(), false.into()]);
    let fault = bed.rpc("startProcess", ["stubborn".into()]).unwrap_err();
    assert_eq!((fault.code, fault.text.as_str()), (40, "ABNORMAL_TERMINATION: stubborn"));
    bed.logs("WARN process 'stubborn' already running");
    assert_eq!(bed.rpc("startProcess", ["stubborn".into(), false.into()]), Ok(true.into()));
    assert_eq!(bed.state("stubborn"), "STOPPING");
    bed.ask("signalProcess", ["stubborn".into(), "KILL".into()]);
}

// api.rst, stopProcess: what does not run cannot be stopped.
#[test]
fn what_does_not_run_cannot_be_stopped() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    let fault = bed.rpc("stopProcess", ["cat".into()]).unwrap_err();
    assert_eq!((fault.code, fault.text.as_str()), (70, "NOT_RUNNING: cat"));
    let output = bed.ctl(["stop", "cat"]);
    assert_eq!((output.stdout.as_str(), output.code), ("cat: ERROR (not running)\n", Some(0)));
}

// undocumented: a caller that waits is mentioned in the log.
#[test]
fn a_stop_that_is_waited_for_is_logged() {
    let bed = running(&format!("{STUBBORN}stopwaitsecs=1\n"));
    bed.ask("stopProcess", ["stubborn".into()]);
    bed.logs("INFO waiting for stubborn to stop");
}

// configuration.rst, stopasgroup: "causes supervisor to send the stop signal to the whole process group".
#[test]
fn stopasgroup_signals_the_whole_process_group() {
    let bed = running(&family("stopasgroup=true\n[supervisord]\nloglevel=debug\n"));
    let grandchild = grandchild(&bed);
    bed.ask("stopProcess", ["family".into()]);
    bed.eventually("the grandchild is gone", || !lives(grandchild));
    bed.logs("DEBG killing family (pid PID) process group with signal SIGTERM");
}

// configuration.rst, stopasgroup: the default is false.
#[test]
fn without_stopasgroup_grandchildren_survive() {
    let bed = running(&family("[supervisord]\nloglevel=debug\n"));
    let grandchild = grandchild(&bed);
    bed.ask("stopProcess", ["family".into()]);
    assert!(lives(grandchild));
    bed.logs("DEBG killing family (pid PID) with signal SIGTERM");
}

// configuration.rst, killasgroup: "when resorting to send SIGKILL to the program to terminate it send it to its whole process group
// instead, taking care of its children as well".
#[test]
fn killasgroup_kills_the_whole_process_group() {
    let text = "[program:family]\n\
                command=/bin/sh -c \"trap '' TERM; sleep 1000 & echo $! > {here}/grandchild; while :; do sleep 0.1; done\"\n\
                startsecs=0\nstopwaitsecs=0\nkillasgroup=true\n[supervisord]\nloglevel=debug\n";
    let bed = running(text);
    let grandchild = grandchild(&bed);
    bed.ask("stopProcess", ["family".into()]);
    bed.eventually("the grandchild is gone", || !lives(grandchild));
    bed.logs("DEBG killing family (pid PID) process group with signal SIGKILL");
}

// configuration.rst, stopasgroup: "implies killasgroup is true".
#[test]
fn stopasgroup_implies_killasgroup() {
    let text = "[program:family]\n\
                command=/bin/sh -c \"trap '' TERM; sleep 1000 & echo $! > {here}/grandchild; while :; do sleep 0.1; done\"\n\
                startsecs=0\nstopwaitsecs=0\nstopasgroup=true\n";
    let bed = running(text);
    let grandchild = grandchild(&bed);
    bed.ask("stopProcess", ["family".into()]);
    bed.eventually("the grandchild is gone", || !lives(grandchild));
}

// undocumented: the two keys must not contradict each other.
#[test]
fn stopasgroup_without_killasgroup_is_refused() {
    let text = "[program:cat]\ncommand=/bin/cat\nstopasgroup=true\nkillasgroup=false\n";
    let output = Setup { text, ..Setup::default() }.run();
    assert_eq!(
        output.refusal(),
        "Cannot set stopasgroup=true and killasgroup=false in section 'program:cat' (file: 'HERE/supervisord.conf')"
    );
}

// api.rst, signalProcess: "Send an arbitrary UNIX signal to the process": its state stays.
#[test]
fn a_signal_leaves_the_state_alone() {
    let bed = running(
        "[program:polite]\ncommand=/bin/sh -c \"trap 'echo USR1' USR1;echo up;while :; do sleep 0.05; done\"\n\
         stdout_logfile=%(here)s/out\nstartsecs=0\n[supervisord]\nloglevel=debug\n",
    );
    assert_eq!(bed.rpc("signalProcess", ["polite".into(), "USR1".into()]), Ok(true.into()));
    bed.file_becomes("out", "up\nUSR1\n");
    assert_eq!(bed.state("polite"), "RUNNING");
    bed.logs("DEBG sending polite (pid PID) sig SIGUSR1");
}

// undocumented: a process that dies of such a signal has exited, it was not stopped.
#[test]
fn an_end_by_a_sent_signal_is_an_exit() {
    let bed = running("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nautorestart=false\n");
    bed.ask("signalProcess", ["cat".into(), "TERM".into()]);
    bed.state_becomes("cat", "EXITED");
    bed.logs("WARN exited: cat (terminated by SIGTERM; not expected)");
}

// undocumented: a signal goes to the process alone, even with stopasgroup.
#[test]
fn a_signal_does_not_reach_the_process_group() {
    let bed = running(&family("stopasgroup=true\nautorestart=false\n"));
    let grandchild = grandchild(&bed);
    bed.ask("signalProcess", ["family".into(), "TERM".into()]);
    bed.state_becomes("family", "EXITED");
    assert!(lives(grandchild));
}

// api.rst, signalProcess: only what runs, and only signals.
#[test]
fn a_signal_needs_a_process_and_a_name() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    let fault = |signal: &str| bed.rpc("signalProcess", ["cat".into(), signal.into()]).unwrap_err().text;
    assert_eq!(fault("TERM"), "NOT_RUNNING: cat");
    assert_eq!(fault("FOO"), "BAD_SIGNAL: FOO");
    assert_eq!(fault("35"), "BAD_SIGNAL: 35");
}

// running.rst, "Signals": nothing a child writes while it stops is lost.
#[test]
fn the_last_words_at_a_stop_are_logged() {
    let bed = running(
        "[program:polite]\ncommand=/bin/sh -c \"trap 'seq 1 5000; exit 0' TERM;echo up;while :; do sleep 0.05; done\"\n\
         stdout_logfile=%(here)s/out\nstartsecs=0\n",
    );
    bed.ask("stopProcess", ["polite".into()]);
    let out = bed.read("out");
    assert!(out.starts_with("up\n1\n2\n") && out.ends_with("\n4999\n5000\n"), "{} bytes", out.len());
}

// ctl restart: a stop, then a start.
#[test]
fn a_restart_is_a_stop_and_a_start() {
    let bed = running("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    let before = bed.pid_of("cat");
    let output = bed.ctl(["restart", "cat"]);
    assert_eq!((output.stdout.as_str(), output.code), ("cat: stopped\ncat: started\n", Some(0)));
    assert_ne!(bed.pid_of("cat"), before);
}
