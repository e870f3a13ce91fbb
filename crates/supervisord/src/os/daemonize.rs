//! Leaving the terminal, and the limits that the daemon needs: plain synchronous code that runs before any runtime exists.

use std::fs::{File, OpenOptions};
use std::io;

use nix::errno::Errno;
use nix::sys::resource::{RLIM_INFINITY, Resource, getrlimit, setrlimit};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{dup2_stderr, dup2_stdin, dup2_stdout, setsid};
use supervisor_config::sections::Supervisord;

use super::child::become_own_child;
use crate::{log, repr};

/// Makes sure that descriptors 0 to 2 are open, so that no file of ours can take their place.
pub fn keep_standard_streams() -> io::Result<()> {
    loop {
        let null = OpenOptions::new().read(true).write(true).open("/dev/null")?;
        if std::os::fd::AsRawFd::as_raw_fd(&null) > 2 {
            return Ok(());
        }
        // It has filled the gap, and stays there.
        let _: i32 = std::os::fd::IntoRawFd::into_raw_fd(null);
    }
}

/// Goes on as a daemon: a child of its own session without a terminal. The parent ends.
pub fn daemonize(options: &Supervisord) -> io::Result<()> {
    become_own_child()?;
    log::info!("daemonizing the supervisord process");
    if let Some(directory) = &options.directory {
        let shown = repr::text(&directory.to_string_lossy());
        match std::env::set_current_dir(directory) {
            Ok(()) => log::info!("set current directory: {shown}"),
            Err(error) => {
                let errno = error.raw_os_error().unwrap_or_default();
                let what = Errno::from_raw(errno).desc();
                log::critical!("can't chdir into {shown}: [Errno {errno}] {what}: {shown}");
            }
        }
    }
    let null = File::open("/dev/null")?;
    dup2_stdin(&null)?;
    let null = OpenOptions::new().write(true).open("/dev/null")?;
    dup2_stdout(&null)?;
    dup2_stderr(&null)?;
    setsid()?;
    umask(Mode::from_bits_truncate(options.umask));
    Ok(())
}

/// A limit that is lower than the configuration asks for and cannot be raised.
#[derive(Debug, thiserror::Error)]
pub enum LimitError {
    /// `minfds`.
    #[error(
        "The minimum number of file descriptors required to run this process is {0} as per the \"minfds\" command-line \
         argument or config file setting. The current environment will only allow you to open {1} file descriptors.  \
         Either raise the number of usable file descriptors in your environment (see README.rst) or lower the minfds \
         setting in the config file to allow the process to start."
    )]
    Descriptors(u64, u64),
    /// `minprocs`.
    #[error(
        "The minimum number of available processes required to run this program is {0} as per the \"minprocs\" \
         command-line argument or config file setting. The current environment will only allow you to open {1} \
         processes.  Either raise the number of usable processes in your environment (see README.rst) or lower the \
         minprocs setting in the config file to allow the program to start."
    )]
    Processes(u64, u64),
}

/// Raises the limits to what the configuration asks for, never lowers one. Answers with lines for the log.
pub fn raise_limits(options: &Supervisord) -> Result<Vec<String>, LimitError> {
    let descriptors = raise(Resource::RLIMIT_NOFILE, "RLIMIT_NOFILE", options.minfds);
    let processes = raise(Resource::RLIMIT_NPROC, "RLIMIT_NPROC", options.minprocs);
    let descriptors = descriptors.map_err(|(wanted, hard)| LimitError::Descriptors(wanted, hard))?;
    let processes = processes.map_err(|(wanted, hard)| LimitError::Processes(wanted, hard))?;
    Ok([descriptors, processes].into_iter().flatten().collect())
}

/// Raises one limit; a refusal names what was wanted.
fn raise(resource: Resource, name: &str, wanted: i64) -> Result<Option<String>, (u64, u64)> {
    let (Ok(wanted), Ok((soft, hard))) = (u64::try_from(wanted), getrlimit(resource)) else {
        return Ok(None);
    };
    if soft >= wanted || soft == RLIM_INFINITY {
        return Ok(None);
    }
    // Only root can raise the hard limit. As the original, the refusal names the wanted one as the one there is.
    let hard = if hard == RLIM_INFINITY { hard } else { hard.max(wanted) };
    setrlimit(resource, wanted, hard).map_err(|_| (wanted, hard))?;
    Ok(Some(format!("Increased {name} limit to {wanted}")))
}

/// Lets the daemon itself have as many descriptors as it may, and so many, where it may raise its hard limit. Answers with the
/// limits that the children are to have.
pub fn raise_own_descriptors(wanted: u64) -> Option<(u64, u64)> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).ok()?;
    let raise = |to: u64| to > soft && setrlimit(Resource::RLIMIT_NOFILE, to, to.max(hard)).is_ok();
    (raise(wanted.max(hard)) || raise(hard)).then_some((soft, hard))
}
