//! The chapters of the manual as tests: each passes on the original and on this implementation.
//!
//! ```sh
//! cargo test -p supervisor-tests --test compliance
//! SUPERVISORD_UNDER_TEST=theirs SUPERVISORCTL_UNDER_TEST=theirs SUPERVISOR_PYTHON=…/bin/python cargo test -p supervisor-tests --test compliance
//! ```

mod process_states;
