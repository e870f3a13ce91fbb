//! supervisorctl's: options before the action, and what they override.

use harness::{Output, Setup, TestBed, supervisorctl};

use super::{folder, refused};

#[track_caller]
fn run(bed: &TestBed, words: &[&str]) -> Output {
    bed.finish(bed.command(&supervisorctl(), words.iter().copied()), "")
}

#[track_caller]
fn not_accepted(rows: &[(&[&str], &str)]) {
    let bed = folder();
    refused(rows, |words| {
        let mut output = run(&bed, words);
        // It may be another implementation than that of the daemon.
        let bin = supervisorctl().display().to_string();
        output.stderr = output.stderr.replace(&bin, "BIN/supervisorctl");
        output
    });
}

/// What is said to a server that is not there.
const NOBODY: &str = "unix:///nonexistent no such file\n";

// running.rst, "supervisorctl Command-Line Options".
#[test]
fn tells_its_options() {
    let bed = folder();
    for words in [&["-h"][..], &["--help"], &["-?"], &["-h", "status"]] {
        let output = run(&bed, words);
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "on {words:?}");
        for option in ["configuration", "help", "interactive", "serverurl", "username", "password"] {
            assert!(output.stdout.contains(&format!("--{option}")), "{option} is not in {}", output.stdout);
        }
    }
}

// undocumented: mistakes of form, as in supervisord.
#[test]
fn mistakes_of_form_are_told() {
    not_accepted(&[
        (&["-v"], "option -v not recognized"),
        (&["--version"], "option --version not recognized"),
        (&["-Z", "status"], "option -Z not recognized"),
        (&["-h", "-Z"], "option -Z not recognized"),
        (&["-c"], "option -c requires argument"),
        (&["--config"], "option --configuration requires argument"),
        (&["-p"], "option -p requires argument"),
        (&["--u"], "option --username requires argument"),
        (&["--hist"], "option --history_file requires argument"),
        (&["--interactive=1"], "option --interactive must not have an argument"),
        (&["-i", "-i"], "conflicting command line option '-i'"),
        (&["-i", "--inter"], "conflicting command line option '--interactive'"),
        (&["-u", "a", "-u", "a"], "conflicting command line option '-u'"),
        (&["--history-file", "x"], "option --history-file not recognized"),
    ]);
}

// running.rst, -s: "URL on which supervisord server is listening".
#[test]
fn a_server_is_a_url() {
    not_accepted(&[
        (&["-s", "foo"], "invalid value for -s 'foo': value 'foo' is not a URL"),
        (&["-s", "foo:"], "invalid value for -s 'foo:': value 'foo:' is not a URL"),
        (&["-s", "http://"], "invalid value for -s 'http://': value 'http://' is not a URL"),
        (&["--serverurl", ""], "invalid value for --serverurl '': value '' is not a URL"),
        (&["-s", "unix:///x", "-s", "y"], "invalid value for -s 'y': value 'y' is not a URL"),
    ]);
}

// running.rst, -c: the file must be there, and have its section.
#[test]
fn the_configuration_needs_its_section() {
    let bed = folder();
    bed.write("other.conf", "[supervisord]\n");
    refused(
        &[
            (&["-c", "/nonexistent", "status"], "could not find config file /nonexistent"),
            (&["-c", "/tmp", "status"], "could not read config file /tmp"),
            (&["-c", "other.conf", "status"], ".ini file does not include supervisorctl section"),
            (&["-cother.conf", "status"], ".ini file does not include supervisorctl section"),
        ],
        |words| {
            let mut output = run(&bed, words);
            output.stderr =
                output.stderr.replace(&supervisorctl().display().to_string(), "BIN/supervisorctl");
            output
        },
    );
}

