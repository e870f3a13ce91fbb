//! Names of processes: `process`, `group:process`, `group:*`.

/// What a name given by a user means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Namespec<'a> {
    /// The group.
    pub group: &'a str,
    /// The process; `None`: the whole group.
    pub process: Option<&'a str>,
}

impl<'a> Namespec<'a> {
    /// Splits at the first colon. Without one, group and process have the same name; `group:` and `group:*` are the group.
    pub fn parse(text: &'a str) -> Self {
        match text.split_once(':') {
            None => Self { group: text, process: Some(text) },
            Some((group, "" | "*")) => Self { group, process: None },
            Some((group, process)) => Self { group, process: Some(process) },
        }
    }

    /// Whether it means this process, alone or with its group.
    pub fn includes(&self, group: &str, process: &str) -> bool {
        self.group == group && self.process.is_none_or(|named| named == process)
    }
}

/// How a process is shown: `name` when its group has the same name, else `group:name`.
pub fn show(group: &str, process: &str) -> String {
    if group == process { process.to_owned() } else { format!("{group}:{process}") }
}
