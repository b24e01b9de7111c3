//! Detections as a fit takes them, and what a sensor's offsets make of each.

use crate::sensor::Placed;
use crate::space::Vector;
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// What a sensor may be off by; positive where it says too much.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quantity {
    /// Range, metres.
    RangeM,
    /// Azimuth, degrees: where its north is.
    AzimuthDeg,
    /// Elevation, degrees.
    ElevationDeg,
    /// Time, seconds: how late its clock is ahead of the others.
    TimeS,
    /// Its place, and with it what it sees, metres eastwards; along x in a local recording.
    EastM,
    /// The same northwards; along y.
    NorthM,
}

impl Quantity {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::RangeM, Self::AzimuthDeg, Self::ElevationDeg, Self::TimeS, Self::EastM, Self::NorthM];

    /// Its name in files.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RangeM => "range_m",
            Self::AzimuthDeg => "azimuth_deg",
            Self::ElevationDeg => "elevation_deg",
            Self::TimeS => "time_s",
            Self::EastM => "east_m",
            Self::NorthM => "north_m",
        }
    }

    /// What one of its unit is in metres, radians or seconds.
    pub(super) fn unit(self) -> f64 {
        if matches!(self, Self::AzimuthDeg | Self::ElevationDeg) { 1f64.to_radians() } else { 1.0 }
    }

    /// A small part of it, by which derivatives are taken: metres, radians or seconds.
    pub(super) const fn part(self) -> f64 {
        match self {
            Self::RangeM | Self::EastM | Self::NorthM => 1.0,
            Self::AzimuthDeg | Self::ElevationDeg => 1e-5,
            Self::TimeS => 1e-3,
        }
    }
}

/// What a sensor is off by, in metres, radians and seconds, in the order of [`Quantity::ALL`].
pub(super) type Offsets = [f64; 6];

/// A detection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plot {
    pub(super) time_us: i64,
    pub(super) sensor: usize,
    /// Where it was measured.
    pub(super) placed: Placed,
    /// Standard deviations along its axes, metres; 0 where nothing is known.
    pub(super) sigma_m: [f64; 3],
    /// How many of these were measured.
    pub(super) rows: usize,
}

/// A detection without a sensor's offsets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// When, seconds from a time that all detections of an object count from.
    pub(super) at_s: f64,
    pub(super) place: Vector,
    pub(super) axes: [Vector; 3],
    pub(super) sigma_m: [f64; 3],
    pub(super) rows: usize,
    /// Where a radar stands, from which the place is at the range that was measured.
    pub(super) site: Option<Vector>,
}

impl Plot {
    /// The order of time, then of what was measured, whatever that in a file.
    pub(super) fn compare(&self, other: &Self) -> Ordering {
        let numbers = |of: &Self| of.placed.place.into_iter().chain(of.sigma_m);
        let places = numbers(self).zip(numbers(other)).map(|(a, b)| a.total_cmp(&b));
        (self.time_us.cmp(&other.time_us))
            .then(self.sensor.cmp(&other.sensor))
            .then_with(|| places.fold(Ordering::Equal, Ordering::then))
    }

    /// What is left of it without offsets, times counted from `from_us`.
    pub(super) fn without(&self, offsets: &Offsets, from_us: i64) -> Seen {
        let [range_m, azimuth, elevation, time_s, east_m, north_m] = *offsets;
        let (place, axes, site) = self.placed.without([range_m, azimuth, elevation, east_m, north_m]);
        let at_s = (self.time_us - from_us) as f64 * 1e-6 - time_s;
        Seen { at_s, place, axes, sigma_m: self.sigma_m, rows: self.rows, site }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensor::Stand;
    use crate::space::{dot, plus};

    #[test]
    fn offsets_are_what_a_radar_says_too_much() {
        let stand = Stand { metres: [100.0, -50.0, 20.0], axes: [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]] };
        let axes_of = |azimuth: f64, elevation: f64| {
            let ([s, c], [t, d]) = ([azimuth.sin(), azimuth.cos()], [elevation.sin(), elevation.cos()]);
            [[d * s, d * c, t], [c, -s, 0.0], [-t * s, -t * c, d]]
        };
        let at = |range: f64, azimuth: f64, elevation: f64| plus(stand.metres, range, axes_of(azimuth, elevation)[0]);
        let (range, azimuth, elevation) = (30_000.0, 2.1, 0.2);
        let offsets = [200.0, 0.01, -0.004, 0.5, 30.0, -40.0];
        let [off_range, off_azimuth, off_elevation, _, east, north] = offsets;
        // A radar that is taken to stand too far east sees everything too far east.
        let said = Stand { metres: plus(stand.metres, 1.0, [east, north, 0.0]), ..stand };
        let [wrong_azimuth, wrong_elevation] = [azimuth + off_azimuth, elevation + off_elevation];
        let axes = axes_of(wrong_azimuth, wrong_elevation);
        let placed = Placed {
            place: plus(said.metres, range + off_range, axes[0]),
            axes,
            stand: Some(said),
            level: stand.axes,
            keeps_height: false,
        };
        let plot = Plot { time_us: 7_500_000, sensor: 0, placed, sigma_m: [50.0, 60.0, 70.0], rows: 3 };
        let seen = plot.without(&offsets, 5_000_000);
        let near = |a: Vector, b: Vector| plus(a, -1.0, b).iter().all(|off| off.abs() < 1e-6);
        assert!(near(seen.place, at(range, azimuth, elevation)), "{:?}", seen.place);
        for (found, wanted) in seen.axes.into_iter().zip(axes_of(azimuth, elevation)) {
            assert!(near(found, wanted), "{found:?} {wanted:?}");
        }
        assert!(near(seen.site.expect("a radar"), stand.metres) && (seen.at_s - 2.0).abs() < 1e-9);
        // Of a height that was measured as such nothing changes with the range.
        let kept = Plot { placed: Placed { keeps_height: true, ..placed }, ..plot }
            .without(&[200.0, 0.0, 0.0, 0.0, 0.0, 0.0], 0);
        assert!((kept.place[2] - placed.place[2]).abs() < 1e-6, "{:?}", kept.place);
        let line = plus(kept.place, -1.0, said.metres);
        assert!((dot(line, line).sqrt() - range).abs() < 5.0, "{line:?}");
    }
}
