//! Sections, keys and values, each with its file and line.
//!
//! Owns the store: merging of sections and files, `[DEFAULT]`, the textual `%(here)s`. rust-ini parses the canonical
//! text; a user's file never reaches it, as it knows another dialect.

use std::collections::HashMap;

use crate::budget::Budget;
use crate::dialect::{MARK, Reader, Source};
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
    /// Where a key stands; empty while there are so few that looking at each is faster.
    index: HashMap<String, usize>,
}

impl Section {
    const FEW: usize = 48;

    /// Where the entry is now.
    fn set(&mut self, entry: Entry) -> usize {
        if let Some(at) = self.position(&entry.key) {
            self.entries[at] = entry;
            return at;
        }
        self.entries.push(entry);
        if self.entries.len() > Self::FEW {
            let unknown = self.entries[self.index.len()..].iter().zip(self.index.len()..);
            self.index.extend(unknown.map(|(entry, at)| (entry.key.clone(), at)));
        }
        self.entries.len() - 1
    }

    fn position(&self, key: &str) -> Option<usize> {
        match self.entries.len() {
            ..=Self::FEW => self.entries.iter().position(|entry| entry.key == key),
            _ => self.index.get(key).copied(),
        }
    }

    /// Its own value of this key.
    pub(crate) fn get(&self, key: &str) -> Option<&Entry> {
        self.position(key).map(|at| &self.entries[at])
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
    /// Sections and entries whose `%(here)s` is to be replaced next.
    fresh: Vec<(usize, usize)>,
    /// How many sections have all values of `[DEFAULT]` that hold one.
    settled: usize,
}

/// What stands for the folder of a file.
const HERE: &str = "%(here)s";

/// What a section or a value takes besides its characters, in bytes.
const EACH: usize = 128;

impl Document {
    /// Reads a file over what is there. Later values win.
    pub(crate) fn read(
        &mut self,
        name: &str,
        bytes: Vec<u8>,
        budget: &mut Budget,
    ) -> Vec<(Reason, Option<Place>)> {
        // The text itself, where its lines begin, and its values.
        let mut fits = budget.spend(EACH + name.len() + 4 * bytes.len());
        let (source, undecodable) = Source::decode(name, bytes);
        let file = u32::try_from(self.sources.len()).unwrap_or(u32::MAX);
        let mut reader = Reader::new(&source);
        while let Some(piece) = reader.piece().filter(|_| fits) {
            match ini::Ini::load_from_str(&piece) {
                Ok(ini) => fits = self.merge(file, ini, budget),
                Err(error) => unreachable!("canonical text is well formed: {error}"),
            }
        }
        let mut problems = reader.problems(undecodable);
        problems.extend((!fits).then_some((Reason::TooLarge, None)));
        self.sources.push(source);
        problems
    }

    /// Whether the budget was enough.
    fn merge(&mut self, file: u32, ini: ini::Ini, budget: &mut Budget) -> bool {
        for (name, properties) in ini {
            let Some(name) = name else { continue };
            let (line, name) = marked(&name);
            let name = name.strip_suffix(MARK).unwrap_or(name);
            let at = match name {
                "DEFAULT" => None,
                name => Some(self.index.get(name).copied().unwrap_or_else(|| {
                    let section = Section {
                        name: name.to_owned(),
                        mark: Some(Mark { file, line }),
                        ..Section::default()
                    };
                    self.sections.push(section);
                    self.index.insert(name.to_owned(), self.sections.len() - 1);
                    self.sections.len() - 1
                })),
            };
            let mut size = 2 * (EACH + name.len());
            for (key, value) in properties {
                let (line, key) = marked(&key);
                size += EACH + key.len() + value.len();
                let here = value.contains(HERE);
                let entry = Entry { key: key.to_owned(), value, mark: Mark { file, line } };
                match at {
                    Some(at) => {
                        let entry = self.sections[at].set(entry);
                        self.fresh.extend(here.then_some((at, entry)));
                    }
                    None => {
                        self.defaults.set(entry);
                        self.settled = if here { 0 } else { self.settled };
                    }
                }
            }
            if !budget.spend(size) {
                return false;
            }
        }
        true
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
    /// `[include]`; a value of `[DEFAULT]` becomes the section's own by that. Whether the budget was enough.
    pub(crate) fn replace_here(&mut self, here: &str, budget: &mut Budget) -> bool {
        self.settle(budget)
            && std::mem::take(&mut self.fresh).into_iter().all(|(section, entry)| {
                let value = &mut self.sections[section].entries[entry].value;
                let places = value.matches(HERE).count();
                let fits = budget.spend(value.len() + places * here.len());
                if fits && places > 0 {
                    *value = value.replace(HERE, here);
                }
                fits
            })
    }

    /// Makes the values of `[DEFAULT]` that hold a `%(here)s` those of every section that has no own.
    fn settle(&mut self, budget: &mut Budget) -> bool {
        let settled = std::mem::replace(&mut self.settled, self.sections.len());
        if settled == self.sections.len() {
            return true;
        }
        let defaults = self.defaults.entries.iter().filter(|entry| entry.value.contains(HERE));
        let defaults: Vec<Entry> = defaults.cloned().collect();
        // Looking costs something, too.
        let looked = self.defaults.entries.len() + (self.sections.len() - settled) * defaults.len();
        if !budget.spend(16 * looked) {
            return false;
        }
        for (at, section) in self.sections.iter_mut().enumerate().skip(settled) {
            let missing = defaults.iter().filter(|default| section.get(&default.key).is_none());
            let missing: Vec<Entry> = missing.cloned().collect();
            let sizes = missing.iter().map(|entry| EACH + entry.key.len() + entry.value.len());
            if !budget.spend(sizes.sum()) {
                return false;
            }
            self.fresh.extend(missing.into_iter().map(|entry| (at, section.set(entry))));
        }
        true
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
        assert_eq!(document.read("a.conf", text.into(), &mut Budget::default()), []);
        document
    }

    #[test]
    fn later_values_win_and_keep_the_place_of_the_first() {
        let mut document = document("[a]\nx=1\ny=2\n[b]\n[a]\nx=3\n");
        document.read("b.conf", "[b]\n[c]\n[a]\ny=4\n".into(), &mut Budget::default());
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
        let budget = &mut Budget::default();
        assert!(document.replace_here("/one", budget));
        assert_eq!(document.read("b.conf", "[b]\n[a]\nl=%(here)s\n".into(), budget), []);
        assert!(document.replace_here("/two", budget));
        assert_eq!(document.read("c.conf", "[DEFAULT]\ne=%(here)s\nd=%(here)s/y\n[c]\n".into(), budget), []);
        assert!(document.replace_here("/three", budget));
        let value = |name: &str, key: &str| {
            let section = document.section(name).unwrap();
            document.get(section, key).map(|entry| entry.value.clone())
        };
        assert_eq!(value("a", "d").as_deref(), Some("/one/x"));
        assert_eq!(value("b", "d").as_deref(), Some("/two/x"));
        assert_eq!(value("c", "d").as_deref(), Some("/three/y"));
        assert_eq!(value("a", "e").as_deref(), Some("/three"));
        assert_eq!(value("a", "k").as_deref(), Some("%/one"));
        assert_eq!(value("a", "l").as_deref(), Some("/two"));
    }
}
