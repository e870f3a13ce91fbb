//! The sockets themselves: their files, rights and neighbours. Manual, `[unix_http_server]` and `[inet_http_server]`.

use std::net::TcpStream;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener;

use harness::{Setup, TestBed, needs_root};

fn mode(bed: &TestBed) -> u32 {
    std::fs::metadata(bed.path("supervisor.sock")).unwrap().mode() & 0o7777
}

// configuration.rst, [unix_http_server] chmod: "Change the UNIX permission mode bits of the UNIX domain socket to this value at startup.
// Default: 0700".
#[test]
fn the_socket_is_for_its_owner_alone() {
    assert_eq!(mode(&TestBed::new("")), 0o700);
    assert_eq!(mode(&TestBed::new("[unix_http_server]\nchmod=0766\n")), 0o766);
}

// configuration.rst, chown: "Change the user and group of the socket file to this value. May be a UNIX username or a UNIX username and
// group separated by a colon".
#[test]
fn the_socket_may_be_given_away() {
    needs_root!();
    let owner = |chown: &str| {
        let bed = TestBed::new(&format!("[unix_http_server]\nchown={chown}\n"));
        let socket = std::fs::metadata(bed.path("supervisor.sock")).unwrap();
        (socket.uid(), socket.gid())
    };
    assert_eq!(owner("nobody:root"), (65534, 0));
    assert_eq!(owner("nobody:nogroup"), (65534, 65534));
    // Its group stays.
    assert_eq!(owner("nobody"), (65534, 0));
}

// undocumented: a socket that nobody listens on is replaced.
#[test]
fn a_stale_socket_is_replaced() {
    let mut bed = Setup::default().prepare();
    drop(UnixListener::bind(bed.path("supervisor.sock")).unwrap());
    bed.start();
    assert_eq!(bed.stderr(), "Unlinking stale socket HERE/supervisor.sock\n");
    assert!(std::fs::metadata(bed.path("supervisor.sock")).unwrap().file_type().is_socket());
    let leftovers: Vec<_> =
        std::fs::read_dir(bed.path("")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    let sockets =
        leftovers.iter().filter(|name| name.display().to_string().starts_with("supervisor.sock")).count();
    assert_eq!(sockets, 1, "{leftovers:?}");
}

// undocumented: one that is listened on is not.
#[test]
fn a_socket_in_use_is_left_alone() {
    let bed = TestBed::new("");
    let mut second = bed.daemon_command();
    second.args(["-j", &format!("{}/second.pid", bed.here()), "-l", &format!("{}/second.log", bed.here())]);
    let output = bed.finish(second, "");
    assert_eq!(output.code, Some(2));
    assert_eq!(
        output.stderr,
        "Error: Another program is already listening on a port that one of our HTTP servers is configured to use.  \
         Shut this program down first before starting supervisord.\nFor help, use BIN/supervisord -h\n"
    );
    assert_eq!(bed.ask("getVersion", []), "3.0".into());
}

// configuration.rst, [inet_http_server] port: "A TCP host:port value or (e.g. 127.0.0.1:9001) on which supervisor will listen".
#[test]
fn a_port_is_listened_on() {
    let bed = TestBed::new("[inet_http_server]\nport=localhost:{port}\n");
    let mut wire = bed.connect_tcp();
    wire.send("GET /ok.html HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(wire.response().body, "OK");
}

// configuration.rst, port: "Use :9001 or *:9001 for all available".
#[test]
fn a_port_on_all_addresses() {
    for port in ["*:{port}", ":{port}", "{port}", "0.0.0.0:{port}"] {
        let bed = TestBed::new(&format!("[inet_http_server]\nport={port}\n"));
        for address in ["127.0.0.1", "127.0.0.2"] {
            assert!(TcpStream::connect((address, bed.port())).is_ok(), "{port}: {address}");
        }
    }
    let bed = TestBed::new("[inet_http_server]\nport=127.0.0.1:{port}\n");
    assert!(TcpStream::connect(("127.0.0.2", bed.port())).is_err());
}

// undocumented: a port that is taken ends the start.
#[test]
fn a_port_in_use_ends_the_start() {
    let mut bed = Setup { text: "[inet_http_server]\nport=127.0.0.1:{port}\n", ..Setup::default() }.prepare();
    let taken = std::net::TcpListener::bind(("127.0.0.1", bed.port())).unwrap();
    let output = bed.run();
    drop(taken);
    assert_eq!(output.code, Some(2));
    assert_eq!(
        output.stderr,
        "Error: Another program is already listening on a port that one of our HTTP servers is configured to use.  \
         Shut this program down first before starting supervisord.\nFor help, use BIN/supervisord -h\n"
    );
}

// undocumented: a folder that is not there ends the start.
#[test]
fn a_socket_in_no_folder_ends_the_start() {
    let output = Setup { text: "[unix_http_server]\nfile={here}/no/s.sock\n", ..Setup::default() }.run();
    assert_eq!((output.code, output.stdout.contains("supervisord started")), (Some(2), false), "{output:?}");
}

// undocumented: no server at all is possible.
#[test]
fn no_server_is_needed() {
    let mut bed = Setup {
        text: "[supervisord]\nlogfile=%(here)s/supervisord.log\npidfile=%(here)s/supervisord.pid\n\
               [program:cat]\ncommand=/bin/cat\nstartsecs=0\n",
        bare: true,
        ..Setup::default()
    }
    .prepare();
    bed.launch();
    harness::eventually("the program runs", || bed.log().contains("entered RUNNING state"));
    bed.signal(harness::Signal::SIGTERM);
    assert_eq!(bed.exit_code(), Some(0));
}

// configuration.rst: there may be a server of each kind, and several of them with names of their own.
#[test]
fn there_may_be_several_servers() {
    let bed = TestBed::new(
        "[unix_http_server:second]\nfile=%(here)s/second.sock\n[inet_http_server:x]\nport=127.0.0.1:{port}\n",
    );
    // Each hears all.
    assert!(TcpStream::connect(("127.0.0.1", bed.port())).is_ok());
    assert!(std::os::unix::net::UnixStream::connect(bed.path("second.sock")).is_ok());
}
