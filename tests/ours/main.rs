//! What only this implementation promises.

mod differences;
