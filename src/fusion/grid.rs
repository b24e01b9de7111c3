//! The detections of one scan, sorted into the cells of a dense grid that the scan bounds.

use super::arrays::{LaneStep, MEAN};
use super::simd::Simd;
use crate::scan::{Detection, Observation};
use crate::space::TILE_M;
use core::ops::ControlFlow;
use rayon::prelude::*;
use wide::{f32x4, f32x8};

#[expect(clippy::cast_possible_truncation, reason = "1024 is exact")]
const TILE: f32 = TILE_M as f32;
/// Fine cells along an edge of a coarse one.
pub const FINE: u32 = 8;
/// A gate that touches more coarse cells than this reads whole rows of them.
pub const COARSE_MAX: u32 = 16;

/// A dense grid over the two widest axes of a scan.
#[derive(Debug, Default)]
pub struct Grid {
    /// First and last time of a detection less the scan's, seconds.
    pub ahead_s: [f32; 2],
    /// Largest standard deviation of a measured axis, metres.
    pub sigma_m: f32,
    /// How far a measured place may lie off along what was not measured, metres.
    pub slack_m: f32,
    axes: [usize; 2],
    base: [i32; 2],
    /// Offset of the corner in its tile along them, metres; two places are not used.
    low_m: f32x4,
    cells_per_m: f32,
    /// Coarse cells along each axis.
    coarse: [u32; 2],
    /// First detection of each fine cell, and the end.
    starts: Vec<u32>,
    offset: u32,
    /// Places of the sorted detections along both axes from the grid's corner, metres, and a block beyond the end.
    places_m: [Vec<f32>; 2],
    /// What rounding may have moved a place by, metres.
    rounding_m: f32,
    /// Whether all detections were measured alike.
    alike: bool,
}

/// Where tracks look for detections.
#[derive(Clone, Copy, Debug)]
pub struct Windows<R> {
    /// First and last cell along both axes of the grid, perhaps beyond it.
    cells: [[R; 2]; 2],
    /// The rectangle, metres from the grid's corner.
    around_m: [[R; 2]; 2],
}

impl Grid {
    /// Sorts `detections`, whose first has index `offset` in the wave, by cell; equal cells keep their order.
    /// Returns the grid and, for each sorted place, where its detection was.
    #[must_use]
    pub fn build(
        detections: &mut Vec<Detection>,
        observations: &[Observation],
        slack_m: f32,
        offset: u32,
    ) -> (Self, Vec<u32>) {
        let mut grid = Self { slack_m, offset, ..Self::default() };
        if detections.is_empty() {
            return (grid, Vec::new());
        }
        grid.bound(&Span::of(detections, observations), detections.len());
        let keys: Vec<u32> =
            detections.par_iter().with_min_len(4096).map(|d| grid.cell(&d.tile, &d.offset_m)).collect();
        let order = grid.sort(&keys);
        // Memory is written once, by the cores that have it: zeros before would be half of the time.
        let from = |from: &u32| detections.get(*from as usize).copied().unwrap_or_default();
        let sorted: Vec<Detection> = order.par_iter().with_min_len(4096).map(from).collect();
        let place = |d: &Detection| {
            let [u_m, v_m, ..] = grid.places_m(&d.tile, &d.offset_m).to_array();
            (u_m, v_m)
        };
        let block = order.len() + f32x8::WIDTH;
        let [mut u_m, mut v_m] = [0, 1].map(|_| Vec::with_capacity(block));
        sorted.par_iter().with_min_len(4096).map(place).unzip_into_vecs(&mut u_m, &mut v_m);
        *detections = sorted;
        grid.places_m = [u_m, v_m].map(|mut places_m| {
            places_m.resize(block, f32::INFINITY);
            places_m
        });
        (grid, order)
    }

