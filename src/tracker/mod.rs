//! Sensors and detections made in code to tracks, as they come: what a program of one's own uses.
//!
//! A [`Tracker`] has one frame, in metres or on Earth, some [sensors](Sensor) and a configuration: a preset for what it tracks, or
//! one's own. It takes the detections of one sensor at a time and gives its tracks at any moment. Its scans are formed as those of
//! a run are: the same rows give the same tracks, bit for bit, as `trackweave run` under a policy that permits everything, if all of its
//! sensors have detected something. Their numbers count looks: where [`Tracker::advance`] tells of a silence of 128 looks or more, of
//! which a run leaves most out, later ones differ.
//!
//! ```
//! use trackweave::prelude::*;
//!
//! let radar = Sensor::radar("north").at_m([0.0, 0.0, 0.0]).noise_range_m(20.0).noise_azimuth_deg(0.1);
//! let radar = radar.sees_range_m([500.0, 60e3]).scan_period_s(4.0).clutter_per_scan(0.1);
//! let mut tracker = Tracker::local().preset("air").sensor(radar).build()?;
//! for turn in 0..15 {
//!     let t = 4.0 * f64::from(turn);
//!     // One object flies east at 200 m/s, 8 km north of the radar.
//!     let [x, y] = [200.0 * t - 6e3, 8e3_f64];
//!     tracker.push("north", [Detection::plot(t, x.hypot(y), x.atan2(y).to_degrees())])?;
//!     tracker.advance(t + 4.0)?;
//! }
//! let tracks = tracker.tracks()?;
//! assert!(tracks.len() == 1 && tracks[0].confirmed);
//! assert!((tracks[0].velocity_m_s[0] - 200.0).abs() < 10.0);
//! # Ok::<(), Error>(())
//! ```

mod error; // what can be wrong
mod time; // seconds or instants
mod sensor; // sensors made in code
mod detection; // detections made in code
mod track; // tracks as a program wants them
mod held; // detections in the order of time
mod builder; // frame, sensors, configuration
#[cfg(feature = "parquet")]
mod recorded; // sensors made in code, with rows in memory
#[cfg(feature = "policy")]
mod table; // tracks as a table
#[cfg(test)]
mod tests;

pub use builder::TrackerBuilder;
pub use detection::Detection;
pub use error::{Error, ErrorKind};
pub use sensor::Sensor;
pub use time::Time;
pub use track::Track;

pub use crate::config::RunConfig;
pub use crate::fusion::credit::Accounts;
#[cfg(feature = "device")]
pub use crate::fusion::device::{Context, DeviceError, Options, Wanted};
pub use crate::fusion::executor::Executor;
pub use crate::space::Geodetic;

use crate::fusion::batch::Batch;
use crate::ingest::Catalogue;
use crate::scan::{Lane, Pending, Row};
use crate::sensor::{ListedLook, Looks};
use crate::space::Frame;
use crate::waves::{TrackAt, track_rows};
use detection::CellsOf;
use held::{Addressed, Held, Item};
use std::collections::BTreeMap;
use std::sync::Arc;
use time::Scale;

/// Tracks objects from the detections of some sensors, as these come.
#[derive(Debug)]
pub struct Tracker {
    catalogue: Catalogue,
    lane: Lane,
    config: RunConfig,
    executor: Executor,
    batch: Batch,
    /// Nothing before the first time.
    pending: Option<Pending>,
    held: Held,
    /// All detections, if they are kept.
    record: Option<Vec<Addressed>>,
    /// The looks that sensors have told, by their number; the last ones, where nothing is kept.
    told: BTreeMap<usize, Vec<ListedLook>>,
    scale: Option<Scale>,
    owners: Vec<Arc<str>>,
    /// Which owner each sensor has.
    source_of: Vec<u8>,
}

impl Tracker {
    /// A tracker in metres: x, y and perhaps z, y north, z up.
    #[must_use]
    pub fn local() -> TrackerBuilder {
        TrackerBuilder::default()
    }

