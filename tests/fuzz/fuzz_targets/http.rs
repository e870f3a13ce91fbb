//! Any bytes on a connection, to a server without and to one with a password: it answers and ends the connection, and who has no
//! password learns and causes nothing.
#![no_main]

use std::cell::{Cell, RefCell};
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use libfuzzer_sys::fuzz_target;
use supervisor_config::sections::{Credentials, HttpServer, Listen, UnixAddress};
use supervisord::http::{self, ServerContext};
use supervisord::rpc::system::Namespaces;
use supervisord::rpc::{Answer, Ask, Call, Handle, Writer};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

struct Bed {
    runtime: Runtime,
    folder: tempfile::TempDir,
}

thread_local! {
    static BED: RefCell<Bed> = RefCell::new(Bed {
        runtime: Builder::new_current_thread().enable_all().build().expect("a runtime"),
        folder: tempfile::tempdir().expect("a folder"),
    });
}

fuzz_target!(|input: (bool, &[u8])| BED.with_borrow(|bed| {
    LocalSet::new().block_on(&bed.runtime, converse(bed.folder.path(), input.0, input.1));
}));

async fn converse(folder: &Path, has_password: bool, bytes: &[u8]) {
    let file = folder.join("socket");
    let credentials = Credentials { username: "user".to_owned(), password: "thepassword".to_owned() };
    let bound = http::open(&[HttpServer {
        section: "unix_http_server".to_owned(),
        listen: Listen::Unix(UnixAddress { file: file.clone(), chmod: 0o700, chown: (None, None) }),
        credentials: has_password.then_some(credentials),
    }])
    .expect("a socket");
    let (handle, calls) = Handle::new(8);
    let asked = Rc::new(Cell::new(false));
    tokio::task::spawn_local(supervise(calls, asked.clone()));
    let context = ServerContext {
        identifier: "supervisor".to_owned(),
        version: "4.3.0",
        namespaces: Namespaces::new(["supervisor".to_owned()]),
    };
    let servers = http::serve(bound, handle, context);
    let mut stream = UnixStream::connect(&file).await.expect("it listens");
    let mut answer = Vec::new();
    let talk = async {
        let (mut reader, mut writer) = stream.split();
        let write = async {
            // It may have closed already.
            let _ = writer.write_all(bytes).await;
            let _ = writer.shutdown().await;
        };
        let (_, _) = tokio::join!(write, reader.read_to_end(&mut answer));
    };
    tokio::time::timeout(Duration::from_secs(8), talk).await.expect("the connection ends");
    servers.close().await;
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1."), "{}", String::from_utf8_lossy(&answer));
    if has_password && !contains(bytes, b"dXNlcjp0aGVwYXNzd29yZA") {
        assert!(!asked.get(), "a stranger is heard");
        let status = answer.get(9..12).unwrap_or(b"401");
        assert!(status.starts_with(b"4") || status.starts_with(b"5"), "{}", String::from_utf8_lossy(&answer));
    }
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}

/// A daemon without processes.
async fn supervise(mut calls: mpsc::Receiver<Call>, asked: Rc<Cell<bool>>) {
    while let Some(call) = calls.recv().await {
        asked.set(true);
        let answer = match call.ask {
            Ask::Method { params, .. } => Answer::Value(params.into_iter().next().unwrap_or(true.into())),
            Ask::Processes(Writer(write)) => Answer::Written(write(&mut std::iter::empty())),
            Ask::LogPath { .. } | Ask::MainLogPath => Answer::Path(None),
        };
        // It may not wait any more.
        let _ = call.reply.send(answer);
    }
}
