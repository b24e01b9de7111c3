//! A picture as a page holds it: rows by track, a column at a time.
//!
//! Beyond [`rows_most`] rows only every so many report times are kept, and the first row of each track; the page says so.

use super::ReportError;
use super::column::{ABSENT, Coding, Texts};
use super::folder::Folder;
use super::levels::{Level, level_of, levels};
use super::record;
use crate::product::{ProductError, read_batches, read_schema};
use crate::space::Frame;
use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float32Type, Float64Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, ListArray, PrimitiveArray, RecordBatch, StringArray};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Rows that all pictures of a page have at most: some 9 bytes each in it, and in centimetres some 22.
pub(super) const fn rows_most(frame: Frame) -> u64 {
    match frame {
        Frame::Geodetic => 1_200_000,
        Frame::Local => 600_000,
    }
}

/// What of a row is not withheld, as far as rows can show: existence, velocity, covariance, count of detections, time of the last
/// one, contributors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Held(pub(super) [bool; 6]);

impl Held {
    /// What both hold.
    pub(super) fn and(self, Self(other): Self) -> Self {
        let [a, b, c, d, e, f] = self.0;
        let [u, v, w, x, y, z] = other;
        Self([a && u, b && v, c && w, d && x, e && y, f && z])
    }
}

/// A picture, and what of it the rest of a page asks for.
#[derive(Debug)]
pub(super) struct Picture {
    pub(super) document: Map<String, Value>,
    pub(super) levels: Vec<Level>,
    /// Rows of each level; those without one last.
    pub(super) by_level: Vec<u64>,
    /// First and last time.
    pub(super) span_us: Option<[i64; 2]>,
    /// Rows on which the partner may act.
    pub(super) actionable: u64,
    pub(super) tracks: usize,
    /// Rows that the page has.
    pub(super) kept: u64,
    /// Every tenth of a degree that has a row, as longitude and latitude in tenths.
    pub(super) ground: BTreeSet<[i32; 2]>,
}

/// Columns of numbers, with the order of their differences and their units: degrees and metres, or metres and centimetres.
const NUMBERS: [(&str, u8, [f64; 2]); 17] = [
    ("longitude", 2, [1e-5, 0.01]),
    ("latitude", 2, [1e-5, 0.01]),
    ("altitude", 1, [1.0, 0.1]),
    ("speed", 1, [0.1, 0.1]),
    ("course", 1, [0.1, 0.1]),
    ("climb", 1, [0.1, 0.1]),
    ("existence", 1, [1e-3, 1e-3]),
    ("major", 1, [1.0, 0.01]),
    ("minor", 1, [1.0, 0.01]),
    ("angle", 1, [1.0, 1.0]),
    ("vertical", 1, [1.0, 0.01]),
    ("detections", 1, [1.0, 1.0]),
    ("identity_probability", 1, [1e-3, 1e-3]),
    ("last_detection", 2, [1000.0, 1000.0]),
    ("filtered_longitude", 2, [1e-5, 0.01]),
    ("filtered_latitude", 2, [1e-5, 0.01]),
    ("time", 2, [1.0, 1.0]),
];
/// Columns of texts.
const TEXTS: [&str; 6] = ["status", "identity", "contributors", "authorities", "holders", "level"];

/// Reads the picture in a folder; where `every` is above 1, only every so many report times.
pub(super) fn read(folder: &Folder<'_>, every: u64) -> Result<Picture, ReportError> {
    let schema = read_schema(folder.path)?;
    let has = |name: &str| schema.field_with_name(name).is_ok();
    let mut rows = Rows::new(folder.frame(), levels(&folder.audit), has);
    for batch in read_batches(folder.path)? {
        let batch = batch.map_err(|error| damaged(folder, error.to_string()))?;
        let columns = Columns::of(&batch, rows.frame).map_err(|column| lacking(folder, column))?;
        (0..batch.num_rows()).for_each(|row| rows.take(&columns, row, every));
    }
    let record = record::read(folder, &rows.ids)?;
    let mut picture = rows.finish(folder.partner(), every);
    picture.document.extend(record);
    Ok(picture)
}

fn damaged(folder: &Folder<'_>, found: String) -> ReportError {
    ReportError::File { path: folder.path.join("tracks.parquet"), found, wanted: "rows that decode" }
}

fn lacking(folder: &Folder<'_>, column: &str) -> ReportError {
    let (place, found) = (folder.path.display().to_string(), "no such column".to_owned());
    let wanted = "the column as a run writes it";
    ReportError::Product(ProductError::Column { place, column: column.to_owned(), found, wanted })
}

