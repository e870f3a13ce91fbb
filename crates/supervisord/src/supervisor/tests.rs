//! Whole histories of a supervisor with a kernel that exists on paper: no process, no clock.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::{Duration, Instant, SystemTime};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::unistd::pipe2;
use supervisor_config::Overrides;
use supervisor_config::sections::{
    Autorestart, Channel, Config, Group, GroupKind, LogLevel, LogTarget, Program, ServerUrl, Signal,
    Supervisord,
};
use supervisor_rpc::fault::{Code, Fault};
use supervisor_rpc::state::ProcessState;
use supervisor_rpc::value::Value;
use tokio::sync::oneshot;

use super::*;
use crate::os::{Exit, SpawnError, SpawnSpec, Spawned};
use crate::rpc::{Answer, Ask};

/// A script of answers and a list of calls.
#[derive(Debug, Default)]
struct Paper {
    next: Pid,
    /// What the children write to: the other ends of the daemon's pipes.
    ends: RefCell<Vec<(Pid, OwnedFd)>>,
    dead: VecDeque<(Pid, Exit)>,
    killed: Vec<(Target, i32)>,
    refuse_kill: Option<Errno>,
    refuse_spawn: Option<SpawnError>,
    /// Whatever is started has ended before anybody looks.
    end_at_once: bool,
    /// The other end of the standard input of the first process.
    heard: Option<std::fs::File>,
    /// The first process says yes to an event whenever another is started.
    answers: bool,
}

impl Paper {
    /// The first process says something.
    fn say(&self, words: &[u8]) {
        let ends = self.ends.borrow();
        let (_, end) = ends.iter().find(|(pid, _)| *pid == 1).expect("it runs");
        let mut end = std::fs::File::from(end.try_clone().expect("another handle"));
        end.write_all(words).expect("there is room");
    }
}

impl Os for Paper {
    fn spawn(&mut self, spec: &SpawnSpec<'_>) -> Result<Spawned, SpawnError> {
        if let Some(error) = self.refuse_spawn {
            return Err(error);
        }
        assert!(!spec.argv.is_empty());
        self.next += 1;
        let pipe = || pipe2(OFlag::O_CLOEXEC).expect("a pipe");
        let (stdout, theirs) = pipe();
        fcntl(&stdout, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).expect("non-blocking");
        self.ends.borrow_mut().push((self.next, theirs));
        if self.end_at_once {
            self.dead.push_back((self.next, Exit::Status(0)));
        }
        if self.answers {
            self.say(b"RESULT 2\nOKREADY\n");
        }
        let stdin = (self.next == 1).then(|| {
            let (theirs, stdin) = pipe();
            self.heard = Some(theirs.into());
            stdin
        });
        Ok(Spawned { pid: self.next, stdin, stdout, stderr: None })
    }

    fn kill(&mut self, target: Target, signal: i32) -> Result<(), Errno> {
        self.killed.push((target, signal));
        self.refuse_kill.map_or(Ok(()), Err)
    }

    fn reap(&mut self) -> Option<(Pid, Exit)> {
        self.dead.pop_front()
    }
}

fn channel(logfile: LogTarget) -> Channel {
    Channel {
        logfile,
        maxbytes: 0,
        backups: 0,
        capture_maxbytes: 0,
        events_enabled: false,
        syslog: false,
        mode: None,
        owner: None,
    }
}

fn program(name: &str) -> Program {
    Program {
        name: name.to_owned(),
        command: "/bin/true".to_owned(),
        priority: 999,
        autostart: true,
        autorestart: Autorestart::Unexpected,
        startsecs: 1,
        startretries: 3,
        exitcodes: Rc::from([0]),
        stopsignal: Signal(libc::SIGTERM),
        stopwaitsecs: 10,
        stopasgroup: false,
        killasgroup: false,
        uid: None,
        umask: None,
        no_new_privs: false,
        directory: None,
        environment: Rc::from([]),
        redirect_stderr: true,
        stdout: channel(LogTarget::None),
        stderr: channel(LogTarget::None),
        serverurl: ServerUrl::Auto,
        socket: None,
    }
}

fn group(name: &str, priority: i64, programs: Vec<Program>) -> Rc<Group> {
    let programs = programs.into_iter().map(Rc::new).collect();
    Rc::new(Group { name: name.to_owned(), priority, kind: GroupKind::Programs, programs })
}

/// A supervisor, its kernel, and a clock that is moved by hand.
struct World {
    supervisor: Supervisor,
    os: Paper,
    now: Now,
}

