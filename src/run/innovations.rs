//! Whether a configuration and a catalogue say how large errors are: innovations by sensor, errors where there is truth.
//!
//! The filter of a run goes over the first rows of a recording as one lane that may see everything: nobody's picture, and
//! for the operator alone. Each row is compared with where the nearest confirmed track would be, carried on from before its
//! look. Along each measured axis the innovation ν has variance S = h P hᵀ + σ² if all is well, so that ν² / S is 1 in the mean
//! and 0.455 in the middle; here the middle is taken, over 0.455, which a false row or a turn now and then does not move. The
//! σ that would make it 1 is σ √n, n being what was found, if the track's variance grows with it, as it does where motion adds
//! little. Errors against truth are told the same way.

use super::{OPTIONS, RunConfig, RunError};
use crate::fusion::batch::{Batch, Estimate, LaneSetup};
use crate::fusion::config::Config;
use crate::fusion::executor::Executor;
use crate::ingest::{Catalogue, Detections, Recording, Truth};
use crate::inspect::{Near, median};
use crate::scan::{Lane, Observation, Row, Scan};
use crate::sensor::{Kind, Sensor};
use crate::space::Frame;
use crate::waves::{Taker, Waves};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

/// Rows that are fused at most.
const ROWS: usize = 100_000;
/// Tracks are kept for comparison so many times at most.
const SNAPSHOTS: i64 = 20_000;
/// Innovations of an axis that are wanted at least, and kept at most.
const ENOUGH: usize = 30;
const KEPT: usize = 200_000;
/// A row is of the nearest track if the next one is so much farther, in squares, and it is no farther than this.
const CLEARLY: f64 = 4.0;
const FARTHEST: f64 = 400.0;
/// Median of the square of a standard normal number.
const MEDIAN: f64 = 0.454_936_4;

/// What a filter made of a recording.
#[derive(Clone, Debug, Serialize)]
pub struct Consistency {
    /// Rows that were fused.
    pub rows: u64,
    /// Of each sensor, each measured axis.
    pub innovations: Vec<Innovations>,
    /// Against truth, if there is some.
    pub errors: Option<Errors>,
}

/// Innovations along one measured axis of a sensor.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Innovations {
    /// The sensor.
    pub sensor: String,
    /// The key of its noise in the catalogue.
    pub key: &'static str,
    /// Rows that were compared.
    pub rows: u64,
    /// ν² / S, 1 if all is well: from the middle.
    pub nis: f64,
    /// The same, in the mean of all.
    pub nis_mean: f64,
    /// σ in the middle, in the unit of the key.
    pub sigma: f64,
    /// The σ that would make it 1; `None` if no noise is small enough.
    pub sigma_wanted: Option<f64>,
}

/// Errors against truth over what the covariance says, squared, an axis: 1 if all is well.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Errors {
    /// Comparisons.
    pub rows: u64,
    /// Of the position along east and north, x and y: from the middle.
    pub nees_position: f64,
    /// Of the velocity, where truth has it.
    pub nees_velocity: Option<f64>,
}

/// Fuses the first rows of a recording with a configuration on the host, and compares.
///
/// # Errors
/// What is wrong with the recording or the configuration.
pub fn consistency(folder: &Path, config: &RunConfig) -> Result<Consistency, RunError> {
    let recording = Recording::open(folder)?;
    let rows = first_rows(&recording, ROWS)?;
    let truth = recording.truth()?.as_ref().map(Paths::of);
    compared(recording.catalogue(), &rows, (config, truth))
}

/// Innovations of the first rows of a recording, so many; none where the configuration does not fit them.
///
/// # Errors
/// A recording that cannot be read.
pub(super) fn innovations_of_first(
    recording: &Recording,
    config: &RunConfig,
    most: usize,
) -> Result<Vec<Innovations>, RunError> {
    let rows = first_rows(recording, most)?;
    Ok(compared(recording.catalogue(), &rows, (config, None)).map(|found| found.innovations).unwrap_or_default())
}

/// The first rows in the order of time, so many.
fn first_rows(recording: &Recording, most: usize) -> Result<Vec<Row>, RunError> {
    let mut reader = recording.reader(OPTIONS)?;
    while reader.next_batch()?.is_some() {}
    if !reader.is_in_order() {
        recording.sort::<RunError>(OPTIONS, &std::env::temp_dir(), &mut |_| Ok(()))?;
    }
    let mut reader = recording.reader(OPTIONS)?;
    let mut rows: Vec<Row> = Vec::new();
    while let Some(batch) = reader.next_batch()?.filter(|_| rows.len() < most) {
        rows.extend(Row::of(&batch, 0));
    }
    rows.truncate(most);
    Ok(rows)
}

