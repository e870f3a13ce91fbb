//! What only this implementation makes of a configuration: rules of a newer Python, names that cannot be meant, all mistakes at once.

use std::fs;

use harness::{Output, Setup, Signal, TestBed, Value, member, needs_root, text};

/// The command of the one program of a file.
#[track_caller]
fn command(bed: &TestBed) -> String {
    bed.ask("reloadConfig", []);
    let Value::Array(programs) = bed.ask("getAllConfigInfo", []) else { panic!("an array") };
    text(&member(&programs[0], "command"))
}

/// What is said to a file with these sections.
#[track_caller]
fn refusal(sections: &str) -> String {
    Setup { text: sections, ..Setup::default() }.run().refusal().to_owned()
}

/// `--check` of a file.
fn checked(sections: &str, files: &[(&str, &str)]) -> Output {
    Setup { text: sections, files, args: &["--check"], ..Setup::default() }.run()
}

/// A comment begins at the first sign that has a blank before it, as in Python 3.13. Up to 3.12 it was the n-th sign of one kind that
/// decided, so that `b;c ;x #y` kept `;x`.
#[test]
fn comments_begin_where_python_3_13_begins_them() {
    let bed = TestBed::new("");
    for (line, expected) in [
        ("b;c ;x #y", "b;c"),
        ("b#c #x ;y", "b#c"),
        ("b;c;d ;x", "b;c;d"),
        ("b;c #x ;y", "b;c"),
        ("b #x;y ;z", "b"),
    ] {
        bed.configure(&format!("[program:x]\ncommand={line}\n"));
        assert_eq!(command(&bed), expected, "{line}");
    }
}

/// The original puts all names and their values in the place of `%s`, the environment among them.
#[test]
fn a_conversion_without_a_name_is_refused() {
    for conversion in ["%s", "%r", "%-5s", "%(here)s %s"] {
        let refusal = refusal(&format!("[program:x]\ncommand=/bin/echo {conversion}\n"));
        let shown =
            format!("Format string '/bin/echo {conversion}' for 'program:x.command' is badly formatted: ");
        assert!(refusal.starts_with(&shown), "{refusal}");
        assert!(refusal.contains("not enough arguments for format string"), "{refusal}");
    }
}

/// The original accepts them, and then nothing can address the process.
#[test]
fn names_without_a_character_are_refused() {
    let sections = [
        "[program:]\ncommand=/bin/cat\n",
        "[program: ]\ncommand=/bin/cat\n",
        "[program:x]\ncommand=/bin/cat\nprocess_name=\n",
        "[program:x]\ncommand=/bin/cat\nprocess_name=%(ENV_EMPTY)s\nenvironment=EMPTY=\"\"\n",
        "[group:]\nprograms=\n",
        "[fcgi-program:]\ncommand=/bin/cat\nsocket=tcp://localhost:1\n",
        "[eventlistener:]\ncommand=/bin/cat\nevents=TICK_5\n",
    ];
    for sections in sections {
        let refusal = refusal(sections);
        assert!(refusal.starts_with("Invalid name: '' because it is empty"), "{sections}: {refusal}");
    }
}

/// All that is wrong, the original's complaint first, each with its line.
#[test]
fn all_mistakes_are_told_at_once() {
    let output = Setup {
        text: "[program:a]\ncommand=/bin/cat\nstartsecs=soon\nautostart = maybe\n[program:b]\nstopsignal=NOPE\n",
        ..Setup::default()
    }
    .run();
    let said: Vec<_> = output.stderr.lines().filter(|line| line.starts_with("Error: ")).collect();
    let in_section = |name: &str| format!("in section 'program:{name}' (file: 'HERE/supervisord.conf')");
    assert_eq!(
        said,
        [
            format!("Error: not a valid boolean value: 'maybe' {}", in_section("a")),
            format!("Error: invalid literal for int() with base 10: 'soon' {}", in_section("a")),
            format!("Error: value 'NOPE' is not a valid signal name {}", in_section("b")),
            format!("Error: program section program:b does not specify a command {}", in_section("b")),
        ]
    );
    assert_eq!(output.code, Some(2));
    assert!(output.stderr.contains(" | autostart = maybe\n"), "{}", output.stderr);
    assert!(output.stderr.contains(" |             ^^^^^\n"), "{}", output.stderr);
}

