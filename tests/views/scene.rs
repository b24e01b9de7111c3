//! A silent object that a radar sees six times in ten, and a loud one that only a transponder sees, every second.

use arrow_array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, Poisson, StandardNormal};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use trackweave::fusion::executor::Executor;
use trackweave::ingest::{Catalogue, Detections, Options, Order};
use trackweave::run::{RunConfig, TrackAt, track};

/// Report times at which both objects can be reported.
pub(crate) const LIVES: usize = 299;

/// What is recorded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scene {
    pub(crate) seed: u64,
    /// What the catalogue says the transponder detects; without it, the radar is alone.
    pub(crate) transponder: Option<f64>,
    /// False detections of the radar in a look; 0: none, and the catalogue says one.
    pub(crate) clutter: f64,
    /// When the silent object ends.
    pub(crate) dies_s: Option<usize>,
    /// From when to when the transponder is off.
    pub(crate) outage_s: Option<[usize; 2]>,
    pub(crate) radar_sees_loud: bool,
    /// How far the transponder's places lie off.
    pub(crate) displaced_m: f64,
    /// The view of both.
    pub(crate) view: Option<&'static str>,
}

impl Scene {
    pub(crate) const SILENT: Self = Self {
        seed: 1,
        transponder: Some(0.97),
        clutter: 0.0,
        dies_s: None,
        outage_s: None,
        radar_sees_loud: false,
        displaced_m: 0.0,
        view: None,
    };
}

/// How many report times each object is held, and what else is reported.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Held {
    pub(crate) silent: usize,
    pub(crate) loud: usize,
    /// Times that the loud one is held while the transponder is off.
    pub(crate) in_outage: usize,
    /// Times after its death that the silent one is reported, in a row.
    pub(crate) lingers: usize,
    /// Rows beyond the first one within 100 m of an object.
    pub(crate) extra: usize,
}

pub(crate) const CONFIG: &str = r#"
report_period_s = 1.0

[score]
cutoff_m = 50.0
order = 2.0
max_gap_s = 3.0

[fusion]
gate = 16.0
reorder_scans = 32

[fusion.motion]
noise = "white_acceleration"
horizontal = 4.0
vertical = 0.0
survival_per_s = 0.999

[fusion.association]
mode = "assign"
exact_max = 8
tolerance = 1e-4
iterations_max = 200

[fusion.existence]
prune = 1e-5
recycle = 1e-5
confirm = 0.9
report = 0.5
position_sigma_max_m = 250.0
contributor = 0.01

[fusion.undetected]
initial_per_km2 = 0.05
births_per_km2_h = 1.0
cell_km = 0.5
speed_m_s = 25.0
climb_m_s = 0.0
"#;

pub(crate) fn config() -> RunConfig {
    RunConfig::parse(CONFIG, Path::new("config")).expect("a configuration")
}

pub(crate) fn mean(counts: &[usize]) -> f64 {
    counts.iter().sum::<usize>() as f64 / counts.len() as f64
}

