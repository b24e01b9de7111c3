//! `links.parquet`, from docs/pictures.md: which tracks of a picture probably go on as which.
//!
//! How probably is not worked out here. But both tracks show, in rows that are all whole; the times are those of the rows that
//! a link is made from, in their order and no farther apart than the configuration lets them be; each track goes on as one
//! and from one; and where tracks move straight on, the way from one place to the other is one that velocity,
//! covariances and the noise of the motion give. No covariance is larger than twice the sum of its parts.

use super::beside::{self, Column, Wanted};
use super::finding::{Beyond, Breaches};
use super::ground::{axes, length, metres, plus};
use super::rows::Basis;
use super::table::Row;
use super::{GuardError, Request};
use crate::space::Frame;
use crate::time::{micros, seconds_between};
use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, TimestampMicrosecondType, UInt64Type};
use arrow_schema::DataType;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The name of the table in a partner's folder.
pub(super) const LINKS: &str = "links.parquet";
/// For what is rounded in 32 bits.
const SLACK: f64 = 1.01;

/// A row.
#[derive(Clone, Copy, Debug)]
struct Link {
    from: u64,
    to: u64,
    object: u64,
    ended_us: i64,
    began_us: i64,
    probability: f32,
}

/// What the picture shows of a track.
#[derive(Debug)]
struct Shown<'a> {
    first: &'a Row,
    /// The first one with its last detection.
    last: &'a Row,
    /// Whether no row lacks anything.
    whole: bool,
}

/// What a row says that it must not: found and wanted.
type Complaint = (String, String);

/// How many rows the table of a folder has, once it was held against the rows of its picture.
pub(super) fn inspect(
    basis: &Basis<'_>,
    (path, place): (&Path, &str),
    rows: &[Row],
    breaches: &mut Breaches,
) -> Result<usize, GuardError> {
    let frame = basis.recording.catalogue.frame;
    let mut links = Vec::new();
    let wanted = Wanted { columns: &columns(frame), heading: "### Links" };
    beside::each((path, place), frame, &wanted, breaches, |batch| take(batch, &mut links));
    let mut judge = Judge::new(basis.request, frame, (rows, &links))?;
    for (number, link) in (1u64..).zip(&links) {
        if let Some((found, wanted)) = judge.complaint(link) {
            breaches.add(Beyond::Link, &format!("{place}, row {number}"), found, wanted);
        }
    }
    for (number, row) in (1u64..).zip(rows) {
        let joined = judge.joined(row.track);
        if row.object.is_some_and(|object| object != joined) {
            let found = format!("object {:?} of track {}", row.object, row.track);
            breaches.add(Beyond::Link, &format!("row {number} of the picture"), found, joined.to_string());
        }
    }
    Ok(links.len())
}

struct Judge<'a> {
    frame: Frame,
    shown: BTreeMap<u64, Shown<'a>>,
    before: Option<u64>,
    taken: BTreeSet<u64>,
    /// What links say that a track is, which goes on from another one.
    object_of: BTreeMap<u64, u64>,
    gap_max_us: i64,
    probability_min: f64,
    gate: f64,
    /// Intensities of white acceleration along and upwards, where tracks move by it.
    noise: Option<[f64; 2]>,
}

