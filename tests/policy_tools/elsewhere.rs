//! Why one partner does not see another's track: in a small world, where all is known, and on the demo, against its truth.

use crate::authority::fused;
use crate::world::{LEVELS, RULES, World};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{Recording, Truth};
use trackweave::policy::{Policy, Status};
use trackweave::product::{PictureRows, PictureState, read_stretches};
use trackweave::run::{Answered, Besides, Elsewhere, Request, RunConfig, What, elsewhere, run};

fn asked(world: &World, policy: &Path, (of, track): (&str, u64), partner: &str) -> Result<Answered, String> {
    let (out, recording) = (world.out(), world.recording());
    let policy = Policy::read(policy).map_err(|error| error.to_string())?;
    let asked = Elsewhere { out: &out, recording: (&recording).into(), policy: &policy, of, track, partner };
    elsewhere(&asked).map_err(|error| error.to_string())
}

/// The longest track of a partner's lane.
fn longest(world: &World, partner: &str) -> u64 {
    let stretches = read_stretches(&world.out()).expect("stretches");
    let mut rows: BTreeMap<u64, u64> = BTreeMap::new();
    for stretch in stretches.iter().filter(|stretch| stretch.lane.iter().any(|id| id == partner)) {
        *rows.entry(stretch.track).or_default() += stretch.rows;
    }
    rows.into_iter().max_by_key(|(_, rows)| *rows).expect("a track").0
}

fn told(answered: &Answered) -> Vec<(What, u64)> {
    answered.spells.iter().map(|spell| (spell.what, spell.reports)).collect()
}

/// The rules of the world, but red receives all of its picture.
fn rules() -> String {
    let rules = RULES.replace("when { resource.zones.contains(\"west\") }", "when { true }");
    assert_ne!(rules, RULES);
    rules
}

#[test]
fn what_is_withheld_of_a_track_is_named_with_its_rule_and_the_own_track_with_its_number() {
    let world = World::new(&[("rules.cedar", &rules())]);
    fused(&world);
    let track = longest(&world, "red");
    let answered = asked(&world, &world.policy(), ("red", track), "blue").expect("an answer");
    assert_eq!((answered.numbering.as_slice(), answered.same_numbering), (&["red".to_owned()][..], false));
    let lying = answered.detections.as_ref().expect("places");
    // Three sensors see the object each second: what is red's is secret, and all lies on the one track.
    assert_eq!(Some(lying.detections), lying.counted);
    assert!(lying.detections > World::ROWS - 10, "{lying:?}");
    let [withheld] = lying.withheld.as_slice() else { panic!("one reason: {lying:?}") };
    assert_eq!(
        (withheld.rules.as_slice(), withheld.detections),
        (&["secret-stays".to_owned()][..], lying.detections / 3)
    );
    assert!(withheld.owners.contains("red") && withheld.sensors.contains("mast") && withheld.labels.contains("secret"));
    assert_eq!(lying.given.values().sum::<u64>() + withheld.detections, lying.detections);
    assert_eq!(answered.explained[0].answers[0].decided_by[0].id, "secret-stays");
    // Blue has the object by its own sensors, as a track of its own, coarse and 30 s late: the end is not there yet.
    let own = longest(&world, "blue");
    assert_eq!(answered.own_tracks.iter().map(|own| own.track).collect::<Vec<_>>(), [own]);
    assert!(answered.own_tracks[0].apart_rms_m > 1.0 && answered.own_tracks[0].apart_rms_m < 400.0, "cells of 500 m");
    let last = answered.spells.last().expect("a spell");
    assert_eq!((last.what, last.level.as_deref()), (What::NotYet, Some("receive_coarse")));
    assert!((29..=31).contains(&last.reports), "{:?}", answered.spells);
    assert!(answered.unknown.is_empty(), "{:?}", answered.unknown);
}

