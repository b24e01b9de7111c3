//! What each partner may have had fused: classes of detections, looks, and which detection could have begun which track.
//!
//! Rows come through the readers of `ingest`, which both sides share: what a file says is one question, who may have it
//! another. All else is done anew here: classes from the outlines and windows themselves, and the numbers of scans
//! (`looks.rs`).

use super::GuardError;
use super::calibrated::{Calibrations, Corrections, Counts, Told};
use super::cells::{Cell, cell};
use super::ground::{axes, dot, length, metres, plus};
use super::looks::{Forming, Seen, scans};
use super::measured::given;
use super::rules::{Book, Demands, Level, Partner, class, set};
use crate::ingest::{Catalogue, Options, Order, Reader};
use crate::sensor::{Coverage, Kind, Measurement, Reading, Sensor, VelocityRows};
use crate::space::{Frame, Place};
use cedar_policy::{Entity, RestrictedExpression};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, LazyLock};

/// Height to which an object is thought to be where a sensor does not know it, metres; more if its coverage goes higher.
const HEIGHT_M: f64 = 20_000.0;

/// The detections of a recording.
#[derive(Debug)]
pub(super) struct Recording {
    pub(super) catalogue: Catalogue,
    pub(super) classes: Vec<Class>,
    pub(super) rows: Vec<Row>,
    /// What each row measured.
    pub(super) readings: Vec<Reading>,
    /// The address that the target of each sent, empty for none; none at all where addresses are not fused.
    identities: Vec<Arc<str>>,
    /// What corrected detections.
    pub(super) calibrations: Calibrations,
}

/// One detection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    pub(super) time_us: i64,
    pub(super) sensor: u32,
    pub(super) class: u32,
    /// x, y in metres or longitude, latitude in degrees.
    pub(super) place: [f64; 2],
    /// Where that is, in metres of the engine's axes.
    pub(super) at_m: [f64; 3],
    /// Greatest standard deviation along what was measured.
    pub(super) sigma_m: f64,
    pub(super) height: Height,
    /// Unit vector upwards: at the place for a position, at its site for a radar.
    pub(super) up: [f64; 3],
    /// What a radar measured; 0 for a position.
    pub(super) range_m: f64,
    /// How high above its site an object is thought to be where a radar does not know it.
    pub(super) most_m: f64,
    /// What a cell adds to `sigma_m`'s square, and how fast an object is that leaves the cell within one look; 0 where it is
    /// not made coarse.
    pub(super) coarse: [f64; 2],
}

/// What is known of the height of a detection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Height {
    /// It was measured.
    Measured,
    /// Nothing: the object is somewhere on the vertical.
    Open,
    /// Nothing, and a radar measured the range to it: the higher the object, the nearer to the site it is over ground.
    Slant,
}

impl Row {
    fn new(
        (frame, sensor, number): (Frame, &Sensor, u32),
        (time_us, class): (i64, u32),
        (place, at, measurement): ([f64; 2], Place, &Measurement),
    ) -> Self {
        let (Coverage::Box { height_m, .. } | Coverage::Ring { height_m, .. }) = sensor.coverage;
        let highest_m = height_m.map_or(0.0, |[low, high]| low.abs().max(high.abs()));
        Self {
            time_us,
            sensor: number,
            class,
            place,
            at_m: at.metres(),
            sigma_m: f64::from(measurement.sigma_m.into_iter().take(measurement.rows as usize).fold(0.0, f32::max)),
            height: match (measurement.slant, measurement.rows) {
                (true, _) => Height::Slant,
                (false, 3..) => Height::Measured,
                (false, _) => Height::Open,
            },
            // What slants does so at the site.
            up: match (&sensor.kind, sensor.site(frame, time_us)) {
                (Kind::Radar { .. }, Some(site)) => site.up(),
                _ => vertical(frame, place),
            },
            range_m: f64::from(measurement.range_m),
            most_m: HEIGHT_M.max(2.0 * highest_m),
            coarse: [0.0; 2],
        }
    }

    /// Standard deviation of what was measured, in a filter that counts a coarse place for every look in which objects of so
    /// many m/s, along the horizontal and the vertical, are in the same cell: at most 1000.
    pub(super) fn sigma_among_m(&self, [level, upright]: [f64; 2]) -> f64 {
        let [variance_m2, leaving_m_s] = self.coarse;
        let speed_m_s = if self.range_m > 0.0 { level.min(upright) } else { level };
        // What is not coarse leaves no cell, however fast.
        let looks = if leaving_m_s > 0.0 { (leaving_m_s / speed_m_s).clamp(1.0, 1000.0) } else { 1.0 };
        self.sigma_m.hypot((variance_m2 * (looks - 1.0)).sqrt())
    }

