//! What the log of a wave says of its tracks against the sum over all joint hypotheses: which track made which detection,
//! if it is there at all.

use super::{Known, Measurement, noise_since, observation, plus};
use crate::fusion::batch::{Batch, Estimate, LaneSetup, Logging, Patience, WaveLog};
use crate::fusion::config::{Config, Mode};
use crate::fusion::executor::Executor;
use crate::fusion::motion::{ConstantVelocity, Motion, Noise};
use crate::fusion::tests::Matrix;
use crate::fusion::undetected::{Prior, UndetectedIntensity};
use crate::scan::{Detection, Observation, Plane, Scan, Sight, Sourced, Views};
use crate::space::Place;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const DETECTED: f32 = 0.9;
/// Targets a square metre that nothing has detected, at first; and that begin in a second.
const FIELD: [f32; 2] = [2e-5, 4e-7];
const SURVIVAL: f64 = 0.99;
const CONTRIBUTOR: f32 = 1e-3;

fn config() -> Config {
    let mut config: Config = toml::from_str(include_str!("../../../data/config/bench.toml")).expect("a configuration");
    // That of `noise_since`.
    let model = ConstantVelocity { noise: Noise::WhiteAcceleration, horizontal: 3.0, vertical: 0.5 };
    config.motion = Motion { model: model.into(), survival_per_s: SURVIVAL };
    config.gate = 60.0.try_into().expect("a gate that leaves nothing out");
    (config.association.mode, config.association.exact_max) = (Mode::Soft, 10);
    config.existence.prune = 1e-4.try_into().expect("a probability");
    config.existence.contributor = CONTRIBUTOR.try_into().expect("a probability");
    config
}

fn setup() -> LaneSetup {
    let planes = Plane {
        origin: Place::from_metres([-5000.0, -5000.0, 0.0]),
        east: [1.0, 0.0, 0.0],
        north: [0.0, 1.0, 0.0],
        centre: [0.0; 3],
        cell_m: 5000.0,
        cells: [2; 2],
    };
    let [density, birth] = FIELD;
    let prior =
        Prior { speed_m_s: 12.0, climb_m_s: 3.0, height_m: 0.0, height_most_m: f32::INFINITY, reports_per_s: 0.0 };
    let undetected = UndetectedIntensity::Field { planes: planes.into(), density: vec![density; 4], birth, prior };
    LaneSetup { radial: false, undetected, views: Vec::new() }
}

/// A track six seconds later: F P Fᵀ + Q, and its odds p_S o / (1 + (1 - p_S) o).
fn predicted(track: &Estimate) -> (f64, Known) {
    let Known { x, p } = Known::of(track.tile, &track.state);
    let f = |i: usize, k: usize| match (i, k) {
        _ if i == k => 1.0,
        _ if i + 3 == k => 6.0,
        _ => 0.0,
    };
    let x = core::array::from_fn(|i| (0..6).map(|k| f(i, k) * x[k]).sum());
    let moved: Matrix = core::array::from_fn(|i| {
        core::array::from_fn(|j| {
            (0..6).flat_map(|k| (0..6).map(move |l| (k, l))).map(|(k, l)| f(i, k) * p[k][l] * f(j, l)).sum()
        })
    });
    let (r, lasts) = (f64::from(track.existence), SURVIVAL.powi(6));
    let odds = r / (1.0 - r);
    (lasts * odds / (1.0 + (1.0 - lasts) * odds), Known { x, p: plus(&moved, &noise_since(6.0), 1.0) })
}

/// Adds the products of ψ over all ways in which the tracks behind the chosen ones may have made detections, each at most
/// one: their sum, and of every pair that of the ways that have it.
fn joint(psi: &[Vec<f64>], chosen: &mut Vec<Option<usize>>, product: f64, sums: &mut (f64, Vec<Vec<f64>>)) {
    let Some(row) = psi.get(chosen.len()) else {
        sums.0 += product;
        for (sum, d) in sums.1.iter_mut().zip(chosen.iter()) {
            if let Some(d) = d {
                sum[*d] += product;
            }
        }
        return;
    };
    let free = (0..row.len()).filter(|d| !chosen.contains(&Some(*d))).map(Some);
    for choice in free.chain([None]).collect::<Vec<_>>() {
        chosen.push(choice);
        joint(psi, chosen, product * choice.map_or(1.0, |d| row[d]), sums);
        chosen.pop();
    }
}

