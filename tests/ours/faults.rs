//! Faults that are really there: after each the daemon lives, answers, and holds no more than before.

use std::fs;

use harness::{Fault, Setup, Signal, TestBed, Value, eventually, needs_root, text};
use nix::sys::signal::kill;
use nix::unistd::Pid;

/// All wait for the same file to end, and so end in the same instant.
const MANY: usize = 500;

fn states(bed: &TestBed) -> Vec<String> {
    let Value::Array(infos) = bed.ask("getAllProcessInfo", []) else { panic!("an array") };
    infos.iter().map(|info| text(&harness::member(info, "statename"))).collect()
}

#[test]
fn five_hundred_children_die_in_the_same_instant() {
    let text = format!(
        "[program:x]\nprocess_name=%(process_num)d\nnumprocs={MANY}\nstartsecs=0\nautostart=false\nautorestart=false\n\
         command=/bin/sh -c \"echo %(process_num)d lives; exec cat {{here}}/life\"\nstdout_logfile={{here}}/logs/%(process_num)d\n"
    );
    let bed = Setup { text: &text, files: &[("logs/x", "")], ..Setup::default() }.start();
    let fifo = bed.path("life");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    // Reading and writing, so that it can be opened before anybody reads.
    let life = fs::File::options().read(true).write(true).open(&fifo).unwrap();
    let before = bed.shown().descriptors().len();
    let start_all = |round| {
        bed.ask("startAllProcesses", []);
        assert!(states(&bed).iter().all(|state| state == "RUNNING"));
        bed.eventually("all have spoken", || {
            (0..MANY).all(|number| bed.read(&format!("logs/{number}")).lines().count() == round)
        });
    };
    let all_end = |how: &str| {
        bed.eventually("all have ended", || states(&bed).iter().all(|state| state == "EXITED"));
        assert_eq!(bed.log().matches(how).count(), MANY);
        bed.settles_at(before);
    };
    start_all(1);
    for kid in bed.shown().kids() {
        kill(kid.pid, Signal::SIGKILL).unwrap();
    }
    all_end("(terminated by SIGKILL; not expected)");
    start_all(2);
    // The last writer goes, and with it every reader comes to its end.
    drop(life);
    all_end("(exit status 0; expected)");
    assert!(bed.shown().kids().is_empty());
}

/// Programs that end at once and are started again at once, without a limit, leave room for everything else.
#[test]
fn programs_that_end_at_once_leave_room_for_calls() {
    let text = "[program:mad]\nprocess_name=%(process_num)d\nnumprocs=40\nstartsecs=0\nautorestart=true\ncommand=/bin/true\n\
                [program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={here}/out\n";
    let bed = TestBed::new(text);
    for number in 0..50 {
        bed.ask("sendProcessStdin", ["cat".into(), format!("{number}\n").as_str().into()]);
    }
    bed.eventually("its output is read", || bed.read("out").lines().count() == 50);
    bed.ask("stopProcessGroup", ["mad".into()]);
    bed.eventually("all are stopped", || {
        (0..40).all(|number| {
            let state = bed.state(&format!("mad:{number}"));
            state == "STOPPED" || state == "EXITED"
        })
    });
}

/// As many processes as the user may have: the rest waits, and is started when there is room.
#[test]
fn running_out_of_processes_ends_nothing() {
    needs_root!();
    let text = "[program:x]\nprocess_name=%(process_num)d\nnumprocs=12\nstartsecs=0\nstartretries=1000\nautostart=false\ncommand=/bin/cat\n\
                [supervisord]\nminprocs=1\n";
    let mut bed = Setup { text, ..Setup::default() }.prepare();
    // A user whom nobody else is.
    let uid = (61_000 + std::process::id() % 4000).to_string();
    bed.give_to(&uid);
    bed.launch_through(&["setpriv", "--reuid", &uid, "--regid", &uid, "--clear-groups"]);
    eventually("the daemon answers", || bed.rpc("getState", []).is_ok());
    let before = bed.shown().descriptors().len();
    bed.limit("nproc", 6);
    let _ = bed.ask("startAllProcesses", [false.into()]);
    bed.eventually("some run and some wait", || {
        let states = states(&bed);
        let count = |state: &str| states.iter().filter(|other| *other == state).count();
        count("RUNNING") == 5 && count("BACKOFF") + count("STARTING") == 7
    });
    assert!(bed.log().contains("INFO spawnerr: Too many processes in process table to spawn '"));
    bed.limit("nproc", 100);
    bed.eventually("all run", || states(&bed).iter().all(|state| state == "RUNNING"));
    bed.ask("stopAllProcesses", []);
    bed.settles_at(before);
}

