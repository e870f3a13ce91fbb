//! Orphans: what programs leave behind becomes the daemon's, and none stays a zombie.

use harness::{Setup, Shown, TestBed, eventually, needs_root, obtain};

/// Each leaves two grandchildren behind: one ends at once, one a little later.
const LEAVES: &str = "[program:leaves]\nprocess_name=%(process_num)d\nnumprocs=50\nstartsecs=0\nautorestart=false\n\
     command=/bin/sh -c \"(exit 3) & (sleep 0.2; exit 4) & exit 0\"\n";

/// The daemon has nothing left but what runs.
#[track_caller]
fn nothing_is_left(bed: &TestBed, daemon: Shown) {
    bed.eventually("no child of any kind", || daemon.kids().is_empty());
}

#[test]
fn a_storm_of_orphans_is_reaped() {
    let bed = TestBed::new(LEAVES);
    for number in 0..50 {
        bed.state_becomes(&format!("leaves:{number}"), "EXITED");
    }
    nothing_is_left(&bed, bed.shown());
    assert_eq!(bed.log().matches("INFO exited: ").count(), 50);
    assert!(bed.logged("INFO reaped unknown pid PID (exit status 4)") > 0);
}

/// The first process of a container: everything that loses its parent comes to it.
#[test]
fn the_first_process_of_a_container_reaps_everything() {
    needs_root!();
    // The pid file would hold 1, which is another process outside.
    let text = format!(
        "[supervisord]\npidfile={{here}}/inner.pid\n{LEAVES}[program:cat]\ncommand=/bin/cat\nstartsecs=0\n"
    );
    let mut bed = Setup { text: &text, ..Setup::default() }.prepare();
    bed.launch_through(&["unshare", "--pid", "--fork", "--mount-proc", "--kill-child"]);
    eventually("the daemon answers", || bed.rpc("getState", []).is_ok());
    bed.file_becomes("inner.pid", "1\n");
    let daemon = obtain("the daemon inside", || Some(Shown(bed.shown().kids().first()?.pid)));
    for number in 0..50 {
        bed.eventually("it has ended", || bed.state(&format!("leaves:{number}")) == "EXITED");
    }
    bed.eventually("all but one are gone", || daemon.kids().len() == 1);
    // Adopted orphans do not change what a stop means.
    bed.ask("stopProcess", ["cat".into()]);
    bed.logs("WARN stopped: cat (terminated by SIGTERM)");
    nothing_is_left(&bed, daemon);
    bed.ask("shutdown", []);
    assert_eq!(bed.exit_code(), Some(0));
}

/// An orphan that goes on is not waited for: neither by a stop nor at the end.
#[test]
fn an_adopted_orphan_holds_up_no_stop_and_no_end() {
    let text = "[program:leaves]\nstartsecs=0\ncommand=/bin/sh -c \"setsid sleep 1000 & echo $! > {here}/orphan; exec cat\"\n";
    let mut bed = TestBed::new(text);
    bed.state_becomes("leaves", "RUNNING");
    bed.eventually("it is told", || bed.read("orphan").ends_with('\n'));
    bed.ask("stopProcess", ["leaves".into()]);
    let orphan = nix::unistd::Pid::from_raw(bed.read("orphan").trim().parse().unwrap());
    bed.eventually("it is adopted", || bed.shown().kids().iter().any(|kid| kid.pid == orphan));
    bed.ask("startProcess", ["leaves".into()]);
    bed.ask("shutdown", []);
    let code = bed.exit_code();
    let lives = Shown(orphan).exists();
    nix::sys::signal::kill(orphan, nix::sys::signal::Signal::SIGKILL).unwrap();
    assert_eq!((code, lives), (Some(0), true));
}
