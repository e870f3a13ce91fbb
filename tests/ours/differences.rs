//! README, "Differences from supervisor": the whole list, and not a long one.

use std::fs;
use std::path::Path;

/// A faithful clone needs few; raise it together with the list.
const CEILING: usize = 40;

/// The reasons given in the compliance tests, with their files.
fn reasons() -> Vec<(String, String)> {
    let chapters = Path::new(env!("CARGO_MANIFEST_DIR")).join("compliance");
    let mut reasons = Vec::new();
    let mut folders = vec![chapters];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("the chapters").flatten() {
            if entry.path().is_dir() {
                folders.push(entry.path());
                continue;
            }
            let file = entry.file_name().display().to_string();
            let text = fs::read_to_string(entry.path()).expect("a chapter");
            let uses = text.matches("differs! {").count() + text.matches("differs!(").count();
            let found: Vec<_> =
                text.split("why: \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            assert_eq!(uses, found.len(), "{file}: each difference has one `why: \"…\"`");
            reasons.extend(found.into_iter().map(|why| (file.clone(), why.to_owned())));
        }
    }
    reasons
}

#[test]
fn deliberate_differences_are_few() {
    let reasons = reasons();
    assert!(reasons.len() <= CEILING, "{} differences: {reasons:#?}", reasons.len());
}

#[test]
fn each_difference_is_in_the_readme() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).with_file_name("README.md");
    let readme = fs::read_to_string(readme).unwrap_or_default();
    let Some((_, list)) = readme.split_once("\n## Differences from supervisor\n") else { return };
    let list = list.split("\n## ").next().unwrap_or(list);
    // A line of the list may be broken.
    let list = list.split_whitespace().collect::<Vec<_>>().join(" ");
    for (file, why) in reasons() {
        assert!(list.contains(&why), "{file}: README's \"Differences from supervisor\" does not say {why:?}");
    }
}
