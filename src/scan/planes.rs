//! The planes of cells over what the sensors of a lane cover, and the ground below them.
//!
//! They are bounded by the catalogue's coverage of the sensors that the lane may use, never by data.
//!
//! On Earth one flat plane will do as long as what is up there, seen from straight above, is in the cell of the ground below
//! it or in the next one: it touches the ground in the middle of the coverage. Wider coverage lies on the sides of a cube
//! about the Earth, as far as it reaches on each: measured by the shapes of the sensors, on the ground itself.
#![expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]

use super::cells::{Plane, Planes};
use super::coverage::Ground;
use super::stations::outlines;
use crate::sensor::{HEIGHT_M, Sensor};
use crate::space::{EARTH_A_M, EARTH_F, Frame, Geodetic, Place};
use std::f64::consts::FRAC_1_SQRT_2;

/// Most cells of a lane; beyond, cells grow.
const CELLS_MAX: f64 = 1e6;
/// How far from its middle the coverage under a flat plane may reach, in degrees of the Earth's centre: a cell there holds four
/// times its area.
const REACH_MAX_DEG: f64 = 75.0;
/// How far aside of the ground below it what is up there may be seen on a flat plane, if cells are no larger, metres.
const ASIDE_M: f64 = 10_000.0;
/// Where the sides of the cube touch the globe, metres from its centre.
const SIDE_M: f32 = 6_371_000.0;
/// Cells along the edge of a side when it is asked how far coverage reaches on it.
const COARSE: u32 = 64;

/// The planes over the coverage of some sensors, each over a span of time, with cells of about `cell_m`.
pub(super) fn planes(sensors: &[(&Sensor, [i64; 2])], frame: Frame, cell_m: f64) -> Planes {
    let corners: Vec<[f64; 3]> =
        sensors.iter().flat_map(|(sensor, span_us)| outline(sensor, frame, *span_us)).collect();
    let (east, north, centre) = axes(&corners, frame);
    let mut aside_m = 0.0;
    if frame == Frame::Geodetic {
        let reach_deg = corners.iter().map(|corner| angle_deg(corner, &centre)).fold(0.0, f64::max);
        let height_m = sensors.iter().filter_map(|(sensor, _)| sensor.coverage.height_m()).map(|[_, high]| high);
        aside_m = height_m.fold(HEIGHT_M, f64::max) * reach_deg.min(REACH_MAX_DEG).to_radians().tan();
        if reach_deg > REACH_MAX_DEG || aside_m > cell_m.max(ASIDE_M) {
            return on_the_cube(sensors, cell_m);
        }
    }
    flat(&corners, [east, north, centre], (cell_m, aside_m)).into()
}

/// One flat plane, on which what is up there is seen so far aside at most.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by `CELLS_MAX`")]
fn flat(corners: &[[f64; 3]], [east, north, centre]: [[f64; 3]; 3], (cell_m, aside_m): (f64, f64)) -> Plane {
    let along = |axis: &[f64; 3], m: &[f64; 3]| (0..3).map(|k| axis[k] * (m[k] - centre[k])).sum::<f64>();
    let mut low = [f64::INFINITY; 2];
    let mut high = [f64::NEG_INFINITY; 2];
    for corner in corners {
        for (k, axis) in [east, north].iter().enumerate() {
            low[k] = low[k].min(along(axis, corner));
            high[k] = high[k].max(along(axis, corner));
        }
    }
    if corners.is_empty() {
        (low, high) = ([0.0; 2], [0.0; 2]);
    }
    // A margin of half a cell keeps detections at the edge inside; a wider one those that are seen aside.
    let edges = [high[0] - low[0], high[1] - low[1]];
    let cell_m = cell_m.max(((edges[0] + cell_m) * (edges[1] + cell_m) / CELLS_MAX).sqrt());
    let more_m = (aside_m - cell_m / 2.0).max(0.0);
    let (low, edges) = (low.map(|low| low - more_m), edges.map(|edge| edge + 2.0 * more_m));
    let origin =
        core::array::from_fn(|k| centre[k] + (low[0] - cell_m / 2.0) * east[k] + (low[1] - cell_m / 2.0) * north[k]);
    Plane {
        origin: Place::from_metres(origin),
        east: east.map(|x| x as f32),
        north: north.map(|x| x as f32),
        centre: [0.0; 3],
        cell_m: cell_m as f32,
        cells: edges.map(|edge| (edge / cell_m) as u32 + 2),
    }
}

