//! The Poisson field of undetected targets of one lane, and the births from it.
//!
//! Two forms: Gaussian components (published scenarios) or a field of densities over the coverage (recordings).
//! Each look thins what it covers by 1 - P_D; a detection z meets density e(z) = P_D ∫ D(x) N(z; h x, R) dx.
//! A detection that no track made is a new track with probability e / (κ_c + e), κ_c the density of clutter.
//! Williams, IEEE TAES 51(3), 2015, eqs. 19 to 28. Units: m, s.

use super::arrays::{COVARIANCE, LaneStep, MEAN, tri};
use super::config::Births;
use super::motion::{curved, rounded, untangent};
use super::observation::LinearizedMeasurement;
use super::sight::of_velocity;
use super::since::Since;
use super::state::{State, dot3, joseph};
use super::views::Sees;
use crate::scan::{Detection, Extent, HEIGHT_M, Observation, Planes, RANGE, ROWS_MAX, Sight, Wrong, require};
use crate::space::TILE_M;
use rayon::prelude::*;
use std::collections::BTreeMap;

#[expect(clippy::cast_possible_truncation, reason = "1024 is exact")]
const TILE: f32 = TILE_M as f32;

/// The part of a target that recycled existence is counted in: sums of parts do not depend on their order.
pub const PART: f32 = 1.0 / 16_777_216.0;

/// One Gaussian component of the Poisson field.
#[derive(Clone, Copy, Debug)]
pub struct Component {
    /// Expected number of targets in it.
    pub weight: f32,
    /// Tile of the mean.
    pub tile: [i32; 3],
    /// Mean and covariance.
    pub state: State<f32>,
}

/// Targets that nothing has detected yet.
#[derive(Clone, Debug)]
pub enum UndetectedIntensity {
    /// Gaussian components.
    Components {
        /// Those that live.
        components: Vec<Component>,
        /// Those that are born with every scan.
        births: Vec<Component>,
        /// Lighter ones are dropped.
        weight_min: f32,
    },
    /// Targets a square metre, in each cell.
    Field {
        /// The cells.
        planes: Planes,
        /// Density of undetected targets in each.
        density: Vec<f32>,
        /// Births a square metre and second.
        birth: f32,
        /// Prior of what a position does not tell.
        prior: Prior,
    },
}

/// Cells that one task thins: to hand over fewer costs more than to thin them.
const CELLS: usize = 1 << 17;

/// What is known of objects beforehand: standard deviations of a new track, and how often they report.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Prior {
    /// Horizontal velocity along each axis, m/s.
    pub speed_m_s: f32,
    /// Vertical velocity, m/s.
    pub climb_m_s: f32,
    /// Height about the measured place where a detection brings none, m; 0 in the plane.
    pub height_m: f32,
    /// What no height is known worse than, however long nothing measures it, m; infinite where nothing bounds it.
    pub height_most_m: f32,
    /// How often an object reports, one over seconds, where nobody looks and that is all that is heard of it; else 0.
    pub reports_per_s: f64,
}

/// A detection's density of undetected targets, and the track it would begin.
#[derive(Clone, Copy, Debug)]
pub struct Birth {
    /// e(z).
    pub density: f32,
    /// Tile of the new track.
    pub tile: [i32; 3],
    /// Its state.
    pub state: State<f32>,
}

