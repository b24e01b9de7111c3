//! Groups, levels of `fuse` with obligations, delays, and detections without a place.

use crate::common::{LEVELS, PARTNERS, RULES, Row, SCHEMA, catalogue, detections, key, number, policy, refused};
use std::collections::{BTreeMap, BTreeSet};
use trackweave::policy::{
    ClassKey, ClassSummary, Classifier, FuseRights, Measured, NO_POLICY, Obligations, Policy, PolicyError, Stratum,
};
use trackweave::space::Frame;

/// The partners of the tests, `red` and `blue` in a group.
fn grouped() -> [(&'static str, String); 2] {
    let schema = SCHEMA.replace("entity Partner =", "entity Group;\nentity Partner in [Group] =");
    let partners = PARTNERS
        .replace("id = \"red\"", "id = \"red\"\ngroups = [\"union\"]")
        .replace("id = \"blue\"", "id = \"blue\"\ngroups = [\"union\", \"fleet\"]");
    let groups = "[[group]]\nid = \"union\"\n[[group]]\nid = \"fleet\"\n[[group]]\nid = \"empty\"\n";
    [("schema.cedarschema", schema), ("partners.toml", format!("{groups}{partners}"))]
}

fn grouped_with(rules: &str) -> Policy {
    let [(schema, a), (partners, b)] = grouped();
    policy(&[(schema, &a), (partners, &b), ("rules.cedar", rules)])
}

fn who(policy: &Policy) -> Vec<&str> {
    let decisions = policy.decide(&[key("a", "red", "", &[])], None).expect("decisions");
    let granted = |(n, partner): (usize, &'static str)| decisions.level(0, n).map(|_| partner);
    ["blue", "green", "red"].into_iter().enumerate().filter_map(granted).collect()
}

#[test]
fn a_rule_for_a_group_is_one_for_its_members_and_only_for_them() {
    for (head, when, wanted) in [
        ("principal in Group::\"union\"", "true == true", vec!["blue", "red"]),
        ("principal in Group::\"fleet\"", "principal.rank > 0", vec!["blue"]),
        ("principal is Partner in Group::\"union\"", "principal.rank > 1", vec!["red"]),
        ("principal in Group::\"empty\"", "principal.rank > 0", vec![]),
        ("principal", "principal in Group::\"fleet\" || principal == Partner::\"green\"", vec!["blue", "green"]),
        ("principal", "!(principal in [Group::\"fleet\", Group::\"empty\"])", vec!["green", "red"]),
        ("principal in Partner::\"red\"", "true == true", vec!["red"]),
    ] {
        let when = if when == "true == true" { String::new() } else { format!(" when {{ {when} }}") };
        let rule = format!("@id(\"r\") permit ({head}, action in Action::\"fuse\", resource){when};");
        assert_eq!(who(&grouped_with(&rule)), wanted, "{rule}");
    }
    let forbids = "@id(\"p\") permit (principal, action, resource is DetectionClass);
        @id(\"f\") forbid (principal in Group::\"fleet\", action, resource is DetectionClass);";
    assert_eq!(who(&grouped_with(forbids)), ["green", "red"]);
    let policy = grouped_with(forbids);
    assert_eq!(policy.partners()[0].groups, BTreeSet::from(["fleet".to_owned(), "union".to_owned()]));
}

#[test]
fn a_group_that_is_not_declared_is_an_error_wherever_it_stands() {
    let [(schema, a), (partners, b)] = grouped();
    let with = |text: &str, rules: &str| refused(&[(schema, &a), (partners, text), ("rules.cedar", rules)]);
    let text = with(&b.replace("\"fleet\"]", "\"flet\"]"), RULES);
    assert!(text.contains("partners.toml:14: `groups` is `flet`, wanted groups that a `[[group]]` entry"), "{text}");
    let text = with(&b.replace("id = \"empty\"", "id = \"fleet\""), RULES);
    assert!(text.contains("partners.toml:6: group `fleet` is there already, at"), "{text}");
    let text =
        with(&b, &RULES.replace("permit (principal == Partner::\"red\"", "permit (principal in Group::\"unon\""));
    assert!(
        text.contains("rules.cedar:8: rule `red-receives` names entity `Group::\"unon\"`, wanted one of:"),
        "{text}"
    );
    let text = with(&b, &RULES.replace("principal.rank >= 1", "principal in Group::\"unon\""));
    assert!(text.contains("names entity `Group::\"unon\"`"), "{text}");
    let text = refused(&[("partners.toml", &b)]);
    assert!(text.contains("partners.toml:2: `group` is `union`, wanted no groups, or `entity Group;"), "{text}");
    let loose = a.replace("entity Partner in [Group] =", "entity Partner =");
    let text = refused(&[(schema, &loose), (partners, &b)]);
    assert!(text.contains("partner `blue` does not fit") || text.contains("partner `red` does not fit"), "{text}");
}

#[test]
fn no_rule_may_hang_on_what_another_partner_is() {
    let [(schema, a), (partners, b)] = grouped();
    for asked in ["Partner::\"green\" in Group::\"union\"", "Partner::\"green\".rank > 0"] {
        let rules = format!("@id(\"r\") permit (principal, action, resource is DetectionClass) when {{ {asked} }};");
        let text = refused(&[(schema, &a), (partners, &b), ("rules.cedar", &rules)]);
        assert!(
            text.contains("rules.cedar:1: rule `r` asks about Partner::\"green\", wanted questions about"),
            "{text}"
        );
    }
}

const CUTS: &str = r#"
[[fuse]]
level = "fuse_full"
delay = "PT10S"
[[fuse]]
level = "fuse_some"
coarsen_m = 250.5
omit = ["height", "range_rate"]
[[receive]]
level = "receive_full"
[[receive]]
level = "receive_coarse"
delay = "PT30S"
coarsen_m = 500
omit = ["velocity"]
"#;

/// `red` may have all at either level, `blue` only coarse, `green` what is not of `red`, coarse.
const CUT_RULES: &str = r#"
@id("red") permit (principal == Partner::"red", action in Action::"fuse", resource);
@id("blue") permit (principal == Partner::"blue", action == Action::"fuse_some", resource);
@id("green") permit (principal == Partner::"green", action == Action::"fuse_some", resource)
when { resource.owner != "red" };
"#;

#[test]
fn a_detection_is_fused_when_the_delay_of_its_level_has_passed_and_not_a_microsecond_before() {
    let policy = policy(&[("levels.toml", CUTS), ("rules.cedar", CUT_RULES)]);
    let catalogue = catalogue(Frame::Local, &[("a", "red")]);
    let as_of = Some(50_000_000);
    let mut classifier = Classifier::new(&policy, &catalogue, as_of).expect("a classifier");
    let place = [20.0, 20.0];
    // Outside all periods but the long one: 39 and 40 s are due at the run of 50 s, later ones are not.
    let rows: Vec<Row> = [39, 40, 41, 50, 51].map(|second| (second, 0, place, "", true)).to_vec();
    let mut batch = detections(&rows);
    batch.time_us[2] = 40_000_001;
    batch.time_us[4] = 50_000_001;
    assert_eq!(classifier.classify(&batch).expect("classes"), [0, 0, 1, 1, 2]);
    let waited: Vec<_> = classifier.classes().iter().map(|class| class.waited_us).collect();
    assert_eq!(waited, [Some(10_000_000), Some(0), None]);
    let decisions = policy.decide(classifier.classes(), as_of).expect("decisions");
    let levels = |id| (0..3).map(|class| decisions.level(class, number(&policy, id))).collect::<Vec<_>>();
    assert_eq!(levels("red"), [Some("fuse_full"), None, None], "the highest level counts, due or not");
    assert_eq!(levels("blue"), [Some("fuse_some"), Some("fuse_some"), None]);
    assert_eq!(levels("green"), [None, None, None]);
    assert_eq!(decisions.evaluations(), 3, "two levels, one class to the rules, and no more than they can tell apart");
    let reasons = [("fuse_full: delay", 2), ("fuse_full: later than the run", 1)];
    let not_due = decisions.not_due(number(&policy, "red"), classifier.summaries());
    assert_eq!(not_due, reasons.map(|(reason, count)| (reason.to_owned(), count)).into());
    assert!(decisions.withheld(number(&policy, "red"), classifier.summaries()).is_empty());
    assert!(decisions.not_due(number(&policy, "green"), classifier.summaries()).is_empty());
    assert_eq!(decisions.withheld(number(&policy, "green"), classifier.summaries()), [(vec![], 5)].into());
    for partner in 0..3 {
        let rights = FuseRights::new(&policy, &[partner], as_of).expect("a partner");
        for (number, class) in (0u32..).zip(classifier.classes()) {
            let granted = decisions.level(number, partner).is_some();
            assert_eq!(rights.of_any([class.clone()]).expect("an answer"), [granted], "{partner} {class}");
        }
    }
    let texts: BTreeSet<String> = classifier.classes().iter().map(ToString::to_string).collect();
    assert_eq!(texts.len(), 3, "the audit can tell them apart: {texts:?}");
}

#[test]
fn without_a_time_a_delayed_level_is_an_error_that_says_so() {
    let policy = policy(&[("levels.toml", CUTS), ("rules.cedar", CUT_RULES)]);
    let sensors = catalogue(Frame::Local, &[("a", "red")]);
    let wanted = "level `fuse_full` of group `fuse` has a delay, found a run without `as_of`, wanted a time";
    assert_eq!(Classifier::new(&policy, &sensors, None).expect_err("no time").to_string(), wanted);
    assert_eq!(policy.decide(&[], None).expect_err("no time").to_string(), wanted);
    assert!(matches!(FuseRights::new(&policy, &[0], None), Err(PolicyError::DelayWithoutTime { .. })));
}

#[test]
fn the_strata_of_time_change_where_periods_and_delays_do() {
    let policy = policy(&[("levels.toml", CUTS), ("rules.cedar", CUT_RULES)]);
    let strata = policy.strata(Some(50_000_000)).expect("strata");
    let at = |us: i64| {
        let Stratum { periods, waited_us } = strata.at(us);
        (periods.iter().map(String::as_str).collect::<Vec<_>>().join(" "), *waited_us)
    };
    assert_eq!(at(i64::MIN), (String::new(), Some(10_000_000)));
    assert_eq!(at(10_000_000), ("first".to_owned(), Some(10_000_000)));
    assert_eq!(at(19_999_999), ("first long".to_owned(), Some(10_000_000)));
    assert_eq!(at(20_000_000), ("long".to_owned(), Some(10_000_000)));
    assert_eq!(at(40_000_001), ("long".to_owned(), Some(0)));
    assert_eq!(at(50_000_001), ("long".to_owned(), None));
    assert_eq!(at(i64::MAX), (String::new(), None));
    assert_eq!(strata.between(40_000_000, 50_000_001).len(), 3);
    assert_eq!(strata.between(21_000_000, 39_000_000).len(), 1);
}

#[test]
fn partners_share_a_segment_where_they_have_the_same_classes_under_the_same_obligations() {
    let renamed =
        CUTS.replace("delay = \"PT10S\"\n[[fuse]]", "coarsen_m = 250.5\nomit = [\"range_rate\", \"height\"]\n[[fuse]]");
    let classes = [key("a", "red", "", &[]), key("b", "blue", "", &[])];
    let segments = |levels: &str| {
        let policy = policy(&[("levels.toml", levels), ("rules.cedar", CUT_RULES)]);
        policy.decide(&classes, Some(0)).expect("decisions").segments()
    };
    let cut = Obligations {
        delay_us: 0,
        coarsen_m: Some(250.5),
        omit: BTreeSet::from([Measured::Height, Measured::RangeRate]),
    };
    // By id: blue 0, green 1, red 2. Levels of different names that demand the same are the same.
    let same = segments(&renamed);
    assert_eq!(same.iter().map(|s| s.partners.clone()).collect::<Vec<_>>(), [vec![0, 2], vec![1]]);
    assert_eq!(same[0].classes, BTreeMap::from([(0, cut.clone()), (1, cut.clone())]));
    assert_eq!(same[1].classes, BTreeMap::from([(1, cut.clone())]));
    let apart = segments(&CUTS.replace("delay = \"PT10S\"", ""));
    assert_eq!(apart.iter().map(|s| s.partners.clone()).collect::<Vec<_>>(), [vec![0], vec![1], vec![2]]);
    assert_eq!(apart[2].classes[&0], Obligations::default());
    assert_eq!(apart[0].classes[&0], cut);
}

#[test]
fn a_detection_without_a_place_is_denied_unless_the_permitting_rule_speaks_of_places() {
    let schema = SCHEMA.replace("identified: Bool,", "identified: Bool, placed: Bool,");
    let bearing = ClassKey { placed: false, ..key("a", "red", "", &[]) };
    let granted = |schema: &str, rules: &str, class: &ClassKey| {
        let policy = policy(&[("schema.cedarschema", schema), ("rules.cedar", rules)]);
        let decisions = policy.decide(std::slice::from_ref(class), None).expect("decisions");
        let reasons: Vec<_> = decisions.records().filter(|r| r.partner == "red").map(|r| r.reason()).collect();
        (decisions.level(0, number(&policy, "red")).is_some(), reasons[0].clone())
    };
    let all = r#"@id("all") permit (principal, action in Action::"fuse", resource);"#;
    let keep_out = r#"@id("keep-out") forbid (principal, action in Action::"fuse", resource) when { resource.zones.contains("west") };"#;
    let spoken = r#"@id("bearings") permit (principal, action in Action::"fuse", resource) when { !resource.placed && resource.owner == "red" };"#;
    let denied = (false, NO_POLICY.to_owned());
    // Also where the schema has no word for it.
    assert_eq!(granted(SCHEMA, all, &bearing), denied);
    assert_eq!(granted(&schema, all, &bearing), denied);
    assert_eq!(granted(&schema, &format!("{all}{keep_out}"), &bearing), denied, "it is in no zone to be kept out of");
    assert_eq!(granted(&schema, &format!("{all}{spoken}"), &bearing), (true, "bearings".to_owned()));
    let other = ClassKey { owner: "blue".to_owned(), ..bearing.clone() };
    assert_eq!(granted(&schema, &format!("{all}{spoken}"), &other), denied);
    let no = r#"@id("no") forbid (principal, action in Action::"fuse", resource) unless { resource.placed };"#;
    assert_eq!(granted(&schema, &format!("{all}{spoken}{no}"), &bearing), (false, "no".to_owned()));
    let placed = key("a", "red", "", &[]);
    assert_eq!(granted(&schema, &format!("{all}{spoken}"), &placed), (true, "all".to_owned()));
}

#[test]
fn counts_of_what_is_withheld_are_of_all_classes_that_are_not_granted() {
    let policy = policy(&[("levels.toml", LEVELS)]);
    let classes = [key("a", "red", "", &[]), ClassKey { placed: false, ..key("a", "red", "", &[]) }];
    let decisions = policy.decide(&classes, None).expect("decisions");
    let summary = |count| ClassSummary { count, first_us: 0, last_us: 0 };
    assert_eq!(decisions.withheld(number(&policy, "red"), &[summary(5), summary(3)]), [(vec![], 3)].into());
}
