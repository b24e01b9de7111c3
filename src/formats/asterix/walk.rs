//! A record, walked along the table of its edition: where its items are, and what their fields say.
//!
//! A record is a field specification, whose bits announce items in the order of the user application profile, and these
//! items. Nothing is copied; every index is checked, so any octets may come.

use super::edition::{Coding, Edition, Field, Item, Parts, Profile, Shape, Slot};

/// Why octets are no record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// They end within it.
    Short,
    /// It announces an item that the edition does not have.
    Unknown,
    /// It announces nothing, or an item says of itself that it is of no length.
    Empty,
}

/// An item of a record, or a part or an element of one, and its octets.
#[derive(Clone, Copy, Debug)]
pub struct Found<'a> {
    /// What the table says of it.
    pub item: &'a Item,
    /// Its octets; of an element those of the element alone.
    pub octets: &'a [u8],
}

/// Where the items of a record are; kept from record to record for its memory.
#[derive(Debug, Default)]
pub struct Layout {
    /// Place in the table, first octet, octet behind the last.
    items: Vec<(usize, usize, usize)>,
}

/// Octets of the field specification that octets begin with.
fn specification(octets: &[u8]) -> Result<usize, Fault> {
    octets.iter().position(|octet| octet & 1 == 0).map(|last| last + 1).ok_or(Fault::Short)
}

/// The field reference numbers that a field specification announces, from 0, in their order.
fn announced(specification: &[u8]) -> impl Iterator<Item = usize> {
    let in_octet = |(place, octet): (usize, &u8)| {
        let octet = *octet;
        (0..7).filter(move |bit| octet & (0x80 >> bit) != 0).map(move |bit| place * 7 + bit)
    };
    specification.iter().enumerate().flat_map(in_octet)
}

/// How many octets an item takes at the beginning of some.
fn length(item: &Item, octets: &[u8]) -> Result<usize, Fault> {
    let whole = match &item.shape {
        Shape::Fixed(size) => *size,
        Shape::Extended(parts) => return extended(parts, octets),
        Shape::Repeated(before, size) => {
            let count = octets.get(..*before).ok_or(Fault::Short)?;
            before + count.iter().fold(0, |sum, octet| sum << 8 | usize::from(*octet)) * size
        }
        Shape::RepeatedFx(size) => {
            let ends = |element: &[u8]| element.last().is_some_and(|last| last & 1 == 0);
            let last = octets.chunks_exact(*size).position(ends).ok_or(Fault::Short)?;
            (last + 1) * size
        }
        Shape::Explicit => usize::from(*octets.first().ok_or(Fault::Short)?),
        Shape::Compound(parts) => {
            let mut at = specification(octets)?;
            for number in announced(octets.get(..at).unwrap_or_default()) {
                let part = parts.get(number).and_then(Option::as_ref).ok_or(Fault::Unknown)?;
                at += length(part, octets.get(at..).unwrap_or_default())?;
            }
            at
        }
    };
    match whole {
        0 => Err(Fault::Empty),
        whole if whole <= octets.len() => Ok(whole),
        _ => Err(Fault::Short),
    }
}

/// Octets of the parts that are there. Parts that a later edition added are passed over, as octets of their own.
fn extended(parts: &Parts, octets: &[u8]) -> Result<usize, Fault> {
    let mut at = 0;
    for (number, size) in parts.octets.iter().enumerate() {
        at += size;
        let last = octets.get(at.wrapping_sub(1)).ok_or(Fault::Short)?;
        if last & 1 == 0 || !parts.open && number + 1 == parts.octets.len() {
            return Ok(at);
        }
    }
    let more = octets.get(at..).and_then(|rest| rest.iter().position(|octet| octet & 1 == 0));
    more.map(|more| at + more + 1).ok_or(Fault::Short)
}

