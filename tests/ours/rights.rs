//! Rights: children get what the configuration names, and nothing of the daemon's besides.

use std::collections::BTreeSet;

use harness::{Setup, Shown, TestBed, eventually, needs_root};

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";

fn cat(bed: &TestBed) -> Shown {
    bed.state_becomes("cat", "RUNNING");
    Shown(bed.pid_of("cat"))
}

/// As in the original, SIGPIPE (13) and SIGXFSZ (25) are ignored in children; nothing else is, and nothing is blocked or waits,
/// whatever the daemon was started with: the signals of the end, blocked by a careless parent, or ignored by nohup.
#[test]
fn children_inherit_no_signal_mask() {
    let mut bed = Setup { text: CAT, ..Setup::default() }.prepare();
    bed.launch_through(&[
        "env",
        "--block-signal=TERM,INT,HUP,USR1,USR2,CHLD,CONT",
        "--ignore-signal=HUP,INT,QUIT",
    ]);
    eventually("the daemon answers", || bed.rpc("getState", []).is_ok());
    let cat = cat(&bed);
    assert_eq!(u64::from_str_radix(&cat.status("SigBlk"), 16), Ok(0));
    let ignored = u64::from_str_radix(&cat.status("SigIgn"), 16).unwrap();
    // What is above are signals of the C library and of real time, which nobody ignores by mistake.
    assert_eq!(ignored & 0x7fff_ffff, 1 << 12 | 1 << 24);
    assert_eq!(u64::from_str_radix(&cat.status("SigCgt"), 16), Ok(0));
    bed.ask("stopProcess", ["cat".into()]);
    bed.logs("WARN stopped: cat (terminated by SIGTERM)");
    // The daemon itself hears them as well: the test bed ends it with SIGTERM.
}

/// The daemon's own environment, what `environment` adds, and the four variables of the manual. Nothing else, above all no password.
#[test]
fn children_get_the_documented_environment_alone() {
    let text = "[supervisord]\nenvironment=BOTH=supervisord,ONE=1\n\
                [inet_http_server]\nport=127.0.0.1:{port}\nusername=user\npassword=secret-of-the-port\n\
                [program:cat]\ncommand=/bin/cat\nstartsecs=0\nenvironment=BOTH=program,TWO=2\n";
    let env = [("OUTER", "kept"), ("NOTIFY_SOCKET", "/nonexistent/notify"), ("WATCHDOG_USEC", "60000000")];
    let bed = Setup { text, env: &env, ..Setup::default() }.start();
    let found: BTreeSet<_> = cat(&bed).environment().into_iter().collect();
    let daemon = bed.shown().environment();
    let private = |entry: &&String| entry.starts_with("NOTIFY_SOCKET=") || entry.starts_with("WATCHDOG_");
    let mut expected: BTreeSet<_> = daemon.iter().filter(|entry| !private(entry)).cloned().collect();
    for entry in ["BOTH=program", "ONE=1", "TWO=2", "SUPERVISOR_ENABLED=1"] {
        expected.insert(entry.to_owned());
    }
    expected.insert(format!("SUPERVISOR_SERVER_URL=unix://{}/supervisor.sock", bed.here()));
    expected.insert("SUPERVISOR_PROCESS_NAME=cat".to_owned());
    expected.insert("SUPERVISOR_GROUP_NAME=cat".to_owned());
    assert_eq!(found, expected);
    assert!(found.iter().all(|entry| !entry.contains("secret")));
}

/// `no_new_privs=true`: no file that is executed can give the program or its children rights.
#[test]
fn no_new_privs_is_for_those_that_ask_for_it() {
    let text = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nno_new_privs=true\n\
                [program:dog]\ncommand=/bin/cat\nstartsecs=0\n";
    let bed = TestBed::new(text);
    assert_eq!(cat(&bed).status("NoNewPrivs"), "1");
    bed.state_becomes("dog", "RUNNING");
    assert_eq!(Shown(bed.pid_of("dog")).status("NoNewPrivs"), "0");
    assert_eq!(bed.shown().status("NoNewPrivs"), "0");
}

/// With `no_new_privs` a set-user-id program stays what its caller is.
#[test]
fn no_new_privs_disarms_set_user_id() {
    needs_root!();
    let program = |name: &str, keys: &str| {
        format!(
            "[program:{name}]\ncommand={{here}}/id -u\nuser=nobody\nstartsecs=0\nautorestart=false\n\
                 stdout_logfile={{here}}/{name}.out\n{keys}"
        )
    };
    let text =
        program("free", "autostart=false\n") + &program("tied", "autostart=false\nno_new_privs=true\n");
    let bed = TestBed::new(&text);
    bed.give_to("nobody");
    bed.copy_setuid("id");
    for (name, uid) in [("free", "0\n"), ("tied", "65534\n")] {
        bed.ask("startProcess", [name.into()]);
        bed.file_becomes(&format!("{name}.out"), uid);
    }
}

/// `user=`: uid, group and all supplementary groups are the user's; none of root's stays.
#[test]
fn a_program_of_another_user_keeps_nothing_of_root() {
    needs_root!();
    let bed = TestBed::new(&format!("{CAT}user=nobody\n"));
    let cat = cat(&bed);
    let ids = |name: &str| cat.status(name).split_whitespace().map(str::to_owned).collect::<BTreeSet<_>>();
    let one = |id: &str| BTreeSet::from([id.to_owned()]);
    assert_eq!(ids("Uid"), one("65534"));
    assert_eq!(ids("Gid").len(), 1);
    assert_eq!(ids("Groups"), ids("Gid"));
    for capabilities in ["CapEff", "CapPrm", "CapInh", "CapAmb"] {
        assert_eq!(u64::from_str_radix(&cat.status(capabilities), 16), Ok(0), "{capabilities}");
    }
}
