//! Radars: range and azimuth, optionally elevation, altitude and range rate, from a site, fixed or carried.
//!
//! A measurement (range r, azimuth θ clockwise from north, elevation ε) becomes, in f64 and once, a point and a standard
//! deviation along three axes: the line of sight, across it horizontally, and across it upwards:
//!
//! | axis | direction | standard deviation |
//! | --- | --- | --- |
//! | 0 | u = cos ε (sin θ E + cos θ N) + sin ε U | σr |
//! | 1 | a = cos θ E − sin θ N | r max(cos ε, σε) σθ: near the zenith an azimuth says nothing |
//! | 2 | v = −sin ε (sin θ E + cos θ N) + cos ε U | r σε |
//!
//! Where r σ² / σr > 0.4 for an angle's σ (the bound of the literature: beyond it the arc is as thick as the range noise)
//! a range along the measured line of sight would be biased, and worse: the line swings with the angle's noise, and what is
//! sharp along it would seem to be told across it, scan after scan. There the measurement is `curved`: the filter takes the
//! range along a direction that it predicts, to second order (`fusion::sight`), which needs no converted moments.
//!
//! A radar of a geodetic recording may measure altitude instead of elevation: the elevation is the one at which the
//! measured range meets that altitude above the ellipsoid. With n the vertical at the target, an error in altitude or
//! range moves the point along v by (δh − (n·u) δr) / (n·v); n·v is not let below √(2σ/r), σ² = σr² + σh², where the
//! first-order error would exceed the arc that the noise itself spans. Where both are measured, the sharper one is used.
//!
//! With neither, a local recording is planar: range is horizontal, height zero, two axes. A geodetic one is `slant`: any
//! height that the sensor sees is as likely as any other, H from the lowest to the highest that the range reaches. The
//! point is where the range meets the middle of them, v is not measured but known to H / √12 over n·v (not let below
//! √(2 H / √12 r), as above), and nothing is debiased, because the filter takes the range along a direction that it
//! predicts, to second order.
//!
//! A carried radar's angles are those of its mount (`platform.rs`), and its range rate is u · (velocity of the target − its own
//! w): u · w is added. u is known to the angles' noise, so what that makes of w, |a · w| σ / r along either axis across, adds to
//! the standard deviation. In a plane the heading of the mount alone counts.

use std::io::{self, Read};

use super::bytes::{kind, numbers, unknown};
use super::columns::{Cells, Quantity, Sigma};
use super::measurement::{Converted, Measurement, is_pair, narrow};
use super::{Altitudes, Keys, Noise, Site, velocity};
use crate::space::{Frame, Geodetic, Place};
use std::f64::consts::{FRAC_PI_2, TAU};

/// Beyond this r σ² / σr a range along the measured line of sight, or the plain conversion of a course, is too biased.
pub(super) const BIAS_BOUND: f64 = 0.4;

/// No standard deviation is below this many metres, so that its square is a normal f32.
const SIGMA_FLOOR_M: f64 = 1e-6;

/// What the catalogue says of one.
pub(super) fn keys(frame: Frame) -> Keys {
    const RATE: &str = "range_rate_m_s: a radar measures velocity along its line of sight alone";
    let foreign: &[_] = match frame {
        Frame::Geodetic => &[
            ("horizontal_m", "range_m and azimuth_deg: kind is radar"),
            ("speed_m_s", RATE),
            ("course_deg", RATE),
            ("velocity_m_s", RATE),
            ("climb_m_s", RATE),
        ],
        Frame::Local => &[
            ("horizontal_m", "range_m and azimuth_deg: kind is radar"),
            ("vertical_m", "elevation_deg: a radar of a local recording measures no altitude"),
            ("speed_m_s", RATE),
            ("course_deg", RATE),
            ("velocity_m_s", RATE),
            ("climb_m_s", RATE),
        ],
    };
    Keys { needed: &["range_m", "azimuth_deg"], foreign, has_site: true }
}

