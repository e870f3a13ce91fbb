//! What children write, and where it goes; and the daemon's own log. Manual, "Logging" and the *_logfile keys of "Program Settings".

use std::fs;
use std::os::unix::fs::PermissionsExt;

use harness::{Setup, Signal, TestBed, differs, needs_root};

/// A program that runs a shell command once; its output goes to `out` and `err`.
fn once(command: &str, more: &str) -> String {
    format!(
        "[program:says]\ncommand=/bin/sh -c \"{command}\"\nstdout_logfile=%(here)s/out\nstderr_logfile=%(here)s/err\n\
         startsecs=0\nautorestart=false\n{more}"
    )
}

/// The bed of such a program when it has exited.
#[track_caller]
fn exited(text: &str) -> TestBed {
    let bed = TestBed::new(text);
    bed.state_becomes("says", "EXITED");
    bed
}

/// A listener that writes what was captured into the file `events`.
const CAPTURED: &str =
    "[eventlistener:recorder]\ncommand=/bin/sh {programs}/recorder.sh {here}\nevents=PROCESS_COMMUNICATION\n";

const BEGIN: &str = "<!--XSUPERVISOR:BEGIN-->";
const END: &str = "<!--XSUPERVISOR:END-->";

/// Longer than both tokens: the original holds shorter pieces back.
const LONG: &str = "a line that is longer than a token";

fn auto_logs(bed: &TestBed) -> Vec<String> {
    let entries = fs::read_dir(bed.path("auto")).unwrap();
    let mut names: Vec<_> = entries.flatten().map(|entry| entry.file_name().display().to_string()).collect();
    names.sort();
    names
}

// configuration.rst, stdout_logfile, stderr_logfile: "Put process stdout output in this file".
#[test]
fn both_streams_have_their_files() {
    let bed = exited(&once("echo one; echo two >&2; echo three", ""));
    assert_eq!((bed.read("out").as_str(), bed.read("err").as_str()), ("one\nthree\n", "two\n"));
    let info = bed.info("says");
    assert_eq!(bed.normalise(&info.stdout_logfile), "HERE/out");
    assert_eq!(bed.normalise(&info.stderr_logfile), "HERE/err");
    assert_eq!(info.logfile, info.stdout_logfile);
}

// configuration.rst, redirect_stderr: "cause the process' stderr output to be sent back to supervisord on its stdout file descriptor".
#[test]
fn redirect_stderr_joins_the_streams() {
    let bed = exited(&once("echo one; echo two >&2; echo three", "redirect_stderr=true\n"));
    assert_eq!((bed.read("out").as_str(), bed.read("err").as_str()), ("one\ntwo\nthree\n", ""));
    assert_eq!(bed.info("says").stderr_logfile, "");
}

// undocumented: a file for stderr is then of no use, and the log says so.
#[test]
fn redirect_stderr_with_a_file_is_a_warning() {
    let bed = TestBed::new(&once("echo", "redirect_stderr=true\n"));
    bed.logs(
        "WARN For [program:says], redirect_stderr=true but stderr_logfile has also been set to a filename, the filename has been ignored",
    );
}

// configuration.rst, stdout_logfile: "If stdout_logfile is set to NONE, supervisord will create no log file."
#[test]
fn none_is_no_file() {
    for none in ["NONE", "none", "OFF", ""] {
        let text = format!("stdout_logfile={none}\nstderr_logfile={none}\n");
        let bed = exited(&once("echo lost; echo lost >&2", &text));
        let info = bed.info("says");
        assert_eq!((info.logfile, info.stdout_logfile, info.stderr_logfile), Default::default(), "{none:?}");
        assert_eq!(auto_logs(&bed), [""; 0]);
    }
}

