//! The examples are loaded and run, each as it is but for the places of its socket, its log and its pid file.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use harness::examples::{MAIN_CHANGES, example};
use harness::{Setup, TestBed};

fn names(bed: &TestBed) -> Vec<String> {
    let status = bed.ctl(["status"]);
    assert_eq!(status.code, Some(0), "{status:?}");
    status.stdout.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect()
}

#[track_caller]
fn up(bed: &TestBed, expected: &[&str]) {
    for name in expected {
        bed.state_becomes(name, "RUNNING");
    }
    assert_eq!(names(bed), expected);
}

/// The queue worker crashes by itself, but that may take a while; and it may just have done so.
fn crash(bed: &TestBed, name: &str) {
    bed.eventually("the program is killed", || bed.ctl(["signal", "KILL", name]).code == Some(0));
}

#[test]
fn the_main_example_runs_every_kind_of_program() {
    let bed = example("supervisord.conf", &MAIN_CHANGES);
    up(
        &bed,
        &[
            "applause",
            "classroom.example",
            "forms.example",
            "shop:shop-queue-worker",
            "shop:shop-web-8001",
            "shop:shop-web-8002",
            "shop-public:shop-frontend",
        ],
    );
    let says = |name: &str, text: &str| {
        bed.eventually(&format!("{name} says {text}"), || bed.ctl(["tail", name]).stdout.contains(text));
    };
    says("applause", "crawler: filter track=bravo,%F0%9F%91%8F,encore\n");
    says("applause", "crawler: with ttv2\n");
    says("classroom.example", "server: started with no arguments\n");
    says("forms.example", "/run/forms-cache\n");
    says("forms.example", "server: started with -c forms-production --log-level=DEBUG forms\n");
    says("shop:shop-web-8002", "server: started with -p 8002 -e production\n");
    crash(&bed, "shop:shop-queue-worker");
    bed.logs("WARN exited: shop-queue-worker (terminated by SIGKILL; not expected)");
    bed.state_becomes("shop:shop-queue-worker", "RUNNING");
}

#[test]
fn the_pool_of_workers_runs_three() {
    let bed = example("workers.conf", &[("run/workers.sock", "supervisor.sock")]);
    up(&bed, &["mail:mail_00", "mail:mail_01", "mail:mail_02"]);
    bed.eventually("a job is done", || {
        bed.read("run/mail_02.log").starts_with("worker 2 of 3: job 2 done\n")
    });
}

#[test]
fn the_listener_writes_crashes_down() {
    let bed = example("listener.conf", &[("run/listener.sock", "supervisor.sock")]);
    up(&bed, &["crashes", "queue-worker"]);
    crash(&bed, "queue-worker");
    bed.eventually("the crash is written down", || {
        bed.read("run/crashes.log").ends_with(" queue-worker:queue-worker PROCESS_STATE_EXITED\n")
    });
}

#[test]
fn the_listener_in_rust_hands_messages_to_a_command() {
    let listener = harness::built_example("supervisor-rpc", "listener");
    let text = format!(
        "[eventlistener:alarm]\ncommand={} {{here}}/alarm.sh once\nevents=PROCESS_STATE_EXITED,PROCESS_STATE_FATAL\nstartsecs=0\n\
         stderr_logfile={{here}}/err\n\
         [program:fine]\ncommand=/bin/true\nstartsecs=0\nautorestart=false\n\
         [program:crash]\ncommand=/bin/false\nstartsecs=0\nautorestart=false\n\
         [program:lost]\ncommand=/nonexistent\nstartretries=0\n",
        listener.display()
    );
    let mut bed = Setup { text: &text, ..Setup::default() }.prepare();
    // It fails the first time, and says something that is no answer to supervisord.
    bed.write_script(
        "alarm.sh",
        "#!/bin/sh\necho noise\nif mkdir {here}/$1 2>/dev/null; then exit 3; fi\ncat >>{here}/messages\n",
    );
    bed.start();
    let messages = || {
        let text = bed.normalise(&bed.read("messages"));
        let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    bed.eventually("both failures are told", || messages().len() >= 2);
    assert_eq!(
        messages(),
        ["crash:crash has ended unexpectedly", "lost:lost cannot be kept running and was given up",]
    );
    bed.logs("WARN alarm: event was rejected");
    assert!(
        bed.read("err").contains(" is given back: the command failed: exit status: 3\n"),
        "{}",
        bed.read("err")
    );
    assert_eq!(bed.state("alarm"), "RUNNING");
}

#[test]
fn the_container_ends_when_a_program_cannot_be_kept_running() {
    let mut bed = example(
        "container.conf",
        &[
            ("/tmp/supervisor.sock", "%(here)s/supervisor.sock"),
            ("/tmp/supervisord.pid", "%(here)s/supervisord.pid"),
            ("user = root\n", ""),
            // The bed reads what the daemon writes from a file that the children may not cut.
            ("/dev/stdout", "%(here)s/out"),
        ],
    );
    up(&bed, &["end-of-container", "server", "worker"]);
    bed.eventually("the programs are heard", || bed.read("out").contains("server: started with -p 8080\n"));
    fs::remove_file(bed.path("bin/queue-worker.sh")).expect("the worker's script");
    // Unless it has just crashed by itself: then it is on its way.
    bed.ctl(["signal", "KILL", "worker"]);
    assert_eq!(bed.exit_code(), Some(0));
    assert!(bed.stdout().contains("INFO gave up: worker entered FATAL state"), "{}", bed.stdout());
}

#[test]
fn the_fcgi_program_is_asked_through_its_web_server() {
    if Command::new("python3").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "this example needs python3");
        return;
    }
    let bed = example("fcgi.conf", &[("run/fcgi-supervisor.sock", "supervisor.sock"), ("8080", "{port}")]);
    up(&bed, &["hello:hello_0", "hello:hello_1", "web"]);
    let ask = || {
        let mut stream = TcpStream::connect(("127.0.0.1", bed.port())).ok()?;
        stream.write_all(b"GET /you HTTP/1.0\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok().map(|_| answer)
    };
    bed.eventually("the program answers", || {
        ask().is_some_and(|answer| answer.contains("Hello /you from process "))
    });
}
