//! Signals in storms: each is heard, none is the end but those that ask for it.

use std::thread::sleep;
use std::time::Duration;

use harness::{Setup, Signal, TestBed, member, obtain, text};
use nix::sys::signal::kill;

/// A daemon whose programs say something about who they are.
fn bed(number: usize) -> TestBed {
    let bed = TestBed::new(&configuration(number));
    bed.state_becomes(&format!("p{number}"), "RUNNING");
    bed
}

fn configuration(number: usize) -> String {
    format!(
        "[program:p{number}]\ncommand=/bin/cat\nstartsecs=0\n\
         [program:stays]\ncommand=/bin/sh -c \"echo {number}; exec cat\"\nstartsecs=0\nstdout_logfile={{here}}/stays\n"
    )
}

#[test]
fn a_storm_of_signals_ends_nothing() {
    let bed = bed(0);
    let (daemon, pid) = (bed.pid(), bed.pid_of("p0"));
    let before = bed.shown().descriptors().len();
    bed.ask("sendProcessStdin", ["p0".into(), "before\n".into()]);
    for round in 0..5000 {
        let signal =
            [Signal::SIGUSR2, Signal::SIGCHLD, Signal::SIGWINCH, Signal::SIGCONT, Signal::SIGURG][round % 5];
        kill(daemon, signal).unwrap();
        if round % 500 == 0 {
            assert_eq!(bed.state("p0"), "RUNNING");
        }
    }
    bed.logs("INFO received SIGUSR2 indicating log reopen request");
    assert_eq!(bed.pid_of("p0"), pid);
    bed.settles_at(before);
}

/// SIGSTOP for a while is no end either: deadlines that passed meanwhile are kept now.
#[test]
fn a_stopped_daemon_catches_up() {
    let bed = bed(0);
    let child = bed.pid_of("p0");
    bed.signal(Signal::SIGSTOP);
    kill(child, Signal::SIGKILL).unwrap();
    sleep(Duration::from_millis(50));
    bed.signal(Signal::SIGCONT);
    bed.logs("WARN exited: p0 (terminated by SIGKILL; not expected)");
    bed.state_becomes("p0", "RUNNING");
}

/// The original ends when a file is broken for a moment, and its signal handler can die of a storm.
#[test]
fn twenty_reloads_with_changing_files() {
    let bed = bed(0);
    let before = bed.shown().descriptors().len();
    let mut started = 1;
    for number in 1..=20 {
        let broken = number % 5 == 0;
        bed.configure(if broken { "[program:broken]\n" } else { "" });
        if !broken {
            bed.configure(&configuration(number));
        }
        bed.signal(Signal::SIGHUP);
        if broken {
            let refusals = number / 5;
            bed.eventually("the refusal is said", || {
                bed.log()
                    .matches("ERRO the configuration cannot be read, everything goes on as it is")
                    .count()
                    == refusals
            });
            continue;
        }
        started += 1;
        bed.logs_times(started, "INFO supervisord started with pid PID");
        bed.eventually("the new program runs", || {
            bed.rpc("getProcessInfo", [format!("p{number}").as_str().into()]).is_ok()
        });
        bed.state_becomes(&format!("p{number}"), "RUNNING");
        bed.state_becomes("stays", "RUNNING");
    }
    bed.eventually("all have spoken", || bed.read("stays").lines().count() == started);
    let spoken: Vec<usize> = bed.read("stays").lines().map(|line| line.parse().unwrap()).collect();
    let expected: Vec<usize> = (0..20).filter(|number| *number == 0 || number % 5 != 0).collect();
    assert_eq!(spoken, expected);
    // The last file was broken: what was read before is still there.
    bed.settles_at(before);
}

#[test]
fn reloads_in_a_storm_come_to_rest() {
    let bed = bed(0);
    let before = bed.shown().descriptors().len();
    for number in 1..=40 {
        bed.configure(&configuration(number));
        bed.signal(Signal::SIGHUP);
        sleep(Duration::from_millis(number as u64 % 7));
    }
    bed.signal(Signal::SIGHUP);
    let names = || {
        let config = bed.rpc("getAllConfigInfo", []).ok()?;
        Some(format!("{config:?}"))
    };
    // A restart that began before the last change is followed by another.
    obtain("the last configuration", || {
        let last = names().is_some_and(|names| names.contains("p40"));
        if !last {
            bed.signal(Signal::SIGHUP);
        }
        last.then_some(())
    });
    // One more restart may be under way.
    bed.eventually("it runs", || {
        let info = bed.rpc("getProcessInfo", ["p40".into()]);
        info.is_ok_and(|info| text(&member(&info, "statename")) == "RUNNING")
    });
    bed.settles_at(before);
}

/// An end that is asked for during a restart comes, whatever moment it chooses.
#[test]
fn an_end_during_a_restart_comes() {
    for pause in [0, 100, 500, 1000, 2000, 3000, 4000, 5000, 7000, 10_000, 20_000, 50_000] {
        let mut bed = bed(0);
        bed.signal(Signal::SIGHUP);
        sleep(Duration::from_micros(pause));
        bed.signal(Signal::SIGTERM);
        assert_eq!(bed.exit_code(), Some(0), "{pause} µs");
        assert!(!bed.path("supervisord.pid").exists() && !bed.path("supervisor.sock").exists());
    }
}