    /// Whether its level gives it by the time of the run.
    pub(super) fn due(self, demands: &Demands, as_of_us: Option<i64>) -> bool {
        as_of_us.is_none_or(|as_of_us| self.time_us <= as_of_us.saturating_sub(demands.delay_us))
    }

    /// What its level gives of it.
    fn seen_at(self, demands: &Demands, frame: Frame, looks_per_s: f64) -> Self {
        let seen = if demands.omit.contains("height") { self.without_height() } else { self };
        let Some(coarsen_m) = demands.coarsen_m else { return seen };
        let ([x, y], spread) = (seen.place, |cell: &Cell| cell.variance_m2.into_iter().fold(0.0, f64::max).sqrt());
        let cell = cell(frame, if frame == Frame::Geodetic { [y, x, 0.0] } else { [x, y, 0.0] }, coarsen_m);
        let [a, b, _] = cell.centre;
        let place = if frame == Frame::Geodetic { [b, a] } else { [a, b] };
        let coarse = [spread(&cell).powi(2), 12f64.sqrt() * spread(&cell) * looks_per_s];
        let placed = Self { place, at_m: metres(frame, cell.centre), coarse, ..seen };
        match seen.height {
            // Without the height that it measured a radar's place may fall into another cell, from which the range is taken.
            Height::Slant => Self { sigma_m: seen.sigma_m.hypot(spread(&cell)) + coarsen_m, ..placed },
            // On the border of two cells nothing tells which height was taken: any.
            Height::Measured | Height::Open => Self {
                sigma_m: seen.sigma_m.hypot(spread(&cell)),
                height: Height::Open,
                up: vertical(frame, place),
                ..placed
            },
        }
    }

    fn without_height(self) -> Self {
        match self.height {
            // The place over ground hangs on the height that was left out as well.
            Height::Measured if self.range_m > 0.0 => Self { height: Height::Slant, most_m: 1.5 * self.most_m, ..self },
            Height::Measured => Self { height: Height::Open, ..self },
            Height::Open | Height::Slant => self,
        }
    }

    /// How a point lies from it, what of that is free, and how far it may be off for a height that is not known.
    ///
    /// Free is the way along the vertical where no height was measured. A range r leads to r² - h² over ground, so between
    /// heights 0 and h to r - √(r² - h²) at most: 2 km at 100 km for 20 km of height, and all of the range below that.
    pub(super) fn offset_m(&self, point_m: [f64; 3]) -> Offset {
        let way_m = plus(point_m, -1.0, self.at_m);
        let Height::Slant = self.height else {
            return Offset { way_m, free: (self.height == Height::Open).then_some(self.up), vague_m: 0.0 };
        };
        let height_m = self.most_m.max(dot(way_m, self.up).abs()).min(self.range_m);
        let vague_m = self.range_m - (self.range_m.powi(2) - height_m.powi(2)).sqrt();
        Offset { way_m, free: Some(self.up), vague_m }
    }

    /// How far a point is from its vertical.
    pub(super) fn apart_m(&self, point_m: [f64; 3]) -> f64 {
        let Offset { way_m, vague_m, .. } = self.offset_m(point_m);
        length(plus(way_m, -dot(way_m, self.up), self.up)) - vague_m
    }
}

/// How a point lies from a detection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offset {
    pub(super) way_m: [f64; 3],
    /// Unit vector along which nothing was measured.
    pub(super) free: Option<[f64; 3]>,
    pub(super) vague_m: f64,
}

/// Upwards at a place.
fn vertical(frame: Frame, [x, y]: [f64; 2]) -> [f64; 3] {
    let [_, _, up] = axes(frame, if frame == Frame::Geodetic { [y, x, 0.0] } else { [x, y, 0.0] });
    up
}

/// Detections that look alike to the rules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Class {
    pub(super) sensor: String,
    pub(super) owner: String,
    pub(super) kind: &'static str,
    pub(super) label: String,
    pub(super) zones: BTreeSet<String>,
    pub(super) periods: BTreeSet<String>,
    pub(super) identified: bool,
}

impl Class {
    fn entity(&self) -> Result<Entity, GuardError> {
        let text = |value: &str| RestrictedExpression::new_string(value.to_owned());
        let attributes = vec![
            ("sensor", text(&self.sensor)),
            ("owner", text(&self.owner)),
            ("kind", text(self.kind)),
            ("label", text(&self.label)),
            ("zones", set(&self.zones)),
            ("periods", set(&self.periods)),
            ("identified", RestrictedExpression::new_bool(self.identified)),
            // No kind of sensor that is read measures directions alone.
            ("placed", RestrictedExpression::new_bool(true)),
        ];
        class("DetectionClass", attributes)
    }
}

