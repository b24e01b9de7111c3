//! Scores against numbers of Stone Soup and `scipy` (`tests/oracle/stonesoup_metrics.py`), against definitions written out
//! by brute force, and against the axioms of a metric.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::Value;
use trackweave::score::ScoreError;
use trackweave::score::assignment::{Components, Costs, Edge, Skip};
use trackweave::score::gospa::{Counts, Gospa, GospaAverage, gospa, gospa_components, gospa_matches};
use trackweave::score::ospa::{Ospa, Ospa2, Trajectory, ospa, ospa2, ospa2_over_scans};
use trackweave::score::sequence::{Scans, ScoreConfig, TrackPoint, TruthPoint, score_points};
use trackweave::score::t_gospa::{STATES_MAX, TGospa, t_gospa};

const SECOND_US: i64 = 1_000_000;

fn oracle() -> Value {
    serde_json::from_str(include_str!("oracle/stonesoup_metrics.json")).expect("the oracle's numbers are JSON")
}

fn cases(of: &Value, key: &str) -> Vec<Value> {
    let cases = of[key].as_array().expect("a list of cases").clone();
    assert!(!cases.is_empty(), "no cases in `{key}`");
    cases
}

fn number(case: &Value, key: &str) -> f64 {
    case[key].as_f64().unwrap_or_else(|| panic!("`{key}` is no number: {}", case[key]))
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
}

fn positions(list: &Value) -> Vec<[f64; 3]> {
    list.as_array().expect("a list").iter().map(|point| numbers(point).try_into().expect("x, y, z")).collect()
}

/// Scan, identity, position.
fn rows(list: &Value) -> Vec<(i64, u32, [f64; 3])> {
    let row = |row: &Value| {
        let id = row[1].as_u64().and_then(|id| u32::try_from(id).ok()).expect("an id");
        (row[0].as_i64().expect("a scan"), id, [number_at(row, 2), number_at(row, 3), number_at(row, 4)])
    };
    list.as_array().expect("a list").iter().map(row).collect()
}

fn number_at(row: &Value, index: usize) -> f64 {
    row[index].as_f64().expect("a number")
}

fn tracks(list: &Value) -> Vec<Trajectory> {
    let point = |row: &Value| {
        let scan = row[0].as_u64().and_then(|scan| usize::try_from(scan).ok()).expect("a scan");
        (scan, [number_at(row, 1), number_at(row, 2), number_at(row, 3)])
    };
    let track = |track: &Value| track.as_array().expect("a track").iter().map(point).collect();
    list.as_array().expect("a list").iter().map(track).collect()
}

/// Absolute and relative 1e-9: sums of some hundred terms in two orders, and two square roots.
fn near(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() <= 1e-9 * wanted.abs().max(1.0)
}

/// Compares named numbers; says how many differ and which is worst.
fn census(what: &str, pairs: &[(String, f64, f64)]) -> Result<(), String> {
    let wrong: Vec<_> = pairs.iter().filter(|(_, found, wanted)| !near(*found, *wanted)).collect();
    let worst = wrong.iter().max_by(|a, b| (a.1 - a.2).abs().total_cmp(&(b.1 - b.2).abs()));
    worst.map_or(Ok(()), |(name, found, wanted)| {
        let (wrong, all) = (wrong.len(), pairs.len());
        Err(format!("{what}: {wrong} of {all} numbers differ; the worst is {name}: found {found}, wanted {wanted}"))
    })
}

fn pair(name: impl Into<String>, found: f64, wanted: f64) -> (String, f64, f64) {
    (name.into(), found, wanted)
}

