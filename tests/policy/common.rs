//! A small policy to change, and detections built by hand.

use std::collections::BTreeSet;
use tempfile::TempDir;
use trackweave::ingest::{Catalogue, Detections, Dialects, TimeScale};
use trackweave::policy::{ClassKey, Policy};
use trackweave::sensor::{Altitudes, Coverage, Kind, Looks, Noise, Sensor};
use trackweave::space::Frame;

pub(crate) const SCHEMA: &str = concat!(
    "\nentity Partner = { rank: Long, zone?: String };\n",
    include_str!("classes.cedarschema"),
    r"action fuse;
action fuse_full in [fuse] appliesTo { principal: Partner, resource: DetectionClass };
action fuse_some in [fuse] appliesTo { principal: Partner, resource: DetectionClass };
action receive;
action receive_full in [receive] appliesTo { principal: Partner, resource: TrackClass };
action receive_coarse in [receive] appliesTo { principal: Partner, resource: TrackClass };
action assign_identity appliesTo { principal: Partner, resource: TrackClass };
"
);

pub(crate) const PARTNERS: &str = r#"
[[partner]]
id = "red"
attributes = { rank = 2, zone = "west" }
[[partner]]
id = "blue"
attributes = { rank = 1 }
[[partner]]
id = "green"
attributes = { rank = 0 }
"#;

pub(crate) const LEVELS: &str = r#"
[[fuse]]
level = "fuse_full"
[[fuse]]
level = "fuse_some"
[[receive]]
level = "receive_full"
[[receive]]
level = "receive_coarse"
delay = "PT30S"
coarsen_m = 500
omit = ["velocity"]
"#;

pub(crate) const RULES: &str = r#"// The rules of the tests.
@id("ranked-fuse-all")
permit (principal, action == Action::"fuse_full", resource) when { principal.rank >= 1 };
@id("ranked-fuse-some")
permit (principal, action == Action::"fuse_some", resource) when { principal.rank >= 1 };
@id("secret-stays")
forbid (principal, action in Action::"fuse", resource) when { resource.label == "secret" };
@id("red-receives")
permit (principal == Partner::"red", action == Action::"receive_full", resource);
@id("coarse")
permit (principal, action == Action::"receive_coarse", resource) when { principal.rank >= 1 };
@id("identity-by-zone")
permit (principal, action == Action::"assign_identity", resource)
when { principal has zone && resource.zones.contains(principal.zone) && resource.status == "confirmed" };
"#;

pub(crate) const ZONES: &str = r#"{ "type": "FeatureCollection", "features": [
  { "type": "Feature", "properties": { "name": "west" }, "geometry": { "type": "Polygon",
    "coordinates": [[[0,0],[5,0],[5,10],[0,10],[0,0]]] } },
  { "type": "Feature", "properties": { "name": "east" }, "geometry": { "type": "Polygon",
    "coordinates": [[[5,0],[10,0],[10,10],[5,10],[5,0]], [[7,4],[8,4],[8,5],[7,5],[7,4]]] } }
] }"#;

pub(crate) const PERIODS: &str = r#"
[[period]]
name = "first"
start = 10
end = 20
[[period]]
name = "long"
start = 15.5
end = 100
"#;

pub(crate) const FILES: [(&str, &str); 6] = [
    ("schema.cedarschema", SCHEMA),
    ("partners.toml", PARTNERS),
    ("levels.toml", LEVELS),
    ("rules.cedar", RULES),
    ("zones.geojson", ZONES),
    ("periods.toml", PERIODS),
];

/// Writes the policy of the tests with some files replaced or added.
pub(crate) fn folder(changed: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, text) in FILES.iter().chain(changed) {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

pub(crate) fn policy(changed: &[(&str, &str)]) -> Policy {
    Policy::read(folder(changed).path()).expect("a policy")
}

pub(crate) fn refused(changed: &[(&str, &str)]) -> String {
    Policy::read(folder(changed).path()).expect_err("a policy with a mistake").to_string()
}

pub(crate) fn number(policy: &Policy, id: &str) -> usize {
    policy.partners().iter().position(|partner| partner.id == id).expect("a partner")
}

pub(crate) fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

pub(crate) fn key(sensor: &str, owner: &str, label: &str, zones: &[&str]) -> ClassKey {
    let [sensor, owner, kind, label] = [sensor, owner, "position", label].map(str::to_owned);
    ClassKey {
        sensor,
        owner,
        kind,
        label,
        zones: set(zones),
        periods: set(&[]),
        identified: false,
        placed: true,
        waited_us: Some(0),
    }
}

pub(crate) fn catalogue(frame: Frame, sensors: &[(&str, &str)]) -> Catalogue {
    let sensor = |(name, owner): &(&str, &str)| Sensor {
        name: (*name).to_owned(),
        owner: (*owner).to_owned(),
        kind: Kind::Position,
        noise: Noise::default(),
        detection_probability: 0.9,
        clutter_per_scan: 0.0,
        looks: Looks::Periodic { period_us: 1_000_000 },
        coverage: Coverage::Box { min: [0.0; 2], max: [10.0; 2], height_m: None },
        offsets: trackweave::sensor::Offsets::default(),
        altitudes: Altitudes::default(),
        view: None,
    };
    Catalogue {
        name: "test".to_owned(),
        frame,
        time: TimeScale::Seconds,
        dialects: Dialects::default(),
        sensors: sensors.iter().map(sensor).collect(),
        imports: Vec::new(),
    }
}

/// One detection: time in seconds, sensor, place, label, identified.
pub(crate) type Row = (i64, u32, [f64; 2], &'static str, bool);

/// The columns that a policy looks at.
pub(crate) fn detections(rows: &[Row]) -> Detections {
    let mut batch = Detections { labels: vec![String::new()], ..Detections::default() };
    for &(seconds, sensor, place, label, identified) in rows {
        let known = batch.labels.iter().position(|known| known == label);
        let label = known.unwrap_or_else(|| {
            batch.labels.push(label.to_owned());
            batch.labels.len() - 1
        });
        batch.time_us.push(seconds * 1_000_000);
        batch.sensor.push(sensor);
        batch.horizontal.push(place);
        batch.label.push(u32::try_from(label).expect("few labels"));
        batch.identified.push(identified);
    }
    batch
}
