//! The types of values: what each accepts, and the words of its refusal.

use harness::{Value, needs_root};

use super::{Reader, in_program, program, table};

/// Compares each row: a text, and what a key of a program is read as.
#[track_caller]
fn accepted<T: Clone + Into<Value>>(key: &str, rows: &[(&str, T)]) {
    let reader = Reader::new();
    for (given, expected) in rows {
        let value = reader.value(&program(&format!("{key}={given}")), key);
        assert_eq!(value, expected.clone().into(), "on {given:?}");
    }
}

/// Compares each row: a text, and why it is refused as a key of a program.
#[track_caller]
fn refused(key: &str, rows: &[(&str, &str)]) {
    let reader = Reader::new();
    for (given, reason) in rows {
        let lines = format!("{key}={given}");
        assert_eq!(reader.refuses(&program(&lines)), in_program(reason), "on {given:?}");
    }
}

/// Compares each row: a text, and why it is refused as a key of `[supervisord]`.
#[track_caller]
fn refused_by_supervisord(key: &str, rows: &[(&str, &str)]) {
    let reader = Reader::new();
    for (given, reason) in rows {
        assert_eq!(reader.refuses(&format!("[supervisord]\n{key}={given}\n")), *reason, "on {given:?}");
    }
}

// undocumented: the words for yes and no, in any case.
#[test]
fn booleans_have_four_words_each() {
    accepted(
        "autostart",
        &[
            ("true", true),
            ("yes", true),
            ("on", true),
            ("1", true),
            ("TRUE", true),
            ("Yes", true),
            ("false", false),
            ("no", false),
            ("off", false),
            ("0", false),
            ("oFF", false),
        ],
    );
    refused(
        "autostart",
        &[
            ("", "not a valid boolean value: ''"),
            ("t", "not a valid boolean value: 't'"),
            ("2", "not a valid boolean value: '2'"),
            ("Enabled", "not a valid boolean value: 'Enabled'"),
            ("it's", "not a valid boolean value: \"it's\""),
            ("true false", "not a valid boolean value: 'true false'"),
        ],
    );
}

// undocumented: numbers are those of Python's int().
#[test]
fn numbers_are_pythons() {
    accepted(
        "startsecs",
        &[("5", 5), ("+5", 5), ("-5", -5), ("005", 5), ("1_000", 1000), ("2147483647", 2_147_483_647)],
    );
    refused(
        "startsecs",
        &[
            ("", "invalid literal for int() with base 10: ''"),
            ("1.5", "invalid literal for int() with base 10: '1.5'"),
            ("0x10", "invalid literal for int() with base 10: '0x10'"),
            ("1_", "invalid literal for int() with base 10: '1_'"),
            ("_1", "invalid literal for int() with base 10: '_1'"),
            ("1__0", "invalid literal for int() with base 10: '1__0'"),
            ("- 1", "invalid literal for int() with base 10: '- 1'"),
            ("ten", "invalid literal for int() with base 10: 'ten'"),
            ("10s", "invalid literal for int() with base 10: '10s'"),
        ],
    );
}

// configuration.rst, logfile_maxbytes: "suffix multipliers like "KB", "MB", and "GB" can be used in the value".
#[test]
fn sizes_may_have_a_suffix() {
    accepted(
        "stdout_logfile_maxbytes",
        &[
            ("0", 0),
            ("10", 10),
            ("1KB", 1024),
            ("1kb", 1024),
            ("2MB", 2 << 20),
            ("1GB", 1 << 30),
            ("1gB", 1 << 30),
            ("1 KB", 1024),
            ("-1", -1),
            ("-2KB", -2048),
            ("1_0KB", 10240),
        ],
    );
    refused(
        "stdout_logfile_maxbytes",
        &[
            ("", "invalid literal for int() with base 10: ''"),
            ("10B", "invalid literal for int() with base 10: '10b'"),
            ("10K", "invalid literal for int() with base 10: '10k'"),
            ("1.5MB", "invalid literal for int() with base 10: '1.5'"),
            ("KB", "invalid literal for int() with base 10: ''"),
            ("1TB", "invalid literal for int() with base 10: '1tb'"),
            ("1KBKB", "invalid literal for int() with base 10: '1kb'"),
        ],
    );
}

// configuration.rst, umask: "The octal number (e.g. 002, 022) representing the umask of the process."
#[test]
fn umasks_are_octal() {
    let reader = Reader::new();
    for umask in ["022", "22", "0o22", "0", "-1", "777777"] {
        reader.reads(&program(&format!("umask={umask}")));
    }
    refused(
        "umask",
        &[
            ("", " can not be converted to an octal type"),
            ("9", "9 can not be converted to an octal type"),
            ("0x12", "0x12 can not be converted to an octal type"),
            ("u=rwx", "u=rwx can not be converted to an octal type"),
        ],
    );
}

