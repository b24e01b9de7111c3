//! Nothing that a partner may not see changes what it may have fused.

use crate::common::{PARTNERS, PERIODS, RULES, Row, ZONES, catalogue, detections, number, policy};
use proptest::prelude::*;
use trackweave::policy::{ClassSummary, Classifier, Policy};
use trackweave::space::Frame;

/// How a comparison tells classes apart. Their numbers depend on hidden rows: to go by them is a planted leak.
#[derive(Clone, Copy)]
enum Named {
    ByAttributes,
    ByNumber,
}

/// What partner `red` may have fused: every permitted class with its detections.
fn red_sees(policy: &Policy, rows: &[Row], named: Named) -> Vec<(String, ClassSummary)> {
    let sensors = [("a", "red"), ("b", "blue"), ("c", "green")];
    let mut classifier = Classifier::new(policy, &catalogue(Frame::Local, &sensors), None).expect("a classifier");
    classifier.classify(&detections(rows)).expect("classes");
    let decisions = policy.decide(classifier.classes(), None).expect("decisions");
    let numbers = decisions.permitted(number(policy, "red"));
    let name = |n: u32| match named {
        Named::ByAttributes => classifier.classes()[n as usize].to_string(),
        Named::ByNumber => n.to_string(),
    };
    let mut seen: Vec<_> = numbers.into_iter().map(|n| (name(n), classifier.summaries()[n as usize])).collect();
    seen.sort_by(|a, b| a.0.cmp(&b.0));
    seen
}

fn some_rows() -> impl Strategy<Value = Vec<Row>> {
    let place = (0..12u32, 0..12u32).prop_map(|(x, y)| [f64::from(x) * 0.9, f64::from(y) * 0.9]);
    let label = prop_oneof![Just(""), Just("secret"), Just("other")];
    prop::collection::vec((0..40i64, 0..3u32, place, label, any::<bool>()), 0..60)
}

