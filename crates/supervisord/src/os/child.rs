//! System calls that have no safe form: the only unsafe code of the workspace.
#![expect(unsafe_code, reason = "fork(2) and localtime_r(3) have no safe form")]

/// A moment as the clock on the wall shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LocalTime {
    /// Such as 2026.
    pub year: i32,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 60.
    pub second: u8,
    /// Seconds east of Greenwich.
    pub offset: i64,
}

/// The local time, so many seconds after the epoch.
pub fn local_time(seconds: i64) -> LocalTime {
    let seconds: libc::time_t = seconds;
    // SAFETY: an all-zero `tm` is valid (its zone pointer may be null), both pointers live through the call, and
    // nothing changes the environment meanwhile, as the daemon has one thread.
    let tm = unsafe {
        let mut tm: libc::tm = std::mem::zeroed();
        libc::localtime_r(&raw const seconds, &raw mut tm);
        tm
    };
    let small = |number: i32| u8::try_from(number).unwrap_or_default();
    LocalTime {
        year: tm.tm_year + 1900,
        month: small(tm.tm_mon + 1),
        day: small(tm.tm_mday),
        hour: small(tm.tm_hour),
        minute: small(tm.tm_min),
        second: small(tm.tm_sec),
        offset: tm.tm_gmtoff,
    }
}
