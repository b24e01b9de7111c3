//! Random recordings and policies, and changes to what one partner may not see.

use proptest::prelude::*;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

/// The partner whose folder must not change.
pub(crate) const SUBJECT: &str = "subject";
pub(crate) const OWNERS: [&str; 3] = ["ash", "beech", "cypress"];
const LABELS: [&str; 3] = ["", "blue", "red"];

/// A rectangle with a name.
#[derive(Clone, Debug)]
pub(crate) struct Zone {
    pub(crate) name: String,
    pub(crate) low: [f64; 2],
    pub(crate) high: [f64; 2],
}

/// A sensor of positions in the plane.
#[derive(Clone, Debug)]
pub(crate) struct Sensor {
    pub(crate) name: String,
    pub(crate) owner: usize,
    pub(crate) period_s: f64,
    pub(crate) clutter: f64,
}

/// One row of a recording.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) time_s: f64,
    pub(crate) sensor: usize,
    pub(crate) place: [f64; 2],
    pub(crate) label: usize,
}

/// What a partner may have fused, or receive.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) owners: BTreeSet<usize>,
    pub(crate) labels: BTreeSet<usize>,
    /// Index of the zone that it is limited to.
    pub(crate) zone: Option<usize>,
}

/// A recording and a policy.
#[derive(Clone, Debug)]
pub(crate) struct World {
    pub(crate) zones: Vec<Zone>,
    pub(crate) sensors: Vec<Sensor>,
    pub(crate) rows: Vec<Row>,
    /// The subject's rule, then those of others.
    pub(crate) rules: Vec<Rule>,
    /// Whether the subject receives coarse and late.
    pub(crate) coarse: bool,
}

/// A change to what the subject may not see.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    DeleteHidden,
    MoveHidden([f64; 2]),
    DelayHidden(f64),
    RelabelHidden,
    AddHidden(Vec<([f64; 2], f64)>),
    AddSensor { place: [f64; 2], period_s: f64, first: bool },
    DropHiddenSensors,
    AddZone([f64; 2]),
    AddPartner,
    DropOthers,
    ShuffleSensors,
}

pub(crate) fn worlds() -> impl Strategy<Value = World> {
    let rule = (
        proptest::collection::btree_set(0..OWNERS.len(), 0..3),
        proptest::collection::btree_set(0..LABELS.len(), 1..4),
        proptest::option::of(0usize..2),
    )
        .prop_map(|(owners, labels, zone)| Rule { owners, labels, zone });
    let sensor = (0..OWNERS.len(), prop_oneof![Just(1.0), Just(2.0), Just(1.5)], 0.1..2.0f64);
    let target = ([100.0..900.0f64, 100.0..900.0f64], [-30.0..30.0f64, -30.0..30.0f64]);
    (
        proptest::collection::vec(rule, 2..4),
        proptest::collection::vec(sensor, 2..5),
        proptest::collection::vec(target, 1..6),
        any::<u64>(),
        any::<bool>(),
    )
        .prop_map(|(rules, sensors, targets, seed, coarse)| {
            let sensors: Vec<Sensor> = sensors
                .into_iter()
                .enumerate()
                .map(|(n, (owner, period_s, clutter))| Sensor { name: format!("s{n}"), owner, period_s, clutter })
                .collect();
            let rows = rows(&sensors, &targets, seed);
            let zone = |name: &str, low, high| Zone { name: name.to_owned(), low, high };
            let zones = vec![zone("west", [0.0, 0.0], [500.0, 1000.0]), zone("north", [0.0, 500.0], [1000.0, 1000.0])];
            World { zones, sensors, rows, rules, coarse }
        })
}

pub(crate) fn changes() -> impl Strategy<Value = Change> {
    let place = [0.0..1000.0f64, 0.0..1000.0f64];
    prop_oneof![
        Just(Change::DeleteHidden),
        [-80.0..80.0f64, -80.0..80.0f64].prop_map(Change::MoveHidden),
        (0.0..3.0f64).prop_map(Change::DelayHidden),
        Just(Change::RelabelHidden),
        proptest::collection::vec((place.clone(), 0.0..12.0f64), 1..60).prop_map(Change::AddHidden),
        (place.clone(), 0.3..4.0f64, any::<bool>()).prop_map(|(place, period_s, first)| Change::AddSensor {
            place,
            period_s,
            first
        }),
        Just(Change::DropHiddenSensors),
        place.prop_map(Change::AddZone),
        Just(Change::AddPartner),
        Just(Change::DropOthers),
        Just(Change::ShuffleSensors),
    ]
}

