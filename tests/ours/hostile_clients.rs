//! Clients that mean harm: whatever they send, others are served, and the daemon holds no more than before.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use harness::{Setup, TestBed};

const PORT: &str = "[inet_http_server]\nport=127.0.0.1:{port}\n";
const PROTECTED: &str = "[inet_http_server]\nport=127.0.0.1:{port}\nusername=user\npassword=secret\n";
const CAT: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile={here}/out\n";

fn bed(sections: &str) -> TestBed {
    let bed = TestBed::new(&format!("{sections}{CAT}"));
    bed.state_becomes("cat", "RUNNING");
    bed
}

fn connect(bed: &TestBed) -> TcpStream {
    let stream = TcpStream::connect(("127.0.0.1", bed.port())).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
    stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
    stream
}

/// Sends bytes, as far as they are taken, and returns the first line of the answer; empty when there is none.
fn status(bed: &TestBed, bytes: &[u8]) -> String {
    exchange(bed, bytes, false)
}

/// As [`status`], and says that nothing more will come, which to a server of HTTP means that its client is gone.
fn status_at_end(bed: &TestBed, bytes: &[u8]) -> String {
    exchange(bed, bytes, true)
}

fn exchange(bed: &TestBed, bytes: &[u8], end: bool) -> String {
    let mut stream = connect(bed);
    let mut second = stream.try_clone().unwrap();
    let answer = std::thread::scope(|scope| {
        let reader = scope.spawn(move || {
            let mut answer = Vec::new();
            // The daemon may close before everything is read.
            let _ = second.read_to_end(&mut answer);
            answer
        });
        let _ = stream.write_all(bytes);
        if end {
            let _ = stream.shutdown(Shutdown::Write);
        }
        reader.join().unwrap()
    });
    String::from_utf8_lossy(&answer).lines().next().unwrap_or_default().to_owned()
}