#[test]
fn a_partner_without_rights_or_with_few_detections_is_told_which() {
    let world = World::new(&[(
        "rules.cedar",
        &rules().replace("principal.rank >= 1 };\n@id(\"secret", "principal.rank >= 2 };\n@id(\"secret"),
    )]);
    fused(&world);
    let track = longest(&world, "red");
    let answered = asked(&world, &world.policy(), ("red", track), "blue").expect("an answer");
    assert_eq!(told(&answered), [(What::Withheld, answered.confirmed)]);
    let reasons: Vec<&[String]> =
        answered.detections.as_ref().expect("places").withheld.iter().map(|of| of.rules.as_slice()).collect();
    assert_eq!(reasons.len(), 2, "the caveat forbids, and no rule permits the rest: {reasons:?}");
    assert!(reasons.contains(&&["secret-stays".to_owned()][..]) && reasons.contains(&&[][..]));

    // A moment of the object is not enough for a track.
    let moment = "[[period]]\nname = \"first\"\nstart = 5\nend = 6\n";
    let given = rules();
    let rules = given.replace(
        "when { principal.rank >= 1 };\n@id(\"secret",
        "when { principal.rank >= 2 || resource.periods.contains(\"first\") };\n@id(\"secret",
    );
    assert_ne!(rules, given);
    let at_once = LEVELS.replace("delay = \"PT30S\"\n", "");
    let world = World::new(&[("rules.cedar", &rules), ("periods.toml", moment), ("levels.toml", &at_once)]);
    fused(&world);
    let answered = asked(&world, &world.policy(), ("red", longest(&world, "red")), "blue").expect("an answer");
    let told = told(&answered);
    assert!(told.iter().any(|(what, _)| *what == What::Unconfirmed), "{told:?}");
    assert_eq!(told.last().map(|(what, _)| *what), Some(What::Withheld), "{told:?}");
}

#[test]
fn what_is_not_known_is_not_answered() {
    let world = World::new(&[]);
    fused(&world);
    let track = longest(&world, "red");
    // Red itself gets the second half of its picture only after the end: no file says where the track was then.
    let answered = asked(&world, &world.policy(), ("red", track), "blue").expect("an answer");
    let told: u64 = answered.spells.iter().map(|spell| spell.reports).sum();
    let unknown = format!("where the track was on {} of its {} reports", answered.confirmed - told, answered.confirmed);
    assert!(told < answered.confirmed && answered.unknown[0].starts_with(&unknown), "{:?}", answered.unknown);
    let refused = |of: (&str, u64), partner: &str| asked(&world, &world.policy(), of, partner).expect_err("no answer");
    assert!(refused(("green", track), "blue").contains("found partner `green`, wanted one of the run: "));
    assert!(refused(("red", 77), "blue").contains("found no track 77 in the lane of `red`"));
    let other = World::new(&[("rules.cedar", &RULES.replace("rank >= 1", "rank >= 0"))]);
    let error = asked(&world, &other.policy(), ("red", track), "blue").expect_err("another policy");
    assert!(error.starts_with("policy/rules.cedar: found "), "{error}");
    let grown = world.recording().join("detections.csv");
    let text = std::fs::read_to_string(&grown).expect("rows");
    std::fs::write(&grown, text + "60.9,buoy,1218.0,0.0,\n").expect("rows");
    let error = refused(("red", track), "blue");
    assert!(error.starts_with("recording/detections.csv: found "), "{error}");
}

fn demo() -> (tempfile::TempDir, PathBuf) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo");
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let (recording, policy, config) = (root.join("recording"), root.join("policy"), RunConfig::air().expect("air"));
    let request = Request { besides: Besides::NOTHING, ..Request::new(&recording, &policy, &out, &config) };
    run(&request, Executor::host(), &mut |_| {}).expect("a run");
    (folder, out)
}

