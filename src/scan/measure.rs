//! Measurements as fusion sees them: axes and noise, densities of clutter and of what a place does not tell.
//!
//! A place made coarse is off by the same q while its object stays in the cell: so long it tells once what is told n times,
//! and its w²/12 counts n-fold. An object of speed v crosses an edge w in w / v, in which n = max(1, w / (v T)) looks see it,
//! T the time between looks of any of the lane's sensors: the speed that a new track is thought to have, along the
//! horizontal and along the vertical its own, an axis between them its share of both. So neither more rows nor more
//! sensors sharpen a coarse place; an object that is faster than thought is tracked more cautiously than need be.

use super::detections::{Detection, OFFSET, Observation, RANGE};
use super::looks::Row;
use crate::sensor::{Looks, Measurement, Sensor};
use crate::space::{Frame, Geodetic};
use crate::time::seconds_between;
use std::f64::consts::TAU;

/// Speeds that clutter is assumed to spread over, either way, m/s: that of sound.
pub(crate) const CLUTTER_RATE_M_S: f64 = 340.0;
pub(crate) use crate::sensor::HEIGHT_M;

/// Looks that one cell is counted for at most.
const LOOKS_MAX: f64 = 1000.0;

/// What moves in a lane, and how often it is looked at.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_field_names, reason = "names end in units")]
pub(super) struct Pace {
    /// Standard deviations of the speed of what nothing has detected yet, along the horizontal and the vertical, m/s.
    pub(super) speed_m_s: f32,
    pub(super) climb_m_s: f32,
    /// Seconds between looks, whichever sensor's.
    pub(super) look_s: f64,
}

impl Pace {
    /// Looks during which an object stays between the edges of a cell, `variance_m2` the twelfth of an edge's square, `up`
    /// the share of the axis that is vertical.
    fn looks(&self, variance_m2: f64, up: f64) -> f64 {
        let looks = |speed_m_s: f32| {
            let looks = (12.0 * variance_m2).sqrt() / (f64::from(speed_m_s) * self.look_s);
            if looks < LOOKS_MAX { looks.max(1.0) } else { LOOKS_MAX }
        };
        let (level, upright) = (looks(self.speed_m_s), looks(self.climb_m_s));
        level + (upright - level) * up
    }
}

/// What one report is of an expected interval: so little that nothing is missed, 1 - P_D being 1 in 32 bits. A power of two,
/// by which the density of clutter goes down as well: the weight of a report is that of a detection of an interval's look.
const REPORT: f64 = 1.0 / 67_108_864.0;

/// Where the objects of a lane move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// In a plane: what is measured along two axes is measured whole.
    Plane,
    /// In space: what is measured along two axes has no height.
    Space,
}

/// Turns rows of one sensor into detections; rows with equal noise share an observation.
#[derive(Debug)]
pub(super) struct Measurer<'a> {
    sensor: &'a Sensor,
    frame: Frame,
    pace: Pace,
    area_m2: f64,
    extent: Extent,
    /// What a scan is of the time that the catalogue's probability and clutter are for.
    part: f64,
}

impl<'a> Measurer<'a> {
    /// For the rows of one sensor.
    #[must_use]
    pub(super) fn new(sensor: &'a Sensor, frame: Frame, extent: Extent, pace: Pace) -> Self {
        let part = if let Looks::Reports { .. } = sensor.looks { REPORT } else { 1.0 };
        Self { sensor, frame, pace, area_m2: sensor.area_m2(frame), extent, part }
    }

    /// Standard deviations along the axes, a coarse place counted for as long as it stays the same.
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    fn sigma_m(&self, row: &Row) -> [f32; 3] {
        let Measurement { sigma_m, coarse_m2, axes, .. } = &row.measurement;
        if coarse_m2.iter().all(|m2| *m2 <= 0.0) {
            return *sigma_m;
        }
        let [_, _, up] = match self.frame {
            Frame::Local => [[0.0; 3], [0.0; 3], [0.0, 0.0, 1.0]],
            Frame::Geodetic => Geodetic::from_ecef(row.place.metres()).enu_axes(),
        };
        let mut to = *sigma_m;
        for ((to, coarse_m2), axis) in to.iter_mut().zip(coarse_m2).zip(axes) {
            let along: f64 = axis.iter().zip(up).map(|(axis, up)| f64::from(*axis) * up).sum();
            let (once_m2, looks) = (f64::from(*coarse_m2), self.pace.looks(f64::from(*coarse_m2), along * along));
            *to = (f64::from(*to).powi(2) + once_m2 * (looks - 1.0)).sqrt() as f32;
        }
        to
    }

