//! Following a log: the last bytes of a file, then everything that is appended, through rotation, truncation and removal.
//!
//! Readers of the same log share its descriptor and its watch; each has its own place in it and reads when its client
//! is ready to take more. Must not know whose log it is.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime};

use hyper::body::Bytes;
use tokio::time::{Instant, Sleep, sleep};

use super::watch::{Watch, Watches};

/// How much of the past a reader sees.
const PAST: u64 = 1024;
/// How much is read at a time.
const CHUNK: u64 = 16 * 1024;
/// How often to look where the kernel does not tell.
const LOOK: Duration = Duration::from_millis(250);

/// Every log that somebody follows.
#[derive(Debug, Default)]
pub(crate) struct Logs {
    watches: Rc<Watches>,
    logs: RefCell<HashMap<PathBuf, Weak<Log>>>,
    closed: Rc<Cell<bool>>,
}

/// One followed log.
#[derive(Debug)]
struct Log {
    path: PathBuf,
    watches: Rc<Watches>,
    /// The file that has the name now, or had it last.
    current: RefCell<Rc<Generation>>,
    /// Nothing has the name at the moment.
    missing: Cell<bool>,
}

/// A file that had the name of the log for a while.
#[derive(Debug)]
struct Generation {
    file: File,
    identity: (u64, u64),
    watch: Option<Rc<Watch>>,
    /// The watch tells of the file, not of a link to it that is turned elsewhere.
    is_link: bool,
}

impl Logs {
    pub(crate) fn new(watches: Rc<Watches>) -> Self {
        Self { watches, ..Self::default() }
    }

    /// Starts to follow a log. Also says when it was last written.
    pub(crate) fn follow(&self, path: &Path) -> io::Result<(Follow, SystemTime)> {
        let known = self.logs.borrow().get(path).and_then(Weak::upgrade);
        let log = match known {
            Some(log) => log,
            None => {
                let log = Rc::new(Log {
                    path: path.to_owned(),
                    watches: self.watches.clone(),
                    current: RefCell::new(Rc::new(Generation::open(path, &self.watches)?)),
                    missing: Cell::new(false),
                });
                let mut logs = self.logs.borrow_mut();
                logs.retain(|_, log| log.strong_count() > 0);
                logs.insert(path.to_owned(), Rc::downgrade(&log));
                log
            }
        };
        log.look();
        if log.missing.get() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let generation = log.current.borrow().clone();
        let metadata = generation.file.metadata()?;
        let offset = metadata.len().saturating_sub(PAST);
        let closed = self.closed.clone();
        Ok((Follow { log, generation, offset, waits: None, timer: None, closed }, metadata.modified()?))
    }

    /// Ends every stream.
    pub(crate) fn close(&self) {
        self.closed.set(true);
        self.watches.wake_all();
    }
}

impl Generation {
    fn open(path: &Path, watches: &Rc<Watches>) -> io::Result<Self> {
        let file = Self::put_away(path)?;
        Ok(Self { watch: watches.watch(path), is_link: fs::symlink_metadata(path)?.is_symlink(), ..file })
    }

    /// Nothing is written to it any more.
    fn put_away(path: &Path) -> io::Result<Self> {
        // Reading a terminal, a pipe or a device would take from others what is theirs. Not even an open is harmless.
        if !fs::metadata(path)?.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        let file = File::options().read(true).custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::ErrorKind::NotFound.into());
        }
        Ok(Self { file, identity: (metadata.dev(), metadata.ino()), watch: None, is_link: false })
    }
}

impl Log {
    /// Looks which file has the name now.
    fn look(&self) {
        let found = fs::metadata(&self.path).ok().filter(fs::Metadata::is_file);
        let Some(found) = found else { return self.missing.set(true) };
        self.missing.set(false);
        if (found.dev(), found.ino()) == self.current.borrow().identity {
            return;
        }
        match Generation::open(&self.path, &self.watches) {
            Ok(generation) => *self.current.borrow_mut() = Rc::new(generation),
            Err(_) => self.missing.set(true),
        }
    }

    /// The file that was begun when this one was put away: it has been put away as well when the log was rotated twice since.
    fn after(&self, old: &Generation) -> Rc<Generation> {
        let backup = |number: u32| {
            let mut name = self.path.clone().into_os_string();
            name.push(format!(".{number}"));
            PathBuf::from(name)
        };
        let found = |number: &u32| fs::metadata(backup(*number)).ok().map(|found| (found.dev(), found.ino()));
        let place = (1..)
            .take_while(|number| found(number).is_some())
            .find(|number| found(number) == Some(old.identity));
        let next =
            place.filter(|&place| place > 1).and_then(|place| Generation::put_away(&backup(place - 1)).ok());
        next.map_or_else(|| self.current.borrow().clone(), Rc::new)
    }

