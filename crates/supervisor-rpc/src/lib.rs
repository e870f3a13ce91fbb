//! What supervisord and its clients must agree on: states, faults, names, methods, and their XML-RPC form.
//!
//! The data has no async and no sockets; only [`client`] talks to a server.

pub mod client;
pub mod fault;
pub mod info;
pub mod listener;
pub mod methods;
pub mod namespec;
pub mod state;
pub mod value;
pub mod xml;
