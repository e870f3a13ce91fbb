//! The life of the daemon: start-up, pid file, sockets, privileges, limits, leaving the terminal, exit codes. Manual, "Running Supervisor".

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::UnixListener;
use std::process::{Command, Stdio};

use harness::{Setup, Signal, TestBed, is_root, needs_root};
use nix::unistd::{Pid, getsid};

const IN_USE: &str = "Error: Another program is already listening on a port that one of our HTTP servers is configured to use.  \
    Shut this program down first before starting supervisord.\nFor help, use BIN/supervisord -h\n";

const TOO_FEW: &str = "Error: The minimum number of file descriptors required to run this process is 700 as per the \"minfds\" \
    command-line argument or config file setting. The current environment will only allow you to open 700 file descriptors.  Either raise \
    the number of usable file descriptors in your environment (see README.rst) or lower the minfds setting in the config file to allow \
    the process to start.\nFor help, use BIN/supervisord -h\n";

/// A program that writes what a shell command says to the file `out`.
fn says(command: &str) -> String {
    format!(
        "[program:says]\ncommand=/bin/sh -c \"{command}\"\nstdout_logfile=%(here)s/out\nstartsecs=0\nautorestart=false\n"
    )
}

fn mode(bed: &TestBed, name: &str) -> u32 {
    fs::metadata(bed.path(name)).unwrap().permissions().mode() & 0o777
}

