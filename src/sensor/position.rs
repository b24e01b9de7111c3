//! Positions: reports of a place in the recording's frame.
//!
//! A position is taken as it is, along x, y(, z) or east, north, up.

use std::io::{self, Read};

use super::bytes::{kind, numbers, unknown};
use super::columns::{Cells, Quantity, Sigma};
use super::measurement::{Converted, Measurement, is_pair, narrow};
use super::{Altitudes, Keys, Noise};
use crate::space::{Frame, Geodetic};

/// What the catalogue says of one.
pub(super) fn keys(frame: Frame) -> Keys {
    const WANTED: &str = "horizontal_m and vertical_m: kind is position";
    Keys {
        needed: if frame == Frame::Geodetic { &["horizontal_m", "vertical_m"] } else { &["horizontal_m"] },
        foreign: &[("range_m", WANTED), ("azimuth_deg", WANTED), ("elevation_deg", WANTED), ("range_rate_m_s", WANTED)],
        has_site: false,
    }
}

/// The measurement of a row.
///
/// # Errors
/// What is wrong with a cell.
pub(super) fn read<C: Cells>(
    cells: &C,
    (noise, altitudes): (&Noise, &Altitudes),
    frame: Frame,
) -> Result<Fix, C::Fault> {
    use Quantity as Q;
    for foreign in [
        Q::Range,
        Q::Azimuth,
        Q::Elevation,
        Q::RangeRate,
        Q::SigmaRange,
        Q::SigmaAzimuth,
        Q::SigmaElevation,
        Q::SigmaRangeRate,
    ] {
        cells.empty(foreign)?;
    }
    let horizontal = |of| Sigma { of, column: Q::SigmaHorizontal, noise: noise.horizontal_m, key: "horizontal_m" };
    let vertical = |of| Sigma { of, column: Q::SigmaVertical, noise: noise.vertical_m, key: "vertical_m" };
    match frame {
        Frame::Local => {
            let horizontal_m = [cells.required(Q::X)?, cells.required(Q::Y)?];
            let sigma_horizontal_m = cells.sigma(&horizontal(Q::X))?;
            let vertical_m = match cells.optional(Q::Z)? {
                Some(z_m) => Some([z_m, cells.sigma(&vertical(Q::Z))?]),
                None => None,
            };
            Ok(Fix::Local { horizontal_m, sigma_horizontal_m, vertical_m })
        }
        Frame::Geodetic => {
            let (latitude_deg, longitude_deg) = (cells.required(Q::Latitude)?, cells.required(Q::Longitude)?);
            let sigma_horizontal_m = cells.sigma(&horizontal(Q::Latitude))?;
            let [altitude_m, sigma_m] = match (altitudes.read(cells)?, altitudes.surface_m) {
                (None, Some(surface_m)) => surface_m,
                (Some(altitude_m), _) => [altitude_m, cells.sigma(&vertical(Q::Altitude))?],
                (None, None) => [cells.required(Q::Altitude)?, cells.sigma(&vertical(Q::Altitude))?],
            };
            let position = Geodetic { latitude_deg, longitude_deg, altitude_m };
            let sigma_vertical_m = Some(sigma_m);
            Ok(Fix::Geodetic { position, sigma_horizontal_m, sigma_vertical_m })
        }
    }
}

/// A reported position; each standard deviation beside its quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Fix {
    /// In a local recording.
    Local {
        /// x, y in metres.
        horizontal_m: [f64; 2],
        /// Standard deviation along each of them.
        sigma_horizontal_m: f64,
        /// z with its standard deviation, where it was measured.
        vertical_m: Option<[f64; 2]>,
    },
    /// In a geodetic one.
    Geodetic {
        /// The position.
        position: Geodetic,
        /// Standard deviation along east and north, metres.
        sigma_horizontal_m: f64,
        /// That of the altitude; without it the altitude was not measured.
        sigma_vertical_m: Option<f64>,
    },
}

impl Fix {
    /// The same without z or altitude.
    pub(super) fn without_height(self) -> Self {
        match self {
            Self::Local { horizontal_m, sigma_horizontal_m, vertical_m: _ } => {
                Self::Local { horizontal_m, sigma_horizontal_m, vertical_m: None }
            }
            Self::Geodetic { position, sigma_horizontal_m, sigma_vertical_m: _ } => Self::Geodetic {
                position: Geodetic { altitude_m: 0.0, ..position },
                sigma_horizontal_m,
                sigma_vertical_m: None,
            },
        }
    }

