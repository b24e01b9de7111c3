//! What a segment costs beside others: one partner against eight, each with a segment of its own, in one batch; and what
//! a partner that joins late costs with a cache.
//!
//! `cargo bench --bench segments` simulates a recording of eight sensors, an owner each, that all see the same objects in
//! turn. It is run for one partner that may fuse all of it, for eight of which each may fuse all but its own (eight lanes
//! of seven eighths), and for eight of which each may fuse what lies in its stripe of the area (eight lanes of an
//! eighth). What is timed is the second pass: reading, forming looks, fusing, writing pictures. `-- OBJECTS` takes another
//! number of objects; `SEGMENTS_EXECUTOR=device` runs the stages there.

use std::fmt::Write as _;
use std::path::Path;
use trackweave::fusion::device::{Context, Options, Wanted};
use trackweave::fusion::executor::Executor;
use trackweave::run::{Request, RunConfig, RunReport, run};
use trackweave::simulate::{Scenario, simulate};

const OWNERS: usize = 8;
const ROUNDS: usize = 3;
/// What a partner may fuse that may fuse all but its own.
const OTHERS: &str = "principal.owner != resource.owner";

fn main() {
    // Cargo itself passes `--bench`.
    let objects = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(20_000);
    let folder = tempfile::tempdir().expect("a folder");
    let recording = folder.path().join("recording");
    let scenario = Scenario::parse(&scenario(objects), "scenario").expect("a scenario");
    simulate(&scenario, &recording).expect("a recording");
    let config = include_str!("../data/config/air.toml").replace("horizontal = 400.0", "horizontal = 1.0");
    let config = RunConfig::parse(&config, Path::new("segments")).expect("a configuration");
    let side_m = (objects as f64).sqrt() * 1e3;
    let bench = Bench { folder: folder.path(), recording: &recording, config: &config, side_m };

    println!(
        "{objects} objects; seconds of the second pass, least of {ROUNDS} (with a cache: of one, and of looking up); fused: over all lanes"
    );
    let one = bench.measure("one", 1, "true", None);
    for (name, when) in [("all but own", OTHERS), ("own stripe", "resource.zones.contains(principal.zone)")] {
        let eight = bench.measure(name, OWNERS, when, None);
        println!("  {:.2} times one partner's, of 8 lanes", eight / one);
    }
    let cache = folder.path().join("cache");
    bench.measure("seven, cache empty", OWNERS - 1, OTHERS, Some(&cache));
    bench.measure("the eighth joins", OWNERS, OTHERS, Some(&cache));
    bench.measure("nothing is new", OWNERS, OTHERS, Some(&cache));
}

struct Bench<'a> {
    folder: &'a Path,
    recording: &'a Path,
    config: &'a RunConfig,
    side_m: f64,
}

impl Bench<'_> {
    /// Seconds for some partners that may fuse what a condition says.
    fn measure(&self, name: &str, partners: usize, when: &str, cache: Option<&Path>) -> f64 {
        let policy = self.folder.join("policy");
        write(&policy, partners, when, self.side_m);
        // What a cache does shows once: the second run finds what the first one stored.
        let rounds = if cache.is_some() { 1 } else { ROUNDS };
        let runs = (0..rounds).map(|_| self.run(&policy, cache));
        let least = runs.min_by(|a, b| spent(a).total_cmp(&spent(b))).expect("a round");
        let stages: f64 = least.work.stages_s.values().sum();
        let stored = least.work.from_cache.iter().filter(|stored| **stored).count();
        println!(
            "{name:20} {:2} lanes, {stored} stored: {:7.2} s ({:.2} of it in stages, {:.2} looking up), {:8} fused",
            least.lanes.len(),
            spent(&least),
            stages,
            least.work.seconds.look_up,
            least.work.fusion.detections,
        );
        spent(&least)
    }

    fn run(&self, policy: &Path, cache: Option<&Path>) -> RunReport {
        let out = self.folder.join("out");
        let request = Request { cache, ..Request::new(self.recording, policy, &out, self.config) };
        run(&request, executor(), &mut |_| {}).expect("a run")
    }
}