/// The sides of a cube about the Earth, as far as coverage reaches on each.
#[expect(clippy::cast_possible_truncation, reason = "a length")]
fn on_the_cube(sensors: &[(&Sensor, [i64; 2])], cell_m: f64) -> Planes {
    let (half, coarse_m) = (f64::from(SIDE_M), 2.0 * f64::from(SIDE_M) / f64::from(COARSE));
    let whole: Planes = SIDES.iter().map(|side| on_a_side(side, [-half; 2], [COARSE; 2], coarse_m as f32)).collect();
    let coarse = Ground::new(whole.clone(), Frame::Geodetic, None);
    let mut met: Vec<bool> = vec![false; whole.len()];
    for (sensor, span_us) in sensors {
        let (times, more_m) = outlines(sensor, *span_us);
        for time_us in times {
            let meets = coarse.meets(sensor, (time_us, more_m));
            met.iter_mut().zip(meets).for_each(|(met, is_met)| *met |= is_met);
        }
    }
    // Of each side the first and last of these cells, and one past it, along either axis.
    let bounds: Vec<(usize, [[f64; 2]; 2])> = met
        .chunks((COARSE * COARSE) as usize)
        .enumerate()
        .filter_map(|(side, met)| {
            let cells = met.iter().enumerate().filter(|(_, met)| **met).map(|(cell, _)| cell);
            let bounds = cells.fold(None, |bounds: Option<[[usize; 2]; 2]>, cell| {
                let at = [cell % COARSE as usize, cell / COARSE as usize];
                let [low, high] = bounds.unwrap_or([at, at]);
                Some([[0, 1].map(|k| low[k].min(at[k])), [0, 1].map(|k| high[k].max(at[k]))])
            });
            let metres = |number: usize| number as f64 * coarse_m - half;
            bounds.map(|[low, high]| (side, [low.map(metres), high.map(|last| metres(last + 1))]))
        })
        .collect();
    let area_m2: f64 = bounds.iter().map(|(_, [low, high])| (high[0] - low[0]) * (high[1] - low[1])).sum();
    let cell_m = cell_m.max((area_m2 / CELLS_MAX).sqrt());
    let planes = bounds.iter().filter_map(|(side, [low, high])| {
        let cells = [0, 1].map(|k| count((high[k] - low[k]) / cell_m));
        Some(on_a_side(SIDES.get(*side)?, low.map(|m| m - cell_m / 2.0), cells, cell_m as f32))
    });
    planes.collect()
}

/// Cells that hold so many edges, with half of one on either side.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by `CELLS_MAX`")]
fn count(edges: f64) -> u32 {
    edges.ceil() as u32 + 1
}

/// East, north and up of the sides of the cube.
const SIDES: [[[f32; 3]; 3]; 6] = [
    [[0.0, 1.0, 0.0], [0.0, 0.0, 1.0], [1.0, 0.0, 0.0]],
    [[-1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]],
    [[0.0, -1.0, 0.0], [0.0, 0.0, 1.0], [-1.0, 0.0, 0.0]],
    [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, -1.0, 0.0]],
    [[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 1.0]],
    [[0.0, 1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, -1.0]],
];

fn on_a_side(&[east, north, up]: &[[f32; 3]; 3], [u, v]: [f64; 2], cells: [u32; 2], cell_m: f32) -> Plane {
    let along = |k: usize| u * f64::from(east[k]) + v * f64::from(north[k]) + f64::from(SIDE_M) * f64::from(up[k]);
    let origin = Place::from_metres(core::array::from_fn(along));
    Plane { origin, east, north, centre: up.map(|x| x * SIDE_M), cell_m, cells }
}

/// The angle between two directions from the Earth's centre; 180 where one is none.
fn angle_deg(a: &[f64; 3], b: &[f64; 3]) -> f64 {
    let dot = |a: &[f64; 3], b: &[f64; 3]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let cosine = dot(a, b) / (dot(a, a) * dot(b, b)).sqrt();
    if cosine.is_nan() { 180.0 } else { libm::acos(cosine.clamp(-1.0, 1.0)).to_degrees() }
}

