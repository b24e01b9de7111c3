//! What a sensor sees: whether a point is in it, how large it is, where it ends.
//!
//! A ring is measured from the site: along the ground in a planar recording (local, without heights), in a straight
//! line otherwise. Its area is that of the flat ring. A box of longitudes and latitudes has its area on the WGS 84
//! ellipsoid: the integral of b² cos φ / (1 − e² sin² φ)² over latitude, times the span of longitudes.

use std::f64::consts::PI;

use super::Sensor;
use crate::space::{EARTH_A_M, EARTH_F, Frame, Geodetic};

/// Height that a radar is assumed to see to where the catalogue does not say, metres.
pub(crate) const HEIGHT_M: f64 = 15_000.0;

/// Where a sensor sees: a horizontal region and a span of heights.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Coverage {
    /// From `min` to `max`: x, y in metres (local) or longitude, latitude in degrees (geodetic).
    /// `min[0] > max[0]` in the geodetic frame crosses the antimeridian.
    Box {
        /// Lower corner.
        min: [f64; 2],
        /// Upper corner.
        max: [f64; 2],
        /// Lowest and highest height in metres; `None` where the recording is planar.
        height_m: Option<[f64; 2]>,
    },
    /// A ring about the site of a radar.
    Ring {
        /// Nearest and farthest range in metres.
        range_m: [f64; 2],
        /// Lowest and highest height in metres; `None` where the recording is planar.
        height_m: Option<[f64; 2]>,
    },
}

impl Sensor {
    /// Whether the sensor sees the point `metres` of engine coordinates at a time, in microseconds.
    #[must_use]
    pub fn covers(&self, (frame, time_us): (Frame, i64), metres: [f64; 3]) -> bool {
        let height = match frame {
            Frame::Local => metres[2],
            Frame::Geodetic => Geodetic::from_ecef(metres).altitude_m,
        };
        let within = self.coverage.height_m().is_none_or(|[lo, hi]| (lo..=hi).contains(&height));
        within && self.covers_on_ground((frame, time_us), metres)
    }

    /// The same at a place whose height was not measured.
    #[must_use]
    pub(crate) fn covers_on_ground(&self, (frame, time_us): (Frame, i64), metres: [f64; 3]) -> bool {
        let [x, y] = match frame {
            Frame::Local => [metres[0], metres[1]],
            Frame::Geodetic => {
                let point = Geodetic::from_ecef(metres);
                [point.longitude_deg, point.latitude_deg]
            }
        };
        match self.coverage {
            Coverage::Box { min: [west, south], max: [east, north], .. } => {
                let across = if frame == Frame::Geodetic && west > east {
                    x >= west || x <= east
                } else {
                    (west..=east).contains(&x)
                };
                across && (south..=north).contains(&y)
            }
            Coverage::Ring { range_m: [near, far], height_m } => {
                let Some([a, b, c]) = self.site_m(time_us) else { return false };
                let [x, y, z] = metres;
                let [dx, dy, dz] = [x - a, y - b, z - c];
                let planar = frame == Frame::Local && height_m.is_none();
                let distance = if planar { libm::hypot(dx, dy) } else { libm::hypot(libm::hypot(dx, dy), dz) };
                (near..=far).contains(&distance)
            }
        }
    }

    /// Area of the coverage in square metres.
    #[must_use]
    pub fn area_m2(&self, frame: Frame) -> f64 {
        match self.coverage {
            Coverage::Ring { range_m: [near, far], .. } => PI * (far - near) * (far + near),
            Coverage::Box { min, max, .. } if frame == Frame::Local => (max[0] - min[0]) * (max[1] - min[1]),
            Coverage::Box { min, max, .. } => {
                let turn = max[0] - min[0];
                let longitudes_deg = if turn < 0.0 { turn + 360.0 } else { turn };
                longitudes_deg.to_radians() * (zone_m2(max[1]) - zone_m2(min[1]))
            }
        }
    }

    /// Highest minus lowest height; `None` where the coverage has no heights.
    #[must_use]
    pub fn height_span_m(&self) -> Option<f64> {
        self.coverage.height_m().map(|[lo, hi]| hi - lo)
    }

    /// Lowest and highest height of what it sees; from 0 to [`HEIGHT_M`] where the catalogue does not say.
    pub(super) fn heights_m(&self) -> [f64; 2] {
        self.coverage.height_m().unwrap_or([0.0, HEIGHT_M])
    }

