//! CLEAR MOT: MOTA, MOTP and what they are made of (Bernardin and Stiefelhagen, 2008), with distances in metres.
//!
//! An object keeps the track that it had last as long as that is nearer than the cut-off. The others are matched so that
//! as many as can be are, and among these ways with the least sum of distances. A switch is a match to another track than
//! the last one, however long ago that was.

use serde::Serialize;

use super::ScoreError;
use super::assignment::{Costs, Edge, Skip};
use super::identity::ratio;
use super::scenes::Scene;

/// CLEAR MOT; `None` where there is nothing to divide by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Clear {
    /// `1 − (misses + false positives + switches) / objects`.
    pub mota: Option<f64>,
    /// Mean distance of matches, metres.
    pub motp_m: Option<f64>,
    /// Matches, summed over scans.
    pub matches: u64,
    /// Objects without a match.
    pub misses: u64,
    /// Estimates without a match.
    pub false_positives: u64,
    /// Matches to another track than the object had last.
    pub switches: u64,
    /// Times that an object was matched again after scans in which it was there and not matched.
    pub fragmentations: u64,
}

/// Sums so far.
#[derive(Debug, Default)]
pub(super) struct ClearSums {
    found: Clear,
    metres: f64,
    objects: Vec<Held>,
}

/// The track that an object had last.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    track: Option<u64>,
    missed_since: bool,
}

impl ClearSums {
    /// Takes in a scan, whose estimates are in order of their tracks.
    ///
    /// # Errors
    /// More pairs than an assignment takes.
    pub(super) fn take(&mut self, scene: &Scene) -> Result<(), ScoreError> {
        if let Some(most) = scene.truth.iter().map(|there| there.index).max().filter(|most| *most >= self.objects.len())
        {
            self.objects.resize(most + 1, Held::default());
        }
        let mut of_row: Vec<Option<(u32, f64)>> = vec![None; scene.truth.len()];
        let mut taken = vec![false; scene.estimates.len()];
        for ((there, pairs), kept) in scene.truth.iter().zip(scene.near.rows()).zip(&mut of_row) {
            let Some(track) = self.objects.get(there.index).and_then(|held| held.track) else { continue };
            let Ok(place) = scene.estimates.binary_search_by_key(&track, |state| state.track) else { continue };
            let pair = pairs.iter().find(|pair| pair.estimate as usize == place);
            let Some((pair, free)) = pair.zip(taken.get_mut(place).filter(|taken| !**taken)) else { continue };
            (*kept, *free) = (Some((pair.estimate, pair.distance_m)), true);
        }
        Self::assign(scene, &mut of_row, &taken)?;
        let mut matches = 0;
        for (there, found) in scene.truth.iter().zip(of_row) {
            let Some(held) = self.objects.get_mut(there.index) else { continue };
            let Some((estimate, metres)) = found else {
                self.found.misses += 1;
                held.missed_since = held.track.is_some();
                continue;
            };
            let track = scene.estimates.get(estimate as usize).map(|state| state.track);
            matches += 1;
            self.metres += metres;
            self.found.switches += u64::from(held.track.is_some() && held.track != track);
            self.found.fragmentations += u64::from(held.missed_since);
            *held = Held { track, missed_since: false };
        }
        self.found.matches += matches;
        self.found.false_positives += scene.estimates.len() as u64 - matches;
        Ok(())
    }

    /// Matches the objects that kept no track.
    fn assign(scene: &Scene, of_row: &mut [Option<(u32, f64)>], taken: &[bool]) -> Result<(), ScoreError> {
        let mut number: Vec<u32> = Vec::with_capacity(taken.len());
        let mut free: Vec<u32> = Vec::new();
        for (place, taken) in (0_u32..).zip(taken) {
            number.push(u32::try_from(free.len()).unwrap_or(u32::MAX));
            if !taken {
                free.push(place);
            }
        }
        let is_free = |estimate: u32| taken.get(estimate as usize) == Some(&false);
        let mut rows = Vec::new();
        let mut costs: Vec<Vec<Edge>> = Vec::new();
        let mut farthest_m = 0.0_f64;
        for (row, (pairs, _)) in
            scene.near.rows().zip(of_row.iter()).enumerate().filter(|(_, (_, kept))| kept.is_none())
        {
            let edge = |pair: &super::pairs::Pair| {
                Some(Edge { column: *number.get(pair.estimate as usize)?, cost: pair.distance_m })
            };
            let edges: Vec<Edge> = pairs.iter().filter(|pair| is_free(pair.estimate)).filter_map(edge).collect();
            if !edges.is_empty() {
                farthest_m = edges.iter().map(|edge| edge.cost).fold(farthest_m, f64::max);
                rows.push(row);
                costs.push(edges);
            }
        }
        // One match more outweighs all distances.
        let alone = (farthest_m + 1.0) * (rows.len().min(free.len()) + 1) as f64;
        let mut problem = Costs::new(free.len(), Skip { row: alone, column: alone })?;
        costs.iter().try_for_each(|edges| problem.push_row(edges))?;
        for (row, edge) in rows.into_iter().zip(problem.assign().matched) {
            let found = edge.and_then(|edge| Some((*free.get(edge.column as usize)?, edge.cost)));
            of_row.get_mut(row).into_iter().for_each(|place| *place = found);
        }
        Ok(())
    }

    /// CLEAR MOT.
    pub(super) fn report(&self) -> Clear {
        let objects = (self.found.matches + self.found.misses) as f64;
        let wrong = self.found.misses + self.found.false_positives + self.found.switches;
        Clear {
            mota: ratio(wrong as f64, objects).map(|share| 1.0 - share),
            motp_m: ratio(self.metres, self.found.matches as f64),
            ..self.found
        }
    }
}