fn status_line(pid: Pid, name: &str) -> String {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

// configuration.rst, pidfile: "The location in which supervisord keeps its pid file."
#[test]
fn the_pid_file_names_the_daemon_while_it_lives() {
    let mut bed = TestBed::new("");
    assert_eq!(bed.read("supervisord.pid"), format!("{}\n", bed.pid()));
    assert_eq!(mode(&bed, "supervisord.pid"), 0o644);
    bed.signal(Signal::SIGTERM);
    assert_eq!(bed.exit_code(), Some(0));
    assert!(!bed.path("supervisord.pid").exists());
    assert!(!bed.path("supervisor.sock").exists());
}

// undocumented: what is in it before does not matter.
#[test]
fn a_pid_file_from_before_is_overwritten() {
    let bed = Setup { files: &[("supervisord.pid", "1\nmore\n")], ..Setup::default() }.start();
    bed.eventually("the file is the daemon's", || bed.read("supervisord.pid") == format!("{}\n", bed.pid()));
}

// undocumented: a pid file that cannot be written is told, and that is all.
#[test]
fn a_pid_file_that_cannot_be_written_is_told() {
    let mut bed =
        TestBed::new("[supervisord]\npidfile=%(here)s/auto\n[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    bed.state_becomes("cat", "RUNNING");
    bed.logs("CRIT could not write pidfile HERE/auto");
    assert_eq!(bed.logged("INFO supervisord started with pid PID"), 0);
    bed.signal(Signal::SIGTERM);
    assert_eq!(bed.exit_code(), Some(0));
    assert!(bed.path("auto").exists());
}

// configuration.rst, [unix_http_server] file; chmod: "Change the UNIX permission mode bits of the UNIX domain socket [...] Default: 0700".
#[test]
fn the_unix_socket_has_its_mode() {
    assert_eq!(mode(&TestBed::new(""), "supervisor.sock"), 0o700);
    let bed = TestBed::new("[unix_http_server]\nchmod=0666\n");
    assert_eq!(mode(&bed, "supervisor.sock"), 0o666);
    assert!(fs::metadata(bed.path("supervisor.sock")).unwrap().file_type().is_socket());
    // The name it has while it is made is gone.
    let names: Vec<_> =
        fs::read_dir(bed.path("")).unwrap().flatten().map(|entry| entry.file_name()).collect();
    let sockets = names.iter().filter(|name| name.display().to_string().starts_with("supervisor.sock"));
    assert_eq!(sockets.count(), 1, "{names:?}");
}

// configuration.rst, [unix_http_server] chown: "Change the user and group of the socket file to this value."
#[test]
fn the_unix_socket_has_its_owner() {
    needs_root!();
    let bed = TestBed::new("[unix_http_server]\nchown=nobody:daemon\n");
    let data = fs::metadata(bed.path("supervisor.sock")).unwrap();
    assert_eq!((data.uid(), data.gid()), (65534, 1));
}

// undocumented: another daemon on the same unix socket is noticed.
#[test]
fn a_unix_socket_in_use_is_an_error() {
    let bed = TestBed::new("");
    let output = bed.finish(bed.daemon_command(), "");
    assert_eq!((output.stderr.as_str(), output.code), (IN_USE, Some(2)));
    assert!(bed.rpc("getState", []).is_ok(), "the first one lives");
}

// undocumented: another program on the same port is noticed.
#[test]
fn a_port_in_use_is_an_error() {
    let mut bed = Setup { text: "[inet_http_server]\nport=127.0.0.1:{port}\n", ..Setup::default() }.prepare();
    let _taken = std::net::TcpListener::bind(("127.0.0.1", bed.port())).unwrap();
    let output = bed.run();
    assert_eq!((output.stderr.as_str(), output.code), (IN_USE, Some(2)));
}

// undocumented: a socket that nobody listens to is replaced.
#[test]
fn a_stale_unix_socket_is_replaced() {
    let mut bed = Setup::default().prepare();
    drop(UnixListener::bind(bed.path("supervisor.sock")).unwrap());
    bed.start();
    assert!(bed.rpc("getState", []).is_ok());
    assert_eq!(bed.stderr(), "Unlinking stale socket HERE/supervisor.sock\n");
}

// configuration.rst, chown: a user cannot give it away.
#[test]
fn a_socket_that_cannot_be_given_away_is_an_error() {
    needs_root!();
    let text = "[supervisord]\nuser=nobody\n[unix_http_server]\nchown=root:root\n";
    let mut bed = Setup { text, ..Setup::default() }.prepare();
    bed.give_to("nobody");
    let output = bed.run();
    assert_eq!(
        (output.stderr.as_str(), output.code),
        (
            "Error: Not permitted to chown HERE/supervisor.sock to uid/gid (0, 0); adjust \"sockchown\" value in config file or on command \
             line to values that the current user (nobody) can successfully chown\nFor help, use BIN/supervisord -h\n",
            Some(2)
        )
    );
}

// undocumented: other failures of a server are told by their name.
#[test]
fn a_server_that_cannot_be_opened_is_an_error() {
    let output = Setup { text: "[unix_http_server]\nfile=%(here)s/none/x.sock\n", ..Setup::default() }.run();
    let of = |name: &str| {
        format!(
            "Error: Cannot open an HTTP server: socket.error reported errno.{name}\nFor help, use BIN/supervisord -h\n"
        )
    };
    assert_eq!((output.stderr, output.code), (of("ENOENT (2)"), Some(2)));
    let text = "[inet_http_server]\nport=192.0.2.1:{port}\n";
    let output = Setup { text, ..Setup::default() }.run();
    assert_eq!((output.stderr, output.code), (of("EADDRNOTAVAIL (99)"), Some(2)));
}

// configuration.rst: without any server the programs run all the same.
#[test]
fn no_server_is_needed() {
    let text = format!(
        "[supervisord]\nlogfile={{here}}/supervisord.log\npidfile={{here}}/supervisord.pid\n{}",
        says("echo hello").replace("%(here)s", "{here}")
    );
    let mut bed = Setup { text: &text, bare: true, ..Setup::default() }.prepare();
    bed.launch();
    bed.file_becomes("out", "hello\n");
    bed.logs("INFO exited: says (exit status 0; expected)");
    bed.signal(Signal::SIGTERM);
    assert_eq!(bed.exit_code(), Some(0));
}

// running.rst: each server is named with a warning when it asks for no password.
#[test]
fn servers_without_passwords_are_told() {
    let bed = TestBed::new(
        "[inet_http_server]\nport=127.0.0.1:{port}\n[inet_http_server:safe]\nport=127.0.0.1:{port2}\nusername=u\npassword=p\n",
    );
    assert_eq!(
        bed.log(),
        "INFO RPC interface 'supervisor' initialized\n\
         CRIT Server 'inet_http_server' running without any HTTP authentication checking\n\
         INFO RPC interface 'supervisor' initialized\n\
         INFO RPC interface 'supervisor' initialized\n\
         CRIT Server 'unix_http_server' running without any HTTP authentication checking\n\
         INFO supervisord started with pid PID\n"
    );
}

// configuration.rst, identifier: "The identifier string for this supervisor process".
#[test]
fn the_identifier_is_told() {
    assert_eq!(TestBed::new("").rpc("getIdentification", []), Ok("supervisor".into()));
    let bed = TestBed::new("[supervisord]\nidentifier=my wolf\n");
    assert_eq!(bed.rpc("getIdentification", []), Ok("my wolf".into()));
}

// configuration.rst, nodaemon; running.rst: "If this is not specified, supervisord will run as a daemon": alone, with nothing of its terminal.
#[test]
fn a_daemon_leaves_its_terminal() {
    let text = "[supervisord]\ndirectory=/tmp\n[program:sleep]\ncommand=/bin/sleep 1000\nstartsecs=0\n";
    let mut bed = Setup { text, daemonize: true, ..Setup::default() }.start();
    assert_eq!(bed.exit_code(), Some(0), "the one that was started has ended");
    bed.eventually("it answers", || bed.rpc("getState", []).is_ok());
    let pid = bed.pid();
    assert_eq!(bed.rpc("getPID", []), Ok(i64::from(pid.as_raw()).into()));
    assert_eq!(getsid(Some(pid)), Ok(pid));
    for descriptor in 0..3 {
        let link = fs::read_link(format!("/proc/{pid}/fd/{descriptor}")).unwrap();
        assert_eq!(link.display().to_string(), "/dev/null");
    }
    assert_eq!(fs::read_link(format!("/proc/{pid}/cwd")).unwrap().display().to_string(), "/tmp");
    assert_eq!(status_line(pid, "Umask:"), "0022");
    assert_eq!((bed.stdout().as_str(), bed.stderr().as_str()), ("", ""));
    bed.state_becomes("sleep", "RUNNING");
    let log = bed.log();
    assert!(
        log.starts_with(
            "INFO RPC interface 'supervisor' initialized\n\
             CRIT Server 'unix_http_server' running without any HTTP authentication checking\n\
             INFO daemonizing the supervisord process\n\
             INFO set current directory: '/tmp'\n\
             INFO supervisord started with pid PID\n"
        ),
        "{log}"
    );
    bed.signal(Signal::SIGTERM);
    bed.eventually("it has ended", || !bed.path("supervisord.pid").exists());
}

// undocumented: a folder that is there and cannot be entered is told, and the daemon runs where it is.
#[test]
fn a_daemon_that_cannot_enter_its_folder_runs_on() {
    needs_root!();
    let text = "[supervisord]\nuser=nobody\ndirectory=%(here)s/closed\n[program:sleep]\ncommand=/bin/sleep 1000\nstartsecs=0\n";
    let mut bed =
        Setup { text, daemonize: true, files: &[("closed/file", "")], ..Setup::default() }.prepare();
    bed.give_to("nobody");
    fs::set_permissions(bed.path("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    bed.start();
    bed.state_becomes("sleep", "RUNNING");
    bed.logs("CRIT can't chdir into 'HERE/closed': [Errno 13] Permission denied: 'HERE/closed'");
    assert!(!bed.log().contains("set current directory"), "{}", bed.log());
}

// configuration.rst, umask: "The umask of the supervisord process."
#[test]
fn a_daemon_has_its_umask() {
    let text = format!("[supervisord]\numask=027\n{}", says("umask"));
    let bed = Setup { text: &text, daemonize: true, ..Setup::default() }.start();
    bed.file_becomes("out", "0027\n");
    assert_eq!(mode(&bed, "supervisord.pid"), 0o640);
}

// undocumented: a restart does not leave the terminal again.
#[test]
fn a_daemon_restarts_in_its_process() {
    let bed = Setup { text: "", daemonize: true, ..Setup::default() }.start();
    let pid = bed.pid();
    bed.signal(Signal::SIGHUP);
    bed.logs_times(2, "INFO supervisord started with pid PID");
    bed.eventually("it answers", || bed.rpc("getPID", []) == Ok(i64::from(pid.as_raw()).into()));
    assert_eq!(bed.logged("INFO daemonizing the supervisord process"), 1);
    assert_eq!(bed.read("supervisord.pid"), format!("{pid}\n"));
}

// configuration.rst, directory: "When supervisord daemonizes, switch to this directory": not in the foreground.
#[test]
fn in_the_foreground_the_directory_stays() {
    let bed = TestBed::new(&format!("[supervisord]\ndirectory=/tmp\numask=077\n{}", says("pwd; umask")));
    bed.eventually("it is said", || bed.normalise(&bed.read("out")).starts_with("HERE\n"));
    assert_ne!(bed.read("out").lines().nth(1), Some("0077"));
}

// configuration.rst, user: "Instruct supervisord to switch users to this UNIX user account before doing any meaningful processing."
#[test]
fn root_becomes_the_user() {
    needs_root!();
    let text = format!("[supervisord]\nuser=nobody\n{}", says("id -un; id -g; id -G"));
    let mut bed = Setup { text: &text, ..Setup::default() }.prepare();
    bed.give_to("nobody");
    bed.start();
    bed.logs("INFO Set uid to user 65534 succeeded");
    bed.file_becomes("out", "nobody\n65534\n65534\n");
    assert_eq!(status_line(bed.pid(), "Uid:"), "65534 65534 65534 65534");
    assert_eq!(status_line(bed.pid(), "Gid:"), "65534 65534 65534 65534");
    assert_eq!(status_line(bed.pid(), "Groups:"), "65534");
    let log = fs::metadata(bed.path("supervisord.log")).unwrap();
    assert_eq!(log.uid(), 65534, "the log is the user's");
}

// undocumented: to be the user already is as good.
#[test]
fn the_current_user_needs_no_switch() {
    let user = nix::unistd::geteuid().to_string();
    let bed = Setup { args: &["-u", &user], ..Setup::default() }.start();
    bed.logs(&format!("INFO Set uid to user {user} succeeded"));
    assert!(!bed.read("supervisord.log").contains("running as root"));
}

// configuration.rst, user: "If supervisord is not started as the root user, this setting will be ignored": it is an error, in fact.
#[test]
fn another_user_is_refused_without_root() {
    needs_root!();
    let mut bed = Setup { text: "[supervisord]\nuser=daemon\n", ..Setup::default() }.prepare();
    bed.give_to("nobody");
    bed.launch_through(&["setpriv", "--reuid", "nobody", "--clear-groups"]);
    assert_eq!(bed.exit_code(), Some(2));
    assert_eq!(
        bed.stderr(),
        "Error: Can't drop privilege as nonroot user\nFor help, use BIN/supervisord -h\n"
    );
}

// undocumented: root is warned.
#[test]
fn root_without_a_user_is_warned() {
    needs_root!();
    let bed = TestBed::new("");
    let warning = "CRIT Supervisor is running as root.  Privileges were not dropped because no user is specified in the config file.  If you \
        intend to run as root, you can set user=root in the config file to avoid this message.";
    let log = bed.normalise(&bed.read("supervisord.log"));
    assert_eq!(log.lines().next(), Some(warning));
    let bed = TestBed::new("[supervisord]\nuser=root\n");
    let log = bed.normalise(&bed.read("supervisord.log"));
    assert_eq!(log.lines().next(), Some("INFO Set uid to user 0 succeeded"));
}

// configuration.rst, minfds: "The minimum number of file descriptors that must be available before supervisord will start successfully."
#[test]
fn a_low_limit_of_descriptors_is_raised() {
    let text = format!("[supervisord]\nminfds=300\n{}", says("ulimit -S -n; ulimit -H -n"));
    let mut bed = Setup { text: &text, ..Setup::default() }.prepare();
    bed.launch_under("ulimit -S -n 256; ulimit -H -n 512");
    bed.file_becomes("out", "300\n512\n");
    bed.logs("INFO Increased RLIMIT_NOFILE limit to 300");
}

// undocumented: whoever may, raises the hard limit as well.
#[test]
fn the_hard_limit_is_raised_too() {
    needs_root!();
    let text = format!("[supervisord]\nminfds=700\n{}", says("ulimit -S -n; ulimit -H -n"));
    let mut bed = Setup { text: &text, ..Setup::default() }.prepare();
    bed.launch_under("ulimit -n 512");
    // Root of a container may not.
    let may =
        Command::new("sh").args(["-c", "ulimit -n 512 && ulimit -n 700"]).stderr(Stdio::null()).status();
    if may.unwrap().success() {
        bed.file_becomes("out", "700\n700\n");
    } else {
        assert_eq!((bed.exit_code(), bed.stderr().as_str()), (Some(2), TOO_FEW));
    }
}

// undocumented: a higher limit is left alone.
#[test]
fn a_high_limit_is_left_alone() {
    let text = format!("[supervisord]\nminfds=300\n{}", says("ulimit -S -n"));
    let mut bed = Setup { text: &text, ..Setup::default() }.prepare();
    bed.launch_under("ulimit -S -n 400");
    bed.file_becomes("out", "400\n");
    assert!(!bed.log().contains("RLIMIT_NOFILE"));
}

// configuration.rst, minfds: what cannot be had is an error.
#[test]
fn a_limit_that_cannot_be_raised_is_an_error() {
    let mut bed = Setup { text: "[supervisord]\nminfds=700\n", ..Setup::default() }.prepare();
    if is_root() {
        bed.launch_through(&[
            "sh",
            "-c",
            "ulimit -n 512; exec setpriv --bounding-set=-sys_resource \"$@\"",
            "sh",
        ]);
    } else {
        bed.launch_under("ulimit -n 512");
    }
    assert_eq!((bed.exit_code(), bed.stderr().as_str()), (Some(2), TOO_FEW));
}

// configuration.rst, minprocs: "The minimum number of process descriptors that must be available".
#[test]
fn a_low_limit_of_processes_is_raised() {
    let text = format!("[supervisord]\nminprocs=900\n{}", says("ulimit -S -u 2>/dev/null || ulimit -S -p"));
    let mut bed = Setup { text: &text, ..Setup::default() }.prepare();
    bed.launch_through(&["prlimit", "--nproc=800:1000"]);
    bed.file_becomes("out", "900\n");
    bed.logs("INFO Increased RLIMIT_NPROC limit to 900");
}

// running.rst: a mistake in the file ends the daemon with 2.
#[test]
fn a_mistake_in_the_file_is_exit_code_2() {
    let output = Setup { text: "[program:cat]\n", ..Setup::default() }.run();
    assert_eq!(
        output.refusal(),
        "program section program:cat does not specify a command in section 'program:cat' (file: 'HERE/supervisord.conf')"
    );
    assert_eq!(output.stdout, "");
}

// undocumented: a log that cannot be opened ends the daemon with 1, the original with a traceback.
#[test]
fn a_main_log_that_cannot_be_opened_is_an_error() {
    let output = Setup { text: "[supervisord]\nlogfile=%(here)s/auto\n", ..Setup::default() }.run();
    assert_eq!(output.code, Some(1));
}

// running.rst: programs are started in the order of their priorities, when the servers listen and the pid file is written.
#[test]
fn programs_start_when_everything_else_has() {
    let bed = TestBed::new(
        "[program:b]\ncommand=/bin/cat\npriority=2\n[program:a]\ncommand=/bin/cat\npriority=1\n",
    );
    bed.logs("INFO spawned: 'b' with pid PID");
    assert_eq!(
        bed.log(),
        "INFO RPC interface 'supervisor' initialized\n\
         CRIT Server 'unix_http_server' running without any HTTP authentication checking\n\
         INFO supervisord started with pid PID\n\
         INFO spawned: 'a' with pid PID\n\
         INFO spawned: 'b' with pid PID\n"
    );
}

// undocumented: a child of somebody else's that ends up here is reaped and told (as process 1 of a container would).
#[test]
fn an_unknown_child_is_reaped() {
    let mut bed = Setup::default().prepare();
    // The shell leaves a child to the daemon that it becomes.
    bed.launch_under("sleep 0.7 & :");
    bed.logs("INFO reaped unknown pid PID (exit status 0)");
}
