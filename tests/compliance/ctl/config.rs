//! reread, update, add, remove, avail

use harness::TestBed;

use super::{assert_runs, run, synopses};

const CAT: &str = "[program:cat]\ncommand=/bin/cat\nstartsecs=0\n";
const DOG: &str = "[program:dog]\ncommand=/bin/cat\nautostart=false\n";

// running.rst, reread: "Reload the daemon's configuration files, without add/remove (no restarts)".
#[test]
fn a_reread_tells_what_is_new() {
    let bed = TestBed::new(&format!("{CAT}{DOG}"));
    assert_runs(&bed, &[("reread", "No config updates to processes\n", 0)]);
    bed.configure(
        "[program:cat]\ncommand=/bin/cat -n\nstartsecs=0\n[program:z]\ncommand=/bin/cat\npriority=1\n[program:a]\ncommand=/bin/cat\n",
    );
    let news = "a: available\ncat: changed\ndog: disappeared\nz: available\n";
    assert_runs(&bed, &[("reread", news, 0), ("reread", news, 0)]);
    assert_eq!(bed.state("cat"), "RUNNING");
    bed.configure("[program:cat]\nstartsecs=0\n");
    let (words, code) = run(&bed, "reread");
    assert!(words.starts_with("ERROR: CANT_REREAD: ") && words.ends_with('\n'), "{words}");
    assert_eq!((words.lines().count(), code), (1, 1));
}

// running.rst, update: "Reload config and add/remove as necessary, and will restart affected programs".
#[test]
fn an_update_does_what_is_new() {
    let bed = TestBed::new(&format!(
        "{CAT}{DOG}[program:same]\ncommand=/bin/cat\nstartsecs=0\n[program:gone]\ncommand=/bin/cat\nstartsecs=0\n"
    ));
    for name in ["cat", "same", "gone"] {
        bed.state_becomes(name, "RUNNING");
    }
    let (same, cat) = (bed.pid_of("same"), bed.pid_of("cat"));
    assert_runs(&bed, &[("update", "", 0)]);
    bed.configure(
        "[program:cat]\ncommand=/bin/cat -n\nstartsecs=0\n[program:same]\ncommand=/bin/cat\nstartsecs=0\n\
         [program:z]\ncommand=/bin/cat\nstartsecs=0\n[program:a]\ncommand=/bin/cat\nautostart=false\n",
    );
    assert_runs(
        &bed,
        &[(
            "update",
            "dog: stopped\ndog: removed process group\ngone: stopped\ngone: removed process group\n\
             cat: stopped\ncat: updated process group\na: added process group\nz: added process group\n",
            0,
        )],
    );
    bed.state_becomes("z", "RUNNING");
    bed.state_becomes("cat", "RUNNING");
    assert_eq!((bed.pid_of("same"), bed.state("a").as_str()), (same, "STOPPED"));
    assert_ne!(bed.pid_of("cat"), cat);
    assert_runs(&bed, &[("update", "", 0)]);
}

// running.rst, update: "update <gname> [...] Update specific groups".
#[test]
fn an_update_may_be_for_some_groups_alone() {
    let bed = TestBed::new(&format!("{CAT}{DOG}"));
    bed.state_becomes("cat", "RUNNING");
    bed.configure("[program:cat]\ncommand=/bin/cat -n\nstartsecs=0\n[program:a]\ncommand=/bin/cat\nautostart=false\n[program:b]\ncommand=/bin/cat\nautostart=false\n");
    assert_runs(
        &bed,
        &[
            ("update a", "a: added process group\n", 0),
            ("update eel cat", "ERROR: no such group: eel\ncat: stopped\ncat: updated process group\n", 1),
            ("update cat", "", 0),
            ("update dog", "dog: stopped\ndog: removed process group\n", 0),
            ("update dog", "ERROR: no such group: dog\n", 1),
            ("update eel all", "b: added process group\n", 0),
        ],
    );
}

// undocumented: an update of a file that cannot be read.
#[test]
fn an_update_that_cannot_be_read() {
    let bed = TestBed::new(CAT);
    bed.configure("[program:cat]\nstartsecs=0\n");
    let (words, code) = run(&bed, "update");
    let start = "error: <class 'xmlrpc.client.Fault'>, <Fault 92: \"CANT_REREAD: program section program:cat does not specify a command ";
    assert!(words.starts_with(start), "{words}");
    assert_eq!((words.lines().count(), code), (1, 1));
    assert!(bed.info("cat").pid != 0 || bed.state("cat") != "STOPPED");
}

// running.rst, add: "Activates any updates in config for process/group"; remove: "Removes process/group from active config".
#[test]
fn groups_are_added_and_removed() {
    let bed = TestBed::new(CAT);
    bed.state_becomes("cat", "RUNNING");
    bed.configure(&format!("{CAT}{DOG}"));
    assert_runs(
        &bed,
        &[
            // It has not been read yet.
            ("add dog", "ERROR: no such process/group: dog\n", 1),
            ("reread", "dog: available\n", 0),
            ("add dog", "dog: added process group\n", 0),
            ("add dog", "ERROR: process group already active\n", 0),
            ("add eel cat", "ERROR: no such process/group: eel\nERROR: process group already active\n", 1),
            ("remove cat", "ERROR: process/group still running: cat\n", 1),
            ("remove dog eel", "dog: removed process group\nERROR: no such process/group: eel\n", 1),
            ("remove dog", "ERROR: no such process/group: dog\n", 1),
            ("add dog eel", "dog: added process group\nERROR: no such process/group: eel\n", 1),
            ("remove dog", "dog: removed process group\n", 0),
            ("add", "", 0),
            ("remove", "", 0),
        ],
    );
}

// running.rst, avail: "Display all configured processes".
#[test]
fn what_is_available_is_shown() {
    let bed = TestBed::new(&format!(
        "{CAT}{DOG}priority=5\n[program:x]\ncommand=/bin/cat\nprocess_name=p%(process_num)s\nnumprocs=2\n[group:g]\nprograms=x\npriority=7\n"
    ));
    bed.configure(&format!("{CAT}{DOG}[program:{}]\ncommand=/bin/cat\n", "a".repeat(33)));
    let row = |name: &str, used: &str, auto: &str, priority: &str| {
        format!("{name:<32} {used:<9} {auto:<9} {priority}\n")
    };
    let (cat, dog) = (row("cat", "in use", "auto", "999:999"), row("dog", "in use", "manual", "999:999"));
    assert_runs(
        &bed,
        &[(
            "avail",
            &format!(
                "{cat}{}{}{}",
                row("dog", "in use", "manual", "5:5"),
                row("g:p0", "in use", "auto", "7:999"),
                row("g:p1", "in use", "auto", "7:999")
            ),
            0,
        )],
    );
    bed.ask("reloadConfig", []);
    assert_runs(
        &bed,
        &[("avail", &format!("{}{cat}{dog}", row(&"a".repeat(33), "avail", "auto", "999:999")), 0)],
    );
}

// undocumented: these take no arguments.
#[test]
fn some_take_no_arguments() {
    let bed = TestBed::new("");
    for action in ["reread", "avail", "version", "shutdown", "reload"] {
        let (words, code) = run(&bed, &format!("{action} now"));
        assert_eq!(synopses(&words), [format!("Error: {action} accepts no arguments"), action.to_owned()]);
        assert_eq!(code, 1);
    }
}
