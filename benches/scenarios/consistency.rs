//! Whether what the filter says of its errors is true: squared errors of places and velocities over their covariances
//! (NEES), in the mean over the rows of tracks older than 40 s, divided by their dimensions. 1 is honest, more is too sure.
//!
//! Every case is simulated, fused by a run and read from a picture. `docs/consistency.md` has the table.

use arrow_array::cast::AsArray;
use arrow_array::types::Float32Type;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::fs;
use std::path::Path;
use trackweave::fusion::executor::Executor;
use trackweave::ingest::Recording;
use trackweave::product::{picture_points, read_batches};
use trackweave::run::{Request, RunConfig, run};
use trackweave::simulate::{Scenario, simulate};
use trackweave::space::Geodetic;

/// What moves, and what sees it.
pub(crate) struct Case {
    name: &'static str,
    world: World,
    /// Horizontal intensity of the noise, m²/s³.
    intensity: f64,
    speed_m_s: [f64; 2],
    /// Tables `sensor` of the scenario.
    sensors: &'static str,
    /// Edge of cells of `fuse`, metres.
    coarsen_m: Option<u32>,
    /// What NEES may be, of places and of velocities; on Earth, of places near and far.
    allowed: [[f64; 2]; 2],
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum World {
    Space,
    Plane,
    /// A radar on Earth that measures no height.
    Earth,
}

const HONEST: [f64; 2] = [0.9, 1.1];
const NEARLY: [f64; 2] = [0.8, 1.3];
const CAUTIOUS: [f64; 2] = [0.0, 1.3];

const POSITIONS: &str = "kind = \"position\"\nnoise = { horizontal_m = 30.0, vertical_m = 20.0 }\n\
    coverage = { share = { x = [0.0, 1.0], y = [0.0, 1.0] } }\n";
const RING: &str = "kind = \"radar\"\nsite = { x_m = 100.0, y_m = -200.0, z_m = 120.0 }\n\
    coverage = { ring_m = [1000.0, 210000.0] }\n";

/// The rest of a table: look period, when objects are met in a look, noise.
macro_rules! sensor {
    ($($name:literal $of:literal, $period:literal, $looks:literal, $noise:literal);+) => {
        concat!($("\n[[sensor]]\nname = \"", $name, "\"\nowner = \"one\"\ndetection_probability = 0.9\nclutter_per_scan = 2.0\n",
            "scan_period_s = ", $period, "\nlooks = ", $looks, "\n@", $of, "\n", $noise, "\n"),+)
    };
}

/// All cases.
pub(crate) fn cases() -> Vec<Case> {
    let case = |name, world, intensity, sensors, allowed| Case {
        name,
        world,
        intensity,
        speed_m_s: [20.0, 260.0],
        sensors,
        coarsen_m: None,
        allowed,
    };
    let (space, plane) = (World::Space, World::Plane);
    let every_second = sensor!("p" "positions", "1.0", "\"spread\"", "");
    vec![
        case("positions, 1 s", space, 1.0, every_second, [HONEST; 2]),
        case(
            "radar, one instant",
            space,
            1.0,
            sensor!("r" "radar", "4.0", "{ at_s = 3.99 }", "noise = { range_m = 50.0, azimuth_deg = 0.1, elevation_deg = 0.2 }"),
            [NEARLY, HONEST],
        ),
        case("positions over 4 s, q 400", space, 400.0, sensor!("p" "positions", "4.0", "\"spread\"", ""), [HONEST; 2]),
        case(
            "radar over 4 s with rate 2 m/s, q 400",
            space,
            400.0,
            sensor!("r" "radar", "4.0", "\"spread\"", "noise = { range_m = 50.0, azimuth_deg = 0.1, elevation_deg = 0.2, range_rate_m_s = 2.0 }"),
            [HONEST; 2],
        ),
        case(
            "radar over 4 s and positions over 10 s, q 400",
            space,
            400.0,
            sensor!("r" "radar", "4.0", "\"spread\"", "noise = { range_m = 50.0, azimuth_deg = 0.1, elevation_deg = 0.2 }";
                "p" "positions", "10.0", "\"spread\"", ""),
            [HONEST; 2],
        ),
        case(
            "radar with rate 2 m/s, one instant",
            space,
            1.0,
            sensor!("r" "radar", "4.0", "{ at_s = 3.99 }", "noise = { range_m = 50.0, azimuth_deg = 0.1, elevation_deg = 0.2, range_rate_m_s = 2.0 }"),
            [NEARLY; 2],
        ),
        case(
            "planar radar, beam 1°, with rate 1 m/s",
            plane,
            1.0,
            sensor!("r" "radar", "4.0", "{ at_s = 3.99 }", "noise = { range_m = 50.0, azimuth_deg = 1.0, range_rate_m_s = 1.0 }"),
            [NEARLY; 2],
        ),
        case(
            "planar radar, beam 1°",
            plane,
            1.0,
            sensor!("r" "radar", "4.0", "{ at_s = 3.99 }", "noise = { range_m = 50.0, azimuth_deg = 1.0 }"),
            [[0.8, 1.4]; 2],
        ),
        Case {
            coarsen_m: Some(500),
            ..case("positions at 500 m before fusion, 1 s", space, 1.0, every_second, [CAUTIOUS; 2])
        },
        Case {
            coarsen_m: Some(500),
            speed_m_s: [2.0, 10.0],
            ..case("ships at 500 m before fusion, 1 s", plane, 0.01, every_second, [CAUTIOUS; 2])
        },
        case("radar without height on Earth", World::Earth, 1.0, "", [[0.0, 2.0], NEARLY]),
    ]
}

impl Case {
    /// The recording as a simulation writes it, of so many objects and scans of 4 s.
    fn scenario(&self, objects: u32, scans: u32, seed: u64) -> String {
        let flat = self.world == World::Plane;
        let (heights, climb) = if flat {
            ("", "")
        } else {
            ("height_m = [1000.0, 90000.0]\n", "vertical_intensity_m2_s3 = 0.05\nclimb_m_s = [-3.0, 3.0]\n")
        };
        let mut sensors = self.sensors.replace("@positions", POSITIONS).replace("@radar", RING);
        if flat {
            sensors = sensors.replace(", vertical_m = 20.0", "").replace("z_m = 120.0", "z_m = 0.0");
        }
        let [slow, fast] = self.speed_m_s;
        format!(
            "name = \"case\"\nseed = {seed}\nscans = {scans}\nreport_period_s = 4.0\nobjects = {objects}\narea_km2 = 90000.0\n{heights}\
             births_per_scan = 0.0\nsurvival_probability = 1.0\nat_edge = \"leave\"\n[motion]\n\
             horizontal_intensity_m2_s3 = {:?}\nspeed_m_s = [{slow:?}, {fast:?}]\n{climb}{sensors}",
            self.intensity
        )
    }

