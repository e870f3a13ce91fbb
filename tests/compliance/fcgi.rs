//! FastCGI programs: one socket for all processes of a group. Manual, "[fcgi-program:x] Section Settings".

use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};

use harness::{Setup, TestBed, differs, needs_root};

/// A program with a unix socket; it does not look at it.
const UNIX: &str =
    "[fcgi-program:web]\ncommand=/bin/sleep 1000\nsocket=unix://%(here)s/web.sock\nstartsecs=0\n";

#[track_caller]
fn running(text: &str) -> TestBed {
    let bed = TestBed::new(text);
    bed.state_becomes("web", "RUNNING");
    bed
}

#[track_caller]
fn refused(text: &str) -> String {
    Setup { text, ..Setup::default() }.run().refusal().to_owned()
}

/// What a process has as its stdin, such as `socket:[123]`.
#[track_caller]
fn stdin(bed: &TestBed, name: &str) -> String {
    fs::read_link(format!("/proc/{}/fd/0", bed.pid_of(name))).unwrap().display().to_string()
}

// configuration.rst, socket: "The FastCGI socket for this program, either TCP or UNIX domain socket. For UNIX domain sockets, use the format
// unix:///path/to/file.sock."
#[test]
fn a_unix_socket_is_the_childs_stdin() {
    let bed = running(UNIX);
    assert!(stdin(&bed, "web").starts_with("socket:"), "{}", stdin(&bed, "web"));
    assert!(fs::metadata(bed.path("web.sock")).unwrap().file_type().is_socket());
    UnixStream::connect(bed.path("web.sock")).expect("it listens");
    bed.logs("INFO Creating socket unix://HERE/web.sock");
}

// configuration.rst, socket: "For TCP sockets, use the format tcp://localhost:9002."
#[test]
fn a_tcp_socket_is_the_childs_stdin() {
    let bed =
        running("[fcgi-program:web]\ncommand=/bin/sleep 1000\nsocket=tcp://localhost:{port}\nstartsecs=0\n");
    assert!(stdin(&bed, "web").starts_with("socket:"));
    TcpStream::connect(("127.0.0.1", bed.port())).expect("it listens");
    bed.logs("INFO Creating socket tcp://localhost:PORT");
}

// configuration.rst: "all subprocesses share a common listening socket".
#[test]
fn the_socket_is_shared_by_all_processes() {
    let bed = TestBed::new(&format!("{UNIX}process_name=web%(process_num)d\nnumprocs=2\n"));
    bed.state_becomes("web:web0", "RUNNING");
    bed.state_becomes("web:web1", "RUNNING");
    assert_eq!(stdin(&bed, "web:web0"), stdin(&bed, "web:web1"));
}

// undocumented: it is made once as a trial when the group is, then again with the first process, and closed with the last.
#[test]
fn the_socket_lives_as_long_as_a_process() {
    let bed = running(UNIX);
    assert_eq!(bed.logged("INFO Creating socket unix://HERE/web.sock"), 2);
    assert_eq!(bed.logged("INFO Closing socket unix://HERE/web.sock"), 1);
    bed.ask("stopProcess", ["web".into()]);
    bed.logs_times(2, "INFO Closing socket unix://HERE/web.sock");
    UnixStream::connect(bed.path("web.sock")).expect_err("nobody listens");
    assert!(bed.path("web.sock").exists(), "the file stays");
    bed.ask("startProcess", ["web".into()]);
    UnixStream::connect(bed.path("web.sock")).expect("it listens again");
}

// undocumented: before the first start there is only the file that the trial left.
#[test]
fn without_a_process_nobody_listens() {
    let bed = TestBed::new(&format!("{UNIX}autostart=false\n"));
    assert!(bed.path("web.sock").exists());
    UnixStream::connect(bed.path("web.sock")).expect_err("nobody listens");
    bed.logs("INFO Closing socket unix://HERE/web.sock");
}

// undocumented: a socket that is at the path already is replaced.
#[test]
fn a_socket_at_the_path_is_replaced() {
    let mut bed = Setup { text: UNIX, ..Setup::default() }.prepare();
    drop(UnixListener::bind(bed.path("web.sock")).unwrap());
    bed.start();
    bed.state_becomes("web", "RUNNING");
    UnixStream::connect(bed.path("web.sock")).expect("it listens");
}

// undocumented: the original removes whatever is there.
#[test]
fn a_file_at_the_path() {
    let mut bed = Setup { text: UNIX, files: &[("web.sock", "a file")], ..Setup::default() }.prepare();
    let replaces = differs! {
        ours: false,
        theirs: true,
        why: "a FastCGI socket replaces a socket at its path, never a file",
    };
    if replaces {
        bed.start();
        bed.state_becomes("web", "RUNNING");
    } else {
        assert_eq!(bed.run().code, Some(1));
        assert_eq!(bed.read("web.sock"), "a file");
    }
}