fn scores_of_sets(cases: &[Value], cutoff_factor: f64) -> Vec<(String, f64, f64)> {
    let mut pairs = Vec::new();
    for (index, case) in cases.iter().enumerate() {
        let (truth, estimates) = (positions(&case["truth"]), positions(&case["estimates"]));
        let (cutoff_m, order) = (number(case, "cutoff_m") * cutoff_factor, number(case, "order"));
        let found = gospa(&truth, &estimates, Gospa { cutoff_m, order }).expect("a score");
        let wanted = &case["gospa"];
        pairs.push(pair(format!("set {index} total"), found.total, number(wanted, "distance")));
        pairs.push(pair(
            format!("set {index} localisation"),
            found.powers.localisation,
            number(wanted, "localisation"),
        ));
        pairs.push(pair(format!("set {index} missed"), found.powers.missed, number(wanted, "missed")));
        pairs.push(pair(format!("set {index} false"), found.powers.false_tracks, number(wanted, "false")));
        let found = ospa(&truth, &estimates, Ospa { cutoff_m, order }).expect("a score");
        pairs.push(pair(format!("set {index} ospa"), found.total, number(case, "ospa")));
    }
    pairs
}

#[test]
fn gospa_and_ospa_are_those_of_stone_soup() {
    let cases = cases(&oracle(), "sets");
    assert!(cases.len() > 50 && cases.iter().any(|case| positions(&case["truth"]).len() > 64), "the grid is used");
    census("sets", &scores_of_sets(&cases, 1.0)).expect("the same numbers");
    let error =
        census("sets", &scores_of_sets(&cases, 1.0 + 1e-6)).expect_err("a cut-off wrong by a millionth went unseen");
    assert!(error.contains("numbers differ; the worst is set"), "{error}");
}

fn score_of(case: &Value) -> trackweave::score::sequence::ScoreReport {
    let truth = rows(&case["truth"]).into_iter();
    let estimates = rows(&case["tracks"]).into_iter();
    let scans = 0..case["scans"].as_i64().expect("a number of scans");
    let config = ScoreConfig {
        gospa: Gospa { cutoff_m: number(case, "cutoff_m"), order: 2.0 },
        max_gap_s: 0.0,
        scans: Scans::At(scans.map(|scan| scan * SECOND_US).collect()),
    };
    score_points(
        truth.map(|(scan, object, position_m)| TruthPoint { time_us: scan * SECOND_US, object, position_m }),
        estimates.map(|(scan, track, position_m)| TrackPoint {
            time_us: scan * SECOND_US,
            track: u64::from(track),
            position_m,
        }),
        &config,
    )
    .expect("a score")
}

#[test]
fn sequences_score_as_by_siap_and_clear_mot_of_stone_soup() {
    let (mut pairs, mut switches) = (Vec::new(), 0);
    for (index, case) in cases(&oracle(), "sequences").iter().enumerate() {
        let found = score_of(case);
        let rms = found.gospa_rms_m.expect("scans");
        for (part, (found, wanted)) in
            [rms.localisation, rms.missed, rms.false_tracks].into_iter().zip(numbers(&case["gospa_rms"])).enumerate()
        {
            pairs.push(pair(format!("sequence {index} rms part {part}"), found, wanted));
        }
        let identity = &found.identity;
        switches += identity.switches;
        for (found, key) in [
            (found.coverage, "siap_completeness"),
            (found.spuriousness, "siap_spuriousness"),
            (found.position_mean_m, "siap_position_accuracy"),
            (identity.longest_segment_share, "siap_longest_track_segment"),
            (identity.mean_time_on_track_s, "siap_mean_time_tracked"),
            (found.position_mean_m, "motp"),
            (found.mota, "mota"),
        ] {
            pairs.push(pair(format!("sequence {index} {key}"), found.expect("a ratio"), number(case, key)));
        }
    }
    assert!(switches > 5, "{switches} switches are too few to tell");
    census("sequences", &pairs).expect("the same numbers");
}

