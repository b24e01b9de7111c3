//! SIAP, CLEAR MOT, HOTA, NEES, times and parts, on scenes small enough to be worked by hand. `scripts/check-scores` compares
//! them with Stone Soup, py-motmetrics and TrackEval on whole runs.

use std::collections::BTreeMap;
use trackweave::score::further::{Asking, Further};
use trackweave::score::gospa::Gospa;
use trackweave::score::sequence::{Scans, ScoreConfig, ScoreReport, score_states};
use trackweave::score::states::{TrackState, TruthState};

const SECOND_US: i64 = 1_000_000;

fn truth(time_s: i64, object: u32, x: f64) -> TruthState {
    let velocity_m_s = Some([1.0, 0.0, 0.0]);
    TruthState { time_us: time_s * SECOND_US, object, position_m: [x, 0.0, 0.0], velocity_m_s }
}

fn track(time_s: i64, track: u64, x: f64) -> TrackState {
    TrackState {
        time_us: time_s * SECOND_US,
        track,
        position_m: [x, 0.0, 0.0],
        velocity_m_s: Some([1.0, 2.0, 0.0]),
        covariance_m2: Some([[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]]),
        confirmed: true,
        last_detection_us: Some(time_s * SECOND_US - 250_000),
    }
}

fn scored(truth: &[TruthState], tracks: &[TrackState], asking: &Asking<'_>) -> ScoreReport {
    let scans = Scans::Every { period_us: SECOND_US, first_us: 0, last_us: 3 * SECOND_US };
    let config = ScoreConfig { gospa: Gospa { cutoff_m: 10.0, order: 2.0 }, max_gap_s: 0.0, scans };
    score_states(|| (truth.iter().copied(), tracks.iter().copied()), &config, asking).expect("a score")
}

fn further(report: &ScoreReport) -> &Further {
    report.further.as_deref().expect("all scores")
}

fn near(found: Option<f64>, wanted: f64) {
    assert!(found.is_some_and(|found| (found - wanted).abs() < 1e-12), "{found:?}, wanted {wanted}");
}

/// Two objects over four scans. Object 1 has track 10, a second one beside it at 1 s, none at 2 s and track 12 at 3 s; object 2
/// has track 20 all along, tentative at first; track 99 is nobody's.
fn example() -> (Vec<TruthState>, Vec<TrackState>) {
    let truth = (0..4).flat_map(|t| [truth(t, 1, 0.0), truth(t, 2, 100.0)]).collect();
    let tracks = vec![
        track(0, 10, 1.0),
        TrackState { confirmed: false, ..track(0, 20, 102.0) },
        track(1, 10, 1.0),
        track(1, 11, 4.0),
        track(1, 20, 102.0),
        track(2, 20, 102.0),
        track(2, 99, 50.0),
        track(3, 12, 3.0),
        track(3, 20, 102.0),
    ];
    (truth, tracks)
}

#[test]
fn siap_counts_every_track_of_an_object() {
    let (truth, tracks) = example();
    let report = scored(&truth, &tracks, &Asking::default());
    let siap = further(&report).siap;
    near(siap.completeness, 7.0 / 8.0);
    near(siap.ambiguity, 8.0 / 7.0);
    near(siap.spuriousness, 1.0 / 9.0);
    near(siap.position_accuracy_m, (1.0 + 1.0 + 4.0 + 3.0 + 4.0 * 2.0) / 8.0);
    near(siap.velocity_accuracy_m_s, 2.0);
    // Object 1 needs tracks 10 and 12: one change; 1 s and 3 s in runs.
    near(siap.track_number_changes_per_s, 1.0 / 4.0);
    near(siap.longest_segment_share, (1.0 + 3.0) / 6.0);
}

