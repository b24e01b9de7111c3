//! What a lane covers: a plane of cells over its sensors' coverage, and where each of its looks could have seen.
//!
//! A mask is made once for each coverage and each answer to "in which zones may something be fused?", however many
//! sensors, times and partners have it.
//!
//! A segment sees less than its sensors do: where its partners may fuse nothing, a track is not missed, it is out of
//! sight. The plane is bounded by the catalogue's coverage of the sensors that the lane may use, never by data.
//!
//! On Earth the plane touches the ground in the middle of the coverage, and what lies on the ground is seen in it from
//! straight above: at an angle θ from the middle a cell holds 1 / cos θ of its area. Coverage wider than that allows is an
//! error.
#![expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]

use super::error::ScanError;
use super::mask::{Mask, Plane};
use crate::policy::ZoneMap;
use crate::sensor::{Coverage, Sensor};
use crate::space::{EARTH_A_M, EARTH_F, Frame, Geodetic, Place};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

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
) -> Result<Plane, ScanError> {
    let corners: Vec<[f64; 3]> = sensors.flat_map(|sensor| outline(sensor, frame)).collect();
    let (east, north, centre) = axes(&corners, frame);
    if frame == Frame::Geodetic {
        let reach_deg = corners.iter().map(|corner| angle_deg(corner, &centre)).fold(0.0, f64::max);
        if reach_deg > REACH_MAX_DEG {
            return Err(ScanError::TooWide { reach_deg });
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
    if cosine.is_nan() { 180.0 } else { libm::acos(cosine.clamp(-1.0, 1.0)).to_degrees() }
}

/// The cells of a plane as places on the ground, with the zones that each lies in, and the masks over them: lanes over one
/// plane share what is equal.
#[derive(Debug)]
pub(super) struct Ground {
    plane: Plane,
    frame: Frame,
    /// Of each cell its place as zones see it (x, y or longitude, latitude); `None` beyond the limb.
    places: Vec<Option<[f64; 2]>>,
    /// Of each cell the number of its set of zones.
    zones_of: Vec<usize>,
    zones: Vec<BTreeSet<String>>,
    /// What sensors cover: equal ones stand for each other.
    covered: Vec<Covered>,
    by_cells: BTreeMap<Arc<[bool]>, usize>,
    by_shape: BTreeMap<[u64; 13], usize>,
    /// By coverage, and how much there may be fused in each set of zones.
    masks: BTreeMap<(usize, Vec<Right>), Arc<Mask>>,
}

/// How much of what is detected in some set of zones may be fused.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Right {
    /// Nothing.
    #[default]
    Nothing,
    /// Something, but not everything that could be detected.
    Part,
    /// Everything that could be.
    All,
}

/// What a sensor covers.
#[derive(Debug)]
struct Covered {
    cells: Arc<[bool]>,
    /// The sets of zones of these cells.
    zones: BTreeSet<usize>,
}

impl Ground {
    /// The ground below a plane; without a map no zone is anywhere.
    pub(super) fn new(plane: Plane, frame: Frame, map: Option<&ZoneMap>) -> Self {
        let origin = plane.origin.metres();
        let (east, north) = (plane.east.map(f64::from), plane.north.map(f64::from));
        let (cell_m, up) = (f64::from(plane.cell_m), cross(&east, &north));
        let cells = (0..plane.cells[1]).flat_map(|j| (0..plane.cells[0]).map(move |i| [i, j]));
        let place = |cell: [u32; 2]| {
            let [u, v] = cell.map(|k| (f64::from(k) + 0.5) * cell_m);
            on_the_ground(core::array::from_fn(|k| origin[k] + u * east[k] + v * north[k]), &up, frame)
        };
        let places: Vec<Option<[f64; 2]>> = cells.map(place).collect();
        let mut numbers = BTreeMap::from([(BTreeSet::new(), 0)]);
        let mut zone_of = |place: &Option<[f64; 2]>| {
            let zones = place.and_then(|place| Some(map?.zones_at(place)))?;
            let next = numbers.len();
            let known = numbers.get(zones.as_ref()).copied();
            Some(known.unwrap_or_else(|| *numbers.entry(zones.into_owned()).or_insert(next)))
        };
        let zones_of = places.iter().map(|place| zone_of(place).unwrap_or_default()).collect();
        let mut zones = vec![BTreeSet::new(); numbers.len()];
        for (set, number) in numbers {
            zones[number] = set;
        }
        let (covered, by_cells, by_shape) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
        Self { plane, frame, places, zones_of, zones, covered, by_cells, by_shape, masks: BTreeMap::new() }
    }

    /// The plane above it.
    #[must_use]
    pub(super) fn plane(&self) -> &Plane {
        &self.plane
    }

    /// The number of what a sensor covers, all of it or a sector: a cell is covered if its middle is.
    pub(super) fn cover(&mut self, sensor: &Sensor, sector_deg: Option<[f64; 2]>) -> usize {
        let shape = shape(sensor, sector_deg);
        if let Some(&known) = self.by_shape.get(&shape) {
            return known;
        }
        let height_m = middle_height_m(sensor);
        let seen = |place: &Option<[f64; 2]>| {
            place.is_some_and(|place| {
                let metres = in_metres(place, height_m, self.frame);
                let swept = sector_deg.is_none_or(|sector_deg| sensor.has_in_sector(sector_deg, metres));
                swept && sensor.covers(self.frame, metres)
            })
        };
        let cells: Vec<bool> = self.places.par_iter().with_min_len(1024).map(seen).collect();
        let (cells, next): (Arc<[bool]>, usize) = (cells.into(), self.covered.len());
        let number = *self.by_cells.entry(Arc::clone(&cells)).or_insert(next);
        if number == next {
            let zones = cells.iter().zip(&self.zones_of).filter(|(seen, _)| **seen).map(|(_, zones)| *zones).collect();
            self.covered.push(Covered { cells, zones });
        }
        self.by_shape.insert(shape, number);
        number
    }

    /// The sets of zones that a coverage meets, each with its number; and how many numbers there are.
    pub(super) fn zones(&self, coverage: usize) -> (impl Iterator<Item = (usize, &BTreeSet<String>)>, usize) {
        let met = self.covered.get(coverage).into_iter().flat_map(|covered| &covered.zones);
        (met.filter_map(|&number| Some((number, self.zones.get(number)?))), self.zones.len())
    }

    /// Where a look could have seen: what is covered, in the sets of zones in which something may be fused; `part` of what it
    /// detects, where not everything may be. All masks of a ground are made with the same `part`.
    ///
    /// # Errors
    /// A plane that is none, a `part` that is no share.
    pub(super) fn mask(&mut self, coverage: usize, allowed: &[Right], part: f32) -> Result<Arc<Mask>, ScanError> {
        let key = (coverage, allowed.to_vec());
        if let Some(known) = self.masks.get(&key) {
            return Ok(Arc::clone(known));
        }
        let covered = self.covered.get(coverage).into_iter().flat_map(|covered| covered.cells.iter());
        let share = |(&seen, &zones): (&bool, &usize)| match allowed.get(zones) {
            Some(Right::All) if seen => 1.0,
            Some(Right::Part) if seen => part,
            _ => 0.0,
        };
        let share = covered.zip(&self.zones_of).map(share).collect();
        let mask = Arc::new(Mask::new(self.plane.clone(), share)?);
        self.masks.insert(key, Arc::clone(&mask));
        Ok(mask)
    }
}

/// All that decides what a sensor covers.
fn shape(sensor: &Sensor, sector_deg: Option<[f64; 2]>) -> [u64; 13] {
    let (kind, [[a, b], [c, d]], height_m) = match sensor.coverage {
        Coverage::Box { min, max, height_m } => (0.0, [min, max], height_m),
        Coverage::Ring { range_m, height_m } => (1.0, [range_m, [0.0; 2]], height_m),
    };
    let bounded = if height_m.is_some() { 1.0 } else { 0.0 };
    let [low, high] = height_m.unwrap_or_default();
    let [x, y, z] = sensor.site_m();
    // No sector is without width.
    let [from_deg, to_deg] = sector_deg.unwrap_or_default();
    [kind, a, b, c, d, bounded, low, high, x, y, z, from_deg, to_deg].map(f64::to_bits)
}

/// The point of the ground that is seen at a point of the plane from straight above, as zones see it; `None` beyond the
/// limb.
fn on_the_ground(point: [f64; 3], up: &[f64; 3], frame: Frame) -> Option<[f64; 2]> {
    match frame {
        Frame::Local => Some([point[0], point[1]]),
        Frame::Geodetic => {
            let g = Geodetic::from_ecef(dropped(&point, up)?);
            Some([g.longitude_deg, g.latitude_deg])
        }
    }
}

/// A point above the ground in engine coordinates.
fn in_metres([x, y]: [f64; 2], height_m: f64, frame: Frame) -> [f64; 3] {
    match frame {
        Frame::Local => [x, y, height_m],
        Frame::Geodetic => Geodetic { latitude_deg: y, longitude_deg: x, altitude_m: height_m }.ecef(),
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
    use crate::sensor::{Kind, Looks, Noise};

    fn sensor([west, east]: [f64; 2], [south, north]: [f64; 2]) -> Sensor {
        Sensor {
            name: "s".to_owned(),
            owner: "o".to_owned(),
            kind: Kind::Position,
            noise: Noise::default(),
            detection_probability: 0.9,
            clutter_per_scan: 1.0,
            looks: Looks::Periodic { period_us: 1_000_000 },
            coverage: Coverage::Box { min: [west, south], max: [east, north], height_m: None },
            view: None,
        }
    }

    #[test]
    fn a_cell_far_from_the_middle_stands_for_the_ground_that_detections_there_fall_into() {
        let sensor = sensor([-40.0, 40.0], [20.0, 70.0]);
        let plane = plane([&sensor].into_iter(), Frame::Geodetic, 20_000.0).expect("narrow enough");
        let mut ground = Ground::new(plane, Frame::Geodetic, None);
        let coverage = ground.cover(&sensor, None);
        let mask = ground.mask(coverage, &[Right::All], 1.0).unwrap();
        for latitude_deg in [25.0, 45.0, 65.0] {
            for (longitude_deg, seen) in [(-39.5, true), (39.5, true), (-40.5, false), (40.5, false)] {
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

    #[test]
    fn a_mask_is_made_once_however_many_sensors_and_times_have_it() {
        let sensors: Vec<Sensor> = (0..60).map(|_| sensor([0.0, 1e4], [0.0, 1e4])).collect();
        let plane = plane(sensors.iter(), Frame::Local, 100.0).expect("a plane");
        let mut ground = Ground::new(plane, Frame::Local, None);
        let mut seen = BTreeMap::new();
        for period in 0..40 {
            for sensor in &sensors {
                let coverage = ground.cover(sensor, None);
                let right = if period % 2 == 0 { Right::All } else { Right::Nothing };
                let mask = ground.mask(coverage, &[right], 1.0).unwrap();
                seen.insert(Arc::as_ptr(&mask), mask);
            }
        }
        assert_eq!((ground.covered.len(), ground.masks.len(), seen.len()), (1, 2, 2));
        let shares: BTreeSet<String> = seen.values().map(|mask| mask.share().iter().sum::<f32>().to_string()).collect();
        assert_eq!(shares, BTreeSet::from(["0", "10201"].map(str::to_owned)), "all of it, or nothing");
        let other = ground.cover(&sensor([0.0, 5e3], [0.0, 1e4]), None);
        assert!(other == 1 && ground.mask(other, &[Right::All], 1.0).unwrap().share().iter().sum::<f32>() < 6_000.0);
    }
}
