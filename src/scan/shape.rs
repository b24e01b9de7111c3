//! Where a sensor sees, exactly: limits that a point is within or beyond, the same on the host and on a device.
//!
//! A shape is all points that are within each of its limits. A limit is a distance of the point, from its least to its most;
//! from one point to another it changes by no more than they are apart, so a ball about a point whose limits are all farther
//! than its radius is whole inside, and one of them beyond it, whole outside.
//!
//! - Slab: how far along an axis.
//! - Range: how far from the site in a straight line, or, where there are no heights, along the ground.
//! - Wedge about an axis, the Earth's (longitudes) or the vertical of a site (a sector): sin h · a − cos h · |b|, a and b
//!   being the distances from the axis along the middle of the wedge and across it, h half its width: how far inside the
//!   nearer of its two sides, for every width to a whole turn.
//! - Slabs at two times: a sector that an antenna swept, see [`swept`].
//! - Cone: points of geodetic latitude φ are a cone about the Earth's axis with its apex at z = −N e² sin φ, N being the
//!   radius of curvature in the prime vertical. From a place on it: cos φ · Δz − sin φ · Δρ, ρ the distance from the axis;
//!   Δρ = Δa + b² / (ρ + a), which does not subtract what is nearly equal.
//!
//! So no point needs sines of its own. Differences are taken in tiles first: with 32 bits a limit is off by less than 4 parts
//! in 10⁷ of the distance from its place and a millimetre: 5 m across the whole globe, in a harbour some millimetres.
//! Kernels: `shaders/shared/seen.wgsl`.
#![expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]

use super::cells::{difference_m, dot};
use crate::sensor::{Coverage, Sensor, Site};
use crate::space::{Frame, Geodetic, Place};
use std::sync::Arc;

/// Along an axis.
pub const SLAB: u32 = 1;
/// From a place, in a straight line.
pub const STRAIGHT: u32 = 2;
/// From a place, along the ground.
pub const LEVEL: u32 = 3;
/// Inside two half-planes that meet in an axis.
pub const WEDGE: u32 = 4;
/// From a parallel.
pub const CONE: u32 = 5;

/// What a point is to be within.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Limit {
    /// What is measured: one of [`SLAB`] to [`CONE`].
    pub kind: u32,
    /// From where.
    pub place: Place,
    /// Unit vector along the axis, or the middle of a wedge or parallel.
    pub along: [f32; 3],
    /// Unit vector across it, level.
    pub across: [f32; 3],
    /// Distance of the place from the axis of a wedge or cone, metres.
    pub radius_m: f32,
    /// Sine of half a wedge, or of a latitude.
    pub sine: f32,
    /// Its cosine.
    pub cosine: f32,
    /// Least that a point may have, metres.
    pub least_m: f32,
    /// Most, metres.
    pub most_m: f32,
    /// When it is asked of what moves, seconds after the time of the scan.
    pub ahead_s: f32,
}

/// Where a sensor sees, whatever the height, all of it or a sector.
#[derive(Clone, Debug, PartialEq)]
pub struct Shape(Arc<[Limit]>);

impl Limit {
    /// What it measures of a point, behind whose offset its velocity may stand. In the kernel's order of operations.
    #[inline]
    fn value_m(&self, tile: &[i32; 3], mean: &[f32]) -> f32 {
        let mut d = difference_m(tile, mean, &self.place);
        if let [_, _, _, velocity @ ..] = mean {
            d.iter_mut().zip(velocity).for_each(|(d, velocity)| *d += self.ahead_s * velocity);
        }
        // From the axis, along the middle: begins with what is no product.
        let out = self.radius_m + d[0] * self.along[0] + d[1] * self.along[1] + d[2] * self.along[2];
        let across = dot(&d, &self.across);
        match self.kind {
            SLAB => dot(&d, &self.along),
            STRAIGHT => dot(&d, &d).sqrt(),
            LEVEL => {
                let along = dot(&d, &self.along);
                (along * along + across * across).sqrt()
            }
            WEDGE => self.sine * out - self.cosine * across.abs(),
            _ => {
                let rho = (out * out + across * across).sqrt();
                let bent = if out > 0.0 { across * across / (rho + out) } else { rho - out };
                let outwards = bent + d[0] * self.along[0] + d[1] * self.along[1] + d[2] * self.along[2];
                self.cosine * d[2] - self.sine * outwards
            }
        }
    }