#[test]
fn clear_mot_keeps_what_was_matched_while_it_is_near() {
    let (truth, tracks) = example();
    let clear = further(&scored(&truth, &tracks, &Asking::default())).clear;
    assert_eq!((clear.matches, clear.misses, clear.false_positives), (7, 1, 2));
    assert_eq!((clear.switches, clear.fragmentations), (1, 1));
    near(clear.mota, 1.0 - 4.0 / 8.0);
    near(clear.motp_m, (1.0 + 1.0 + 3.0 + 4.0 * 2.0) / 7.0);
    // Another track is nearer at 1 s, and the first one still within the cut-off: no switch.
    let truth: Vec<_> = (0..2).map(|t| self::truth(t, 1, 0.0)).collect();
    let tracks = [track(0, 10, 1.0), track(1, 10, 9.0), track(1, 11, 0.5)];
    let report = scored(&truth, &tracks, &Asking::default());
    assert_eq!((further(&report).clear.switches, report.identity.switches), (0, 1));
    // As many matches as can be, however far: the nearest pair alone would leave the other object without.
    let truth = [self::truth(0, 1, 0.0), self::truth(0, 2, 8.0)];
    let tracks = [track(0, 10, 7.0), track(0, 11, 16.0)];
    assert_eq!(further(&scored(&truth, &tracks, &Asking::default())).clear.matches, 2);
}

#[test]
fn hota_is_that_of_its_definition() {
    // One object, two scans, one track each: sA = 0.9, then 0.5.
    let truth = [truth(0, 1, 0.0), truth(1, 1, 0.0)];
    let tracks = [track(0, 10, 1.0), track(1, 11, 5.0)];
    let hota = further(&scored(&truth, &tracks, &Asking::default())).hota.clone();
    // α up to 0.5 (ten): both match, DetA 1, AssA (1/2 + 1/2) / 2; up to 0.9 (eight more): one matches; at 0.95 none.
    let (both, one) = ((1.0_f64 * 0.5).sqrt(), (1.0_f64 / 3.0 * 0.5).sqrt());
    near(hota.hota, (10.0 * both + 8.0 * one) / 19.0);
    near(hota.det_a, (10.0 + 8.0 / 3.0) / 19.0);
    near(hota.ass_a, 18.0 * 0.5 / 19.0);
    near(hota.loc_a, (10.0 * 0.7 + 8.0 * 0.9 + 1.0) / 19.0);
    near(Some(hota.within[18].metres), 0.5);
    near(hota.idf1, 2.0 * 1.0 / 4.0);
}

#[test]
fn hota_prefers_the_track_that_lasts_to_one_that_is_nearer_once() {
    let truth: Vec<_> = (0..3).map(|t| truth(t, 1, 0.0)).collect();
    let tracks = [track(0, 10, 2.0), track(1, 10, 2.0), track(1, 11, 0.5), track(2, 10, 2.0)];
    let hota = further(&scored(&truth, &tracks, &Asking::default())).hota.clone();
    // Alignment 2.46 / 3.54 of track 10 against 0.54 / 3.46 of track 11: all three scans are track 10's.
    near(Some(hota.within[9].ass_a), 1.0);
    near(Some(hota.within[9].det_a), 3.0 / 4.0);
}

#[test]
fn hota_is_that_of_trackeval_where_every_part_of_the_alignment_counts() {
    let truth: Vec<_> = (0..)
        .zip([[8.0, 6.0], [9.0, 8.0], [11.0, 0.0], [3.0, 8.0]])
        .flat_map(|(t, [a, b])| [truth(t, 0, a), truth(t, 1, b)])
        .collect();
    let of_scans: [&[(u64, f64)]; 4] = [
        &[(0, 6.0), (1, 2.0), (2, 10.0)],
        &[(0, 7.0), (1, 2.0), (2, 3.0)],
        &[(2, 2.0)],
        &[(0, 6.0), (1, 4.0), (2, 10.0)],
    ];
    let tracks: Vec<_> =
        (0..).zip(of_scans).flat_map(|(t, rows)| rows.iter().map(move |(id, x)| track(t, *id, *x))).collect();
    let hota = further(&scored(&truth, &tracks, &Asking::default())).hota.clone();
    // trackeval.metrics.HOTA of TrackEval 1.3.0
    near(hota.hota, 0.541_807_811_931_989_9);
    near(hota.ass_a, 0.640_977_443_609_022_5);
}