// configuration.rst, socket_mode: "this value may be set to specify the permissions mode [...] Default: 0700".
#[test]
fn the_socket_has_its_mode() {
    let mode = |bed: &TestBed| fs::metadata(bed.path("web.sock")).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&running(UNIX)), 0o700);
    assert_eq!(mode(&running(&format!("{UNIX}socket_mode=0606\n"))), 0o606);
}

// configuration.rst, socket_owner: "this value may be used to change the user and group [...] can be a user or a user and group separated by
// colon".
#[test]
fn the_socket_has_its_owner() {
    needs_root!();
    let owner = |bed: &TestBed| {
        let data = fs::metadata(bed.path("web.sock")).unwrap();
        (data.uid(), data.gid())
    };
    assert_eq!(owner(&running(UNIX)), (0, 0));
    assert_eq!(owner(&running(&format!("{UNIX}socket_owner=nobody:daemon\n"))), (65534, 1));
    assert_eq!(owner(&running(&format!("{UNIX}user=daemon\n"))), (1, 1), "the program's user");
}

// configuration.rst, socket: required.
#[test]
fn a_socket_is_required() {
    assert_eq!(
        refused("[fcgi-program:web]\ncommand=/bin/cat\n"),
        "[fcgi-program:web] section requires a \"socket\" line"
    );
}

// undocumented: what is not understood.
#[test]
fn bad_sockets_are_refused() {
    let refused = |line: &str| refused(&format!("[fcgi-program:web]\ncommand=/bin/cat\n{line}\n"));
    assert_eq!(refused("socket=foo"), "('Bad socket format %s', 'foo') in [fcgi-program:web] socket");
    assert_eq!(
        refused("socket=unix://x.sock"),
        "('Unix socket path %s is not an absolute path', 'x.sock') in [fcgi-program:web] socket"
    );
    assert_eq!(refused("socket=unix:///tmp/x.sock\nsocket_mode=foo"), "Invalid socket_mode value foo");
    assert_eq!(
        refused("socket=unix:///tmp/x.sock\nsocket_owner=no-such-user"),
        "Invalid socket_owner value no-such-user"
    );
    assert_eq!(
        refused("socket=tcp://localhost:{port}\nsocket_mode=0700"),
        "socket_owner and socket_mode params should only be used with a Unix domain socket in [fcgi-program:web] socket"
    );
}

// configuration.rst, socket_backlog: "Sets socket listen(2) backlog".
#[test]
fn a_bad_backlog_is_refused() {
    assert!(
        refused(&format!("{UNIX}socket_backlog=0\n")).starts_with("Invalid socket_backlog value 0"),
        "{}",
        refused(&format!("{UNIX}socket_backlog=0\n"))
    );
    running(&format!("{UNIX}socket_backlog=10\n"));
}

// undocumented: such a child has no stdin to write to.
#[test]
fn stdin_is_not_to_be_written_to() {
    let bed = running(UNIX);
    let fault = bed.rpc("sendProcessStdin", ["web".into(), "x".into()]).unwrap_err();
    assert_eq!((fault.code, fault.text.as_str()), (20, "NO_FILE: web"));
}

// undocumented: output is logged as that of any program.
#[test]
fn output_is_logged() {
    let text = "[fcgi-program:web]\ncommand=/bin/sh -c \"echo one; echo two >&2\"\nsocket=unix://%(here)s/web.sock\nstartsecs=0\n\
                autorestart=false\nstdout_logfile=%(here)s/out\nredirect_stderr=true\n";
    let bed = TestBed::new(text);
    bed.state_becomes("web", "EXITED");
    assert_eq!(bed.read("out"), "one\ntwo\n");
    bed.logs_times(2, "INFO Closing socket unix://HERE/web.sock");
}

// configuration.rst, [group:x]: "programs" may name FastCGI programs. The original then makes plain processes of them.
#[test]
fn in_a_group_it_keeps_its_socket() {
    let bed = TestBed::new(&format!("{UNIX}[group:g]\nprograms=web\n"));
    bed.state_becomes("g:web", "RUNNING");
    let kind = differs! {
        ours: "socket:",
        theirs: "pipe:",
        why: "a FastCGI program in a [group] keeps its socket",
    };
    assert!(stdin(&bed, "g:web").starts_with(kind), "{}", stdin(&bed, "g:web"));
}

// undocumented: another socket is another group; another mode is not.
#[test]
fn another_socket_is_a_change() {
    let bed = TestBed::new(&format!("{UNIX}autostart=false\n"));
    bed.configure(&format!("{UNIX}autostart=false\nsocket_mode=0777\nsocket_backlog=3\n"));
    assert_eq!(bed.ctl(["reread"]).stdout, "No config updates to processes\n");
    bed.configure(&format!("{UNIX}autostart=false\nsocket=unix://%(here)s/other.sock\n"));
    assert_eq!(bed.ctl(["reread"]).stdout, "web: changed\n");
}
