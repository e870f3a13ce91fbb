//! Waiting for a condition, never for a guessed time.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Nobody waits longer than this for anything: far more than a loaded machine needs.
pub(crate) const CEILING: Duration = Duration::from_secs(30);

/// The time between two looks.
pub(crate) const STEP: Duration = Duration::from_millis(10);

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
    let start = Instant::now();
    loop {
        if let Some(value) = look() {
            return value;
        }
        assert!(start.elapsed() < CEILING, "waited {CEILING:?} in vain: {what}");
        sleep(STEP);
    }
}
