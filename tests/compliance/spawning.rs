//! How a child is made: its command line, where it is looked for, what it is born with, and what can go wrong before it runs.
//! Manual, "Program Settings" and "Subprocess Environment".

use std::fs;
use std::os::unix::fs::PermissionsExt;

use harness::{Fault, Setup, TestBed, needs_root};
use nix::unistd::{getpgid, getsid};

/// A program that says something into the file `out` and ends.
fn says(command: &str) -> String {
    format!(
        "[program:says]\ncommand={command}\nstdout_logfile=%(here)s/out\nstderr_logfile=%(here)s/err\n\
         startsecs=0\nautorestart=false\n"
    )
}

/// What a program says.
#[track_caller]
fn said(command: &str, more: &str) -> String {
    let bed = TestBed::new(&format!("{}{more}", says(command)));
    bed.state_becomes("says", "EXITED");
    bed.normalise(&bed.read("out"))
}

/// The spawn error of a program; the same text stands in its description, in the log and in the fault of a start.
#[track_caller]
fn spawn_error(bed: &TestBed) -> String {
    bed.state_becomes("says", "FATAL");
    let info = bed.info("says");
    assert_eq!(info.description, info.spawnerr);
    let text = bed.normalise(&info.spawnerr);
    bed.logs(&format!("INFO spawnerr: {text}"));
    bed.logs("INFO gave up: says entered FATAL state, too many start retries too quickly");
    assert_eq!(bed.logged("INFO spawned: 'says' with pid PID"), 0);
    text
}

#[track_caller]
fn start_fault(bed: &TestBed) -> (i64, String) {
    let Fault { code, text } = bed.rpc("startProcess", ["says".into()]).unwrap_err();
    (code, bed.normalise(&text))
}

// Lookup: a path that is not there.
#[test]
fn a_missing_command_is_told_without_a_fork() {
    let bed = TestBed::new(&format!("{}startretries=0\n", says("/nonexistent/program -x")));
    assert_eq!(spawn_error(&bed), "can't find command '/nonexistent/program'");
    assert_eq!(start_fault(&bed), (20, "NO_FILE: can't find command '/nonexistent/program'".to_owned()));
}

// Lookup: a name that is nowhere in PATH.
#[test]
fn a_name_that_is_not_in_path_is_told() {
    let bed = TestBed::new(&format!("{}startretries=0\n", says("no-such-program")));
    assert_eq!(spawn_error(&bed), "can't find command 'no-such-program'");
    assert_eq!(start_fault(&bed), (20, "NO_FILE: can't find command 'no-such-program'".to_owned()));
}

// Lookup: a directory.
#[test]
fn a_directory_is_not_a_command() {
    let bed = TestBed::new(&format!("{}startretries=0\n", says("{here}/auto")));
    assert_eq!(spawn_error(&bed), "command at 'HERE/auto' is a directory");
    assert_eq!(start_fault(&bed), (21, "NOT_EXECUTABLE: command at 'HERE/auto' is a directory".to_owned()));
}

// Lookup: a file that may not be executed.
#[test]
fn a_file_without_the_execute_bit_is_told() {
    let bed = TestBed::new(&format!("{}startretries=0\n", says("{here}/supervisord.conf")));
    assert_eq!(spawn_error(&bed), "command at 'HERE/supervisord.conf' is not executable");
    assert_eq!(
        start_fault(&bed),
        (21, "NOT_EXECUTABLE: command at 'HERE/supervisord.conf' is not executable".to_owned())
    );
}

// Lookup: a file that only others may execute.
#[test]
fn a_file_that_only_others_may_execute_is_told() {
    needs_root!();
    let text = format!("[supervisord]\nuser=nobody\n{}startretries=0\n", says("{here}/tool"));
    let setup = Setup { text: &text, files: &[("tool", "#!/bin/sh\n")], ..Setup::default() };
    let mut bed = setup.prepare();
    bed.give_to("nobody");
    nix::unistd::chown(&bed.path("tool"), Some(0.into()), Some(0.into())).unwrap();
    fs::set_permissions(bed.path("tool"), fs::Permissions::from_mode(0o700)).unwrap();
    bed.start();
    assert_eq!(spawn_error(&bed), "no permission to run command 'HERE/tool'");
    assert_eq!(
        start_fault(&bed),
        (21, "NOT_EXECUTABLE: no permission to run command 'HERE/tool'".to_owned())
    );
}

// A quote that does not end.
#[test]
fn an_open_quote_is_told() {
    let bed = TestBed::new(&format!("{}startretries=0\n", says("/bin/echo \"x")));
    assert_eq!(spawn_error(&bed), "can't parse command '/bin/echo \"x': No closing quotation");
}

