//! Scenario F: targets that turn, each in a lane of its own, so that association is perfect: which process noise, one or
//! several, with turns beside or without, follows them best. Truth and measurements are drawn by a generator that a page of Python has too:
//! `tests/oracle/manoeuvres.py` computes the same rows in f64.
#![expect(clippy::cast_possible_truncation, reason = "parameters are rounded once")]
#![expect(clippy::cast_sign_loss, reason = "scans are counted from 0")]

use rayon::prelude::*;
use std::f64::consts::TAU;
use trackweave::fusion::arrays::{COVARIANCE, tri};
use trackweave::fusion::batch::{Batch, LaneSetup};
use trackweave::fusion::config::Config;
use trackweave::fusion::executor::Executor;
use trackweave::fusion::motion::{ConstantVelocity, CoordinatedTurn, Member, Models, Motion, Moves, Noise};
use trackweave::fusion::state::State;
use trackweave::fusion::undetected::{Component, UndetectedIntensity};
use trackweave::refine::{Interval, Record, Row, Smoother};
use trackweave::scan::{Detection, Observation, Scan, Sight, Sourced, Views};
use trackweave::space::Place;

const RANGE_SIGMA_M: f64 = 50.0;
const AZIMUTH_SIGMA_RAD: f64 = 0.1 / 360.0 * TAU;
const DETECTION_PROBABILITY: f64 = 0.9;
const SECONDS: f64 = 360.0;
/// Rows before are of tracks that begin.
const SETTLED_S: f64 = 20.0;
/// Of the way between two points of it.
const STEP_S: f64 = 0.5;

/// `SplitMix64` (Steele, Lea and Flood 2014).
struct Random(u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Above 0, up to 1.
    fn unit(&mut self) -> f64 {
        ((self.bits() >> 11) + 1) as f64 * 2f64.powi(-53)
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    fn normal(&mut self) -> f64 {
        let far = (-2.0 * self.unit().ln()).sqrt();
        far * (TAU * self.unit()).cos()
    }
}

/// One target at every scan: x, y, vx, vy; and what the radar at the origin measured, range and azimuth.
struct Target {
    truth: Vec<[f64; 4]>,
    measured: Vec<Option<[f64; 2]>>,
}

/// It goes straight on for 75 s in the mean, then turns for 10 to 30 s, and so on: a fifth of the time.
fn simulate(number: u64, period_s: f64) -> Target {
    let mut random = Random(number);
    let (range, bearing) = (random.between(10e3, 68e3), TAU * random.unit());
    let (speed, mut course) = (random.between(100.0, 250.0), TAU * random.unit());
    let mut at = [range * bearing.cos(), range * bearing.sin()];
    let (mut rate, mut left_s) = (0.0, -75.0 * random.unit().ln());
    let mut target = Target { truth: Vec::new(), measured: Vec::new() };
    let (mut time_s, mut next_s) = (0.0, 0.0);
    while next_s <= SECONDS {
        if time_s >= next_s {
            target.truth.push([at[0], at[1], speed * course.cos(), speed * course.sin()]);
            let seen = random.unit() <= DETECTION_PROBABILITY;
            let (range, azimuth) = (at[0].hypot(at[1]), at[1].atan2(at[0]));
            let measured = [range + RANGE_SIGMA_M * random.normal(), azimuth + AZIMUTH_SIGMA_RAD * random.normal()];
            target.measured.push(seen.then_some(measured));
            next_s += period_s;
        }
        let middle = course + 0.5 * STEP_S * rate;
        at = [at[0] + STEP_S * speed * middle.cos(), at[1] + STEP_S * speed * middle.sin()];
        course += STEP_S * rate;
        time_s += STEP_S;
        left_s -= STEP_S;
        if left_s <= 0.0 && rate == 0.0 {
            rate = random.between(0.03, 0.1) * if random.unit() <= 0.5 { 1.0 } else { -1.0 };
            left_s = random.between(10.0, 30.0);
        } else if left_s <= 0.0 {
            (rate, left_s) = (0.0, -75.0 * random.unit().ln());
        }
    }
    target
}

/// Horizontal intensity, m²/s³, how long targets keep it, s, and by how much they turn, degrees a second, of each model.
pub(crate) type Levels<'a> = &'a [[f64; 3]];

/// RMS error of places and velocities, and NEES of each over its dimensions.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Errors {
    pub(crate) position_m: f64,
    pub(crate) velocity_m_s: f64,
    pub(crate) nees: [f64; 2],
}

