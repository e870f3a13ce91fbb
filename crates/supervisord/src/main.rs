//! Entry of supervisord.
fn main() {}
