//! How long a configuration of a thousand programs takes, whole and its parts: `cargo bench -p supervisor-config`.

use std::fs;
use std::path::Path;

use criterion::{Criterion, criterion_group, criterion_main};
use supervisor_config::{Overrides, load, load_ctl};

/// A file with so many programs, each with these keys.
fn programs(count: usize, keys: &str) -> String {
    let program = |n: usize| format!("[program:worker-{n}]\ncommand=/srv/worker --queue q{n}\n{keys}\n");
    format!("[supervisord]\n[supervisorctl]\n{}", (0..count).map(program).collect::<String>())
}

/// Reads a text as a file, again and again.
fn measure(criterion: &mut Criterion, name: &str, text: &str, read: impl Fn(&Path, &Path)) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("supervisord.conf");
    fs::write(&file, text).expect("the file");
    criterion.bench_function(name, |bench| bench.iter(|| read(&file, folder.path())));
}

fn read(file: &Path, folder: &Path) {
    let environment = [("HOME".to_owned(), "/root".to_owned())];
    load(file, &Overrides::default(), &environment, folder).expect("a good file");
}

fn whole(criterion: &mut Criterion) {
    let usual = "directory=/tmp\nuser=root\nautorestart=unexpected\nstartsecs=3\nstopwaitsecs=20\n\
                 stdout_logfile=/tmp/%(program_name)s.log\nstdout_logfile_maxbytes=10MB\nredirect_stderr=true\n\
                 environment=QUEUE=\"%(program_name)s\",HOME=\"/srv\"\n";
    measure(criterion, "1000 programs", &programs(1000, usual), read);
    measure(criterion, "1000 programs of one line", &programs(1000, ""), read);
    let processes = "numprocs=1000\nprocess_name=%(program_name)s_%(process_num)04d\n";
    measure(criterion, "1000 processes of one program", &programs(1, processes), read);
}

fn parts(criterion: &mut Criterion) {
    let unread = "# as it was before ;\n  indented = with a comment ; here\n   and a second line\n";
    // A client reads its own section only, so that this is the dialect and the store.
    measure(criterion, "dialect", &programs(1000, unread), |file, folder| {
        load_ctl(file, &[], folder).expect("a good file");
    });
    let expansions = format!("directory={}\n", "%(here)s/%(program_name)-20s/%(ENV_HOME)s/%%/".repeat(20));
    measure(criterion, "expansion", &programs(1000, &expansions), read);
    let variables = (0..20).map(|n| format!("NAME_{n}=\"a \\\"value\\\"\"")).collect::<Vec<_>>().join(",");
    measure(criterion, "environment", &programs(1000, &format!("environment={variables}\n")), read);
}

criterion_group!(benches, whole, parts);
criterion_main!(benches);
