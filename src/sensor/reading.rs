//! What a sensor measured, before it is turned into engine coordinates: so that parts of it can be left out, or its
//! place made coarse, without a trace of the rest in any digit.

use std::io::{self, Read};

use super::bytes::kind;
use super::measurement::{Converted, Measurement};
use super::position::Fix;
use super::radar::Polar;
use super::velocity::Velocity;
use super::{Kind, Sensor, Site};
use crate::space::Frame;

/// The measurement of one row, by kind of sensor.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reading {
    /// A position report.
    Position(Fix),
    /// One that brings a velocity.
    Moving(Fix, Velocity),
    /// A radar's.
    Radar(Polar),
    /// A radar's whose height was measured and is left out: its range is slant in either frame.
    RadarWithoutHeight(Polar),
}

impl Reading {
    /// The same without a range rate.
    #[must_use]
    pub fn without_range_rate(self) -> Self {
        let silent = |polar| Polar { range_rate_m_s: None, ..polar };
        match self {
            Self::Position(_) | Self::Moving(..) => self,
            Self::Radar(polar) => Self::Radar(silent(polar)),
            Self::RadarWithoutHeight(polar) => Self::RadarWithoutHeight(silent(polar)),
        }
    }

    /// The same without a reported velocity.
    #[must_use]
    pub fn without_velocity(self) -> Self {
        if let Self::Moving(fix, _) = self { Self::Position(fix) } else { self }
    }

    /// The same without altitude, z or elevation, and without how these change: nothing of what is left depends on them.
    #[must_use]
    pub fn without_height(self) -> Self {
        match self {
            Self::Position(fix) => Self::Position(fix.without_height()),
            Self::Moving(fix, velocity) => {
                let fix = fix.without_height();
                velocity.without_climb().map_or(Self::Position(fix), |velocity| Self::Moving(fix, velocity))
            }
            Self::Radar(polar) if polar.elevation_rad.is_some() || polar.altitude_m.is_some() => {
                Self::RadarWithoutHeight(Polar { elevation_rad: None, altitude_m: None, ..polar })
            }
            flat => flat,
        }
    }

    /// What the sensor would have measured of something at `metres`, equally well. A range rate goes: it is measured
    /// along the line of sight to the true place. So does a velocity: added up over time, it leads from one place to the next
    /// more finely than these say. `None` where nobody knows where the sensor was at the time, microseconds.
    #[must_use]
    pub fn at(self, metres: [f64; 3], sensor: &Sensor, (frame, time_us): (Frame, i64)) -> Option<Self> {
        let site = sensor.site(frame, time_us)?;
        Some(match self.without_range_rate() {
            Self::Position(fix) | Self::Moving(fix, _) => Self::Position(fix.at(metres)),
            Self::Radar(polar) => Self::Radar(polar.moved(metres, &site)),
            Self::RadarWithoutHeight(polar) => Self::RadarWithoutHeight(polar.moved(metres, &site)),
        })
    }

    /// Where it was, in metres of engine coordinates, and how it was measured, at a time in microseconds; `None` if its altitude
    /// is out of reach of its range, or nobody knows where the sensor was then.
    #[must_use]
    pub fn in_metres(&self, sensor: &Sensor, (frame, time_us): (Frame, i64)) -> Option<([f64; 3], Measurement)> {
        let Converted { metres, horizontal: _, measurement } = self.convert(&sensor.site(frame, time_us)?)?;
        Some((metres, measurement))
    }

    /// Engine coordinates, the sensor standing at `site`; `None` if an altitude is out of reach of its range.
    pub(crate) fn convert(&self, site: &Site) -> Option<Converted> {
        match self {
            Self::Position(fix) => Some(fix.convert()),
            Self::Moving(fix, velocity) => {
                let Converted { metres, horizontal, measurement } = fix.convert();
                let measurement = Measurement { velocity: Some(velocity.rows()), ..measurement };
                Some(Converted { metres, horizontal, measurement })
            }
            Self::Radar(polar) => polar.convert(site),
            Self::RadarWithoutHeight(polar) => polar.convert_slant(site),
        }
    }

    /// Whether a kind of sensor measures it, in a frame.
    pub(crate) fn is_of(&self, kind: &Kind, frame: Frame) -> bool {
        match (self, kind) {
            (Self::Position(fix) | Self::Moving(fix, _), Kind::Position) => match fix {
                Fix::Local { .. } => frame == Frame::Local,
                Fix::Geodetic { .. } => frame == Frame::Geodetic,
            },
            (Self::Radar(polar), Kind::Radar { .. }) => frame == Frame::Geodetic || polar.altitude_m.is_none(),
            (Self::RadarWithoutHeight(_), Kind::Radar { .. }) => true,
            _ => false,
        }
    }

    /// Whether every number is one that a sensor can measure, with a standard deviation above 0.
    pub(crate) fn is_sound(&self) -> bool {
        match self {
            Self::Position(fix) => fix.is_sound(),
            Self::Moving(fix, velocity) => fix.is_sound() && velocity.is_sound(),
            Self::Radar(polar) | Self::RadarWithoutHeight(polar) => polar.is_sound(),
        }
    }

    /// The azimuth that a radar measured, clockwise from north.
    pub(crate) fn azimuth_rad(&self) -> Option<f64> {
        match self {
            Self::Position(_) | Self::Moving(..) => None,
            Self::Radar(polar) | Self::RadarWithoutHeight(polar) => Some(polar.azimuth_rad[0]),
        }
    }

    /// The altitude that a radar measured.
    pub(crate) fn altitude_m(&self) -> Option<f64> {
        match self {
            Self::Radar(Polar { altitude_m: Some([altitude_m, _]), .. }) => Some(*altitude_m),
            _ => None,
        }
    }

    /// What [`Reading::put`] wrote.
    ///
    /// # Errors
    /// What the system says, or bytes that it did not write.
    pub(crate) fn get(from: &mut impl Read) -> io::Result<Self> {
        Ok(match kind(from)? {
            3 => Self::Radar(Polar::get(from)?),
            4 => Self::RadarWithoutHeight(Polar::get(from)?),
            5 => Self::Moving(Fix::get(kind(from)?, from)?, Velocity::get(from)?),
            of => Self::Position(Fix::get(of, from)?),
        })
    }

    /// Every bit of it, for a digest, and for [`Reading::get`].
    pub(crate) fn put(&self, bytes: &mut Vec<u8>) {
        let mut take = |kind: u8, numbers: &[f64]| {
            bytes.push(kind);
            bytes.extend(numbers.iter().flat_map(|number| number.to_bits().to_le_bytes()));
        };
        match self {
            Self::Position(fix) => fix.numbers(&mut take),
            Self::Moving(fix, velocity) => {
                take(5, &[]);
                fix.numbers(&mut take);
                velocity.numbers(&mut take);
            }
            Self::Radar(polar) => {
                take(3, &[]);
                polar.numbers(&mut take);
            }
            Self::RadarWithoutHeight(polar) => {
                take(4, &[]);
                polar.numbers(&mut take);
            }
        }
    }
}
