//! What is said of a policy before anything is shared, and who may act on what comes out.

#[path = "policy_tools/authority.rs"]
mod authority;
#[path = "policy_tools/elsewhere.rs"]
mod elsewhere;
#[path = "policy_tools/world.rs"]
mod world;

use std::collections::BTreeSet;
use trackweave::policy::{
    Explanation, Finding, Matrix, Policy, Severity, Survey, check, difference, explain_detection, explain_track,
};
use world::{FILES, RULES, World};

fn words(findings: &[Finding]) -> Vec<String> {
    let word = |finding: &Finding| {
        let name = finding.file.file_name().unwrap_or_default().to_string_lossy();
        let severity = if finding.severity == Severity::Error { "error" } else { "warning" };
        format!("{name}:{}: {severity}: {}, wanted {}", finding.line, finding.found, finding.wanted)
    };
    findings.iter().map(word).collect()
}

/// Findings in the text alone.
fn in_text(world: &World) -> Vec<String> {
    words(&check(&world.policy(), None, None).expect("a check").findings)
}

/// Findings with the rules tried on the recording.
fn on_the_recording(world: &World) -> Vec<String> {
    words(&check(&world.policy(), Some(&world.recording()), None).expect("a check").findings)
}

fn policy(world: &World) -> Policy {
    Policy::read(&world.policy()).expect("a policy")
}

fn number(policy: &Policy, id: &str) -> usize {
    policy.partners().iter().position(|partner| partner.id == id).expect("a partner")
}

#[test]
fn a_policy_in_which_everything_is_used_has_no_finding() {
    let world = World::new(&[]);
    assert_eq!(in_text(&world), Vec::<String>::new());
    assert_eq!(on_the_recording(&world), Vec::<String>::new());
}

#[test]
fn all_mistakes_in_the_rules_are_found_at_once_each_at_its_line() {
    let rules =
        RULES.replace("contains(\"west\")", "contains(\"wset\")").replace("principal.rank >= 1", "principal.rnak >= 1");
    let found = in_text(&World::new(&[("rules.cedar", &rules)]));
    assert_eq!(found.len(), 3, "{found:#?}");
    assert!(found[0].starts_with("rules.cedar:3: error: rule `ranked-fuse` is not valid"), "{found:#?}");
    assert!(
        found
            .iter()
            .any(|line| line.contains("error: rule `red-in-west` names zone `wset`, wanted one of: east, west")),
        "{found:#?}"
    );
    assert!(found.iter().any(|line| line.contains("rule `coarse` is not valid")), "{found:#?}");
    let impossible = "@id(\"never\") permit (principal, action == Action::\"fuse_full\", resource)\nwhen { resource.owner == \"x\" && false };\n";
    let found = in_text(&World::new(&[("more.cedar", impossible)]));
    assert_eq!(found.len(), 1);
    assert!(found[0].starts_with("more.cedar:1: error: rule `never`"), "{found:#?}");
}

#[test]
fn a_fault_in_each_file_is_found_at_once() {
    let files = [("partners.toml", "[[partner]]\nid = 3\n"), ("levels.toml", "[[fuse]]\n"), ("zones.geojson", "{}")];
    let found = in_text(&World::new(&files));
    let names: Vec<&str> = found.iter().filter_map(|line| line.split(':').next()).collect();
    assert_eq!(names, ["levels.toml", "partners.toml", "zones.geojson"], "{found:#?}");
    let missing = check(std::path::Path::new("no/such/policy"), None, None).expect("a finding, no error");
    assert!(missing.has_errors() && missing.findings[0].found.contains("cannot be read"), "{missing:?}");
}