/// What nothing reads is told, and changes nothing.
#[test]
fn what_nothing_reads_is_told() {
    let bed = TestBed::new(
        "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nautostrat=false\n[programm:dog]\ncommand=/bin/cat\n",
    );
    bed.state_becomes("cat", "RUNNING");
    let lines = [
        "unknown key \"autostrat\" in section [program:cat], did you mean \"autostart\"?",
        "unknown section [programm:dog], did you mean [program:dog]?",
    ];
    for line in lines {
        let told = |text: String| text.lines().filter(|told| told.ends_with(line)).count();
        assert_eq!(told(bed.log()), 1, "{line}: {}", bed.log());
        assert_eq!(told(bed.stderr()), 1, "{line}: {}", bed.stderr());
        assert!(bed.log().lines().any(|told| told.contains("WARN") && told.contains("supervisord.conf:")));
    }
    assert_eq!(bed.info("cat").statename, "RUNNING");
}

/// Whatever is wrong is told, nothing is started, and a script sees by the exit code whether the file can be used.
#[test]
fn a_check_tells_everything_and_starts_nothing() {
    let good = checked("[program:x]\ncommand=/bin/touch %(here)s/started\nusre=root\n", &[]);
    assert_eq!((good.code, good.stderr.as_str()), (Some(0), ""));
    assert!(
        good.stdout.contains("Warning: unknown key \"usre\" in section [program:x], did you mean \"user\"?"),
        "{good:?}"
    );
    assert!(good.stdout.ends_with("HERE/supervisord.conf: no errors, 1 warning\n"), "{good:?}");

    let bad = checked(
        "[program:x]\nstartsecs=soon\n[include]\nfiles=more.conf\n",
        &[("more.conf", "[program:y]\ncommand=%(nope)s\n")],
    );
    assert_eq!((bad.code, bad.stderr.as_str()), (Some(2), ""));
    let errors = bad.stdout.lines().filter(|line| line.starts_with("Error: ")).count();
    assert_eq!(errors, 3, "{bad:?}");
    assert!(bad.stdout.contains("--> HERE/more.conf:2\n"), "{bad:?}");
    assert!(bad.stdout.ends_with("HERE/supervisord.conf: 3 errors, no warnings\n"), "{bad:?}");
}

/// The original leaves out an included file that it cannot read, without a word.
#[test]
fn an_included_file_that_cannot_be_read_is_told() {
    let bed =
        Setup { text: "[include]\nfiles=*.d\n", files: &[("folder.d/file", "")], ..Setup::default() }.start();
    assert!(
        bed.log().contains("Included file \"HERE/folder.d\" cannot be read: Is a directory"),
        "{}",
        bed.log()
    );
}

/// A second daemon on the same sockets is refused before it touches anything of the first one.
#[test]
fn a_second_daemon_leaves_the_logs_of_the_first() {
    let sections = "[program:x]\ncommand=/bin/sh -c 'echo hello; exec cat'\nstartsecs=0\n";
    let bed = TestBed::new(sections);
    bed.state_becomes("x", "RUNNING");
    let log = bed.info("x").stdout_logfile;
    bed.eventually("it has written", || fs::read_to_string(&log).is_ok_and(|text| text == "hello\n"));
    let before = bed.read("supervisord.pid");
    let second = bed.finish(bed.daemon_command(), "");
    assert_eq!(second.code, Some(2), "{second:?}");
    assert!(second.stderr.contains("Another program is already listening on a port"), "{second:?}");
    assert_eq!(fs::read_to_string(&log).unwrap(), "hello\n");
    assert_eq!(bed.read("supervisord.pid"), before);
    assert_eq!(bed.info("x").statename, "RUNNING");
}

/// The original knows them until it is restarted.
#[test]
fn variables_that_the_file_no_longer_sets_are_unknown() {
    let program = "[program:x]\ncommand=/bin/echo %(ENV_GONE)s\nautostart=false\n";
    let bed = TestBed::new(&format!("[supervisord]\nenvironment=GONE=1\n{program}"));
    bed.configure(program);
    let fault = bed.rpc("reloadConfig", []).unwrap_err();
    assert!(fault.text.contains("contains names ('ENV_GONE') which cannot be expanded"), "{fault:?}");
}

