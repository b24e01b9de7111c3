//! Compact position reporting: latitude and longitude in 17 bits each, of an even and of an odd grid (RTCA DO-260B, A.1.7;
//! J. Sun, The 1090 Megahertz Riddle, chapter 5).
//!
//! The Earth has NZ = 15 zones of latitude between the equator and a pole; a grid has 4 NZ of them around the Earth, or one
//! less, and NL(φ) of longitude, or one less. One message says where in its zone a place is; an even and an odd one
//! together, or a place nearby, say in which.

use super::Geodetic;

/// What a message says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Encoded {
    pub(super) odd: bool,
    /// Of 2¹⁷ in a zone.
    pub(super) latitude: u32,
    pub(super) longitude: u32,
}

/// How far around the Earth the zones go, degrees: those of the air all around, those of the ground a quarter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Air,
    Ground,
}

impl Extent {
    const fn degrees(self) -> f64 {
        match self {
            Self::Air => 360.0,
            Self::Ground => 90.0,
        }
    }
}

const ZONES: f64 = 15.0;

/// Zones of longitude at a latitude.
fn longitude_zones(latitude_deg: f64) -> f64 {
    let cos = libm::cos(latitude_deg.to_radians());
    let chord = 1.0 - libm::cos(std::f64::consts::PI / (2.0 * ZONES));
    let inside = 1.0 - chord / (cos * cos);
    if latitude_deg.abs() >= 87.0 || inside < -1.0 {
        return if latitude_deg.abs() > 87.0 || inside < -1.0 { 1.0 } else { 2.0 };
    }
    (2.0 * std::f64::consts::PI / libm::acos(inside)).floor()
}

fn part(bits: u32) -> f64 {
    f64::from(bits) / 131_072.0
}

/// Degrees within half a turn of 0.
fn half_turn(degrees: f64) -> f64 {
    if degrees >= 180.0 { degrees - 360.0 } else { degrees }
}

/// The place of the newer of two messages of the air, one even and one odd; none where they are in zones that do not fit.
pub(super) fn global(newer: Encoded, older: Encoded) -> Option<Geodetic> {
    let (even, odd) = if newer.odd { (older, newer) } else { (newer, older) };
    if even.odd || !odd.odd {
        return None;
    }
    let index = (59.0 * part(even.latitude) - 60.0 * part(odd.latitude) + 0.5).floor();
    let latitude = |zones: f64, bits: u32| {
        let degrees = 360.0 / zones * (index.rem_euclid(zones) + part(bits));
        if degrees >= 270.0 { degrees - 360.0 } else { degrees }
    };
    let (of_even, of_odd) = (latitude(60.0, even.latitude), latitude(59.0, odd.latitude));
    let zones = longitude_zones(of_even);
    if longitude_zones(of_odd).total_cmp(&zones).is_ne() {
        return None;
    }
    let index = (part(even.longitude) * (zones - 1.0) - part(odd.longitude) * zones + 0.5).floor();
    let here = (zones - f64::from(u8::from(newer.odd))).max(1.0);
    let longitude_deg = half_turn(360.0 / here * (index.rem_euclid(here) + part(newer.longitude)));
    let latitude_deg = if newer.odd { of_odd } else { of_even };
    (latitude_deg.abs() <= 90.0).then_some(Geodetic { latitude_deg, longitude_deg })
}

