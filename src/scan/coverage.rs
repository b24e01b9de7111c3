//! What a lane covers: where each of its looks could have seen, at a point and in the cells of its field.
//!
//! What a sensor covers is a shape, the same for whoever may have it. What the rules permit is a share for each set of zones:
//! where the partners of a lane may fuse nothing, a track is not missed, it is out of sight. A mask holds both, and is made
//! once for each coverage and each answer to "in which zones may something be fused?", however many sensors, times and
//! partners have it.
//!
//! Nothing hangs on whether the middle of a cell is covered. A cell whose ground is farther from every limit of the shape than
//! it is wide is whole inside, or outside; of one on the border the share that is covered is counted over 144 points of its
//! ground, a Fibonacci lattice: of a band along an edge to 1/144 of the cell, of any other within one in twenty.

use super::cells::Planes;
use super::error::ScanError;
use super::mask::{Mask, Part};
use super::planes::Surface;
use super::shape::Shape;
use crate::policy::ZoneMap;
use crate::sensor::{Coverage, HEIGHT_M, Sensor};
use crate::space::{Frame, Place};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Points of a cell on a border; a number of Fibonacci's.
const POINTS: u32 = 144;
/// The one before the one before it: row by row, so far further along.
const STEP: u32 = 89;
/// Points that are covered, a bit each.
type Points = [u64; 3];
/// By how much 32 bits may err in a margin, metres.
const ERROR_M: f64 = 8.0;
/// The ground below a cell on Earth is at most so many times as wide as the cell.
const TILTED: f64 = 4.5;

/// Cells as places on the ground, with the zones that each lies in, and the masks over them: lanes over the same cells share
/// what is equal.
#[derive(Debug)]
pub(super) struct Ground {
    surface: Surface,
    /// Of each cell its place as zones see it (x, y or longitude, latitude); `None` beyond the limb.
    places: Vec<Option<[f64; 2]>>,
    /// Of each cell the number of its set of zones.
    zones_of: Vec<usize>,
    zones: Vec<BTreeSet<String>>,
    /// What sensors cover: equal ones stand for each other.
    covered: Vec<Covered>,
    by_shape: BTreeMap<[u64; 13], usize>,
    /// By coverage, and how much there may be fused in each set of zones, its share in each cell.
    permissions: BTreeMap<(usize, Vec<Right>), Arc<[f32]>>,
    /// By coverage, and how much there may be fused in each set of zones.
    masks: BTreeMap<(usize, Vec<Right>), Arc<Mask>>,
    /// The same of views.
    views: BTreeMap<Vec<(usize, Vec<Right>)>, Arc<Mask>>,
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
    shape: Shape,
    cells: Vec<Cell>,
    /// Of each cell on the border, in their order, which of its points are covered.
    border: Vec<(usize, Points)>,
    /// The sets of zones of these cells.
    zones: BTreeSet<usize>,
}

/// Whether a cell is covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Outside,
    /// No ground of it is, but what is up there, above covered ground, may be seen in it.
    Near,
    Border,
    Inside,
}