impl UndetectedIntensity {
    /// The same density everywhere over a plane, as a configuration has it, before the first scan; objects are within
    /// `heights_m` of each other, and report at a rate where nobody looks.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    pub fn over(planes: &Planes, (extent, heights_m): (Extent, f64), reports_per_s: f64, births: &Births) -> Self {
        let planar = extent == Extent::Plane;
        Self::Field {
            density: vec![(births.initial_per_km2 * 1e-6) as f32; planes.len()],
            planes: planes.clone(),
            birth: (births.births_per_km2_h * 1e-6 / 3600.0) as f32,
            prior: Prior {
                speed_m_s: births.speed_m_s,
                climb_m_s: if planar { 0.0 } else { births.climb_m_s },
                height_m: if planar { 0.0 } else { (HEIGHT_M / 2.0) as f32 },
                height_most_m: (heights_m / 2.0) as f32,
                reports_per_s,
            },
        }
    }

    /// One over the variance that no height is known worse than, m⁻²; 0 for components, which say themselves how they lie.
    #[must_use]
    pub fn height_information(&self) -> f32 {
        match self {
            Self::Components { .. } => 0.0,
            Self::Field { prior, .. } => 1.0 / (prior.height_most_m * prior.height_most_m),
        }
    }

    /// How often an object reports where nobody looks, one over seconds.
    #[must_use]
    pub const fn reports_per_s(&self) -> f64 {
        match self {
            Self::Components { .. } => 0.0,
            Self::Field { prior, .. } => prior.reports_per_s,
        }
    }

    /// Fails unless it can be the field of a lane.
    pub(super) fn check(&self, at: impl FnOnce() -> String + Copy) -> Result<(), Wrong> {
        let weighs = |x: f32| x >= 0.0 && x.is_finite();
        match self {
            Self::Components { components, births, weight_min } => {
                require(at, ("least weight", *weight_min), |x| weighs(*x), "a finite number, at least 0")?;
                let sound = |c: &&Component| {
                    let State { mean, covariance } = &c.state;
                    weighs(c.weight) && mean.iter().chain(covariance).all(|x| x.is_finite())
                };
                let wrong = components.iter().chain(births).find(|c| !sound(c));
                require(at, ("component", wrong), Option::is_none, "finite numbers, and a weight of at least 0")
            }
            Self::Field { planes, density, birth, prior } => {
                planes.check(at)?;
                require(at, ("densities", density.len()), |n| *n == planes.len(), "one for each cell of its planes")?;
                let wrong = density.iter().chain([birth]).find(|x| !weighs(**x));
                require(at, ("density", wrong), Option::is_none, "a finite number, at least 0")?;
                let sound = |p: &Prior| {
                    let reports = p.reports_per_s >= 0.0 && p.reports_per_s.is_finite();
                    [p.speed_m_s, p.climb_m_s, p.height_m].into_iter().all(weighs) && p.height_most_m >= 1.0 && reports
                };
                require(
                    at,
                    ("prior", *prior),
                    sound,
                    "standard deviations and a rate of at least 0, for `height_most_m` 1",
                )
            }
        }
    }

    /// Moves the field to the time of the scan and adds births.
    pub fn predict(&mut self, look: &LaneStep, predicted: impl Fn(&mut Component)) {
        match self {
            Self::Components { components, births, .. } => {
                let left = look.survival * (1.0 - look.heard);
                for component in components.iter_mut() {
                    component.weight *= left;
                    predicted(component);
                }
                components.extend(births.iter().copied());
            }
            Self::Field { density, birth, .. } => {
                let born = *birth * look.births_s;
                for d in density {
                    *d = born + *d * look.left;
                }
            }
        }
    }

    /// Thins what the look has covered, as likely as its view sees it.
    pub fn thin(&mut self, look: &LaneStep, sees: &Sees<'_>) {
        match self {
            Self::Components { components, weight_min, .. } => {
                for component in components.iter_mut() {
                    let share = sees.place(&component.tile, &component.state.mean);
                    component.weight *= 1.0 - look.detection_probability * share;
                }
                components.retain(|component| component.weight >= *weight_min);
            }
            Self::Field { density, .. } => match sees.sight() {
                _ if sees.has_views() => density.par_chunks_mut(CELLS).enumerate().for_each(|(chunk, mut density)| {
                    let first = chunk * CELLS;
                    for (cells, share) in sees.stretches(first..first + density.len()) {
                        let left = 1.0 - look.detection_probability * share;
                        let here;
                        (here, density) = density.split_at_mut(cells.len().min(density.len()));
                        for d in here {
                            *d *= left;
                        }
                    }
                }),
                Sight::Everywhere => density.iter_mut().for_each(|d| *d *= 1.0 - look.detection_probability),
                Sight::Mask(mask) => {
                    for (d, share) in density.iter_mut().zip(mask.share().iter()) {
                        *d *= 1.0 - look.detection_probability * share;
                    }
                }
            },
        }
    }

    /// Takes back tracks that are no longer worth their memory: existence, tile and state of each.
    ///
    /// A field adds their existence up in whole parts, whose sum does not depend on their order.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an existence is at most 1")]
    pub fn take_back(&mut self, recycled: impl Iterator<Item = (f32, [i32; 3], State<f32>)>) {
        match self {
            Self::Components { components, .. } => {
                components.extend(recycled.map(|(weight, tile, state)| Component { weight, tile, state }));
            }
            Self::Field { planes, density, .. } => {
                let mut sums: BTreeMap<usize, [u32; 2]> = BTreeMap::new();
                for (existence, tile, state) in recycled {
                    if let Some(cell) = planes.cell(&tile, &state.mean) {
                        let parts = (existence / PART + 0.5) as u32;
                        let [low, high] = sums.entry(cell).or_default();
                        (*low, *high) = (*low + (parts & 4095), *high + (parts >> 12));
                    }
                }
                for (cell, [low, high]) in sums {
                    if let Some(d) = density.get_mut(cell) {
                        *d += (high as f32 * 4096.0 + low as f32) * PART / planes.area_m2(cell);
                    }
                }
            }
        }
    }

    /// e(z) alone.
    #[must_use]
    pub fn density(&self, look: &LaneStep, sees: &Sees<'_>, scan: (&[Detection], &[Observation]), d: usize) -> f32 {
        match self {
            Self::Components { components, .. } => components
                .iter()
                .map(|c| {
                    let visible = sees.visible(&c.tile, &c.state.mean);
                    look.detection_probability * visible * c.weight * likelihood(c, scan, d)
                })
                .sum(),
            Self::Field { planes, density, .. } => {
                let Some((detection, observation)) = pair(scan, d) else { return 0.0 };
                let Some(cell) = planes.cell(&detection.tile, &detection.offset_m) else { return 0.0 };
                let here = density.get(cell).copied().unwrap_or(0.0);
                let seen = sees.place(&detection.tile, &detection.offset_m);
                look.detection_probability * seen * here * observation.spread
            }
        }
    }

    /// The track that detection `d` would begin.
    #[must_use]
    pub fn birth(&self, look: &LaneStep, scan: (&[Detection], &[Observation]), d: usize) -> Birth {
        match self {
            Self::Components { components, .. } => mixture(components, look, scan, d),
            Self::Field { prior, .. } => {
                let Some((detection, observation)) = pair(scan, d) else { return nothing() };
                Birth { density: 0.0, tile: detection.tile, state: first_state(prior, look, detection, observation) }
            }
        }
    }

    /// Expected number of undetected targets.
    #[must_use]
    pub fn count(&self) -> f64 {
        match self {
            Self::Components { components, .. } => components.iter().map(|c| f64::from(c.weight)).sum(),
            Self::Field { planes, density, .. } => {
                let area_m2 = planes.each().flat_map(|plane| (0..plane.len()).map(|cell| plane.area_m2(cell)));
                density.iter().zip(area_m2).map(|(d, area_m2)| f64::from(*d) * f64::from(area_m2)).sum()
            }
        }
    }
}

