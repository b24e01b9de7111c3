//! What a policy grants, what it refuses to read, and that nothing hidden shows.

#[path = "policy/audit.rs"]
mod audit;
#[path = "policy/common.rs"]
mod common;
#[path = "policy/folder.rs"]
mod folder;
#[path = "policy/geojson.rs"]
mod geojson;
#[path = "policy/interference.rs"]
mod interference;
#[path = "policy/library.rs"]
mod library;
#[path = "policy/mistakes.rs"]
mod mistakes;
#[path = "policy/model.rs"]
mod model;
#[path = "policy/pictures.rs"]
mod pictures;
#[path = "policy/warnings.rs"]
mod warnings;
#[path = "policy/whole.rs"]
mod whole;
#[path = "policy/zones.rs"]
mod zones;

use common::{RULES, Row, SCHEMA, catalogue, detections, key, number, policy, refused, set};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use tempfile::TempDir;
use trackweave::ingest::TimeScale;
use trackweave::policy::{
    ClassSummary, Classifier, Field, FuseRights, NO_POLICY, Obligations, Policy, PolicyError, Releaser, Segment,
    Status, TrackClass,
};
use trackweave::space::Frame;
use trackweave::time::parse_timestamp;

#[test]
fn what_no_policy_permits_is_denied_and_forbid_wins() {
    let policy = policy(&[]);
    let classes = [key("a", "red", "", &[]), key("a", "red", "secret", &[])];
    let decisions = policy.decide(&classes, None).expect("decisions");
    let (red, green) = (number(&policy, "red"), number(&policy, "green"));
    assert_eq!(decisions.permitted(red), BTreeSet::from([0]));
    assert_eq!(decisions.permitted(green), BTreeSet::new());
    let summary = |count| ClassSummary { count, first_us: 0, last_us: 0 };
    let withheld = decisions.withheld(green, &[summary(7), summary(11)]);
    assert_eq!(withheld, BTreeMap::from([(vec![], 7), (vec!["secret-stays".to_owned()], 11)]));
    let withheld = decisions.withheld(red, &[summary(7), summary(11)]);
    assert_eq!(withheld, BTreeMap::from([(vec!["secret-stays".to_owned()], 11)]));
    let records: Vec<_> = decisions.records().filter(|record| record.partner == "green").collect();
    assert_eq!(records.len(), 4, "two classes at two levels");
    let reasons: Vec<_> = records.iter().map(|record| (record.allowed, record.reason())).collect();
    assert_eq!(reasons[0], (false, NO_POLICY.to_owned()));
    assert_eq!(reasons[2], (false, "secret-stays".to_owned()));
}

#[test]
fn the_highest_permitted_level_wins() {
    let policy = policy(&[(
        "rules.cedar",
        r#"@id("all") permit (principal, action in Action::"fuse", resource);
           @id("not-full") forbid (principal == Partner::"blue", action == Action::"fuse_full", resource);"#,
    )]);
    let decisions = policy.decide(&[key("a", "red", "", &[])], None).expect("decisions");
    assert_eq!(decisions.level(0, number(&policy, "red")), Some("fuse_full"));
    assert_eq!(decisions.level(0, number(&policy, "blue")), Some("fuse_some"));
    assert_eq!(decisions.level(1, number(&policy, "blue")), None, "there is no class 1");
    assert_eq!(decisions.level(0, 3), None, "there is no partner 3");
}

#[test]
fn partners_with_equal_rights_share_a_segment_and_one_without_rights_has_none() {
    let policy = policy(&[]);
    let classes = [key("a", "red", "", &[]), key("a", "red", "secret", &[]), key("b", "blue", "", &["west"])];
    let decisions = policy.decide(&classes, None).expect("decisions");
    // By id: blue 0, green 1, red 2.
    assert_eq!(
        decisions.segments(),
        [Segment { classes: [0, 2].map(|class| (class, Obligations::default())).into(), partners: vec![0, 2] }]
    );
}