impl<'a> Judge<'a> {
    fn new(request: &Request<'_>, frame: Frame, (rows, links): (&'a [Row], &[Link])) -> Result<Self, GuardError> {
        let find = |key: &str| request.configuration.pointer(key).and_then(Value::as_f64);
        let number = |key: &'static str| find(key).ok_or(GuardError::Configuration { key });
        let mut shown: BTreeMap<u64, Shown<'a>> = BTreeMap::new();
        for row in rows {
            let so_far = shown.entry(row.track).or_insert(Shown { first: row, last: row, whole: true });
            so_far.whole &= whole(row);
            // A track begins with its first detection, whatever was known of the time before.
            if so_far.first.last_us.is_some_and(|last_us| last_us > so_far.first.time_us) {
                (so_far.first, so_far.last) = (row, row);
            }
            if so_far.last.last_us != row.last_us {
                so_far.last = row;
            }
        }
        let word = |key: &str| request.configuration.pointer(key).and_then(Value::as_str);
        let is_straight = word("/fusion/motion/model").is_none_or(|model| model == "constant_velocity")
            && word("/fusion/motion/noise") == Some("white_acceleration");
        let along = find("/fusion/motion/horizontal").zip(find("/fusion/motion/vertical"));
        Ok(Self {
            frame,
            shown,
            before: None,
            taken: BTreeSet::new(),
            object_of: links.iter().map(|link| (link.to, link.object)).collect(),
            // The engine has it in 32 bits.
            gap_max_us: micros(number("/stitching/gap_max_s")? * (1.0 + 1e-6)).unwrap_or(i64::MAX),
            probability_min: number("/stitching/probability_min")?,
            gate: number("/fusion/gate")?,
            noise: along.filter(|_| is_straight).map(|(along, upwards)| [along, upwards]),
        })
    }

    fn complaint(&mut self, link: &Link) -> Option<Complaint> {
        let wrong = |found: String, wanted: &str| Some((found, wanted.to_owned()));
        let Link { from, to, object, ended_us, began_us, probability } = *link;
        let tracks = format!("tracks {from} and {to}");
        let (ended, began) = (self.shown.get(&from), self.shown.get(&to));
        let Some((ended, began)) = ended.zip(began).filter(|(ended, began)| ended.whole && began.whole) else {
            return wrong(tracks, "tracks of the picture, of whose rows no level left out or coarsened anything");
        };
        if self.before.replace(from).is_some_and(|before| before >= from) || !self.taken.insert(to) {
            return wrong(tracks, "each once as `from` and once as `to`, `from` growing");
        }
        let joined = self.joined(from);
        if object != joined {
            return Some((format!("object {object}"), format!("{joined}, which the track is that ended")));
        }
        let rows_us = (ended.last.time_us, began.first.time_us);
        if (ended_us, began_us) != rows_us {
            let found = format!("ended at {ended_us}, began at {began_us}");
            return Some((found, format!("{rows_us:?}: the rows that show the end and the beginning")));
        }
        let ordered =
            (ended.first.time_us, from) < (began.first.time_us, to) && ended.last.last_us < began.first.last_us;
        if !ordered || !(0..=self.gap_max_us).contains(&began_us.saturating_sub(ended_us)) {
            let found = format!("a gap of {} us", began_us.saturating_sub(ended_us));
            return Some((found, format!("from 0 to {} us, the later one seen later", self.gap_max_us)));
        }
        // The least probability is one of 32 bits.
        if !(f64::from(probability) >= self.probability_min * (1.0 - 1e-6) && probability <= 1.0) {
            return Some((format!("probability {probability}"), format!("from {} to 1", self.probability_min)));
        }
        let (off_m, reach_m) = self.way(ended.last, began.first)?;
        (off_m > reach_m)
            .then(|| (format!("{off_m:.0} m from where the track was to be"), format!("{reach_m:.0} m at most")))
    }

    /// What links say that a track is.
    fn joined(&self, track: u64) -> u64 {
        self.object_of.get(&track).copied().unwrap_or(track)
    }

    /// How far the beginning is from where the end leads, and how far it may be.
    fn way(&self, ended: &Row, began: &Row) -> Option<(f64, f64)> {
        let [along, upwards] = self.noise?;
        let gap_s = seconds_between(ended.time_us, began.time_us);
        let number = |row: &Row, place: usize| row.numbers.get(place).copied().flatten().map_or(0.0, f64::from);
        let trace = |row: &Row, first: usize| [0, 3, 5].map(|of| number(row, first + of)).iter().sum::<f64>();
        let mut at_m = metres(self.frame, ended.position);
        for (place, axis) in (1..).zip(axes(self.frame, ended.position)) {
            at_m = plus(at_m, gap_s * number(ended, place), axis);
        }
        let off_m = length(plus(metres(self.frame, began.position), -1.0, at_m));
        let noise = (2.0 * along + upwards) * gap_s.powi(3) / 3.0;
        let variance = 2.0 * (trace(ended, 4) + gap_s * gap_s * trace(ended, 10)) + trace(began, 4) + noise;
        Some((off_m, SLACK * (self.gate * variance).sqrt() + 1.0))
    }
}

/// Whether a row has all that any row can have.
fn whole(row: &Row) -> bool {
    row.numbers.iter().all(Option::is_some)
        && row.detections.is_some()
        && row.last_us.is_some()
        && row.contributors.is_some()
}

fn columns(frame: Frame) -> [Column; 6] {
    [
        ("from", DataType::UInt64, false),
        ("to", DataType::UInt64, false),
        ("object", DataType::UInt64, false),
        ("ended", beside::instant(frame), false),
        ("began", beside::instant(frame), false),
        ("probability", DataType::Float32, false),
    ]
}

fn take(batch: &RecordBatch, links: &mut Vec<Link>) {
    let [from, to, object] = [0, 1, 2].map(|column| batch.column(column).as_primitive::<UInt64Type>());
    let [ended, began] = [3, 4].map(|column| batch.column(column).as_primitive::<TimestampMicrosecondType>());
    let probability = batch.column(5).as_primitive::<Float32Type>();
    links.extend((0..batch.num_rows()).map(|row| Link {
        from: from.value(row),
        to: to.value(row),
        object: object.value(row),
        ended_us: ended.value(row),
        began_us: began.value(row),
        probability: probability.value(row),
    }));
}