#[test]
fn a_row_between_two_objects_is_the_nearer_ones_and_who_is_first_missed_is_not_fragmented() {
    let there = [truth(0, 1, 0.0), truth(0, 2, 9.0), truth(1, 1, 0.0), truth(1, 2, 9.0)];
    let found = scored(&there, &[track(0, 10, 4.0), track(1, 10, 4.0), track(1, 20, 9.0)], &Asking::default());
    near(further(&found).siap.position_accuracy_m, 8.0 / 3.0);
    let clear = &further(&found).clear;
    assert_eq!((clear.misses, clear.matches, clear.fragmentations), (1, 3, 0));
}

#[test]
fn an_object_that_was_not_there_has_lost_no_track() {
    let there = [truth(0, 1, 0.0), truth(2, 1, 0.0)];
    let found = scored(&there, &[track(0, 10, 0.0), track(2, 11, 0.0)], &Asking::default());
    let times = further(&found).timeliness;
    assert_eq!((times.track_breaks, times.object_hours), (0, 0.0));
}

#[test]
fn parts_over_time_are_of_doubled_lengths_and_have_the_share_of_rows_that_is_false() {
    let there: Vec<_> = (0..300).flat_map(|t| [truth(t, 1, 0.0), truth(t, 2, 100.0)]).collect();
    let rows: Vec<_> = (0..300).flat_map(|t| [track(t, 10, 0.0), track(t, 20, 40.0), track(t, 30, 60.0)]).collect();
    let scans = Scans::Every { period_us: SECOND_US, first_us: 0, last_us: 299 * SECOND_US };
    let config = ScoreConfig { gospa: Gospa { cutoff_m: 10.0, order: 2.0 }, max_gap_s: 0.0, scans };
    let pass = || (there.iter().copied(), rows.iter().copied());
    let report = score_states(pass, &config, &Asking::default()).expect("a score");
    let over_time = &further(&report).over_time;
    assert_eq!((over_time.len(), over_time[0].to_us - over_time[0].from_us), (75, 4 * SECOND_US));
    near(over_time[0].part.spuriousness, 2.0 / 3.0);
}

#[test]
fn nees_of_known_errors_and_its_bounds() {
    let truth = [truth(0, 1, 0.0), truth(1, 1, 0.0)];
    let tracks = [track(0, 10, 2.0), track(1, 10, 4.0)];
    let report = scored(&truth, &tracks, &Asking::default());
    let nees = further(&report).nees;
    assert_eq!(nees.rows, 2);
    near(nees.mean, (1.0 + 4.0) / 6.0);
    // scipy.stats.chi2.ppf([0.025, 0.975], 6) / 6
    assert!(nees.lower.is_some_and(|lower| (lower - 1.237_344_245_791_203 / 6.0).abs() < 1e-9), "{nees:?}");
    assert!(nees.upper.is_some_and(|upper| (upper - 14.449_375_335_447_92 / 6.0).abs() < 1e-9), "{nees:?}");
}

#[test]
fn on_a_plane_nees_is_of_two_axes() {
    let plane = |time_s, x| {
        let state: TrackState = track(time_s, 10, x);
        let covariance_m2 = state.covariance_m2.map(|[x, y, _]| [x, y, [0.0; 3]]);
        TrackState { covariance_m2, ..state }
    };
    let truth = [truth(0, 1, 0.0), truth(1, 1, 0.0)];
    let report = scored(&truth, &[plane(0, 2.0), plane(1, 4.0)], &Asking::default());
    let nees = further(&report).nees;
    assert_eq!(nees.rows, 2);
    near(nees.mean, (1.0 + 4.0) / 4.0);
    // scipy.stats.chi2.ppf([0.025, 0.975], 4) / 4
    assert!(nees.lower.is_some_and(|lower| (lower - 0.484_418_557_087_929_9 / 4.0).abs() < 1e-9), "{nees:?}");
    assert!(nees.upper.is_some_and(|upper| (upper - 11.143_286_781_877_796 / 4.0).abs() < 1e-9), "{nees:?}");
    assert!(further(&report).left_out.iter().all(|what| !what.contains("covariance")));
}

