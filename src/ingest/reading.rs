//! What a sensor measured, before it is turned into engine coordinates: so that parts of it can be left out, or its
//! place made coarse, without a trace of the rest in any digit.

use super::catalogue::{Kind, Sensor};
use super::convert::{self, Converted, Polar, Site};
use super::detections::Measurement;
use crate::space::{Frame, Geodetic};

/// The measurement of one row.
#[derive(Clone, Copy, Debug)]
pub struct Reading(pub(super) What);

/// By kind of sensor and frame; each standard deviation beside its quantity.
#[derive(Clone, Copy, Debug)]
pub(super) enum What {
    Local {
        horizontal_m: [f64; 2],
        sigma_horizontal_m: f64,
        vertical_m: Option<[f64; 2]>,
    },
    Geodetic {
        position: Geodetic,
        sigma_horizontal_m: f64,
        sigma_vertical_m: Option<f64>,
    },
    Radar(Polar),
    /// A radar's, its height left out.
    RadarWithoutHeight(Polar),
}

impl Reading {
    /// The same without a range rate.
    #[must_use]
    pub fn without_range_rate(self) -> Self {
        let silent = |polar| Polar { range_rate_m_s: None, ..polar };
        Self(match self.0 {
            What::Radar(polar) => What::Radar(silent(polar)),
            What::RadarWithoutHeight(polar) => What::RadarWithoutHeight(silent(polar)),
            position => position,
        })
    }

    /// The same without altitude, z or elevation: nothing of what is left depends on them.
    #[must_use]
    pub fn without_height(self) -> Self {
        Self(match self.0 {
            What::Local { horizontal_m, sigma_horizontal_m, vertical_m: _ } => {
                What::Local { horizontal_m, sigma_horizontal_m, vertical_m: None }
            }
            What::Geodetic { position, sigma_horizontal_m, sigma_vertical_m: _ } => What::Geodetic {
                position: Geodetic { altitude_m: 0.0, ..position },
                sigma_horizontal_m,
                sigma_vertical_m: None,
            },
            What::Radar(polar) if polar.elevation_rad.is_some() || polar.altitude_m.is_some() => {
                What::RadarWithoutHeight(Polar { elevation_rad: None, altitude_m: None, ..polar })
            }
            flat => flat,
        })
    }

    /// What the sensor would have measured of something at `metres`, equally well. A range rate goes: it is measured
    /// along the line of sight to the true place.
    #[must_use]
    pub fn at(self, metres: [f64; 3], sensor: &Sensor, frame: Frame) -> Self {
        let around = |polar: Polar| moved(polar, metres, &site(sensor, frame));
        Self(match self.without_range_rate().0 {
            What::Local { horizontal_m: _, sigma_horizontal_m, vertical_m } => {
                let [x, y, z] = metres;
                let vertical_m = vertical_m.map(|[_, sigma]| [z, sigma]);
                What::Local { horizontal_m: [x, y], sigma_horizontal_m, vertical_m }
            }
            What::Geodetic { position: _, sigma_horizontal_m, sigma_vertical_m } => {
                What::Geodetic { position: Geodetic::from_ecef(metres), sigma_horizontal_m, sigma_vertical_m }
            }
            What::Radar(polar) => What::Radar(around(polar)),
            What::RadarWithoutHeight(polar) => What::RadarWithoutHeight(around(polar)),
        })
    }

    /// Where it was, in metres of engine coordinates, and how it was measured; `None` if its altitude is out of reach of
    /// its range.
    #[must_use]
    pub fn in_metres(&self, sensor: &Sensor, frame: Frame) -> Option<([f64; 3], Measurement)> {
        let Converted { metres, horizontal: _, measurement } = self.convert(&site(sensor, frame))?;
        Some((metres, measurement))
    }

    /// Every bit of it, for a digest.
    pub(super) fn put(&self, bytes: &mut Vec<u8>) {
        let mut numbers = |kind: u8, numbers: &[f64]| {
            bytes.push(kind);
            bytes.extend(numbers.iter().flat_map(|number| number.to_bits().to_le_bytes()));
        };
        match self.0 {
            What::Local { horizontal_m: [x, y], sigma_horizontal_m, vertical_m: None } => {
                numbers(0, &[x, y, sigma_horizontal_m]);
            }
            What::Local { horizontal_m: [x, y], sigma_horizontal_m, vertical_m: Some([z, sigma]) } => {
                numbers(1, &[x, y, sigma_horizontal_m, z, sigma]);
            }
            What::Geodetic { position, sigma_horizontal_m, sigma_vertical_m } => {
                let Geodetic { latitude_deg, longitude_deg, altitude_m } = position;
                numbers(2, &[latitude_deg, longitude_deg, altitude_m, sigma_horizontal_m]);
                numbers(u8::from(sigma_vertical_m.is_some()), sigma_vertical_m.as_slice());
            }
            What::Radar(polar) | What::RadarWithoutHeight(polar) => {
                let Polar { range_m, azimuth_rad, elevation_rad, altitude_m, range_rate_m_s } = polar;
                numbers(if matches!(self.0, What::Radar(_)) { 3 } else { 4 }, &[]);
                for pair in [Some(range_m), Some(azimuth_rad), elevation_rad, altitude_m, range_rate_m_s] {
                    numbers(u8::from(pair.is_some()), pair.as_ref().map_or(&[], |pair| pair));
                }
            }
        }
    }

    pub(super) fn convert(&self, site: &Site) -> Option<Converted> {
        match self.0 {
            What::Local { horizontal_m, sigma_horizontal_m, vertical_m } => {
                Some(convert::local(horizontal_m, sigma_horizontal_m, vertical_m))
            }
            What::Geodetic { position, sigma_horizontal_m, sigma_vertical_m } => {
                Some(convert::geodetic(position, sigma_horizontal_m, sigma_vertical_m))
            }
            What::Radar(polar) => polar.convert(site),
            What::RadarWithoutHeight(polar) => polar.convert_slant(site),
        }
    }
}

/// Where a sensor stands; that of a position sensor is not used.
pub(super) fn site(sensor: &Sensor, frame: Frame) -> Site {
    match sensor.kind {
        Kind::Radar { site_m, enu } => Site::new(frame, site_m, enu),
        Kind::Position => Site::new(frame, [0.0; 3], [[0.0; 3]; 3]),
    }
}

/// The range and angles of a point, with the standard deviations of a measurement.
fn moved(polar: Polar, metres: [f64; 3], site: &Site) -> Polar {
    let [[x, y, z], [a, b, c]] = [metres, site.metres];
    let [east, north, up] = site.enu.map(|[i, j, k]| i * (x - a) + j * (y - b) + k * (z - c));
    let planar = site.frame == Frame::Local && polar.elevation_rad.is_none() && polar.altitude_m.is_none();
    let across = east.hypot(north);
    // The site itself is in no direction; a metre off is.
    let range_m = if planar { across } else { across.hypot(up) }.max(1.0);
    let altitude_m = match site.frame {
        Frame::Local => z,
        Frame::Geodetic => Geodetic::from_ecef(metres).altitude_m,
    };
    Polar {
        range_m: [range_m, polar.range_m[1]],
        azimuth_rad: [east.atan2(north), polar.azimuth_rad[1]],
        elevation_rad: polar.elevation_rad.map(|[_, sigma]| [(up / range_m).clamp(-1.0, 1.0).asin(), sigma]),
        altitude_m: polar.altitude_m.map(|[_, sigma]| [altitude_m, sigma]),
        range_rate_m_s: polar.range_rate_m_s,
    }
}
