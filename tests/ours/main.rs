//! What only this implementation promises.

mod completions;
mod configuration;
mod ctl;
mod descriptors;
mod differences;
mod disks;
mod faults;
mod first_minute;
mod hostile_clients;
mod http;
mod listeners;
mod log_files;
mod manual;
mod orphans;
mod output;
mod page;
mod processes;
mod readme;
mod rights;
mod service_manager;
mod signals_storm;
mod sockets;
