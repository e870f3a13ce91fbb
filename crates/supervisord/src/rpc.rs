//! The way from a connection to the supervisor and back.
//!
//! A connection owns a [`Handle`]; the event loop receives [`Call`]s and answers each when it can, which may be much
//! later (`wait=True`). Nothing here knows HTTP or XML.

use std::borrow::Cow;
use std::path::PathBuf;

use supervisor_rpc::fault::Fault;
use supervisor_rpc::info::{ProcessInfo, StatusInfo};
use supervisor_rpc::value::Value;
use tokio::sync::{mpsc, oneshot};

mod logs;
mod supervisor;
pub mod system;

/// A question to the supervisor and where its answer goes.
#[derive(Debug)]
pub struct Call {
    /// The question.
    pub ask: Ask,
    /// Dropped when nobody waits any more.
    pub reply: oneshot::Sender<Answer>,
}

/// A question to the supervisor.
#[derive(Debug)]
pub enum Ask {
    /// A `supervisor.*` method.
    Method {
        /// Full name, such as `supervisor.getState`.
        name: &'static str,
        /// Its parameters.
        params: Vec<Value>,
    },
    /// `supervisor.getAllProcessInfo` as a document. It is what is asked for most and the longest, so it is written while
    /// the processes are looked at.
    Processes(Writer),
    /// Where a process logs to, for `/logtail/…`.
    LogPath {
        /// As given by the user: `group:process` or `process`.
        namespec: String,
        /// stderr instead of stdout.
        stderr: bool,
    },
    /// Where the daemon logs to, for `/mainlogtail`.
    MainLogPath,
}

/// A process as it is told, with texts that are lent.
pub type Told<'a> = ProcessInfo<Cow<'a, str>>;

/// Writes processes in the form that is wanted.
pub struct Writer(pub Box<Write>);

type Write = dyn FnOnce(&mut dyn Iterator<Item = Told<'_>>) -> String;

impl std::fmt::Debug for Writer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Writer")
    }
}

/// The answer to an [`Ask`].
#[derive(Debug)]
pub enum Answer {
    /// What a method returned.
    Value(Value),
    /// What it refused with.
    Fault(Fault),
    /// What a [`Writer`] wrote.
    Written(String),
    /// The answer to `LogPath` and `MainLogPath`; `None`: no such process, or it has no log.
    Path(Option<PathBuf>),
}

/// Asks the supervisor.
#[derive(Debug, Clone)]
pub struct Handle(mpsc::Sender<Call>);

/// The supervisor is gone: the daemon is ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gone;

impl Handle {
    /// A handle and the other end of it. At most `limit` calls wait for the supervisor's attention.
    pub fn new(limit: usize) -> (Self, mpsc::Receiver<Call>) {
        let (sender, receiver) = mpsc::channel(limit);
        (Self(sender), receiver)
    }

    /// Asks, and waits for the answer.
    pub async fn ask(&self, ask: Ask) -> Result<Answer, Gone> {
        let (reply, answer) = oneshot::channel();
        self.0.send(Call { ask, reply }).await.map_err(|_| Gone)?;
        answer.await.map_err(|_| Gone)
    }
}

impl Answer {
    /// What a method came to, as a value. Neither a document nor a path is one.
    pub fn into_result(self) -> Result<Result<Value, Fault>, Gone> {
        match self {
            Self::Value(value) => Ok(Ok(value)),
            Self::Fault(fault) => Ok(Err(fault)),
            Self::Written(_) | Self::Path(_) => Err(Gone),
        }
    }
}

impl From<Result<Value, Fault>> for Answer {
    fn from(outcome: Result<Value, Fault>) -> Self {
        match outcome {
            Ok(value) => Self::Value(value),
            Err(fault) => Self::Fault(fault),
        }
    }
}

/// The answer of a method over several processes.
pub(crate) fn status_list(results: &[StatusInfo]) -> Value {
    supervisor::to_value(results)
}