/// The place that a message says, of those that it may mean the one nearest to a place nearby.
pub(super) fn local(message: Encoded, extent: Extent, near: Geodetic) -> Option<Geodetic> {
    let odd = f64::from(u8::from(message.odd));
    let nearest = |size: f64, near: f64, bits: u32| {
        let zone = (near / size).floor() + (0.5 + near.rem_euclid(size) / size - part(bits)).floor();
        size * (zone + part(bits))
    };
    let latitude_deg = nearest(extent.degrees() / (4.0 * ZONES - odd), near.latitude_deg, message.latitude);
    if latitude_deg.abs() > 90.0 {
        return None;
    }
    let zones = (longitude_zones(latitude_deg) - odd).max(1.0);
    let longitude_deg = nearest(extent.degrees() / zones, near.longitude_deg, message.longitude);
    Some(Geodetic { latitude_deg, longitude_deg: half_turn((longitude_deg + 360.0).rem_euclid(360.0)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Encodes a place, from the definition: the other way round.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "17 bits")]
    fn encode((latitude, longitude): (f64, f64), half: u32, extent: Extent) -> Encoded {
        let odd = half == 1;
        let zones = 60.0 - f64::from(half);
        let size = extent.degrees() / zones;
        let bits =
            |place: f64, size: f64| ((place.rem_euclid(size) / size * 131_072.0 + 0.5).floor() as u32) & 0x1_ffff;
        let encoded = bits(latitude, size);
        let shown = size * (part(encoded) + (latitude / size).floor());
        let across = extent.degrees() / (longitude_zones(shown) - f64::from(half)).max(1.0);
        Encoded { odd, latitude: encoded, longitude: bits(longitude, across) }
    }

    #[test]
    fn zones_of_longitude_are_those_of_the_published_table() {
        // Latitudes at which NL changes (DO-260B, table A-21): 59 below the first, and so on.
        for (latitude, zones) in [
            (10.470_471_30, 59.0),
            (14.828_174_37, 58.0),
            (44.546_2, 42.0),
            (59.954_592_77, 30.0),
            (83.071_994_45, 7.0),
            (86.535_369_98, 3.0),
            (87.0, 2.0),
        ] {
            assert!((longitude_zones(latitude - 1e-4) - zones).abs() < 0.1, "{latitude}");
        }
        assert!((longitude_zones(0.0) - 59.0).abs() < 0.1 && (longitude_zones(-89.0) - 1.0).abs() < 0.1);
    }

    #[test]
    fn a_published_pair_is_where_it_is_said_to_be() {
        // 8D40621D58C382D690C8AC2863A7 and 8D40621D58C386435CC412692AD6 (The 1090 Megahertz Riddle, 5.3.3).
        let even = Encoded { odd: false, latitude: 93_000, longitude: 51_372 };
        let odd = Encoded { odd: true, latitude: 74_158, longitude: 50_194 };
        let place = global(even, odd).expect("a place");
        assert!((place.latitude_deg - 52.257_202).abs() < 1e-6 && (place.longitude_deg - 3.919_373).abs() < 1e-6);
        let near = Geodetic { latitude_deg: 52.258, longitude_deg: 3.918 };
        let place = local(even, Extent::Air, near).expect("a place");
        assert!((place.latitude_deg - 52.257_202).abs() < 1e-6 && (place.longitude_deg - 3.919_373).abs() < 1e-6);
    }

    #[test]
    fn places_all_over_the_earth_are_found_again() {
        let mut found = 0;
        for step in 0..20_000 {
            let latitude = (f64::from(step) * 0.618_033_988).rem_euclid(1.0) * 176.0 - 88.0;
            let longitude = (f64::from(step) * 0.414_213_562).rem_euclid(1.0) * 359.9 - 179.95;
            let near = Geodetic { latitude_deg: latitude + 0.3, longitude_deg: longitude + 0.2 };
            let close = |place: Geodetic| {
                (place.latitude_deg - latitude).abs() < 1e-4
                    && half_turn((place.longitude_deg - longitude + 720.0).rem_euclid(360.0)).abs() < 4e-3
            };
            for extent in [Extent::Air, Extent::Ground] {
                let message = encode((latitude, longitude), u32::from(step % 2 == 1), extent);
                let place = local(message, extent, near);
                assert!(place.is_some_and(close), "{latitude} {longitude} {extent:?} {place:?}");
            }
            let pair = (encode((latitude, longitude), 1, Extent::Air), encode((latitude, longitude), 0, Extent::Air));
            for place in [global(pair.0, pair.1), global(pair.1, pair.0)].into_iter().flatten() {
                assert!(close(place), "{latitude} {longitude} {place:?}");
                found += 1;
            }
        }
        assert!(found > 39_000, "{found}");
    }
}
