//! Files that look like configurations, more or less: the same seed gives the same files.

/// A small generator of numbers (xorshift64*).
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound as u64) as usize
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    fn pick<'a>(&mut self, from: &[&'a str]) -> &'a str {
        from[self.below(from.len())]
    }
}

/// One file.
pub(crate) fn file(random: &mut Random) -> Vec<u8> {
    let mut text = match random.below(10) {
        0..2 => soup(random),
        2..9 => lines(random),
        _ => {
            let sound = lines(random);
            mutated(random, &sound)
        }
    };
    if random.chance(3) {
        text = text.replace('\n', random.pick(&["\r\n", "\r"]));
    }
    let mut bytes = text.into_bytes();
    if random.chance(2) {
        let at = random.below(bytes.len() + 1);
        let bad: [&[u8]; 6] = [b"\xff", b"\x80", b"\xe2\x82", b"\xc3", b"\xf0\x9f\x98", b"\xed\xa0\x80"];
        bytes.splice(at..at, bad[random.below(bad.len())].iter().copied());
    }
    bytes
}

const PIECES: &[&str] = &[
    "[",
    "]",
    "[supervisord]",
    "[program:a]",
    "[DEFAULT]",
    "\n",
    "\n",
    "\n",
    "\n",
    " ",
    " ",
    "\t",
    "  ",
    "=",
    ":",
    "=",
    ";",
    "#",
    " ;",
    " #",
    "command",
    "command=sleep 1",
    "environment=",
    "numprocs",
    "process_name",
    "a",
    "b",
    "1",
    "0",
    "-1",
    "%(here)s",
    "%(program_name)s",
    "%%",
    "%",
    "\"",
    "'",
    "\\",
    ",",
    "A=1",
    "\u{a0}",
    "\u{2028}",
    "é",
    "\u{feff}",
    "\x1c",
    "\x0b",
    "\x0c",
    "|",
    "$HOME",
    "~",
    "]]",
    "[]",
    "[x",
    "true",
    "files",
    "[include]",
];

fn soup(random: &mut Random) -> String {
    let mut text = String::new();
    if random.chance(50) {
        text.push_str("[supervisord]\n");
    }
    for _ in 0..random.below(60) {
        text.push_str(random.pick(PIECES));
    }
    text
}

fn mutated(random: &mut Random, text: &str) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    for _ in 0..=random.below(4) {
        let at = random.below(chars.len() + 1);
        if random.chance(50) && at < chars.len() {
            chars.remove(at);
        } else {
            chars.splice(at..at, random.pick(PIECES).chars());
        }
    }
    chars.into_iter().collect()
}

const SECTIONS: &[&str] = &[
    "program:a",
    "program:b",
    "program:c",
    "program: d ",
    "program:e f",
    "program:",
    "group:g",
    "group:h",
    "group:x/y",
    "eventlistener:l",
    "eventlistener: m",
    "fcgi-program:f",
    "fcgi-program:a",
    "inet_http_server",
    "inet_http_server:b",
    "unix_http_server",
    "unix_http_serverX",
    "rpcinterface:supervisor",
    "rpcinterface:x",
    "supervisorctl",
    "include",
    "DEFAULT",
    "unknown",
    " program:a ",
    "Program:a",
    "program:é",
    "supervisord",
    "supervisord",
];

