//! Prints a configuration that shows everything a configuration can say. Arguments are ignored, as the original does.

use std::io::{Write, stdout};

fn main() {
    // Who closes the pipe early has read enough.
    let _ = stdout().write_all(include_bytes!("sample.conf"));
}
