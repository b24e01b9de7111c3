//! Types in words: as values, which have no gaps, and as they lie in memory, by naga's layout.

use naga::proc::{IndexableLength, TypeResolution};
use naga::{Module, ScalarKind, TypeInner, VectorSize};

/// A part of a value: its type, and the words before it as a value and in memory.
#[derive(Debug)]
pub(crate) struct Part {
    pub ty: TypeResolution,
    pub packed: u32,
    pub placed: u32,
}

/// The elements of a value: their type, the words from one to the next, and how many there are if that is fixed.
#[derive(Debug)]
pub(crate) struct Elements {
    pub ty: TypeResolution,
    pub packed: u32,
    pub placed: u32,
    pub count: Option<u32>,
}

/// The types of a module.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Types<'a>(pub &'a Module);

impl<'a> Types<'a> {
    fn inner<'b>(self, ty: &'b TypeResolution) -> &'b TypeInner
    where
        'a: 'b,
    {
        ty.inner_with(&self.0.types)
    }

    /// What the numbers of a value are.
    pub fn scalar(self, ty: &TypeResolution) -> Option<ScalarKind> {
        match self.inner(ty) {
            TypeInner::Scalar(scalar)
            | TypeInner::Atomic(scalar)
            | TypeInner::Vector { scalar, .. }
            | TypeInner::Matrix { scalar, .. } => Some(scalar.kind),
            _ => None,
        }
    }

    /// Whether it is one number.
    pub fn is_scalar(self, ty: &TypeResolution) -> bool {
        matches!(self.inner(ty), TypeInner::Scalar(_))
    }

    /// Columns and rows of a matrix.
    pub fn matrix(self, ty: &TypeResolution) -> Option<(u32, u32)> {
        match self.inner(ty) {
            TypeInner::Matrix { columns, rows, .. } => Some((*columns as u32, *rows as u32)),
            _ => None,
        }
    }

    pub fn is_atomic(self, ty: &TypeResolution) -> bool {
        matches!(self.inner(ty), TypeInner::Atomic(_))
    }

    /// The elements of an array, the components of a vector, the columns of a matrix.
    pub fn elements(self, ty: &TypeResolution) -> Option<Elements> {
        match *self.inner(ty) {
            TypeInner::Vector { size, scalar } => {
                let ty = TypeResolution::Value(TypeInner::Scalar(scalar));
                Some(Elements { ty, packed: 1, placed: 1, count: Some(size as u32) })
            }
            TypeInner::Matrix { columns, rows, scalar } => {
                let ty = TypeResolution::Value(TypeInner::Vector { size: rows, scalar });
                let placed = if rows == VectorSize::Bi { 2 } else { 4 };
                Some(Elements { ty, packed: rows as u32, placed, count: Some(columns as u32) })
            }
            TypeInner::Array { base, size, stride } => {
                let ty = TypeResolution::Handle(base);
                // Also where a constant of the pipeline says so.
                let count = match size.resolve(self.0.to_ctx()) {
                    Ok(IndexableLength::Known(count)) => Some(count),
                    _ => None,
                };
                Some(Elements { packed: self.words(&ty), ty, placed: stride / 4, count })
            }
            _ => None,
        }
    }

    /// A part by its number.
    pub fn part(self, ty: &TypeResolution, number: u32) -> Option<Part> {
        if let TypeInner::Struct { members, .. } = self.inner(ty) {
            let number = number as usize;
            let ty = TypeResolution::Handle(members.get(number)?.ty);
            let packed = members.iter().take(number).map(|one| self.words(&TypeResolution::Handle(one.ty))).sum();
            return Some(Part { ty, packed, placed: members.get(number)?.offset / 4 });
        }
        let Elements { ty, packed, placed, .. } = self.elements(ty)?;
        Some(Part { ty, packed: packed * number, placed: placed * number })
    }

    fn parts(self, ty: &TypeResolution) -> u32 {
        match self.inner(ty) {
            TypeInner::Struct { members, .. } => u32::try_from(members.len()).unwrap_or(0),
            _ => self.elements(ty).and_then(|elements| elements.count).unwrap_or(0),
        }
    }

    /// Words of a value.
    pub fn words(self, ty: &TypeResolution) -> u32 {
        match self.inner(ty) {
            TypeInner::Scalar(_)
            | TypeInner::Atomic(_)
            | TypeInner::Pointer { .. }
            | TypeInner::ValuePointer { .. } => 1,
            TypeInner::Struct { members, .. } => {
                members.iter().map(|member| self.words(&TypeResolution::Handle(member.ty))).sum()
            }
            _ => self.elements(ty).map_or(0, |of| of.packed * of.count.unwrap_or(0)),
        }
    }

    /// Where each word of a value lies in memory.
    pub fn places(self, ty: &TypeResolution) -> Vec<u32> {
        if let TypeInner::Scalar(_) | TypeInner::Atomic(_) = self.inner(ty) {
            return vec![0];
        }
        let mut places = Vec::new();
        for part in (0..self.parts(ty)).filter_map(|number| self.part(ty, number)) {
            places.extend(self.places(&part.ty).into_iter().map(|place| part.placed + place));
        }
        places
    }

    /// Words that a binding of this type has at least.
    pub fn bound_words(self, ty: &TypeResolution) -> u32 {
        self.places(ty).last().map_or(1, |last| last + 1)
    }
}
