//! Measurements as fusion sees them: axes and noise, densities of clutter and of what a place does not tell.

use super::detections::{Detection, OFFSET, Observation, RANGE};
use super::looks::Row;
use crate::sensor::{Looks, Measurement, Sensor};
use crate::space::Frame;
use crate::time::seconds_between;
use std::f64::consts::TAU;

/// Speeds that clutter is assumed to spread over, either way, m/s: that of sound.
const CLUTTER_RATE_M_S: f64 = 340.0;
/// Height that a radar is assumed to see to where the catalogue does not say, metres.
pub(crate) const HEIGHT_M: f64 = 15_000.0;

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
    /// Standard deviation of the speed of what nothing has detected yet, m/s.
    speed_m_s: f32,
    area_m2: f64,
    extent: Extent,
    /// What a scan is of the time that the catalogue's probability and clutter are for.
    part: f64,
}

impl<'a> Measurer<'a> {
    /// For the rows of one sensor.
    #[must_use]
    pub(super) fn new(sensor: &'a Sensor, frame: Frame, extent: Extent, speed_m_s: f32) -> Self {
        let part = if let Looks::Reports { .. } = sensor.looks { REPORT } else { 1.0 };
        Self { sensor, speed_m_s, area_m2: sensor.area_m2(frame), extent, part }
    }

    /// One detection, `scan_us` being the time of the scan; appends its observation if it is a new one.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64; observations are counted in 32 bits")]
    pub(super) fn detection(&self, row: &Row, scan_us: i64, observations: &mut Vec<Observation>) -> Detection {
        let observation = self.observation(row);
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
        let speed = f64::from(self.speed_m_s).hypot(f64::from(sigma_m_s));
        let x = f64::from(rate_m_s) / speed;
        (-0.5 * x * x).exp() / (speed * TAU.sqrt())
    }

    fn height_m(&self) -> f64 {
        self.sensor.height_span_m().unwrap_or(HEIGHT_M).max(1.0)
    }

    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    fn observation(&self, row: &Row) -> Observation {
        let m = &row.measurement;
        let [_, axis_1, axis_2] = m.axes;
        let directions = [self.sensor.first_axis(&row.place, m), axis_1, axis_2];
        let [rate_m_s, rate_sigma_m_s] = m.range_rate_m_s.unwrap_or([0.0, 0.0]);
        let measures_height = m.rows > 2;
        let heights = if measures_height { self.height_m() } else { 1.0 };
        let rates = if rate_sigma_m_s > 0.0 { 2.0 * CLUTTER_RATE_M_S } else { 1.0 };
        let rate_density = if rate_sigma_m_s > 0.0 { self.rate_density(rate_m_s, rate_sigma_m_s) } else { 1.0 };
        let mut observation = Observation::offsets(directions, m.sigma_m, m.rows);
        if rate_sigma_m_s > 0.0 {
            let [sight, ..] = directions;
            observation = observation.with_rate(sight, rate_m_s, rate_sigma_m_s);
        }
        let (mut rates, mut rate_density) = (rates, rate_density);
        for (axis, rate_m_s, sigma_m_s) in m.velocity.iter().flat_map(|velocity| velocity.measured(&m.axes)) {
            observation = observation.with_rate(axis, rate_m_s, sigma_m_s);
            rates *= 2.0 * CLUTTER_RATE_M_S;
            rate_density *= self.rate_density(rate_m_s, sigma_m_s);
        }
        Observation {
            ranges_m: [m.range_m, 0.0, 0.0],
            kinds: if m.slant { RANGE } else { OFFSET },
            clutter: (self.part * self.sensor.clutter_per_scan * self.sensor.clutter_per_m2(m, self.area_m2)
                / (heights * rates)) as f32,
            spread: (rate_density / heights) as f32,
            ..observation
        }
    }
}