    /// A box around the coverage at a time in microseconds, and `more_m` about it: lower and upper corner, x, y in metres or
    /// longitude, latitude in degrees. `None` where nobody knows where the sensor was.
    ///
    /// In a geodetic recording the first longitude is above the second where the box crosses the antimeridian.
    #[must_use]
    pub fn horizontal_bounds(&self, (frame, time_us): (Frame, i64), more_m: f64) -> Option<([f64; 2], [f64; 2])> {
        let far = match self.coverage {
            Coverage::Box { min, max, .. } => return Some((min, max)),
            Coverage::Ring { range_m: [_, far], .. } => far + more_m,
        };
        let site_m = self.site_m(time_us)?;
        Some(match frame {
            Frame::Local => {
                let [x, y, _] = site_m;
                ([x - far, y - far], [x + far, y + far])
            }
            Frame::Geodetic => around(Geodetic::from_ecef(site_m), far),
        })
    }
}

impl Coverage {
    /// Lowest and highest height in metres.
    #[must_use]
    pub const fn height_m(&self) -> Option<[f64; 2]> {
        match self {
            Self::Box { height_m, .. } | Self::Ring { height_m, .. } => *height_m,
        }
    }
}

/// Area between the equator and a latitude, a radian of longitude wide.
fn zone_m2(latitude_deg: f64) -> f64 {
    let e2 = EARTH_F * (2.0 - EARTH_F);
    let e = e2.sqrt();
    let b = EARTH_A_M * (1.0 - EARTH_F);
    let s = libm::sin(latitude_deg.to_radians());
    b * b / 2.0 * (s / (1.0 - e2 * s * s) + libm::atanh(e * s) / e)
}

/// Longitudes and latitudes within a straight line of `far_m` of the site, and a little more.
fn around(site: Geodetic, far_m: f64) -> ([f64; 2], [f64; 2]) {
    // The widest angle that the line subtends at the centre, on the smallest radius, 1 % for the flattening and for
    // sites and targets below the ellipsoid.
    let b = EARTH_A_M * (1.0 - EARTH_F);
    let sine = far_m / b * 1.01;
    let psi = if sine < 1.0 { libm::asin(sine) * 1.01 } else { PI };
    let latitude = site.latitude_deg.to_radians();
    let (south, north) = (latitude - psi, latitude + psi);
    let pole = PI / 2.0;
    if south <= -pole || north >= pole {
        let south = if south <= -pole { -90.0 } else { south.to_degrees() };
        let north = if north >= pole { 90.0 } else { north.to_degrees() };
        return ([-180.0, south], [180.0, north]);
    }
    let half = libm::asin((libm::sin(psi) / libm::cos(latitude)).min(1.0)).to_degrees();
    let wrap = |longitude: f64| match longitude {
        l if l < -180.0 => l + 360.0,
        l if l > 180.0 => l - 360.0,
        l => l,
    };
    let (west, east) = (wrap(site.longitude_deg - half), wrap(site.longitude_deg + half));
    ([west, south.to_degrees()], [east, north.to_degrees()])
}

#[cfg(test)]
mod tests {
    use super::super::{Altitudes, Kind, Looks, Noise};
    use super::*;

    fn sensor(kind: Kind, coverage: Coverage) -> Sensor {
        Sensor {
            name: "a".into(),
            owner: "b".into(),
            kind,
            noise: Noise::default(),
            detection_probability: 0.9,
            clutter_per_scan: 0.0,
            looks: Looks::Periodic { period_us: 1_000_000 },
            coverage,
            offsets: crate::sensor::Offsets::default(),
            altitudes: Altitudes::default(),
            view: None,
        }
    }

    fn radar(latitude_deg: f64, longitude_deg: f64, altitude_m: f64, range_m: [f64; 2]) -> Sensor {
        let site = Geodetic { latitude_deg, longitude_deg, altitude_m };
        let kind = Kind::radar_at(site);
        sensor(kind, Coverage::Ring { range_m, height_m: None })
    }

    fn boxed(min: [f64; 2], max: [f64; 2], height_m: Option<[f64; 2]>) -> Sensor {
        sensor(Kind::Position, Coverage::Box { min, max, height_m })
    }

    #[test]
    fn the_whole_ellipsoid_has_the_area_of_the_ellipsoid() {
        // WGS 84: authalic radius 6371007.1809 m.
        let all = boxed([-180.0, -90.0], [180.0, 90.0], None).area_m2(Frame::Geodetic);
        let wanted = 4.0 * PI * 6_371_007.180_9_f64.powi(2);
        assert!((all / wanted - 1.0).abs() < 1e-10, "{all} {wanted}");
    }