/// What the filter makes of so many targets, then the smoother, and how many targets their tracks lost: a detection e⁸⁷ times
/// less likely than the likeliest is none of its track. Those are left out.
pub(crate) fn measure(targets: u64, period_s: f64, levels: Levels<'_>) -> ([Errors; 2], usize) {
    let all: Vec<Target> = (0..targets).into_par_iter().map(|number| simulate(number, period_s)).collect();
    let mut config: Config = toml::from_str(include_str!("../../data/config/crossing.toml")).expect("a configuration");
    let motion = motion(levels);
    config.motion = motion;
    config.gate = 1e4f32.try_into().expect("a gate");
    config.existence.report = config.existence.prune;
    let mut batch = Batch::new(config, Executor::host(), vec![lane(); all.len()]).expect("lanes");
    let mut records = vec![Record::default(); all.len()];
    for k in 0..all.first().map_or(0, |target| target.truth.len()) {
        let time_us = (k as f64 * period_s * 1e6) as i64;
        let observations = all.iter().map(|target| observation(target.measured[k])).collect();
        let scan = |(lane, target): (usize, &Target)| Scan {
            lane,
            time_us,
            detection_probability: DETECTION_PROBABILITY as f32,
            sight: Sight::Everywhere,
            slack_m: 0.0,
            detections: Sourced::of(0, target.measured[k].iter().map(|at| detection(*at, lane)).collect()),
            views: Views::default(),
        };
        batch.step(all.iter().enumerate().map(scan).collect(), observations).expect("the executor does not fail");
        for (lane, record) in records.iter_mut().enumerate() {
            record.push(time_us, &batch.estimates(lane).expect("a lane")).expect("in order");
        }
    }
    let is_kept: Vec<bool> = all
        .iter()
        .enumerate()
        .map(|(lane, target)| {
            let seen = target.measured.iter().flatten().count();
            batch.estimates(lane).expect("a lane").first().is_some_and(|track| track.detections as usize == seen)
        })
        .collect();
    let smoother = Smoother { motion: &motion, radial: false, height_information: 0.0, reports_per_s: 0.0 };
    let smoothed = |record: &Record| {
        let tracks = smoother.smooth(record, Interval::Fixed, |_, _| 0.0);
        tracks.into_iter().next().map(|track| track.rows).unwrap_or_default()
    };
    let filtered =
        records.iter().map(|record| record.tracks().next().map(|(_, rows)| rows.to_vec()).unwrap_or_default());
    let ways = [filtered.collect::<Vec<_>>(), records.par_iter().map(smoothed).collect()];
    let settled = (SETTLED_S / period_s).ceil() as usize;
    let lost = is_kept.iter().filter(|is_kept| !**is_kept).count();
    let errors = ways.map(|ways: Vec<Vec<Row>>| {
        let ways = all.iter().zip(ways).zip(&is_kept).filter(|(_, is_kept)| **is_kept);
        errors(ways.map(|(way, _)| way), settled)
    });
    (errors, lost)
}

/// Errors of rows from a wave on, each beside its target.
fn errors<'a>(ways: impl Iterator<Item = (&'a Target, Vec<Row>)>, settled: usize) -> Errors {
    let (mut rows, mut sums) = (0, [0.0; 4]);
    for (target, way) in ways {
        for row in way.iter().filter(|row| row.wave >= settled) {
            let [x, y, z, ..] = row.state.mean;
            let [x, y, _] = Place { tile: row.tile, offset_m: [x, y, z] }.metres();
            let [true_x, true_y, true_u, true_v] = target.truth[row.wave];
            let [u, v] = [3, 4].map(|k| f64::from(row.state.mean[k]));
            let of = [([x - true_x, y - true_y], 0), ([u - true_u, v - true_v], 3)];
            for (part, ([a, b], first)) in of.into_iter().enumerate() {
                let p = |i: usize, j: usize| f64::from(row.state.covariance[tri(first + i, first + j)]);
                let determinant = p(0, 0) * p(1, 1) - p(0, 1) * p(0, 1);
                sums[part] += a * a + b * b;
                sums[2 + part] += (a * a * p(1, 1) - 2.0 * a * b * p(0, 1) + b * b * p(0, 0)) / determinant / 2.0;
            }
            rows += 1;
        }
    }
    let [position, velocity, first, second] = sums.map(|sum| sum / f64::from(rows));
    Errors { position_m: position.sqrt(), velocity_m_s: velocity.sqrt(), nees: [first, second] }
}

