//! How long a connection is kept, and what may be sent over it.

use harness::{Setup, TestBed};

use super::error_page;
use crate::http::assert_error;

const RPC: &str = "<methodCall><methodName>supervisor.getVersion</methodName></methodCall>";

fn rpc(version: &str, headers: &str) -> String {
    format!("POST /RPC2 HTTP/{version}\r\nHost: x\r\n{headers}Content-Length: {}\r\n\r\n{RPC}", RPC.len())
}

// undocumented: HTTP/1.1 keeps the connection.
#[test]
fn a_connection_is_kept() {
    let bed = TestBed::new("");
    let mut wire = bed.connect();
    for _ in 0..3 {
        wire.send(&rpc("1.1", ""));
        let response = wire.response();
        assert!(response.body.contains("<string>3.0</string>"), "{response:?}");
        assert_eq!(response.header("connection"), None);
        wire.send("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_error(&wire.response(), 404, "Not Found");
        wire.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        assert_eq!(wire.response().code(), 200);
    }
}

// undocumented: unless it is asked to close.
#[test]
fn a_connection_is_closed_on_demand() {
    let bed = TestBed::new("");
    for request in [
        "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /nothing HTTP/1.1\r\nHost: x\r\nConnection: Close\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        "GET /images/icon.png HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        &rpc("1.1", "Connection: close\r\n"),
    ] {
        let mut wire = bed.connect();
        wire.send(request);
        assert!(matches!(wire.response().code(), 200 | 404));
        assert!(wire.is_closed(), "{request}");
    }
}

// undocumented: HTTP/1.0 closes it.
#[test]
fn an_old_connection_is_closed() {
    let bed = TestBed::new("");
    for request in [
        "GET /nothing HTTP/1.0\r\n\r\n",
        "GET / HTTP/1.0\r\n\r\n",
        "GET /nothing HTTP/1.0\r\nConnection: whatever\r\n\r\n",
        &rpc("1.0", ""),
    ] {
        let mut wire = bed.connect();
        wire.send(request);
        let response = wire.response();
        assert!(response.status.starts_with("HTTP/1.0 "), "{response:?}");
        assert!(wire.is_closed(), "{request}");
    }
}

// undocumented: and keeps it on demand.
#[test]
fn an_old_connection_is_kept_on_demand() {
    let bed = TestBed::new("");
    let mut wire = bed.connect();
    for _ in 0..2 {
        wire.send("GET /nothing HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
        let response = wire.response();
        assert_eq!(response.status, "HTTP/1.0 404 Not Found");
        assert_eq!(response.body, error_page(404, "Not Found"));
        assert_eq!(response.header("connection").map(str::to_lowercase).as_deref(), Some("keep-alive"));
        wire.send(&rpc("1.0", "Connection: keep-alive\r\n"));
        let response = wire.response();
        assert_eq!(response.header("connection").map(str::to_lowercase).as_deref(), Some("keep-alive"));
    }
}

// undocumented: requests may be sent before the answers have come.
#[test]
fn requests_may_be_sent_ahead() {
    let bed = TestBed::new("");
    let mut wire = bed.connect();
    let requests = [rpc("1.1", ""), "GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n".to_owned(), rpc("1.1", "")];
    wire.send(&requests.concat());
    assert!(wire.response().body.contains("3.0"));
    assert_error(&wire.response(), 404, "Not Found");
    assert!(wire.response().body.contains("3.0"));
}

// undocumented: a request may come in pieces.
#[test]
fn a_request_may_come_in_pieces() {
    let bed = TestBed::new("");
    let mut wire = bed.connect();
    let request = rpc("1.1", "");
    for piece in request.as_bytes().chunks(7) {
        wire.send(std::str::from_utf8(piece).unwrap());
        // The other end sees them one by one.
        bed.ask("getState", []);
    }
    assert!(wire.response().body.contains("3.0"));
}

// undocumented: the names of headers have no case, their order is free.
#[test]
fn headers_are_read_in_any_case() {
    let bed = TestBed::new("");
    let mut wire = bed.connect();
    let length = RPC.len();
    wire.send(&format!("POST /RPC2 HTTP/1.1\r\nx-y: z\r\nCONTENT-length: {length}\r\nhost: x\r\nconnection: CLOSE\r\n\r\n{RPC}"));
    assert!(wire.response().body.contains("3.0"));
}

// undocumented: blank lines before a request are forgiven.
#[test]
fn blank_lines_before_a_request_are_forgiven() {
    let bed = TestBed::new("");
    let mut wire = bed.connect();
    wire.send(&format!("{}\r\nGET /ok.html HTTP/1.1\r\nHost: x\r\n\r\n", rpc("1.1", "")));
    assert!(wire.response().body.contains("3.0"));
    assert_eq!(wire.response().body, "OK");
}

// undocumented: no host is needed.
#[test]
fn no_host_is_needed() {
    let bed = TestBed::new("");
    assert_eq!(bed.request("GET /ok.html HTTP/1.1\r\n\r\n").body, "OK");
}

// undocumented: whoever goes away in the middle harms nobody.
#[test]
fn who_goes_away_harms_nobody() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\nstartsecs=1\n");
    let start = "<methodCall><methodName>supervisor.startProcess</methodName><params><param><value>cat</value></param></params></methodCall>";
    for request in [
        "GET / HT".to_owned(),
        "GET /mainlogtail HTTP/1.1\r\n\r\n".to_owned(),
        "POST /RPC2 HTTP/1.1\r\nContent-Length: 1000\r\n\r\n<method".to_owned(),
        format!("POST /RPC2 HTTP/1.1\r\nContent-Length: {}\r\n\r\n{start}", start.len()),
    ] {
        let mut wire = bed.connect();
        wire.send(&request);
        drop(wire);
        assert_eq!(bed.ask("getVersion", []), "3.0".into());
    }
    // What was asked for is done nevertheless.
    bed.state_becomes("cat", "RUNNING");
}

// undocumented: what is no request is not answered as one.
#[test]
fn what_is_no_request_closes_the_connection() {
    let bed = TestBed::new("");
    for request in ["garbage\r\n\r\n", "\u{1}\u{2}\r\n\r\n", " GET / HTTP/1.1\r\n\r\n"] {
        let mut wire = bed.connect();
        wire.send(request);
        wire.end();
        let answered = !wire.is_closed();
        let expected = harness::differs! { ours: true, theirs: false, why: "what is no HTTP request is answered with an error 400 and not with silence" };
        assert_eq!(answered, expected, "{request:?}");
    }
    assert_eq!(bed.ask("getVersion", []), "3.0".into());
}

// undocumented: each request is told at the lowest level, with the number of bytes sent.
#[test]
fn each_request_is_logged_at_the_lowest_level() {
    let bed = Setup {
        text: "[inet_http_server]\nport=127.0.0.1:{port}\n",
        args: &["-e", "trace"],
        ..Setup::default()
    }
    .start();
    let mut wire = bed.connect_tcp();
    wire.send("GET /nothing?x=y HTTP/1.1\r\nHost: x\r\n\r\n");
    wire.response();
    bed.get("/ok.html");
    for (start, end) in [
        ("TRAC 127.0.0.1:", "] \"GET /nothing?x=y HTTP/1.1\" 404 "),
        ("TRAC localhost:0 - - [", "] \"GET /ok.html HTTP/1.1\" 200 "),
    ] {
        bed.eventually(&format!("{start}…{end} in the log"), || {
            bed.log().lines().any(|line| {
                line.starts_with(start) && line.trim_end_matches(|c: char| c.is_ascii_digit()).ends_with(end)
            })
        });
    }
}