    #[test]
    fn a_small_box_has_the_area_of_its_sides() {
        let here = |longitude_deg, latitude_deg| Geodetic { latitude_deg, longitude_deg, altitude_m: 0.0 }.ecef();
        let length = |a: [f64; 3], b: [f64; 3]| (a[0] - b[0]).hypot(a[1] - b[1]).hypot(a[2] - b[2]);
        let sides = length(here(7.0, 46.005), here(7.01, 46.005)) * length(here(7.0, 46.0), here(7.0, 46.01));
        let area = boxed([7.0, 46.0], [7.01, 46.01], None).area_m2(Frame::Geodetic);
        assert!((area / sides - 1.0).abs() < 1e-6, "{area} {sides}");
    }

    #[test]
    fn a_box_across_the_antimeridian_is_the_short_way_round() {
        let fiji = boxed([177.0, -20.0], [-178.0, -15.0], Some([0.0, 1000.0]));
        let same = boxed([0.0, -20.0], [5.0, -15.0], None);
        assert!((fiji.area_m2(Frame::Geodetic) / same.area_m2(Frame::Geodetic) - 1.0).abs() < 1e-12);
        let at = |latitude_deg, longitude_deg, altitude_m| {
            let point = Geodetic { latitude_deg, longitude_deg, altitude_m };
            fiji.covers((Frame::Geodetic, 0), point.ecef())
        };
        assert!(at(-18.0, 179.0, 10.0) && at(-18.0, -179.0, 10.0) && at(-18.0, 180.0, 10.0));
        assert!(!at(-18.0, 0.0, 10.0) && !at(-18.0, 176.0, 10.0) && !at(-21.0, 179.0, 10.0));
        assert!(!at(-18.0, 179.0, 1100.0), "above the coverage");
        assert_eq!(fiji.height_span_m(), Some(1000.0));
    }

    #[test]
    fn a_local_ring_is_flat_without_heights_and_round_with_them() {
        let kind = Kind::radar_at_m([100.0, 0.0, 0.0]);
        let flat = sensor(kind.clone(), Coverage::Ring { range_m: [10.0, 50.0], height_m: None });
        let round = sensor(kind, Coverage::Ring { range_m: [10.0, 50.0], height_m: Some([0.0, 60.0]) });
        for (sensor, high) in [(&flat, true), (&round, false)] {
            assert!(sensor.covers((Frame::Local, 0), [140.0, 0.0, 0.0]));
            assert!(!sensor.covers((Frame::Local, 0), [105.0, 0.0, 0.0]), "too near");
            assert!(!sensor.covers((Frame::Local, 0), [151.0, 0.0, 0.0]), "too far");
            assert_eq!(sensor.covers((Frame::Local, 0), [140.0, 0.0, 40.0]), high);
            assert!((sensor.area_m2(Frame::Local) - PI * 2400.0).abs() < 1e-9);
            assert_eq!(sensor.horizontal_bounds((Frame::Local, 0), 0.0), Some(([50.0, -50.0], [150.0, 50.0])));
        }
    }

    #[test]
    fn every_point_of_a_ring_is_within_its_bounds() {
        for (latitude, longitude, far) in
            [(46.0, 7.0, 250e3), (0.0, 179.9, 400e3), (-75.0, -179.5, 470e3), (89.0, 10.0, 300e3), (45.0, 0.0, 5e6)]
        {
            for altitude in [-100.0, 3000.0] {
                let sensor = radar(latitude, longitude, altitude, [0.0, far]);
                let (min, max) = sensor.horizontal_bounds((Frame::Geodetic, 0), 0.0).expect("a site");
                let bounds = boxed(min, max, None);
                let site = sensor.site(Frame::Geodetic, 0).expect("a site");
                let (site_m, enu) = (site.metres(), site.axes());
                for step in 0..3600 {
                    let azimuth = f64::from(step) * 0.1_f64.to_radians();
                    let elevation = f64::from(step % 41 - 20) * 2.0_f64.to_radians();
                    let unit = [azimuth.sin() * elevation.cos(), azimuth.cos() * elevation.cos(), elevation.sin()];
                    let point: [f64; 3] = std::array::from_fn(|i| {
                        site_m[i] + far * 0.9999 * (unit[0] * enu[0][i] + unit[1] * enu[1][i] + unit[2] * enu[2][i])
                    });
                    assert!(sensor.covers((Frame::Geodetic, 0), point));
                    assert!(bounds.covers((Frame::Geodetic, 0), point), "{latitude} {longitude} {azimuth} {elevation}");
                }
            }
        }
        assert_eq!(
            radar(89.0, 10.0, 0.0, [0.0, 300e3])
                .horizontal_bounds((Frame::Geodetic, 0), 0.0)
                .map(|(_, max)| max[1].to_bits()),
            Some(90f64.to_bits())
        );
    }
}