    fn config(&self) -> RunConfig {
        let [slow, fast] = self.speed_m_s;
        let (vertical, climb) = if self.world == World::Plane { (0.0, 0.0) } else { (0.05, 8.0) };
        let text = format!(
            "report_period_s = 4.0\n[score]\ncutoff_m = 1000.0\norder = 2.0\nmax_gap_s = 30.0\n[fusion]\ngate = 25.0\n\
             reorder_scans = 32\n[fusion.motion]\nnoise = \"white_acceleration\"\nhorizontal = {:?}\nvertical = {vertical:?}\n\
             survival_per_s = 0.9999\n[fusion.association]\nmode = \"assign\"\nexact_max = 8\ntolerance = 1e-4\n\
             iterations_max = 200\n[fusion.existence]\nprune = 1e-4\nrecycle = 1e-3\nconfirm = 0.9\nreport = 0.5\n\
             position_sigma_max_m = 20000.0\ncontributor = 0.01\n[fusion.undetected]\ninitial_per_km2 = 0.0025\n\
             births_per_km2_h = 0.0002\ncell_km = 10.0\nspeed_m_s = {:?}\nclimb_m_s = {climb:?}\n",
            self.intensity,
            // The standard deviation along an axis of speeds spread evenly, at any course.
            ((slow * slow + slow * fast + fast * fast) / 6.0).sqrt()
        );
        RunConfig::parse(&text, Path::new("case")).expect("a configuration")
    }

