//! Cells over the bounds of all zones, so that most places need no outline: a cell that no outline touches has one answer.

use super::polygon::Polygon;
use super::zones::{Located, ZoneMap};
use crate::space::Frame;
use std::collections::BTreeMap;

/// Cells over the bounds of all zones, each with one answer or a border in it.
#[derive(Clone, Debug)]
pub(super) struct Raster {
    min: [f64; 2],
    cells_per_unit: [f64; 2],
    cells: Vec<Located>,
}

/// Cells along each axis.
const CELLS: usize = 256;

impl Raster {
    /// Paints all zones; the sets that fill cells are added to the map. `None` where there is no zone.
    pub(super) fn paint(map: &mut ZoneMap) -> Option<Self> {
        let areas = || map.areas.iter().map(|(_, area)| area);
        let least = |axis: fn(&Polygon) -> f64| areas().map(axis).fold(f64::INFINITY, f64::min);
        let most = |axis: fn(&Polygon) -> f64| areas().map(axis).fold(f64::NEG_INFINITY, f64::max);
        // Beyond these no point is asked about.
        let edge = if map.frame == Frame::Geodetic { [180.0, 90.0] } else { [f64::INFINITY; 2] };
        let min = [least(|area| area.min[0]).max(-edge[0]), least(|area| area.min[1]).max(-edge[1])];
        let max = [most(|area| area.max[0]).min(edge[0]), most(|area| area.max[1]).min(edge[1])];
        let cells_per_unit = [CELLS as f64 / (max[0] - min[0]), CELLS as f64 / (max[1] - min[1])];
        let usable = cells_per_unit.iter().chain(&min).all(|value| value.is_finite());
        if !usable {
            return None;
        }
        let mut raster = Self { min, cells_per_unit, cells: vec![Located::Set(0); CELLS * CELLS] };
        for edge in map.areas.iter().flat_map(|(_, area)| &area.edges) {
            raster.mark(*edge);
        }
        raster.fill(map);
        Some(raster)
    }

    /// Marks every cell that an edge touches, and one more all round, for the rounding.
    fn mark(&mut self, [a, b]: [[f64; 2]; 2]) {
        let ([ax, ay], [bx, by]) = (self.in_cells(a), self.in_cells(b));
        let slope = if by > ay { (bx - ax) / (by - ay) } else { 0.0 };
        for row in cell(ay - 1.0)..=cell(by + 1.0) {
            let (low, high) = ((row as f64 - 1.0).clamp(ay, by), (row as f64 + 2.0).clamp(ay, by));
            let mut ends = [ax + slope * (low - ay), ax + slope * (high - ay)];
            if by <= ay {
                ends = [ax, bx];
            }
            let (west, east) = (ends[0].min(ends[1]), ends[0].max(ends[1]));
            let (west, east) = (row * CELLS + cell(west - 1.0), row * CELLS + cell(east + 1.0));
            self.cells.get_mut(west..=east).into_iter().flatten().for_each(|cell| *cell = Located::NearBorder);
        }
    }

    /// Gives every unmarked cell the answer of its centre. Cells side by side with no border between have one answer.
    fn fill(&mut self, map: &mut ZoneMap) {
        let mut numbers: BTreeMap<Vec<u32>, u32> = BTreeMap::from([(Vec::new(), 0)]);
        let mut members = Vec::new();
        let mut before = Located::NearBorder;
        for (index, cell) in self.cells.iter_mut().enumerate() {
            if *cell == Located::NearBorder {
                before = Located::NearBorder;
                continue;
            }
            let (row, column) = (index / CELLS, index % CELLS);
            if before == Located::NearBorder || column == 0 {
                let centre = [column, row].map(|at| at as f64 + 0.5);
                let [x, y] = [0, 1].map(|axis: usize| match axis {
                    0 => self.min[0] + centre[0] / self.cells_per_unit[0],
                    _ => self.min[1] + centre[1] / self.cells_per_unit[1],
                });
                map.members([x, y], &mut members);
                let next = u32::try_from(map.sets.len()).unwrap_or(u32::MAX);
                let number = *numbers.entry(members.clone()).or_insert(next);
                if number == next {
                    map.sets.push(members.clone());
                    map.named.push(map.named(&members));
                }
                before = Located::Set(number);
            }
            *cell = before;
        }
    }

    pub(super) fn at(&self, place: [f64; 2]) -> Located {
        let [x, y] = self.in_cells(place);
        let edge = CELLS as f64;
        if !(x >= 0.0 && y >= 0.0 && x <= edge && y <= edge) {
            // Beyond all zones, by more than rounding or not: `holds` is exact about the bounds themselves.
            let near = x >= -1.0 && y >= -1.0 && x <= edge + 1.0 && y <= edge + 1.0;
            return if near { Located::NearBorder } else { Located::Set(0) };
        }
        self.cells.get(cell(y) * CELLS + cell(x)).copied().unwrap_or(Located::NearBorder)
    }

    fn in_cells(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [(x - self.min[0]) * self.cells_per_unit[0], (y - self.min[1]) * self.cells_per_unit[1]]
    }
}

/// The cell of a coordinate in cells, the first or last one where it is beyond.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the raster first")]
fn cell(at: f64) -> usize {
    at.clamp(0.0, (CELLS - 1) as f64) as usize
}
