//! Places without a track hold what was there before; nothing of it is ever in a log.

use super::host::HostEngine;
use super::{Engine as _, Patience};
use crate::fusion::arrays::{BLOCK, COVARIANCE, IDENTITY, MEAN, at};
use crate::fusion::batch::{LaneSetup, Logging};
use crate::fusion::config::Config;
use crate::fusion::motion::{ConstantVelocity, Member, Models, Noise};
use crate::fusion::undetected::{Prior, UndetectedIntensity};
use crate::fusion::views::View;
use crate::scan::{Detection, Observation, Plane, Scan, Sight, Sourced, Views};
use crate::space::Place;
use rand::{Rng, RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// Two motion models, so that tracks have all that tracks may have but an orbit.
fn config() -> Config {
    let mut config: Config = toml::from_str(include_str!("../../../data/config/bench.toml")).expect("a configuration");
    let member = |horizontal, sojourn_s| Member {
        model: ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal, vertical: 0.1 }.into(),
        sojourn_s,
    };
    config.motion.model = Models::new(&[member(0.5, 30.0), member(20.0, 6.0)]).expect("two models").into();
    config
}

/// A square of 2 km and two views of it.
fn setup() -> LaneSetup {
    let planes = Plane {
        origin: Place::from_metres([-500.0, -500.0, 0.0]),
        east: [1.0, 0.0, 0.0],
        north: [0.0, 1.0, 0.0],
        centre: [0.0; 3],
        cell_m: 2000.0,
        cells: [1; 2],
    };
    let prior =
        Prior { speed_m_s: 12.0, climb_m_s: 1.0, height_m: 0.0, height_most_m: f32::INFINITY, reports_per_s: 0.0 };
    let undetected = UndetectedIntensity::Field { planes: planes.into(), density: vec![1e-4], birth: 2e-6, prior };
    let view = View { visible_share: 0.8, persistence_s: 60.0, variance_m2: 400.0 };
    LaneSetup { radial: false, undetected, views: vec![view; 2] }
}

/// Fills whatever is in places without a track; how many places there are.
fn spoil(engine: &mut HostEngine, random: &mut impl Rng) -> usize {
    let arrays = &mut engine.arrays;
    let unused: Vec<usize> = (0..arrays.odds.len()).filter(|track| arrays.odds[*track] == 0.0).collect();
    let mut word = || if random.random() { f32::NAN } else { f32::from_bits(random.random()) };
    let [views, models] = [arrays.views.len(), arrays.models.len()].map(|all| all / arrays.odds.len());
    assert!(views > 0 && models > 0, "tracks have views and models");
    for &track in &unused {
        (0..3).for_each(|k| arrays.tile[at(track, k, 3)] = word().to_bits().cast_signed() % 1000);
        (0..MEAN).for_each(|k| arrays.mean[at(track, k, MEAN)] = word());
        (0..COVARIANCE).for_each(|k| arrays.covariance[at(track, k, COVARIANCE)] = word());
        (0..IDENTITY).for_each(|k| arrays.identity[at(track, k, IDENTITY)] = word().to_bits());
        (0..4).for_each(|k| arrays.sources[at(track, k, 4)] = word().to_bits());
        (0..views).for_each(|k| arrays.views[at(track, k, views)] = word().to_bits());
        (0..models).for_each(|k| arrays.models[at(track, k, models)] = word());
    }
    unused.len()
}

#[test]
fn what_is_in_places_without_a_track_is_in_no_log() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let [mut plain, mut spoilt] = [(); 2].map(|()| HostEngine::new(config(), vec![setup()]));
    let logging = Logging { existence_min: config().existence.prune };
    for engine in [&mut plain, &mut spoilt] {
        engine.log(logging);
    }
    let (mut unused, mut tracks) = (0, 0);
    for scan in 0..40_i64 {
        // Objects that stay, and what is there once.
        let staying_now = if scan % 10 < 6 { 40 } else { 0 };
        let places: Vec<[f64; 3]> = (0..staying_now)
            .map(|k| [(k % 8) as f64 * 120.0, (k / 8) as f64 * 120.0, 0.0])
            .chain((0..30).map(|_| [500.0; 3]))
            .enumerate()
            .map(|(k, at)| {
                let far_m = if k < staying_now { 20.0 } else { 500.0 };
                at.map(|m| m + random.random_range(-far_m..far_m))
            })
            .collect();
        let detections: Vec<Detection> = places
            .into_iter()
            .map(|at| {
                let Place { tile, offset_m } = Place::from_metres(at);
                Detection { tile, ahead_s: 0.0, offset_m, observation: 0 }
            })
            .collect();
        let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
        let observation =
            Observation { clutter: 1e-5, spread: 1.0, ..Observation::offsets(axes, [20.0, 20.0, 20.0], 2) };
        let [of_plain, of_spoilt] = [&mut plain, &mut spoilt].map(|engine| {
            let scan = Scan {
                lane: 0,
                time_us: 2_000_000 * scan,
                detection_probability: 0.9,
                sight: Sight::Everywhere,
                slack_m: 0.0,
                detections: Sourced::of(0, detections.clone()),
                views: Views {
                    looking: usize::from(scan % 2 == 0),
                    reports: false,
                    sights: vec![Sight::Everywhere; 2],
                },
            };
            engine.step(vec![scan], vec![observation]).expect("a wave");
            engine.logs(Patience::Wait).expect("its log")
        });
        // NaN is not itself: what is compared is written down.
        assert_eq!(format!("{of_plain:?}"), format!("{of_spoilt:?}"), "scan {scan}");
        tracks += of_plain.iter().map(|log| log.tracks.len()).sum::<usize>();
        unused += spoil(&mut spoilt, &mut random);
    }
    assert!(tracks > 1000 && unused > 20 * BLOCK, "{tracks} tracks and {unused} places without one say little");
}
