//! Which of the built-in configurations fits what was seen, and why.
//!
//! Each is for objects of a usual speed, density and turning. Proposed is the one that is nearest in the logarithm of these,
//! each over the factor that still fits; what was not seen does not count. Objects at different heights are none on the ground. Where all
//! of them are far above the atmosphere, in a frame that is that of the Earth, they fall freely.

use crate::space::Frame;
use serde::Serialize;

/// What one of the configurations is for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fits {
    /// Its name.
    pub name: &'static str,
    /// What moves, in words.
    pub objects: &'static str,
    /// The speed below which 19 of 20 are, m/s.
    pub speed_m_s: f64,
    /// Objects a square kilometre.
    pub per_km2: f64,
    /// Intensity of white acceleration, m²/s³.
    pub turning_m2_s3: f64,
    /// Whether they are at different heights.
    pub has_heights: bool,
    /// Whether they fall freely about the Earth, and gravity is computed.
    pub falls: bool,
}

/// The configurations that are built in (`data/config/`): density and turning are theirs, the speed is twice that of a new
/// track along one axis.
pub const FITS: [Fits; 7] = [
    fits("air", "aircraft", ([300.0, 0.001, 400.0], true)),
    fits("sea", "ships", ([16.0, 0.02, 0.1], false)),
    fits("vehicles", "vehicles", ([24.0, 20.0, 4.0], false)),
    fits("people", "people", ([2.4, 300.0, 0.3], false)),
    fits("drones", "small drones", ([24.0, 0.05, 10.0], true)),
    fits("satellites", "satellites", ([10_000.0, 1e-6, 2_000.0], true)),
    Fits { falls: true, ..fits("orbits", "satellites in free fall", ([10_600.0, 4e-5, 1e-6], true)) },
];

/// The gate of all of them (`fusion.gate`).
pub const GATE: f64 = 25.0;

const fn fits(name: &'static str, objects: &'static str, of: ([f64; 3], bool)) -> Fits {
    let ([speed_m_s, per_km2, turning_m2_s3], has_heights) = of;
    Fits { name, objects, speed_m_s, per_km2, turning_m2_s3, has_heights, falls: false }
}

/// What was seen of objects.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Seen {
    /// The speed below which 19 of 20 are, m/s.
    pub speed_m_s: Option<f64>,
    /// Objects a square kilometre.
    pub per_km2: Option<f64>,
    /// From the lowest height to the highest, metres.
    pub heights_m: Option<[f64; 2]>,
}

/// A configuration that is proposed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Proposal {
    /// Its name, for `--config`.
    pub name: &'static str,
    /// What speaks for it.
    pub reason: String,
    /// What was seen.
    pub seen: Seen,
}

/// Heights that differ by so much, metres, are those of what flies.
const FLIES_M: f64 = 60.0;
/// Above it nothing flies, and the arithmetic of orbits holds, metres.
const SPACE_M: f64 = 150e3;
/// Factors by which speed and density may differ from what a configuration is for and still fit.
const SPEED_FACTOR: f64 = 2.0;
const DENSITY_FACTOR: f64 = 30.0;
/// What heights that do not fit count.
const HEIGHTS: f64 = 4.0;

/// How badly a configuration fits.
pub(super) fn misfit(fits: &Fits, seen: &Seen) -> f64 {
    let off = |found: Option<f64>, wanted: f64, factor: f64| {
        found.filter(|found| *found > 0.0).map_or(0.0, |found| (libm::log(found / wanted) / libm::log(factor)).powi(2))
    };
    let flies = seen.heights_m.map(|[low, high]| high - low > FLIES_M);
    let heights = if flies.is_some_and(|flies| flies != fits.has_heights) { HEIGHTS } else { 0.0 };
    off(seen.speed_m_s, fits.speed_m_s, SPEED_FACTOR) + off(seen.per_km2, fits.per_km2, DENSITY_FACTOR) + heights
}

/// The configuration that fits best; `None` where no speed was seen.
pub(super) fn propose(seen: Seen, frame: Frame) -> Option<Proposal> {
    let speed = seen.speed_m_s?;
    let falls = frame == Frame::Geodetic && seen.heights_m.is_some_and(|[low, _]| low > SPACE_M);
    let fitting = FITS.iter().filter(|fits| fits.falls == falls);
    let best = fitting.min_by(|a, b| misfit(a, &seen).total_cmp(&misfit(b, &seen)))?;
    let density = seen.per_km2.map(|per_km2| format!(", {} a square kilometre", super::words::short(per_km2)));
    let heights = seen.heights_m.map(|[low, high]| format!(", at heights from {low:.0} to {high:.0} m"));
    let reason = format!(
        "19 of 20 speeds are below {} m/s{}{}: most like {}",
        super::words::short(speed),
        density.unwrap_or_default(),
        heights.unwrap_or_default(),
        best.objects
    );
    Some(Proposal { name: best.name, reason, seen })
}
