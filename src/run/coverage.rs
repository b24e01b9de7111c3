//! What a lane covers: a plane of cells over its sensors' coverage, and where each of its looks could have seen.
//!
//! A segment sees less than its sensors do: where its partners may fuse nothing, a track is not missed, it is out of
//! sight. The plane is bounded by the catalogue's coverage of the sensors that the lane may use, never by data.
#![expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]

use crate::fusion::undetected::{Mask, Plane};
use crate::ingest::{Coverage, Sensor};
use crate::space::{Frame, Geodetic, Place};

/// Most cells of a plane; beyond, cells grow.
const CELLS_MAX: f64 = 1e6;

/// The plane over the coverage of some sensors, with cells of about `cell_m`.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by `CELLS_MAX`")]
pub(super) fn plane<'a>(sensors: impl Iterator<Item = &'a Sensor>, frame: Frame, cell_m: f64) -> Plane {
    let corners: Vec<[f64; 3]> = sensors.flat_map(|sensor| outline(sensor, frame)).collect();
    let (east, north, centre) = axes(&corners, frame);
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
    Plane {
        origin: Place::from_metres(origin),
        east: east.map(|x| x as f32),
        north: north.map(|x| x as f32),
        cell_m: cell_m as f32,
        cells: edges.map(|edge| (edge / cell_m) as u32 + 2),
    }
}

/// Where one sensor's look could have seen, `allowed` saying for a point on the ground (x, y or longitude, latitude)
/// whether a detection there may be fused.
#[must_use]
pub(super) fn mask(plane: &Plane, sensor: &Sensor, frame: Frame, mut allowed: impl FnMut([f64; 2]) -> bool) -> Mask {
    let origin = plane.origin.metres();
    let (east, north) = (plane.east.map(f64::from), plane.north.map(f64::from));
    let cell_m = f64::from(plane.cell_m);
    let height_m = middle_height_m(sensor);
    let mut share = Vec::with_capacity(plane.len());
    for j in 0..plane.cells[1] {
        for i in 0..plane.cells[0] {
            let (u, v) = ((f64::from(i) + 0.5) * cell_m, (f64::from(j) + 0.5) * cell_m);
            let point: [f64; 3] = core::array::from_fn(|k| origin[k] + u * east[k] + v * north[k]);
            let (ground, metres) = on_the_ground(point, frame, height_m);
            let seen = sensor.covers(frame, metres) && allowed(ground);
            share.push(if seen { 1.0 } else { 0.0 });
        }
    }
    Mask { plane: plane.clone(), share }
}

/// The point of the ground below or above a point: as zones see it, and in engine coordinates at mid-height.
fn on_the_ground(point: [f64; 3], frame: Frame, height_m: f64) -> ([f64; 2], [f64; 3]) {
    match frame {
        Frame::Local => ([point[0], point[1]], [point[0], point[1], height_m]),
        Frame::Geodetic => {
            let g = Geodetic::from_ecef(point);
            let ground = Geodetic { altitude_m: height_m, ..g };
            ([g.longitude_deg, g.latitude_deg], ground.ecef())
        }
    }
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