#[test]
fn what_nobody_uses_is_a_warning_with_its_line() {
    let rules = RULES.replace("resource.periods.contains(\"first\")", "true");
    let rules = rules.replace("Action::\"receive_coarse\"", "Action::\"receive_full\"");
    let rules = rules.replace("principal.rank >= 1", "principal == Partner::\"red\"");
    let rules = rules.replace(
        "permit (principal, action == Action::\"see_authority\", resource)",
        "permit (principal == Partner::\"red\", action == Action::\"see_authority\", resource)",
    );
    let rules = rules.replace(
        "permit (principal, action == Action::\"task_sensor\"",
        "permit (principal == Partner::\"red\", action == Action::\"task_sensor\"",
    );
    let found = in_text(&World::new(&[("rules.cedar", &rules)]));
    let expected = [
        "levels.toml:6: warning: no rule permits `receive_coarse` to anybody",
        "periods.toml:2: warning: no rule uses period `first`",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (line, start) in found.iter().zip(expected) {
        assert!(line.starts_with(start), "{line}");
    }
}

#[test]
fn groups_are_named_by_a_rule_and_have_partners() {
    let schema = world::SCHEMA.replace("entity Partner =", "entity Group; entity Partner in [Group] =");
    let partners = FILES.iter().find(|(name, _)| *name == "partners.toml").expect("partners").1;
    let partners = partners.replace("id = \"red\"\n", "id = \"red\"\ngroups = [\"north\", \"idle\"]\n");
    let partners = ["north", "idle", "empty"].map(|id| format!("[[group]]\nid = \"{id}\"\n")).concat() + &partners;
    let rules = RULES.replace(
        "principal.rank >= 1 };\n@id(\"tasking\")",
        "principal in Group::\"north\" || principal in Group::\"empty\" || principal.rank >= 1 };\n@id(\"tasking\")",
    );
    assert_ne!(rules, RULES);
    let files = |rules: &str, partners: &str| {
        in_text(&World::new(&[("schema.cedarschema", &schema), ("partners.toml", partners), ("rules.cedar", rules)]))
    };
    let found = files(&rules, &partners);
    let expected = [
        "partners.toml:4: warning: no rule names group `idle`, wanted a rule that does, or no such group",
        "partners.toml:6: warning: no partner is in group `empty`, wanted a partner that is, or no such group",
    ];
    assert_eq!(found, expected);
    let found = files(&rules.replace("Group::\"empty\"", "Group::\"nroth\""), &partners);
    assert!(found.iter().any(|line| line.contains("names entity `Group::\"nroth\"`, wanted one of:")), "{found:#?}");
    let found = files(&rules, &partners.replace("\"idle\"]", "\"ilde\"]"));
    assert_eq!(found.len(), 1, "{found:#?}");
    assert!(found[0].contains("`groups` is `ilde`, wanted groups that a `[[group]]` entry declares"), "{found:#?}");
}

#[test]
fn a_level_of_fuse_that_demands_less_is_a_gain() {
    let levels =
        |coarse: &str| world::LEVELS.replace("level = \"fuse_full\"\n", &format!("level = \"fuse_full\"\n{coarse}"));
    let (milder, stricter) = (levels("coarsen_m = 100\n"), levels("coarsen_m = 900\nomit = [\"range_rate\"]\n"));
    let (old, new) = (World::new(&[("levels.toml", &stricter)]), World::new(&[("levels.toml", &milder)]));
    let found = difference([&policy(&old), &policy(&new)], &old.recording(), None).expect("a difference");
    let what: Vec<&str> = found.partners[1].gained.iter().map(|grant| grant.what.as_str()).collect();
    assert_eq!(what, ["detections in cells of 100 m, not 900 m", "detections with `range_rate`"]);
    assert!(found.partners[1].lost.is_empty());
}

#[test]
fn the_matrix_says_what_is_not_due() {
    let levels = world::LEVELS.replace("level = \"fuse_full\"\n", "level = \"fuse_full\"\ndelay = \"PT20S\"\n");
    let world = World::new(&[("levels.toml", &levels)]);
    let policy = policy(&world);
    let survey = |as_of_us| Survey::read(&world.recording(), &policy, as_of_us).map_err(|error| error.to_string());
    assert!(survey(None).is_err(), "a delay, and no time of the run");
    let as_of_us = Some(60_000_000);
    let matrix = Matrix::of(&policy, &survey(as_of_us).expect("a survey"), as_of_us).expect("a matrix");
    let (late, _) = explain_detection(&policy, &world.recording(), 1, World::ROWS, as_of_us).expect("an explanation");
    let (early, _) = explain_detection(&policy, &world.recording(), 1, 1, as_of_us).expect("an explanation");
    assert_eq!([late, early].map(|found| (found.answers[0].allowed, found.not_due.len())), [(true, 1), (true, 0)]);
    let red = |due: bool| {
        let groups = matrix.detections.iter().filter(|group| group.shares[1].level.is_some() == due);
        groups.map(|group| (group.shares[1].rules.clone(), group.detections)).collect::<Vec<_>>()
    };
    let sum = |groups: &[(Vec<String>, Option<u64>)]| groups.iter().filter_map(|(_, number)| *number).sum::<u64>();
    let (due, not_due) = (red(true), red(false));
    assert_eq!(sum(&due) + sum(&not_due), World::ROWS);
    // Seconds 0 to 40: three sensors, the first of them also at 40.0 itself.
    assert_eq!(sum(&due), 3 * 40 + 1);
    assert!(due.iter().all(|(rules, _)| rules == &["ranked-fuse"]), "{due:?}");
    assert!(not_due.iter().all(|(rules, _)| rules == &["fuse_full: delay"]), "{not_due:?}");
}

#[test]
fn a_recording_shows_what_applies_to_nothing_in_it() {
    let rules = format!(
        "{RULES}@id(\"marked\")\nforbid (principal, action in Action::\"fuse\", resource) when {{ resource.label == \"marked\" }};\n"
    );
    let partners = FILES.iter().find(|(name, _)| *name == "partners.toml").expect("partners").1;
    let partners = format!("{partners}[[partner]]\nid = \"late\"\nattributes = {{ rank = 0 }}\n");
    let world = World::new(&[("rules.cedar", &rules), ("partners.toml", &partners)]);
    assert_eq!(in_text(&world), Vec::<String>::new(), "the text alone is in order");
    let found = on_the_recording(&world);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("partners.toml") && found[0].contains("partner `late` may have nothing"), "{found:#?}");
    assert!(found[1].contains("rule `marked` forbids nothing in this recording"), "{found:#?}");
}