/// The measurement of a row.
///
/// # Errors
/// What is wrong with a cell.
pub(super) fn read<C: Cells>(
    cells: &C,
    (noise, altitudes): (&Noise, &Altitudes),
    frame: Frame,
) -> Result<Polar, C::Fault> {
    use Quantity as Q;
    let places = [Q::X, Q::Y, Q::Z, Q::Latitude, Q::Longitude, Q::SigmaHorizontal];
    for foreign in places.into_iter().chain(velocity::QUANTITIES) {
        cells.empty(foreign)?;
    }
    let with_sigma = |value: Option<f64>, sigma: &Sigma| match value {
        Some(value) => cells.sigma(sigma).map(|sigma| Some([value, sigma])),
        None => Ok(None),
    };
    let range = Sigma { of: Q::Range, column: Q::SigmaRange, noise: noise.range_m, key: "range_m" };
    let azimuth = Sigma { of: Q::Azimuth, column: Q::SigmaAzimuth, noise: noise.azimuth_rad, key: "azimuth_deg" };
    let elevation =
        Sigma { of: Q::Elevation, column: Q::SigmaElevation, noise: noise.elevation_rad, key: "elevation_deg" };
    let altitude = Sigma { of: Q::Altitude, column: Q::SigmaVertical, noise: noise.vertical_m, key: "vertical_m" };
    let rate =
        Sigma { of: Q::RangeRate, column: Q::SigmaRangeRate, noise: noise.range_rate_m_s, key: "range_rate_m_s" };
    let altitude_m = if frame == Frame::Geodetic { altitudes.read(cells)? } else { cells.optional(Q::Altitude)? };
    Ok(Polar {
        range_m: [cells.required(Q::Range)?, cells.sigma(&range)?],
        azimuth_rad: [cells.required(Q::Azimuth)?.to_radians(), cells.sigma(&azimuth)?],
        elevation_rad: with_sigma(cells.optional(Q::Elevation)?.map(f64::to_radians), &elevation)?,
        altitude_m: with_sigma(altitude_m, &altitude)?,
        range_rate_m_s: with_sigma(cells.optional(Q::RangeRate)?, &rate)?,
    })
}

/// Share of the false detections a square metre, at a range: uniform in range and azimuth over a ring.
pub(super) fn clutter_per_m2([near, far]: [f64; 2], range_m: f32) -> f64 {
    1.0 / ((far - near).max(1.0) * TAU * f64::from(range_m).max(1.0))
}

/// The axis from a site to a place that was measured without its height: the place lies at the slant range, so that
/// axis and range tell where the site is.
pub(super) fn slant_axis(site_m: [f64; 3], place: &Place, range_m: f32) -> [f32; 3] {
    let [[x, y, z], [a, b, c]] = [place.metres(), site_m];
    let range = f64::from(range_m).max(1.0);
    [x - a, y - b, z - c].map(|along| narrow(along / range))
}

/// The variance that a cell adds along each axis: its axes lie along the line of sight, not along the cell's edges, so the
/// longest edge counts for all three.
pub(super) fn coarse_m2(edges_m2: [f64; 3]) -> [f64; 3] {
    [edges_m2.into_iter().fold(0.0, f64::max); 3]
}

/// What a radar measured; each standard deviation beside its quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Polar {
    /// Slant range in metres; horizontal in a local recording without heights.
    pub range_m: [f64; 2],
    /// Azimuth clockwise from north (y) in radians.
    pub azimuth_rad: [f64; 2],
    /// Elevation in radians.
    pub elevation_rad: Option<[f64; 2]>,
    /// Altitude in metres, in a geodetic recording.
    pub altitude_m: Option<[f64; 2]>,
    /// Range rate in metres a second, positive when opening.
    pub range_rate_m_s: Option<[f64; 2]>,
}

/// Elevation, however it came about.
#[derive(Clone, Copy)]
struct Upwards {
    elevation_rad: f64,
    /// Standard deviation across the line of sight, upwards, in metres.
    sigma_m: f64,
    /// That of the angle, where it is the angle that was measured.
    sigma_rad: f64,
}

