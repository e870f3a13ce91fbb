//! Log files for people: their access and their owners.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};

use harness::{Signal, TestBed, needs_root};

fn mode(bed: &TestBed, name: &str) -> u32 {
    fs::metadata(bed.path(name)).unwrap().permissions().mode() & 0o777
}

fn owner(bed: &TestBed, name: &str) -> (u32, u32) {
    let data = fs::metadata(bed.path(name)).unwrap();
    (data.uid(), data.gid())
}

/// `stdout_logfile_mode`: at creation, at a rotation, at a reopening.
#[test]
fn a_log_has_its_mode_from_its_birth() {
    let text = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=%(here)s/out\nstderr_logfile=%(here)s/err\n\
                stdout_logfile_mode=0640\nstdout_logfile_maxbytes=10\n";
    let bed = TestBed::new(text);
    bed.state_becomes("cat", "RUNNING");
    assert_eq!(mode(&bed, "out"), 0o640);
    bed.ask("sendProcessStdin", ["cat".into(), "more than ten bytes\n".into()]);
    bed.eventually("it has rotated", || bed.path("out.1").exists() && bed.path("out").exists());
    assert_eq!((mode(&bed, "out"), mode(&bed, "out.1")), (0o640, 0o640));
    fs::rename(bed.path("out"), bed.path("moved")).unwrap();
    bed.signal(Signal::SIGUSR2);
    bed.eventually("it is reopened", || bed.path("out").exists());
    bed.eventually("with its mode", || mode(&bed, "out") == 0o640);
}

/// `childlog_mode`: what holds for programs that do not say.
#[test]
fn childlog_mode_is_the_default_of_all() {
    let text = "[supervisord]\nchildlog_mode=0644\nlogfile_mode=0600\n\
                [program:a]\ncommand=/bin/cat\nstartsecs=0\nredirect_stderr=true\n\
                [program:b]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=%(here)s/out\nstdout_logfile_mode=0600\nredirect_stderr=true\n";
    let bed = TestBed::new(text);
    bed.state_becomes("a", "RUNNING");
    bed.state_becomes("b", "RUNNING");
    let auto = bed.info("a").stdout_logfile;
    assert_eq!(fs::metadata(auto).unwrap().permissions().mode() & 0o777, 0o644);
    assert_eq!((mode(&bed, "out"), mode(&bed, "supervisord.log")), (0o600, 0o600));
}

/// `stdout_logfile_owner`, `childlog_owner`, `logfile_owner`.
#[test]
fn logs_have_their_owners() {
    needs_root!();
    let text = "[supervisord]\nchildlog_owner=nobody\nlogfile_owner=daemon:daemon\n\
                [program:a]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=%(here)s/a\nredirect_stderr=true\n\
                [program:b]\ncommand=/bin/cat\nstartsecs=0\nstdout_logfile=%(here)s/b\nstdout_logfile_owner=daemon:nogroup\nredirect_stderr=true\n";
    let bed = TestBed::new(text);
    bed.state_becomes("a", "RUNNING");
    bed.state_becomes("b", "RUNNING");
    assert_eq!(owner(&bed, "a").0, 65534);
    assert_eq!(owner(&bed, "b"), (1, 65534));
    assert_eq!(owner(&bed, "supervisord.log"), (1, 1));
}
