//! The configuration of supervisord: from INI files to typed, immutable options.
//!
//! Owns every fact about the text of a configuration: its dialect, its includes, its `%(…)s` expansions, its keys,
//! their types, defaults and error sentences. Opens configuration files and nothing else: no sockets, no log files,
//! no processes, no async.

pub mod sections;

pub use sections::Config;
