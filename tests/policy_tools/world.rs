//! A small recording, in which one object flies from the west to the east, and a policy to change.

use std::fmt::Write;
use std::path::PathBuf;
use tempfile::TempDir;

pub(crate) const SCHEMA: &str = concat!(
    "\nentity Partner = { rank: Long, zone?: String };\n",
    include_str!("../policy/classes.cedarschema"),
    r"action fuse;
action fuse_full in [fuse] appliesTo { principal: Partner, resource: DetectionClass };
action receive;
action receive_full, receive_coarse in [receive] appliesTo { principal: Partner, resource: TrackClass };
action task_sensor, see_authority appliesTo { principal: Partner, resource: TrackClass };
"
);

const PARTNERS: &str = r#"[[partner]]
id = "red"
attributes = { rank = 2, zone = "west" }
[[partner]]
id = "blue"
attributes = { rank = 1, zone = "east" }
"#;

pub(crate) const LEVELS: &str = r#"[[fuse]]
level = "fuse_full"
[[receive]]
level = "receive_full"
[[receive]]
level = "receive_coarse"
delay = "PT30S"
coarsen_m = 500
omit = ["velocity"]
[[authority]]
action = "task_sensor"
exclusive = true
"#;

pub(crate) const RULES: &str = r#"@id("ranked-fuse")
permit (principal, action == Action::"fuse_full", resource)
when { principal.rank >= 1 };
@id("secret-stays") forbid (principal, action in Action::"fuse", resource)
when { resource.label == "secret" } unless { principal == Partner::"red" && resource.owner == "red" };
@id("red-in-west")
permit (principal == Partner::"red", action == Action::"receive_full", resource) when { resource.zones.contains("west") };
@id("red-in-the-first-period")
permit (principal == Partner::"red", action == Action::"receive_full", resource) when { resource.periods.contains("first") };
@id("coarse")
permit (principal, action == Action::"receive_coarse", resource) when { principal.rank >= 1 };
@id("tasking") permit (principal, action == Action::"task_sensor", resource)
when { resource.status == "confirmed" && principal has zone && resource.zones.contains(principal.zone) };
@id("see") permit (principal, action == Action::"see_authority", resource)
when { principal == Partner::"red" && true };
"#;

/// West and east overlap from x = 450 to 550; beyond x = 900 there is no zone.
pub(crate) const ZONES: &str = r#"{ "type": "FeatureCollection", "features": [
  { "type": "Feature", "properties": { "name": "west" }, "geometry": { "type": "Polygon",
    "coordinates": [[[-100,-100],[550,-100],[550,100],[-100,100],[-100,-100]]] } },
  { "type": "Feature", "properties": { "name": "east" }, "geometry": { "type": "Polygon",
    "coordinates": [[[450,-100],[900,-100],[900,100],[450,100],[450,-100]]] } }
] }"#;

const PERIODS: &str = r#"[[period]]
name = "first"
start = 0
end = 20
"#;

pub(crate) const FILES: [(&str, &str); 6] = [
    ("schema.cedarschema", SCHEMA),
    ("partners.toml", PARTNERS),
    ("levels.toml", LEVELS),
    ("rules.cedar", RULES),
    ("zones.geojson", ZONES),
    ("periods.toml", PERIODS),
];

pub(crate) struct World(TempDir);

impl World {
    /// Detections, and those of them that are secret.
    pub(crate) const ROWS: u64 = 180;
    pub(crate) const SECRET: u64 = 60;

    /// The recording, and the policy with some files replaced or added.
    pub(crate) fn new(changed: &[(&str, &str)]) -> Self {
        let world = Self(tempfile::tempdir().expect("a folder"));
        std::fs::create_dir_all(world.policy()).expect("a folder");
        std::fs::create_dir_all(world.recording()).expect("a folder");
        for (name, text) in FILES.iter().chain(changed) {
            std::fs::write(world.policy().join(name), text).expect("a file");
        }
        let mut catalogue = "name = \"one\"\nframe = \"local\"\ntime = \"seconds\"\n".to_owned();
        for (name, owner) in [("mast", "red"), ("buoy", "blue"), ("tower", "blue")] {
            write!(
                catalogue,
                "[[sensor]]\nname = \"{name}\"\nowner = \"{owner}\"\nkind = \"position\"\n\
                 noise = {{ horizontal_m = 2.0 }}\ndetection_probability = 0.9\nclutter_per_scan = 0.0\n\
                 scan_period_s = 1.0\ncoverage = {{ x_m = [-100.0, 1300.0], y_m = [-100.0, 100.0] }}\n"
            )
            .expect("text");
        }
        let mut rows = "time,sensor,x_m,y_m,label\n".to_owned();
        for second in 0..60 {
            // 20 m/s along x; red's mast marks what it sees.
            for (offset, name, label) in [(0.0, "mast", "secret"), (0.2, "buoy", ""), (0.4, "tower", "")] {
                let time = f64::from(second) + offset;
                writeln!(rows, "{time},{name},{},0.0,{label}", 20.0 * time).expect("text");
            }
        }
        std::fs::write(world.recording().join("recording.toml"), catalogue).expect("a file");
        std::fs::write(world.recording().join("detections.csv"), rows).expect("a file");
        world
    }

    pub(crate) fn policy(&self) -> PathBuf {
        self.0.path().join("policy")
    }

    pub(crate) fn recording(&self) -> PathBuf {
        self.0.path().join("recording")
    }

    pub(crate) fn out(&self) -> PathBuf {
        self.0.path().join("out")
    }
}