/// Keys, and values that fit them, more or less.
const KEYS: &[(&str, &[&str])] = &[
    (
        "command",
        &[
            "sleep 1",
            "/bin/cat",
            "a %(program_name)s",
            "%(process_num)02d x",
            "%(ENV_A)s",
            "%(ENV_OWN)s",
            "",
            "a ; b",
            "%(numprocs)d-%(process_num)x",
            "%(host_node_name)s",
            "%(group_name)s",
            "%(here)s/x",
            "100%% %(process_num)+5.1f",
        ],
    ),
    (
        "process_name",
        &[
            "%(program_name)s",
            "%(program_name)s_%(process_num)02d",
            "%(process_num)s",
            "x y",
            "a:b",
            "p/q",
            "",
            "%(ENV_A)s",
            "%(group_name)s-%(process_num)d",
            " x ",
        ],
    ),
    ("numprocs", &["1", "2", "3", "0", "-1", "x", "1_0", "", " 2 "]),
    ("numprocs_start", &["0", "5", "-2", "x", "99999999999999999999"]),
    (
        "priority",
        &["1", "999", "-1", "x", "99999999999999999999", "+5", "%(ENV_N)s", "%(program_name)s", "%(here)s"],
    ),
    ("autostart", &["true", "FALSE", "on", "0", "maybe", "", "%(ENV_T)s"]),
    ("autorestart", &["true", "false", "unexpected", "UNEXPECTED", "Never", ""]),
    ("startsecs", &["0", "10", "x", "1.5", "%(process_num)s"]),
    ("startretries", &["3", "0", "-1", "x"]),
    ("exitcodes", &["0", "0,2", " 1 , 2", "", "256", "-1", "0,", "x", "1_0"]),
    (
        "stopsignal",
        &[
            "TERM", "sigkill", "9", "0", "64", "35", "34", "RTMIN", "SIGRTMAX", "_DFL", "FOO", "", "SIG",
            "stkflt", " int ",
        ],
    ),
    ("stopwaitsecs", &["10", "0", "x"]),
    ("stopasgroup", &["true", "false", "x"]),
    ("killasgroup", &["true", "false", "x"]),
    (
        "user",
        &["root", "0", "nobody", "daemon", "99999", "nosuchuser", "-1", "", "a:b", "99999999999999999999"],
    ),
    ("umask", &["022", "0o22", "8", "-1", "", "7777777777777777777777777", "0o_7"]),
    ("directory", &["/tmp", "/", "~", "/nonexistent", "%(here)s", "", "~nosuchuser/x", "."]),
    (
        "environment",
        &[
            "A=1",
            "A=\"1\",B='2'",
            "OWN=%(here)s",
            "A=1,B=%(ENV_A)s",
            "OWN=\"%(program_name)s\"",
            "A",
            "A=",
            "A=\"x",
            "A='it''s'",
            "A=y\"x\"",
            "A=1;B=2",
            "A=http://x/p?q=1",
            "",
            "A=é",
            "A=%%",
            "A=%",
            "K%(process_num)d=1",
            "A=\"x\\\"y\"",
            "A=x#c,B=2",
            "A=b\\",
            "A=\n  1,\n  B=2",
            "A=\"%(host_node_name)s\"",
            "A='a' 'b'",
            "A=1 B=2",
        ],
    ),
    ("redirect_stderr", &["true", "false", "x"]),
    (
        "stdout_logfile",
        &[
            "NONE",
            "auto",
            "syslog",
            "/tmp/x.log",
            "/nonexistent/x.log",
            "x.log",
            "",
            "%(here)s/x.log",
            "%%%%x",
            "%%x",
            "off",
            "~/x.log",
            "/tmp/%(process_num)d.log",
            "%(program_name)s.log",
        ],
    ),
    ("stderr_logfile", &["NONE", "AUTO", "syslog", "/tmp/x.log", "/nonexistent/x.log", ""]),
    ("stdout_logfile_maxbytes", &["0", "1KB", "2 mb", "3GB", "4B", "1.5MB", "", "-1kb", "99999999999999GB"]),
    ("stderr_logfile_maxbytes", &["0", "50MB", "x"]),
    ("stdout_logfile_backups", &["0", "10", "x"]),
    ("stderr_logfile_backups", &["0", "10", "x", "%(process_num)d"]),
    ("stdout_capture_maxbytes", &["0", "1MB", "x"]),
    ("stderr_capture_maxbytes", &["0", "1MB", "x"]),
    ("stdout_events_enabled", &["true", "false", "x"]),
    ("stderr_events_enabled", &["true", "false", "x"]),
    ("stdout_syslog", &["true", "false", "x"]),
    ("stderr_syslog", &["true", "false", "x"]),
    ("serverurl", &["AUTO", " auto", "", "http://x", "unix:///x"]),
    ("programs", &["a", "a,b", "a, b , c", "f", "a,", "", "x", "a,f", "a,x", "d", "a\n b"]),
    (
        "events",
        &[
            "EVENT",
            "PROCESS_STATE",
            "tick_5,TICK_60",
            "process_log_stdout, PROCESS_LOG_STDERR",
            "FOO",
            "",
            "EVENT,",
            "EVENT,EVENT",
        ],
    ),
    ("buffer_size", &["10", "0", "-1", "x"]),
    ("result_handler", &["supervisor.dispatchers:default_handler", "nosuchmodule:x", "x"]),
    (
        "socket",
        &[
            "tcp://localhost:9000",
            "unix:///tmp/x.sock",
            "unix://x.sock",
            "tcp://x",
            "tcp://x:0",
            "tcp://X:70000",
            "",
            "foo",
            "unix:///tmp/%(program_name)s/../y",
            "tcp://a:b:1",
            "tcp://:1",
            "%(process_num)s",
            "tcp://h:01",
        ],
    ),
    ("socket_owner", &["root", "root:root", "nosuchuser", "0:0", "root:nosuchgroup", "nobody"]),
    ("socket_mode", &["0700", "8", "777"]),
    ("socket_backlog", &["1", "0", "65536", "x", "128"]),
    (
        "port",
        &[
            "9001",
            "127.0.0.1:9001",
            "*:9001",
            ":9001",
            "x",
            "host:",
            "0",
            "70000",
            "HOST:1",
            "a:b:1",
            "",
            "host:0",
            "-1",
            "h: 5",
        ],
    ),
    ("file", &["/tmp/s.sock", "s.sock", "%(here)s/s.sock", "~/s.sock", "", "/tmp/../s.sock"]),
    ("chmod", &["0700", "777", "8", ""]),
    ("chown", &["root", "root:root", "nosuchuser", "", "root:", "0"]),
    ("username", &["u", "", "%(ENV_A)s", "%(here)s"]),
    ("password", &["p", "{SHA}82ab876d1387bfafe46cc1c8a2ef074eae50cb1d", ""]),
    (
        "supervisor.rpcinterface_factory",
        &[
            "supervisor.rpcinterface:make_main_rpcinterface",
            "supervisor.rpcinterface : make_main_rpcinterface",
            "nosuchmodule:x",
            "",
            "x",
        ],
    ),
    (
        "files",
        &[
            "inc/*.conf",
            "inc/a.conf",
            "nothing/*",
            "inc/b* inc/a*",
            "",
            "%(here)s/inc/a.conf",
            "inc/[ab].conf\n  inc/**",
            "inc/[",
            "*/c.conf",
            "inc/../inc/a.conf",
            "%(x)s",
            "inc/*",
        ],
    ),
    ("minfds", &["1024", "x", "1"]),
    ("minprocs", &["200", "x"]),
    (
        "logfile",
        &["/tmp/s.log", "s.log", "syslog", "/nonexistent/s.log", "none", "", "%(here)s/s.log", "~/s.log"],
    ),
    ("logfile_maxbytes", &["50MB", "0", "x"]),
    ("logfile_backups", &["10", "x"]),
    ("loglevel", &["info", "WARN", "warning", "blather", "", "trace"]),
    ("pidfile", &["/tmp/s.pid", "s.pid", "/nonexistent/s.pid", ""]),
    ("identifier", &["supervisor", "x y", "", "%(host_node_name)s"]),
    ("nodaemon", &["true", "false", "x"]),
    ("silent", &["true", "false", "x"]),
    ("childlogdir", &["/tmp", "/nonexistent", "~", "%(here)s", ""]),
    ("nocleanup", &["true", "x"]),
    ("strip_ansi", &["true", "x"]),
    ("profile_options", &["calls", "%(x)s"]),
    ("unknown", &["x", "%(x)s", "%", "%(here)s"]),
];