impl Recording {
    pub(super) fn read(
        folder: &Path,
        catalogue: Catalogue,
        (book, fuses_identities): (&Book, bool),
        calibrations: Calibrations,
    ) -> Result<Self, GuardError> {
        let mut reader =
            Reader::open(folder, &catalogue, Options { strict: false, rows_per_batch: 1 << 16, order: Order::Any })?
                .with_readings();
        if fuses_identities {
            reader = reader.with_identities();
        }
        let mut numbers: BTreeMap<Class, u32> = BTreeMap::new();
        let (mut rows, mut readings, mut identities) = (Vec::new(), Vec::new(), Vec::new());
        while let Some(batch) = reader.next_batch()? {
            identities.extend(
                batch.identity.iter().map(|at| batch.identities.get(*at as usize).cloned().unwrap_or_default()),
            );
            readings.extend(&batch.reading);
            let columns = batch.time_us.iter().zip(&batch.sensor).zip(&batch.horizontal).zip(&batch.label);
            let columns = columns.zip(&batch.identified).zip(&batch.measurement).zip(&batch.place);
            for ((((((&time_us, &sensor), &place), &label), &identified), measurement), &at) in columns {
                let Some(from) = catalogue.sensors.get(sensor as usize) else { continue };
                let class = Class {
                    sensor: from.name.clone(),
                    owner: from.owner.clone(),
                    kind: match &from.kind {
                        Kind::Position => "position",
                        Kind::Radar { .. } => "radar",
                    },
                    label: batch.labels.get(label as usize).cloned().unwrap_or_default(),
                    zones: book.zones.at(place),
                    periods: book.periods.at(time_us),
                    identified,
                };
                let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
                let class = *numbers.entry(class).or_insert(next);
                let from = (catalogue.frame, from, sensor);
                rows.push(Row::new(from, (time_us, class), (place, at, measurement)));
            }
        }
        identities.resize(rows.len(), Arc::default());
        let mut in_time: Vec<(Row, (Reading, Arc<str>))> =
            rows.into_iter().zip(readings.into_iter().zip(identities)).collect();
        in_time.sort_by_key(|(row, _)| row.time_us);
        let (rows, rest): (Vec<Row>, Vec<(Reading, Arc<str>)>) = in_time.into_iter().unzip();
        let (readings, mut identities): (Vec<Reading>, Vec<Arc<str>>) = rest.into_iter().unzip();
        if !fuses_identities {
            identities.clear();
        }
        let mut classes: Vec<(u32, Class)> = numbers.into_iter().map(|(class, number)| (number, class)).collect();
        classes.sort_unstable();
        let classes = classes.into_iter().map(|(_, class)| class).collect();
        Ok(Self { catalogue, classes, rows, readings, identities, calibrations })
    }

    /// The address of a row as a level gives it: none where that makes places coarse; `None` where addresses are not fused.
    pub(super) fn identity(&self, row: usize, demands: &Demands) -> Option<&Arc<str>> {
        static NONE: LazyLock<Arc<str>> = LazyLock::new(Arc::default);
        let gives = demands.coarsen_m.is_none() && !demands.omit.contains("identity");
        let known = self.identities.get(row)?;
        Some(if gives { known } else { &NONE })
    }
}

impl Recording {
    /// What looks see of a row, as a level gives it.
    fn seen(&self, (row, at_us): (&Row, i64), reading: Reading, demands: &Demands) -> Seen {
        let sensor = self.catalogue.sensors.get(row.sensor as usize);
        let as_given = sensor.and_then(|sensor| given(reading, sensor, (self.catalogue.frame, row.time_us), demands));
        let (tile, sigma_m) = as_given.map_or(([0; 3], 0.0), |(metres, measurement)| {
            (Place::from_metres(metres).tile, measurement.sigma_m.into_iter().fold(0.0, f32::max))
        });
        Seen { time_us: row.time_us, at_us, sensor: row.sensor, tile, sigma_m }
    }

    /// A row as a level gives it, corrected where it is not coarse.
    fn corrected(&self, row: Row, demands: &Demands, corrections: &Corrections) -> Row {
        let sensor = self.catalogue.sensors.get(row.sensor as usize);
        let keeps = sensor.is_some_and(|sensor| sensor.noise.elevation_rad.is_none());
        if demands.coarsen_m.is_some() { row } else { corrections.corrected(row, (&self.catalogue, keeps)) }
    }
}

