//! The engine asks Cedar with few rules at a time. Asked with all of them, Cedar says the same.

use crate::common::{key, policy, set};
use cedar_policy::{Authorizer, Context, Decision, Entities, EntityUid, PolicyId, PolicySet, Request, Schema};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use trackweave::policy::{Attribute, ClassKey, FuseRights, Partner, Policy, Releases, TrackClass};

/// All rules of a folder, each under its own id.
fn rules(folder: &Path) -> PolicySet {
    let text = std::fs::read_to_string(folder.join("rules.cedar")).expect("rules");
    let parsed: PolicySet = text.parse().expect("rules");
    let named = parsed.policies().map(|rule| rule.new_id(PolicyId::new(rule.annotation("id").expect("an id"))));
    PolicySet::from_policies(named).expect("a set")
}

fn entities(partner: &Partner, class: &ClassKey, schema: &Schema) -> Entities {
    let value = |attribute: &Attribute| match attribute {
        Attribute::Text(text) => json!(text),
        Attribute::Flag(flag) => json!(flag),
        Attribute::Number(number) => json!(number),
        Attribute::Names(names) => json!(names),
    };
    let attributes: serde_json::Map<String, Value> =
        partner.attributes.iter().map(|(name, attribute)| (name.clone(), value(attribute))).collect();
    let groups: Vec<Value> = partner.groups.iter().map(|id| json!({ "type": "Group", "id": id })).collect();
    let ClassKey { sensor, owner, kind, label, zones, periods, identified, placed, waited_us: _ } = class;
    let class = json!({ "sensor": sensor, "owner": owner, "kind": kind, "label": label, "zones": zones,
        "periods": periods, "identified": identified, "placed": placed });
    let all = json!([
        { "uid": { "type": "Partner", "id": partner.id }, "attrs": attributes, "parents": groups },
        { "uid": { "type": "DetectionClass", "id": "class" }, "attrs": class, "parents": [] },
    ]);
    let actions = schema.action_entities().expect("actions");
    actions.add_entities_from_json_str(&all.to_string(), None).expect("entities")
}

#[test]
fn cedar_says_the_same_with_all_rules_at_once() {
    let mut compared = [0, 0];
    for name in ["all-to-all", "by-region", "hub-and-spoke", "national-caveats"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/policies").join(name);
        let policy = Policy::read(&folder).expect("a policy");
        let schema = std::fs::read_to_string(folder.join("schema.cedarschema")).expect("a schema");
        let (schema, _) = Schema::from_cedarschema_str(&schema).expect("a schema");
        let rules = rules(&folder);
        let owners = ["oak", "elm", "east", "hub", "shore", "ice", "nobody"];
        let zones: [&[&str]; 4] = [&[], &["coast"], &["harbour"], &["cap", "coast"]];
        let mut classes = Vec::new();
        for owner in owners {
            for label in ["", "allies", "national", "other"] {
                classes.extend(zones.map(|zones| ClassKey { zones: set(zones), ..key("s", owner, label, &[]) }));
            }
        }
        let decisions = policy.decide(&classes, Some(0)).expect("decisions");
        let mut records = decisions.records();
        for class in &classes {
            for partner in policy.partners() {
                let entities = entities(partner, class, &schema);
                for level in policy.fuse_levels() {
                    let uid = |kind: &str, id: &str| format!("{kind}::\"{id}\"").parse::<EntityUid>().expect("a name");
                    let (who, what) = (uid("Partner", &partner.id), uid("DetectionClass", "class"));
                    let request = Request::new(who, uid("Action", &level.name), what, Context::empty(), None);
                    let response = Authorizer::new().is_authorized(&request.expect("a question"), &rules, &entities);
                    let reasons: BTreeSet<String> = response.diagnostics().reason().map(ToString::to_string).collect();
                    let allowed = response.decision() == Decision::Allow;
                    let record = records.next().expect("a record");
                    assert_eq!((&record.partner, &record.action), (&partner.id, &level.name));
                    assert_eq!(record.allowed, allowed, "{name}: {} {} {class}", partner.id, level.name);
                    assert_eq!(record.decided_by, reasons.into_iter().collect::<Vec<_>>(), "{name}: {class}");
                    compared[usize::from(allowed)] += 1;
                }
            }
        }
        assert!(records.next().is_none(), "{name}: more records than questions");
    }
    assert!(compared.iter().all(|count| *count > 300), "denied and allowed: {compared:?}");
}

/// Partners with rules of their own that do not apply ask what all ask: one question, however many they are.
#[test]
fn what_partners_ask_alike_is_asked_once() {
    let asked = |count: usize| {
        let mut rules = "@id(\"fuse\") permit (principal, action == Action::\"fuse_full\", resource);\n\
            @id(\"receive\") permit (principal, action == Action::\"receive_full\", resource);\n"
            .to_owned();
        let mut partners = String::new();
        for n in 0..count {
            writeln!(partners, "[[partner]]\nid = \"p{n}\"\nattributes = {{ rank = {n} }}").expect("text");
            let forbid = |name: &str, action: &str, when: &str| {
                format!(
                    "@id(\"{name}-{n}\") forbid (principal == Partner::\"p{n}\", action in Action::\"{action}\", resource) when {{ {when} }};\n"
                )
            };
            rules += &forbid("own", "fuse", &format!("resource.label == \"l{n}\""));
            rules += &forbid("own-tracks", "receive", &format!("resource.labels.contains(\"l{n}\")"));
        }
        let policy = policy(&[("partners.toml", &partners), ("rules.cedar", &rules)]);
        let all: Vec<usize> = (0..count).collect();
        assert_eq!(policy.alike(&all).expect("partners").0, all, "rules of their own tell them apart");
        let class = key("a", "red", "", &[]);
        let rights = FuseRights::new(&policy, &all, None).expect("partners");
        assert_eq!(rights.of_any([class.clone()]).expect("answers"), vec![true; count]);
        // One that its own rule holds back asks for itself, and about the next class again.
        let classes = [key("a", "red", "l0", &[]), class.clone()];
        assert_eq!(rights.of_any(classes).expect("answers"), vec![true; count]);
        let one = rights.of_any([key("a", "red", "l0", &[])]).expect("answers");
        assert_eq!(one, (0..count).map(|n| n > 0).collect::<Vec<_>>());
        let releases = Releases::new(&policy, None).expect("releases");
        let labels = set(&["l1"]);
        let decided = releases.of(&TrackClass { labels, ..TrackClass::default() }, &all).expect("releases");
        let received: Vec<bool> = decided.iter().map(|decided| decided.release.level.is_some()).collect();
        assert_eq!(received, (0..count).map(|n| n != 1).collect::<Vec<_>>());
        let decisions = policy.decide(&[class], None).expect("decisions");
        [decisions.evaluations(), rights.evaluations(), releases.evaluations()]
    };
    assert_eq!(asked(3), asked(60));
}