#[test]
fn an_end_is_asked_for_many_times() {
    let mut bed = bed(0);
    for _ in 0..200 {
        for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGQUIT, Signal::SIGHUP, Signal::SIGUSR2] {
            // It may have ended already; nobody has waited for it yet.
            let _ = kill(bed.pid(), signal);
        }
    }
    assert_eq!(bed.exit_code(), Some(0));
}

/// A restart that asks for what is impossible, with everything stopped already, goes back to what it was.
#[test]
fn a_restart_that_is_impossible_goes_back() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let bed = bed(0);
    bed.configure(&format!("[inet_http_server]\nport=127.0.0.1:{port}\n{}", configuration(1)));
    bed.signal(Signal::SIGHUP);
    bed.eventually("it is said", || {
        bed.log().contains("CRIT cannot begin again, going back to the last configuration: ")
    });
    bed.eventually("it answers again", || bed.rpc("getState", []).is_ok());
    bed.state_becomes("p0", "RUNNING");
    drop(taken);
    bed.signal(Signal::SIGHUP);
    bed.eventually("now it is possible", || bed.rpc("getProcessInfo", ["p1".into()]).is_ok());
}

/// What takes a second to end, so that there is time to break something before the daemon begins again.
const SLOW: &str = "[program:slow]\ncommand=/bin/sh -c \"trap '' TERM; echo up; while :; do sleep 0.05; done\"\n\
                    startsecs=0\nstopwaitsecs=1\nstdout_logfile=%(here)s/out\n";

/// Neither the new configuration nor the last is possible: it is tried again, as what is missing may come back.
#[test]
fn a_restart_without_a_socket_folder_waits_for_it() {
    let text = format!("[unix_http_server]\nfile=%(here)s/run/supervisor.sock\n{SLOW}");
    let bed = Setup { text: &text, files: &[("run/x", "")], ..Setup::default() }.prepare();
    std::os::unix::fs::symlink("run/supervisor.sock", bed.path("supervisor.sock")).unwrap();
    let mut bed = bed;
    bed.start();
    bed.file_becomes("out", "up\n");
    bed.signal(Signal::SIGHUP);
    bed.logs("WARN received SIGHUP indicating restart request");
    std::fs::rename(bed.path("run"), bed.path("away")).unwrap();
    bed.eventually("it is tried again", || {
        bed.log().contains("CRIT cannot begin again, trying for a minute: ")
    });
    std::fs::rename(bed.path("away"), bed.path("run")).unwrap();
    bed.eventually("it answers again", || bed.rpc("getState", []).is_ok());
    bed.state_becomes("slow", "RUNNING");
}

/// The same without descriptors. The end that is asked for meanwhile comes.
#[test]
fn a_restart_without_descriptors_can_be_ended() {
    let mut bed = TestBed::new(SLOW);
    bed.file_becomes("out", "up\n");
    bed.signal(Signal::SIGHUP);
    bed.logs("WARN received SIGHUP indicating restart request");
    // A soft limit it would raise.
    let command = ["--pid", &bed.pid().to_string(), "--nofile=6:6"];
    assert!(std::process::Command::new("prlimit").args(command).status().unwrap().success());
    bed.eventually("it is tried again", || {
        bed.log().contains("CRIT cannot begin again, trying for a minute: ")
    });
    bed.signal(Signal::SIGTERM);
    assert_eq!(bed.exit_code(), Some(0));
}

/// The log cannot be opened any more: the daemon begins again all the same, and logs again when it can.
#[test]
fn a_restart_without_a_log_goes_on() {
    let text = format!("[supervisord]\nlogfile={{here}}/main\n{}", configuration(0));
    let bed = TestBed::new(&text);
    bed.state_becomes("p0", "RUNNING");
    let pid = bed.pid_of("p0");
    std::fs::remove_file(bed.path("main")).unwrap();
    std::fs::create_dir(bed.path("main")).unwrap();
    bed.signal(Signal::SIGHUP);
    bed.eventually("it has begun again", || {
        bed.rpc("getProcessInfo", ["p0".into()]).is_ok()
            && bed.state("p0") == "RUNNING"
            && bed.pid_of("p0") != pid
    });
    std::fs::remove_dir(bed.path("main")).unwrap();
    bed.signal(Signal::SIGUSR2);
    logs_again(&bed, "main");
}

/// Without the folder of its log a configuration is refused, and everything goes on.
#[test]
fn a_restart_without_a_log_folder_is_refused() {
    let text = format!("[supervisord]\nlogfile={{here}}/logs/main\n{}", configuration(0));
    let bed = Setup { text: &text, files: &[("logs/x", "")], ..Setup::default() }.start();
    bed.state_becomes("p0", "RUNNING");
    let pid = bed.pid_of("p0");
    std::fs::remove_dir_all(bed.path("logs")).unwrap();
    bed.signal(Signal::SIGHUP);
    bed.eventually("it is said", || bed.stdout().contains("ERRO the configuration cannot be read"));
    std::fs::create_dir(bed.path("logs")).unwrap();
    bed.signal(Signal::SIGUSR2);
    assert_eq!(bed.pid_of("p0"), pid);
    logs_again(&bed, "logs/main");
}

#[track_caller]
fn logs_again(bed: &TestBed, log: &str) {
    bed.eventually("it logs again", || {
        bed.ask("stopProcess", ["p0".into()]);
        bed.ask("startProcess", ["p0".into()]);
        bed.read(log).contains("INFO spawned: 'p0'")
    });
}