/// The file of a program is gone for a while, as in the middle of an upgrade.
#[test]
fn a_program_whose_file_vanishes_comes_back() {
    let text = "[program:x]\ncommand={here}/bin/x\nstartsecs=0\nautorestart=true\nstartretries=1000\n\
                [program:y]\ncommand={here}/bin/x\nstartsecs=0\nautostart=false\nstartretries=0\n";
    let bed = Setup { text, ..Setup::default() }.prepare();
    bed.write_script("bin/x", "#!/bin/sh\nexec cat\n");
    let mut bed = bed;
    bed.start();
    bed.state_becomes("x", "RUNNING");
    fs::rename(bed.path("bin"), bed.path("away")).unwrap();
    kill(bed.pid_of("x"), Signal::SIGKILL).unwrap();
    bed.logs("INFO spawnerr: can't find command 'HERE/bin/x'");
    assert_eq!(
        bed.rpc("startProcess", ["y".into()]).unwrap_err(),
        Fault { code: 20, text: format!("NO_FILE: can't find command '{}/bin/x'", bed.here()) }
    );
    // It is there, and is nothing that can be executed.
    fs::create_dir(bed.path("bin")).unwrap();
    fs::create_dir(bed.path("bin/x")).unwrap();
    bed.logs("INFO spawnerr: command at 'HERE/bin/x' is a directory");
    fs::remove_dir_all(bed.path("bin")).unwrap();
    fs::rename(bed.path("away"), bed.path("bin")).unwrap();
    bed.state_becomes("x", "RUNNING");
    bed.ask("startProcess", ["y".into()]);
}

/// The folder of a log is gone: output goes on in the file that nobody sees any more, and comes back after a reopen; a program that
/// starts meanwhile waits for the folder.
#[test]
fn a_vanished_log_folder_costs_nothing_else() {
    let text = "[program:x]\ncommand=/bin/cat\nstartsecs=0\nstartretries=1000\nautorestart=true\nstdout_logfile={here}/logs/x\n";
    let bed = Setup { text, files: &[("logs/y", "")], ..Setup::default() }.start();
    bed.state_becomes("x", "RUNNING");
    let before = bed.shown().descriptors().len();
    fs::remove_dir_all(bed.path("logs")).unwrap();
    bed.ask("sendProcessStdin", ["x".into(), "unseen\n".into()]);
    bed.signal(Signal::SIGUSR2);
    bed.eventually("it is said", || {
        bed.log().contains("WARN log HERE/logs/x cannot be written, output is being lost: No such file")
    });
    bed.ask("sendProcessStdin", ["x".into(), "lost\n".into()]);
    fs::create_dir(bed.path("logs")).unwrap();
    bed.eventually("it is written again", || {
        bed.ask("sendProcessStdin", ["x".into(), "seen\n".into()]);
        bed.read("logs/x").contains("seen\n")
    });
    bed.eventually("it is said", || bed.log().contains("WARN log HERE/logs/x is written again, "));
    fs::remove_dir_all(bed.path("logs")).unwrap();
    kill(bed.pid_of("x"), Signal::SIGKILL).unwrap();
    bed.logs("INFO spawnerr: unknown error making dispatchers for 'x': ENOENT");
    fs::create_dir(bed.path("logs")).unwrap();
    bed.state_becomes("x", "RUNNING");
    bed.settles_at(before);
}

/// What a child does not read waits, up to a bound; then the caller is told, and everything else goes on.
#[test]
fn a_child_that_does_not_read_costs_a_bound_alone() {
    let text = "[program:deaf]\ncommand=/bin/sleep 1000\nstartsecs=0\n[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={here}/out\n";
    let bed = TestBed::new(text);
    bed.state_becomes("deaf", "RUNNING");
    let before = bed.shown().resident();
    let piece = "x".repeat(512 * 1024);
    let mut taken = 0;
    let refusal = loop {
        match bed.rpc("sendProcessStdin", ["deaf".into(), piece.as_str().into()]) {
            Ok(_) => taken += 1,
            Err(fault) => break fault,
        }
        assert!(taken < 100, "it takes everything");
    };
    assert_eq!(refusal.text, "FAILED: deaf does not read its standard input");
    for _ in 0..20 {
        assert!(bed.rpc("sendProcessStdin", ["deaf".into(), piece.as_str().into()]).is_err());
    }
    bed.ask("sendProcessStdin", ["cat".into(), "heard\n".into()]);
    bed.file_becomes("out", "heard\n");
    bed.ask("stopProcess", ["deaf".into()]);
    bed.eventually("its backlog is given back", || bed.shown().resident() < before + 8 * 1024);
}

