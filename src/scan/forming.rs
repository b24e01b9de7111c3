//! Scans of one lane, formed as its rows come: pushed by a run, or one by one by a program of its own.

use super::detections::{Observation, Sourced};
use super::error::{ScanError, require};
use super::lanes::Lane;
use super::looks::{Forming, Look, Row};
use super::mask::Sight;
use super::measure::{Measurer, Pace};
use super::{Scan, wrong};
use crate::ingest::{Catalogue, Detections, Identities};
use crate::sensor::{ListedLook, Looks, Reading};
use crate::space::{Place, TILE_M};
use std::sync::Arc;

/// Farther from the origin no tile is counted, metres.
const FARTHEST_M: f64 = 1e9 * TILE_M;

impl Row {
    /// A measurement of a sensor, by its index in the catalogue, that was made at a time; `source` numbers its owner and
    /// label in the lane.
    ///
    /// # Errors
    /// An index of no sensor, a measurement of another kind of sensor or in another frame, one that is not finite or has a
    /// standard deviation that is not above 0, an altitude out of reach of its range, a time at which nobody knows where its platform was,
    /// one at which an antenna that turns did not point where it measured.
    pub fn new(
        catalogue: &Catalogue,
        sensor: usize,
        time_us: i64,
        reading: &Reading,
        source: u8,
    ) -> Result<Self, ScanError> {
        let at = || format!("row of sensor {sensor} at {time_us} µs");
        let Some(of) = catalogue.sensors.get(sensor) else {
            return Err(wrong(at(), "sensor", sensor, "the index of a sensor in the catalogue").into());
        };
        let is_its = |reading: &&Reading| reading.is_of(&of.kind, catalogue.frame);
        require(at, ("measurement", reading), is_its, "one of the sensor's kind, in the catalogue's frame")?;
        let wanted = "finite numbers that a sensor can measure, standard deviations above 0";
        require(at, ("measurement", reading), |reading| reading.is_sound(), wanted)?;
        let time_us = match (of.timed(time_us, reading), &of.looks) {
            (Some((time_us, _)), _) => time_us,
            (None, Looks::Rotating(_)) => {
                return Err(wrong(at(), "time", time_us, "one at which its antenna swept its azimuth").into());
            }
            // Left out once its scan would be formed.
            (None, _) => time_us,
        };
        let Some((metres, measurement)) = reading.in_metres(of, (catalogue.frame, time_us)) else {
            let wanted = "an altitude in reach of its range, and a time at which its platform was somewhere";
            return Err(wrong(at(), "measurement", reading, wanted).into());
        };
        let is_place = |metres: &[f64; 3]| metres.iter().all(|m| m.abs() <= FARTHEST_M);
        require(at, ("place", metres), is_place, "metres that tiles can count")?;
        Ok(Self { time_us, sensor, place: Place::from_metres(metres), measurement, source, identity: 0, number: 0 })
    }

    /// Detections of one source as rows, in their order.
    pub fn of(detections: &Detections, source: u8) -> impl Iterator<Item = Self> {
        let Detections { time_us, sensor, place, measurement, .. } = detections;
        let columns = time_us.iter().zip(sensor).zip(place).zip(measurement);
        columns.map(move |(((&time_us, &sensor), &place), &measurement)| Self {
            time_us,
            sensor: sensor as usize,
            place,
            measurement,
            source,
            identity: 0,
            number: 0,
        })
    }
}

/// The scans of one lane, as far as its rows are known.
#[derive(Debug)]
pub struct Scans<'a> {
    catalogue: &'a Catalogue,
    lane: &'a Lane,
    pending: Pending,
}

impl<'a> Scans<'a> {
    /// Before the first row; the first looks are those that hold `first_us`. `speed_m_s` is the standard deviation of the
    /// speed of what nothing has detected yet (`speed_m_s` of the configuration's table `undetected`).
    #[must_use]
    pub fn new(catalogue: &'a Catalogue, lane: &'a Lane, first_us: i64, speed_m_s: f32) -> Self {
        Self { catalogue, lane, pending: Pending::new((catalogue, lane), first_us, speed_m_s) }
    }

    /// The same where objects climb with another standard deviation than they go on with (`climb_m_s` of the same table).
    #[must_use]
    pub fn climbing(mut self, climb_m_s: f32) -> Self {
        self.pending = self.pending.climbing(climb_m_s);
        self
    }

    /// The number by which a row names the address that its target sent; empty text is none, and 0.
    pub fn identity(&mut self, address: &Arc<str>) -> u32 {
        self.pending.identity(address)
    }

    /// The addresses so far, by number.
    #[must_use]
    pub const fn identities(&self) -> &Identities {
        self.pending.identities()
    }

    /// Takes one more row. Rows come in the order of time; one whose look is over is late and is left out, as is one that is in
    /// no listed look of its sensor.
    ///
    /// # Errors
    /// A row of a sensor that the lane may not use.
    pub fn push(&mut self, row: Row) -> Result<(), ScanError> {
        self.pending.push(self.lane, row)
    }

    /// Says that no row before `now_us` follows: looks that are over by then need not wait for a row to tell.
    pub fn advance(&mut self, now_us: i64) {
        self.pending.advance(now_us);
    }

    /// Says that no row follows; the last looks are those that hold `last_us`.
    pub fn end(&mut self, last_us: i64) {
        self.pending.end(last_us);
    }

    /// Rows that came after the look that they belong to was over, or are in none, and were left out.
    #[must_use]
    pub fn late(&self) -> u64 {
        self.pending.looks.late()
    }

