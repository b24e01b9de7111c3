//! Stretches of time over which the policy sees no difference.
//!
//! Two things change with the time of a detection: the set of periods that hold it, and the delays of `fuse` levels
//! that it has waited out when the run is made, at `as_of`. Both change at finitely many instants.

use super::periods::Periods;
use std::collections::BTreeSet;

/// What the policy knows of a time.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stratum {
    /// The periods that hold it.
    pub periods: BTreeSet<String>,
    /// The longest delay among the levels of `fuse` that has passed since then, microseconds; `None` if the time is
    /// later than the run.
    pub waited_us: Option<i64>,
}

/// The strata of a policy and a run, from the beginning of time to its end.
#[derive(Clone, Debug)]
pub struct Strata {
    // Stretch i lasts from starts[i - 1] to starts[i]; the first and the last have no bound.
    starts: Vec<i64>,
    strata: Vec<Stratum>,
}

impl Strata {
    /// `delays_us`: those of the levels. Without a time of the run none of them passes.
    pub(super) fn new(periods: &Periods, delays_us: impl Iterator<Item = i64>, as_of_us: Option<i64>) -> Self {
        let delays: BTreeSet<i64> = delays_us.chain([0]).collect();
        let last_us = |delay: i64| as_of_us.map(|as_of| as_of.saturating_sub(delay));
        // A detection at the very end of a delay has waited it out.
        let ends = delays.iter().filter_map(|&delay| last_us(delay)?.checked_add(1));
        let starts: BTreeSet<i64> = periods.bounds().chain(ends).collect();
        let waited_us = |at: i64| match as_of_us {
            None => Some(0),
            Some(_) => delays.iter().rev().copied().find(|&delay| last_us(delay).is_some_and(|last| at <= last)),
        };
        // A stretch is like its first microsecond.
        let firsts = std::iter::once(i64::MIN).chain(starts.iter().copied());
        let strata = firsts.map(|at| Stratum { periods: periods.periods_at(at), waited_us: waited_us(at) });
        Self { strata: strata.collect(), starts: starts.into_iter().collect() }
    }

    /// The stratum of a time.
    #[must_use]
    pub fn at(&self, time_us: i64) -> &Stratum {
        static NONE: Stratum = Stratum { periods: BTreeSet::new(), waited_us: None };
        self.strata.get(self.stretch(time_us)).unwrap_or(&NONE)
    }

    /// The distinct strata from `first_us` to `last_us`.
    #[must_use]
    pub fn between(&self, first_us: i64, last_us: i64) -> BTreeSet<Stratum> {
        let stretches = self.stretch(first_us)..=self.stretch(last_us.max(first_us));
        self.strata.get(stretches).unwrap_or(&[]).iter().cloned().collect()
    }

    /// The stretches that meet the times from `first_us` to `last_us`: the start of each, which may lie before, and what
    /// the policy knows of it.
    pub fn stretches(&self, first_us: i64, last_us: i64) -> impl Iterator<Item = (i64, &Stratum)> {
        let (first, last) = (self.stretch(first_us), self.stretch(last_us.max(first_us)));
        let stretch = move |(number, stratum)| (self.bounds(number).0, stratum);
        self.strata.iter().enumerate().take(last + 1).skip(first).map(stretch)
    }

    /// Which stretch a time lies in.
    pub(super) fn stretch(&self, time_us: i64) -> usize {
        self.starts.partition_point(|&start| start <= time_us)
    }

    /// The bounds of a stretch, its start and the start of the next.
    pub(super) fn bounds(&self, stretch: usize) -> (i64, i64) {
        let start = stretch.checked_sub(1).and_then(|before| self.starts.get(before));
        (start.copied().unwrap_or(i64::MIN), self.starts.get(stretch).copied().unwrap_or(i64::MAX))
    }

    /// All strata, stretch by stretch; different stretches may have equal ones.
    pub(super) fn all(&self) -> &[Stratum] {
        &self.strata
    }
}