fn pair<'a>(scan: (&'a [Detection], &'a [Observation]), d: usize) -> Option<(&'a Detection, &'a Observation)> {
    let detection = scan.0.get(d)?;
    Some((detection, scan.1.get(detection.observation as usize)?))
}

fn nothing() -> Birth {
    Birth { density: 0.0, tile: [0; 3], state: State::zero() }
}

fn seen(c: &Component, scan: (&[Detection], &[Observation]), d: usize) -> LinearizedMeasurement<f32> {
    let tile = |_: usize, a: usize| c.tile.get(a).copied().unwrap_or(0);
    LinearizedMeasurement::gather(scan.0, scan.1, |_| d, tile, &c.state.mean)
}

fn likelihood(c: &Component, scan: (&[Detection], &[Observation]), d: usize) -> f32 {
    seen(c, scan, d).innovation(&c.state).density()
}

/// The components given the detection, moment-matched about the first one's tile.
#[expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]
#[expect(clippy::neg_cmp_op_on_partial_ord, reason = "NaN adds nothing")]
fn mixture(components: &[Component], look: &LaneStep, scan: (&[Detection], &[Observation]), d: usize) -> Birth {
    let Some(tile) = components.first().map(|c| c.tile) else { return nothing() };
    let mut to = Birth { density: 0.0, tile, state: State::zero() };
    for c in components {
        let seen = seen(c, scan, d);
        let w = look.detection_probability * c.weight * seen.innovation(&c.state).density();
        if !(w > 0.0) {
            continue;
        }
        let mut posterior = seen.posterior(&c.state);
        for k in 0..MEAN {
            posterior.mean[k] += c.state.mean[k];
        }
        for ((mean, own), tile) in posterior.mean.iter_mut().zip(c.tile).zip(tile) {
            *mean += own.wrapping_sub(tile) as f32 * TILE;
        }
        let sum = to.density + w;
        let (share, spread) = (w / sum, to.density / sum * (w / sum));
        let keep = to.density / sum;
        let delta: [f32; MEAN] = core::array::from_fn(|k| posterior.mean[k] - to.state.mean[k]);
        for i in 0..MEAN {
            to.state.mean[i] += share * delta[i];
            for j in i..MEAN {
                let k = tri(i, j);
                to.state.covariance[k] =
                    keep * to.state.covariance[k] + share * posterior.covariance[k] + spread * (delta[i] * delta[j]);
            }
        }
        to.density = sum;
    }
    to
}

