//! `[fcgi-program:f]`: the socket beside the keys of a program.

use super::{Reader, table};

fn fcgi(lines: &str) -> String {
    format!("[fcgi-program:f]\ncommand=/bin/cat\n{lines}\n")
}

// configuration.rst, socket: "Required: Yes."
#[test]
fn a_fastcgi_program_needs_a_socket() {
    let reader = Reader::new();
    assert_eq!(reader.refuses(&fcgi("")), "[fcgi-program:f] section requires a \"socket\" line");
}

// configuration.rst, socket: "tcp://localhost:9000", "unix:///absolute/path/to/file.sock".
#[test]
fn a_socket_is_tcp_or_unix() {
    let reader = Reader::new();
    for socket in [
        "tcp://localhost:9000",
        "tcp://127.0.0.1:1",
        "unix:///tmp/x.sock",
        "unix://%(here)s/%(program_name)s.sock",
        "tcp://LOCALHOST:65535",
    ] {
        reader.reads(&fcgi(&format!("socket={socket}")));
    }
    table(
        &[
            ("foo", "('Bad socket format %s', 'foo') in [fcgi-program:f] socket"),
            ("", "[fcgi-program:f] section requires a \"socket\" line"),
            ("tcp://localhost", "('Bad socket format %s', 'tcp://localhost') in [fcgi-program:f] socket"),
            (
                "http://localhost:1",
                "('Bad socket format %s', 'http://localhost:1') in [fcgi-program:f] socket",
            ),
            ("unix:/tmp/x", "('Bad socket format %s', 'unix:/tmp/x') in [fcgi-program:f] socket"),
            (
                "unix://x.sock",
                "('Unix socket path %s is not an absolute path', 'x.sock') in [fcgi-program:f] socket",
            ),
            (
                "tcp://localhost:port",
                "('Bad socket format %s', 'tcp://localhost:port') in [fcgi-program:f] socket",
            ),
        ],
        |socket| reader.refuses(&fcgi(&format!("socket={socket}"))),
    );
}

// configuration.rst, socket_mode, socket_owner: "for UNIX domain sockets".
#[test]
fn owner_and_mode_are_for_unix_sockets() {
    let reader = Reader::new();
    let only = "socket_owner and socket_mode params should only be used with a Unix domain socket in [fcgi-program:f] socket";
    table(&[("socket_owner=root", only), ("socket_mode=0700", only)], |line| {
        reader.refuses(&fcgi(&format!("socket=tcp://localhost:1\n{line}")))
    });
    for mode in ["0700", "777", "0o755"] {
        reader.reads(&fcgi(&format!("socket=unix:///tmp/x\nsocket_mode={mode}")));
    }
    table(&[("9", "Invalid socket_mode value 9"), ("", "Invalid socket_mode value ")], |mode| {
        reader.refuses(&fcgi(&format!("socket=unix:///tmp/x\nsocket_mode={mode}")))
    });
}

// configuration.rst, socket_backlog: "Sets socket listen(2) backlog."
#[test]
fn a_backlog_is_between_one_and_65535() {
    let reader = Reader::new();
    for backlog in ["1", "128", "65535"] {
        reader.reads(&fcgi(&format!("socket=tcp://localhost:1\nsocket_backlog={backlog}")));
    }
    table(
        &[
            ("0", "Invalid socket_backlog value 0"),
            ("65536", "Invalid socket_backlog value 65536"),
            ("-1", "Invalid socket_backlog value -1"),
            ("many", "invalid literal for int() with base 10: 'many'"),
        ],
        |backlog| reader.refuses(&fcgi(&format!("socket=tcp://localhost:1\nsocket_backlog={backlog}"))),
    );
}

// configuration.rst, [fcgi-program:x]: "all of the keys allowed by [program:x]".
#[test]
fn a_fastcgi_program_has_the_keys_of_a_program() {
    let reader = Reader::new();
    let text = fcgi("socket=tcp://localhost:1\nstartsecs=9\npriority=4");
    for (key, value) in [("startsecs", 9), ("process_prio", 4), ("group_prio", 4)] {
        assert_eq!(reader.value(&text, key), value.into());
    }
    assert_eq!(
        reader.refuses("[fcgi-program:f]\nsocket=tcp://localhost:1\n"),
        "program section fcgi-program:f does not specify a command in section 'fcgi-program:f' (file: 'HERE/supervisord.conf')"
    );
}
