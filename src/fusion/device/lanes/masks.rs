//! Where looks could have seen, on the device: every mask is uploaded once.

use super::super::DeviceError;
use super::super::fields::Field;
use super::super::kernels::Ground;
use super::DeviceLanes;
use super::load::{limit, planes};
use crate::fusion::arrays::NONE;
use crate::scan::Mask;
use std::sync::Arc;

/// What is there.
#[derive(Debug, Default)]
pub(super) struct Masks {
    known: Vec<(Mask, Laid)>,
    /// Shares of cells, and the first of each.
    shares: Vec<(Arc<[f32]>, usize)>,
    /// How many rows of lanes there are before those of parts, and of these; and how many shares.
    before: usize,
    rows: usize,
    cells: usize,
}

impl Masks {
    /// Says how many rows lie before those of masks: always as many.
    pub(super) fn begin(&mut self, before: usize) {
        self.before = before;
    }
}

/// Where a mask lies.
#[derive(Clone, Copy, Debug)]
pub struct Laid {
    /// Its first part.
    pub mask: u32,
    /// The first of the shares of its cells.
    pub cover: u32,
}

impl DeviceLanes {
    /// Where a mask lies on the device, uploaded if it is new.
    ///
    /// # Errors
    /// If the device fails.
    pub fn mask(&mut self, mask: &Mask) -> Result<Laid, DeviceError> {
        if let Some((_, laid)) = self.masks.known.iter().find(|(one, _)| one.is_like(mask)) {
            return Ok(*laid);
        }
        let cover = self.shares(mask.share())?;
        // Waves that wait were prepared for what there is: what is new comes behind.
        let first = self.masks.before + self.masks.rows;
        let mut rows: Vec<Ground> = Vec::new();
        for (number, part) in mask.parts().iter().enumerate() {
            let limits = part.shape.limits();
            let at = first + rows.len();
            // The first plane, its limits, the other planes.
            let rest = at + 1 + limits.len();
            let mut own = match &part.permission {
                Some(shares) => planes(mask.planes(), self.shares(shares)?, rest),
                None => vec![Ground { first: NONE, next: NONE, ..Ground::default() }],
            };
            let is_last = number + 1 == mask.parts().len();
            let after = if is_last { NONE } else { word(at + own.len() + limits.len()) };
            let others = own.split_off(1);
            rows.extend(own.into_iter().map(|plane| Ground { kind: word(limits.len()), after, ..plane }));
            rows.extend(limits.iter().map(limit));
            rows.extend(others);
        }
        let laid = Laid { mask: word(first), cover: word(cover) };
        self.append(Field::Grounds, first, bytemuck::cast_slice(&rows))?;
        self.masks.rows += rows.len();
        self.masks.known.push((mask.clone(), laid));
        Ok(laid)
    }

    /// The first of these shares on the device.
    fn shares(&mut self, shares: &Arc<[f32]>) -> Result<usize, DeviceError> {
        let same = |known: &Arc<[f32]>| Arc::ptr_eq(known, shares) || known == shares;
        if let Some((_, first)) = self.masks.shares.iter().find(|(known, _)| same(known)) {
            return Ok(*first);
        }
        let first = self.masks.cells;
        self.append(Field::Share, first, bytemuck::cast_slice(shares))?;
        self.masks.cells += shares.len();
        self.masks.shares.push((Arc::clone(shares), first));
        Ok(first)
    }
}

fn word(of: usize) -> u32 {
    u32::try_from(of).unwrap_or(NONE)
}