// configuration.rst, stdout_logfile: "If stdout_logfile is unset or set to AUTO, supervisor will automatically choose a file location."
#[test]
fn auto_is_a_file_in_childlogdir() {
    let bed = exited(
        "[program:says]\ncommand=/bin/echo hello\nstartsecs=0\nautorestart=false\nstderr_logfile=AUTO\n",
    );
    let names = auto_logs(&bed);
    let [stderr, stdout] = &names[..] else { panic!("{names:?}") };
    for (name, start) in [(stderr, "says-stderr---supervisor-"), (stdout, "says-stdout---supervisor-")] {
        let random = name.strip_prefix(start).unwrap_or_else(|| panic!("{name}"));
        let random = random.strip_suffix(".log").unwrap_or_else(|| panic!("{name}"));
        let usual = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(random.len() == 8 && random.chars().all(usual), "{name}");
        let mode = fs::metadata(bed.path("auto").join(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(bed.info("says").stdout_logfile, bed.path("auto").join(stdout).display().to_string());
    assert_eq!(bed.read(&format!("auto/{stdout}")), "hello\n");
}

// undocumented: they are there as soon as the group is, whether or not the program is started.
#[test]
fn auto_logs_are_there_before_the_program_runs() {
    let text = "[supervisord]\nidentifier=wolf\n[program:x]\ncommand=/bin/cat\nautostart=false\nredirect_stderr=true\n";
    let bed = TestBed::new(text);
    let names = auto_logs(&bed);
    assert!(names.len() == 1 && names[0].starts_with("x-stdout---wolf-"), "{names:?}");
}

// logging.rst, "Child Process Logs": "Child log files in this directory will be deleted when supervisord restarts"; those of the same
// identifier, with their backups.
#[test]
fn auto_logs_of_the_last_run_are_removed() {
    let old = [
        "auto/x-stdout---supervisor-abcdefgh.log",
        "auto/y-stderr---supervisor-abcdefgh.log.12",
        "auto/x-stdout---other-abcdefgh.log",
        "auto/supervisor.log",
    ];
    let files = old.map(|name| (name, "old"));
    let bed = Setup { files: &files, ..Setup::default() }.start();
    assert_eq!(auto_logs(&bed), ["supervisor.log", "x-stdout---other-abcdefgh.log"]);
}

// undocumented: what cannot be removed is told, and what cannot be looked for.
#[test]
fn old_auto_logs_that_cannot_be_removed_are_told() {
    needs_root!();
    for (mode, told) in [
        (0o555, "WARN Failed to clean up 'HERE/auto/x-stdout---supervisor-abcdefgh.log'"),
        (0o333, "WARN Could not clear childlog dir"),
    ] {
        let files = [("auto/x-stdout---supervisor-abcdefgh.log", "old")];
        let mut bed = Setup { files: &files, ..Setup::default() }.prepare();
        bed.give_to("nobody");
        fs::set_permissions(bed.path("auto"), fs::Permissions::from_mode(mode)).unwrap();
        bed.launch_through(&["setpriv", "--reuid", "nobody", "--clear-groups"]);
        harness::eventually("the daemon answers", || bed.rpc("getState", []).is_ok());
        bed.logs(told);
        assert_eq!(bed.read("auto/x-stdout---supervisor-abcdefgh.log"), "old");
    }
}

// Debug: the end of a channel is told.
#[test]
fn debug_tells_of_closed_channels() {
    let text = once("/bin/echo word", "");
    let bed = Setup { text: &text, args: &["-e", "debug"], ..Setup::default() }.start();
    bed.eventually("both ends are told", || bed.log().matches(" closed, stopped monitoring").count() == 2);
}

// configuration.rst, nocleanup: "Prevent supervisord from clearing any existing AUTO child log files at startup time."
#[test]
fn nocleanup_keeps_them() {
    let files = [("auto/x-stdout---supervisor-abcdefgh.log", "old")];
    let setup = Setup { text: "[supervisord]\nnocleanup=true\n", files: &files, ..Setup::default() };
    assert_eq!(auto_logs(&setup.start()), ["x-stdout---supervisor-abcdefgh.log"]);
}

// undocumented: an AUTO log that never rotates is a warning.
#[test]
fn auto_without_rotation_is_a_warning() {
    let bed = TestBed::new("[program:x]\ncommand=/bin/cat\nautostart=false\nstdout_logfile_maxbytes=0\n");
    bed.logs(
        "WARN For [program:x], AUTO logging used for stdout_logfile without rollover, set maxbytes > 0 to avoid filling up filesystem \
         unintentionally",
    );
}

// undocumented: a relative name is relative to supervisord's folder.
#[test]
fn a_relative_log_file_is_in_supervisords_folder() {
    let bed = exited(&once("echo hello", "stdout_logfile=auto/relative\n"));
    assert_eq!(bed.read("auto/relative"), "hello\n");
    assert_eq!(bed.info("says").stdout_logfile, "auto/relative");
}

// undocumented: the folder of a log file must exist.
#[test]
fn a_log_file_in_a_missing_folder_is_refused() {
    let text = once("echo hello", "stdout_logfile=/nonexistent/out\n");
    let output = Setup { text: &text, ..Setup::default() }.run();
    assert_eq!(
        output.refusal(),
        "The directory named as part of the path /nonexistent/out does not exist in section 'program:says' \
         (file: 'HERE/supervisord.conf')"
    );
}

// undocumented: what is there stays.
#[test]
fn a_log_file_is_appended_to() {
    let text = once("echo new", "");
    let bed = Setup { text: &text, files: &[("out", "old\n")], ..Setup::default() }.start();
    bed.state_becomes("says", "EXITED");
    assert_eq!(bed.read("out"), "old\nnew\n");
    bed.ask("startProcess", ["says".into(), false.into()]);
    bed.file_becomes("out", "old\nnew\nnew\n");
}

// Every byte is kept.
#[test]
fn output_may_be_binary() {
    let bed = exited(&once("printf '\\377\\000\\015\\012\\200x'", ""));
    assert_eq!(fs::read(bed.path("out")).unwrap(), b"\xff\0\r\n\x80x");
}

// undocumented: what a process wrote is in its log before it is told to have exited.
#[test]
fn all_output_is_logged_before_the_exit_is_told() {
    let bed = exited(&once("seq 1 20000", ""));
    let out = bed.read("out");
    assert!(out.starts_with("1\n2\n") && out.ends_with("\n20000\n"), "{} bytes", out.len());
    assert_eq!(out.lines().count(), 20000);
}

// subprocess.rst: output without a newline is logged as it comes.
#[test]
fn an_unfinished_line_is_logged() {
    let bed = TestBed::new(&once("printf unfinished; exec sleep 1000", ""));
    bed.file_becomes("out", "unfinished");
    assert_eq!(bed.state("says"), "RUNNING");
}

// api.rst, sendProcessStdin: "Send a string of chars to the stdin of the process".
#[test]
fn stdin_reaches_the_process() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=%(here)s/out\n");
    bed.state_becomes("cat", "RUNNING");
    assert_eq!(bed.rpc("sendProcessStdin", ["cat".into(), "grüße\n".into()]), Ok(true.into()));
    bed.file_becomes("out", "grüße\n");
}

// configuration.rst, strip_ansi: "Strip all ANSI escape sequences from child log files."
#[test]
fn ansi_sequences_are_stripped() {
    let coloured = "printf '\\033[1;31mred\\033[0m and \\033[2Kclear\\n'";
    let bed = exited(&once(coloured, "[supervisord]\nstrip_ansi=true\n"));
    assert_eq!(bed.read("out"), "red and clear\n");
    let bed = exited(&once(coloured, ""));
    assert_eq!(bed.read("out"), "\x1b[1;31mred\x1b[0m and \x1b[2Kclear\n");
}

// undocumented: what begins as a sequence ends at the next of a few letters, whatever stands between.
#[test]
fn an_unknown_ansi_sequence_ends_at_the_next_known_letter() {
    let bed = exited(&once("printf 'a\\033[5q and zm b\\n'", "[supervisord]\nstrip_ansi=true\n"));
    assert_eq!(bed.read("out"), "a b\n");
}

// logging.rst, "Activity Log Levels": debug: the output of children is in the log too.
#[test]
fn debug_copies_the_output_into_the_main_log() {
    let bed = exited(&once("echo one; echo two; printf 'oops' >&2", "[supervisord]\nloglevel=debug\n"));
    let log = bed.log();
    assert!(
        log.contains("DEBG 'says' stdout output:\none\ntwo\n\n")
            || log.contains("DEBG 'says' stdout output:\none\n\n"),
        "{log}"
    );
    assert!(log.contains("DEBG 'says' stderr output:\noops\n"), "{log}");
    // Whatever the level was, it is not there.
    let log = exited(&once("echo one", "")).log();
    assert!(!log.contains("output:"), "{log}");
}

// subprocess.rst, capture mode; events.rst, PROCESS_COMMUNICATION: "When a process [...] emits a token which begins the capture mode, [...]
// data will be written to a capture buffer until the child emits the end token".
#[test]
fn captured_output_is_an_event_and_not_in_the_log() {
    let command = format!("echo '{LONG}'; printf '{BEGIN}secret, even\\ntwo lines{END}'; echo '{LONG}'");
    let bed = exited(&format!("{}{CAPTURED}", once(&command, "stdout_capture_maxbytes=1MB\n")));
    bed.eventually("the event is told", || bed.read("events").ends_with("lines\n"));
    assert_eq!(
        bed.normalise(&bed.read("events")),
        "PROCESS_COMMUNICATION_STDOUT processname:says groupname:says pid:PID\nsecret, even\ntwo lines\n"
    );
    assert_eq!(bed.read("out"), format!("{LONG}\n{LONG}\n"));
}

// configuration.rst, stderr_capture_maxbytes: the same for stderr.
#[test]
fn stderr_can_be_captured() {
    let command = format!("printf '{BEGIN}secret{END}{LONG}' >&2");
    let bed = exited(&format!("{}{CAPTURED}", once(&command, "stderr_capture_maxbytes=1MB\n")));
    bed.eventually("the event is told", || bed.read("events").ends_with("secret\n"));
    assert_eq!(
        bed.normalise(&bed.read("events")),
        "PROCESS_COMMUNICATION_STDERR processname:says groupname:says pid:PID\nsecret\n"
    );
    assert_eq!(bed.read("err"), LONG);
}

// undocumented: a token may arrive in pieces.
#[test]
fn a_capture_token_may_come_in_pieces() {
    let (start, rest) = BEGIN.split_at(9);
    let (end, last) = END.split_at(12);
    let command = format!(
        "printf '{LONG}{start}'; sleep 0.1; printf '{rest}sec'; sleep 0.1; printf 'ret{end}'; sleep 0.1; printf '{last}{LONG}'"
    );
    let bed = exited(&format!("{}{CAPTURED}", once(&command, "stdout_capture_maxbytes=1MB\n")));
    bed.eventually("the event is told", || bed.read("events").ends_with("\nsecret\n"));
    assert_eq!(bed.read("out"), format!("{LONG}{LONG}"));
}

// undocumented: without an end nothing is told, and nothing is logged.
#[test]
fn an_unfinished_capture_is_swallowed() {
    let command = format!("printf '{LONG}{BEGIN}{LONG}{LONG}'");
    let bed = exited(&format!("{}{CAPTURED}", once(&command, "stdout_capture_maxbytes=1MB\n")));
    assert_eq!((bed.read("out").as_str(), bed.read("events").as_str()), (LONG, ""));
}

// configuration.rst, stdout_capture_maxbytes: "Max number of bytes written to capture FIFO when process is in 'stdout capture mode'";
// "If this value is 0, process capture mode will be off."
#[test]
fn without_capture_tokens_are_output() {
    let command = format!("printf '{BEGIN}secret{END}'");
    let bed = exited(&once(&command, ""));
    assert_eq!(bed.read("out"), format!("{BEGIN}secret{END}"));
}

// undocumented: a debug log tells of captures.
#[test]
fn debug_tells_of_captures() {
    let command = format!("printf '{BEGIN}secret{END}{LONG}'");
    let bed = exited(&once(&command, "stdout_capture_maxbytes=1MB\n[supervisord]\nloglevel=debug\n"));
    bed.logs("DEBG 'says' stdout emitted a comm event");
    let log = bed.log();
    assert!(log.contains("DEBG 'says' stdout output:\nsecret\n"), "{log}");
}

// undocumented: with capture on, the original holds back, and at the end loses, what is not longer than a token.
#[test]
fn short_output_with_capture_on() {
    let bed = exited(&once("echo short", "stdout_capture_maxbytes=1MB\n"));
    let kept = differs! {
        ours: "short\n",
        theirs: "",
        why: "short output of a program with capture mode is neither held back nor lost",
    };
    assert_eq!(bed.read("out"), kept);
}

/// A program that writes a line when it gets SIGUSR1.
const ON_DEMAND: &str = "[program:says]\n\
    command=/bin/sh -c \"trap 'echo again' USR1; echo up; while :; do sleep 0.05; done\"\n\
    stdout_logfile=%(here)s/out\nstartsecs=0\n";

// configuration.rst; api.rst, clearProcessLogs: "Clear the stdout and stderr logs for the process and reopen them."
#[test]
fn logs_can_be_cleared_while_the_process_runs() {
    let bed = TestBed::new(ON_DEMAND);
    bed.file_becomes("out", "up\n");
    bed.write("out.1", "backup");
    assert_eq!(bed.rpc("clearProcessLogs", ["says".into()]), Ok(true.into()));
    assert_eq!(bed.read("out"), "");
    bed.ask("signalProcess", ["says".into(), "USR1".into()]);
    bed.file_becomes("out", "again\n");
    assert_eq!(bed.read("out.1"), "backup");
}

// undocumented: the logs of a process that does not run stay in the original, though it answers with success.
#[test]
fn logs_of_a_stopped_process_when_cleared() {
    let bed = exited(&once("echo hello", ""));
    assert_eq!(bed.rpc("clearProcessLogs", ["says".into()]), Ok(true.into()));
    let left = differs! { ours: "", theirs: "hello\n", why: "clear also clears the logs of a program that does not run" };
    assert_eq!(bed.read("out"), left);
}

// running.rst, "Signals", SIGUSR2: "supervisord will close and reopen the main activity log and all child log files."
#[test]
fn sigusr2_reopens_child_logs() {
    let bed = TestBed::new(ON_DEMAND);
    bed.file_becomes("out", "up\n");
    fs::rename(bed.path("out"), bed.path("moved")).unwrap();
    bed.signal(Signal::SIGUSR2);
    bed.eventually("there is a new file", || bed.path("out").exists());
    bed.ask("signalProcess", ["says".into(), "USR1".into()]);
    bed.file_becomes("out", "again\n");
    assert_eq!(bed.read("moved"), "up\n");
}

// configuration.rst, stdout_logfile: "/dev/stdout" and "/dev/fd/1" with maxbytes 0.
#[test]
fn dev_stdout_is_supervisords_stdout() {
    let more = "stdout_logfile=/dev/stdout\nstdout_logfile_maxbytes=0\nstderr_logfile=/dev/fd/1\nstderr_logfile_maxbytes=0\n";
    let text = once("echo to stdout; sleep 0.1; echo to stderr >&2", more);
    let setup = Setup { text: &text, args: &["-s"], ..Setup::default() };
    let mut bed = setup.prepare();
    bed.launch_under("mkfifo pipe; cat <pipe >piped & exec >pipe");
    bed.file_becomes("piped", "to stdout\nto stderr\n");
}

// undocumented: a pipe cannot be rotated; the words arrive all the same.
#[test]
fn a_pipe_that_should_rotate_gets_the_output() {
    let text = once("echo to stdout", "stdout_logfile=/dev/stdout\n");
    let mut bed = Setup { text: &text, args: &["-s"], ..Setup::default() }.prepare();
    bed.launch_under("mkfifo pipe; cat <pipe >piped & exec >pipe");
    bed.file_becomes("piped", "to stdout\n");
}

// logging.rst, "Activity Log": the lines of a start, and their form.
#[test]
fn the_main_log_begins_with_the_start() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    bed.logs("INFO supervisord started with pid PID");
    assert_eq!(
        bed.log(),
        "INFO RPC interface 'supervisor' initialized\n\
         CRIT Server 'unix_http_server' running without any HTTP authentication checking\n\
         INFO supervisord started with pid PID\n"
    );
    let log = bed.read("supervisord.log");
    let shape = |c: char| if c.is_ascii_digit() { '9' } else { c };
    for line in log.lines() {
        assert_eq!(line[..24].chars().map(shape).collect::<String>(), "9999-99-99 99:99:99,999 ", "{line}");
    }
}

// configuration.rst, nodaemon: the log is copied to stdout.
#[test]
fn in_the_foreground_the_log_is_on_stdout_too() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    bed.state_becomes("cat", "RUNNING");
    bed.eventually("both are equal", || bed.read("daemon.out") == bed.read("supervisord.log"));
    assert!(bed.read("daemon.out").contains("spawned: 'cat'"));
}

