//! How the service manager that started the daemon is told how it fares: the notify protocol of systemd.
//!
//! Owns the socket that `NOTIFY_SOCKET` names and what was said over it last; without that variable nothing is ever said.
//! Nothing here waits: what cannot be said now is said with the next change.

use std::env;
use std::io;
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::rc::Rc;
use std::time::Duration;

use supervisor_rpc::state::SupervisorState;

use crate::log;
use crate::supervisor::Summary;

/// The variables that are meant for the daemon and not for its children.
pub const VARIABLES: [&str; 3] = ["NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"];

/// The service manager, if there is one that wants to be told.
#[derive(Debug)]
pub struct ServiceManager {
    socket: Option<Rc<UnixDatagram>>,
    said: String,
}

impl ServiceManager {
    /// The one of the environment.
    pub fn of_environment() -> Self {
        let socket = env::var_os("NOTIFY_SOCKET").and_then(|name| {
            let opened = open(name.as_bytes());
            if let Err(error) = &opened {
                log::warn!("cannot notify the service manager at {}: {error}", name.display());
            }
            opened.ok().map(Rc::new)
        });
        Self { socket, said: String::new() }
    }

    /// Tells how the daemon fares, if that is something new. The first time it also tells that the daemon is ready.
    pub fn tell(&mut self, summary: impl FnOnce() -> Summary) {
        let Some(socket) = &self.socket else { return };
        let message = message(&summary());
        if message != self.said && socket.send(message.as_bytes()).is_ok() {
            self.said = message;
        }
    }

    /// Keeps telling that the event loop turns, if the service manager wants that. It is the one thing that wakes an idle
    /// daemon, at the wish of its administrator.
    pub fn watch(&self) {
        if let (Some(socket), Some(pause)) = (&self.socket, watchdog()) {
            let socket = Rc::clone(socket);
            tokio::task::spawn_local(async move {
                loop {
                    // One that is lost is made up for by the next: they come twice as often as they must.
                    let _: io::Result<usize> = socket.send(b"WATCHDOG=1");
                    tokio::time::sleep(pause).await;
                }
            });
        }
    }
}

fn open(name: &[u8]) -> io::Result<UnixDatagram> {
    let address = match name.strip_prefix(b"@") {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(name))?,
    };
    let socket = UnixDatagram::unbound()?;
    socket.connect_addr(&address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn message(summary: &Summary) -> String {
    let Summary { state, programs, running, left, given_up } = *summary;
    match state {
        SupervisorState::Running if given_up > 0 => {
            format!("READY=1\nSTATUS={running} of {programs} programs running, {given_up} given up")
        }
        SupervisorState::Running => format!("READY=1\nSTATUS={running} of {programs} programs running"),
        SupervisorState::Restarting => format!("STATUS=restarting, {left} of {programs} programs to go"),
        SupervisorState::Shutdown => {
            format!("STOPPING=1\nSTATUS=stopping, {left} of {programs} programs to go")
        }
    }
}

/// The pause between two signs of life: half of what the service manager allows this process.
fn watchdog() -> Option<Duration> {
    let number = |name: &str| env::var(name).ok()?.parse::<u64>().ok();
    if number("WATCHDOG_PID").is_some_and(|pid| pid != u64::from(std::process::id())) {
        return None;
    }
    number("WATCHDOG_USEC").filter(|&allowed| allowed > 0).map(|allowed| Duration::from_micros(allowed) / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(state: SupervisorState, running: usize, given_up: usize) -> Summary {
        Summary { state, programs: 3, running, left: running, given_up }
    }

    #[test]
    fn says_what_is_new_only() {
        let folder = tempfile::tempdir().unwrap();
        let name = folder.path().join("notify");
        let manager = UnixDatagram::bind(&name).unwrap();
        manager.set_nonblocking(true).unwrap();
        let heard = || {
            let mut buffer = [0; 200];
            let length = manager.recv(&mut buffer).ok()?;
            String::from_utf8(buffer[..length].to_vec()).ok()
        };
        let socket = Some(open(name.as_os_str().as_bytes()).unwrap());
        let mut told = ServiceManager { socket: socket.map(Rc::new), said: String::new() };
        told.tell(|| summary(SupervisorState::Running, 2, 0));
        told.tell(|| summary(SupervisorState::Running, 2, 0));
        told.tell(|| summary(SupervisorState::Running, 2, 1));
        told.tell(|| summary(SupervisorState::Shutdown, 1, 1));
        assert_eq!(heard().unwrap(), "READY=1\nSTATUS=2 of 3 programs running");
        assert_eq!(heard().unwrap(), "READY=1\nSTATUS=2 of 3 programs running, 1 given up");
        assert_eq!(heard().unwrap(), "STOPPING=1\nSTATUS=stopping, 1 of 3 programs to go");
        assert_eq!(heard(), None);
    }

    #[test]
    fn reaches_an_abstract_socket() {
        let name = format!("supervisord-notify-{}", std::process::id());
        let address = SocketAddr::from_abstract_name(&name).unwrap();
        let manager = UnixDatagram::bind_addr(&address).unwrap();
        open(format!("@{name}").as_bytes()).unwrap().send(b"READY=1").unwrap();
        let mut buffer = [0; 20];
        assert_eq!(manager.recv(&mut buffer).unwrap(), 7);
    }

    #[test]
    fn nobody_is_told_without_a_service_manager() {
        let mut nobody = ServiceManager { socket: None, said: String::new() };
        nobody.tell(|| unreachable!("it is not asked for"));
    }
}