impl Ground {
    /// The ground below planes; without a map no zone is anywhere.
    pub(super) fn new(planes: Planes, frame: Frame, map: Option<&ZoneMap>) -> Self {
        let surface = Surface::new(planes, frame);
        let places: Vec<Option<[f64; 2]>> =
            (0..surface.planes().len()).map(|cell| surface.below(cell, [0.5; 2])).collect();
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
            if let Some(place) = zones.get_mut(number) {
                *place = set;
            }
        }
        Self {
            surface,
            places,
            zones_of,
            zones,
            covered: Vec::new(),
            by_shape: BTreeMap::new(),
            permissions: BTreeMap::new(),
            masks: BTreeMap::new(),
            views: BTreeMap::new(),
        }
    }

    /// The planes above it.
    #[must_use]
    pub(super) fn planes(&self) -> &Planes {
        self.surface.planes()
    }

    /// Which cells the coverage of a sensor may meet, wherever its heights lie.
    pub(super) fn meets(&self, sensor: &Sensor) -> Vec<bool> {
        let shape = Shape::of(sensor, self.surface.frame(), None);
        // What is higher is seen less far along the ground.
        let height_m = sensor.coverage.height_m().map_or(0.0, |[low, _]| low);
        let cells = (0..self.places.len()).into_par_iter().with_min_len(256);
        cells.map(|cell| self.classify(cell, &shape, [height_m, top_m(sensor)]) != Cell::Outside).collect()
    }

    /// The number of what a sensor covers, all of it or a sector.
    pub(super) fn cover(&mut self, sensor: &Sensor, sector_deg: Option<[f64; 2]>) -> usize {
        let key = key(sensor, sector_deg);
        if let Some(&known) = self.by_shape.get(&key) {
            return known;
        }
        let (shape, height_m) = (Shape::of(sensor, self.surface.frame(), sector_deg), middle_height_m(sensor));
        let of_cell = |cell: usize| self.classify(cell, &shape, [height_m, top_m(sensor)]);
        let cells: Vec<Cell> = (0..self.places.len()).into_par_iter().with_min_len(1024).map(of_cell).collect();
        let border: Vec<usize> =
            cells.iter().enumerate().filter(|(_, of)| **of == Cell::Border).map(|(cell, _)| cell).collect();
        let border = border.into_par_iter().map(|cell| (cell, self.points(cell, &shape, height_m))).collect();
        let met = cells.iter().zip(&self.zones_of).filter(|(cell, _)| **cell != Cell::Outside);
        let zones = met.map(|(_, zones)| *zones).collect();
        let number = self.covered.len();
        self.covered.push(Covered { shape, cells, border, zones });
        self.by_shape.insert(key, number);
        number
    }

    /// Whether the ground of a cell is inside a shape, or outside; on the border, if that is not sure. Objects are no higher
    /// than `top_m`.
    fn classify(&self, cell: usize, shape: &Shape, [height_m, top_m]: [f64; 2]) -> Cell {
        let Some(below) = self.places.get(cell).copied().flatten() else { return Cell::Outside };
        let middle = self.surface.above(below, height_m);
        let (half_m, margin_m) = (self.surface.half_m(cell), f64::from(shape.margin_m(&middle)));
        let aside_m = top_m * self.surface.aside(cell, &middle);
        if margin_m > half_m * TILTED + ERROR_M {
            return Cell::Inside;
        }
        if margin_m < -(half_m * TILTED + ERROR_M + aside_m) {
            return Cell::Outside;
        }
        let reach_m = self.reach_m(cell, &middle, height_m).unwrap_or(half_m * TILTED) * 1.01 + ERROR_M;
        match margin_m {
            m if m > reach_m => Cell::Inside,
            m if m >= -reach_m => Cell::Border,
            m if m >= -(reach_m + aside_m) => Cell::Near,
            _ => Cell::Outside,
        }
    }

    /// The way from the ground in the middle of a cell to its farthest corner; `None` beyond the limb.
    fn reach_m(&self, cell: usize, middle: &Place, height_m: f64) -> Option<f64> {
        let middle = middle.metres();
        let corners = [[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]].into_iter().map(|corner| {
            let corner = self.surface.above(self.surface.below(cell, corner)?, height_m).metres();
            Some(corner.iter().zip(middle).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt())
        });
        Some(corners.collect::<Option<Vec<f64>>>()?.into_iter().fold(0.0, f64::max))
    }

    /// Which points of the ground of a cell are in a shape.
    fn points(&self, cell: usize, shape: &Shape, height_m: f64) -> Points {
        let mut points = Points::default();
        for k in 0..POINTS {
            let across = |k: u32| (f64::from(k) + 0.5) / f64::from(POINTS);
            let Some(below) = self.surface.below(cell, [across(k), across(k * STEP % POINTS)]) else { continue };
            let point = self.surface.above(below, height_m);
            if shape.holds(&point.tile, &point.offset_m) {
                points.get_mut(k as usize / 64).into_iter().for_each(|word| *word |= 1 << (k % 64));
            }
        }
        points
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
        let mask = self.made(&[(coverage, allowed.to_vec())], part)?;
        self.masks.insert(key, Arc::clone(&mask));
        Ok(mask)
    }

    /// Where a view sees: what any of its sensors covers where some of what that detects may be fused, however much.
    ///
    /// # Errors
    /// A plane that is none.
    pub(super) fn view(&mut self, of: Vec<(usize, Vec<Right>)>) -> Result<Arc<Mask>, ScanError> {
        if let [(coverage, allowed)] = of.as_slice()
            && !allowed.contains(&Right::Part)
        {
            return self.mask(*coverage, allowed, 1.0);
        }
        if let Some(known) = self.views.get(&of) {
            return Ok(Arc::clone(known));
        }
        let some = |allowed: &Vec<Right>| {
            let all = |right: &Right| if *right == Right::Part { Right::All } else { *right };
            allowed.iter().map(all).collect::<Vec<_>>()
        };
        let made: BTreeSet<(usize, Vec<Right>)> = of.iter().map(|(coverage, of)| (*coverage, some(of))).collect();
        let mask = self.made(&made.into_iter().collect::<Vec<_>>(), 1.0)?;
        self.views.insert(of, Arc::clone(&mask));
        Ok(mask)
    }

    /// The mask of what is covered and permitted: of several, where any is.
    fn made(&mut self, of: &[(usize, Vec<Right>)], part: f32) -> Result<Arc<Mask>, ScanError> {
        let mut share = vec![0.0f32; self.places.len()];
        let mut border: BTreeMap<usize, (f32, Points)> = BTreeMap::new();
        let mut parts = Vec::new();
        for (number, allowed) in of {
            let permission = self.permission(*number, allowed, part);
            let Some(covered) = self.covered.get(*number) else { continue };
            let permitted = |cell: usize| match &permission {
                Some(permission) => permission.get(cell).copied().unwrap_or(0.0),
                None => 1.0,
            };
            for (cell, (share, of)) in share.iter_mut().zip(&covered.cells).enumerate() {
                if *of == Cell::Inside {
                    *share = share.max(permitted(cell));
                }
            }
            for (cell, points) in &covered.border {
                let (most, all) = border.entry(*cell).or_default();
                *most = most.max(permitted(*cell));
                if permitted(*cell) > 0.0 {
                    all.iter_mut().zip(points).for_each(|(all, own)| *all |= own);
                }
            }
            parts.push(Part { shape: covered.shape.clone(), permission });
        }
        for (cell, (most, points)) in border {
            let count: u32 = points.iter().map(|word| word.count_ones()).sum();
            if let Some(share) = share.get_mut(cell) {
                *share = share.max(most * (count as f32 / POINTS as f32));
            }
        }
        Ok(Arc::new(Mask::of(self.planes().clone(), share.into(), parts.into())?))
    }

    /// The share that is permitted in each cell in which something that is covered may be seen, none in others, whatever their
    /// zones: rules were not asked about these. `None` where that is everything.
    fn permission(&mut self, coverage: usize, allowed: &[Right], part: f32) -> Option<Arc<[f32]>> {
        let covered = self.covered.get(coverage)?;
        if covered.zones.iter().all(|zones| allowed.get(*zones) == Some(&Right::All)) {
            return None;
        }
        let key = (coverage, allowed.to_vec());
        if let Some(known) = self.permissions.get(&key) {
            return Some(Arc::clone(known));
        }
        let share = |(zones, cell): (&usize, &Cell)| match allowed.get(*zones) {
            Some(Right::All) if *cell != Cell::Outside => 1.0,
            Some(Right::Part) if *cell != Cell::Outside => part,
            _ => 0.0,
        };
        let made: Arc<[f32]> = self.zones_of.iter().zip(&covered.cells).map(share).collect();
        self.permissions.insert(key, Arc::clone(&made));
        Some(made)
    }
}

