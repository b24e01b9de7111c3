//! The intensity of what nothing has detected, and births of it, against the equations of the Poisson part in f64.

use super::update::{mixed, near_to};
use super::{Known, Measurement, look, noise_since, observation, plus};
use crate::fusion::arrays::{COVARIANCE, LaneStep, tri};
use crate::fusion::batch::{Batch, LaneSetup};
use crate::fusion::config::Config;
use crate::fusion::executor::Executor;
use crate::fusion::state::State;
use crate::fusion::tests::{Matrix, textbook_update};
use crate::fusion::undetected::{Component, Prior, UndetectedIntensity};
use crate::fusion::views::Sees;
use crate::scan::{Detection, Mask, Observation, Plane, Scan, Sight, Sourced, Views};
use crate::space::Place;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const CELL_M: f64 = 5000.0;
const CELLS: [u32; 2] = [6, 4];

fn plane() -> Plane {
    let (origin, centre) = (Place::from_metres([0.0; 3]), [0.0; 3]);
    Plane { origin, east: [1.0, 0.0, 0.0], north: [0.0, 1.0, 0.0], centre, cell_m: 5000.0, cells: CELLS }
}

fn prior(height_m: f32) -> Prior {
    Prior { speed_m_s: 12.0, climb_m_s: 3.0, height_m, height_most_m: 7500.0, reports_per_s: 0.0 }
}

fn config() -> Config {
    let mut config: Config = toml::from_str(include_str!("../../../data/config/bench.toml")).expect("a configuration");
    config.motion.survival_per_s = 0.995;
    config.existence.prune = 1e-4.try_into().expect("a probability");
    config.existence.report = 1e-4.try_into().expect("a probability");
    config
}

/// Looks with other probabilities and times, each with one detection in some cells that had none before: a track begins
/// with e / (κ + e), e = P_D D(z) times the density of what lies beyond the place. D lasts and is born from look to look,
/// and is thinned by 1 - P_D where a look has looked.
#[test]
fn a_birth_is_as_likely_as_the_field_against_clutter() {
    let shares: Vec<f32> = (0..24u8).map(|cell| 0.5 * f32::from(cell % 3)).collect();
    let mask = Mask::new(plane(), shares.clone()).expect("a mask");
    let (initial, born) = (2e-7f32, 3e-10f32);
    let undetected = UndetectedIntensity::Field {
        planes: plane().into(),
        density: vec![initial; 24],
        birth: born,
        prior: prior(0.0),
    };
    let setup = LaneSetup { radial: false, undetected, views: Vec::new() };
    let mut batch = Batch::new(config(), Executor::host(), vec![setup]).expect("a lane");
    let mut field = [f64::from(initial); 24];
    let (mut before_s, mut cells) = (0.0, (0..24u32).map(|n| 7 * n % 24));
    let (mut compared, mut outside, mut unlikely) = (0, 0, 0);
    for (scan, (time_s, detected)) in (0u32..).zip([(0.0, 0.9f32), (7.0, 0.6), (7.5, 0.8), (40.0, 0.95)]) {
        for density in &mut field {
            let dt_s: f64 = time_s - before_s;
            *density = *density * 0.995f64.powf(dt_s) + f64::from(born) * dt_s;
        }
        before_s = time_s;
        let here: Vec<u32> = cells.by_ref().take(6).collect();
        let centre =
            |cell: u32| [f64::from(cell % CELLS[0]) + 0.5, f64::from(cell / CELLS[0]) + 0.5].map(|n| n * CELL_M);
        let observations: Vec<Observation> = (0..6u8)
            .map(|n| Observation {
                clutter: 10f32.powi(-6 - i32::from(n)),
                spread: 0.3 + f32::from(n),
                ..Observation::offsets([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], [20.0; 3], 2)
            })
            .collect();
        let detection = |(observation, cell): (u32, &u32)| {
            let Place { tile, offset_m } = Place::from_metres([centre(*cell)[0], centre(*cell)[1], 0.0]);
            Detection { tile, ahead_s: 0.0, offset_m, observation }
        };
        let detections = Sourced::of(0, (0..).zip(&here).map(detection).collect());
        #[expect(clippy::cast_possible_truncation, reason = "a whole number")]
        let time_us = (time_s * 1e6) as i64;
        let (sight, views) = (Sight::Mask(&mask), Views::default());
        let scan_of =
            Scan { lane: 0, time_us, detection_probability: detected, sight, slack_m: 0.0, detections, views };
        batch.step(vec![scan_of], observations.clone()).expect("a wave");
        let estimates = batch.estimates(0).expect("tracks");
        for (n, (cell, observation)) in (0u32..).zip(here.iter().zip(&observations)) {
            let seen = f64::from(detected) * f64::from(shares[*cell as usize]);
            let e = seen * field[*cell as usize] * f64::from(observation.spread);
            let wanted = e / (f64::from(observation.clutter) + e);
            let found = estimates.iter().find(|track| track.born == [scan, n]).map(|track| f64::from(track.existence));
            match found {
                None if e > 0.0 => {
                    assert!(wanted < 1.001e-4, "scan {scan}, cell {cell}: {wanted} begins no track");
                    unlikely += 1;
                }
                None => outside += 1,
                Some(found) => {
                    assert!((found / wanted - 1.0).abs() < 1e-4, "scan {scan}, cell {cell}: {found}, wanted {wanted}");
                    compared += 1;
                }
            }
        }
        for (density, share) in field.iter_mut().zip(&shares) {
            *density *= 1.0 - f64::from(detected) * f64::from(*share);
        }
    }
    let accounts = batch.accounts(0).expect("accounts");
    assert!(compared > 10, "{compared} births say little");
    assert_eq!((accounts.outside_coverage, accounts.none), (outside, unlikely));
}

