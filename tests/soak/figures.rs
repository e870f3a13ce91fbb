//! How descriptors and memory of the daemon develop over rounds in which the same happens.

use std::thread::sleep;
use std::time::Duration;

use harness::TestBed;

/// One look at the daemon, in a quiet moment.
struct Figure {
    minutes: f64,
    resident: u64,
    descriptors: usize,
}

/// All looks.
pub(crate) struct Figures<'a> {
    bed: &'a TestBed,
    /// So many descriptors there were at the start.
    quiet: usize,
    taken: Vec<Figure>,
}

/// What memory may differ by between two quiet moments, in KiB: how much the allocator keeps is chance.
const NOISE: f64 = 2048.0;

impl<'a> Figures<'a> {
    pub(crate) fn new(bed: &'a TestBed, quiet: usize) -> Self {
        Self { bed, quiet, taken: Vec::new() }
    }

    /// What is open for a moment only, such as the pipes of a program that has just ended, does not count.
    fn fewest_descriptors(&self) -> usize {
        let looks = (0..10).map(|_| {
            sleep(Duration::from_millis(100));
            self.bed.shown().descriptors().len()
        });
        looks.min().unwrap_or(0)
    }

    pub(crate) fn take(&mut self, elapsed: Duration) {
        let shown = self.bed.shown();
        let figure = Figure {
            minutes: elapsed.as_secs_f64() / 60.0,
            resident: shown.resident(),
            descriptors: self.fewest_descriptors(),
        };
        println!(
            "{:6.1} min: {} KiB resident, {} descriptors",
            figure.minutes, figure.resident, figure.descriptors
        );
        self.taken.push(figure);
    }

    /// Prints how much both grow by, and fails if that is too much. In the first third caches fill.
    pub(crate) fn judge(&self) {
        let later = &self.taken[self.taken.len() / 3..];
        let memory = slope(later, |figure| figure.resident as f64);
        let descriptors = slope(later, |figure| figure.descriptors as f64);
        println!("slope: memory {memory:+.0} KiB an hour, descriptors {descriptors:+.1} an hour");
        let (middle, last) = later.split_at(later.len() / 2);
        let mean = |part: &[Figure]| {
            part.iter().map(|figure| figure.resident as f64).sum::<f64>() / part.len().max(1) as f64
        };
        assert!(mean(last) < mean(middle) + NOISE, "memory grows");
        // A listener that dies of everything may be away in the first half: it is no growth that it is back.
        let most = |part: &[Figure]| part.iter().map(|figure| figure.descriptors).max().unwrap_or(0);
        assert!(most(last) <= most(middle).max(self.quiet), "descriptors grow");
    }
}

/// The slope of the line that fits best, in units an hour.
fn slope(figures: &[Figure], value: impl Fn(&Figure) -> f64) -> f64 {
    let count = figures.len() as f64;
    let mean = |of: &dyn Fn(&Figure) -> f64| figures.iter().map(of).sum::<f64>() / count;
    let (time, height) = (mean(&|figure| figure.minutes), mean(&|figure| value(figure)));
    let spread: f64 = figures.iter().map(|figure| (figure.minutes - time).powi(2)).sum();
    let common: f64 = figures.iter().map(|figure| (figure.minutes - time) * (value(figure) - height)).sum();
    if spread > 0.0 { common / spread * 60.0 } else { 0.0 }
}