/// All that decides what a sensor covers.
fn key(sensor: &Sensor, sector_deg: Option<[f64; 2]>) -> [u64; 13] {
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

/// How high objects are thought to be.
fn top_m(sensor: &Sensor) -> f64 {
    sensor.coverage.height_m().map_or(HEIGHT_M, |[_, high]| high.max(HEIGHT_M))
}

fn middle_height_m(sensor: &Sensor) -> f64 {
    sensor.coverage.height_m().map_or(0.0, |[low, high]| 0.5 * (low + high))
}

#[cfg(test)]
mod tests {
    use super::super::planes::planes;
    use super::*;
    use crate::sensor::{Kind, Looks, Noise};
    use crate::space::Geodetic;
    use rand::{RngExt, SeedableRng};
    use rand_chacha::ChaCha8Rng;

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
        let planes = planes([&sensor].into_iter(), Frame::Geodetic, 20_000.0);
        let mut ground = Ground::new(planes, Frame::Geodetic, None);
        let coverage = ground.cover(&sensor, None);
        let mask = ground.mask(coverage, &[Right::All], 1.0).unwrap();
        for latitude_deg in [25.0, 45.0, 65.0] {
            for (longitude_deg, seen) in [(-39.5, true), (39.5, true), (-40.5, false), (40.5, false)] {
                let place = Place::from_metres(Geodetic { latitude_deg, longitude_deg, altitude_m: 0.0 }.ecef());
                assert!((mask.at(&place.tile, &place.offset_m) > 0.5) == seen, "{latitude_deg} {longitude_deg}");
                let cell = mask.planes().cell(&place.tile, &place.offset_m).expect("a cell");
                assert!((mask.share()[cell] > 0.0) == seen, "{latitude_deg} {longitude_deg}");
            }
        }
    }

    /// The share of the ground of a cell that a sensor covers, by many points and by its latitudes, longitudes and ranges.
    fn counted(ground: &Ground, sensor: &Sensor, cell: usize) -> f64 {
        const SIDE: u32 = 100;
        let at = |k: u32| (f64::from(k) + 0.5) / f64::from(SIDE);
        let is_in = |k: u32| {
            let below = ground.surface.below(cell, [at(k % SIDE), at(k / SIDE)]);
            below.is_some_and(|below| {
                let point = ground.surface.above(below, middle_height_m(sensor));
                sensor.covers_on_ground(ground.surface.frame(), point.metres())
            })
        };
        (0..SIDE * SIDE).filter(|k| is_in(*k)).count() as f64 / f64::from(SIDE * SIDE)
    }

    #[test]
    fn a_cell_has_the_share_of_its_ground_that_is_covered() {
        let site = Geodetic { latitude_deg: 50.0, longitude_deg: 8.0, altitude_m: 0.0 };
        let ring = |kind, range_m, height_m| Sensor {
            kind,
            coverage: Coverage::Ring { range_m, height_m },
            ..sensor([0.0; 2], [0.0; 2])
        };
        let earth = Frame::Geodetic;
        for (sensor, frame, cell_m) in [
            (sensor([0.0, 18e3], [0.0, 18e3]), Frame::Local, 1e4),
            (sensor([0.0, 300.0], [2e3, 2.2e3]), Frame::Local, 1e4),
            (ring(Kind::radar_at_m([0.0, 0.0, 12.0]), [20.0, 2500.0], None), Frame::Local, 1e4),
            (ring(Kind::radar_at_m([0.0, 0.0, 12.0]), [3e3, 2e4], Some([0.0, 4e3])), Frame::Local, 2e3),
            (sensor([5.0, 11.0], [45.0, 48.0]), earth, 1e4),
            (sensor([-40.0, 40.0], [20.0, 70.0]), earth, 2e5),
            (ring(Kind::radar_at(site), [5e4, 4e5], Some([0.0, 12e3])), earth, 2e4),
        ] {
            let planes = planes([&sensor].into_iter(), frame, cell_m);
            let mut ground = Ground::new(planes, frame, None);
            let coverage = ground.cover(&sensor, None);
            let mask = ground.mask(coverage, &[Right::All], 1.0).unwrap();
            let (mut partly, mut all) = (0, 0);
            for (cell, share) in mask.share().iter().enumerate() {
                let on_border = *share > 0.0 && *share < 1.0;
                if on_border || cell % 17 == 0 {
                    let wanted = counted(&ground, &sensor, cell);
                    assert!(
                        (f64::from(*share) - wanted).abs() < 0.05,
                        "{:?} cell {cell}: {share} {wanted}",
                        sensor.coverage
                    );
                }
                partly += u32::from(on_border);
                all += u32::from(*share >= 1.0);
            }
            assert!(partly > 0, "{:?}", sensor.coverage);
            if all > 50 && frame == Frame::Local {
                let area_m2 = mask.share().iter().map(|share| f64::from(*share)).sum::<f64>() * cell_m * cell_m;
                assert!((area_m2 / sensor.area_m2(frame) - 1.0).abs() < 0.01, "{area_m2}");
            }
        }
    }

    #[test]
    fn coverage_hangs_on_the_sensor_alone_and_permission_on_the_rules_alone() {
        let sensors = [sensor([0.0, 18e3], [0.0, 18e3]), sensor([3e3, 9e3], [0.0, 2e3])];
        let planes = planes(sensors.iter(), Frame::Local, 1e4);
        let mut ground = Ground::new(planes, Frame::Local, None);
        // Every other cell is in a zone.
        ground.zones_of = (0..ground.places.len()).map(|cell| cell % 2).collect();
        ground.zones = vec![BTreeSet::new(), BTreeSet::from(["a".to_owned()])];
        let rights = [[Right::All, Right::Part], [Right::Nothing, Right::All], [Right::Part, Right::Part]];
        let shares = [[1.0, 0.5], [0.0, 1.0], [0.5, 0.5]];
        let whole = sensors.each_ref().map(|sensor| {
            let coverage = ground.cover(sensor, None);
            (coverage, ground.mask(coverage, &[Right::All; 2], 0.5).unwrap())
        });
        for (allowed, shares) in rights.iter().zip(shares) {
            for (coverage, covered) in &whole {
                let mask = ground.mask(*coverage, allowed, 0.5).unwrap();
                let ([part], [all]) = (mask.parts(), covered.parts()) else { unreachable!() };
                assert_eq!((&part.shape, &all.permission), (&all.shape, &None));
                let permission = part.permission.as_ref().expect("a share for each cell");
                for (cell, share) in permission.iter().enumerate() {
                    let is_met = ground.covered[*coverage].cells[cell] != Cell::Outside;
                    let wanted = if is_met { shares[cell % 2] } else { 0.0 };
                    assert!((share - wanted).abs() <= 0.0, "{allowed:?} {cell}");
                    assert!((mask.share()[cell] - share * covered.share()[cell]).abs() <= 0.0);
                }
            }
            let view = ground.view(whole.iter().map(|(coverage, _)| (*coverage, allowed.to_vec())).collect()).unwrap();
            let some = |right: Right| if right == Right::Nothing { 0.0 } else { 1.0 };
            for (cell, share) in view.share().iter().enumerate() {
                // The second sensor covers nothing that the first one does not.
                let wanted = some(allowed[cell % 2]) * whole[0].1.share()[cell];
                assert!((share - wanted).abs() <= 0.0, "{allowed:?} {cell}: {share} {wanted}");
            }
        }
    }

    fn ring(latitude_deg: f64, longitude_deg: f64, range_m: [f64; 2]) -> Sensor {
        let kind = Kind::radar_at(Geodetic { latitude_deg, longitude_deg, altitude_m: 0.0 });
        Sensor { kind, coverage: Coverage::Ring { range_m, height_m: None }, ..sensor([0.0; 2], [0.0; 2]) }
    }

    fn is_on_the_cube(planes: &Planes) -> bool {
        planes.each().all(|plane| plane.centre.iter().any(|m| m.abs() > 0.0))
    }

    #[test]
    fn all_that_is_covered_lies_over_a_cell_up_to_the_globe_and_to_orbits() {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        for (sensors, wide) in [
            (vec![sensor([-180.0, 180.0], [-90.0, 90.0])], true),
            (vec![sensor([0.0, 10.0], [-80.0, 80.0])], true),
            (vec![sensor([100.0, -100.0], [-30.0, 60.0])], true),
            (vec![ring(17.0, -62.0, [2e5, 5e6])], true),
            (vec![ring(50.0, 8.0, [0.0, 4e5]), ring(10.0, 40.0, [0.0, 4e5])], false),
            (vec![ring(50.0, 8.0, [0.0, 4e5]), ring(-10.0, 140.0, [0.0, 4e5])], true),
            (vec![ring(89.5, 8.0, [0.0, 4e6])], true),
            (vec![sensor([5.0, 11.0], [45.0, 48.0])], false),
        ] {
            let planes = planes(sensors.iter(), Frame::Geodetic, 1e4);
            assert_eq!(is_on_the_cube(&planes), wide, "{:?}", sensors[0].coverage);
            assert!(planes.len() < 1_020_000, "{}", planes.len());
            let shapes: Vec<Shape> = sensors.iter().map(|sensor| Shape::of(sensor, Frame::Geodetic, None)).collect();
            let mut covered = 0;
            for k in 0..60_000 {
                let z: f64 = random.random_range(-1.0..1.0);
                let at = Geodetic {
                    latitude_deg: z.asin().to_degrees(),
                    longitude_deg: random.random_range(-180.0..180.0),
                    altitude_m: if wide { [0.0, 11e3, 8e5, 3.6e7][k % 4] } else { [0.0, 11e3][k % 2] },
                };
                let point = Place::from_metres(at.ecef());
                if shapes.iter().any(|shape| shape.holds(&point.tile, &point.offset_m)) {
                    covered += 1;
                    assert!(planes.cell(&point.tile, &point.offset_m).is_some(), "{:?}: {at:?}", sensors[0].coverage);
                }
            }
            assert!(covered > 10, "{:?}: {covered}", sensors[0].coverage);
        }
    }

    #[test]
    fn the_cells_of_a_globe_have_its_area_and_a_place_is_in_its_cell_at_any_height() {
        let mut random = ChaCha8Rng::seed_from_u64(2);
        for sensor in [sensor([-180.0, 180.0], [-90.0, 90.0]), sensor([-100.0, 100.0], [-40.0, 75.0])] {
            let planes = planes([&sensor].into_iter(), Frame::Geodetic, 2e5);
            assert!(is_on_the_cube(&planes));
            let mut ground = Ground::new(planes.clone(), Frame::Geodetic, None);
            let coverage = ground.cover(&sensor, None);
            let mask = ground.mask(coverage, &[Right::All], 1.0).unwrap();
            let over = |cell: usize, inner: [f64; 2], height_m: f64| {
                let point = ground.surface.above(ground.surface.below(cell, inner).expect("no limb"), height_m);
                planes.cell(&point.tile, &point.offset_m)
            };
            // Sides overlap by half a cell: what lies in two is in the first.
            let own = mask.share().iter().enumerate().filter(|(cell, _)| over(*cell, [0.5; 2], 0.0) == Some(*cell));
            let area_m2: f64 = own.map(|(cell, share)| f64::from(*share) * f64::from(planes.area_m2(cell))).sum();
            let wanted = sensor.area_m2(Frame::Geodetic);
            assert!((area_m2 / wanted - 1.0).abs() < 0.015, "{area_m2} {wanted}");
            for _ in 0..2000 {
                let cell = random.random_range(0..planes.len());
                let inner = [random.random_range(0.1..0.9), random.random_range(0.1..0.9)];
                let on_ground = over(cell, inner, 0.0);
                assert!(on_ground.is_some_and(|found| found <= cell), "{cell} {inner:?}: {on_ground:?}");
                if on_ground == Some(cell) {
                    // The vertical leaves the way from the centre by a fifth of a degree: 3 km at such a height.
                    let found = [11e3, 8e5].map(|height_m| over(cell, inner, height_m));
                    assert_eq!(found, [Some(cell); 2], "{inner:?}");
                }
            }
        }
    }

    #[test]
    fn a_mask_is_made_once_however_many_sensors_and_times_have_it() {
        let sensors: Vec<Sensor> = (0..60).map(|_| sensor([0.0, 1e4], [0.0, 1e4])).collect();
        let planes = planes(sensors.iter(), Frame::Local, 100.0);
        let mut ground = Ground::new(planes, Frame::Local, None);
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
        assert_eq!(shares, BTreeSet::from(["0", "10000"].map(str::to_owned)), "all of it, or nothing");
        let other = ground.cover(&sensor([0.0, 5e3], [0.0, 1e4]), None);
        assert!(other == 1 && ground.mask(other, &[Right::All], 1.0).unwrap().share().iter().sum::<f32>() < 6_000.0);
    }
}
