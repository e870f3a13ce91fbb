//! echo_supervisord_conf prints a sample.

use harness::{Output, Setup, echo_supervisord_conf, text};

use super::folder;

fn sample(words: &[&str]) -> Output {
    let bed = folder();
    bed.finish(bed.command(&echo_supervisord_conf(), words.iter().copied()), "")
}

// installing.rst, "Creating a Configuration File": "This will print a "sample" Supervisor configuration file to your terminal's stdout."
#[test]
fn the_sample_is_printed() {
    let output = sample(&[]);
    assert_eq!((output.code, output.stderr.as_str()), (Some(0), ""));
    for section in [
        "[unix_http_server]",
        "[inet_http_server]",
        "[supervisord]",
        "[rpcinterface:supervisor]",
        "[supervisorctl]",
        "[program:theprogramname]",
        "[eventlistener:theeventlistenername]",
        "[group:thegroupname]",
        "[include]",
    ] {
        assert!(output.stdout.contains(section), "no {section} in {}", output.stdout);
    }
}

// undocumented: there are no options.
#[test]
fn arguments_are_ignored() {
    let output = sample(&[]);
    for words in [&["-h"][..], &["--nope", "foo"]] {
        assert_eq!(sample(words), output);
    }
}

// The sample shows each key of the manual, though most behind the sign of a comment.
#[test]
fn the_sample_shows_each_key() {
    let output = sample(&[]);
    let shown: Vec<&str> = output
        .stdout
        .lines()
        .filter_map(|line| line.trim_start_matches(';').split_once('='))
        .map(|(key, _)| key.trim())
        .collect();
    for key in [
        "file",
        "chmod",
        "chown",
        "username",
        "password",
        "port",
        "logfile",
        "logfile_maxbytes",
        "logfile_backups",
        "loglevel",
        "pidfile",
        "nodaemon",
        "silent",
        "minfds",
        "minprocs",
        "umask",
        "user",
        "identifier",
        "directory",
        "nocleanup",
        "childlogdir",
        "environment",
        "strip_ansi",
        "supervisor.rpcinterface_factory",
        "serverurl",
        "prompt",
        "history_file",
        "command",
        "process_name",
        "numprocs",
        "priority",
        "autostart",
        "startsecs",
        "startretries",
        "autorestart",
        "exitcodes",
        "stopsignal",
        "stopwaitsecs",
        "stopasgroup",
        "killasgroup",
        "redirect_stderr",
        "stdout_logfile",
        "stdout_logfile_maxbytes",
        "stdout_logfile_backups",
        "stdout_capture_maxbytes",
        "stdout_events_enabled",
        "stdout_syslog",
        "stderr_logfile",
        "stderr_logfile_maxbytes",
        "stderr_logfile_backups",
        "stderr_capture_maxbytes",
        "stderr_events_enabled",
        "stderr_syslog",
        "events",
        "buffer_size",
        "programs",
        "files",
    ] {
        assert!(shown.contains(&key), "no {key} in {}", output.stdout);
    }
}

// The sample is a configuration, as it is but for the places of its files.
#[test]
fn the_sample_can_be_run() {
    let sample = sample(&[]).stdout.replace("/tmp", "{here}");
    let bed = Setup { text: &sample, bare: true, ..Setup::default() }.start();
    assert_eq!(text(&bed.ask("getIdentification", [])), "supervisor");
    assert_eq!(bed.ctl(["version"]).stdout, "4.3.0\n");
    assert_eq!(bed.ask("getAllProcessInfo", []), harness::Value::Array(vec![]));
}
