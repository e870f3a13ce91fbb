//! `[include]`: which files, in which order, and reading them over the main one.
//!
//! Owns the patterns and the walk. glob matches single names; the walk is Python's, as that of the crate differs in
//! `**`, unclosed brackets, leading dots and `./`. Includes inside of included files are not looked at, so there are
//! no loops.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use glob::{MatchOptions, Pattern};

use crate::budget::Budget;
use crate::error::{Place, Reason};
use crate::ini::Document;
use crate::options::Remark;
use crate::python::{abspath, dirname, join};
use crate::sections::LogLevel;

/// What reading the included files gave besides their contents.
#[derive(Default)]
pub(crate) struct Included {
    pub(crate) problems: Vec<(Reason, Option<Place>)>,
    pub(crate) remarks: Vec<Remark>,
}

/// Reads the files that these patterns name, relative to `base`.
pub(crate) fn read(
    document: &mut Document,
    patterns: &[String],
    base: &str,
    budget: &mut Budget,
) -> Included {
    /// What naming a file costs, so that reading small files a million times has an end.
    const EACH: usize = 4096;
    let mut included = Included::default();
    for pattern in patterns {
        let pattern = join(base, pattern);
        let mut names = matches(&pattern, budget);
        if names.is_empty() {
            let text = format!("No file matches via include \"{pattern}\"");
            included.remarks.push(Remark { level: LogLevel::Warn, text, place: None });
        }
        let mut fits = budget.spend(EACH + pattern.len());
        names.sort_unstable();
        for name in names {
            fits = fits && budget.spend(EACH + name.len());
            if !fits {
                break;
            }
            let text = format!("Included extra file \"{name}\" during parsing");
            included.remarks.push(Remark { level: LogLevel::Info, text, place: None });
            // The original leaves out what it cannot read without a word.
            let bytes = contents(&name).unwrap_or_else(|why| {
                let text = format!("Included file \"{name}\" cannot be read: {why}");
                included.remarks.push(Remark { level: LogLevel::Warn, text, place: None });
                Vec::new()
            });
            if bytes.len() as u64 > GREATEST_FILE {
                fits = budget.spend(bytes.len());
                included.problems.push((Reason::FileTooLarge(name), None));
                continue;
            }
            included.problems.extend(document.read(&name, bytes, budget));
            fits = document.replace_here(&abspath("/", dirname(&name)), budget);
        }
        if !fits {
            included.problems.push((Reason::TooLarge, None));
            break;
        }
    }
    included
}

/// No greater file is read.
pub(crate) const GREATEST_FILE: u64 = 32 << 20;

/// Reads a file, as far as one byte too many. A FIFO without a writer is empty rather than waited for.
fn contents(name: &str) -> io::Result<Vec<u8>> {
    let file = fs::OpenOptions::new().read(true).custom_flags(nix::libc::O_NONBLOCK).open(name)?;
    let mut bytes = Vec::new();
    file.take(GREATEST_FILE + 1).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The paths that an absolute pattern matches, as Python's `glob.glob` finds them. Each name that is looked at costs
/// something, so that walking over the whole system again and again has an end.
fn matches(pattern: &str, budget: &mut Budget) -> Vec<String> {
    if !has_magic(pattern) {
        let there = match pattern.ends_with('/') {
            true => Path::new(dirname(pattern)).is_dir(),
            false => exists(pattern),
        };
        return if there { vec![pattern.to_owned()] } else { Vec::new() };
    }
    // The part without magic, and the names that follow it, last first.
    let mut names = Vec::new();
    let mut head = pattern;
    while has_magic(head) {
        names.push(&head[head.rfind('/').map_or(0, |at| at + 1)..]);
        head = dirname(head);
    }
    let mut folders = vec![head.to_owned()];
    while let Some(name) = names.pop() {
        let last = names.is_empty();
        let inner = |folder: &String| {
            let inner = step(folder, name, !last, budget);
            inner.into_iter().map(|name| join(folder, &name)).collect::<Vec<_>>()
        };
        folders = folders.iter().flat_map(inner).collect();
    }
    folders
}

/// The names in a folder that match one part of a pattern.
fn step(folder: &str, part: &str, only_folders: bool, budget: &mut Budget) -> Vec<String> {
    /// What looking at a name costs.
    const EACH: usize = 256;
    if !budget.spend(EACH + folder.len()) {
        return Vec::new();
    }
    if part.is_empty() {
        return if Path::new(folder).is_dir() { vec![String::new()] } else { Vec::new() };
    }
    if !has_magic(part) {
        return if exists(&join(folder, part)) { vec![part.to_owned()] } else { Vec::new() };
    }
    let Some(pattern) = component(part) else { return Vec::new() };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let entries = entries.flatten().take_while(|_| budget.spend(EACH));
    let wanted = entries.filter(|entry| !only_folders || entry.path().is_dir());
    let names = wanted.map(|entry| entry.file_name().to_string_lossy().into_owned());
    let visible = names.filter(|name| part.starts_with('.') || !name.starts_with('.'));
    visible.filter(|name| pattern.matches_with(name, MatchOptions::new())).collect()
}

fn has_magic(pattern: &str) -> bool {
    pattern.contains(['*', '?', '['])
}

fn exists(path: &str) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// One part of a pattern in glob's syntax: `**` means `*`, and a bracket that is never closed means itself.
fn component(part: &str) -> Option<Pattern> {
    let mut text = String::with_capacity(part.len());
    let mut rest = part;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        match c {
            '*' => {
                rest = rest.trim_start_matches('*');
                text.push('*');
            }
            '[' => match set(rest) {
                Some(end) => {
                    text.push('[');
                    text.push_str(&rest[..end]);
                    rest = &rest[end..];
                }
                None => text.push_str("[[]"),
            },
            c => text.push(c),
        }
    }
    Pattern::new(&text).ok()
}

/// The length of what is in brackets, the closing one included. The first character may be `]`.
fn set(rest: &str) -> Option<usize> {
    let start = usize::from(rest.starts_with('!'));
    let start = start + usize::from(rest[start..].starts_with(']'));
    rest[start..].find(']').map(|at| start + at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn walks_as_python_does() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path().to_str().unwrap();
        for name in
            ["a.conf", "b.conf", ".hidden.conf", "a[b", "sub/c.conf", "sub/deep/d.conf", "x]y", "-", "é"]
        {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        for (pattern, expected) in [
            ("*.conf", &["a.conf", "b.conf"][..]),
            ("**", &["-", "a.conf", "a[b", "b.conf", "sub", "x]y", "é"]),
            ("**/*.conf", &["sub/c.conf"]),
            (".*", &[".hidden.conf"]),
            ("a[b", &["a[b"]),
            ("a[[]b", &["a[b"]),
            ("x[]]y", &["x]y"]),
            ("[!a]*.conf", &["b.conf"]),
            ("[b-a].conf", &[]),
            ("[]-a].conf", &["a.conf"]),
            ("?", &["-", "é"]),
            ("sub/*/", &["sub/deep/"]),
            ("*/c.conf", &["sub/c.conf"]),
            ("sub//*.conf", &["sub/c.conf"]),
            ("./a*.conf", &["./a.conf"]),
            ("sub/", &["sub/"]),
            ("a.conf/", &[]),
            ("nothing", &[]),
        ] {
            let mut found = matches(&format!("{base}/{pattern}"), &mut Budget::default());
            found.sort();
            let expected: Vec<_> = expected.iter().map(|name| format!("{base}/{name}")).collect();
            assert_eq!(found, expected, "{pattern}");
        }
    }
}
