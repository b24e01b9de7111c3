//! Association against brute force over all joint hypotheses, in f64.

use super::super::config::{Association, Mode};
use super::*;
use core::num::NonZeroU32;
use proptest::prelude::*;

/// Rows of (detection, ψ).
type Rows = Vec<Vec<(u32, f32)>>;

fn rows() -> impl Strategy<Value = Rows> {
    let edge = (0u32..5, -12i32..12).prop_map(|(d, e)| (d, 2f32.powi(e)));
    proptest::collection::vec(proptest::collection::vec(edge, 1..5), 1..6).prop_map(|rows| {
        rows.into_iter()
            .map(|mut row| {
                row.sort_by_key(|edge| edge.0);
                row.dedup_by_key(|edge| edge.0);
                row
            })
            .collect()
    })
}

/// Every one-to-one choice: for each track the index of its edge, or none.
fn joint(rows: &Rows) -> Vec<Vec<Option<usize>>> {
    let mut all = vec![vec![]];
    for row in rows {
        all = all
            .into_iter()
            .flat_map(|chosen: Vec<Option<usize>>| {
                let taken: Vec<u32> = chosen.iter().zip(rows).filter_map(|(c, r)| c.map(|c| r[c].0)).collect();
                let free = row.iter().enumerate().filter(|(_, e)| !taken.contains(&e.0)).map(|(n, _)| Some(n));
                core::iter::once(None).chain(free.collect::<Vec<_>>()).map(move |choice| {
                    let mut next = chosen.clone();
                    next.push(choice);
                    next
                })
            })
            .collect();
    }
    all
}

fn weight(rows: &Rows, choice: &[Option<usize>]) -> f64 {
    choice.iter().zip(rows).filter_map(|(c, row)| c.map(|c| f64::from(row[c].1))).product()
}

/// Marginals of every edge and of "nothing" for every track.
fn brute(rows: &Rows) -> (Vec<Vec<f64>>, Vec<f64>) {
    let all = joint(rows);
    let total: f64 = all.iter().map(|choice| weight(rows, choice)).sum();
    let share = |pick: &dyn Fn(&[Option<usize>]) -> bool| {
        all.iter().filter(|choice| pick(choice)).map(|choice| weight(rows, choice)).sum::<f64>() / total
    };
    let edges = rows.iter().enumerate().map(|(t, row)| (0..row.len()).map(|n| share(&|c| c[t] == Some(n))).collect());
    (edges.collect(), (0..rows.len()).map(|t| share(&|c| c[t].is_none())).collect())
}

#[expect(clippy::cast_possible_truncation, reason = "a few detections")]
fn run(rows: &Rows, how: &Association) -> (Vec<Vec<f32>>, Vec<f32>, Tally) {
    let counts: Vec<u32> = rows.iter().map(|row| row.len() as u32).collect();
    let flat = rows.iter().flatten().map(|&(detection, weight)| Hypothesis { detection, weight });
    let mut edges: Vec<Hypothesis> = flat.collect();
    let mut nothing = vec![1.0; rows.len()];
    let (mut scratch, mut tally) = (Scratch::default(), Tally::default());
    let tracks: Vec<u32> = (0..rows.len() as u32).collect();
    let mut cluster = Cluster { tracks: &tracks, first: 0, counts: &counts, edges: &mut edges, nothing: &mut nothing };
    decide(&mut cluster, how, &mut scratch, &mut tally);
    // Edges may have changed places within their rows: they are found by their detections.
    let mut edges = edges.iter();
    let found = rows.iter().map(|row| {
        let here: Vec<&Hypothesis> = edges.by_ref().take(row.len()).collect();
        let weight = |d: u32| here.iter().find(|edge| edge.detection == d).map_or(f32::NAN, |edge| edge.weight);
        row.iter().map(|edge| weight(edge.0)).collect()
    });
    (found.collect(), nothing, tally)
}

