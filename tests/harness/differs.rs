//! Deliberate differences from the original.

/// What our daemon does where it deliberately differs from the original, beside what the original does, and the reason.
///
/// The reason is one line; README's "Differences from supervisor" holds it word for word. The macro is for the daemon;
/// [`ctl_differs!`](crate::ctl_differs) is for supervisorctl. Their uses are counted against a ceiling: a faithful clone needs few.
///
/// ```
/// let answer = harness::differs! { ours: "lossless", theirs: "lossy", why: "no byte of output is lost" };
/// ```
#[macro_export]
macro_rules! differs {
    (ours: $ours:expr, theirs: $theirs:expr, why: $why:literal $(,)?) => {
        if $crate::is_theirs() { $theirs } else { $ours }
    };
}

/// As [`differs!`](crate::differs), for supervisorctl.
#[macro_export]
macro_rules! ctl_differs {
    (ours: $ours:expr, theirs: $theirs:expr, why: $why:literal $(,)?) => {
        if $crate::ctl_is_theirs() { $theirs } else { $ours }
    };
}
