//! The one place where the daemon waits.
//!
//! Owns the sources of what happens and no state: each thing becomes an [`Input`] for [`Supervisor::handle`], one after the
//! other. Without anything to do it waits for as long as it takes: nothing here is periodic.

use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

use crate::clock::Now;
use crate::os::Os;
use crate::os::notify::ServiceManager;
use crate::rpc::Call;
use crate::supervisor::{Input, Outcome, Supervisor};

/// Calls, or answers of listeners, that follow each other as fast as this are a conversation.
const LIVELY: Duration = Duration::from_micros(200);
/// So long the daemon looks for what comes next in a conversation before it sleeps: to fall asleep and be woken takes longer than most
/// need to go on.
const LOOK: Duration = Duration::from_micros(50);

/// The signals that mean something to the daemon.
#[derive(Debug)]
pub struct Signals {
    terminate: Signal,
    interrupt: Signal,
    quit: Signal,
    hangup: Signal,
    user2: Signal,
    child: Signal,
}

impl Signals {
    /// Begins to listen: from now on none of them ends the daemon.
    pub fn listen() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            quit: signal(SignalKind::quit())?,
            hangup: signal(SignalKind::hangup())?,
            user2: signal(SignalKind::user_defined2())?,
            child: signal(SignalKind::child())?,
        })
    }

    /// Waits, and tells whether the end was asked for meanwhile.
    pub async fn end_within(&mut self, time: Duration) -> bool {
        tokio::select! {
            _ = self.terminate.recv() => true,
            _ = self.interrupt.recv() => true,
            _ = self.quit.recv() => true,
            () = tokio::time::sleep(time) => false,
        }
    }
}

/// Runs the daemon, which has begun, until everything is stopped. `pipes` is readable when something in its set of pipes is ready.
pub async fn run(
    supervisor: &mut Supervisor,
    pipes: AsyncFd<OwnedFd>,
    signals: &mut Signals,
    calls: &mut mpsc::Receiver<Call>,
    os: &mut dyn Os,
    manager: &mut ServiceManager,
) -> io::Result<Outcome> {
    let Signals { terminate, interrupt, quit, hangup, user2, child } = signals;
    let timer = tokio::time::sleep(Duration::ZERO);
    tokio::pin!(timer);
    // Output changes no state.
    let mut is_output = false;
    // When somebody was last answered or told something, and whether he is likely to go on at once.
    let mut last_word = Instant::now();
    let mut talks = false;
    loop {
        if !is_output {
            manager.tell(|| supervisor.summary());
        }
        if let Some(outcome) = supervisor.outcome() {
            return Ok(outcome);
        }
        let now = Now::read();
        let deadline = supervisor.deadline(&now);
        let awake = now.mono + if talks { LOOK } else { Duration::ZERO };
        if let Some(deadline) = deadline
            && timer.deadline() != deadline.into()
        {
            timer.as_mut().reset(deadline.into());
        }
        let input = tokio::select! {
            biased;
            _ = terminate.recv() => Input::End(libc::SIGTERM),
            _ = interrupt.recv() => Input::End(libc::SIGINT),
            _ = quit.recv() => Input::End(libc::SIGQUIT),
            _ = hangup.recv() => Input::Restart,
            _ = user2.recv() => Input::ReopenLogs,
            () = &mut timer, if deadline.is_some() => Input::Time,
            // Neither ends of children, nor output, nor calls can keep the others waiting.
            input = async {
                loop {
                    tokio::select! {
                        _ = child.recv() => return Ok(Input::Children),
                        Some(call) = calls.recv() => return Ok(Input::Call(call)),
                        ready = pipes.readable() => {
                            let mut guard = ready?;
                            let ready = supervisor.ready_pipes();
                            if !ready.is_empty() {
                                return Ok(Input::Pipes(ready));
                            }
                            // tokio is told of changes only: until nothing is ready any more it must be asked again.
                            guard.clear_ready();
                        }
                        () = tokio::task::yield_now(), if Instant::now() < awake => {}
                    }
                }
            } => {
                let input: io::Result<Input> = input;
                input?
            }
        };
        is_output = matches!(&input, Input::Pipes(_));
        let is_call = matches!(&input, Input::Call(_));
        let now = Now::read();
        supervisor.handle(input, &now, os);
        let is_word = supervisor.told_listeners() || is_call;
        talks = is_word && now.mono.duration_since(last_word) < LIVELY;
        if is_word {
            last_word = now.mono;
        }
        if is_output {
            // The connections have their turn, however much is written.
            tokio::task::yield_now().await;
        }
    }
}
