//! Manual.