/// One detection: time in seconds, sensor, x, y.
type Row = (f64, &'static str, f64, f64);

fn rows(scene: &Scene) -> Vec<Row> {
    let mut random = ChaCha8Rng::seed_from_u64(scene.seed);
    let normal = |random: &mut ChaCha8Rng| -> f64 { 8.0 * Distribution::<f64>::sample(&StandardNormal, random) };
    let false_alarms = Poisson::new(scene.clutter.max(1e-9)).expect("a mean above 0");
    let mut rows = Vec::new();
    for k in 0..300 {
        let (time_s, x) = (k as f64, 5.0 * k as f64);
        let mut near = |y: f64| (x + normal(&mut random), y + normal(&mut random));
        let [(sx, sy), (rx, ry), (lx, ly)] = [near(0.0), near(1500.0), near(1500.0)];
        if random.random_bool(0.6) && scene.dies_s.is_none_or(|dies| k < dies) {
            rows.push((time_s + 0.5, "radar", sx, sy));
        }
        if random.random_bool(0.6) && scene.radar_sees_loud {
            rows.push((time_s + 0.5, "radar", rx, ry));
        }
        for _ in 0..false_alarms.sample(&mut random) as usize {
            let [x, y] = [(); 2].map(|()| random.random_range(-2500.0..2500.0));
            rows.push((time_s + 0.5, "radar", x, y));
        }
        let is_off = scene.outage_s.is_some_and(|[from, to]| (from..to).contains(&k));
        if scene.transponder.is_some() && !is_off {
            rows.push((time_s + 0.6, "transponder", lx + scene.displaced_m, ly));
        }
    }
    rows
}

fn catalogue(scene: &Scene) -> Catalogue {
    let view = scene.view.map_or(String::new(), |view| format!("view = \"{view}\"\n"));
    let sensor = |name: &str, probability: f64, clutter: f64| {
        format!(
            "[[sensor]]\nname = \"{name}\"\nowner = \"o\"\nkind = \"position\"\nnoise = {{ horizontal_m = 8.0 }}\n\
             detection_probability = {probability}\nclutter_per_scan = {clutter:?}\nscan_period_s = 1.0\n\
             coverage = {{ x_m = [-2500.0, 2500.0], y_m = [-2500.0, 2500.0] }}\n{view}"
        )
    };
    let clutter = if scene.clutter > 0.0 { scene.clutter } else { 1.0 };
    let second = scene.transponder.map_or(String::new(), |probability| sensor("transponder", probability, 0.05));
    let text =
        format!("name = \"s\"\nframe = \"local\"\ntime = \"seconds\"\n{}{second}", sensor("radar", 0.7, clutter));
    Catalogue::parse(&text, Path::new("catalogue")).expect("a catalogue")
}

/// Times, places and births of all that is reported.
pub(crate) fn tracks(scene: &Scene, config: &RunConfig) -> Vec<(i64, [f64; 3], String)> {
    let found = fused(scene, config);
    found.iter().map(|at| (at.time_us, at.estimate.position_m(), format!("{:?}", at.estimate))).collect()
}

fn fused(scene: &Scene, config: &RunConfig) -> Vec<TrackAt> {
    let (catalogue, rows) = (catalogue(scene), rows(scene));
    let column =
        |of: fn(&Row) -> f64| Arc::new(rows.iter().map(|row| Some(of(row))).collect::<Float64Array>()) as ArrayRef;
    let sensors: StringArray = rows.iter().map(|row| Some(row.1)).collect();
    let table = RecordBatch::try_from_iter([
        ("time", column(|row| row.0)),
        ("sensor", Arc::new(sensors) as ArrayRef),
        ("x_m", column(|row| row.2)),
        ("y_m", column(|row| row.3)),
    ])
    .expect("columns of one length");
    let options = Options { strict: true, rows_per_batch: 0, order: Order::Any };
    let (detections, _) = Detections::from_record_batch(&table, &catalogue, options).expect("a table");
    track(&catalogue, &detections, config, Executor::host()).expect("the host does not fail")
}

pub(crate) fn held(scene: &Scene) -> Held {
    let mut at: BTreeMap<usize, Vec<[f64; 2]>> = BTreeMap::new();
    for found in fused(scene, &config()) {
        let [x, y, _] = found.estimate.position_m();
        at.entry(usize::try_from(found.time_us / 1_000_000).expect("a time")).or_default().push([x, y]);
    }
    let mut held = Held { silent: 0, loud: 0, in_outage: 0, lingers: 0, extra: 0 };
    let mut gone = false;
    for k in 1..=LIVES {
        let places = at.get(&k).map_or(&[][..], Vec::as_slice);
        let x = 5.0 * (k as f64 - 0.5);
        let within = |far_m: f64, y: f64| places.iter().filter(|p| (p[0] - x).hypot(p[1] - y) < far_m).count();
        let loud = within(50.0, 1500.0) > 0;
        held.silent += usize::from(within(50.0, 0.0) > 0);
        held.loud += usize::from(loud);
        held.in_outage += usize::from(loud && scene.outage_s.is_some_and(|[from, to]| (from + 1..=to).contains(&k)));
        held.extra += [0.0, 1500.0].map(|y| within(100.0, y).saturating_sub(1)).iter().sum::<usize>();
        if scene.dies_s.is_some_and(|dies| k > dies) {
            gone |= within(150.0, 0.0) == 0;
            held.lingers += usize::from(!gone);
        }
    }
    held
}