// A backslash with nothing behind it.
#[test]
fn a_last_backslash_is_told() {
    let bed = TestBed::new(&format!("{}startretries=0\n", says("/bin/echo x\\")));
    assert_eq!(spawn_error(&bed), "can't parse command '/bin/echo x\\\\': No escaped character");
}

// An empty command passes the reading of the file.
#[test]
fn an_empty_command_is_told() {
    let bed = TestBed::new(&format!("{}startretries=0\n", says("")));
    assert_eq!(spawn_error(&bed), "command is empty");
}

// A log file that cannot be opened (here: a directory).
#[test]
fn a_log_file_that_cannot_be_opened_is_told() {
    let bed = TestBed::new(&format!("{}stdout_logfile=%(here)s/auto\nstartretries=0\n", says("/bin/cat")));
    assert_eq!(spawn_error(&bed), "unknown error making dispatchers for 'says': EISDIR");
    assert_eq!(start_fault(&bed), (50, "SPAWN_ERROR: says".to_owned()));
}

// Spawn: no descriptor is left for the pipes. It is tried again.
#[test]
fn too_many_open_files_are_told() {
    let text = "[program:says]\ncommand=/bin/cat\nstdout_logfile=NONE\nstderr_logfile=NONE\nstartsecs=0\n\
                autorestart=true\nstartretries=100\n";
    let bed = TestBed::new(text);
    bed.state_becomes("says", "RUNNING");
    let pid = bed.pid_of("says");
    let open = bed.shown().descriptors();
    let free = (0..).find(|number| open.iter().all(|(other, _)| usize::try_from(*other) != Ok(*number)));
    bed.limit("nofile", free.unwrap());
    nix::sys::signal::kill(pid, harness::Signal::SIGKILL).unwrap();
    // The call would need a descriptor, too.
    let told = || bed.read("supervisord.log").contains("INFO spawnerr: too many open files to spawn 'says'");
    harness::eventually("it is told", told);
    bed.limit("nofile", 1024);
    bed.state_becomes("says", "RUNNING");
}

// Spawn: the user has as many processes as he may have. It is tried again.
#[test]
fn too_many_processes_are_told() {
    needs_root!();
    let text = "[supervisord]\nminprocs=1\n[program:says]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\nstartretries=100\n";
    let mut bed = Setup { text, ..Setup::default() }.prepare();
    // A user whom nobody else is.
    let uid = (52_000 + std::process::id() % 4000).to_string();
    bed.give_to(&uid);
    bed.launch_through(&["setpriv", "--reuid", &uid, "--regid", &uid, "--clear-groups"]);
    harness::eventually("the daemon answers", || bed.rpc("getState", []).is_ok());
    bed.limit("nproc", 1);
    assert_eq!(bed.rpc("startProcess", ["says".into()]).unwrap_err().code, 50);
    bed.logs("INFO spawnerr: Too many processes in process table to spawn 'says'");
    assert_eq!(bed.info("says").spawnerr, "Too many processes in process table to spawn 'says'");
    bed.limit("nproc", 100);
    bed.state_becomes("says", "RUNNING");
}

// Spawn: a process cannot be born for another reason. It is tried again.
#[test]
fn other_errors_of_fork_are_told_by_their_names() {
    let text = "[program:says]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\nstartretries=100\n";
    let mut bed = Setup { text, ..Setup::default() }.prepare();
    bed.launch_with_library("fork", "FORK_FAILS", "fails");
    harness::eventually("the daemon answers", || bed.rpc("getState", []).is_ok());
    bed.write("fails", "");
    assert_eq!(bed.rpc("startProcess", ["says".into()]).unwrap_err().code, 50);
    bed.logs("INFO spawnerr: unknown error during fork for 'says': ENOMEM");
    assert_eq!(bed.info("says").spawnerr, "unknown error during fork for 'says': ENOMEM");
    std::fs::remove_file(bed.path("fails")).unwrap();
    bed.state_becomes("says", "RUNNING");
}

// A spawn error is a failed start like any other: BACKOFF, and another attempt.
#[test]
fn a_spawn_error_is_retried() {
    let bed = TestBed::new(&format!("{}startretries=1\n", says("/nonexistent")));
    bed.logs_times(2, "INFO spawnerr: can't find command '/nonexistent'");
    bed.state_becomes("says", "FATAL");
}

