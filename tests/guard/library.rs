//! The policies of `data/policies/`: each run over a recording that is made to touch all it speaks of, and the guard
//! over what comes out.

use serde_json::Value;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trackweave::fusion::executor::Executor;
use trackweave::guard::{self, Report, inspect};
use trackweave::policy::Policy;
use trackweave::run::{Besides, Request, RunConfig, run};
use trackweave::time::{format_timestamp, parse_timestamp};

const AS_OF: &str = "2024-06-05T00:00:00Z";
const LOOKS: i64 = 30;
const LOOK_S: i64 = 60;
const SPEED_M_S: f64 = 50.0;
const APART_M: f64 = 10_000.0;
const DEGREE_M: f64 = 111_320.0;

/// An object that crosses a line: who sees it, under which label.
type Object = Vec<(String, String)>;

/// What a recording must hold to touch all that a policy speaks of.
struct Subject {
    owners: Vec<String>,
    objects: Vec<Object>,
    /// Lines to cross, longitude and latitude of both ends.
    lines: Vec<[[f64; 2]; 2]>,
    /// Times in the middle of a crossing.
    times_us: Vec<i64>,
}

fn library() -> BTreeSet<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/policies");
    let entries = fs::read_dir(folder).expect("the library").map(|entry| entry.expect("an entry").path());
    entries.filter(|path| path.is_dir()).collect()
}

fn as_of_us() -> i64 {
    parse_timestamp(AS_OF).expect("a time")
}

/// The words between a text and the next quotation mark.
fn quoted<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(before).skip(1).filter_map(|rest| rest.split('"').next())
}

impl Subject {
    fn of(folder: &Path) -> Self {
        let policy = Policy::read(folder).expect("a policy");
        let owners: Vec<String> =
            policy.partners().iter().map(|partner| partner.id.clone()).chain(["stranger".to_owned()]).collect();
        let rules = fs::read_to_string(folder.join("rules.cedar")).expect("rules");
        let marks = quoted(&rules, "label == \"").chain(quoted(&rules, "labels.contains(\""));
        let labels: BTreeSet<&str> = marks.chain(["", "unheard-of"]).collect();
        // Each owner alone with each label; all together, unmarked; all together, each with a label of its own.
        let alone = owners.iter().flat_map(|owner| labels.iter().map(move |label| vec![(owner, *label)]));
        let unmarked = owners.iter().map(|owner| (owner, "")).collect();
        let marked = owners.iter().zip(labels.iter().copied().cycle()).collect();
        let objects = alone.chain([unmarked, marked]);
        let named = |(owner, label): (&String, &str)| (owner.clone(), label.to_owned());
        let objects = objects.map(|seen: Vec<_>| seen.into_iter().map(named).collect()).collect();
        Self { owners, objects, lines: lines(folder), times_us: times_us(folder, &policy) }
    }

    /// Every object crosses every line at every time, which sensors of all owners watch.
    fn record(&self, folder: &Path) {
        let mut catalogue = "name = \"library\"\nframe = \"geodetic\"\ntime = \"timestamp\"\n".to_owned();
        let watches = self.owners.iter().flat_map(|owner| self.lines.iter().enumerate().map(move |line| (owner, line)));
        for (owner, (number, line)) in watches {
            let [longitude, latitude] = beside(line, 0.0, 0.0);
            let wide = 1.0 / latitude.to_radians().cos();
            let (west, east) = (around(longitude - wide), around(longitude + wide));
            writeln!(
                catalogue,
                "[[sensor]]\nname = \"{owner}-{number}\"\nowner = \"{owner}\"\nkind = \"position\"\n\
                 noise = {{ horizontal_m = 30.0, vertical_m = 30.0 }}\ndetection_probability = 0.9\n\
                 clutter_per_scan = 0.01\nscan_period_s = {LOOK_S}.0\n\
                 coverage = {{ latitude_deg = [{:?}, {:?}], longitude_deg = [{west:?}, {east:?}] }}",
                latitude - 1.0,
                latitude + 1.0,
            )
            .expect("text");
        }
        let middle = self.objects.len() as f64 / 2.0;
        let mut rows = "time,sensor,latitude_deg,longitude_deg,altitude_m,label\n".to_owned();
        for middle_us in &self.times_us {
            for look in 0..LOOKS {
                let time_s = (look - LOOKS / 2) * LOOK_S;
                let time = format_timestamp(middle_us + time_s * 1_000_000);
                for (place, line) in self.lines.iter().enumerate() {
                    for (number, object) in self.objects.iter().enumerate() {
                        // A little to and fro, as noise.
                        let along_m = APART_M * (number as f64 - middle) + 20.0 * (look % 3) as f64;
                        let [longitude, latitude] = beside(line, along_m, SPEED_M_S * time_s as f64);
                        for (owner, label) in object {
                            writeln!(rows, "{time},{owner}-{place},{latitude},{longitude},1000.0,{label}")
                                .expect("text");
                        }
                    }
                }
            }
        }
        fs::create_dir_all(folder).expect("a folder");
        fs::write(folder.join("recording.toml"), catalogue).expect("a file");
        fs::write(folder.join("detections.csv"), rows).expect("a file");
    }
}

/// The same longitude, within half a turn.
fn around(longitude_deg: f64) -> f64 {
    (longitude_deg + 180.0).rem_euclid(360.0) - 180.0
}

