//! systemd's notify protocol, spoken to a socket of ours.

use std::os::unix::net::UnixDatagram;

use harness::{Setup, Signal};

#[test]
fn the_service_manager_is_told_of_readiness_programs_life_and_end() {
    let folder = tempfile::tempdir().expect("a folder");
    let name = folder.path().join("notify");
    let socket = UnixDatagram::bind(&name).expect("a socket");
    socket.set_nonblocking(true).expect("a socket that does not wait");
    let mut heard = Vec::new();
    let mut hears = |message: &str| {
        harness::eventually(&format!("the service manager hears {message}"), || {
            let mut buffer = [0; 500];
            while let Ok(length) = socket.recv(&mut buffer) {
                heard.push(String::from_utf8_lossy(&buffer[..length]).into_owned());
            }
            heard.iter().any(|heard| heard.starts_with(message))
        });
        heard.retain(|heard| !heard.starts_with(message));
    };

    let mut bed = Setup {
        text: "[program:cat]\ncommand=/bin/cat\n[program:false]\ncommand=/bin/false\nstartretries=0\n\
               [program:off]\ncommand=/bin/cat\nautostart=false\n",
        env: &[("NOTIFY_SOCKET", &name.display().to_string()), ("WATCHDOG_USEC", "200000")],
        ..Setup::default()
    }
    .start();
    hears("READY=1\nSTATUS=1 of 3 programs running, 1 given up");
    hears("WATCHDOG=1");
    hears("WATCHDOG=1");
    assert_eq!(bed.ctl(["start", "off"]).code, Some(0));
    hears("READY=1\nSTATUS=2 of 3 programs running, 1 given up");
    bed.signal(Signal::SIGTERM);
    hears("STOPPING=1\nSTATUS=stopping, ");
    assert_eq!(bed.exit_code(), Some(0));
}
