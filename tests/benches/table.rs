//! The table: a row for each figure, the samples of both, and what is printed of them.

use std::collections::BTreeMap;
use std::fmt;

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
}

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

    /// The median of what was told so far.
    pub(crate) fn median(&self, name: &str, side: Side) -> Option<f64> {
        self.rows.iter().find(|row| row.name == name)?.median(side)
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "| figure | unit | original | runit | ours | ours / original |\n|---|---|--:|--:|--:|--:|"
        )?;
        for row in &self.rows {
            let [ours, theirs] = Side::BOTH.map(|side| row.median(side));
            let runit = row.median(Side::Runit).map_or(String::new(), figure);
            let show = |value: Option<f64>| value.map_or("–".to_owned(), figure);
            let ratio =
                ours.zip(theirs).filter(|&(_, theirs)| theirs != 0.0).map(|(ours, theirs)| ours / theirs);
            let Row { name, unit, .. } = row;
            writeln!(
                f,
                "| {name} | {unit} | {} | {runit} | {} | {} |",
                show(theirs),
                show(ours),
                show(ratio)
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
