//! Tracks of a lane's log to objects: one that several sensors see apart from each other may be several tracks.
//!
//! A look holds an object once: tracks that take detections of the same looks are different objects, however near. Tracks that
//! go on within reach of each other while both are there, and never do that, are one. Pairs are joined by how near they are, the
//! nearest first, unless that would join two that are different.

use super::plot::Plot;
use crate::inspect::Near;
use crate::space::{Vector, dot, plus};
use std::collections::BTreeMap;

/// Scan and detection of the birth of a track.
pub(super) type Born = [u32; 2];

/// Tracks near one that are compared with it.
const NEIGHBOURS: usize = 4;
/// Waves that two tracks of one object have in common at least, and the share of them in which they are near.
const WAVES: u64 = 4;
const MOSTLY: f64 = 0.6;
/// The share of a track's detections beyond which looks that both have part in make two tracks different.
const BOTH: f64 = 0.1;

/// Tracks and what they took.
#[derive(Debug, Default)]
pub(super) struct Objects {
    tracks: BTreeMap<Born, Track>,
    pairs: BTreeMap<[Born; 2], Pair>,
    waves: u64,
}

#[derive(Debug, Default)]
struct Track {
    plots: Vec<Plot>,
    /// Its first and its last wave.
    waves: Option<[u64; 2]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Pair {
    /// Waves in which they were near, and their distances in all of these, metres.
    near: u64,
    off_m: f64,
    /// Looks in which both took a detection.
    both: u64,
}

impl Objects {
    /// Takes in a wave: where tracks are after it, and what they took in its look, by tracks in order. What is `reach_m` apart is not near.
    pub(super) fn wave(&mut self, there: &[(Born, Vector)], taken: Vec<(Born, Plot)>, reach_m: f64) {
        self.waves += 1;
        let now = self.waves;
        for (born, _) in there {
            let waves = &mut self.tracks.entry(*born).or_default().waves;
            *waves = Some([waves.map_or(now, |[first, _]| first), now]);
        }
        let had: Vec<(Born, Vector)> =
            there.iter().filter(|(born, _)| taken.binary_search_by_key(born, |(by, _)| *by).is_ok()).copied().collect();
        for (pair, off_m) in neighbours(there, reach_m) {
            let pair = self.pairs.entry(pair).or_default();
            pair.near += 1;
            pair.off_m += off_m;
        }
        for (pair, _) in neighbours(&had, reach_m) {
            self.pairs.entry(pair).or_default().both += 1;
        }
        for (born, plot) in taken {
            self.tracks.entry(born).or_default().plots.push(plot);
        }
    }

    /// The detections of every object, in the order of time.
    pub(super) fn finish(self) -> Vec<Vec<Plot>> {
        let Self { tracks, pairs, .. } = self;
        let differ = |[a, b]: [Born; 2]| {
            let pair = pairs.get(&if a < b { [a, b] } else { [b, a] });
            let of = |born: Born| tracks.get(&born).map_or(0, |track| track.plots.len());
            pair.is_some_and(|pair| pair.both as f64 > BOTH * of(a).min(of(b)) as f64)
        };
        let mut near: Vec<(f64, [Born; 2])> = pairs
            .iter()
            .filter(|(of, pair)| is_one(of, pair, &tracks))
            .map(|(of, pair)| (pair.off_m / pair.near as f64, *of))
            .collect();
        near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let mut group: BTreeMap<Born, Born> = tracks.keys().map(|born| (*born, *born)).collect();
        let mut members: BTreeMap<Born, Vec<Born>> = tracks.keys().map(|born| (*born, vec![*born])).collect();
        for (_, [a, b]) in near {
            let (Some(&a), Some(&b)) = (group.get(&a), group.get(&b)) else { continue };
            let of = |born: Born| members.get(&born).map(Vec::as_slice).unwrap_or_default();
            if a == b || of(a).iter().any(|a| of(b).iter().any(|b| differ([*a, *b]))) {
                continue;
            }
            for born in members.remove(&b).unwrap_or_default() {
                group.insert(born, a);
                members.entry(a).or_default().push(born);
            }
        }
        let mut tracks = tracks;
        let object = |borns: Vec<Born>| {
            let taken = borns.iter().filter_map(|born| tracks.remove(born)).flat_map(|track| track.plots);
            let mut plots: Vec<Plot> = taken.collect();
            plots.sort_by(Plot::compare);
            plots
        };
        members.into_values().map(object).filter(|plots| !plots.is_empty()).collect()
    }
}

/// Whether two tracks go on together as long as both are there.
fn is_one([a, b]: &[Born; 2], pair: &Pair, tracks: &BTreeMap<Born, Track>) -> bool {
    let waves = |born: &Born| tracks.get(born).and_then(|track| track.waves);
    let Some(([first, last], [other_first, other_last])) = waves(a).zip(waves(b)) else { return false };
    let common = (last.min(other_last) + 1).saturating_sub(first.max(other_first));
    pair.near >= WAVES && pair.near as f64 >= MOSTLY * common as f64
}

/// Pairs of tracks within reach of each other, the lesser first, and how far apart they are.
fn neighbours(there: &[(Born, Vector)], reach_m: f64) -> BTreeMap<[Born; 2], f64> {
    let mut found = BTreeMap::new();
    if there.len() < 2 {
        return found;
    }
    let tree = Near::new(there.iter().map(|(_, at)| *at).zip(0..));
    for (born, at) in there {
        for (square_m2, other) in tree.nearest(*at, NEIGHBOURS + 1) {
            let Some((other, there)) = there.get(other as usize).filter(|(other, _)| other != born) else { continue };
            if square_m2 <= reach_m * reach_m {
                let off = plus(*there, -1.0, *at);
                found.insert([*born.min(other), *born.max(other)], dot(off, off).sqrt());
            }
        }
    }
    found
}