/// The position as measured, velocity as beforehand, both at the time of the scan: from z, v ~ N(0, V) at the detection's
/// own time p = z - τ v, then rows of velocity by Kalman, then the noise since.
#[test]
fn a_newborn_of_a_field_is_what_was_measured_and_what_was_known() {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    for (radial, axes, rates, ahead_s) in
        [(0, 3, 0, 0.0f32), (0, 2, 0, -3.0), (0, 3, 2, -2.0), (0, 3, 1, 1.5), (1, 3, 0, 0.0), (1, 2, 1, 0.0)]
    {
        let mut observation = observation(&mut random, axes, rates);
        if axes == 2 {
            observation.position[2].sigma = 0.0;
        }
        let metres = if radial == 1 { [4_200_000.0, 170_000.0, 4_780_000.0] } else { [1200.0, -3400.0, 500.0] };
        let Place { tile, offset_m } = Place::from_metres(metres);
        let detection = Detection { tile, ahead_s, offset_m, observation: 0 };
        let field =
            UndetectedIntensity::Field { planes: plane().into(), density: vec![], birth: 0.0, prior: prior(2000.0) };
        let birth = field.birth(&LaneStep { radial, ..look() }, (&[detection], &[observation]), 0);

        let norm = metres.iter().map(|m| m * m).sum::<f64>().sqrt();
        let up = if radial == 1 { metres.map(|m| m / norm) } else { [0.0, 0.0, 1.0] };
        let sigma = |k: usize| if axes == 2 && k == 2 { 2000.0 } else { f64::from(observation.position[k].sigma) };
        let axis = |k: usize, i: usize| f64::from(observation.position[k].direction[i]);
        let measured = |i, j| (0..3).map(|k| sigma(k).powi(2) * axis(k, i) * axis(k, j)).sum::<f64>();
        let velocity = |i: usize, j: usize| if i == j { 144.0 } else { 0.0 } + up[i] * up[j] * (9.0 - 144.0);
        let tau = f64::from(ahead_s);
        let p: Matrix = core::array::from_fn(|i| {
            core::array::from_fn(|j| match (i / 3, j / 3) {
                (0, 0) => measured(i, j) + tau * tau * velocity(i, j),
                (1, 1) => velocity(i % 3, j % 3),
                _ => -tau * velocity(i % 3, j % 3),
            })
        });
        let place = Place { tile, offset_m }.metres();
        let x: [f64; 6] = core::array::from_fn(|k| if k < 3 { place[k] } else { 0.0 });
        let Measurement { mut h, mut z, mut r } = Measurement::of(&detection, &observation);
        h.drain(..axes as usize);
        z.drain(..axes as usize);
        r.drain(..axes as usize);
        let (x, p) = textbook_update(&x, &p, &h, &z, &r);
        let wanted = Known { x, p: plus(&p, &noise_since((-tau).max(0.0)), 1.0) };
        near_to(&Known::of(birth.tile, &birth.state), &wanted, &wanted.p, 2e-4, &format!("{axes} axes, {rates} rates"));
    }
}

fn component(random: &mut ChaCha8Rng, weight: f32) -> Component {
    let place = Place::from_metres([300.0, 300.0, 100.0].map(|side| random.random_range(-side..side)));
    let mut covariance = [0.0; COVARIANCE];
    for i in 0..6 {
        covariance[tri(i, i)] = random.random_range(if i < 3 { 2e3..2e4 } else { 20.0..200.0 });
        if i < 3 {
            covariance[tri(i, 3 + i)] = random.random_range(-50.0..50.0);
        }
    }
    let [x, y, z] = place.offset_m;
    let velocity = [(); 3].map(|()| random.random_range(-10.0..10.0));
    let mean = [x, y, z, velocity[0], velocity[1], velocity[2]];
    Component { weight, tile: place.tile, state: State { mean, covariance } }
}

