//! Where a look could have seen: shares of its detection probability over a plane of cells.

use super::error::{Wrong, require};
use crate::space::{Place, TILE_M};
use std::sync::Arc;

#[expect(clippy::cast_possible_truncation, reason = "1024 is exact")]
const TILE: f32 = TILE_M as f32;

/// A field over a plane of square cells: `[east, north]` from an origin.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Corner of the first cell.
    pub origin: Place,
    /// Unit vector along a row of cells.
    pub east: [f32; 3],
    /// Unit vector from row to row.
    pub north: [f32; 3],
    /// Edge of a cell, metres.
    pub cell_m: f32,
    /// Cells along each axis.
    pub cells: [u32; 2],
}

impl Plane {
    /// Index of the cell below a point, if it lies over the plane.
    #[must_use]
    #[inline]
    #[expect(clippy::indexing_slicing, reason = "axes are 0, 1, 2")]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "compared with the bounds first")]
    pub fn cell(&self, tile: &[i32; 3], offset_m: &[f32]) -> Option<usize> {
        let d: [f32; 3] = core::array::from_fn(|a| {
            tile[a].wrapping_sub(self.origin.tile[a]) as f32 * TILE + (offset_m[a] - self.origin.offset_m[a])
        });
        let i = dot(&d, &self.east) / self.cell_m;
        let j = dot(&d, &self.north) / self.cell_m;
        let inside = i >= 0.0 && j >= 0.0 && i < self.cells[0] as f32 && j < self.cells[1] as f32;
        inside.then(|| j as usize * self.cells[0] as usize + i as usize)
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
    pub(crate) fn check(&self, at: impl FnOnce() -> String + Copy) -> Result<(), Wrong> {
        require(at, ("edge of a cell", self.cell_m), |m| *m > 0.0 && m.is_finite(), "metres, above 0")?;
        let numbers = [self.origin.offset_m, self.east, self.north];
        let finite = |numbers: &[[f32; 3]; 3]| numbers.as_flattened().iter().all(|x| x.is_finite());
        require(at, ("axes and origin", numbers), finite, "finite numbers")
    }
}

/// Where a look could have seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sight<'a> {
    /// Everywhere, with its whole detection probability.
    Everywhere,
    /// Where a mask says, on the plane of the lane's field.
    Mask(&'a Mask),
}

impl Sight<'_> {
    /// The share of its detection probability that a look has at a point.
    #[must_use]
    #[inline(always)]
    pub fn at(&self, tile: &[i32; 3], offset_m: &[f32]) -> f32 {
        match self {
            Self::Everywhere => 1.0,
            Self::Mask(mask) => mask.at(tile, offset_m),
        }
    }

    /// The same in a cell of the plane.
    #[must_use]
    #[inline(always)]
    pub fn in_cell(&self, cell: usize) -> f32 {
        match self {
            Self::Everywhere => 1.0,
            Self::Mask(mask) => mask.share.get(cell).copied().unwrap_or(0.0),
        }
    }

    /// The largest share that it has anywhere.
    #[must_use]
    pub fn most(&self) -> f32 {
        match self {
            Self::Everywhere => 1.0,
            Self::Mask(mask) => mask.most,
        }
    }
}

/// A share of a look's detection probability in each cell of a plane; beyond it nothing is seen.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    plane: Plane,
    /// Copies have the same: that they are equal is soon told.
    share: Arc<[f32]>,
    most: f32,
}

impl Mask {
    /// A share between 0 and 1 for every cell of a plane.
    ///
    /// # Errors
    /// If there are not as many shares as cells, or one is no share.
    pub fn new(plane: Plane, share: Vec<f32>) -> Result<Self, Wrong> {
        let at = || "mask".to_owned();
        plane.check(at)?;
        require(at, ("shares", share.len()), |n| *n == plane.len(), "one for each cell of its plane")?;
        let wrong = share.iter().find(|share| !(0.0..=1.0).contains(*share));
        require(at, ("share", wrong), Option::is_none, "a share between 0 and 1")?;
        let most = share.iter().copied().fold(0.0, f32::max);
        Ok(Self { plane, share: share.into(), most })
    }

    /// The share at a point where any of some masks over one plane has it: the largest.
    ///
    /// # Errors
    /// Masks over different planes.
    pub(crate) fn union(&self, other: &Self) -> Result<Self, Wrong> {
        let at = || "view".to_owned();
        require(at, ("plane of a mask", &other.plane), |plane| **plane == self.plane, "the plane of the others")?;
        let share = self.share.iter().zip(other.share.iter()).map(|(one, other)| one.max(*other)).collect();
        Self::new(self.plane.clone(), share)
    }

    /// Whether it is the same one, or equal.
    #[must_use]
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.share, &other.share) && self.plane == other.plane || self == other
    }

    /// The plane.
    #[must_use]
    pub fn plane(&self) -> &Plane {
        &self.plane
    }

    /// Share in each of its cells.
    #[must_use]
    #[inline]
    pub fn share(&self) -> &[f32] {
        &self.share
    }

    /// The share at a point.
    #[must_use]
    #[inline]
    pub fn at(&self, tile: &[i32; 3], offset_m: &[f32]) -> f32 {
        self.plane.cell(tile, offset_m).and_then(|cell| self.share.get(cell).copied()).unwrap_or(0.0)
    }
}

/// In the kernel's order of operations.
#[inline(always)]
fn dot(a: &[f32; 3], b: &[f32; 3]) -> f32 {
    a[0] * b[0] + a[1] * b[1] + a[2] * b[2]
}