/// What one partner may have had fused.
#[derive(Debug, Default)]
pub(super) struct Sight {
    /// First and last time of a detection.
    pub(super) span_us: Option<[i64; 2]>,
    /// Number of the level, rules that grant it, and how many detections, of each class.
    pub(super) fused: BTreeMap<u32, (usize, Vec<String>, u64)>,
    /// Owner and label with the time of their first detection, the earliest first.
    pub(super) sources: Vec<(i64, String, String)>,
    scans: Vec<(i64, Vec<Row>)>,
    /// By number, the detections that were given, with their scan and place in it.
    given: Vec<(Row, Option<(usize, usize)>)>,
    /// The rows that it may have, by their numbers in the recording, in the order of docs/pictures.md.
    pub(super) rows: Vec<usize>,
    /// The addresses that it may have, with the time of the first detection that has each.
    pub(super) identities: BTreeMap<Arc<str>, i64>,
    /// What its manifest says of a calibration.
    pub(super) calibrated: Option<Told>,
}

impl Sight {
    /// A detection is given at the highest level that the rules permit, as soon as that level's delay has passed.
    pub(super) fn of(
        recording: &Recording,
        book: &Book,
        partner: &Partner,
        forming: Forming,
    ) -> Result<Self, GuardError> {
        let mut sight = Self::default();
        for (number, class) in (0u32..).zip(&recording.classes) {
            let entity = class.entity()?;
            for (level, rank) in book.fuse.iter().zip(0..) {
                if let Some(rules) = book.grants(partner, &level.deed, &entity)? {
                    sight.fused.insert(number, (rank, rules, 0));
                    break;
                }
            }
        }
        let (mut rows, mut seen) = (Vec::new(), Vec::new());
        let mut first: BTreeMap<(String, String), i64> = BTreeMap::new();
        sight.rows = (0..recording.rows.len())
            .filter(|row| recording.rows.get(*row).is_some_and(|row| sight.level(row, book).is_some()))
            .collect();
        sight.order(recording, book);
        let looks_per_s = recording.catalogue.sensors.iter().map(|sensor| sensor.looks.per_s()).sum();
        let corrections = recording.calibrations.of(&partner.id, &sight.counts(recording), &recording.catalogue);
        let mut given = Vec::new();
        for &number in &sight.rows {
            let Some((row, reading)) = recording.rows.get(number).zip(recording.readings.get(number)) else { continue };
            let Some(level) = sight.level(row, book) else { continue };
            if let Some(identity) = recording.identity(number, &level.demands).filter(|identity| !identity.is_empty()) {
                let first_us = sight.identities.entry(Arc::clone(identity)).or_insert(i64::MAX);
                *first_us = corrections.time_us(row).min(row.time_us).min(*first_us);
            }
            let as_given = row.seen_at(&level.demands, recording.catalogue.frame, looks_per_s);
            let right = recording.corrected(as_given, &level.demands, &corrections);
            seen.push(recording.seen((row, right.time_us), *reading, &level.demands));
            given.push((as_given, None));
            rows.push(right);
            if let Some((_, _, count)) = sight.fused.get_mut(&row.class) {
                *count += 1;
            }
            if let Some(class) = recording.classes.get(row.class as usize) {
                let time = first.entry((class.owner.clone(), class.label.clone())).or_insert(right.time_us);
                *time = right.time_us.min(*time);
            }
        }
        sight.sources = first.into_iter().map(|((owner, label), time)| (time, owner, label)).collect();
        sight.sources.sort();
        // Reports begin with the first scan, and end with the last detection as it was stamped.
        let stamped = || given.iter().map(|(row, _)| row.time_us);
        let first_us = stamped().chain(rows.iter().map(|row| row.time_us)).min();
        sight.span_us = first_us.zip(stamped().max()).map(|(first, last)| [first, last]);
        sight.calibrated = corrections.told;
        let formed = scans(&recording.catalogue, &seen, forming);
        sight.given = given;
        for (scan, (_, numbers)) in formed.iter().enumerate() {
            for (place, number) in numbers.iter().enumerate() {
                if let Some((_, lies)) = sight.given.get_mut(*number) {
                    *lies = Some((scan, place));
                }
            }
        }
        let with_rows = |numbers: Vec<usize>| numbers.iter().filter_map(|number| rows.get(*number).copied()).collect();
        sight.scans = formed.into_iter().map(|(time_us, numbers)| (time_us, with_rows(numbers))).collect();
        Ok(sight)
    }

