//! supervisord's: Python's `getopt`, the options, and what they override.

use harness::{Output, Setup, TestBed, differs, needs_root, supervisord, text};

use super::{folder, refused};

/// What a daemon with these words says and does, which is never a start.
#[track_caller]
fn run(bed: &TestBed, words: &[&str]) -> Output {
    bed.finish(bed.command(&supervisord(), words.iter().copied()), "")
}

/// A version is printed when these words are in order.
#[track_caller]
fn accepted(rows: &[&[&str]]) {
    let bed = folder();
    for words in rows {
        let output = run(&bed, words);
        assert_eq!(
            output,
            Output { stdout: "4.3.0\n".to_owned(), stderr: String::new(), code: Some(0) },
            "on {words:?}"
        );
    }
}

#[track_caller]
fn not_accepted(rows: &[(&[&str], &str)]) {
    let bed = folder();
    refused(rows, |words| run(&bed, words));
}

// running.rst, -v: "Print the supervisord version number out to stdout and exit."
#[test]
fn tells_its_version() {
    accepted(&[&["-v"], &["--version"], &["-v", "-c", "/nonexistent"]]);
}

// running.rst, -h: "Show supervisord command help."
#[test]
fn tells_its_options() {
    let bed = folder();
    for words in [&["-h"][..], &["--help"], &["-?"], &["-n", "-h"]] {
        let output = run(&bed, words);
        assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""), "on {words:?}");
        assert!(output.stdout.contains("Usage: BIN/supervisord "), "{}", output.stdout);
        for option in [
            "configuration",
            "nodaemon",
            "silent",
            "help",
            "version",
            "user",
            "umask",
            "directory",
            "logfile",
            "logfile_maxbytes",
            "logfile_backups",
            "loglevel",
            "pidfile",
            "identifier",
            "childlogdir",
            "nocleanup",
            "minfds",
            "strip_ansi",
            "minprocs",
            "profile_options",
        ] {
            assert!(output.stdout.contains(&format!("--{option}")), "{option} is not in {}", output.stdout);
        }
    }
}

// undocumented: long options may be shortened as long as they are unique.
#[test]
fn long_options_may_be_shortened() {
    accepted(&[
        &["--vers"],
        &["--v"],
        &["--nod", "-v"],
        &["--conf=/nonexistent", "-v"],
        &["--id", "x", "-v"],
    ]);
    not_accepted(&[
        (&["--no"], "option --no not a unique prefix"),
        (&["--log=x", "-v"], "option --log not a unique prefix"),
        (&["--nop"], "option --nop not recognized"),
        (&["--logfile-maxbytes", "3"], "option --logfile-maxbytes not recognized"),
    ]);
    // The whole name of an option that begins another.
    accepted(&[&["--logfile", "x", "-v"], &["--logfile=x", "-v"]]);
}

// undocumented: short options may stand in one word, with a value behind the last.
#[test]
fn short_options_may_stand_in_one_word() {
    accepted(&[&["-nktsv"], &["-nv"], &["-edebug", "-v"], &["-nedebug", "-v"]]);
    not_accepted(&[
        (&["-nZ"], "option -Z not recognized"),
        (&["-c/nonexistent"], "could not find config file /nonexistent"),
        (&["-h=3"], "option -= not recognized"),
        (&["-e=debug", "-v"], "invalid value for -e '=debug': bad logging level name '=debug'"),
    ]);
}

// undocumented: the mistakes of form.
#[test]
fn mistakes_of_form_are_told() {
    not_accepted(&[
        (&["-Z"], "option -Z not recognized"),
        (&["-c"], "option -c requires argument"),
        (&["-nc"], "option -c requires argument"),
        (&["--configuration"], "option --configuration requires argument"),
        (&["--conf"], "option --configuration requires argument"),
        (&["--nodaemon=1"], "option --nodaemon must not have an argument"),
        (&["--help=3"], "option --help must not have an argument"),
    ]);
}

// undocumented: an option is given once.
#[test]
fn an_option_twice_is_a_conflict() {
    not_accepted(&[
        (&["-n", "-n"], "conflicting command line option '-n'"),
        (&["-nn"], "conflicting command line option '-n'"),
        (&["-n", "--nodaemon"], "conflicting command line option '--nodaemon'"),
        (&["--nod", "--nodae"], "conflicting command line option '--nodaemon'"),
        (&["-e", "info", "-e", "info"], "conflicting command line option '-e'"),
        (&["-c", "a", "-c", "a"], "conflicting command line option '-c'"),
    ]);
}

// undocumented: there are no other arguments.
#[test]
fn positional_arguments_are_refused() {
    not_accepted(&[
        (&["foo", "bar"], "positional arguments are not supported: ['foo', 'bar']"),
        (&["it's", "a\"b"], "positional arguments are not supported: [\"it's\", 'a\"b']"),
        (&["--", "-n"], "positional arguments are not supported: ['-n']"),
        (&["-"], "positional arguments are not supported: ['-']"),
        (&["start", "-v"], "positional arguments are not supported: ['start', '-v']"),
    ]);
}