fn motion(levels: Levels<'_>) -> Motion {
    let straight = |horizontal| ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal, vertical: 0.0 };
    let member = |[horizontal, sojourn_s, turn_deg_s]: &[f64; 3]| {
        let turn = CoordinatedTurn { turn_deg_s: *turn_deg_s, horizontal: *horizontal, vertical: 0.0 };
        let turns = turn_deg_s.abs() > 0.0;
        Member { model: if turns { turn.into() } else { straight(*horizontal).into() }, sojourn_s: *sojourn_s }
    };
    let model: Moves = match levels {
        [[horizontal, ..]] => straight(*horizontal).into(),
        several => Models::new(&several.iter().map(member).collect::<Vec<_>>()).expect("two to four").into(),
    };
    Motion { model, survival_per_s: 1.0 }
}

/// A lane in which one target is somewhere, at any velocity.
fn lane() -> LaneSetup {
    let mut covariance = [0.0; COVARIANCE];
    for (axis, sigma) in [(0, 1e5f32), (1, 1e5), (3, 150.0), (4, 150.0)] {
        covariance[tri(axis, axis)] = sigma * sigma;
    }
    let component = Component { weight: 1.0, tile: [0; 3], state: State { mean: [0.0; 6], covariance } };
    let undetected =
        UndetectedIntensity::Components { components: vec![component], births: Vec::new(), weight_min: 1e-5 };
    LaneSetup { radial: false, undetected, views: Vec::new() }
}

/// Along the line of sight and across it; nobody looks at that of a target that was not seen.
fn observation(measured: Option<[f64; 2]>) -> Observation {
    let [range, azimuth] = measured.unwrap_or([1.0, 0.0]);
    let (sine, cosine) = (azimuth.sin() as f32, azimuth.cos() as f32);
    let directions = [[cosine, sine, 0.0], [-sine, cosine, 0.0], [0.0, 0.0, 1.0]];
    let sigma_m = [RANGE_SIGMA_M as f32, (range * AZIMUTH_SIGMA_RAD) as f32, 0.0];
    Observation { clutter: 1e-20, spread: 1.0, ..Observation::offsets(directions, sigma_m, 2) }
}

fn detection([range, azimuth]: [f64; 2], lane: usize) -> Detection {
    let Place { tile, offset_m } = Place::from_metres([range * azimuth.cos(), range * azimuth.sin(), 0.0]);
    Detection { tile, ahead_s: 0.0, offset_m, observation: u32::try_from(lane).expect("few") }
}

/// The rows of the table.
pub(crate) const ROWS: [(&str, Levels<'_>); 11] = [
    ("one, 10", &[[10.0, 1.0, 0.0]]),
    ("one, 30", &[[30.0, 1.0, 0.0]]),
    ("one, 100", &[[100.0, 1.0, 0.0]]),
    ("one, 200", &[[200.0, 1.0, 0.0]]),
    ("one, 400", &[[400.0, 1.0, 0.0]]),
    ("two, 0.3 and 1000", &[[0.3, 75.0, 0.0], [1000.0, 20.0, 0.0]]),
    ("two, 1 and 200", &[[1.0, 75.0, 0.0], [200.0, 20.0, 0.0]]),
    ("three, 0.3, 30 and 1000", &[[0.3, 75.0, 0.0], [30.0, 20.0, 0.0], [1000.0, 20.0, 0.0]]),
    ("0.3 and turns of 100", &[[0.3, 75.0, 0.0], [100.0, 20.0, 3.5], [100.0, 20.0, -3.5]]),
    ("1 and turns of 30", &[[1.0, 75.0, 0.0], [30.0, 20.0, 3.5], [30.0, 20.0, -3.5]]),
    ("0.3, 1000, turns of 30", &[[0.3, 75.0, 0.0], [1000.0, 20.0, 0.0], [30.0, 20.0, 3.5], [30.0, 20.0, -3.5]]),
];

/// Prints errors and NEES of filter and smoother for every process noise.
pub(crate) fn table(targets: u64) {
    println!(
        "F. Manoeuvres: {targets} targets, RMS error of places (m) and velocities (m/s), NEES per dimension of both"
    );
    for period_s in [4.0, 10.0] {
        let head = format!("every {period_s} s, m²/s³");
        println!("{head:32}{:>10}{:>10}{:>8}{:>8}{:>6}", "places", "speeds", "NEES", "NEES", "lost");
        for (name, levels) in ROWS {
            let (errors, lost) = measure(targets, period_s, levels);
            for (errors, name) in errors.into_iter().zip([name, "  smoothed"]) {
                let Errors { position_m, velocity_m_s, nees: [place, speed] } = errors;
                println!("{name:32}{position_m:10.1}{velocity_m_s:10.1}{place:8.2}{speed:8.2}{lost:6}");
            }
        }
    }
}