    /// The next look that is known to be over.
    ///
    /// # Errors
    /// A look of more than 10,000,000 detections.
    pub fn next_look(&mut self) -> Result<Option<Look>, ScanError> {
        self.pending.next_look(self.catalogue)
    }

    /// A look as the scan of lane `number` of a batch; what its detections are measured by joins `observations`, those of
    /// the wave.
    ///
    /// # Errors
    /// If the lane has no such look.
    pub fn scan(&self, number: usize, look: &Look, observations: &mut Vec<Observation>) -> Result<Scan<'a>, ScanError> {
        self.pending.scan((self.catalogue, self.lane), number, look, observations)
    }

    /// The next look that is known to be over, as the scan of lane `number` of a batch.
    ///
    /// # Errors
    /// As [`Scans::next_look`] and [`Scans::scan`].
    pub fn next_scan(
        &mut self,
        number: usize,
        observations: &mut Vec<Observation>,
    ) -> Result<Option<Scan<'a>>, ScanError> {
        self.next_look()?.map(|look| self.scan(number, &look, observations)).transpose()
    }
}

/// The rows of one lane on their way into scans, for whoever holds the catalogue and the lane.
#[derive(Debug)]
pub(crate) struct Pending {
    pace: Pace,
    looks: Forming,
}

impl Pending {
    /// As [`Scans::new`].
    pub(crate) fn new((catalogue, lane): (&Catalogue, &Lane), first_us: i64, speed_m_s: f32) -> Self {
        let sensors = lane.sensors(catalogue);
        let looks_per_s: f64 = sensors.iter().map(|(_, sensor)| sensor.looks.per_s()).sum();
        let pace = Pace { speed_m_s, climb_m_s: speed_m_s, look_s: 1.0 / looks_per_s };
        // What is seen less often takes more looks to be missed for good.
        let looks =
            Forming::new(sensors, first_us, (speed_m_s, lane.least_share())).corrected(lane.corrections.clone());
        Self { pace, looks }
    }

    /// As [`Scans::climbing`].
    pub(crate) fn climbing(mut self, climb_m_s: f32) -> Self {
        self.pace.climb_m_s = climb_m_s;
        self
    }

    /// As [`Scans::identity`].
    pub(crate) fn identity(&mut self, address: &Arc<str>) -> u32 {
        self.looks.identities.number(address)
    }

    /// The addresses so far, by number.
    pub(crate) const fn identities(&self) -> &Identities {
        &self.looks.identities
    }

    /// As [`Scans::push`].
    pub(crate) fn push(&mut self, lane: &Lane, row: Row) -> Result<(), ScanError> {
        if !lane.uses(row.sensor) {
            let found = format!("a row of sensor number {} at {} microseconds", row.sensor, row.time_us);
            return Err(ScanError::NotAllowed { found });
        }
        self.looks.push(row);
        Ok(())
    }

    /// Takes a whole look of a sensor whose catalogue lists none: it tells them as they come. None that is over before it has been
    /// given out.
    pub(crate) fn push_look(&mut self, sensor: usize, look: ListedLook, rows: Vec<Row>) {
        self.looks.push_look(sensor, look, rows);
    }

    /// As [`Scans::advance`].
    pub(crate) fn advance(&mut self, now_us: i64) {
        self.looks.advance(now_us);
    }

    /// As [`Scans::end`].
    pub(crate) fn end(&mut self, last_us: i64) {
        self.looks.end(last_us);
    }

    /// As [`Scans::next_look`].
    pub(crate) fn next_look(&mut self, catalogue: &Catalogue) -> Result<Option<Look>, ScanError> {
        let look = self.looks.next_look();
        match self.looks.overfull().and_then(|sensor| catalogue.sensors.get(sensor)) {
            Some(sensor) => Err(ScanError::LookTooFull { sensor: sensor.name.clone() }),
            None => Ok(look),
        }
    }

    /// As [`Scans::scan`].
    pub(crate) fn scan<'a>(
        &self,
        (catalogue, lane): (&Catalogue, &'a Lane),
        number: usize,
        look: &Look,
        observations: &mut Vec<Observation>,
    ) -> Result<Scan<'a>, ScanError> {
        let mask = lane.mask(look)?;
        let Some(sensor) = catalogue.sensors.get(look.sensor) else {
            return Err(ScanError::NotAllowed { found: format!("a look of sensor number {}", look.sensor) });
        };
        // Nobody looked where a report came from: it says nothing of other places.
        let sight = if let Looks::Reports { .. } = sensor.looks { Sight::Everywhere } else { Sight::Mask(mask) };
        let measurer = Measurer::new(sensor, catalogue.frame, lane.extent(), self.pace);
        let rows = &look.rows;
        let known = rows.iter().any(|row| row.identity != 0);
        let addresses = rows.iter().filter(|_| known).map(|row| row.identity).collect();
        Ok(Scan {
            lane: number,
            time_us: look.time_us,
            detection_probability: measurer.detection_probability(),
            sight,
            slack_m: measurer.slack_m(rows),
            detections: rows
                .iter()
                .map(|row| {
                    let right = lane.corrections.corrected(row, (sensor, catalogue.frame));
                    (measurer.detection((&right, row.time_us), look.time_us, observations), row.source)
                })
                .collect::<Sourced>()
                .with_addresses(addresses),
            views: lane.views(look.sensor, look.start_us),
        })
    }
}
