//! A world as the files of a recording and of a policy.

use crate::world::{DELAY_S, Grant, LABELS, Level, OWNERS, PERIODS, SUBJECT, Sensor, World, Zone};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

impl World {
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
        write("policy/periods.toml", self.periods());
        write("policy/schema.cedarschema", self.schema());
        write("policy/levels.toml", self.levels());
        write("policy/partners.toml", self.partners());
        write("policy/rules.cedar", self.cedar());
    }

    fn catalogue(&self) -> String {
        let mut text = "name = \"random\"\nframe = \"local\"\ntime = \"seconds\"\n".to_owned();
        let (noise, height) = if self.heights {
            ("horizontal_m = 5.0, vertical_m = 5.0", ", height_m = [0.0, 200.0]")
        } else {
            ("horizontal_m = 5.0", "")
        };
        for sensor in &self.sensors {
            let Sensor { name, owner, period_s, clutter } = sensor;
            let owner = OWNERS[*owner];
            writeln!(
                text,
                "[[sensor]]\nname = \"{name}\"\nowner = \"{owner}\"\nkind = \"position\"\nnoise = {{ {noise} }}\n\
                 detection_probability = 0.9\nclutter_per_scan = {clutter:?}\nscan_period_s = {period_s:?}\n\
                 coverage = {{ x_m = [-200.0, 1300.0], y_m = [-200.0, 1300.0]{height} }}"
            )
            .expect("text");
        }
        text
    }

    fn detections(&self) -> String {
        let mut text = format!("time,sensor,x_m,y_m,{}label,identity\n", if self.heights { "z_m," } else { "" });
        for row in &self.rows {
            let (name, [x, y], label) = (&self.sensors[row.sensor].name, row.place, LABELS[row.label]);
            let height = if self.heights { format!("{},", row.height) } else { String::new() };
            let identity = if row.identified { "abc" } else { "" };
            writeln!(text, "{},{name},{x},{y},{height}{label},{identity}", row.time_s).expect("text");
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

    fn periods(&self) -> String {
        let more = if self.more { &[("more", 3, 4)][..] } else { &[] };
        let period = |(name, start, end): &(&str, i32, i32)| {
            format!("[[period]]\nname = \"{name}\"\nstart = {start}\nend = {end}\n")
        };
        PERIODS.iter().chain(more).map(period).collect()
    }

    fn schema(&self) -> String {
        let more = if self.more { ", receive_scant" } else { "" };
        format!(
            "entity Group;\nentity Partner in [Group];\n\
             entity DetectionClass = {{ sensor: String, owner: String, kind: String, label: String, \
             zones: Set<String>, periods: Set<String>, identified: Bool }};\n\
             entity TrackClass = {{ contributors: Set<String>, labels: Set<String>, zones: Set<String>, \
             periods: Set<String>, status: String }};\n\
             action fuse;\naction fuse_full, fuse_late, fuse_flat, fuse_coarse in [fuse] appliesTo {{ \
             principal: Partner, resource: DetectionClass }};\n\
             action receive;\naction receive_full, receive_coarse{more} in [receive] appliesTo {{ \
             principal: Partner, resource: TrackClass }};\n\
             action warn, see_authority appliesTo {{ principal: Partner, resource: TrackClass }};\n"
        )
    }

    fn levels(&self) -> String {
        let omit = if self.omits_height { "omit = [\"height\"]\n" } else { "" };
        let cell_m = self.cell_m;
        let more = if self.more { "[[receive]]\nlevel = \"receive_scant\"\ncoarsen_m = 900\n" } else { "" };
        format!(
            "[[fuse]]\nlevel = \"fuse_full\"\n[[fuse]]\nlevel = \"fuse_late\"\ndelay = \"PT{DELAY_S}S\"\n\
             [[fuse]]\nlevel = \"fuse_flat\"\n{omit}[[fuse]]\nlevel = \"fuse_coarse\"\ncoarsen_m = {cell_m}\n\
             [[receive]]\nlevel = \"receive_full\"\n{more}[[receive]]\nlevel = \"receive_coarse\"\ndelay = \"PT2S\"\n\
             coarsen_m = 50\nomit = [\"velocity\"]\n"
        )
    }

    fn partners(&self) -> String {
        let mut text = "[[group]]\nid = \"union\"\n[[group]]\nid = \"others\"\n".to_owned();
        if self.more {
            text += "[[group]]\nid = \"more\"\n";
        }
        for n in 0..self.grants.len() {
            let group = if n == 0 || self.together { "union" } else { "others" };
            writeln!(text, "[[partner]]\nid = \"{}\"\ngroups = [\"{group}\"]", id(n)).expect("text");
        }
        text
    }

    fn cedar(&self) -> String {
        let mut text = String::new();
        for (n, grants) in self.grants.iter().enumerate() {
            let who = id(n);
            for (k, grant) in grants.iter().enumerate() {
                // A rule for the group of the subject concerns it; one for the others' does not.
                let head = match (grant.by_group, n) {
                    (true, 0) => "principal in Group::\"union\"".to_owned(),
                    (true, _) => "principal in Group::\"others\"".to_owned(),
                    (false, _) => format!("principal == Partner::\"{who}\""),
                };
                let (level, when) = (level(grant.level), self.when(grant));
                writeln!(
                    text,
                    "@id(\"{who}-fuses-{k}\")\npermit ({head}, action == Action::\"{level}\", resource)\nwhen {{ {when} }};"
                )
                .expect("text");
            }
            let level = match n {
                0 if self.coarse => "receive_coarse",
                1 if self.more => "receive_scant",
                _ => "receive_full",
            };
            writeln!(
                text,
                "@id(\"{who}-receives\")\npermit (principal == Partner::\"{who}\", action == Action::\"{level}\", resource);"
            )
            .expect("text");
        }
        if self.sees_holders {
            writeln!(
                text,
                "@id(\"{SUBJECT}-sees-holders\")\npermit (principal == Partner::\"{SUBJECT}\", action == Action::\"see_authority\", \
                 resource)\nwhen {{ resource.status == \"confirmed\" }};"
            )
            .expect("text");
        }
        let (owner, label) = (OWNERS[self.forbidden.0], LABELS[self.forbidden.1]);
        writeln!(
            text,
            "@id(\"forbidden\")\nforbid (principal, action in Action::\"fuse\", resource)\n\
             when {{ principal == Partner::\"{SUBJECT}\" && resource.owner == \"{owner}\" && resource.label == \"{label}\" }};\n\
             @id(\"west-warns\")\npermit (principal in Group::\"union\", action == Action::\"warn\", resource)\n\
             when {{ resource.zones.contains(\"west\") && !resource.labels.contains(\"red\") }};"
        )
        .expect("text");
        text
    }

    fn when(&self, grant: &Grant) -> String {
        let names = |set: &BTreeSet<usize>, names: &[&str]| {
            set.iter().map(|k| format!("\"{}\"", names[*k])).collect::<Vec<_>>().join(", ")
        };
        let (owners, labels) = (names(&grant.owners, &OWNERS), names(&grant.labels, &LABELS));
        let mut when = format!("[{owners}].contains(resource.owner) && [{labels}].contains(resource.label)");
        if let Some(zone) = grant.zone {
            write!(when, " && resource.zones.contains(\"{}\")", self.zones[zone].name).expect("text");
        }
        if let Some(period) = grant.period {
            write!(when, " && resource.periods.contains(\"{}\")", PERIODS[period].0).expect("text");
        }
        if grant.identified_only {
            when += " && resource.identified";
        }
        when
    }
}

fn level(level: Level) -> &'static str {
    match level {
        Level::Full => "fuse_full",
        Level::Late => "fuse_late",
        Level::Flat => "fuse_flat",
        Level::Coarse => "fuse_coarse",
    }
}

fn id(partner: usize) -> String {
    if partner == 0 { SUBJECT.to_owned() } else { format!("other-{partner}") }
}
