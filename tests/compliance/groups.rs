//! Groups: which there are, what is in them, and the order in which they are started and stopped. Manual, "Group Settings".

use harness::{RECORDER, Setup, Signal, TestBed, Value, int, member, text};

/// `group:name` of every process, in the order of getAllProcessInfo.
fn names(bed: &TestBed) -> Vec<String> {
    let Value::Array(infos) = bed.ask("getAllProcessInfo", []) else { panic!("an array") };
    infos
        .iter()
        .map(|info| format!("{}:{}", text(&member(info, "group")), text(&member(info, "name"))))
        .collect()
}

/// Group, name, status and description of each result.
fn results(value: &Value) -> Vec<(String, i64, String)> {
    let Value::Array(results) = value else { panic!("not an array: {value:?}") };
    let of = |result, name| text(&member(result, name));
    results
        .iter()
        .map(|result| {
            let name = format!("{}:{}", of(result, "group"), of(result, "name"));
            (name, int(&member(result, "status")), of(result, "description"))
        })
        .collect()
}

fn ok(names: &[&str]) -> Vec<(String, i64, String)> {
    names.iter().map(|&name| (name.to_owned(), 80, "OK".to_owned())).collect()
}

/// The processes in the order of their lines in the log.
fn in_log(bed: &TestBed, before: &str, after: &str) -> Vec<String> {
    let log = bed.log();
    let names = log.lines().filter_map(|line| line.split_once(before)?.1.split_once(after));
    names.map(|(name, _)| name.to_owned()).collect()
}

fn spawned(bed: &TestBed) -> Vec<String> {
    in_log(bed, "INFO spawned: '", "' with pid")
}

fn stopped(bed: &TestBed) -> Vec<String> {
    in_log(bed, " stopped: ", " (")
}

#[track_caller]
fn up(bed: &TestBed, names: &[&str]) {
    for name in names {
        bed.state_becomes(name, "RUNNING");
    }
}

#[track_caller]
fn refused(text: &str) -> String {
    Setup { text, ..Setup::default() }.run().refusal().to_owned()
}

// configuration.rst, [program:x]: "A program section will define a homogeneous process group".
#[test]
fn a_program_is_a_group_of_its_own() {
    let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\nautostart=false\n");
    assert_eq!(names(&bed), ["cat:cat"]);
    assert_eq!(bed.info("cat:cat"), bed.info("cat"));
}

// configuration.rst, numprocs: "Supervisor will start as many instances of this program as named by numprocs". Undocumented: they are in
// the order of their names as text.
#[test]
fn numprocs_makes_several_processes() {
    let text = "[program:x]\ncommand=/bin/cat\nprocess_name=%(program_name)s%(process_num)d\nnumprocs=11\nautostart=false\n";
    let bed = TestBed::new(text);
    let numbers = ["0", "1", "10", "2", "3", "4", "5", "6", "7", "8", "9"];
    assert_eq!(names(&bed), numbers.map(|number| format!("x:x{number}")));
    assert_eq!(results(&bed.ask("startProcessGroup", ["x".into(), false.into()])).len(), 11);
    assert_eq!(spawned(&bed), numbers.map(|number| format!("x{number}")));
}

// configuration.rst, numprocs_start: "An integer offset that is used to compute the number at which process_num starts."
#[test]
fn numprocs_start_is_the_first_number() {
    let text = "[program:x]\ncommand=/bin/cat\nprocess_name=p%(process_num)02d\nnumprocs=2\nnumprocs_start=8\nautostart=false\n";
    assert_eq!(names(&TestBed::new(text)), ["x:p08", "x:p09"]);
}

// configuration.rst, numprocs: "If numprocs > 1, the process_name expression must include %(process_num)s".
#[test]
fn several_processes_need_a_number_in_their_name() {
    assert_eq!(
        refused("[program:x]\ncommand=/bin/cat\nnumprocs=2\n"),
        "%(process_num) must be present within process_name when numprocs > 1 in section 'program:x' \
         (file: 'HERE/supervisord.conf')"
    );
}

// undocumented: none at all is a group without processes.
#[test]
fn numprocs_zero_is_an_empty_group() {
    let bed = TestBed::new("[program:x]\ncommand=/bin/cat\nnumprocs=0\n");
    assert_eq!(names(&bed), [""; 0]);
    assert_eq!(bed.rpc("startProcessGroup", ["x".into()]), Ok(Value::Array(vec![])));
}

