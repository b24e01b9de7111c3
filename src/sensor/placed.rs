//! A place as it was measured, and without what its sensor says too much: about where a radar stands, along the level elsewhere.
//!
//! It is for places that are in engine coordinates already. What a row measured is put right before it is turned into these
//! (`offsets.rs`); the two agree to what a range that is a little longer adds to the noise across it.

use super::{Kind, Measurement, Offsets, Sensor};
use crate::space::{Frame, Place, Vector, cross, dot, level_axes, plus};

/// Where a radar stands, and its axes there: east, north, up, or those of what carries it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Stand {
    pub(crate) metres: Vector,
    pub(crate) axes: [Vector; 3],
}

/// A place as it was measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Placed {
    /// In engine coordinates, metres.
    pub(crate) place: Vector,
    /// The axes along which it was measured; those beyond the measured ones complete the basis.
    pub(crate) axes: [Vector; 3],
    /// Where a radar stands; of one that measures in a plane, on the level of the place.
    pub(crate) stand: Option<Stand>,
    /// East, north and up at the place.
    pub(crate) level: [Vector; 3],
    /// Whether a radar's height was measured as such: another range leaves it as it is.
    pub(crate) keeps_height: bool,
}

/// How far a place is off: range in metres, azimuth and elevation in radians, metres east and north.
pub(crate) type Off = [f64; 5];

impl Placed {
    /// What a sensor measured at a time, microseconds; `None` if nobody knows where it was.
    pub(crate) fn of(
        sensor: &Sensor,
        (frame, time_us): (Frame, i64),
        (place, measurement): (&Place, &Measurement),
    ) -> Option<Self> {
        let (place, rows) = (place.metres(), measurement.rows);
        let stand = match sensor.kind {
            Kind::Position => None,
            Kind::Radar { .. } => {
                let site = sensor.site(frame, time_us)?;
                let (metres, up) = (site.metres(), site.up());
                let in_a_plane = rows < 3 && !measurement.slant;
                let rise_m = if in_a_plane { dot(plus(place, -1.0, metres), up) } else { 0.0 };
                Some(Stand { metres: plus(metres, rise_m, up), axes: site.axes() })
            }
        };
        Some(Self {
            place,
            axes: measurement.axes.map(|axis| axis.map(f64::from)),
            stand,
            level: level_axes(frame, place),
            keeps_height: rows > 2 && sensor.noise.elevation_rad.is_none(),
        })
    }

    /// Place and axes of what is left of it, and where a radar stood then, from which the place is at the range that was measured.
    pub(crate) fn without(&self, off: Off) -> (Vector, [Vector; 3], Option<Vector>) {
        let [range_m, azimuth, elevation, east_m, north_m] = off;
        let [mut u, mut a, mut v] = self.axes;
        let Some(Stand { metres, axes: [east, north, up] }) = self.stand else {
            let [east, north, _] = self.level;
            return (plus(plus(self.place, -east_m, east), -north_m, north), self.axes, None);
        };
        // Clockwise is forwards.
        let back = |of: Vector| turned(of, up, azimuth);
        let mut line = back(plus(self.place, -1.0, metres));
        [u, a, v] = [u, a, v].map(back);
        let lower = |of: Vector| turned(of, a, -elevation);
        (line, u, v) = (lower(line), lower(u), lower(v));
        line = plus(line, -range_m, u);
        if self.keeps_height {
            let [_, _, vertical] = self.level;
            line = plus(line, range_m * dot(vertical, u) / dot(vertical, v).max(0.1), v);
        }
        let from = plus(plus(metres, -east_m, east), -north_m, north);
        (plus(from, 1.0, line), [u, a, v], Some(from))
    }
}

impl Offsets {
    /// A measurement of a sensor at a time, as it was stamped, without them; `None` if nobody knows where the sensor was.
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    pub(crate) fn off_place(
        &self,
        sensor: &Sensor,
        at: (Frame, i64),
        (place, measurement): (&Place, &Measurement),
    ) -> Option<(Place, Measurement)> {
        let off = [self.range_m, self.azimuth_rad, self.elevation_rad, self.east_m, self.north_m];
        let (place, axes, site) = Placed::of(sensor, at, (place, measurement))?.without(off);
        let shorter_m = if site.is_some() { self.range_m } else { 0.0 };
        let range_m = (f64::from(measurement.range_m) - shorter_m).max(0.0) as f32;
        let axes = axes.map(|axis| axis.map(|part| part as f32));
        Some((Place::from_metres(place), Measurement { axes, range_m, ..*measurement }))
    }
}

/// A vector turned about a unit one by an angle in radians, counterclockwise as seen from its tip.
fn turned(of: Vector, about: Vector, angle: f64) -> Vector {
    let (sin, cos) = libm::sincos(angle);
    let along = dot(of, about) * (1.0 - cos);
    plus(plus(of.map(|x| cos * x), sin, cross(about, of)), along, about)
}
