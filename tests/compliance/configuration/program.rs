//! `[program:x]`: its keys, their defaults, and how keys fit together.

use harness::{Setup, TestBed, Value, member, text};

use super::{Reader, in_program, one, program, table};

// configuration.rst, [program:x]: the default of each key.
#[test]
fn each_key_has_its_default() {
    let reader = Reader::new();
    let processes = reader.reads("[program:x]\ncommand=/bin/cat -n\n");
    let zero = Value::Array(vec![0.into()]);
    for (key, default) in [
        ("name", "x".into()),
        ("group", "x".into()),
        ("command", "/bin/cat -n".into()),
        ("autostart", true.into()),
        ("directory", "none".into()),
        ("uid", "none".into()),
        ("exitcodes", zero),
        ("group_prio", 999.into()),
        ("process_prio", 999.into()),
        ("killasgroup", false.into()),
        ("redirect_stderr", false.into()),
        ("startretries", 3.into()),
        ("startsecs", 1.into()),
        ("stopsignal", 15.into()),
        ("stopwaitsecs", 10.into()),
        ("stdout_logfile", "auto".into()),
        ("stdout_logfile_maxbytes", (50 << 20).into()),
        ("stdout_logfile_backups", 10.into()),
        ("stdout_capture_maxbytes", 0.into()),
        ("stdout_events_enabled", false.into()),
        ("stdout_syslog", false.into()),
        ("stderr_logfile", "auto".into()),
        ("stderr_logfile_maxbytes", (50 << 20).into()),
        ("stderr_logfile_backups", 10.into()),
        ("stderr_capture_maxbytes", 0.into()),
        ("stderr_events_enabled", false.into()),
        ("stderr_syslog", false.into()),
        ("serverurl", "none".into()),
        ("inuse", false.into()),
    ] {
        assert_eq!(one(processes.clone(), key), default, "{key}");
    }
}

// configuration.rst, [program:x]: the value of each key.
#[test]
fn each_key_has_its_value() {
    let reader = Reader::new();
    for (key, given, expected) in [
        ("autostart", "off", false.into()),
        ("directory", "/no/such", "/no/such".into()),
        ("directory", "~", "~".into()),
        ("priority", "5", Value::from(5)),
        ("killasgroup", "true", true.into()),
        ("stopasgroup", "true", true.into()),
        ("redirect_stderr", "true", true.into()),
        ("startretries", "0", 0.into()),
        ("startretries", "-1", (-1).into()),
        ("startsecs", "0", 0.into()),
        ("stopwaitsecs", "0", 0.into()),
        ("stdout_logfile_backups", "0", 0.into()),
        ("stdout_logfile_maxbytes", "0", 0.into()),
        ("stdout_capture_maxbytes", "1MB", (1 << 20).into()),
        ("stdout_events_enabled", "yes", true.into()),
        ("stdout_syslog", "yes", true.into()),
        ("stderr_logfile", "err", "err".into()),
        ("stderr_logfile_backups", "7", 7.into()),
        ("stderr_logfile_maxbytes", "2KB", 2048.into()),
        ("stderr_capture_maxbytes", "3", 3.into()),
        ("stderr_events_enabled", "on", true.into()),
        ("stderr_syslog", "1", true.into()),
        ("serverurl", "AUTO", "none".into()),
        ("serverurl", "auto", "none".into()),
        ("serverurl", "http://h:1", "http://h:1".into()),
    ] {
        let shown = match key {
            "priority" => "process_prio",
            "stopasgroup" => "killasgroup",
            _ => key,
        };
        assert_eq!(reader.value(&program(&format!("{key}={given}")), shown), expected, "{key}={given}");
    }
}

// The same: each key has a type.
#[test]
fn each_key_is_checked() {
    let reader = Reader::new();
    let int = "invalid literal for int() with base 10: '?'";
    let bool = "not a valid boolean value: '?'";
    for (keys, reason) in [
        (
            &[
                "numprocs",
                "numprocs_start",
                "startsecs",
                "startretries",
                "stopwaitsecs",
                "stdout_logfile_maxbytes",
                "stdout_logfile_backups",
                "stdout_capture_maxbytes",
                "stderr_logfile_maxbytes",
                "stderr_logfile_backups",
                "stderr_capture_maxbytes",
            ][..],
            int,
        ),
        (
            &[
                "autostart",
                "stopasgroup",
                "killasgroup",
                "redirect_stderr",
                "stdout_events_enabled",
                "stdout_syslog",
                "stderr_events_enabled",
                "stderr_syslog",
            ],
            bool,
        ),
        (&["stopsignal"], "value '?' is not a valid signal name"),
        (&["exitcodes"], "not a valid list of exit codes: '?'"),
        (&["autorestart"], "invalid 'autorestart' value '?'"),
        (&["umask"], "? can not be converted to an octal type"),
        (&["user"], "Invalid user name ?"),
        (&["environment"], "Unexpected end of key/value pairs in value '?'"),
    ] {
        for key in keys {
            assert_eq!(reader.refuses(&program(&format!("{key}=?"))), in_program(reason), "{key}");
        }
    }
}

