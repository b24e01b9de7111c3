//! How many detections a track has to choose among, from the rows: where they are many, neighbours take each other's.
//!
//! A filter that has followed an object for a while expects its next detection with the variance S along each axis: that of the
//! steady state of noise R, white acceleration q and looks every T (the Riccati equation, iterated). Its gate of γ covers
//! π γ √(S₁ S₂) of the ground; counted are the other rows of a look within as much about rows that belong to an object.

use serde::Serialize;

use super::choice::{Fits, GATE};
use super::excerpt::Mark;
use super::figures::Figures;
use super::geometry::sight;
use super::near::Near;
use super::pairs::Side;

/// Looks and rows of each that are asked, and others that are counted at most.
const LOOKS: usize = 20;
const ASKED: usize = 100;
const COUNTED: usize = 32;
/// Others in the mean from which on there are many.
const MANY: f64 = 4.0;
/// A gate that one detection in a thousand misses along two axes, and how much less there must be in it to be a cure.
const NARROW: f64 = 13.8;
const CURES: f64 = 0.6;

/// Detections in the gate of a track beside its own.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Crowd {
    /// In the mean of tracks and looks.
    pub others: f64,
    /// How far the gate reaches, metres: the radius of a circle of its area.
    pub reach_m: f64,
}

/// Those of a sensor with a configuration; `None` where too little is known.
pub(super) fn crowd(side: &Side<'_>, figures: &Figures, fits: &Fits) -> Option<Crowd> {
    of(side, figures, (GATE, fits.turning_m2_s3))
}

/// What is to be said of it, and what to change.
pub(super) fn told(crowd: Crowd, (side, figures): (&Side<'_>, &Figures), fits: &Fits) -> Option<[String; 2]> {
    if crowd.others < MANY {
        return None;
    }
    let found = format!(
        "with `{}` the gate of a track, {} m wide, holds {} detections in the mean beside its own",
        fits.name,
        super::short(2.0 * crowd.reach_m),
        if crowd.others >= COUNTED as f64 { format!("{COUNTED} or more") } else { super::short(crowd.others) }
    );
    let with = |gate: f64, turning: f64| of(side, figures, (gate, turning)).map_or(f64::INFINITY, |crowd| crowd.others);
    let turning = figures.turning_m2_s3.map(|found| (2.0 * found).max(1e-3)).filter(|q| *q < fits.turning_m2_s3);
    let calmer = turning.map(|q| (q, with(GATE, q))).filter(|(_, others)| *others < CURES * crowd.others);
    let narrow = with(NARROW, fits.turning_m2_s3);
    let wanted = match calmer {
        Some((q, others)) => format!(
            "a copy of it with `fusion.motion.horizontal` = {}, as sharply as objects turn here: then {}",
            super::short(q),
            super::short(others)
        ),
        None if narrow < CURES * crowd.others => {
            format!("a copy of it with `fusion.gate` = {NARROW}: then {}", super::short(narrow))
        }
        None => "looks more often or less noise and clutter: no `fusion.gate` tells such neighbours apart, and \
                 `fusion.association.hypotheses_max` bounds what they cost"
            .to_owned(),
    };
    Some([found, wanted])
}

fn of(side: &Side<'_>, figures: &Figures, (gate, turning): (f64, f64)) -> Option<Crowd> {
    let (mut others, mut reaches) = (Vec::new(), Vec::new());
    for (stretch, chains) in side.stretches.iter().zip(&side.chains) {
        let Some(first_us) = stretch.rows.first().map(|row| row.time_us) else { continue };
        let look = |row: &Mark| ((row.time_us - first_us) as f64 * 1e-6 / side.period_s).floor();
        let mut is_chained = vec![false; stretch.rows.len()];
        for row in chains.iter().flatten() {
            if let Some(chained) = is_chained.get_mut(*row as usize) {
                *chained = true;
            }
        }
        let rows: Vec<(&Mark, bool)> = stretch.rows.iter().zip(is_chained).collect();
        let looks: Vec<&[(&Mark, bool)]> = rows.chunk_by(|(a, _), (b, _)| look(a) >= look(b)).collect();
        for rows in looks.iter().step_by(looks.len().div_ceil(LOOKS).max(1)) {
            let near = Near::new(rows.iter().map(|(row, _)| row.ground).zip(0..));
            let chained = || rows.iter().filter(|(_, is_chained)| *is_chained).map(|(row, _)| *row);
            for row in chained().step_by(chained().count().div_ceil(ASKED).max(1)) {
                let [along, across] = sigmas(side, figures, row)?;
                let variance = expected(along, side.period_s, turning) * expected(across, side.period_s, turning);
                let reach_m2 = gate * variance.sqrt();
                let found = near.nearest(row.ground, COUNTED + 1);
                others.push(found.iter().filter(|(off_m2, _)| *off_m2 < reach_m2).count().saturating_sub(1) as f64);
                reaches.push(reach_m2.sqrt());
            }
        }
    }
    let mean = |of: &[f64]| of.iter().sum::<f64>() / of.len() as f64;
    (side.period_s > 0.0 && !others.is_empty()).then(|| Crowd { others: mean(&others), reach_m: mean(&reaches) })
}

/// Standard deviations of a measurement there along and across the line of sight, as found, else as said.
fn sigmas(side: &Side<'_>, figures: &Figures, row: &Mark) -> Option<[f64; 2]> {
    let (found, said) = (&figures.noise, &side.sensor.noise);
    if let Some((_, [_, ground_m])) = sight(side.sensor, row.time_us, row.metres) {
        let range_m = found.range_m.map(|found| found.value).or(said.range_m)?;
        let azimuth = found.azimuth_deg.map(|found| found.value.to_radians()).or(said.azimuth_rad)?;
        return Some([range_m, azimuth * ground_m]);
    }
    found.horizontal_m.map(|found| found.value).or(said.horizontal_m).map(|sigma| [sigma; 2])
}

/// The variance S of the next detection along one axis.
fn expected(sigma_m: f64, period_s: f64, turning: f64) -> f64 {
    let (r, t) = (sigma_m * sigma_m, period_s);
    let (mut p, mut c, mut v) = (r, r / t, 2.0 * r / (t * t));
    for _ in 0..50 {
        let (p1, c1, v1) = (
            p + 2.0 * c * t + v * t * t + turning * t * t * t / 3.0,
            c + v * t + turning * t * t / 2.0,
            v + turning * t,
        );
        let s = p1 + r;
        (p, c, v) = (p1 - p1 * p1 / s, c1 - p1 * c1 / s, v1 - c1 * c1 / s);
    }
    p + 2.0 * c * t + v * t * t + turning * t * t * t / 3.0 + r
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_expected_is_the_steady_state() {
        // The gain of position of the tracking index λ = T² √q' / σ (Kalata 1984), q' = q / T as piecewise noise, is near for small λ.
        for (sigma, period_s, q) in [(10.0, 1.0, 1.0_f64), (30.0, 4.0, 0.5), (5.0, 0.1, 10.0)] {
            let (lambda, s) = (((q * f64::powi(period_s, 3)).sqrt() / sigma), expected(sigma, period_s, q));
            let r = (4.0 + lambda - (8.0 * lambda + lambda * lambda).sqrt()) / 4.0;
            let alpha = 1.0 - r * r;
            let found = 1.0 - sigma * sigma / s;
            assert!((found / alpha - 1.0).abs() < 0.1, "{found}, wanted {alpha}");
        }
        // Without turning nothing is left to expect but noise.
        assert!((expected(10.0, 1.0, 0.0) / 100.0 - 1.0).abs() < 0.1);
    }
}