/// Which keys go into which section, as names of the first and of the one behind the last.
fn keys(section: &str) -> Vec<&'static str> {
    let all = || KEYS.iter().map(|(key, _)| *key);
    let between = |first: &str, last: &str| -> Vec<&'static str> {
        let from = all().position(|key| key == first).unwrap_or(0);
        let to = all().position(|key| key == last).unwrap_or(KEYS.len() - 1);
        all().skip(from).take(to + 1 - from).collect()
    };
    let program = || between("command", "serverurl");
    match section.trim() {
        "supervisord" => {
            [between("minfds", "profile_options"), vec!["umask", "user", "directory", "environment"]].concat()
        }
        "include" => vec!["files"],
        "DEFAULT" => all().collect(),
        name if name.starts_with("eventlistener") => {
            [program(), between("events", "result_handler")].concat()
        }
        name if name.starts_with("fcgi") => [program(), between("socket", "socket_backlog")].concat(),
        name if name.starts_with("group") => vec!["programs", "priority"],
        name if name.starts_with("inet") => vec!["port", "username", "password"],
        name if name.starts_with("unix") => between("file", "password"),
        name if name.starts_with("rpc") => vec!["supervisor.rpcinterface_factory", "unknown"],
        _ => program(),
    }
}

/// Keys without which a section is not accepted.
fn required(section: &str) -> &'static [&'static str] {
    match section.split(':').next().unwrap_or_default() {
        "eventlistener" => &["command", "events"],
        "fcgi-program" => &["command", "socket"],
        "program" => &["command"],
        "inet_http_server" => &["port"],
        "unix_http_server" | "unix_http_serverX" => &["file"],
        "rpcinterface" => &["supervisor.rpcinterface_factory"],
        "include" => &["files"],
        _ => &[],
    }
}

