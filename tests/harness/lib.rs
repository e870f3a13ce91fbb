//! What the tests of supervisord and supervisorctl stand on: a folder with a configuration, a daemon that runs on it, and ways to
//! ask and to wait.
//!
//! The same tests run on this implementation and on the original, chosen by two environment variables, each `ours` (the default) or
//! `theirs`: `SUPERVISORD_UNDER_TEST` and `SUPERVISORCTL_UNDER_TEST`. For `theirs`, `SUPERVISOR_PYTHON` names the interpreter of a
//! virtual environment that holds `supervisor==4.3.0`.
//!
//! ```no_run
//! use harness::TestBed;
//!
//! let bed = TestBed::new("[program:cat]\ncommand=/bin/cat\n");
//! bed.state_becomes("cat", "RUNNING");
//! assert_eq!(bed.ctl(["stop", "cat"]).stdout, "cat: stopped\n");
//! bed.logs("WARN stopped: cat (terminated by SIGTERM)");
//! ```
//!
//! A test is written against the original first, quotes the sentence of the manual that it checks, and waits for conditions, never
//! for a guessed time. The original looks at its signals and its children once a second, unless a request wakes it: all waiting
//! here asks over RPC, so it is quick on both.

mod bed;
mod browser;
mod differs;
pub mod examples;
mod kernel;
mod normal;
mod random;
mod record;
mod rpc;
mod sessions;
mod terminal;
mod under_test;
mod wait;
mod wire;

pub use bed::{Output, Setup, TestBed};
pub use browser::Browser;
pub use kernel::{Kid, Shown};
pub use random::Random;
pub use record::Record;
pub use rpc::{int, member, text};
pub use supervisor_rpc::fault::Fault;
pub use supervisor_rpc::value::Value;
pub use terminal::Terminal;
pub use under_test::{
    built_example, ctl_is_theirs, echo_supervisord_conf, is_root, is_theirs, pidproxy, program,
    supervisorctl, supervisord,
};
pub use wait::{eventually, obtain};
pub use wire::{Response, Wire};

pub use nix::sys::signal::Signal;

/// A section to add to a configuration: a listener that writes the state changes of all processes down, for [`TestBed::events`].
pub const RECORDER: &str = "\
[eventlistener:recorder]
command=/bin/sh {programs}/recorder.sh {here}
events=PROCESS_STATE

";
