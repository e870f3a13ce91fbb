//! Ctrl-C as something to wait for, for as long as somebody does.
//!
//! While an [`Interrupts`] lives, SIGINT ends nothing: it can be awaited. Then it is what it was before.

use std::io;

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use tokio::io::unix::AsyncFd;

use crate::input::watch;

/// SIGINT, to be awaited.
#[derive(Debug)]
pub(crate) struct Interrupts {
    descriptor: AsyncFd<SignalFd>,
    /// It was blocked already, and must stay so.
    blocked_before: bool,
}

fn interrupt() -> SigSet {
    let mut set = SigSet::empty();
    set.add(Signal::SIGINT);
    set
}

impl Interrupts {
    /// Must be called within the runtime.
    pub(crate) fn new() -> io::Result<Self> {
        let blocked_before = SigSet::thread_get_mask()?.contains(Signal::SIGINT);
        let set = interrupt();
        set.thread_block()?;
        let descriptor = SignalFd::with_flags(&set, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        Ok(Self { descriptor: watch(descriptor)?, blocked_before })
    }

    /// Waits for Ctrl-C.
    pub(crate) async fn pressed(&self) -> io::Result<()> {
        loop {
            let mut ready = self.descriptor.readable().await?;
            match ready.try_io(|descriptor| Ok(descriptor.get_ref().read_signal()?)) {
                Ok(Ok(Some(_))) => return Ok(()),
                Ok(Ok(None)) | Err(_) => {}
                Ok(Err(error)) => return Err(error),
            }
        }
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        // One pressed too late would end the program when it is let through.
        while let Ok(Some(_)) = self.descriptor.get_ref().read_signal() {}
        if !self.blocked_before {
            let _ = interrupt().thread_unblock();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interrupt_can_be_awaited() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().expect("a runtime");
        runtime.block_on(async {
            let interrupts = Interrupts::new().expect("a descriptor");
            nix::sys::signal::raise(Signal::SIGINT).expect("sent");
            interrupts.pressed().await.expect("seen");
            // A second one is swallowed, not delivered to the test.
            nix::sys::signal::raise(Signal::SIGINT).expect("sent");
        });
        assert!(!SigSet::thread_get_mask().expect("a mask").contains(Signal::SIGINT));
    }
}
