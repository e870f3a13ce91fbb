//! The servers as clients see them: real sockets, and a supervisor that is a few lines.

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use supervisor_config::sections::{Credentials, HttpServer, InetAddress, Listen, UnixAddress};
use supervisor_rpc::fault::Code;
use supervisor_rpc::value::{Value, to_value};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};
use tokio::sync::{mpsc, oneshot};

use super::*;
use crate::rpc::{Answer, Ask, Call};

const CEILING: Duration = Duration::from_secs(30);

/// A daemon without processes, in a folder of its own.
struct Bed {
    folder: tempfile::TempDir,
    servers: Option<Servers>,
    port: u16,
    /// Calls of `supervisor.startProcess`, which nobody answers.
    started: mpsc::UnboundedReceiver<oneshot::Sender<Answer>>,
}

impl Bed {
    fn new(password: Option<&str>) -> Self {
        Self::with_limit(password, 400)
    }

    fn with_limit(password: Option<&str>, limit: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let credentials = password
            .map(|password| Credentials { username: "user".to_owned(), password: password.to_owned() });
        let address = InetAddress { host: "127.0.0.1".to_owned(), port: 0 };
        let unix = UnixAddress { file: folder.path().join("s.sock"), chmod: 0o700, chown: (None, None) };
        let bound = open(&[
            HttpServer {
                section: "inet_http_server".to_owned(),
                listen: Listen::Inet(address),
                credentials: credentials.clone(),
            },
            HttpServer { section: "unix_http_server".to_owned(), listen: Listen::Unix(unix), credentials },
        ])
        .expect("opened");
        let port = bound[0].local_address().expect("an address").port();
        let (handle, calls) = Handle::new(8);
        let (sender, started) = mpsc::unbounded_channel();
        tokio::task::spawn_local(supervise(calls, folder.path().join("log"), sender));
        let context = ServerContext {
            identifier: "supervisor".to_owned(),
            version: "4.3.0",
            namespaces: Namespaces::new(["supervisor".to_owned()]),
        };
        let servers = Some(serve_at_most(limit, bound, handle, context));
        Self { folder, servers, port, started }
    }

    fn common(&self) -> &Common {
        &self.servers.as_ref().expect("running").common
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    async fn connect(&self) -> Client<TcpStream> {
        Client(TcpStream::connect(("127.0.0.1", self.port)).await.expect("connected"))
    }

    /// One request whose answer ends with the connection. The date is taken out.
    async fn ask(&self, request: &str) -> String {
        let mut client = self.connect().await;
        client.send(request).await;
        client.rest().await
    }

    async fn get(&self, path: &str, headers: &str) -> String {
        self.ask(&format!("GET {path} HTTP/1.1\r\nHost: h:9001\r\nConnection: close\r\n{headers}\r\n")).await
    }

    async fn status(&self, request_line: &str, headers: &str) -> String {
        let answer = self
            .ask(&format!("{request_line} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n{headers}\r\n"))
            .await;
        answer.lines().next().unwrap_or_default().to_owned()
    }
}

struct Client<S>(S);

impl<S: AsyncReadExt + AsyncWriteExt + Unpin> Client<S> {
    async fn send(&mut self, text: &str) {
        self.0.write_all(text.as_bytes()).await.expect("sent");
    }

    /// Reads until the text occurs.
    async fn until(&mut self, text: &str) -> String {
        let mut seen = String::new();
        let read = async {
            while !seen.contains(text) {
                let mut buffer = [0; 4096];
                match self.0.read(&mut buffer).await {
                    Ok(0) | Err(_) => break,
                    Ok(read) => seen.push_str(&String::from_utf8_lossy(&buffer[..read])),
                }
            }
        };
        let _ = tokio::time::timeout(CEILING, read).await;
        assert!(seen.contains(text), "{text:?} is not in {seen:?}");
        without_date(&seen)
    }