    #[inline]
    fn holds(&self, tile: &[i32; 3], mean: &[f32]) -> bool {
        let value_m = self.value_m(tile, mean);
        value_m >= self.least_m && value_m <= self.most_m
    }

    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    fn new(kind: u32, metres: [f64; 3], [along, across]: [[f64; 3]; 2], [least_m, most_m]: [f64; 2]) -> Self {
        let single = |axis: [f64; 3]| axis.map(|x| x as f32);
        Self {
            kind,
            place: Place::from_metres(metres),
            along: single(along),
            across: single(across),
            radius_m: 0.0,
            sine: 0.0,
            cosine: 0.0,
            least_m: least_m as f32,
            most_m: most_m as f32,
            ahead_s: 0.0,
        }
    }

    /// With an angle, and the distance of its place from the axis.
    #[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
    fn about(self, angle: f64, radius_m: f64) -> Self {
        let (sine, cosine) = libm::sincos(angle);
        Self { sine: sine as f32, cosine: cosine as f32, radius_m: radius_m as f32, ..self }
    }
}

/// What has a least alone.
const INWARDS: [f64; 2] = [0.0, f32::MAX as f64];

impl Shape {
    /// No limit.
    #[must_use]
    pub fn everywhere() -> Self {
        Self([].into())
    }

    /// Where a sensor sees, all of it or a sector about its site, at a time in microseconds: nowhere, if it is carried and nobody
    /// knows where it was.
    #[must_use]
    pub fn of(sensor: &Sensor, (frame, time_us): (Frame, i64), sector_deg: Option<[f64; 2]>) -> Self {
        let Some(site) = sensor.site(frame, time_us) else { return Self::nowhere() };
        let mut limits = match (sensor.coverage, frame) {
            (Coverage::Box { min, max, .. }, Frame::Local) => {
                let middle = [0.5 * (min[0] + max[0]), 0.5 * (min[1] + max[1]), 0.0];
                let slab = |k: usize, along: [f64; 3]| {
                    let half_m = 0.5 * (max[k] - min[k]);
                    Limit::new(SLAB, middle, [along, [0.0; 3]], [-half_m, half_m])
                };
                vec![slab(0, [1.0, 0.0, 0.0]), slab(1, [0.0, 1.0, 0.0])]
            }
            (Coverage::Box { min, max, .. }, Frame::Geodetic) => on_earth(min, max),
            (Coverage::Ring { range_m, height_m }, frame) => {
                let planar = frame == Frame::Local && height_m.is_none();
                let kind = if planar { LEVEL } else { STRAIGHT };
                vec![Limit::new(kind, site.metres(), [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], range_m)]
            }
        };
        match (sector_deg, sensor.sweep_s()) {
            (Some(sector_deg), Some(sweep_s)) => limits.extend(swept(&site, sector_deg, sweep_s)),
            (Some(sector_deg), None) => limits.extend(sector(&site, sector_deg)),
            (None, _) => {}
        }
        Self(limits.into())
    }

    /// Nothing.
    fn nowhere() -> Self {
        let [most, least] = [f32::MIN, f32::MAX].map(f64::from);
        Self([Limit::new(SLAB, [0.0; 3], [[0.0; 3]; 2], [least, most])].into())
    }

    /// Its limits.
    #[must_use]
    pub fn limits(&self) -> &[Limit] {
        &self.0
    }

    /// Whether a point is in it; one that moves, if its velocity stands behind its offset.
    #[must_use]
    #[inline]
    pub fn holds(&self, tile: &[i32; 3], mean: &[f32]) -> bool {
        self.0.iter().all(|limit| limit.holds(tile, mean))
    }

    /// How far inside a point is at least; below 0, how far outside.
    #[must_use]
    pub(super) fn margin_m(&self, point: &Place) -> f32 {
        let margin_m = |limit: &Limit| {
            let value_m = limit.value_m(&point.tile, &point.offset_m);
            (value_m - limit.least_m).min(limit.most_m - value_m)
        };
        self.0.iter().map(margin_m).fold(f32::INFINITY, f32::min)
    }
}