// configuration.rst, command: quotes and backslashes as in a shell, but nothing else of a shell.
#[test]
fn a_command_is_split_at_blanks_and_quotes() {
    let said = said(r#"/usr/bin/printf "[%%s]" a  'b  c' "d\"e" f\ g "" h'i'"j" $HOME *"#, "");
    assert_eq!(said, "[a][b  c][d\"e][f g][][hij][$HOME][*]");
}

// configuration.rst, command: "The command can be either absolute [...] or relative [...] the supervisord's environment $PATH will be
// searched".
#[test]
fn a_name_is_looked_for_in_supervisords_path() {
    let setup =
        Setup { text: &says("tool"), env: &[("PATH", "/nonexistent:bin:/usr/bin:/bin")], ..Setup::default() };
    let mut bed = setup.prepare();
    bed.write_script("bin/tool", "#!/bin/sh\necho found");
    bed.start();
    bed.file_becomes("out", "found\n");
}

// undocumented: PATH of the program's own environment goes first.
#[test]
fn a_name_is_looked_for_in_the_programs_path() {
    let setup = Setup {
        text: &format!("{}environment=PATH=\"{{here}}/bin:/bin\"\n", says("tool")),
        ..Setup::default()
    };
    let mut bed = setup.prepare();
    bed.write_script("bin/tool", "#!/bin/sh\necho found");
    bed.start();
    bed.file_becomes("out", "found\n");
}

// undocumented: the first entry of that name counts, whatever it is.
#[test]
fn the_first_entry_in_path_counts_even_when_it_cannot_run() {
    let text = format!("{}environment=PATH=\"{{here}}/a:{{here}}/b\"\nstartretries=0\n", says("tool"));
    let mut bed = Setup { text: &text, files: &[("a/tool", "")], ..Setup::default() }.prepare();
    bed.write_script("b/tool", "#!/bin/sh\necho found");
    bed.start();
    assert_eq!(spawn_error(&bed), "command at 'HERE/a/tool' is not executable");
}

// undocumented: a path with a slash is looked at from supervisord's folder.
#[test]
fn a_relative_path_starts_at_supervisords_folder() {
    let mut bed = Setup { text: &says("bin/tool"), ..Setup::default() }.prepare();
    bed.write_script("bin/tool", "#!/bin/sh\necho found");
    bed.start();
    bed.file_becomes("out", "found\n");
}

// configuration.rst, directory: "A file path representing a directory to which supervisord should temporarily chdir before exec'ing the
// child."
#[test]
fn a_child_starts_in_its_directory() {
    assert_eq!(said("/bin/pwd", "directory=%(here)s/auto\n"), "HERE/auto\n");
}

// undocumented: without one it starts where supervisord is.
#[test]
fn a_child_starts_where_supervisord_is() {
    assert_eq!(said("/bin/pwd", ""), "HERE\n");
}

// undocumented: a failure between fork and exec is told on the child's own stderr.
#[test]
fn a_chdir_failure_is_told_on_the_childs_stderr() {
    let bed = TestBed::new(&format!("{}directory=/nonexistent\n", says("/bin/cat")));
    bed.state_becomes("says", "EXITED");
    bed.file_becomes(
        "err",
        "supervisor: couldn't chdir to /nonexistent: ENOENT\nsupervisor: child process was not spawned\n",
    );
    bed.logs("WARN exited: says (exit status 127; not expected)");
    assert_eq!(bed.read("out"), "");
}

// The same with redirect_stderr: the words are in the log of stdout.
#[test]
fn a_chdir_failure_follows_redirect_stderr() {
    let text = "[program:says]\ncommand=/bin/cat\ndirectory=/nonexistent\nstdout_logfile=%(here)s/out\nredirect_stderr=true\n\
                startsecs=0\nautorestart=false\n";
    let bed = TestBed::new(text);
    bed.file_becomes(
        "out",
        "supervisor: couldn't chdir to /nonexistent: ENOENT\nsupervisor: child process was not spawned\n",
    );
}

// undocumented: no shell steps in for a script that does not name its interpreter.
#[test]
fn a_script_without_interpreter_cannot_be_executed() {
    let mut bed = Setup { text: &says("{here}/tool"), ..Setup::default() }.prepare();
    bed.write_script("tool", "echo found");
    bed.start();
    bed.eventually("the child's words are in its log", || {
        bed.normalise(&bed.read("err"))
            == "supervisor: couldn't exec HERE/tool: ENOEXEC\nsupervisor: child process was not spawned\n"
    });
    bed.logs("WARN exited: says (exit status 127; not expected)");
}

// configuration.rst, user: "If supervisord can't switch to the specified user, the program won't be started."
#[test]
fn another_user_cannot_be_had_without_root() {
    needs_root!();
    let text = format!("[supervisord]\nuser=nobody\n{}user=daemon\n", says("/bin/cat"));
    let mut bed = Setup { text: &text, ..Setup::default() }.prepare();
    bed.give_to("nobody");
    bed.start();
    bed.file_becomes(
        "err",
        "supervisor: couldn't setuid to 1: Can't drop privilege as nonroot user\nsupervisor: child process was not spawned\n",
    );
    bed.logs("WARN exited: says (exit status 127; not expected)");
}

// configuration.rst, user: "Instruct supervisord to use this UNIX user account as the account which runs the program."
#[test]
fn a_child_runs_as_its_user_with_the_users_groups() {
    needs_root!();
    assert_eq!(said("/bin/sh -c \"id -un; id -u; id -G\"", "user=daemon\n"), "daemon\n1\n1\n");
}

// configuration.rst, user: a number is as good.
#[test]
fn a_user_may_be_a_number() {
    needs_root!();
    assert_eq!(said("/usr/bin/id -un", "user=1\n"), "daemon\n");
}

// subprocess.rst, "Subprocess Environment": "No shell is executed [...] so environment variables such as USER, PATH, HOME, SHELL, LOGNAME,
// etc. are not changed from their defaults or otherwise reassigned."
#[test]
fn a_user_does_not_change_the_environment() {
    needs_root!();
    let text = format!("{}user=daemon\n", says("/bin/sh -c \"echo $HOME $USER $LOGNAME\""));
    let env = [("HOME", "/my/home"), ("USER", "me"), ("LOGNAME", "me")];
    let bed = Setup { text: &text, env: &env, ..Setup::default() }.start();
    bed.file_becomes("out", "/my/home me me\n");
}

// configuration.rst, umask: "An octal number (e.g. 002, 022) representing the umask of the process."
#[test]
fn a_child_has_its_umask() {
    assert_eq!(said("/bin/sh -c umask", "umask=027\n"), "0027\n");
}

// configuration.rst, umask: "No special umask (inherit supervisor's)". Undocumented: in the foreground supervisord keeps its own.
#[test]
fn a_child_inherits_the_umask_of_the_daemon() {
    let mut bed = Setup { text: &says("/bin/sh -c umask"), ..Setup::default() }.prepare();
    bed.launch_under("umask 033");
    bed.file_becomes("out", "0033\n");
}

// subprocess.rst, "Subprocess Environment": the four variables; children "inherit the environment of the shell used to start supervisord".
#[test]
fn a_child_is_told_who_supervises_it() {
    let text = "[program:says]\ncommand=/bin/sh -c \"env | grep -e ^SUPERVISOR -e ^OWN= | sort\"\n\
                stdout_logfile=%(here)s/out\nstartsecs=0\nautorestart=false\n[group:club]\nprograms=says\n";
    let bed = Setup { text, env: &[("OWN", "inherited")], ..Setup::default() }.start();
    bed.state_becomes("club:says", "EXITED");
    assert_eq!(
        bed.normalise(&bed.read("out")),
        "OWN=inherited\nSUPERVISOR_ENABLED=1\nSUPERVISOR_GROUP_NAME=club\nSUPERVISOR_PROCESS_NAME=says\n\
         SUPERVISOR_SERVER_URL=unix://HERE/supervisor.sock\n"
    );
}

// configuration.rst, serverurl: "The URL passed in the environment to the subprocess process as SUPERVISOR_SERVER_URL".
#[test]
fn serverurl_is_passed_as_it_is() {
    let said = said("/bin/sh -c \"echo $SUPERVISOR_SERVER_URL\"", "serverurl=http://example.org:1\n");
    assert_eq!(said, "http://example.org:1\n");
}

// configuration.rst, serverurl: AUTO "for programs that communicate with supervisord": "supervisord will automatically construct a server
// URL, giving preference to a server that listens on UNIX domain sockets".
#[test]
fn serverurl_auto_prefers_the_unix_socket() {
    let more = "serverurl=auto\n[inet_http_server]\nport=127.0.0.1:{port}\n";
    let said = said("/bin/sh -c \"echo $SUPERVISOR_SERVER_URL\"", more);
    assert_eq!(said, "unix://HERE/supervisor.sock\n");
}

// undocumented: without a unix socket the last TCP server is named.
#[test]
fn serverurl_auto_is_the_last_tcp_server_otherwise() {
    let text = format!(
        "[supervisord]\nlogfile={{here}}/supervisord.log\npidfile={{here}}/supervisord.pid\nchildlogdir={{here}}\n\
         [inet_http_server:a]\nport=127.0.0.1:{{port}}\n[inet_http_server:b]\nport=*:{{port2}}\n{}",
        says("/bin/sh -c \"echo $SUPERVISOR_SERVER_URL\"")
    );
    let mut bed = Setup { text: &text, bare: true, ..Setup::default() }.prepare();
    bed.launch();
    let url = format!("http://localhost:{}\n", bed.port2());
    bed.file_becomes("out", &url);
}

// undocumented: an empty serverurl leaves the variable out.
#[test]
fn an_empty_serverurl_is_not_passed() {
    assert_eq!(said("/bin/sh -c \"echo ${SUPERVISOR_SERVER_URL-unset}\"", "serverurl=\n"), "unset\n");
}

// configuration.rst, [supervisord] environment: "key/value pairs [...] placed in the environment of all child processes"; [program:x]
// environment: the program's own win.
#[test]
fn the_programs_environment_wins_over_supervisords() {
    let more = "environment=B=\"program, too\",C=3\n[supervisord]\nenvironment=A=1,B=2\n";
    assert_eq!(said("/bin/sh -c \"echo $A/$B/$C\"", more), "1/program, too/3\n");
}

// undocumented: even the variables about the supervisor can be overridden.
#[test]
fn environment_may_override_what_supervisord_tells() {
    let said = said("/bin/sh -c \"echo $SUPERVISOR_ENABLED\"", "environment=SUPERVISOR_ENABLED=no\n");
    assert_eq!(said, "no\n");
}

// undocumented: the variables that supervisord gives to its children are not in its own environment.
#[test]
fn environment_of_supervisord_is_for_children_only() {
    let mut bed = Setup { text: "[supervisord]\nenvironment=MARK=yes\n", ..Setup::default() }.prepare();
    bed.start();
    let environ = fs::read_to_string(format!("/proc/{}/environ", bed.pid())).unwrap();
    assert!(!environ.contains("MARK=yes"), "{environ}");
}

// undocumented: each child leads a process group of its own, in supervisord's session.
#[test]
fn a_child_leads_its_process_group() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    bed.state_becomes("cat", "RUNNING");
    let pid = bed.pid_of("cat");
    assert_eq!(getpgid(Some(pid)), Ok(pid));
    assert_eq!(getsid(Some(pid)), getsid(Some(bed.pid())));
}