    /// Reads until the connection ends.
    async fn rest(&mut self) -> String {
        let mut bytes = Vec::new();
        let read = self.0.read_to_end(&mut bytes);
        let _ = tokio::time::timeout(CEILING, read).await.expect("the connection ends");
        without_date(&String::from_utf8_lossy(&bytes))
    }
}

fn without_date(text: &str) -> String {
    text.split_inclusive("\r\n").filter(|line| !line.starts_with("Date: ")).collect()
}

/// Answers as a supervisor with one process named `cat`.
async fn supervise(
    mut calls: mpsc::Receiver<Call>,
    log: PathBuf,
    started: mpsc::UnboundedSender<oneshot::Sender<Answer>>,
) {
    while let Some(Call { ask, reply }) = calls.recv().await {
        let answer = match ask {
            Ask::MainLogPath => Answer::Path(Some(log.clone())),
            Ask::LogPath { namespec, stderr: false } if namespec == "cat" => Answer::Path(Some(log.clone())),
            Ask::LogPath { .. } => Answer::Path(None),
            Ask::Processes(crate::rpc::Writer(write)) => Answer::Written(write(&mut std::iter::empty())),
            Ask::Method { name, params } => match name {
                "supervisor.startProcess" => {
                    let _ = started.send(reply);
                    continue;
                }
                "supervisor.getAllProcessInfo" => Answer::Value(Value::Array(Vec::new())),
                "supervisor.getProcessInfo" if params != ["cat".into()] => {
                    Answer::Fault(Code::BadName.with("x"))
                }
                "supervisor.getState" => Answer::Value(
                    to_value(&supervisor_rpc::info::StateInfo {
                        statecode: 1,
                        statename: "RUNNING".to_owned(),
                    })
                    .expect("a struct"),
                ),
                _ => Answer::Value(true.into()),
            },
        };
        let _ = reply.send(answer);
    }
}

fn run<F: Future<Output = ()>>(test: impl FnOnce() -> F) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    tokio::task::LocalSet::new().block_on(&runtime, async { test().await });
}

fn call(method: &str) -> String {
    let body = format!("<methodCall><methodName>{method}</methodName></methodCall>");
    format!("POST /RPC2 HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn closing(request: &str) -> String {
    request.replacen("HTTP/1.1\r\n", "HTTP/1.1\r\nConnection: close\r\n", 1)
}

const TRUE: &str = "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n\
                    <value><boolean>1</boolean></value>\n</param>\n</params>\n</methodResponse>\n";

async fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    let wait = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(CEILING, wait).await.unwrap_or_else(|_| panic!("{what}"));
}

#[test]
fn a_call_is_answered_as_the_original_answers_it() {
    run(|| async {
        let bed = Bed::new(None);
        let answer = bed.ask(&closing(&call("supervisor.shutdown"))).await;
        let head = format!(
            "HTTP/1.1 200 OK\r\nServer: Medusa/1.12\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n",
            TRUE.len()
        );
        assert!(answer.starts_with(&head), "{answer}");
        assert!(answer.ends_with(TRUE), "{answer}");
        let unknown = bed.ask(&closing(&call("supervisor.nothing"))).await;
        assert!(unknown.contains("<int>1</int>") && unknown.contains("UNKNOWN_METHOD"), "{unknown}");
    });
}

#[test]
fn what_is_no_call_is_a_bad_request() {
    run(|| async {
        let bed = Bed::new(None);
        for body in ["", "<", "<methodCall></methodCall>", "\u{0}", "<!DOCTYPE x><methodCall/>"] {
            let headers = format!("Content-Length: {}\r\n\r\n{body}", body.len());
            assert_eq!(bed.status("POST /RPC2", &headers).await, "HTTP/1.1 400 Bad Request", "{body:?}");
        }
        assert_eq!(bed.status("GET /RPC2", "").await, "HTTP/1.1 400 Bad Request");
        assert_eq!(bed.status("POST /RPC2", "").await, "HTTP/1.1 411 Length Required");
        let large = format!("Content-Length: {}\r\n", upload::CALL + 1);
        assert_eq!(bed.status("POST /RPC2", &large).await, "HTTP/1.1 413 Request Entity Too Large");
    });
}

