//! What carries a radar: along an arc at constant speed, or nowhere.

use super::error::SimulateError;
use super::plan::Plan;
use crate::ingest::{ColumnType, TableWriter, Values};
use std::path::Path;

/// The way of a radar's site.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Way {
    /// Where it is at the first scan, metres.
    pub(super) start_m: [f64; 3],
    /// How it goes on; `None`: it stands.
    pub(super) arc: Option<Arc>,
}

/// How a platform goes on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Arc {
    pub(super) speed_m_s: f64,
    /// Clockwise from y (north) at the first scan.
    pub(super) course_rad: f64,
    /// Clockwise.
    pub(super) turn_rad_s: f64,
    /// From row to row of its table.
    pub(super) row_us: i64,
    /// Whether azimuths are counted from the course.
    pub(super) from_bow: bool,
}

/// Where a site is at a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Stand {
    pub(super) metres: [f64; 3],
    pub(super) velocity_m_s: [f64; 3],
    /// Clockwise from y, radians: what azimuths are counted from.
    pub(super) heading_rad: f64,
}

impl Way {
    /// Of a site that stands.
    #[cfg(test)]
    pub(super) fn standing(start_m: [f64; 3]) -> Self {
        Self { start_m, arc: None }
    }

    pub(super) fn at(&self, time_us: i64) -> Stand {
        let ([x, y, z], time_s) = (self.start_m, time_us as f64 * 1e-6);
        let Some(Arc { speed_m_s, course_rad, turn_rad_s, from_bow, .. }) = self.arc else {
            return Stand { metres: self.start_m, velocity_m_s: [0.0; 3], heading_rad: 0.0 };
        };
        // The chord of an arc goes along its middle course, as much shorter as sin a / a says.
        let half = 0.5 * turn_rad_s * time_s;
        let chord_m = speed_m_s * time_s * if half.abs() < 1e-8 { 1.0 } else { libm::sin(half) / half };
        let (east, north) = libm::sincos(course_rad + half);
        let course = course_rad + turn_rad_s * time_s;
        let (along_x, along_y) = libm::sincos(course);
        Stand {
            metres: [x + chord_m * east, y + chord_m * north, z],
            velocity_m_s: [speed_m_s * along_x, speed_m_s * along_y, 0.0],
            heading_rad: if from_bow { course } else { 0.0 },
        }
    }
}

/// The name of the table of the platform of a sensor, by the sensor's number.
pub(super) fn file(sensor: usize) -> String {
    format!("platform-{}.parquet", sensor + 1)
}

/// Whether a file has such a name.
pub(super) fn is_file(name: &str) -> bool {
    let number = name.strip_prefix("platform-").and_then(|rest| rest.strip_suffix(".parquet"));
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

/// Writes where the platforms were, from the first scan to the end.
pub(super) fn write(plan: &Plan, folder: &Path) -> Result<(), SimulateError> {
    for (number, way) in plan.ways().enumerate() {
        let Some(Arc { row_us, from_bow, .. }) = way.arc else { continue };
        let rows = plan.end_us() / row_us + 2;
        let names = ["time", "x_m", "y_m", "z_m", "vx_m_s", "vy_m_s", "vz_m_s", "heading_deg"];
        let columns = names.into_iter().take(if from_bow { 8 } else { 7 });
        let typed: Vec<(&str, ColumnType)> = columns.map(|name| (name, ColumnType::Float64)).collect();
        let mut table = TableWriter::create(&folder.join(file(number)), &typed)?;
        let mut cells: Vec<Vec<Option<f64>>> = vec![Vec::new(); typed.len()];
        for time_us in (0..rows).map(|row| row * row_us) {
            let Stand { metres: [x, y, z], velocity_m_s: [u, v, w], heading_rad } = way.at(time_us);
            let heading_deg = heading_rad.to_degrees().rem_euclid(360.0);
            let row = [time_us as f64 * 1e-6, x, y, z, u, v, w, heading_deg];
            cells.iter_mut().zip(row).for_each(|(cells, cell)| cells.push(Some(cell)));
        }
        table.append_columns(cells.into_iter().map(Values::Float64).collect())?;
        table.finish()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_goes_round_a_circle_and_its_velocity_is_that_of_its_way() {
        let turn_rad_s = std::f64::consts::TAU / 1000.0;
        let arc = Arc { speed_m_s: 10.0, course_rad: 0.0, turn_rad_s, row_us: 1, from_bow: true };
        let way = Way { start_m: [5.0, 7.0, 3.0], arc: Some(arc) };
        let near = |found: [f64; 3], wanted: [f64; 3]| {
            found.iter().zip(wanted).for_each(|(a, b)| assert!((a - b).abs() < 1e-6, "{found:?} {wanted:?}"));
        };
        let radius_m = 10.0 / turn_rad_s;
        for (time_us, wanted) in [
            (0, [5.0, 7.0, 3.0]),
            (250_000_000, [5.0 + radius_m, 7.0 + radius_m, 3.0]),
            (500_000_000, [5.0 + 2.0 * radius_m, 7.0, 3.0]),
            (1_000_000_000, [5.0, 7.0, 3.0]),
        ] {
            near(way.at(time_us).metres, wanted);
        }
        let [before, now, after] = [199_999_000, 200_000_000, 200_001_000].map(|time_us| way.at(time_us));
        let between: [f64; 3] = std::array::from_fn(|k| (after.metres[k] - before.metres[k]) / 2e-3);
        near(between, now.velocity_m_s);
        assert!((now.heading_rad.sin() * 10.0 - now.velocity_m_s[0]).abs() < 1e-9);
    }
}
