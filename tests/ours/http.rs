//! HTTP and XML-RPC where the original hangs, loses or answers what no client can read.

use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use harness::{Setup, TestBed, Value};

const CAT: &str =
    "[program:cat]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\nstdout_logfile=%(here)s/out\n";
const VERSION: &str = "<methodCall><methodName>supervisor.getVersion</methodName></methodCall>";

fn post(headers: &str, body: &str) -> String {
    format!("POST /RPC2 HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n{body}")
}

// The original waits forever for the nothing that is to come.
#[test]
fn an_empty_body_is_answered() {
    let bed = TestBed::new("");
    assert_eq!(bed.request(&post("Content-Length: 0\r\n", "")).status, "HTTP/1.1 400 Bad Request");
    let form = "POST /index.html HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n";
    assert_eq!(bed.request(form).code(), 200);
}

// The original knows neither.
#[test]
fn a_body_may_come_in_chunks_and_be_asked_for() {
    let bed = TestBed::new("");
    let (start, end) = VERSION.split_at(20);
    let chunks = format!("{:x}\r\n{start}\r\n{:x}\r\n{end}\r\n0\r\n\r\n", start.len(), end.len());
    let response = bed.request(&post("Transfer-Encoding: chunked\r\n", &chunks));
    assert!(response.body.contains("<string>3.0</string>"), "{response:?}");
    let mut wire = bed.connect();
    wire.send(&post(&format!("Expect: 100-continue\r\nContent-Length: {}\r\n", VERSION.len()), ""));
    assert_eq!(wire.head().status, "HTTP/1.1 100 Continue");
    wire.send(VERSION);
    assert!(wire.response().body.contains("<string>3.0</string>"));
}

// The original drops the second request.
#[test]
fn a_request_behind_a_late_answer_is_answered() {
    let bed = TestBed::new(&CAT.replace("startsecs=0", "startsecs=1"));
    let start = "<methodCall><methodName>supervisor.startProcess</methodName><params><param><value>cat</value></param></params></methodCall>";
    let mut wire = bed.connect();
    let requests = [start, VERSION].map(|body| post(&format!("Content-Length: {}\r\n", body.len()), body));
    wire.send(&requests.concat());
    assert!(wire.response().body.contains("<boolean>1</boolean>"));
    assert!(wire.response().body.contains("<string>3.0</string>"));
}

// The original keeps the connection and ignores whatever else is sent.
#[test]
fn a_refused_client_is_shown_the_door() {
    let bed = TestBed::new("[inet_http_server]\nport=127.0.0.1:{port}\nusername=me\npassword=x\n");
    let mut wire = bed.connect_tcp();
    wire.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
    assert_eq!(wire.response().code(), 401);
    assert!(wire.is_closed());
}

// The original gathers 64 KiB before an old client sees a byte.
#[test]
fn an_old_client_follows_a_log_at_once() {
    let bed = TestBed::new(CAT);
    bed.write("out", "one\n");
    let mut wire = bed.connect();
    wire.send("GET /logtail/cat HTTP/1.0\r\n\r\n");
    let head = wire.head();
    assert_eq!(head.status, "HTTP/1.0 200 OK");
    assert_eq!(head.header("transfer-encoding"), None);
    assert_eq!(wire.until("one\n"), "one\n");
    bed.ask("startProcess", ["cat".into()]);
    bed.ask("sendProcessStdin", ["cat".into(), "two\n".into()]);
    assert_eq!(wire.until("two\n"), "two\n");
}

// The original ends the stream with an error of its own.
#[test]
fn a_followed_log_survives_its_truncation() {
    let bed = TestBed::new(CAT);
    bed.ask("startProcess", ["cat".into()]);
    bed.ask("sendProcessStdin", ["cat".into(), "a long line before\n".into()]);
    bed.file_becomes("out", "a long line before\n");
    let mut wire = bed.connect();
    wire.send("GET /logtail/cat HTTP/1.1\r\nHost: localhost\r\n\r\n");
    wire.head();
    wire.until("a long line before\n");
    std::fs::write(bed.path("out"), "").unwrap();
    bed.ask("sendProcessStdin", ["cat".into(), "after\n".into()]);
    wire.until("after\n");
}

// The original sends them raw, and no client can read the document.
#[test]
fn what_xml_cannot_carry_is_replaced() {
    let bed = TestBed::new(CAT);
    bed.write("out", "\u{1b}[31mred\u{0}\n\ttext\u{fffe}\u{7f}\n");
    let read = bed.ask("readProcessStdoutLog", ["cat".into(), Value::Int(0), Value::Int(0)]);
    assert_eq!(read, "\u{fffd}[31mred\u{fffd}\n\ttext\u{fffd}\u{7f}\n".into());
    let tail = bed.get("/tail.html?processname=cat").body;
    assert!(!tail.contains(['\u{1b}', '\u{0}']), "{tail:?}");
}