#[test]
fn t_gospa_and_ospa2_are_those_of_scipy() {
    let mut pairs = Vec::new();
    for (index, case) in cases(&oracle(), "trajectories").iter().enumerate() {
        let (truth, estimates) = (tracks(&case["truth"]), tracks(&case["tracks"]));
        let (cutoff_m, order, switch_m) = (number(case, "cutoff_m"), number(case, "order"), number(case, "switch_m"));
        let found = t_gospa(&truth, &estimates, TGospa { cutoff_m, order, switch_m }).expect("a score");
        pairs.push(pair(format!("trajectories {index} t_gospa"), found.total, number(case, "t_gospa")));
        let scans = case["scans"].as_u64().and_then(|scans| usize::try_from(scans).ok()).expect("scans");
        let metric = Ospa2 { cutoff_m, order, time_order: 1.0 };
        let found = ospa2_over_scans(&truth, &estimates, (scans, 4), metric).expect("a score");
        for (scan, (found, wanted)) in found.iter().zip(numbers(&case["ospa2_window_4"])).enumerate() {
            pairs.push(pair(format!("trajectories {index} ospa2 at {scan}"), found.total, wanted));
        }
        let found = ospa2(&truth, &estimates, 0..scans, Ospa2 { cutoff_m, order, time_order: 2.0 }).expect("a score");
        pairs.push(pair(format!("trajectories {index} ospa2"), found.total, number(case, "ospa2_time_order_2")));
    }
    census("trajectories", &pairs).expect("the same numbers");
}

#[test]
fn rms_parts_of_order_2_add_up_in_squares() {
    let mut average = GospaAverage::default();
    for case in cases(&oracle(), "sets") {
        let metric = Gospa { cutoff_m: 10.0, order: 2.0 };
        let parts = gospa(&positions(&case["truth"]), &positions(&case["estimates"]), metric).expect("a score");
        average.add(&parts, metric.order);
    }
    let rms = average.rms().expect("scans");
    assert!(near(rms.total.powi(2), rms.localisation.powi(2) + rms.missed.powi(2) + rms.false_tracks.powi(2)));
    assert!(average.mean().expect("scans").total < rms.total);
    assert_eq!(GospaAverage::default().rms(), None);
}

/// Least cost over all matchings, by trying every column and none for each row in turn.
fn least_cost(costs: &Costs, skip: Skip, row: usize, taken: &mut Vec<bool>) -> f64 {
    if row == costs.rows() {
        return taken.iter().filter(|&&taken| !taken).count() as f64 * skip.column;
    }
    let mut best = skip.row + least_cost(costs, skip, row + 1, taken);
    for edge in costs.row(row) {
        let column = edge.column as usize;
        if !std::mem::replace(&mut taken[column], true) {
            best = best.min(edge.cost + least_cost(costs, skip, row + 1, taken));
            taken[column] = false;
        }
    }
    best
}

fn problems() -> impl Strategy<Value = (Costs, Skip)> {
    // Whole numbers make ties common.
    let cost = prop_oneof![(-4_i32..12).prop_map(f64::from), -5.0..20.0_f64];
    let row = prop::collection::btree_map(0_u32..6, cost, 0..6);
    (prop::collection::vec(row, 0..7), -2_i32..8, -2_i32..8).prop_map(|(rows, row, column)| {
        let skip = Skip { row: f64::from(row), column: f64::from(column) };
        let mut costs = Costs::new(6, skip).expect("a problem");
        for row in rows {
            let edges: Vec<_> = row.into_iter().map(|(column, cost)| Edge { column, cost }).collect();
            costs.push_row(&edges).expect("a row");
        }
        (costs, skip)
    })
}

fn points(most: usize) -> impl Strategy<Value = Vec<[f64; 3]>> {
    // On a coarse lattice some distances are equal, zero, or the cut-off exactly.
    let lattice = prop::array::uniform3((-3_i32..4).prop_map(|x| f64::from(x) * 5.0));
    prop::collection::vec(prop_oneof![lattice, prop::array::uniform3(-20.0..20.0_f64)], 0..=most)
}

fn metrics() -> impl Strategy<Value = Gospa> {
    (prop_oneof![Just(5.0), Just(10.0), 1.0..60.0_f64], prop_oneof![Just(1.0), Just(2.0), 1.0..4.0_f64])
        .prop_map(|(cutoff_m, order)| Gospa { cutoff_m, order })
}

fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