impl World {
    fn new(groups: Vec<Rc<Group>>) -> Self {
        let supervisord = Supervisord {
            logfile: None,
            logfile_maxbytes: 0,
            logfile_backups: 0,
            loglevel: LogLevel::Info,
            pidfile: PathBuf::new(),
            umask: 0o22,
            nodaemon: true,
            silent: true,
            minfds: 0,
            minprocs: 0,
            nocleanup: true,
            childlogdir: PathBuf::new(),
            user: None,
            directory: None,
            strip_ansi: false,
            environment: Vec::new(),
            identifier: "supervisor".to_owned(),
            logfile_mode: None,
            logfile_owner: None,
        };
        let config = Config {
            file: PathBuf::new(),
            supervisord,
            http_servers: Vec::new(),
            rpcinterfaces: Vec::new(),
            groups,
            notices: Vec::new(),
            typos: Vec::new(),
        };
        let reader = Reader {
            file: PathBuf::from("/nonexistent"),
            overrides: Overrides::default(),
            environment: Vec::new(),
            folder: PathBuf::from("/"),
        };
        let around = Surroundings {
            reader,
            server_url: None,
            environment: Vec::new(),
            path: String::new(),
            descriptors: None,
            limits: Limits { descriptors: 1 << 20, processes: 1 << 20 },
            serial: Serial::default(),
        };
        let now = Now { mono: Instant::now(), wall: SystemTime::now() };
        let pipes = Pipes::new().expect("an epoll set");
        let supervisor = Supervisor::new(Rc::new(config), around, pipes, &now).expect("a supervisor");
        let mut world = Self { supervisor, os: Paper::default(), now };
        world.supervisor.begin(&world.now, &mut world.os);
        world
    }

    fn handle(&mut self, input: Input) {
        self.supervisor.handle(input, &self.now, &mut self.os);
    }

    fn later(&mut self, pause: Duration) {
        self.now = Now { mono: self.now.mono + pause, wall: self.now.wall + pause };
        self.handle(Input::Time);
    }

    fn dies(&mut self, pid: Pid, exit: Exit) {
        self.os.ends.borrow_mut().retain(|(owner, _)| *owner != pid);
        self.os.dead.push_back((pid, exit));
        self.handle(Input::Children);
    }

    fn process(&self, name: &str) -> &Process {
        self.supervisor.processes.values().find(|process| process.name() == name).expect("it exists")
    }

    fn state(&self, name: &str) -> ProcessState {
        self.process(name).state()
    }

    fn call(&mut self, method: &'static str, params: Vec<Value>) -> oneshot::Receiver<Answer> {
        let (reply, answer) = oneshot::channel();
        let ask = Ask::Method { name: method, params };
        self.handle(Input::Call(Call { ask, reply }));
        answer
    }
}

