//! Heights that are not measured from the ellipsoid, or not at all.
//!
//! A pressure altitude is the height at which the standard atmosphere has the measured pressure. Against the height above the
//! ellipsoid it is off by what the day's pressure, temperature and the geoid make of it: one number, which the catalogue has. With
//! the pressure at sea level, q hPa (QNH), the standard atmosphere says what the first of these is (ICAO Doc 7488):
//!
//! 44,330.77 m · ((q / 1013.25)^0.190263 − 1), 8.3 m each hPa, and the height is one above sea level.
//!
//! Air that is warmer than standard by 10 K reaches 4 % higher than this says: with heights of the same objects from elsewhere,
//! `inspect` measures the whole.

use super::columns::{Cells, Quantity};

/// What a sensor's altitudes are.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Altitudes {
    /// Its altitudes are pressure altitudes: what is added to make them heights above the ellipsoid, metres.
    pub pressure_correction_m: Option<f64>,
    /// Height above the ellipsoid, and its standard deviation, of what reports none: it is on the surface. Metres.
    pub surface_m: Option<[f64; 2]>,
}

/// Metres of a flight level.
const FLIGHT_LEVEL_M: f64 = 30.48;

impl Altitudes {
    /// What to add to pressure altitudes where the pressure at sea level is known.
    #[must_use]
    pub fn of_qnh_m(qnh_hpa: f64) -> f64 {
        44_330.77 * (libm::pow(qnh_hpa / 1013.25, 0.190_263) - 1.0)
    }

    /// The altitude of a row above the ellipsoid, if it has one.
    ///
    /// # Errors
    /// What is wrong with a cell: an altitude twice, or a flight level of a sensor that measures no pressure.
    pub(super) fn read<C: Cells>(&self, cells: &C) -> Result<Option<f64>, C::Fault> {
        let Some(correction_m) = self.pressure_correction_m else {
            cells.empty(Quantity::FlightLevel)?;
            return cells.optional(Quantity::Altitude);
        };
        let altitude_m = match cells.optional(Quantity::FlightLevel)? {
            Some(level) => {
                cells.empty(Quantity::Altitude)?;
                Some(level * FLIGHT_LEVEL_M)
            }
            None => cells.optional(Quantity::Altitude)?,
        };
        Ok(altitude_m.map(|altitude_m| altitude_m + correction_m))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_qnh_is_worth_what_the_hydrostatic_equation_says() {
        // dp / dh = −g p / (R T), T = 288.15 − 0.0065 h, down or up from sea level in steps of a centimetre.
        for qnh_hpa in [955.0, 990.0, 1013.25, 1030.0, 1050.0] {
            let (mut p, mut h): (f64, f64) = (1013.25, 0.0);
            let step = if qnh_hpa > 1013.25 { -0.01 } else { 0.01 };
            while (p - qnh_hpa) * step > 0.0 {
                p -= p * 9.80665 * 0.028_964_4 / (8.314_32 * (288.15 - 0.0065 * h)) * step;
                h += step;
            }
            // What has the pressure q in the standard atmosphere at h is at sea level.
            let found = Altitudes::of_qnh_m(qnh_hpa);
            assert!((found + h).abs() < 0.05, "{qnh_hpa}: {found} {h}");
        }
    }
}
