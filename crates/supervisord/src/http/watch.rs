//! Being told when a file changes: one inotify instance for the whole daemon, made when the first watch is asked for.
//!
//! Knows nothing of logs or sockets: who watches is woken and looks for himself. An instance per reader would hit the
//! kernel's limit (128 for each user), polling would wake an idle daemon.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::os::fd::{AsFd, AsRawFd, RawFd};
use std::path::Path;
use std::rc::{Rc, Weak};
use std::task::Waker;

use nix::errno::Errno;
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify, WatchDescriptor};
use tokio::io::unix::AsyncFd;
use tokio::task::AbortHandle;

/// Those who wait for the same thing, each under a number of its own.
#[derive(Debug, Default)]
pub(crate) struct Wakers {
    next: Cell<u64>,
    wakers: RefCell<HashMap<u64, Waker>>,
}

impl Wakers {
    /// A number to wait under.
    pub(crate) fn number(&self) -> u64 {
        self.next.replace(self.next.get() + 1)
    }

    /// Wakes this task at the next [`wake`](Self::wake).
    pub(crate) fn wait(&self, number: u64, waker: &Waker) {
        let mut wakers = self.wakers.borrow_mut();
        match wakers.get_mut(&number) {
            Some(known) => known.clone_from(waker),
            None => drop(wakers.insert(number, waker.clone())),
        }
    }

    /// Nobody waits under this number any more.
    pub(crate) fn forget(&self, number: u64) {
        self.wakers.borrow_mut().remove(&number);
    }

    pub(crate) fn wake(&self) {
        self.wakers.borrow().values().for_each(Waker::wake_by_ref);
    }
}

/// Everything that is watched.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    inotify: RefCell<Option<(Rc<AsyncFd<Instance>>, AbortHandle)>>,
    watches: RefCell<HashMap<WatchDescriptor, Weak<Watch>>>,
}

/// One watched file. The file, not its name: it stays watched when it is renamed.
#[derive(Debug)]
pub(crate) struct Watch {
    /// Woken at each change of content, name, rights or number of links.
    pub(crate) wakers: Wakers,
    descriptor: WatchDescriptor,
    /// The kernel took the watch away, as the file is no more.
    ended: Cell<bool>,
    watches: Weak<Watches>,
}

/// `AsyncFd` asks for the raw descriptor, which nix does not give.
#[derive(Debug)]
struct Instance(Inotify);

impl AsRawFd for Instance {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_fd().as_raw_fd()
    }
}

impl Watches {
    /// Watches a file. `None` when the kernel has no more watches to give: then one has to look from time to time.
    pub(crate) fn watch(self: &Rc<Self>, path: &Path) -> Option<Rc<Watch>> {
        let inotify = self.instance()?;
        let changes = AddWatchFlags::IN_MODIFY
            | AddWatchFlags::IN_ATTRIB
            | AddWatchFlags::IN_MOVE_SELF
            | AddWatchFlags::IN_DELETE_SELF;
        let descriptor = inotify.get_ref().0.add_watch(path, changes).ok()?;
        // The kernel gives one watch for one file, however often it is asked.
        if let Some(watch) = self.watches.borrow().get(&descriptor).and_then(Weak::upgrade) {
            return Some(watch);
        }
        let watch = Rc::new(Watch {
            wakers: Wakers::default(),
            descriptor,
            ended: Cell::new(false),
            watches: Rc::downgrade(self),
        });
        self.watches.borrow_mut().insert(descriptor, Rc::downgrade(&watch));
        Some(watch)
    }

    fn instance(self: &Rc<Self>) -> Option<Rc<AsyncFd<Instance>>> {
        if let Some((inotify, _)) = &*self.inotify.borrow() {
            return Some(inotify.clone());
        }
        let inotify = Inotify::init(InitFlags::IN_NONBLOCK | InitFlags::IN_CLOEXEC).ok()?;
        #[expect(
            deprecated,
            reason = "the instance owns its descriptor to its end, which its successor wants sworn"
        )]
        let inotify = Rc::new(AsyncFd::new(Instance(inotify)).ok()?);
        let task = tokio::task::spawn_local(tell(inotify.clone(), Rc::downgrade(self)));
        *self.inotify.borrow_mut() = Some((inotify.clone(), task.abort_handle()));
        Some(inotify)
    }

    fn each(&self, mut tell: impl FnMut(&Watch)) {
        let watches: Vec<_> = self.watches.borrow().values().filter_map(Weak::upgrade).collect();
        watches.iter().for_each(|watch| tell(watch));
    }

    /// Wakes everybody.
    pub(crate) fn wake_all(&self) {
        self.each(|watch| watch.wakers.wake());
    }

    fn end(&self, descriptor: WatchDescriptor) {
        let watch = self.watches.borrow_mut().remove(&descriptor).and_then(|watch| watch.upgrade());
        if let Some(watch) = watch {
            watch.ended.set(true);
            watch.wakers.wake();
        }
    }

    fn changed(&self, descriptor: WatchDescriptor) {
        let watch = self.watches.borrow().get(&descriptor).and_then(Weak::upgrade);
        if let Some(watch) = watch {
            watch.wakers.wake();
        }
    }
}

/// Reads what the kernel tells until the watches are gone.
async fn tell(inotify: Rc<AsyncFd<Instance>>, watches: Weak<Watches>) {
    while let Ok(mut ready) = inotify.readable().await {
        let Some(watches) = watches.upgrade() else { return };
        loop {
            match inotify.get_ref().0.read_events() {
                Ok(events) => {
                    for event in events {
                        if event.mask.contains(AddWatchFlags::IN_Q_OVERFLOW) {
                            watches.wake_all();
                        } else if event.mask.contains(AddWatchFlags::IN_IGNORED) {
                            watches.end(event.wd);
                        } else {
                            watches.changed(event.wd);
                        }
                    }
                }
                Err(Errno::EAGAIN) => break,
                Err(Errno::EINTR) => {}
                Err(_) => return,
            }
        }
        ready.clear_ready();
    }
}

impl Drop for Watches {
    fn drop(&mut self) {
        if let Some((_, task)) = self.inotify.get_mut() {
            task.abort();
        }
    }
}

impl Watch {
    /// Whether nothing will be told any more.
    pub(crate) fn has_ended(&self) -> bool {
        self.ended.get()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        let Some(watches) = self.watches.upgrade().filter(|_| !self.ended.get()) else { return };
        watches.watches.borrow_mut().remove(&self.descriptor);
        if let Some((inotify, _)) = &*watches.inotify.borrow() {
            let _ = inotify.get_ref().0.rm_watch(self.descriptor);
        }
    }
}
