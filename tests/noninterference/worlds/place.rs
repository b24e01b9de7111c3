//! Where things are in a random world: metres on a plane, a linear map from there to degrees, radars, and zones.

use super::Height;
use super::random::Random;

/// Metres of a degree of latitude on the plane of a world; any number would do.
const DEGREE_M: f64 = 111_000.0;
/// WGS 84: equatorial radius, flattening.
const RADIUS_M: f64 = 6_378_137.0;
const FLATTENING: f64 = 1.0 / 298.257_223_563;

/// The frame of a recording: that of the plane itself, or the Earth with the plane's origin at a place.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Frame {
    Local,
    /// Longitude and latitude of the origin, degrees.
    Geodetic([f64; 2]),
}

impl Frame {
    /// Coordinates as files have them: x and y, or longitude and latitude.
    pub(crate) fn plane(self, [x, y]: [f64; 2]) -> [f64; 2] {
        let Self::Geodetic([longitude, latitude]) = self else { return [x, y] };
        let degrees = longitude + x / (DEGREE_M * latitude.to_radians().cos());
        let turned = if degrees >= 180.0 { degrees - 360.0 } else { degrees };
        [if turned < -180.0 { turned + 360.0 } else { turned }, latitude + y / DEGREE_M]
    }

    /// The place on the plane of coordinates on Earth.
    fn unplane(origin: [f64; 2], [longitude, latitude]: [f64; 2]) -> [f64; 2] {
        let turned = (longitude - origin[0] + 540.0).rem_euclid(360.0) - 180.0;
        [turned * DEGREE_M * origin[1].to_radians().cos(), (latitude - origin[1]) * DEGREE_M]
    }

    /// Another place in the cell that a level coarsens a place to: at shares from -0.5 to 0.5 of its edges from its
    /// centre, by the document about pictures.
    pub(crate) fn in_cell(self, [x, y, z]: [f64; 3], cell_m: f64, shares: [f64; 3]) -> [f64; 3] {
        let along = |x: f64, edge: f64, share: f64| ((x / edge).round() + share) * edge;
        let up = along(z, cell_m, shares[2]);
        let Self::Geodetic(origin) = self else {
            return [along(x, cell_m, shares[0]), along(y, cell_m, shares[1]), up];
        };
        let [longitude, latitude] = self.plane([x, y]);
        let squared = FLATTENING * (2.0 - FLATTENING);
        // A degree of latitude is shortest at the equator.
        let band = 90.0 / (std::f64::consts::FRAC_PI_2 * RADIUS_M * (1.0 - squared) / cell_m).floor();
        let parallel = along(latitude, band, 0.0).to_radians();
        let normal = RADIUS_M / (1.0 - squared * parallel.sin().powi(2)).sqrt();
        let width = 360.0 / (std::f64::consts::TAU * normal * parallel.cos() / cell_m).floor();
        let east = (((longitude + 180.0) / width).floor() + 0.5 + shares[0]) * width - 180.0;
        let [x, y] = Self::unplane(origin, [east, along(latitude, band, shares[1])]);
        [x, y, up]
    }

    /// Range, azimuth and elevation from a site; the range along the ground where no height is measured in a local frame.
    pub(crate) fn polar(self, site: [f64; 3], place: [f64; 3], height: Height) -> [f64; 3] {
        let [east, north, up] = match self {
            Self::Local => [0, 1, 2].map(|k| place[k] - site[k]),
            Self::Geodetic(_) => self.offset(site, place),
        };
        let ground = east.hypot(north);
        let flat = height == Height::Unknown && self == Self::Local;
        let range = if flat { ground } else { ground.hypot(up) };
        [range, east.atan2(north).to_degrees().rem_euclid(360.0), up.atan2(ground).to_degrees()]
    }

    fn offset(self, site: [f64; 3], place: [f64; 3]) -> [f64; 3] {
        let degrees = |[x, y, _]: [f64; 3]| self.plane([x, y]).map(f64::to_radians);
        let ([longitude, latitude], at, from) = (degrees(site), degrees(place), degrees(site));
        let (to, from) = (earth(at, place[2]), earth(from, site[2]));
        let [dx, dy, dz] = [0, 1, 2].map(|k| to[k] - from[k]);
        let ((sin_lon, cos_lon), (sin_lat, cos_lat)) = (longitude.sin_cos(), latitude.sin_cos());
        let out = cos_lon * dx + sin_lon * dy;
        [cos_lon * dy - sin_lon * dx, cos_lat * dz - sin_lat * out, cos_lat * out + sin_lat * dz]
    }
}

/// Longitude, latitude (radians) and altitude to Earth-centred, Earth-fixed metres.
fn earth([longitude, latitude]: [f64; 2], altitude_m: f64) -> [f64; 3] {
    let squared = FLATTENING * (2.0 - FLATTENING);
    let normal = RADIUS_M / (1.0 - squared * latitude.sin().powi(2)).sqrt();
    let out = (normal + altitude_m) * latitude.cos();
    [out * longitude.cos(), out * longitude.sin(), (normal * (1.0 - squared) + altitude_m) * latitude.sin()]
}

/// A polygon with a name, metres.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Zone {
    pub(crate) name: String,
    pub(crate) corners: Vec<[f64; 2]>,
}

impl Zone {
    /// A rectangle, or corners on an ellipse.
    pub(crate) fn random(random: &mut Random, name: String) -> Self {
        let corners = if random.chance(0.6) {
            let [a, b] = [random.between(-100.0, 700.0), random.between(-100.0, 700.0)];
            let [c, d] = [a + random.between(100.0, 700.0), b + random.between(100.0, 700.0)];
            vec![[a, b], [c, b], [c, d], [a, d]]
        } else {
            let ([x, y], count) = ([random.between(100.0, 900.0), random.between(100.0, 900.0)], random.count(3, 6));
            let [wide, high] = [random.between(150.0, 600.0), random.between(150.0, 600.0)];
            let turn = random.between(0.0, 1.0);
            let corner = |k: usize| {
                let (sin, cos) = (std::f64::consts::TAU * (turn + k as f64 / count as f64)).sin_cos();
                [x + wide * cos, y + high * sin]
            };
            (0..count).map(corner).collect()
        };
        Self { name, corners }
    }

    fn edges(&self) -> impl Iterator<Item = ([f64; 2], [f64; 2])> {
        let next = self.corners.iter().cycle().skip(1);
        self.corners.iter().zip(next).map(|(from, to)| (*from, *to))
    }

    /// By the number of edges that a line to the right crosses.
    pub(crate) fn holds(&self, [x, y]: [f64; 2]) -> bool {
        let crossed = self
            .edges()
            .filter(|([ax, ay], [bx, by])| (*ay > y) != (*by > y) && x < ax + (y - ay) * (bx - ax) / (by - ay));
        crossed.count() % 2 == 1
    }

    /// Whether a place is so near the border that rounding may decide.
    pub(crate) fn grazes(&self, [x, y]: [f64; 2]) -> bool {
        const NEAR_M: f64 = 0.5;
        self.edges().any(|([ax, ay], [bx, by])| {
            let [dx, dy] = [bx - ax, by - ay];
            let along = (((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)).clamp(0.0, 1.0);
            (x - ax - along * dx).hypot(y - ay - along * dy) < NEAR_M
        })
    }
}
