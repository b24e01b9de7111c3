//! Radars that are off, objects that fly about them, and a policy that shares them out.

use std::f64::consts::TAU;
use std::fmt::Write;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use trackweave::calibrate::Asked;
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{Detections, Options, Order, Recording};
use trackweave::run::{Calibration, Request, RunConfig, calibrate_fused};

/// What a radar says too much of range, azimuth in degrees, elevation in degrees and time.
pub(crate) type Off = [f64; 4];

pub(crate) struct Radar {
    pub(crate) name: &'static str,
    owner: &'static str,
    site_m: [f64; 3],
    first_s: f64,
    pub(crate) off: Off,
}

const PERIOD_S: f64 = 6.0;
const SIGMA: [f64; 3] = [50.0, 0.1, 0.15];

pub(crate) const RADARS: [Radar; 3] = [
    Radar { name: "hill", owner: "ash", site_m: [0.0, 0.0, 50.0], first_s: 0.3, off: [0.0; 4] },
    Radar { name: "coast", owner: "beech", site_m: [60e3, 5e3, 80.0], first_s: 1.9, off: [200.0, 0.3, 0.0, 0.5] },
    Radar { name: "moor", owner: "cedar", site_m: [25e3, 55e3, 20.0], first_s: 4.4, off: [-80.0, -0.2, 0.1, 0.0] },
];

/// Ash has all, beech its own and cedar's, cedar its own alone.
pub(crate) const RULES: &str = r#"
@id("ash") permit (principal == Partner::"ash", action == Action::"fuse_full", resource);
@id("beech") permit (principal == Partner::"beech", action == Action::"fuse_full", resource) when { resource.owner != "ash" };
@id("cedar") permit (principal == Partner::"cedar", action == Action::"fuse_full", resource) when { resource.owner == "cedar" };
@id("rows") permit (principal, action == Action::"receive_full", resource);
"#;

/// Random numbers: SplitMix64, and Box and Muller's normal ones.
struct Chance(u64);

impl Chance {
    fn even(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }

    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.even()
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * (1.0 - self.even()).ln()).sqrt() * (TAU * self.even()).cos()
    }
}

/// Rows of a recording, each with its time: objects that fly for five minutes, and false detections.
pub(crate) fn rows(seed: u64, objects: usize) -> Vec<(f64, String)> {
    world(seed, objects).0
}

/// The same, and where objects truly are, every ten seconds.
pub(crate) fn world(seed: u64, objects: usize) -> (Vec<(f64, String)>, String) {
    const STEP_S: f64 = 0.1;
    let mut chance = Chance(seed);
    let (mut rows, mut truth) = (Vec::new(), vec![String::new(); 30]);
    for object in 0..objects {
        let (course, speed) = (chance.between(0.0, TAU), chance.between(120.0, 250.0));
        let mut at = [chance.between(-10e3, 70e3), chance.between(-10e3, 70e3), chance.between(4e3, 11e3)];
        let mut velocity = [speed * course.sin(), speed * course.cos(), 0.0];
        for step in 0..3_000_usize {
            let time_s = step as f64 * STEP_S;
            if step % 100 == 0 {
                let [x, y, z] = at;
                writeln!(truth[step / 100], "{time_s:.1},{object},{x:.3},{y:.3},{z:.3}").expect("text");
            }
            for radar in &RADARS {
                let phase = ((time_s - radar.first_s) / STEP_S).round();
                if phase >= 0.0 && phase % (PERIOD_S / STEP_S).round() < 0.5 && chance.even() < 0.9 {
                    rows.push(row(&mut chance, radar, time_s, at));
                }
            }
            for (k, q) in [0.5_f64, 0.5, 0.01].into_iter().enumerate() {
                at[k] += STEP_S * velocity[k];
                velocity[k] += (q * STEP_S).sqrt() * chance.normal();
            }
        }
    }
    for radar in &RADARS {
        for look in 0..50 {
            let time_s = radar.first_s + f64::from(look) * PERIOD_S;
            let [range, azimuth, elevation] =
                [chance.between(5e3, 9e4), chance.between(0.0, 360.0), chance.between(1.0, 9.0)];
            rows.push((time_s, format!("{},{range:.3},{azimuth:.6},{elevation:.6}", radar.name)));
        }
    }
    rows.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    (rows, "time,object,x_m,y_m,z_m\n".to_owned() + &truth.concat())
}

