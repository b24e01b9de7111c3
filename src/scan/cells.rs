//! The cells of a field: those of one plane, or of several.
//!
//! A flat plane is seen from straight above. One that touches the globe is seen from the Earth's centre: whatever is above a
//! place of the ground, at any height, is in the cell of that place. The six sides of a cube about the Earth hold all places
//! there are. Far from the middle of its side a cell is smaller on the ground, cos³ θ of its area: a fifth at a corner of the
//! cube.

use super::error::{Wrong, require};
use crate::space::{Place, TILE_M};
use std::sync::Arc;

#[expect(clippy::cast_possible_truncation, reason = "1024 is exact")]
const TILE: f32 = TILE_M as f32;

/// Square cells: `[east, north]` from an origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Corner of the first cell.
    pub origin: Place,
    /// Unit vector along a row of cells.
    pub east: [f32; 3],
    /// Unit vector from row to row.
    pub north: [f32; 3],
    /// From the Earth's centre to where it touches the globe, metres; zero: it is flat.
    pub centre: [f32; 3],
    /// Edge of a cell, metres.
    pub cell_m: f32,
    /// Cells along each axis.
    pub cells: [u32; 2],
}

impl Plane {
    /// Index of the cell below a point, if it lies over the plane.
    #[must_use]
    #[inline]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "compared with the bounds first")]
    pub fn cell(&self, tile: &[i32; 3], offset_m: &[f32]) -> Option<usize> {
        let [u, v] = self.over(tile, offset_m)?;
        let (i, j) = (u / self.cell_m, v / self.cell_m);
        let inside = i >= 0.0 && j >= 0.0 && i < self.cells[0] as f32 && j < self.cells[1] as f32;
        inside.then(|| j as usize * self.cells[0] as usize + i as usize)
    }

    /// Where a point is seen, from the origin along both axes, metres; `None` of what is on the other side of the globe.
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]
    fn over(&self, tile: &[i32; 3], offset_m: &[f32]) -> Option<[f32; 2]> {
        let squared = dot(&self.centre, &self.centre);
        if squared <= 0.0 {
            let d = difference_m(tile, offset_m, &self.origin);
            return Some([dot(&d, &self.east), dot(&d, &self.north)]);
        }
        let p: [f32; 3] = core::array::from_fn(|a| tile[a] as f32 * TILE + offset_m[a]);
        let up = dot(&p, &self.centre);
        let nearer = squared / up;
        let [low_u, low_v] = self.corner_m();
        (up > 0.0).then(|| [dot(&p, &self.east) * nearer - low_u, dot(&p, &self.north) * nearer - low_v])
    }

    /// Where the origin is, from the Earth's centre along both axes, metres.
    #[must_use]
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]
    pub fn corner_m(&self) -> [f32; 2] {
        let Place { tile, offset_m } = &self.origin;
        let corner: [f32; 3] = core::array::from_fn(|a| tile[a] as f32 * TILE + offset_m[a]);
        [dot(&corner, &self.east), dot(&corner, &self.north)]
    }

    /// Area of the ground of one of its cells, square metres.
    #[must_use]
    #[inline]
    pub fn area_m2(&self, cell: usize) -> f32 {
        let area_m2 = self.cell_m * self.cell_m;
        let squared = dot(&self.centre, &self.centre);
        if squared <= 0.0 {
            return area_m2;
        }
        let row = self.cells[0].max(1) as usize;
        let [low_u, low_v] = self.corner_m();
        let u = low_u + ((cell % row) as f32 + 0.5) * self.cell_m;
        let v = low_v + ((cell / row) as f32 + 0.5) * self.cell_m;
        let cosine2 = squared / (squared + u * u + v * v);
        area_m2 * (cosine2 * cosine2.sqrt())
    }

    /// Number of cells.
    #[must_use]
    pub fn len(&self) -> usize {
        self.cells.iter().map(|n| *n as usize).product()
    }

    /// Whether there is no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fails unless it can lie under a field.
    fn check(&self, at: impl FnOnce() -> String + Copy) -> Result<(), Wrong> {
        require(at, ("edge of a cell", self.cell_m), |m| *m > 0.0 && m.is_finite(), "metres, above 0")?;
        let numbers = [self.origin.offset_m, self.east, self.north, self.centre];
        let finite = |numbers: &[[f32; 3]; 4]| numbers.as_flattened().iter().all(|x| x.is_finite());
        require(at, ("axes, origin and centre", numbers), finite, "finite numbers")
    }
}

/// The cells of a field, plane after plane: a place is in the first plane that it lies over. Copies have the same.
#[derive(Clone, Debug, PartialEq)]
pub struct Planes(Arc<[Plane]>);

impl From<Plane> for Planes {
    fn from(plane: Plane) -> Self {
        Self([plane].into())
    }
}

impl FromIterator<Plane> for Planes {
    fn from_iter<I: IntoIterator<Item = Plane>>(planes: I) -> Self {
        Self(planes.into_iter().collect())
    }
}

impl Planes {
    /// Index of the cell below a point, if it lies over a plane.
    #[must_use]
    #[inline]
    pub fn cell(&self, tile: &[i32; 3], offset_m: &[f32]) -> Option<usize> {
        let mut first = 0;
        for plane in self.0.iter() {
            if let Some(cell) = plane.cell(tile, offset_m) {
                return Some(first + cell);
            }
            first += plane.len();
        }
        None
    }

    /// The plane of a cell, and its index there.
    #[must_use]
    pub fn of(&self, mut cell: usize) -> Option<(&Plane, usize)> {
        for plane in self.0.iter() {
            if cell < plane.len() {
                return Some((plane, cell));
            }
            cell -= plane.len();
        }
        None
    }

    /// Area of the ground of a cell, square metres.
    #[must_use]
    pub fn area_m2(&self, cell: usize) -> f32 {
        self.of(cell).map_or(0.0, |(plane, cell)| plane.area_m2(cell))
    }

    /// The planes in their order.
    pub fn each(&self) -> impl Iterator<Item = &Plane> {
        self.0.iter()
    }

    /// Number of cells of all.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.iter().map(Plane::len).sum()
    }

    /// Whether there is no cell.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fails unless it can lie under a field.
    pub(crate) fn check(&self, at: impl FnOnce() -> String + Copy) -> Result<(), Wrong> {
        require(at, ("planes", self.0.len()), |n| *n > 0, "one at least")?;
        self.0.iter().try_for_each(|plane| plane.check(at))
    }
}

/// From a place to a point, metres; tiles first.
#[inline(always)]
#[expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]
pub(super) fn difference_m(tile: &[i32; 3], offset_m: &[f32], from: &Place) -> [f32; 3] {
    core::array::from_fn(|a| tile[a].wrapping_sub(from.tile[a]) as f32 * TILE + (offset_m[a] - from.offset_m[a]))
}

/// In the kernel's order of operations.
#[inline(always)]
pub(super) fn dot(a: &[f32; 3], b: &[f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