/// A listener that never answers, one that never reads, one that talks without end and one that dies at every event: programs run as
/// if there were none, and nothing grows without end.
#[test]
fn wedged_and_mad_listeners_cost_their_events_alone() {
    let listener = |name: &str| {
        format!(
            "[eventlistener:{name}]\ncommand=/bin/sh {{here}}/{name}.sh\nevents=PROCESS_STATE,PROCESS_LOG,REMOTE_COMMUNICATION\nbuffer_size=5\nstartsecs=0\n"
        )
    };
    let text = ["wedged", "deaf", "mad", "mortal"].map(listener).concat()
        + "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_events_enabled=true\nstdout_logfile={here}/out\n";
    let files = [
        // Takes one event and never answers.
        ("wedged.sh", "echo READY; read -r header; sleep 1000"),
        // Says that it is ready and reads nothing.
        ("deaf.sh", "echo READY; exec sleep 1000"),
        // Breaks the protocol without end.
        ("mad.sh", "exec yes 'READY RESULT 99999999999999999999'"),
        // Dies of every event.
        ("mortal.sh", "echo READY; read -r header; exit 1"),
    ];
    let bed = Setup { text: &text, files: &files, ..Setup::default() }.start();
    bed.state_becomes("cat", "RUNNING");
    bed.logs("WARN mad: has entered the UNKNOWN state and will no longer receive events, this usually indicates the process violated the eventlistener protocol");
    let data = "x".repeat(100_000);
    let mut lines = 0;
    let mut round = |times: usize| {
        for _ in 0..times {
            lines += 1;
            bed.ask("sendProcessStdin", ["cat".into(), format!("line {lines}\n").as_str().into()]);
            bed.ask("sendRemoteCommEvent", ["type".into(), data.as_str().into()]);
        }
        let expected: String = (1..=lines).map(|number| format!("line {number}\n")).collect();
        bed.eventually("every line is logged", || bed.read("out") == expected);
    };
    round(50);
    let before = bed.shown().resident();
    round(200);
    let after = bed.shown().resident();
    assert!(after < before + 8 * 1024, "{before} KiB, then {after} KiB");
    bed.eventually("its events are thrown away", || {
        bed.log().contains("ERRO pool wedged event buffer overflowed, discarding event ")
    });
    bed.eventually("it lives and dies", || {
        bed.log().matches("INFO spawned: 'mortal' with pid PID").count() > 3
    });
    assert_eq!(bed.state("cat"), "RUNNING");
}

/// An event larger than what may wait for a listener is thrown away, and not kept for ever before all others.
#[test]
fn an_event_that_is_too_large_holds_up_no_other() {
    let text = "[eventlistener:ear]\ncommand=/bin/sh {programs}/recorder.sh {here}\nevents=REMOTE_COMMUNICATION\nstartsecs=0\n";
    let bed = TestBed::new(text);
    bed.state_becomes("ear", "RUNNING");
    bed.ask("sendRemoteCommEvent", ["large".into(), "x".repeat(6 << 20).as_str().into()]);
    bed.ask("sendRemoteCommEvent", ["small".into(), "x".into()]);
    bed.eventually("the small one comes", || bed.read("events").contains("type:small"));
}

/// Stopping and starting is not possible for a process that is somebody else's; the daemon keeps what it knows.
#[test]
fn nothing_breaks_when_a_child_is_taken_away() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nautorestart=true\n");
    for _ in 0..20 {
        bed.state_becomes("cat", "RUNNING");
        let pid: Pid = bed.pid_of("cat");
        kill(pid, Signal::SIGKILL).unwrap();
        // The call may come before the end is known.
        let _ = bed.rpc("stopProcess", ["cat".into()]);
        let _ = bed.rpc("startProcess", ["cat".into()]);
    }
    bed.state_becomes("cat", "RUNNING");
    assert_eq!(bed.shown().kids().len(), 1);
}