/// The first value of a key is good: how often another is taken decides how far files get.
fn value(random: &mut Random, key: &str, wild: usize) -> &'static str {
    let values = KEYS.iter().find(|(name, _)| *name == key).map_or(&["x"][..], |(_, values)| values);
    if random.chance(wild) { random.pick(values) } else { values[random.below(values.len().min(3))] }
}

fn lines(random: &mut Random) -> String {
    let mut text = String::new();
    let wild = [0, 2, 10, 40][random.below(4)];
    let odd = [0, 0, 5, 20][random.below(4)];
    if random.chance(98) {
        text.push_str("[supervisord]\n");
    }
    for _ in 0..random.below(7) {
        let section = match wild {
            0 => SECTIONS[random.below(3)],
            _ => random.pick(SECTIONS),
        };
        text.push_str(&format!("{}[{section}]{}\n", blanks(random, odd), comment(random, odd)));
        let some = keys(section);
        let mut chosen: Vec<&str> = Vec::new();
        if !random.chance(wild / 2) {
            chosen.extend(required(section));
        }
        chosen.extend((0..random.below(6)).map(|_| some[random.below(some.len())]));
        for key in chosen {
            line(random, key, wild, odd, &mut text);
        }
    }
    text
}

fn line(random: &mut Random, key: &str, wild: usize, odd: usize, text: &mut String) {
    let value = value(random, key, wild);
    let equals =
        if random.chance(odd) { random.pick(&[" = ", ":", " : ", "= ", "==", " =:", ""]) } else { "=" };
    let key = if random.chance(odd) { key.to_uppercase() } else { key.to_owned() };
    let indent = blanks(random, odd);
    let comment = comment(random, odd);
    text.push_str(&format!("{indent}{key}{equals}{value}{comment}\n"));
    if random.chance(odd) {
        let more = random.pick(&[
            "\n",
            "  more\n",
            "\tmore ; comment\n",
            "; comment\n",
            "  # comment\n",
            "\n   after\n",
            " x=y\n",
            "   \n",
        ]);
        text.push_str(more);
    }
}

fn blanks(random: &mut Random, odd: usize) -> &'static str {
    if random.chance(odd) { random.pick(&[" ", "  ", "\t", "\u{a0}", "\x1c"]) } else { "" }
}

fn comment(random: &mut Random, odd: usize) -> &'static str {
    match random.chance(odd) {
        true => random.pick(&[
            " ; c", ";c", "\t#c", "#c", " ;", " ; a # b", ";a #b", "#a ;b", "\u{a0};x", "  ", "\x1c#x",
        ]),
        false => "",
    }
}
