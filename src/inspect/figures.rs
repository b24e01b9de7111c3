//! What chains of rows say of a sensor and of what it sees: speeds, detection, false rows, noise.
//!
//! **Speeds** over ground: from a row to the eighth after it, less what noise adds. **Detection**: after its first four rows and before its last a chain
//! has as many rows as looks, times P_D; its ends are not counted, since where a chain begins and ends hangs on its rows.
//! **False rows**: those in no chain, a look.
//!
//! **Noise** and **turning**: a row differs from the straight line between its neighbours in a chain by noise and by motion. With
//! weights w₁, w₂ of the neighbours, s and L − s the times to them, and white acceleration of intensity q, the variance is
//! σ² (1 + w₁² + w₂²) + q s² (L − s)² / (3 L): that of integrated noise tied down at both ends. Next neighbours and those after
//! them give two equations for σ² and q. Variances come from medians, so that a turn now and then does not count. Only what
//! changes from look to look is noise: an error that stays is found between sensors, and a value that is held tells none.

use serde::Serialize;

use super::chains::{Chain, LEAST};
use super::excerpt::{Mark, Stretch};
use super::geometry::{Vector, dot, length, level_axes, median, minus, plus, quantile, sight};
use crate::sensor::Sensor;
use crate::space::Frame;

/// Median of the square of a standard normal number.
const CHI2_MEDIAN: f64 = 0.454_936_4;
/// Rows that an object goes on while its speed is taken.
const WAY: usize = 8;
/// Figures that are wanted at least for a statement.
const ENOUGH: usize = 20;

/// An estimate and its standard error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimated {
    /// The estimate.
    pub value: f64,
    /// Its standard error.
    pub error: f64,
}

/// How fast objects are over ground, metres a second.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Speeds {
    /// One in twenty is slower.
    pub p05: f64,
    /// In the middle.
    pub p50: f64,
    /// One in twenty is faster.
    pub p95: f64,
    /// One in a hundred is faster.
    pub p99: f64,
}

/// Standard deviations of what a sensor measures, as far as it changes from row to row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct NoiseFound {
    /// Along each of two horizontal axes, metres; of a sensor without a site.
    pub horizontal_m: Option<Estimated>,
    /// Of heights, metres.
    pub vertical_m: Option<Estimated>,
    /// Along the line of sight, metres.
    pub range_m: Option<Estimated>,
    /// Of azimuths, degrees.
    pub azimuth_deg: Option<Estimated>,
    /// Of elevations, degrees.
    pub elevation_deg: Option<Estimated>,
}

/// What chains of rows say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    /// Chains of four rows or more.
    pub chains: u64,
    /// The share of the rows that they hold.
    pub chained_share: f64,
    /// How fast objects are.
    pub speed_m_s: Option<Speeds>,
    /// How fast they say that they are.
    pub reported_speed_m_s: Option<Speeds>,
    /// The probability that a look detects an object; of a sensor with addresses none.
    pub detection_probability: Option<Estimated>,
    /// False rows in a look.
    pub clutter_per_scan: Option<Estimated>,
    /// Objects in a look, in the mean.
    pub objects_per_scan: Option<f64>,
    /// Noise.
    pub noise: NoiseFound,
    /// The intensity of white acceleration that turns amount to, m²/s³: in t seconds a velocity changes by √(q t).
    pub turning_m2_s3: Option<f64>,
}

/// The rows of a chain.
fn marks<'a>(chain: &'a Chain, rows: &'a [Mark]) -> Vec<&'a Mark> {
    chain.iter().filter_map(|row| rows.get(*row as usize)).collect()
}

fn seconds(from: &Mark, to: &Mark) -> f64 {
    (to.time_us - from.time_us) as f64 * 1e-6
}