#[test]
fn a_million_detections_and_a_hundred_partners_cost_classes_times_kinds_of_partners_times_levels() {
    let partners: String = (0..100)
        .map(|n| format!("[[partner]]\nid = \"p{n}\"\nattributes = {{ rank = 1 }}\n"))
        .collect::<Vec<_>>()
        .concat();
    let rules = RULES.replace("Partner::\"red\"", "Partner::\"p7\"");
    let policy = policy(&[("partners.toml", &partners), ("rules.cedar", &rules)]);
    let catalogue = catalogue(Frame::Local, &[("a", "red"), ("b", "blue"), ("c", "blue")]);
    let mut classifier = Classifier::new(&policy, &catalogue, None).expect("a classifier");
    let row = |n: u32| {
        let place = [f64::from(n.wrapping_mul(7919) % 1200) / 100.0, f64::from(n.wrapping_mul(104_729) % 1000) / 100.0];
        (i64::from(n / 10_000), n % 3, place, if n.is_multiple_of(5) { "secret" } else { "" }, n.is_multiple_of(2))
    };
    let mut counted = 0;
    for batch in 0..10 {
        let rows: Vec<Row> = (batch * 100_000..(batch + 1) * 100_000).map(row).collect();
        counted += classifier.classify(&detections(&rows)).expect("classes").len();
    }
    let classes = classifier.classes().len();
    assert_eq!(counted, 1_000_000);
    assert_eq!(classifier.summaries().iter().map(|summary| summary.count).sum::<u64>(), 1_000_000);
    assert!((20..200).contains(&classes), "{classes} classes");
    let decisions = policy.decide(classifier.classes(), None).expect("decisions");
    assert_eq!(decisions.evaluations(), classes as u64 * 2, "the rules cannot tell the partners apart");
    assert_eq!(decisions.segments().len(), 1);
}

#[test]
fn a_batch_is_sorted_into_the_classes_that_zones_periods_and_labels_say() {
    let policy = policy(&[]);
    let catalogue = catalogue(Frame::Local, &[("a", "red"), ("b", "blue")]);
    let mut classifier = Classifier::new(&policy, &catalogue, None).expect("a classifier");
    let first =
        detections(&[(9, 0, [1.0, 1.0], "", true), (10, 0, [1.0, 1.0], "x", true), (16, 1, [7.5, 4.5], "", false)]);
    // The second batch numbers its labels in another order.
    let second =
        detections(&[(16, 1, [6.0, 4.5], "y", false), (30, 0, [20.0, 0.0], "x", true), (10, 0, [2.0, 1.0], "x", true)]);
    assert_eq!(classifier.classify(&first).expect("classes"), [0, 1, 2]);
    assert_eq!(classifier.classify(&second).expect("classes"), [3, 4, 1]);
    let [one, two, three, four, five] = classifier.classes() else { panic!("five classes") };
    assert_eq!((one.sensor.as_str(), one.owner.as_str(), one.kind.as_str()), ("a", "red", "position"));
    assert_eq!((&one.zones, &one.periods, one.identified), (&set(&["west"]), &set(&[]), true));
    assert_eq!((two.label.as_str(), &two.periods), ("x", &set(&["first"])));
    assert_eq!((&three.zones, &three.periods, three.identified), (&set(&[]), &set(&["first", "long"]), false));
    assert_eq!((four.label.as_str(), &four.zones), ("y", &set(&["east"])));
    assert_eq!((&five.zones, &five.periods), (&set(&[]), &set(&["long"])));
    assert_eq!(classifier.summaries()[1], ClassSummary { count: 2, first_us: 10_000_000, last_us: 10_000_000 });
    assert_eq!(*classifier.zones_at([2.0, 2.0]), set(&["west"]));
    assert_eq!(*classifier.periods_at(20_000_000), set(&["long"]), "a period does not hold its end");
    assert_eq!(*classifier.periods_at(100_000_000), set(&[]));
}