/// `min Σ min(d, c)^p` over all ways to give each of the shorter set one of the longer, and the difference in number.
fn ospa_sum(shorter: &[[f64; 3]], longer: &mut Vec<[f64; 3]>, metric: Gospa) -> f64 {
    let Some((&first, rest)) = shorter.split_first() else {
        return metric.cutoff_m.powf(metric.order) * longer.len() as f64;
    };
    (0..longer.len()).fold(f64::INFINITY, |best, index| {
        let other = longer.swap_remove(index);
        let cost = distance(first, other).min(metric.cutoff_m).powf(metric.order);
        let sum = cost + ospa_sum(rest, longer, metric);
        longer.push(other);
        let last = longer.len() - 1;
        longer.swap(index, last);
        best.min(sum)
    })
}

/// Short records of two objects and two tracks that meet, exist now and then, and switch.
fn records() -> impl Strategy<Value = Vec<Trajectory>> {
    let position = prop::option::weighted(0.8, prop::array::uniform3((-2_i32..3).prop_map(f64::from)));
    let record = prop::collection::vec(position, 4).prop_map(|positions| {
        positions.into_iter().enumerate().filter_map(|(scan, position)| Some((scan, position?))).collect()
    });
    prop::collection::vec(record, 2)
}

/// T-GOSPA to the power p by trying every sequence of assignments of two objects to two tracks, from its definition.
fn least_t_gospa(sides: [&[Trajectory]; 2], metric: TGospa, scan: usize, before: Option<[usize; 2]>) -> f64 {
    let TGospa { cutoff_m, order, switch_m } = metric;
    let [truth, tracks] = sides;
    if scan == 4 {
        return 0.0;
    }
    let half = cutoff_m.powf(order) / 2.0;
    let mut best = f64::INFINITY;
    // Track 2 is none.
    for now in [[2, 2], [2, 0], [2, 1], [0, 2], [1, 2], [0, 1], [1, 0]] {
        let mut cost = 0.0;
        let there = |side: &[Trajectory]| side.iter().filter(|track| track.at(scan).is_some()).count() as f64;
        cost += half * (there(truth) + there(tracks));
        for (object, &track) in truth.iter().zip(&now) {
            let found = tracks.get(track).and_then(|track| track.at(scan));
            if let Some(d) = object.at(scan).zip(found).map(|(a, b)| distance(a, b)).filter(|&d| d < cutoff_m) {
                cost += d.powf(order) - 2.0 * half;
            }
        }
        for (before, now) in before.iter().flatten().zip(&now).filter(|(before, now)| before != now) {
            cost += switch_m.powf(order) * if *before == 2 || *now == 2 { 0.5 } else { 1.0 };
        }
        best = best.min(cost + least_t_gospa(sides, metric, scan + 1, Some(now)));
    }
    best
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, rng_seed: RngSeed::Fixed(7), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_matching_costs_less_than_the_assignment((costs, skip) in problems()) {
        let found = costs.assign();
        let mut taken = vec![false; costs.columns()];
        prop_assert!(near(found.cost, least_cost(&costs, skip, 0, &mut taken)));
        for (row, edge) in found.matched.iter().enumerate() {
            let Some(edge) = edge else { continue };
            prop_assert!(costs.row(row).contains(edge), "an edge of the row");
            prop_assert!(!std::mem::replace(&mut taken[edge.column as usize], true), "one row a column");
        }
        prop_assert_eq!(costs.assign(), found, "the same every time");
    }

    #[test]
    fn gospa_and_ospa_are_the_best_of_all_permutations(truth in points(5), estimates in points(5), metric in metrics()) {
        let Gospa { cutoff_m, order } = metric;
        let (shorter, longer) = if truth.len() < estimates.len() { (&truth, &estimates) } else { (&estimates, &truth) };
        let sum = ospa_sum(shorter, &mut longer.clone(), metric);
        let found = ospa(&truth, &estimates, Ospa { cutoff_m, order }).expect("a score");
        let wanted = (sum / longer.len().max(1) as f64).powf(1.0 / order);
        prop_assert!((found.total - wanted).abs() < 1e-9, "{} {wanted}", found.total);
        // α = 2: a difference in number costs half of what it costs in OSPA.
        let extra = cutoff_m.powf(order) / 2.0 * (longer.len() - shorter.len()) as f64;
        let found = gospa(&truth, &estimates, metric).expect("a score");
        let wanted = (sum - extra).max(0.0).powf(1.0 / order);
        prop_assert!((found.total - wanted).abs() < 1e-6, "{} {wanted}", found.total);
        prop_assert!(near(found.powers.total(), sum - extra), "{} {}", found.powers.total(), sum - extra);
    }

    #[test]
    fn gospa_is_a_metric(a in points(5), b in points(5), c in points(5), metric in metrics()) {
        let between = |x: &[[f64; 3]], y: &[[f64; 3]]| gospa(x, y, metric).expect("a score").total;
        prop_assert!(between(&a, &a) < 1e-12, "identity");
        prop_assert!(near(between(&a, &b), between(&b, &a)), "symmetry");
        prop_assert!(between(&a, &c) <= between(&a, &b) + between(&b, &c) + 1e-9, "triangle inequality");
        let mut backwards = a.clone();
        backwards.reverse();
        prop_assert!(near(between(&a, &b), between(&backwards, &b)), "order of the points");
        if !a.is_empty() {
            prop_assert!(between(&a, &a[1..]) > 0.0, "sets that differ are apart");
        }
    }

    #[test]
    fn t_gospa_is_the_best_of_all_sequences(truth in records(), tracks in records(), switch_m in 0.0..6.0_f64) {
        let metric = TGospa { cutoff_m: 3.0, order: 2.0, switch_m };
        let found = t_gospa(&truth, &tracks, metric).expect("a score");
        let sum = found.localisation + found.missed + found.false_tracks + found.switches;
        prop_assert!(near(sum, least_t_gospa([&truth, &tracks], metric, 0, None)), "{sum}");
        prop_assert!(near(found.total * found.total, sum));
        let free = t_gospa(&truth, &tracks, TGospa { switch_m: 0.0, ..metric }).expect("a score");
        let mut by_scan = 0.0;
        for scan in 0..4 {
            let of = |side: &[Trajectory]| side.iter().filter_map(|track| track.at(scan)).collect::<Vec<_>>();
            by_scan += gospa(&of(&truth), &of(&tracks), Gospa { cutoff_m: 3.0, order: 2.0 }).expect("a score").powers.total();
        }
        prop_assert!(near(free.total * free.total, by_scan), "without a price on switches it is GOSPA scan by scan");
    }
}