// CVE-2013-5123 and its like: what grows when it is read, what is deep, what has no end.
#[test]
fn hostile_documents_are_refused() {
    let bed = TestBed::new("");
    let deep = format!(
        "<methodCall><methodName>supervisor.getVersion</methodName><params><param>{}",
        "<value><array><data>".repeat(100_000)
    );
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;\">]>\
                <methodCall><methodName>supervisor.getVersion</methodName><params><param><value>&b;</value></param></params></methodCall>";
    let outside = "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>\
                   <methodCall><methodName>supervisor.startProcess</methodName><params><param><value>&a;</value></param></params></methodCall>";
    for document in [&deep, bomb, outside] {
        let response = bed.request(&post(&format!("Content-Length: {}\r\n", document.len()), document));
        assert_eq!(response.code(), 400, "{:.80}", document);
    }
    let mut wire = bed.connect();
    wire.send("POST /RPC2 HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n");
    assert_eq!(wire.head().code(), 413);
    let mut wire = bed.connect();
    wire.send(&format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(15 << 10)));
    assert!(matches!(wire.head().code(), 200 | 431));
    assert_eq!(bed.ask("getVersion", []), "3.0".into());
}

// The original answers 500.
#[test]
fn a_log_without_a_name_is_not_found() {
    let bed = TestBed::new("");
    assert_eq!(bed.get("/logtail").code(), 404);
}

// The original has neither.
#[test]
fn the_page_controls_groups_and_starts_all() {
    let bed = TestBed::new(
        "[program:x]\ncommand=/bin/cat\nprocess_name=p%(process_num)s\nnumprocs=2\nautostart=false\nstartsecs=0\n\
         [program:cat]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\n",
    );
    let states = || ["x:p0", "x:p1", "cat"].map(|name| bed.state(name));
    let act = |query: &str| {
        let response = bed.get(&format!("/index.html?{query}"));
        assert_eq!(response.code(), 301, "{response:?}");
    };
    act("processname=x%3A%2A&action=start");
    assert_eq!(states(), ["RUNNING", "RUNNING", "STOPPED"]);
    act("action=startall");
    assert_eq!(states(), ["RUNNING", "RUNNING", "RUNNING"]);
    act("processname=x%3A%2A&action=stop");
    assert_eq!(states(), ["STOPPED", "STOPPED", "RUNNING"]);
}

// A page anywhere could call the methods through its visitor's browser.
#[test]
fn another_site_calls_no_method() {
    let bed = TestBed::new("[inet_http_server]\nport=127.0.0.1:{port}\n");
    for header in ["Origin: http://evil.example", "Sec-Fetch-Site: cross-site", "Origin: null"] {
        let mut wire = bed.connect_tcp();
        wire.send(&post(&format!("{header}\r\nContent-Length: {}\r\n", VERSION.len()), VERSION));
        assert_eq!(wire.response().code(), 403, "{header}");
    }
}

// The original knows IPv4 alone.
#[test]
fn an_address_in_brackets_is_ipv6() {
    if std::net::TcpListener::bind(("::1", 0)).is_err() {
        assert!(std::env::var_os("CI").is_none(), "this test needs IPv6");
        return;
    }
    let bed = TestBed::new(
        "[inet_http_server]\nport=[::1]:{port}\n[supervisorctl]\nserverurl=http://[::1]:{port}\n",
    );
    assert!(TcpStream::connect(("::1", bed.port())).is_ok());
    assert_eq!(bed.ctl(["version"]).stdout, "4.3.0\n");
}

// Whoever connects and says nothing must not keep others out.
#[test]
fn silent_clients_keep_nobody_out() {
    let bed = Setup { text: CAT, ..Setup::default() }.start();
    let silent: Vec<_> =
        (0..300).map_while(|_| UnixStream::connect(bed.path("supervisor.sock")).ok()).collect();
    assert!(silent.len() > 100, "{}", silent.len());
    assert_eq!(bed.ask("getVersion", []), "3.0".into());
    assert_eq!(bed.ctl(["version"]).stdout, "4.3.0\n");
}

// The original looks at every file for every reader again and again.
#[test]
fn two_hundred_follow_a_log_at_once() {
    const READERS: usize = 200;
    let bed = TestBed::new(&CAT.replace("autostart=false", "autostart=true"));
    bed.state_becomes("cat", "RUNNING");
    let say = |text: &str| bed.ask("sendProcessStdin", ["cat".into(), text.into()]);
    say("one\n");
    bed.file_becomes("out", "one\n");
    let mut wires: Vec<_> = (0..READERS)
        .map(|_| {
            let mut wire = bed.connect();
            wire.send("GET /logtail/cat HTTP/1.1\r\nHost: x\r\n\r\n");
            wire
        })
        .collect();
    for wire in &mut wires {
        assert_eq!(wire.head().code(), 200);
        assert_eq!(wire.chunks(4), "one\n");
    }
    say("two\n");
    for wire in &mut wires {
        assert_eq!(wire.chunks(4), "two\n");
    }
    bed.ask("clearProcessLogs", ["cat".into()]);
    say("three\n");
    for wire in &mut wires {
        assert_eq!(wire.chunks(6), "three\n");
    }
}