#[test]
fn classes_have_the_same_numbers_however_a_batch_is_spread_over_cores() {
    let policy = policy(&[]);
    let sensors = catalogue(Frame::Local, &[("a", "red"), ("b", "blue"), ("c", "blue")]);
    let row = |n: u32| {
        // Places near outlines come late, so that later parts meet sets of zones that earlier ones do not know.
        let x = if n < 30_000 { 20.0 } else { f64::from(n % 1100) / 100.0 };
        (
            i64::from(n / 1000),
            n * 7 % 3,
            [x, f64::from(n % 1000) / 100.0],
            if n % 11 == 3 { "x" } else { "" },
            n.is_multiple_of(2),
        )
    };
    let rows: Vec<Row> = (0..60_000).map(row).collect();
    let classes = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads");
        pool.install(|| {
            let mut classifier = Classifier::new(&policy, &sensors, None).expect("a classifier");
            let numbers = classifier.classify(&detections(&rows)).expect("classes");
            (numbers, classifier.classes().to_vec(), classifier.summaries().to_vec())
        })
    };
    let one = classes(1);
    assert!(one.1.len() > 50, "{} classes", one.1.len());
    assert_eq!(one.2.iter().map(|summary| summary.count).sum::<u64>(), 60_000);
    for threads in [2, 5, 16] {
        assert!(classes(threads) == one, "{threads} threads number the classes otherwise");
    }
    // One by one, too.
    let mut classifier = Classifier::new(&policy, &sensors, None).expect("a classifier");
    let cut = rows.chunks(777).flat_map(|rows| classifier.classify(&detections(rows)).expect("classes"));
    assert!(cut.collect::<Vec<_>>() == one.0);
}

#[test]
fn a_batch_that_does_not_hold_together_is_an_error() {
    let policy = policy(&[]);
    let mut classifier =
        Classifier::new(&policy, &catalogue(Frame::Local, &[("a", "red")]), None).expect("a classifier");
    let good = || detections(&[(1, 0, [1.0, 1.0], "", true), (2, 0, [1.0, 1.0], "", true)]);
    let (mut sensor, mut label, mut place, mut short) = (good(), good(), good(), good());
    sensor.sensor[1] = 1;
    label.label[1] = 1;
    place.horizontal[1] = [0.0, f64::NAN];
    short.label.pop();
    for (batch, found) in
        [(sensor, "sensor number 1"), (label, "label number 1"), (place, "place 0, NaN"), (short, "1 rows of `label`")]
    {
        let text = classifier.classify(&batch).expect_err("a bad batch").to_string();
        assert!(text.starts_with("detection 1 of the batch: ") && text.contains(found), "{text}");
    }
}

#[test]
fn a_track_is_released_at_its_level_with_obligations_and_authorities() {
    let policy = policy(&[]);
    let class = TrackClass {
        contributors: set(&["red", "blue"]),
        zones: set(&["west"]),
        status: Status::Confirmed,
        ..TrackClass::default()
    };
    let mut red = Releaser::new(&policy, number(&policy, "red"), None).expect("red");
    let release = red.release(&class).expect("a release");
    assert_eq!(release.level.as_deref(), Some("receive_full"));
    assert_eq!((release.obligations.delay_us, release.obligations.coarsen_m), (0, None));
    assert_eq!(
        (release.authorities.as_slice(), release.decided_by.as_slice()),
        (["assign_identity".to_owned()].as_slice(), ["red-receives".to_owned()].as_slice())
    );
    assert_eq!(red.release(&class).expect("again"), release);
    assert_eq!(red.evaluations(), 3, "two levels and an authority, once");
    let tentative = red.release(&TrackClass { status: Status::Tentative, ..class.clone() }).expect("a release");
    assert_eq!(tentative.authorities, [""; 0]);
    let mut blue = Releaser::new(&policy, number(&policy, "blue"), None).expect("blue");
    let release = blue.release(&class).expect("a release");
    assert_eq!(release.level.as_deref(), Some("receive_coarse"));
    assert_eq!((release.obligations.delay_us, release.obligations.coarsen_m), (30_000_000, Some(500.0)));
    assert_eq!((&release.obligations.omit, release.authorities.len()), (&BTreeSet::from([Field::Velocity]), 0));
    let mut green = Releaser::new(&policy, number(&policy, "green"), None).expect("green");
    let release = green.release(&class).expect("a release");
    assert_eq!((release.level.as_deref(), release.decided_by.len(), release.authorities.len()), (None, 0, 0));
    assert!(green.records().iter().all(|record| !record.allowed && record.partner == "green"));
    assert_eq!(green.records().len(), 3);
    assert!(matches!(Releaser::new(&policy, 3, None), Err(PolicyError::UnknownPartner { partner: 3, partners: 3 })));
}