// configuration.rst, loglevel: "critical, error, warn, info, debug, trace, or blather".
#[test]
fn levels_have_seven_names() {
    let reader = Reader::new();
    for level in ["critical", "error", "warn", "info", "debug", "trace", "blather", "INFO", "Warn"] {
        reader.reads(&format!("[supervisord]\nloglevel={level}\n"));
    }
    refused_by_supervisord(
        "loglevel",
        &[
            ("", "bad logging level name ''"),
            ("warning", "bad logging level name 'warning'"),
            ("Loud", "bad logging level name 'Loud'"),
            ("30", "bad logging level name '30'"),
        ],
    );
}

// undocumented: the folder of a log file must exist, a mere name needs none.
#[test]
fn the_folder_of_a_file_must_exist() {
    let no_folder = "The directory named as part of the path /nonexistent/log does not exist";
    for key in ["logfile", "pidfile"] {
        refused_by_supervisord(key, &[("/nonexistent/log", no_folder)]);
    }
    refused("stdout_logfile", &[("/nonexistent/log", no_folder)]);
    refused(
        "stderr_logfile",
        &[("nonexistent/log", "The directory named as part of the path nonexistent/log does not exist")],
    );
    accepted("stdout_logfile", &[("log", "log"), ("/log", "/log"), ("./log", "./log")]);
}

// undocumented: a tilde is the home of a user.
#[test]
fn a_tilde_is_a_home() {
    let reader = Reader::new();
    let home = std::env::var("HOME").unwrap();
    let of = |path: &str| reader.value(&program(&format!("stdout_logfile={path}")), "stdout_logfile");
    assert_eq!(of("~/log"), format!("{home}/log").into());
    assert_eq!(of("~root/log"), "/root/log".into());
    assert_eq!(of("~log"), "~log".into());
    assert_eq!(
        reader.refuses(&program("stdout_logfile=~nobody-of-this-name/log")),
        in_program("The directory named as part of the path ~nobody-of-this-name/log does not exist")
    );
}

// configuration.rst, stdout_logfile: the words AUTO and NONE. undocumented: OFF means NONE; the case does not matter.
#[test]
fn log_files_have_words_of_their_own() {
    accepted(
        "stdout_logfile",
        &[
            ("AUTO", "auto"),
            ("auto", "auto"),
            ("NONE", "none"),
            ("None", "none"),
            ("off", "none"),
            ("OFF", "none"),
        ],
    );
}

// undocumented: the older way to say stdout_syslog=true.
#[test]
fn a_log_file_named_syslog_means_the_syslog() {
    let reader = Reader::new();
    let text = program("stdout_logfile=syslog\nstderr_logfile=SYSLOG");
    for (key, value) in [("stdout_logfile", "none"), ("stderr_logfile", "none")] {
        assert_eq!(reader.value(&text, key), value.into());
    }
    for key in ["stdout_syslog", "stderr_syslog"] {
        assert_eq!(reader.value(&text, key), true.into());
    }
}

// undocumented: a folder that must exist.
#[test]
fn a_folder_must_exist() {
    for key in ["directory", "childlogdir"] {
        refused_by_supervisord(
            key,
            &[
                ("/nonexistent", "/nonexistent is not an existing directory"),
                ("/etc/passwd", "/etc/passwd is not an existing directory"),
                ("", " is not an existing directory"),
            ],
        );
    }
}

// configuration.rst, user: "the UNIX username or numeric user id".
#[test]
fn a_user_is_a_name_or_a_number() {
    let reader = Reader::new();
    assert_eq!(reader.value(&program("user=root"), "uid"), 0.into());
    assert_eq!(reader.value(&program("user=0"), "uid"), 0.into());
    assert_eq!(reader.value(&program(""), "uid"), "none".into());
    refused(
        "user",
        &[
            ("nobody-of-this-name", "Invalid user name nobody-of-this-name"),
            ("root:root", "Invalid user name root:root"),
            ("", "Invalid user name "),
            ("987654", "Invalid user id 987654"),
        ],
    );
}