/// The measured position with its covariance, and the prior of velocity, at the time of the scan.
#[expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]
fn first_state(prior: &Prior, look: &LaneStep, d: &Detection, o: &Observation) -> State<f32> {
    let [first, second, third] = o.position.map(|row| row.sigma);
    let third = if o.axes > 2 || third > 0.0 { third } else { prior.height_m };
    let (axes, along) = (o.position.map(|row| row.direction), [first * first, second * second, third * third]);
    let (offset_m, variance) = bent(d.offset_m, along, o);
    let up = if look.radial == 0 {
        [0.0, 0.0, 1.0]
    } else {
        let place: [f32; 3] = core::array::from_fn(|a| d.tile[a] as f32 * TILE + d.offset_m[a]);
        let norm = dot3(&place, &place).sqrt().max(1.0);
        place.map(|m| m / norm)
    };
    let (level, climb) = (prior.speed_m_s * prior.speed_m_s, prior.climb_m_s * prior.climb_m_s);
    let tau = d.ahead_s;
    let mut p = [0.0; COVARIANCE];
    for i in 0..3 {
        for j in 0..3 {
            let velocity = if i == j { level } else { 0.0 } + up[i] * up[j] * (climb - level);
            if i <= j {
                let measured: f32 = (0..3).map(|k| variance[k] * axes[k][i] * axes[k][j]).sum();
                p[tri(i, j)] = measured + tau * (tau * velocity);
                p[tri(3 + i, 3 + j)] = velocity;
            }
            p[tri(i, 3 + j)] = -tau * velocity;
        }
    }
    let unseen = State { mean: [offset_m[0], offset_m[1], offset_m[2], 0.0, 0.0, 0.0], covariance: p };
    let mut state = unseen;
    for (k, (row, rate)) in o.velocity.iter().zip(o.rates_m_s).take(o.rates as usize).enumerate() {
        let [x, y, z] = row.direction;
        let (mut variance, across) = (row.sigma * row.sigma, variance);
        if k == 0 && o.sight_m > 0.0 {
            variance += turned(&axes[1], across[1], o.sight_m, &p) + turned(&axes[2], across[2], o.sight_m, &p);
        }
        let nu = rate - dot3(&row.direction, &[state.mean[3], state.mean[4], state.mean[5]]);
        let k = joseph(&mut state.covariance, &[0.0, 0.0, 0.0, x, y, z], variance);
        for (mean, gain) in state.mean.iter_mut().zip(k) {
            *mean += gain * nu;
        }
    }
    if look.orbits == 1 {
        state = untangent(&d.tile.map(|tile| tile as f32), tau, &rounded(&unseen, &state));
    }
    if look.turning.turns == 1 {
        return curved(look, &up, (tau, -tau), &state);
    }
    if tau < 0.0 { Since::over(look, -tau, &up).on(&state) } else { state }
}

/// A measured place and its variances along the rows of position, bent where one of them is a range: what is uncertain
/// across it brings the mean nearer, by half the variance over the range, and makes it less certain along it.
#[expect(clippy::indexing_slicing, reason = "rows are 0, 1, 2")]
fn bent(offset_m: [f32; 3], along: [f32; ROWS_MAX], o: &Observation) -> ([f32; 3], [f32; ROWS_MAX]) {
    let (mut place, mut variance) = (offset_m, along);
    for k in (0..ROWS_MAX).filter(|k| o.kind(*k) == RANGE) {
        let [i, j] = [[1, 2], [0, 2], [0, 1]][k];
        let range_m = o.ranges_m[k].max(1.0);
        let nearer = 0.5 * ((along[i] + along[j]) / range_m);
        for (place, direction) in place.iter_mut().zip(o.position[k].direction) {
            *place -= nearer * direction;
        }
        variance[k] = along[k] + 0.5 * ((along[i] * along[i] + along[j] * along[j]) / (range_m * range_m));
    }
    (place, variance)
}

/// What a velocity of covariance P_vv may add, across a line of sight that is so uncertain along `a`, to one along it.
fn turned(a: &[f32; 3], across: f32, sight_m: f32, p: &[f32; COVARIANCE]) -> f32 {
    (across / (sight_m * sight_m)) * dot3(a, &of_velocity(p, a))
}