    /// The same report of something at `metres` of engine coordinates.
    pub(super) fn at(self, metres: [f64; 3]) -> Self {
        match self {
            Self::Local { horizontal_m: _, sigma_horizontal_m, vertical_m } => {
                let [x, y, z] = metres;
                let vertical_m = vertical_m.map(|[_, sigma]| [z, sigma]);
                Self::Local { horizontal_m: [x, y], sigma_horizontal_m, vertical_m }
            }
            Self::Geodetic { position: _, sigma_horizontal_m, sigma_vertical_m } => {
                Self::Geodetic { position: Geodetic::from_ecef(metres), sigma_horizontal_m, sigma_vertical_m }
            }
        }
    }

    /// Engine coordinates.
    pub(super) fn convert(&self) -> Converted {
        let (metres, horizontal, axes, sigma_horizontal_m, sigma_vertical_m) = match *self {
            Self::Local { horizontal_m: [x, y], sigma_horizontal_m, vertical_m } => {
                let [z, sigma_z] = vertical_m.unwrap_or([0.0, 0.0]);
                let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
                ([x, y, z], [x, y], axes, sigma_horizontal_m, vertical_m.map(|_| sigma_z))
            }
            Self::Geodetic { position, sigma_horizontal_m, sigma_vertical_m } => {
                let horizontal = [position.longitude_deg, position.latitude_deg];
                (position.ecef(), horizontal, position.enu_axes(), sigma_horizontal_m, sigma_vertical_m)
            }
        };
        let measurement = Measurement {
            axes: axes.map(|axis| axis.map(narrow)),
            sigma_m: [sigma_horizontal_m, sigma_horizontal_m, sigma_vertical_m.unwrap_or(0.0)].map(narrow),
            coarse_m2: [0.0; 3],
            rows: if sigma_vertical_m.is_some() { 3 } else { 2 },
            range_m: 0.0,
            slant: false,
            curved: false,
            range_rate_m_s: None,
            velocity: None,
        };
        Converted { metres, horizontal, measurement }
    }

    /// Whether it is a place, with standard deviations above 0.
    pub(super) fn is_sound(&self) -> bool {
        match *self {
            Self::Local { horizontal_m: [x, y], sigma_horizontal_m, vertical_m } => {
                is_pair([x, sigma_horizontal_m]) && y.is_finite() && vertical_m.is_none_or(is_pair)
            }
            Self::Geodetic { position, sigma_horizontal_m, sigma_vertical_m } => {
                let Geodetic { latitude_deg, longitude_deg, altitude_m } = position;
                latitude_deg.abs() <= 90.0
                    && longitude_deg.abs() <= 180.0
                    && is_pair([altitude_m, sigma_horizontal_m])
                    && sigma_vertical_m.is_none_or(|sigma| is_pair([altitude_m, sigma]))
            }
        }
    }

    /// What [`Fix::numbers`] gave, its first kind being `of`.
    pub(super) fn get(of: u8, from: &mut impl Read) -> io::Result<Self> {
        match of {
            0 | 1 => {
                let [x, y, sigma_horizontal_m] = numbers(from)?;
                let vertical_m = if of == 1 { Some(numbers(from)?) } else { None };
                Ok(Self::Local { horizontal_m: [x, y], sigma_horizontal_m, vertical_m })
            }
            2 => {
                let [latitude_deg, longitude_deg, altitude_m, sigma_horizontal_m] = numbers(from)?;
                let position = Geodetic { latitude_deg, longitude_deg, altitude_m };
                let [sigma] = if kind(from)? == 0 { [None] } else { numbers(from)?.map(Some) };
                Ok(Self::Geodetic { position, sigma_horizontal_m, sigma_vertical_m: sigma })
            }
            _ => Err(unknown(of)),
        }
    }

    /// Every number of it, for a digest.
    pub(super) fn numbers(&self, take: &mut impl FnMut(u8, &[f64])) {
        match *self {
            Self::Local { horizontal_m: [x, y], sigma_horizontal_m, vertical_m: None } => {
                take(0, &[x, y, sigma_horizontal_m]);
            }
            Self::Local { horizontal_m: [x, y], sigma_horizontal_m, vertical_m: Some([z, sigma]) } => {
                take(1, &[x, y, sigma_horizontal_m, z, sigma]);
            }
            Self::Geodetic { position, sigma_horizontal_m, sigma_vertical_m } => {
                let Geodetic { latitude_deg, longitude_deg, altitude_m } = position;
                take(2, &[latitude_deg, longitude_deg, altitude_m, sigma_horizontal_m]);
                take(u8::from(sigma_vertical_m.is_some()), sigma_vertical_m.as_slice());
            }
        }
    }
}
