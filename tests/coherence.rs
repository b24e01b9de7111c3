//! Coherence between pictures: properties that hold for all pictures, an example worked by hand, and runs of the demo.

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use std::fs;
use std::path::{Path, PathBuf};
use trackweave::fusion::executor::Executor;
use trackweave::run::{Request, RunConfig, RunReport, coherence_of, run};
use trackweave::score::coherence::{
    Agreement, AllSource, Class, Coherence, CoherenceReport, Pair, Picture, Shown, World,
};

const SECOND_US: i64 = 1_000_000;

/// Pictures of lanes of their own, all of one class that everybody is to see at once.
fn world(pictures: usize) -> World {
    let picture =
        |number: usize| Picture { partners: vec![format!("p{number}")], lane: Some(number), until_us: i64::MAX };
    World {
        pictures: (0..pictures).map(picture).collect(),
        lane_order: (0..pictures).collect(),
        zones: vec!["inside".to_owned()],
        actions: vec!["act".to_owned()],
        classes: vec![
            Class { zones: vec![], delay_us: vec![Some(0); pictures], holders: vec![] },
            Class { zones: vec![0], delay_us: vec![Some(0); pictures], holders: vec![(1, 0)] },
        ],
        cutoff_m: 100.0,
        period_us: SECOND_US,
        ..World::default()
    }
}

fn row(track: u64, x: f64) -> Shown {
    let variance = [[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0, 0.0, 4.0]];
    Shown { track, position_m: [x, 0.0, 0.0], covariance_m2: Some(variance), cell_m: 0.0, delay_us: 0, class: 0 }
}

/// Reports a second apart.
fn compare(world: World, reports: &[Vec<Vec<Shown>>]) -> CoherenceReport {
    let mut coherence = Coherence::new(world).expect("a cut-off");
    for (time_s, pictures) in (0..).zip(reports) {
        coherence.report(time_s * SECOND_US, pictures).expect("a report");
    }
    coherence.finish()
}

fn pair<'a>(report: &'a CoherenceReport, a: &str, b: &str) -> &'a Pair {
    let is = |pair: &&Pair| pair.a == [a] && pair.b.as_deref() == Some(&[b.to_owned()]);
    report.pairs.iter().find(is).expect("a pair")
}

/// The same, seen from the other side.
fn mirrored(agreement: &Agreement) -> Agreement {
    Agreement {
        only_a: agreement.only_b,
        only_b: agreement.only_a,
        objects_only_a: agreement.objects_only_b,
        objects_only_b: agreement.objects_only_a,
        a_later_s: agreement.b_later_s,
        b_later_s: agreement.a_later_s,
        ..agreement.clone()
    }
}

