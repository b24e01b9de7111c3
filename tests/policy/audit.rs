//! What a partner's audit may name.

use crate::common::{RULES, ZONES, number, policy, set};

const SCHEMA_GAINS: (&str, &str) = ("zone?: String", "zone?: String, near?: Set<String>");

#[test]
fn a_name_is_told_as_what_a_rule_compares_it_with_and_as_nothing_else() {
    let rules = format!(
        "{RULES}
@id(\"a\") permit (principal == Partner::\"blue\", action == Action::\"fuse_full\", resource)
when {{ resource.zones.contains(\"east\") && resource.periods.contains(\"long\") && resource.sensor == \"mast\" }};
@id(\"b\") permit (principal == Partner::\"blue\", action == Action::\"receive_full\", resource)
when {{ resource.labels.containsAny([\"open\", \"shared\"]) || resource.zones.containsAny(principal.near) }};
@id(\"c\") permit (principal == Partner::\"green\", action == Action::\"fuse_full\", resource)
when {{ resource.label == \"third\" }};"
    )
    .replace("containsAny(principal.near)", "containsAny(if principal has near then principal.near else [\"west\"])");
    let schema = crate::common::SCHEMA.replace(SCHEMA_GAINS.0, SCHEMA_GAINS.1);
    let partners = crate::common::PARTNERS.replace("rank = 1", "rank = 1, near = [\"first\"]");
    let zones = ZONES.replace(
        "{ \"type\": \"Feature\", \"properties\": { \"name\": \"west\" }",
        "{ \"type\": \"Feature\", \"properties\": { \"name\": \"first\" }, \"geometry\": { \"type\": \"Polygon\",
          \"coordinates\": [[[0,0],[5,0],[5,10],[0,10],[0,0]]] } },
          { \"type\": \"Feature\", \"properties\": { \"name\": \"west\" }",
    );
    let files = [
        ("schema.cedarschema", schema.as_str()),
        ("partners.toml", &partners),
        ("zones.geojson", &zones),
        ("rules.cedar", &rules),
    ];
    let policy = policy(&files);
    let blue = policy.disclosure(number(&policy, "blue")).expect("blue");
    let told = |attribute, names: &[&str]| -> Vec<String> {
        blue.among(attribute, &set(names)).into_iter().map(str::to_owned).collect()
    };
    let all = ["blue", "east", "first", "long", "mast", "open", "red", "secret", "shared", "third", "west"];
    assert_eq!(told("zones", &all), ["east", "first", "west"]);
    assert_eq!(told("periods", &all), ["long"]);
    assert_eq!(told("sensor", &all), ["mast"]);
    assert_eq!(told("label", &all), ["open", "secret", "shared"]);
}

#[test]
fn a_rule_that_may_read_what_is_hidden_is_not_named_beside_it() {
    let when = [
        ("plain", "resource.zones.contains(\"west\")"),
        ("record", "{r: resource}.r.zones.contains(\"west\")"),
        ("branch", "(if true then resource else resource).zones.contains(\"west\")"),
        ("other", "resource.status == \"confirmed\""),
    ];
    let rules: Vec<String> = when
        .iter()
        .map(|(id, when)| {
            format!(
                "@id(\"{id}\") permit (principal, action == Action::\"receive_full\", resource) when {{ {when} }};\n"
            )
        })
        .collect();
    let policy = policy(&[("more.cedar", &rules.concat())]);
    let red = policy.disclosure(number(&policy, "red")).expect("red");
    let ids = when.map(|(id, _)| id.to_owned());
    assert_eq!(red.rules(&ids, &[]), ["plain", "record", "branch", "other"]);
    assert_eq!(red.rules(&ids, &["zones"]), ["other"]);
    assert_eq!(red.rules(&ids, &["labels"]), ["plain", "other"]);
    assert_eq!(red.rules(&["nobody-knows-it".to_owned()], &[]), [""; 0]);
    assert!(!red.names("zones", "red"), "its own id is no zone of its");
}