/// Targets in straight lines, seen by every sensor once a period, with a little noise and clutter.
fn rows(sensors: &[Sensor], targets: &[([f64; 2], [f64; 2])], seed: u64) -> Vec<Row> {
    let mut state = seed | 1;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as f64 / (1u64 << 31) as f64
    };
    let mut rows = Vec::new();
    for (index, sensor) in sensors.iter().enumerate() {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a few looks")]
        let looks = (12.0 / sensor.period_s) as u32;
        for look in 0..looks {
            let start = f64::from(look) * sensor.period_s;
            for (n, (place, velocity)) in targets.iter().enumerate() {
                if random() < 0.15 {
                    continue;
                }
                let time_s = start + random() * 0.3 * sensor.period_s;
                let at = [0, 1].map(|k| place[k] + time_s * velocity[k] + 8.0 * (random() + random() - 1.0));
                rows.push(Row { time_s, sensor: index, place: at, label: (n + index) % LABELS.len() });
            }
            if random() < 0.5 {
                let place = [random() * 1000.0, random() * 1000.0];
                rows.push(Row { time_s: start + 0.1, sensor: index, place, label: 0 });
            }
        }
    }
    rows.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
    rows
}

impl World {
    /// Whether the subject may have a row fused.
    fn sees(&self, row: &Row) -> bool {
        let Some(rule) = self.rules.first() else { return false };
        let inside = rule.zone.is_none_or(|zone| self.zones[zone].holds(row.place));
        rule.owners.contains(&self.sensors[row.sensor].owner) && rule.labels.contains(&row.label) && inside
    }

    /// How many rows the subject may have fused, and how many not.
    pub(crate) fn seen_and_hidden(&self) -> (usize, usize) {
        let seen = self.rows.iter().filter(|row| self.sees(row)).count();
        (seen, self.rows.len() - seen)
    }

    /// The same world to the subject, another one to others.
    pub(crate) fn changed(&self, change: &Change) -> Self {
        let mut to = self.clone();
        let hidden: Vec<bool> = self.rows.iter().map(|row| !self.sees(row)).collect();
        match change {
            Change::DeleteHidden => to.rows = self.rows.iter().filter(|row| self.sees(row)).cloned().collect(),
            Change::MoveHidden(by) => to.edit(&hidden, self, |row| row.place = [0, 1].map(|k| row.place[k] + by[k])),
            Change::DelayHidden(by) => to.edit(&hidden, self, |row| row.time_s += by),
            Change::RelabelHidden => to.edit(&hidden, self, |row| row.label = (row.label + 1) % LABELS.len()),
            Change::AddHidden(extra) => {
                for &(place, time_s) in extra {
                    for sensor in 0..self.sensors.len() {
                        let row = Row { time_s, sensor, place, label: 2 };
                        if !self.sees(&row) {
                            to.rows.push(row);
                        }
                    }
                }
            }
            Change::AddSensor { place, period_s, first } => {
                to.add_sensor(*place, *period_s, if *first { 0 } else { to.sensors.len() });
            }
            Change::DropHiddenSensors => to.drop_sensors(self),
            Change::AddZone(low) => {
                to.zones.push(Zone { name: "also".to_owned(), low: *low, high: low.map(|x| x + 300.0) });
            }
            Change::AddPartner => to.rules.push(Rule {
                owners: (0..OWNERS.len()).collect(),
                labels: (0..LABELS.len()).collect(),
                zone: None,
            }),
            Change::DropOthers => to.rules.truncate(1),
            Change::ShuffleSensors => {
                let last = self.sensors.len() - 1;
                to.sensors.reverse();
                to.rows.iter_mut().for_each(|row| row.sensor = last - row.sensor);
            }
        }
        to.rows.sort_by(|a, b| a.time_s.total_cmp(&b.time_s));
        to
    }

    /// Edits hidden rows; an edit that would show a row to the subject is not made.
    fn edit(&mut self, hidden: &[bool], world: &Self, edit: impl Fn(&mut Row)) {
        for (row, _) in self.rows.iter_mut().zip(hidden).filter(|(_, hidden)| **hidden) {
            let mut edited = row.clone();
            edit(&mut edited);
            if !world.sees(&edited) {
                *row = edited;
            }
        }
    }

    /// A sensor of an owner that the subject has no right to, busy and full of clutter.
    fn add_sensor(&mut self, place: [f64; 2], period_s: f64, index: usize) {
        let granted = self.rules.first().map(|rule| rule.owners.clone()).unwrap_or_default();
        let Some(owner) = (0..OWNERS.len()).find(|owner| !granted.contains(owner)) else { return };
        let sensor = Sensor { name: if index == 0 { "a0" } else { "z9" }.to_owned(), owner, period_s, clutter: 9.0 };
        for row in self.rows.iter_mut().filter(|row| row.sensor >= index) {
            row.sensor += 1;
        }
        self.sensors.insert(index, sensor);
        for k in 0..40u32 {
            let time_s = f64::from(k) * 0.29;
            self.rows.push(Row { time_s, sensor: index, place: place.map(|x| x + f64::from(k)), label: 1 });
        }
    }