/// Rows of objects 10 km apart: by report, picture and object, whether it is seen and how far off it is placed.
fn scenes(pictures: usize) -> impl Strategy<Value = Vec<Vec<Vec<Shown>>>> {
    let seen = prop::option::weighted(0.7, -20.0..20.0_f64);
    let picture = prop::collection::vec((seen, 0_u64..2), 5);
    let report = prop::collection::vec(picture, pictures);
    prop::collection::vec(report, 1..6).prop_map(|reports| {
        let shown = |(object, (off, fresh)): (usize, &(Option<f64>, u64))| {
            // Now and then an object has another track, which is a switch.
            off.map(|off| Shown {
                class: object % 2,
                ..row(object as u64 * 10 + u64::from(object == 3) * fresh, object as f64 * 1e4 + off)
            })
        };
        let picture = |rows: &Vec<_>| rows.iter().enumerate().filter_map(shown).collect();
        reports.iter().map(|pictures| pictures.iter().map(picture).collect()).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, rng_seed: RngSeed::Fixed(11), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn it_is_symmetric(reports in scenes(2)) {
        let swapped: Vec<Vec<Vec<Shown>>> = reports.iter().map(|pictures| pictures.iter().rev().cloned().collect()).collect();
        let mut other = world(2);
        // Who is named first; the order of lanes is that of what they fuse, whoever is named first.
        other.pictures.reverse();
        let (found, mirror) = (compare(world(2), &reports), compare(other, &swapped));
        let (found, mirror) = (&found.pairs[0].total, &mirror.pairs[0].total);
        let close = |a: Option<f64>, b: Option<f64>| a.zip(b).map_or(a.is_none() && b.is_none(), |(a, b)| (a - b).abs() < 1e-9);
        let mirror = mirrored(mirror);
        prop_assert!(close(found.apart_mean_m, mirror.apart_mean_m) && close(found.apart_sigmas, mirror.apart_sigmas));
        let plain = |agreement: &Agreement| Agreement { apart_mean_m: None, apart_rms_m: None, apart_sigmas: None, ..agreement.clone() };
        prop_assert_eq!(plain(found), plain(&mirror));
    }

    #[test]
    fn equal_pictures_are_at_no_distance(reports in scenes(1)) {
        let twice: Vec<Vec<Vec<Shown>>> = reports.iter().map(|pictures| vec![pictures[0].clone(), pictures[0].clone()]).collect();
        let found = compare(world(2), &twice);
        let total = &found.pairs[0].total;
        prop_assert_eq!((total.only_a, total.only_b, total.switches, total.objects_only_a, total.objects_only_b), (0, 0, 0, 0, 0));
        prop_assert_eq!(total.due, total.both);
        for (number, zero) in [(total.apart_rms_m, 0.0), (total.apart_sigmas, 0.0), (total.a_later_s, 0.0), (total.b_later_s, 0.0),
            (total.shared, 1.0), (total.same_identity, 1.0)] {
            prop_assert!(number.is_none_or(|number| number.to_bits() == f64::to_bits(zero)), "{:?}", total);
        }
    }

    #[test]
    fn what_is_withheld_never_raises_what_is_shared(reports in scenes(2), cuts in prop::collection::vec((0_usize..6, 0_usize..5), 1..12)) {
        let mut reports = reports;
        // Somebody sees everything: what is there does not change with who is told of it.
        let everything: Vec<Shown> = (0..5).map(|k| Shown { class: k % 2, ..row(k as u64, k as f64 * 1e4) }).collect();
        for pictures in &mut reports {
            pictures.push(everything.clone());
        }
        let world = |pictures| World { lane_order: vec![2, 0, 1], complete: Some(2), ..world(pictures) };
        let mut before = compare(world(3), &reports);
        for (report, place) in cuts {
            let Some(rows) = reports.get_mut(report).map(|pictures| &mut pictures[1]).filter(|rows| place < rows.len()) else { continue };
            rows.remove(place);
            let after = compare(world(3), &reports);
            let both = |report: &CoherenceReport| [report.pairs.clone(), report.against_all_source.clone()].concat();
            for (before, after) in both(&before).iter().zip(&both(&after)) {
                prop_assert!(after.total.both <= before.total.both);
                prop_assert!(after.total.shared.unwrap_or(0.0) <= before.total.shared.unwrap_or(0.0) + 1e-12);
            }
            prop_assert!(after.blind_authority.share >= before.blind_authority.share);
            before = after;
        }
    }
}

#[test]
fn an_example_worked_by_hand() {
    let coarse =
        |track, x| Shown { cell_m: 100.0, delay_us: 3 * SECOND_US, class: 1, covariance_m2: None, ..row(track, x) };
    let here = |track, x| Shown { class: 1, ..row(track, x) };
    let reports = [
        // Object 1 is known to p1 alone, late and in a cell of 100 m.
        vec![vec![], vec![coarse(7, 50.0)]],
        // p0 takes it up 150 m away, within 100 m and half the diagonal of the cell, 87 m; object 2 is p0's alone.
        vec![vec![here(1, 200.0), here(2, 900.0)], vec![coarse(7, 50.0)]],
        // p1 has another track of it, which is exact, 6 m off: 6² / (4 + 4) = 4.5 in three axes.
        vec![vec![here(1, 206.0), here(2, 900.0)], vec![here(8, 200.0)]],
        vec![vec![here(1, 206.0)], vec![here(8, 206.0)]],
    ];
    let found = compare(world(2), &reports);
    let Pair { total, zones, .. } = pair(&found, "p0", "p1");
    // Due: once alone, then object 1 three times and object 2 twice.
    assert_eq!((total.due, total.both, total.only_a, total.only_b), (6, 3, 2, 1));
    assert_eq!((total.apart_mean_m, total.without_covariance), (Some((150.0 + 6.0) / 3.0), 1));
    assert_eq!(total.apart_sigmas, Some((4.5_f64 / (3.0 * 2.0)).sqrt()));
    // Track 1 met 7, then 8 twice: the most frequent of both, but not of 7's meeting with 1.
    assert_eq!((total.switches, total.same_identity), (1, Some(2.0 / 3.0)));
    // p0 knows object 1 at 1 s; p1 gets its row of 0 s at 3 s, and its exact one of 2 s at 2 s. Object 2 is p0's alone.
    assert_eq!((total.objects, total.objects_only_a, total.objects_only_b), (1, 1, 0));
    assert_eq!((total.a_later_s, total.b_later_s), (Some(0.0), Some(1.0)));
    assert_eq!(found.summary.later_s, Some(1.0));
    assert_eq!((found.objects, &found.all_source), (2, &AllSource::Union));
    assert_eq!(
        zones.iter().map(|zone| (zone.zone.as_deref(), zone.agreement.due)).collect::<Vec<_>>(),
        [(Some("inside"), 6)]
    );
    // p1 may act on all six, does not see object 2 twice, and object 1 late and coarse twice.
    let action = &found.blind_authority.actions[0];
    let blind = action.total;
    assert_eq!((blind.held, blind.blind, blind.late, blind.coarse, blind.late_or_coarse), (6, 2, 2, 2, 2));
    assert_eq!(found.blind_authority.share, Some(2.0 / 6.0));
    let spell = &found.blind_authority.spells[0];
    assert_eq!(
        (spell.lane, spell.track, spell.first_us, spell.last_us, spell.reports),
        (0, 2, SECOND_US, 2 * SECOND_US, 2)
    );
}

#[test]
fn on_a_plane_sigmas_are_of_two_axes() {
    let plane = |x| Shown { covariance_m2: Some([[4.0, 0.0, 0.0], [0.0, 4.0, 0.0], [0.0; 3]]), ..row(1, x) };
    let found = compare(world(2), &[vec![vec![plane(0.0)], vec![plane(6.0)]]]);
    let Pair { total, .. } = pair(&found, "p0", "p1");
    assert_eq!((total.apart_sigmas, total.without_covariance), (Some((4.5_f64 / 2.0).sqrt()), 0));
}

#[test]
fn a_spell_of_blindness_ends_where_it_is_seen_gone_or_no_more_its_to_act_on() {
    let here = |class| vec![vec![Shown { class, ..row(1, 0.0) }], vec![]];
    let seen = vec![vec![Shown { class: 1, ..row(1, 0.0) }], vec![Shown { class: 1, ..row(9, 0.0) }]];
    let gone = vec![vec![row(2, 900.0)], vec![]];
    let reports = [here(1), here(1), seen, here(1), gone, here(1), here(0), here(1)];
    let spells = compare(world(2), &reports).blind_authority.spells;
    let times: Vec<_> = spells.iter().map(|spell| (spell.first_us / SECOND_US, spell.last_us / SECOND_US)).collect();
    assert_eq!(times, [(0, 1), (3, 3), (5, 5), (7, 7)]);
    assert_eq!(spells.iter().map(|spell| spell.reports).collect::<Vec<_>>(), [2, 1, 1, 1]);
}

#[test]
fn late_and_coarse_are_counted_apart_and_together() {
    let here = |track| Shown { class: 1, ..row(track, 0.0) };
    let late = Shown { delay_us: SECOND_US, ..here(7) };
    let coarse = Shown { cell_m: 10.0, ..here(7) };
    let reports = [late, coarse, here(7)].map(|row| vec![vec![here(1)], vec![row]]);
    let blind = compare(world(2), &[&reports[..], &[vec![vec![here(1)], vec![]]]].concat()).blind_authority;
    let total = blind.actions[0].total;
    assert_eq!((total.held, total.blind, total.late, total.coarse, total.late_or_coarse), (4, 1, 1, 1, 2));
    assert_eq!((blind.share, blind.late_or_coarse_share), (Some(0.25), Some(0.5)));
}

#[test]
fn a_gate_is_the_cut_off_and_half_the_diagonal_of_both_cells() {
    // 100 m, and √¾ · 100 m.
    let coarse = Shown { cell_m: 100.0, ..row(7, 0.0) };
    for (x, both) in [(186.0, 1), (187.0, 0)] {
        let found = compare(world(2), &[vec![vec![row(1, x)], vec![coarse]]]);
        assert_eq!(pair(&found, "p0", "p1").total.both, both, "{x}");
    }
}

#[test]
fn an_object_is_where_its_row_in_the_smallest_cell_is() {
    // Two pictures of one lane show a track in cells of 100 m and of 1 m; that of another lane is near the second one alone.
    let mut one = world(3);
    for (picture, lane) in one.pictures.iter_mut().zip([0, 0, 1]) {
        picture.lane = Some(lane);
    }
    let cell = |cell_m, x| Shown { cell_m, ..row(1, x) };
    let reports = [vec![vec![cell(100.0, 0.0)], vec![cell(1.0, 90.0)], vec![row(4, 190.0)]]];
    let found = compare(one.clone(), &reports);
    assert_eq!((found.objects, pair(&found, "p0", "p2").total.both), (1, 1));
    // Of two lanes the first is in cells: a third one is held against the second.
    one.pictures[1].lane = Some(2);
    one.lane_order = vec![0, 2, 1];
    let reports = [vec![vec![cell(100.0, 0.0)], vec![cell(1.0, 90.0)], vec![row(4, 190.0)]]];
    assert_eq!(compare(one, &reports).objects, 1);
}

#[test]
fn a_track_leaves_its_object_beyond_the_gate_and_what_both_knew_is_kept_where_two_are_joined() {
    let apart =
        compare(world(2), &[vec![vec![row(1, 0.0)], vec![row(5, 0.0)]], vec![vec![row(1, 0.0)], vec![row(5, 500.0)]]]);
    assert_eq!((apart.objects, pair(&apart, "p0", "p1").total.both), (2, 1));
    // p1 knows of its track at 0 s, p0 of its own at 1 s; at 2 s they are one, first seen at 0 s inside.
    let inside = Shown { class: 1, ..row(5, 500.0) };
    let found = compare(
        world(2),
        &[vec![vec![], vec![inside]], vec![vec![row(1, 0.0)], vec![inside]], vec![vec![row(1, 450.0)], vec![inside]]],
    );
    let Pair { total, zones, .. } = pair(&found, "p0", "p1");
    assert_eq!((found.joined, total.objects, total.a_later_s, total.b_later_s), (1, 1, Some(1.0), Some(0.0)));
    let first: Vec<_> = zones.iter().map(|zone| (zone.zone.as_deref(), zone.agreement.objects)).collect();
    assert_eq!(first, [(None, 0), (Some("inside"), 1)]);
    // The union is one object throughout, and joining is no switch.
    let of_all: Vec<_> = found.against_all_source.iter().map(|pair| &pair.total).collect();
    assert!(of_all.iter().all(|total| (total.switches, total.same_identity) == (0, Some(1.0))), "{of_all:?}");
    assert_eq!(found.summary.after_all_source_s, Some(0.5));
}

#[test]
fn what_a_level_delays_is_due_when_its_time_is_over() {
    let mut late = world(2);
    late.classes[0].delay_us[1] = Some(3 * SECOND_US);
    late.pictures[1].until_us = 5 * SECOND_US;
    let found = compare(late, &vec![vec![vec![row(1, 0.0)], vec![]]; 6]);
    let total = &pair(&found, "p0", "p1").total;
    assert_eq!((total.due, total.only_a), (3, 3));
}

#[test]
fn an_object_is_in_the_zone_of_its_all_source_row() {
    let mut one = world(2);
    one.complete = Some(0);
    let inside = Shown { class: 1, ..row(7, 0.0) };
    let found = compare(one, &[vec![vec![Shown { cell_m: 10.0, ..row(1, 0.0) }], vec![inside]]]);
    let due: Vec<_> = found.pairs[0].zones.iter().map(|zone| (zone.zone.as_deref(), zone.agreement.due)).collect();
    assert!(due.contains(&(None, 1)), "{due:?}");
}

#[test]
fn objects_are_assigned_by_squares_of_distances() {
    // Distances 10 and 95, or 60 and 60: the sum prefers the first two, the sum of squares the others.
    let at = |track, x, y| Shown { position_m: [x, y, 0.0], ..row(track, 0.0) };
    let found = compare(
        world(2),
        &[vec![vec![at(1, 10.0, 0.0), at(2, -60.0, 0.0)], vec![at(5, 0.0, 0.0), at(6, 13.75, 59.882_698)]]],
    );
    let apart_m = pair(&found, "p0", "p1").total.apart_mean_m.expect("both");
    assert!((apart_m - 60.0).abs() < 1e-3, "{apart_m}");
}

#[test]
fn of_objects_equally_near_the_first_one_is_taken() {
    // p1's tracks are as near to both objects; the lower one goes to the lower one.
    let ys = [0.0, 40.0].map(|y| Shown { position_m: [0.0, y, 0.0], ..row(1, 0.0) });
    let first = vec![Shown { track: 1, ..ys[0] }, Shown { track: 2, ..ys[1] }];
    let second = [5, 6].map(|track| Shown { track, position_m: [30.0, 20.0, 0.0], ..row(1, 0.0) }).to_vec();
    let found = compare(world(2), &[vec![first, second], vec![vec![row(1, 0.0)], vec![row(5, 0.0)]]]);
    assert_eq!(pair(&found, "p0", "p1").total.switches, 0);
}

#[test]
fn two_objects_of_two_lanes_that_turn_out_to_be_one_are_joined_and_two_of_one_lane_never() {
    let reports = [
        vec![vec![row(1, 0.0)], vec![row(5, 300.0)]],
        vec![vec![row(1, 100.0)], vec![row(5, 150.0)]],
        vec![vec![row(1, 100.0), row(2, 900.0)], vec![row(5, 100.0), row(6, 1200.0)]],
        // Track 6 comes to track 1, whose object track 5 of its own lane has had: another object.
        vec![vec![row(1, 100.0), row(2, 900.0)], vec![row(6, 120.0)]],
    ];
    let found = compare(world(2), &reports);
    assert_eq!((found.joined, found.objects), (1, 3));
    let total = &pair(&found, "p0", "p1").total;
    assert_eq!((total.objects, total.objects_only_a, total.objects_only_b), (1, 1, 1));
}

#[test]
fn pictures_of_one_lane_are_compared_by_their_tracks_whatever_their_cells() {
    let mut one = world(2);
    one.pictures.iter_mut().for_each(|picture| picture.lane = Some(0));
    one.complete = Some(0);
    // Both in one cell of 5 km: by place each could be either.
    let cell = |track| Shown { cell_m: 5000.0, ..row(track, 2500.0) };
    let reports = [vec![vec![row(1, 10.0), row(2, 4990.0)], vec![cell(2), cell(1)]]];
    let found = compare(one, &reports);
    let total = &found.pairs[0].total;
    assert_eq!((total.both, total.apart_mean_m, total.same_identity), (2, Some(2490.0), Some(1.0)));
    assert_eq!(found.all_source, AllSource::Picture { partners: vec!["p0".to_owned()] });
}

#[test]
fn reports_that_cannot_be_compared_are_errors() {
    let mut coherence = Coherence::new(world(2)).expect("a cut-off");
    coherence.report(5, &[vec![row(1, 0.0)], vec![]]).expect("a report");
    let error = |result: Result<(), trackweave::score::ScoreError>| result.expect_err("an error").to_string();
    assert_eq!(error(coherence.report(5, &[])), "report at 5 µs comes after 5 µs, wanted time order");
    assert!(error(coherence.report(6, &[vec![row(1, f64::NAN)]])).starts_with("picture position 1 is [NaN"));
    assert_eq!(
        error(coherence.report(7, &[vec![row(1, 0.0), row(1, 5.0)]])),
        "track 1 has two positions at 7 µs, wanted one"
    );
    assert!(Coherence::new(World { cutoff_m: 0.0, ..world(1) }).is_err());
}

#[test]
fn stretches_of_time_are_never_more_than_a_hundred_and_twenty() {
    let reports: Vec<Vec<Vec<Shown>>> = (0..1000).map(|_| vec![vec![row(1, 0.0)], vec![row(1, 0.0)]]).collect();
    let found = compare(world(2), &reports);
    let times = &found.pairs[0].times;
    assert!((60..=120).contains(&times.len()), "{}", times.len());
    assert_eq!(times.iter().map(|time| time.agreement.both).sum::<u64>(), 1000);
    assert_eq!(times[0].to_us - times[0].from_us, 16 * SECOND_US);
}

fn demo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo")
}

/// A run of the demo, some texts of its policy being others.
fn run_with(folder: &Path, changes: &[(&str, &str)], as_of_us: Option<i64>) -> RunReport {
    let policy = folder.join("policy");
    fs::create_dir_all(&policy).expect("a folder");
    for entry in fs::read_dir(demo().join("policy")).expect("the policy") {
        let path = entry.expect("a file").path();
        let text = fs::read_to_string(&path).expect("a text");
        let text = changes.iter().fold(text, |text, (from, to)| text.replace(from, to));
        fs::write(policy.join(path.file_name().expect("a name")), text).expect("a copy");
    }
    let (recording, out, config) = (demo().join("recording"), folder.join("out"), RunConfig::air().expect("one"));
    let request = Request { as_of_us, ..Request::new(&recording, &policy, &out, &config) };
    run(&request, Executor::host(), &mut |_| {}).expect("a run")
}

/// A run of the demo, birch having only what a condition says.
fn run_of_birch(folder: &Path, condition: &str) -> (CoherenceReport, String) {
    let rule = "permit (principal == Partner::\"birch\", action == Action::\"fuse_full\", resource)\nwhen { ";
    run_with(folder, &[(rule, &format!("{rule}{condition}"))], None);
    let out = folder.join("out");
    let written = fs::read_to_string(out.join("_operator/coherence.json")).expect("coherence");
    (coherence_of(&out).expect("coherence"), written)
}

#[test]
fn a_run_writes_what_its_output_gives_and_its_manifest_lists_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let (found, written) = run_of_birch(folder.path(), "");
    assert_eq!(serde_json::to_string_pretty(&found).expect("JSON") + "\n", written);
    let out = folder.path().join("out");
    let manifest = fs::read_to_string(out.join("_operator/manifest.json")).expect("a manifest");
    assert!(manifest.contains("\"coherence.json\"") && manifest.contains("\"releases.json\""));
    for partner in ["aspen", "birch", "clover", "dogwood"] {
        assert!(!out.join(partner).join("coherence.json").exists());
    }
    assert_eq!(found.all_source, AllSource::Picture { partners: vec!["aspen".to_owned()] });
    let aspen_and_clover = &pair(&found, "aspen", "clover").total;
    // One lane: the same tracks; clover has them in cells of 5 km, five minutes late, outside its zone.
    assert_eq!(aspen_and_clover.same_identity, Some(1.0));
    assert!(aspen_and_clover.apart_rms_m.is_some_and(|m| (1500.0..2600.0).contains(&m)), "{aspen_and_clover:?}");
    assert!(aspen_and_clover.b_later_s.is_some_and(|s| (100.0..300.0).contains(&s)), "{aspen_and_clover:?}");
    // Who gets nothing shares nothing, and nothing is due to it.
    assert_eq!(pair(&found, "aspen", "dogwood").total.due, 0);
}

