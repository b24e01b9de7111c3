//! A world as the folders of a recording and of a policy.

use super::place::{Frame, Zone};
use super::rules::Rule;
use super::{Height, Level, Partner, Random, Row, Sensor, World};
use std::fmt::Write as _;
use std::path::Path;

/// Where instants begin: a multiple of every period.
const EPOCH_US: i64 = 1_533_100_800_000_000;

impl Sensor {
    /// Whether its looks are in a table.
    fn is_listed(&self) -> bool {
        self.period_us == 3_300_000
    }

    /// When a sensor looks that lists its looks: with a pause after each.
    fn looks_us(&self) -> impl Iterator<Item = [i64; 2]> {
        (-10..30).map(|k| [k * self.period_us, k * self.period_us + self.period_us / 10 * 9])
    }

    /// Whether it reports when it likes.
    fn reports(&self) -> bool {
        self.site.is_none() && self.period_us == 700_000
    }
}

impl World {
    /// Writes both folders.
    pub(crate) fn write(&self, folder: &Path) {
        for name in ["recording", "policy"] {
            std::fs::create_dir_all(folder.join(name)).expect("a folder is made");
        }
        let write = |name: &str, text: String| std::fs::write(folder.join(name), text).expect("a file is written");
        write("recording/recording.toml", self.catalogue());
        self.write_rows(&folder.join("recording"));
        if self.sensors.iter().any(Sensor::is_listed) {
            write("recording/looks.csv", self.looks());
        }
        if self.layout.truth && self.frame == Frame::Local {
            let time = |second: i64| self.time(second * 1_000_000);
            write("recording/truth.csv", format!("time,object,x_m,y_m\n{},a,1,2\n{},a,3,4\n", time(0), time(1)));
        }
        write("policy/zones.geojson", self.zones_file());
        write("policy/periods.toml", self.periods_file());
        write("policy/schema.cedarschema", self.schema());
        write("policy/levels.toml", self.levels());
        write("policy/partners.toml", self.partners_file());
        write("policy/rules.cedar", self.mixed(&self.rules).into_iter().map(Rule::cedar).collect());
    }

    /// The time of the run as it is asked for.
    pub(crate) fn as_of_us(&self) -> Option<i64> {
        Some(self.as_of_us? + self.epoch_us())
    }

    pub(super) fn epoch_us(&self) -> i64 {
        if self.stamped { EPOCH_US } else { 0 }
    }

    /// A time as the files have it.
    pub(super) fn time(&self, us: i64) -> String {
        if self.stamped { trackweave::time::format_timestamp(us + EPOCH_US) } else { seconds(us) }
    }