#[test]
fn a_rule_that_fails_ends_the_run_even_where_cedar_would_skip_it() {
    let skipped = r#"@id("all") permit (principal, action in Action::"fuse", resource);
@id("overflows") forbid (principal, action == Action::"fuse_full", resource)
when { principal.rank * 9223372036854775807 > 7 };"#;
    let policy = policy(&[("rules.cedar", skipped)]);
    let class = key("a", "red", "", &[]);
    let text = policy.decide(std::slice::from_ref(&class), None).expect_err("an overflow").to_string();
    assert!(text.contains("rules.cedar:2: rule `overflows` failed for partner `red`, action `fuse_full`"), "{text}");
    assert!(text.contains("overflow") && !text.contains('\n'), "{text}");
    let of = |partner| {
        FuseRights::new(&policy, &[number(&policy, partner)], None).expect("a partner").of_any([class.clone()])
    };
    assert!(matches!(of("red"), Err(PolicyError::RuleFailed { .. })));
    assert_eq!(of("green").expect("0 times anything does not overflow"), [true]);
}

#[test]
fn rights_asked_one_by_one_are_those_of_the_table() {
    let policy = policy(&[]);
    let classes = [key("a", "red", "", &[]), key("a", "red", "secret", &[]), key("b", "blue", "", &["west"])];
    let decisions = policy.decide(&classes, None).expect("decisions");
    let partners: Vec<usize> = (0..policy.partners().len()).collect();
    let rights = FuseRights::new(&policy, &partners, None).expect("partners");
    for (number, class) in (0u32..).zip(&classes) {
        let allowed: Vec<bool> = partners.iter().map(|&of| decisions.permitted(of).contains(&number)).collect();
        assert_eq!(rights.of_any([class.clone()]).expect("answers"), allowed, "{class}");
    }
}

#[test]
fn what_a_sensor_could_send_is_all_permitted_or_not_by_the_rules_alone() {
    let every = |rules: &str| {
        let policy = policy(&[("rules.cedar", rules)]);
        let partners: Vec<usize> = ["red", "blue"].map(|id| number(&policy, id)).to_vec();
        let rights = FuseRights::new(&policy, &partners, None).expect("partners");
        // The label of a row that there is says nothing of those that could be.
        let found = ["", "secret", "other"].map(|label| rights.of_every(&key("a", "red", label, &["west"])));
        let [found, others @ ..] = found.map(|found| found.expect("answers"));
        assert!(others.iter().all(|other| *other == found), "{rules}");
        found
    };
    let all = r#"@id("all") permit (principal, action == Action::"fuse_full", resource)"#;
    let but = |condition: &str| format!("{all};\n@id(\"but\") forbid {condition};");
    assert_eq!(every(&format!("{all};")), [true, true]);
    // Place, time and sensor are what is asked about: they are one and the same for all that could be sent there.
    assert_eq!(
        every(&format!("{all} when {{ resource.zones.contains(\"west\") && resource.sensor == \"a\" }};")),
        [true, true]
    );
    assert_eq!(every(&format!("{all} when {{ resource.zones.contains(\"east\") }};")), [false, false]);
    let of = |who: &str, when: &str| but(&format!("({who}, action in Action::\"fuse\", resource) when {{ {when} }}"));
    assert_eq!(every(&of("principal", "resource.label == \"secret\"")), [false, false]);
    assert_eq!(
        every(&of("principal == Partner::\"blue\"", "resource.label == \"secret\"")),
        [true, false],
        "others' rules"
    );
    assert_eq!(every(&of("principal", "resource.label != \"secret\"")), [false, false]);
    assert_eq!(every(&of("principal", "resource.identified")), [false, false]);
    assert_eq!(every(&of("principal", "[resource.label].contains(\"secret\")")), [false, false]);
    assert_eq!(every(&of("principal", "principal has zone && resource.label == principal.zone")), [false, true]);
    assert_eq!(every(&of("principal", "resource.label == resource.owner")), [false, false]);
    assert_eq!(every(&of("principal", "resource.label like \"s*t\"")), [false, false]);
    assert_eq!(every(&of("principal == Partner::\"red\"", "resource.label like \"s*t\"")), [false, true]);
    assert_eq!(
        every(&of("principal", "resource.label == \"secret\" && principal.rank > 9")),
        [true, true],
        "asked, not read"
    );
}

