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
    let mut cluster = Cluster { counts: &counts, edges: &mut edges, nothing: &mut nothing };
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
