//! System calls that have no safe form: the only unsafe code of the workspace.
//!
//! A child is made by clone(2) with `CLONE_VM | CLONE_VFORK`, as posix_spawn(3) does it: it runs on a stack of its own in the
//! daemon's memory while the daemon sleeps, until it executes its program or ends. Nothing is copied, so that a start costs the
//! same whatever the daemon holds, and is five times faster than fork(2). In exchange the child must touch nothing that the
//! daemon would miss: it makes raw system calls with what was prepared, and allocates nothing.
//!
//! `CLONE_FILES` shares the descriptors too, until the child's first call takes a copy of the lowest ones only: with thousands of
//! programs there are ten thousands of descriptors, and to copy and close them all took longer than everything else. What the child
//! needs is put among the lowest before.
#![expect(unsafe_code, reason = "clone(2), kill(2) with any signal, and localtime_r(3) have no safe form")]

use std::ffi::{CStr, CString, c_int, c_void};
use std::fmt::Write as _;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::ptr;

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::{dup3, pipe2};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::privileges::Identity;
use super::{Exit, Pid, SpawnError, SpawnSpec, Spawned, Target};

/// The steps between fork and exec that can fail, in the order in which they are taken, with the child's words for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Descriptors,
    User,
    Directory,
    Rights,
    Exec,
}

/// Where children begin. One place is enough: the daemon sleeps meanwhile.
#[derive(Debug)]
pub struct Nursery {
    /// On this they run until they execute their program.
    stack: Box<[u8]>,
    /// Low descriptors, at which a child finds its standard input, output and error. Otherwise the daemon's own input is there.
    ends: [OwnedFd; 3],
}

impl Nursery {
    const STACK: usize = 64 * 1024;

    pub(super) fn new() -> io::Result<Self> {
        let low = || io::stdin().as_fd().try_clone_to_owned();
        Ok(Self { stack: vec![0; Self::STACK].into_boxed_slice(), ends: [low()?, low()?, low()?] })
    }

    /// Where the stack begins, as it grows downwards.
    fn top(&mut self) -> *mut c_void {
        let end = self.stack.as_mut_ptr_range().end;
        end.wrapping_byte_sub(end.addr() % 16).cast()
    }

    fn put(&mut self, fds: [BorrowedFd<'_>; 3]) -> Result<(), Errno> {
        let put = self.ends.iter_mut().zip(fds).try_for_each(|(end, fd)| dup3(fd, end, OFlag::O_CLOEXEC));
        // This is how the kernel says that the limit was lowered below what is open already.
        put.map_err(|errno| if errno == Errno::EBADF { Errno::EMFILE } else { errno })
    }

    fn numbers(&self) -> [RawFd; 3] {
        self.ends.each_ref().map(AsRawFd::as_raw_fd)
    }
}

/// What a child needs, prepared so that it has nothing to allocate.
struct Plan<'a> {
    spec: &'a SpawnSpec<'a>,
    argv: Vec<*const libc::c_char>,
    env: Vec<*const libc::c_char>,
    /// Its standard input, output and error.
    ends: [RawFd; 3],
    uid: String,
}

fn pointers<'a>(words: impl Iterator<Item = &'a CStr>) -> Vec<*const libc::c_char> {
    words.map(CStr::as_ptr).chain([ptr::null()]).collect()
}

fn nonblocking(fd: &OwnedFd) -> Result<(), SpawnError> {
    fcntl(fd, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).map(drop).map_err(SpawnError::Pipes)
}

