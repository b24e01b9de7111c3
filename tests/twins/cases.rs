//! Arrays of a wave made from a seed: tracks of several lanes and their hypotheses. Shared with `benches/stages.rs`.

use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use trackweave::fusion::arrays::{
    AT_REST, Arrays, BLOCK, COVARIANCE, Host, Hypothesis, LaneStep, MEAN, TrackHypotheses, at, tri,
};
use trackweave::fusion::batch::LaneSetup;
use trackweave::fusion::device::kernels::LaneState;
use trackweave::fusion::motion::ProcessNoise;
use trackweave::fusion::undetected::{Prior, UndetectedIntensity};
use trackweave::scan::{Detection, KIND_BITS, OFFSET, Observation, Plane, RANGE};
use trackweave::space::Place;

/// Lanes of a wave; the last one rests.
const LANES: usize = 3;

/// A wave over `tracks` tracks, in whole blocks; the tail of the last block is as a batch leaves it, zero.
pub(crate) fn wave(tracks: usize, seed: u64) -> Arrays<Host> {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut arrays = Arrays::<Host>::default();
    let blocks = tracks.div_ceil(BLOCK);
    arrays.resize_blocks(blocks);
    arrays.looks = (0..LANES).map(|lane| look(&mut random, lane)).collect();
    for (block, lane) in arrays.lane.iter_mut().enumerate() {
        *lane = u32::try_from(block % LANES).expect("three lanes");
    }
    arrays.observations = (0..40).map(|_| observation(&mut random)).collect();
    arrays.rows = vec![TrackHypotheses { start: AT_REST, ..TrackHypotheses::default() }; blocks * BLOCK];
    for track in 0..tracks {
        place_track(&mut random, &mut arrays, track);
        let resting = track / BLOCK % LANES == LANES - 1;
        let hypotheses = random.random_range(0..6);
        if !resting {
            add_hypotheses(&mut random, &mut arrays, track, hypotheses);
        }
    }
    arrays
}

fn look(random: &mut ChaCha8Rng, lane: usize) -> LaneStep {
    let dt_s: f32 = random.random_range(0.1..12.0);
    let (level, upright) = (random.random_range(0.01..4.0f32), random.random_range(0.001..1.0f32));
    LaneStep {
        awake: u32::from(lane + 1 < LANES),
        radial: u32::from(lane.is_multiple_of(2)),
        dt_s,
        births_s: dt_s,
        survival: random.random_range(0.9..1.0),
        noise: ProcessNoise {
            pp: level * dt_s * dt_s * dt_s / 3.0,
            pv: level * dt_s * dt_s / 2.0,
            vv: level * dt_s,
            extra_pp: (upright - level) * dt_s * dt_s * dt_s / 3.0,
            extra_pv: (upright - level) * dt_s * dt_s / 2.0,
            extra_vv: (upright - level) * dt_s,
            drive_pp: level / 3.0,
            drive_pv: level / 2.0,
            drive_vv: level,
            extra_drive_pp: (upright - level) / 3.0,
            extra_drive_pv: (upright - level) / 2.0,
            extra_drive_vv: upright - level,
        },
        // Between what most tracks are known to and what some are.
        height_information: 1.0 / 300.0f32.powi(2),
        detection_probability: 0.9,
        gate: 16.0,
        ..LaneStep::default()
    }
}

