//! `[unix_http_server]` and `[inet_http_server]`.

use std::os::unix::fs::PermissionsExt;

use harness::{Setup, TestBed, needs_root};

use super::{Reader, starts_not, table};

/// A daemon whose file is this whole text, behind the sections that let it be asked.
fn bare(text: &str) -> TestBed {
    let text = format!(
        "[supervisord]\nlogfile=%(here)s/supervisord.log\npidfile=%(here)s/supervisord.pid\n[rpcinterface:supervisor]\n\
         supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface\n{text}"
    );
    Setup { text: &text, bare: true, ..Setup::default() }.start()
}

// configuration.rst, [unix_http_server] file, [inet_http_server] port: a server needs its address.
#[test]
fn a_server_needs_an_address() {
    let reader = Reader::new();
    table(
        &[
            ("[inet_http_server]\n", "section [inet_http_server] has no port value"),
            ("[inet_http_server:a]\n", "section [inet_http_server:a] has no port value"),
            ("[inet_http_serverXX]\n", "section [inet_http_serverXX] has no port value"),
            ("[unix_http_server:a]\n", "section [unix_http_server:a] has no file value"),
            ("[unix_http_servers]\nchmod=0700\n", "section [unix_http_servers] has no file value"),
        ],
        |text| reader.refuses(text),
    );
}

// configuration.rst, port: "A TCP host:port value or (e.g. 127.0.0.1:9001)".
#[test]
fn a_port_may_have_a_host() {
    let reader = Reader::new();
    for port in [
        "1",
        "65535",
        "127.0.0.1:1",
        "localhost:80",
        ":80",
        "*:80",
        "LOCALHOST:80",
        "no.such.host:80",
        " 80 ",
    ] {
        reader.reads(&format!("[inet_http_server]\nport={port}\n"));
    }
    table(
        &[
            ("", "not a valid port number: '' "),
            ("abc", "not a valid port number: 'abc' "),
            ("localhost", "not a valid port number: 'localhost' "),
            ("localhost:", "no port number specified in ''"),
            ("70000", "not a valid port number: '70000' "),
            ("0", "not a valid port number: '0' "),
            ("h:70000", "70000 is above upper bound (65535)"),
            ("h:0", "0 is below lower bound (1)"),
            (":-1", "-1 is below lower bound (1)"),
            ("h:x", "invalid literal for int() with base 10: 'x'"),
            ("1.5", "not a valid port number: '1.5' "),
        ],
        |port| reader.refuses(&format!("[inet_http_server]\nport={port}\n")),
    );
}

// configuration.rst, chmod: "Change the UNIX permission mode bits of the UNIX domain socket to this value at startup."
#[test]
fn a_socket_has_its_mode() {
    let mode =
        |bed: &TestBed| std::fs::metadata(bed.path("supervisor.sock")).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(&TestBed::new("")), 0o700);
    assert_eq!(mode(&TestBed::new("[unix_http_server]\nchmod=0757\n")), 0o757);
    let reader = Reader::new();
    table(
        &[("9", "Invalid chmod value 9"), ("", "Invalid chmod value "), ("u+x", "Invalid chmod value u+x")],
        |chmod| reader.refuses(&format!("[unix_http_server]\nchmod={chmod}\n")),
    );
}

// configuration.rst, chown: "Change the user and group of the socket file to this value."
#[test]
fn a_socket_has_its_owner() {
    needs_root!();
    use std::os::unix::fs::MetadataExt;
    let bed = TestBed::new("[unix_http_server]\nchown=nobody\n");
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    let socket = std::fs::metadata(bed.path("supervisor.sock")).unwrap();
    assert_eq!((socket.uid(), socket.gid()), (nobody.uid.as_raw(), 0));
    let bed = TestBed::new("[unix_http_server]\nchown=0:nogroup\n");
    let socket = std::fs::metadata(bed.path("supervisor.sock")).unwrap();
    assert_eq!((socket.uid(), socket.gid()), (0, 65534));
}

// undocumented: an owner that does not exist.
#[test]
fn an_owner_must_exist() {
    let reader = Reader::new();
    table(
        &[
            ("nobody-of-this-name", "Invalid sockchown value nobody-of-this-name"),
            ("root:nobody-of-this-name", "Invalid sockchown value root:nobody-of-this-name"),
            ("", "Invalid sockchown value "),
            ("987654:0", "Invalid sockchown value 987654:0"),
        ],
        |chown| reader.refuses(&format!("[unix_http_server]\nchown={chown}\n")),
    );
}

// configuration.rst, username, password: both or none.
#[test]
fn authentication_is_both_or_none() {
    let reader = Reader::new();
    let incomplete = |section: &str| {
        format!(
            "Section [{section}] contains incomplete authentication: If a username or a password is specified, both the \
             username and password must be specified"
        )
    };
    for (section, address) in [
        ("unix_http_server", "file=%(here)s/s"),
        ("inet_http_server", "port=1"),
        ("inet_http_server:a", "port=1"),
    ] {
        for line in ["username=a", "password=a", "username=", "password="] {
            assert_eq!(
                reader.refuses(&format!("[{section}]\n{address}\n{line}\n")),
                incomplete(section),
                "{section} {line}"
            );
        }
        reader.reads(&format!("[{section}]\n{address}\nusername=a\npassword=b\n"));
    }
}

// undocumented: several servers, with names that begin alike.
#[test]
fn there_may_be_several_servers() {
    let bed = bare(
        "[unix_http_server]\nfile=%(here)s/supervisor.sock\n[unix_http_server:b]\nfile=%(here)s/b.sock\n\
         [inet_http_server]\nport=127.0.0.1:{port}\n[inet_http_server_two]\nport=127.0.0.1:{port2}\n",
    );
    assert!(bed.path("b.sock").exists());
    for port in [bed.port(), bed.port2()] {
        assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok());
    }
    for section in ["unix_http_server", "unix_http_server:b", "inet_http_server", "inet_http_server_two"] {
        bed.logs(&format!("CRIT Server '{section}' running without any HTTP authentication checking"));
    }
    bed.logs_times(4, "INFO RPC interface 'supervisor' initialized");
}

// undocumented: a relative file is below the folder in which supervisord runs.
#[test]
fn a_relative_socket_is_below_the_current_folder() {
    let bed = bare("[unix_http_server]\nfile=supervisor.sock\n");
    assert!(bed.path("supervisor.sock").exists());
}

// undocumented: a start with a server that cannot be.
#[test]
fn a_start_with_a_bad_server_ends() {
    assert_eq!(
        starts_not("[inet_http_server]\nport=:70000\n").refusal(),
        "70000 is above upper bound (65535)"
    );
}