/// The same of detections in memory, in any order.
///
/// # Errors
/// What is wrong with the configuration.
pub fn consistency_of(
    catalogue: &Catalogue,
    detections: &Detections,
    config: &RunConfig,
) -> Result<Consistency, RunError> {
    let mut rows: Vec<Row> = Row::of(detections, 0).collect();
    rows.sort_by_key(|row| row.time_us);
    compared(catalogue, &rows, (config, None))
}

fn compared(
    catalogue: &Catalogue,
    rows: &[Row],
    (config, truth): (&RunConfig, Option<Paths>),
) -> Result<Consistency, RunError> {
    let mut watch = Watch::new(catalogue, rows, (config, truth));
    if let (Some(first), Some(last)) = (rows.first(), rows.last()) {
        let used: BTreeSet<usize> = rows.iter().map(|row| row.sensor).collect();
        let mut lane = Lane::open(catalogue, used, f64::from(config.fusion.undetected.cell_km.get()) * 1e3)?;
        (lane.detections, lane.span_us) = (rows.len() as u64, [first.time_us, last.time_us]);
        let setup = LaneSetup::new(&lane, catalogue.frame, &config.fusion);
        let batch = Batch::new(config.fusion.clone(), Executor::host(), vec![setup])?;
        let mut tracker = Tracker { batch, watch: &mut watch };
        let mut waves = Waves::new(catalogue, config, [(0, &lane)])?;
        for row in rows {
            waves.push_open(*row, None)?;
        }
        waves.finish(&mut tracker)?;
    }
    Ok(watch.finish())
}

struct Tracker<'w, 'a> {
    batch: Batch,
    watch: &'w mut Watch<'a>,
}

impl<'a> Taker<'a> for Tracker<'_, '_> {
    type Error = RunError;

    fn due(&mut self, _lane: usize, _time_us: i64) -> Result<(), RunError> {
        Ok(())
    }

    fn named(&mut self, _lane: usize, _identity: &Arc<str>) {}

    fn wave(&mut self, scans: Vec<Scan<'a>>, observations: Vec<Observation>) -> Result<(), RunError> {
        if let Some(scan) = scans.first()
            && let Some(last_us) = self.watch.is_due(scan.time_us)
        {
            let estimates = self.batch.estimates_at(0, last_us)?;
            self.watch.see(last_us, &estimates);
        }
        Ok(self.batch.step(scans, observations)?)
    }
}

/// Innovations of one axis of a sensor: ν² / S, σ and S.
type Axis = Vec<[f64; 3]>;

/// Compares rows with the tracks of before.
struct Watch<'a> {
    catalogue: &'a Catalogue,
    rows: &'a [Row],
    config: &'a Config,
    cutoff_m: f64,
    truth: Option<Paths>,
    /// The time of the last scan, and how far tracks that are kept are apart at least.
    scanned_us: Option<i64>,
    step_us: i64,
    /// Tracks as they were, and the rows that were compared.
    then: Option<(i64, Vec<Seen>)>,
    next: usize,
    found: BTreeMap<(usize, &'static str), Axis>,
    position: Vec<f64>,
    velocity: Vec<f64>,
}

/// A confirmed track.
struct Seen {
    at: [f64; 3],
    velocity: [f64; 3],
    covariance: [f32; 21],
}

