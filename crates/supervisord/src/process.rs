//! To come.

pub mod output;