impl Layout {
    /// Finds the items of the record that octets begin with; how many octets it takes.
    ///
    /// # Errors
    ///
    /// Why they do not begin with a record of this edition.
    pub fn read(&mut self, edition: &Edition, octets: &[u8]) -> Result<usize, Fault> {
        self.items.clear();
        let mut at = specification(octets)?;
        let mut profile = edition.profiles.first().ok_or(Fault::Unknown)?;
        for number in announced(octets.get(..at).unwrap_or_default()) {
            match profile.slots.get(number).ok_or(Fault::Unknown)? {
                Slot::Spare => return Err(Fault::Unknown),
                Slot::Item(place) => {
                    at = self.item(edition, *place, octets, at)?;
                    let fits = |other: &&_| self.chooses(edition, octets, other);
                    profile = edition.profiles.iter().find(fits).unwrap_or(profile);
                }
                Slot::Sequence => {
                    let count = *octets.get(at).ok_or(Fault::Short)?;
                    at += 1;
                    for _ in 0..count {
                        let number = usize::from(*octets.get(at).ok_or(Fault::Short)?);
                        let slot = number.checked_sub(1).and_then(|number| profile.slots.get(number));
                        let Some(Slot::Item(place)) = slot else { return Err(Fault::Unknown) };
                        at = self.item(edition, *place, octets, at + 1)?;
                    }
                }
            }
        }
        if self.items.is_empty() { Err(Fault::Empty) } else { Ok(at) }
    }

    /// Whether the item that was read last chooses a profile.
    fn chooses(&self, edition: &Edition, octets: &[u8], profile: &Profile) -> bool {
        let Some((place, field, value)) = &profile.case else { return false };
        let last = self.items.last().filter(|(last, ..)| last == place);
        last.and_then(|last| found(edition, octets, last)).and_then(|item| item.raw(field)) == Some(*value)
    }

    fn item(&mut self, edition: &Edition, place: usize, octets: &[u8], at: usize) -> Result<usize, Fault> {
        let item = edition.items.get(place).ok_or(Fault::Unknown)?;
        let end = at + length(item, octets.get(at..).unwrap_or_default())?;
        self.items.push((place, at, end));
        Ok(end)
    }

    /// The items, in the order of the record.
    pub fn items<'a>(&'a self, edition: &'a Edition, octets: &'a [u8]) -> impl Iterator<Item = Found<'a>> {
        self.items.iter().filter_map(move |place| found(edition, octets, place))
    }
}

fn found<'a>(edition: &'a Edition, octets: &'a [u8], &(place, from, to): &(usize, usize, usize)) -> Option<Found<'a>> {
    Some(Found { item: edition.items.get(place)?, octets: octets.get(from..to)? })
}

/// Bits of octets as a number; none where they end before.
fn bits(octets: &[u8], start: usize, count: usize) -> Option<u64> {
    let end = start + count;
    let within = octets.get(start / 8..end.div_ceil(8))?;
    let wide = within.iter().fold(0_u128, |sum, octet| sum << 8 | u128::from(*octet));
    let raw = (wide >> (end.div_ceil(8) * 8 - end)) & ((1 << count) - 1);
    u64::try_from(raw).ok()
}