#[test]
fn a_partner_that_has_less_fused_shares_less() {
    let folder = tempfile::tempdir().expect("a folder");
    let conditions = ["", "resource.sensor != \"birch-south\" && ", "resource.sensor == \"clover-north\" && "];
    let found = conditions.map(|condition| run_of_birch(folder.path(), condition).0);
    let shared = found.map(|found| {
        let pair = &pair(&found, "aspen", "birch").total;
        let blind = found
            .blind_authority
            .actions
            .iter()
            .find(|action| action.partners == ["birch"])
            .expect("birch may act")
            .total;
        (pair.shared.expect("a share"), blind.blind as f64 / blind.held as f64)
    });
    assert!(shared.windows(2).all(|two| two[0].0 > two[1].0 && two[0].1 < two[1].1), "{shared:?}");
}

/// The end of the demo's recording, 2018-08-01T13:00:00Z.
const END_US: i64 = 1_533_128_400 * SECOND_US;

#[test]
fn who_has_detections_fused_late_and_coarse_knows_everything_late_and_coarse() {
    let folder = tempfile::tempdir().expect("a folder");
    let clover = "permit (principal == Partner::\"clover\", action == Action::\"fuse_full\", resource)";
    let receives = "@id(\"aspen-receives-all\")";
    let changes = [
        ("action fuse_full in", "action fuse_full, fuse_late in"),
        (
            "level = \"fuse_full\"\n",
            "level = \"fuse_full\"\n[[fuse]]\nlevel = \"fuse_late\"\ndelay = \"PT2M\"\ncoarsen_m = 500\n",
        ),
        (clover, &clover.replace("fuse_full", "fuse_late")),
        (
            "@id(\"birch-fuses-its-zone\")",
            "@id(\"birch-fuses-the-rest-late\")\n\
             permit (principal == Partner::\"birch\", action == Action::\"fuse_late\", resource);\n\
             @id(\"birch-fuses-its-zone\")",
        ),
        (
            receives,
            "@id(\"both-receive-all\")\npermit (principal, action == Action::\"receive_full\", resource)\n\
             when { principal == Partner::\"birch\" || principal == Partner::\"clover\" };\n@id(\"aspen-receives-all\")",
        ),
    ];
    let report = run_with(folder.path(), &changes, Some(END_US));
    let late_s = |id: &str| {
        let of = report.partners.iter().find(|partner| partner.partner == id).expect("a partner");
        of.resolution.delay_mean_s
    };
    assert_eq!((late_s("aspen"), late_s("dogwood")), (Some(0.0), None));
    assert!(late_s("clover").is_some_and(|s| (s - 120.0).abs() < 1e-6), "{:?}", late_s("clover"));
    assert!(late_s("birch").is_some_and(|s| (10.0..110.0).contains(&s)), "{:?}", late_s("birch"));
    let found = coherence_of(&folder.path().join("out")).expect("coherence");
    assert_eq!(found.all_source, AllSource::Picture { partners: vec!["aspen".to_owned()] });
    let of_clover = &pair(&found, "aspen", "clover").total;
    assert!(of_clover.b_later_s.is_some_and(|s| (115.0..240.0).contains(&s)), "{of_clover:?}");
    let blind = |id: &str| {
        let mut actions = found.blind_authority.actions.iter();
        actions.find(|action| action.partners == [id]).expect("it may act").total
    };
    let total = blind("clover");
    assert!(total.late > 100, "{total:?}");
    assert_eq!((total.late, total.coarse, total.late_or_coarse), (total.held - total.blind, total.late, total.late));
    // Birch may act in its zone, of which it has everything exact and at once.
    let total = blind("birch");
    assert!(total.held - total.blind > 100 && total.late_or_coarse == 0, "{total:?}");
}

#[test]
fn a_run_made_before_the_recording_ends_has_the_same_all_source_picture() {
    let folder = tempfile::tempdir().expect("a folder");
    run_with(folder.path(), &[], Some(END_US - 3600 * SECOND_US));
    let found = coherence_of(&folder.path().join("out")).expect("coherence");
    assert_eq!(found.all_source, AllSource::Picture { partners: vec!["aspen".to_owned()] });
    assert!(found.all_source_points > 1000, "{}", found.all_source_points);
}
