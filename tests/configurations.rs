//! The configurations that are built in, each on a simulation of what it is for.

#[path = "common/policy.rs"]
mod policy;

use policy::policy;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use trackweave::fusion::executor::Executor;
use trackweave::run::{NAMED, Request, RunConfig, Smoothing, run};
use trackweave::simulate::{Scenario, simulate};

/// What a simulation is made of.
struct World {
    scans: u32,
    period_s: f64,
    objects: u32,
    density_per_km2: f64,
    intensity: f64,
    speed_m_s: [f64; 2],
    /// Heights, intensity and rates of climb, unless it is planar.
    upwards: Option<([f64; 2], f64, f64)>,
    /// Horizontal noise, vertical noise where there are heights, detection probability, clutter a look, period.
    sensors: &'static [(f64, f64, f64, f64, f64)],
}

fn world(name: &str) -> World {
    let planar = World {
        scans: 120,
        period_s: 1.0,
        objects: 40,
        density_per_km2: 0.1,
        intensity: 0.02,
        speed_m_s: [2.0, 12.0],
        upwards: None,
        sensors: &[(10.0, 0.0, 0.9, 0.5, 10.0), (25.0, 0.0, 0.85, 5.0, 3.0)],
    };
    match name {
        "sea" => World { scans: 60, period_s: 10.0, ..planar },
        "vehicles" => World {
            density_per_km2: 10.0,
            intensity: 1.0,
            speed_m_s: [3.0, 20.0],
            sensors: &[(0.5, 0.0, 0.9, 2.0, 0.5)],
            ..planar
        },
        "people" => World {
            objects: 30,
            density_per_km2: 300.0,
            intensity: 0.05,
            speed_m_s: [0.3, 1.8],
            sensors: &[(0.1, 0.0, 0.9, 1.0, 0.5)],
            ..planar
        },
        "drones" => World {
            objects: 10,
            intensity: 3.0,
            speed_m_s: [3.0, 18.0],
            upwards: Some(([10.0, 300.0], 0.5, 2.0)),
            sensors: &[(5.0, 8.0, 0.85, 3.0, 1.0)],
            ..planar
        },
        "satellites" => World {
            scans: 60,
            period_s: 10.0,
            objects: 10,
            density_per_km2: 5e-8,
            intensity: 100.0,
            speed_m_s: [6500.0, 7600.0],
            upwards: Some(([3e5, 9e5], 50.0, 100.0)),
            sensors: &[(100.0, 100.0, 0.9, 1.0, 10.0)],
        },
        "air" => World {
            scans: 60,
            period_s: 10.0,
            density_per_km2: 0.001,
            intensity: 50.0,
            speed_m_s: [120.0, 250.0],
            upwards: Some(([1000.0, 12000.0], 1.0, 8.0)),
            sensors: &[(50.0, 50.0, 0.9, 2.0, 10.0)],
            ..planar
        },
        other => panic!("no simulation for `{other}`"),
    }
}

impl World {
    fn scenario(&self) -> String {
        let Self { scans, period_s, objects, density_per_km2, intensity, speed_m_s: [slow, fast], .. } = self;
        let (mut heights, mut vertical) = (String::new(), String::new());
        if let Some(([low, high], intensity, climb)) = self.upwards {
            heights = format!("height_m = [{low:?}, {high:?}]");
            vertical = format!("vertical_intensity_m2_s3 = {intensity:?}\nclimb_m_s = [{:?}, {climb:?}]", -climb);
        }
        let mut text = format!(
            "name = \"w\"\nseed = 11\nscans = {scans}\nreport_period_s = {period_s:?}\nobjects = {objects}\n\
             density_per_km2 = {density_per_km2:?}\n{heights}\nbirths_per_scan = 0.0\nsurvival_probability = 1.0\n\
             at_edge = \"turn\"\n[motion]\nhorizontal_intensity_m2_s3 = {intensity:?}\nspeed_m_s = [{slow:?}, {fast:?}]\n\
             {vertical}\n"
        );
        // Sensors see beyond the edge, at which objects turn at once: a track that goes on there is missed.
        let reach_m = (f64::from(*objects) / density_per_km2).sqrt() * 500.0 + 30.0 * fast;
        for (number, (horizontal, upright, probability, clutter, period_s)) in self.sensors.iter().enumerate() {
            let upright = if heights.is_empty() { String::new() } else { format!(", vertical_m = {upright:?}") };
            write!(
                text,
                "[[sensor]]\nname = \"s{number}\"\nowner = \"a\"\nkind = \"position\"\n\
                 noise = {{ horizontal_m = {horizontal:?}{upright} }}\ndetection_probability = {probability:?}\n\
                 clutter_per_scan = {clutter:?}\nscan_period_s = {period_s:?}\nlooks = \"spread\"\n\
                 coverage = {{ box = {{ x_m = [-{reach_m:?}, {reach_m:?}], y_m = [-{reach_m:?}, {reach_m:?}] }} }}\n"
            )
            .expect("text");
        }
        text
    }
}