impl<'a> Found<'a> {
    fn field(&self, name: &str) -> Option<&'a Field> {
        self.item.fields.iter().find(|field| field.name == name)
    }

    /// A field of a fixed or extended item, or of an element, as bits; none where the item has no such field or ends
    /// before.
    #[must_use]
    pub fn raw(&self, name: &str) -> Option<u64> {
        let field = self.field(name)?;
        bits(self.octets, field.start, field.bits)
    }

    /// Whether a field of one bit, or of more, is not 0.
    #[must_use]
    pub fn is_set(&self, name: &str) -> bool {
        self.raw(name).is_some_and(|raw| raw != 0)
    }

    /// A field as a number, in metres, seconds and degrees.
    #[must_use]
    pub fn si(&self, name: &str) -> Option<f64> {
        let field = self.field(name)?;
        Some(field.number(bits(self.octets, field.start, field.bits)?) * field.si)
    }

    /// A field as text.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<String> {
        let field = self.field(name)?;
        field.text(bits(self.octets, field.start, field.bits)?)
    }

    /// A part of a compound item.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<Self> {
        self.parts().find(|part| part.item.name == name)
    }

    /// The parts of a compound item, in their order; those that can be read, as the walk of the record found them.
    pub fn parts(&self) -> impl Iterator<Item = Self> {
        let parts: &'a [Option<Item>] = match &self.item.shape {
            Shape::Compound(parts) => parts,
            _ => &[],
        };
        let octets = self.octets;
        let mut at = if parts.is_empty() { 0 } else { specification(octets).unwrap_or(0) };
        let before = octets.get(..at).unwrap_or_default();
        announced(before).map_while(move |number| {
            let item = parts.get(number)?.as_ref()?;
            let size = length(item, octets.get(at..)?).ok()?;
            at += size;
            Some(Self { item, octets: octets.get(at - size..at)? })
        })
    }

    /// The elements of a repeated item, in their order.
    pub fn elements(&self) -> impl Iterator<Item = Self> {
        let (before, size) = match self.item.shape {
            Shape::Repeated(before, size) => (before, size),
            Shape::RepeatedFx(size) => (0, size),
            _ => (self.octets.len(), 1),
        };
        let item = self.item;
        self.octets.get(before..).unwrap_or_default().chunks_exact(size).map(move |octets| Self { item, octets })
    }

    /// Gives every field of the item, of its parts and elements, with its path: `040/RHO`, `120/RDS/0/DOP`; the octets
    /// of an explicit item, without the first, one by one.
    pub fn visit(&self, path: &str, to: &mut dyn FnMut(&str, &Field, u64)) {
        let path = format!("{path}{}", self.item.name);
        let each = |found: &Self, path: &str, to: &mut dyn FnMut(&str, &Field, u64)| {
            for field in &found.item.fields {
                if let Some(raw) = bits(found.octets, field.start, field.bits) {
                    to(&format!("{path}/{}", field.name), field, raw);
                }
            }
        };
        match self.item.shape {
            Shape::Fixed(_) | Shape::Extended(_) => each(self, &path, to),
            Shape::Compound(_) => self.parts().for_each(|part| part.visit(&format!("{path}/"), to)),
            Shape::Repeated(..) | Shape::RepeatedFx(_) => {
                let elements = self.elements().enumerate();
                elements.for_each(|(number, element)| each(&element, &format!("{path}/{number}"), to));
            }
            Shape::Explicit => {
                let octets = self.octets.iter().skip(1).enumerate();
                octets.for_each(|(number, octet)| to(&format!("{path}/{number}"), &Field::octet(), u64::from(*octet)));
            }
        }
    }
}

impl Field {
    fn octet() -> Self {
        Self {
            name: String::new(),
            start: 0,
            bits: 8,
            coding: Coding::Unsigned,
            step: None,
            unit: String::new(),
            si: 1.0,
        }
    }

    /// Bits as a whole number.
    fn number(&self, raw: u64) -> f64 {
        let above = 64 - self.bits;
        let signed = (raw << above).cast_signed() >> above;
        if self.coding == Coding::Signed { signed as f64 } else { raw as f64 }
    }

    /// Bits as a number, in the unit of the field.
    #[must_use]
    pub fn value(&self, raw: u64) -> f64 {
        self.number(raw) * self.step.unwrap_or(1.0)
    }

    /// Bits as text, where they are characters: trailing spaces are none.
    #[must_use]
    pub fn text(&self, raw: u64) -> Option<String> {
        let (size, first) = match self.coding {
            Coding::Icao => (6, self.bits / 6),
            Coding::Ascii => (8, self.bits / 8),
            Coding::Octal => (3, self.bits / 3),
            Coding::Unsigned | Coding::Signed => return None,
        };
        let character = |place: usize| {
            let code = u8::try_from(raw >> (self.bits - size * (place + 1)) & ((1 << size) - 1)).unwrap_or(b'?');
            match (self.coding, code) {
                (Coding::Octal, _) => char::from(b'0' + code),
                (Coding::Ascii, _) if code.is_ascii_graphic() || code == b' ' => char::from(code),
                (Coding::Icao, 1..=26) => char::from(b'A' + code - 1),
                (Coding::Icao, 48..=57) => char::from(code),
                (Coding::Icao, 0 | 32) | (Coding::Ascii, 0) => ' ',
                _ => '?',
            }
        };
        let text: String = (0..first).map(character).collect();
        Some(if self.coding == Coding::Octal { text } else { text.trim_end().to_owned() })
    }
}