/// Objects on a lattice 30 m apart in the plane, each with an estimate 3 m off except every tenth; every twentieth
/// object with a second one, 4 m off.
fn lattice(side: i32) -> (Vec<[f64; 3]>, Vec<[f64; 3]>) {
    let (mut truth, mut estimates) = (Vec::new(), Vec::new());
    for index in 0..side * side {
        let (x, y) = (f64::from(index % side) * 30.0 - 1e4, f64::from(index / side) * 30.0);
        truth.push([x, y, 6.4e6]);
        if index % 10 != 0 {
            estimates.push([x + 3.0, y, 6.4e6]);
        }
        if index % 20 == 1 {
            estimates.push([x, y - 4.0, 6.4e6]);
        }
    }
    estimates.reverse();
    (truth, estimates)
}

#[test]
fn a_hundred_thousand_objects_fall_into_small_components() {
    let (truth, estimates) = lattice(320);
    let metric = Gospa { cutoff_m: 20.0, order: 2.0 };
    let components = gospa_components(&truth, &estimates, metric).expect("components");
    assert_eq!(components, Components { count: 92_160, largest: 3 });
    let parts = gospa(&truth, &estimates, metric).expect("a score");
    assert_eq!(parts.counts, Counts { matched: 92_160, missed: 10_240, false_tracks: 5_120 });
    assert!(near(parts.powers.localisation, 9.0 * 92_160.0), "the nearer of two estimates is taken");

    // With a cut-off beyond the spacing all hang together, and the assignment is still the same.
    let metric = Gospa { cutoff_m: 40.0, order: 2.0 };
    let components = gospa_components(&truth, &estimates, metric).expect("components");
    assert_eq!(components, Components { count: 1, largest: truth.len() + estimates.len() });
    let parts = gospa(&truth, &estimates, metric).expect("a score");
    assert!(parts.counts.matched >= 92_160, "{:?}", parts.counts);
}

