//! The gate against comparing every track with every detection.

use super::{Known, Measurement, look, near, noise_since, observation, plus, tracks};
use crate::fusion::arrays::{Arrays, Host, Hypothesis, LaneStep};
use crate::fusion::gate::{HALVINGS, LaneGate, gate};
use crate::fusion::grid::Grid;
use crate::fusion::manage::edges_of;
use crate::fusion::views::Sees;
use crate::scan::{Detection, Observation, Sight};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

const TRACKS: usize = 230;
/// Share of a squared distance by which rounding may carry a pair over the edge of a gate, and of a weight.
const ROUNDING: f64 = 2e-3;

/// Tracks, the detections of a look, and what lies in the gates of the former; κ of each detection.
struct Scene {
    arrays: Arrays<Host>,
    density: Vec<f32>,
    narrowed: u64,
}

/// Detections measured in one way, at the time of the scan, or each in one of several and before it.
fn scene(seed: u64, ways: usize, most: u32) -> Scene {
    let alike = ways == 1;
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut arrays = tracks(&mut random, TRACKS);
    let observations: Vec<Observation> = if alike {
        vec![observation(&mut random, if seed.is_multiple_of(2) { 2 } else { 3 }, 0)]
    } else {
        [(3, 0), (2, 0), (3, 1), (2, 2), (3, 3)].map(|(axes, rates)| observation(&mut random, axes, rates)).to_vec()
    };
    let mut detections: Vec<Detection> = (0..3 * TRACKS)
        .map(|n| {
            let known = Known::track(&arrays, n % TRACKS);
            let of = random.random_range(0..observations.len());
            let ahead_s = if alike { 0.0 } else { random.random_range(-7.0..1.0) };
            near(&mut random, &known, u32::try_from(of).expect("few"), ahead_s)
        })
        .collect();
    let (grid, _) = Grid::build(&mut detections, &observations, 0.0, 0);
    assert_eq!(grid.alike().is_some(), alike);
    let density: Vec<f32> = detections.iter().map(|_| 10f32.powf(random.random_range(-9.0..-6.0))).collect();
    let count = |of: usize| u32::try_from(of).expect("few");
    arrays.looks = vec![LaneStep { tracks: count(TRACKS), detections: count(detections.len()), ..look() }];
    (arrays.detections, arrays.observations) = (detections, observations);
    let lane = LaneGate { grid: &grid, sees: Sees::only(Sight::Everywhere), most };
    let narrowed = gate(&mut arrays, &[Some(lane)], [&density, &density]).expect("few hypotheses");
    Scene { arrays, density, narrowed }
}

impl Scene {
    /// Squared distance and weight of every detection from a track: ψ = o P_D N(ν; 0, S) / ((1 + o (1 - P_D)) κ).
    fn pairs(&self, track: usize) -> Vec<[f64; 2]> {
        let (known, look) = (Known::track(&self.arrays, track), &self.arrays.looks[0]);
        let (odds, detected) = (f64::from(self.arrays.odds[track]), f64::from(look.detection_probability));
        let pair = |(detection, density): (&Detection, &f32)| {
            let measured = Measurement::of(detection, &self.arrays.observations[detection.observation as usize]);
            let c = (-f64::from(detection.ahead_s)).min(f64::from(look.dt_s)).max(0.0);
            let then = Known { p: plus(&known.p, &noise_since(c), -1.0), ..known };
            let [distance2, likelihood] = measured.innovation(&then);
            [distance2, odds * detected * likelihood / ((1.0 + odds * (1.0 - detected)) * f64::from(*density))]
        };
        self.arrays.detections.iter().zip(&self.density).map(pair).collect()
    }

    fn edges(&self, track: usize) -> &[Hypothesis] {
        edges_of(&self.arrays.rows[track], &self.arrays.edges)
    }
}

#[test]
fn the_gate_holds_what_comparing_everything_finds() {
    for (seed, ways) in [(1, 1), (2, 1), (3, 5), (4, 5)] {
        let scene = scene(seed, ways, u32::MAX);
        let (mut found, gate) = (0, f64::from(look().gate));
        for track in 0..TRACKS {
            let pairs = scene.pairs(track);
            let edges = scene.edges(track);
            for (d, [distance2, weight]) in pairs.into_iter().enumerate() {
                let edge = edges.iter().find(|edge| edge.detection as usize == d);
                if (distance2 / gate - 1.0).abs() > ROUNDING {
                    assert_eq!(edge.is_some(), distance2 < gate, "track {track}, detection {d}: {distance2}");
                }
                if let Some(edge) = edge {
                    let ratio = f64::from(edge.weight) / weight;
                    assert!((ratio - 1.0).abs() < ROUNDING, "track {track}, detection {d}: {ratio} of the weight");
                    found += 1;
                }
            }
            let row = scene.arrays.rows[track];
            let missed = f64::from(scene.arrays.odds[track]) * (1.0 - 0.9);
            assert!((f64::from(row.missed) / missed - 1.0).abs() < 1e-5, "track {track}: {}", row.missed);
        }
        assert_eq!(found, scene.arrays.edges.len(), "each pair once");
        assert!(found > 2 * TRACKS && found < TRACKS * TRACKS, "{found} pairs say little");
        assert_eq!(scene.narrowed, 0);
    }
}

/// A gate that holds more than it may is halved until it does not: it keeps the nearest ones.
#[test]
fn a_narrowed_gate_keeps_what_is_within_the_half_of_a_half() {
    for (seed, ways) in [(5, 1), (6, 5)] {
        let most = 3;
        let scene = scene(seed, ways, most);
        let (mut narrowed, mut compared) = (0, 0);
        for track in 0..TRACKS {
            let pairs = scene.pairs(track);
            let within = |gate: f64| pairs.iter().filter(|[distance2, _]| *distance2 < gate).count();
            // Half as wide: a quarter of the squared distance.
            let gates: Vec<f64> = (0..=HALVINGS).map(|n| f64::from(look().gate) * 0.25f64.powf(f64::from(n))).collect();
            let unsure = |gate: f64| pairs.iter().any(|[distance2, _]| (distance2 / gate - 1.0).abs() < ROUNDING);
            if gates.iter().any(|gate| unsure(*gate)) {
                continue;
            }
            let edges = scene.edges(track);
            assert!(edges.len() <= most as usize, "track {track}: {} hypotheses", edges.len());
            narrowed += u64::from(within(gates[0]) > most as usize);
            let gate = gates.iter().copied().find(|gate| within(*gate) <= most as usize).expect("detections lie apart");
            if within(gate) > 0 {
                let nearest = |edge: &Hypothesis| pairs[edge.detection as usize][0] < gate;
                assert!(edges.len() == within(gate) && edges.iter().all(nearest), "track {track}: not the nearest");
                compared += 1;
            }
        }
        assert!(narrowed <= scene.narrowed && compared > 50, "{narrowed} narrowed, {compared} compared");
    }
}
