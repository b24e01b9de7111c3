//! A caveat on somebody else's data costs nobody a track that it has without them.

use super::scene::{CONFIG, LIVES};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use trackweave::fusion::executor::Executor;
use trackweave::product::read_picture;
use trackweave::run::{Besides, Request, RunConfig, run};

const SCHEMA: &str = "entity Partner = { owner: String };
entity DetectionClass = { sensor: String, owner: String, kind: String, label: String, zones: Set<String>, \
                      periods: Set<String>, identified: Bool };
entity TrackClass = { contributors: Set<String>, labels: Set<String>, zones: Set<String>, periods: Set<String>, \
                      status: String };
action fuse;
action fuse_full in [fuse] appliesTo { principal: Partner, resource: DetectionClass };
action receive;
action receive_full in [receive] appliesTo { principal: Partner, resource: TrackClass };
";

const RULES: &str = "@id(\"own\") permit (principal, action == Action::\"fuse_full\", resource) \
                     when { resource.owner == \"a\" };
@id(\"all\") permit (principal == Partner::\"all\", action == Action::\"fuse_full\", resource);
@id(\"caveat\") permit (principal == Partner::\"caveat\", action == Action::\"fuse_full\", resource) \
                     when { resource.label != \"national\" };
@id(\"r\") permit (principal, action == Action::\"receive_full\", resource);
";

/// Two objects. Radar `a` sees the first one; sensor `b` sees both, and marks one row of the first in `marked`.
fn recording(folder: &Path, marked: u32) {
    let mut random = ChaCha8Rng::seed_from_u64(5);
    let mut catalogue = "name = \"t\"\nframe = \"local\"\ntime = \"seconds\"\n".to_owned();
    for (owner, probability, clutter) in [("a", 0.7, 1.0), ("b", 0.97, 0.05)] {
        writeln!(
            catalogue,
            "[[sensor]]\nname = \"of-{owner}\"\nowner = \"{owner}\"\nkind = \"position\"\nnoise = {{ horizontal_m = 8.0 }}\n\
             detection_probability = {probability}\nclutter_per_scan = {clutter:?}\nscan_period_s = 1.0\n\
             coverage = {{ x_m = [-2500.0, 2500.0], y_m = [-2500.0, 2500.0] }}"
        )
        .expect("text");
    }
    let mut rows = "time,sensor,x_m,y_m,label\n".to_owned();
    let mut row = |time_s: f64, owner: &str, [x, y]: [f64; 2], label: &str, random: &mut ChaCha8Rng| {
        let mut noise = || 8.0 * Distribution::<f64>::sample(&StandardNormal, random);
        writeln!(rows, "{time_s},of-{owner},{},{},{label}", x + noise(), y + noise()).expect("text");
    };
    for k in 0..300 {
        let (time_s, x) = (f64::from(k), 5.0 * f64::from(k));
        if random.random_bool(0.6) {
            row(time_s + 0.5, "a", [x, 0.0], "", &mut random);
        }
        let label = if random.random_ratio(1, marked) { "national" } else { "" };
        row(time_s + 0.6, "b", [x, 0.0], label, &mut random);
        row(time_s + 0.6, "b", [-x, 1500.0], "", &mut random);
    }
    std::fs::write(folder.join("recording.toml"), catalogue).expect("a file");
    std::fs::write(folder.join("detections.csv"), rows).expect("a file");
}

/// Of each partner, how many report times it holds each object, each with its way along x and its y.
pub(crate) fn held_of<const OBJECTS: usize>(
    folder: &Path,
    (rules, partners): (&str, &[&'static str]),
    config: &str,
    objects: [[f64; 2]; OBJECTS],
) -> BTreeMap<&'static str, [usize; OBJECTS]> {
    let policy = tempfile::tempdir().expect("a folder");
    let entry = |id: &&str| format!("[[partner]]\nid = \"{id}\"\nattributes = {{ owner = \"a\" }}\n");
    for (name, text) in [
        ("schema.cedarschema", SCHEMA.to_owned()),
        ("rules.cedar", rules.to_owned()),
        ("levels.toml", "[[fuse]]\nlevel = \"fuse_full\"\n[[receive]]\nlevel = \"receive_full\"\n".to_owned()),
        ("partners.toml", partners.iter().map(entry).collect()),
    ] {
        std::fs::write(policy.path().join(name), text).expect("a file");
    }
    let config = RunConfig::parse(config, Path::new("config")).expect("a configuration");
    let out = folder.join("out");
    let request = Request {
        recording: folder.into(),
        policy: policy.path().into(),
        out: &out,
        config: &config,
        strict: true,
        as_of_us: None,
        label: None,
        cache: None,
        keep_logs: None,
        memory: None,
        calibration: None,
        formats: &[],
        besides: Besides::NOTHING,
    };
    run(&request, Executor::host(), &mut |_| {}).unwrap_or_else(|error| panic!("{error}"));
    let count = |partner: &str| {
        let points = read_picture(&out.join(partner)).expect("a picture");
        let near = |k: usize, way: f64, y: f64| {
            let x = way * 5.0 * (k as f64 - 0.5);
            let at = points.iter().filter(|p| p.time_us == i64::try_from(k).expect("a time") * 1_000_000);
            at.into_iter().any(|p| (p.position_m[0] - x).hypot(p.position_m[1] - y) < 50.0)
        };
        objects.map(|[way, y]| (1..=LIVES).filter(|k| near(*k, way, y)).count())
    };
    partners.iter().map(|partner| (*partner, count(partner))).collect()
}

fn held(marked: u32, config: &str) -> BTreeMap<&'static str, [usize; 2]> {
    let folder = tempfile::tempdir().expect("a folder");
    recording(folder.path(), marked);
    held_of(folder.path(), (RULES, &["all", "caveat", "nothing"]), config, [[1.0, 0.0], [-1.0, 1500.0]])
}

#[test]
fn a_caveat_on_a_neighbours_data_costs_a_partner_no_track_of_its_own() {
    // All rows of the first object are withheld, then half of them, at random.
    for marked in [1, 2] {
        let found = held(marked, CONFIG);
        let ([alone, _], [own, other]) = (found["nothing"], found["caveat"]);
        assert!(own + 2 >= alone && own >= 290, "one in {marked} withheld: {found:?}");
        assert!(other >= 297 && found["all"].iter().all(|held| *held >= 297), "{found:?}");
    }
}

#[test]
fn what_is_withheld_at_random_is_made_good_by_the_share_alone() {
    let with =
        |share: &str| held(2, &format!("{CONFIG}\n[fusion.detectability]\nshared_share = {share}\n"))["caveat"][0];
    let (none, half) = (with("1.0"), with("0.5"));
    assert!(half >= none && half >= 290, "{none} without, {half} with");
}
