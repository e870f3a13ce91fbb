//! Waiting for a condition, never for a guessed time.

use std::thread::sleep;
use std::time::Duration;

/// Nobody waits longer than this for anything: far more than a loaded machine needs.
pub(crate) const CEILING: Duration = Duration::from_secs(30);

/// The time between two looks.
pub(crate) const STEP: Duration = Duration::from_millis(10);

/// How long somebody still waits. Counted in looks and not in time, so that a machine that stood still for a while does not
/// take away the chance to look again.
pub(crate) struct Patience(u128);

impl Patience {
    pub(crate) fn new() -> Self {
        Self(CEILING.as_millis() / STEP.as_millis())
    }

    /// One more look; false when there were enough.
    pub(crate) fn lasts(&mut self) -> bool {
        self.0 = self.0.saturating_sub(1);
        self.0 > 0
    }
}

/// Waits until the condition holds.
///
/// # Panics
///
/// When it does not hold within thirty seconds.
#[track_caller]
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) {
    obtain(what, || condition().then_some(()));
}

/// Waits until there is a value, and returns it.
///
/// # Panics
///
/// When there is none within thirty seconds.
#[track_caller]
pub fn obtain<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let mut patience = Patience::new();
    loop {
        if let Some(value) = look() {
            return value;
        }
        assert!(patience.lasts(), "waited {CEILING:?} in vain: {what}");
        sleep(STEP);
    }
}
