//! From the text of `command` to a file and its arguments.
//!
//! Knows the words of a shell, but neither variables nor globs nor comments, as the original. Looks at the file
//! system to find the file; starts nothing.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use nix::unistd::{AccessFlags, access};
use thiserror::Error;

use crate::repr;

/// A command that can be executed as far as one can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The file.
    pub file: PathBuf,
    /// The words, the first as the user wrote it.
    pub words: Vec<String>,
}

/// Why a command cannot be executed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[expect(missing_docs, reason = "each says itself what it means")]
pub enum CommandError {
    #[error("can't find command {}", repr::text(.0))]
    NotFound(String),
    #[error("command at {} is a directory", repr::text(.0))]
    IsDirectory(String),
    #[error("command at {} is not executable", repr::text(.0))]
    NotExecutable(String),
    #[error("no permission to run command {}", repr::text(.0))]
    NoPermission(String),
    #[error("can't parse command {}: {reason}", repr::text(command))]
    Unreadable { command: String, reason: &'static str },
    #[error("command is empty")]
    Empty,
}

/// Splits a command and finds its file. `path` is searched when the first word has no slash; its first entry counts,
/// even if it cannot be executed.
pub fn resolve(command: &str, path: &str) -> Result<Command, CommandError> {
    let words =
        split(command).map_err(|reason| CommandError::Unreadable { command: command.to_owned(), reason })?;
    let Some(program) = words.first() else { return Err(CommandError::Empty) };
    let file = if program.contains('/') {
        PathBuf::from(program)
    } else {
        let found =
            path.split(':').map(|folder| PathBuf::from(folder).join(program)).find(|file| file.exists());
        found.ok_or_else(|| CommandError::NotFound(program.clone()))?
    };
    let shown = || file.to_string_lossy().into_owned();
    let Ok(metadata) = std::fs::metadata(&file) else { return Err(CommandError::NotFound(shown())) };
    if metadata.is_dir() {
        return Err(CommandError::IsDirectory(shown()));
    }
    if metadata.permissions().mode() & 0o111 == 0 {
        return Err(CommandError::NotExecutable(shown()));
    }
    if access(&file, AccessFlags::X_OK).is_err() {
        return Err(CommandError::NoPermission(shown()));
    }
    Ok(Command { file, words })
}

/// The words of a command, by the POSIX rules of Python's `shlex.split`.
fn split(text: &str) -> Result<Vec<String>, &'static str> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            ' ' | '\t' | '\r' | '\n' => words.extend(word.take()),
            '\'' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or("No closing quotation")? {
                        '\'' => break,
                        inside => word.push(inside),
                    }
                }
            }
            '"' => {
                let word = word.get_or_insert_default();
                loop {
                    match chars.next().ok_or("No closing quotation")? {
                        '"' => break,
                        '\\' => match chars.next().ok_or("No escaped character")? {
                            escaped @ ('"' | '\\') => word.push(escaped),
                            other => word.extend(['\\', other]),
                        },
                        inside => word.push(inside),
                    }
                }
            }
            '\\' => word.get_or_insert_default().push(chars.next().ok_or("No escaped character")?),
            _ => word.get_or_insert_default().push(char),
        }
    }
    words.extend(word);
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    // Each as Python's shlex.split answers.
    #[test]
    fn words_are_split_as_a_shell_splits_them() {
        for (text, words) in [
            ("a b  c", Ok(vec!["a", "b", "c"])),
            ("a 'b c' \"d e\"", Ok(vec!["a", "b c", "d e"])),
            ("a\\ b", Ok(vec!["a b"])),
            ("\"a\\\"b\\c\\\\\"", Ok(vec!["a\"b\\c\\"])),
            ("'' x", Ok(vec!["", "x"])),
            ("a'b'c", Ok(vec!["abc"])),
            ("a # b", Ok(vec!["a", "#", "b"])),
            ("a\n  b", Ok(vec!["a", "b"])),
            ("a 'b", Err("No closing quotation")),
            ("a \\", Err("No escaped character")),
            ("\"a\\", Err("No escaped character")),
            ("", Ok(vec![])),
        ] {
            let words = words.map(|words| words.into_iter().map(str::to_owned).collect::<Vec<_>>());
            assert_eq!(split(text), words, "{text}");
        }
    }

    #[test]
    fn the_first_file_of_the_path_counts() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, second) = (folder.path().join("1"), folder.path().join("2"));
        std::fs::create_dir_all(first.join("prog")).expect("a folder in the way");
        std::fs::create_dir_all(&second).expect("a folder");
        std::fs::write(second.join("prog"), "").expect("a file");
        let path = |folders: &[&PathBuf]| {
            folders.iter().map(|folder| folder.to_string_lossy().into_owned()).collect::<Vec<_>>().join(":")
        };
        let shown = |file: PathBuf| file.to_string_lossy().into_owned();
        assert_eq!(
            resolve("prog", &path(&[&first, &second])),
            Err(CommandError::IsDirectory(shown(first.join("prog"))))
        );
        assert_eq!(
            resolve("prog", &path(&[&second])),
            Err(CommandError::NotExecutable(shown(second.join("prog"))))
        );
        assert_eq!(resolve("nothing", &path(&[&second])), Err(CommandError::NotFound("nothing".to_owned())));
        assert_eq!(resolve("  ", ""), Err(CommandError::Empty));
    }
}