    /// Says where the grid of a scan lies without sorting; returns the number of its cells, one for an empty scan.
    #[must_use]
    pub fn describe(detections: &[Detection], observations: &[Observation], slack_m: f32, look: &mut LaneStep) -> u32 {
        let mut grid = Self { slack_m, ..Self::default() };
        look.slack_m = slack_m;
        if detections.is_empty() {
            return 1;
        }
        grid.bound(&Span::of(detections, observations), detections.len());
        let axis = |k: usize| grid.axes.get(k).map_or(0, |axis| u32::try_from(*axis).unwrap_or(0));
        (look.axis_u, look.axis_v) = (axis(0), axis(1));
        [look.base_u, look.base_v] = grid.base;
        [look.low_u_m, look.low_v_m, ..] = grid.low_m.to_array();
        look.cells_per_m = grid.cells_per_m;
        [look.coarse_u, look.coarse_v] = grid.coarse;
        [look.early_s, look.late_s] = grid.ahead_s;
        look.sigma_m = grid.sigma_m;
        look.coarse_u * look.coarse_v * FINE * FINE
    }

    /// One of the detections, if all were measured alike: at one time, by one observation whose axes are known
    /// without a prediction.
    #[must_use]
    pub fn alike(&self) -> Option<usize> {
        self.alike.then_some(self.offset as usize)
    }

    /// Where tracks at `x` in their tiles look for detections within `half_m`; `tiles(a, base)`: by how much their
    /// tiles exceed `base` along axis a.
    #[inline(always)]
    #[must_use]
    #[expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]
    pub fn windows<R: Simd>(&self, tiles: impl Fn(usize, i32) -> R, x: &[R; MEAN], half_m: &[R; 3]) -> Windows<R> {
        let zero = R::splat(0.0);
        let mut to = Windows { cells: [[zero; 2]; 2], around_m: [[zero; 2]; 2] };
        for (k, low_m) in self.low_m.to_array().into_iter().enumerate().take(2) {
            let (axis, cells_per_m) = (self.axes[k], R::splat(self.cells_per_m));
            let centre = tiles(axis, self.base[k]) * R::splat(TILE) + x[axis] - R::splat(low_m);
            let reach = half_m[axis] + R::splat(self.rounding_m);
            to.around_m[k] = [centre - reach, centre + reach];
            // Positions beyond a kilometre of kilometres lose millimetres: a part in 10⁵ of a cell more.
            let from = ((centre - half_m[axis]) * cells_per_m - R::splat(1e-3)).floor();
            to.cells[k] = [from, ((centre + half_m[axis]) * cells_per_m + R::splat(1e-3)).floor()];
        }
        to
    }

    /// Calls `visit` in ascending order with the detections in the window of track `n`, up to eight at a time, until it
    /// has seen enough: the index of the first of the eight, and a bit for each that lies in the rectangle.
    #[inline(always)]
    pub fn within<R: Simd>(
        &self,
        windows: &Windows<R>,
        n: usize,
        mut visit: impl FnMut(usize, u32) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let around_m = windows.around_m.map(|bounds| bounds.map(|bound| bound.at(n)));
        self.ranges(windows, n, |from, to| self.rectangle(from, to, &around_m, &mut visit))
    }

