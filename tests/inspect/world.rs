//! Objects, sensors that see them, and a catalogue that is wrong about everything.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use trackweave::ingest::IngestError;
use trackweave::inspect::{Estimated, Inspection, inspect};

/// Numbers that are the same everywhere (Steele's SplitMix64).
pub(super) struct Random(pub(super) u64);

impl Random {
    fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    pub(super) fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform(1e-12, 1.0).ln()).sqrt() * self.uniform(0.0, std::f64::consts::TAU).cos()
    }
}

/// When a sensor sees an object within a look.
#[derive(Clone, Copy)]
pub(super) enum Timing {
    /// All at the same instant.
    Frame,
    /// When its beam comes past.
    Beam,
    /// At any time.
    Any,
}

/// A sensor as it is, not as the catalogue says.
#[derive(Clone, Copy)]
pub(super) struct True {
    pub(super) name: &'static str,
    pub(super) period_s: f64,
    pub(super) timing: Timing,
    pub(super) detects: f64,
    pub(super) false_rows: f64,
    pub(super) sigma_m: f64,
    pub(super) off_m: [f64; 2],
    pub(super) clock_s: f64,
    /// Standard deviations of range and azimuth, and their biases, of a radar at the origin.
    pub(super) polar: Option<[f64; 4]>,
    pub(super) addresses: bool,
}

pub(super) const PLAIN: True = True {
    name: "a",
    period_s: 4.0,
    timing: Timing::Frame,
    detects: 0.8,
    false_rows: 20.0,
    sigma_m: 30.0,
    off_m: [0.0; 2],
    clock_s: 0.0,
    polar: None,
    addresses: false,
};

/// Objects in a square, straight on but for white acceleration.
pub(super) struct World {
    pub(super) objects: usize,
    pub(super) edge_m: f64,
    pub(super) speed_m_s: [f64; 2],
    pub(super) turning_m2_s3: f64,
    pub(super) seconds: f64,
    pub(super) seed: u64,
}

pub(super) const SKY: World =
    World { objects: 25, edge_m: 2e5, speed_m_s: [150.0, 250.0], turning_m2_s3: 1.0, seconds: 600.0, seed: 1 };

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "numbers of samples")]
fn whole(number: f64) -> usize {
    number as usize
}

/// Positions every tenth of a second.
pub(super) fn paths(world: &World) -> Vec<Vec<[f64; 2]>> {
    let mut random = Random(world.seed);
    let half = world.edge_m / 2.0;
    let step = 0.1_f64;
    (0..world.objects)
        .map(|_| {
            let mut at = [random.uniform(-half, half), random.uniform(-half, half)];
            let speed = random.uniform(world.speed_m_s[0], world.speed_m_s[1]);
            let course = random.uniform(0.0, std::f64::consts::TAU);
            let mut velocity = [speed * course.sin(), speed * course.cos()];
            (0..=whole(world.seconds / step))
                .map(|_| {
                    for axis in 0..2 {
                        at[axis] += velocity[axis] * step;
                        velocity[axis] += (world.turning_m2_s3 * step).sqrt() * random.normal();
                        if at[axis].abs() > half {
                            velocity[axis] = -velocity[axis].abs() * at[axis].signum();
                        }
                    }
                    at
                })
                .collect()
        })
        .collect()
}

pub(super) fn at(path: &[[f64; 2]], time: f64) -> [f64; 2] {
    let place = (time / 0.1).clamp(0.0, (path.len() - 2) as f64);
    let (k, share) = (whole(place), place.fract());
    [0, 1].map(|axis| path[k][axis] + share * (path[k + 1][axis] - path[k][axis]))
}