fn soft(exact_max: u32) -> Association {
    Association { mode: Mode::Soft, exact_max, tolerance: 1e-6, iterations_max: 2000, hypotheses_max: NonZeroU32::MAX }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn exact_marginals_are_those_of_all_joint_hypotheses(rows in rows()) {
        let (wanted, alone) = brute(&rows);
        let (found, nothing, tally) = run(&rows, &soft(10));
        prop_assert_eq!(tally.exact, 1);
        // A dozen rounded products and sums of positive terms.
        for (f, w) in found.iter().flatten().chain(&nothing).zip(wanted.iter().flatten().chain(&alone)) {
            prop_assert!((f64::from(*f) - w).abs() <= 1e-5 * w + 1e-12, "{} {}", f, w);
        }
    }

    #[test]
    fn belief_propagation_is_exact_without_loops(psi in proptest::collection::vec(-12i32..12, 3..13)) {
        // A chain: track t may have made detections t and t + 1.
        let rows: Rows = psi.chunks(2).zip(0u32..).map(|(w, t)| {
            w.iter().zip(t..).map(|(e, d)| (d, 2f32.powi(*e))).collect()
        }).collect();
        let (wanted, _) = brute(&rows);
        let (found, _, tally) = run(&rows, &soft(0));
        prop_assert_eq!((tally.belief, tally.unconverged), (1, 0));
        for (f, w) in found.iter().flatten().zip(wanted.iter().flatten()) {
            prop_assert!((f64::from(*f) - w).abs() <= 2e-5, "{} {}", f, w);
        }
    }

    #[test]
    fn assignment_is_the_best_of_all_joint_hypotheses(rows in rows()) {
        let how = Association { mode: Mode::Assign, ..soft(0) };
        let (found, nothing, _) = run(&rows, &how);
        // A detection is worth 8 nats over none.
        let score = |choice: &[Option<usize>]| 8.0 * choice.iter().flatten().count() as f64 + weight(&rows, choice).ln();
        let best = joint(&rows).iter().map(|choice| score(choice)).fold(f64::NEG_INFINITY, f64::max);
        let chosen: Vec<Option<usize>> = found.iter().map(|row| row.iter().position(|w| *w > 0.0)).collect();
        prop_assert!((score(&chosen) - best).abs() < 1e-3, "{} {}", score(&chosen), best);
        let mut taken: Vec<u32> = chosen.iter().zip(&rows).filter_map(|(c, row)| c.map(|c| row[c].0)).collect();
        taken.sort_unstable();
        taken.dedup();
        prop_assert_eq!(taken.len(), chosen.iter().flatten().count(), "one detection went to two tracks");
        for ((row, weights), none) in rows.iter().zip(&found).zip(&nothing) {
            let kept: f32 = weights.iter().sum();
            prop_assert!((kept + none - 1.0).abs() < 1e-6);
            if let Some(n) = weights.iter().position(|w| *w > 0.0) {
                prop_assert!((weights[n] - row[n].1 / (1.0 + row[n].1)).abs() < 1e-6);
            }
        }
    }
}

#[test]
fn a_likelihood_a_hundred_million_times_the_others_does_not_drown_them() {
    let rows: Rows = vec![vec![(0, 1e8), (1, 1.0)], vec![(0, 1.0), (1, 1e8)], vec![(0, 1e-3), (1, 1e-3)]];
    let (wanted, alone) = brute(&rows);
    for how in [soft(10), soft(0)] {
        let (found, nothing, _) = run(&rows, &how);
        for (f, w) in found.iter().flatten().chain(&nothing).zip(wanted.iter().flatten().chain(&alone)) {
            assert!((f64::from(*f) - w).abs() <= 1e-4 * w + 1e-9, "{f} {w}");
        }
    }
}

/// Tracks and detections strewn over a square, so near that all of them compete; rows as a gate of 13.8 cuts them.
fn strewn(tracks: u32, in_a_gate: f32, seed: u64) -> Rows {
    let mut state = seed;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 40) as f32 / 16_777_216.0
    };
    let side = (f32::from(u16::try_from(tracks).expect("few")) * 43.4 / in_a_gate).sqrt();
    let places: Vec<[f32; 2]> = (0..2 * tracks).map(|_| [side * random(), side * random()]).collect();
    let (own, seen) = places.split_at(tracks as usize);
    let row = |track: &[f32; 2]| {
        let near = seen.iter().zip(0..).map(|(place, d)| {
            let distance_2 = (place[0] - track[0]).powi(2) + (place[1] - track[1]).powi(2);
            (d, distance_2)
        });
        near.filter(|(_, distance_2)| *distance_2 < 13.8)
            .map(|(d, distance_2)| (d, 4.0 * (-0.5 * distance_2).exp()))
            .collect()
    };
    own.iter().map(row).filter(|row: &Vec<_>| !row.is_empty()).collect()
}