// undocumented: the priority is read first of all, without a word where.
#[test]
fn a_bad_priority_is_told_without_its_place() {
    let reader = Reader::new();
    for section in ["program:x", "fcgi-program:x", "group:x", "eventlistener:x"] {
        assert_eq!(
            reader.refuses(&format!(
                "[{section}]\ncommand=a\nevents=TICK\nsocket=tcp://localhost:1\npriority=high\n"
            )),
            "invalid literal for int() with base 10: 'high'",
            "{section}"
        );
    }
}

// configuration.rst, command: "Required: Yes." undocumented: an empty one is found out at the start of the program.
#[test]
fn a_program_needs_a_command() {
    let reader = Reader::new();
    assert_eq!(
        reader.refuses("[program:x]\n"),
        in_program("program section program:x does not specify a command")
    );
    assert_eq!(reader.command("command="), "");
}

// configuration.rst, killasgroup: with stopasgroup it is on by itself, and cannot be switched off.
#[test]
fn stopasgroup_implies_killasgroup() {
    let reader = Reader::new();
    assert_eq!(
        reader.refuses(&program("stopasgroup=true\nkillasgroup=false")),
        in_program("Cannot set stopasgroup=true and killasgroup=false")
    );
    assert_eq!(reader.value(&program("stopasgroup=true"), "killasgroup"), true.into());
    assert_eq!(reader.value(&program("killasgroup=true"), "killasgroup"), true.into());
}

// configuration.rst, process_name: "%(program_name)s" unless it is given.
#[test]
fn a_process_may_have_a_name_of_its_own() {
    let reader = Reader::new();
    table(
        &[
            ("process_name=other", "other"),
            ("process_name=%(program_name)s-%(group_name)s-%(process_num)d", "x-x-0"),
            ("process_name=%(here)s", "HERE"),
        ],
        |line| reader.0.normalise(&text(&reader.value(&program(line), "name"))),
    );
}

// configuration.rst, numprocs: "%(process_num)s" must be in the name of more than one process.
#[test]
fn several_processes_need_their_number() {
    let reader = Reader::new();
    let needed = in_program("%(process_num) must be present within process_name when numprocs > 1");
    assert_eq!(reader.refuses(&program("numprocs=2")), needed);
    assert_eq!(reader.refuses(&program("numprocs=2\nprocess_name=%(group_name)s")), needed);
    reader.reads(&program("numprocs=2\nprocess_name=%(process_num)d"));
    reader.reads(&program("numprocs=2\nprocess_name=%(process_num)s"));
    reader.reads(&program("numprocs=1\nprocess_name=a"));
}

// undocumented: as many processes as numprocs says, none at all when it is not positive.
#[test]
fn numprocs_is_the_number_of_processes() {
    let reader = Reader::new();
    let names = |lines: &str| {
        let processes = reader.reads(&program(lines));
        processes.iter().map(|process| text(&member(process, "name"))).collect::<Vec<_>>().join(" ")
    };
    table(
        &[
            ("numprocs=0", ""),
            ("numprocs=-3", ""),
            ("numprocs=3\nprocess_name=%(process_num)d", "0 1 2"),
            ("numprocs=2\nprocess_name=%(process_num)d\nnumprocs_start=-1", "-1 0"),
            ("numprocs=11\nprocess_name=p%(process_num)s", "p0 p1 p10 p2 p3 p4 p5 p6 p7 p8 p9"),
        ],
        names,
    );
}

// configuration.rst, redirect_stderr: then there is no log of stderr.
#[test]
fn redirect_stderr_takes_the_log_of_stderr_away() {
    let reader = Reader::new();
    assert_eq!(reader.value(&program("redirect_stderr=true"), "stderr_logfile"), "none".into());
    assert_eq!(
        reader.value(&program("redirect_stderr=true\nstderr_logfile=err"), "stderr_logfile"),
        "none".into()
    );
}

