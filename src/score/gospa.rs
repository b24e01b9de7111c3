//! GOSPA with α = 2: the distance between two sets of positions, and its parts.
//!
//! `GOSPA^p = min over matchings γ of Σ_(i,j)∈γ d(x_i, y_j)^p + c^p/2 · (missed + false)`, where only pairs with d < c
//! may be matched, missed = truths left out, false = estimates left out. Rahmathullah, García-Fernández and Svensson,
//! *Generalized optimal sub-pattern assignment metric*, FUSION 2017, Proposition 1. Metres.

use serde::Serialize;

use super::assignment::{Components, Costs};
use super::{ScoreError, is, pairs, power, root};

/// Parameters of GOSPA.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gospa {
    /// c: a pair farther apart than this is a miss and a false track.
    pub cutoff_m: f64,
    /// p: how much more a large error counts than small ones; at least 1.
    pub order: f64,
}

/// Points of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Truths with an estimate.
    pub matched: u64,
    /// Truths without.
    pub missed: u64,
    /// Estimates without a truth.
    pub false_tracks: u64,
}

/// GOSPA and its parts to the power p: `total = localisation + missed + false_tracks`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GospaPowers {
    /// `Σ d^p` over matched pairs.
    pub localisation: f64,
    /// `c^p/2` for each truth left out.
    pub missed: f64,
    /// `c^p/2` for each estimate left out.
    pub false_tracks: f64,
}

/// GOSPA and its parts in metres.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct GospaMetres {
    /// The metric.
    pub total: f64,
    /// Its part from the distance of matched pairs.
    pub localisation: f64,
    /// Its part from truths left out.
    pub missed: f64,
    /// Its part from estimates left out.
    pub false_tracks: f64,
}

/// GOSPA of one scan.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GospaParts {
    /// The metric: `(localisation^p + missed^p + false_tracks^p)^(1/p)`.
    pub total: f64,
    /// Its part from the distance of matched pairs, in metres.
    pub localisation: f64,
    /// Its part from truths left out, in metres.
    pub missed: f64,
    /// Its part from estimates left out, in metres.
    pub false_tracks: f64,
    /// How many of each.
    pub counts: Counts,
    /// The parts before the p-th root.
    pub powers: GospaPowers,
}

/// A truth and the estimate that is taken for it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Match {
    /// Index of the truth.
    pub truth: usize,
    /// Index of the estimate.
    pub estimate: usize,
    /// Distance between them.
    pub distance_m: f64,
}

/// GOSPA of one scan.
///
/// # Errors
/// If a parameter is out of range, a position is not finite, or the cut-off makes more pairs than memory is meant for.
///
/// # Examples
/// ```
/// use trackweave::score::gospa::{Gospa, gospa};
///
/// let truth = [[0.0, 0.0, 0.0], [50.0, 0.0, 0.0]];
/// let estimates = [[3.0, 4.0, 0.0]];
/// let parts = gospa(&truth, &estimates, Gospa { cutoff_m: 10.0, order: 2.0 })?;
/// assert_eq!((parts.counts.matched, parts.counts.missed), (1, 1));
/// assert_eq!(parts.powers.localisation + parts.powers.missed, 25.0 + 50.0);
/// # Ok::<(), trackweave::score::ScoreError>(())
/// ```
pub fn gospa(truth: &[[f64; 3]], estimates: &[[f64; 3]], metric: Gospa) -> Result<GospaParts, ScoreError> {
    gospa_matches(truth, estimates, metric).map(|(parts, _)| parts)
}

/// GOSPA of one scan, and the matching that it was computed from, in order of the truths.
///
/// # Errors
/// As [`gospa`].
pub fn gospa_matches(
    truth: &[[f64; 3]],
    estimates: &[[f64; 3]],
    metric: Gospa,
) -> Result<(GospaParts, Vec<Match>), ScoreError> {
    let costs = pairs::costs(truth, estimates, metric.cutoff_m, metric.order)?;
    Ok(of_costs(&costs, truth, estimates, metric))
}