// undocumented: a file that cannot be parsed ends it with 1; the original tells why in the last lines of a traceback.
#[test]
fn a_file_that_cannot_be_parsed_is_exit_code_1() {
    let bed = folder();
    for (text, told) in [
        (
            "[supervisorctl]\nprompt\n",
            "Source contains parsing errors: 'other.conf'\n\t[line  2]: 'prompt\\n'\n",
        ),
        ("prompt=x\n", "File contains no section headers.\nfile: 'other.conf', line: 1\n'prompt=x\\n'\n"),
    ] {
        bed.write("other.conf", text);
        let output = run(&bed, &["-c", "other.conf", "version"]);
        assert_eq!((output.code, output.stdout.as_str()), (Some(1), ""), "{output:?}");
        assert!(output.stderr.contains(told), "{output:?}");
    }
}

/// What a client says that finds nobody, with these words and this section.
#[track_caller]
fn asks(section: &str, words: &[&str]) -> String {
    let setup = Setup { text: section, bare: true, ..Setup::default() };
    let bed = setup.prepare();
    let words = [&["-c", "supervisord.conf"], words].concat();
    let output = run(&bed, &words);
    let first = output.stdout.split_inclusive('\n').next().unwrap_or_default();
    first.to_owned()
}

// running.rst: the command line wins over the file.
#[test]
fn the_command_line_wins_over_the_file() {
    let section = "[supervisorctl]\nserverurl=unix:///nonexistent/file\n";
    assert_eq!(asks(section, &["version"]), "unix:///nonexistent/file no such file\n");
    assert_eq!(asks(section, &["-s", "unix:///nonexistent", "version"]), NOBODY);
    assert_eq!(asks(section, &["--server=unix:///nonexistent", "version"]), NOBODY);
    assert_eq!(asks(section, &["-sunix:///nonexistent", "version"]), NOBODY);
    assert_eq!(
        asks(section, &["-s", "http://127.0.0.1:1", "version"]),
        "http://127.0.0.1:1 refused connection\n"
    );
}

// running.rst: what follows the first word that is no option belongs to the action.
#[test]
fn options_end_at_the_action() {
    let section = "[supervisorctl]\nserverurl=unix:///nonexistent\n";
    assert_eq!(
        asks(section, &["version", "-s", "http://127.0.0.1:1"]),
        "Error: version accepts no arguments\n"
    );
    assert_eq!(asks(section, &["--", "version"]), NOBODY);
}

// undocumented: the words of an action become one line.
#[test]
fn the_words_of_an_action_become_one_line() {
    let bed = TestBed::new(
        "[program:a]\ncommand=/bin/cat\nautostart=false\n[program:b]\ncommand=/bin/cat\nautostart=false\n",
    );
    let status = "a                                STOPPED   Not started\nb                                STOPPED   Not started\n";
    assert_eq!(bed.ctl(["status"]).stdout, status);
    assert_eq!(bed.ctl(["status", "a", "b"]).stdout, status);
    assert_eq!(bed.ctl(["status a b"]).stdout, status);
    assert_eq!(bed.ctl(["status", "a b"]).stdout, status);
}

// running.rst, -i: "Start an interactive shell after executing commands." undocumented: with an action there is no shell.
#[test]
fn an_action_ends_even_when_interactive() {
    let bed = TestBed::new("");
    let mut command = bed.ctl_command();
    command.args(["-i", "version"]);
    assert_eq!(bed.finish(command, "version\n").stdout, "4.3.0\n");
}

// running.rst, -u, -p: "Username to use for authentication with server", "Password to use for authentication with server".
#[test]
fn a_server_may_want_a_password() {
    let bed = TestBed::new("[unix_http_server]\nusername=user\npassword=secret\n");
    // The original says more, with the names of its classes.
    let refused = |bed: &TestBed, words: &[&str]| {
        let output = bed.ctl(words.iter().copied());
        assert!(output.stdout.starts_with("Server requires authentication\n"), "{output:?}");
        assert_ne!(output.code, Some(0));
    };
    refused(&bed, &["version"]);
    refused(&bed, &["-u", "user", "-p", "wrong", "version"]);
    assert_eq!(bed.ctl(["-u", "user", "-p", "secret", "version"]).stdout, "4.3.0\n");
    let file = "[unix_http_server]\nusername=user\npassword=secret\n[supervisorctl]\nusername=user\npassword=secret\n";
    let bed = TestBed::new(file);
    assert_eq!(bed.ctl(["version"]).stdout, "4.3.0\n");
    refused(&bed, &["-p", "wrong", "version"]);
}