impl<'a> Watch<'a> {
    fn new(catalogue: &'a Catalogue, rows: &'a [Row], (config, truth): (&'a RunConfig, Option<Paths>)) -> Self {
        let span_us = rows.first().zip(rows.last()).map_or(0, |(first, last)| last.time_us - first.time_us);
        let looks = catalogue.sensors.iter().map(|sensor| sensor.looks.per_s()).filter(|per_s| *per_s > 0.0);
        #[expect(clippy::cast_possible_truncation, reason = "part of a period")]
        let shortest_us = looks.map(|per_s| (0.25e6 / per_s) as i64).min().unwrap_or(1);
        Self {
            catalogue,
            rows,
            config: &config.fusion,
            cutoff_m: f64::from(config.score.cutoff_m.get()),
            truth,
            scanned_us: None,
            step_us: shortest_us.max(span_us / SNAPSHOTS),
            then: None,
            next: 0,
            found: BTreeMap::new(),
            position: Vec::new(),
            velocity: Vec::new(),
        }
    }

    /// The time for which tracks are wanted before a scan: that of the scan before, all scans of which have been taken.
    fn is_due(&mut self, scan_us: i64) -> Option<i64> {
        let last_us = self.scanned_us.replace(scan_us)?;
        let long_ago = self.then.as_ref().is_none_or(|(then_us, _)| last_us - then_us >= self.step_us);
        (scan_us > last_us && long_ago).then_some(last_us)
    }

    /// Compares the rows up to a time with the tracks before them, and keeps those of that time: a row of the very time of a
    /// scan is in its tracks.
    fn see(&mut self, time_us: i64, estimates: &[Estimate]) {
        self.compare(time_us);
        let confirmed = estimates.iter().filter(|estimate| estimate.confirmed);
        let seen: Vec<Seen> = confirmed
            .map(|estimate| {
                let [_, _, _, u, v, w] = estimate.state.mean;
                let velocity = [u, v, w].map(f64::from);
                Seen { at: estimate.position_m(), velocity, covariance: estimate.state.covariance }
            })
            .collect();
        self.check(time_us, &seen);
        self.then = Some((time_us, seen));
    }

    fn compare(&mut self, until_us: i64) {
        let from = self.next;
        let rest = self.rows.get(from..).unwrap_or_default();
        self.next = from + rest.partition_point(|row| row.time_us <= until_us);
        let Some((then_us, seen)) = &self.then else { return };
        if seen.is_empty() {
            return;
        }
        let tree = Near::new(seen.iter().map(|track| track.at).zip(0..));
        let mut best: BTreeMap<u32, (f64, usize)> = BTreeMap::new();
        for (place, row) in
            self.rows.iter().enumerate().take(self.next).skip(from).filter(|(_, row)| row.time_us > *then_us)
        {
            let lag_s = (row.time_us - then_us) as f64 * 1e-6;
            let mut near: Vec<(f64, u32)> = tree
                .nearest(row.place.metres(), 4)
                .into_iter()
                .filter_map(|(_, track)| {
                    let axes = self.innovations(row, seen.get(track as usize)?, lag_s);
                    Some((axes.iter().map(|(_, [square, ..])| square).sum(), track))
                })
                .collect();
            near.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            let second = near.get(1).map_or(f64::INFINITY, |other| other.0);
            let Some(&(square, track)) = near.first().filter(|(square, _)| *square <= FARTHEST) else { continue };
            let is_best = best.get(&track).is_none_or(|(other, _)| square < *other);
            if second >= CLEARLY * square && is_best {
                best.insert(track, (square, place));
            }
        }
        let mut new = Vec::new();
        for (track, (_, place)) in best {
            let (Some(row), Some(track)) = (self.rows.get(place), seen.get(track as usize)) else { continue };
            let lag_s = (row.time_us - then_us) as f64 * 1e-6;
            new.extend(self.innovations(row, track, lag_s).into_iter().map(|(key, found)| ((row.sensor, key), found)));
        }
        for (key, found) in new {
            let of = self.found.entry(key).or_default();
            if of.len() < KEPT {
                of.push(found);
            }
        }
    }

    /// ν² / S, σ and S of a row and a track, along each measured axis.
    fn innovations(&self, row: &Row, track: &Seen, lag_s: f64) -> Vec<(&'static str, [f64; 3])> {
        let Some(sensor) = self.catalogue.sensors.get(row.sensor) else { return Vec::new() };
        let there = plus(track.at, lag_s, track.velocity);
        let up = self.up(there);
        let range_m = f64::from(row.measurement.range_m).max(1.0);
        let mut found = Vec::with_capacity(3);
        for (number, (axis, innovation, sigma_m)) in residuals(sensor, row, there).into_iter().enumerate() {
            let variance = sigma_m.powi(2);
            let spread = variance + track.along(axis, lag_s) + self.turning(dot(axis, up).powi(2), lag_s);
            let elevates = sensor.noise.elevation_rad.is_some();
            let (key, unit) = match (&sensor.kind, number) {
                (Kind::Position, 0 | 1) => ("horizontal_m", 1.0),
                (Kind::Radar { .. }, 0) => ("range_m", 1.0),
                (Kind::Radar { .. }, 1) => ("azimuth_deg", 1.0_f64.to_degrees() / range_m),
                (Kind::Radar { .. }, _) if elevates => ("elevation_deg", 1.0_f64.to_degrees() / range_m),
                _ => ("vertical_m", 1.0),
            };
            found.push((key, [innovation * innovation / spread, variance * unit * unit, spread * unit * unit]));
        }
        found
    }

    fn up(&self, at: [f64; 3]) -> [f64; 3] {
        match self.catalogue.frame {
            Frame::Local => [0.0, 0.0, 1.0],
            Frame::Geodetic => at.map(|x| x / dot(at, at).sqrt().max(1.0)),
        }
    }

    /// What process noise adds along an axis, so far upwards, over a time.
    fn turning(&self, upwards: f64, lag_s: f64) -> f64 {
        self.config.motion.spread_m2(upwards, lag_s)
    }

    /// Compares tracks with truth.
    fn check(&mut self, time_us: i64, seen: &[Seen]) {
        let Some(truth) = &self.truth else { return };
        if self.position.len() >= KEPT || seen.is_empty() {
            return;
        }
        let tree = Near::new(seen.iter().map(|track| track.at).zip(0..));
        let there: Vec<([f64; 3], Option<[f64; 3]>)> = truth.paths.iter().filter_map(|path| path.at(time_us)).collect();
        let objects = Near::new(there.iter().map(|(at, _)| *at).zip(0..));
        for &(at, velocity) in &there {
            let near = tree.nearest(at, 1);
            let Some(&(off_m2, track)) = near.first().filter(|(off_m2, _)| *off_m2 <= self.cutoff_m * self.cutoff_m)
            else {
                continue;
            };
            // Another object as near makes it nobody's.
            let Some(track) = seen.get(track as usize) else { continue };
            let rival_m2 = objects.nearest(track.at, 2).get(1).map_or(f64::INFINITY, |(off_m2, _)| *off_m2);
            if rival_m2 <= CLEARLY * off_m2 {
                continue;
            }
            for axis in level(self.up(at)) {
                let error = dot(plus(at, -1.0, track.at), axis);
                self.position.push(error * error / track.along(axis, 0.0).max(1e-12));
                if let Some(velocity) = velocity {
                    let error = dot(plus(velocity, -1.0, track.velocity), axis);
                    self.velocity.push(error * error / track.velocity_along(axis).max(1e-12));
                }
            }
        }
    }

    fn finish(mut self) -> Consistency {
        self.compare(i64::MAX);
        let innovations = self.found.iter().filter(|(_, found)| found.len() >= ENOUGH).map(|((sensor, key), found)| {
            let middle = |pick: fn(&[f64; 3]) -> f64| median(&mut found.iter().map(pick).collect::<Vec<_>>());
            let nis = middle(|[square, ..]| *square) / MEDIAN;
            let (variance, spread) = (middle(|[_, variance, _]| *variance), middle(|[.., spread]| *spread));
            // Too small a σ makes the track's own variance too small as well; too large a one may be the motion's.
            let wanted = if nis > 1.0 { nis * variance } else { variance + (nis - 1.0) * spread };
            Innovations {
                sensor: self.catalogue.sensors.get(*sensor).map(|sensor| sensor.name.clone()).unwrap_or_default(),
                key,
                rows: found.len() as u64,
                nis,
                nis_mean: found.iter().map(|[square, ..]| square).sum::<f64>() / found.len() as f64,
                sigma: variance.sqrt(),
                sigma_wanted: (wanted > 0.0).then(|| wanted.sqrt()),
            }
        });
        let enough = |of: &[f64]| of.len() >= ENOUGH;
        let errors = enough(&self.position).then(|| Errors {
            rows: self.position.len() as u64,
            nees_position: median(&mut self.position.clone()) / MEDIAN,
            nees_velocity: enough(&self.velocity).then(|| median(&mut self.velocity.clone()) / MEDIAN),
        });
        Consistency { rows: self.rows.len() as u64, innovations: innovations.collect(), errors }
    }
}

impl Seen {
    /// The variance of its place along an axis after a time without noise.
    fn along(&self, axis: [f64; 3], lag_s: f64) -> f64 {
        let [x, y, z] = axis;
        self.form([x, y, z, lag_s * x, lag_s * y, lag_s * z])
    }

