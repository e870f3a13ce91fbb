//! Faults that lose nothing: whatever they make impossible for a while is made up for when they are over.

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::{Random, Signal, TestBed, eventually};
use nix::sys::signal::kill;

use crate::programs;

/// Programs that are a fault themselves: listeners that never answer, never read, talk without end and die of every event; a
/// program that does not read, one whose disk is full, one that ends at once.
pub(crate) const SECTIONS: &str = "\
[eventlistener:wedged]
command=/bin/sh -c \"echo READY; read -r header; exec sleep 100000\"
events=PROCESS_STATE,PROCESS_LOG
startsecs=0
[eventlistener:deaf]
command=/bin/sh -c \"echo READY; exec sleep 100000\"
events=PROCESS_STATE,PROCESS_LOG
startsecs=0
[eventlistener:mad]
command=/usr/bin/yes READY RESULT 99999999999999999999
events=PROCESS_STATE
startsecs=0
[eventlistener:mortal]
command=/bin/sh -c \"sleep 1; echo READY; read -r header; exit 1\"
events=PROCESS_STATE
startsecs=0
[program:full]
command=/bin/sh -c \"while :; do echo there is no room for this; sleep 0.1; done\"
stdout_logfile=/dev/full
stdout_logfile_maxbytes=0
startsecs=0
[program:quick]
command=/bin/sleep 0.2
startsecs=0
autorestart=true
";

/// See the module.
pub(crate) struct Faults<'a> {
    bed: &'a TestBed,
    random: Random,
}

impl<'a> Faults<'a> {
    pub(crate) fn new(bed: &'a TestBed, seed: u64) -> Self {
        Self { bed, random: Random::new(seed) }
    }

    /// One after the other until it is time.
    pub(crate) fn inject(&mut self, until: Instant, over: &AtomicBool) {
        while Instant::now() < until && !over.load(Ordering::Relaxed) {
            sleep(Duration::from_millis(self.random.below(2000)));
            let moment = Duration::from_millis(100 + self.random.below(1000));
            match self.random.below(9) {
                0 => self.bed.signal(Signal::SIGHUP),
                1 => self.bed.signal(Signal::SIGUSR2),
                2 => self.storm(),
                3 => self.kill_many(),
                4 => self.without_descriptors(moment),
                5 => self.away("bin", moment),
                6 => self.away("logs", moment),
                7 => self.without_socket(),
                _ => self.half_open(moment),
            }
        }
        eventually("the daemon answers", || self.bed.rpc("getState", []).is_ok());
    }

    fn storm(&mut self) {
        for _ in 0..500 {
            let signal = *self.random.pick(&[Signal::SIGCHLD, Signal::SIGUSR2, Signal::SIGCONT]);
            self.bed.signal(signal);
        }
    }

    fn kill_many(&mut self) {
        for kid in self.bed.shown().kids() {
            if programs::is_one(kid.pid) {
                // It may have ended by itself.
                let _ = kill(kid.pid, Signal::SIGKILL);
            }
        }
    }

    fn without_descriptors(&mut self, moment: Duration) {
        let open = self.bed.shown().descriptors().len();
        self.bed
            .limit("nofile", open.saturating_sub(usize::try_from(self.random.below(20)).unwrap_or_default()));
        sleep(moment);
        self.bed.limit("nofile", 4096);
    }

    fn away(&self, folder: &str, moment: Duration) {
        let (here, there) = (self.bed.path(folder), self.bed.path("away"));
        fs::rename(&here, &there).expect("renamed");
        sleep(moment);
        fs::rename(&there, &here).expect("renamed back");
    }

    fn without_socket(&self) {
        let socket = self.bed.path("supervisor.sock");
        // It may be away for the moment of a restart.
        let _ = fs::remove_file(&socket);
        eventually("the socket comes back", || socket.exists());
    }

    fn half_open(&mut self, moment: Duration) {
        let mut connections: Vec<UnixStream> =
            (0..200).filter_map(|_| UnixStream::connect(self.bed.path("supervisor.sock")).ok()).collect();
        for connection in &mut connections {
            // It may be thrown out.
            let _ = connection
                .write_all(self.random.pick(&["", "GET / HT", "POST /RPC2 HTTP/1.1\r\n"]).as_bytes());
        }
        sleep(moment);
    }
}
