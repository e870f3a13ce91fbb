//! The time, read once per event and passed on as an argument.

use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// One moment, on both clocks.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// Never jumps: for deadlines and durations.
    pub mono: Instant,
    /// May jump: for what is shown.
    pub wall: SystemTime,
}

impl Now {
    /// This moment.
    pub fn read() -> Self {
        Self { mono: Instant::now(), wall: SystemTime::now() }
    }

    /// Whole seconds since the epoch.
    pub fn epoch(&self) -> i64 {
        self.wall
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
    }
}
