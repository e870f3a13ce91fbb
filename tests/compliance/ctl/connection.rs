//! Daemons that cannot be reached, or do not let everybody in.

use std::net::TcpListener;

use harness::{Setup, TestBed};

use super::{assert_runs, told};

/// Runs supervisorctl with options of its own.
fn ctl(bed: &TestBed, options: &[&str], line: &str) -> (String, i32) {
    told(bed.ctl(options.iter().copied().chain(line.split(' '))))
}

const ALL: [&str; 12] = [
    "status",
    "tail cat",
    "maintail",
    "pid",
    "start cat",
    "stop cat",
    "restart cat",
    "signal HUP cat",
    "clear cat",
    "version",
    "fg cat",
    "status cat",
];

// undocumented: nobody listens on the socket, or there is none.
#[test]
fn a_daemon_that_is_not_there() {
    let bed = Setup::default().prepare();
    let gone = "unix://HERE/supervisor.sock no such file\n";
    for line in ALL {
        let code = if line.starts_with("status") { 4 } else { 7 };
        assert_runs(&bed, &[(line, gone, code)]);
    }
    let error = "error: <class 'FileNotFoundError'>, [Errno 2] No such file or directory\n";
    for line in ["reread", "update", "avail", "add cat", "remove cat", "reload"] {
        assert_runs(&bed, &[(line, error, 1)]);
    }
    assert_runs(
        &bed,
        &[
            ("shutdown", "ERROR: unix://HERE/supervisor.sock no such file (already shut down?)\n", 1),
            ("add", "", 0),
        ],
    );
}

// undocumented: nobody listens on the port.
#[test]
fn a_daemon_that_refuses() {
    let bed = Setup::default().prepare();
    let url = format!("http://127.0.0.1:{}", bed.port());
    let refused = "http://127.0.0.1:PORT refused connection\n".to_owned();
    let ctl = |line| ctl(&bed, &["-s", &url], line);
    assert_eq!(ctl("status"), (refused.clone(), 4));
    assert_eq!(ctl("start cat"), (refused.clone(), 4));
    assert_eq!(ctl("version"), (refused, 4));
    let error = "error: <class 'ConnectionRefusedError'>, [Errno 111] Connection refused\n".to_owned();
    assert_eq!(ctl("reread"), (error.clone(), 1));
    assert_eq!(ctl("update"), (error, 1));
    assert_eq!(
        ctl("shutdown"),
        ("ERROR: http://127.0.0.1:PORT refused connection (already shut down?)\n".to_owned(), 1)
    );
}

// undocumented: a daemon without the methods.
#[test]
fn a_daemon_without_the_methods() {
    let bed = Setup {
        text: "[unix_http_server]\nfile=%(here)s/supervisor.sock\n\
               [supervisord]\nlogfile=%(here)s/supervisord.log\npidfile=%(here)s/supervisord.pid\n\
               [supervisorctl]\nserverurl=unix://%(here)s/supervisor.sock\n",
        bare: true,
        ..Setup::default()
    }
    .start();
    let sorry = "Sorry, supervisord responded but did not recognize the supervisor namespace commands that supervisorctl uses to control \
                 it.  Please check that the [rpcinterface:supervisor] section is enabled in the configuration file (see sample.conf).\n";
    assert_runs(&bed, &[("version", sorry, 3), ("status", sorry, 4), ("start all", sorry, 3)]);
    assert_runs(
        &bed,
        &[("reread", "error: <class 'xmlrpc.client.Fault'>, <Fault 1: 'UNKNOWN_METHOD'>\n", 1)],
    );
}

// undocumented: a daemon of another time.
#[test]
fn a_daemon_of_another_version() {
    use std::io::{Read, Write};
    let bed = Setup::default().prepare();
    let listener = TcpListener::bind(("127.0.0.1", bed.port())).unwrap();
    let url = format!("http://127.0.0.1:{}", bed.port());
    let said = std::thread::scope(|scope| {
        scope.spawn(|| {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"</methodCall>\n") {
                let mut bytes = [0; 1024];
                let length = stream.read(&mut bytes).unwrap();
                assert_ne!(length, 0, "{}", String::from_utf8_lossy(&request));
                request.extend(&bytes[..length]);
            }
            let body = "<?xml version='1.0'?><methodResponse><params><param><value><string>2.0</string></value></param></params></methodResponse>";
            write!(stream, "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        });
        ctl(&bed, &["-s", &url], "version")
    });
    assert_eq!(
        said,
        (
            "Sorry, this version of supervisorctl expects to talk to a server with API version 3.0, but the remote version is 2.0.\n"
                .to_owned(),
            5
        )
    );
}

const LOCKED: &str = "[inet_http_server]\nport=127.0.0.1:{port}\nusername=me\npassword=pa:ss\n\
    [supervisorctl]\nserverurl=http://127.0.0.1:{port}\n[program:cat]\ncommand=/bin/cat\nautostart=false\n";

// running.rst, -u, -p: "Username/Password to use for authentication with server".
#[test]
fn the_password_is_given() {
    let bed = TestBed::new(LOCKED);
    let row = "cat                              STOPPED   Not started\n".to_owned();
    assert_eq!(ctl(&bed, &["-u", "me", "-p", "pa:ss"], "status"), (row.clone(), 3));
    assert_eq!(ctl(&bed, &["--username=me", "--password", "pa:ss"], "status cat"), (row.clone(), 3));
    bed.configure(&format!("{LOCKED}[supervisorctl]\nusername=me\npassword=pa:ss\n"));
    assert_runs(&bed, &[("status", &row, 3), ("version", "4.3.0\n", 0), ("tail cat", "\n", 0)]);
}

// undocumented: without it, or with a wrong one, the call is tried twice.
#[test]
fn a_wrong_password_is_told() {
    let bed = TestBed::new(LOCKED);
    let refused = "Server requires authentication\n\
        error: <class 'xmlrpc.client.ProtocolError'>, <ProtocolError for 127.0.0.1/RPC2: 401 Unauthorized>\n"
        .to_owned();
    assert_eq!(ctl(&bed, &[], "status"), (refused.clone(), 1));
    assert_eq!(ctl(&bed, &["-u", "me", "-p", "wrong"], "start cat"), (refused.clone(), 1));
    assert_eq!(ctl(&bed, &["-u", "me"], "reread"), (refused, 1));
    assert_eq!(bed.state("cat"), "STOPPED");
}
