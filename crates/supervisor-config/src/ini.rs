//! Sections, keys and values, each with its file and line.
//!
//! Owns the store: merging of sections and files, `[DEFAULT]`, the textual `%(here)s`. rust-ini parses the canonical
//! text; a user's file never reaches it, as it knows another dialect.

use std::collections::HashMap;

use crate::dialect::{self, MARK, Source};
use crate::error::{Place, Reason};

/// Where a value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    file: u32,
    line: u32,
}

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) mark: Mark,
}

/// A section: its keys in the order in which they first appeared.
#[derive(Debug, Default)]
pub(crate) struct Section {
    pub(crate) name: String,
    pub(crate) mark: Option<Mark>,
    entries: Vec<Entry>,
    index: HashMap<String, usize>,
}

impl Section {
    fn set(&mut self, entry: Entry) {
        match self.index.get(&entry.key) {
            Some(&at) => self.entries[at] = entry,
            None => {
                self.index.insert(entry.key.clone(), self.entries.len());
                self.entries.push(entry);
            }
        }
    }

    /// Its own value of this key.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.index.get(key).map(|&at| &self.entries[at])
    }

    /// Its own values.
    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }
}

/// All files that were read, as one.
#[derive(Default)]
pub(crate) struct Document {
    sources: Vec<Source>,
    sections: Vec<Section>,
    index: HashMap<String, usize>,
    /// `[DEFAULT]`: values of every section that has no own.
    pub(crate) defaults: Section,
}

impl Document {
    /// Reads a file over what is there. Later values win.
    pub(crate) fn read(&mut self, name: &str, bytes: Vec<u8>) -> Vec<(Reason, Option<Place>)> {
        let (source, undecodable) = Source::decode(name, bytes);
        let canonical = dialect::canonical(&source, undecodable);
        let file = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        self.sources.push(source);
        let ini = ini::Ini::load_from_str(&canonical.text);
        drop(canonical.text);
        match ini {
            Ok(ini) => self.merge(file, ini),
            Err(error) => unreachable!("canonical text is well formed: {error}"),
        }
        canonical.problems
    }

    fn merge(&mut self, file: u32, ini: ini::Ini) {
        for (name, properties) in ini {
            let Some(name) = name else { continue };
            let (line, name) = marked(&name);
            let name = name.strip_suffix(MARK).unwrap_or(name);
            let mark = Mark { file, line };
            let section = match name {
                "DEFAULT" => &mut self.defaults,
                name => match self.index.get(name) {
                    Some(&at) => &mut self.sections[at],
                    None => {
                        self.index.insert(name.to_owned(), self.sections.len());
                        let section =
                            Section { name: name.to_owned(), mark: Some(mark), ..Section::default() };
                        self.sections.push(section);
                        let last = self.sections.len() - 1;
                        &mut self.sections[last]
                    }
                },
            };
            for (key, value) in properties {
                let (line, key) = marked(&key);
                section.set(Entry { key: key.to_owned(), value, mark: Mark { file, line } });
            }
        }
    }

    /// The sections in the order in which they first appeared.
    pub(crate) fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// A section by its name.
    pub(crate) fn section(&self, name: &str) -> Option<&Section> {
        self.index.get(name).map(|&at| &self.sections[at])
    }

    /// The value of a key: the section's own, or the one of `[DEFAULT]`.
    pub(crate) fn get<'a>(&'a self, section: &'a Section, key: &str) -> Option<&'a Entry> {
        section.get(key).or_else(|| self.defaults.get(key))
    }

    /// Replaces `%(here)s` in the values of all sections. The original does so, and only so, when there is an
    /// `[include]`; a value of `[DEFAULT]` becomes the section's own by that.
    pub(crate) fn replace_here(&mut self, here: &str) {
        const HERE: &str = "%(here)s";
        let defaults: Vec<Entry> =
            self.defaults.entries.iter().filter(|entry| entry.value.contains(HERE)).cloned().collect();
        for section in &mut self.sections {
            for default in &defaults {
                if section.get(&default.key).is_none() {
                    section.set(default.clone());
                }
            }
            for entry in section.entries.iter_mut().filter(|entry| entry.value.contains(HERE)) {
                entry.value = entry.value.replace(HERE, here);
            }
        }
    }

    /// The file in which a section first appeared, as the original names it.
    pub(crate) fn file_of(&self, section: &Section) -> &str {
        let file = section.mark.map_or(0, |mark| mark.file);
        self.sources.get(file as usize).map_or("", |source| &source.name)
    }

    /// Where the value at this mark is.
    pub(crate) fn value_place(&self, mark: Mark) -> Place {
        self.sources[mark.file as usize].value_place(mark.line as usize)
    }

    /// Where the key at this mark is.
    pub(crate) fn key_place(&self, mark: Mark) -> Place {
        self.sources[mark.file as usize].key_place(mark.line as usize)
    }

    /// Where the header at this mark is.
    pub(crate) fn header_place(&self, mark: Mark) -> Place {
        self.sources[mark.file as usize].place(mark.line as usize)
    }
}

/// Splits a canonical name into its line and the name.
fn marked(name: &str) -> (u32, &str) {
    let (line, name) = name.split_once(MARK).unwrap_or(("", name));
    (line.parse().unwrap_or(0), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn document(text: &str) -> Document {
        let mut document = Document::default();
        assert_eq!(document.read("a.conf", text.into()), []);
        document
    }

    #[test]
    fn later_values_win_and_keep_the_place_of_the_first() {
        let mut document = document("[a]\nx=1\ny=2\n[b]\n[a]\nx=3\n");
        document.read("b.conf", "[b]\n[c]\n[a]\ny=4\n".into());
        let names: Vec<_> = document.sections().iter().map(|section| section.name.as_str()).collect();
        assert_eq!(names, ["a", "b", "c"]);
        let a = document.section("a").unwrap();
        let values: Vec<_> = a.entries().iter().map(|entry| (&*entry.key, &*entry.value)).collect();
        assert_eq!(values, [("x", "3"), ("y", "4")]);
        assert_eq!(document.file_of(document.section("c").unwrap()), "b.conf");
        assert_eq!(document.file_of(document.section("b").unwrap()), "a.conf");
        let place = document.value_place(a.get("y").unwrap().mark);
        assert_eq!((place.file.as_str(), place.line, place.column), ("b.conf", 4, 2));
    }

    #[test]
    fn here_in_default_is_the_file_that_first_meets_it() {
        let mut document = document("[DEFAULT]\nd=%(here)s/x\n[a]\nk=%%(here)s\n");
        document.replace_here("/one");
        document.read("b.conf", "[b]\n".into());
        document.replace_here("/two");
        let value = |name: &str, key: &str| {
            let section = document.section(name).unwrap();
            document.get(section, key).map(|entry| entry.value.clone())
        };
        assert_eq!(value("a", "d").as_deref(), Some("/one/x"));
        assert_eq!(value("b", "d").as_deref(), Some("/two/x"));
        assert_eq!(value("a", "k").as_deref(), Some("%/one"));
    }
}
