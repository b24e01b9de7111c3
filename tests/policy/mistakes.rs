//! Every mistake in a policy's files has its message.

use crate::common::{FILES, PARTNERS, folder, key, number, policy, refused};
use std::collections::BTreeMap;
use std::path::Path;
use trackweave::policy::{Policy, PolicyError};
use trackweave::space::Frame;

/// File, what stands there, what is put instead, what the message must say.
const MISTAKES: &[(&str, &str, &str, &[&str])] = &[
    (
        "partners.toml",
        "id = \"blue\"",
        "id = \"blue\"\ncolour = 1",
        &["partners.toml:7: unknown field `colour`", "`id`"],
    ),
    ("partners.toml", "id = \"blue\"", "id = \"../blue\"", &["partners.toml:6: `id` is `../blue`, wanted 1 to 64"]),
    (
        "partners.toml",
        "id = \"blue\"",
        "id = \"RED\"",
        &["partners.toml:6: partner `RED` is there already, at", "partners.toml:3"],
    ),
    ("partners.toml", "{ rank = 1 }", "{ rank = 1.5 }", &["partners.toml:7: `rank` is `1.5`, wanted a string"]),
    (
        "partners.toml",
        "{ rank = 1 }",
        "{ rank = \"1\" }",
        &["partners.toml:6: partner `blue` does not fit schema.cedarschema", "rank"],
    ),
    ("partners.toml", "{ rank = 1 }", "{ }", &["partners.toml:6: partner `blue` does not fit", "`rank`"]),
    (
        "partners.toml",
        "{ rank = 1 }",
        "{ rank = 1, hat = true }",
        &["partners.toml:6: partner `blue` does not fit", "`hat`"],
    ),
    (
        "partners.toml",
        "id = \"blue\"",
        "id = \"blue\"\npublic_key = \"abc\"",
        &["partners.toml:7: `public_key` is `abc`, wanted 64"],
    ),
    ("partners.toml", "id = \"blue\"", "id = 3", &["partners.toml:6: invalid type: integer `3`, expected a string"]),
    ("partners.toml", "[[partner]]\nid = \"blue\"", "[[partner\nid = \"blue\"", &["partners.toml:5: "]),
    (
        "levels.toml",
        "\"fuse_some\"",
        "\"fuse_more\"",
        &["levels.toml:5: level `fuse_more` is no action of the schema in group `fuse`"],
    ),
    (
        "levels.toml",
        "\"fuse_some\"",
        "\"receive_full\"",
        &["levels.toml:5: level `receive_full` is no action of the schema in group `fuse`"],
    ),
    (
        "levels.toml",
        "\"fuse_some\"",
        "\"fuse_full\"",
        &["levels.toml:5: level `fuse_full` is there already, at", "levels.toml:3"],
    ),
    (
        "levels.toml",
        "[[fuse]]\nlevel = \"fuse_some\"\n",
        "",
        &["schema.cedarschema:12: action `fuse_some` of group `fuse` has no rank"],
    ),
    (
        "levels.toml",
        "\"fuse_some\"",
        "\"fuse_some\"\nomit = [\"existence\"]",
        &["levels.toml:6: unknown variant `existence`, expected one of `range_rate`, `height`, `velocity`"],
    ),
    ("levels.toml", "PT30S", "30 s", &["levels.toml:10: `delay` is `30 s`, wanted an ISO 8601 duration"]),
    (
        "levels.toml",
        "PT30S",
        "-PT30S",
        &["levels.toml:10: `delay` is `-PT30S`, wanted an ISO 8601 duration, not negative"],
    ),
    ("levels.toml", "500", "0", &["levels.toml:11: `coarsen_m` is `0`, wanted metres from 0.001 to 1000000"]),
    ("levels.toml", "500", "inf", &["levels.toml:11: `coarsen_m` is `inf`, wanted metres"]),
    ("levels.toml", "500", "2e6", &["levels.toml:11: `coarsen_m` is `2000000`, wanted metres from 0.001"]),
    (
        "levels.toml",
        "\"velocity\"",
        "\"height\"",
        &["levels.toml:12: unknown variant `height`, expected one of `velocity`, `covariance`"],
    ),
    ("levels.toml", "\"velocity\"", "\"speed\"", &["levels.toml:12: unknown variant `speed`", "`velocity`"]),
    ("levels.toml", "coarsen_m", "coarsen_km", &["levels.toml:11: unknown field `coarsen_km`"]),
    ("periods.toml", "end = 20", "end = 10", &["periods.toml:5: `end` is `10`, wanted a time after `start`"]),
    (
        "periods.toml",
        "end = 20",
        "end = 2018-08-01T05:30:00",
        &["periods.toml:5: `end` is `2018-08-01T05:30:00`, wanted an RFC 3339 time"],
    ),
    (
        "periods.toml",
        "\"long\"",
        "\"first\"",
        &["periods.toml:7: period `first` is there already, at", "periods.toml:3"],
    ),
    (
        "periods.toml",
        "[[period]]\nname = \"long\"",
        "[[perod]]\nname = \"long\"",
        &["periods.toml:6: unknown field `perod`"],
    ),
    (
        "zones.geojson",
        "\"east\"",
        "\"west\"",
        &["zones.geojson:4: zone `west` is there already, at", "zones.geojson:2"],
    ),
    (
        "zones.geojson",
        "{ \"name\": \"east\" }",
        "{ \"Name\": \"east\", \"fill\": 1 }",
        &["zones.geojson:4: found a feature without the property `name`, wanted it"],
    ),
    (
        "zones.geojson",
        "{ \"name\": \"east\" }",
        "{ \"name\": 7 }",
        &["zones.geojson:4: found the property `name` 7", "text"],
    ),
    (
        "zones.geojson",
        "[5,10],[0,10],[0,0]",
        "[5,10],[0,10]",
        &["zones.geojson:2: zone `west`: found a ring of 4 positions", "wanted at least 4"],
    ),
    ("zones.geojson", "[[0,0],[5,0]", "[[0],[5,0]", &["zones.geojson:3: ", "a position of two coordinates"]),
    ("zones.geojson", "[[0,0],[5,0]", "[[0,null],[5,0]", &["zones.geojson:3: ", "expected f64"]),
    (
        "zones.geojson",
        "\"Polygon\",\n    \"coordinates\": [[[0",
        "\"LineString\",\n    \"coordinates\": [[[0",
        &["zones.geojson:2: zone `west`: found lines, wanted a Polygon or a MultiPolygon"],
    ),
    ("schema.cedarschema", "rank: Long", "rank: Lnog", &["schema.cedarschema:2: ", "Lnog"]),
    (
        "schema.cedarschema",
        "identified: Bool",
        "identity: Bool",
        &["schema.cedarschema:3: entity `DetectionClass` does not fit", "attribute `identity`"],
    ),
    ("schema.cedarschema", "action receive;", "", &["schema.cedarschema:", "receive"]),
    (
        "schema.cedarschema",
        "action fuse;",
        "action fuse appliesTo { principal: Partner, resource: TrackClass };",
        &["schema.cedarschema:10: action `fuse` has `appliesTo`"],
    ),
    (
        "schema.cedarschema",
        "fuse_some in [fuse]",
        "fuse_some in [fuse, receive]",
        &["schema.cedarschema:12: action `fuse_some` is in both groups"],
    ),
    (
        "schema.cedarschema",
        "assign_identity appliesTo { principal: Partner, resource: TrackClass }",
        "assign_identity",
        &[
            "action `assign_identity` applies to [] and []",
            "wanted `appliesTo { principal: Partner, resource: TrackClass }`",
        ],
    ),
    ("schema.cedarschema", "entity Partner =", "external entity Member; entity Partner =", &["schema.cedarschema:2: "]),
    ("rules.cedar", "@id(\"coarse\")\n", "", &["rules.cedar:10: found a rule without `@id`"]),
    ("rules.cedar", "@id(\"coarse\")", "@id(\" \")", &["rules.cedar:10: found a rule without `@id`"]),
    (
        "rules.cedar",
        "@id(\"coarse\")",
        "@id(\"secret-stays\")",
        &["rules.cedar:10: rule `secret-stays` is there already, at", "rules.cedar:6"],
    ),
    (
        "rules.cedar",
        "permit (principal == Partner::\"red\"",
        "permit (principal == ?principal",
        &["rules.cedar:8: found a template"],
    ),
    (
        "rules.cedar",
        "resource.label ==",
        "resource.lable ==",
        &["rules.cedar:7: rule `secret-stays` is not valid", "lable"],
    ),
    (
        "rules.cedar",
        "resource.label ==",
        "resource.label >",
        &["rules.cedar:7: rule `secret-stays` is not valid", "Long"],
    ),
    (
        "rules.cedar",
        "when { resource.label == \"secret\" }",
        "when { false }",
        &["rules.cedar:6: rule `secret-stays` is not valid", "false"],
    ),
    ("rules.cedar", "principal has zone && ", "", &["rules.cedar:14: rule `identity-by-zone` is not valid", "zone"]),
    ("rules.cedar", "resource.label == \"secret\"", "resource.label = \"secret\"", &["rules.cedar:7: ", "="]),
    (
        "rules.cedar",
        "Partner::\"red\"",
        "Partner::\"rad\"",
        &["rules.cedar:8: rule `red-receives` names entity `Partner::\"rad\"`, wanted one of: Partner::\"blue\""],
    ),
    (
        "rules.cedar",
        "== \"confirmed\"",
        "== \"sure\"",
        &["rules.cedar:12: rule `identity-by-zone` names status `sure`, wanted one of: tentative, confirmed"],
    ),
    (
        "rules.cedar",
        "resource.label == \"secret\"",
        "resource.zones.contains(\"wst\")",
        &["rules.cedar:6: rule `secret-stays` names zone `wst`, wanted one of: east, west"],
    ),
    (
        "rules.cedar",
        "resource.label == \"secret\"",
        "[\"first\", \"lng\"].containsAny(resource.periods)",
        &["names period `lng`, wanted one of: first, long"],
    ),
    (
        "rules.cedar",
        "resource.label == \"secret\"",
        "\"rader\" == resource.kind",
        &["names kind `rader`, wanted one of: position, radar"],
    ),
    ("partners.toml", "\"west\"", "\"wst\"", &["rules.cedar:12: rule `identity-by-zone` names zone `wst`"]),
];