// undocumented: what is odd in a program is told at the start.
#[test]
fn oddities_are_warned_of_at_the_start() {
    let bed = TestBed::new(
        "[program:a]\ncommand=/bin/cat\nautostart=false\nredirect_stderr=true\nstderr_logfile=%(here)s/err\n\
         [program:b]\ncommand=/bin/cat\nautostart=false\nstdout_logfile_maxbytes=0\nstderr_logfile_maxbytes=0\n\
         [program:c]\ncommand=/bin/cat\nautostart=false\nstdout_logfile=syslog\nstderr_logfile=syslog\n",
    );
    for line in [
        "WARN For [program:a], redirect_stderr=true but stderr_logfile has also been set to a filename, the filename has been ignored",
        "WARN For [program:b], AUTO logging used for stdout_logfile without rollover, set maxbytes > 0 to avoid filling up filesystem unintentionally",
        "WARN For [program:b], AUTO logging used for stderr_logfile without rollover, set maxbytes > 0 to avoid filling up filesystem unintentionally",
        "WARN For [program:c], stdout_logfile=syslog but this is deprecated and will be removed.  Use stdout_syslog=true to enable syslog instead.",
        "WARN For [program:c], stderr_logfile=syslog but this is deprecated and will be removed.  Use stderr_syslog=true to enable syslog instead.",
    ] {
        bed.logs(line);
    }
}

// undocumented: no warning without need.
#[test]
fn redirect_stderr_with_a_word_for_the_log_is_no_oddity() {
    let bed = TestBed::new(
        "[program:a]\ncommand=/bin/cat\nautostart=false\nredirect_stderr=true\nstderr_logfile=NONE\n\
         [program:b]\ncommand=/bin/cat\nautostart=false\nredirect_stderr=true\nstderr_logfile=AUTO\n\
         [program:c]\ncommand=/bin/cat\nautostart=false\nstdout_logfile=NONE\nstdout_logfile_maxbytes=0\n",
    );
    assert_eq!(bed.log().matches("WARN").count(), 0, "{}", bed.log());
}

// undocumented: the order in which the problems of one program are found.
#[test]
fn the_first_problem_is_told() {
    let reader = Reader::new();
    table(
        &[
            ("startsecs=a\nautostart=b", &in_program("not a valid boolean value: 'b'")),
            ("environment=A\nstartsecs=a", &in_program("invalid literal for int() with base 10: 'a'")),
            (
                "stopasgroup=true\nkillasgroup=false\nserverurl=%(a",
                &in_program(
                    "Format string '%(a' for 'program:x.serverurl' is badly formatted: incomplete format key",
                ),
            ),
            ("user=?\numask=?", &in_program("Invalid user name ?")),
        ],
        |lines| reader.refuses(&program(lines)),
    );
}

// undocumented: programs are told about in the order of the file, groups before programs.
#[test]
fn the_first_bad_section_is_told() {
    let reader = Reader::new();
    table(
        &[
            (
                "[program:b]\ncommand=a\nstartsecs=1st\n[program:a]\ncommand=a\nstartsecs=2nd\n",
                "invalid literal for int() with base 10: '1st' in section 'program:b' (file: 'HERE/supervisord.conf')",
            ),
            ("[program:b]\n[group:g]\nprograms=a\n", "[group:g] names unknown program or fcgi-program a"),
            (
                "[eventlistener:e]\ncommand=a\n[program:b]\n",
                "program section program:b does not specify a command in section 'program:b' (file: 'HERE/supervisord.conf')",
            ),
            (
                "[fcgi-program:f]\ncommand=a\n[eventlistener:e]\ncommand=a\n",
                "[eventlistener:e] section requires an \"events\" line",
            ),
            (
                "[unix_http_server]\nchmod=x\n[program:b]\n",
                "program section program:b does not specify a command in section 'program:b' (file: 'HERE/supervisord.conf')",
            ),
            (
                "[program:b]\n[rpcinterface:a]\n",
                "section [rpcinterface:a] does not specify a supervisor.rpcinterface_factory",
            ),
            ("[supervisord]\nminfds=x\n[program:b]\n", "invalid literal for int() with base 10: 'x'"),
        ],
        |text| reader.refuses(text),
    );
}

// A start ends with the same words, and the code 2.
#[test]
fn a_start_with_a_bad_program_ends() {
    let output = super::starts_not("[program:x]\ncommand=/bin/cat\nstartsecs=soon\n");
    assert_eq!(output.refusal(), in_program("invalid literal for int() with base 10: 'soon'"));
}

// undocumented: relative log files are below the folder in which supervisord runs.
#[test]
fn relative_log_files_are_below_the_current_folder() {
    let bed = Setup {
        text: "[program:x]\ncommand=/bin/echo hi\nstdout_logfile=out\nstartsecs=0\nautorestart=false\n",
        ..Setup::default()
    }
    .start();
    bed.file_becomes("out", "hi\n");
    assert_eq!(bed.info("x").stdout_logfile, "out");
}
