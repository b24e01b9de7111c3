//! What stitching costs: as many ends as beginnings, all in one record.
//!
//! `cargo bench --bench stitching` cuts the tracks of 500,000 objects in two, which gives a million ends and a million beginnings
//! over two hours, with gaps of 5 to 60 s; `-- OBJECTS` takes another number. Objects stand at one a square kilometre and move at some 60 m/s, which
//! the noise of their motion (1 m²/s³) bends by 80 m in 30 s. Prints seconds, how many of the cuts were joined, how many links are
//! wrong, and the most memory that the program had.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::fs;
use std::time::Instant;
use trackweave::fusion::address::Belief;
use trackweave::fusion::arrays::{COVARIANCE, tri};
use trackweave::fusion::motion::{ConstantVelocity, Motion, Noise};
use trackweave::fusion::state::State;
use trackweave::fusion::undetected::Prior;
use trackweave::refine::{Ends, Moment, Smoother, Stitcher};
use trackweave::space::Place;

const SECOND_US: i64 = 1_000_000;
const SPAN_S: i64 = 7_200;
const Q: f64 = 1.0;

fn main() {
    // Cargo itself passes `--bench`.
    let objects = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(500_000);
    let tracks = tracks(objects);
    let model = ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal: Q, vertical: 0.0 }.into();
    let motion = Motion { model, survival_per_s: 0.9995 };
    let stitcher = Stitcher {
        smoother: Smoother { motion: &motion, radial: false, height_information: 0.0, reports_per_s: 0.0 },
        prior: Prior {
            speed_m_s: 60.0,
            climb_m_s: 0.0,
            height_m: 0.0,
            height_most_m: f32::INFINITY,
            reports_per_s: 0.0,
        },
        births_per_m2_s: 1e-6 / 3600.0,
        gate: 25.0,
        address_error: None,
        gap_max_us: 60 * SECOND_US,
        found_again: 0.5,
        probability_min: 0.5,
    };
    let started = Instant::now();
    let links = stitcher.links(&tracks);
    let seconds = started.elapsed().as_secs_f64();
    let right = links.iter().filter(|link| link.from % 2 == 0 && link.to == link.from + 1).count();
    println!(
        "{} ends and beginnings: {seconds:.1} s, {:.1} µs each; {right} of {objects} cuts joined, {} links wrong; {} MB",
        tracks.len(),
        1e6 * seconds / tracks.len() as f64,
        links.len() - right,
        peak_mb().map_or_else(|| "?".to_owned(), |mb| mb.to_string()),
    );
}

/// Tracks 2 n and 2 n + 1 are of object n.
fn tracks(objects: u64) -> Vec<Ends> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let side_m = (objects as f64).sqrt() * 1e3;
    let mut tracks = Vec::new();
    for object in 0..objects {
        let at_us = random.random_range(100..SPAN_S) * SECOND_US;
        let gap_us = random.random_range(5 * SECOND_US..60 * SECOND_US);
        let gap_s = gap_us as f64 * 1e-6;
        let place_m = [0.0; 2].map(|_: f64| random.random_range(0.0..side_m));
        let mut normal = |sigma: f64| {
            let x: f64 = StandardNormal.sample(&mut random);
            sigma * x
        };
        let velocity = [0.0; 2].map(|_: f64| normal(60.0));
        let (mut then_m, mut then_m_s) = (place_m, velocity);
        for axis in 0..2 {
            // Velocity by the noise of the gap, place by its integral: correlated by √3 / 2.
            let (a, b) = (normal(1.0), normal(1.0));
            then_m[axis] += gap_s * velocity[axis] + (Q * gap_s.powi(3) / 3.0).sqrt() * (0.75_f64.sqrt() * a + 0.5 * b);
            then_m_s[axis] += (Q * gap_s).sqrt() * a;
        }
        let mut known = |time_us: i64, at_m: [f64; 2], velocity: [f64; 2]| {
            moment(time_us, at_m.map(|m| m + normal(10.0)), velocity.map(|v| v + normal(2.0)))
        };
        let (last, first) = (known(at_us, place_m, velocity), known(at_us + gap_us, then_m, then_m_s));
        let at = |of: Moment, more_us: i64| {
            let time_us = of.time_us + more_us;
            Moment { time_us, last_detection_us: time_us, ..of }
        };
        tracks.push(Ends { track: 2 * object, first: at(last, -60 * SECOND_US), last });
        tracks.push(Ends { track: 2 * object + 1, first, last: at(first, 60 * SECOND_US) });
    }
    tracks
}

#[expect(clippy::cast_possible_truncation, reason = "rounded once")]
fn moment(time_us: i64, [x, y]: [f64; 2], velocity: [f64; 2]) -> Moment {
    let Place { tile, offset_m: [x, y, z] } = Place::from_metres([x, y, 0.0]);
    let [a, b] = velocity.map(|v| v as f32);
    let mut covariance = [0.0; COVARIANCE];
    for axis in 0..2 {
        (covariance[tri(axis, axis)], covariance[tri(3 + axis, 3 + axis)]) = (100.0, 4.0);
    }
    let state = State { mean: [x, y, z, a, b, 0.0], covariance };
    Moment {
        time_us,
        last_detection_us: time_us,
        existence: 1.0,
        tile,
        state,
        belief: Belief { address: 0, probability: 0.0 },
    }
}

/// The most memory so far, MB; where the system tells.
fn peak_mb() -> Option<u64> {
    let status = fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kb| kb / 1024)
}