impl Polar {
    /// Engine coordinates; `None` if the altitude is out of reach of the range.
    pub(super) fn convert(&self, site: &Site) -> Option<Converted> {
        let ray = Ray::new(site, self.azimuth_rad[0]);
        let by_elevation = self.elevation_rad.map(|[elevation_rad, sigma_rad]| Upwards {
            elevation_rad,
            sigma_m: self.range_m[0].max(self.range_m[1]) * sigma_rad,
            sigma_rad,
        });
        let by_altitude = match self.altitude_m {
            Some(altitude) => Some(ray.upwards_at_altitude(self.range_m, altitude)?),
            None => None,
        };
        let upwards = match (by_elevation, by_altitude) {
            (Some(angle), Some(altitude)) if altitude.sigma_m < angle.sigma_m => Some(altitude),
            (Some(angle), _) => Some(angle),
            (None, altitude) => altitude,
        };
        let converted = match upwards {
            Some(upwards) => self.in_space(&ray, upwards),
            None if site.frame == Frame::Local => self.in_the_plane(&Ray::new(&site.upright(), self.azimuth_rad[0])),
            None => self.slant(&ray),
        };
        self.completed(converted, site)
    }

    /// As [`Polar::convert`] has a geodetic measurement without a height, in either frame: for one whose height was
    /// measured and is left out, so that even in a local recording its range is no horizontal one.
    pub(super) fn convert_slant(&self, site: &Site) -> Option<Converted> {
        let ray = Ray::new(site, self.azimuth_rad[0]);
        self.completed(self.slant(&ray), site)
    }

    /// The range and angles of a point, with the standard deviations of this measurement.
    pub(super) fn moved(self, metres: [f64; 3], site: &Site) -> Self {
        let [[x, y, z], [a, b, c]] = [metres, site.metres];
        let planar = site.frame == Frame::Local && self.elevation_rad.is_none() && self.altitude_m.is_none();
        let site = &if planar { site.upright() } else { *site };
        let [east, north, up] = site.enu.map(|[i, j, k]| i * (x - a) + j * (y - b) + k * (z - c));
        let across = libm::hypot(east, north);
        // The site itself is in no direction; a metre off is.
        let range_m = if planar { across } else { libm::hypot(across, up) }.max(1.0);
        let altitude_m = match site.frame {
            Frame::Local => z,
            Frame::Geodetic => Geodetic::from_ecef(metres).altitude_m,
        };
        Self {
            range_m: [range_m, self.range_m[1]],
            azimuth_rad: [libm::atan2(east, north), self.azimuth_rad[1]],
            elevation_rad: self.elevation_rad.map(|[_, sigma]| [libm::asin((up / range_m).clamp(-1.0, 1.0)), sigma]),
            altitude_m: self.altitude_m.map(|[_, sigma]| [altitude_m, sigma]),
            range_rate_m_s: self.range_rate_m_s,
        }
    }

    /// Whether all of it are numbers with standard deviations above 0, and the range is above 0, too.
    pub(super) fn is_sound(&self) -> bool {
        let Self { range_m, azimuth_rad, elevation_rad, altitude_m, range_rate_m_s } = self;
        let mut optional = [elevation_rad, altitude_m, range_rate_m_s].into_iter().flatten();
        range_m[0] > 0.0 && is_pair(*range_m) && is_pair(*azimuth_rad) && optional.all(|pair| is_pair(*pair))
    }

    /// What [`Polar::numbers`] gave.
    pub(super) fn get(from: &mut impl Read) -> io::Result<Self> {
        let mut pair = || if kind(from)? == 0 { Ok(None) } else { numbers(from).map(Some) };
        let mut measured = || pair()?.ok_or_else(|| unknown(0));
        let (range_m, azimuth_rad) = (measured()?, measured()?);
        Ok(Self { range_m, azimuth_rad, elevation_rad: pair()?, altitude_m: pair()?, range_rate_m_s: pair()? })
    }

    /// Every number of it, for a digest.
    pub(super) fn numbers(&self, take: &mut impl FnMut(u8, &[f64])) {
        let Self { range_m, azimuth_rad, elevation_rad, altitude_m, range_rate_m_s } = self;
        for pair in [&Some(*range_m), &Some(*azimuth_rad), elevation_rad, altitude_m, range_rate_m_s] {
            take(u8::from(pair.is_some()), pair.as_ref().map_or(&[], |pair| pair));
        }
    }

