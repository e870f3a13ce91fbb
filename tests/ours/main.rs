//! What only this implementation promises.

mod completions;
mod descriptors;
mod differences;
mod disks;
mod faults;
mod log_files;
mod manual;
mod orphans;
mod output;
mod processes;
mod rights;
mod signals_storm;
mod sockets;
