//! Descriptors: children get none but their own, and the daemon keeps none.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

use harness::{Setup, Shown, TestBed, eventually, needs_root, obtain};

/// A program of each kind, with and without a common pipe.
const ALL_KINDS: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n\
     [program:one]\ncommand=/bin/cat\nstartsecs=0\nredirect_stderr=true\n\
     [eventlistener:ear]\ncommand=/bin/cat\nstartsecs=0\nevents=PROCESS_STATE\n\
     [fcgi-program:web]\ncommand=/bin/sleep 1000\nstartsecs=0\nsocket=unix://{here}/web.sock\n";

/// Exactly 0, 1 and 2, each a pipe (or the socket of FastCGI) that leads to nobody else.
#[track_caller]
fn has_its_own_alone(bed: &TestBed, name: &str) {
    bed.state_becomes(name, "RUNNING");
    let open = Shown(bed.pid_of(name)).descriptors();
    let numbers: Vec<_> = open.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, [0, 1, 2], "{name}: {open:?}");
    assert!(
        open.iter().all(|(_, to)| to.starts_with("pipe:") || to.starts_with("socket:")),
        "{name}: {open:?}"
    );
}

#[test]
fn a_child_has_no_descriptor_but_its_own() {
    let mut bed = Setup { text: ALL_KINDS, ..Setup::default() }.prepare();
    // What the daemon has itself inherited is not passed on either.
    bed.launch_under("exec 5</dev/null 9>>precious 8</");
    eventually("the daemon answers", || bed.rpc("getState", []).is_ok());
    for again in [false, true] {
        if again {
            // Now with connections, logs and everything that is open after a reload.
            let mut client = UnixStream::connect(bed.path("supervisor.sock")).unwrap();
            client.write_all(b"GET /mainlogtail HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            assert_ne!(client.read(&mut [0; 100]).unwrap(), 0);
            for name in ["cat", "one", "ear", "web"] {
                bed.ask("stopProcess", [name.into()]);
                bed.ask("startProcess", [name.into()]);
                has_its_own_alone(&bed, name);
            }
        }
        for name in ["cat", "one", "ear", "web"] {
            has_its_own_alone(&bed, name);
        }
    }
    bed.signal(harness::Signal::SIGHUP);
    bed.logs_times(2, "INFO supervisord started with pid PID");
    for name in ["cat", "one", "ear", "web"] {
        has_its_own_alone(&bed, name);
    }
}

/// Closed standard streams are no reason for a file of the daemon to become somebody's stdin.
#[test]
fn a_daemon_without_standard_streams_gives_its_children_theirs() {
    let mut bed = Setup { text: ALL_KINDS, ..Setup::default() }.prepare();
    bed.launch_under("exec 0<&- 1>&- 2>&-");
    eventually("the daemon answers", || bed.rpc("getState", []).is_ok());
    has_its_own_alone(&bed, "cat");
    let open = bed.shown().descriptors();
    assert!(open[..3].iter().all(|(number, to)| *number < 3 && to == "/dev/null"), "{open:?}");
}

/// Whatever is opened for a while is closed again. The original leaks on reopen and on reload.
#[test]
fn nothing_that_the_daemon_does_leaves_a_descriptor() {
    let text = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile_maxbytes=20\n";
    let more = "[program:new]\nprocess_name=n%(process_num)d\ncommand=/bin/cat\nstartsecs=0\nnumprocs=5\n";
    let bed = TestBed::new(text);
    bed.state_becomes("cat", "RUNNING");
    let round = || {
        for _ in 0..3 {
            bed.signal(harness::Signal::SIGUSR2);
            bed.ask("sendProcessStdin", ["cat".into(), "a line longer than the log may be\n".into()]);
            bed.ask("stopProcess", ["cat".into()]);
            bed.ask("startProcess", ["cat".into()]);
            bed.ask("clearProcessLogs", ["cat".into()]);
            bed.ask("tailProcessStdoutLog", ["cat".into(), 0.into(), 100.into()]);
        }
        bed.configure(&format!("{text}{more}"));
        bed.ask("reloadConfig", []);
        bed.ask("addProcessGroup", ["new".into()]);
        bed.state_becomes("new:n4", "RUNNING");
        bed.configure(text);
        bed.ask("reloadConfig", []);
        bed.ask("stopProcessGroup", ["new".into()]);
        bed.ask("removeProcessGroup", ["new".into()]);
        for path in ["/logtail/cat", "/mainlogtail", "/RPC2", "/"] {
            let mut client = UnixStream::connect(bed.path("supervisor.sock")).unwrap();
            write!(client, "GET {path} HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            assert_ne!(client.read(&mut [0; 10]).unwrap(), 0);
        }
        let _ = bed.rpc("startProcess", ["nobody".into()]);
    };
    round();
    let before = obtain("a quiet moment", || {
        let open = bed.shown().descriptors().len();
        std::thread::sleep(std::time::Duration::from_millis(100));
        (open == bed.shown().descriptors().len()).then_some(open)
    });
    for _ in 0..10 {
        round();
    }
    bed.settles_at(before);
    let restarts = 5;
    for number in 1..=restarts {
        bed.signal(harness::Signal::SIGHUP);
        bed.logs_times(number + 1, "INFO supervisord started with pid PID");
        bed.state_becomes("cat", "RUNNING");
    }
    bed.settles_at(before);
}

/// When there is no descriptor left, programs wait for one and clients for their turn; nothing is lost, nothing stays broken.
#[test]
fn running_out_of_descriptors_ends_nothing() {
    let text = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={here}/out\nstdout_logfile_maxbytes=50\n\
                stdout_logfile_backups=200\n[program:dog]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\nstartretries=1000\n";
    let bed = TestBed::new(text);
    bed.state_becomes("cat", "RUNNING");
    let daemon = bed.shown();
    let before = daemon.descriptors().len();
    // A connection that is open already can still be used when no other can.
    let mut client = Client::new(&bed);
    bed.eventually("the connection is taken", || client.ask("supervisor.getState", &[]).contains("RUNNING"));
    let open = daemon.descriptors();
    let free = (0..).find(|number| open.iter().all(|(other, _)| usize::try_from(*other) != Ok(*number)));
    bed.limit("nofile", free.unwrap());
    // Spawn: the pipes cannot be made.
    let answer = client.ask("supervisor.startProcess", &["dog"]);
    assert!(answer.contains("SPAWN_ERROR: dog"), "{answer}");
    bed.eventually("it is said", || {
        bed.read("supervisord.log").contains("too many open files to spawn 'dog'")
    });
    // Rotation: the new file cannot be opened, and the old one goes on.
    let mut lines = String::new();
    for number in 0..40 {
        lines.push_str(&format!("line {number} of some length\n"));
        client.ask("supervisor.sendProcessStdin", &["cat", &format!("line {number} of some length\n")]);
    }
    // Accept: others wait, and nobody is thrown out but those who say nothing.
    let waiting: Vec<_> =
        (0..20).map(|_| UnixStream::connect(bed.path("supervisor.sock")).unwrap()).collect();
    bed.eventually("it is said", || bed.read("supervisord.log").contains("cannot accept connections"));
    bed.limit("nofile", 1024);
    drop(waiting);
    bed.state_becomes("dog", "RUNNING");
    bed.ask("sendProcessStdin", ["cat".into(), "the end\n".into()]);
    lines.push_str("the end\n");
    bed.eventually("every line is there, once", || {
        let mut all = String::new();
        for number in (1..=200).rev() {
            all.push_str(&bed.read(&format!("out.{number}")));
        }
        all + &bed.read("out") == lines
    });
    bed.ask("stopProcess", ["dog".into()]);
    drop(client);
    bed.settles_at(before);
    assert!(fs::read_dir(bed.path("")).unwrap().flatten().count() > 5, "it has rotated again");
}

/// Without descriptors the user of a program cannot be looked up. That is no reason to say that there is none.
#[test]
fn without_descriptors_no_user_is_said_to_be_missing() {
    needs_root!();
    let text = "[program:cat]\ncommand=/bin/cat\nuser=nobody\nstartsecs=0\nautostart=false\nstartretries=0\n\
                stdout_logfile=NONE\nstderr_logfile=NONE\n";
    let bed = TestBed::new(text);
    let mut client = Client::new(&bed);
    client.ask("supervisor.getState", &[]);
    let open = bed.shown().descriptors();
    let free = (0..).find(|number| open.iter().all(|(other, _)| usize::try_from(*other) != Ok(*number)));
    let free = free.unwrap_or_default();
    // From none that is left to one too few for the pipes.
    for left in 0..4 {
        bed.limit("nofile", free + left);
        let answer = client.ask("supervisor.startProcess", &["cat"]);
        assert!(answer.contains("SPAWN_ERROR: cat"), "{left} left: {answer}");
        let info = client.ask("supervisor.getProcessInfo", &["cat"]);
        assert!(info.contains("too many open files to spawn 'cat'"), "{left} left: {info}");
    }
    bed.limit("nofile", 1024);
    bed.ask("startProcess", ["cat".into()]);
    assert!(!bed.log().contains("Can't find uid"));
}

/// A limit below what the daemon has open already, as an administrator may set it by mistake.
#[test]
fn a_limit_below_what_is_open_ends_nothing() {
    let text = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={here}/out\n\
                [program:dog]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\nstartretries=1000\n";
    let bed = TestBed::new(text);
    bed.state_becomes("cat", "RUNNING");
    let before = bed.shown().descriptors().len();
    let mut client = Client::new(&bed);
    client.ask("supervisor.getState", &[]);
    for limit in 0..12 {
        bed.limit("nofile", limit);
        let answer = client.ask("supervisor.startProcess", &["dog"]);
        assert!(answer.contains("SPAWN_ERROR: dog") || answer.contains("ALREADY_STARTED: dog"), "{answer}");
        client.ask("supervisor.sendProcessStdin", &["cat", "word\n"]);
    }
    bed.eventually("all is logged", || bed.read("out") == "word\n".repeat(12));
    bed.limit("nofile", 1024);
    bed.state_becomes("dog", "RUNNING");
    bed.ask("stopProcess", ["dog".into()]);
    drop(client);
    bed.settles_at(before);
}

/// A connection on which one call follows the other.
struct Client(UnixStream);

impl Client {
    fn new(bed: &TestBed) -> Self {
        Self(UnixStream::connect(bed.path("supervisor.sock")).unwrap())
    }

    fn ask(&mut self, method: &str, params: &[&str]) -> String {
        let params: String = params
            .iter()
            .map(|param| format!("<param><value><string>{param}</string></value></param>"))
            .collect();
        let body =
            format!("<methodCall><methodName>{method}</methodName><params>{params}</params></methodCall>");
        let head = format!("POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len());
        self.0.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"</methodResponse>\n") {
            let mut bytes = [0; 4096];
            let count = self.0.read(&mut bytes).unwrap();
            assert_ne!(count, 0, "{method}: {}", String::from_utf8_lossy(&answer));
            answer.extend_from_slice(&bytes[..count]);
        }
        String::from_utf8_lossy(&answer).into_owned()
    }
}
