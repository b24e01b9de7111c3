//! OSPA, the mean error an object, and OSPA(2), the same between sets of tracks over a window of scans.
//!
//! `OSPA^p = 1/n · (min over one-to-one maps π of Σ min(c, d(x_i, y_π(i)))^p + c^p · |m − k|)`, n = max(m, k), and 0 for
//! two empty sets. Schuhmacher, Vo and Vo, *IEEE TSP* 56(8), 2008.
//!
//! OSPA(2) is OSPA with the distance between two tracks f, g over a window W as base:
//! `d(f, g)^q = Σ_(t ∈ W, f or g exists) d_t^q / |{t ∈ W: f or g exists}|`, where `d_t = min(c, |f(t) − g(t)|)` where both
//! exist and c where one does. Tracks that do not exist in the window do not count. Beard, Vo and Vo, *IEEE TSP* 68,
//! 2020, with equal weights. Metres.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use super::assignment::{Costs, Edge, Skip};
use super::{ScoreError, check_metric, pairs, power, root};

/// Parameters of OSPA.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ospa {
    /// c: the largest error that one object can make.
    pub cutoff_m: f64,
    /// p: at least 1.
    pub order: f64,
}

/// OSPA and its parts in metres: `total^p = localisation^p + cardinality^p`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct OspaParts {
    /// The metric.
    pub total: f64,
    /// Its part from the places of the `min(m, k)` objects that are paired.
    pub localisation: f64,
    /// Its part from the difference in number.
    pub cardinality: f64,
}

/// Parameters of OSPA(2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ospa2 {
    /// c: the largest error that one track can make.
    pub cutoff_m: f64,
    /// p: order over tracks; at least 1.
    pub order: f64,
    /// q: order over time; at least 1.
    pub time_order: f64,
}

/// Where one object or track was: a position for every scan in which it exists.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trajectory {
    /// Position by number of the scan.
    pub positions_m: BTreeMap<usize, [f64; 3]>,
}

impl Trajectory {
    /// The position in a scan, if it exists there.
    #[must_use]
    pub fn at(&self, scan: usize) -> Option<[f64; 3]> {
        self.positions_m.get(&scan).copied()
    }
}

impl FromIterator<(usize, [f64; 3])> for Trajectory {
    fn from_iter<I: IntoIterator<Item = (usize, [f64; 3])>>(positions: I) -> Self {
        Self { positions_m: positions.into_iter().collect() }
    }
}

/// OSPA between two sets of positions.
///
/// # Errors
/// If a parameter is out of range, a position is not finite, or the cut-off makes more pairs than memory is meant for.
pub fn ospa(truth: &[[f64; 3]], estimates: &[[f64; 3]], metric: Ospa) -> Result<OspaParts, ScoreError> {
    let costs = pairs::costs(truth, estimates, metric.cutoff_m, metric.order)?;
    Ok(from_costs(&costs, metric.cutoff_m, metric.order))
}

/// OSPA(2) between two sets of tracks over a window of scans.
///
/// # Errors
/// As [`ospa`].
pub fn ospa2(
    truth: &[Trajectory],
    estimates: &[Trajectory],
    window: Range<usize>,
    metric: Ospa2,
) -> Result<OspaParts, ScoreError> {
    let Ospa2 { cutoff_m, order, time_order } = metric;
    check_metric(cutoff_m, order)?;
    check_metric(cutoff_m, time_order)?;
    let window = window.start.min(window.end)..window.end;
    let exists = |track: &&Trajectory| track.positions_m.range(window.clone()).next().is_some();
    let truth: Vec<_> = truth.iter().filter(exists).collect();
    let estimates: Vec<_> = estimates.iter().filter(exists).collect();
    let near = near_once(&truth, &estimates, window.clone(), cutoff_m)?;
    let half = 0.5 * power(cutoff_m, order);
    let mut costs = Costs::new(estimates.len(), Skip { row: half, column: half })?;
    let mut edges = Vec::new();
    for (row, f) in (0_u32..).zip(&truth) {
        edges.clear();
        for &(_, column) in near.range((row, 0)..=(row, u32::MAX)) {
            let Some(g) = estimates.get(column as usize) else { continue };
            let base = between_tracks(f, g, window.clone(), cutoff_m, time_order);
            edges.push(Edge { column, cost: power(base, order) });
        }
        costs.push_row(&edges)?;
    }
    Ok(from_costs(&costs, cutoff_m, order))
}

