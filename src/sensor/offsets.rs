//! What a sensor is known to say too much, taken off all that it measures before anything else is made of it.
//!
//! Of a radar: range, azimuth, elevation. Of positions: east and north, x and y in a local recording. Of either: time. Where a
//! radar stands is said by its site.

use super::{Fix, KindName, Polar, Reading};
use crate::space::Geodetic;

/// Offsets; 0 of what is right.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Offsets {
    /// Of ranges, metres.
    pub range_m: f64,
    /// Of azimuths, radians.
    pub azimuth_rad: f64,
    /// Of elevations, radians.
    pub elevation_rad: f64,
    /// Of times, microseconds: how far its clock is ahead.
    pub time_us: i64,
    /// Of positions, metres east, or along x.
    pub east_m: f64,
    /// The same north, or along y.
    pub north_m: f64,
}

/// The keys of those that a kind of sensor may have.
pub(crate) const fn keys(kind: KindName) -> &'static [&'static str] {
    match kind {
        KindName::Radar => &["range_m", "azimuth_deg", "elevation_deg", "time_s"],
        KindName::Position => &["time_s", "east_m", "north_m"],
    }
}

impl Offsets {
    /// What was measured without them.
    #[must_use]
    pub(super) fn taken_off(&self, reading: Reading) -> Reading {
        let polar = |mut polar: Polar| {
            polar.range_m[0] -= self.range_m;
            polar.azimuth_rad[0] -= self.azimuth_rad;
            polar.elevation_rad = polar.elevation_rad.map(|[angle, sigma]| [angle - self.elevation_rad, sigma]);
            polar
        };
        match reading {
            _ if *self == Self::default() => reading,
            Reading::Position(fix) => Reading::Position(self.moved(fix)),
            Reading::Moving(fix, velocity) => Reading::Moving(self.moved(fix), velocity),
            Reading::Radar(of) => Reading::Radar(polar(of)),
            Reading::RadarWithoutHeight(of) => Reading::RadarWithoutHeight(polar(of)),
        }
    }

    fn moved(&self, fix: Fix) -> Fix {
        match fix {
            Fix::Local { horizontal_m: [x, y], sigma_horizontal_m, vertical_m } => {
                let horizontal_m = [x - self.east_m, y - self.north_m];
                Fix::Local { horizontal_m, sigma_horizontal_m, vertical_m }
            }
            Fix::Geodetic { position, sigma_horizontal_m, sigma_vertical_m } => {
                let ([[a, b, c], [d, e, f], _], [x, y, z]) = (position.enu_axes(), position.ecef());
                let moved = Geodetic::from_ecef([
                    x - self.east_m * a - self.north_m * d,
                    y - self.east_m * b - self.north_m * e,
                    z - self.east_m * c - self.north_m * f,
                ]);
                // A metre along the level is none in height.
                let position = Geodetic { altitude_m: position.altitude_m, ..moved };
                Fix::Geodetic { position, sigma_horizontal_m, sigma_vertical_m }
            }
        }
    }

    /// Names, values and units of those that there are, as a catalogue has them.
    pub(crate) fn named(&self) -> impl Iterator<Item = (&'static str, f64)> {
        let all = [
            ("range_m", self.range_m),
            ("azimuth_deg", self.azimuth_rad.to_degrees()),
            ("elevation_deg", self.elevation_rad.to_degrees()),
            ("time_s", self.time_us as f64 * 1e-6),
            ("east_m", self.east_m),
            ("north_m", self.north_m),
        ];
        all.into_iter().filter(|(_, value)| value.abs() > 0.0)
    }
}