#[test]
fn the_time_of_the_run_reaches_the_rules_that_the_schema_lets_see_it() {
    let timed = |member: &str| {
        let action = "action fuse_full in [fuse] appliesTo { principal: Partner, resource: DetectionClass";
        SCHEMA.replace(action, &format!("{action}, context: {{ {member}: datetime }}"))
    };
    let rules = r#"@id("until") permit (principal, action == Action::"fuse_full", resource)
when { context has as_of && context.as_of < datetime("2024-01-01") };"#;
    let (early, late) = (parse_timestamp("2023-12-31T23:59:59.999999Z"), parse_timestamp("2024-01-01T00:00:00Z"));
    let class = [key("a", "red", "", &[])];
    let optional = policy(&[("schema.cedarschema", &timed("as_of?")), ("rules.cedar", rules)]);
    for (as_of, allowed) in [(early, 1), (late, 0), (None, 0), (Some(-62_000_000_000_000_000), 1)] {
        let decisions = optional.decide(&class, as_of).expect("decisions");
        assert_eq!(decisions.permitted(0).len(), allowed, "{as_of:?}");
    }
    assert!(optional.decide(&class, Some(i64::MAX)).is_err(), "a time that cannot be written");
    let required = policy(&[
        ("schema.cedarschema", &timed("as_of")),
        ("rules.cedar", &rules.replace("context has as_of && ", "")),
    ]);
    assert_eq!(required.decide(&class, early).expect("decisions").permitted(0).len(), 1);
    let text = required.decide(&class, None).expect_err("no time").to_string();
    assert_eq!(text, "action `fuse_full` needs `context.as_of`, found a run without `as_of`, wanted a time");
    let other = refused(&[("schema.cedarschema", &timed("weather"))]);
    assert!(
        other.contains("schema.cedarschema:11: action `fuse_full` has a context that the engine cannot give"),
        "{other}"
    );
}

#[test]
fn the_policy_of_the_demo_shows_four_kinds_of_partner() {
    let policy = Policy::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo/policy")).expect("the demo");
    let sensors =
        [("aspen-west", "aspen"), ("aspen-east", "aspen"), ("birch-south", "birch"), ("clover-north", "clover")];
    let mut classifier = Classifier::new(&policy, &catalogue(Frame::Geodetic, &sensors), None).expect("a classifier");
    // Each receiver over Sion, Lucerne, Zürich and Milan; Milan is in no zone.
    let places = [[7.36, 46.23], [8.3, 47.05], [8.54, 47.4], [9.19, 45.46]];
    let rows: Vec<Row> =
        places.iter().flat_map(|place| (0..4).map(move |sensor| (0, sensor, *place, "", true))).collect();
    classifier.classify(&detections(&rows)).expect("classes");
    let decisions = policy.decide(classifier.classes(), None).expect("decisions");
    let counts: Vec<_> = (0..4).map(|partner| decisions.permitted(partner).len()).collect();
    assert_eq!(counts, [16, 4, 16, 0], "aspen, birch, clover, dogwood");
    assert_eq!(decisions.segments().iter().map(|s| s.partners.clone()).collect::<Vec<_>>(), [vec![0, 2], vec![1]]);
    let outcome = |zone: &str| {
        let zones = if zone.is_empty() { set(&[]) } else { set(&[zone]) };
        let class =
            TrackClass { contributors: set(&["aspen"]), zones, status: Status::Confirmed, ..TrackClass::default() };
        let release = |n| Releaser::new(&policy, n, None).expect("a partner").release(&class).expect("a release");
        (0..4).map(|n| (release(n).level.clone().unwrap_or_default(), release(n).authorities.len())).collect::<Vec<_>>()
    };
    let rows = |rows: [(&str, usize); 4]| rows.map(|(level, count)| (level.to_owned(), count)).to_vec();
    assert_eq!(outcome("birch-zone"), rows([("receive_full", 0), ("receive_full", 1), ("receive_coarse", 0), ("", 0)]));
    assert_eq!(outcome("clover-zone"), rows([("receive_full", 0), ("", 0), ("receive_full", 1), ("", 0)]));
    assert_eq!(outcome("aspen-zone"), rows([("receive_full", 1), ("", 0), ("receive_coarse", 0), ("", 0)]));
    assert_eq!(outcome(""), rows([("receive_full", 0), ("", 0), ("receive_coarse", 0), ("", 0)]));
}