// configuration.rst, [group:x] programs: "A comma-separated list of program names. The programs which are listed become members of the
// group."
#[test]
fn a_group_takes_its_programs_in() {
    let text = "[program:cat]\ncommand=/bin/cat\n[program:dog]\ncommand=/bin/cat\n[program:eel]\ncommand=/bin/cat\nautostart=false\n\
                [group:pets]\nprograms=dog, cat\n";
    let bed = TestBed::new(text);
    assert_eq!(names(&bed), ["eel:eel", "pets:cat", "pets:dog"]);
    assert_eq!(bed.rpc("getProcessInfo", ["cat".into()]).unwrap_err().text, "BAD_NAME: cat");
    assert_eq!(bed.rpc("getProcessInfo", ["pets:".into()]).unwrap_err().text, "BAD_NAME: pets:");
    assert_eq!(bed.info("pets:cat").name, "cat");
}

// undocumented: one program may be in several groups.
#[test]
fn a_program_may_be_in_several_groups() {
    let text = "[program:cat]\ncommand=/bin/cat\nautostart=false\n[group:a]\nprograms=cat\n[group:b]\nprograms=cat\n";
    let bed = TestBed::new(text);
    assert_eq!(names(&bed), ["a:cat", "b:cat"]);
    bed.ask("startProcess", ["b:cat".into(), false.into()]);
    assert_eq!(bed.state("a:cat"), "STOPPED");
}

// undocumented: a group needs no programs.
#[test]
fn a_group_may_be_empty() {
    let bed = TestBed::new("[group:none]\nprograms=\n[group:nothing]\n");
    assert_eq!(bed.rpc("stopProcessGroup", ["none".into()]), Ok(Value::Array(vec![])));
    assert_eq!(bed.rpc("stopProcessGroup", ["nothing".into()]), Ok(Value::Array(vec![])));
    assert_eq!(bed.rpc("stopProcessGroup", ["other".into()]).unwrap_err().text, "BAD_NAME: other");
}

// undocumented: a name that is no program.
#[test]
fn a_group_of_unknown_programs_is_refused() {
    assert_eq!(
        refused("[group:pets]\nprograms=cat\n"),
        "[group:pets] names unknown program or fcgi-program cat"
    );
}

// undocumented: listeners cannot be in a group.
#[test]
fn a_group_of_listeners_is_refused() {
    assert_eq!(
        refused("[eventlistener:cat]\ncommand=/bin/cat\nevents=TICK_5\n[group:pets]\nprograms=cat\n"),
        "[group:pets] names unknown program or fcgi-program cat"
    );
}

// undocumented: a name that is both.
#[test]
fn a_group_of_an_ambiguous_name_is_refused() {
    assert_eq!(
        refused(
            "[program:cat]\ncommand=/bin/cat\n[fcgi-program:cat]\ncommand=/bin/cat\nsocket=tcp://localhost:{port}\n\
             [group:pets]\nprograms=cat\n"
        ),
        "[group:pets] name cat is ambiguous (exists as program and fcgi-program)"
    );
}

// undocumented: of two groups with one name the composed one is there.
#[test]
fn a_group_hides_a_program_of_its_name() {
    let text = "[program:cat]\ncommand=/bin/cat\nautostart=false\n[program:dog]\ncommand=/bin/cat\nautostart=false\n\
                [group:cat]\nprograms=dog\n";
    assert_eq!(names(&TestBed::new(text)), ["cat:dog"]);
}

// configuration.rst, priority: "Lower priorities indicate programs that start first".
#[test]
fn groups_start_in_the_order_of_their_priorities() {
    let text = "[program:a]\ncommand=/bin/cat\npriority=30\n[program:b]\ncommand=/bin/cat\npriority=10\n\
                [program:d]\ncommand=/bin/cat\npriority=20\n[program:c]\ncommand=/bin/cat\npriority=20\n\
                [program:z]\ncommand=/bin/cat\npriority=-1\n";
    let bed = TestBed::new(text);
    bed.eventually("all are spawned", || spawned(&bed).len() == 5);
    assert_eq!(spawned(&bed), ["z", "b", "c", "d", "a"]);
}

// undocumented: inside a group, the automatic start follows the list, not the priorities.
#[test]
fn a_group_starts_by_itself_in_the_order_of_its_list() {
    let text = "[program:a]\ncommand=/bin/cat\npriority=3\n[program:b]\ncommand=/bin/cat\npriority=1\n\
                [program:c]\ncommand=/bin/cat\npriority=2\n[group:g]\nprograms=c,a,b\n";
    let bed = TestBed::new(text);
    bed.eventually("all are spawned", || spawned(&bed).len() == 3);
    assert_eq!(spawned(&bed), ["c", "a", "b"]);
}