/// OSPA(2) at each of the scans `0..scans`, over the window of that scan and the `window - 1` before it.
///
/// # Errors
/// As [`ospa`].
pub fn ospa2_over_scans(
    truth: &[Trajectory],
    estimates: &[Trajectory],
    (scans, window): (usize, usize),
    metric: Ospa2,
) -> Result<Vec<OspaParts>, ScoreError> {
    (0..scans).map(|scan| ospa2(truth, estimates, (scan + 1).saturating_sub(window)..scan + 1, metric)).collect()
}

/// The best map leaves out only pairs at the cut-off, which cost as much as one miss and one false track of GOSPA: so
/// the two metrics share their assignment.
fn from_costs(costs: &Costs, cutoff_m: f64, order: f64) -> OspaParts {
    let (m, k) = (costs.rows(), costs.columns());
    let n = m.max(k);
    if n == 0 {
        return OspaParts { total: 0.0, localisation: 0.0, cardinality: 0.0 };
    }
    let assignment = costs.assign();
    let matched = assignment.matched.iter().flatten();
    let beyond = power(cutoff_m, order);
    let pairs = matched.clone().count();
    let localisation = matched.map(|edge| edge.cost).sum::<f64>() + beyond * (m.min(k) - pairs) as f64;
    let cardinality = beyond * m.abs_diff(k) as f64;
    let mean = |sum: f64| root(sum / n as f64, order);
    OspaParts {
        total: mean(localisation + cardinality),
        localisation: mean(localisation),
        cardinality: mean(cardinality),
    }
}

/// Pairs of tracks that come nearer than the cut-off in some scan; all others are exactly the cut-off apart.
fn near_once(
    truth: &[&Trajectory],
    estimates: &[&Trajectory],
    window: Range<usize>,
    cutoff_m: f64,
) -> Result<BTreeSet<(u32, u32)>, ScoreError> {
    let mut near = BTreeSet::new();
    for scan in window {
        let (rows, truth_m) = present(truth.iter().copied(), scan);
        let (columns, estimates_m) = present(estimates.iter().copied(), scan);
        pairs::within(&truth_m, &estimates_m, cutoff_m, |row, pairs| {
            let columns = pairs.iter().filter_map(|pair| columns.get(pair.estimate as usize));
            near.extend(rows.get(row).into_iter().flat_map(|&row| columns.clone().map(move |&column| (row, column))));
            Ok(())
        })?;
    }
    Ok(near)
}

/// Numbers and positions of the tracks that exist in a scan.
pub(super) fn present<'a>(tracks: impl Iterator<Item = &'a Trajectory>, scan: usize) -> (Vec<u32>, Vec<[f64; 3]>) {
    (0_u32..).zip(tracks).filter_map(|(index, track)| Some((index, track.at(scan)?))).unzip()
}

fn between_tracks(f: &Trajectory, g: &Trajectory, window: Range<usize>, cutoff_m: f64, time_order: f64) -> f64 {
    let (mut sum, mut scans) = (0.0, 0_usize);
    for scan in window {
        let distance_m = match (f.at(scan), g.at(scan)) {
            (None, None) => continue,
            (Some(f), Some(g)) => pairs::distance(f, g).min(cutoff_m),
            (Some(_), None) | (None, Some(_)) => cutoff_m,
        };
        sum += power(distance_m, time_order);
        scans += 1;
    }
    root(sum / scans.max(1) as f64, time_order)
}
