//! `%(name)s` in values: Python's formatting with a dictionary, and the names that each key knows.

use harness::{Setup, Value, member, text};

use super::{Reader, program, table};

fn reader(env: &[(&str, &str)]) -> Reader {
    Reader(Setup { env, ..Setup::default() }.start())
}

fn host() -> String {
    nix::unistd::gethostname().unwrap().into_string().unwrap()
}

// configuration.rst, "String expressions": "%(name)s" becomes the value of the name.
#[test]
fn a_name_becomes_its_value() {
    let reader = reader(&[("WORD", "w")]);
    table(
        &[
            ("serverurl=%(program_name)s", "x"),
            ("serverurl=%(group_name)s", "x"),
            ("serverurl=%(ENV_WORD)s", "w"),
            ("serverurl=%(here)s/a", "HERE/a"),
            ("serverurl=<%(ENV_WORD)s%(ENV_WORD)s>", "<ww>"),
        ],
        |line| reader.serverurl(line),
    );
    assert_eq!(reader.serverurl("serverurl=%(host_node_name)s"), host());
}

// undocumented: widths, flags and precisions are Python's.
#[test]
fn conversions_are_pythons() {
    let reader = reader(&[("WORD", "word"), ("N", "7")]);
    table(
        &[
            ("command=%(process_num)d", "0"),
            ("command=%(process_num)s", "0"),
            ("command=%(process_num)02d", "00"),
            ("command=|%(process_num)3d|", "|  0|"),
            ("command=|%(process_num)-3d|", "|0  |"),
            ("command=%(process_num)+d", "+0"),
            ("command=%(process_num)x", "0"),
            ("command=%(numprocs)05.2f", "01.00"),
            ("command=%(numprocs)i", "1"),
            ("command=%(numprocs)o", "1"),
            ("command=%(numprocs)#x", "0x1"),
            ("command=|%(ENV_WORD)6s|", "|  word|"),
            ("command=|%(ENV_WORD)-6s|", "|word  |"),
            ("command=|%(ENV_WORD).2s|", "|wo|"),
            ("command=|%(ENV_WORD)5.1s|", "|    w|"),
            ("command=%(ENV_WORD)r", "'word'"),
            ("command=100%%", "100%"),
            ("command=%%(ENV_WORD)s", "%(ENV_WORD)s"),
        ],
        |line| reader.command(line),
    );
}

#[track_caller]
fn unknown(reason: &str, name: &str, value: &str, place: &str) {
    let start = format!(
        "Format string '{value}' for '{place}' contains names ('{name}') which cannot be expanded. Available names: ENV_"
    );
    assert!(reason.starts_with(&start), "{reason}\nnot {start}");
}

/// The names that a refusal offers, without those of the environment.
fn offered(reason: &str) -> Vec<String> {
    let Some((_, names)) = reason.split_once("Available names: ") else { panic!("no names in {reason}") };
    let names = names.split(" in section").next().unwrap_or_default().split(", ");
    names.filter(|name| !name.starts_with("ENV_")).map(str::to_owned).collect()
}

// undocumented: an unknown name is told with those that there are.
#[test]
fn an_unknown_name_is_told() {
    let reader = Reader::new();
    let reason = reader.refuses(&program("serverurl=%(nope)s"));
    unknown(&reason, "nope", "%(nope)s", "program:x.serverurl");
    assert!(reason.ends_with(" in section 'program:x' (file: 'HERE/supervisord.conf')"), "{reason}");
    let reason = reader.refuses(&program("serverurl=%(ENV_NO_SUCH_VARIABLE)s"));
    unknown(&reason, "ENV_NO_SUCH_VARIABLE", "%(ENV_NO_SUCH_VARIABLE)s", "program:x.serverurl");
    let reason = reader.refuses(&program("serverurl=%()s"));
    unknown(&reason, "", "%()s", "program:x.serverurl");
}

