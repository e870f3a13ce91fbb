//! `supervisorctl status`: how long a user waits, and the memory that it takes.

use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Extent;
use crate::daemon::{Daemon, Side, milliseconds};
use crate::table::Table;

pub(crate) fn measure(extent: Extent, table: &mut Table) {
    for (programs, rounds) in if extent.short { [(10, 5), (100, 3)] } else { [(10, 21), (1_000, 5)] } {
        // The programs are not started: a line for each is shown all the same.
        let text = format!(
            "[program:p]\ncommand=/bin/sleep 100000\nautostart=false\nprocess_name=p%(process_num)d\nnumprocs={programs}\n"
        );
        let daemons = Side::BOTH.map(|side| (side, Daemon::start(side, &text)));
        for round in 0..rounds {
            for (side, daemon) in &daemons {
                let mut command = Command::new(side.program("supervisorctl"));
                command.arg("-c").arg(daemon.path("supervisord.conf")).arg("status").stdout(Stdio::null());
                let begin = Instant::now();
                command.status().expect("supervisorctl runs");
                let name = |what| format!("supervisorctl status, {programs} programs: {what}");
                table.add(name("time"), "ms", *side, milliseconds(begin));
                if round == 0 {
                    table.add(name("peak memory"), "KiB", *side, peak(&command));
                }
            }
        }
    }
}

/// The peak memory of a command, measured by a small process that does nothing else: the kernel tells only the largest of all
/// children.
fn peak(command: &Command) -> f64 {
    let output = Command::new(std::env::current_exe().expect("this program has a path"))
        .arg("peak-memory")
        .arg(command.get_program())
        .args(command.get_args())
        .output()
        .expect("this program runs");
    String::from_utf8_lossy(&output.stdout).trim().parse().expect("a number")
}
