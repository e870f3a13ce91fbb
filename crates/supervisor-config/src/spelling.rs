//! "Did you mean": the known name that is nearest to an unknown one.

use std::collections::HashSet;

use crate::ini::Document;
use crate::options::Remark;
use crate::sections::supervisord::IGNORED;
use crate::sections::{Kind, LogLevel, kinds};

/// More typos are not told.
const MOST: usize = 100;

/// Every key and section that nothing reads.
pub(crate) fn unknown(document: &Document) -> Vec<Remark> {
    let kinds = kinds();
    let names: Vec<HashSet<&str>> = kinds.iter().map(names).collect();
    let mut remarks = Vec::new();
    for section in document.sections() {
        if remarks.len() >= MOST {
            break;
        }
        let mut known = kinds.iter().zip(&names);
        let Some((kind, names)) = known.find(|(kind, _)| is_of_kind(&section.name, kind.name)) else {
            remarks.push(Remark {
                level: LogLevel::Warn,
                text: format!("unknown section [{}]{}", section.name, meant_section(&section.name, &kinds)),
                place: section.mark.map(|mark| document.header_place(mark)),
            });
            continue;
        };
        // The keys of a plug-in are its own.
        if kind.keys.is_empty() {
            continue;
        }
        for entry in section.entries().iter().filter(|entry| !names.contains(entry.key.as_str())) {
            if document.defaults.get(&entry.key).is_some() || remarks.len() >= MOST {
                continue;
            }
            let meant = nearest(&entry.key, kind.keys.iter().map(|key| key.name))
                .map_or_else(String::new, |name| format!(", did you mean \"{name}\"?"));
            remarks.push(Remark {
                level: LogLevel::Warn,
                text: format!("unknown key \"{}\" in section [{}]{meant}", entry.key, section.name),
                place: Some(document.key_place(entry.mark)),
            });
        }
    }
    remarks
}

fn names(kind: &Kind) -> HashSet<&'static str> {
    kind.keys.iter().map(|key| key.name).chain(IGNORED.iter().copied()).collect()
}

/// Servers may have anything behind their name, sections with a name need its colon, the others stand alone.
fn is_of_kind(section: &str, kind: &str) -> bool {
    match kind.ends_with("_server") || kind.ends_with(':') {
        true => section.starts_with(kind),
        false => section == kind,
    }
}

fn meant_section(section: &str, kinds: &[Kind]) -> String {
    let (kind, name) = match section.split_once(':') {
        Some((kind, name)) => (kind, Some(name.trim())),
        None => (section, None),
    };
    let wanted = |kind: &&Kind| kind.name.ends_with(':') == name.is_some();
    let known = kinds.iter().filter(wanted).map(|kind| kind.name.trim_end_matches(':'));
    match (nearest(&kind.trim().to_lowercase(), known), name) {
        (Some(kind), Some(name)) => format!(", did you mean [{kind}:{name}]?"),
        (Some(kind), None) => format!(", did you mean [{kind}]?"),
        (None, _) => String::new(),
    }
}

/// The nearest of these names, if it is near: one slip in three letters at most.
fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let length = name.chars().count();
    let most = (length / 3).clamp(1, 3);
    known
        .into_iter()
        .filter(|one| one.len().abs_diff(length) <= most)
        .map(|one| (strsim::osa_distance(name, one), one))
        .filter(|&(distance, _)| distance <= most)
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, one)| one)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_nearest_name_or_none() {
        let known = ["autostart", "autorestart", "startsecs", "user"];
        for (name, meant) in [
            ("autorestar", Some("autorestart")),
            ("auto_start", Some("autostart")),
            ("strat_secs", Some("startsecs")),
            ("uesr", Some("user")),
            ("x", None),
            ("something", None),
        ] {
            assert_eq!(nearest(name, known), meant, "{name}");
        }
    }
}