/// Starts a program; see [`Os::spawn`](super::Os::spawn).
pub(super) fn spawn(spec: &SpawnSpec<'_>, nursery: &mut Nursery) -> Result<Spawned, SpawnError> {
    let pipe = || pipe2(OFlag::O_CLOEXEC).map_err(SpawnError::Pipes);
    let stdin = if spec.stdin.is_none() { Some(pipe()?) } else { None };
    let stdout = pipe()?;
    let stderr = if spec.redirect_stderr { None } else { Some(pipe()?) };
    if let Some((_, ours)) = &stdin {
        nonblocking(ours)?;
    }
    nonblocking(&stdout.0)?;
    if let Some((ours, _)) = &stderr {
        nonblocking(ours)?;
    }
    let plan = Plan {
        spec,
        argv: pointers(spec.argv.iter().map(CString::as_c_str)),
        env: pointers(spec.env.iter().copied()),
        ends: nursery.numbers(),
        uid: match spec.identity {
            Identity::Become(credentials) => credentials.uid.to_string(),
            Identity::Impossible { uid, .. } => uid.to_string(),
            Identity::Keep => String::new(),
        },
    };
    let theirs = [
        match (&stdin, &spec.stdin) {
            (Some((theirs, _)), _) => theirs.as_fd(),
            (None, Some(socket)) => socket.as_fd(),
            (None, None) => unreachable!("a pipe is made where no socket is given"),
        },
        stdout.1.as_fd(),
        stderr.as_ref().unwrap_or(&stdout).1.as_fd(),
    ];
    let put = nursery.put(theirs).map_err(SpawnError::Pipes);
    let pid = put.and_then(|()| clone(&plan, nursery).map_err(SpawnError::Fork));
    // A pipe is at its end only when nobody holds the other side. Where this fails, the places could not be taken either.
    let own = io::stdin();
    let _: Result<(), Errno> = nursery.put([own.as_fd(); 3]);
    Ok(Spawned {
        pid: pid?,
        stdin: stdin.map(|(_, ours)| ours),
        stdout: stdout.0,
        stderr: stderr.map(|(ours, _)| ours),
    })
}

fn clone(plan: &Plan<'_>, nursery: &mut Nursery) -> Result<Pid, Errno> {
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::CLONE_FILES | libc::SIGCHLD;
    let plan: *const Plan<'_> = plan;
    // SAFETY: all pointers are valid for the calls. No signal can reach a handler of the daemon on the child's stack, as all
    // are blocked until the child has reset its handlers. The child uses a stack that nothing else uses, and `plan`,
    // which outlives it here because CLONE_VFORK holds this thread, the only one, until the child executes or ends.
    unsafe {
        let mut all: libc::sigset_t = std::mem::zeroed();
        let mut before: libc::sigset_t = std::mem::zeroed();
        libc::sigfillset(&raw mut all);
        libc::sigprocmask(libc::SIG_BLOCK, &raw const all, &raw mut before);
        let pid = libc::clone(run, nursery.top(), flags, plan.cast_mut().cast());
        let error = Errno::last();
        libc::sigprocmask(libc::SIG_SETMASK, &raw const before, ptr::null_mut());
        if pid < 0 { Err(error) } else { Ok(pid) }
    }
}

/// The child, from its birth to its program.
extern "C" fn run(plan: *mut c_void) -> c_int {
    // SAFETY: `clone` passes a plan that lives longer than this function runs.
    let plan: &Plan<'_> = unsafe { &*plan.cast_const().cast() };
    let (step, errno) = become_program(plan);
    complain(plan, step, errno);
    // SAFETY: ends this process at once, without running anything of the daemon's at exit.
    unsafe { libc::_exit(127) }
}