#[test]
fn every_mistake_is_an_error_that_names_its_place_and_what_was_wanted() {
    let base = BTreeMap::from(FILES);
    let mut unmet = Vec::new();
    for (file, there, instead, wanted) in MISTAKES {
        let text = base[file];
        assert!(text.contains(there), "`{there}` is in {file}");
        let folder = folder(&[(file, &text.replacen(there, instead, 1))]);
        let message = Policy::read(folder.path()).map_or_else(|error| error.to_string(), |_| "no complaint".to_owned());
        if !wanted.iter().all(|part| message.contains(part)) || message.contains('\n') {
            unmet.push(format!("{there:?} -> {instead:?}\n  found:  {message}\n  wanted: {wanted:?}"));
        }
    }
    assert!(unmet.is_empty(), "{} of {} messages differ\n{}", unmet.len(), MISTAKES.len(), unmet.join("\n"));
}

#[test]
fn a_file_that_is_missing_is_named_and_optional_files_may_be() {
    for name in ["schema.cedarschema", "partners.toml", "levels.toml", "rules.cedar"] {
        let folder = folder(&[]);
        std::fs::remove_file(folder.path().join(name)).expect("removed");
        let text = Policy::read(folder.path()).expect_err(name).to_string();
        assert!(
            if name == "rules.cedar" {
                text.ends_with("found no `*.cedar` file, wanted at least one")
            } else {
                text.contains(name)
            },
            "{text}"
        );
    }
    let folder = folder(&[]);
    for (name, text) in [
        ("zones.geojson", None),
        ("periods.toml", None),
        ("partners.toml", Some(PARTNERS.replace(", zone = \"west\"", ""))),
    ] {
        let path = folder.path().join(name);
        text.map_or_else(|| std::fs::remove_file(&path), |text| std::fs::write(&path, text)).expect("changed");
    }
    let policy = Policy::read(folder.path()).expect("a policy without zones and periods");
    let map = policy.zone_map(Frame::Geodetic).expect("no zones");
    assert_eq!((map.names().len(), map.zones_at([1.0, 1.0]).len(), policy.periods().periods_at(0).len()), (0, 0, 0));
    assert!(matches!(Policy::read(Path::new("no/such/folder")), Err(PolicyError::Unreadable { .. })));
}

#[test]
fn rules_in_two_files_are_one_policy_and_share_their_ids() {
    let more = "@id(\"green-too\")\npermit (principal == Partner::\"green\", action in Action::\"fuse\", resource);";
    let both = policy(&[("more.cedar", more)]);
    let decisions = both.decide(&[key("a", "red", "", &[])], None).expect("decisions");
    assert_eq!(decisions.level(0, number(&both, "green")), Some("fuse_full"));
    let text = refused(&[("more.cedar", more), ("third.cedar", more)]);
    assert!(
        text.contains("third.cedar:1: rule `green-too` is there already, at") && text.contains("more.cedar:1"),
        "{text}"
    );
}