    fn velocity_along(&self, [x, y, z]: [f64; 3]) -> f64 {
        self.form([0.0, 0.0, 0.0, x, y, z])
    }

    /// h P hᵀ.
    fn form(&self, h: [f64; 6]) -> f64 {
        let pairs = (0..6).flat_map(|i| (0..6).map(move |j| (i, j)));
        let term = |(i, j): (usize, usize)| {
            let of = self.covariance.get(crate::fusion::arrays::tri(i, j)).copied().map_or(0.0, f64::from);
            h.get(i).copied().unwrap_or_default() * of * h.get(j).copied().unwrap_or_default()
        };
        pairs.map(term).sum()
    }
}

/// Each measured axis of a row, how far along it the row lies from a point, and the standard deviation, metres.
pub(super) fn residuals(sensor: &Sensor, row: &Row, there: [f64; 3]) -> Vec<([f64; 3], f64, f64)> {
    let off = plus(row.place.metres(), -1.0, there);
    let measured = row.measurement.axes.iter().zip(row.measurement.sigma_m).zip(0..row.measurement.rows);
    let residual = |((axis, sigma_m), number): ((&[f32; 3], f32), u32)| {
        let (axis, sigma_m) = (axis.map(f64::from), f64::from(sigma_m));
        let is_range = number == 0 && (row.measurement.slant || row.measurement.curved);
        match sensor.site_m(row.time_us).filter(|_| is_range) {
            Some(site_m) => {
                let line = plus(there, -1.0, site_m);
                let far = dot(line, line).sqrt().max(1.0);
                (line.map(|x| x / far), f64::from(row.measurement.range_m).max(1.0) - far, sigma_m)
            }
            None => (axis, dot(off, axis), sigma_m),
        }
    };
    measured.map(residual).collect()
}

/// Where objects truly were.
struct Paths {
    paths: Vec<TruePath>,
}

/// Time, place and velocity.
type State = (i64, [f64; 3], Option<[f64; 3]>);

struct TruePath {
    states: Vec<State>,
}

impl Paths {
    fn of(truth: &Truth) -> Self {
        let mut paths: Vec<TruePath> = truth.objects.iter().map(|_| TruePath { states: Vec::new() }).collect();
        for (row, ((&time_us, &object), &at)) in
            truth.time_us.iter().zip(&truth.object).zip(&truth.position_m).enumerate()
        {
            let velocity = truth.velocity_m_s.as_ref().and_then(|all| all.get(row)).copied();
            if let Some(path) = paths.get_mut(object as usize) {
                path.states.push((time_us, at, velocity));
            }
        }
        Self { paths }
    }
}

impl TruePath {
    /// Gaps of truth that are bridged, microseconds.
    const GAP_US: i64 = 20_000_000;