/// e(z) = P_D Σ w N(z; H x, S), and a newborn is the mixture of what each component is given the detection.
#[test]
fn a_newborn_of_components_is_their_mixture_given_the_detection() {
    let mut random = ChaCha8Rng::seed_from_u64(2);
    for (axes, rates) in [(2, 0), (3, 0), (3, 2)] {
        let components: Vec<Component> = (1..5u8).map(|n| component(&mut random, 0.1 * f32::from(n))).collect();
        let observation = observation(&mut random, axes, rates);
        let Place { tile, offset_m } = Place::from_metres([40.0, -70.0, 20.0]);
        let detection = Detection { tile, ahead_s: 0.0, offset_m, observation: 0 };
        let measured = Measurement::of(&detection, &observation);
        let given = |of: &Component| {
            let known = Known::of(of.tile, &of.state);
            let [_, likelihood] = measured.innovation(&known);
            let (x, p) = textbook_update(&known.x, &known.p, &measured.h, &measured.z, &measured.r);
            (0.9 * f64::from(of.weight) * likelihood, Known { x, p })
        };
        let all: Vec<(f64, Known)> = components.iter().map(given).collect();
        let (density, wanted) = mixed(&all);
        let before = Known::of(components[0].tile, &components[0].state).p;
        let field = UndetectedIntensity::Components { components, births: Vec::new(), weight_min: 0.0 };
        let scan = (&[detection][..], &[observation][..]);
        let sees = Sees::only(Sight::Everywhere);
        let birth = field.birth(&look(), scan, 0);
        for found in [birth.density, field.density(&look(), &sees, scan, 0)] {
            assert!((f64::from(found) / density - 1.0).abs() < 1e-4, "{found}, wanted {density}");
        }
        near_to(&Known::of(birth.tile, &birth.state), &wanted, &before, 2e-4, &format!("{axes} axes, {rates} rates"));
    }
}

/// Components last, are born and are thinned; those that weigh little are dropped. What is taken back is there again.
#[test]
fn targets_are_as_many_as_last_are_born_are_missed_and_come_back() {
    let mut random = ChaCha8Rng::seed_from_u64(3);
    let mut of = |weight: f32| component(&mut random, weight);
    let mut components = UndetectedIntensity::Components {
        components: vec![of(2.0), of(0.06)],
        births: vec![of(0.3)],
        weight_min: 0.005,
    };
    let cells = CELLS.iter().product::<u32>() as usize;
    let mut field = UndetectedIntensity::Field {
        planes: plane().into(),
        density: vec![1e-8; cells],
        birth: 1e-11,
        prior: prior(0.0),
    };
    let everywhere = f64::from(CELLS[0] * CELLS[1]) * CELL_M * CELL_M;
    let (mut heavy, mut light, mut later, mut spread) = (2.0, 0.06, Vec::new(), 1e-8 * everywhere);
    let lasts = 0.99f64.powi(6);
    for _ in 0..4 {
        components.predict(&look(), |_| {});
        field.predict(&look(), |_| {});
        (heavy, light, spread) = (heavy * lasts, light * lasts, spread * lasts + 6e-11 * everywhere);
        for weight in &mut later {
            *weight *= lasts;
        }
        later.push(0.3);
        for undetected in [&mut components, &mut field] {
            undetected.thin(&look(), &Sees::only(Sight::Everywhere));
        }
        for weight in [&mut heavy, &mut light, &mut spread].into_iter().chain(&mut later) {
            *weight *= 1.0 - 0.9;
        }
        light = if light < 0.005 { 0.0 } else { light };
        later.retain(|weight| *weight >= 0.005);
        heavy = if heavy < 0.005 { 0.0 } else { heavy };
        let wanted = heavy + light + later.iter().sum::<f64>();
        assert!((components.count() / wanted - 1.0).abs() < 1e-5, "{}, wanted {wanted}", components.count());
        assert!((field.count() / spread - 1.0).abs() < 1e-5, "{}, wanted {spread}", field.count());
    }
    let recycled: Vec<(f32, [i32; 3], State<f32>)> = (1..40u8)
        .map(|n| {
            let Place { tile, offset_m: [x, y, z] } =
                Place::from_metres([700.0 * f64::from(n), 450.0 * f64::from(n), 0.0]);
            (0.001 * f32::from(n), tile, State { mean: [x, y, z, 0.0, 0.0, 0.0], ..State::zero() })
        })
        .collect();
    let sum: f64 = recycled.iter().map(|(existence, ..)| f64::from(*existence)).sum();
    for undetected in [&mut components, &mut field] {
        let before = undetected.count();
        undetected.take_back(recycled.iter().copied());
        let back = undetected.count() - before;
        assert!((back / sum - 1.0).abs() < 1e-4, "{back} came back, wanted {sum}");
    }
}