/// The files of `docs/policy.md`: each heading that is a file's name, and the block after it.
fn documented() -> TempDir {
    let text = include_str!("../docs/policy.md");
    let folder = tempfile::tempdir().expect("a folder");
    for section in text.split("\n### `").skip(1) {
        let (name, rest) = section.split_once('`').expect("a file's name");
        let block = rest.split("\n```").nth(1).expect("a block");
        let (_, block) = block.split_once('\n').expect("a language");
        std::fs::write(folder.path().join(name), block).expect("a file");
    }
    folder
}

#[test]
fn the_example_of_the_documentation_gives_what_its_table_says() {
    let policy = Policy::read(documented().path()).expect("the example");
    assert!(policy.is_exclusive("task_sensor"));
    let at = |text| parse_timestamp(text).expect("a time") / 1_000_000;
    let (during, after) = (at("2024-05-02T00:00:00Z"), at("2024-05-10T00:00:00Z"));
    let just_before = at("2024-05-31T23:55:00Z");
    let (water, island) = ([10.5, 55.5], [11.1, 55.5]);
    let as_of = parse_timestamp("2024-06-01T00:00:00Z");
    let mut mast = catalogue(Frame::Geodetic, &[("mast", "north")]);
    mast.time = TimeScale::Timestamp;
    let mut classifier = Classifier::new(&policy, &mast, as_of).expect("a classifier");
    let rows = [
        (during, 0, water, "", true),
        (during, 0, water, "national", true),
        (after, 0, water, "", true),
        (just_before, 0, water, "", true),
    ];
    classifier.classify(&detections(&rows)).expect("classes");
    let decisions = policy.decide(classifier.classes(), as_of).expect("decisions");
    let (full, coarse) = (Some("fuse_full"), Some("fuse_coarse"));
    // north, south, visitor.
    for (class, wanted) in
        (0u32..).zip([[full, full, coarse], [full, None, None], [full, None, coarse], [full, None, None]])
    {
        let levels = [0, 1, 2].map(|partner| decisions.level(class, partner));
        assert_eq!(levels, wanted, "row {class} of the table");
    }
    for (place, tasking) in [(water, 1), (island, 0)] {
        let class = TrackClass { zones: classifier.zones_at(place).into_owned(), ..TrackClass::default() };
        let levels = [(0, Some("receive_full"), tasking), (1, Some("receive_coarse"), 0), (2, None, 0)];
        for (partner, level, authorities) in levels {
            let release = Releaser::new(&policy, partner, None).expect("a partner").release(&class).expect("a release");
            assert_eq!(
                (release.level.as_deref(), release.authorities.len()),
                (level, authorities),
                "{partner} {place:?}"
            );
            assert_eq!(release.sees_holders, partner == 0, "only north sees who may act");
        }
    }
}