/// Position reports, radars with height, ranges without, each with or without rows of velocity, of which a radar's first
/// one is along its line of sight.
fn observation(random: &mut ChaCha8Rng) -> Observation {
    let u = unit(random);
    let v = cross(u, unit(random));
    let v = scaled(v, 1.0 / norm(v));
    let kind = random.random_range(0..3);
    let directions = match kind {
        0 => [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        _ => [u, v, cross(u, v)],
    };
    let sigma_m = [100.0, 400.0, 400.0].map(|most| random.random_range(1.0..most));
    let mut to = Observation::offsets(directions, sigma_m, if kind == 2 { 2 } else { 3 });
    for row in 0..[0, 0, 1, 3][random.random_range(0..4)] {
        let direction = if row == 0 && kind > 0 { u } else { unit(random) };
        to = to.with_rate(direction, random.random_range(-300.0..300.0), random.random_range(0.1..5.0));
    }
    let ranges_m = if kind > 0 { [0; 3].map(|_: i32| random.random_range(1e3..1e5)) } else { [0.0; 3] };
    // Any row may be a range: the first one of most.
    let kinds = if kind == 2 { RANGE << (KIND_BITS * [0, 0, 0, 1][random.random_range(0..4)]) } else { OFFSET };
    // And the first row of velocity of some is along a line of sight.
    let sight_m = if kind > 0 && random.random_bool(0.7) { random.random_range(1e3..1e5) } else { 0.0 };
    Observation { ranges_m, kinds, clutter: 1e-9, spread: 1.0, sight_m, ..to }
}

fn place_track(random: &mut ChaCha8Rng, arrays: &mut Arrays<Host>, track: usize) {
    for a in 0..3 {
        arrays.tile[at(track, a, 3)] = random.random_range(-6300..6300);
        arrays.mean[at(track, a, MEAN)] = random.random_range(-512.0..512.0);
        arrays.mean[at(track, 3 + a, MEAN)] = random.random_range(-300.0..300.0);
    }
    // P = A Aᵀ, with metres and metres a second of very different size.
    let scale: f32 = 10f32.powi(random.random_range(0..4));
    let a: [[f32; 6]; 6] = core::array::from_fn(|i| {
        core::array::from_fn(|_| random.random_range(-1.0..1.0) * if i < 3 { scale } else { 0.1 * scale })
    });
    for i in 0..6 {
        for j in i..6 {
            arrays.covariance[at(track, tri(i, j), COVARIANCE)] = (0..6).map(|k| a[i][k] * a[j][k]).sum();
        }
    }
    arrays.odds[track] = 10f32.powf(random.random_range(-4.0..8.0));
}

/// Gives a track new hypotheses, each with a detection near it.
pub(crate) fn add_hypotheses(random: &mut ChaCha8Rng, arrays: &mut Arrays<Host>, track: usize, hypotheses: u32) {
    let start = u32::try_from(arrays.edges.len()).expect("few");
    let mut weights: Vec<f32> = (0..hypotheses + 2).map(|_| random.random_range(0.0..1.0f32)).collect();
    let sum: f32 = weights.iter().sum();
    for weight in &mut weights {
        *weight /= sum;
    }
    for &weight in &weights[2..] {
        arrays.edges.push(Hypothesis { detection: u32::try_from(arrays.detections.len()).expect("few"), weight });
        arrays.detections.push(Detection {
            tile: core::array::from_fn(|a| arrays.tile[at(track, a, 3)] + random.random_range(-1..2)),
            ahead_s: random.random_range(-5.0..5.0),
            offset_m: core::array::from_fn(|_| random.random_range(-512.0..512.0)),
            observation: random.random_range(0..40),
        });
    }
    arrays.rows[track] = TrackHypotheses { start, count: hypotheses, missed: weights[0], gone: weights[1] };
}

fn unit(random: &mut impl Rng) -> [f32; 3] {
    let v: [f32; 3] = core::array::from_fn(|_| random.random_range(-1.0..1.0));
    scaled(v, 1.0 / norm(v))
}

fn norm(v: [f32; 3]) -> f32 {
    v.iter().map(|x| x * x).sum::<f32>().sqrt()
}

fn scaled(v: [f32; 3], by: f32) -> [f32; 3] {
    v.map(|x| x * by)
}

fn cross(a: [f32; 3], b: [f32; 3]) -> [f32; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// How the lanes of a wave began: with an empty field each.
pub(crate) fn setups() -> Vec<LaneSetup> {
    let plane = Plane {
        origin: Place::default(),
        east: [1.0, 0.0, 0.0],
        north: [0.0, 1.0, 0.0],
        centre: [0.0; 3],
        cell_m: 1e3,
        cells: [1; 2],
    };
    let prior = Prior { speed_m_s: 10.0, climb_m_s: 1.0, height_m: 0.0, height_most_m: 7500.0, reports_per_s: 0.0 };
    let undetected =
        UndetectedIntensity::Field { density: vec![0.0; plane.len()], birth: 0.0, planes: plane.into(), prior };
    (0..LANES)
        .map(|lane| LaneSetup { radial: lane.is_multiple_of(2), undetected: undetected.clone(), views: Vec::new() })
        .collect()
}

/// Where the tracks of the lanes are; stages that run by themselves do not ask.
pub(crate) fn states() -> Vec<LaneState> {
    vec![LaneState::default(); LANES]
}