    fn completed(&self, (metres, mut measurement): ([f64; 3], Measurement), site: &Site) -> Option<Converted> {
        measurement.range_m = narrow(self.range_m[0]);
        measurement.range_rate_m_s =
            self.range_rate_m_s.map(|rate| self.over_ground(rate, &measurement, site).map(narrow));
        let horizontal = match site.frame {
            Frame::Local => [metres[0], metres[1]],
            Frame::Geodetic => {
                let point = Geodetic::from_ecef(metres);
                [point.longitude_deg, point.latitude_deg]
            }
        };
        metres.iter().chain(&horizontal).all(|v| v.is_finite()).then_some(Converted { metres, horizontal, measurement })
    }

    /// A range rate without the motion of the site, and its standard deviation.
    fn over_ground(&self, [rate, sigma]: [f64; 2], of: &Measurement, site: &Site) -> [f64; 2] {
        let Some(own) = site.velocity_m_s else { return [rate, sigma] };
        let [sight, across, upwards] = of.axes.map(|axis| dot(axis.map(f64::from), own));
        let [_, s_a, s_u] = of.sigma_m.map(|sigma_m| f64::from(sigma_m) / self.range_m[0].max(1.0));
        [rate + sight, libm::hypot(sigma, libm::hypot(across * s_a, upwards * s_u))]
    }

    fn in_space(&self, ray: &Ray<'_>, upwards: Upwards) -> ([f64; 3], Measurement) {
        // r, t, e: range, azimuth, elevation; s_: their standard deviations; h, u, v: horizontal, sight, upwards.
        let [r, s_r] = self.range_m;
        let s_t = self.azimuth_rad[1];
        let (sin, cos) = libm::sincos(upwards.elevation_rad);
        let axes = [ray.sight(sin, cos), ray.across, ray.upwards(sin, cos)];
        let cos_floored = cos.max((upwards.sigma_m / r).min(1.0));
        let measurement = measured(axes, [s_r, r.max(s_r) * cos_floored * s_t, upwards.sigma_m], 3);
        (ray.point(r * cos, r * sin), Measurement { curved: self.is_curved(s_t.max(upwards.sigma_rad)), ..measurement })
    }

    fn in_the_plane(&self, ray: &Ray<'_>) -> ([f64; 3], Measurement) {
        let [r, s_r] = self.range_m;
        let s_t = self.azimuth_rad[1];
        let [x, y, _] = ray.point(r, 0.0);
        let measurement = measured([ray.ahead, ray.across, ray.site.enu[2]], [s_r, r.max(s_r) * s_t, 0.0], 2);
        ([x, y, 0.0], Measurement { curved: self.is_curved(s_t), ..measurement })
    }

    /// Whether an angle of this standard deviation leaves an arc open that is thicker than the range's noise.
    fn is_curved(&self, sigma_rad: f64) -> bool {
        let [r, s_r] = self.range_m;
        r * sigma_rad * sigma_rad > BIAS_BOUND * s_r
    }

    fn slant(&self, ray: &Ray<'_>) -> ([f64; 3], Measurement) {
        let [r, s_r] = self.range_m;
        let here_m = ray.site.height_m;
        let [low, high] = ray.site.heights_m.map(|height_m| height_m.max(here_m - r).min(here_m + r));
        let elevation = match ray.elevation_at(r, f64::midpoint(low, high)) {
            Reach::At(elevation) | Reach::Beyond { nearest: elevation, .. } => elevation,
        };
        let (sin, cos) = libm::sincos(elevation);
        let (metres, upwards) = (ray.point(r * cos, r * sin), ray.upwards(sin, cos));
        let s_h = (high - low).max(1.0) / 12f64.sqrt();
        let n_v = dot(ray.vertical(metres), upwards).max((2.0 * s_h / r).sqrt().min(1.0)).max(1e-3);
        let sigma_m = [s_r, r.max(s_r) * self.azimuth_rad[1], s_h / n_v];
        let mut measurement = measured([ray.sight(sin, cos), ray.across, upwards], sigma_m, 2);
        measurement.sigma_m = sigma_m.map(|sigma| narrow(sigma.max(SIGMA_FLOOR_M)));
        measurement.slant = true;
        (metres, measurement)
    }
}

