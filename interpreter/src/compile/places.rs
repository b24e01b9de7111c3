//! Values and where they lie.

use super::Body;
use crate::code::{At, Binary, Length, Op, Register, WORKGROUP, Words, ZERO};
use naga::proc::TypeResolution;
use naga::{Expression, Handle};

/// Which memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Space {
    /// Registers.
    Local,
    /// A binding or workgroup memory.
    Shared(u32),
}

/// What a pointer points to.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub space: Space,
    /// Words before it, and a register with more of them.
    pub base: u32,
    pub offset: Register,
    pub ty: TypeResolution,
}

/// What an expression is.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Words(Register),
    Place(Place),
}

impl Place {
    /// Whether values lie there with gaps.
    fn has_gaps(&self) -> bool {
        matches!(self.space, Space::Shared(space) if space != WORKGROUP)
    }
}

impl Body<'_, '_> {
    pub(super) fn value(&mut self, of: Handle<Expression>) -> Result<Value, String> {
        if let Some(value) = &self.values[of.index()] {
            return Ok(value.clone());
        }
        self.evaluate(of)?;
        self.values[of.index()].clone().ok_or_else(|| format!("{:?} has no value", self.function.expressions[of]))
    }

    /// The registers of a value.
    pub(super) fn words(&mut self, of: Handle<Expression>) -> Result<Register, String> {
        match self.value(of)? {
            Value::Words(register) => Ok(register),
            // A pointer that is handed over: the number of a register.
            Value::Place(Place { space: Space::Local, base, offset, .. }) => {
                let base = self.unit.constant(&[base]);
                if offset == ZERO {
                    return Ok(base);
                }
                let to = self.unit.allocate(1);
                self.emit(Op::Binary { f: Binary::AddI, to, left: base, right: offset });
                Ok(to)
            }
            Value::Place(place) => Err(format!("a pointer to {:?} is no value", place.space)),
        }
    }

    pub(super) fn place(&mut self, of: Handle<Expression>) -> Result<Place, String> {
        match self.value(of)? {
            Value::Place(place) => Ok(place),
            Value::Words(_) => Err(format!("{:?} is no pointer", self.function.expressions[of])),
        }
    }

    /// A part by a number that is known.
    pub(super) fn part(&mut self, base: Handle<Expression>, number: u32) -> Result<Value, String> {
        let types = self.unit.types;
        match self.value(base)? {
            Value::Words(register) => {
                let part = types.part(&self.info[base].ty, number).ok_or("a value has no parts")?;
                Ok(Value::Words(register + part.packed))
            }
            Value::Place(place) => {
                let part = types.part(&place.ty, number).ok_or("a variable has no parts")?;
                let words = if place.has_gaps() { part.placed } else { part.packed };
                Ok(Value::Place(Place { base: place.base + words, ty: part.ty, ..place }))
            }
        }
    }

    /// An element by a number that is computed.
    pub(super) fn element(&mut self, base: Handle<Expression>, index: Handle<Expression>) -> Result<Value, String> {
        let index = self.words(index)?;
        let types = self.unit.types;
        match self.value(base)? {
            Value::Words(register) => {
                let elements = types.elements(&self.info[base].ty).ok_or("a value has no elements")?;
                let length = Length::Fixed(elements.count.unwrap_or(0));
                let offset = self.unit.allocate(1);
                self.emit(Op::Index { to: offset, index, before: ZERO, stride: elements.packed, length });
                let to = self.unit.allocate(elements.packed);
                self.emit(Op::LoadLocal { to, base: register, offset, words: elements.packed });
                Ok(Value::Words(to))
            }
            Value::Place(place) => {
                let elements = types.elements(&place.ty).ok_or("a variable has no elements")?;
                let length = match (elements.count, place.space) {
                    (Some(count), _) => Length::Fixed(count),
                    (None, Space::Shared(space)) => Length::Bound { space, before: place.base },
                    (None, Space::Local) => return Err("an array of registers has no length".to_owned()),
                };
                let stride = if place.has_gaps() { elements.placed } else { elements.packed };
                let offset = self.unit.allocate(1);
                self.emit(Op::Index { to: offset, index, before: place.offset, stride, length });
                Ok(Value::Place(Place { offset, ty: elements.ty, ..place }))
            }
        }
    }

    fn laid(&mut self, place: &Place, words: u32) -> Words {
        if !place.has_gaps() {
            return Words::Dense(words);
        }
        let places = self.unit.types.places(&place.ty);
        if places.iter().zip(0..).all(|(place, number)| *place == number) {
            return Words::Dense(words);
        }
        let maps = &mut self.unit.program.maps;
        let known = maps.iter().position(|map| *map == places).unwrap_or_else(|| {
            maps.push(places);
            maps.len() - 1
        });
        Words::Mapped(known as u32)
    }

    pub(super) fn load(&mut self, place: &Place) -> Register {
        let words = self.unit.types.words(&place.ty);
        let to = self.unit.allocate(words);
        let Place { base, offset, .. } = *place;
        match place.space {
            Space::Local if offset == ZERO => self.emit(Op::Copy { to, from: base, words }),
            Space::Local => self.emit(Op::LoadLocal { to, base, offset, words }),
            Space::Shared(space) => {
                let at = At { space, base, offset };
                if self.unit.types.is_atomic(&place.ty) {
                    self.emit(Op::LoadAtomic { to, at });
                } else {
                    let words = self.laid(place, words);
                    self.emit(Op::Load { to, at, words });
                }
            }
        }
        to
    }

    pub(super) fn store(&mut self, place: &Place, from: Register) {
        let words = self.unit.types.words(&place.ty);
        let Place { base, offset, .. } = *place;
        match place.space {
            Space::Local if offset == ZERO => self.emit(Op::Copy { to: base, from, words }),
            Space::Local => self.emit(Op::StoreLocal { base, offset, from, words }),
            Space::Shared(space) => {
                let at = At { space, base, offset };
                if self.unit.types.is_atomic(&place.ty) {
                    self.emit(Op::StoreAtomic { from, at });
                } else {
                    let words = self.laid(place, words);
                    self.emit(Op::Store { from, at, words });
                }
            }
        }
    }
}
