//! What the links of the page do.

use harness::{TestBed, differs};

use super::{act, message};

const CAT: &str =
    "[program:cat]\ncommand=/bin/cat\nautostart=false\nstartsecs=0\nstdout_logfile=%(here)s/out\n";

// undocumented: a process is started, restarted, stopped; each has its words.
#[test]
fn a_process_is_controlled() {
    let bed = TestBed::new(CAT);
    assert_eq!(act(&bed, "processname=cat&action=start"), "Process cat started");
    assert_eq!(bed.state("cat"), "RUNNING");
    let pid = bed.pid_of("cat");
    assert_eq!(act(&bed, "processname=cat&action=start"), "ERROR: Process cat: already started");
    assert_eq!(act(&bed, "processname=cat%3Acat&action=restart"), "Process cat:cat restarted");
    assert_eq!(bed.state("cat"), "RUNNING");
    assert_ne!(bed.pid_of("cat"), pid);
    assert_eq!(act(&bed, "action=stop&processname=cat"), "Process cat stopped");
    assert_eq!(bed.state("cat"), "STOPPED");
    assert_eq!(act(&bed, "processname=cat&action=stop"), "unexpected rpc fault [70] NOT_RUNNING: cat");
    // A restart of what does not run is a start.
    assert_eq!(act(&bed, "processname=cat&action=restart"), "Process cat restarted");
    assert_eq!(bed.state("cat"), "RUNNING");
}

// undocumented: a start that fails has its words.
#[test]
fn a_start_that_fails_is_told() {
    let bed = TestBed::new(
        "[program:missing]\ncommand=/nonexistent\nautostart=false\n\
         [program:plain]\ncommand={here}/plain\nautostart=false\n\
         [program:quick]\ncommand=/bin/false\nautostart=false\nstartsecs=10\n",
    );
    bed.write("plain", "");
    assert_eq!(act(&bed, "processname=missing&action=start"), "ERROR: Process missing: no such file");
    assert_eq!(act(&bed, "processname=plain&action=start"), "ERROR: Process plain: file not executable");
    assert_eq!(act(&bed, "processname=quick&action=start"), "ERROR: Process quick: spawn error");
    // A restart is one, whatever comes of it.
    assert_eq!(act(&bed, "processname=missing&action=restart"), "Process missing restarted");
}

// undocumented: an answer comes when the process is up, or not.
#[test]
fn a_start_is_waited_for() {
    let bed = TestBed::new("[program:slow]\ncommand=/bin/cat\nautostart=false\nstartsecs=1\n");
    assert_eq!(act(&bed, "processname=slow&action=start"), "Process slow started");
    assert_eq!(bed.state("slow"), "RUNNING");
}

// undocumented: a log is cleared.
#[test]
fn a_log_is_cleared() {
    let bed = TestBed::new(CAT);
    bed.ask("startProcess", ["cat".into()]);
    bed.ask("sendProcessStdin", ["cat".into(), "text\n".into()]);
    bed.file_becomes("out", "text\n");
    assert_eq!(act(&bed, "processname=cat&action=clearlog"), "Log for cat cleared");
    assert_eq!(bed.read("out"), "");
}

// undocumented: all are stopped, restarted; the page is looked at again.
#[test]
fn all_processes_are_controlled() {
    let bed = TestBed::new(&format!("{CAT}[program:dog]\ncommand=/bin/cat\nstartsecs=0\n"));
    bed.state_becomes("dog", "RUNNING");
    assert_eq!(act(&bed, "action=restartall"), "All restarted at TIME");
    assert_eq!((bed.state("cat"), bed.state("dog")), ("RUNNING".to_owned(), "RUNNING".to_owned()));
    assert_eq!(act(&bed, "action=stopall&processname=cat"), "All stopped at TIME");
    assert_eq!((bed.state("cat"), bed.state("dog")), ("STOPPED".to_owned(), "STOPPED".to_owned()));
    assert_eq!(act(&bed, "action=refresh"), "Page refreshed at TIME");
}

// undocumented: names that are none.
#[test]
fn an_unknown_process_is_told() {
    let bed = TestBed::new(CAT);
    for (action, quoted, name) in [
        ("start", "dog", "dog"),
        ("stop", "cat:dog", "cat:dog"),
        ("restart", "dog%3acat", "dog:cat"),
        ("clearlog", "d%C3%B6g+%3C%26", "dög <&"),
    ] {
        let told = act(&bed, &format!("processname={quoted}&action={action}"));
        assert_eq!(told, format!("No such process named {name}"));
    }
}

// undocumented: what is no action.
#[test]
fn an_unknown_action_is_an_error() {
    let bed = TestBed::new(CAT);
    for query in
        ["action=nothing", "processname=cat&action=nothing", "action=start", "action=stop&processname="]
    {
        let response = bed.get(&format!("/index.html?{query}"));
        assert_eq!(response.status, "HTTP/1.1 500 Internal Server Error", "{query}");
    }
    // Nothing to do is no error.
    assert_eq!(bed.get("/index.html?action=&processname=cat").code(), 200);
    assert_eq!(bed.state("cat"), "STOPPED");
}

// undocumented: the buttons post; what is posted may hold the action as well as the address.
#[test]
fn an_action_may_be_posted() {
    let bed = TestBed::new(CAT);
    let post = |path: &str, form: &str| {
        message(&bed.request(&format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Content-Length: {}\r\n\r\n{form}",
            form.len()
        )))
    };
    assert_eq!(post("/index.html", "processname=cat&action=start"), "Process cat started");
    assert_eq!(post("/", "action=stop&processname=cat"), "Process cat stopped");
    assert_eq!(post("/index.html?action=start", "processname=cat"), "Process cat started");
}

// undocumented: where an action leads to.
#[test]
fn an_action_leads_back_to_the_page() {
    let bed = TestBed::new("[inet_http_server]\nport=127.0.0.1:{port}\n");
    let mut wire = bed.connect_tcp();
    let mut location = |host: &str| {
        wire.send(&format!("GET /index.html?action=refresh HTTP/1.1\r\n{host}\r\n"));
        let response = wire.response();
        assert_eq!(response.body, crate::http::error_page(301, "Moved Permanently"));
        for (name, value) in [
            ("content-type", "text/html"),
            ("pragma", "no-cache"),
            ("cache-control", "no-cache"),
            ("expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            assert_eq!(response.header(name), Some(value));
        }
        let location = response.header("location").unwrap_or_default();
        let (page, message) = location.split_once("/?").unwrap_or((location, ""));
        assert!(message.starts_with("message=Page%20refreshed%20at%20"), "{location}");
        bed.normalise(page)
    };
    assert_eq!(location("Host: a.b:81\r\n"), "http://a.b:81");
    assert_eq!(location("Host: a.b\r\n"), "http://a.b");
    assert_eq!(location("Host: a.b:80\r\n"), "http://a.b");
    assert_eq!(location(""), "http://localhost:PORT");
}

// undocumented: what a page of another site asks for.
#[test]
fn another_site_does_not_control_processes() {
    let bed = TestBed::new(CAT);
    let code = |header: &str| {
        bed.request(&format!(
            "GET /index.html?processname=cat&action=start HTTP/1.1\r\nHost: localhost\r\n{header}\r\n\r\n"
        ))
        .code()
    };
    let foreign = differs! { ours: 403, theirs: 301, why: "what a browser sends from a page of another site is refused" };
    assert_eq!(code("Origin: http://evil.example"), foreign);
    assert_eq!(code("Sec-Fetch-Site: cross-site"), foreign);
    assert_eq!(code("Sec-Fetch-Site: same-origin"), 301);
}