/// Whether the choice could be made cheaper by tracks that hand detections on, in a circle or until one takes what is free:
/// a cycle of negative cost in the graph of exchanges, by Bellman and Ford, in f64. There is none if and only if it is the best.
fn is_best(rows: &Rows, chosen: &[Option<u32>]) -> bool {
    let cost = |weight: f32| -f64::from(weight).ln() - 8.0;
    let own = |track: usize| {
        let of = |d: u32| rows[track].iter().find(|edge| edge.0 == d).map_or(f64::NAN, |edge| cost(edge.1));
        chosen[track].map_or(0.0, of)
    };
    let taken: std::collections::BTreeMap<u32, usize> =
        chosen.iter().enumerate().filter_map(|(track, d)| Some(((*d)?, track))).collect();
    let outside = rows.len();
    let mut exchanges = vec![];
    for (track, row) in rows.iter().enumerate() {
        exchanges.extend([(track, outside, -own(track)), (outside, track, 0.0)]);
        for (d, weight) in row.iter().filter(|(d, _)| Some(*d) != chosen[track]) {
            exchanges.push((track, taken.get(d).copied().unwrap_or(outside), cost(*weight) - own(track)));
        }
    }
    let mut least = vec![0.0f64; rows.len() + 1];
    (0..=rows.len()).any(|_| {
        let mut settled = true;
        for &(from, to, cost) in &exchanges {
            // An exchange that saves less than rounding does is none.
            if least[from] + cost < least[to] - 1e-4 {
                (least[to], settled) = (least[from] + cost, false);
            }
        }
        settled
    })
}

/// The detection of each track, and how many tracks were left alone.
fn assigned(rows: &Rows) -> (Vec<Option<u32>>, u64) {
    let (found, _, tally) = run(rows, &Association { mode: Mode::Assign, ..soft(0) });
    let of = |(weights, row): (&Vec<f32>, &Vec<(u32, f32)>)| weights.iter().position(|w| *w > 0.0).map(|n| row[n].0);
    (found.iter().zip(rows).map(of).collect(), tally.unconverged)
}

#[test]
fn where_all_compete_with_all_the_assignment_is_still_the_best() {
    // The largest have hundreds of tracks that wait, which search on every core.
    for (tracks, in_a_gate, seed) in [(40, 4.0, 1), (40, 4.0, 2), (400, 3.0, 3), (400, 3.0, 4), (2000, 3.0, 5)] {
        let rows = strewn(tracks, in_a_gate, seed);
        let (mut chosen, left) = assigned(&rows);
        assert_eq!(left, 0);
        let taken: std::collections::BTreeSet<u32> = chosen.iter().flatten().copied().collect();
        assert_eq!(taken.len(), chosen.iter().flatten().count(), "one detection went to two tracks");
        assert!(is_best(&rows, &chosen), "{tracks} tracks");
        // What is not the best is told from it: two that could have been had are not.
        chosen.iter_mut().filter(|d| d.is_some()).take(2).for_each(|d| *d = None);
        assert!(!is_best(&rows, &chosen));
    }
}

#[test]
fn where_nobody_can_be_told_from_another_rounds_end_and_those_who_are_left_are_counted() {
    // Everyone may have made the same thirty: whoever searches comes to all of them, and one comes in a round.
    let many = ROUNDS_MAX + 40;
    let rows: Rows = vec![(0..30).map(|d| (d, 1.0 + d as f32 * 1e-3)).collect(); many as usize];
    let (chosen, left) = assigned(&rows);
    let taken: std::collections::BTreeSet<u32> = chosen.iter().flatten().copied().collect();
    assert_eq!((taken.len(), chosen.iter().flatten().count()), (30, 30));
    // The first had the best at once.
    assert_eq!(left, u64::from(many - 1 - ROUNDS_MAX));
}
