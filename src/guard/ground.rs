//! Positions of pictures in metres, and whether they are positions that the engine can hold.
//!
//! Engine coordinates are tiles of 1024 m and offsets of 32 bits (docs/pictures.md), so an exact position has 24 bits an
//! axis, not 53: the others could carry anything.

use crate::space::{EARTH_A_M, EARTH_F, Frame};

type Vector = [f64; 3];

/// Edge of a tile, metres.
const TILE_M: f64 = 1024.0;
/// How far the way from metres to degrees and back leads at most, of the distance from the centre of the Earth: libraries of
/// mathematics differ in their last digits. Measured: 0.75 of 10⁻¹⁵.
const WAY: f64 = 2.5e-15;

/// Longitude, latitude and height on the ellipsoid, in metres from the centre of the Earth.
pub(super) fn geocentric([longitude, latitude]: [f64; 2], height_m: f64) -> Vector {
    let e2 = EARTH_F * (2.0 - EARTH_F);
    let ((sin_lat, cos_lat), (sin_lon, cos_lon)) = (latitude.to_radians().sin_cos(), longitude.to_radians().sin_cos());
    let across_m = EARTH_A_M / (1.0 - e2 * sin_lat * sin_lat).sqrt();
    let out_m = (across_m + height_m) * cos_lat;
    [out_m * cos_lon, out_m * sin_lon, (across_m * (1.0 - e2) + height_m) * sin_lat]
}

/// A position of a picture in metres.
pub(super) fn metres(frame: Frame, position: Vector) -> Vector {
    let [latitude, longitude, height] = position;
    if frame == Frame::Geodetic { geocentric([longitude, latitude], height) } else { position }
}

/// The axes of a picture at a position: east, north and up, or x, y and z.
pub(super) fn axes(frame: Frame, [latitude, longitude, _]: Vector) -> [Vector; 3] {
    if frame == Frame::Local {
        return [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    }
    let ((sin_lat, cos_lat), (sin_lon, cos_lon)) = (latitude.to_radians().sin_cos(), longitude.to_radians().sin_cos());
    [
        [-sin_lon, cos_lon, 0.0],
        [-sin_lat * cos_lon, -sin_lat * sin_lon, cos_lat],
        [cos_lat * cos_lon, cos_lat * sin_lon, sin_lat],
    ]
}

/// What is wrong with an exact position, if it is none that the engine can have shown.
pub(super) fn not_exact(frame: Frame, position: Vector) -> Option<&'static str> {
    if position.into_iter().any(|number| number == 0.0 && number.is_sign_negative()) {
        return Some("zeros without a sign");
    }
    if frame == Frame::Local {
        let held = position.into_iter().all(|number| held(number).to_bits() == number.to_bits());
        return (!held).then_some("a tile of 1024 m and an offset of 32 bits along each axis");
    }
    let [latitude, longitude, height] = position;
    // A place has many other names: round the Earth, beyond its poles, through its middle.
    if latitude.abs() > 90.0 || longitude.abs() > 180.0 || height < -6_300_000.0 {
        return Some("-90 to 90 and -180 to 180 degrees, and a height above the middle of the Earth");
    }
    let at_m = metres(frame, position);
    let rounded_m = WAY * length(at_m).max(EARTH_A_M);
    let held = at_m.into_iter().all(|number| (held(number) - number).abs() <= rounded_m);
    (!held)
        .then_some("the degrees of a tile of 1024 m and an offset of 32 bits along each axis from the Earth's centre")
}

/// The nearest number that the engine can hold.
#[expect(clippy::cast_possible_truncation, reason = "as the engine rounds")]
fn held(metres: f64) -> f64 {
    let tile_m = (metres / TILE_M).round() * TILE_M;
    tile_m + f64::from((metres - tile_m) as f32)
}

pub(super) fn dot([a, b, c]: Vector, [x, y, z]: Vector) -> f64 {
    a * x + b * y + c * z
}

pub(super) fn length(vector: Vector) -> f64 {
    dot(vector, vector).sqrt()
}

/// a + s b.
pub(super) fn plus([a, b, c]: Vector, s: f64, [x, y, z]: Vector) -> Vector {
    [a + s * x, b + s * y, c + s * z]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Geodetic, Place};

    /// What the engine shows of some place, from a fixed sequence.
    fn shown(frame: Frame, radius_m: f64, count: usize) -> Vec<Vector> {
        let mut state = 11u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1u64 << 52) as f64 - 1.0
        };
        let some = std::iter::repeat_with(move || [next(), next(), next()]).filter(|d| length(*d) > 0.1);
        let held = some.map(|d| Place::from_metres(d.map(|x| x * radius_m / length(d))).metres());
        let shown = held.map(|m| match frame {
            Frame::Local => m,
            Frame::Geodetic => {
                let Geodetic { latitude_deg, longitude_deg, altitude_m } = Geodetic::from_ecef(m);
                [latitude_deg, longitude_deg, altitude_m]
            }
        });
        shown.take(count).collect()
    }

    #[test]
    fn what_the_engine_holds_is_exact_and_a_hidden_bit_is_not() {
        for radius_m in [1.0, 700.0, 1e5, 5e7] {
            for position in shown(Frame::Local, radius_m, 3000) {
                assert_eq!(not_exact(Frame::Local, position), None, "{position:?}");
            }
        }
        for height_m in [-400.0, 0.0, 11_000.0, 8e5, 3.6e7, 4e8] {
            for position in shown(Frame::Geodetic, EARTH_A_M + height_m, 3000) {
                assert_eq!(not_exact(Frame::Geodetic, position), None, "{position:?}");
            }
        }
        // 16 low bits of the first number exchanged for a message.
        for (frame, radius_m) in [(Frame::Local, 5e4), (Frame::Geodetic, 6.39e6)] {
            let all = shown(frame, radius_m, 1000);
            let written = all.iter().map(|[a, b, c]| [f64::from_bits(a.to_bits() & !0xffff | 0xbeef), *b, *c]);
            let caught = written.filter(|position| not_exact(frame, *position).is_some()).count();
            assert!(caught > 950, "{frame:?}: {caught} of 1000");
        }
    }

    #[test]
    fn a_place_has_one_name() {
        let [latitude, longitude, height] = shown(Frame::Geodetic, 6.4e6, 1)[0];
        for other in [
            [latitude, longitude + 360.0, height],
            [180.0 - latitude, longitude - 180.0, height],
            [-latitude, longitude - 180.0, -height - 2.0 * EARTH_A_M],
            [-0.0, longitude, height],
        ] {
            assert!(not_exact(Frame::Geodetic, other).is_some(), "{other:?}");
        }
    }
}
