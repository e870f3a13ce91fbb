//! How the configuration is read again: with the words that the daemon was started with.

use std::path::PathBuf;

use supervisor_config::sections::Config;
use supervisor_config::{ConfigError, Overrides, load};

/// Everything that the configuration depends on besides its files.
#[derive(Debug, Clone)]
pub struct Reader {
    /// The main file, absolute: the original forgets where it was when it has changed its folder.
    pub file: PathBuf,
    /// What the command line said.
    pub overrides: Overrides,
    /// The environment that the daemon was started with.
    pub environment: Vec<(String, String)>,
    /// The folder that it was started in.
    pub folder: PathBuf,
}

impl Reader {
    /// Reads it.
    pub fn read(&self) -> Result<Config, ConfigError> {
        load(&self.file, &self.overrides, &self.environment, &self.folder)
    }
}