/// What the chains of a sensor say; its looks are `period_s` long, and the excerpt has a share of what each holds.
pub(super) fn figures(
    (stretches, chains): (&[Stretch], &[Vec<Chain>]),
    (sensor, frame): (&Sensor, Frame),
    (period_s, looks, share): (f64, f64, f64),
) -> Figures {
    let of_chains: Vec<Vec<&Mark>> = stretches
        .iter()
        .zip(chains)
        .flat_map(|(stretch, chains)| chains.iter().map(|chain| marks(chain, &stretch.rows)))
        .collect();
    let rows: usize = stretches.iter().map(|stretch| stretch.rows.len()).sum();
    let chained: usize = of_chains.iter().map(Vec::len).sum();
    let scans = period_s > 0.0 && looks >= 3.0;
    let (noise, turning_m2_s3) = noise(&of_chains, (sensor, frame), period_s);
    let mut reported: Vec<f64> =
        stretches.iter().flat_map(|stretch| &stretch.rows).filter_map(|row| row.speed_m_s.map(f64::from)).collect();
    Figures {
        chains: of_chains.len() as u64,
        chained_share: chained as f64 / rows.max(1) as f64,
        speed_m_s: speeds(&mut over_ground(
            &of_chains,
            noise.horizontal_m.or(noise.range_m).map_or(0.0, |sigma| sigma.value),
        )),
        reported_speed_m_s: speeds(&mut reported),
        detection_probability: if scans { detection(&of_chains, period_s) } else { None },
        clutter_per_scan: (scans && chained > 0).then(|| {
            let false_rows = (rows - chained) as f64;
            Estimated { value: false_rows / looks / share, error: false_rows.sqrt().max(1.0) / looks / share }
        }),
        objects_per_scan: (scans && chained > 0).then(|| {
            let alive_s: f64 = of_chains.iter().filter_map(|chain| Some(seconds(chain.first()?, chain.last()?))).sum();
            alive_s / period_s / looks / share
        }),
        noise,
        turning_m2_s3,
    }
}

/// Speeds over ground along chains, less what noise adds.
pub(super) fn over_ground(chains: &[Vec<&Mark>], sigma_m: f64) -> Vec<f64> {
    let of = |rows: &[&Mark]| {
        let (first, last) = rows.first().zip(rows.last())?;
        // Two ends with noise along two axes each.
        let way_m = length(minus(last.ground, first.ground));
        let way_m = (way_m * way_m - 4.0 * sigma_m * sigma_m).max(0.0).sqrt();
        Some(way_m / seconds(first, last).max(1e-6))
    };
    chains.iter().flat_map(|chain| chain.windows(chain.len().min(WAY + 1)).step_by(2).filter_map(of)).collect()
}

fn speeds(of: &mut [f64]) -> Option<Speeds> {
    (of.len() >= ENOUGH / 2).then(|| {
        let [p05, p50, p95, p99] = [0.05, 0.5, 0.95, 0.99].map(|share| quantile(of, share));
        Speeds { p05, p50, p95, p99 }
    })
}

fn detection(chains: &[Vec<&Mark>], period_s: f64) -> Option<Estimated> {
    let (mut hits, mut looks) = (0.0, 0.0);
    for chain in chains {
        let (Some(from), Some(to)) = (chain.get(LEAST - 1), chain.last()) else { continue };
        let of_chain = (seconds(from, to) / period_s).round() - 1.0;
        if chain.len() > LEAST && of_chain > 0.0 {
            hits += (chain.len() - LEAST - 1) as f64;
            looks += of_chain;
        }
    }
    let value = hits / f64::max(looks, 1.0);
    (looks >= ENOUGH as f64).then(|| {
        let within = value.clamp(0.5 / looks, 1.0 - 0.5 / looks);
        Estimated { value: value.min(1.0), error: (within * (1.0 - within) / looks).sqrt() }
    })
}

/// Squared deviations of one measured quantity from straight lines, over the weight of its noise, each with that of turning.
#[derive(Debug, Default)]
struct Deviations {
    close: Vec<[f64; 2]>,
    wide: Vec<[f64; 2]>,
}

impl Deviations {
    /// A row against its neighbours so many places apart.
    fn push(&mut self, apart: usize, deviation: f64, [of_noise, of_turning]: [f64; 2]) {
        let into = if apart == 1 { &mut self.close } else { &mut self.wide };
        into.push([deviation * deviation / of_noise, of_turning / of_noise]);
    }