/// A rule for red with the same meaning in Rust: may it have this row fused?
fn red_rule(kind: usize) -> (&'static str, fn(&Row) -> bool) {
    match kind {
        0 => ("resource.owner == \"blue\"", |row| row.1 == 1),
        1 => ("resource.zones.contains(\"west\")", |row| row.2[0] < 5.0 && row.2[1] < 10.0),
        2 => ("resource.periods.contains(\"first\") && resource.identified", |row| (10..20).contains(&row.0) && row.4),
        _ => ("[\"\", \"other\"].contains(resource.label) && resource.sensor != \"c\"", |row| {
            row.3 != "secret" && row.1 != 2
        }),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn nothing_that_red_may_not_see_changes_what_it_gets(rows in some_rows(), others in some_rows(), kind in 0..4usize) {
        let (when, may) = red_rule(kind);
        let mine = format!("@id(\"mine\") permit (principal == Partner::\"red\", action == Action::\"fuse_full\", resource) when {{ {when} }};\n");
        let alone = policy(&[("rules.cedar", &mine)]);
        let visible: Vec<Row> = rows.iter().filter(|row| may(row)).copied().collect();
        let with_hidden: Vec<Row> = others.iter().filter(|row| !may(row)).chain(&visible).copied().collect();
        // Another partner with rules of its own, and different ones for those that were there.
        let partners = format!("{PARTNERS}\n[[partner]]\nid = \"amber\"\nattributes = {{ rank = 9 }}");
        let theirs = "@id(\"theirs\") permit (principal == Partner::\"amber\", action, resource is DetectionClass);\n\
            @id(\"not-theirs\") forbid (principal == Partner::\"blue\", action, resource is DetectionClass);";
        let crowd = policy(&[("rules.cedar", &format!("{theirs}\n{mine}")), ("partners.toml", &partners)]);
        let wanted = red_sees(&alone, &visible, Named::ByAttributes);
        prop_assert_eq!(wanted.iter().map(|(_, summary)| summary.count).sum::<u64>(), visible.len() as u64);
        prop_assert_eq!(&red_sees(&alone, &with_hidden, Named::ByAttributes), &wanted);
        prop_assert_eq!(&red_sees(&crowd, &with_hidden, Named::ByAttributes), &wanted);
    }
}

#[test]
fn the_comparison_of_what_red_gets_sees_a_planted_leak() {
    let policy = policy(&[(
        "rules.cedar",
        "@id(\"mine\") permit (principal == Partner::\"red\", action == Action::\"fuse_full\", resource) when { resource.owner == \"blue\" };",
    )]);
    let visible: Row = (0, 1, [1.0, 1.0], "", false);
    let hidden: Row = (0, 2, [1.0, 1.0], "", false);
    assert_ne!(red_sees(&policy, &[hidden, visible], Named::ByNumber), red_sees(&policy, &[visible], Named::ByNumber));
    assert_eq!(
        red_sees(&policy, &[hidden, visible], Named::ByAttributes),
        red_sees(&policy, &[visible], Named::ByAttributes)
    );
}

/// The digest of a partner's view moves with the zones and periods that its own rules compare, and with no other: not
/// with one that only others use, nor with one that bears a name of the other kind.
#[test]
fn a_view_has_the_zones_and_periods_that_its_rules_compare_and_no_others() {
    let rules = format!(
        "{RULES}@id(\"blue-first\") permit (principal == Partner::\"blue\", action == Action::\"receive_full\", resource)\n\
         when {{ resource.periods.contains(\"first\") }};\n\
         @id(\"red-east\") forbid (principal == Partner::\"red\", action in Action::\"fuse\", resource)\n\
         when {{ resource.zones.contains(\"east\") && resource.label == \"long\" }};\n"
    );
    let views = |zones: &str, periods: &str| {
        let policy = policy(&[("rules.cedar", &rules), ("zones.geojson", zones), ("periods.toml", periods)]);
        ["red", "blue", "green"].map(|id| policy.view_sha256(number(&policy, id)).expect("a view"))
    };
    let usual = views(ZONES, PERIODS);
    let named = |name: &str| format!("\n[[period]]\nname = \"{name}\"\nstart = 1\nend = 2\n");
    let more = |name: &str| {
        let corners = "[[[20,20],[21,20],[21,21],[20,20]]]";
        let geometry = format!("{{ \"type\": \"Polygon\", \"coordinates\": {corners} }}");
        let feature = format!(
            "{{ \"type\": \"Feature\", \"properties\": {{ \"name\": \"{name}\" }}, \"geometry\": {geometry} }},"
        );
        ZONES.replace("\"features\": [", &format!("\"features\": [{feature}"))
    };
    for (zones, periods, moved) in [
        // A corner, or the hole, of a zone that rules of red compare: by its attribute, and as a text.
        (ZONES.replace("[5,10],[0,10]", "[5,10],[1,10]"), PERIODS.to_owned(), [true, false, false]),
        (ZONES.replace("[8,5],[7,5]", "[8,5],[7,4.5]"), PERIODS.to_owned(), [true, false, false]),
        (ZONES.to_owned(), PERIODS.replace("end = 20", "end = 21"), [false, true, false]),
        (ZONES.to_owned(), PERIODS.replace("end = 100", "end = 101"), [false; 3]),
        // Zones and periods that no rule of theirs compares with that attribute, whatever they are called.
        (more("first"), PERIODS.to_owned(), [false; 3]),
        (more("red"), PERIODS.to_owned(), [false; 3]),
        (ZONES.to_owned(), format!("{PERIODS}{}", named("west")), [false; 3]),
        (ZONES.to_owned(), format!("{PERIODS}{}", named("east")), [false; 3]),
        // The order of the file is nothing that the rules know.
        (ZONES.to_owned(), format!("{}{PERIODS}", named("other")), [false; 3]),
    ] {
        let found = views(&zones, &periods);
        let found: Vec<bool> = found.iter().zip(&usual).map(|(a, b)| a != b).collect();
        assert_eq!(found, moved, "{zones} {periods}");
    }
}
