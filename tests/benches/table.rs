//! The table: a row for each figure, the samples of both, and what is printed of them.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;

use crate::daemon::Side;

/// All figures, in the order in which they were first told.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    name: String,
    unit: &'static str,
    samples: BTreeMap<Side, Vec<f64>>,
}

impl Row {
    fn median(&self, side: Side) -> Option<f64> {
        let mut sorted = self.samples.get(&side)?.clone();
        sorted.sort_by(f64::total_cmp);
        Some(sorted[sorted.len() / 2])
    }

    /// Ours, as a part or a multiple of the original's.
    fn ratio(&self) -> Option<f64> {
        let (ours, theirs) = self.median(Side::Ours).zip(self.median(Side::Theirs))?;
        (theirs != 0.0).then(|| ours / theirs)
    }

    /// More of it is better.
    fn is_rate(&self) -> bool {
        self.unit.ends_with("/s")
    }
}

/// A table that was printed once: of each row, what the original came to and the ratio.
#[derive(Debug)]
pub(crate) struct Published(BTreeMap<String, (f64, f64)>);

impl Published {
    /// Reads the table from a text in Markdown.
    pub(crate) fn read(file: &str) -> Self {
        // Benchmarks run in the folder of their package.
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let rows = text.lines().map(|line| line.split('|').map(str::trim).collect::<Vec<_>>());
        let mut rows = rows.skip_while(|row| !row.contains(&RATIO));
        let titles = rows.next().expect("a table with ratios");
        let column = |title| titles.iter().position(|other| *other == title).expect("a column");
        let (theirs, ratio) = (column(ORIGINAL), column(RATIO));
        let figures = |row: Vec<&str>| {
            let number = |column: usize| row.get(column)?.parse::<f64>().ok();
            Some((row.get(1)?.to_string(), (number(theirs)?, number(ratio)?)))
        };
        Self(rows.map_while(|row| (row.len() > ratio).then(|| figures(row))).flatten().collect())
    }

    /// The rows whose ratio is more than twice as bad.
    ///
    /// Where the original itself is that far from what it was, there is nothing to compare with: it ends in whole ticks of a
    /// second, once in none and once in one. Percentiles of a short run say too little.
    pub(crate) fn worse(&self, table: &Table) -> Vec<String> {
        let is_worse = |row: &&Row| {
            let now = row.median(Side::Theirs).zip(row.ratio());
            let Some((&(theirs_then, then), (theirs, now))) = self.0.get(&row.name).zip(now) else {
                return false;
            };
            let comparable =
                (theirs_then / 2.0..=theirs_then * 2.0).contains(&theirs) && !row.name.contains("percentile");
            // Three digits were printed, and a few milliseconds are what another process takes.
            let slack = if row.unit == "ms" { NOISE / theirs } else { 0.0 };
            comparable && if row.is_rate() { now * 2.0 < then } else { now > then.max(0.001) * 2.0 + slack }
        };
        table.rows.iter().filter(is_worse).map(|row| row.name.clone()).collect()
    }
}

/// So many milliseconds more are no regression.
const NOISE: f64 = 10.0;
const ORIGINAL: &str = "original";
const RATIO: &str = "ours / original";

impl Table {
    /// Adds a sample of a figure.
    pub(crate) fn add(&mut self, name: impl Into<String>, unit: &'static str, side: Side, sample: f64) {
        let name = name.into();
        eprintln!("  {side:?}: {name}: {} {unit}", figure(sample));
        let row = self.rows.iter().position(|row| row.name == name).unwrap_or_else(|| {
            self.rows.push(Row { name, unit, samples: BTreeMap::new() });
            self.rows.len() - 1
        });
        self.rows[row].samples.entry(side).or_default().push(sample);
    }

    /// Adds all rows of another, which has none of the same.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.rows.append(&mut other.rows);
    }

    /// The median of what was told so far.
    pub(crate) fn median(&self, name: &str, side: Side) -> Option<f64> {
        self.rows.iter().find(|row| row.name == name)?.median(side)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "| figure | unit | {ORIGINAL} | runit | ours | {RATIO} |\n|---|---|--:|--:|--:|--:|")?;
        for row in &self.rows {
            let [ours, theirs] = Side::BOTH.map(|side| row.median(side));
            let runit = row.median(Side::Runit).map_or(String::new(), figure);
            let show = |value: Option<f64>| value.map_or("–".to_owned(), figure);
            let Row { name, unit, .. } = row;
            writeln!(
                f,
                "| {name} | {unit} | {} | {runit} | {} | {} |",
                show(theirs),
                show(ours),
                show(row.ratio())
            )?;
        }
        Ok(())
    }
}

/// Three digits that count.
fn figure(value: f64) -> String {
    match value.abs() {
        0.0 => "0".to_owned(),
        size if size >= 100.0 => format!("{value:.0}"),
        size if size >= 10.0 => format!("{value:.1}"),
        size if size >= 1.0 => format!("{value:.2}"),
        _ => format!("{value:.3}"),
    }
}
