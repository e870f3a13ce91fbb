//! Names with `*`, `?` or `[…]`, for names that no program has.

use glob::Pattern;
use supervisor_rpc::info::ProcessInfo;
use supervisor_rpc::namespec::{self, Namespec};

/// Whether a name may be a pattern. `group:*` is none: it is the group.
pub(crate) fn may_be_pattern(name: &str) -> bool {
    let (pattern, rest) = name.split_once(':').unwrap_or((name, ""));
    has_wildcard(pattern) || (rest != "*" && has_wildcard(rest))
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?', '['])
}

/// The names that a list of names stands for. A pattern without colon means names of processes, whatever their group; a
/// name that matches nothing stays as it is.
pub(crate) fn expand(names: &[String], infos: &[ProcessInfo]) -> Vec<String> {
    expand_by(names, |name| {
        let named = Namespec::parse(name);
        let literal = infos.iter().any(|info| named.includes(&info.group, &info.name));
        if literal {
            return Vec::new();
        }
        let matching: Vec<&ProcessInfo> = match (name.split_once(':'), pattern(named.group)) {
            (None, Some(process)) => infos.iter().filter(|info| process.matches(&info.name)).collect(),
            (Some(_), Some(group)) => {
                let process = named.process.map(pattern);
                let process_matches = |info: &ProcessInfo| match &process {
                    None => true,
                    Some(Some(process)) => process.matches(&info.name),
                    Some(None) => false,
                };
                infos.iter().filter(|info| group.matches(&info.group) && process_matches(info)).collect()
            }
            (_, None) => Vec::new(),
        };
        matching.into_iter().map(|info| namespec::show(&info.group, &info.name)).collect()
    })
}

/// The same for names of groups.
pub(crate) fn expand_groups(names: &[String], groups: &[String]) -> Vec<String> {
    expand_by(names, |name| match pattern(name) {
        Some(pattern) if !groups.iter().any(|group| group == name) => {
            groups.iter().filter(|group| pattern.matches(group)).cloned().collect()
        }
        _ => Vec::new(),
    })
}

fn expand_by(names: &[String], matching: impl Fn(&str) -> Vec<String>) -> Vec<String> {
    let mut expanded = Vec::with_capacity(names.len());
    for name in names {
        let found = if may_be_pattern(name) { matching(name) } else { Vec::new() };
        if found.is_empty() {
            expanded.push(name.clone());
        }
        for name in found {
            // `a* *b` names some twice.
            if !expanded.contains(&name) {
                expanded.push(name);
            }
        }
    }
    expanded
}

/// What is no pattern matches nothing.
fn pattern(text: &str) -> Option<Pattern> {
    Pattern::new(text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn infos() -> Vec<ProcessInfo> {
        let names = ["db:db", "web:web-0", "web:web-1", "web2:web-0", "we*:we*"];
        names.iter().filter_map(|name| name.split_once(':')).map(|(group, name)| info(group, name)).collect()
    }

    fn info(group: &str, name: &str) -> ProcessInfo {
        let value = supervisor_rpc::value::Value::Struct(
            [("name", name), ("group", group), ("statename", ""), ("spawnerr", ""), ("logfile", "")]
                .into_iter()
                .chain([("stdout_logfile", ""), ("stderr_logfile", ""), ("description", "")])
                .map(|(key, text)| (key.to_owned(), text.into()))
                .chain(
                    ["start", "stop", "now", "state", "exitstatus", "pid"]
                        .map(|key| (key.to_owned(), 0.into())),
                )
                .collect(),
        );
        supervisor_rpc::value::from_value(value).expect("complete")
    }

    #[test]
    fn patterns_become_the_names_that_they_match() {
        for (name, expected) in [
            ("d*", "db"),
            ("web-*", "web:web-0 web:web-1 web2:web-0"),
            ("web:*-1", "web:web-1"),
            ("web?:*", "web2:web-0"),
            ("web*:web-0", "web:web-0 web2:web-0"),
            ("web-[1-9]", "web:web-1"),
            ("web:*", "web:*"),
            ("web:", "web:"),
            ("nope-*", "nope-*"),
            ("db", "db"),
            ("we*", "we*"),
            ("we*:*", "we*:*"),
            ("a[", "a["),
        ] {
            assert_eq!(expand(&[name.to_owned()], &infos()).join(" "), expected, "{name}");
        }
    }

    #[test]
    fn a_name_is_not_repeated_by_a_second_pattern() {
        let names = ["web-*", "*-0"].map(String::from);
        assert_eq!(expand(&names, &infos()), ["web:web-0", "web:web-1", "web2:web-0"]);
    }

    #[test]
    fn groups_are_matched_by_their_names() {
        let groups = ["db", "web", "web2"].map(String::from);
        let expanded = |name: &str| expand_groups(&[name.to_owned()], &groups).join(" ");
        assert_eq!(expanded("web*"), "web web2");
        assert_eq!(expanded("x*"), "x*");
    }
}
