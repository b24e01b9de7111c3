//! HOTA in metres (Luiten et al., *IJCV* 129, 2021), and IDF1 (Ristani et al., 2016).
//!
//! The similarity of an object and an estimate d metres apart is `s = max(0, 1 − d/c)`, c the cut-off. Over α = 0.05, 0.10
//! … 0.95 a match counts where s ≥ α, that is where d ≤ (1 − α) c. Two passes: the first sums, over scans, s over what else
//! competes for either; that gives each pair of object and track its global alignment A. In the second each scan is matched
//! with the greatest `Σ A s`. With n_α(o, k) the matches of a pair and n(o), n(k) the scans of each:
//!
//! - `DetA = TP / (TP + FN + FP)`, `AssA = 1/TP Σ n_α · n_α / (n(o) + n(k) − n_α)`, `HOTA = √(DetA AssA)`, each the mean over α;
//! - `LocA` = the mean similarity of matches, meaned over α;
//! - `IDF1 = 2 IDTP / (objects + estimates)`, IDTP the most scans that a one-to-one map of objects to tracks has within c.

use std::collections::BTreeMap;

use rayon::prelude::*;
use serde::Serialize;

use super::ScoreError;
use super::assignment::{Costs, Edge, Skip};
use super::identity::ratio;
use super::pairs::Pair;
use super::scenes::Scene;

/// Thresholds: 0.05, 0.10 … 0.95.
const THRESHOLDS: usize = 19;

/// HOTA; means over the thresholds. `None` where there is neither object nor estimate.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Hota {
    /// `√(DetA AssA)`.
    pub hota: Option<f64>,
    /// How well objects are detected.
    pub det_a: Option<f64>,
    /// How well their tracks stay theirs.
    pub ass_a: Option<f64>,
    /// How near matches are: mean of `1 − d/c`.
    pub loc_a: Option<f64>,
    /// The distance of each threshold, metres, and HOTA, DetA and AssA there.
    pub within: Vec<Within>,
    /// Share of scans in which objects and tracks are those of the best one-to-one map.
    pub idf1: Option<f64>,
}

/// HOTA at one threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Within {
    /// The distance that a match may have, metres.
    pub metres: f64,
    /// HOTA there.
    pub hota: f64,
    /// DetA there.
    pub det_a: f64,
    /// AssA there.
    pub ass_a: f64,
}

/// An object and a track that were near once.
#[derive(Clone, Debug)]
struct Met {
    track: u64,
    /// Sum of similarities over what competes; from the second pass on the alignment.
    aligned: f64,
    /// Scans in which they were near.
    scans: u32,
    /// Matches by the last threshold that they pass.
    matches: [u32; THRESHOLDS],
}

/// Objects and tracks that are matched in a scan, with their similarity.
type Matched = Vec<(usize, u64, f64)>;

/// Sums so far.
#[derive(Debug)]
pub(super) struct HotaSums {
    cutoff_m: f64,
    /// By number of the object, the tracks that it met.
    met: Vec<Vec<Met>>,
    /// Scans of each object, and of each track.
    objects: Vec<u32>,
    tracks: BTreeMap<u64, u32>,
    similarity: [f64; THRESHOLDS],
    second: bool,
}

impl HotaSums {
    pub(super) fn new(cutoff_m: f64) -> Self {
        let (met, objects, tracks) = (Vec::new(), Vec::new(), BTreeMap::new());
        Self { cutoff_m, met, objects, tracks, similarity: [0.0; THRESHOLDS], second: false }
    }

    fn similar(&self, pair: &Pair) -> f64 {
        (1.0 - pair.distance_m / self.cutoff_m).max(0.0)
    }

    /// Takes in a scan of the first pass.
    pub(super) fn first(&mut self, scene: &Scene) {
        for state in &scene.estimates {
            *self.tracks.entry(state.track).or_default() += 1;
        }
        let mut of_column = vec![0.0; scene.estimates.len()];
        let of_row: Vec<f64> = scene
            .near
            .rows()
            .map(|pairs| {
                let similar = |pair: &Pair| {
                    let similarity = self.similar(pair);
                    of_column.get_mut(pair.estimate as usize).into_iter().for_each(|sum| *sum += similarity);
                    similarity
                };
                pairs.iter().map(similar).sum()
            })
            .collect();
        for ((there, pairs), of_row) in scene.truth.iter().zip(scene.near.rows()).zip(of_row) {
            if self.met.len() <= there.index {
                self.met.resize(there.index + 1, Vec::new());
                self.objects.resize(there.index + 1, 0);
            }
            self.objects.get_mut(there.index).into_iter().for_each(|scans| *scans += 1);
            for pair in pairs {
                let similarity = self.similar(pair);
                let column = of_column.get(pair.estimate as usize).copied().unwrap_or_default();
                let competing = of_row + column - similarity;
                let Some(state) = scene.estimates.get(pair.estimate as usize) else { continue };
                let Some(met) = self.met.get_mut(there.index) else { continue };
                let met = of_track(met, state.track);
                met.scans += 1;
                if competing > f64::EPSILON {
                    met.aligned += similarity / competing;
                }
            }
        }
    }

    /// Ends the first pass.
    pub(super) fn align(&mut self) {
        for (met, scans) in self.met.iter_mut().zip(&self.objects) {
            for met in met {
                let of_track = self.tracks.get(&met.track).copied().unwrap_or_default();
                met.aligned /= f64::from(*scans) + f64::from(of_track) - met.aligned;
            }
        }
        self.second = true;
    }