/// A log against the tracks before its wave, which had these detections, `field` targets a square metre being undetected.
fn compare(log: &WaveLog, before: &[Estimate], (detections, observations): (&[Detection], &[Observation]), field: f64) {
    let detected = f64::from(DETECTED);
    let fresh = |d: usize| detected * field * f64::from(observations[d].spread);
    let density = |d: usize| f64::from(observations[d].clutter) + fresh(d);
    let tracks: Vec<(f64, Known)> = before.iter().map(predicted).collect();
    let ratio = |(odds, known): &(f64, Known), d: usize| {
        let [_, likelihood] = Measurement::of(&detections[d], &observations[d]).innovation(known);
        odds * detected * likelihood / ((1.0 + odds * (1.0 - detected)) * density(d))
    };
    let psi: Vec<Vec<f64>> =
        tracks.iter().map(|track| (0..detections.len()).map(|d| ratio(track, d)).collect()).collect();
    let mut sums = (0.0, vec![vec![0.0; detections.len()]; psi.len()]);
    joint(&psi, &mut Vec::new(), 1.0, &mut sums);
    let (total, pairs) = sums;
    let logged = |born: [u32; 2], d: usize| {
        let found = log.taken.iter().find(|taken| (taken.born, taken.detection as usize) == (born, d));
        found.map(|taken| f64::from(taken.weight))
    };
    let near = |found: f64, wanted: f64, what: &str| {
        assert!((found / wanted - 1.0).abs() < 2e-3, "{what}: {found}, wanted {wanted}");
    };
    let (mut claimed, mut count) = (vec![0.0; detections.len()], 0);
    for ((track, (odds, _)), pairs) in before.iter().zip(&tracks).zip(&pairs) {
        let (mut made, what) = (0.0, format!("track {:?}", track.born));
        for (d, pair) in pairs.iter().enumerate() {
            let wanted = pair / total;
            claimed[d] += wanted;
            match logged(track.born, d) {
                Some(found) => near(found, wanted, &format!("{what}, detection {d}")),
                None => {
                    assert!(wanted < 1.001 * f64::from(CONTRIBUTOR), "{what}: detection {d} of {wanted} is missing");
                }
            }
            count += usize::from(logged(track.born, d).is_some());
            made += logged(track.born, d).unwrap_or(wanted);
        }
        let none = 1.0 - pairs.iter().sum::<f64>() / total;
        let missed = none * odds * (1.0 - detected) / (1.0 + odds * (1.0 - detected));
        let after = log.tracks.iter().find(|after| after.born == track.born).map_or(0.0, |of| f64::from(of.existence));
        if after > 0.0 {
            near((made + missed) / after, 1.0, &format!("{what}: the weights of what it made and that it was missed"));
        }
    }
    for (d, claimed) in claimed.into_iter().enumerate() {
        let mut new = log.tracks.iter().filter(|track| before.iter().all(|before| before.born != track.born));
        let began = new.find(|track| track.born[1] as usize == d);
        let wanted = (1.0 - claimed) * fresh(d) / density(d);
        let found = began.and_then(|track| logged(track.born, d)).unwrap_or(0.0);
        assert!((found - wanted).abs() < 2e-3 * wanted + 2e-4, "detection {d} begins {found}, wanted {wanted}");
        count += usize::from(began.is_some());
    }
    assert_eq!(count, log.taken.len(), "each once, and no others");
}

#[test]
fn what_tracks_took_is_as_likely_as_all_joint_hypotheses_say() {
    for seed in 1..6 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut batch = Batch::new(config(), Executor::host(), vec![setup()]).expect("a lane");
        batch.log(Logging { existence_min: config().existence.prune }).expect("no scan before");
        let (mut field, mut before) = (f64::from(FIELD[0]), Vec::new());
        for scan in 0..3 {
            if scan > 0 {
                field = field * SURVIVAL.powi(6) + 6.0 * f64::from(FIELD[1]);
            }
            let observations: Vec<Observation> = (0..5)
                .map(|_| Observation {
                    clutter: 10f32.powf(random.random_range(-9.0..-7.5)),
                    spread: 1e-3,
                    ..observation(&mut random, 3, 0)
                })
                .collect();
            let place = |observation: u32| {
                let at = [200.0, 200.0, 60.0].map(|side| random.random_range(0.0..side));
                let Place { tile, offset_m } = Place::from_metres(at);
                Detection { tile, ahead_s: 0.0, offset_m, observation }
            };
            let detections: Vec<Detection> = (0..5).map(place).collect();
            let scan_of = Scan {
                lane: 0,
                time_us: 6_000_000 * scan,
                detection_probability: DETECTED,
                sight: Sight::Everywhere,
                slack_m: 0.0,
                detections: Sourced::of(0, detections.clone()),
                views: Views::default(),
            };
            batch.step(vec![scan_of], observations.clone()).expect("a wave");
            let [log]: [WaveLog; 1] =
                batch.logs(Patience::None).expect("a log").try_into().expect("that of the one lane");
            assert_eq!((log.lane, log.time_us), (0, 6_000_000 * scan));
            compare(&log, &before, (&detections, &observations), field);
            before = log.tracks;
            field *= 1.0 - f64::from(DETECTED);
        }
        assert!(before.len() > 8, "{} tracks say little", before.len());
        assert!(batch.logs(Patience::Wait).expect("no log").is_empty(), "a log is handed over once");
        let late = batch.log(Logging { existence_min: config().existence.prune }).expect_err("it lacks the beginning");
        assert!(late.to_string().contains("lane 0"), "{late}");
    }
}
