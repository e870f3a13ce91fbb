//! The client against servers that speak from a script.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::*;

fn block_on<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime").block_on(future)
}

/// Reads one request, whole.
fn read_request(stream: &mut impl Read) -> String {
    let mut text = String::new();
    let mut byte = [0];
    let complete = |text: &str| {
        let (head, body) = text.split_once("\r\n\r\n")?;
        let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
        let length: usize = length.map_or(Some(0), |length| length.parse().ok())?;
        (body.len() >= length).then_some(())
    };
    while complete(&text).is_none() && stream.read(&mut byte).is_ok_and(|count| count == 1) {
        text.push(byte[0].into());
    }
    text
}

/// Answers one request after the other, each connection with its list of answers; gives the requests back.
fn serve(connections: Vec<Vec<String>>) -> (Client, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let server = std::thread::spawn(move || {
        let mut requests = Vec::new();
        for answers in connections {
            let (mut stream, _) = listener.accept().expect("a connection");
            for answer in answers {
                requests.push(read_request(&mut stream));
                stream.write_all(answer.as_bytes()).expect("still connected");
            }
        }
        requests
    });
    let address = Address::Inet { host: "127.0.0.1".into(), port };
    let credentials = Credentials { username: "user".into(), password: "a:b".into() };
    (Client::new(address, Some(credentials)), server)
}

fn ok(document: &str) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{document}", document.len())
}

#[test]
fn calls_share_a_connection() {
    let answers = vec![ok(&xml::write_response(&"3.0".into())), ok(&xml::write_response(&Value::Int(7)))];
    let (mut client, server) = serve(vec![answers]);
    block_on(async {
        assert_eq!(client.call("supervisor.getVersion", &[]).await.expect("a value"), "3.0".into());
        assert_eq!(client.call("supervisor.getPID", &[]).await.expect("a value"), Value::Int(7));
    });
    let requests = server.join().expect("served");
    assert!(requests[0].starts_with("POST /RPC2 HTTP/1.1\r\n"));
    assert!(requests[0].contains("authorization: Basic dXNlcjphOmI=\r\n"));
    assert!(requests[1].ends_with(&xml::write_request("supervisor.getPID", &[])));
}

#[test]
fn a_connection_closed_in_between_is_opened_again() {
    let answer = ok(&xml::write_response(&Value::Bool(true)));
    let closing = answer.replacen("OK\r\n", "OK\r\nConnection: close\r\n", 1);
    let (mut client, server) = serve(vec![vec![closing], vec![answer]]);
    block_on(async {
        for _ in 0..2 {
            assert_eq!(client.call("a.b", &[]).await.expect("a value"), Value::Bool(true));
        }
    });
    assert_eq!(server.join().expect("served").len(), 2);
}

#[test]
fn errors_are_told_apart() {
    let fault = Fault { code: 10, text: "BAD_NAME: x".into() };
    let (mut client, server) = serve(vec![
        vec![ok(&xml::write_fault(&fault)), ok("<html/>")],
        vec!["HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n".into()],
        vec!["no http\r\n\r\n".into()],
    ]);
    block_on(async {
        assert!(matches!(client.call("a.b", &[]).await, Err(ClientError::Fault(seen)) if seen == fault));
        assert!(matches!(client.call("a.b", &[]).await, Err(ClientError::BadDocument(_))));
        client.disconnect();
        let status = client.call("a.b", &[]).await;
        assert!(matches!(status, Err(ClientError::Status { code: 401, reason }) if reason == "Unauthorized"));
        assert!(matches!(client.call("a.b", &[]).await, Err(ClientError::Http(_))));
        server.join().expect("served");
        assert!(matches!(client.call("a.b", &[]).await, Err(ClientError::Refused)));
        let mut client = Client::new(Address::Unix("/nonexistent/socket".into()), None);
        assert!(matches!(client.call("a.b", &[]).await, Err(ClientError::NoSuchFile)));
    });
}

#[test]
fn a_stream_gives_chunks_as_they_come() {
    let answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let (client, server) = serve(vec![vec![answer.into()]]);
    let mut seen = Vec::new();
    block_on(async {
        let mut stream = client.get("/logtail/a b:c/stdout").await.expect("a stream");
        while let Some(bytes) = stream.next().await.expect("unbroken") {
            seen.extend_from_slice(&bytes);
        }
    });
    assert_eq!(seen, b"abcde");
    assert!(server.join().expect("served")[0].starts_with("GET /logtail/a%20b:c/stdout HTTP/1.1\r\n"));
}
