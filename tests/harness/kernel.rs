//! What the kernel tells about a process.

use std::fs;
use std::path::PathBuf;

use nix::unistd::Pid;

/// A process, as far as the kernel shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shown(pub Pid);

/// A child of a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kid {
    /// Its number.
    pub pid: Pid,
    /// It has ended and nobody has waited for it.
    pub is_zombie: bool,
}

impl Shown {
    fn file(self, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{name}", self.0))
    }

    fn text(self, name: &str) -> String {
        fs::read(self.file(name))
            .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
            .unwrap_or_default()
    }

    /// Its open descriptors and what they lead to, by number.
    pub fn descriptors(self) -> Vec<(u32, String)> {
        let entries = fs::read_dir(self.file("fd")).into_iter().flatten().flatten();
        let mut found: Vec<_> = entries
            .filter_map(|entry| {
                let number = entry.file_name().to_str()?.parse().ok()?;
                Some((number, fs::read_link(entry.path()).ok()?.display().to_string()))
            })
            .collect();
        found.sort();
        found
    }

    /// Its memory in use, in KiB.
    pub fn resident(self) -> u64 {
        self.status("VmRSS").trim_end_matches(" kB").parse().unwrap_or_default()
    }

    /// A line of its status (`SigBlk`, `Uid`).
    pub fn status(self, name: &str) -> String {
        let status = self.text("status");
        let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        line.unwrap_or_default().trim().to_owned()
    }

    /// The environment that it was started with.
    pub fn environment(self) -> Vec<String> {
        self.text("environ").split_terminator('\0').map(str::to_owned).collect()
    }

    /// Whether it is there, be it as a zombie.
    pub fn exists(self) -> bool {
        self.file("stat").exists()
    }

    /// Its children.
    pub fn kids(self) -> Vec<Kid> {
        let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
        entries
            .filter_map(|entry| {
                let pid = Pid::from_raw(entry.file_name().to_str()?.parse().ok()?);
                let stat = Self(pid).text("stat");
                // The name, in parentheses, may itself hold blanks and parentheses.
                let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
                let is_zombie = fields.next()? == "Z";
                (fields.next()?.parse() == Ok(self.0.as_raw())).then_some(Kid { pid, is_zombie })
            })
            .collect()
    }
}
