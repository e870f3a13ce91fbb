//! What only this implementation promises.

mod descriptors;
mod differences;
mod log_files;
mod output;
mod processes;
mod rights;
