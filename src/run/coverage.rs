//! What a lane covers: a plane of cells over its sensors' coverage, and where each of its looks could have seen.
//!
//! A segment sees less than its sensors do: where its partners may fuse nothing, a track is not missed, it is out of
//! sight. The plane is bounded by the catalogue's coverage of the sensors that the lane may use, never by data.
//!
//! On Earth the plane touches the ground in the middle of the coverage, and what lies on the ground is seen in it from
//! straight above: at an angle θ from the middle a cell holds 1 / cos θ of its area. Coverage wider than that allows is an
//! error.
#![expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]

use super::RunError;
use crate::fusion::undetected::{Mask, Plane};
use crate::ingest::{Coverage, Sensor};
use crate::space::{EARTH_A_M, EARTH_F, Frame, Geodetic, Place};

/// Most cells of a plane; beyond, cells grow.
const CELLS_MAX: f64 = 1e6;
/// How far from its middle coverage may reach, in degrees of the Earth's centre: a cell there holds four times its area.
pub(super) const REACH_MAX_DEG: f64 = 75.0;

/// The plane over the coverage of some sensors, with cells of about `cell_m`.
///
/// # Errors
/// Coverage that is too wide for a plane.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by `CELLS_MAX`")]
pub(super) fn plane<'a>(
    sensors: impl Iterator<Item = &'a Sensor>,
    frame: Frame,
    cell_m: f64,
) -> Result<Plane, RunError> {
    let corners: Vec<[f64; 3]> = sensors.flat_map(|sensor| outline(sensor, frame)).collect();
    let (east, north, centre) = axes(&corners, frame);
    if frame == Frame::Geodetic {
        let reach_deg = corners.iter().map(|corner| angle_deg(corner, &centre)).fold(0.0, f64::max);
        if reach_deg > REACH_MAX_DEG {
            return Err(RunError::TooWide { reach_deg });
        }
    }
    let along = |axis: &[f64; 3], m: &[f64; 3]| (0..3).map(|k| axis[k] * (m[k] - centre[k])).sum::<f64>();
    let mut low = [f64::INFINITY; 2];
    let mut high = [f64::NEG_INFINITY; 2];
    for corner in &corners {
        for (k, axis) in [east, north].iter().enumerate() {
            low[k] = low[k].min(along(axis, corner));
            high[k] = high[k].max(along(axis, corner));
        }
    }
    if corners.is_empty() {
        (low, high) = ([0.0; 2], [0.0; 2]);
    }
    // A margin of half a cell keeps detections at the edge inside.
    let edges = [high[0] - low[0], high[1] - low[1]];
    let cell_m = cell_m.max(((edges[0] + cell_m) * (edges[1] + cell_m) / CELLS_MAX).sqrt());
    let origin =
        core::array::from_fn(|k| centre[k] + (low[0] - cell_m / 2.0) * east[k] + (low[1] - cell_m / 2.0) * north[k]);
    Ok(Plane {
        origin: Place::from_metres(origin),
        east: east.map(|x| x as f32),
        north: north.map(|x| x as f32),
        cell_m: cell_m as f32,
        cells: edges.map(|edge| (edge / cell_m) as u32 + 2),
    })
}

/// The angle between two directions from the Earth's centre; 180 where one is none.
fn angle_deg(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    let dot = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
    if cosine.is_nan() { 180.0 } else { cosine.clamp(-1.0, 1.0).acos().to_degrees() }
}

/// Where one sensor's look could have seen, `allowed` saying for a point on the ground (x, y or longitude, latitude)
/// whether a detection there may be fused.
///
/// # Errors
/// A plane that is none.
pub(super) fn mask(
    plane: &Plane,
    sensor: &Sensor,
    frame: Frame,
    mut allowed: impl FnMut([f64; 2]) -> bool,
) -> Result<Mask, RunError> {
    let origin = plane.origin.metres();
    let (east, north) = (plane.east.map(f64::from), plane.north.map(f64::from));
    let cell_m = f64::from(plane.cell_m);
    let up = cross(&east, &north);
    let height_m = middle_height_m(sensor);
    let mut share = Vec::with_capacity(plane.len());
    for j in 0..plane.cells[1] {
        for i in 0..plane.cells[0] {
            let (u, v) = ((f64::from(i) + 0.5) * cell_m, (f64::from(j) + 0.5) * cell_m);
            let point: [f64; 3] = core::array::from_fn(|k| origin[k] + u * east[k] + v * north[k]);
            let seen = on_the_ground(point, &up, frame, height_m)
                .is_some_and(|(ground, metres)| sensor.covers(frame, metres) && allowed(ground));
            share.push(if seen { 1.0 } else { 0.0 });
        }
    }
    Ok(Mask::new(plane.clone(), share)?)
}

