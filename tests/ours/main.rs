//! What only this implementation promises.

mod differences;
mod log_files;
mod output;
mod processes;