/// Rows as they are read.
#[derive(Debug)]
struct Rows {
    frame: Frame,
    levels: Vec<Level>,
    /// What the columns of the table can hold.
    columns: Held,
    codings: [Coding; NUMBERS.len()],
    numbers: [Vec<i64>; NUMBERS.len()],
    texts: [Vec<i64>; TEXTS.len()],
    words: [Texts; TEXTS.len()],
    /// Of each row the number of its track, in the order of their first rows.
    track: Vec<usize>,
    tracks: BTreeMap<u64, usize>,
    ids: Vec<u64>,
    by_level: Vec<u64>,
    span_us: Option<[i64; 2]>,
    actionable: u64,
    ground: BTreeSet<[i32; 2]>,
    times: u64,
    time_us: Option<i64>,
}

impl Rows {
    fn new(frame: Frame, levels: Vec<Level>, has: impl Fn(&str) -> bool) -> Self {
        let [vx, cxx] = match frame {
            Frame::Geodetic => ["velocity_east_m_s", "position_covariance_ee_m2"],
            Frame::Local => ["velocity_x_m_s", "position_covariance_xx_m2"],
        };
        let columns = ["existence", vx, cxx, "detections", "last_detection", "contributors"];
        let columns = Held(columns.map(has));
        let coding = |(_, order, [degrees, metres]): (&str, u8, [f64; 2])| Coding {
            order,
            scale: if frame == Frame::Geodetic { degrees } else { metres },
        };
        Self {
            frame,
            by_level: vec![0; levels.len() + 1],
            levels,
            columns,
            codings: NUMBERS.map(coding),
            numbers: Default::default(),
            texts: Default::default(),
            words: Default::default(),
            track: Vec::new(),
            tracks: BTreeMap::new(),
            ids: Vec::new(),
            span_us: None,
            actionable: 0,
            ground: BTreeSet::new(),
            times: 0,
            time_us: None,
        }
    }

    fn take(&mut self, columns: &Columns<'_>, row: usize, every: u64) {
        let (time_us, id) = (columns.time.value(row), columns.track.value(row));
        if self.time_us != Some(time_us) {
            (self.time_us, self.times) = (Some(time_us), self.times + 1);
        }
        let [first, last] = self.span_us.unwrap_or([time_us; 2]);
        self.span_us = Some([first.min(time_us), last.max(time_us)]);
        let position = columns.position.map(|column| column.value(row));
        let held = columns.held(row);
        let level = level_of(&self.levels, self.frame, self.columns, (held, &columns.told(row), position));
        if let Some(rows) = self.by_level.get_mut(level.unwrap_or(self.levels.len())) {
            *rows += 1;
        }
        let authorities = columns.authorities.and_then(|list| texts(list, row)).unwrap_or_default();
        self.actionable += u64::from(!authorities.is_empty());
        let next = self.tracks.len();
        let track = *self.tracks.entry(id).or_insert(next);
        if track == next {
            self.ids.push(id);
        } else if !(self.times - 1).is_multiple_of(every) {
            return;
        }
        self.track.push(track);
        let numbers = columns.numbers(row, self.frame, position);
        for ((values, coding), value) in self.numbers.iter_mut().zip(self.codings).zip(numbers) {
            values.push(coding.whole(value));
        }
        let level = level.and_then(|level| self.levels.get(level)).map(|level| level.name.clone());
        let list = |column: Option<&ListArray>| column.and_then(|list| texts(list, row));
        let text = |column: Option<&StringArray>| {
            column.filter(|column| column.is_valid(row)).map(|column| column.value(row).to_owned())
        };
        let told = [
            text(columns.status),
            text(columns.identity),
            list(columns.contributors),
            Some(authorities),
            list(columns.holders),
            level,
        ];
        for ((values, words), text) in self.texts.iter_mut().zip(&mut self.words).zip(told) {
            values.push(text.map_or(ABSENT, |text| words.number(&text)));
        }
        if self.frame == Frame::Geodetic {
            let [latitude, longitude, _] = position;
            self.ground.insert([longitude, latitude].map(tenths));
        }
    }

