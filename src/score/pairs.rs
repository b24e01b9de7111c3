//! All pairs of a truth and an estimate that are nearer than the cut-off.
//!
//! The estimates are sorted into cubes no smaller than the cut-off; a truth looks into the 27 around it. Small problems
//! compare everything with everything.
#![expect(clippy::indexing_slicing, reason = "indices are those of the slices given")]

use super::assignment::{Costs, EDGES_MAX, Edge, Skip};
use super::{ScoreError, check_metric, power};

/// A pair nearer than the cut-off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    pub(super) estimate: u32,
    pub(super) distance_m: f64,
}

/// Below this number of comparisons a grid is dearer than none.
const COMPARISONS_MIN: usize = 4096;

/// The pairs as an assignment problem: `d^order` a pair, `skip.row + skip.column = cutoff^order` for a pair left out.
pub(super) fn costs(
    truth: &[[f64; 3]],
    estimates: &[[f64; 3]],
    cutoff_m: f64,
    order: f64,
) -> Result<Costs, ScoreError> {
    check_metric(cutoff_m, order)?;
    let half = 0.5 * power(cutoff_m, order);
    let mut costs = Costs::new(estimates.len(), Skip { row: half, column: half })?;
    let mut edges = Vec::new();
    let mut count = 0;
    within(truth, estimates, cutoff_m, |_, pairs| {
        count += pairs.len();
        if count > EDGES_MAX {
            return Err(ScoreError::TooManyPairs { cutoff_m, limit: EDGES_MAX });
        }
        edges.clear();
        edges.extend(pairs.iter().map(|pair| Edge { column: pair.estimate, cost: power(pair.distance_m, order) }));
        costs.push_row(&edges)
    })?;
    Ok(costs)
}

/// Hands out every truth in turn, with the estimates nearer than the cut-off in ascending order.
pub(super) fn within(
    truth: &[[f64; 3]],
    estimates: &[[f64; 3]],
    cutoff_m: f64,
    mut each: impl FnMut(usize, &[Pair]) -> Result<(), ScoreError>,
) -> Result<(), ScoreError> {
    check_points("truth", truth)?;
    check_points("estimate", estimates)?;
    let mut pairs = Vec::new();
    let consider = |pairs: &mut Vec<Pair>, row: usize, estimate: u32| {
        let distance_m = distance(truth[row], estimates[estimate as usize]);
        if distance_m < cutoff_m {
            pairs.push(Pair { estimate, distance_m });
        }
    };
    if truth.len().saturating_mul(estimates.len()) <= COMPARISONS_MIN {
        for row in 0..truth.len() {
            pairs.clear();
            (0_u32..).take(estimates.len()).for_each(|estimate| consider(&mut pairs, row, estimate));
            each(row, &pairs)?;
        }
        return Ok(());
    }
    let grid = Grid::new(truth, estimates, cutoff_m);
    for (row, &point) in truth.iter().enumerate() {
        pairs.clear();
        grid.around(point, |estimate| consider(&mut pairs, row, estimate));
        pairs.sort_unstable_by_key(|pair| pair.estimate);
        each(row, &pairs)?;
    }
    Ok(())
}

pub(super) fn distance([ax, ay, az]: [f64; 3], [bx, by, bz]: [f64; 3]) -> f64 {
    let (x, y, z) = (ax - bx, ay - by, az - bz);
    (x * x + y * y + z * z).sqrt()
}

fn check_points(set: &'static str, points: &[[f64; 3]]) -> Result<(), ScoreError> {
    let limit = u32::MAX as usize - 1;
    if points.len() > limit {
        return Err(ScoreError::TooManyPoints { found: points.len(), limit });
    }
    match points.iter().position(|point| !point.iter().all(|x| x.is_finite())) {
        None => Ok(()),
        Some(index) => Err(ScoreError::NotFinite { set, index: index as u64, found_m: points[index] }),
    }
}

type Cell = [i64; 3];

/// Estimates sorted by their cell, along z innermost.
struct Grid {
    edge_m: f64,
    sorted: Vec<(Cell, u32)>,
}

impl Grid {
    fn new(truth: &[[f64; 3]], estimates: &[[f64; 3]], cutoff_m: f64) -> Self {
        // A little more than the cut-off, and at most 2^40 cells from the origin, so that rounding in the division
        // never parts a pair by two cells.
        let reach = truth.iter().chain(estimates).flatten().fold(0.0_f64, |most, x| most.max(x.abs()));
        let edge_m = (cutoff_m * (1.0 + 1.0 / 1024.0)).max(reach / 2.0_f64.powi(40));
        let mut sorted: Vec<_> = estimates.iter().map(|&point| cell(point, edge_m)).zip(0..).collect();
        sorted.sort_unstable();
        Self { edge_m, sorted }
    }

    fn around(&self, point: [f64; 3], mut each: impl FnMut(u32)) {
        let [x, y, z] = cell(point, self.edge_m);
        for x in x - 1..=x + 1 {
            for y in y - 1..=y + 1 {
                let start = self.sorted.partition_point(|&(cell, _)| cell < [x, y, z - 1]);
                let column = self.sorted[start..].iter().take_while(|&&(cell, _)| cell <= [x, y, z + 1]);
                column.for_each(|&(_, estimate)| each(estimate));
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the edge keeps cells below 2^41")]
fn cell(point: [f64; 3], edge_m: f64) -> Cell {
    point.map(|x| (x / edge_m).floor() as i64)
}