// undocumented: the names in a refusal are sorted, and the environment's are among them.
#[test]
fn the_names_that_there_are_are_sorted() {
    let reader = reader(&[("ZEBRA", "1"), ("ANT", "2")]);
    let reason = reader.refuses(&program("serverurl=%(nope)s"));
    let names = reason.split_once("Available names: ").unwrap().1.split_once(" in section").unwrap().0;
    let names: Vec<_> = names.split(", ").collect();
    assert!(names.is_sorted() && names.contains(&"ENV_ZEBRA") && names.contains(&"ENV_ANT"), "{names:?}");
}

// configuration.rst: which names each key knows. Keys of a program that are read once for all its processes know no number.
#[test]
fn keys_of_a_program_know_its_names() {
    let reader = Reader::new();
    for key in [
        "autostart",
        "autorestart",
        "startsecs",
        "startretries",
        "stopsignal",
        "stopwaitsecs",
        "stopasgroup",
        "killasgroup",
        "exitcodes",
        "redirect_stderr",
        "numprocs",
        "numprocs_start",
        "stdout_capture_maxbytes",
        "stdout_events_enabled",
        "stderr_capture_maxbytes",
        "stderr_events_enabled",
        "serverurl",
        "user",
        "umask",
    ] {
        let reason = reader.refuses(&program(&format!("{key}=%(process_num)d")));
        unknown(&reason, "process_num", "%(process_num)d", &format!("program:x.{key}"));
        assert_eq!(offered(&reason), ["group_name", "here", "host_node_name", "program_name"], "{key}");
    }
}

// The same: those that are read for each process do.
#[test]
fn keys_of_a_process_know_its_number() {
    let reader = Reader::new();
    let all = ["group_name", "here", "host_node_name", "numprocs", "process_num", "program_name"];
    for key in [
        "command",
        "directory",
        "stdout_logfile",
        "stdout_logfile_maxbytes",
        "stdout_logfile_backups",
        "stdout_syslog",
        "stderr_logfile",
        "stderr_logfile_maxbytes",
        "stderr_logfile_backups",
        "stderr_syslog",
    ] {
        let reason = reader.refuses(&program(&format!("{key}=%(nope)s")));
        unknown(&reason, "nope", "%(nope)s", &format!("program:x.{key}"));
        assert_eq!(offered(&reason), all, "{key}");
    }
}

// The same: their place is told by the key alone.
#[test]
fn the_place_of_some_keys_is_told_without_the_section() {
    let reader = Reader::new();
    let all = ["group_name", "here", "host_node_name", "numprocs", "process_num", "program_name"];
    for key in ["environment", "process_name"] {
        let reason = reader.refuses(&program(&format!("{key}=%(nope)s")));
        unknown(&reason, "nope", "%(nope)s", key);
        assert_eq!(offered(&reason), all, "{key}");
    }
}

// undocumented: priority is read before the others, and knows less.
#[test]
fn priority_knows_the_environment_and_the_folder() {
    let reader = reader(&[("P", "7")]);
    assert_eq!(reader.value(&program("priority=%(ENV_P)s"), "process_prio"), 7.into());
    for section in ["program:x", "fcgi-program:x", "eventlistener:x", "group:x"] {
        let reason = reader.refuses(&format!("[{section}]\ncommand=a\npriority=%(program_name)s\n"));
        unknown(&reason, "program_name", "%(program_name)s", &format!("{section}.priority"));
        assert_eq!(offered(&reason), ["here"], "{section}");
    }
}

// undocumented: what is no format at all.
#[test]
fn a_bad_format_is_told() {
    let reader = Reader::new();
    table(
        &[
            ("%(here)Y", "unsupported format character 'Y' (0x59) at index 7"),
            ("a%", "incomplete format"),
            ("%(here)", "incomplete format"),
            ("%(here", "incomplete format key"),
            ("%(program_name)d", "%d format: a real number is required, not str"),
            ("%(program_name)x", "%x format: an integer is required, not str"),
            ("%Z", "unsupported format character 'Z' (0x5a) at index 1"),
            ("50% off", "%o format: an integer is required, not dict"),
        ],
        |value| {
            let reason = reader.refuses(&program(&format!("serverurl={value}")));
            let start = format!("Format string '{value}' for 'program:x.serverurl' is badly formatted: ");
            let rest = reason.strip_prefix(&start).unwrap_or_else(|| panic!("{reason}"));
            rest.strip_suffix(" in section 'program:x' (file: 'HERE/supervisord.conf')").unwrap().to_owned()
        },
    );
}