/// Returns only when a step has failed.
fn become_program(plan: &Plan<'_>) -> (Step, Errno) {
    let spec = plan.spec;
    // SAFETY: only raw system calls with pointers that the plan keeps alive. Those that change users are called without
    // libc, whose wrappers would look for threads of the daemon. The descriptors are the child's own before it changes one.
    unsafe {
        let [stdin, stdout, stderr] = plan.ends;
        let above = stdin.max(stdout).max(stderr).max(2).unsigned_abs() + 1;
        let own = libc::CLOSE_RANGE_UNSHARE;
        // A kernel without this call can copy all of them.
        if libc::syscall(libc::SYS_close_range, above, libc::c_uint::MAX, own) != 0
            && libc::syscall(libc::SYS_unshare, libc::CLONE_FILES) != 0
        {
            return (Step::Descriptors, Errno::last());
        }
        libc::setpgid(0, 0);
        // As in the original, SIGPIPE and SIGXFSZ stay ignored, which they are in the daemon: a server that was written or
        // tried out under it may live from writes that fail instead of ending it.
        for signal in [libc::SIGHUP, libc::SIGINT, libc::SIGQUIT, libc::SIGTERM, libc::SIGUSR2, libc::SIGCHLD]
        {
            libc::signal(signal, libc::SIG_DFL);
        }
        if let Some((soft, hard)) = spec.descriptors {
            let limit = libc::rlimit { rlim_cur: soft, rlim_max: hard };
            libc::setrlimit(libc::RLIMIT_NOFILE, &raw const limit);
        }
        for (from, to) in [(stdin, 0), (stdout, 1), (stderr, 2)] {
            if libc::dup2(from, to) < 0 {
                return (Step::Descriptors, Errno::last());
            }
        }
        if libc::syscall(libc::SYS_close_range, 3, libc::c_uint::MAX, 0) != 0 {
            let mut limit: libc::rlimit = std::mem::zeroed();
            libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit);
            for fd in 3..c_int::try_from(limit.rlim_cur).unwrap_or(c_int::MAX).min(1 << 20) {
                libc::close(fd);
            }
        }
        match spec.identity {
            Identity::Keep => {}
            Identity::Impossible { .. } => return (Step::User, Errno::EPERM),
            Identity::Become(who) => {
                if libc::syscall(libc::SYS_setgroups, who.groups.len(), who.groups.as_ptr()) != 0
                    || libc::syscall(libc::SYS_setgid, who.gid) != 0
                    || libc::syscall(libc::SYS_setuid, who.uid) != 0
                {
                    return (Step::User, Errno::last());
                }
            }
        }
        if spec.directory.is_some_and(|directory| libc::chdir(directory.as_ptr()) != 0) {
            return (Step::Directory, Errno::last());
        }
        if let Some(umask) = spec.umask {
            libc::umask(umask);
        }
        if spec.no_new_privs && libc::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 {
            return (Step::Rights, Errno::last());
        }
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
        libc::execve(spec.file.as_ptr(), plan.argv.as_ptr(), plan.env.as_ptr());
    }
    (Step::Exec, Errno::last())
}

/// A line without an allocation. What does not fit is cut.
struct Line {
    text: [u8; 512],
    used: usize,
}

impl std::fmt::Write for Line {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        self.push(text.as_bytes());
        Ok(())
    }
}

impl Line {
    fn push(&mut self, text: &[u8]) {
        let taken = text.len().min(self.text.len() - self.used);
        self.text[self.used..self.used + taken].copy_from_slice(&text[..taken]);
        self.used += taken;
    }
}

/// Tells a failure where the original tells it: on fd 2 of the child.
fn complain(plan: &Plan<'_>, step: Step, errno: Errno) {
    let spec = plan.spec;
    let mut line = Line { text: [0; 512], used: 0 };
    line.push(b"supervisor: couldn't ");
    match step {
        Step::Descriptors => line.push(b"set up descriptors"),
        Step::User => {
            line.push(b"setuid to ");
            line.push(plan.uid.as_bytes());
        }
        Step::Directory => {
            line.push(b"chdir to ");
            line.push(spec.directory.map_or(&b""[..], CStr::to_bytes));
        }
        Step::Rights => line.push(b"set no_new_privs"),
        Step::Exec => {
            line.push(b"exec ");
            line.push(spec.argv.first().map_or(&b""[..], |name| name.to_bytes()));
        }
    }
    line.push(b": ");
    let written = match (step, spec.identity) {
        (Step::User, Identity::Impossible { reason, .. }) => line.write_str(reason),
        (Step::User, _) => line.write_str("Could not set user or groups"),
        _ => write!(line, "{errno:?}"),
    };
    debug_assert!(written.is_ok(), "a line takes everything");
    line.push(b"\nsupervisor: child process was not spawned\n");
    // SAFETY: writes bytes that live through the call.
    unsafe { libc::write(2, line.text.as_ptr().cast(), line.used) };
}