/// The ground below planes.
#[derive(Debug)]
pub(super) struct Surface {
    frame: Frame,
    planes: Planes,
}

impl Surface {
    pub(super) fn new(planes: Planes, frame: Frame) -> Self {
        Self { frame, planes }
    }

    pub(super) fn planes(&self) -> &Planes {
        &self.planes
    }

    pub(super) fn frame(&self) -> Frame {
        self.frame
    }

    /// How far aside of the ground below it a point may be seen in a cell, of its height: on Earth the tangent of the angle
    /// between the ways in which cell and ground see up.
    pub(super) fn aside(&self, cell: usize, middle: &Place) -> f64 {
        /// Between the vertical and the way from the Earth's centre, at most.
        const VERTICALS: f64 = 0.0035;
        let Some((plane, _)) = self.planes.of(cell).filter(|_| self.frame == Frame::Geodetic) else { return 0.0 };
        if !is_flat(plane) {
            return VERTICALS;
        }
        let [east, north] = [plane.east, plane.north].map(|axis| axis.map(f64::from));
        let angle = angle_deg(&middle.metres(), &cross(&east, &north)).to_radians();
        libm::tan(angle.min(1.5)) + VERTICALS
    }

    /// Half the diagonal of a cell.
    pub(super) fn half_m(&self, cell: usize) -> f64 {
        self.planes.of(cell).map_or(0.0, |(plane, _)| f64::from(plane.cell_m) * FRAC_1_SQRT_2)
    }

    /// The place below a point of a cell, as zones see it (x, y or longitude, latitude): below its middle at \[0.5, 0.5\];
    /// `None` beyond the limb.
    pub(super) fn below(&self, cell: usize, [x, y]: [f64; 2]) -> Option<[f64; 2]> {
        let (plane, cell) = self.planes.of(cell)?;
        let (row, cell_m) = (plane.cells[0].max(1) as usize, f64::from(plane.cell_m));
        let [east, north] = [plane.east, plane.north].map(|axis| axis.map(f64::from));
        let ([u, v], origin) = ([(cell % row) as f64 + x, (cell / row) as f64 + y], plane.origin.metres());
        let point = core::array::from_fn(|k| origin[k] + u * cell_m * east[k] + v * cell_m * north[k]);
        match self.frame {
            Frame::Local => Some([point[0], point[1]]),
            Frame::Geodetic => {
                let ground = if is_flat(plane) { dropped(&point, &cross(&east, &north))? } else { under(&point) };
                let g = Geodetic::from_ecef(ground);
                Some([g.longitude_deg, g.latitude_deg])
            }
        }
    }

    /// A point so high above the ground, in engine coordinates.
    pub(super) fn above(&self, [x, y]: [f64; 2], height_m: f64) -> Place {
        Place::from_metres(match self.frame {
            Frame::Local => [x, y, height_m],
            Frame::Geodetic => Geodetic { latitude_deg: y, longitude_deg: x, altitude_m: height_m }.ecef(),
        })
    }
}

/// Whether a plane is seen from straight above.
fn is_flat(plane: &Plane) -> bool {
    plane.centre.iter().all(|m| m.abs() <= 0.0)
}

/// Where the way from the Earth's centre to a point comes out of the ellipsoid.
fn under(point: &[f64; 3]) -> [f64; 3] {
    let [x, y, z] = [point[0], point[1], point[2] / (1.0 - EARTH_F)];
    let share = EARTH_A_M / (x * x + y * y + z * z).sqrt();
    point.map(|m| m * share)
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

/// Points around the edge of a sensor's coverage, in engine coordinates, and its middle, wherever it is over a span of time.
fn outline(sensor: &Sensor, frame: Frame, span_us: [i64; 2]) -> Vec<[f64; 3]> {
    let (times, more_m) = outlines(sensor, span_us);
    let bounds = times.into_iter().filter_map(|time_us| sensor.horizontal_bounds((frame, time_us), more_m));
    bounds.flat_map(|bounds| around(bounds, frame)).collect()
}

/// Points of a box.
fn around((low, high): ([f64; 2], [f64; 2]), frame: Frame) -> Vec<[f64; 3]> {
    const STEPS: u32 = 16;
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