    /// Whether the kernel will not tell of everything.
    fn needs_looking(&self) -> bool {
        let current = self.current.borrow();
        self.missing.get() || current.is_link || current.watch.as_ref().is_none_or(|watch| watch.has_ended())
    }
}

/// One reader of a log.
#[derive(Debug)]
pub(crate) struct Follow {
    log: Rc<Log>,
    generation: Rc<Generation>,
    offset: u64,
    /// Where this reader's waker is kept: a watch and the number in it.
    waits: Option<(Rc<Watch>, u64)>,
    timer: Option<Pin<Box<Sleep>>>,
    closed: Rc<Cell<bool>>,
}

impl Follow {
    /// The next bytes; `None` when the stream ends.
    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Bytes>> {
        if self.closed.get() {
            return Poll::Ready(None);
        }
        loop {
            match self.read() {
                Ok(Some(bytes)) => return Poll::Ready(Some(bytes)),
                Ok(None) => {}
                Err(_) => return Poll::Ready(None),
            }
            // The old file is read to its end before the new one is begun.
            self.log.look();
            if Rc::ptr_eq(&self.generation, &self.log.current.borrow()) {
                break;
            }
            self.generation = self.log.after(&self.generation);
            self.offset = 0;
        }
        self.wait(cx);
        Poll::Pending
    }

    fn read(&mut self) -> io::Result<Option<Bytes>> {
        let size = self.generation.file.metadata()?.len();
        if size < self.offset {
            // Truncated in place. The original ends the stream here.
            self.offset = 0;
        }
        let length = (size - self.offset).min(CHUNK);
        if length == 0 {
            return Ok(None);
        }
        let mut bytes = vec![0; usize::try_from(length).unwrap_or_default()];
        let read = self.generation.file.read_at(&mut bytes, self.offset)?;
        bytes.truncate(read);
        self.offset += read as u64;
        Ok((read > 0).then(|| bytes.into()))
    }

