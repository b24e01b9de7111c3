//! What a lane's measurements are corrected by: what its sensors were found to say too much, from what it may fuse.
//!
//! Classes, looks and the order of detections are of the rows as they came: rights are not moved by it, and a look is one by the
//! sensor's own clock. A detection in a scan has its corrected place and time, and the scan that of its latest one. What a level
//! makes coarse stays in its cell.

use super::looks::Row;
use crate::sensor::{Offsets, Sensor};
use crate::space::Frame;
use std::collections::BTreeMap;

/// What sensors say too much, by index in the catalogue, beside what the catalogue says.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Corrections {
    offsets: BTreeMap<usize, Offsets>,
}

impl Corrections {
    /// Those of some sensors.
    #[cfg(feature = "policy")]
    pub(crate) fn of(offsets: BTreeMap<usize, Offsets>) -> Self {
        Self { offsets }
    }

    /// What is taken off a row.
    fn off(&self, row: &Row) -> Option<&Offsets> {
        let is_coarse = row.measurement.coarse_m2.iter().any(|m2| *m2 > 0.0);
        self.offsets.get(&row.sensor).filter(|_| !is_coarse)
    }

    /// When a row was measured.
    pub(super) fn time_us(&self, row: &Row) -> i64 {
        row.time_us.saturating_sub(self.off(row).map_or(0, |off| off.time_us))
    }

    /// A row of a sensor, put right.
    pub(super) fn corrected(&self, row: &Row, (sensor, frame): (&Sensor, Frame)) -> Row {
        let right =
            self.off(row).and_then(|off| off.off_place(sensor, (frame, row.time_us), (&row.place, &row.measurement)));
        let Some((place, measurement)) = right else { return *row };
        Row { time_us: self.time_us(row), place, measurement, ..*row }
    }
}