    #[expect(clippy::indexing_slicing, reason = "an order of the rows")]
    fn finish(self, partner: &str, every: u64) -> Picture {
        let Self { frame, levels, codings, numbers, texts, words, track, ids, by_level, span_us, actionable, .. } =
            self;
        let [.., times] = &numbers;
        let mut order: Vec<usize> = (0..track.len()).collect();
        order.sort_by_key(|row| (track[*row], times[*row]));
        let mut counts = vec![0; ids.len()];
        for track in &track {
            counts[*track] += 1;
        }
        let sorted = |values: &[i64]| -> Vec<i64> { order.iter().map(|row| values[*row]).collect() };
        let mut columns = Map::new();
        let there = |values: &[i64]| values.iter().any(|value| *value != ABSENT);
        for (((name, ..), coding), values) in NUMBERS.iter().zip(codings).zip(&numbers).filter(|(_, v)| there(v)) {
            let name = match (*name, frame) {
                ("longitude", Frame::Local) => "x",
                ("latitude", Frame::Local) => "y",
                ("filtered_longitude", Frame::Local) => "filtered_x",
                ("filtered_latitude", Frame::Local) => "filtered_y",
                (name, _) => name,
            };
            let values = sorted(values);
            let column =
                if name == "time" { stepped(coding, values, &counts) } else { coding.column(&values, &counts) };
            columns.insert(name.to_owned(), column);
        }
        for ((name, words), values) in TEXTS.iter().zip(words).zip(&texts).filter(|(_, values)| there(values)) {
            columns.insert((*name).to_owned(), words.column(&sorted(values), &counts));
        }
        let counts: Vec<i64> = counts.into_iter().map(|count| i64::try_from(count).unwrap_or(ABSENT)).collect();
        let ids: Vec<String> = ids.iter().map(u64::to_string).collect();
        let (tracks, kept) = (ids.len(), track.len() as u64);
        let mut document = Map::new();
        let mut put = |key: &str, value: Value| document.insert(key.to_owned(), value);
        put("partner", partner.into());
        put("levels", levels.iter().map(Level::document).collect());
        put("rows", track.len().into());
        if every > 1 {
            put("every", every.into());
            put("rows_of", by_level.iter().sum::<u64>().into());
        }
        put("tracks", json!({ "ids": ids, "counts": Coding::PLAIN.column(&counts, &[counts.len()]) }));
        put("columns", columns.into());
        Picture { document, levels, by_level, span_us, actionable, tracks, kept, ground: self.ground }
    }
}

/// Times in their greatest common step.
fn stepped(coding: Coding, times: Vec<i64>, counts: &[usize]) -> Value {
    let step = times.iter().fold(0_u64, |step, time| gcd(step, time.unsigned_abs())).max(1);
    let step = i64::try_from(step).unwrap_or(1);
    let steps: Vec<i64> = times.into_iter().map(|time| time / step).collect();
    Coding { scale: step as f64, ..coding }.column(&steps, counts)
}

fn gcd(mut a: u64, mut b: u64) -> u64 {
    while b > 0 {
        (a, b) = (b, a % b);
    }
    a
}

#[expect(clippy::cast_possible_truncation, reason = "degrees")]
pub(super) fn tenths(degrees: f64) -> i32 {
    libm::floor(degrees * 10.0) as i32
}

