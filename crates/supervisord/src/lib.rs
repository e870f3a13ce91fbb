//! supervisord: keeps programs running, captures their output, answers XML-RPC.

pub mod cli;
pub mod clock;
pub mod event_loop;
pub mod events;
pub mod group;
pub mod http;
pub mod limits;
pub mod listener;
pub mod log;
pub mod os;
pub mod pipes;
pub mod process;
pub mod reader;
pub mod repr;
pub mod rpc;
pub mod signals;
pub mod startup;
pub mod supervisor;
pub mod web;

/// The version that `-v` prints and `getSupervisorVersion` answers: that of the original whose place we take, as clients
/// compare it.
pub const VERSION: &str = "4.3.0";