/// The rows of a sensor: time, and the line.
fn rows(world: &World, paths: &[Vec<[f64; 2]>], sensor: &True) -> Vec<(f64, String)> {
    let mut random = Random(world.seed * 1000 + u64::from(sensor.name.as_bytes()[0]));
    let mut found = Vec::new();
    let mut put = |time: f64, [x, y]: [f64; 2], random: &mut Random, address: Option<usize>| {
        let place = match sensor.polar {
            None => format!("{x:.3},{y:.3},,"),
            Some([range, azimuth, more_m, more_deg]) => {
                let r = x.hypot(y) + range * random.normal() + more_m;
                let a = x.atan2(y).to_degrees() + azimuth * random.normal() + more_deg;
                format!(",,{:.3},{:.6}", r.abs().max(1.0), a.rem_euclid(360.0))
            }
        };
        let address = address.map_or_else(String::new, |object| format!("id{object}"));
        found.push((time, format!("{time:.4},{},{place},{address}\n", sensor.name)));
    };
    let mut start = 0.0;
    while start + sensor.period_s <= world.seconds {
        let when = |[x, y]: [f64; 2], random: &mut Random| {
            start
                + sensor.period_s
                    * match sensor.timing {
                        Timing::Frame => 0.0,
                        Timing::Beam => x.atan2(y).rem_euclid(std::f64::consts::TAU) / std::f64::consts::TAU,
                        Timing::Any => random.uniform(0.0, 1.0),
                    }
        };
        for (object, path) in paths.iter().enumerate() {
            let time = when(at(path, start + sensor.period_s / 2.0), &mut random);
            if random.uniform(0.0, 1.0) < sensor.detects {
                let [x, y] = at(path, time);
                let [e, n] = [random.normal(), random.normal()].map(|k| k * sensor.sigma_m);
                let [dx, dy] = sensor.off_m;
                let place = [x + e + dx, y + n + dy];
                put(time + sensor.clock_s, place, &mut random, sensor.addresses.then_some(object));
            }
        }
        let mut left = random.uniform(0.0, 1.0);
        let mut count = 0;
        let mut weight = (-sensor.false_rows).exp();
        while left > weight {
            left -= weight;
            count += 1;
            weight *= sensor.false_rows / f64::from(count);
        }
        for _ in 0..count {
            let half = world.edge_m / 2.0;
            let place = [random.uniform(-half, half), random.uniform(-half, half)];
            let time = when(place, &mut random);
            put(time + sensor.clock_s, place, &mut random, None);
        }
        start += sensor.period_s;
    }
    found
}

/// Writes a recording whose catalogue is wrong about everything.
pub(super) fn record(world: &World, sensors: &[True], folder: &Path) {
    let paths = paths(world);
    let mut all: Vec<(f64, String)> = sensors.iter().flat_map(|sensor| rows(world, &paths, sensor)).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0));
    let half = world.edge_m;
    let mut catalogue = "name = \"inspected\"\nframe = \"local\"\ntime = \"seconds\"\n".to_owned();
    for sensor in sensors {
        let (kind, coverage) = match sensor.polar {
            None => (
                "kind = \"position\"\nnoise = { horizontal_m = 5.0 }\n",
                format!("coverage = {{ x_m = [{:?}, {half:?}], y_m = [{:?}, {half:?}] }}\n", -half, -half),
            ),
            Some(_) => (
                "kind = \"radar\"\nsite = { x_m = 0.0, y_m = 0.0, z_m = 0.0 }\nnoise = { range_m = 5.0, azimuth_deg = 0.01 }\n",
                format!("coverage = {{ range_m = [0.0, {half:?}] }}\n"),
            ),
        };
        write!(
            catalogue,
            "[[sensor]]\nname = \"{}\"\nowner = \"o\"\n{kind}detection_probability = 0.99\nclutter_per_scan = 0.1\n\
             scan_period_s = 11.0\n{coverage}",
            sensor.name
        )
        .expect("text");
    }
    fs::write(folder.join("recording.toml"), catalogue).expect("a file");
    let head = "time,sensor,x_m,y_m,range_m,azimuth_deg,identity\n".to_owned();
    let text = all.into_iter().fold(head, |text, (_, line)| text + &line);
    fs::write(folder.join("detections.csv"), text).expect("a file");
}

pub(super) fn inspected(world: &World, sensors: &[True]) -> Inspection {
    let folder = tempfile::tempdir().expect("a folder");
    record(world, sensors, folder.path());
    look(folder.path())
}

pub(super) fn look(folder: &Path) -> Inspection {
    inspect::<IngestError>(folder, &mut |_| Ok(())).expect("an inspection")
}

pub(super) fn near(what: &str, found: f64, wanted: f64, by: f64) {
    assert!((found - wanted).abs() <= by, "{what} is {found}, wanted {wanted} ± {by}");
}

pub(super) fn value(what: &str, found: Option<Estimated>, wanted: f64, by: f64) {
    near(what, found.unwrap_or_else(|| panic!("no {what}")).value, wanted, by);
}
