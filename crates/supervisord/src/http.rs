//! The HTTP servers: XML-RPC, the logs, the status page.
//!
//! [`open`] makes the listening sockets while the daemon starts, [`serve`] answers on them in the runtime. One small
//! task per connection talks HTTP by means of hyper and asks the supervisor through [`crate::rpc::Handle`]; nothing
//! here owns anything of the supervisor. Everything that comes from outside has a bound: headers, bodies, the time to
//! send them, connections, guesses at a password. What a connection does to itself ends that connection alone.
//!
//! ```text
//! listen     sockets and their files          activity   what a connection does, deadlines, who must go
//! accept     taking connections               auth       name and password, phc; logins   guessing is slow
//! connection one connection, which route      origin     requests of other sites
//! call       /RPC2;  upload  bodies           reply      answers and their bodies;   form   urls and forms
//! tail       following logs;  watch  inotify
//! ```

use std::cell::RefCell;
use std::rc::Rc;
use std::time::SystemTime;

use nix::sys::resource::{Resource, getrlimit};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

pub(crate) mod accept;
pub(crate) mod activity;
pub(crate) mod auth;
pub(crate) mod call;
pub(crate) mod connection;
pub(crate) mod form;
mod listen;
pub(crate) mod logins;
pub(crate) mod origin;
pub(crate) mod phc;
pub(crate) mod reply;
pub(crate) mod stream;
pub(crate) mod tail;
pub(crate) mod upload;
pub(crate) mod watch;

pub use listen::{Bound, OpenError, open};

use self::accept::{Door, Slot, accept};
use self::activity::Connections;
use self::auth::Gate;
use self::logins::FailedLogins;
use self::reply::Replies;
use self::tail::Logs;
use self::upload::Uploads;
use self::watch::Watches;
use crate::log;
use crate::rpc::Handle;
use crate::rpc::system::Namespaces;

/// What the servers tell about the daemon.
#[derive(Debug, Clone)]
pub struct ServerContext {
    /// The name of this supervisord.
    pub identifier: String,
    /// The version that `getSupervisorVersion` tells.
    pub version: &'static str,
    /// Where the methods of the supervisor are offered.
    pub namespaces: Namespaces,
}

/// The running servers. Their drop closes the listening sockets at once, removes the files of unix sockets and ends
/// every connection; [`close`](Self::close) lets answers be sent first.
#[derive(Debug)]
pub struct Servers {
    common: Rc<Common>,
    doors: Vec<(Slot, JoinHandle<()>)>,
}

/// What all servers share.
#[derive(Debug)]
pub(crate) struct Common {
    pub(crate) handle: Handle,
    pub(crate) context: ServerContext,
    pub(crate) connections: Connections,
    pub(crate) logins: RefCell<FailedLogins>,
    pub(crate) uploads: Uploads,
    pub(crate) replies: Rc<Replies>,
    pub(crate) watches: Rc<Watches>,
    pub(crate) logs: Logs,
    /// Since when the files of the page are what they are.
    pub(crate) started: SystemTime,
    /// Told once, when the servers close.
    pub(crate) closing: Notify,
}

/// One server.
#[derive(Debug)]
pub(crate) struct Site {
    pub(crate) section: String,
    pub(crate) gate: Option<Gate>,
    pub(crate) common: Rc<Common>,
}

/// Answers on the open sockets. To be called inside a `LocalSet`.
pub fn serve(bound: Vec<Bound>, handle: Handle, context: ServerContext) -> Servers {
    serve_at_most(most_connections(), bound, handle, context)
}

fn serve_at_most(limit: usize, bound: Vec<Bound>, handle: Handle, context: ServerContext) -> Servers {
    let watches = Rc::new(Watches::default());
    let common = Rc::new(Common {
        handle,
        context,
        connections: Connections::new(limit),
        logins: RefCell::default(),
        uploads: Uploads::default(),
        replies: Rc::default(),
        logs: Logs::new(watches.clone()),
        watches,
        started: SystemTime::now(),
        closing: Notify::new(),
    });
    let doors = bound.into_iter().filter_map(|bound| start(bound, &common)).collect();
    Servers { common, doors }
}

fn start(bound: Bound, common: &Rc<Common>) -> Option<(Slot, JoinHandle<()>)> {
    if bound.is_exposed() {
        log::warn!(
            "Server '{}' is reachable from other machines without a password: whoever reaches it can run programs \
             as the user of supervisord",
            bound.section
        );
    }
    let gate = bound.credentials.as_ref().and_then(Gate::new);
    if gate.as_ref().is_some_and(Gate::is_broken) {
        log::warn!("Server '{}' lets nobody in: the hash of its password cannot be read", bound.section);
    }
    let site = Site { section: bound.section, gate, common: common.clone() };
    match Door::new(bound.listener) {
        Ok(door) => {
            let slot = Rc::new(RefCell::new(Some(door)));
            let task = tokio::task::spawn_local(accept(Rc::new(site), slot.clone()));
            Some((slot, task))
        }
        Err(error) => {
            log::error!("Server '{}' cannot be served: {error}", site.section);
            None
        }
    }
}

/// Half of the descriptors that there are: programs need the others.
fn most_connections() -> usize {
    let descriptors = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft);
    usize::try_from(descriptors / 2).unwrap_or(1024).clamp(16, 1024)
}

impl Servers {
    /// Stops accepting, lets the answers that are being sent reach their clients for a moment, then ends.
    pub async fn close(mut self) {
        self.common.logs.close();
        self.common.closing.notify_waiters();
        for (slot, task) in self.doors.drain(..) {
            slot.borrow_mut().take();
            let _ = task.await;
        }
    }
}

impl Drop for Servers {
    fn drop(&mut self) {
        for (slot, task) in &self.doors {
            slot.borrow_mut().take();
            task.abort();
        }
    }
}

#[cfg(test)]
mod tests;