fn row(chance: &mut Chance, radar: &Radar, time_s: f64, at: [f64; 3]) -> (f64, String) {
    let [x, y, z]: [f64; 3] = std::array::from_fn(|k| at[k] - radar.site_m[k]);
    let ground = x.hypot(y);
    let [range, azimuth, elevation] = [ground.hypot(z), x.atan2(y).to_degrees(), z.atan2(ground).to_degrees()];
    let range = range + radar.off[0] + SIGMA[0] * chance.normal();
    let azimuth = (azimuth + radar.off[1] + SIGMA[1] * chance.normal()).rem_euclid(360.0);
    let elevation = elevation + radar.off[2] + SIGMA[2] * chance.normal();
    (time_s + radar.off[3], format!("{},{range:.3},{azimuth:.6},{elevation:.6}", radar.name))
}

pub(crate) struct Scene {
    folder: TempDir,
    pub(crate) config: RunConfig,
}

impl Scene {
    pub(crate) fn new(rows: &[(f64, String)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let scene = Self { folder, config: RunConfig::air().expect("it is built in") };
        let mut toml = "name = \"three radars\"\nframe = \"local\"\ntime = \"seconds\"\n".to_owned();
        for Radar { name, owner, site_m: [x, y, z], .. } in &RADARS {
            writeln!(
                toml,
                "[[sensor]]\nname = \"{name}\"\nowner = \"{owner}\"\nkind = \"radar\"\n\
                 site = {{ x_m = {x:.1}, y_m = {y:.1}, z_m = {z:.1} }}\n\
                 noise = {{ range_m = 50.0, azimuth_deg = 0.1, elevation_deg = 0.15 }}\ndetection_probability = 0.9\n\
                 clutter_per_scan = 1.0\nscan_period_s = {PERIOD_S:.1}\n\
                 coverage = {{ range_m = [500.0, 200000.0], height_m = [0.0, 15000.0] }}"
            )
            .expect("text");
        }
        scene.write("recording/recording.toml", &toml);
        scene.detect(rows);
        let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/demo/policy");
        for name in ["schema.cedarschema", "levels.toml"] {
            scene.write(&format!("policy/{name}"), &fs::read_to_string(demo.join(name)).expect("a file"));
        }
        let partners = "partner = [{ id = \"ash\" }, { id = \"beech\" }, { id = \"cedar\" }]\n";
        scene.write("policy/partners.toml", partners);
        scene.write("policy/rules.cedar", RULES);
        scene
    }

    pub(crate) fn detect(&self, rows: &[(f64, String)]) {
        let mut text = "time,sensor,range_m,azimuth_deg,elevation_deg\n".to_owned();
        for (time_s, row) in rows {
            writeln!(text, "{time_s:.6},{row}").expect("text");
        }
        self.write("recording/detections.csv", &text);
    }

    /// Adds a key to the entry of each sensor for which there is one.
    pub(crate) fn declare(&self, key: impl Fn(&str) -> Option<String>) {
        let toml = fs::read_to_string(self.path("recording/recording.toml")).expect("a catalogue");
        let line = |line: &str| {
            let named = line.strip_prefix("name = \"").and_then(|rest| rest.strip_suffix('"'));
            let added = named.and_then(&key).map_or_else(String::new, |key| format!("{key}\n"));
            format!("{line}\n{added}")
        };
        self.write("recording/recording.toml", &toml.lines().map(line).collect::<String>());
    }

    /// All detections, in the order of the file.
    pub(crate) fn read(&self) -> Result<Detections, String> {
        let options = Options { strict: true, rows_per_batch: 1 << 20, order: Order::Any };
        let read = || Recording::open(&self.path("recording"))?.reader(options)?.next_batch();
        read().map(|batch| batch.expect("rows")).map_err(|error| error.to_string())
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder is made");
        fs::write(path, text).expect("a file is written");
    }

    pub(crate) fn try_calibrate(&self, policy: Option<&str>, asked: Asked<'_>) -> Result<Calibration, String> {
        let logs = self.path("logs");
        // Those of another recording are in nobody's way.
        let _ = fs::remove_dir_all(&logs);
        let (recording, policy) = (self.path("recording"), policy.map(|name| self.path(name)));
        let request = match &policy {
            Some(policy) => Request::new(&recording, policy, &logs, &self.config),
            None => Request::without_policy(&recording, &logs, &self.config),
        };
        let mut watch = |_| ControlFlow::Continue(());
        calibrate_fused(&request, asked, &Executor::host(), &mut watch).map_err(|error| error.to_string())
    }

    pub(crate) fn calibrate(&self, policy: Option<&str>, asked: Asked<'_>) -> Calibration {
        self.try_calibrate(policy, asked).unwrap_or_else(|error| panic!("{error}"))
    }
}
