//! Which addresses there are, and what answers there.

use harness::TestBed;

use super::assert_error;

const CAT: &str =
    "[program:cat]\ncommand=/bin/cat\nautostart=false\nstdout_logfile=%(here)s/out\nstderr_logfile=NONE\n";

// undocumented: what there is not.
#[test]
fn what_there_is_not_is_not_found() {
    let bed = TestBed::new(CAT);
    for path in [
        "/nothing",
        "/index.htm",
        "/ok.html/",
        "/index.html/x",
        "/stylesheets",
        "/images/nothing.png",
        "/../http.py",
        "/images/../../http.py",
        "/%2e%2e/http.py",
        "/images/",
        "/stylesheets/",
    ] {
        let response = bed.get(path);
        if path == "/stylesheets" {
            assert_error(&response, 301, "Moved Permanently");
        } else {
            assert_error(&response, 404, "Not Found");
        }
        let headers: Vec<_> = response
            .headers
            .iter()
            .map(|header| header.0.as_str())
            .filter(|name| *name != "location")
            .collect();
        assert_eq!(headers, ["content-length", "content-type", "date", "server"], "{path}");
        assert_eq!(response.header("server"), Some("Medusa/1.12"));
        assert_eq!(response.header("date"), Some("DATE"));
    }
}

// undocumented: a page for those who want to know whether anybody is there.
#[test]
fn ok_is_ok() {
    let bed = TestBed::new("");
    for path in ["/ok.html", "//ok.html", "///ok.html", "/ok%2Ehtml", "/ok.html?x=y"] {
        let response = bed.get(path);
        assert_eq!((response.status.as_str(), response.body.as_str()), ("HTTP/1.1 200 OK", "OK"), "{path}");
        assert_eq!(response.header("content-type"), Some("text/plain"));
        assert_eq!(response.header("content-length"), Some("2"));
    }
}

// undocumented: the status page has several names.
#[test]
fn the_status_page_has_several_names() {
    let bed = TestBed::new("");
    for path in ["/", "//", "/index.html", "//index.html", "/?message=hello", "/index.html?x"] {
        let response = bed.get(path);
        assert_eq!(response.status, "HTTP/1.1 200 OK", "{path}");
        assert!(response.body.contains("<title>Supervisor Status</title>"), "{path}: {}", response.body);
        for (name, value) in [
            ("content-type", "text/html;charset=utf-8"),
            ("pragma", "no-cache"),
            ("cache-control", "no-cache"),
            ("expires", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            assert_eq!(response.header(name), Some(value), "{path}");
        }
        assert_eq!(response.header("content-length"), Some(response.body.len().to_string().as_str()));
    }
}

// undocumented: methods that nobody takes.
#[test]
fn other_methods_are_bad_requests() {
    let bed = TestBed::new(CAT);
    bed.write("out", "");
    for (method, path) in [
        ("PUT", "/nothing"),
        ("DELETE", "/"),
        ("OPTIONS", "/nothing"),
        ("POST", "/nothing"),
        ("POST", "/images/icon.png"),
        ("POST", "/logtail/cat"),
        ("PUT", "/logtail/cat"),
        ("PUT", "/logtail"),
        ("POST", "/logtail/cat/nothing"),
        ("POST", "/logtail/nobody"),
        ("POST", "/mainlogtail"),
        ("GET", "/RPC2"),
        ("PUT", "/RPC2"),
    ] {
        let response = bed.request(&format!("{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert_error(&response, 400, "Bad Request");
    }
}

// undocumented: a body needs its length.
#[test]
fn a_body_needs_its_length() {
    let bed = TestBed::new("");
    assert_error(&bed.request("POST /RPC2 HTTP/1.1\r\nHost: x\r\n\r\n"), 411, "Length Required");
    assert_error(&bed.request("POST /index.html HTTP/1.1\r\nHost: x\r\n\r\n"), 411, "Length Required");
}

// undocumented: the address as a proxy gives it.
#[test]
fn the_query_is_no_part_of_the_path() {
    let bed = TestBed::new(CAT);
    for path in ["/nothing?x=/", "/?x=%2", "/ok.html?%"] {
        assert!(matches!(bed.get(path).code(), 200 | 404), "{path}");
    }
}

// undocumented: the logs of processes are found by name; others are not.
#[test]
fn a_log_is_found_by_name() {
    let bed = TestBed::new(
        "[program:cat]\ncommand=/bin/cat\nautostart=false\nstdout_logfile=%(here)s/out\nstderr_logfile=NONE\n\
         [program:a]\ncommand=/bin/cat\nautostart=false\nstdout_logfile=%(here)s/a\nstderr_logfile=%(here)s/err\n[group:g]\nprograms=a\n",
    );
    bed.write("out", "text");
    bed.write("a", "a's");
    bed.write("err", "err");
    for (path, text) in [
        ("/logtail/cat", "text"),
        ("/logtail/cat/stdout", "text"),
        ("//logtail/cat", ""),
        ("/logtail/cat:cat", "text"),
        ("/logtail/c%61t", "text"),
        ("/logtail/cat?x=y", "text"),
        ("/logtail/g:a", "a's"),
        ("/logtail/g%3Aa/stderr", "err"),
        ("/logtailor/cat", "text"),
    ] {
        let mut wire = bed.connect();
        wire.send(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"));
        let head = wire.head();
        if text.is_empty() {
            assert_eq!(head.code(), 404, "{path}");
        } else {
            assert_eq!((head.code(), wire.chunks(text.len())), (200, text.to_owned()), "{path}");
        }
    }
    for path in [
        "/logtail/",
        "/logtail/dog",
        "/logtail/a",
        "/logtail/g",
        "/logtail/g:",
        "/logtail/g:*",
        "/logtail/cat/stderr",
        "/logtail/cat/nothing",
        "/logtail/cat/stdout/",
        "/logtail/cat/",
        "/logtail/cat/STDOUT",
    ] {
        assert_error(&bed.get(path), 404, "Not Found");
    }
    std::fs::remove_file(bed.path("out")).unwrap();
    assert_error(&bed.get("/logtail/cat"), 404, "Not Found");
    std::fs::remove_file(bed.path("supervisord.log")).unwrap();
    assert_error(&bed.get("/mainlogtail"), 404, "Not Found");
}
