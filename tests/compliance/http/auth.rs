//! Names and passwords. Manual, `[inet_http_server]`, username and password.

use harness::{Response, TestBed};

use super::assert_error;

/// `me:pa:ss`
const RIGHT: &str = "Basic bWU6cGE6c3M=";

fn with_password(password: &str) -> TestBed {
    TestBed::new(&format!("[inet_http_server]\nport=127.0.0.1:{{port}}\nusername=me\npassword={password}\n"))
}

#[track_caller]
fn ask(bed: &TestBed, request: &str, authorization: &str) -> Response {
    let authorization = match authorization {
        "" => String::new(),
        value => format!("Authorization: {value}\r\n"),
    };
    let mut wire = bed.connect_tcp();
    wire.send(&format!("{request} HTTP/1.1\r\nHost: x\r\n{authorization}\r\n"));
    wire.response()
}

// configuration.rst, [inet_http_server] username: "The username required for authentication to the HTTP/Unix Server."
#[test]
fn everything_wants_the_password() {
    let bed = with_password("pa:ss");
    for request in [
        "GET /",
        "GET /index.html?action=stopall",
        "GET /tail.html",
        "GET /ok.html",
        "GET /images/icon.png",
        "GET /nothing",
        "GET /logtail/cat",
        "GET /mainlogtail",
        "POST /RPC2",
        "PUT /nothing",
    ] {
        let response = ask(&bed, request, "");
        assert_error(&response, 401, "Unauthorized");
        assert_eq!(response.header("www-authenticate"), Some("Basic realm=\"default\""));
        assert_eq!(response.header("connection"), Some("close"));
    }
    assert_eq!(ask(&bed, "GET /ok.html", RIGHT).body, "OK");
    assert_eq!(ask(&bed, "GET /nothing", RIGHT).code(), 404);
    assert_eq!(ask(&bed, "POST /RPC2", RIGHT).code(), 411);
    // The unix socket has its own.
    assert_eq!(bed.get("/ok.html").body, "OK");
}

// undocumented: how the password may be written.
#[test]
fn the_password_is_written_as_browsers_do() {
    let bed = with_password("pa:ss");
    for authorization in [RIGHT, "basic bWU6cGE6c3M=", "BASIC bWU6cGE6c3M="] {
        assert_eq!(ask(&bed, "GET /ok.html", authorization).body, "OK", "{authorization}");
    }
    // Few, as ours lets those wait who guess.
    for authorization in [
        "Digest bWU6cGE6c3M=",
        "Basic bWU6cGE=",     // me:pa
        "Basic TWU6cGE6c3M=", // Me:pa:ss
    ] {
        assert_error(&ask(&bed, "GET /ok.html", authorization), 401, "Unauthorized");
    }
}

// configuration.rst, password: "This can be a cleartext password, or can be specified as a SHA-1 hash if prefixed by the string {SHA}."
#[test]
fn the_password_may_be_a_hash() {
    let bed = with_password("{SHA}5f244b69321bfd609da3c0ae59ce7c80f54797af");
    assert_eq!(ask(&bed, "GET /ok.html", RIGHT).body, "OK");
    let bed = with_password("{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d");
    // thepassword, as in the manual.
    assert_eq!(ask(&bed, "GET /ok.html", "Basic bWU6dGhlcGFzc3dvcmQ=").body, "OK");
    // The hash itself is no password.
    let hash = "Basic bWU6ODJhYjg3NmQxMzg3YmZhZmU0NmNjMWM4YTJlZjA3NGVhZTUwY2IxZA==";
    assert_error(&ask(&bed, "GET /ok.html", hash), 401, "Unauthorized");
}

// undocumented: a password that is not ASCII is UTF-8.
#[test]
fn the_password_is_utf_8() {
    let bed = with_password("pä");
    assert_eq!(ask(&bed, "GET /ok.html", "Basic bWU6cMOk").body, "OK");
}

// configuration.rst, [unix_http_server] username, password.
#[test]
fn the_unix_socket_may_want_a_password_too() {
    let bed = TestBed::new(
        "[unix_http_server]\nusername=me\npassword=pa:ss\n[supervisorctl]\nusername=me\npassword=pa:ss\n",
    );
    assert_error(&bed.get("/ok.html"), 401, "Unauthorized");
    let request = format!("GET /ok.html HTTP/1.1\r\nAuthorization: {RIGHT}\r\n\r\n");
    assert_eq!(bed.request(&request).body, "OK");
    let output = bed.ctl(["version"]);
    assert_eq!((output.stdout.as_str(), output.code), ("4.3.0\n", Some(0)));
}

// undocumented: a server without a password is told in the log.
#[test]
fn a_server_without_a_password_is_told() {
    let bed = with_password("x");
    bed.logs("CRIT Server 'unix_http_server' running without any HTTP authentication checking");
    assert!(!bed.log().contains("inet_http_server"), "{}", bed.log());
    let bed = TestBed::new("[inet_http_server]\nport=127.0.0.1:{port}\n");
    bed.logs("CRIT Server 'inet_http_server' running without any HTTP authentication checking");
}