fn answered(answer: &mut oneshot::Receiver<Answer>) -> Option<Result<Value, Fault>> {
    answer.try_recv().ok()?.into_result().ok()
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn what_stays_up_is_running_and_what_has_ended_meanwhile_is_not() {
    let mut world = World::new(vec![group("a", 1, vec![program("a")]), group("b", 1, vec![program("b")])]);
    assert_eq!(world.state("a"), ProcessState::Starting);
    // b has ended, which nobody has noticed when its time is over: the original shows it as RUNNING.
    world.os.dead.push_back((2, Exit::Status(0)));
    world.later(SECOND - Duration::from_millis(1));
    assert_eq!((world.state("a"), world.state("b")), (ProcessState::Starting, ProcessState::Backoff));
    world.later(Duration::from_millis(1));
    assert_eq!(world.state("a"), ProcessState::Running);
}

#[test]
fn an_idle_supervisor_waits_for_nothing() {
    let mut world = World::new(vec![group("a", 1, vec![program("a")])]);
    world.later(SECOND);
    assert_eq!(world.supervisor.deadline(&world.now), None);
}

#[test]
fn an_unexpected_end_is_followed_by_a_start_at_once() {
    let mut world = World::new(vec![group("a", 1, vec![program("a")])]);
    world.later(SECOND);
    world.dies(1, Exit::Signal { number: libc::SIGKILL, core: false });
    assert_eq!((world.state("a"), world.process("a").pid), (ProcessState::Starting, Some(2)));
    world.later(SECOND);
    world.dies(2, Exit::Status(0));
    assert_eq!((world.state("a"), world.process("a").pid), (ProcessState::Exited, None));
}

// Observed: groups stop one after the other, the highest priority number first, each when the one before has ended.
#[test]
fn groups_end_in_the_opposite_order_of_their_start() {
    let mut world = World::new(vec![group("a", 1, vec![program("a")]), group("b", 2, vec![program("b")])]);
    world.later(SECOND);
    world.handle(Input::End(libc::SIGTERM));
    assert_eq!((world.state("a"), world.state("b")), (ProcessState::Running, ProcessState::Stopping));
    world.dies(2, Exit::Status(0));
    assert_eq!(world.state("a"), ProcessState::Stopping);
    assert!(world.supervisor.outcome().is_none());
    world.later(SECOND * 10);
    assert_eq!(world.os.killed.last(), Some(&(Target::Process(1), libc::SIGKILL)));
    world.dies(1, Exit::Signal { number: libc::SIGKILL, core: false });
    assert!(matches!(world.supervisor.outcome(), Some(Outcome::End)));
}

// The original stops everything first, and ends when it cannot read its configuration.
#[test]
fn a_restart_with_a_configuration_that_cannot_be_read_changes_nothing() {
    let mut world = World::new(vec![group("a", 1, vec![program("a")])]);
    world.later(SECOND);
    world.handle(Input::Restart);
    assert_eq!(
        (world.state("a"), world.supervisor.state()),
        (ProcessState::Running, SupervisorState::Running)
    );
}

#[test]
fn callers_wait_until_it_is_done() {
    let mut world = World::new(vec![group("a", 1, vec![program("a")])]);
    let mut stop = world.call("supervisor.stopProcess", vec!["a".into()]);
    assert_eq!(answered(&mut stop), None);
    world.dies(1, Exit::Signal { number: libc::SIGTERM, core: false });
    assert_eq!(answered(&mut stop), Some(Ok(true.into())));
    let mut start = world.call("supervisor.startProcess", vec!["a".into()]);
    assert_eq!(answered(&mut start), None);
    world.later(SECOND);
    assert_eq!(answered(&mut start), Some(Ok(true.into())));
    let mut again = world.call("supervisor.startProcess", vec!["a".into()]);
    assert_eq!(answered(&mut again), Some(Err(Code::AlreadyStarted.with("a"))));
}

// Observed: a process whose signal cannot be sent is UNKNOWN. The original dies when it is reaped.
#[test]
fn what_is_unknown_recovers_when_it_is_reaped() {
    let mut world = World::new(vec![group("a", 1, vec![program("a")])]);
    world.later(SECOND);
    world.os.refuse_kill = Some(Errno::EPERM);
    let mut stop = world.call("supervisor.stopProcess", vec!["a".into()]);
    assert!(matches!(answered(&mut stop), Some(Err(fault)) if fault.code == Code::Failed.number()));
    assert_eq!(world.state("a"), ProcessState::Unknown);
    world.dies(1, Exit::Status(0));
    assert_eq!(world.state("a"), ProcessState::Stopped);
}

#[test]
fn what_cannot_be_started_says_why() {
    let mut world = World::new(vec![group("a", 1, vec![program("a")])]);
    world.later(SECOND);
    world.os.refuse_spawn = Some(SpawnError::Fork(Errno::EAGAIN));
    world.dies(1, Exit::Status(1));
    let text = "Too many processes in process table to spawn 'a'";
    assert_eq!(
        (world.state("a"), world.process("a").spawnerr.as_deref()),
        (ProcessState::Backoff, Some(text))
    );
}

// What a child wrote before its end is in its log before its end is told; what a grandchild writes later comes later.
#[test]
fn output_is_complete_before_the_end_and_goes_on_after_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().join("log");
    let mut chatty = program("a");
    chatty.stdout = channel(LogTarget::File(log.clone()));
    chatty.autorestart = Autorestart::Never;
    let mut world = World::new(vec![group("a", 1, vec![chatty])]);
    world.later(SECOND);
    let (_, end) = world.os.ends.borrow_mut().pop().expect("its end");
    let mut grandchild = std::fs::File::from(end);
    grandchild.write_all(b"one\n").expect("the pipe takes it");
    world.os.dead.push_back((1, Exit::Status(0)));
    world.handle(Input::Children);
    assert_eq!(world.state("a"), ProcessState::Exited);
    let read = || std::fs::read_to_string(&log).expect("a log");
    assert_eq!(read(), "one\n");
    grandchild.write_all(b"two\n").expect("somebody reads");
    let ready = world.supervisor.pipes.ready();
    world.handle(Input::Pipes(ready));
    assert_eq!(read(), "one\ntwo\n");
    drop(grandchild);
    let ready = world.supervisor.pipes.ready();
    world.handle(Input::Pipes(ready));
    assert!(world.supervisor.pipes.is_empty());
}