    fn at(&self, time_us: i64) -> Option<([f64; 3], Option<[f64; 3]>)> {
        let after = self.states.partition_point(|(us, ..)| *us < time_us);
        let (to_us, to, velocity) = *self.states.get(after)?;
        if to_us == time_us {
            return Some((to, velocity));
        }
        let (from_us, from, before) = *self.states.get(after.checked_sub(1)?)?;
        if to_us - from_us > Self::GAP_US {
            return None;
        }
        let share = (time_us - from_us) as f64 / (to_us - from_us) as f64;
        let between = |from, to| plus(from, share, plus(to, -1.0, from));
        Some((between(from, to), before.zip(velocity).map(|(from, to)| between(from, to))))
    }
}

pub(super) fn plus([a, b, c]: [f64; 3], by: f64, [x, y, z]: [f64; 3]) -> [f64; 3] {
    [a + by * x, b + by * y, c + by * z]
}

pub(super) fn dot([a, b, c]: [f64; 3], [x, y, z]: [f64; 3]) -> f64 {
    a * x + b * y + c * z
}

/// Two axes at right angles to one that points up.
fn level([x, y, z]: [f64; 3]) -> [[f64; 3]; 2] {
    let across = libm::hypot(x, y);
    if across < 1e-6 {
        return [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]];
    }
    let east = [-y / across, x / across, 0.0];
    let [a, b, c] = east;
    [east, [y * c - z * b, z * a - x * c, x * b - y * a]]
}