// configuration.rst, [supervisorctl] serverurl: a relative socket is below the current folder; `%(here)s` is that of the file.
#[test]
fn the_server_of_the_file_may_be_relative() {
    let bed = TestBed::new("[supervisorctl]\nserverurl=unix://supervisor.sock\n");
    assert_eq!(bed.ctl(["version"]).stdout, "4.3.0\n");
    let bed = TestBed::new("[supervisorctl]\nserverurl=unix://%(here)s/supervisor.sock\n");
    assert_eq!(bed.ctl(["version"]).stdout, "4.3.0\n");
    let bed = TestBed::new(
        "[supervisorctl]\nserverurl=http://127.0.0.1:{port}\n[inet_http_server]\nport=127.0.0.1:{port}\n",
    );
    assert_eq!(bed.ctl(["version"]).stdout, "4.3.0\n");
}

// configuration.rst, [supervisorctl] prompt: "String used as supervisorctl prompt."
#[test]
fn the_prompt_is_that_of_the_file() {
    let bed = TestBed::new("[supervisorctl]\nprompt=mine\n");
    assert_eq!(bed.ctl_shell("version\n").stdout, "mine> 4.3.0\nmine> \n");
    let bed = TestBed::new("");
    assert_eq!(bed.ctl_shell("version\n").stdout, "supervisor> 4.3.0\nsupervisor> \n");
}

// configuration.rst, [include]: supervisorctl does not follow it.
#[test]
fn supervisorctl_includes_nothing() {
    let setup = Setup {
        text: "[supervisorctl]\nserverurl=unix:///nonexistent\n[include]\nfiles=more.conf\n",
        files: &[("more.conf", "[supervisorctl]\nserverurl=unix:///other\n")],
        bare: true,
        ..Setup::default()
    };
    let bed = setup.prepare();
    assert_eq!(run(&bed, &["-c", "supervisord.conf", "version"]).stdout, NOBODY);
}

// configuration.rst, [supervisorctl]: the names that its keys know.
#[test]
fn the_keys_know_the_environment() {
    let bed = Setup { env: &[("WHERE", "/nonexistent"), ("WORD", "w")], ..Setup::default() }.prepare();
    let says = |text: &str| {
        bed.write("supervisord.conf", text);
        bed.finish(bed.command(&supervisorctl(), ["-c", "supervisord.conf", "version"]), "")
    };
    assert_eq!(says("[supervisorctl]\nserverurl=unix://%(ENV_WHERE)s\n").stdout, NOBODY);
    assert_eq!(says("[supervisorctl]\nserverurl=unix://%(here)s/s\n").stdout, "unix://HERE/s no such file\n");
    let refused = says("[supervisorctl]\nprompt=%(here)s\n");
    let start = "Error: Format string '%(here)s' for 'supervisorctl.prompt' contains names ('here') which cannot be expanded. Available names: ENV_";
    assert!(refused.stderr.starts_with(start) && refused.code == Some(2), "{refused:?}");
}

// undocumented: without any file, the server is the one at port 9001.
#[test]
fn without_a_file_the_default_server_is_asked() {
    let bed = folder();
    std::fs::remove_file(bed.path("supervisord.conf")).unwrap();
    let output = run(&bed, &["version"]);
    let first = output.stdout.lines().next().unwrap_or_default();
    assert!(first.starts_with("http://localhost:9001 ") || first == "4.3.0", "{output:?}");
}
