//! Generated files, read by supervisor 4.3.0 and by this crate: both must make the same of them, down to the first
//! error. Needs a Python with supervisor 4.3.0 in `SUPERVISOR_PYTHON` (3.13 or newer for the newer rule of inline
//! comments), else nothing is compared. `SUPERVISOR_FILES` says how many files, `SUPERVISOR_SEED` which.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use supervisor_config::sections::{Autorestart, Channel, GroupKind, Listen, LogTarget, Program, ServerUrl};
use supervisor_config::{Config, ConfigError, LogLevel, Overrides, load};

#[path = "differential/generate.rs"]
mod generate;

/// Files that the generated ones may include.
const INCLUDED: &[(&str, &str)] = &[
    ("a.conf", "[program:a]\ncommand=%(here)s/run\n[program:z]\ncommand=cat\nstartsecs=2\n"),
    ("b.conf", "[supervisord]\nloglevel=debug\n[program:a]\npriority=5\ndirectory=%(here)s\n"),
    ("c.conf", "[group:g]\nprograms=z\n[include]\nfiles=a.conf\n"),
    ("d.conf.off", "no section\n"),
    (".hidden.conf", "[program:hidden]\n"),
];

#[test]
fn both_make_the_same_of_generated_files() {
    let Ok(python) = env::var("SUPERVISOR_PYTHON") else { return };
    let number = |name: &str, default: u64| env::var(name).map_or(default, |text| text.parse().expect(name));
    let (count, seed) = (number("SUPERVISOR_FILES", 2000), number("SUPERVISOR_SEED", 1));
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    fs::create_dir_all(folder.join("inc/deep")).expect("a folder");
    for (name, text) in INCLUDED {
        fs::write(folder.join("inc").join(name), text).expect(name);
    }
    for index in 0..count {
        let mut random = generate::Random::new(seed << 32 | index);
        fs::write(folder.join(format!("{index}.conf")), generate::file(&mut random)).expect("a file");
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/differential/original.py");
    let mut original = Command::new(python)
        .arg(script)
        .arg(folder)
        .arg(count.to_string())
        .env_clear()
        .envs([
            ("HOME", "/root"),
            ("LC_ALL", "C.UTF-8"),
            ("A", "av"),
            ("N", "7"),
            ("T", "true"),
            ("PATH", "/bin:/usr/bin"),
        ])
        .stdout(Stdio::piped())
        .spawn()
        .expect("the interpreter in SUPERVISOR_PYTHON");
    let mut answers = BufReader::new(original.stdout.take().expect("its output")).lines();
    let mut answer = || -> Value {
        let line = answers.next().expect("an answer").expect("an answer");
        serde_json::from_str(&line).expect("an answer")
    };
    let head = answer();
    let new_comments = head["version"][1].as_u64() >= Some(13);
    let environment: Vec<(String, String)> =
        serde_json::from_value(head["environment"].clone()).expect("pairs");
    let (mut different, mut sound, mut tolerated) = (0, 0, 0);
    for index in 0..count {
        let mut theirs = answer();
        let file = folder.join(format!("{index}.conf"));
        let result = load(&file, &Overrides::default(), &environment, folder);
        let mut ours = shown(&result);
        forget_sockets_in_groups(&mut theirs, &mut ours);
        sound += usize::from(result.is_ok());
        let text = fs::read(&file).expect("the file");
        let text = String::from_utf8_lossy(&text);
        if same(&theirs, &ours) {
            continue;
        }
        if is_listed(&theirs, &ours, &text, new_comments) {
            tolerated += 1;
            continue;
        }
        different += 1;
        if different <= 10 {
            let (theirs, ours) = difference(&theirs, &ours);
            eprintln!("---- {index}\n{text}\n---- original\n{theirs}\n---- ours\n{ours}\n");
        }
    }
    original.wait().expect("its end");
    eprintln!(
        "{count} files, {sound} of them accepted, {tolerated} with listed differences, {different} with others"
    );
    assert_eq!(different, 0);
}

fn same(theirs: &Value, ours: &Value) -> bool {
    match (theirs["error"].as_str(), ours["error"].as_str()) {
        // The original looks at the types of events in the order of their hashes.
        (Some(theirs), Some(ours)) if theirs.starts_with("Unknown event type") => {
            ours.starts_with("Unknown event type")
        }
        _ => theirs == ours,
    }
}

/// The original gives a socket to the group that its section forms, even without processes, and to no other.
fn forget_sockets_in_groups(theirs: &mut Value, ours: &mut Value) {
    let (Some(theirs), Some(ours)) = (theirs["groups"].as_array_mut(), ours["groups"].as_array_mut()) else {
        return;
    };
    for (theirs, ours) in theirs.iter_mut().zip(ours) {
        if theirs["fcgi"].is_null() || ours["programs"] == json!([]) {
            theirs["fcgi"] = Value::Null;
            ours["fcgi"] = Value::Null;
        }
    }
}

/// The differences that README lists.
fn is_listed(theirs: &Value, ours: &Value, text: &str, new_comments: bool) -> bool {
    let two_comments = |line: &str| line.matches([';', '#']).count() > 1;
    // Python 3.12 and older have another rule for several comment characters in one line.
    let comments = !new_comments && text.lines().any(two_comments);
    // Integers beyond 64 bits become the nearest one, which shows in texts that `%(process_num)s` goes into.
    let integers = text.contains("99999999999999999999") && ours.to_string().contains(&i64::MAX.to_string());
    let ours = ours["error"].as_str().unwrap_or_default();
    let theirs = theirs["error"].as_str().unwrap_or_default();
    // Names without a character cannot be addressed.
    let empty_name = ours.starts_with("Invalid name: '' because it is empty");
    // A conversion without a name shows all names and their values.
    let all_names = ours.contains("is badly formatted: not enough arguments for format string");
    // host_node_name is known in [supervisord] environment.
    let environment =
        ours.contains("'supervisord.environment'") && theirs.contains("'supervisord.environment'");
    comments || integers || empty_name || all_names || environment
}

/// Only the parts that differ, when both are configurations.
fn difference(theirs: &Value, ours: &Value) -> (Value, Value) {
    match (theirs, ours) {
        (Value::Object(left), Value::Object(right)) if left.len() == right.len() && left.len() > 1 => {
            match left.iter().find(|(key, value)| right.get(*key) != Some(value)) {
                Some((key, value)) => difference(value, &ours[key.as_str()]),
                None => (theirs.clone(), ours.clone()),
            }
        }
        (Value::Array(left), Value::Array(right)) if left.len() == right.len() => {
            match left.iter().zip(right).find(|(left, right)| left != right) {
                Some((left, right)) => difference(left, right),
                None => (theirs.clone(), ours.clone()),
            }
        }
        _ => (theirs.clone(), ours.clone()),
    }
}

/// What the script shows of the original's result.
fn shown(result: &Result<Config, ConfigError>) -> Value {
    let config = match result {
        Ok(config) => config,
        Err(error) => return json!({ "error": error.to_string() }),
    };
    let one = &config.supervisord;
    let of_level = |level: LogLevel| -> Vec<&str> {
        let notices = config.notices.iter().filter(|notice| notice.level == level);
        let texts = notices.map(|notice| notice.text.as_str());
        // Said of what 4.4 reads in another way, of sockets in groups, and of files that cannot be read.
        let of_ours = ["Supervisor 4.3", "socket is not opened", "cannot be read: "];
        texts.filter(|text| !of_ours.iter().any(|one| text.contains(one))).collect()
    };
    let servers = config.http_servers.iter().map(|server| {
        let (address, file, chmod, chown) = match &server.listen {
            Listen::Inet(address) => {
                (json!([address.host, address.port]), json!(null), json!(null), json!(null))
            }
            Listen::Unix(unix) => {
                (json!(null), json!(unix.file), json!(unix.chmod), json!([unix.chown.0, unix.chown.1]))
            }
        };
        json!({
            "section": server.section,
            "address": address,
            "file": file,
            "chmod": chmod,
            "chown": chown,
            "username": server.credentials.as_ref().map(|login| &login.username),
            "password": server.credentials.as_ref().map(|login| &login.password),
        })
    });
    json!({
        "supervisord": {
            "logfile": one.logfile,
            "logfile_maxbytes": one.logfile_maxbytes,
            "logfile_backups": one.logfile_backups,
            "loglevel": level(one.loglevel),
            "pidfile": one.pidfile,
            "umask": one.umask,
            "nodaemon": one.nodaemon,
            "silent": one.silent,
            "minfds": one.minfds,
            "minprocs": one.minprocs,
            "nocleanup": one.nocleanup,
            "childlogdir": one.childlogdir,
            "user": one.user,
            "directory": one.directory,
            "strip_ansi": one.strip_ansi,
            "environment": one.environment,
            "identifier": one.identifier,
        },
        "servers": servers.collect::<Vec<_>>(),
        "rpcinterfaces": config.rpcinterfaces.iter().map(|one| &one.name).collect::<Vec<_>>(),
        "groups": config.groups.iter().map(|group| shown_group(group)).collect::<Vec<_>>(),
        "warnings": of_level(LogLevel::Warn),
        "infos": of_level(LogLevel::Info),
    })
}

fn level(level: LogLevel) -> i32 {
    match level {
        LogLevel::Critical => 50,
        LogLevel::Error => 40,
        LogLevel::Warn => 30,
        LogLevel::Info => 20,
        LogLevel::Debug => 10,
        LogLevel::Trace => 5,
        LogLevel::Blather => 3,
    }
}

fn shown_group(group: &supervisor_config::sections::Group) -> Value {
    let pool = match &group.kind {
        GroupKind::Programs => json!(null),
        GroupKind::Listeners(pool) => {
            let mut events: Vec<_> = pool.events.iter().map(|event| event.name()).collect();
            events.sort_unstable();
            json!({ "events": events, "buffer_size": pool.buffer_size })
        }
    };
    let socket = group.programs.first().and_then(|program| program.socket.as_ref());
    let fcgi = socket.map(|socket| {
        json!({
            "url": socket.url,
            "owner": socket.owner.map(|(user, group)| json!([user, group])),
            "mode": socket.mode,
            "backlog": socket.backlog,
        })
    });
    json!({
        "name": group.name,
        "priority": group.priority,
        "pool": pool,
        "fcgi": fcgi,
        "programs": group.programs.iter().map(|program| shown_program(program)).collect::<Vec<_>>(),
    })
}

fn shown_program(program: &Program) -> Value {
    let autorestart = match program.autorestart {
        Autorestart::Always => "always",
        Autorestart::Unexpected => "unexpected",
        Autorestart::Never => "never",
    };
    let serverurl = match &program.serverurl {
        ServerUrl::Auto => None,
        ServerUrl::Given(url) => Some(url),
    };
    json!({
        "name": program.name,
        "command": program.command,
        "priority": program.priority,
        "autostart": program.autostart,
        "autorestart": autorestart,
        "startsecs": program.startsecs,
        "startretries": program.startretries,
        "exitcodes": &*program.exitcodes,
        "stopsignal": program.stopsignal.0,
        "stopwaitsecs": program.stopwaitsecs,
        "stopasgroup": program.stopasgroup,
        "killasgroup": program.killasgroup,
        "uid": program.uid,
        "umask": program.umask,
        "directory": program.directory,
        "environment": &*program.environment,
        "redirect_stderr": program.redirect_stderr,
        "stdout": shown_channel(&program.stdout),
        "stderr": shown_channel(&program.stderr),
        "serverurl": serverurl,
    })
}

fn shown_channel(channel: &Channel) -> Value {
    let logfile = match &channel.logfile {
        LogTarget::Auto => json!({ "auto": true }),
        LogTarget::None => json!(null),
        LogTarget::File(path) => json!({ "file": path }),
    };
    json!({
        "logfile": logfile,
        "maxbytes": channel.maxbytes,
        "backups": channel.backups,
        "capture_maxbytes": channel.capture_maxbytes,
        "events_enabled": channel.events_enabled,
        "syslog": channel.syslog,
    })
}
