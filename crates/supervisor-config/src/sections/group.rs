//! Groups: `[group:x]`, and the group that each program not named in one forms by itself.

use std::rc::Rc;

use super::{Pool, Program};

/// A group and its processes.
#[derive(Debug, Clone, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Lower numbers start first and stop last.
    pub priority: i64,
    /// What it is besides a list of processes.
    pub kind: GroupKind,
    /// Its processes in the order of the configuration.
    pub programs: Vec<Rc<Program>>,
}

/// What a group is besides a list of processes.
#[derive(Debug, Clone, PartialEq)]
pub enum GroupKind {
    /// Programs.
    Programs,
    /// A pool of event listeners.
    Listeners(Pool),
}
