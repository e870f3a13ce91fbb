//! The files of the status page.

use harness::TestBed;

use super::assert_error;

// undocumented: the files that pages of others refer to.
#[test]
fn the_files_of_the_page_are_there() {
    let bed = TestBed::new("");
    for (path, kind) in [("/stylesheets/supervisor.css", "text/css"), ("/images/icon.png", "image/png")] {
        let response = bed.get(path);
        assert_eq!(response.status, "HTTP/1.1 200 OK", "{path}");
        assert_eq!(response.header("content-type"), Some(kind));
        assert_eq!(response.header("last-modified"), Some("DATE"));
        assert!(!response.body.is_empty());
    }
}

// undocumented: their heads can be asked for.
#[test]
fn the_head_of_a_file_can_be_asked_for() {
    let bed = TestBed::new("");
    let whole = bed.get("/images/icon.png");
    let mut wire = bed.connect();
    wire.send(
        "HEAD /images/icon.png HTTP/1.1\r\nHost: x\r\n\r\nHEAD /images/icon.png HTTP/1.1\r\nHost: x\r\n\r\n",
    );
    let (head, next) = (wire.head(), wire.head());
    assert_eq!(head.status, "HTTP/1.1 200 OK");
    assert_eq!(head.headers, whole.headers);
    // No body stands between the two.
    assert_eq!(next, head);
}

// undocumented: HEAD is for files alone.
#[test]
fn only_files_have_a_head() {
    let bed = TestBed::new("");
    for path in ["/", "/index.html", "/ok.html", "/nothing"] {
        let mut wire = bed.connect();
        wire.send(&format!("HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_eq!(wire.head().status, "HTTP/1.1 404 Not Found", "{path}");
    }
    for path in ["/RPC2", "/mainlogtail", "/logtail/cat"] {
        let mut wire = bed.connect();
        wire.send(&format!("HEAD {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_eq!(wire.head().status, "HTTP/1.1 400 Bad Request", "{path}");
    }
}

// undocumented: a file that a client has already is not sent again.
#[test]
fn a_file_that_is_known_is_not_sent_again() {
    let bed = TestBed::new("");
    let ask = |date: &str| {
        let mut wire = bed.connect();
        wire.send(&format!("GET /images/icon.png HTTP/1.1\r\nHost: x\r\nIf-Modified-Since: {date}\r\n\r\n"));
        wire.head()
    };
    let later = ask("Fri, 01 Jan 2100 00:00:00 GMT");
    assert_eq!(later.status, "HTTP/1.1 304 Not Modified");
    assert_eq!(later.header("content-type"), None);
    assert_eq!(ask("Thu, 01 Jan 1970 00:00:01 GMT").code(), 200);
    assert_eq!(ask("yesterday").code(), 200);
}

// undocumented: a folder's name is completed.
#[test]
fn a_folders_name_is_completed() {
    let bed = TestBed::new("[inet_http_server]\nport=127.0.0.1:{port}\n");
    let mut wire = bed.connect_tcp();
    for folder in ["images", "stylesheets"] {
        wire.send(&format!("GET /{folder} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let response = wire.response();
        assert_error(&response, 301, "Moved Permanently");
        // The host's own name, without the port.
        let location = response.header("location").unwrap_or_default();
        assert!(location.starts_with("http://") && location.ends_with(&format!("/{folder}/")), "{location}");
        wire.send(&format!("GET /{folder}/ HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_error(&wire.response(), 404, "Not Found");
    }
}