fn post(body: &str) -> Vec<u8> {
    format!(
        "POST /RPC2 HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

fn call(params: &str) -> String {
    format!(
        "<?xml version='1.0'?><methodCall><methodName>supervisor.getState</methodName><params>{params}</params></methodCall>"
    )
}

/// Connections that say nothing, stop in the middle of a header or of a body, or send a byte at a time.
#[test]
fn half_open_and_slow_connections_hold_up_nobody() {
    let bed = bed(PORT);
    let before = (bed.shown().descriptors().len(), bed.shown().resident());
    let mut slow: Vec<_> = (0..500)
        .map(|number| {
            let mut stream = connect(&bed);
            let begun: &[u8] = match number % 4 {
                0 => b"",
                1 => b"GET / HTTP/1.1\r\nHost: x\r\nX-",
                2 => b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<?xml",
                _ => b"P",
            };
            stream.write_all(begun).unwrap();
            stream
        })
        .collect();
    let quickest = (0..50)
        .map(|round| {
            for stream in slow.iter_mut().skip(round).step_by(50) {
                // Whoever takes places from others may be thrown out.
                let _ = stream.write_all(b"a");
            }
            let start = Instant::now();
            assert_eq!(bed.state("cat"), "RUNNING");
            start.elapsed()
        })
        .min();
    // The machine of a test may be slow at any time, but not at every time.
    assert!(quickest.is_some_and(|quickest| quickest < Duration::from_millis(100)), "{quickest:?}");
    assert_eq!(status(&bed, b"GET /ok.html HTTP/1.0\r\n\r\n"), "HTTP/1.0 200 OK");
    drop(slow);
    bed.settles_at(before.0);
    bed.eventually("memory is given back", || bed.shown().resident() < before.1 + 8 * 1024);
}

/// More connections than there is room for: those that say nothing make room, those that ask are served.
#[test]
fn a_flood_of_connections_shuts_nobody_out() {
    let bed = bed(PORT);
    let before = bed.shown().descriptors().len();
    let flood: Vec<_> = (0..3000).map(|_| connect(&bed)).collect();
    assert_eq!(bed.state("cat"), "RUNNING");
    assert_eq!(status(&bed, b"GET /ok.html HTTP/1.0\r\n\r\n"), "HTTP/1.0 200 OK");
    assert!(bed.shown().descriptors().len() < before + 1200);
    drop(flood);
    bed.settles_at(before);
}

/// The same with clients that follow a log and never go: the oldest make room.
#[test]
fn many_readers_of_logs_shut_nobody_out() {
    let bed = bed(PORT);
    let before = bed.shown().descriptors().len();
    let readers: Vec<_> = (0..1100)
        .map(|_| {
            let mut stream = connect(&bed);
            stream.write_all(b"GET /mainlogtail HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
            let mut start = [0; 15];
            stream.read_exact(&mut start).unwrap();
            assert_eq!(&start, b"HTTP/1.1 200 OK");
            stream
        })
        .collect();
    assert_eq!(bed.state("cat"), "RUNNING");
    drop(readers);
    bed.settles_at(before);
}

#[test]
fn what_is_too_large_is_refused() {
    let bed = bed(PORT);
    let before = bed.shown().resident();
    let many = |count: usize, text: &str| text.repeat(count);
    let long_line = format!("GET /{} HTTP/1.1\r\nHost: x\r\n\r\n", many(100_000, "a"));
    let long_header = format!("GET / HTTP/1.1\r\nHost: x\r\nX: {}\r\n\r\n", many(100_000, "a"));
    let many_headers = format!("GET / HTTP/1.1\r\nHost: x\r\n{}\r\n", many(5000, "X: y\r\n"));
    for head in [long_line, long_header, many_headers] {
        let answer = status_at_end(&bed, head.as_bytes());
        assert!(answer.is_empty() || answer.contains(" 4"), "{answer}");
    }
    let announced = b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n";
    assert_eq!(status(&bed, announced), "HTTP/1.1 413 Request Entity Too Large");
    let endless = [
        b"POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n".as_slice(),
        &vec_of_chunks(20 << 20),
    ]
    .concat();
    assert_eq!(status(&bed, &endless), "HTTP/1.1 413 Request Entity Too Large");
    bed.eventually("memory is given back", || bed.shown().resident() < before + 16 * 1024);
    assert_eq!(bed.state("cat"), "RUNNING");
}

fn vec_of_chunks(bytes: usize) -> Vec<u8> {
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    chunk.repeat(bytes / 0x10000).into_bytes()
}

/// Documents that are small on the wire and large in memory, deep, endless, or no documents.
#[test]
fn bombs_do_not_go_off() {
    let bed = bed(PORT);
    let before = bed.shown().resident();
    let deep = |count: usize| {
        let open = "<value><array><data>".repeat(count);
        let close = "</data></array></value>".repeat(count);
        call(&format!("<param>{open}{close}</param>"))
    };
    let entities = format!(
        "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a \"{}\"><!ENTITY b \"{}\">]>{}",
        "a".repeat(1000),
        "&a;".repeat(1000),
        call(&format!("<param><value>{}</value></param>", "&b;".repeat(1000)))
    );
    let outside = format!(
        "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]>{}",
        call("<param><value>&a;</value></param>")
    );
    for refused in [
        deep(200),
        deep(100_000),
        entities,
        outside,
        call("<param><value>&b;</value></param>"),
        "<".repeat(1_000_000),
        "<a>".repeat(1_000_000),
        "\0".repeat(1000),
    ] {
        let answer = status(&bed, &post(&refused));
        assert_eq!(answer, "HTTP/1.1 400 Bad Request", "{:.100}", refused);
    }
    for taken in [deep(20), call(&"<param><value/></param>".repeat(350_000))] {
        assert_eq!(status(&bed, &post(&taken)), "HTTP/1.1 200 OK");
    }
    bed.eventually("memory is given back", || bed.shown().resident() < before + 16 * 1024);
    assert_eq!(bed.state("cat"), "RUNNING");
}

/// One call that asks for a large answer a thousand times.
#[test]
fn a_multicall_cannot_ask_for_more_than_there_is_memory() {
    let bed = bed(PORT);
    bed.write("out", &"x".repeat(8 << 20));
    let one = "<value><struct><member><name>methodName</name><value>supervisor.readProcessStdoutLog</value></member>\
               <member><name>params</name><value><array><data><value>cat</value><value><int>0</int></value><value><int>0</int></value>\
               </data></array></value></member></struct></value>";
    let calls = one.repeat(1000);
    let body = format!(
        "<methodCall><methodName>system.multicall</methodName><params><param><value><array><data>{calls}</data></array></value></param></params></methodCall>"
    );
    let mut stream = connect(&bed);
    stream.write_all(&post(&body)).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!((32 << 20..64 << 20).contains(&answer.len()), "{} bytes", answer.len());
    assert_eq!(answer.matches("<value><struct>").count(), 1000 - 4, "the rest is refused");
    assert_eq!(bed.state("cat"), "RUNNING");
}

/// Many clients that ask for much and take nothing hold no more than a few of them would, and others are served.
#[test]
fn answers_that_nobody_takes_are_bounded_together() {
    let bed = bed(PORT);
    bed.write("out", &"x".repeat(16 << 20));
    let before = bed.shown().resident();
    let ask = post(
        "<methodCall><methodName>supervisor.readProcessStdoutLog</methodName><params><param><value>cat</value></param>\
         <param><value><int>0</int></value></param><param><value><int>0</int></value></param></params></methodCall>",
    );
    let greedy: Vec<_> = (0..30)
        .map(|_| {
            let mut stream = connect(&bed);
            stream.write_all(&ask).unwrap();
            // The beginning of the answer shows that it was made.
            let mut start = [0; 12];
            stream.read_exact(&mut start).unwrap();
            (stream, start)
        })
        .collect();
    // Where the machine is slow, some have taken nothing for so long that they had to go.
    let refused = greedy.iter().filter(|(_, start)| start == b"HTTP/1.1 503").count();
    assert!((1..30).contains(&refused), "{refused} are refused");
    assert!(bed.shown().resident() < before + (160 << 10), "{} KiB", bed.shown().resident());
    assert_eq!(bed.state("cat"), "RUNNING");
    drop(greedy);
    bed.eventually("there is room again", || status(&bed, &ask) == "HTTP/1.1 200 OK");
    bed.eventually("memory is given back", || bed.shown().resident() < before + (32 << 10));
}

/// Every request cut at every length, and requests that follow each other without waiting.
#[test]
fn truncated_and_pipelined_requests() {
    let bed = bed(PORT);
    let before = bed.shown().descriptors().len();
    let request = post(&call(""));
    for length in (0..request.len()).step_by(7) {
        let mut stream = connect(&bed);
        stream.write_all(&request[..length]).unwrap();
    }
    bed.settles_at(before);
    let mut stream = connect(&bed);
    let one = "GET /ok.html HTTP/1.1\r\nHost: x\r\n\r\n";
    let pipeline = one.repeat(200) + "GET /ok.html HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(pipeline.as_bytes()).unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).unwrap();
    assert_eq!(answers.matches("HTTP/1.1 200 OK\r\n").count(), 201);
    bed.settles_at(before);
}

/// Smuggled, contradictory and nonsensical heads: an answer of 400 or none, and the connection ends.
#[test]
fn contradictory_requests_end_their_connection() {
    let bed = bed(PORT);
    for head in [
        "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        "POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551616\r\n\r\n",
        "POST /RPC2 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: nonsense\r\n\r\n",
        "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        "GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        "\x16\x03\x01\x02\0\x01\0\x01\u{fc}\x03\x03",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    ] {
        let answer = status_at_end(&bed, head.as_bytes());
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{head:?}: {answer}");
    }
    assert_eq!(bed.state("cat"), "RUNNING");
}

/// Names of files are never made of what a client sends.
#[test]
fn no_path_leads_out() {
    let bed = bed(PORT);
    for path in [
        "/../../../../etc/passwd",
        "/images/../../../../etc/passwd",
        "/images/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/stylesheets/..%2f..%2f..%2fetc/passwd",
        "/images//etc/passwd",
        "/images/icon.png%00.html",
        "/logtail/../../etc/passwd",
        "/logtail/%2e%2e%2f%2e%2e%2fetc%2fpasswd",
        "/logtail/cat/..%2f..%2fetc%2fpasswd",
        "/logtail//etc/passwd",
        "//etc/passwd",
        "/%",
        "/%zz/%f",
        "http://other/etc/passwd",
    ] {
        let mut stream = connect(&bed);
        write!(stream, "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer = String::from_utf8_lossy(&answer);
        assert!(answer.starts_with("HTTP/1.1 40"), "{path}: {:.200}", answer);
        assert!(!answer.contains("root:"), "{path}");
    }
}

/// Nothing is answered without credentials, not even whether a page exists; nothing is done.
#[test]
fn every_route_without_credentials_is_401_and_nothing_more() {
    let bed = bed(PROTECTED);
    let before = bed.shown().descriptors().len();
    let mut answers = Vec::new();
    for request in [
        "GET /",
        "GET /index.html",
        "GET /index.html?action=stopall",
        "GET /index.html?processname=cat&action=stop",
        "POST /index.html",
        "GET /tail.html?processname=cat",
        "GET /ok.html",
        "GET /status.html",
        "GET /stylesheets/supervisor.css",
        "GET /images/icon.png",
        "HEAD /images/icon.png",
        "GET /images",
        "GET /logtail/cat",
        "GET /logtail/cat/stderr",
        "GET /logtail/nobody",
        "GET /mainlogtail",
        "POST /RPC2",
        "GET /RPC2",
        "PUT /",
        "DELETE /RPC2",
        "OPTIONS *",
        "GET /nothing",
        "GET /../etc/passwd",
        "TRACE /",
        "GET /metrics",
        "GET /healthz",
        "GET /favicon.ico",
    ] {
        let body = call("");
        let mut stream = connect(&bed);
        write!(stream, "{request} HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
        let _ = stream.write_all(body.as_bytes());
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        // What a HEAD is answered with has no body.
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{request}: {answer:?}"));
        assert!(head.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{request}: {head}");
        let head: Vec<_> =
            head.lines().filter(|line| !line.starts_with("Date: ")).map(str::to_owned).collect();
        if !request.starts_with("HEAD") {
            answers.push((head, body.to_owned()));
        }
    }
    // All are the same, so that nobody learns what is there.
    answers.dedup();
    assert_eq!(answers.len(), 1, "{answers:#?}");
    assert_eq!(bed.state("cat"), "RUNNING");
    bed.settles_at(before);
}

/// A wrong password is told to the administrator, with the peer, and costs the peer time; others are not slowed down.
#[test]
fn a_failed_login_is_logged_and_slows_its_peer_down() {
    let bed = bed(PROTECTED);
    let login = |password: &str| {
        use std::process::Command;
        // Base64 is not worth a dependency of the tests.
        let encoded = bed.finish(Command::new("base64"), &format!("user:{password}")).stdout;
        let head = format!(
            "GET /ok.html HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: Basic {}\r\n\r\n",
            encoded.trim()
        );
        let start = Instant::now();
        (status(&bed, head.as_bytes()), start.elapsed())
    };
    assert_eq!(login("secret").0, "HTTP/1.1 200 OK");
    for _ in 0..3 {
        assert_eq!(login("guess").0, "HTTP/1.1 401 Unauthorized");
    }
    bed.logs_times(
        3,
        "WARN Server 'inet_http_server' refused a login from 127.0.0.1: wrong name or password",
    );
    // Three failures: the fourth attempt waits a second, be it right.
    let (answer, time) = login("secret");
    assert_eq!(answer, "HTTP/1.1 200 OK");
    assert!(time >= Duration::from_millis(500), "{time:?}");
    assert!(
        !bed.read("supervisord.log").contains("guess"),
        "what is tried is not logged: it may be nearly right"
    );
    assert_eq!(bed.state("cat"), "RUNNING");
}

/// Clients that go away while an answer is found out, or while they follow a log.
#[test]
fn clients_that_go_away_are_forgotten() {
    let text = format!("{PORT}[program:slow]\ncommand=/bin/cat\nstartsecs=3600\nautostart=false\n");
    let bed = bed(&text);
    let before = bed.shown().descriptors().len();
    let waiting: Vec<_> = (0..100)
        .map(|number| {
            let mut stream = connect(&bed);
            let name = if number == 0 { "slow" } else { "cat" };
            match number % 2 {
                0 => {
                    let body = format!("<methodCall><methodName>supervisor.startProcess</methodName><params><param><value>{name}</value></param></params></methodCall>");
                    stream.write_all(&post(&body)).unwrap();
                }
                _ => {
                    stream.write_all(b"GET /logtail/cat HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
                    assert_ne!(stream.read(&mut [0; 100]).unwrap(), 0);
                }
            }
            stream
        })
        .collect();
    bed.state_becomes("slow", "STARTING");
    drop(waiting);
    bed.ask("sendProcessStdin", ["cat".into(), "after\n".into()]);
    bed.file_becomes("out", "after\n");
    bed.ask("stopProcess", ["slow".into()]);
    bed.settles_at(before);
}

/// A client that follows a log and takes nothing holds up neither the program nor other readers, and costs no memory.
#[test]
fn a_reader_that_takes_nothing_holds_up_nobody() {
    let bed = bed(PORT);
    let mut deaf = connect(&bed);
    deaf.write_all(b"GET /logtail/cat HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    assert_ne!(deaf.read(&mut [0; 10]).unwrap(), 0);
    let before = bed.shown().resident();
    let line = "x".repeat(100_000) + "\n";
    for _ in 0..200 {
        bed.ask("sendProcessStdin", ["cat".into(), line.as_str().into()]);
    }
    bed.eventually("all is logged", || {
        bed.path("out").metadata().is_ok_and(|found| found.len() == 200 * 100_001)
    });
    assert!(bed.shown().resident() < before + 8 * 1024);
    let mut other = bed.connect();
    other.send("GET /logtail/cat HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(other.head().code(), 200);
    assert_eq!(other.chunks(1024).len(), 1024);
}

/// A page of another site makes its visitor's browser send requests: none changes anything.
#[test]
fn another_site_changes_nothing() {
    let bed = bed(PORT);
    let stop = "<methodCall><methodName>supervisor.stopProcess</methodName><params><param><value>cat</value></param></params></methodCall>";
    for (line, headers, body) in [
        ("GET /index.html?processname=cat&action=stop", "Referer: http://evil/\r\n", ""),
        ("GET /index.html?action=stopall", "Sec-Fetch-Site: cross-site\r\n", ""),
        (
            "POST /index.html",
            "Origin: http://evil\r\nContent-Type: application/x-www-form-urlencoded\r\n",
            "action=stopall",
        ),
        ("POST /RPC2", "Origin: http://evil\r\n", stop),
        ("POST /RPC2", "Sec-Fetch-Site: same-site\r\n", stop),
        ("POST /RPC2", "Origin: null\r\n", stop),
    ] {
        let request = format!(
            "{line} HTTP/1.1\r\nHost: supervisor:9001\r\nConnection: close\r\n{headers}Content-Length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer = status(&bed, request.as_bytes());
        assert!(answer.starts_with("HTTP/1.1 "), "{line}: {answer}");
        assert_eq!(bed.state("cat"), "RUNNING", "{line} {headers}");
    }
}

/// Others of the machine do not reach a socket that is one user's.
#[test]
fn the_unix_socket_is_for_its_owner() {
    harness::needs_root!();
    let bed = bed("");
    std::fs::set_permissions(bed.path(""), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let url = format!("unix://{}/supervisor.sock", bed.here());
    let ctl = harness::supervisorctl().display().to_string();
    let asks = |uid: &str| {
        let mut command = std::process::Command::new("setpriv");
        command.args(["--reuid", uid, "--clear-groups", &ctl, "-s", &url, "pid"]);
        bed.finish(command, "")
    };
    assert_eq!(asks("root").code, Some(0));
    let refused = asks("nobody");
    assert_ne!(refused.code, Some(0));
    assert!(!refused.stdout.contains(&bed.pid().to_string()), "{refused:?}");
}

/// Each server has its own credentials, or none.
#[test]
fn a_password_guards_the_port_and_not_the_socket() {
    let bed = Setup { text: PROTECTED, ..Setup::default() }.start();
    assert_eq!(status(&bed, b"GET /ok.html HTTP/1.0\r\n\r\n"), "HTTP/1.0 401 Unauthorized");
    assert_eq!(bed.get("/ok.html").body, "OK");
}