/// The second pass, and the look into the cache before it.
fn spent(report: &RunReport) -> f64 {
    report.work.seconds.fuse + report.work.seconds.look_up
}

fn executor() -> Executor {
    if std::env::var("SEGMENTS_EXECUTOR").is_ok_and(|side| side == "device") {
        Executor::device(Context::open(Wanted::Any).expect("a device"), Options::USUAL)
    } else {
        Executor::host()
    }
}

fn scenario(objects: u64) -> String {
    let mut text = format!(
        "name = \"segments\"\nseed = 1\nscans = 40\nreport_period_s = 1.0\nobjects = {objects}\n\
         density_per_km2 = 1.0\nbirths_per_scan = {}\nsurvival_probability = 0.9999\nat_edge = \"turn\"\n\
         [motion]\nhorizontal_intensity_m2_s3 = 0.5\nspeed_m_s = [50.0, 250.0]\n",
        objects as f64 * 1e-4
    );
    for owner in 0..OWNERS {
        writeln!(
            text,
            "[[sensor]]\nname = \"s{owner}\"\nowner = \"o{owner}\"\nkind = \"position\"\nnoise = {{ horizontal_m = 50.0 }}\n\
             detection_probability = 0.95\nclutter_per_scan = {}\nscan_period_s = 8.0\ntiming = {{ at_s = {owner}.0 }}\n\
             coverage = {{ share = {{ x = [0.0, 1.0], y = [0.0, 1.0] }} }}",
            objects as f64 * 0.05
        )
        .expect("text");
    }
    text
}

fn write(folder: &Path, partners: usize, when: &str, side_m: f64) {
    let mut ids = String::new();
    for n in 0..partners {
        writeln!(ids, "[[partner]]\nid = \"p{n}\"\nattributes = {{ owner = \"o{n}\", zone = \"z{n}\" }}")
            .expect("text");
    }
    let schema = "entity Partner = { owner: String, zone: String };\n\
        entity DetectionClass = { sensor: String, owner: String, kind: String, label: String, \
        zones: Set<String>, periods: Set<String>, identified: Bool };\n\
        entity TrackClass = { contributors: Set<String>, labels: Set<String>, zones: Set<String>, \
        periods: Set<String>, status: String };\n\
        action fuse;\naction fuse_full in [fuse] appliesTo { principal: Partner, resource: DetectionClass };\n\
        action receive;\naction receive_full in [receive] appliesTo { principal: Partner, resource: TrackClass };\n";
    let rules = format!(
        "@id(\"fuses\") permit (principal, action == Action::\"fuse_full\", resource) when {{ {when} }};\n\
         @id(\"receives\") permit (principal, action == Action::\"receive_full\", resource);\n"
    );
    let levels = "[[fuse]]\nlevel = \"fuse_full\"\n[[receive]]\nlevel = \"receive_full\"\n";
    std::fs::create_dir_all(folder).expect("a folder");
    for (name, text) in [
        ("schema.cedarschema", schema),
        ("levels.toml", levels),
        ("partners.toml", ids.as_str()),
        ("rules.cedar", rules.as_str()),
        ("zones.geojson", zones(side_m).as_str()),
    ] {
        std::fs::write(folder.join(name), text).expect("a file");
    }
}

/// A stripe of the area for each partner.
fn zones(side_m: f64) -> String {
    let stripe = |n: usize| {
        let [west, east] = [n, n + 1].map(|edge| (edge as f64 / OWNERS as f64 - 0.5) * side_m);
        let [south, north] = [-0.5, 0.5].map(|share| share * side_m);
        format!(
            r#"{{"type":"Feature","properties":{{"name":"z{n}"}},"geometry":{{"type":"Polygon","coordinates":[[[{west},{south}],[{east},{south}],[{east},{north}],[{west},{north}],[{west},{south}]]]}}}}"#
        )
    };
    let stripes: Vec<String> = (0..OWNERS).map(stripe).collect();
    format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, stripes.join(","))
}
