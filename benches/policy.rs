//! What a large policy costs: 100 partners, 500 rules, 1,000 classes, 10⁷ detections.
//!
//! `cargo bench --bench policy` prints how long it takes to read the policy, to sort detections into classes, to decide
//! for every class, partner and level, and to form segments; then how crowds of partners with rules of their own fare.
//! `-- ROWS` classes another number of detections.

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;
use trackweave::ingest::{Catalogue, Detections, Dialects, TimeScale};
use trackweave::policy::{Classifier, Policy, Releases, TrackClass};
use trackweave::sensor::{Altitudes, Coverage, Kind, Looks, Noise, Sensor};
use trackweave::space::Frame;

const PARTNERS: usize = 100;
const SENSORS: usize = 25;
const LABELS: usize = 5;
const ZONES: usize = 4;
const BATCH: usize = 1 << 16;

fn main() {
    // Cargo itself passes `--bench`.
    let rows = std::env::args().skip(1).find_map(|argument| argument.parse().ok()).unwrap_or(10_000_000);
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path());
    let started = Instant::now();
    let policy = Policy::read(folder.path()).expect("a policy");
    println!("read       {:8.3} s  {PARTNERS} partners, {} rules", started.elapsed().as_secs_f64(), RULES);

    let catalogue = catalogue();
    let mut classifier = Classifier::new(&policy, &catalogue, None).expect("a classifier");
    let batches: Vec<Detections> = (0..16).map(|number| batch(number * BATCH)).collect();
    let started = Instant::now();
    let mut done = 0;
    while done < rows {
        let batch = batches.get(done / BATCH % batches.len()).expect("a batch");
        done += classifier.classify(batch).expect("classes").len();
    }
    let seconds = started.elapsed().as_secs_f64();
    let rate = done as f64 / seconds;
    // Time 8, sensor 4, place 16, label 4, identified 1 in; class 4 out.
    println!(
        "class      {seconds:8.3} s  {done} detections, {:.1} M/s, {:.2} GB/s, {} classes",
        rate * 1e-6,
        rate * 37e-9,
        classifier.classes().len()
    );

    let started = Instant::now();
    let decisions = policy.decide(classifier.classes(), None).expect("decisions");
    let seconds = started.elapsed().as_secs_f64();
    let asked = decisions.evaluations();
    println!("decide     {seconds:8.3} s  {asked} questions, {:.1} µs each", seconds * 1e6 / asked as f64);
    let started = Instant::now();
    let segments = decisions.segments();
    println!("segments   {:8.3} s  {} segments", started.elapsed().as_secs_f64(), segments.len());
    for (partners, own) in [(100, 500), (1_000, 10), (10_000, 1)] {
        crowd(partners, own);
    }
}