/// Longitudes and latitudes.
fn on_earth([west, south]: [f64; 2], [east, north]: [f64; 2]) -> Vec<Limit> {
    let wide = if east < west { east - west + 360.0 } else { east - west };
    let longitude_deg = west + 0.5 * wide;
    let (sin_lambda, cos_lambda) = libm::sincos(longitude_deg.to_radians());
    let axes = [[cos_lambda, sin_lambda, 0.0], [-sin_lambda, cos_lambda, 0.0]];
    let at = |latitude_deg: f64, kind: u32, [least_m, most_m]: [f64; 2], angle: f64| {
        let place = Place::from_metres(Geodetic { latitude_deg, longitude_deg, altitude_m: 0.0 }.ecef());
        let [x, y, _] = place.metres();
        Limit::new(kind, place.metres(), axes, [least_m, most_m]).about(angle, x * cos_lambda + y * sin_lambda)
    };
    let meridians = (wide < 360.0).then(|| at(0.5 * (south + north), WEDGE, INWARDS, 0.5 * wide.to_radians()));
    let [_, far] = INWARDS;
    let parallel = |latitude_deg: f64, bounds: [f64; 2]| {
        (latitude_deg.abs() < 90.0).then(|| at(latitude_deg, CONE, bounds, latitude_deg.to_radians()))
    };
    [meridians, parallel(south, INWARDS), parallel(north, [-far, 0.0])].into_iter().flatten().collect()
}

/// Azimuths about a site; `None` where these are all.
fn sector(site: &Site, [from_deg, to_deg]: [f64; 2]) -> Option<Limit> {
    let (site_m, [east, north, _]) = (site.metres(), site.axes());
    if to_deg - from_deg >= 360.0 {
        return None;
    }
    let half = 0.5 * (to_deg - from_deg).rem_euclid(360.0).to_radians();
    let (s, c) = libm::sincos(from_deg.to_radians() + half);
    let turned = |[s, c]: [f64; 2]| std::array::from_fn(|k| s * east[k] + c * north[k]);
    Some(Limit::new(WEDGE, site_m, [turned([s, c]), turned([c, -s])], INWARDS).about(half, 0.0))
}

/// The sector that an antenna swept until the time of the scan, narrower than a half turn: on its two borders it was at the
/// beginning of its look, a sweep ago, and at the end. So what is in it was passed by the antenna in this look, however it moved:
/// it was ahead of the antenna at the beginning, and is behind it at the end. A border is of the sector clockwise of it.
#[expect(clippy::cast_possible_truncation, reason = "rounded once, from f64")]
fn swept(site: &Site, [from_deg, to_deg]: [f64; 2], sweep_s: f64) -> [Limit; 2] {
    let [east, north, _] = site.axes();
    let border = |azimuth_deg: f64, sign: f64, least_m: f64| {
        let (s, c) = libm::sincos(azimuth_deg.to_radians());
        let across = std::array::from_fn(|k| sign * (c * east[k] - s * north[k]));
        Limit::new(SLAB, site.metres(), [across, [0.0; 3]], [least_m, INWARDS[1]])
    };
    let (from, to) = (border(from_deg, 1.0, 0.0), border(to_deg, -1.0, f64::from(f32::MIN_POSITIVE)));
    let ahead_s = -sweep_s.abs() as f32;
    if sweep_s < 0.0 { [from, Limit { ahead_s, ..to }] } else { [Limit { ahead_s, ..from }, to] }
}