    /// Takes in scans of the second pass.
    ///
    /// # Errors
    /// More pairs than an assignment takes.
    pub(super) fn second(&mut self, scenes: &[Scene]) -> Result<(), ScoreError> {
        let matched: Vec<Result<Matched, ScoreError>> = scenes.par_iter().map(|scene| self.matched(scene)).collect();
        for matched in matched {
            for (object, track, similarity) in matched? {
                let passed = thresholds().filter(|alpha| similarity >= alpha - f64::EPSILON).count();
                let Some(last) = passed.checked_sub(1) else { continue };
                self.similarity.iter_mut().take(passed).for_each(|sum| *sum += similarity);
                let met = self.met.get_mut(object).and_then(|met| met.iter_mut().find(|met| met.track == track));
                met.and_then(|met| met.matches.get_mut(last)).into_iter().for_each(|count| *count += 1);
            }
        }
        Ok(())
    }

    /// Objects and tracks that are matched in a scan, with their similarity.
    fn matched(&self, scene: &Scene) -> Result<Matched, ScoreError> {
        let aligned = |row: usize, pair: &Pair| {
            let (there, state) = scene.truth.get(row).zip(scene.estimates.get(pair.estimate as usize))?;
            let met = self.met.get(there.index)?.iter().find(|met| met.track == state.track)?;
            Some(met.aligned * self.similar(pair))
        };
        let skip = Skip { row: 0.0, column: 0.0 };
        let costs =
            scene.near.costs(scene.estimates.len(), skip, |row, pair| -aligned(row, pair).unwrap_or_default())?;
        let matched = costs.assign().matched.into_iter().zip(scene.near.rows()).zip(&scene.truth);
        let found = matched.filter_map(|((edge, pairs), there)| {
            let column = edge?.column;
            let pair = pairs.iter().find(|pair| pair.estimate == column)?;
            Some((there.index, scene.estimates.get(column as usize)?.track, self.similar(pair)))
        });
        Ok(found.collect())
    }

    /// HOTA and IDF1.
    ///
    /// # Errors
    /// More pairs than an assignment takes.
    pub(super) fn report(&self) -> Result<Hota, ScoreError> {
        let objects: f64 = self.objects.iter().map(|scans| f64::from(*scans)).sum();
        let estimates: f64 = self.tracks.values().map(|scans| f64::from(*scans)).sum();
        let idf1 = ratio(2.0 * self.identified()?, objects + estimates);
        if !self.second || objects + estimates == 0.0 {
            return Ok(Hota { idf1, ..Hota::default() });
        }
        let (mut within, mut located) = (Vec::new(), 0.0);
        for (place, alpha) in thresholds().enumerate() {
            let (mut matches, mut associated) = (0.0, 0.0);
            for (met, scans) in self.met.iter().zip(&self.objects) {
                for met in met {
                    let count: f64 = met.matches.iter().skip(place).map(|count| f64::from(*count)).sum();
                    let of_track = self.tracks.get(&met.track).copied().unwrap_or_default();
                    matches += count;
                    if count > 0.0 {
                        associated += count * count / (f64::from(*scans) + f64::from(of_track) - count);
                    }
                }
            }
            let det_a = matches / (objects + estimates - matches);
            let ass_a = associated / matches.max(1.0);
            located += self.similarity.get(place).copied().unwrap_or_default().max(1e-10) / matches.max(1e-10);
            within.push(Within { metres: (1.0 - alpha) * self.cutoff_m, hota: (det_a * ass_a).sqrt(), det_a, ass_a });
        }
        let mean = |of: fn(&Within) -> f64| Some(within.iter().map(of).sum::<f64>() / THRESHOLDS as f64);
        Ok(Hota {
            hota: mean(|within| within.hota),
            det_a: mean(|within| within.det_a),
            ass_a: mean(|within| within.ass_a),
            loc_a: Some(located / THRESHOLDS as f64),
            within,
            idf1,
        })
    }

    /// The most scans in which objects and tracks of a one-to-one map are near.
    fn identified(&self) -> Result<f64, ScoreError> {
        let columns: BTreeMap<u64, u32> = self.tracks.keys().copied().zip(0..).collect();
        let mut costs = Costs::new(columns.len(), Skip { row: 0.0, column: 0.0 })?;
        for met in &self.met {
            let edge = |met: &Met| Some(Edge { column: *columns.get(&met.track)?, cost: -f64::from(met.scans) });
            let mut edges: Vec<Edge> = met.iter().filter_map(edge).collect();
            edges.sort_unstable_by_key(|edge| edge.column);
            costs.push_row(&edges)?;
        }
        // Not `-cost`, which would be -0.
        Ok(0.0 - costs.assign().cost)
    }
}

/// What an object has met of a track.
fn of_track(met: &mut Vec<Met>, track: u64) -> &mut Met {
    let place = met.iter().position(|met| met.track == track).unwrap_or(met.len());
    if place == met.len() {
        met.push(Met { track, aligned: 0.0, scans: 0, matches: [0; THRESHOLDS] });
    }
    #[expect(clippy::indexing_slicing, reason = "it is there, or was just pushed")]
    &mut met[place]
}

/// α.
fn thresholds() -> impl Iterator<Item = f64> {
    (0..THRESHOLDS).map(|step| 0.05 + 0.05 * step as f64)
}
