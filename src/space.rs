//! Where things are: frames, tiles and geodesy.
//!
//! Engine coordinates are Cartesian metres. In a [`Frame::Geodetic`] recording they are Earth-centred,
//! Earth-fixed (ECEF, WGS 84); in a [`Frame::Local`] one they are the recording's own x, y, z. A [`Place`] holds
//! them as an integer tile and an f32 offset, so that a millimetre is a millimetre anywhere on Earth; differences
//! are taken in tiles first. No origin is chosen, so none can depend on data that a partner may not see.
//!
//! Sines and their like are those of `libm`, not of the platform: places are the same bits on every one.
//!
//! Formulas: EPSG Guidance Note 7-2, 4.1.1; geodetic from ECEF by Bowring 1985, one refinement (< 1 µm below 100 km).

use serde::Deserialize;

/// Edge of a tile in metres; offsets stay within half of it, where an f32 resolves 0.06 mm.
pub const TILE_M: f64 = 1024.0;

/// Semi-major axis of WGS 84 in metres.
pub const EARTH_A_M: f64 = 6_378_137.0;
/// Flattening of WGS 84.
pub const EARTH_F: f64 = 1.0 / 298.257_223_563;

/// What the coordinates of a recording mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Frame {
    /// Latitude, longitude, altitude in files; ECEF metres inside.
    Geodetic,
    /// x, y, z in metres, in files and inside; z is up.
    Local,
}

/// A point in engine coordinates: `tile * TILE_M + offset_m`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Place {
    /// Integer tile along each axis.
    pub tile: [i32; 3],
    /// Offset from the tile's centre in metres, within half a tile.
    pub offset_m: [f32; 3],
}

impl Place {
    /// Splits metres into tile and offset. Coordinates beyond 10⁹ km saturate at the last tile.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "rounded to a tile; the remainder is small by construction")]
    pub fn from_metres(metres: [f64; 3]) -> Self {
        let tile = metres.map(|m| (m / TILE_M).round() as i32);
        let [x, y, z] = metres;
        let [i, j, k] = tile.map(|t| f64::from(t) * TILE_M);
        Self { tile, offset_m: [(x - i) as f32, (y - j) as f32, (z - k) as f32] }
    }

    /// Engine coordinates in metres.
    #[must_use]
    pub fn metres(&self) -> [f64; 3] {
        let [i, j, k] = self.tile.map(|t| f64::from(t) * TILE_M);
        let [x, y, z] = self.offset_m.map(f64::from);
        [i + x, j + y, k + z]
    }
}

/// A point on or above the WGS 84 ellipsoid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Geodetic {
    /// Degrees north.
    pub latitude_deg: f64,
    /// Degrees east.
    pub longitude_deg: f64,
    /// Metres above the ellipsoid.
    pub altitude_m: f64,
}

impl Geodetic {
    /// ECEF coordinates in metres.
    #[must_use]
    pub fn ecef(&self) -> [f64; 3] {
        let e2 = EARTH_F * (2.0 - EARTH_F);
        let (sin_phi, cos_phi) = libm::sincos(self.latitude_deg.to_radians());
        let (sin_lambda, cos_lambda) = libm::sincos(self.longitude_deg.to_radians());
        let n = EARTH_A_M / (1.0 - e2 * sin_phi * sin_phi).sqrt();
        let across = (n + self.altitude_m) * cos_phi;
        [across * cos_lambda, across * sin_lambda, (n * (1.0 - e2) + self.altitude_m) * sin_phi]
    }