#[cfg(test)]
#[path = "swept_tests.rs"]
mod swept_tests;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensor::{Altitudes, Kind, Looks, Noise};
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

    fn sensor(kind: Kind, coverage: Coverage) -> Sensor {
        Sensor {
            name: "s".to_owned(),
            owner: "o".to_owned(),
            kind,
            noise: Noise::default(),
            detection_probability: 0.9,
            clutter_per_scan: 1.0,
            looks: Looks::Periodic { period_us: 1_000_000 },
            coverage,
            offsets: crate::sensor::Offsets::default(),
            altitudes: Altitudes::default(),
            view: None,
        }
    }

    fn holds(shape: &Shape, metres: [f64; 3]) -> bool {
        let point = Place::from_metres(metres);
        let holds = shape.holds(&point.tile, &point.offset_m);
        assert_eq!(holds, shape.margin_m(&point) >= 0.0, "a margin says what the shape says");
        holds
    }

    /// Steps away from a point, this far.
    fn steps(by_m: f64) -> impl Iterator<Item = [f64; 3]> {
        (0..27).map(move |k| [k / 9, k / 3 % 3, k % 3].map(|step| f64::from(step - 1) * by_m))
    }

    /// Compares with sines and cosines in f64: where all about a point are alike as far as 32 bits may err, so is the shape. How
    /// many were outside and how many inside.
    fn compare(
        (sensor, frame, sector_deg): (&Sensor, Frame, Option<[f64; 2]>),
        points: impl Iterator<Item = [f64; 3]>,
    ) -> [u32; 2] {
        let shape = Shape::of(sensor, (frame, 0), sector_deg);
        let wanted = |metres: [f64; 3]| {
            let swept = sector_deg.is_none_or(|sector_deg| sensor.has_in_sector(sector_deg, metres));
            swept && sensor.covers_on_ground((frame, 0), metres)
        };
        let mut counts = [0; 2];
        for metres in points {
            let near = |step: [f64; 3]| wanted(std::array::from_fn(|k| metres[k] + step[k]));
            let is_in = wanted(metres);
            let from = |limit: &Limit| {
                let place = limit.place.metres();
                (0..3).map(|k| (metres[k] - place[k]).powi(2)).sum::<f64>().sqrt()
            };
            let error_m = 0.001 + 4e-7 * shape.limits().iter().map(from).fold(0.0, f64::max);
            if steps(error_m).all(|step| near(step) == is_in) {
                counts[usize::from(is_in)] += 1;
                assert_eq!(holds(&shape, metres), is_in, "{:?} {sector_deg:?} at {metres:?}", sensor.coverage);
            }
        }
        counts
    }

    #[test]
    fn a_box_on_earth_holds_what_its_latitudes_and_longitudes_hold() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for (west, south, east, north) in [
            (5.0, 45.0, 11.0, 48.0),
            (7.0, 43.0, 7.004, 43.003),
            (177.0, -20.0, -178.0, -15.0),
            (-40.0, 20.0, 40.0, 70.0),
            (-170.0, -60.0, 170.0, 60.0),
            (-180.0, -90.0, 180.0, 66.0),
            (-180.0, -10.0, 180.0, 10.0),
            (100.0, -90.0, -100.0, 90.0),
            (-90.0, 70.0, 90.0, 90.0),
            (30.0, -0.001, 30.002, 0.001),
        ] {
            let sensor =
                sensor(Kind::Position, Coverage::Box { min: [west, south], max: [east, north], height_m: None });
            let wide = if east < west { east - west + 360.0 } else { east - west };
            let points: Vec<[f64; 3]> = (0..4000)
                .map(|k| {
                    // Close to an edge, or anywhere; from below the ground to far above.
                    let away = 10f64.powf(random.random_range(-6.0..0.3));
                    let near = |edge: f64, size: f64| edge + size * if k % 2 == 0 { away } else { -away };
                    let mut at = [random.random_range(-0.5..1.5), random.random_range(-0.5..1.5)];
                    match k % 5 {
                        0 => at[0] = near(0.0, 1.0),
                        1 => at[0] = near(1.0, 1.0),
                        2 => at[1] = near(0.0, 1.0),
                        3 => at[1] = near(1.0, 1.0),
                        _ => {}
                    }
                    let latitude_deg = (south + at[1] * (north - south)).clamp(-90.0, 90.0);
                    let altitude_m = [-400.0, 0.0, 11_000.0, 800_000.0][k / 5 % 4];
                    Geodetic { latitude_deg, longitude_deg: west + at[0] * wide, altitude_m }.ecef()
                })
                .collect();
            let [beyond, within] = compare((&sensor, Frame::Geodetic, None), points.into_iter());
            assert!(within > 500 && beyond > 100, "{west} {south} {east} {north}: {within} in, {beyond} out");
        }
    }

    #[test]
    fn a_ring_holds_what_is_so_far_from_its_site_and_a_sector_what_is_there_in_it() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        let site = Geodetic { latitude_deg: 17.0, longitude_deg: -62.0, altitude_m: 300.0 };
        for (frame, kind) in
            [(Frame::Geodetic, Kind::radar_at(site)), (Frame::Local, Kind::radar_at_m([40.0, -30.0, 12.0]))]
        {
            for (range_m, height_m) in
                [([200_000.0, 5_000_000.0], None), ([0.0, 80_000.0], Some([0.0, 12_000.0])), ([20.0, 300.0], None)]
            {
                let sensor = sensor(kind.clone(), Coverage::Ring { range_m, height_m });
                let site = sensor.site(frame, 0).expect("a site");
                let (site_m, enu) = (site.metres(), site.axes());
                for sector_deg in [
                    None,
                    Some([350.0, 20.0]),
                    Some([10.0, 10.5]),
                    Some([90.0, 400.0]),
                    Some([30.0, 210.0]),
                    Some([0.0, 360.0]),
                ] {
                    let points: Vec<[f64; 3]> = (0..3000)
                        .map(|k| {
                            let away = 10f64.powf(random.random_range(-6.0..0.0));
                            let edge = range_m[k % 2].max(0.1 * range_m[1]);
                            let far = if k % 3 == 0 { edge * (1.0 + away) } else { edge * (1.0 - 0.9 * away) };
                            let from = sector_deg.map_or(0.0, |sector: [f64; 2]| sector[k / 2 % 2]);
                            let azimuth = (from + random.random_range(-20.0..20.0f64)).to_radians();
                            let elevation = random.random_range(-5.0..60.0f64).to_radians();
                            let unit =
                                [azimuth.sin() * elevation.cos(), azimuth.cos() * elevation.cos(), elevation.sin()];
                            std::array::from_fn(|a| {
                                site_m[a] + far * (unit[0] * enu[0][a] + unit[1] * enu[1][a] + unit[2] * enu[2][a])
                            })
                        })
                        .collect();
                    let [beyond, within] = compare((&sensor, frame, sector_deg), points.into_iter());
                    assert!(within > 15 && beyond > 15, "{range_m:?} {sector_deg:?}: {within} in, {beyond} out");
                }
            }
        }
    }

    #[test]
    fn a_local_box_holds_what_is_between_its_sides() {
        let sensor = sensor(Kind::Position, Coverage::Box { min: [0.0, -7.0], max: [18_000.0, 900.0], height_m: None });
        let shape = Shape::of(&sensor, (Frame::Local, 0), None);
        for (x, y, is_in) in [
            (0.001, 0.0, true),
            (-0.002, 0.0, false),
            (17_999.99, 899.99, true),
            (18_000.01, 0.0, false),
            (9_000.0, 900.01, false),
            (9_000.0, -7.01, false),
        ] {
            for z in [-1e4, 0.0, 3e5] {
                assert_eq!(holds(&shape, [x, y, z]), is_in, "{x} {y} {z}");
            }
        }
    }

    #[test]
    fn a_margin_is_no_more_than_the_way_to_the_border() {
        let mut random = ChaCha8Rng::seed_from_u64(3);
        let boxed = |min, max| sensor(Kind::Position, Coverage::Box { min, max, height_m: None });
        let site = Geodetic { latitude_deg: 50.0, longitude_deg: 8.0, altitude_m: 0.0 };
        let ring = sensor(Kind::radar_at(site), Coverage::Ring { range_m: [2e5, 9e5], height_m: None });
        for (sensor, sector_deg) in [
            (&boxed([5.0, 45.0], [11.0, 48.0]), None),
            (&boxed([-150.0, -80.0], [150.0, 80.0]), None),
            (&ring, Some([10.0, 300.0])),
        ] {
            let shape = Shape::of(sensor, (Frame::Geodetic, 0), sector_deg);
            for _ in 0..20_000 {
                let mut some = || Geodetic {
                    latitude_deg: random.random_range(-90.0..90.0),
                    longitude_deg: random.random_range(-180.0..180.0),
                    altitude_m: 0.0,
                };
                let (a, b) = (some().ecef(), some().ecef());
                let way = 10f64.powf(random.random_range(-4.0..0.0));
                let b: [f64; 3] = std::array::from_fn(|k| a[k] + way * (b[k] - a[k]));
                let apart_m = a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt();
                let [at, there] = [a, b].map(|metres| f64::from(shape.margin_m(&Place::from_metres(metres))));
                assert!((at - there).abs() <= apart_m * 1.000_01 + 8.0, "{at} {there} {apart_m}");
            }
        }
    }
}