#[test]
fn a_grid_finds_what_comparing_everything_finds() {
    // Many small problems put together far apart: each alone is below the grid's threshold.
    let metric = Gospa { cutoff_m: 20.0, order: 1.5 };
    let (mut truth, mut estimates, mut alone) = (Vec::new(), Vec::new(), 0.0);
    for (index, case) in (0_u32..).zip(cases(&oracle(), "sets")) {
        let (a, b) = (positions(&case["truth"]), positions(&case["estimates"]));
        if a.iter().chain(&b).flatten().any(|x| x.abs() > 1e3) || a.len() * b.len() > 4096 {
            continue;
        }
        alone += gospa(&a, &b, metric).expect("a score").powers.total();
        let away = 1e5 * f64::from(index) - 1e6;
        let shift = |set: Vec<[f64; 3]>| set.into_iter().map(move |[x, y, z]| [x, y + away, z]);
        truth.extend(shift(a));
        estimates.extend(shift(b));
    }
    assert!(truth.len() * estimates.len() > 4096, "the grid is used");
    let found = gospa(&truth, &estimates, metric).expect("a score").powers.total();
    // Positions of 5e6 m keep 1e-9 m.
    assert!((found - alone).abs() < 1e-5, "{found} {alone}");
}

#[test]
fn matches_are_the_pairs_that_the_parts_are_made_of() {
    let truth = [[0.0, 0.0, 0.0], [9.0, 0.0, 0.0], [500.0, 0.0, 0.0]];
    let estimates = [[8.0, 0.0, 0.0], [-7.0, 0.0, 0.0]];
    let (parts, matches) = gospa_matches(&truth, &estimates, Gospa { cutoff_m: 10.0, order: 1.0 }).expect("a score");
    let found: Vec<_> = matches.iter().map(|pair| (pair.truth, pair.estimate, pair.distance_m)).collect();
    assert_eq!(found, [(0, 1, 7.0), (1, 0, 1.0)]);
    assert_eq!((parts.total, parts.localisation, parts.missed, parts.false_tracks), (13.0, 8.0, 5.0, 0.0));
}

#[test]
fn wrong_parameters_and_positions_are_named() {
    let here = [[0.0; 3]];
    let fails = |truth: &[[f64; 3]], cutoff_m: f64, order: f64| {
        gospa(truth, &here, Gospa { cutoff_m, order }).expect_err("an error").to_string()
    };
    assert_eq!(fails(&here, 0.0, 2.0), "`cutoff_m` is 0, wanted 1e-9 to 1e12 metres");
    assert_eq!(fails(&here, f64::NAN, 2.0), "`cutoff_m` is NaN, wanted 1e-9 to 1e12 metres");
    assert_eq!(fails(&here, 1.0, 0.5), "`order` is 0.5, wanted 1 to 10");
    let infinite = [here[0], [0.0, f64::INFINITY, 0.0]];
    assert_eq!(fails(&infinite, 1.0, 2.0), "truth position 1 is [0.0, inf, 0.0], wanted finite metres");
    let far = [[f64::MAX; 3], [f64::MIN; 3]];
    assert!(gospa(&far, &far, Gospa { cutoff_m: 1.0, order: 2.0 }).expect("a score").total == 0.0);
    let metric = TGospa { cutoff_m: 1.0, order: 2.0, switch_m: -1.0 };
    let error = t_gospa(&[], &[], metric).expect_err("an error").to_string();
    assert_eq!(error, "`switch_m` is -1, wanted 0 to 1e12 metres");
}

