//! supervisord: keeps programs running, captures their output, answers XML-RPC.

pub mod events;
pub mod http;
pub mod listener;
pub mod log;
pub mod os;
pub mod process;
pub mod repr;
pub mod rpc;
pub mod web;