/// The columns of a batch that a page shows.
struct Columns<'a> {
    time: &'a PrimitiveArray<TimestampMicrosecondType>,
    track: &'a PrimitiveArray<UInt64Type>,
    position: [&'a PrimitiveArray<Float64Type>; 3],
    status: Option<&'a StringArray>,
    existence: Option<&'a PrimitiveArray<Float32Type>>,
    velocity: [Option<&'a PrimitiveArray<Float32Type>>; 3],
    /// ee, en, nn, uu.
    covariance: [Option<&'a PrimitiveArray<Float32Type>>; 4],
    detections: Option<&'a PrimitiveArray<UInt64Type>>,
    last_detection: Option<&'a PrimitiveArray<TimestampMicrosecondType>>,
    /// Where the filter had the track, to the east and to the north.
    filtered: [Option<&'a PrimitiveArray<Float64Type>>; 2],
    identity: Option<&'a StringArray>,
    identity_probability: Option<&'a PrimitiveArray<Float32Type>>,
    contributors: Option<&'a ListArray>,
    authorities: Option<&'a ListArray>,
    holders: Option<&'a ListArray>,
}

impl<'a> Columns<'a> {
    /// Those of a batch, or the name of one that is not there.
    fn of(batch: &'a RecordBatch, frame: Frame) -> Result<Self, &'static str> {
        let (places, axes, pairs) = match frame {
            Frame::Geodetic => {
                (["latitude_deg", "longitude_deg", "altitude_m"], ["east", "north", "up"], ["ee", "en", "nn", "uu"])
            }
            Frame::Local => (["x_m", "y_m", "z_m"], ["x", "y", "z"], ["xx", "xy", "yy", "zz"]),
        };
        let filtered = match frame {
            Frame::Geodetic => ["filtered_longitude_deg", "filtered_latitude_deg"],
            Frame::Local => ["filtered_x_m", "filtered_y_m"],
        };
        let [x, y, z] = places.map(|name| primitive(batch, name).ok_or(name));
        let text = |name: &str| batch.column_by_name(name).and_then(|column| column.as_string_opt());
        let list = |name: &str| batch.column_by_name(name).and_then(|column| column.as_list_opt());
        Ok(Self {
            time: primitive(batch, "time").ok_or("time")?,
            track: primitive(batch, "track").ok_or("track")?,
            position: [x?, y?, z?],
            status: text("status"),
            existence: primitive(batch, "existence"),
            velocity: axes.map(|axis| primitive(batch, &format!("velocity_{axis}_m_s"))),
            covariance: pairs.map(|pair| primitive(batch, &format!("position_covariance_{pair}_m2"))),
            detections: primitive(batch, "detections"),
            last_detection: primitive(batch, "last_detection"),
            filtered: filtered.map(|name| primitive(batch, name)),
            identity: text("identity"),
            identity_probability: primitive(batch, "identity_probability"),
            contributors: list("contributors"),
            authorities: list("authorities"),
            holders: list("holders"),
        })
    }

    /// Which of the fields that rows may lack at any level a row has.
    fn told(&self, row: usize) -> Vec<&'static str> {
        let identity = self.identity.is_some_and(|column| column.is_valid(row)).then_some("identity");
        let holders = self.holders.is_some_and(|column| column.is_valid(row)).then_some("holders");
        identity.into_iter().chain(holders).collect()
    }

    fn held(&self, row: usize) -> Held {
        fn is<A: Array>(column: Option<&A>, row: usize) -> bool {
            column.is_some_and(|column| column.is_valid(row))
        }
        let ([velocity, ..], [covariance, ..]) = (self.velocity, self.covariance);
        Held([
            is(self.existence, row),
            is(velocity, row),
            is(covariance, row),
            is(self.detections, row),
            is(self.last_detection, row),
            is(self.contributors, row),
        ])
    }

    /// The numbers of a row, in the order of [`NUMBERS`].
    fn numbers(&self, row: usize, frame: Frame, position: [f64; 3]) -> [Option<f64>; NUMBERS.len()] {
        let number = |column: Option<&PrimitiveArray<Float32Type>>| value(column, row).map(f64::from);
        let [a, b, altitude] = position;
        let [right, up] = if frame == Frame::Geodetic { [b, a] } else { [a, b] };
        let [east, north, climb] = self.velocity.map(number);
        let level = east.zip(north);
        let ellipse = Ellipse::of(self.covariance.map(number));
        let degrees = |angle: f64| if angle < 0.0 { angle + 360.0 } else { angle };
        [
            Some(right),
            Some(up),
            Some(altitude),
            level.map(|(east, north)| libm::hypot(east, north)),
            level.map(|(east, north)| degrees(libm::atan2(east, north).to_degrees())),
            climb,
            number(self.existence),
            ellipse.as_ref().map(|ellipse| ellipse.major_m),
            ellipse.as_ref().map(|ellipse| ellipse.minor_m),
            ellipse.as_ref().map(|ellipse| ellipse.angle_deg),
            ellipse.as_ref().map(|ellipse| ellipse.vertical_m),
            value(self.detections, row).map(|count| count as f64),
            number(self.identity_probability),
            value(self.last_detection, row).map(|time_us| time_us as f64),
            value(self.filtered[0], row),
            value(self.filtered[1], row),
            Some(self.time.value(row) as f64),
        ]
    }
}

/// One standard deviation of a place: half-axes on the ground, and of the height.
struct Ellipse {
    major_m: f64,
    minor_m: f64,
    /// Of the major axis, clockwise from north, 0 to 180.
    angle_deg: f64,
    vertical_m: f64,
}

impl Ellipse {
    fn of([ee, en, nn, uu]: [Option<f64>; 4]) -> Option<Self> {
        let (ee, en, nn, uu) = (ee?, en?, nn?, uu?);
        let (mean, half) = (f64::midpoint(ee, nn), (ee - nn) / 2.0);
        let root = libm::hypot(half, en);
        let angle = 90.0 - libm::atan2(en, half).to_degrees() / 2.0;
        Some(Self {
            major_m: (mean + root).max(0.0).sqrt(),
            minor_m: (mean - root).max(0.0).sqrt(),
            angle_deg: if angle >= 180.0 { angle - 180.0 } else { angle },
            vertical_m: uu.max(0.0).sqrt(),
        })
    }
}

fn primitive<'a, T: ArrowPrimitiveType>(batch: &'a RecordBatch, name: &str) -> Option<&'a PrimitiveArray<T>> {
    batch.column_by_name(name)?.as_primitive_opt()
}

fn value<T: ArrowPrimitiveType>(column: Option<&PrimitiveArray<T>>, row: usize) -> Option<T::Native> {
    column.filter(|column| column.is_valid(row)).map(|column| column.value(row))
}

fn texts(column: &ListArray, row: usize) -> Option<String> {
    let values = column.is_valid(row).then(|| column.value(row))?;
    Some(values.as_string_opt::<i32>()?.iter().flatten().collect::<Vec<_>>().join(", "))
}
