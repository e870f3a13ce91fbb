//! The chapters of the manual as tests: each passes on the original and on this implementation.
//!
//! ```sh
//! cargo test -p supervisor-tests --test compliance
//! SUPERVISORD_UNDER_TEST=theirs SUPERVISORCTL_UNDER_TEST=theirs SUPERVISOR_PYTHON=…/bin/python cargo test -p supervisor-tests --test compliance
//! ```

mod clock;
mod command_lines;
mod configuration;
mod ctl;
mod events;
mod examples;
mod fcgi;
mod groups;
mod http;
mod output;
mod process_states;
mod reload;
mod restarting;
mod rotation;
mod running;
mod shell;
mod signals;
mod spawning;
mod stopping;
mod syslog;
mod web;
mod xmlrpc;