#[test]
fn a_rule_that_fails_on_a_class_of_the_recording_is_an_error() {
    let rules = format!(
        "{RULES}@id(\"big\")\nforbid (principal, action in Action::\"fuse\", resource) when {{ principal.rank * 9223372036854775807 < 0 }};\n"
    );
    let world = World::new(&[("rules.cedar", &rules)]);
    assert_eq!(in_text(&world), Vec::<String>::new());
    let found = on_the_recording(&world);
    assert!(found.len() == 1 && found[0].contains("error: rule `big` failed for partner `red`"), "{found:#?}");
}

#[test]
fn the_matrix_holds_every_detection_once_and_groups_what_is_alike() {
    let world = World::new(&[]);
    let policy = policy(&world);
    let survey = Survey::read(&world.recording(), &policy, None).expect("a survey");
    let matrix = Matrix::of(&policy, &survey, None).expect("a matrix");
    let detections: u64 = matrix.detections.iter().filter_map(|group| group.detections).sum();
    assert_eq!(detections, World::ROWS);
    let classes: usize = matrix.detections.iter().map(|group| group.classes).sum();
    assert_eq!(classes, survey.classes.len());
    assert!(matrix.detections.len() < classes, "classes that are alike are one group");
    assert_eq!(matrix.partners, ["blue", "red"]);
    assert_eq!(matrix.detections_all.get("kind").map(String::as_str), Some("position"));
    let secret = matrix.detections.iter().find(|group| group.attributes["label"].contains("secret")).expect("a group");
    assert_eq!(secret.shares[0].level, None);
    assert_eq!(secret.shares[0].rules, ["secret-stays"]);
    assert_eq!(secret.shares[1].level.as_deref(), Some("fuse_full"));
    let west = matrix.tracks.iter().find(|group| group.attributes["zones"].contains("west")).expect("a group");
    assert_eq!(west.shares[1].level.as_deref(), Some("receive_full"));
}

#[test]
fn a_policy_beside_itself_grants_nothing_more() {
    let world = World::new(&[]);
    let policy = policy(&world);
    let same = difference([&policy, &policy], &world.recording(), None).expect("a difference");
    assert!(!same.grants_more());
    assert!(same.partners.iter().all(|change| change.gained.is_empty() && change.lost.is_empty()), "{same:?}");
    assert_eq!(same.partners[1].detections, [World::ROWS, World::ROWS], "red has all fused");
}

#[test]
fn what_one_policy_gains_the_other_way_round_is_lost() {
    let milder = [
        ("secret-stays", "resource.label == \"secret\"", "resource.label == \"top\""),
        ("tasking", "&& resource.zones.contains(principal.zone)", ""),
        ("see", "principal == Partner::\"red\" && true", "true"),
    ];
    let old = World::new(&[]);
    for (case, from, to) in milder {
        let rules = RULES.replace(from, to);
        assert_ne!(rules, RULES, "{case}");
        let new = World::new(&[("rules.cedar", &rules)]);
        let (old_policy, new_policy) = (policy(&old), policy(&new));
        let more = difference([&old_policy, &new_policy], &old.recording(), None).expect("a difference");
        let less = difference([&new_policy, &old_policy], &old.recording(), None).expect("a difference");
        assert!(more.grants_more() && !less.grants_more(), "{case}: {more:?}");
        for (more, less) in more.partners.iter().zip(&less.partners) {
            assert_eq!((&more.gained, &more.lost), (&less.lost, &less.gained), "{case}");
            assert_eq!(more.owners_gained, less.owners_lost, "{case}");
        }
    }
}