// configuration.rst, stopsignal: "This can be specified using the signal's name or its number."
#[test]
fn a_signal_is_a_name_or_a_number() {
    accepted(
        "stopsignal",
        &[
            ("TERM", 15),
            ("term", 15),
            ("SIGTERM", 15),
            ("sigTerm", 15),
            ("HUP", 1),
            ("INT", 2),
            ("QUIT", 3),
            ("KILL", 9),
            ("USR1", 10),
            ("USR2", 12),
            ("WINCH", 28),
            ("CLD", 17),
            ("POLL", 29),
            ("RTMIN", 34),
            ("RTMAX", 64),
            ("15", 15),
            ("+9", 9),
            ("34", 34),
            ("64", 64),
        ],
    );
    refused(
        "stopsignal",
        &[
            ("", "value '' is not a valid signal name"),
            ("NOSUCH", "value 'NOSUCH' is not a valid signal name"),
            ("SIGNOSUCH", "value 'SIGNOSUCH' is not a valid signal name"),
            ("SIG", "value 'SIG' is not a valid signal name"),
            ("TERM,9", "value 'TERM,9' is not a valid signal name"),
            ("-1", "value '-1' is not a valid signal number"),
            ("65", "value '65' is not a valid signal number"),
            ("35", "value '35' is not a valid signal number"),
            ("63", "value '63' is not a valid signal number"),
        ],
    );
}

fn codes(codes: &[i64]) -> Value {
    Value::Array(codes.iter().map(|&code| code.into()).collect())
}

// configuration.rst, exitcodes: "The list of "expected" exit codes".
#[test]
fn exit_codes_are_parted_by_commas() {
    accepted(
        "exitcodes",
        &[
            ("0", codes(&[0])),
            ("0,2", codes(&[0, 2])),
            (" 2 , 0 ", codes(&[2, 0])),
            ("255", codes(&[255])),
            ("1,1", codes(&[1, 1])),
            ("", codes(&[])),
        ],
    );
    refused(
        "exitcodes",
        &[
            ("256", "not a valid list of exit codes: '256'"),
            ("-1", "not a valid list of exit codes: '-1'"),
            ("0,", "not a valid list of exit codes: '0,'"),
            ("0 2", "not a valid list of exit codes: '0 2'"),
            ("a", "not a valid list of exit codes: 'a'"),
        ],
    );
}

// configuration.rst, autorestart: "May be one of false, unexpected, or true."
#[test]
fn autorestart_has_a_word_of_its_own() {
    let reader = Reader::new();
    for word in ["unexpected", "UNEXPECTED", "true", "off", "1"] {
        reader.reads(&program(&format!("autorestart={word}")));
    }
    refused(
        "autorestart",
        &[
            ("", "invalid 'autorestart' value ''"),
            ("Always", "invalid 'autorestart' value 'always'"),
            ("expected", "invalid 'autorestart' value 'expected'"),
        ],
    );
}

// undocumented: a name holds no blank, colon or slash.
#[test]
fn a_name_has_bad_characters() {
    let reader = Reader::new();
    table(
        &[
            ("a b", "Invalid name: 'a b' because of character: ' '"),
            ("a:b", "Invalid name: 'a:b' because of character: ':'"),
            ("a/b", "Invalid name: 'a/b' because of character: '/'"),
            ("a/b:c d", "Invalid name: 'a/b:c d' because of character: ' '"),
        ],
        |name| {
            let file = format!("[program:{name}]\ncommand=a\n");
            reader.refuses(&file)
        },
    );
    table(
        &[
            ("process_name=a b", &in_program("Invalid name: 'a b' because of character: ' '")),
            ("process_name=a:b", &in_program("Invalid name: 'a:b' because of character: ':'")),
        ],
        |lines| reader.refuses(&program(lines)),
    );
}

// configuration.rst, socket_owner and chown: "user" or "user:group".
#[test]
fn an_owner_is_a_user_and_a_group() {
    needs_root!();
    let reader = Reader::new();
    let fcgi = |owner: &str| {
        format!("[fcgi-program:x]\ncommand=/bin/cat\nsocket=unix://{{here}}/f.sock\nsocket_owner={owner}\n")
    };
    for owner in ["root", "root:root", "0", "0:0", "nobody:root"] {
        reader.reads(&fcgi(owner));
    }
    table(
        &[
            ("nobody-of-this-name", "Invalid socket_owner value nobody-of-this-name"),
            ("root:nobody-of-this-name", "Invalid socket_owner value root:nobody-of-this-name"),
            ("987654", "Invalid socket_owner value 987654"),
            ("root:987654", "Invalid socket_owner value root:987654"),
            ("", "Invalid socket_owner value "),
        ],
        |owner| reader.refuses(&fcgi(owner)),
    );
}