/// A SIGHUP with a file that cannot be read changes nothing, and the log says why.
#[test]
fn a_broken_file_ends_no_daemon() {
    let bed = TestBed::new("[program:x]\ncommand=/bin/cat\nstartsecs=0\n");
    bed.state_becomes("x", "RUNNING");
    let pid = bed.pid_of("x");
    bed.configure("[program:x]\ncommand=/bin/cat\nstartsecs=soon\n");
    bed.signal(Signal::SIGHUP);
    bed.eventually("it is told", || bed.log().contains("invalid literal for int() with base 10: 'soon'"));
    assert_eq!(bed.pid_of("x"), pid);
    assert_eq!(bed.state("x"), "RUNNING");
}

/// A daemon that was given its file by a relative name, and has gone to another folder, finds it at a SIGHUP.
#[test]
fn the_file_is_found_from_another_folder() {
    let text = "[supervisord]\ndirectory=/tmp\nidentifier=before\n";
    let bed = Setup { text, daemonize: true, ..Setup::default() }.start();
    let cwd = fs::read_link(format!("/proc/{}/cwd", bed.pid())).unwrap();
    assert_eq!(cwd.display().to_string(), "/tmp");
    bed.configure("[supervisord]\ndirectory=/tmp\nidentifier=after\n");
    bed.signal(Signal::SIGHUP);
    bed.eventually("it has read the file again", || bed.rpc("getIdentification", []) == Ok("after".into()));
}

/// The original does not start then: it wants the address of the machine's name for a server on all interfaces.
#[test]
fn a_server_needs_no_name_of_the_machine() {
    needs_root!();
    let mut bed = Setup { text: "[inet_http_server]\nport={port}\n", ..Setup::default() }.prepare();
    bed.launch_through(&[
        "unshare",
        "--uts",
        "sh",
        "-c",
        "hostname no-host-of-this-name && exec \"$@\"",
        "sh",
    ]);
    bed.eventually("it answers", || std::net::TcpStream::connect(("127.0.0.1", bed.port())).is_ok());
}

const LOGIN: &str = "[inet_http_server]\nport=127.0.0.1:{port}\nusername=me\npassword_file=secret\n\
                     [supervisorctl]\nserverurl=http://127.0.0.1:{port}\nusername=me\npassword_file={here}/secret\n";

/// The original knows `password` only, which stands in a file that many may read.
#[test]
fn a_password_may_stand_in_a_file_of_its_own() {
    let files: &[(&str, &str)] = &[("secret", "pa:ss %(word)s\nnot this\n")];
    let bed = Setup { text: LOGIN, files, ..Setup::default() }.start();
    assert_eq!(bed.ctl(["version"]).stdout, "4.3.0\n");
    assert_eq!(bed.ctl(["-p", "pa:ss %(word)s", "version"]).stdout, "4.3.0\n");
    assert!(bed.ctl(["-p", "not this", "version"]).stdout.starts_with("Server requires authentication\n"));
    // It is read when the configuration is: a restart takes the new one.
    bed.write("secret", "other");
    assert!(bed.ctl(["version"]).stdout.starts_with("Server requires authentication\n"));
    bed.signal(Signal::SIGHUP);
    bed.eventually("the new password opens", || bed.ctl(["version"]).stdout == "4.3.0\n");
    assert!(
        bed.ctl(["-p", "pa:ss %(word)s", "version"]).stdout.starts_with("Server requires authentication\n")
    );
}

#[test]
fn a_file_with_a_password_may_hold_its_hash() {
    let files: &[(&str, &str)] = &[("secret", "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d\n")];
    let bed = Setup { text: LOGIN, files, ..Setup::default() }.start();
    assert_eq!(bed.ctl(["-p", "thepassword", "version"]).stdout, "4.3.0\n");
}

#[test]
fn a_file_with_a_password_that_cannot_be_read_is_named() {
    assert_eq!(
        refusal(LOGIN),
        "Section [inet_http_server] names a password_file that cannot be read: HERE/secret: No such file or directory (os error 2)"
    );
    let twice = LOGIN.replacen("password_file", "password=x\npassword_file", 1);
    assert_eq!(refusal(&twice), "Section [inet_http_server] sets both password and password_file");
}