#[test]
fn clients_may_send_in_every_way_that_http_knows() {
    run(|| async {
        let bed = Bed::new(None);
        let mut client = bed.connect().await;
        client.send(&format!("{}{}", call("supervisor.shutdown"), call("supervisor.restart"))).await;
        let both = client.until("</methodResponse>\n").await;
        let rest = if both.matches(TRUE).count() == 2 { String::new() } else { client.until(TRUE).await };
        assert_eq!((both + &rest).matches(TRUE).count(), 2, "pipelined");

        let body = "<methodCall><methodName>supervisor.shutdown</methodName></methodCall>";
        client.send("POST /RPC2 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n").await;
        for byte in body.as_bytes().chunks(7) {
            client.send(&format!("{:x}\r\n{}\r\n", byte.len(), String::from_utf8_lossy(byte))).await;
        }
        client.send("0\r\n\r\n").await;
        client.until(TRUE).await;

        let head =
            format!("POST /RPC2 HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: {}\r\n\r\n", body.len());
        client.send(&head).await;
        client.until("HTTP/1.1 100 Continue\r\n\r\n").await;
        client.send(body).await;
        client.until(TRUE).await;

        let old = call("supervisor.shutdown").replace("HTTP/1.1", "HTTP/1.0");
        let answer = bed.ask(&old).await;
        assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
        let kept = old.replace("HTTP/1.0\r\n", "HTTP/1.0\r\nConnection: Keep-Alive\r\n");
        client.send(&format!("{kept}{kept}")).await;
        assert!(client.until("eep-").await.contains("HTTP/1.0 200 OK"));
    });
}

#[test]
fn a_connection_that_dozed_wakes_up_with_all_it_had() {
    run(|| async {
        let bed = Bed::new(None);
        let mut client = bed.connect().await;
        client.send("GET /ok.html HTTP/1.1\r\n\r\nGET /ok.ht").await;
        client.until("\r\n\r\nOK").await;
        for part in ["ml HTTP/1.1\r\n\r\n", "GET /ok.html HTTP/1.1\r\n\r\n"] {
            tokio::time::sleep(Duration::from_millis(1200)).await;
            client.send(part).await;
            client.until("\r\n\r\nOK").await;
        }
    });
}