const THREE: &str = "[program:a]\ncommand=/bin/cat\npriority=3\nstartsecs=0\nautostart=false\n\
                     [program:b]\ncommand=/bin/cat\npriority=1\nstartsecs=0\nautostart=false\n\
                     [program:c]\ncommand=/bin/cat\npriority=2\nstartsecs=0\nautostart=false\n\
                     [group:g]\nprograms=c,a,b\n";

// api.rst, startProcessGroup: "Start all processes in the group"; in the order of their priorities.
#[test]
fn a_group_is_started_in_the_order_of_priorities() {
    let bed = TestBed::new(THREE);
    let started = bed.ask("startProcessGroup", ["g".into(), false.into()]);
    assert_eq!(results(&started), ok(&["g:b", "g:c", "g:a"]));
    assert_eq!(spawned(&bed), ["b", "c", "a"]);
    // What runs already has no result.
    assert_eq!(bed.rpc("startProcessGroup", ["g".into()]), Ok(Value::Array(vec![])));
}

// undocumented: stopped in ascending order as well, though the manual promises the reverse.
#[test]
fn a_group_is_stopped_in_the_order_of_priorities() {
    let bed = TestBed::new(&format!("{THREE}[supervisord]\nloglevel=debug\n"));
    bed.ask("startProcessGroup", ["g".into()]);
    up(&bed, &["g:a", "g:b", "g:c"]);
    let stopped = bed.ask("stopProcessGroup", ["g".into(), false.into()]);
    assert_eq!(results(&stopped), ok(&["g:b", "g:c", "g:a"]));
    assert_eq!(in_log(&bed, "DEBG killing ", " (pid"), ["b", "c", "a"]);
    for name in ["g:a", "g:b", "g:c"] {
        bed.state_becomes(name, "STOPPED");
    }
    assert_eq!(bed.rpc("stopProcessGroup", ["g".into()]), Ok(Value::Array(vec![])));
}

// api.rst, stopAllProcesses, startAllProcesses: all groups, in the order of (group priority, process priority).
#[test]
fn all_processes_are_started_in_the_order_of_priorities() {
    let text = format!(
        "{THREE}priority=500\n[program:first]\ncommand=/bin/cat\npriority=400\nstartsecs=0\nautostart=false\n"
    );
    let bed = TestBed::new(&text);
    let started = bed.ask("startAllProcesses", [false.into()]);
    assert_eq!(results(&started), ok(&["first:first", "g:b", "g:c", "g:a"]));
    up(&bed, &["first", "g:a", "g:b", "g:c"]);
    let mut stopped = results(&bed.ask("stopAllProcesses", []));
    stopped.sort();
    assert_eq!(stopped, ok(&["first:first", "g:a", "g:b", "g:c"]));
}

// api.rst, startProcessGroup: a failure has its fault in the result.
#[test]
fn a_group_start_tells_each_failure() {
    let text = "[program:good]\ncommand=/bin/cat\nstartsecs=0\nautostart=false\n\
                [program:bad]\ncommand=/nonexistent\nautostart=false\nstartretries=100\n[group:g]\nprograms=good,bad\n";
    let bed = TestBed::new(text);
    let mut started = results(&bed.ask("startProcessGroup", ["g".into()]));
    started.sort();
    assert_eq!(
        started,
        [
            ("g:bad".to_owned(), 20, "NO_FILE: can't find command '/nonexistent'".to_owned()),
            ("g:good".to_owned(), 80, "OK".to_owned())
        ]
    );
}

// api.rst, signalProcessGroup: "Send a signal to all processes in the group".
#[test]
fn a_group_can_be_signalled() {
    let bed = TestBed::new(THREE);
    bed.ask("startProcess", ["g:a".into()]);
    bed.ask("startProcess", ["g:b".into()]);
    let signalled = bed.ask("signalProcessGroup", ["g".into(), "CONT".into()]);
    assert_eq!(results(&signalled), ok(&["g:b", "g:a"]));
    let failed = |name: &str| (name.to_owned(), 11, "BAD_SIGNAL: FOO".to_owned());
    let signalled = bed.ask("signalProcessGroup", ["g".into(), "FOO".into()]);
    assert_eq!(results(&signalled), [failed("g:b"), failed("g:a")]);
}