// undocumented: mistakes of form come first, then other arguments, then the options from left to right.
#[test]
fn options_are_looked_at_from_left_to_right() {
    not_accepted(&[
        (&["-h", "foo"], "positional arguments are not supported: ['foo']"),
        (&["-v", "-Z"], "option -Z not recognized"),
        (&["-m", "9", "-h"], "invalid value for -m '9': 9 can not be converted to an octal type"),
        (&["-m", "9", "-e", "x"], "invalid value for -m '9': 9 can not be converted to an octal type"),
        (&["-nkv", "-c"], "option -c requires argument"),
    ]);
    accepted(&[&["-v", "-m", "9"], &["-v", "-s", "-s"], &["-v", "-h"]]);
}

// running.rst: each option has the type of its key.
#[test]
fn bad_values_are_told() {
    not_accepted(&[
        (&["--umask=9"], "invalid value for --umask '9': 9 can not be converted to an octal type"),
        (&["--umask="], "invalid value for --umask '':  can not be converted to an octal type"),
        (
            &["-d", "/nonexistent"],
            "invalid value for -d '/nonexistent': /nonexistent is not an existing directory",
        ),
        (
            &["-l", "/nonexistent/x"],
            "invalid value for -l '/nonexistent/x': The directory named as part of the path /nonexistent/x does not exist",
        ),
        (&["-y", "3XB"], "invalid value for -y '3XB': invalid literal for int() with base 10: '3xb'"),
        (&["-z", "x"], "invalid value for -z 'x': invalid literal for int() with base 10: 'x'"),
        (&["-e", "warning"], "invalid value for -e 'warning': bad logging level name 'warning'"),
        (
            &["-j", "/nonexistent/x"],
            "invalid value for -j '/nonexistent/x': The directory named as part of the path /nonexistent/x does not exist",
        ),
        (
            &["-q", "/nonexistent"],
            "invalid value for -q '/nonexistent': /nonexistent is not an existing directory",
        ),
        (&["-a", "1.5"], "invalid value for -a '1.5': invalid literal for int() with base 10: '1.5'"),
        (
            &["--minprocs", "x"],
            "invalid value for --minprocs 'x': invalid literal for int() with base 10: 'x'",
        ),
        (&["--minfds="], "invalid value for --minfds '': invalid literal for int() with base 10: ''"),
        (&["--logl=loud"], "invalid value for --loglevel 'loud': bad logging level name 'loud'"),
    ]);
}

// The same: and takes what the key takes.
#[test]
fn good_values_are_taken() {
    accepted(&[
        &["-m", "0o22", "-v"],
        &["-d", "~", "-v"],
        &["-l", "x", "-v"],
        &["-y", "3mb", "-v"],
        &["-z", "-1", "-v"],
        &["-e", "WARN", "-v"],
        &["-j", "x", "-v"],
        &["-i", "", "-v"],
        &["-q", "/tmp", "-v"],
        &["-a", "1_000", "-v"],
        &["--minprocs=+3", "-v"],
        &["-u", "nobody-of-this-name", "-v"],
        &["-c", "/nonexistent", "-v"],
    ]);
}

// running.rst, -c: "The path to a supervisord configuration file."
#[test]
fn the_configuration_must_be_a_file() {
    not_accepted(&[
        (&["-c", "/nonexistent"], "could not find config file /nonexistent"),
        (&["-c", "nonexistent"], "could not find config file nonexistent"),
        (&["-c", "/tmp"], "could not read config file /tmp"),
    ]);
}

// running.rst, -u: "The UNIX username or numeric user id." It is looked up when the file has been read.
#[test]
fn the_user_must_exist() {
    not_accepted(&[
        (&["-c", "supervisord.conf", "-u", "nobody-of-this-name"], "Invalid user name nobody-of-this-name"),
        (&["-c", "supervisord.conf", "-u", "987654"], "Invalid user id 987654"),
        (&["-c", "/nonexistent", "-u", "nobody-of-this-name"], "could not find config file /nonexistent"),
    ]);
}

// running.rst: "the command line … overrides" the file.
#[test]
fn the_command_line_wins_over_the_file() {
    let setup = Setup {
        text: "[supervisord]\nidentifier=file\nloglevel=error\n[program:x]\ncommand=/bin/cat\n",
        args: &[
            "-i",
            "line",
            "-e",
            "debug",
            "-l",
            "other.log",
            "-j",
            "other.pid",
            "-q",
            "logs",
            "-y",
            "1KB",
            "-z",
            "1",
        ],
        files: &[("logs/keep", "")],
        ..Setup::default()
    };
    let bed = setup.start();
    bed.state_becomes("x", "RUNNING");
    assert_eq!(text(&bed.ask("getIdentification", [])), "line");
    assert_eq!(bed.read("supervisord.log"), "");
    assert!(bed.read("other.log").contains(" INFO spawned: 'x'"));
    assert_eq!(bed.read("other.pid").trim(), bed.pid().to_string());
    assert!(bed.normalise(&bed.info("x").stdout_logfile).starts_with("HERE/logs/x-stdout---line-"));
    for _ in 0..20 {
        bed.ask("signalProcess", ["x".into(), "CONT".into()]);
    }
    bed.eventually("the log is rotated", || bed.path("other.log.1").exists());
    assert!(!bed.path("other.log.2").exists());
}