// configuration.rst, [supervisord]: `%(here)s` and the environment.
#[test]
fn the_daemons_keys_know_the_environment_and_the_folder() {
    let reader = reader(&[("WORD", "w")]);
    table(&[("identifier=%(ENV_WORD)s-%(here)s", "w-HERE"), ("identifier=100%%", "100%")], |line| {
        reader.identifier(line)
    });
    for key in
        ["identifier", "logfile", "loglevel", "umask", "user", "childlogdir", "minfds", "nodaemon", "silent"]
    {
        let reason = reader.refuses(&format!("[supervisord]\n{key}=%(host_node_name)s\n"));
        unknown(&reason, "host_node_name", "%(host_node_name)s", &format!("supervisord.{key}"));
        assert_eq!(offered(&reason), ["here"], "{key}");
    }
}

// undocumented: the keys of servers know the environment, and the file of a unix socket the folder too.
#[test]
fn the_keys_of_servers_know_the_environment() {
    let reader = Reader::new();
    for (section, key, lines) in [
        ("inet_http_server", "port", ""),
        ("inet_http_server", "username", "port=1\n"),
        ("inet_http_server", "password", "port=1\n"),
        ("unix_http_server", "chmod", ""),
        ("unix_http_server", "chown", ""),
        ("unix_http_server", "username", ""),
    ] {
        let reason = reader.refuses(&format!("[{section}]\n{lines}{key}=%(here)s\n"));
        unknown(&reason, "here", "%(here)s", &format!("{section}.{key}"));
        assert_eq!(offered(&reason), [""; 0], "{section} {key}");
    }
    let reason = reader.refuses("[unix_http_server]\nfile=%(nope)s\n");
    assert_eq!(offered(&reason), ["here"]);
}

// undocumented: the keys of groups, pools and FastCGI sockets.
#[test]
fn the_keys_of_groups_know_the_environment_and_the_folder() {
    let reader = reader(&[("NAMES", "x"), ("EVENTS", "TICK_5"), ("SIZE", "3")]);
    let group = format!("{}[group:g]\nprograms=%(ENV_NAMES)s\n", program(""));
    assert_eq!(reader.value(&group, "group"), "g".into());
    let listener = "[eventlistener:l]\ncommand=a\nevents=%(ENV_EVENTS)s\nbuffer_size=%(ENV_SIZE)s\n";
    assert_eq!(reader.value(listener, "name"), "l".into());
    for (section, key, lines) in [
        ("group:g", "programs", ""),
        ("eventlistener:l", "events", ""),
        ("eventlistener:l", "buffer_size", "events=TICK\n"),
        ("eventlistener:l", "result_handler", "events=TICK\n"),
        ("fcgi-program:f", "socket_mode", "socket=unix:///tmp/x\n"),
        ("fcgi-program:f", "socket_owner", "socket=unix:///tmp/x\n"),
        ("fcgi-program:f", "socket_backlog", "socket=unix:///tmp/x\n"),
    ] {
        let reason = reader.refuses(&format!("[{section}]\ncommand=a\n{lines}{key}=%(nope)s\n"));
        unknown(&reason, "nope", "%(nope)s", &format!("{section}.{key}"));
        assert_eq!(offered(&reason), ["here"], "{section} {key}");
    }
    let reason = reader.refuses("[fcgi-program:f]\ncommand=a\nsocket=%(nope)s\n");
    assert_eq!(offered(&reason), ["here", "program_name"]);
}

