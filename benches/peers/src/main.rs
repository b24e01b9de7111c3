//! The bar that Trackweave measures itself against: the best that public crates give for one scan of tracking.
//!
//! `cargo run --release --manifest-path benches/peers/Cargo.toml -- --objects 100000 --scans 12 --seed 1 [--arrival-order] [--json]`
//!
//! Simulates objects at constant density, one per 80 m × 80 m, so that about two detections fall into a gate: the
//! object's own (detected with probability 0.95) and one of a neighbour; 10 % of the objects' number is added as
//! clutter. Only [`tracker::Tracker::scan`] is timed, not the simulation; the figure is the median over the second
//! half of the scans, when births and deaths are in balance.

mod tracker;

use std::process::ExitCode;
use std::time::Instant;

use kiddo::{ImmutableKdTree, SquaredEuclidean};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use tracker::{Model, Order, Stages, Tracker};

/// Edge of the square that belongs to one object.
const SPACING_M: f32 = 80.0;

/// False detections a scan, in objects.
const CLUTTER: f32 = 0.1;

/// Probability that an object ends within a scan; another starts elsewhere.
const DEATH_PROBABILITY: f32 = 0.01;

/// The gate lets 99.9 % of the right detections pass (χ² with two degrees of freedom).
const MODEL: Model = Model {
    dt_s: 1.0,
    sigma_m: 10.0,
    intensity: 1.0,
    birth_sigma_m_s: 10.0,
    detection_probability: 0.95,
    clutter_per_m2: (CLUTTER + DEATH_PROBABILITY) / (SPACING_M * SPACING_M),
    gate: 13.816,
};

/// What the command line asks for.
#[derive(Clone, Copy, Debug)]
struct Arguments {
    objects: usize,
    scans: usize,
    seed: u64,
    order: Order,
    json: bool,
}

impl Arguments {
    fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut arguments = Self { objects: 10_000, scans: 12, seed: 1, order: Order::Place, json: false };
        while let Some(word) = words.next() {
            if word == "--json" {
                arguments.json = true;
                continue;
            }
            if word == "--arrival-order" {
                arguments.order = Order::Arrival;
                continue;
            }
            let mut value = |limit: u64| {
                let text = words.next().ok_or(format!("`{word}` wants a number"))?;
                let number = text.parse().ok().filter(|number| (1..=limit).contains(number));
                number.ok_or(format!("`{word} {text}`: wanted a whole number from 1 to {limit}"))
            };
            match word.as_str() {
                "--objects" => arguments.objects = value(10_000_000)? as usize,
                "--scans" => arguments.scans = value(1_000_000)? as usize,
                "--seed" => arguments.seed = value(u64::MAX)?,
                _ => {
                    return Err(format!(
                        "`{word}`: wanted --objects N, --scans N, --seed S, --arrival-order or --json"
                    ));
                }
            }
        }
        Ok(arguments)
    }
}

/// Objects that move with nearly constant velocity in a square about the origin.
struct Scene {
    objects: Vec<([f32; 2], [f32; 2])>,
    half_m: f32,
    random: ChaCha8Rng,
}

impl Scene {
    fn new(objects: usize, seed: u64) -> Self {
        let half_m = SPACING_M * (objects as f32).sqrt() / 2.0;
        let mut scene = Self { objects: Vec::new(), half_m, random: ChaCha8Rng::seed_from_u64(seed) };
        scene.objects = (0..objects).map(|_| scene.newborn()).collect();
        scene
    }

    fn anywhere(&mut self) -> [f32; 2] {
        [(); 2].map(|()| self.half_m * (2.0 * self.random.random::<f32>() - 1.0))
    }

    fn normal(&mut self, sigma: f32) -> f32 {
        let value: f32 = StandardNormal.sample(&mut self.random);
        sigma * value
    }

    fn newborn(&mut self) -> ([f32; 2], [f32; 2]) {
        (self.anywhere(), [(); 2].map(|()| self.normal(MODEL.birth_sigma_m_s)))
    }

    /// Moves every object by one scan and measures: objects in their order, which says nothing of place, then clutter.
    fn scan(&mut self) -> Vec<[f32; 2]> {
        let mut detections = Vec::with_capacity(self.objects.len() * 11 / 10);
        for i in 0..self.objects.len() {
            let (mut position_m, mut velocity_m_s) = self.objects[i];
            for axis in 0..2 {
                position_m[axis] += MODEL.dt_s * velocity_m_s[axis];
                velocity_m_s[axis] += self.normal((MODEL.intensity * MODEL.dt_s).sqrt());
            }
            let left = position_m.iter().any(|coordinate| coordinate.abs() > self.half_m);
            self.objects[i] = match left || self.random.random::<f32>() < DEATH_PROBABILITY {
                true => self.newborn(),
                false => (position_m, velocity_m_s),
            };
            if self.random.random::<f32>() < MODEL.detection_probability {
                let truth_m = self.objects[i].0;
                detections.push(truth_m.map(|coordinate| coordinate + self.normal(MODEL.sigma_m)));
            }
        }
        let clutter = (CLUTTER * self.objects.len() as f32).round() as usize;
        detections.extend((0..clutter).map(|_| self.anywhere()));
        detections
    }

    /// Share of the objects that have a confirmed track within two standard deviations of a measurement.
    fn held_by(&self, tracker: &Tracker) -> f64 {
        let confirmed = tracker.tracks.iter().filter(|track| track.is_confirmed());
        let positions: Vec<_> = confirmed.map(|track| track.position_m).collect();
        let Ok(tree) = ImmutableKdTree::<f32, 2>::new_from_slice(&positions) else { return 0.0 };
        let radius_m = 2.0 * MODEL.sigma_m;
        let near = |position_m: &[f32; 2]| {
            !positions.is_empty()
                && tree.query(position_m).nearest_one::<SquaredEuclidean<f32>>().execute().distance
                    < radius_m * radius_m
        };
        self.objects.iter().filter(|(position_m, _)| near(position_m)).count() as f64 / self.objects.len() as f64
    }
}

fn run(arguments: Arguments) {
    let Arguments { objects, scans, .. } = arguments;
    let mut scene = Scene::new(objects, arguments.seed);
    let mut tracker = Tracker::new(MODEL, arguments.order);
    let mut later = Vec::new();
    for scan in 0..scans {
        let detections = scene.scan();
        if scan == scans / 2 {
            tracker.stages = Stages::default();
        }
        let start = Instant::now();
        tracker.scan(&detections);
        let seconds = start.elapsed().as_secs_f64();
        if scan >= scans / 2 {
            later.push((detections.len() as f64 / seconds, detections.len(), seconds));
        }
    }
    later.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    let (rate, detections, seconds) = later[later.len() / 2];
    if arguments.json {
        println!(
            "{{\"objects\": {objects}, \"scans\": {scans}, \"detections_per_second\": {rate:.0}, \
             \"detections\": {detections}, \"seconds\": {seconds:.6}}}"
        );
        return;
    }
    println!("{objects} objects, {scans} scans, {detections} detections in the median scan, {seconds:.6} s");
    println!("{rate:.0} detections per second");
    for (name, seconds) in Stages::NAMES.iter().zip(tracker.stages.seconds) {
        println!("  {name:8} {:9.3} ms a scan", 1e3 * seconds / later.len() as f64);
    }
    println!("{} tracks; {:.1} % of the objects are held", tracker.tracks.len(), 100.0 * scene.held_by(&tracker));
}

fn main() -> ExitCode {
    match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => run(arguments),
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    }
    ExitCode::SUCCESS
}
