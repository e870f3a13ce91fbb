//! The output of children: nothing they do and nothing that happens to a log stops the daemon or a child.

use std::fs;
use std::os::unix::fs::FileTypeExt;

use harness::{Setup, TestBed};

/// When a child has ended, what it wrote is logged, and it has exited, although a grandchild still holds its pipe; the rest is read too.
#[test]
fn a_grandchild_with_the_pipe_does_not_hold_the_state_back() {
    let text = "[program:says]\n\
                command=/bin/sh -c \"{ while [ ! -e {here}/go ]; do sleep 0.05; done; echo late; } & echo early\"\n\
                stdout_logfile=%(here)s/out\nstartsecs=0\nautorestart=false\n";
    let bed = TestBed::new(text);
    bed.state_becomes("says", "EXITED");
    assert_eq!(bed.read("out"), "early\n");
    bed.write("go", "");
    bed.file_becomes("out", "early\nlate\n");
}

/// A restart of the daemon changes nothing for who still writes into the pipe of a program, and loses nothing of it.
#[test]
fn a_grandchild_with_the_pipe_is_heard_across_a_restart() {
    let text = "[program:says]\n\
                command=/bin/sh -c \"{ while [ ! -e {here}/go ]; do sleep 0.05; done; echo late; } & echo early\"\n\
                stdout_logfile=%(here)s/out\nstartsecs=0\nautorestart=false\nautostart=false\n";
    let bed = TestBed::new(text);
    bed.ask("startProcess", ["says".into()]);
    bed.state_becomes("says", "EXITED");
    for times in 2..4 {
        bed.signal(harness::Signal::SIGHUP);
        bed.logs_times(times, "INFO supervisord started with pid PID");
    }
    bed.write("go", "");
    bed.file_becomes("out", "early\nlate\n");
}

/// When a group is removed, what was written so far is in its log.
#[test]
fn a_grandchild_is_heard_until_its_group_is_removed() {
    let text = "[program:says]\ncommand=/bin/sh -c \"{ read -r line <go; yes $line | head -c 60000; echo >done; cat go; } &\"\n\
                stdout_logfile=%(here)s/out\nstartsecs=0\nautorestart=false\nautostart=false\n";
    let bed = Setup { text, ..Setup::default() }.prepare();
    nix::unistd::mkfifo(&bed.path("go"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let mut bed = bed;
    bed.start();
    bed.ask("startProcess", ["says".into()]);
    bed.state_becomes("says", "EXITED");
    let mut go = fs::File::options().read(true).write(true).open(bed.path("go")).unwrap();
    std::io::Write::write_all(&mut go, b"word\n").unwrap();
    bed.eventually("it has written", || bed.path("done").exists());
    bed.ask("removeProcessGroup", ["says".into()]);
    assert_eq!(bed.read("out").len(), 60000);
}

/// A log that cannot be written: the child is not held up, and the log says it once with the count.
#[test]
fn a_full_disk_does_not_stop_a_child() {
    let text = "[program:says]\ncommand=/bin/sh -c \"seq 1 100000; echo done > {here}/done\"\nstdout_logfile=/dev/full\n\
                stdout_logfile_maxbytes=0\nstartsecs=0\nautorestart=false\n";
    let bed = TestBed::new(text);
    bed.file_becomes("done", "done\n");
    bed.state_becomes("says", "EXITED");
    bed.eventually("the loss is told", || bed.log().contains("588895") || bed.log().contains("/dev/full"));
}

/// A log in a folder that is removed and comes back: writing resumes by itself.
#[test]
fn a_reopened_log_is_written_again() {
    let text = "[program:cat]\ncommand=/bin/cat\nstdout_logfile={here}/logs/out\nstdout_logfile_maxbytes=10\nstartsecs=0\n";
    let bed = Setup { text, files: &[("logs/x", "")], ..Setup::default() }.start();
    bed.state_becomes("cat", "RUNNING");
    fs::remove_dir_all(bed.path("logs")).unwrap();
    for _ in 0..3 {
        bed.ask("sendProcessStdin", ["cat".into(), "more than ten bytes\n".into()]);
    }
    assert_eq!(bed.state("cat"), "RUNNING");
    fs::create_dir(bed.path("logs")).unwrap();
    bed.eventually("it is written again", || {
        bed.ask("sendProcessStdin", ["cat".into(), "again and again\n".into()]);
        bed.read("logs/out").contains("again") || bed.read("logs/out.1").contains("again")
    });
}

/// `clear` removes no device and no pipe.
#[test]
fn clear_keeps_what_is_not_a_file() {
    let text = "[program:cat]\ncommand=/bin/cat\nstdout_logfile={here}/pipe\nstdout_logfile_maxbytes=0\nstartsecs=0\n";
    let mut bed = Setup { text, args: &["-s"], ..Setup::default() }.prepare();
    bed.launch_under("mkfifo pipe; cat <pipe >piped & :");
    bed.eventually("it answers", || bed.rpc("getState", []).is_ok());
    bed.state_becomes("cat", "RUNNING");
    bed.ask("clearProcessLogs", ["cat".into()]);
    assert!(fs::metadata(bed.path("pipe")).unwrap().file_type().is_fifo());
    bed.ask("sendProcessStdin", ["cat".into(), "words\n".into()]);
    bed.file_becomes("piped", "words\n");
}

/// The daemon's own log may be a pipe although it should rotate.
#[test]
fn the_main_log_may_be_a_pipe() {
    let text = "[supervisord]\nlogfile=/dev/stdout\n";
    let mut bed = Setup { text, args: &["-s"], ..Setup::default() }.prepare();
    bed.launch_under("mkfifo pipe; cat <pipe >piped & exec >pipe");
    bed.eventually("it is written", || bed.read("piped").contains("supervisord started with pid"));
    assert!(bed.rpc("getState", []).is_ok());
}

/// With capture on, short output is there at once, not when more comes.
#[test]
fn short_output_is_not_held_back() {
    let text = "[program:says]\ncommand=/bin/sh -c \"echo short; exec sleep 1000\"\nstdout_logfile=%(here)s/out\n\
                stdout_capture_maxbytes=1MB\nstartsecs=0\n";
    TestBed::new(text).file_becomes("out", "short\n");
}

/// A file size limit is an error of that log.
#[test]
fn a_file_size_limit_does_not_stop_the_daemon() {
    let text = "[program:says]\ncommand=/bin/sh -c \"seq 1 100000; echo done >&2\"\nstdout_logfile=%(here)s/out\nstderr_logfile=%(here)s/err\n\
                startsecs=0\nautorestart=false\n";
    let mut bed = Setup { text, ..Setup::default() }.prepare();
    // In blocks of 512 bytes.
    bed.launch_under("ulimit -f 400");
    bed.file_becomes("err", "done\n");
    bed.state_becomes("says", "EXITED");
    assert!(bed.rpc("getState", []).is_ok());
}