#[test]
fn programs_that_end_faster_than_they_are_reaped_do_not_hold_up_the_rest() {
    let mut quick = program("a");
    (quick.startsecs, quick.autorestart) = (0, Autorestart::Always);
    let mut world = World::new(vec![group("a", 1, vec![quick])]);
    world.os.end_at_once = true;
    world.dies(1, Exit::Status(0));
    assert_eq!((world.process("a").pid, world.os.dead.len()), (Some(2), 1));
    world.handle(Input::Children);
    assert_eq!(world.process("a").pid, Some(3));
}

#[test]
fn listeners_hear_of_each_end_while_many_programs_end_together() {
    let mut listener = program("l");
    listener.startsecs = 0;
    let options = sections::Pool { events: vec![EventType::ProcessStateExited], buffer_size: 10 };
    let (priority, kind) = (-1, GroupKind::Listeners(options));
    let pool = Rc::new(Group { name: "l".to_owned(), priority, kind, programs: vec![Rc::new(listener)] });
    let quick = ["a", "b", "c", "d"].map(|name| {
        let mut quick = program(name);
        (quick.startsecs, quick.autorestart) = (0, Autorestart::Always);
        quick
    });
    let mut world = World::new(vec![pool, group("quick", 1, quick.to_vec())]);
    world.os.say(b"READY\n");
    let ready = world.supervisor.pipes.ready();
    world.handle(Input::Pipes(ready));
    world.os.answers = true;
    world.os.ends.borrow_mut().retain(|(owner, _)| *owner == 1);
    world.os.dead.extend((2..=5).map(|pid| (pid, Exit::Status(0))));
    world.handle(Input::Children);
    let mut heard = [0; 4096];
    let count = world.os.heard.as_mut().expect("a listener").read(&mut heard).expect("it was told");
    let heard = String::from_utf8_lossy(&heard[..count]);
    let names = heard.lines().filter_map(|line| line.strip_prefix("processname:")?.split(' ').next());
    assert_eq!(names.map(|name| &name[..1]).collect::<String>(), "abcd");
}

// The number of a child that has been waited for may be the next child's.
#[test]
fn a_number_that_is_used_again_is_the_new_process() {
    let mut world = World::new(vec![group("a", 1, vec![program("a")]), group("b", 2, vec![program("b")])]);
    world.later(SECOND);
    world.os.next = 1;
    world.os.dead.push_back((1, Exit::Status(1)));
    world.os.dead.push_back((2, Exit::Status(0)));
    world.handle(Input::Children);
    assert_eq!((world.state("a"), world.process("a").pid), (ProcessState::Starting, Some(2)));
    assert_eq!((world.state("b"), world.process("b").pid), (ProcessState::Exited, None));
}

// As process.py, _check_and_adjust_for_system_clock_rollback(), which there repairs what here cannot break.
#[test]
fn no_jump_of_the_clock_changes_a_deadline() {
    const DAY: Duration = Duration::from_secs(86_400);
    let mut stubborn = program("c");
    stubborn.startsecs = 0;
    let programs = vec![program("a"), program("b"), stubborn];
    let mut world = World::new(vec![group("a", 1, programs)]);
    world.dies(2, Exit::Status(1));
    drop(world.call("supervisor.stopProcess", vec!["a:c".into(), false.into()]));
    let states = |world: &World| ["a", "b", "c"].map(|name| world.state(name));
    let before = [ProcessState::Starting, ProcessState::Backoff, ProcessState::Stopping];
    assert_eq!(states(&world), before);
    let deadline = world.supervisor.deadline(&world.now);
    for wall in [world.now.wall - DAY, world.now.wall + DAY] {
        world.now.wall = wall;
        world.handle(Input::Time);
        assert_eq!((states(&world), world.supervisor.deadline(&world.now)), (before, deadline));
        // A process that was started in the future has not been up for less than no time.
        assert!(!world.process("a").info(&world.now).description.contains('-'));
    }
    world.later(SECOND);
    assert_eq!(states(&world), [ProcessState::Running, ProcessState::Starting, ProcessState::Stopping]);
    world.later(SECOND * 9);
    assert_eq!(world.os.killed.last(), Some(&(Target::Process(3), libc::SIGKILL)));
}