/// Many partners with rules of their own: reading them, deciding over detections, and over tracks.
fn crowd(partners: usize, own: usize) {
    let folder = tempfile::tempdir().expect("a folder");
    write(folder.path());
    let (mut entries, mut rules) = (String::new(), String::new());
    for n in 0..partners {
        writeln!(entries, "[[partner]]\nid = \"p{n}\"\nattributes = {{ owner = \"p{n}\", zone = \"z0\" }}")
            .expect("text");
        for rule in 0..own {
            writeln!(
                rules,
                "@id(\"{n}-{rule}\") permit (principal == Partner::\"p{n}\", action, resource is DetectionClass)\n\
                 when {{ resource.label == \"l{rule}\" && resource.owner == \"p{n}\" }};"
            )
            .expect("text");
        }
    }
    rules += "@id(\"all\") permit (principal, action in Action::\"receive\", resource);\n";
    for (name, text) in [("partners.toml", &entries), ("rules.cedar", &rules)] {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    let started = Instant::now();
    let policy = Policy::read(folder.path()).expect("a policy");
    let read = started.elapsed().as_secs_f64();
    let mut classifier = Classifier::new(&policy, &catalogue(), None).expect("a classifier");
    classifier.classify(&batch(0)).expect("classes");
    let started = Instant::now();
    let decisions = policy.decide(classifier.classes().get(..100).unwrap_or_default(), None).expect("decisions");
    let decided = started.elapsed().as_secs_f64();
    let (started, all) = (Instant::now(), (0..partners).collect::<Vec<_>>());
    let releases = Releases::new(&policy, None).expect("releases");
    for n in 0..100 {
        let contributors = [format!("p{n}")].into();
        releases.of(&TrackClass { contributors, ..TrackClass::default() }, &all).expect("releases");
    }
    println!(
        "crowd      {partners} partners, {own} rules each: read {read:.3} s; 100 classes of detections {decided:.3} s, {} \
         questions; 100 of tracks {:.3} s, {} questions",
        decisions.evaluations(),
        started.elapsed().as_secs_f64(),
        releases.evaluations()
    );
}

/// Four rules a partner, one a group, and general ones that concern everybody.
const RULES: usize = 4 * PARTNERS + GROUPS + GENERAL;
const GROUPS: usize = 10;
const GENERAL: usize = 90;

fn write(folder: &Path) {
    let (mut partners, mut rules) = (String::new(), String::new());
    for group in 0..GROUPS {
        writeln!(partners, "[[group]]\nid = \"g{group}\"").expect("text");
        writeln!(
            rules,
            "@id(\"group-{group}\") permit (principal in Group::\"g{group}\", action == Action::\"fuse_coarse\", resource)\n\
             when {{ resource.label == \"l{}\" }};",
            group % LABELS
        )
        .expect("text");
    }
    for n in 0..PARTNERS {
        let (group, zone) = (n % GROUPS, n % ZONES);
        writeln!(
            partners,
            "[[partner]]\nid = \"p{n}\"\ngroups = [\"g{group}\"]\nattributes = {{ owner = \"p{n}\", zone = \"z{zone}\" }}"
        )
        .expect("text");
        let who = format!("principal == Partner::\"p{n}\"");
        writeln!(
            rules,
            "@id(\"{n}-own\") permit ({who}, action == Action::\"fuse_full\", resource) when {{ resource.owner == principal.owner }};\n\
             @id(\"{n}-zone\") permit ({who}, action == Action::\"fuse_coarse\", resource) when {{ resource.zones.contains(principal.zone) }};\n\
             @id(\"{n}-full\") permit ({who}, action == Action::\"receive_full\", resource);\n\
             @id(\"{n}-coarse\") permit ({who}, action == Action::\"receive_coarse\", resource);"
        )
        .expect("text");
    }
    for n in 0..GENERAL {
        let label = n % LABELS;
        writeln!(
            rules,
            "@id(\"general-{n}\") forbid (principal, action in Action::\"fuse\", resource)\n\
             when {{ resource.label == \"l{label}\" && resource.owner == \"p{n}\" }} unless {{ resource.owner == principal.owner }};"
        )
        .expect("text");
    }
    let boxes: Vec<String> = (0..ZONES)
        .map(|n| {
            let (x, y) = (n * 20, n * 10);
            let (u, v) = (x + 40, y + 60);
            format!(
                r#"{{"type":"Feature","properties":{{"name":"z{n}"}},"geometry":{{"type":"Polygon","coordinates":[[[{x},{y}],[{u},{y}],[{u},{v}],[{x},{v}],[{x},{y}]]]}}}}"#
            )
        })
        .collect();
    let zones = format!(r#"{{"type":"FeatureCollection","features":[{}]}}"#, boxes.join(","));
    let schema = "entity Group;\nentity Partner in [Group] = { owner: String, zone: String };\n\
        entity DetectionClass = { sensor: String, owner: String, kind: String, label: String, \
        zones: Set<String>, periods: Set<String>, identified: Bool };\n\
        entity TrackClass = { contributors: Set<String>, labels: Set<String>, zones: Set<String>, \
        periods: Set<String>, status: String };\n\
        action fuse;\naction fuse_full, fuse_coarse in [fuse] appliesTo { principal: Partner, resource: DetectionClass };\n\
        action receive;\naction receive_full, receive_coarse in [receive] appliesTo { principal: Partner, resource: TrackClass };\n";
    let levels = "[[fuse]]\nlevel = \"fuse_full\"\n[[fuse]]\nlevel = \"fuse_coarse\"\ncoarsen_m = 500\n\
        [[receive]]\nlevel = \"receive_full\"\n[[receive]]\nlevel = \"receive_coarse\"\ncoarsen_m = 500\n";
    for (name, text) in [
        ("schema.cedarschema", schema),
        ("levels.toml", levels),
        ("partners.toml", &partners),
        ("rules.cedar", &rules),
        ("zones.geojson", &zones),
    ] {
        std::fs::write(folder.join(name), text).expect("a file");
    }
}

fn catalogue() -> Catalogue {
    let sensor = |n: usize| Sensor {
        name: format!("s{n}"),
        owner: format!("p{}", n % PARTNERS),
        kind: Kind::Position,
        noise: Noise::default(),
        detection_probability: 0.9,
        clutter_per_scan: 0.0,
        looks: Looks::Periodic { period_us: 1_000_000 },
        coverage: Coverage::Box { min: [0.0; 2], max: [100.0; 2], height_m: None },
        offsets: trackweave::sensor::Offsets::default(),
        altitudes: Altitudes::default(),
        view: None,
    };
    let sensors = (0..SENSORS).map(sensor).collect();
    Catalogue {
        name: "bench".to_owned(),
        frame: Frame::Local,
        time: TimeScale::Seconds,
        dialects: Dialects::default(),
        sensors,
        imports: Vec::new(),
    }
}

/// Detections all over the place, as a policy looks at them.
fn batch(from: usize) -> Detections {
    let labels = (0..LABELS).map(|label| format!("l{label}")).collect();
    let mut batch = Detections { labels, ..Detections::default() };
    let mut state = from as u64 | 1;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    for row in 0..BATCH {
        batch.time_us.push(i64::try_from(from + row).expect("a time"));
        batch.sensor.push(u32::try_from(random(SENSORS as u64)).expect("a sensor"));
        batch.horizontal.push([random(100_000) as f64 * 1e-3, random(100_000) as f64 * 1e-3]);
        batch.label.push(u32::try_from(random(LABELS as u64)).expect("a label"));
        batch.identified.push(true);
    }
    batch
}
