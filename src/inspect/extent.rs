//! Where the rows of a sensor are.

use serde::Serialize;

use super::excerpt::Mark;
use super::geometry::{quantile, sight};
use crate::sensor::Sensor;
use crate::space::{Frame, Geodetic};

/// Where all rows but one in a hundred are, along each measure of place.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Extent {
    /// x, y in metres (local) or longitude, latitude in degrees; the first longitude is above the second where the rows cross the
    /// antimeridian.
    pub min: [f64; 2],
    /// The other corner.
    pub max: [f64; 2],
    /// Heights, where they were measured, metres.
    pub height_m: Option<[f64; 2]>,
    /// Distances from the site, of a radar, metres.
    pub range_m: Option<[f64; 2]>,
}

/// The share of the rows that is left out at either end.
const TAIL: f64 = 0.005;

impl Extent {
    /// Of the rows of a sensor; `None` without any.
    pub(super) fn of(rows: &[Mark], (sensor, frame): (&Sensor, Frame)) -> Option<Self> {
        let rows = || rows.iter();
        rows().next()?;
        let ends = |mut of: Vec<f64>| [quantile(&mut of, TAIL), quantile(&mut of, 1.0 - TAIL)];
        let level = |row: &Mark| {
            let [x, y, _] = row.ground;
            if frame == Frame::Local {
                return [x, y];
            }
            let point = Geodetic::from_ecef(row.ground);
            [point.longitude_deg, point.latitude_deg]
        };
        let [mut x, y]: [Vec<f64>; 2] =
            [rows().map(level).map(|[x, _]| x).collect(), rows().map(level).map(|[_, y]| y).collect()];
        let mut across = ends(x.clone());
        if frame == Frame::Geodetic {
            for deg in &mut x {
                *deg = deg.rem_euclid(360.0);
            }
            let other = ends(x);
            let width = |[from, to]: [f64; 2]| to - from;
            if width(other) < width(across) - 1e-9 {
                across = other.map(|deg| if deg > 180.0 { deg - 360.0 } else { deg });
            }
        }
        let [south, north] = ends(y);
        let [west, east] = across;
        let heights: Vec<f64> = rows().filter_map(|row| row.height_m.map(f64::from)).collect();
        let ranges: Vec<f64> =
            rows().filter_map(|row| sight(sensor, row.time_us, row.metres).map(|(_, [range, _])| range)).collect();
        let some = |of: Vec<f64>| if of.is_empty() { None } else { Some(ends(of)) };
        Some(Self { min: [west, south], max: [east, north], height_m: some(heights), range_m: some(ranges) })
    }

    /// Its area, square kilometres.
    pub(super) fn area_km2(&self, frame: Frame) -> f64 {
        let ([west, south], [east, north]) = (self.min, self.max);
        match frame {
            Frame::Local => (east - west) * (north - south) * 1e-6,
            Frame::Geodetic => {
                let per_deg_km = 111.2;
                let level = libm::cos(f64::midpoint(south, north).to_radians());
                (east - west).rem_euclid(360.0) * level * (north - south) * per_deg_km * per_deg_km
            }
        }
    }
}