    /// σ and q.
    fn solve(&self) -> Option<(Estimated, f64)> {
        if self.close.len() < ENOUGH || self.wide.len() < ENOUGH {
            return None;
        }
        let of = |all: &[[f64; 2]]| {
            let [mut squares, mut turning]: [Vec<f64>; 2] =
                [all.iter().map(|[square, _]| *square).collect(), all.iter().map(|[_, turning]| *turning).collect()];
            [median(&mut squares) / CHI2_MEDIAN, median(&mut turning)]
        };
        let ([v1, x1], [v2, x2]) = (of(&self.close), of(&self.wide));
        let q = if x2 > x1 { ((v2 - v1) / (x2 - x1)).max(0.0) } else { 0.0 };
        let sigma = (v1 - q * x1).max(0.0).sqrt();
        if sigma <= 0.0 {
            return None;
        }
        // A median of n squares has 1.17 / √n of relative error as σ; neighbours share rows; and what is taken off adds its own.
        let share = (v1.sqrt() / sigma.max(1e-12)).powi(2).min(100.0);
        Some((Estimated { value: sigma, error: 2.0 * sigma * share / (self.close.len() as f64).sqrt() }, q))
    }
}

fn noise(chains: &[Vec<&Mark>], of: (&Sensor, Frame), period_s: f64) -> (NoiseFound, Option<f64>) {
    let [mut level, mut upwards, mut range, mut azimuth, mut elevation]: [Deviations; 5] = Default::default();
    for chain in chains {
        for apart in [1, 2] {
            let longest_s = 2.6 * apart as f64 * period_s;
            for window in chain.windows(2 * apart + 1) {
                let (Some(a), Some(b), Some(c)) = (window.first(), window.get(apart), window.last()) else { continue };
                let (to_s, all_s) = (seconds(a, b), seconds(a, c));
                if to_s <= 0.0 || all_s <= to_s || period_s > 0.0 && all_s > longest_s || is_held(a, b, c) {
                    continue;
                }
                let share = to_s / all_s;
                let weights = [
                    1.0 + share * share + (1.0 - share) * (1.0 - share),
                    (to_s * (all_s - to_s)).powi(2) / (3.0 * all_s),
                ];
                let deviation = minus(b.metres, plus(plus([0.0; 3], 1.0 - share, a.metres), share, c.metres));
                let angled = |per: f64| {
                    let [of_noise, of_turning] = weights;
                    [of_noise, of_turning / (per * per)]
                };
                if let Some(height) = height_off(a, b, c, share) {
                    upwards.push(apart, height, weights);
                }
                if let Some(([ahead, across, up], [range_m, ground_m])) = sight(of.0, b.time_us, b.metres) {
                    range.push(apart, dot(deviation, ahead), weights);
                    azimuth.push(apart, dot(deviation, across) / ground_m, angled(ground_m));
                    if of.0.noise.elevation_rad.is_some() && b.height_m.is_some() {
                        elevation.push(apart, dot(deviation, up) / range_m, angled(range_m));
                    }
                } else {
                    let [east, north, _]: [Vector; 3] = level_axes(of.1, b.metres);
                    level.push(apart, dot(deviation, east), weights);
                    level.push(apart, dot(deviation, north), weights);
                }
            }
        }
    }
    let sigma = |of: &Deviations| of.solve().map(|(sigma, _)| sigma);
    let degrees = |of: &Deviations| {
        sigma(of).map(|Estimated { value, error }| Estimated { value: value.to_degrees(), error: error.to_degrees() })
    };
    let found = NoiseFound {
        horizontal_m: sigma(&level),
        vertical_m: sigma(&upwards),
        range_m: sigma(&range),
        azimuth_deg: degrees(&azimuth),
        elevation_deg: degrees(&elevation),
    };
    (found, level.solve().or_else(|| range.solve()).map(|(_, q)| q))
}

/// Whether the middle of three rows repeats another one: what is held tells no noise.
fn is_held(a: &Mark, b: &Mark, c: &Mark) -> bool {
    let same = |of: &Mark| minus(b.ground, of.ground).iter().all(|off| *off == 0.0);
    same(a) || same(c)
}

fn height_off(a: &Mark, b: &Mark, c: &Mark, share: f64) -> Option<f64> {
    let [a, b, c] = [a.height_m?, b.height_m?, c.height_m?].map(f64::from);
    let off = b - (1.0 - share) * a - share * c;
    (b.to_bits() != a.to_bits() && b.to_bits() != c.to_bits()).then_some(off)
}