/// Second moments of converted minus true position given the measurement (Longbin et al. 1998, eqs. 10 to 15): ahead,
/// ahead against up, up, and across.
pub(super) fn moments([r, s_r]: [f64; 2], l_t: f64, l_e: f64, [sin, cos]: [f64; 2]) -> (f64, f64, f64, f64) {
    let squared = |x: f64| x * x;
    let q = r * r + s_r * s_r;
    // Means of cos², sin² and sin·cos of the true elevation, and of cos² of the true azimuth about the measured one.
    let (e4, t4) = (squared(l_e * l_e), squared(l_t * l_t));
    let cos2_e = f64::midpoint(1.0, e4 * (cos * cos - sin * sin));
    let sin2_e = 1.0 - cos2_e;
    let sin_cos_e = e4 * sin * cos;
    let cos2_t = f64::midpoint(1.0, t4);
    let ahead = (1.0 / squared(l_t * l_e) - 2.0) * squared(r * cos) + q * cos2_e * cos2_t;
    let ahead_up = r * r * sin * cos * ((l_t * l_e * l_e).recip() - l_t.recip() - l_t) + q * sin_cos_e * l_t;
    let up = (1.0 / squared(l_e) - 2.0) * squared(r * sin) + q * sin2_e;
    (ahead, ahead_up, up, q * cos2_e * (1.0 - cos2_t))
}

fn measured(axes: [[f64; 3]; 3], sigma_m: [f64; 3], rows: u32) -> Measurement {
    let [s0, s1, s2] = sigma_m.map(|sigma| narrow(sigma.max(SIGMA_FLOOR_M)));
    Measurement {
        axes: axes.map(|axis| axis.map(narrow)),
        sigma_m: [s0, s1, if rows == 3 { s2 } else { 0.0 }],
        coarse_m2: [0.0; 3],
        rows,
        range_m: 0.0,
        slant: false,
        curved: false,
        range_rate_m_s: None,
        velocity: None,
    }
}

/// What is seen from a site in one azimuth.
struct Ray<'a> {
    site: &'a Site,
    /// Horizontal unit vector in the azimuth.
    ahead: [f64; 3],
    /// Horizontal unit vector at right angles to it, where azimuth grows.
    across: [f64; 3],
}

/// The elevation at which a range meets an altitude.
enum Reach {
    At(f64),
    /// It does not, by so many metres; it comes nearest at `nearest`.
    Beyond {
        nearest: f64,
        by_m: f64,
    },
}

impl<'a> Ray<'a> {
    fn new(site: &'a Site, azimuth_rad: f64) -> Self {
        let (sin, cos) = libm::sincos(azimuth_rad);
        let [east, north, _] = site.enu;
        Self { site, ahead: sum(sin, east, cos, north), across: sum(cos, east, -sin, north) }
    }

    fn sight(&self, sin: f64, cos: f64) -> [f64; 3] {
        sum(cos, self.ahead, sin, self.site.enu[2])
    }

    fn upwards(&self, sin: f64, cos: f64) -> [f64; 3] {
        sum(-sin, self.ahead, cos, self.site.enu[2])
    }

    /// The vertical at a point.
    fn vertical(&self, metres: [f64; 3]) -> [f64; 3] {
        match self.site.frame {
            Frame::Local => self.site.up(),
            Frame::Geodetic => {
                let [_, _, up] = Geodetic::from_ecef(metres).enu_axes();
                up
            }
        }
    }

    fn point(&self, ahead_m: f64, up_m: f64) -> [f64; 3] {
        sum(1.0, self.site.metres, 1.0, sum(ahead_m, self.ahead, up_m, self.site.enu[2]))
    }