#[test]
fn t_gospa_refuses_what_it_cannot_compute_exactly() {
    let crowd: Vec<Trajectory> = (0..9).map(|_| std::iter::once((0, [0.0; 3])).collect()).collect();
    let error = t_gospa(&crowd, &crowd, TGospa { cutoff_m: 1.0, order: 2.0, switch_m: 1.0 }).expect_err("an error");
    assert_eq!(error, ScoreError::TooManyStates { truths: 9, estimates: 9, limit: STATES_MAX });
    let found = t_gospa(&crowd[..4], &crowd[..6], TGospa { cutoff_m: 1.0, order: 2.0, switch_m: 1.0 });
    assert_eq!(found.expect("a score").counts, Counts { matched: 4, missed: 0, false_tracks: 2 });
}

#[test]
fn a_switch_costs_gamma_and_a_wait_costs_nothing() {
    let still = |x: f64, scans: &[usize]| scans.iter().map(|&scan| (scan, [x, 0.0, 0.0])).collect::<Trajectory>();
    let metric = TGospa { cutoff_m: 10.0, order: 1.0, switch_m: 3.0 };
    let object = [still(0.0, &[0, 1, 2, 3])];
    let found = t_gospa(&object, &[still(0.0, &[0, 1]), still(0.0, &[2, 3])], metric).expect("a score");
    assert_eq!((found.total, found.switch_count), (3.0, 1.0));
    let found = t_gospa(&object, &[still(0.0, &[0, 3])], metric).expect("a score");
    assert_eq!((found.total, found.switch_count, found.counts.missed), (10.0, 0.0, 2), "the track is waited for");
}

fn walk(times_s: &[i64], id: u32, speed: f64) -> impl Iterator<Item = (i64, u32, [f64; 3])> {
    times_s.iter().map(move |&time_s| (time_s * SECOND_US, id, [speed * time_s as f64, 0.0, 0.0]))
}

fn config(scans: Scans) -> ScoreConfig {
    ScoreConfig { gospa: Gospa { cutoff_m: 10.0, order: 2.0 }, max_gap_s: 4.0, scans }
}

fn truth_of(points: impl Iterator<Item = (i64, u32, [f64; 3])>) -> Vec<TruthPoint> {
    points.map(|(time_us, object, position_m)| TruthPoint { time_us, object, position_m }).collect()
}

fn track_of(points: impl Iterator<Item = (i64, u32, [f64; 3])>) -> Vec<TrackPoint> {
    points.map(|(time_us, track, position_m)| TrackPoint { time_us, track: track.into(), position_m }).collect()
}

#[test]
fn truth_is_interpolated_to_the_scan_unless_the_gap_is_too_long() {
    let truth = truth_of(walk(&[0, 4, 9], 1, 100.0));
    let estimates = track_of(walk(&[1, 3, 4, 6, 9], 5, 100.0));
    let found = score_points(truth.clone(), estimates.clone(), &config(Scans::OfEstimates)).expect("a score");
    // The gap from 4 s to 9 s is too long for 6 s.
    assert_eq!((found.scans, found.matched, found.missed, found.false_tracks), (5, 4, 0, 1));
    assert!(found.position_rmse_m.is_some_and(|rmse| rmse < 1e-9), "{:?}", found.position_rmse_m);
    let scans = Scans::At([0, 1, 2, 4].map(|time_s| time_s * SECOND_US).to_vec());
    let found = score_points(truth, estimates, &config(scans)).expect("a score");
    assert_eq!((found.scans, found.matched, found.missed, found.estimates_outside_scans), (4, 2, 2, 3));
    assert_eq!(found.coverage, Some(0.5));
    assert_eq!(found.identity.fragmentations, 1);
}

