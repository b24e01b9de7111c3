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
use super::stations::Station;
use crate::sensor::{Coverage, HEIGHT_M, Sensor};
use crate::space::{Frame, Place};
use rayon::prelude::*;
use std::borrow::Cow;
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

/// The zones that a place is in (x, y or longitude, latitude).
pub(super) type ZonesAt<'z> = &'z dyn Fn([f64; 2]) -> Cow<'z, BTreeSet<String>>;

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
    by_shape: BTreeMap<[u64; 16], usize>,
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
    /// The ground below planes; without zones none is anywhere.
    pub(super) fn new(planes: Planes, frame: Frame, zones_at: Option<ZonesAt<'_>>) -> Self {
        let surface = Surface::new(planes, frame);
        let places: Vec<Option<[f64; 2]>> =
            (0..surface.planes().len()).map(|cell| surface.below(cell, [0.5; 2])).collect();
        let mut numbers = BTreeMap::from([(BTreeSet::new(), 0)]);
        let mut zone_of = |place: &Option<[f64; 2]>| {
            let zones = place.and_then(|place| Some(zones_at?(place)))?;
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

    /// Edge of its smallest cells, metres.
    pub(super) fn cell_m(&self) -> f64 {
        self.planes().each().map(|plane| f64::from(plane.cell_m)).fold(f64::INFINITY, f64::min)
    }

    /// What its coordinates mean.
    pub(super) fn frame(&self) -> Frame {
        self.surface.frame()
    }

    /// Which cells the coverage of a sensor may meet, wherever its heights lie, at a time and while it moves by so many metres.
    pub(super) fn meets(&self, sensor: &Sensor, (time_us, more_m): (i64, f64)) -> Vec<bool> {
        let shape = Shape::of(sensor, (self.frame(), time_us), None);
        // What is higher is seen less far along the ground.
        let height_m = sensor.coverage.height_m().map_or(0.0, |[low, _]| low);
        let cells = (0..self.places.len()).into_par_iter().with_min_len(256);
        cells.map(|cell| self.classify(cell, &shape, [height_m, top_m(sensor), more_m]) != Cell::Outside).collect()
    }

    /// The number of what a sensor covers, all of it or a sector, at a time; it stands for what the sensor covers until it has
    /// moved by so many metres.
    pub(super) fn cover(
        &mut self,
        sensor: &Sensor,
        sector_deg: Option<[f64; 2]>,
        (time_us, more_m): (i64, f64),
    ) -> usize {
        let key = key(sensor, sector_deg, (time_us, more_m));
        if let Some(&known) = self.by_shape.get(&key) {
            return known;
        }
        let (shape, height_m) = (Shape::of(sensor, (self.frame(), time_us), sector_deg), middle_height_m(sensor));
        let of_cell = |cell: usize| self.classify(cell, &shape, [height_m, top_m(sensor), more_m]);
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
    /// than `top_m`, and the shape moves by no more than `more_m`.
    fn classify(&self, cell: usize, shape: &Shape, [height_m, top_m, more_m]: [f64; 3]) -> Cell {
        let Some(below) = self.places.get(cell).copied().flatten() else { return Cell::Outside };
        let middle = self.surface.above(below, height_m);
        let (half_m, margin_m) = (self.surface.half_m(cell), f64::from(shape.margin_m(&middle)));
        let aside_m = more_m + top_m * self.surface.aside(cell, &middle);
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

    /// The sets of zones that coverages meet, each with its number; and how many numbers there are.
    pub(super) fn zones(&self, of: BTreeSet<usize>) -> (impl Iterator<Item = (usize, &BTreeSet<String>)>, usize) {
        let of = of.into_iter().filter_map(|coverage| self.covered.get(coverage));
        let met: BTreeSet<usize> = of.flat_map(|covered| covered.zones.iter().copied()).collect();
        (met.into_iter().filter_map(|number| Some((number, self.zones.get(number)?))), self.zones.len())
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

    /// The same at a station.
    ///
    /// # Errors
    /// As [`Ground::mask`].
    pub(super) fn mask_at(&mut self, at: &Station, allowed: &[Right], part: f32) -> Result<Arc<Mask>, ScanError> {
        let mask = self.mask(at.coverage, allowed, part)?;
        Ok(at
            .shape
            .as_ref()
            .map_or_else(|| Arc::clone(&mask), |shape| Arc::new(mask.seeing(std::iter::once(shape.clone())))))
    }

    /// Where a view sees: what any of its sensors covers where some of what that detects may be fused, however much; `shapes` are
    /// those of coverages that have another one at the time.
    ///
    /// # Errors
    /// A plane that is none.
    pub(super) fn view_at(
        &mut self,
        of: Vec<(usize, Vec<Right>)>,
        shapes: &BTreeMap<usize, Shape>,
    ) -> Result<Arc<Mask>, ScanError> {
        let coverages: BTreeSet<(usize, Vec<Right>)> = of.iter().map(|(coverage, of)| (*coverage, some(of))).collect();
        let mask = self.view(of)?;
        if shapes.is_empty() {
            return Ok(mask);
        }
        let own =
            |(part, (coverage, _)): (&Part, &(usize, Vec<Right>))| shapes.get(coverage).unwrap_or(&part.shape).clone();
        Ok(Arc::new(mask.seeing(mask.parts().iter().zip(&coverages).map(own))))
    }

    fn view(&mut self, of: Vec<(usize, Vec<Right>)>) -> Result<Arc<Mask>, ScanError> {
        if let [(coverage, allowed)] = of.as_slice()
            && !allowed.contains(&Right::Part)
        {
            return self.mask(*coverage, allowed, 1.0);
        }
        if let Some(known) = self.views.get(&of) {
            return Ok(Arc::clone(known));
        }
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

/// The same rights, a part for all.
fn some(allowed: &[Right]) -> Vec<Right> {
    allowed.iter().map(|right| if *right == Right::Part { Right::All } else { *right }).collect()
}

/// All that decides what a sensor covers.
fn key(sensor: &Sensor, sector_deg: Option<[f64; 2]>, (time_us, more_m): (i64, f64)) -> [u64; 16] {
    let (kind, [[a, b], [c, d]], height_m) = match sensor.coverage {
        Coverage::Box { min, max, height_m } => (0.0, [min, max], height_m),
        Coverage::Ring { range_m, height_m } => (1.0, [range_m, [0.0; 2]], height_m),
    };
    let bounded = if height_m.is_some() { 1.0 } else { 0.0 };
    let [low, high] = height_m.unwrap_or_default();
    // One that is nowhere covers nothing, wherever that is.
    let [x, y, z] = sensor.site_m(time_us).unwrap_or([f64::NAN; 3]);
    // Those on one platform go on together; others, even from one place, do not.
    let platform = sensor.kind.platform().map_or(0, |platform| Arc::as_ptr(platform).addr() as u64);
    // No sector is without width.
    let [from_deg, to_deg] = sector_deg.unwrap_or_default();
    let sweep_s = sector_deg.and_then(|_| sensor.sweep_s()).unwrap_or_default();
    let [kind, a, b, c, d, bounded, low, high, x, y, z, from_deg, to_deg, sweep_s, more_m] =
        [kind, a, b, c, d, bounded, low, high, x, y, z, from_deg, to_deg, sweep_s, more_m].map(f64::to_bits);
    [kind, a, b, c, d, bounded, low, high, x, y, z, from_deg, to_deg, sweep_s, more_m, platform]
}

/// How high objects are thought to be.
fn top_m(sensor: &Sensor) -> f64 {
    sensor.coverage.height_m().map_or(HEIGHT_M, |[_, high]| high.max(HEIGHT_M))
}

fn middle_height_m(sensor: &Sensor) -> f64 {
    sensor.coverage.height_m().map_or(0.0, |[low, high]| 0.5 * (low + high))
}

#[cfg(test)]
#[path = "coverage_tests.rs"]
mod tests;