    /// How many of each sensor, owner and label it may have.
    fn counts(&self, recording: &Recording) -> Counts {
        let mut counts = Counts::new();
        let classes =
            self.rows.iter().filter_map(|row| recording.classes.get(recording.rows.get(*row)?.class as usize));
        for class in classes {
            *counts.entry((class.sensor.clone(), class.owner.clone(), class.label.clone())).or_default() += 1;
        }
        counts
    }

    /// A detection by its number among those that were given, with its scan, its place there and the scan's time.
    pub(super) fn given(&self, number: usize) -> Option<(Row, (usize, usize), i64)> {
        let (row, lies) = self.given.get(number)?;
        let (scan, place) = (*lies)?;
        Some((*row, (scan, place), self.scans.get(scan)?.0))
    }

    /// The scan and the detection that a track's number names.
    pub(super) fn birth(&self, track: u64) -> Option<(i64, Row)> {
        let (time_us, rows) = self.scans.get(usize::try_from(track >> 32).ok()?)?;
        Some((*time_us, *rows.get(usize::try_from(track & 0xffff_ffff).ok()?)?))
    }

    /// Scans not later than a time, the latest first, with the detections in each.
    pub(super) fn scans_until(&self, time_us: i64) -> impl Iterator<Item = (i64, &[Row])> {
        let until = self.scans.partition_point(|(scan_us, _)| *scan_us <= time_us);
        self.scans.iter().take(until).rev().map(|(scan_us, rows)| (*scan_us, rows.as_slice()))
    }

    /// The level that a row is given at, if it is given.
    pub(super) fn level<'a>(&self, row: &Row, book: &'a Book) -> Option<&'a Level> {
        let (rank, ..) = self.fused.get(&row.class)?;
        book.fuse.get(*rank).filter(|level| row.due(&level.demands, book.as_of_us))
    }

    /// Puts rows of one time into the order of what is given of them, then of their sensors, addresses, owners and labels.
    fn order(&mut self, recording: &Recording, book: &Book) {
        let mut rows = std::mem::take(&mut self.rows);
        let time = |row: &usize| recording.rows.get(*row).map(|row| row.time_us);
        for tied in rows.chunk_by_mut(|a, b| time(a) == time(b)).filter(|tied| tied.len() > 1) {
            let key = |&number: &usize| {
                let row = recording.rows.get(number)?;
                let of = recording.catalogue.sensors.get(row.sensor as usize)?;
                let level = self.level(row, book)?;
                let reading = *recording.readings.get(number)?;
                let (metres, measurement) =
                    given(reading, of, (recording.catalogue.frame, row.time_us), &level.demands)?;
                let class = recording.classes.get(row.class as usize)?;
                let identity = recording.identity(number, &level.demands);
                let measured = numbers(&Place::from_metres(metres), &measurement);
                Some((measured, &of.name, identity, &class.owner, &class.label))
            };
            let mut keyed: Vec<_> = tied.iter().map(|row| (key(row), *row)).collect();
            keyed.sort_by(|(a, _), (b, _)| a.cmp(b));
            for (place, (_, row)) in tied.iter_mut().zip(keyed) {
                *place = row;
            }
        }
        self.rows = rows;
    }
}

/// What was given of a detection, number by number, in the order in which detections of one time stand.
fn numbers(place: &Place, measurement: &Measurement) -> Vec<i64> {
    // Bits of a float count upwards from zero, below zero downwards.
    let float = |x: &f32| {
        let bits = x.to_bits();
        if bits >> 31 == 0 { i64::from(bits) } else { -1 - i64::from(bits & 0x7fff_ffff) }
    };
    let Measurement { axes: _, coarse_m2: _, curved: _, sigma_m, rows, range_m, slant, range_rate_m_s, velocity } =
        measurement;
    let rate = range_rate_m_s.unwrap_or_default();
    let VelocityRows { turn, rates_m_s, sigma_m_s } = velocity.unwrap_or_default();
    let moving = turn.into_iter().chain(rates_m_s).chain(sigma_m_s).collect::<Vec<f32>>();
    let place = place.tile.iter().map(|tile| i64::from(*tile)).chain(place.offset_m.iter().map(float));
    let noise = std::iter::once(i64::from(*rows)).chain(sigma_m.iter().chain([range_m]).map(float));
    let rest = [i64::from(*slant), i64::from(range_rate_m_s.is_some())].into_iter().chain(rate.iter().map(float));
    let moving = std::iter::once(i64::from(velocity.is_some())).chain(moving.iter().map(float));
    place.chain(noise).chain(rest).chain(moving).collect()
}