/// So many metres along a line from its middle, and so many to its side.
fn beside([[from_x, from_y], [to_x, to_y]]: &[[f64; 2]; 2], along_m: f64, aside_m: f64) -> [f64; 2] {
    let turn = around(to_x - from_x);
    let (x, y) = (from_x + turn / 2.0, f64::midpoint(*from_y, *to_y));
    let narrow = y.to_radians().cos();
    let (dx, dy) = (turn * narrow, to_y - from_y);
    let (dx, dy) = (dx / dx.hypot(dy), dy / dx.hypot(dy));
    let longitude = x + (along_m * dx - aside_m * dy) / (DEGREE_M * narrow);
    [around(longitude), y + (along_m * dy + aside_m * dx) / DEGREE_M]
}

/// The first edge of every outline; any line where there is none.
fn lines(folder: &Path) -> Vec<[[f64; 2]; 2]> {
    let Ok(text) = fs::read_to_string(folder.join("zones.geojson")) else { return vec![[[12.0, 56.0], [13.0, 56.0]]] };
    let file: Value = serde_json::from_str(&text).expect("JSON");
    let features = file["features"].as_array().expect("zones").iter();
    let rings = features.flat_map(|zone| zone["geometry"]["coordinates"].as_array().expect("rings").clone());
    let corner = |point: &Value| [0, 1].map(|k| point[k].as_f64().expect("a number"));
    let mut lines: Vec<_> = rings.map(|ring| [corner(&ring[0]), corner(&ring[1])]).collect();
    // A hole and what fills it.
    lines.dedup();
    lines
}

/// The ends of every period, the moments at which every delay has just passed, and shortly before the run.
fn times_us(folder: &Path, policy: &Policy) -> Vec<i64> {
    let periods = fs::read_to_string(folder.join("periods.toml")).unwrap_or_default();
    let ends = quoted(&periods, "start = \"").chain(quoted(&periods, "end = \""));
    let ends = ends.map(|time| parse_timestamp(time).expect("a time"));
    let fused = policy.fuse_levels().map(|level| level.obligations.delay_us);
    let delays = fused.chain(policy.receive_levels().map(|level| level.obligations.delay_us));
    let due = delays.map(|delay_us| as_of_us() - delay_us);
    ends.chain(due).chain([as_of_us() - LOOKS * LOOK_S * 1_000_000]).collect::<BTreeSet<i64>>().into_iter().collect()
}

/// A run of one policy, over the recording that is made for it.
struct Run {
    folder: TempDir,
    config: RunConfig,
}

impl Run {
    fn of(policy: &Path) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = RunConfig::air().expect("a configuration");
        Subject::of(policy).record(&folder.path().join("recording"));
        let made = Self { folder, config };
        let recording = made.at("recording");
        let request = Request {
            recording: (&recording).into(),
            policy: policy.into(),
            out: &made.at("out"),
            config: &made.config,
            strict: true,
            as_of_us: Some(as_of_us()),
            label: None,
            cache: None,
            keep_logs: None,
            memory: None,
            calibration: None,
            formats: &[],
            besides: Besides::default(),
        };
        run(&request, Executor::host(), &mut |_| {}).unwrap_or_else(|error| panic!("{}: {error}", policy.display()));
        made
    }

    fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the guard says of it, held against a policy.
    fn inspect(&self, policy: &Path) -> Report {
        let configuration = serde_json::to_value(&self.config).expect("JSON");
        let request = guard::Request {
            out: &self.at("out"),
            policy,
            recording: &self.at("recording"),
            configuration: &configuration,
            as_of_us: Some(as_of_us()),
            label: None,
            calibration: None,
        };
        inspect(&request).unwrap_or_else(|error| panic!("{}: {error}", policy.display()))
    }
}

#[test]
fn what_every_policy_of_the_library_hands_out_passes() {
    assert!(!library().is_empty());
    for folder in library() {
        let (name, policy) = (folder.display(), Policy::read(&folder).expect("a policy"));
        let made = Run::of(&folder);
        let report = made.inspect(&folder);
        assert_eq!((&report.breaches, report.undecided), (&Vec::new(), 0), "{name}");
        assert_eq!(report.partners, policy.partners().len() as u64, "{name}");
        assert!(report.rows > 200, "{name}: {} rows: too few to say anything", report.rows);
        // All that the policy can hand out was handed out to somebody.
        let audit = fs::read_to_string(made.at("out/_operator/audit.jsonl")).expect("an audit");
        let fused = policy.fuse_levels().map(|level| level.name.as_str());
        let received = policy.receive_levels().map(|level| level.name.as_str());
        for action in fused.chain(received).chain(policy.authorities()) {
            let granted = format!("\"action\":\"{action}\",\"allowed\":true");
            assert!(audit.contains(&granted), "{name}: nobody has `{action}`");
        }
        every_rule_that_is_turned_round_is_missed(&made, &folder);
    }
}

/// The guard with a policy that forbids what one rule permitted must find what that rule gave.
fn every_rule_that_is_turned_round_is_missed(made: &Run, folder: &Path) {
    let rules = fs::read_to_string(folder.join("rules.cedar")).expect("rules");
    for (at, _) in rules.match_indices("\npermit (") {
        let rest = &rules[at + 1..];
        let rule = &rest[..rest.find(';').expect("the end of a rule")];
        if rule.contains("!resource.placed") {
            continue; // No recording has bearings.
        }
        let narrower = tempfile::tempdir().expect("a folder");
        crate::scene::copy(folder, narrower.path());
        let turned = format!("{}forbid{}", &rules[..=at], &rules[at + 1 + "permit".len()..]);
        fs::write(narrower.path().join("rules.cedar"), turned).expect("a file");
        let report = made.inspect(narrower.path());
        assert!(!report.breaches.is_empty(), "{}: without `{rule}` nothing is missed", folder.display());
    }
}