    /// In the order of the layout.
    fn mixed<'a, T>(&self, items: &'a [T]) -> Vec<&'a T> {
        let mut mixed: Vec<&T> = items.iter().collect();
        Random::from_seed(self.layout.order).shuffle(&mut mixed);
        mixed
    }

    fn catalogue(&self) -> String {
        let frame = if self.frame == Frame::Local { "local" } else { "geodetic" };
        let time = if self.stamped { "timestamp" } else { "seconds" };
        let mut text = format!("name = {:?}\nframe = \"{frame}\"\ntime = \"{time}\"\n", self.layout.name);
        for sensor in &self.sensors {
            let Sensor { name, owner, period_us, probability, clutter, .. } = sensor;
            let (kind, seeing) = self.seeing(sensor);
            let period_s = seconds(*period_us);
            let looks = if sensor.is_listed() {
                "looks = \"listed\"".to_owned()
            } else if sensor.reports() {
                format!("looks = \"reports\"\nexpected_interval_s = {period_s}")
            } else {
                format!("scan_period_s = {period_s}")
            };
            writeln!(
                text,
                "[[sensor]]\nname = {name:?}\nowner = {owner:?}\nkind = \"{kind}\"\n{seeing}\n\
                 detection_probability = {probability:?}\nclutter_per_scan = {clutter:?}\n{looks}"
            )
            .expect("text");
        }
        text
    }

    /// The looks of sensors that list theirs.
    fn looks(&self) -> String {
        let mut text = "sensor,start,end\n".to_owned();
        for sensor in self.sensors.iter().filter(|sensor| sensor.is_listed()) {
            for [start_us, end_us] in sensor.looks_us() {
                writeln!(text, "{:?},{},{}", sensor.name, self.time(start_us), self.time(end_us)).expect("text");
            }
        }
        text
    }

    /// Whether the sensor of a row looked at its time.
    pub(super) fn looked(&self, row: &Row) -> bool {
        let sensor = &self.sensors[row.sensor];
        let holds = |[start_us, end_us]: [i64; 2]| (start_us..=end_us).contains(&row.time_us);
        !sensor.is_listed() || sensor.looks_us().any(holds)
    }

    /// The kind of a sensor; its site, noise and coverage.
    fn seeing(&self, sensor: &Sensor) -> (&'static str, String) {
        let (noise, reach) = (sensor.noise_m, sensor.reach_m);
        let tall = sensor.height != Height::Unknown;
        let local = self.frame == Frame::Local;
        let layer = match (tall, sensor.site) {
            (true, _) if sensor.layer => ", height_m = [-100.0, 2000.0]",
            // What it sees is on the ground, where the zones say that it is.
            (false, Some(_)) if !local => ", height_m = [-1.0, 1.0]",
            _ => "",
        };
        let Some([x, y, z]) = sensor.site else {
            let vertical = if tall || !local { format!(", vertical_m = {noise:?}") } else { String::new() };
            let ([west, south], [east, north]) =
                (self.frame.plane([500.0 - reach; 2]), self.frame.plane([500.0 + reach; 2]));
            let (x, y) = if local { ("x_m", "y_m") } else { ("longitude_deg", "latitude_deg") };
            let coverage = format!("{{ {x} = [{west:?}, {east:?}], {y} = [{south:?}, {north:?}]{layer} }}");
            return ("position", format!("noise = {{ horizontal_m = {noise:?}{vertical} }}\ncoverage = {coverage}"));
        };
        let [a, b] = self.frame.plane([x, y]);
        let site = if local {
            format!("{{ x_m = {a:?}, y_m = {b:?}, z_m = {z:?} }}")
        } else {
            format!("{{ latitude_deg = {b:?}, longitude_deg = {a:?}, altitude_m = {z:?} }}")
        };
        let mut noise = format!("range_m = {noise:?}, azimuth_deg = 0.3");
        match sensor.height {
            Height::Unknown => {}
            Height::Known => noise += ", elevation_deg = 0.5",
            Height::Altitude => noise += ", vertical_m = 9.0",
        }
        if sensor.rates {
            noise += ", range_rate_m_s = 2.0";
        }
        let farthest = 1.2 * reach;
        let coverage = format!("{{ range_m = [1.0, {farthest:?}]{layer} }}");
        ("radar", format!("site = {site}\nnoise = {{ {noise} }}\ncoverage = {coverage}"))
    }

    fn zones_file(&self) -> String {
        let feature = |zone: &Zone| {
            let ring = zone.corners.iter().chain(zone.corners.first());
            let ring: Vec<String> =
                ring.map(|corner| self.frame.plane(*corner)).map(|[x, y]| format!("[{x:?},{y:?}]")).collect();
            format!(
                r#"{{"type":"Feature","properties":{{"name":{:?}}},"geometry":{{"type":"Polygon","coordinates":[[{}]]}}}}"#,
                zone.name,
                ring.join(",")
            )
        };
        let features: Vec<String> = self.mixed(&self.zones).into_iter().map(feature).collect();
        format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, features.join(","))
    }

    fn periods_file(&self) -> String {
        let quote = if self.stamped { "\"" } else { "" };
        let time = |us: i64| format!("{quote}{}{quote}", self.time(us));
        let mut text = String::new();
        for period in self.mixed(&self.periods) {
            let (start, end) = (time(period.start_us), time(period.end_us));
            writeln!(text, "[[period]]\nname = {:?}\nstart = {start}\nend = {end}", period.name).expect("text");
        }
        text
    }

    fn schema(&self) -> String {
        let placed = if self.placed { ", placed: Bool" } else { "" };
        let names = |levels: &[Level]| levels.iter().map(|level| level.name.clone()).collect::<Vec<_>>().join(", ");
        let acts: Vec<&str> = self.acts.iter().map(|(act, _)| act.as_str()).collect();
        let to = |resource: &str| {
            format!("appliesTo {{ principal: Partner, resource: {resource}, context: {{ as_of?: datetime }} }};\n")
        };
        format!(
            "entity Group;\nentity Partner in [Group] = {{ clearance: Long, trusted: Bool, home: String, \
             area?: String, nations?: Set<String> }};\n\
             entity DetectionClass = {{ sensor: String, owner: String, kind: String, label: String, \
             zones: Set<String>, periods: Set<String>, identified: Bool{placed} }};\n\
             entity TrackClass = {{ contributors: Set<String>, labels: Set<String>, zones: Set<String>, \
             periods: Set<String>, status: String }};\n\
             action fuse;\naction {} in [fuse] {}action receive;\naction {} in [receive] {}action {} {}",
            names(&self.fuse),
            to("DetectionClass"),
            names(&self.receive),
            to("TrackClass"),
            acts.join(", "),
            to("TrackClass")
        )
    }

    fn levels(&self) -> String {
        let mut text = String::new();
        for (group, levels) in [("fuse", &self.fuse), ("receive", &self.receive)] {
            for Level { name, delay_us, cell_m, omit } in levels {
                writeln!(text, "[[{group}]]\nlevel = {name:?}").expect("text");
                if *delay_us > 0 {
                    writeln!(text, "delay = \"PT{}S\"", seconds(*delay_us)).expect("text");
                }
                if let Some(cell_m) = cell_m {
                    writeln!(text, "coarsen_m = {cell_m:?}").expect("text");
                }
                if !omit.is_empty() {
                    writeln!(text, "omit = {omit:?}").expect("text");
                }
            }
        }
        for (act, exclusive) in &self.acts {
            if *exclusive {
                writeln!(text, "[[authority]]\naction = {act:?}\nexclusive = true").expect("text");
            }
        }
        text
    }

    fn partners_file(&self) -> String {
        let mut text = String::new();
        for group in &self.groups {
            writeln!(text, "[[group]]\nid = {group:?}").expect("text");
        }
        for Partner { id, groups, clearance, trusted, home, area, nations } in &self.partners {
            let area = area.as_ref().map(|area| format!(", area = {area:?}")).unwrap_or_default();
            let nations = if nations.is_empty() { String::new() } else { format!(", nations = {nations:?}") };
            writeln!(
                text,
                "[[partner]]\nid = {id:?}\ngroups = {groups:?}\n\
                 attributes = {{ clearance = {clearance}, trusted = {trusted}, home = {home:?}{area}{nations} }}"
            )
            .expect("text");
        }
        text
    }
}

/// Seconds with all their microseconds.
fn seconds(us: i64) -> String {
    let sign = if us < 0 { "-" } else { "" };
    format!("{sign}{}.{:06}", us.unsigned_abs() / 1_000_000, us.unsigned_abs() % 1_000_000)
}