// api.rst: "group:*" means the whole group in the methods over one process.
#[test]
fn a_star_means_the_whole_group() {
    let bed = TestBed::new(THREE);
    assert_eq!(results(&bed.ask("startProcess", ["g:*".into()])), ok(&["g:b", "g:c", "g:a"]));
    up(&bed, &["g:a", "g:b", "g:c"]);
    let mut stopped = results(&bed.ask("stopProcess", ["g:".into()]));
    stopped.sort();
    assert_eq!(stopped, ok(&["g:a", "g:b", "g:c"]));
}

// undocumented: the order of getAllProcessInfo is that of the names.
#[test]
fn all_infos_are_sorted_by_name() {
    let text = format!("{THREE}priority=1\n[program:z]\ncommand=/bin/cat\nautostart=false\npriority=0\n");
    assert_eq!(names(&TestBed::new(&text)), ["g:a", "g:b", "g:c", "z:z"]);
}

// configuration.rst, priority: "Lower priorities indicate programs that start first and shut down last".
#[test]
fn a_shutdown_stops_groups_in_reverse_order() {
    let text = "[program:a]\ncommand=/bin/cat\npriority=3\nstartsecs=0\n[program:b]\ncommand=/bin/cat\npriority=1\nstartsecs=0\n\
                [program:c]\ncommand=/bin/cat\npriority=2\nstartsecs=0\n";
    let mut bed = TestBed::new(text);
    up(&bed, &["a", "b", "c"]);
    bed.signal(Signal::SIGTERM);
    assert_eq!(bed.exit_code(), Some(0));
    assert_eq!(stopped(&bed), ["a", "c", "b"]);
    bed.logs("INFO waiting for b, c, a to die");
}

// undocumented: inside a group all are signalled together, by descending priority.
#[test]
fn a_shutdown_stops_a_group_in_reverse_order_at_once() {
    let text = "[program:a]\ncommand=/bin/cat\npriority=3\nstartsecs=0\n[program:b]\ncommand=/bin/cat\npriority=1\nstartsecs=0\n\
                [program:c]\ncommand=/bin/cat\npriority=2\nstartsecs=0\n[group:g]\nprograms=c,a,b\n[supervisord]\nloglevel=debug\n";
    let mut bed = TestBed::new(text);
    up(&bed, &["g:a", "g:b", "g:c"]);
    bed.signal(Signal::SIGTERM);
    assert_eq!(bed.exit_code(), Some(0));
    assert_eq!(in_log(&bed, "DEBG killing ", " (pid"), ["a", "c", "b"]);
    bed.logs("INFO waiting for c, a, b to die");
}

// undocumented: the next group's turn comes when the one before has ended.
#[test]
fn a_shutdown_waits_for_a_group_before_the_next() {
    let text = "[program:late]\ncommand=/bin/sh -c \"trap 'sleep 0.5; exit 0' TERM; echo up; while :; do sleep 0.05; done\"\n\
                priority=2\nstartsecs=0\nstdout_logfile={here}/out\n\
                [program:early]\ncommand=/bin/cat\npriority=1\nstartsecs=0\n[supervisord]\nloglevel=debug\n";
    let mut bed = TestBed::new(text);
    up(&bed, &["early", "late"]);
    bed.file_becomes("out", "up\n");
    bed.signal(Signal::SIGTERM);
    assert_eq!(bed.exit_code(), Some(0));
    let log = bed.log();
    let position = |line: &str| log.find(line).unwrap_or_else(|| panic!("no {line} in {log}"));
    assert!(position("stopped: late") < position("DEBG killing early"), "{log}");
}

// undocumented: processes that wait for their next attempt are given up at a shutdown.
#[test]
fn a_shutdown_gives_up_what_backs_off() {
    let text = format!(
        "{RECORDER}[program:quick]\ncommand=/bin/false\nstartsecs=10\nstartretries=100\n\
         [program:slow]\ncommand=/bin/sh -c \"trap '' TERM; echo up; while [ ! -e {{here}}/go ]; do sleep 0.05; done\"\n\
         priority=1\nstartsecs=0\nstdout_logfile={{here}}/out\n"
    );
    let mut bed = TestBed::new(&text);
    bed.file_becomes("out", "up\n");
    // The third pause is long enough for a signal to come in time on a busy machine.
    bed.eventually("the third BACKOFF is told", || {
        bed.events("quick")
            .last()
            .is_some_and(|last| last.starts_with("BACKOFF") && last.ends_with("tries:3"))
    });
    bed.signal(Signal::SIGTERM);
    bed.eventually("FATAL is told", || {
        bed.events("quick").last().is_some_and(|last| last == "FATAL from_state:BACKOFF")
    });
    bed.write("go", "");
    assert_eq!(bed.exit_code(), Some(0));
    assert!(!bed.log().contains("gave up"));
}
