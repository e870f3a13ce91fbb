//! Taking connections from one listening socket for as long as the daemon lives, whatever goes wrong.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{pending, poll_fn};
use std::io;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Bytes;
use nix::sys::socket::{setsockopt, sockopt};
use supervisor_config::sections::UnixAddress;
use tokio::net::{TcpListener, UnixListener};
use tokio::task::{JoinSet, yield_now};
use tokio::time::{Instant, sleep, timeout};

use super::activity::Activity;
use super::connection::{Visit, serve};
use super::listen::{Listener, SocketFile, open_unix};
use super::stream::{Peer, Socket, Stream};
use super::{OpenError, Site};
use crate::log;

/// The first pause when a connection cannot be taken.
const PAUSE: Duration = Duration::from_millis(100);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);
/// How often at most the log says that connections cannot be taken.
const SILENCE: Duration = Duration::from_secs(60);
/// The longest pause between two attempts to get the socket file back.
const LONGEST_REPAIR: Duration = Duration::from_secs(60);
/// How often to look for the socket file where the kernel does not tell.
const LOOK: Duration = Duration::from_secs(5);
/// How long answers that are being sent hold up the end.
const FAREWELL: Duration = Duration::from_secs(1);

/// A listening socket in the runtime.
#[derive(Debug)]
pub(crate) enum Door {
    Inet(TcpListener),
    Unix(UnixListener, SocketFile),
}

/// Where the socket is kept while it is listened on. Whoever empties it closes the socket at once.
pub(crate) type Slot = Rc<RefCell<Option<Door>>>;

impl Door {
    pub(crate) fn new(listener: Listener) -> io::Result<Self> {
        Ok(match listener {
            Listener::Inet(listener) => Self::Inet(TcpListener::from_std(listener)?),
            Listener::Unix(listener, file) => Self::Unix(UnixListener::from_std(listener)?, file),
        })
    }

    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Socket>> {
        match self {
            Self::Inet(listener) => listener.poll_accept(cx).map_ok(|(socket, _)| Socket::Inet(socket)),
            Self::Unix(listener, _) => listener.poll_accept(cx).map_ok(|(socket, _)| Socket::Unix(socket)),
        }
    }
}

/// Takes connections until the daemon closes its servers, then waits a little for the last answers.
pub(crate) async fn accept(site: Rc<Site>, slot: Slot) {
    let mut guests = JoinSet::new();
    {
        let closing = site.common.closing.notified();
        // In this order: who has come to a socket whose file was removed is let in before another takes its place.
        tokio::select! {
            biased;
            () = closing => {}
            never = take(&site, &slot, &mut guests) => match never {},
            never = keep_file(&site, &slot) => match never {},
        }
    }
    slot.borrow_mut().take();
    site.common.connections.drop_quiet();
    let gone = async { while guests.join_next().await.is_some() {} };
    let _ = timeout(FAREWELL, gone).await;
}