    fn wait(&mut self, cx: &mut Context<'_>) {
        let watch = self.generation.watch.clone();
        let same = match (&self.waits, &watch) {
            (Some((known, _)), Some(watch)) => Rc::ptr_eq(known, watch),
            (None, None) => true,
            _ => false,
        };
        if !same {
            self.wait_no_more();
            self.waits = watch.map(|watch| {
                let number = watch.wakers.number();
                (watch, number)
            });
        }
        if let Some((watch, number)) = &self.waits {
            watch.wakers.wait(*number, cx.waker());
        }
        if !self.log.needs_looking() {
            self.timer = None;
            return;
        }
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep(LOOK)));
        if timer.as_mut().poll(cx).is_ready() {
            timer.as_mut().reset(Instant::now() + LOOK);
            let _ = timer.as_mut().poll(cx);
        }
    }

    fn wait_no_more(&mut self) {
        if let Some((watch, number)) = self.waits.take() {
            watch.wakers.forget(number);
        }
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        self.wait_no_more();
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;
    use std::io::Write;

    use super::*;

    struct Bed {
        _folder: tempfile::TempDir,
        path: PathBuf,
        logs: Logs,
    }

    impl Bed {
        fn new() -> Self {
            let folder = tempfile::tempdir().expect("a folder");
            let path = folder.path().join("log");
            Self { _folder: folder, path, logs: Logs::default() }
        }

        fn append(&self, text: &str) {
            let mut file = File::options().append(true).create(true).open(&self.path).expect("opened");
            file.write_all(text.as_bytes()).expect("written");
        }

        fn follow(&self) -> Follow {
            self.logs.follow(&self.path).expect("a log").0
        }
    }

    /// Reads until the text is complete.
    async fn expect(follow: &mut Follow, text: &str) {
        let mut seen = Vec::new();
        let all = async {
            while seen.len() < text.len() {
                seen.extend(poll_fn(|cx| follow.poll_next(cx)).await.expect("an open stream"));
            }
        };
        let complete = tokio::time::timeout(Duration::from_secs(30), all).await.is_ok();
        assert_eq!((String::from_utf8_lossy(&seen).as_ref(), complete), (text, true));
    }

    fn run(test: impl Future<Output = ()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        tokio::task::LocalSet::new().block_on(&runtime, test);
    }

    #[test]
    fn begins_with_the_last_bytes_and_goes_on() {
        run(async {
            let bed = Bed::new();
            bed.append(&"x".repeat(2000));
            let mut follow = bed.follow();
            expect(&mut follow, &"x".repeat(1024)).await;
            let (read, ()) = tokio::join!(expect(&mut follow, "more"), async {
                tokio::task::yield_now().await;
                bed.append("more");
            });
            read
        });
    }

    #[test]
    fn finishes_the_rotated_file_before_the_new_one() {
        run(async {
            let bed = Bed::new();
            bed.append("one ");
            let mut follow = bed.follow();
            expect(&mut follow, "one ").await;
            bed.append("two ");
            fs::rename(&bed.path, bed.path.with_extension("1")).expect("renamed");
            bed.append("three");
            expect(&mut follow, "two three").await;
        });
    }

    #[test]
    fn misses_no_file_of_a_log_that_was_rotated_several_times() {
        run(async {
            let bed = Bed::new();
            bed.append("one ");
            let mut follow = bed.follow();
            expect(&mut follow, "one ").await;
            let backup = |number| format!("{}.{number}", bed.path.display());
            for next in ["two ", "three ", "four"] {
                for number in [2, 1] {
                    // There are none in the beginning.
                    let _ = fs::rename(backup(number), backup(number + 1));
                }
                fs::rename(&bed.path, backup(1)).expect("renamed");
                bed.append(next);
            }
            expect(&mut follow, "two three four").await;
        });
    }

    #[test]
    fn waits_for_a_file_that_is_missing_for_a_while() {
        run(async {
            let bed = Bed::new();
            bed.append("one");
            let mut follow = bed.follow();
            expect(&mut follow, "one").await;
            fs::remove_file(&bed.path).expect("removed");
            let (read, ()) = tokio::join!(expect(&mut follow, "two"), async {
                tokio::time::sleep(Duration::from_millis(10)).await;
                bed.append("two");
            });
            read
        });
    }

    #[test]
    fn begins_again_after_a_truncation() {
        run(async {
            let bed = Bed::new();
            bed.append("one two");
            let mut follow = bed.follow();
            expect(&mut follow, "one two").await;
            let (read, ()) = tokio::join!(expect(&mut follow, "three"), async {
                tokio::task::yield_now().await;
                File::create(&bed.path).expect("truncated");
                tokio::time::sleep(Duration::from_millis(10)).await;
                bed.append("three");
            });
            read
        });
    }

    #[test]
    fn follows_a_link_that_is_turned() {
        run(async {
            let bed = Bed::new();
            bed.append("one");
            let link = bed.path.with_extension("link");
            std::os::unix::fs::symlink(&bed.path, &link).expect("linked");
            let mut follow = bed.logs.follow(&link).expect("a log").0;
            expect(&mut follow, "one").await;
            let other = bed.path.with_extension("other");
            fs::write(&other, "two").expect("written");
            fs::remove_file(&link).expect("removed");
            std::os::unix::fs::symlink(&other, &link).expect("linked");
            expect(&mut follow, "two").await;
        });
    }

    #[test]
    fn readers_share_one_descriptor() {
        run(async {
            let bed = Bed::new();
            bed.append("one");
            let mut follows: Vec<_> = (0..200).map(|_| bed.follow()).collect();
            for follow in &mut follows {
                expect(follow, "one").await;
            }
            assert!(follows.windows(2).all(|pair| Rc::ptr_eq(&pair[0].generation, &pair[1].generation)));
            let log = Rc::downgrade(&follows[0].log);
            bed.append("two");
            for follow in &mut follows {
                expect(follow, "two").await;
            }
            drop(follows);
            assert!(log.upgrade().is_none());
        });
    }

    #[test]
    fn nothing_happens_while_nothing_is_written() {
        run(async {
            let bed = Bed::new();
            bed.append("one");
            let mut follow = bed.follow();
            expect(&mut follow, "one").await;
            let wakes = Cell::new(0);
            let quiet = poll_fn(|cx| {
                wakes.set(wakes.get() + 1);
                follow.poll_next(cx).map(drop)
            });
            let waited = tokio::time::timeout(Duration::from_millis(600), quiet).await;
            assert!(waited.is_err());
            assert!(wakes.get() <= 2, "{} wakes", wakes.get());
        });
    }

    #[test]
    fn what_is_no_file_is_no_log() {
        run(async {
            let bed = Bed::new();
            assert!(bed.logs.follow(&bed.path).is_err());
            assert!(bed.logs.follow(Path::new("/dev/null")).is_err());
        });
    }

    #[test]
    fn closing_ends_the_streams() {
        run(async {
            let bed = Bed::new();
            bed.append("one");
            let mut follow = bed.follow();
            expect(&mut follow, "one").await;
            let (end, ()) = tokio::join!(poll_fn(|cx| follow.poll_next(cx)), async { bed.logs.close() });
            assert_eq!(end, None);
        });
    }
}
