//! Which programs are tested, and where they are.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// The daemon under test is the original's.
pub fn is_theirs() -> bool {
    theirs("SUPERVISORD_UNDER_TEST")
}

/// The supervisorctl under test is the original's.
pub fn ctl_is_theirs() -> bool {
    theirs("SUPERVISORCTL_UNDER_TEST")
}

/// The tests run as root.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Ends the test here unless it runs as root: it is skipped on a developer's machine and fails where `CI` is set, so that no
/// skip is silent where it counts.
#[macro_export]
macro_rules! needs_root {
    () => {
        if !$crate::is_root() {
            assert!(std::env::var_os("CI").is_none(), "this test needs root");
            return;
        }
    };
}

/// The daemon's program.
pub fn supervisord() -> PathBuf {
    program("supervisord", is_theirs())
}

/// The client's program.
pub fn supervisorctl() -> PathBuf {
    program("supervisorctl", ctl_is_theirs())
}

/// The program that prints a sample configuration; it comes with the daemon.
pub fn echo_supervisord_conf() -> PathBuf {
    program("echo_supervisord_conf", is_theirs())
}

/// The program that passes signals on to the process in a pid file; it comes with the daemon.
pub fn pidproxy() -> PathBuf {
    program("pidproxy", is_theirs())
}

/// The folder of the daemon's program, as text.
pub(crate) fn bin() -> String {
    let folder = if is_theirs() { beside_python("") } else { ours().to_owned() };
    folder.display().to_string().trim_end_matches('/').to_owned()
}

/// A program of the original, or of ours, whichever is under test.
pub fn program(name: &str, theirs: bool) -> PathBuf {
    if theirs { beside_python(name) } else { ours().join(name) }
}

fn theirs(switch: &str) -> bool {
    match env::var(switch).as_deref() {
        Err(_) | Ok("ours") => false,
        Ok("theirs") => true,
        Ok(other) => panic!("{switch} must be `ours` or `theirs`, not `{other}`"),
    }
}

fn beside_python(name: &str) -> PathBuf {
    let Some(python) = env::var_os("SUPERVISOR_PYTHON") else {
        panic!("SUPERVISOR_PYTHON must name the interpreter of a virtual environment with supervisor==4.3.0");
    };
    let program = Path::new(&python).with_file_name(name);
    assert!(program.exists(), "there is no {}", program.display());
    program
}

/// A program of ours in the folder `examples`, built now.
///
/// # Panics
///
/// When it does not build.
pub fn built_example(package: &str, name: &str) -> PathBuf {
    let folder = ours();
    let mut cargo = cargo_build(folder);
    cargo.args(["--package", package, "--example", name]);
    assert!(cargo.status().is_ok_and(|status| status.success()), "the example {name} does not build");
    folder.join("examples").join(name)
}

/// The folder of our binaries. `cargo test` does not build the binaries of other packages, so the first test does.
fn ours() -> &'static Path {
    static FOLDER: OnceLock<Option<PathBuf>> = OnceLock::new();
    match FOLDER.get_or_init(build) {
        Some(folder) => folder,
        None => panic!("the workspace does not build: the first failure shows why"),
    }
}

fn build() -> Option<PathBuf> {
    let folder = env::current_exe().ok()?.parent()?.parent()?.to_owned();
    let built = cargo_build(&folder).args(["--workspace", "--bins"]).status().ok()?.success();
    built.then_some(folder)
}

/// `cargo build` into the folder of the running tests.
fn cargo_build(folder: &Path) -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    cargo
}