    /// The ranges of detections that lie in the cells of a window.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "cells are clamped to the grid")]
    fn ranges<R: Simd>(
        &self,
        windows: &Windows<R>,
        n: usize,
        mut visit: impl FnMut(usize, usize) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        if self.starts.is_empty() {
            return ControlFlow::Continue(());
        }
        let mut low = [0u32; 2];
        let mut high = [0u32; 2];
        for k in 0..2 {
            let last = (self.coarse[k] * FINE - 1) as f32;
            let (from, to) = (windows.cells[k][0].at(n), windows.cells[k][1].at(n));
            if !(to >= 0.0 && from <= last) {
                return ControlFlow::Continue(());
            }
            low[k] = clamped(from, last);
            high[k] = clamped(to, last);
        }
        let first = low.map(|fine| fine / FINE);
        let last = high.map(|fine| fine / FINE);
        if (last[0] - first[0] + 1) * (last[1] - first[1] + 1) > COARSE_MAX {
            for row in first[1]..=last[1] {
                let cells = row * self.coarse[0];
                let from = self.starts[((cells + first[0]) * FINE * FINE) as usize] as usize;
                let to = self.starts[((cells + last[0] + 1) * FINE * FINE) as usize] as usize;
                visit(from, to)?;
            }
            return ControlFlow::Continue(());
        }
        for row in first[1]..=last[1] {
            for column in first[0]..=last[0] {
                let base = (row * self.coarse[0] + column) * FINE * FINE;
                let left = low[0].max(column * FINE) - column * FINE;
                let right = high[0].min(column * FINE + FINE - 1) - column * FINE;
                for fine in low[1].max(row * FINE)..=high[1].min(row * FINE + FINE - 1) {
                    let line = base + (fine - row * FINE) * FINE;
                    let from = self.starts[(line + left) as usize] as usize;
                    let to = self.starts[(line + right + 1) as usize] as usize;
                    visit(from, to)?;
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Those of a range of detections that lie in a rectangle.
    #[inline(always)]
    #[expect(clippy::indexing_slicing, reason = "places have a block beyond the end")]
    fn rectangle(
        &self,
        from: usize,
        to: usize,
        around_m: &[[f32; 2]; 2],
        visit: &mut impl FnMut(usize, u32) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let [[left, right], [bottom, top]] = *around_m;
        let (left, right) = (f32x8::splat(left), f32x8::splat(right));
        let (bottom, top) = (f32x8::splat(bottom), f32x8::splat(top));
        let mut first = from;
        while first < to {
            let [u, v] = [0, 1].map(|k| <f32x8 as Simd>::load(&self.places_m[k][first..first + f32x8::WIDTH]));
            // NaN lies nowhere; what lies beyond the range is masked off.
            let inside = u.simd_ge(left) & u.simd_le(right) & v.simd_ge(bottom) & v.simd_le(top);
            let mut hits = inside.to_bitmask();
            if to - first < f32x8::WIDTH {
                hits &= (1 << (to - first)) - 1;
            }
            visit(self.offset as usize + first, hits)?;
            first += f32x8::WIDTH;
        }
        ControlFlow::Continue(())
    }

    /// Chooses the two widest axes and a cell that holds about two detections: the row of cells that a narrow gate
    /// touches is then one block of eight.
    #[expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to a sane count")]
    fn bound(&mut self, span: &Span, detections: usize) {
        let Span { low_m: low, high_m: high, .. } = span;
        (self.ahead_s, self.sigma_m, self.alike) = (span.ahead_s, span.sigma_m, span.alike);
        let extent: [f64; 3] = core::array::from_fn(|a| high[a] - low[a]);
        let narrow =
            if extent[2] <= extent[0] && extent[2] <= extent[1] { 2 } else { usize::from(extent[1] <= extent[0]) };
        self.axes = [[1, 2], [0, 2], [0, 1]][narrow];
        let [wide, deep] = self.axes.map(|a| extent[a].max(1.0));
        let count = detections as f64;
        let cell = (2.0 * wide * deep / count).sqrt().max(wide.max(deep) / (4.0 * count + 64.0)).max(1.0);
        self.cells_per_m = (1.0 / cell) as f32;
        // A sum of three terms up to the extent, each rounded, on either side of the comparison.
        self.rounding_m = (wide.max(deep) * 1e-6) as f32;
        let fine = f64::from(FINE);
        self.coarse = [wide, deep].map(|edge| ((edge / cell / fine) as u32 + 1).min(1 << 13));
        let mut low_m = [0.0; 4];
        for (k, &a) in self.axes.iter().enumerate() {
            let base = (low[a] / TILE_M).floor();
            self.base[k] = base as i32;
            low_m[k] = (low[a] - base * TILE_M) as f32;
        }
        self.low_m = f32x4::new(low_m);
    }

    /// Place along the grid's axes, metres from its corner; two numbers are not used. (Left to itself the compiler makes
    /// these vectors of what lies beside the two: whole numbers, which are denormal as f32 and cost 200 cycles a detection,
    /// a twentieth of a scan.)
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]
    fn places_m(&self, tile: &[i32; 3], offset_m: &[f32]) -> f32x4 {
        let [u, v] = self.axes;
        let tiles = [tile[u].wrapping_sub(self.base[0]) as f32, tile[v].wrapping_sub(self.base[1]) as f32, 0.0, 0.0];
        // Begins with what is no product: kernels keep the order of such a sum.
        (f32x4::new([offset_m[u], offset_m[v], 0.0, 0.0]) - self.low_m) + f32x4::new(tiles) * f32x4::splat(TILE)
    }

    /// The cell of a place, the nearest one for a place outside; cells are numbered as detections are sorted.
    #[must_use]
    pub fn cell(&self, tile: &[i32; 3], offset_m: &[f32]) -> u32 {
        if self.coarse == [0; 2] {
            // An empty scan has no cells to tell places apart.
            return 0;
        }
        let [u, v, ..] = (self.places_m(tile, offset_m) * f32x4::splat(self.cells_per_m)).floor().to_array();
        let [i, j] = [(u, self.coarse[0]), (v, self.coarse[1])].map(|(at, n)| clamped(at, (n * FINE - 1) as f32));
        let coarse = (j / FINE) * self.coarse[0] + i / FINE;
        coarse * FINE * FINE + (j % FINE) * FINE + i % FINE
    }

    /// Counting sort, stable.
    #[expect(clippy::indexing_slicing, reason = "keys are below the number of cells")]
    #[expect(clippy::cast_possible_truncation, reason = "detections are counted in 32 bits")]
    fn sort(&mut self, keys: &[u32]) -> Vec<u32> {
        let cells = (self.coarse[0] * self.coarse[1] * FINE * FINE) as usize;
        let mut next = vec![0u32; cells + 1];
        for &key in keys {
            next[key as usize + 1] += 1;
        }
        for cell in 0..cells {
            next[cell + 1] += next[cell];
        }
        self.starts.clone_from(&next);
        let mut order = vec![0u32; keys.len()];
        for (from, &key) in keys.iter().enumerate() {
            let to = &mut next[key as usize];
            order[*to as usize] = from as u32;
            *to += 1;
        }
        order
    }
}

/// What the detections of a scan span.
#[derive(Clone, Copy, Debug)]
struct Span {
    low_m: [f64; 3],
    high_m: [f64; 3],
    ahead_s: [f32; 2],
    /// The largest noise.
    sigma_m: f32,
    alike: bool,
}

#[expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]
impl Span {
    fn of(detections: &[Detection], observations: &[Observation]) -> Self {
        let first = detections.first().copied().unwrap_or_default();
        let nothing = Self {
            low_m: [f64::INFINITY; 3],
            high_m: [f64::NEG_INFINITY; 3],
            ahead_s: [f32::INFINITY, f32::NEG_INFINITY],
            sigma_m: 0.0,
            alike: observations.get(first.observation as usize).is_some_and(|o| o.kinds == 0 && o.rates == 0),
        };
        let parts = detections.par_chunks(8192).map(|part| {
            let mut span = nothing;
            let mut known = u32::MAX;
            for d in part {
                let m = [0, 1, 2].map(|a| f64::from(d.tile[a]) * TILE_M + f64::from(d.offset_m[a]));
                let alike = d.observation == first.observation && d.ahead_s.to_bits() == first.ahead_s.to_bits();
                let mut sigma_m = span.sigma_m;
                if d.observation != known {
                    known = d.observation;
                    if let Some(o) = observations.get(known as usize) {
                        sigma_m = o.position.iter().take(o.axes as usize).fold(0.0, |most, row| row.sigma.max(most));
                    }
                }
                span = span.and(Self { low_m: m, high_m: m, ahead_s: [d.ahead_s; 2], sigma_m, alike });
            }
            span
        });
        parts.reduce(|| nothing, Self::and)
    }

    #[inline]
    fn and(self, other: Self) -> Self {
        Self {
            low_m: [0, 1, 2].map(|a| self.low_m[a].min(other.low_m[a])),
            high_m: [0, 1, 2].map(|a| self.high_m[a].max(other.high_m[a])),
            ahead_s: [self.ahead_s[0].min(other.ahead_s[0]), self.ahead_s[1].max(other.ahead_s[1])],
            sigma_m: self.sigma_m.max(other.sigma_m),
            alike: self.alike && other.alike,
        }
    }
}

/// A cell index between 0 and `last`; NaN is 0.
#[inline]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped before")]
fn clamped(cell: f32, last: f32) -> u32 {
    let cell = if cell < last { cell } else { last };
    if cell > 0.0 { cell as u32 } else { 0 }
}
