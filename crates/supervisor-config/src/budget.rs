//! How much a configuration may grow to.
//!
//! Owns the one number that files, includes, expansions and `numprocs` draw from, so that none of them can hurt the
//! machine. Does not know who draws, nor what is told when nothing is left.

/// Bytes that are left: enough for any configuration that is meant.
pub(crate) struct Budget(usize);

impl Default for Budget {
    fn default() -> Self {
        Self(256 << 20)
    }
}

impl Budget {
    /// What is left.
    pub(crate) fn rest(&self) -> usize {
        self.0
    }

    /// Takes so many bytes; false if there are not as many, and then none are left for anybody else either.
    pub(crate) fn spend(&mut self, bytes: usize) -> bool {
        let rest = self.0.checked_sub(bytes);
        self.0 = rest.unwrap_or(0);
        rest.is_some()
    }
}