// undocumented: a child has the three standard descriptors and no other; its stdin is a pipe.
#[test]
fn a_child_inherits_no_descriptor_but_the_standard_ones() {
    let bed = TestBed::new(
        "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n[inet_http_server]\nport=127.0.0.1:{port}\n",
    );
    bed.state_becomes("cat", "RUNNING");
    let folder = format!("/proc/{}/fd", bed.pid_of("cat"));
    let links = || {
        let mut links = fs::read_dir(&folder).unwrap().flatten().collect::<Vec<_>>();
        links.sort_by_key(fs::DirEntry::file_name);
        links.iter().map(|link| fs::read_link(link.path()).unwrap().display().to_string()).collect::<Vec<_>>()
    };
    // The dynamic loader may just have a library open.
    bed.eventually("there are three", || links().len() == 3);
    assert!(links().iter().all(|link| link.starts_with("pipe:")), "{:?}", links());
}

// undocumented: nothing is blocked; what the runtime of the original ignores stays ignored.
#[test]
fn a_child_is_born_with_no_signal_blocked() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nstartsecs=0\n");
    bed.state_becomes("cat", "RUNNING");
    let status = fs::read_to_string(format!("/proc/{}/status", bed.pid_of("cat"))).unwrap();
    let mask = |name| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        u64::from_str_radix(line.trim(), 16).unwrap()
    };
    assert_eq!(mask("SigBlk:"), 0);
    // The C library's own signals, 32 and 33, are the business of whoever started the tests.
    assert_eq!(mask("SigIgn:") & 0x7fff_ffff, 0x0100_1000, "SIGPIPE and SIGXFSZ");
}

// configuration.rst, command: "%(process_num)02d" and other expressions are expanded.
#[test]
fn numbered_processes_know_their_number() {
    let text = "[program:worker]\ncommand=/bin/echo %(program_name)s %(group_name)s %(process_num)02d of %(numprocs)d\n\
                process_name=%(program_name)s-%(process_num)d\nnumprocs=2\nnumprocs_start=7\nstdout_logfile=%(here)s/out-%(process_num)d\n\
                startsecs=0\nautorestart=false\n";
    let bed = TestBed::new(text);
    bed.file_becomes("out-7", "worker worker 07 of 2\n");
    bed.file_becomes("out-8", "worker worker 08 of 2\n");
    assert_eq!(bed.info("worker:worker-7").group, "worker");
}
