//! Where a look could have seen: exactly at a point, and by share in the cells of a field.
//!
//! Two factors, kept apart. *Coverage* is a [`Shape`]: of a sensor alone, asked at the very point. *Permission* is of the
//! rules alone: a share of the detection probability in each cell of a field. For the field of undetected targets, which
//! knows no places within a cell, a cell has its permission times the share of its ground that is covered.

use super::cells::Planes;
use super::error::{Wrong, require};
use super::shape::Shape;
use std::sync::Arc;

/// Where a look could have seen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Sight<'a> {
    /// Everywhere, with its whole detection probability.
    Everywhere,
    /// Where a mask says, over the cells of the lane's field.
    Mask(&'a Mask),
}

impl Sight<'_> {
    /// The share of its detection probability that a look has at a point; of what moves, if its velocity stands behind its
    /// offset.
    #[must_use]
    #[inline(always)]
    pub fn at(&self, tile: &[i32; 3], mean: &[f32]) -> f32 {
        match self {
            Self::Everywhere => 1.0,
            Self::Mask(mask) => mask.at(tile, mean),
        }
    }

    /// The same of all the ground of a cell.
    #[must_use]
    #[inline(always)]
    pub fn in_cell(&self, cell: usize) -> f32 {
        match self {
            Self::Everywhere => 1.0,
            Self::Mask(mask) => mask.share.get(cell).copied().unwrap_or(0.0),
        }
    }

    /// The cells that have another share than the one before them, in order.
    #[must_use]
    pub fn turns(&self) -> &[u32] {
        match self {
            Self::Everywhere => &[],
            Self::Mask(mask) => mask.turns(),
        }
    }

    /// The largest share that it has at any point.
    #[must_use]
    pub fn most(&self) -> f32 {
        match self {
            Self::Everywhere => 1.0,
            Self::Mask(mask) => mask.most,
        }
    }
}

/// Where a look could have seen, over the cells of a field.
#[derive(Clone, Debug, PartialEq)]
pub struct Mask {
    planes: Planes,
    /// Copies have the same: that they are equal is soon told.
    share: Arc<[f32]>,
    /// The cells that have another share than the one before them, in order.
    turns: Arc<[u32]>,
    parts: Arc<[Part]>,
    most: f32,
}

/// What one sensor covers, and how much of it is permitted.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// What it covers.
    pub shape: Shape,
    /// The share that is permitted in each cell, none beyond the cells; `None`: everything, everywhere.
    pub permission: Option<Arc<[f32]>>,
}

impl Mask {
    /// A share between 0 and 1 for every cell, at all of its points; beyond them nothing is seen.
    ///
    /// # Errors
    /// If there are not as many shares as cells, or one is no share.
    pub fn new(planes: impl Into<Planes>, share: Vec<f32>) -> Result<Self, Wrong> {
        let share: Arc<[f32]> = share.into();
        let parts = [Part { shape: Shape::everywhere(), permission: Some(Arc::clone(&share)) }];
        Self::of(planes, share, parts.into())
    }

    /// What some sensors cover: in each cell `share`, at a point that of the part that has most there.
    ///
    /// # Errors
    /// If there are not as many shares as cells, or one is no share.
    pub fn of(planes: impl Into<Planes>, share: Arc<[f32]>, parts: Arc<[Part]>) -> Result<Self, Wrong> {
        let planes = planes.into();
        let at = || "mask".to_owned();
        planes.check(at)?;
        require(at, ("parts", parts.len()), |n| *n > 0, "one at least")?;
        for shares in parts.iter().filter_map(|part| part.permission.as_ref()).chain([&share]) {
            require(at, ("shares", shares.len()), |n| *n == planes.len(), "one for each cell of its planes")?;
            let wrong = shares.iter().find(|share| !(0.0..=1.0).contains(*share));
            require(at, ("share", wrong), Option::is_none, "a share between 0 and 1")?;
        }
        let of_part = |part: &Part| part.permission.as_ref().map_or(1.0, |of| of.iter().copied().fold(0.0, f32::max));
        let most = parts.iter().map(of_part).fold(0.0, f32::max);
        let pairs = (1..).zip(share.windows(2));
        let turns = pairs.filter(|(_, pair)| pair.first() != pair.last()).map(|(cell, _)| cell).collect();
        Ok(Self { planes, share, turns, parts, most })
    }

    /// Whether it is the same one, or equal.
    #[must_use]
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let same = Arc::ptr_eq(&self.share, &other.share) && Arc::ptr_eq(&self.parts, &other.parts);
        // Where a sensor moves there are many of other parts: these are few numbers.
        same && self.planes == other.planes || self.parts == other.parts && self == other
    }

    /// The same share in each cell, where each part sees something else at a point.
    pub(super) fn seeing(&self, shapes: impl Iterator<Item = Shape>) -> Self {
        let part = |(part, shape): (&Part, Shape)| Part { shape, permission: part.permission.clone() };
        Self { parts: self.parts.iter().zip(shapes).map(part).collect(), ..self.clone() }
    }

    /// Its cells.
    #[must_use]
    pub fn planes(&self) -> &Planes {
        &self.planes
    }

    /// Share in each of its cells.
    #[must_use]
    #[inline]
    pub fn share(&self) -> &Arc<[f32]> {
        &self.share
    }

    /// The cells that have another share than the one before them, in order.
    #[must_use]
    #[inline]
    pub fn turns(&self) -> &[u32] {
        &self.turns
    }

    /// What it is made of.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The share at a point; of what moves, if its velocity stands behind its offset.
    #[must_use]
    #[inline]
    pub fn at(&self, tile: &[i32; 3], mean: &[f32]) -> f32 {
        let seen = self.parts.iter().filter(|part| part.shape.holds(tile, mean));
        seen.map(|part| part.permitted(&self.planes, tile, mean)).fold(0.0, f32::max)
    }
}

impl Part {
    #[inline]
    fn permitted(&self, planes: &Planes, tile: &[i32; 3], offset_m: &[f32]) -> f32 {
        let Some(permission) = &self.permission else { return 1.0 };
        planes.cell(tile, offset_m).and_then(|cell| permission.get(cell).copied()).unwrap_or(0.0)
    }
}