    /// Removes the sensors of which the subject sees nothing.
    fn drop_sensors(&mut self, world: &Self) {
        let used: Vec<bool> = (0..world.sensors.len())
            .map(|sensor| world.rows.iter().any(|row| row.sensor == sensor && world.sees(row)))
            .collect();
        // A recording without any sensor is none.
        if !used.contains(&true) {
            return;
        }
        let place = |sensor: usize| used[..sensor].iter().filter(|used| **used).count();
        self.rows.retain(|row| used[row.sensor]);
        self.rows.iter_mut().for_each(|row| row.sensor = place(row.sensor));
        let mut used = used.iter();
        self.sensors.retain(|_| *used.next().expect("one a sensor"));
    }

    /// Writes both folders.
    pub(crate) fn write(&self, folder: &Path) {
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
            std::fs::write(path, text).expect("a file is written");
        };
        write("recording/recording.toml", self.catalogue());
        write("recording/detections.csv", self.detections());
        write("policy/zones.geojson", self.zones());
        write("policy/schema.cedarschema", include_str!("../../data/demo/policy/schema.cedarschema").to_owned());
        write("policy/levels.toml", include_str!("../../data/demo/policy/levels.toml").replace("PT5M", "PT2S"));
        let ids = (0..self.rules.len()).map(|n| format!("[[partner]]\nid = \"{}\"\n", id(n)));
        write("policy/partners.toml", ids.collect());
        write("policy/rules.cedar", self.cedar());
    }

    fn catalogue(&self) -> String {
        let mut text = "name = \"random\"\nframe = \"local\"\ntime = \"seconds\"\n".to_owned();
        for sensor in &self.sensors {
            let Sensor { name, owner, period_s, clutter } = sensor;
            let owner = OWNERS[*owner];
            writeln!(
                text,
                "[[sensor]]\nname = \"{name}\"\nowner = \"{owner}\"\nkind = \"position\"\nnoise = {{ horizontal_m = 5.0 }}\n\
                 detection_probability = 0.9\nclutter_per_scan = {clutter:?}\nscan_period_s = {period_s:?}\n\
                 coverage = {{ x_m = [-200.0, 1300.0], y_m = [-200.0, 1300.0] }}"
            )
            .expect("text");
        }
        text
    }

    fn detections(&self) -> String {
        let mut text = "time,sensor,x_m,y_m,label\n".to_owned();
        for row in &self.rows {
            let (name, [x, y], label) = (&self.sensors[row.sensor].name, row.place, LABELS[row.label]);
            writeln!(text, "{},{name},{x},{y},{label}", row.time_s).expect("text");
        }
        text
    }

    fn zones(&self) -> String {
        let features: Vec<String> = self
            .zones
            .iter()
            .map(|Zone { name, low: [a, b], high: [c, d] }| {
                format!(
                    r#"{{"type":"Feature","properties":{{"name":"{name}"}},"geometry":{{"type":"Polygon","coordinates":[[[{a},{b}],[{c},{b}],[{c},{d}],[{a},{d}],[{a},{b}]]]}}}}"#
                )
            })
            .collect();
        format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
    }

    fn cedar(&self) -> String {
        let mut text = String::new();
        for (n, rule) in self.rules.iter().enumerate() {
            let who = id(n);
            let names = |set: &BTreeSet<usize>, names: &[&str]| {
                set.iter().map(|k| format!("\"{}\"", names[*k])).collect::<Vec<_>>().join(", ")
            };
            let zone = rule
                .zone
                .map_or(String::new(), |zone| format!(" && resource.zones.contains(\"{}\")", self.zones[zone].name));
            let labels = names(&rule.labels, &LABELS);
            // Cedar has no type for an empty set: a partner that may see no owner has no rule.
            if !rule.owners.is_empty() {
                let owners = names(&rule.owners, &OWNERS);
                writeln!(
                    text,
                    "@id(\"{who}-fuses\")\npermit (principal == Partner::\"{who}\", action == Action::\"fuse_full\", \
                     resource)\nwhen {{ [{owners}].contains(resource.owner) && [{labels}].contains(resource.label){zone} }};"
                )
                .expect("text");
            }
            let level = if n == 0 && self.coarse { "receive_coarse" } else { "receive_full" };
            writeln!(
                text,
                "@id(\"{who}-receives\")\npermit (principal == Partner::\"{who}\", action == Action::\"{level}\", resource);"
            )
            .expect("text");
        }
        text
    }
}

impl Zone {
    fn holds(&self, place: [f64; 2]) -> bool {
        (0..2).all(|k| (self.low[k]..=self.high[k]).contains(&place[k]))
    }
}

fn id(partner: usize) -> String {
    if partner == 0 { SUBJECT.to_owned() } else { format!("other-{partner}") }
}
