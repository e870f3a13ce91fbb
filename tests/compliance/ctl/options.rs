//! The command line of supervisorctl itself, and how an action is read from it.

use harness::{Output, Setup, TestBed};

use super::{assert_runs, assert_session, run};

#[track_caller]
fn raw(bed: &TestBed, args: &[&str]) -> Output {
    let mut command = std::process::Command::new(harness::supervisorctl());
    command.args(args).current_dir(bed.path("")).env_clear().env("LANG", "C.UTF-8").env("HOME", bed.path(""));
    bed.finish(command, "")
}

/// The words behind `Error: ` of a wrong use.
#[track_caller]
fn refused(bed: &TestBed, args: &[&str]) -> String {
    let output = raw(bed, args);
    assert_eq!((output.code, output.stdout.as_str()), (Some(2), ""), "{output:?}");
    let (error, help) = output.stderr.split_once('\n').expect("two lines");
    let program = bed.normalise(&harness::supervisorctl().display().to_string());
    assert_eq!(help, format!("For help, use {program} -h\n"));
    error.strip_prefix("Error: ").expect("an error").to_owned()
}

// running.rst, "supervisorctl Command-Line Options".
#[test]
fn wrong_options_are_refused() {
    let bed = Setup::default().prepare();
    let conf = bed.path("supervisord.conf").display().to_string();
    for (args, error) in [
        (&["-Z"][..], "option -Z not recognized"),
        (&["--nothing"], "option --nothing not recognized"),
        (&["-v"], "option -v not recognized"),
        (&["-c"], "option -c requires argument"),
        (&["--serverurl"], "option --serverurl requires argument"),
        (&["--interactive=x"], "option --interactive must not have an argument"),
        (&["-c", "/nonexistent.conf"], "could not find config file /nonexistent.conf"),
        (&["-c", &conf, "-s", "foo"], "invalid value for -s 'foo': value 'foo' is not a URL"),
        (&["-s", "http://x", "-s", "http://x"], "conflicting command line option '-s'"),
    ] {
        assert_eq!(refused(&bed, args), error, "{args:?}");
    }
}

// running.rst, -h: "Print usage message and exit". Its layout and its words are each one's own.
#[test]
fn the_usage_names_all_options() {
    let bed = Setup::default().prepare();
    for option in ["-h", "--help", "-?"] {
        let output = raw(&bed, &[option]);
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
        let usage = output.stdout.to_lowercase();
        assert!(usage.contains("supervisorctl [options] [action"), "{usage}");
        for name in ["configuration", "help", "interactive", "serverurl", "username", "password", "history"] {
            let short = if name == "history" { "r" } else { &name[..1] };
            assert!(
                usage.contains(&format!("-{short}")) && usage.contains(&format!("--{name}")),
                "{name}: {usage}"
            );
        }
    }
}

// running.rst: "action [arguments]"; options end where the action begins.
#[test]
fn an_action_takes_all_that_follows() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    assert_runs(
        &bed,
        &[
            ("status -c x", "-c: ERROR (no such process)\nx: ERROR (no such process)\n", 4),
            (
                "status -- cat",
                "--: ERROR (no such process)\ncat                              STOPPED   Not started\n",
                3,
            ),
            ("-- version", "4.3.0\n", 0),
            ("-i version", "4.3.0\n", 0),
        ],
    );
    // Words are joined by blanks and split again.
    assert_eq!(super::told(bed.ctl(["status cat"])).1, 3);
    assert_eq!(super::told(bed.ctl(["pid", "cat cat"])).0, "0\n0\n");
}

// undocumented: how a line is read.
#[test]
fn a_line_is_read_as_pythons_cmd_reads_it() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    assert_runs(
        &bed,
        &[
            ("nothing", "*** Unknown syntax: nothing\n", 1),
            ("start-all", "-all: ERROR (no such process)\n", 1),
            ("STATUS", "*** Unknown syntax: STATUS\n", 1),
        ],
    );
    let row = "cat                              STOPPED   Not started\n";
    assert_session(
        &bed,
        &[
            ("nothing at all", "*** Unknown syntax: nothing at all\n"),
            ("!ls", "*** Unknown syntax: !ls\n"),
            ("# comment", "*** Unknown syntax: # comment\n"),
            ("status;", ";: ERROR (no such process)\n"),
            ("status\tcat", row),
            ("   status   cat   ", row),
            ("version", "4.3.0\n"),
            ("   ", ""),
            ("/", "*** Unknown syntax: /\n"),
        ],
    );
}

// configuration.rst, [supervisorctl] serverurl, prompt.
#[test]
fn the_section_says_where_the_daemon_is() {
    let bed = TestBed::new("[supervisorctl]\nprompt=mine\n");
    let output = bed.ctl_shell("version\n");
    assert_eq!(output.stdout, "mine> 4.3.0\nmine> \n");
    bed.configure("[supervisorctl]\nserverurl=unix:///nonexistent\n");
    assert_runs(&bed, &[("version", "unix:///nonexistent no such file\n", 7)]);
    // -s comes before the file.
    let url = format!("unix://{}/supervisor.sock", bed.here());
    assert_eq!(super::told(bed.ctl(["-s", &url, "version"])), ("4.3.0\n".to_owned(), 0));
}

// running.rst: "If -i is specified or no action is specified on the command line, a shell interpreting actions typed interactively is
// started."
#[test]
fn without_an_action_there_is_a_shell() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    let row = "cat                              STOPPED   Not started\n";
    let output = bed.ctl_shell("version\nquit\nversion\n");
    assert_eq!((output.stdout, output.code), (format!("{row}supervisor> 4.3.0\nsupervisor> \n"), Some(0)));
    let output = bed.ctl_shell("nothing\nexit\n");
    assert_eq!(
        (output.stdout, output.code),
        (format!("{row}supervisor> *** Unknown syntax: nothing\nsupervisor> \n"), Some(0))
    );
    let output = bed.ctl_shell("");
    assert_eq!((output.stdout, output.code), (format!("{row}supervisor> \n"), Some(0)));
    assert_eq!(run(&bed, "quit"), ("\n".to_owned(), 0));
    assert_eq!(run(&bed, "exit now"), ("\n".to_owned(), 0));
}