    /// A tracker on Earth: latitude, longitude and altitude on WGS 84.
    ///
    /// ```
    /// use trackweave::prelude::*;
    ///
    /// let receiver = Sensor::position("ads-b").noise_horizontal_m(30.0).noise_vertical_m(20.0).reports_every_s(5.0);
    /// let receiver = receiver.sees_deg([46.0, 48.0], [7.0, 9.0]).sees_height_m([0.0, 13e3]);
    /// let mut tracker = Tracker::geodetic().sensor(receiver).build()?;
    /// for k in 0..12 {
    ///     let report = Detection::at_deg(5.0 * f64::from(k), 47.0 + 0.01 * f64::from(k), 8.0).altitude_m(3000.0);
    ///     tracker.push("ads-b", [report.identity("4ca2d1")])?;
    /// }
    /// let track = &tracker.finish()?[0];
    /// assert!((track.latitude_deg().unwrap_or(0.0) - 47.11).abs() < 1e-3);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn geodetic() -> TrackerBuilder {
        TrackerBuilder::default().on_earth()
    }

    /// A tracker with the frame and the sensors of a catalogue, such as that of a recording.
    #[must_use]
    pub fn of(catalogue: Catalogue) -> TrackerBuilder {
        TrackerBuilder::of(catalogue)
    }

    /// Takes detections of one sensor, in any order; on an error none of them.
    ///
    /// The tracker goes on to the latest of them, less the builder's `wait_s`: looks that are over by then are fused.
    ///
    /// # Errors
    /// A sensor that there is not, or one that tells its scans; a detection that is not one of this sensor in this frame; one before
    /// the time that the tracker has gone on to. If the device fails.
    pub fn push(&mut self, sensor: &str, detections: impl IntoIterator<Item = Detection>) -> Result<(), Error> {
        let number = self.number(sensor)?;
        if self.tells(number) {
            let wanted = "`push_scan`, with the time of each scan: this sensor tells its scans";
            return Err(Error::new(
                ErrorKind::NotBuiltFor,
                format!("sensor `{sensor}`: found `push`, wanted {wanted}"),
            ));
        }
        let (rows, scale) = self.rows((sensor, number), detections, None)?;
        self.scale = scale;
        self.keep(&rows);
        self.held.push(rows);
        self.fuse()
    }

    /// Takes the detections of one look, from its start to its end, of a sensor that [tells its scans](Sensor::tells_its_scans);
    /// none at all says that it looked and saw nothing. On an error it takes none of them.
    ///
    /// # Errors
    /// As [`Self::push`]; a look that ends before it begins, begins before the sensor's last one was over, or ends before the time that
    /// the tracker has gone on to; a detection that is not in its look.
    pub fn push_scan(
        &mut self,
        sensor: &str,
        [start, end]: [impl Into<Time>; 2],
        detections: impl IntoIterator<Item = Detection>,
    ) -> Result<(), Error> {
        let number = self.number(sensor)?;
        if !self.tells(number) {
            let wanted = "`push`, or a sensor built with `tells_its_scans`";
            let text = format!("sensor `{sensor}`: found `push_scan`, wanted {wanted}");
            return Err(Error::new(ErrorKind::NotBuiltFor, text));
        }
        let at = || format!("scan of sensor `{sensor}`");
        let start = start.into();
        let scale = self.scale.unwrap_or(Scale::of(start));
        let look = ListedLook { start_us: scale.us(start, at)?, end_us: scale.us(end.into(), at)?, sector_deg: None };
        let last_us = self.told.get(&number).and_then(|looks| looks.last()).map(|look| look.end_us);
        let least_us = last_us.max(self.held.gone_us().filter(|gone_us| look.end_us < *gone_us));
        let is_told = last_us == Some(look.end_us);
        if look.end_us < look.start_us || is_told || least_us.is_some_and(|least_us| look.start_us < least_us) {
            let span = format!("{} to {}", scale.time(look.start_us), scale.time(look.end_us));
            let least = least_us.or(last_us).map(|us| scale.time(us));
            let least =
                least.map_or_else(String::new, |time| format!(", not before {time}, to end after its last one"));
            let text = format!("{}: found {span}, wanted a start, and an end not before it{least}", at());
            return Err(Error::new(ErrorKind::Time, text));
        }
        let (rows, _) = self.rows((sensor, number), detections, Some((scale, look)))?;
        self.scale = Some(scale);
        self.keep(&rows);
        let told = self.told.entry(number).or_default();
        if self.record.is_none() {
            // The last one says enough.
            told.clear();
        }
        told.push(look);
        self.held.push_look(number, look, rows);
        self.fuse()
    }

    /// Goes on to a time: no detection before it follows. What a look that is over by then has not detected it has missed.
    ///
    /// # Errors
    /// A time before that to which the tracker has gone on. If the device fails.
    pub fn advance(&mut self, time: impl Into<Time>) -> Result<(), Error> {
        let time = time.into();
        let scale = self.scale.unwrap_or(Scale::of(time));
        let time_us = scale.us(time, || "advance".to_owned())?;
        self.not_gone(time_us, scale, || "advance".to_owned())?;
        self.scale = Some(scale);
        self.held.advance(time_us);
        self.fuse()
    }

    /// The tracks that the configuration reports, at the time to which the tracker has gone on, in the order of their numbers; none
    /// before the first time.
    ///
    /// # Errors
    /// If the device fails.
    pub fn tracks(&mut self) -> Result<Vec<Track>, Error> {
        let (Some(time_us), Some(scale)) = (self.held.gone_us(), self.scale) else { return Ok(Vec::new()) };
        self.tracks_of(time_us, scale)
    }

    /// The same, moved on to a time that is not before that to which the tracker has gone on.
    ///
    /// # Errors
    /// A time before. If the device fails.
    pub fn tracks_at(&mut self, time: impl Into<Time>) -> Result<Vec<Track>, Error> {
        let time = time.into();
        let scale = self.scale.unwrap_or(Scale::of(time));
        let time_us = scale.us(time, || "tracks".to_owned())?;
        self.not_gone(time_us, scale, || "tracks".to_owned())?;
        self.tracks_of(time_us, scale)
    }

    /// The tracks at the latest time that the tracker has met: no detection follows, and looks that are not over are fused as far as
    /// they have any.
    ///
    /// # Errors
    /// If the device fails.
    pub fn finish(mut self) -> Result<Vec<Track>, Error> {
        let last_us = self.held.finish();
        self.fuse()?;
        if let (Some(pending), Some(last_us)) = (&mut self.pending, last_us) {
            pending.end(last_us);
            // What ends later is not known to have missed anything.
            over((pending, &self.catalogue, &self.lane), &mut self.batch, last_us)?;
        }
        self.tracks()
    }

    /// What became of the detections of the looks that are fused; those of tracks that go on are counted by what these have been.
    ///
    /// # Errors
    /// If the device fails.
    pub fn accounts(&mut self) -> Result<Accounts, Error> {
        Ok(self.batch.accounts(0)?)
    }

    /// Every track at every multiple of the configuration's `report_period_s`, from the first scan to the last detection, as all
    /// detections so far tell of it: fixed-interval smoothing, with the lag of the configuration's table `smoothing` if it has one.
    /// All of them are fused once more; the tracker itself stays as it is. Numbers of tracks are those of [`Self::tracks`], but behind a
    /// long silence that [`Self::advance`] told.
    ///
    /// # Errors
    /// A tracker that keeps no record. If the device fails, or the folder for temporary files is full.
    pub fn smooth(&self) -> Result<Vec<Track>, Error> {
        let Some(record) = &self.record else {
            let text = "found `smooth` of a tracker without a record, wanted `keep_record` of its builder";
            return Err(Error::new(ErrorKind::NotBuiltFor, text));
        };
        let smoothing = Some(self.config.smoothing.unwrap_or_default());
        let config = RunConfig { smoothing, ..self.config.clone() };
        let mut catalogue = self.catalogue.clone();
        for (number, looks) in &self.told {
            if let Some(sensor) = catalogue.sensors.get_mut(*number) {
                sensor.looks = Looks::Listed(looks.as_slice().into());
            }
        }
        let Some(scale) = self.scale else { return Ok(Vec::new()) };
        let all = 0..catalogue.sensors.len();
        let tracks = track_rows(&catalogue, all, record.clone(), (&config, self.executor.clone()))?;
        Ok(tracks.iter().map(|track| Track::of(track, (catalogue.frame, scale), &self.owners)).collect())
    }

    /// The sensor's number.
    fn number(&self, sensor: &str) -> Result<usize, Error> {
        let sensors = &self.catalogue.sensors;
        sensors.iter().position(|known| known.name == sensor).ok_or_else(|| {
            let names: Vec<String> = sensors.iter().map(|sensor| format!("`{}`", sensor.name)).collect();
            Error::new(ErrorKind::UnknownSensor, format!("found sensor `{sensor}`, wanted one of {}", names.join(", ")))
        })
    }

    /// Whether a sensor tells its scans.
    fn tells(&self, number: usize) -> bool {
        let looks = self.catalogue.sensors.get(number).map(|sensor| &sensor.looks);
        matches!(looks, Some(Looks::Listed(looks)) if looks.is_empty())
    }

    /// Fails if the tracker has gone on past a time.
    fn not_gone(&self, time_us: i64, scale: Scale, at: impl FnOnce() -> String) -> Result<(), Error> {
        match self.held.gone_us() {
            Some(gone_us) if time_us < gone_us => {
                let (found, gone) = (scale.time(time_us), scale.time(gone_us));
                let text = format!(
                    "{}: found time {found}, wanted {gone} or later, to which the tracker has gone on; `wait_s` of its builder \
                     lets detections come later",
                    at()
                );
                Err(Error::new(ErrorKind::Time, text))
            }
            _ => Ok(()),
        }
    }

    /// Detections of a sensor as rows, and how times are counted from now on; those of a scan are in its look.
    fn rows(
        &self,
        (name, number): (&str, usize),
        detections: impl IntoIterator<Item = Detection>,
        scan: Option<(Scale, ListedLook)>,
    ) -> Result<(Vec<Addressed>, Option<Scale>), Error> {
        let mut scale = scan.map(|(scale, _)| scale).or(self.scale);
        let mut rows = Vec::new();
        for (place, detection) in detections.into_iter().enumerate() {
            let at = || format!("detection {place} of sensor `{name}`");
            let scale = *scale.get_or_insert(Scale::of(detection.time));
            let time_us = scale.us(detection.time, at)?;
            if let Some((_, look)) = scan {
                in_look(time_us, (scale, look), at)?;
            }
            let row = self.row((number, time_us), &detection, at)?;
            if scan.is_none() {
                // Of an antenna that turns, this may be another time than was given.
                self.not_gone(row.time_us, scale, at)?;
            }
            rows.push((row, detection.identity));
        }
        Ok((rows, scale))
    }

    /// A detection as a row.
    fn row(
        &self,
        (number, time_us): (usize, i64),
        detection: &Detection,
        at: impl Fn() -> String,
    ) -> Result<Row, Error> {
        let Some(sensor) = self.catalogue.sensors.get(number) else {
            return Err(Error::new(ErrorKind::UnknownSensor, at()));
        };
        let frame = self.catalogue.frame;
        if let Some((key, value)) = detection.foreign(frame) {
            let wanted = match frame {
                Frame::Local => "metres, x and y: the tracker is in metres; `Tracker::geodetic()` is on Earth",
                Frame::Geodetic => "degrees and altitudes: the tracker is on Earth; `Tracker::local()` is in metres",
            };
            return Err(Error::new(ErrorKind::Frame, format!("{}: found {key} = {value}, wanted {wanted}", at())));
        }
        let placed = |error: Error| Error::new(error.kind(), format!("{}: {error}", at()));
        let reading = sensor.read(&CellsOf { detection, sensor }, frame).map_err(placed)?;
        let time_us = sensor.true_time_us(time_us);
        let time_us = match sensor.timed(time_us, &reading) {
            _ if self.tells(number) => time_us,
            Some((time_us, _)) => time_us,
            None => {
                let text = format!("{}: found it in no look of its sensor, wanted it in one", at());
                return Err(Error::new(ErrorKind::Time, text));
            }
        };
        let source = self.source_of.get(number).copied().unwrap_or_default();
        Row::new(&self.catalogue, number, time_us, &reading, source).map_err(|error| placed(error.into()))
    }

    fn keep(&mut self, rows: &[Addressed]) {
        if let Some(record) = &mut self.record {
            record.extend_from_slice(rows);
        }
    }

    /// Fuses all looks that are over.
    fn fuse(&mut self) -> Result<(), Error> {
        let Self { pending, catalogue, lane, config, held, batch, .. } = self;
        let undetected = &config.fusion.undetected;
        // Looks begin with the first time that is met.
        let begin = |first_us: i64| {
            let pending = Pending::new((catalogue, lane), first_us, undetected.speed_m_s);
            pending.climbing(undetected.climb_m_s)
        };
        while let Some((time_us, items)) = held.pop() {
            let pending = pending.get_or_insert_with(|| begin(time_us));
            for item in items {
                match item {
                    Item::Row(row) => {
                        let row = named(pending, row);
                        pending.push(lane, row)?;
                    }
                    Item::Look(sensor, look, rows) => {
                        let rows = rows.into_iter().map(|row| named(pending, row)).collect();
                        pending.push_look(sensor, look, rows);
                    }
                }
            }
        }
        // What waits for earlier detections begins the looks, once it waits no longer.
        let Some(gone_us) = held.gone_us().filter(|_| pending.is_some() || held.is_empty()) else { return Ok(()) };
        let pending = pending.get_or_insert_with(|| begin(gone_us));
        pending.advance(gone_us);
        over((pending, catalogue, lane), batch, i64::MAX)
    }

    fn tracks_of(&mut self, time_us: i64, scale: Scale) -> Result<Vec<Track>, Error> {
        let estimates = self.batch.estimates_at(0, time_us)?;
        // Nobody asks what each wave took.
        drop(self.batch.take_reports()?);
        let names = self.pending.as_ref().map_or(&[][..], |pending| pending.identities().names());
        let tracks = estimates.into_iter().map(|estimate| TrackAt::filtered(time_us, estimate, names));
        let shown = |track: TrackAt| Track::of(&track, (self.catalogue.frame, scale), &self.owners);
        Ok(tracks.map(shown).collect())
    }
}