    /// The inverse of [`Geodetic::ecef`].
    #[must_use]
    pub fn from_ecef([x, y, z]: [f64; 3]) -> Self {
        let e2 = EARTH_F * (2.0 - EARTH_F);
        let b = EARTH_A_M * (1.0 - EARTH_F);
        let ep2 = e2 / (1.0 - e2);
        let p = libm::hypot(x, y);
        let mut beta = libm::atan2(z * EARTH_A_M, p * b);
        let mut phi = 0.0;
        for _ in 0..3 {
            let (s, c) = libm::sincos(beta);
            phi = libm::atan2(z + ep2 * b * s * s * s, p - e2 * EARTH_A_M * c * c * c);
            let (s, c) = libm::sincos(phi);
            beta = libm::atan2((1.0 - EARTH_F) * s, c);
        }
        let (s, c) = libm::sincos(phi);
        let n = EARTH_A_M / (1.0 - e2 * s * s).sqrt();
        // Along the normal: stable at the poles, where p / cos φ is not.
        let altitude_m = p * c + z * s - EARTH_A_M * EARTH_A_M / n;
        Self { latitude_deg: phi.to_degrees(), longitude_deg: libm::atan2(y, x).to_degrees(), altitude_m }
    }

    /// Unit vectors east, north and up in ECEF.
    #[must_use]
    pub fn enu_axes(&self) -> [[f64; 3]; 3] {
        let (sp, cp) = libm::sincos(self.latitude_deg.to_radians());
        let (sl, cl) = libm::sincos(self.longitude_deg.to_radians());
        [[-sl, cl, 0.0], [-sp * cl, -sp * sl, cp], [cp * cl, cp * sl, sp]]
    }
}

/// A vector in engine coordinates, metres or metres a second.
pub(crate) type Vector = [f64; 3];

/// A vector with so many times another one added.
pub(crate) fn plus([a, b, c]: Vector, by: f64, [x, y, z]: Vector) -> Vector {
    [a + by * x, b + by * y, c + by * z]
}

/// The dot product.
pub(crate) fn dot([a, b, c]: Vector, [x, y, z]: Vector) -> f64 {
    a * x + b * y + c * z
}

/// The cross product.
pub(crate) fn cross([a, b, c]: Vector, [x, y, z]: Vector) -> Vector {
    [b * z - c * y, c * x - a * z, a * y - b * x]
}

/// East, north and up at a place; x, y and z in a local recording.
pub(crate) fn level_axes(frame: Frame, metres: Vector) -> [Vector; 3] {
    match frame {
        Frame::Local => [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]],
        Frame::Geodetic => Geodetic::from_ecef(metres).enu_axes(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn geodetic_and_ecef_invert_each_other_to_a_micrometre() {
        for latitude_deg in [-90.0, -45.3, 0.0, 1e-9, 51.47, 89.9999, 90.0] {
            for longitude_deg in [-180.0, -0.45, 0.0, 123.4] {
                for altitude_m in [-400.0, 0.0, 11_000.0, 800_000.0] {
                    let from = Geodetic { latitude_deg, longitude_deg, altitude_m }.ecef();
                    let back = Geodetic::from_ecef(from).ecef();
                    for (a, b) in from.iter().zip(back) {
                        assert!((a - b).abs() < 1e-6, "{latitude_deg} {longitude_deg} {altitude_m}: {a} {b}");
                    }
                }
            }
        }
    }

    #[test]
    fn ecef_agrees_with_the_worked_example_of_epsg_guidance_note_7_2() {
        // 53°48'33.82"N, 2°07'46.38"E, 73.0 m: X = 3771793.97, Y = 140253.34, Z = 5124304.35.
        let point = Geodetic {
            latitude_deg: 53.0 + 48.0 / 60.0 + 33.82 / 3600.0,
            longitude_deg: 2.0 + 7.0 / 60.0 + 46.38 / 3600.0,
            altitude_m: 73.0,
        };
        for (found, wanted) in point.ecef().iter().zip([3_771_793.97, 140_253.34, 5_124_304.35]) {
            assert!((found - wanted).abs() < 0.01, "{found} {wanted}");
        }
    }

    #[test]
    fn a_place_keeps_a_tenth_of_a_millimetre_at_earth_radius() {
        let metres = [3_771_793.968_1, -140_253.342_2, 5_124_304.349_3];
        for (a, b) in metres.iter().zip(Place::from_metres(metres).metres()) {
            assert!((a - b).abs() < 1e-4, "{a} {b}");
        }
    }
}
