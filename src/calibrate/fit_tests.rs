//! Fits of radars whose offsets are known, in a world simulated apart: nothing of the engine makes a detection here.

use super::*;
use crate::sensor::{Placed, Stand};
use crate::space::Vector;

/// Random numbers: SplitMix64, and Box and Muller's normal ones.
struct Chance(u64);

impl Chance {
    fn even(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.even()
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.even()).ln()).sqrt() * (std::f64::consts::TAU * self.even()).cos()
    }
}

/// A radar as it is: where it stands, when it looks first, and what it says too much of range, azimuth, elevation and time.
struct Radar {
    site: Vector,
    first_s: f64,
    off: [f64; 4],
}

const LEVEL: [Vector; 3] = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
const PERIOD_S: f64 = 6.0;
const SIGMA: [f64; 3] = [50.0, 0.0015, 0.003];
/// Intensity of the acceleration of objects.
const Q: [f64; 2] = [0.5, 0.01];
const MOTION: Motion = Motion { intensity: Q, speed_m_s: [250.0, 10.0] };

fn radars() -> [Radar; 3] {
    [
        Radar { site: [0.0, 0.0, 50.0], first_s: 0.3, off: [0.0; 4] },
        Radar { site: [60_000.0, 5_000.0, 80.0], first_s: 1.9, off: [200.0, 0.3f64.to_radians(), 0.0, 0.5] },
        Radar {
            site: [25_000.0, 55_000.0, 20.0],
            first_s: 4.4,
            off: [-80.0, -0.2f64.to_radians(), 0.1f64.to_radians(), 0.0],
        },
    ]
}

/// What radars say of objects that fly for five minutes; of a hundred rows one is of no object.
fn world(seed: u64, radars: &[Radar], objects: usize) -> Vec<Vec<Plot>> {
    let mut chance = Chance(seed);
    (0..objects).map(|_| object(&mut chance, radars)).collect()
}

fn object(chance: &mut Chance, radars: &[Radar]) -> Vec<Plot> {
    const STEP_S: f64 = 0.1;
    let course = chance.between(0.0, std::f64::consts::TAU);
    let speed = chance.between(120.0, 250.0);
    let mut at = [chance.between(-10e3, 70e3), chance.between(-10e3, 70e3), chance.between(4e3, 11e3)];
    let mut velocity = [speed * course.sin(), speed * course.cos(), 0.0];
    let mut plots = Vec::new();
    for step in 0..3_000 {
        let time_s = f64::from(step) * STEP_S;
        for (sensor, radar) in radars.iter().enumerate() {
            let phase = ((time_s - radar.first_s) / STEP_S).round();
            if phase >= 0.0 && phase % (PERIOD_S / STEP_S).round() < 0.5 && chance.even() < 0.9 {
                plots.push(plot(chance, (sensor, radar), time_s, at));
            }
        }
        for (k, q) in [Q[0], Q[0], Q[1]].into_iter().enumerate() {
            at[k] += STEP_S * velocity[k];
            velocity[k] += (q * STEP_S).sqrt() * chance.normal();
        }
    }
    plots.sort_by(Plot::compare);
    plots
}

#[expect(clippy::cast_possible_truncation, reason = "microseconds of five minutes")]
fn plot(chance: &mut Chance, (sensor, radar): (usize, &Radar), time_s: f64, at: Vector) -> Plot {
    let line = [at[0] - radar.site[0], at[1] - radar.site[1], at[2] - radar.site[2]];
    let ground = line[0].hypot(line[1]);
    let stray = if chance.even() < 0.01 { 10.0 } else { 1.0 };
    let [range, azimuth, elevation] = [ground.hypot(line[2]), line[0].atan2(line[1]), line[2].atan2(ground)];
    let range = range + radar.off[0] + stray * SIGMA[0] * chance.normal();
    let azimuth = azimuth + radar.off[1] + stray * SIGMA[1] * chance.normal();
    let elevation = elevation + radar.off[2] + SIGMA[2] * chance.normal();
    let ([s, c], [t, d]) = ([azimuth.sin(), azimuth.cos()], [elevation.sin(), elevation.cos()]);
    let axes = [[d * s, d * c, t], [c, -s, 0.0], [-t * s, -t * c, d]];
    Plot {
        time_us: ((time_s + radar.off[3]) * 1e6).round() as i64,
        sensor,
        placed: Placed {
            place: core::array::from_fn(|k| radar.site[k] + range * axes[0][k]),
            axes,
            stand: Some(Stand { metres: radar.site, axes: LEVEL }),
            level: LEVEL,
            keeps_height: false,
        },
        sigma_m: [SIGMA[0], range * d * SIGMA[1], range * SIGMA[2]],
        rows: 3,
    }
}

fn sides(radars: &[Radar]) -> Vec<Side> {
    let asked = Quantity::ALL[..4].to_vec();
    radars.iter().map(|_| Side { is_position: false, asked: asked.clone() }).collect()
}

#[test]
fn offsets_are_found_within_three_standard_errors_in_97_of_100_worlds() {
    let radars = radars();
    let (mut within, mut squares, mut told) = (0, 0.0, 0);
    for seed in 0..100 {
        let found = fit(&sides(&radars), world(seed, &radars, 24), &MOTION, Some(0));
        assert!(found.is_settled, "{seed}");
        let mut all = true;
        for (radar, offsets) in radars.iter().zip(&found.offsets) {
            for (offset, truth) in offsets.as_ref().expect("seen").iter().zip(radar.off) {
                let (Some(value), Some(error)) = (offset.value, offset.error) else { continue };
                let off = (value - truth / offset.quantity.unit()) / error;
                (squares, told) = (squares + off * off, told + 1);
                all &= off.abs() <= 3.0;
            }
        }
        within += u32::from(all);
    }
    assert!(within >= 97, "{within}");
    let nees = squares / f64::from(told);
    assert!((0.8..1.2).contains(&nees), "{nees}");
}