#[test]
fn what_a_client_asked_for_is_done_also_when_it_goes_away() {
    run(|| async {
        let mut bed = Bed::new(None);
        let body = "<methodCall><methodName>supervisor.startProcess</methodName><params><param><value>cat</value>\
                    </param></params></methodCall>";
        let call = format!("POST /RPC2 HTTP/1.1\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        let action = "GET /index.html?processname=cat&action=restart HTTP/1.1\r\n\r\n".to_owned();
        for request in [call, action] {
            for _ in 0..20 {
                let mut client = bed.connect().await;
                client.send(&request).await;
                drop(client);
            }
            for _ in 0..20 {
                let reply = tokio::time::timeout(CEILING, bed.started.recv()).await.expect("called");
                eventually("its place is free", || bed.common().connections.len() == 0).await;
                reply.expect("a call").send(Answer::Value(true.into())).expect("the work goes on");
            }
        }
    });
}

#[test]
fn without_password_every_route_says_nothing_but_401() {
    run(|| async {
        let bed = Bed::new(Some("secret"));
        let mut answers = Vec::new();
        for line in [
            "POST /RPC2",
            "GET /RPC2",
            "GET /",
            "GET /nothing",
            "HEAD /",
            "PUT /x",
            "GET /logtail/cat",
            "GET /mainlogtail",
            "GET /stylesheets/supervisor.css",
            "GET /index.html?action=stopall",
            "POST /index.html?action=stopall",
            "GET /ok.html",
            "GET /../../etc/passwd",
        ] {
            let answer = bed.ask(&format!("{line} HTTP/1.1\r\nContent-Length: 0\r\n\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 401 Unauthorized\r\n"), "{line}: {answer}");
            assert!(answer.contains("Basic realm=\"default\""));
            if !line.starts_with("HEAD") {
                answers.push(answer);
            }
        }
        answers.dedup();
        assert_eq!(answers.len(), 1, "{answers:#?}");
        assert!(bed.common().logins.borrow().is_empty(), "no attempt was made");
    });
}

#[test]
fn a_password_opens_and_a_wrong_one_is_remembered() {
    run(|| async {
        let bed = Bed::new(Some("secret"));
        let right = "Authorization: Basic dXNlcjpzZWNyZXQ=\r\n";
        assert_eq!(bed.status("GET /ok.html", right).await, "HTTP/1.1 200 OK");
        assert_eq!(
            bed.status("GET /ok.html", "Authorization: Basic eDp5\r\n").await,
            "HTTP/1.1 401 Unauthorized"
        );
        assert!(!bed.common().logins.borrow().is_empty());
        assert_eq!(bed.status("GET /ok.html", right).await, "HTTP/1.1 200 OK");
    });
}

#[test]
fn another_site_changes_nothing() {
    run(|| async {
        let bed = Bed::new(None);
        let foreign = "Origin: http://evil\r\nContent-Length: 0\r\n";
        let crossed = "Sec-Fetch-Site: cross-site\r\n";
        for (line, headers) in [
            ("POST /RPC2", foreign),
            ("POST /index.html?action=refresh", foreign),
            ("GET /index.html?action=refresh", crossed),
            ("GET /?action=refresh", "Referer: http://evil/page\r\n"),
        ] {
            assert_eq!(bed.status(line, headers).await, "HTTP/1.1 403 Forbidden", "{line}");
        }
        let form = "Content-Type: application/x-www-form-urlencoded\r\nOrigin: http://evil\r\nContent-Length: 14\r\n\r\n\
                    action=refresh";
        assert_eq!(bed.status("POST /", form).await, "HTTP/1.1 403 Forbidden");
        assert_eq!(bed.status("GET /", crossed).await, "HTTP/1.1 200 OK", "looking is free");
        let own = "Origin: http://h\r\nContent-Length: 0\r\n";
        assert_eq!(
            bed.status("POST /index.html?action=refresh", own).await,
            "HTTP/1.1 301 Moved Permanently"
        );
    });
}

#[test]
fn an_action_sends_the_browser_back_with_its_message() {
    run(|| async {
        let bed = Bed::new(None);
        let answer = bed.get("/index.html?processname=cat&action=stop", "").await;
        assert!(answer.starts_with("HTTP/1.1 301 Moved Permanently\r\n"), "{answer}");
        assert!(
            answer.contains("\r\nLocation: http://h:9001/?message=Process%20cat%20stopped\r\n"),
            "{answer}"
        );
        assert!(answer.contains("\r\nCache-Control: no-cache\r\n"), "{answer}");
        let unknown = bed.get("//index.html?processname=dog&action=nonsense", "").await;
        assert!(unknown.contains("/?message=No%20such%20process%20named%20dog\r\n"), "{unknown}");
        assert!(bed.get("/?action=stop", "").await.starts_with("HTTP/1.1 500 Internal Server Error\r\n"));
        let old = bed.ask("GET /?action=stopall HTTP/1.0\r\n\r\n").await;
        assert!(
            old.contains(&format!("Location: http://localhost:{}/?message=All%20stopped", bed.port)),
            "{old}"
        );
        let script = bed.get("/?processname=cat&action=stop", "X-Requested-With: supervisor\r\n").await;
        assert!(
            script.starts_with("HTTP/1.1 200 OK\r\n") && script.contains(">Process cat stopped</div>"),
            "{script}"
        );
    });
}

#[test]
fn routes_answer_as_those_of_the_original() {
    run(|| async {
        let bed = Bed::new(None);
        for (line, status) in [
            ("GET /", "200 OK"),
            ("GET ///index.html", "200 OK"),
            ("GET /tail.html", "200 OK"),
            ("GET /status.html", "200 OK"),
            ("HEAD /", "404 Not Found"),
            ("HEAD /nothing", "404 Not Found"),
            ("GET /nothing", "404 Not Found"),
            ("PUT /", "400 Bad Request"),
            ("OPTIONS *", "400 Bad Request"),
            ("GET /images", "301 Moved Permanently"),
            ("GET /images/", "404 Not Found"),
            ("GET /images/../../../etc/passwd", "404 Not Found"),
            ("GET /images/%2e%2e/supervisor.css", "404 Not Found"),
            ("HEAD /images/state3.gif", "200 OK"),
            ("GET /logtail", "404 Not Found"),
            ("GET /logtail/dog", "404 Not Found"),
            ("GET /logtail/cat/nothing", "404 Not Found"),
            ("POST /logtail/cat", "400 Bad Request"),
            ("POST /mainlogtail", "400 Bad Request"),
        ] {
            assert_eq!(bed.status(line, "").await, format!("HTTP/1.1 {status}"), "{line}");
        }
        let ok = bed.get("/ok.html", "").await;
        assert!(ok.contains("Content-Type: text/plain\r\n") && ok.ends_with("\r\n\r\nOK"), "{ok}");
        let icon = "icon.png rule.gif state0.gif state1.gif state2.gif state3.gif supervisor.gif";
        for name in icon.split(' ') {
            let answer = bed.get(&format!("/images/{name}"), "").await;
            assert!(
                answer.contains("\r\nLast-Modified: ") && answer.contains("\r\nContent-Type: image/"),
                "{answer}"
            );
        }
        let fresh = "If-Modified-Since: Fri, 31 Dec 2100 23:59:59 GMT; length=3\r\n";
        assert_eq!(bed.status("GET /images/rule.gif", fresh).await, "HTTP/1.1 304 Not Modified");
        let old = "If-Modified-Since: Fri, 31 Dec 1999 23:59:59 GMT\r\n";
        assert_eq!(bed.status("GET /images/rule.gif", old).await, "HTTP/1.1 200 OK");
    });
}

#[test]
fn a_log_is_followed_by_many_at_once() {
    run(|| async {
        let bed = Bed::new(None);
        fs::write(bed.log(), "first\n").expect("written");
        let mut clients = Vec::new();
        for index in 0..200 {
            let mut client = bed.connect().await;
            let version = if index % 2 == 0 { "1.1" } else { "1.0" };
            client.send(&format!("GET /logtail/%63at HTTP/{version}\r\n\r\n")).await;
            clients.push(client);
        }
        let head = clients[0].until("first\n").await;
        assert!(head.starts_with("HTTP/1.1 200 OK\r\nServer: Medusa/1.12\r\nLast-Modified: "), "{head}");
        assert!(head.contains("\r\nContent-Type: text/plain;charset=utf-8\r\n"), "{head}");
        assert!(head.contains("\r\nX-Accel-Buffering: no\r\n"), "{head}");
        assert!(head.contains("ransfer-Encoding: chunked\r\n"), "{head}");
        for client in &mut clients[1..] {
            client.until("first\n").await;
        }
        let mut log = fs::File::options().append(true).open(bed.log()).expect("opened");
        std::io::Write::write_all(&mut log, b"second\n").expect("written");
        for client in &mut clients {
            client.until("second\n").await;
        }
        drop(clients);
        eventually("all places are free", || bed.common().connections.len() == 0).await;
    });
}

#[test]
fn a_missing_log_is_not_found() {
    run(|| async {
        let bed = Bed::new(None);
        assert_eq!(bed.status("GET /mainlogtail", "").await, "HTTP/1.1 404 Not Found");
        assert_eq!(bed.status("GET /logtail/cat", "").await, "HTTP/1.1 404 Not Found");
    });
}

#[test]
fn a_flood_of_silent_connections_keeps_nobody_out() {
    run(|| async {
        let bed = Bed::with_limit(None, 20);
        let mut flood = Vec::new();
        for _ in 0..100 {
            let mut client = bed.connect().await;
            client.send("GET / HT").await;
            flood.push(client);
        }
        assert_eq!(bed.status("GET /ok.html", "").await, "HTTP/1.1 200 OK");
        assert!(bed.common().connections.len() <= 20);
        drop(flood);
        eventually("all places are free", || bed.common().connections.len() == 0).await;
    });
}

#[test]
fn headers_have_bounds() {
    run(|| async {
        let bed = Bed::new(None);
        let long = format!("X: {}\r\n", "x".repeat(100_000));
        let many = "X: y\r\n".repeat(200);
        for headers in [long, many] {
            let mut client = bed.connect().await;
            // The server need not read it all.
            let _ = client.0.write_all(format!("GET / HTTP/1.1\r\n{headers}\r\n").as_bytes()).await;
            let mut answer = [0; 12];
            if let Ok(Ok(read)) = tokio::time::timeout(CEILING, client.0.read(&mut answer)).await {
                assert_ne!(&answer[..read], b"HTTP/1.1 200");
            }
        }
        assert_eq!(bed.status("GET /ok.html", "").await, "HTTP/1.1 200 OK");
    });
}

#[test]
fn closing_sends_the_last_answers_and_ends_the_streams() {
    run(|| async {
        let mut bed = Bed::new(None);
        fs::write(bed.log(), "first\n").expect("written");
        let mut follower = bed.connect().await;
        follower.send("GET /mainlogtail HTTP/1.1\r\n\r\n").await;
        follower.until("first\n").await;
        let mut idle = bed.connect().await;
        idle.send(&call("supervisor.getState")).await;
        idle.until("RUNNING").await;
        let mut waiting = bed.connect().await;
        waiting
            .send("POST /index.html?processname=cat&action=start HTTP/1.1\r\nContent-Length: 0\r\n\r\n")
            .await;
        let reply = bed.started.recv().await.expect("a call");
        let servers = bed.servers.take().expect("running");
        let (answer, (), ()) = tokio::join!(waiting.rest(), servers.close(), async {
            tokio::task::yield_now().await;
            reply.send(Answer::Value(true.into())).expect("somebody waits");
        });
        assert!(answer.contains("Process%20cat%20started"), "{answer}");
        assert_eq!(follower.rest().await, "0\r\n\r\n");
        assert_eq!(idle.rest().await, "");
        assert!(!bed.folder.path().join("s.sock").exists());
        assert!(TcpStream::connect(("127.0.0.1", bed.port)).await.is_err());
    });
}

#[test]
fn dropping_the_servers_frees_their_addresses_at_once() {
    run(|| async {
        let mut bed = Bed::new(None);
        let mut client = bed.connect().await;
        client.send(&call("supervisor.getState")).await;
        client.until("RUNNING").await;
        drop(bed.servers.take());
        let address = InetAddress { host: "127.0.0.1".to_owned(), port: bed.port };
        let server = HttpServer { section: String::new(), listen: Listen::Inet(address), credentials: None };
        open(&[server]).expect("opened again");
        assert!(!bed.folder.path().join("s.sock").exists());
        assert_eq!(client.rest().await, "");
    });
}

#[test]
fn a_removed_socket_file_comes_back() {
    run(|| async {
        let bed = Bed::new(None);
        let file = bed.folder.path().join("s.sock");
        for _ in 0..3 {
            let mut client = Client(UnixStream::connect(&file).await.expect("connected"));
            client.send("GET /ok.html HTTP/1.0\r\n\r\n").await;
            assert!(client.rest().await.ends_with("OK"));
            fs::remove_file(&file).expect("removed");
            eventually("the file is back", || file.exists()).await;
        }
        drop(bed);
    });
}

#[test]
fn nothing_that_is_sent_ends_the_server() {
    run(|| async {
        let bed = Bed::new(None);
        for garbage in [
            "\r\n\r\n",
            "GET\r\n\r\n",
            "GET / HTTP/9.9\r\n\r\n",
            "\u{0}\u{1}\u{2}",
            "GET / HTTP/1.1\r\n:\r\n\r\n",
        ] {
            let mut client = bed.connect().await;
            client.send(garbage).await;
            client.0.shutdown().await.expect("shut down");
            client.rest().await;
        }
        assert_eq!(bed.status("GET /ok.html", "").await, "HTTP/1.1 200 OK");
    });
}