/// A detection with the number of its address.
fn named(pending: &mut Pending, (row, identity): Addressed) -> Row {
    Row { identity: identity.map_or(0, |name| pending.identity(&name)), ..row }
}

/// Fuses the looks that are over and whose scans are not after a time.
fn over(
    (pending, catalogue, lane): (&mut Pending, &Catalogue, &Lane),
    batch: &mut Batch,
    last_us: i64,
) -> Result<(), Error> {
    while let Some(look) = pending.next_look(catalogue)? {
        if look.time_us <= last_us {
            let mut observations = Vec::new();
            let scan = pending.scan((catalogue, lane), 0, &look, &mut observations)?;
            batch.step(vec![scan], observations)?;
        }
    }
    Ok(())
}

/// Fails unless a time is in a look; the end of one that lasts is of the next.
fn in_look(time_us: i64, (scale, look): (Scale, ListedLook), at: impl FnOnce() -> String) -> Result<(), Error> {
    let ListedLook { start_us, end_us, .. } = look;
    if time_us == start_us || (start_us..end_us).contains(&time_us) {
        return Ok(());
    }
    let [found, start, end] = [time_us, start_us, end_us].map(|us| scale.time(us));
    let text = format!("{}: found time {found}, wanted one of its scan, from {start} up to, and without, {end}", at());
    Err(Error::new(ErrorKind::Time, text))
}