#[test]
fn each_finds_what_it_is_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let policy = policy(folder.path());
    // `tests/orbits.rs` has satellites that fall; what is smoothed is for what it is without.
    for (name, _) in NAMED.iter().filter(|(name, _)| !["orbits", "air-smoothed"].contains(name)) {
        let scenario = Scenario::parse(&world(name).scenario(), name).expect("a scenario");
        let [recording, out] = ["recording", "out"].map(|part| folder.path().join(format!("{name}-{part}")));
        simulate(&scenario, &recording).expect("a recording");
        let config = RunConfig::chosen(Path::new(name)).expect("a configuration");
        let report = run(&Request::new(&recording, &policy, &out, &config), Executor::host(), &mut |_| {});
        let report = report.unwrap_or_else(|error| panic!("{name}: {error}"));
        let score = report.partners[0].score.as_ref().expect("a score");
        let coverage = score.coverage.expect("truth");
        let spurious = score.spuriousness.expect("rows");
        println!("{name:10} coverage {coverage:.3}, spurious {spurious:.3}");
        assert!(coverage >= 0.93, "{name}: {coverage:.3} of the truth is covered");
        assert!(spurious <= 0.08, "{name}: {spurious:.3} of the rows are of no object");
    }
}

#[test]
fn air_smoothed_is_air_and_smoothed() {
    let [air, smoothed] = ["air", "air-smoothed"].map(|name| RunConfig::chosen(Path::new(name)).expect("built in"));
    assert_eq!(RunConfig { smoothing: Some(Smoothing::default()), ..air }, smoothed);
}

/// Fifty ships that report with speed and course: lanes that cross and pass within 200 m, others at anchor.
#[test]
fn a_harbour_has_one_track_a_ship() {
    let folder = tempfile::tempdir().expect("a folder");
    let [recording, out] = ["recording", "out"].map(|part| folder.path().join(part));
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let scenario = Scenario::read(&root.join("data/scenarios/harbour.toml")).expect("a scenario");
    simulate(&scenario, &recording).expect("a recording");
    let config = RunConfig::chosen(Path::new("sea")).expect("a configuration");
    let policy = policy(folder.path());
    let request = Request::new(&recording, &policy, &out, &config);
    let report = run(&request, Executor::host(), &mut |_| {}).expect("a run");
    let score = report.partners[0].score.as_ref().expect("a score");
    let (coverage, spurious) = (score.coverage.expect("truth"), score.spuriousness.expect("rows"));
    let identity = &score.identity;
    println!("{identity:?}");
    // Now and then one at anchor loses two reports in a row, or a report from far off begins a track that nothing feeds.
    assert!(identity.objects_tracked == 50 && identity.tracks <= 52, "{} tracks", identity.tracks);
    assert!(identity.switches <= 10, "{} switches in 50 hours of ships", identity.switches);
    assert!(coverage >= 0.98 && spurious <= 0.01, "{coverage} {spurious}");
}

#[test]
fn a_name_is_built_in_and_anything_else_a_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let missing = RunConfig::chosen(&folder.path().join("air")).expect_err("there is no such file");
    let text = missing.to_string();
    assert!(text.contains("wanted a file, or one of `air`, `air-smoothed`, `sea`"), "{text}");
    let file = folder.path().join("sea");
    fs::write(&file, NAMED[0].1).expect("a file");
    assert_eq!(RunConfig::chosen(&file).expect("a file"), RunConfig::air().expect("built in"));
}