#[test]
fn gains_name_detections_owners_obligations_fields_and_authority() {
    let old = World::new(&[]);
    let levels = world::LEVELS.replace("PT30S", "PT5S").replace("coarsen_m = 500\n", "").replace("\"velocity\"", "");
    let rules = RULES.replace("resource.label == \"secret\"", "resource.label == \"top\"");
    let rules = rules.replace("principal has zone && resource.zones.contains(principal.zone)", "principal.rank >= 1");
    let new = World::new(&[("levels.toml", &levels), ("rules.cedar", &rules)]);
    let found = difference([&policy(&old), &policy(&new)], &old.recording(), None).expect("a difference");
    let blue = &found.partners[0];
    let what: Vec<&str> = blue.gained.iter().map(|grant| grant.what.as_str()).collect();
    let expected = [
        "authority `task_sensor`",
        "detections at `fuse_full`",
        "tracks 5 s late, not 30 s",
        "tracks in cells of 0 m, not 500 m",
        "tracks with `velocity`",
    ];
    assert_eq!(what, expected);
    assert_eq!(blue.gained[1].detections, Some(World::SECRET));
    assert_eq!(blue.owners_gained, BTreeSet::from(["red".to_owned()]), "red marks all it has as secret");
    assert!(blue.lost.is_empty());
}

#[test]
fn a_partner_that_only_one_policy_has_gains_or_loses_all() {
    let partners = FILES.iter().find(|(name, _)| *name == "partners.toml").expect("partners").1;
    let without_blue: String =
        partners.split("[[partner]]").filter(|part| !part.contains("blue")).collect::<Vec<_>>().join("[[partner]]");
    let rules = RULES.replace("== Partner::\"blue\"", "== Partner::\"red\"");
    let (old, new) = (World::new(&[("partners.toml", &without_blue), ("rules.cedar", &rules)]), World::new(&[]));
    let found = difference([&policy(&old), &policy(&new)], &old.recording(), None).expect("a difference");
    assert!(found.grants_more());
    let blue = found.partners.iter().find(|change| change.partner == "blue").expect("blue");
    assert_eq!(blue.detections, [0, World::ROWS - World::SECRET]);
    assert!(blue.lost.is_empty());
}

fn explained(world: &World, partner: &str, detection: u64) -> Result<Explanation, String> {
    let policy = policy(world);
    explain_detection(&policy, &world.recording(), number(&policy, partner), detection, None)
        .map(|(found, _)| found)
        .map_err(|error| error.to_string())
}

#[test]
fn a_denial_names_the_rule_that_forbids_and_what_it_overrules() {
    let world = World::new(&[]);
    // Row 1 is red's, and secret.
    let found = explained(&world, "blue", 1).expect("an explanation");
    let answer = &found.answers[0];
    assert!(!answer.allowed && answer.level);
    assert_eq!(answer.decided_by[0].id, "secret-stays");
    assert_eq!(answer.decided_by[0].line, 4);
    assert!(answer.decided_by[0].text.contains("resource.label == \"secret\""));
    assert_eq!(answer.permits[0].rule.id, "ranked-fuse");
    assert!(answer.permits[0].fails.is_empty(), "it applies, and is overruled");
    let found = explained(&world, "red", 1).expect("an explanation");
    assert!(found.answers[0].allowed && found.answers[0].decided_by[0].id == "ranked-fuse");
    let error = explained(&world, "red", World::ROWS + 1).expect_err("no such row");
    assert!(error.contains("found detection 181, wanted one from 1 to 180"), "{error}");
    assert!(explained(&world, "red", 0).is_err());
}

#[test]
fn a_denial_without_a_rule_names_the_parts_of_permits_that_fail() {
    let world = World::new(&[]);
    let policy = policy(&world);
    let class = trackweave::policy::TrackClass {
        zones: BTreeSet::from(["east".to_owned()]),
        ..trackweave::policy::TrackClass::default()
    };
    let found = explain_track(&policy, number(&policy, "red"), &class, None).expect("an explanation");
    let full = found.answers.iter().find(|answer| answer.action == "receive_full").expect("a level");
    assert!(!full.allowed && full.decided_by.is_empty());
    let nearest: Vec<_> =
        full.permits.iter().map(|missing| (missing.rule.id.as_str(), missing.fails.as_slice())).collect();
    let [by_period, by_zone] = ["periods.contains(\"first\")", "zones.contains(\"west\")"];
    let fails = [by_period, by_zone].map(|part| vec![format!("when {{ resource.{part} }}")]);
    assert_eq!(nearest, [("red-in-the-first-period", fails[0].as_slice()), ("red-in-west", fails[1].as_slice())]);
    let found = explain_track(&policy, number(&policy, "blue"), &class, None).expect("an explanation");
    let full = found.answers.iter().find(|answer| answer.action == "receive_full").expect("a level");
    assert_eq!(full.permits[0].fails[0], "principal == Partner::\"red\"");
    let coarse = found.answers.iter().find(|answer| answer.action == "receive_coarse").expect("a level");
    assert!(coarse.allowed && coarse.permits.is_empty());
    let tasking = found.answers.iter().find(|answer| answer.action == "task_sensor").expect("an authority");
    assert!(!tasking.level && !tasking.allowed);
    assert_eq!(tasking.permits[0].fails, ["when { resource.status == \"confirmed\" }"], "it is in blue's zone");
}