/// The object that most rows of a track are near.
fn object(truth: &BTreeMap<(i64, u32), [f64; 3]>, rows: &[PictureState], track: u64) -> Option<u32> {
    let mut near: BTreeMap<u32, u64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.track == track) {
        let there = truth.range((row.time_us, 0)..=(row.time_us, u32::MAX));
        let off = |at: &[f64; 3]| at.iter().zip(row.position_m).map(|(a, b)| (a - b) * (a - b)).sum::<f64>();
        let nearest = there.map(|((_, object), at)| (off(at), *object)).min_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, object)) = nearest.filter(|(off, _)| *off < 500.0 * 500.0) {
            *near.entry(object).or_default() += 1;
        }
    }
    near.into_iter().max_by_key(|(_, rows)| *rows).map(|(object, _)| object)
}

#[test]
fn on_the_demo_detections_are_as_many_as_pictures_count_and_own_tracks_are_of_the_same_aircraft() {
    let (_folder, out) = demo();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo");
    let (recording, policy) = (root.join("recording"), Policy::read(&root.join("policy")).expect("a policy"));
    let rows = |id: &str| -> Vec<PictureState> {
        PictureRows::open(&out.join(id)).expect("a picture").collect::<Result<_, _>>().expect("rows")
    };
    let (aspen, birch, clover) = (rows("aspen"), rows("birch"), rows("clover"));
    let Truth { time_us, object: of, position_m, .. } =
        Recording::open(&recording).expect("a recording").truth().expect("truth").expect("truth");
    let truth = time_us.iter().zip(of).zip(position_m).map(|((us, of), at)| ((*us, of), at)).collect();
    let tracks: Vec<u64> =
        aspen.iter().map(|row| row.track).collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    let (mut off, mut all, mut same, mut other) = (0, 0, 0, 0);
    for &track in tracks.iter().step_by(9) {
        let asked = |partner| Elsewhere {
            out: &out,
            recording: (&recording).into(),
            policy: &policy,
            of: "aspen",
            track,
            partner,
        };
        let answered = elsewhere(&asked("birch")).expect("an answer");
        let lying = answered.detections.as_ref().expect("places");
        let counted = lying.counted.expect("a count");
        assert!(counted.abs_diff(lying.detections) <= 1, "track {track}: {lying:?}");
        (off, all) = (off + counted.abs_diff(lying.detections), all + counted);
        let parts = lying.given.values().sum::<u64>() + lying.withheld.iter().map(|of| of.detections).sum::<u64>();
        assert_eq!(parts, lying.detections, "track {track}");
        assert_eq!(answered.spells.iter().map(|spell| spell.reports).sum::<u64>(), answered.confirmed, "track {track}");
        let seen: u64 =
            answered.spells.iter().filter(|spell| spell.what == What::Sees).map(|spell| spell.reports).sum();
        assert_eq!(seen, answered.own_tracks.iter().map(|own| own.reports).sum::<u64>(), "track {track}");
        for own in &answered.own_tracks {
            let both = [object(&truth, &aspen, track), object(&truth, &birch, own.track)];
            if both[0].is_some() && both[0] == both[1] { same += 1 } else { other += 1 }
        }
        // Clover numbers as aspen does: what it sees is what is in its picture.
        let answered = elsewhere(&asked("clover")).expect("an answer");
        assert!(answered.same_numbering);
        let seen: u64 =
            answered.spells.iter().filter(|spell| spell.what == What::Sees).map(|spell| spell.reports).sum();
        assert_eq!(seen, clover.iter().filter(|row| row.track == track).count() as u64, "track {track}");
        let nothing = elsewhere(&asked("dogwood")).expect("an answer");
        let withheld = |of: &What| matches!(of, What::Withheld | What::Coasts);
        assert!(nothing.spells.iter().all(|spell| withheld(&spell.what)), "track {track}: {:?}", nothing.spells);
    }
    let confirmed = aspen.iter().filter(|row| row.status == Status::Confirmed).count();
    assert!(confirmed > 1000 && same > 5, "{same} of {confirmed} rows");
    assert!(1000 * off < all, "{off} of {all} detections off");
    assert_eq!(other, 0, "tracks of another aircraft");
}