    /// One detection, `stamped_us` being its time by its sensor's clock and `scan_us` that of the scan; appends its observation
    /// if it is a new one.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64; observations are counted in 32 bits")]
    pub(super) fn detection(
        &self,
        (row, stamped_us): (&Row, i64),
        scan_us: i64,
        observations: &mut Vec<Observation>,
    ) -> Detection {
        let observation = self.observation(row, stamped_us);
        // Bit for bit, so that what a lane gets does not depend on what another one of the wave got before it.
        if observations.last().map(bytemuck::bytes_of) != Some(bytemuck::bytes_of(&observation)) {
            observations.push(observation);
        }
        Detection {
            tile: row.place.tile,
            ahead_s: seconds_between(scan_us, row.time_us) as f32,
            offset_m: row.place.offset_m,
            observation: observations.len() as u32 - 1,
        }
    }

    /// Probability that a scan detects what it covers.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    pub(super) fn detection_probability(&self) -> f32 {
        (self.sensor.detection_probability * self.part) as f32
    }

    /// How far a place may lie off along what was not measured, metres.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "a bound")]
    pub(super) fn slack_m(&self, rows: &[Row]) -> f32 {
        let without_height = |m: &Measurement| m.slant || (m.rows < 3 && self.extent == Extent::Space);
        if rows.iter().any(|row| without_height(&row.measurement)) { (3.0 * self.height_m()) as f32 } else { 0.0 }
    }

    /// Density of a measured rate of what nothing has detected yet, per m/s.
    fn rate_density(&self, rate_m_s: f32, sigma_m_s: f32) -> f64 {
        let speed = libm::hypot(f64::from(self.pace.speed_m_s), f64::from(sigma_m_s));
        let x = f64::from(rate_m_s) / speed;
        libm::exp(-0.5 * x * x) / (speed * TAU.sqrt())
    }

    fn height_m(&self) -> f64 {
        self.sensor.height_span_m().unwrap_or(HEIGHT_M).max(1.0)
    }

    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    fn observation(&self, row: &Row, stamped_us: i64) -> Observation {
        let m = &row.measurement;
        let [_, axis_1, axis_2] = m.axes;
        let directions = [self.sensor.first_axis(stamped_us, &row.place, m), axis_1, axis_2];
        let [rate_m_s, rate_sigma_m_s] = m.range_rate_m_s.unwrap_or([0.0, 0.0]);
        let measures_height = m.rows > 2;
        let heights = if measures_height { self.height_m() } else { 1.0 };
        let rates = if rate_sigma_m_s > 0.0 { 2.0 * CLUTTER_RATE_M_S } else { 1.0 };
        let rate_density = if rate_sigma_m_s > 0.0 { self.rate_density(rate_m_s, rate_sigma_m_s) } else { 1.0 };
        let mut observation = Observation::offsets(directions, self.sigma_m(row), m.rows);
        if rate_sigma_m_s > 0.0 {
            let [sight, ..] = directions;
            observation = observation.with_rate(sight, rate_m_s, rate_sigma_m_s);
            observation.sight_m = m.range_m;
        }
        let (mut rates, mut rate_density) = (rates, rate_density);
        for (axis, rate_m_s, sigma_m_s) in m.velocity.iter().flat_map(|velocity| velocity.measured(&m.axes)) {
            observation = observation.with_rate(axis, rate_m_s, sigma_m_s);
            rates *= 2.0 * CLUTTER_RATE_M_S;
            rate_density *= self.rate_density(rate_m_s, sigma_m_s);
        }
        Observation {
            ranges_m: [m.range_m, 0.0, 0.0],
            kinds: if m.slant || m.curved { RANGE } else { OFFSET },
            clutter: (self.part * self.sensor.clutter_per_scan * self.sensor.clutter_per_m2(m, self.area_m2)
                / (heights * rates)) as f32,
            spread: (rate_density / heights) as f32,
            ..observation
        }
    }
}