#[test]
fn times_until_objects_are_known_and_how_often_they_are_lost() {
    let (truth, tracks) = example();
    let found = further(&scored(&truth, &tracks, &Asking::default())).timeliness;
    assert_eq!((found.confirmed, found.never_confirmed, found.track_breaks), (2, 0, 1));
    near(found.time_to_confirm_mean_s, 0.5);
    near(found.time_to_confirm_median_s, 0.5);
    near(found.latency_mean_s, 0.25);
    near(Some(found.object_hours), 6.0 / 3600.0);
    near(found.track_breaks_per_object_hour, 600.0);
}

#[test]
fn with_partial_truth_what_is_near_no_object_is_not_false() {
    let (truth, tracks) = example();
    let report = scored(&truth, &tracks, &Asking { partial_truth: true, ..Asking::default() });
    // The second track beside object 1 is false all the same.
    assert_eq!((report.false_tracks, report.estimates, further(&report).unjudged), (1, 8, 1));
    near(further(&report).siap.spuriousness, 0.0);
    assert_eq!(further(&report).clear.false_positives, 1);
    assert!(
        further(&report).left_out[0].starts_with("1 rows that are near no object"),
        "{:?}",
        further(&report).left_out
    );
    let whole = scored(&truth, &tracks, &Asking::default());
    assert_eq!((whole.false_tracks, whole.estimates), (2, 9));
    near(report.gospa_rms_m.map(|gospa| gospa.missed), whole.gospa_rms_m.expect("scans").missed);
}

#[test]
fn parts_add_up_to_the_whole() {
    let (truth, tracks) = example();
    let zones_at = |[x, ..]: [f64; 3]| {
        if x < 25.0 {
            vec![0]
        } else if x < 75.0 {
            vec![]
        } else {
            vec![0, 1]
        }
    };
    let asking = Asking {
        class_of: &[None, Some(1), Some(0)],
        classes: &["ship".to_owned(), "aircraft".to_owned()],
        zones: Some(&zones_at),
        zone_names: &["sea".to_owned(), "coast".to_owned()],
        ..Asking::default()
    };
    let report = scored(&truth, &tracks, &asking);
    let Further { by_class, by_zone, over_time, .. } = further(&report);
    let of = |parts: &BTreeMap<String, trackweave::score::parts::Part>| {
        parts
            .iter()
            .map(|(name, part)| (name.clone(), part.matched, part.missed, part.false_tracks))
            .collect::<Vec<_>>()
    };
    assert_eq!(of(by_class), [("aircraft".to_owned(), 3, 1, None), ("ship".to_owned(), 4, 0, None)]);
    let zone = |name: &str, matched, missed, false_tracks| (name.to_owned(), matched, missed, Some(false_tracks));
    assert_eq!(of(by_zone), [zone("", 0, 0, 1), zone("coast", 4, 0, 0), zone("sea", 7, 1, 1)]);
    near(by_class["ship"].position_rmse_m, 2.0);
    assert_eq!(by_class["aircraft"].switches, 1);
    assert_eq!(over_time.iter().map(|at| at.part.matched).sum::<u64>(), report.matched);
    assert_eq!(over_time.len(), 4);
    near(over_time[2].part.gospa_rms_m.map(|gospa| gospa.total), (4.0_f64 + 100.0).sqrt());
}

#[test]
fn existing_figures_are_those_of_the_plain_score() {
    let (truth, tracks) = example();
    let all = scored(&truth, &tracks, &Asking::default());
    let text = serde_json::to_value(&all).expect("JSON");
    for key in
        ["gospa_rms_m", "coverage", "spuriousness", "mota", "identity", "siap", "clear", "hota", "nees", "left_out"]
    {
        assert!(text.get(key).is_some(), "{key}");
    }
    let plain = ScoreReport { further: None, ..all };
    assert!(serde_json::to_value(&plain).expect("JSON").get("siap").is_none());
}
