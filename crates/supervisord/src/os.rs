//! The one seam to the kernel.

pub mod child;