// running.rst, -n: "Run supervisord in the foreground." -s: "No output directed to stdout."
#[test]
fn flags_switch_on_what_the_file_switches_off() {
    let text = "[supervisord]\nnodaemon=false\nsilent=false\n";
    let bed = Setup { text, ..Setup::default() }.start();
    bed.eventually("the log is on stdout", || bed.stdout().contains("INFO supervisord started with pid PID"));
    let bed = Setup { text, args: &["--silent"], ..Setup::default() }.start();
    bed.logs("INFO supervisord started with pid PID");
    assert_eq!(bed.stdout(), "");
}

// running.rst, -k: "Prevent supervisord from performing cleanup (removal of old AUTO process log files) at startup."
#[test]
fn nocleanup_keeps_old_logs() {
    let old = "auto/x-stdout---supervisor-abcdefgh.log";
    for (args, kept) in [(&["-k"][..], true), (&[], false)] {
        let bed = Setup { args, files: &[(old, "old")], ..Setup::default() }.start();
        assert_eq!(bed.path(old).exists(), kept, "with {args:?}");
    }
}

// running.rst, -t: "Strip ansi escape sequences from all child log process."
#[test]
fn strip_ansi_takes_colours_away() {
    let setup = Setup {
        text: "[program:x]\ncommand=/usr/bin/printf '\\033[1mhi\\033[0m\\n'\nstartsecs=0\nautorestart=false\nstdout_logfile={here}/out\n",
        args: &["-t"],
        ..Setup::default()
    };
    setup.start().file_becomes("out", "hi\n");
}

// running.rst, -d: "When supervisord is run as a daemon, cd to this directory before daemonizing." -m: "Octal number … representing the
// umask".
#[test]
fn a_daemon_has_the_folder_and_the_umask_of_the_command_line() {
    let setup = Setup {
        text: "[supervisord]\numask=077\ndirectory=/\n[program:x]\ncommand=/bin/sh -c \"pwd; umask\"\nstartsecs=0\nautorestart=false\nstdout_logfile={here}/out\n",
        args: &["-d", "sub", "-m", "027"],
        files: &[("sub/keep", "")],
        daemonize: true,
        ..Setup::default()
    };
    let bed = setup.start();
    bed.eventually("the program speaks", || bed.normalise(&bed.read("out")) == "HERE/sub\n0027\n");
}

// running.rst, -u: with the rights of root, supervisord becomes this user.
#[test]
fn the_user_of_the_command_line_wins() {
    needs_root!();
    let setup = Setup { text: "[supervisord]\nuser=root\n", args: &["-u", "nobody"], ..Setup::default() };
    let mut bed = setup.prepare();
    bed.give_to("nobody");
    bed.start();
    let status = std::fs::read_to_string(format!("/proc/{}/status", bed.pid())).unwrap();
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap().uid;
    assert!(status.contains(&format!("\nUid:\t{nobody}\t")), "{status}");
}

// running.rst, -a: "The minimum number of file descriptors that must be available to the supervisord process before it will start
// successfully." --minprocs likewise.
#[test]
fn the_limits_of_the_command_line_win() {
    let setup = Setup {
        text: "[supervisord]\nminfds=50\n",
        args: &["-a", "300", "--minprocs", "10"],
        ..Setup::default()
    };
    let mut bed = setup.prepare();
    bed.launch_under("ulimit -S -n 200");
    bed.logs("INFO Increased RLIMIT_NOFILE limit to 300");
}

// running.rst, --profile_options: "comma-separated options list for profiling".
#[test]
fn profile_options_need_python() {
    let bed = folder();
    let output = run(&bed, &["--profile_options", "calls", "-v"]);
    let expected = differs! {
        ours: Output {
            stdout: String::new(),
            stderr: "Error: invalid value for --profile_options 'calls': there is no Python here to be profiled, use perf(1)\n\
                     For help, use BIN/supervisord -h\n".to_owned(),
            code: Some(2),
        },
        theirs: Output { stdout: "4.3.0\n".to_owned(), stderr: String::new(), code: Some(0) },
        why: "`--profile_options` is refused: there is no Python to be profiled",
    };
    assert_eq!(output, expected);
}

// undocumented: what the help calls the program is what it was called by.
#[test]
fn errors_name_the_program_as_it_was_called() {
    let bed = folder();
    std::os::unix::fs::symlink(supervisord(), bed.path("called")).unwrap();
    let output = bed.finish(bed.command(&bed.path("called"), ["-Z"]), "");
    assert_eq!(output.stderr, "Error: option -Z not recognized\nFor help, use HERE/called -h\n");
    let output = bed.finish(bed.command(&bed.path("called"), ["-h"]), "");
    assert!(output.stdout.contains("Usage: HERE/called "), "{}", output.stdout);
}