/// The point of the ground that is seen at a point of the plane from straight above: as zones see it, and in engine
/// coordinates at mid-height; `None` beyond the limb.
fn on_the_ground(point: [f64; 3], up: &[f64; 3], frame: Frame, height_m: f64) -> Option<([f64; 2], [f64; 3])> {
    match frame {
        Frame::Local => Some(([point[0], point[1]], [point[0], point[1], height_m])),
        Frame::Geodetic => {
            let g = Geodetic::from_ecef(dropped(&point, up)?);
            let ground = Geodetic { altitude_m: height_m, ..g };
            Some(([g.longitude_deg, g.latitude_deg], ground.ecef()))
        }
    }
}

/// Where the line through a point along `up` comes out of the ellipsoid.
fn dropped(point: &[f64; 3], up: &[f64; 3]) -> Option<[f64; 3]> {
    // On a sphere: all along z as much longer as the poles are nearer.
    let round = |v: &[f64; 3]| [v[0], v[1], v[2] / (1.0 - EARTH_F)];
    let (p, n) = (round(point), round(up));
    let dot = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let (a, b, c) = (dot(&n, &n), dot(&p, &n), dot(&p, &p) - EARTH_A_M * EARTH_A_M);
    let discriminant = b * b - a * c;
    (discriminant >= 0.0).then(|| {
        let t = (discriminant.sqrt() - b) / a;
        core::array::from_fn(|k| point[k] + t * up[k])
    })
}

fn cross(a: &[f64; 3], b: &[f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

fn middle_height_m(sensor: &Sensor) -> f64 {
    let (Coverage::Box { height_m, .. } | Coverage::Ring { height_m, .. }) = sensor.coverage;
    height_m.map_or(0.0, |[low, high]| 0.5 * (low + high))
}

/// Points around the edge of a sensor's coverage, in engine coordinates, and its middle.
fn outline(sensor: &Sensor, frame: Frame) -> Vec<[f64; 3]> {
    const STEPS: u32 = 16;
    let (low, high) = sensor.horizontal_bounds(frame);
    let wide = if frame == Frame::Geodetic && high[0] < low[0] { high[0] + 360.0 - low[0] } else { high[0] - low[0] };
    let deep = high[1] - low[1];
    let mut points = Vec::new();
    for j in 0..=STEPS {
        for i in 0..=STEPS {
            let x = low[0] + wide * f64::from(i) / f64::from(STEPS);
            let y = low[1] + deep * f64::from(j) / f64::from(STEPS);
            points.push(match frame {
                Frame::Local => [x, y, 0.0],
                Frame::Geodetic => Geodetic { latitude_deg: y, longitude_deg: x, altitude_m: 0.0 }.ecef(),
            });
        }
    }
    points
}

/// Axes of the plane and a point on it: x, y (local), or east, north at the middle of the points (geodetic).
fn axes(points: &[[f64; 3]], frame: Frame) -> ([f64; 3], [f64; 3], [f64; 3]) {
    if frame == Frame::Local || points.is_empty() {
        return ([1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0; 3]);
    }
    let mean = core::array::from_fn(|k| points.iter().map(|p| p[k]).sum::<f64>() / points.len() as f64);
    let middle = Geodetic { altitude_m: 0.0, ..Geodetic::from_ecef(mean) };
    let [east, north, _] = middle.enu_axes();
    (east, north, middle.ecef())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ingest::{Kind, Noise};

    fn sensor([west, east]: [f64; 2], [south, north]: [f64; 2]) -> Sensor {
        Sensor {
            name: "s".to_owned(),
            owner: "o".to_owned(),
            kind: Kind::Position,
            noise: Noise::default(),
            detection_probability: 0.9,
            clutter_per_scan: 1.0,
            scan_period_us: 1_000_000,
            coverage: Coverage::Box { min: [west, south], max: [east, north], height_m: None },
        }
    }

    #[test]
    fn a_cell_far_from_the_middle_stands_for_the_ground_that_detections_there_fall_into() {
        let sensor = sensor([-40.0, 40.0], [20.0, 70.0]);
        let plane = plane([&sensor].into_iter(), Frame::Geodetic, 20_000.0).expect("narrow enough");
        let line = 30.0;
        let mask = mask(&plane, &sensor, Frame::Geodetic, |[longitude_deg, _]| longitude_deg < line).unwrap();
        for latitude_deg in [25.0, 45.0, 65.0] {
            for (longitude_deg, seen) in [(-35.0, true), (line - 0.5, true), (line + 0.5, false)] {
                let place = Place::from_metres(Geodetic { latitude_deg, longitude_deg, altitude_m: 0.0 }.ecef());
                assert!((mask.at(&place.tile, &place.offset_m) > 0.5) == seen, "{latitude_deg} {longitude_deg}");
            }
        }
    }

    #[test]
    fn coverage_that_no_plane_can_hold_is_an_error_and_not_an_empty_picture() {
        for (longitudes, latitudes) in [([-180.0, 180.0], [-90.0, 90.0]), ([0.0, 10.0], [-80.0, 80.0])] {
            let sensor = sensor(longitudes, latitudes);
            let error = plane([&sensor].into_iter(), Frame::Geodetic, 1e5).expect_err("too wide");
            assert!(error.to_string().contains("wanted at most 75"), "{error}");
        }
    }
}