/// The same from the costs of pairs.
pub(super) fn of_costs(
    costs: &Costs,
    truth: &[[f64; 3]],
    estimates: &[[f64; 3]],
    Gospa { cutoff_m, order }: Gospa,
) -> (GospaParts, Vec<Match>) {
    let assignment = costs.assign();
    let mut localisation = 0.0;
    let mut matches = Vec::with_capacity(truth.len().min(estimates.len()));
    for (index, (edge, &position)) in assignment.matched.iter().zip(truth).enumerate() {
        let Some(edge) = edge else { continue };
        let estimate = edge.column as usize;
        let Some(&found) = estimates.get(estimate) else { continue };
        localisation += edge.cost;
        matches.push(Match { truth: index, estimate, distance_m: pairs::distance(position, found) });
    }
    let counts = Counts {
        matched: matches.len() as u64,
        missed: (truth.len() - matches.len()) as u64,
        false_tracks: (estimates.len() - matches.len()) as u64,
    };
    let half = 0.5 * power(cutoff_m, order);
    let (missed, false_tracks) = (half * counts.missed as f64, half * counts.false_tracks as f64);
    let powers = GospaPowers { localisation, missed, false_tracks };
    let GospaMetres { total, localisation, missed, false_tracks } = powers.metres(order);
    (GospaParts { total, localisation, missed, false_tracks, counts, powers }, matches)
}

/// The connected components of the pairs nearer than the cut-off: what one scan's assignment decomposes into.
///
/// # Errors
/// As [`gospa`].
pub fn gospa_components(truth: &[[f64; 3]], estimates: &[[f64; 3]], metric: Gospa) -> Result<Components, ScoreError> {
    pairs::costs(truth, estimates, metric.cutoff_m, metric.order).map(|costs| costs.components())
}

impl GospaPowers {
    /// The metric to the power p.
    #[must_use]
    pub fn total(&self) -> f64 {
        self.localisation + self.missed + self.false_tracks
    }

    /// The p-th roots.
    #[must_use]
    pub fn metres(&self, order: f64) -> GospaMetres {
        GospaMetres {
            total: root(self.total(), order),
            localisation: root(self.localisation, order),
            missed: root(self.missed, order),
            false_tracks: root(self.false_tracks, order),
        }
    }
}

/// Sums GOSPA over scans and runs. Sums of partial sums are taken in the caller's order, so they are the caller's to
/// keep the same.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct GospaAverage {
    scans: u64,
    sums: GospaMetres,
    squares: GospaMetres,
    counts: Counts,
}

impl GospaAverage {
    /// Adds one scan.
    pub fn add(&mut self, parts: &GospaParts, order: f64) {
        // With p = 2 the parts are squares already; their roots squared again would lose the last digit.
        let powers = &parts.powers;
        let squares = if is(order, 2.0) {
            let &GospaPowers { localisation, missed, false_tracks } = powers;
            GospaMetres { total: powers.total(), localisation, missed, false_tracks }
        } else {
            powers.metres(order).map(|x| x * x)
        };
        let counts = parts.counts;
        self.merge(&Self { scans: 1, sums: powers.metres(order), squares, counts });
    }

    /// Adds scans without truth and without estimates, which are at no distance.
    pub fn pass(&mut self, scans: u64) {
        self.scans = self.scans.saturating_add(scans);
    }

    /// Adds what another sum holds.
    pub fn merge(&mut self, other: &Self) {
        self.scans = self.scans.saturating_add(other.scans);
        self.sums = self.sums.plus(&other.sums);
        self.squares = self.squares.plus(&other.squares);
        self.counts.matched += other.counts.matched;
        self.counts.missed += other.counts.missed;
        self.counts.false_tracks += other.counts.false_tracks;
    }

    /// Number of scans.
    #[must_use]
    pub fn scans(&self) -> u64 {
        self.scans
    }

    /// Points of each kind, over all scans.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// Root mean square over scans of the metric and of each part; with p = 2 `total² = localisation² + missed² +
    /// false_tracks²`. `None` before the first scan.
    #[must_use]
    pub fn rms(&self) -> Option<GospaMetres> {
        (self.scans > 0).then(|| self.squares.map(|x| (x / self.scans as f64).sqrt()))
    }

    /// Mean over scans of the metric and of each part; the parts do not add up to the total. `None` before the first
    /// scan.
    #[must_use]
    pub fn mean(&self) -> Option<GospaMetres> {
        (self.scans > 0).then(|| self.sums.map(|x| x / self.scans as f64))
    }
}

impl GospaMetres {
    fn map(self, f: impl Fn(f64) -> f64) -> Self {
        let Self { total, localisation, missed, false_tracks } = self;
        Self { total: f(total), localisation: f(localisation), missed: f(missed), false_tracks: f(false_tracks) }
    }

    fn plus(&self, other: &Self) -> Self {
        Self {
            total: self.total + other.total,
            localisation: self.localisation + other.localisation,
            missed: self.missed + other.missed,
            false_tracks: self.false_tracks + other.false_tracks,
        }
    }
}