/// Every multiple of a period is a scan, looked at or passed over: the figures are those of a list of all of them.
#[test]
fn scans_without_anything_are_counted_without_being_looked_at() {
    let truth = truth_of(walk(&[3, 4, 5, 90, 93, 700], 1, 100.0));
    let estimates = track_of(walk(&[4, 5, 41, 93, 200, 700, 701], 5, 101.0));
    for (period_us, first_us, last_us) in [
        (SECOND_US, 3 * SECOND_US, 700 * SECOND_US),
        (7 * SECOND_US, -50 * SECOND_US, 900 * SECOND_US),
        (SECOND_US / 4, 1, 750 * SECOND_US + 1),
        (SECOND_US, 9, 8),
    ] {
        let first = -(-first_us).div_euclid(period_us) * period_us;
        let all = std::iter::successors(Some(first), |time| Some(time + period_us)).take_while(|time| *time <= last_us);
        let [listed, every] = [Scans::At(all.collect()), Scans::Every { period_us, first_us, last_us }].map(|scans| {
            let config = ScoreConfig { gospa: Gospa { cutoff_m: 60.0, order: 1.0 }, ..config(scans) };
            score_points(truth.clone(), estimates.clone(), &config).expect("a score")
        });
        assert_eq!(listed, every, "every {period_us} µs");
    }
    // 10^13 scans.
    let far = truth_of(walk(&[0, 9_000_000_000_000], 1, 0.0));
    let scans = Scans::Every { period_us: 1, first_us: i64::MIN, last_us: i64::MAX };
    let found = score_points(far, [], &config(scans)).expect("a score");
    assert_eq!((found.scans, found.missed), (u64::MAX, 2));
}

#[test]
fn nothing_to_score_is_no_error() {
    let found = score_points([], [], &config(Scans::OfEstimates)).expect("a score");
    assert_eq!((found.scans, found.coverage, found.gospa_rms_m), (0, None, None));
    let json = serde_json::to_value(&found).expect("JSON");
    assert_eq!(json["gospa_rms_m"], Value::Null);
    assert_eq!(json["identity"]["switches"], 0);
}

#[test]
fn points_out_of_order_or_twice_are_errors() {
    let fails = |estimates: Vec<TrackPoint>, scans| {
        score_points([], estimates, &config(scans)).expect_err("an error").to_string()
    };
    let backwards = track_of(walk(&[2, 1], 5, 1.0));
    assert_eq!(
        fails(backwards.clone(), Scans::OfEstimates),
        "estimate at 1000000 µs comes after 2000000 µs, wanted time order"
    );
    assert_eq!(
        fails(backwards, Scans::At(Vec::new())),
        "estimate at 1000000 µs comes after 2000000 µs, wanted time order"
    );
    let twice = track_of(walk(&[2, 2], 5, 1.0));
    assert_eq!(fails(twice, Scans::OfEstimates), "track 5 has two positions at 2000000 µs, wanted one");
    let parted = [walk(&[2], 5, 1.0), walk(&[2], 6, 1.0), walk(&[2], 5, 1.0)].into_iter().flatten();
    assert_eq!(fails(track_of(parted), Scans::OfEstimates), "track 5 has two positions at 2000000 µs, wanted one");
    assert_eq!(fails(Vec::new(), Scans::At(vec![3, 3])), "scan at 3 µs comes after 3 µs, wanted time order");
    let wrong = ScoreConfig { max_gap_s: f64::NAN, ..config(Scans::OfEstimates) };
    let error = score_points([], [], &wrong).expect_err("an error").to_string();
    assert_eq!(error, "`max_gap_s` is NaN, wanted 0 or more seconds, at most 9e12");
}

#[test]
fn of_two_estimates_equally_near_the_lowest_track_is_taken_in_whatever_order_they_come() {
    let truth = truth_of(walk(&[0, 1, 2], 1, 0.0));
    let at = |time_s: i64, track, x| TrackPoint { time_us: time_s * SECOND_US, track, position_m: [x, 0.0, 0.0] };
    let estimates = [at(0, 7, 1.0), at(0, 9, -1.0), at(1, 9, 1.0), at(1, 7, -1.0), at(2, 9, -1.0), at(2, 7, 1.0)];
    let found = score_points(truth, estimates, &config(Scans::OfEstimates)).expect("a score");
    assert_eq!((found.matched, found.false_tracks, found.identity.switches), (3, 3, 0));
}
