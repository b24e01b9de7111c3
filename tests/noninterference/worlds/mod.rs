//! Random recordings and policies, changes of them that one partner must not notice, and what it may see of them: said
//! once more here, in plain Rust, from the documents alone.

mod random; // choices, from a seed or from bytes
mod place; // where things are
mod rules; // conditions: as a tree, as Cedar, and what they say
mod recording; // sensors and rows
mod policy; // zones, periods, partners, levels, rules
mod sight; // what a partner sees
pub(crate) mod change; // changes that it must not notice
mod hidden; // of rows and sensors
mod others; // of what the policy has for others
mod beneath; // of what its levels hide of what it sees
mod files; // a world as two folders
mod table; // its rows, in CSV and in Parquet

pub(crate) use random::Random;

use place::{Frame, Zone};
use rules::Rule;
use trackweave::export::Format;

/// How a sensor knows heights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Height {
    Unknown,
    /// A position's z or altitude, a radar's elevation.
    Known,
    /// A radar's altitude instead of its elevation, in a geodetic recording.
    Altitude,
}

/// A sensor. Places in metres on the world's plane.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Sensor {
    pub(crate) name: String,
    pub(crate) owner: String,
    /// A radar's site; without one it is a sensor of positions.
    pub(crate) site: Option<[f64; 3]>,
    pub(crate) period_us: i64,
    pub(crate) probability: f64,
    pub(crate) clutter: f64,
    pub(crate) noise_m: f64,
    pub(crate) height: Height,
    pub(crate) rates: bool,
    /// How far it sees, and whether its coverage has heights.
    pub(crate) reach_m: f64,
    pub(crate) layer: bool,
}

/// One row of a recording.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) time_us: i64,
    pub(crate) sensor: usize,
    pub(crate) place: [f64; 3],
    /// Range, azimuth and elevation that are written whatever the place.
    pub(crate) polar: Option<[f64; 3]>,
    pub(crate) rate: f64,
    pub(crate) sigma_m: Option<f64>,
    pub(crate) label: String,
    pub(crate) identified: bool,
    /// The address that its target sends, if it is identified.
    pub(crate) address: &'static str,
    /// A cell is empty that must not be: the row is rejected.
    pub(crate) bad: bool,
}

/// A window of time.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Period {
    pub(crate) name: String,
    pub(crate) start_us: i64,
    pub(crate) end_us: i64,
}

/// A partner with its attributes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Partner {
    pub(crate) id: String,
    pub(crate) groups: Vec<String>,
    pub(crate) clearance: i64,
    pub(crate) trusted: bool,
    pub(crate) home: String,
    pub(crate) area: Option<String>,
    pub(crate) nations: Vec<String>,
}

/// A level with what it demands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Level {
    pub(crate) name: String,
    pub(crate) delay_us: i64,
    pub(crate) cell_m: Option<f64>,
    pub(crate) omit: Vec<String>,
}

/// How the files are written: of no concern to anybody.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    /// Rows of a group in Parquet; CSV without.
    pub(crate) group: Option<usize>,
    pub(crate) amplitude: bool,
    pub(crate) truth: bool,
    pub(crate) name: String,
    /// Order of zones, periods and rules in their files, and of columns.
    pub(crate) order: u64,
}

/// How the runs are made.
#[expect(clippy::struct_excessive_bools, reason = "each is so or not, independently of the others")]
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Tuning {
    pub(crate) soft: bool,
    pub(crate) exact_max: u32,
    pub(crate) reorder: u32,
    pub(crate) signed: bool,
    pub(crate) cached: bool,
    /// Whether the second run is on every core.
    pub(crate) wide: bool,
    /// The operator's word, which is the same in both runs.
    pub(crate) label: Option<&'static str>,
    /// Whether addresses are fused.
    pub(crate) identities: bool,
    /// Whether pictures come with the detections that made their tracks.
    pub(crate) associations: bool,
    /// Whether rows are smoothed, and with which lag.
    pub(crate) smoothing: Option<&'static str>,
    /// Whether tracks are joined over gaps.
    pub(crate) stitching: bool,
}

/// How much there is in a world, at most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Size {
    pub(crate) sensors: usize,
    pub(crate) targets: usize,
    pub(crate) seconds: [f64; 2],
    /// Partners beside the subject.
    pub(crate) others: usize,
    /// Rules about detections, for the subject and for each other partner.
    pub(crate) rules: usize,
    /// What "many rows" means.
    pub(crate) many: usize,
}

impl Size {
    pub(crate) const USUAL: Self = Self { sensors: 4, targets: 4, seconds: [5.0, 8.0], others: 3, rules: 4, many: 300 };
    /// For a fuzzer, which wants many of them.
    pub(crate) const SMALL: Self = Self { sensors: 2, targets: 2, seconds: [2.5, 4.0], others: 1, rules: 2, many: 60 };
}

/// A recording and a policy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct World {
    /// The partner whose folder must not change.
    pub(crate) subject: String,
    pub(crate) size: Size,
    pub(crate) frame: Frame,
    /// Whether times are instants rather than seconds.
    pub(crate) stamped: bool,
    pub(crate) sensors: Vec<Sensor>,
    pub(crate) rows: Vec<Row>,
    pub(crate) layout: Layout,
    pub(crate) zones: Vec<Zone>,
    pub(crate) periods: Vec<Period>,
    pub(crate) groups: Vec<String>,
    pub(crate) partners: Vec<Partner>,
    pub(crate) fuse: Vec<Level>,
    pub(crate) receive: Vec<Level>,
    /// Actions that are no levels, and whether one partner should hold them at a time.
    pub(crate) acts: Vec<(String, bool)>,
    pub(crate) rules: Vec<Rule>,
    pub(crate) as_of_us: Option<i64>,
    pub(crate) tuning: Tuning,
    /// Whether the schema has `placed`.
    pub(crate) placed: bool,
}

/// Whole microseconds.
#[expect(clippy::cast_possible_truncation, reason = "seconds of a small world")]
fn micros(seconds: f64) -> i64 {
    (seconds * 1e6).round() as i64
}

impl World {
    pub(crate) fn from_seed(seed: u64) -> Self {
        Self::random(&mut Random::from_seed(seed), Size::USUAL)
    }

    /// Every format that its pictures have.
    pub(crate) fn formats(&self) -> &'static [Format] {
        static LOCAL: [Format; 2] = [Format::Csv, Format::Mot];
        if self.frame == Frame::Local { &LOCAL } else { &Format::ALL }
    }

    /// A recording, then a policy that shows the subject some of it and hides some, if one is found soon.
    pub(crate) fn random(random: &mut Random, size: Size) -> Self {
        let mut world = Self::recording(random, size);
        world.pool(random);
        let usual = random.chance(0.93);
        for _ in 0..12 {
            world.policy(random);
            world.settle();
            let (seen, rows) = (world.view().len(), world.rows.len());
            if !usual || (4 * seen > rows && 10 * seen < 9 * rows) {
                break;
            }
        }
        world
    }

    pub(crate) fn me(&self) -> &Partner {
        self.partners.iter().find(|partner| partner.id == self.subject).expect("the subject is a partner")
    }
}