async fn take(site: &Rc<Site>, slot: &Slot, guests: &mut JoinSet<()>) -> Infallible {
    let mut pause = PAUSE;
    let mut told: Option<Instant> = None;
    loop {
        let accepted = tokio::select! {
            Some(_) = guests.join_next(), if !guests.is_empty() => continue,
            accepted = next(slot) => accepted,
        };
        match accepted {
            Ok(socket) => {
                pause = PAUSE;
                while !site.common.connections.make_room(Instant::now()) {
                    sleep(PAUSE).await;
                }
                welcome(site, socket, guests);
            }
            Err(error) if is_of_one_connection(&error) => {}
            Err(error) => {
                let now = Instant::now();
                if told.is_none_or(|told| now.duration_since(told) > SILENCE) {
                    log::warn!("Server '{}' cannot accept connections: {error}; trying again", site.section);
                    told = Some(now);
                }
                // Mostly descriptors have run out. Somebody who does not use his may leave one to this client.
                if site.common.connections.drop_one(now) {
                    yield_now().await;
                } else {
                    sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }
}

async fn next(slot: &Slot) -> io::Result<Socket> {
    poll_fn(|cx| match &*slot.borrow() {
        Some(door) => door.poll_accept(cx),
        None => Poll::Pending,
    })
    .await
}

/// A client that changed its mind.
fn is_of_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

fn welcome(site: &Rc<Site>, socket: Socket, guests: &mut JoinSet<()>) {
    let (peer, addresses) = match &socket {
        Socket::Inet(socket) => {
            // A log that is followed has small pieces, which must not wait for each other.
            let _ = socket.set_nodelay(true);
            // Finds out in the end that a machine at the other side is gone.
            let _ = setsockopt(socket, sockopt::KeepAlive, &true);
            let (Ok(peer), Ok(here)) = (socket.peer_addr(), socket.local_addr()) else { return };
            (Peer::Host(peer.ip().to_canonical()), Some((peer, here)))
        }
        Socket::Unix(socket) => {
            let Ok(peer) = socket.peer_cred() else { return };
            (Peer::User(peer.uid()), None)
        }
    };
    let activity = Rc::new(Activity::new(Instant::now()));
    let key = site.common.connections.join(activity.clone());
    let place = Place { site: site.clone(), key };
    let stream = Stream { socket, activity: activity.clone(), ahead: Bytes::new() };
    let visit = Visit { site: site.clone(), activity, peer, addresses };
    let task = guests.spawn_local(async move {
        let _place = place;
        serve(visit, stream).await;
    });
    site.common.connections.runs_as(key, task);
}

/// A place among the connections, given back when the connection ends, also by a panic.
struct Place {
    site: Rc<Site>,
    key: u64,
}

impl Drop for Place {
    fn drop(&mut self) {
        self.site.common.connections.leave(self.key);
    }
}

/// Gets the socket file back whenever it is lost.
async fn keep_file(site: &Site, slot: &Slot) -> Infallible {
    loop {
        file_lost(site, slot).await;
        repair(site, slot).await;
        // Whoever waits for connections waits at the old socket until he looks again.
        yield_now().await;
    }
}

/// Waits until the socket file is removed or replaced, by somebody who cleans up in `/tmp` for example.
async fn file_lost(site: &Site, slot: &Slot) {
    let Some(address) = address_in(slot) else { return pending().await };
    let watch = loop {
        if let Some(watch) = site.common.watches.watch(&address.file) {
            break watch;
        }
        // It is gone already, or the kernel has no watch to give: then one has to look.
        if !is_ours(slot) {
            return;
        }
        sleep(LOOK).await;
    };
    let number = watch.wakers.number();
    poll_fn(|cx| {
        watch.wakers.wait(number, cx.waker());
        if is_ours(slot) { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
}

/// Whether the socket file leads to the socket that is listened on.
fn is_ours(slot: &Slot) -> bool {
    match &*slot.borrow() {
        Some(Door::Unix(_, file)) => file.is_ours(),
        _ => true,
    }
}

/// Where a unix socket listens.
fn address_in(slot: &Slot) -> Option<UnixAddress> {
    match &*slot.borrow() {
        Some(Door::Unix(_, file)) => Some(file.address.clone()),
        _ => None,
    }
}

/// Gets the socket file back.
async fn repair(site: &Site, slot: &Slot) {
    let Some(address) = address_in(slot) else { return };
    let file = address.file.display();
    let mut pause = PAUSE;
    loop {
        let opened = open_unix(&address).and_then(|(listener, file)| {
            Door::new(Listener::Unix(listener, file)).map_err(|_| OpenError::InUse)
        });
        match opened {
            Ok(door) => {
                *slot.borrow_mut() = Some(door);
                log::warn!("Server '{}': the socket file {file} was removed; made it again", site.section);
                return;
            }
            Err(error) if pause == PAUSE => {
                log::warn!(
                    "Server '{}': the socket file {file} was removed: {error}; trying again",
                    site.section
                );
            }
            Err(_) => {}
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_REPAIR);
    }
}