    /// Runs it; NEES of places and velocities by what of it is told apart, with the number of rows.
    pub(crate) fn measure(&self, objects: u32, scans: u32, seed: u64) -> Vec<(String, [f64; 2], usize)> {
        let around = tempfile::tempdir().expect("a folder");
        let [recording, policy, out] = ["recording", "policy", "out"].map(|name| around.path().join(name));
        if self.world == World::Earth {
            without_height(&recording, objects, scans, seed);
        } else {
            let scenario = Scenario::parse(&self.scenario(objects, scans, seed), self.name).expect("a scenario");
            simulate(&scenario, &recording).expect("a recording");
        }
        pool(&policy, self.coarsen_m);
        let config = self.config();
        run(&Request::new(&recording, &policy, &out, &config), Executor::host(), &mut |_| {}).expect("a run");
        let rows = errors(&recording, &out.join("alder"), self.world);
        let mean = |of: &[&Error]| [0, 1].map(|k| of.iter().map(|row| row.nees[k]).sum::<f64>() / of.len() as f64);
        let among = |[near, far]: [f64; 2]| -> Vec<&Error> {
            rows.iter().filter(|row| (near..far).contains(&row.far_m)).collect()
        };
        let parts = match self.world {
            World::Earth => vec![
                (format!("{}, 20 to 50 km", self.name), among([20e3, 50e3])),
                (format!("{}, beyond 50 km", self.name), among([50e3, f64::INFINITY])),
            ],
            World::Space | World::Plane => vec![(self.name.to_owned(), rows.iter().collect())],
        };
        parts.into_iter().map(|(name, rows)| (name, mean(&rows), rows.len())).collect()
    }
}

/// The policy of a pool of equals, which fuses places of cells of so many metres.
fn pool(folder: &Path, coarsen_m: Option<u32>) {
    fs::create_dir(folder).expect("a folder");
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/policies/all-to-all");
    for entry in fs::read_dir(from).expect("a policy") {
        let path = entry.expect("an entry").path();
        let mut text = fs::read_to_string(&path).expect("text");
        if let Some(coarsen_m) = coarsen_m {
            text =
                text.replace("level = \"fuse_full\"\n", &format!("level = \"fuse_full\"\ncoarsen_m = {coarsen_m}\n"));
        }
        fs::write(folder.join(path.file_name().expect("a name")), text).expect("written");
    }
}

/// Where a radar on Earth sees objects without their heights, of 1 to 14 km, which it takes for 0 to 15.
const SITE: Geodetic = Geodetic { latitude_deg: 46.0, longitude_deg: 7.0, altitude_m: 400.0 };

/// A recording of it. Objects go straight on in space, driven by white noise along east, north and up.
fn without_height(folder: &Path, objects: u32, scans: u32, seed: u64) {
    let mut random = ChaCha8Rng::seed_from_u64(seed);
    let mut normal = move |sigma: f64| sigma * Distribution::<f64>::sample(&StandardNormal, &mut random);
    let mut random = ChaCha8Rng::seed_from_u64(seed + 1000);
    let (mut truth, mut rows) = (
        "time,object,latitude_deg,longitude_deg,altitude_m,east_m_s,north_m_s,up_m_s\n".to_owned(),
        Vec::<(f64, String)>::new(),
    );
    for object in 0..objects {
        let turn = std::f64::consts::TAU;
        let (far, azimuth, course) =
            (random.random_range(15e3..250e3), random.random_range(0.0..turn), random.random_range(0.0..turn));
        let north_deg = (far * azimuth.cos() / 6.371e6f64).to_degrees();
        let east_deg = (far * azimuth.sin() / (6.371e6 * SITE.latitude_deg.to_radians().cos())).to_degrees();
        let start = Geodetic {
            latitude_deg: SITE.latitude_deg + north_deg,
            longitude_deg: SITE.longitude_deg + east_deg,
            altitude_m: random.random_range(1e3..14e3),
        };
        let speed: f64 = random.random_range(20.0..260.0);
        let along = |axes: [[f64; 3]; 3], enu: [f64; 3]| -> [f64; 3] {
            std::array::from_fn(|i| (0..3).map(|k| axes[k][i] * enu[k]).sum())
        };
        let mut at = start.ecef();
        let mut velocity = along(start.enu_axes(), [speed * course.sin(), speed * course.cos(), 0.0]);
        for scan in 0..scans {
            let (time, here) = (f64::from(scan) * 4.0, Geodetic::from_ecef(at));
            let axes = here.enu_axes();
            let [east, north, up] = axes.map(|axis| (0..3).map(|i| axis[i] * velocity[i]).sum::<f64>());
            let Geodetic { latitude_deg, longitude_deg, altitude_m } = here;
            writeln!(
                truth,
                "{time:.2},o{object},{latitude_deg:.9},{longitude_deg:.9},{altitude_m:.3},{east:.6},{north:.6},{up:.6}"
            )
            .expect("text");
            let seen: [f64; 3] = std::array::from_fn(|i| at[i] + 3.99 * velocity[i] - SITE.ecef()[i]);
            let [e, n, u] = SITE.enu_axes().map(|axis| (0..3).map(|i| axis[i] * seen[i]).sum::<f64>());
            let range_m = e.hypot(n).hypot(u) + normal(50.0);
            let azimuth_deg = e.atan2(n).to_degrees() + normal(0.1);
            if random.random_bool(0.9) {
                rows.push((time, format!("{:.2},r,{range_m:.4},{:.7}\n", time + 3.99, azimuth_deg.rem_euclid(360.0))));
            }
            // Of intensity q over T: a place by √(q T³/12) n + T/2 √(q T) m, a velocity by √(q T) m.
            let kick =
                [1.0, 1.0, 0.05].map(|q: f64| ((q * 4.0).sqrt() * normal(1.0), (q * 64.0 / 12.0).sqrt() * normal(1.0)));
            let (thrust, drift) = (kick.map(|(v, _)| v), kick.map(|(v, p)| 2.0 * v + p));
            at = std::array::from_fn(|i| at[i] + 4.0 * velocity[i] + along(axes, drift)[i]);
            velocity = std::array::from_fn(|i| velocity[i] + along(axes, thrust)[i]);
        }
    }
    for scan in 0..scans {
        let time = f64::from(scan) * 4.0;
        rows.push((
            time,
            format!(
                "{:.2},r,{:.3},{:.5}\n",
                time + 3.99,
                random.random_range(1e3..250e3),
                random.random_range(0.0..360.0)
            ),
        ));
    }
    write_without_height(folder, rows, &truth);
}

/// The files of it, rows in the order of time.
fn write_without_height(folder: &Path, mut rows: Vec<(f64, String)>, truth: &str) {
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let table = rows.into_iter().fold("time,sensor,range_m,azimuth_deg\n".to_owned(), |all, (_, row)| all + &row);
    let catalogue = format!(
        "name = \"case\"\nframe = \"geodetic\"\ntime = \"seconds\"\n[[sensor]]\nname = \"r\"\nowner = \"one\"\nkind = \"radar\"\n\
         site = {{ latitude_deg = {:?}, longitude_deg = {:?}, altitude_m = {:?} }}\nnoise = {{ range_m = 50.0, azimuth_deg = 0.1 }}\n\
         detection_probability = 0.9\nclutter_per_scan = 1.0\nscan_period_s = 4.0\n\
         coverage = {{ range_m = [500.0, 300000.0], height_m = [0.0, 15000.0] }}\n",
        SITE.latitude_deg, SITE.longitude_deg, SITE.altitude_m
    );
    fs::create_dir(folder).expect("a folder");
    let mut sorted: Vec<&str> = truth.lines().skip(1).collect();
    sorted.sort_by(|a, b| {
        let time = |line: &str| line.split(',').next().and_then(|t| t.parse::<f64>().ok()).unwrap_or(0.0);
        time(a).total_cmp(&time(b))
    });
    let head = truth.lines().next().unwrap_or_default();
    let truth = format!("{head}\n{}\n", sorted.join("\n"));
    for (name, text) in [("recording.toml", &catalogue), ("detections.csv", &table), ("truth.csv", &truth)] {
        fs::write(folder.join(name), text).expect("written");
    }
}

/// One row of a picture against the truth.
struct Error {
    /// Of the place and of the velocity, over their dimensions.
    nees: [f64; 2],
    /// From the radar.
    far_m: f64,
}

/// A row of a picture: place, velocity, and the covariance of either along the picture's axes.
struct Shown {
    time_us: i64,
    place_m: [f64; 3],
    velocity: [f64; 3],
    covariance: [[f64; 6]; 2],
}

/// The rows of the tracks of a picture that follow one object, once they are older than 40 s.
fn errors(recording: &Path, folder: &Path, world: World) -> Vec<Error> {
    let truth = Recording::open(recording).expect("a recording").truth().expect("a truth").expect("a truth");
    let velocities = truth.velocity_m_s.as_ref().expect("velocities");
    let mut at: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    let mut of: BTreeMap<(u32, i64), usize> = BTreeMap::new();
    for (place, (&time_us, &object)) in truth.time_us.iter().zip(&truth.object).enumerate() {
        at.entry(time_us).or_default().push(place);
        of.insert((object, time_us), place);
    }
    let axes = |shown: &Shown| match world {
        World::Earth => Geodetic::from_ecef(shown.place_m).enu_axes(),
        World::Space | World::Plane => [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
    };
    let apart = |a: [f64; 3], b: [f64; 3], axes: [[f64; 3]; 3]| {
        axes.map(|axis| (0..3).map(|i| axis[i] * (a[i] - b[i])).sum::<f64>())
    };
    let dimensions = if world == World::Space { 3 } else { 2 };
    let mut found = Vec::new();
    for rows in shown(folder, world).into_values() {
        let nearest = |shown: &Shown| {
            let away = |place: usize| {
                let [x, y, z] = apart(shown.place_m, truth.position_m[place], axes(shown));
                if dimensions == 3 { x.hypot(y).hypot(z) } else { x.hypot(y) }
            };
            let near = at.get(&shown.time_us)?.iter().map(|&place| (away(place), truth.object[place]));
            near.min_by(|a, b| a.0.total_cmp(&b.0)).filter(|(m, _)| *m < 6e3).map(|(_, object)| object)
        };
        let mut votes: BTreeMap<u32, usize> = BTreeMap::new();
        rows.iter().filter_map(nearest).for_each(|object| *votes.entry(object).or_default() += 1);
        let Some((&object, &most)) = votes.iter().max_by_key(|(_, votes)| **votes) else { continue };
        if most * 10 < rows.len() * 7 {
            continue;
        }
        let old_us = rows[0].time_us + 40_000_000;
        for shown in rows.iter().filter(|shown| shown.time_us >= old_us) {
            let Some(&place) = of.get(&(object, shown.time_us)) else { continue };
            let axes = axes(shown);
            let place_error = apart(shown.place_m, truth.position_m[place], axes);
            let true_velocity = match world {
                World::Earth => axes.map(|axis| (0..3).map(|i| axis[i] * velocities[place][i]).sum::<f64>()),
                World::Space | World::Plane => velocities[place],
            };
            let velocity_error = std::array::from_fn(|k| shown.velocity[k] - true_velocity[k]);
            let over = |e: [f64; 3], c: &[f64; 6]| mahalanobis2(e, c, dimensions) / dimensions as f64;
            let from = if world == World::Earth { SITE.ecef() } else { [0.0; 3] };
            let [x, y, z] = apart(truth.position_m[place], from, [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]]);
            found.push(Error {
                nees: [over(place_error, &shown.covariance[0]), over(velocity_error, &shown.covariance[1])],
                far_m: x.hypot(y).hypot(z),
            });
        }
    }
    found
}

/// The rows of a picture by track.
fn shown(folder: &Path, world: World) -> BTreeMap<u64, Vec<Shown>> {
    let [a, b, c] = if world == World::Earth { ["e", "n", "u"] } else { ["x", "y", "z"] };
    let pairs = [[a, a], [a, b], [a, c], [b, b], [b, c], [c, c]].map(|pair| pair.concat());
    let names = if world == World::Earth { ["east", "north", "up"] } else { ["x", "y", "z"] };
    let mut tracks: BTreeMap<u64, Vec<Shown>> = BTreeMap::new();
    for batch in read_batches(folder).expect("a picture") {
        let batch = batch.expect("rows");
        let column = |name: String| {
            batch.column_by_name(&name).unwrap_or_else(|| panic!("{name}")).as_primitive::<Float32Type>().clone()
        };
        let velocity = names.map(|axis| column(format!("velocity_{axis}_m_s")));
        let place = pairs.each_ref().map(|pair| column(format!("position_covariance_{pair}_m2")));
        let speed = pairs.each_ref().map(|pair| column(format!("velocity_covariance_{pair}_m2_s2")));
        for (row, point) in picture_points(&batch).expect("rows").into_iter().enumerate() {
            tracks.entry(point.track).or_default().push(Shown {
                time_us: point.time_us,
                place_m: point.position_m,
                velocity: velocity.each_ref().map(|of| f64::from(of.value(row))),
                covariance: [&place, &speed].map(|of| of.each_ref().map(|of| f64::from(of.value(row)))),
            });
        }
    }
    tracks
}

/// eᵀ C⁻¹ e over the first axes, C as xx, xy, xz, yy, yz, zz: by elimination.
fn mahalanobis2(e: [f64; 3], c: &[f64; 6], axes: usize) -> f64 {
    let mut a = [[c[0], c[1], c[2], e[0]], [c[1], c[3], c[4], e[1]], [c[2], c[4], c[5], e[2]]];
    let mut sum = 0.0;
    for k in 0..axes {
        sum += a[k][3] * a[k][3] / a[k][k];
        for i in k + 1..axes {
            let share = a[i][k] / a[k][k];
            let row = a[k];
            for (to, from) in a[i].iter_mut().zip(row).skip(k) {
                *to -= share * from;
            }
        }
    }
    sum
}

/// What the NEES of places and of velocities may be, of a part of a case by its number.
pub(crate) fn allowed(case: &Case, part: usize) -> [[f64; 2]; 2] {
    match case.world {
        // On Earth each stretch of range has bounds of its own, for places.
        World::Earth => [case.allowed[part], [0.0, 1.4]],
        World::Space | World::Plane => case.allowed,
    }
}

/// Prints the table: means over the rows of four recordings.
pub(crate) fn table() {
    println!("| what is seen | place | velocity | held to | rows |");
    println!("| --- | --- | --- | --- | --- |");
    for case in cases() {
        let runs: Vec<_> = (1..=4).map(|seed| case.measure(150, 60, seed)).collect();
        for part in 0..runs[0].len() {
            let rows: usize = runs.iter().map(|run| run[part].2).sum();
            let mean = |k: usize| runs.iter().map(|run| run[part].1[k] * run[part].2 as f64).sum::<f64>() / rows as f64;
            let [[low, high], _] = allowed(&case, part);
            println!("| {} | {:.2} | {:.2} | {low} to {high} | {rows} |", runs[0][part].0, mean(0), mean(1));
        }
    }
}