// configuration.rst, silent: "If true and not daemonized, logs will not be directed to stdout."
#[test]
fn silent_writes_nothing_to_stdout() {
    let bed = TestBed::new("[supervisord]\nsilent=true\n[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    bed.state_becomes("cat", "RUNNING");
    assert_eq!(bed.stdout(), "");
}

// configuration.rst, loglevel: "The logging level, dictating what is written to the supervisord activity log."
#[test]
fn loglevel_hides_what_is_below() {
    let bed = TestBed::new("[supervisord]\nloglevel=warn\n[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    bed.state_becomes("cat", "RUNNING");
    bed.ask("stopProcess", ["cat".into()]);
    assert_eq!(
        bed.log(),
        "CRIT Server 'unix_http_server' running without any HTTP authentication checking\n\
         WARN stopped: cat (terminated by SIGTERM)\n"
    );
}

// configuration.rst, loglevel: the deepest ones tell each call.
#[test]
fn loglevel_trace_tells_each_call() {
    let bed = TestBed::new("[supervisord]\nloglevel=trace\n");
    bed.ask("getVersion", []);
    bed.logs("TRAC XML-RPC method called: supervisor.getVersion()");
    bed.logs("TRAC XML-RPC method supervisor.getVersion() returned successfully");
    let _ = bed.rpc("stopProcess", ["nobody".into()]);
    bed.logs("TRAC XML-RPC method called: supervisor.stopProcess()");
    bed.logs("TRAC XML-RPC method supervisor.stopProcess() returned fault: [10] BAD_NAME: nobody");
}

// api.rst, clearLog: "Clear the main log."
#[test]
fn the_main_log_can_be_cleared() {
    let bed = TestBed::new("");
    bed.logs("INFO supervisord started with pid PID");
    assert_eq!(bed.rpc("clearLog", []), Ok(true.into()));
    assert_eq!(bed.log(), "");
    assert!(bed.stdout().ends_with("INFO reopening log file\n"));
}