/// Goes on as a child of this process, which ends: the first step of a daemon. Must be called before any thread exists.
pub fn become_own_child() -> Result<(), Errno> {
    // SAFETY: one thread exists, so that the child finds everything in order; the parent runs nothing of its own any more.
    match Errno::result(unsafe { libc::fork() })? {
        0 => Ok(()),
        // SAFETY: ends this process without running anything of the child's.
        _ => unsafe { libc::_exit(0) },
    }
}

/// Lets the event loop wait until a descriptor is readable.
pub fn wait_readable(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` stands for one open descriptor as long as it lives.
    Ok(unsafe { AsyncFd::register_with_interest(fd, Interest::READABLE) }?)
}

/// Gives back the memory of the heap that is free.
pub fn give_back_memory() {
    // SAFETY: releases free memory of the heap only.
    unsafe { libc::malloc_trim(0) };
}

/// Gives back what only the start needed: free heap, and the pages of program text that were read in. Those stay in the
/// page cache of the system, where the next use of one finds it without a disk; nothing is written anywhere.
pub fn forget_the_start() {
    // What is very large has memory of its own, which goes back with it: the C library would otherwise learn to take it from the
    // heap. What is large stays for the next time, until the connection that needed it rests.
    // SAFETY: sets numbers of the heap.
    unsafe {
        libc::mallopt(libc::M_MMAP_THRESHOLD, 1024 * 1024);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 1024 * 1024);
    }
    give_back_memory();
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    for (start, end) in maps.lines().filter_map(text_mapping) {
        // SAFETY: these pages are text of files, mapped without a right to write: what is dropped is read again, unchanged.
        unsafe { libc::madvise(ptr::without_provenance_mut(start), end - start, libc::MADV_DONTNEED) };
    }
}

/// The addresses of a mapping of program text from a file, in a line of `/proc/self/maps`.
fn text_mapping(line: &str) -> Option<(usize, usize)> {
    let mut words = line.split_ascii_whitespace();
    let (start, end) = words.next()?.split_once('-')?;
    let is_text = words.next()? == "r-xp" && words.nth(3)?.starts_with('/');
    let address = |digits| usize::from_str_radix(digits, 16).ok();
    if is_text { Some((address(start)?, address(end)?)) } else { None }
}

/// Lets a write beyond a limit on the size of files fail instead of ending the daemon.
pub fn ignore_file_size_signal() {
    // SAFETY: ignoring a signal runs no code.
    unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
}

/// Sends any signal, also those without a name; see [`Os::kill`](super::Os::kill).
pub(super) fn kill(target: Target, signal: i32) -> Result<(), Errno> {
    let pid = match target {
        Target::Process(pid) => pid,
        Target::Group(pid) => -pid,
    };
    // SAFETY: takes two numbers.
    Errno::result(unsafe { libc::kill(pid, signal) }).map(drop)
}

/// A child that has ended, whatever signal ended it; see [`Os::reap`](super::Os::reap).
pub(super) fn reap() -> Option<(Pid, Exit)> {
    loop {
        let mut status = 0;
        // SAFETY: `status` lives through the call.
        let pid = unsafe { libc::waitpid(-1, &raw mut status, libc::WNOHANG) };
        if pid <= 0 {
            return None;
        }
        if libc::WIFEXITED(status) {
            return Some((pid, Exit::Status(libc::WEXITSTATUS(status))));
        }
        if libc::WIFSIGNALED(status) {
            let (number, core) = (libc::WTERMSIG(status), libc::WCOREDUMP(status));
            return Some((pid, Exit::Signal { number, core }));
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_text_of_files_is_forgotten() {
        let text = "5500-5600 r-xp 00075000 fe:00 5546989                    /usr/bin/supervisord";
        assert_eq!(text_mapping(text), Some((0x5500, 0x5600)));
        for line in [
            "5500-5600 rw-p 00075000 fe:00 5546989                    /usr/bin/supervisord",
            "5500-5600 r--p 00075000 fe:00 5546989                    /usr/bin/supervisord",
            "7ffd-7fff r-xp 00000000 00:00 0                          [vdso]",
            "5500-5600 r-xp 00000000 00:00 0 ",
        ] {
            assert_eq!(text_mapping(line), None);
        }
    }
}