// configuration.rst, [supervisord] environment: what stands there is known as ENV_ in the sections of programs.
#[test]
fn the_daemons_environment_is_known_to_programs() {
    let reader = reader(&[("B", "outer")]);
    let text = "[supervisord]\nenvironment=A=\"1\",B=\"inner\"\n";
    let reason = reader.refuses(&format!("{text}identifier=%(ENV_A)s\n"));
    unknown(&reason, "ENV_A", "%(ENV_A)s", "supervisord.identifier");
    let text = format!("{text}{}", program("serverurl=%(ENV_A)s%(ENV_B)s"));
    assert_eq!(reader.value(&text, "serverurl"), "1inner".into());
}

// undocumented: a program's own environment is known to its keys that are read for each process.
#[test]
fn the_programs_environment_is_known_to_its_keys() {
    let reader = reader(&[("B", "outer")]);
    assert_eq!(reader.command("environment=B=\"own\"\ncommand=%(ENV_B)s"), "own");
    assert_eq!(reader.command("environment=B=\"own\"\nserverurl=%(ENV_B)s\ncommand=%(ENV_B)s"), "own");
    assert_eq!(reader.serverurl("environment=B=\"own\"\nserverurl=%(ENV_B)s"), "outer");
    let reason = reader.refuses(&program("environment=A=1,C=\"%(ENV_A)s\""));
    unknown(&reason, "ENV_A", "A=1,C=\"%(ENV_A)s\"", "environment");
}

// configuration.rst, numprocs: each process has its number.
#[test]
fn each_process_is_expanded_with_its_number() {
    let reader = Reader::new();
    let sections = program(
        "numprocs=2\nnumprocs_start=8\nprocess_name=p%(process_num)02d\ndirectory=%(process_num)d/%(numprocs)d\nstdout_logfile=%(process_num)d.log",
    );
    let processes = reader.reads(&sections);
    let of = |process: &Value| {
        ["name", "directory", "stdout_logfile"].map(|key| text(&member(process, key))).join(" ")
    };
    assert_eq!(processes.iter().map(of).collect::<Vec<_>>(), ["p08 8/2 8.log", "p09 9/2 9.log"]);
}

// undocumented: the names that the environment of one process makes are known to the next one, too.
#[test]
fn each_process_knows_the_environment_of_those_before() {
    let reader = Reader::new();
    let sections = program(
        "numprocs=3\nprocess_name=p%(process_num)d\nenvironment=E%(process_num)d=\"of %(process_num)d\"\ndirectory=%(ENV_E0)s",
    );
    let processes = reader.reads(&sections);
    let folders: Vec<_> = processes.iter().map(|process| text(&member(process, "directory"))).collect();
    assert_eq!(folders, ["of 0", "of 0", "of 0"]);
    let refusal = reader.refuses(&sections.replace("ENV_E0", "ENV_E1"));
    assert!(refusal.contains("contains names ('ENV_E1') which cannot be expanded"), "{refusal}");
}

// undocumented: log files are expanded twice.
#[test]
fn log_files_are_expanded_twice() {
    let reader = Reader::new();
    let of =
        |value: &str| text(&reader.value(&program(&format!("stdout_logfile={value}")), "stdout_logfile"));
    assert_eq!(of("a%%%%b"), "a%b");
    assert_eq!(of("%%(program_name)s"), "x");
    assert_eq!(of("%(program_name)s"), "x");
}

// undocumented: in a group, `group_name` is the group's name.
#[test]
fn the_name_of_the_group_is_that_of_the_section() {
    let reader = Reader::new();
    let text = format!("{}[group:g]\nprograms=x\n", program("serverurl=%(group_name)s"));
    assert_eq!(reader.value(&text, "serverurl"), "g".into());
}

// configuration.rst: a section is expanded only when it is used, so a value in an unknown one may be anything.
#[test]
fn unknown_keys_are_not_expanded() {
    let reader = Reader::new();
    assert_eq!(reader.serverurl("unknown=%(nope)s %\nserverurl=a"), "a");
    assert_eq!(reader.reads("[unknown]\nfoo=%(nope)s\n"), []);
}
