//! Waves with something wrong: what no recording should hold, and a kernel must treat as its twin does.

use crate::cases::{add_hypotheses, wave};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use trackweave::fusion::arrays::{AT_REST, Arrays, Host};

/// What is wrong with the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Poison {
    /// A tenth of all numbers is NaN.
    Nan,
    /// A tenth of all numbers is infinite, of either sign.
    Infinite,
    /// Covariances are zero.
    ZeroCovariance,
    /// Covariances lie near the largest number, so that products overflow.
    HugeCovariance,
    /// A diffuse prior of 10⁶ m beside measurements of 1 m.
    Diffuse,
    /// Means and tiles lie beyond what tiles can count.
    FarAway,
    /// A tenth of all numbers is denormal or a zero of either sign.
    Tiny,
    /// Weights are zero or negative, and nothing is left of a track.
    NoWeight,
    /// Every lane rests.
    AtRest,
    /// Scans without detections.
    Empty,
    /// A track with many times more hypotheses than any real gate holds.
    FullGate,
}

impl Poison {
    /// Whether numbers below the smallest normal one come of it.
    pub(crate) fn makes_denormals(self) -> bool {
        matches!(self, Self::Tiny | Self::HugeCovariance)
    }

    /// All of them.
    pub(crate) const ALL: [Self; 11] = [
        Self::Nan,
        Self::Infinite,
        Self::ZeroCovariance,
        Self::HugeCovariance,
        Self::Diffuse,
        Self::FarAway,
        Self::Tiny,
        Self::NoWeight,
        Self::AtRest,
        Self::Empty,
        Self::FullGate,
    ];
}

/// A wave over `tracks` tracks with something wrong.
pub(crate) fn spoilt(tracks: usize, seed: u64, poison: Poison) -> Arrays<Host> {
    let mut arrays = wave(tracks, seed);
    spoil(&mut ChaCha8Rng::seed_from_u64(seed + 1000), &mut arrays, poison);
    arrays
}

pub(crate) fn spoil(random: &mut ChaCha8Rng, arrays: &mut Arrays<Host>, poison: Poison) {
    match poison {
        Poison::FullGate => add_hypotheses(random, arrays, 0, 3000),
        Poison::Nan => sprinkle(random, arrays, &[f32::NAN]),
        Poison::Infinite => sprinkle(random, arrays, &[f32::INFINITY, f32::NEG_INFINITY]),
        Poison::Tiny => sprinkle(random, arrays, &[1e-40, -1e-40, 0.0, -0.0]),
        Poison::ZeroCovariance => arrays.covariance.fill(0.0),
        Poison::HugeCovariance => arrays.covariance.iter_mut().for_each(|p| *p *= 1e32),
        Poison::Diffuse => {
            arrays.covariance.iter_mut().for_each(|p| *p *= 1e6);
            for observation in &mut arrays.observations {
                observation.position.iter_mut().for_each(|row| row.sigma = 1.0);
            }
        }
        Poison::FarAway => {
            for (x, far) in arrays.mean.iter_mut().zip([1e9f32, -1e12, 3e12, 1e30].into_iter().cycle()) {
                *x *= far;
            }
            for (tile, far) in arrays.tile.iter_mut().zip([i32::MAX, i32::MIN, 0].into_iter().cycle()) {
                *tile = far;
            }
        }
        Poison::NoWeight => {
            for (row, gone) in arrays.rows.iter_mut().zip([0.0, 1.0].into_iter().cycle()) {
                (row.missed, row.gone) = (0.0, gone);
            }
            for (edge, weight) in arrays.edges.iter_mut().zip([0.0, -0.5, 1.0, -0.0].into_iter().cycle()) {
                edge.weight = weight;
            }
        }
        Poison::AtRest => {
            arrays.looks.iter_mut().for_each(|look| look.awake = 0);
            arrays.rows.iter_mut().for_each(|row| row.start = AT_REST);
        }
        Poison::Empty => {
            arrays.rows.iter_mut().filter(|row| row.start != AT_REST).for_each(|row| (row.start, row.count) = (0, 0));
            arrays.detections.clear();
            arrays.edges.clear();
            arrays.observations.clear();
        }
    }
}

/// Replaces a tenth of the numbers of tracks, detections, observations, rows and looks.
fn sprinkle(random: &mut ChaCha8Rng, arrays: &mut Arrays<Host>, values: &[f32]) {
    let mut spoil = |number: &mut f32| {
        if random.random_bool(0.1) {
            *number = values[random.random_range(0..values.len())];
        }
    };
    arrays.mean.iter_mut().for_each(&mut spoil);
    arrays.covariance.iter_mut().for_each(&mut spoil);
    arrays.odds.iter_mut().for_each(&mut spoil);
    arrays.edges.iter_mut().for_each(|edge| spoil(&mut edge.weight));
    for detection in &mut arrays.detections {
        spoil(&mut detection.ahead_s);
        detection.offset_m.iter_mut().for_each(&mut spoil);
    }
    for o in &mut arrays.observations {
        for row in o.position.iter_mut().chain(&mut o.velocity) {
            row.direction.iter_mut().chain([&mut row.sigma]).for_each(&mut spoil);
        }
        o.ranges_m.iter_mut().chain(&mut o.rates_m_s).for_each(&mut spoil);
    }
    for row in &mut arrays.rows {
        [&mut row.missed, &mut row.gone].into_iter().for_each(&mut spoil);
    }
    // One lane keeps its look: with every second look spoilt, little else would be compared.
    if let Some(look) = arrays.looks.first_mut() {
        [&mut look.dt_s, &mut look.births_s, &mut look.survival].into_iter().for_each(&mut spoil);
        [&mut look.noise.pp, &mut look.noise.pv, &mut look.noise.vv].into_iter().for_each(&mut spoil);
        [&mut look.noise.extra_pp, &mut look.noise.extra_pv, &mut look.noise.extra_vv].into_iter().for_each(&mut spoil);
    }
}