    fn upwards_at_altitude(&self, [r, s_r]: [f64; 2], [altitude_m, s_h]: [f64; 2]) -> Option<Upwards> {
        let sigma = libm::hypot(s_r, s_h);
        let elevation_rad = match self.elevation_at(r, altitude_m) {
            Reach::At(elevation) => elevation,
            // Overhead, noise may take the altitude beyond the range.
            Reach::Beyond { nearest, by_m } if by_m <= 3.0 * sigma => nearest,
            Reach::Beyond { .. } => return None,
        };
        let (sin, cos) = libm::sincos(elevation_rad);
        let [_, _, vertical] = Geodetic::from_ecef(self.point(r * cos, r * sin)).enu_axes();
        let n_u = dot(vertical, self.sight(sin, cos));
        let n_v = dot(vertical, self.upwards(sin, cos)).max((2.0 * sigma / r).sqrt().min(1.0));
        let sigma_m = libm::hypot(s_h, n_u * s_r) / n_v;
        Some(Upwards { elevation_rad, sigma_m, sigma_rad: 0.0 })
    }

    /// How much higher the vertical stands than what is up for the mount, in the plane of the ray, and the share of the vertical
    /// that lies in it.
    fn tilt(&self) -> (f64, f64) {
        let Some(vertical) = self.site.vertical else { return (0.0, 1.0) };
        let [ahead, up] = [self.ahead, self.site.enu[2]].map(|axis| dot(axis, vertical));
        (libm::atan2(ahead, up), libm::hypot(ahead, up))
    }

    /// Newton's method from the elevation on a sphere; where that does not settle, within a bracket, since altitude
    /// grows with elevation at a given range.
    fn elevation_at(&self, range_m: f64, altitude_m: f64) -> Reach {
        let (tilt, upright) = self.tilt();
        if self.site.frame == Frame::Local {
            let rise_m = altitude_m - self.site.height_m;
            let sine = rise_m / (range_m * upright);
            if sine.abs() <= 1.0 {
                return Reach::At(libm::asin(sine) - tilt);
            }
            let nearest = FRAC_PI_2.copysign(sine) - tilt;
            return Reach::Beyond { nearest, by_m: rise_m.abs() - range_m * upright };
        }
        let excess = |elevation: f64| {
            let (sin, cos) = libm::sincos(elevation);
            let point = Geodetic::from_ecef(self.point(range_m * cos, range_m * sin));
            let [_, _, vertical] = point.enu_axes();
            (point.altitude_m - altitude_m, range_m * dot(vertical, self.upwards(sin, cos)))
        };
        // c: distance of the site from the centre; d: how much farther the target is.
        let c = dot(self.site.metres, self.site.metres).sqrt();
        let d = altitude_m - self.site.height_m;
        let mut elevation =
            libm::asin(((d * (2.0 * c + d) - range_m * range_m) / (2.0 * range_m * c)).clamp(-0.9, 0.9)) - tilt;
        for _ in 0..5 {
            let (error, slope) = excess(elevation);
            if error.abs() < 1e-5 {
                return Reach::At(elevation);
            }
            elevation -= error / slope;
            if elevation.is_nan() || (elevation + tilt).abs() > 1.5 {
                break;
            }
        }
        let (mut lo, mut hi) = (-FRAC_PI_2 - tilt, FRAC_PI_2 - tilt);
        let (below, _) = excess(lo);
        let (above, _) = excess(hi);
        if below >= 0.0 {
            return Reach::Beyond { nearest: lo, by_m: below };
        }
        if above <= 0.0 {
            return Reach::Beyond { nearest: hi, by_m: -above };
        }
        elevation = -tilt;
        for _ in 0..100 {
            let (error, slope) = excess(elevation);
            if error.abs() < 1e-5 {
                break;
            }
            if error < 0.0 {
                lo = elevation;
            } else {
                hi = elevation;
            }
            let step = elevation - error / slope;
            elevation = if step > lo && step < hi { step } else { f64::midpoint(lo, hi) };
        }
        Reach::At(elevation)
    }
}

fn dot(a: [f64; 3], b: [f64; 3]) -> f64 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}

fn sum(s: f64, a: [f64; 3], t: f64, b: [f64; 3]) -> [f64; 3] {
    [s * a[0] + t * b[0], s * a[1] + t * b[1], s * a[2] + t * b[2]]
}

#[cfg(test)]
#[path = "radar_tests.rs"]
mod tests;
