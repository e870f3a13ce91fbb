//! The sections of the programs: each variant is another mixture of options.

use harness::Random;
use nix::unistd::Pid;

/// How many backups a log has: enough that a reader of average speed misses none.
pub(crate) const BACKUPS: usize = 50;

/// The name of a program.
pub(crate) fn name(number: usize) -> String {
    format!("t{number:03}")
}

/// A program as one variant of it.
pub(crate) fn section(here: &str, number: usize, variant: u64) -> String {
    let name = name(number);
    let mut random = Random::new(variant);
    let mut keys = vec![
        format!("command={here}/bin/talker {here}/records/{name} {variant}"),
        format!("stdout_logfile={here}/logs/{name}"),
        format!("stderr_logfile={here}/logs/{name}.err"),
        format!("environment=VARIANT=\"{variant}\""),
        "autostart=false".to_owned(),
        "exitcodes=0,7".to_owned(),
        "stopwaitsecs=1".to_owned(),
        format!("startretries={}", random.below(4)),
        format!("startsecs={}", random.below(2)),
        format!("autorestart={}", random.pick(&["true", "false", "unexpected"])),
        format!("stopsignal={}", random.pick(&["TERM", "TERM", "INT", "HUP", "KILL"])),
        format!("redirect_stderr={}", random.pick(&["true", "false", "false"])),
    ];
    for stream in ["stdout", "stderr"] {
        keys.push(format!("{stream}_logfile_maxbytes={}", random.pick(&["10KB", "50KB"])));
        keys.push(format!("{stream}_logfile_backups={BACKUPS}"));
        keys.push(format!("{stream}_capture_maxbytes={}", random.pick(&["0", "1KB"])));
        keys.push(format!("{stream}_events_enabled={}", random.pick(&["true", "false"])));
    }
    match random.below(4) {
        0 => keys.push("stopasgroup=true\nkillasgroup=true".to_owned()),
        1 => keys.push("killasgroup=true".to_owned()),
        _ => {}
    }
    format!("[program:{name}]\n{}\n", keys.join("\n"))
}

/// Whether a process is one of the programs, or a child of one.
pub(crate) fn is_one(pid: Pid) -> bool {
    command(pid).contains("/records/t")
}

/// The words of a process, each with a zero byte behind it.
pub(crate) fn command(pid: Pid) -> String {
    std::fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default()
}
