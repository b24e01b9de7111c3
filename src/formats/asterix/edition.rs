//! An edition is a table: which item each bit of a field specification announces, and how the bits of an item are laid out.
//!
//! A table is text, a line for each item or part of one:
//!
//! ```text
//! category 48
//! edition 1.32
//! uap 010 140 020 - 040           the user application profile: items by field reference number, `-` for a spare one
//! 010 fixed SAC:8 SIC:8           fields of so many bits, the highest first; `-` for spare bits
//! 020 extended TYP:3 -:4 | TST:1  `|` is the extension bit that says whether another part follows
//! 030 repeated-fx VAL:7           elements, each with an extension bit
//! 250 repeated-1 MB:56 BDS:8      elements, their number in one octet before them
//! 120 compound CAL - RDS          parts that a field specification of their own announces, each in a line of its own:
//! 120/CAL fixed D:1 -:5 CAL:10s*1m/s
//! SP explicit                     octets, their number, itself included, in the first
//! ```
//!
//! `RHO:16*1/256NM` is unsigned, in steps of 1/256 NM; `s` behind the bits is two's complement, `i` characters of six bits,
//! `a` of eight, `o` octal digits, `u` a number whose unit another field says. `uap 020/TYP=1` is the profile of records
//! whose field `TYP` of item 020 is 1; such an item stands before the first at which the profiles differ. `RFS` in a profile
//! is a random field sequence. Field reference numbers as in EUROCONTROL-SPEC-0149 (ASTERIX, part 1).

use thiserror::Error;

/// How a field is to be understood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Coding {
    /// An unsigned number.
    Unsigned,
    /// Two's complement.
    Signed,
    /// Characters of six bits, as Mode S sends them.
    Icao,
    /// Characters of eight bits.
    Ascii,
    /// Octal digits.
    Octal,
}

/// A field of an item.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Its name; none for spare bits.
    pub name: String,
    /// Bits of the item, or of the element, before it.
    pub start: usize,
    /// How many bits it has, up to 64.
    pub bits: usize,
    /// How they are to be understood.
    pub coding: Coding,
    /// What one is worth in `unit`, where it is a quantity.
    pub step: Option<f64>,
    /// The unit of that, as in the specifications: `NM`, `deg`, `FL`.
    pub unit: String,
    /// What one is worth in metres, seconds and degrees; 1 where it is no quantity.
    pub si: f64,
}

/// Units of the specifications in metres, seconds and degrees; those that are not here stay as they are.
const UNITS: [(&str, f64); 6] = [
    ("NM", 1852.0),
    ("NM/s", 1852.0),
    ("ft", 0.3048),
    ("ft/min", 0.3048 / 60.0),
    ("FL", 30.48),
    ("kt", 1852.0 / 3600.0),
];

/// The parts of an extended item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// Octets of each.
    pub octets: Vec<usize>,
    /// Whether the last one has an extension bit too.
    pub open: bool,
}

/// How an item is laid out.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// So many octets.
    Fixed(usize),
    /// Parts that end with an extension bit.
    Extended(Parts),
    /// Elements: octets of their number before them, octets of each.
    Repeated(usize, usize),
    /// Elements of so many octets that end with an extension bit.
    RepeatedFx(usize),
    /// Octets whose number, itself included, is the first of them.
    Explicit,
    /// Parts that a field specification announces.
    Compound(Vec<Option<Item>>),
}

/// An item, or a part of a compound one.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// `040`, `SP`, or the name of a part.
    pub name: String,
    /// The name as a number, which items of a record have but for `SP` and `RE`, which have 1000 and 1001.
    pub number: u16,
    /// How it is laid out.
    pub shape: Shape,
    /// Its fields, or those of an element.
    pub fields: Vec<Field>,
}

/// What a field reference number stands for.
#[derive(Clone, Debug, PartialEq)]
pub enum Slot {
    /// An item, by its place in the table.
    Item(usize),
    /// A random field sequence: a number of fields, each behind its field reference number.
    Sequence,
    /// Nothing yet.
    Spare,
}

/// A user application profile.
#[derive(Clone, Debug, PartialEq)]
pub struct Profile {
    /// The item, its field and the value that choose this profile; none where it is the only one.
    pub case: Option<(usize, String, u64)>,
    /// By field reference number, from 1.
    pub slots: Vec<Slot>,
}

/// One edition of one category.
#[derive(Clone, Debug, PartialEq)]
pub struct Edition {
    /// The category.
    pub category: u8,
    /// The edition, as its document is numbered.
    pub edition: String,
    /// `CAT048 1.32`.
    pub name: String,
    /// The items, in the order of the table.
    pub items: Vec<Item>,
    /// The profiles; the first is that of a record until an item says otherwise.
    pub profiles: Vec<Profile>,
}

/// What is wrong with a table.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("line {line} of the table is `{found}`; wanted {wanted}")]
pub struct TableError {
    line: usize,
    found: String,
    wanted: &'static str,
}

/// The number of an item's name.
fn number_of(name: &str) -> u16 {
    match name {
        "SP" => 1000,
        "RE" => 1001,
        _ => name.parse().unwrap_or(u16::MAX),
    }
}

impl Edition {
    /// Reads a table.
    ///
    /// # Errors
    ///
    /// The first line that is not as the head of this file has it.
    pub fn parse(text: &str) -> Result<Self, TableError> {
        let mut table =
            Self { category: 0, edition: String::new(), name: String::new(), items: Vec::new(), profiles: Vec::new() };
        let mut profiles = Vec::new();
        for (line, found) in (1..).zip(text.lines()) {
            let fault = |wanted| TableError { line, found: found.to_owned(), wanted };
            let mut words = found.split_whitespace();
            match words.next() {
                None => {}
                Some(word) if word.starts_with('#') => {}
                Some("category") => {
                    let category = words.next().and_then(|word| word.parse().ok());
                    table.category = category.ok_or_else(|| fault("a number from 0 to 255"))?;
                }
                Some("edition") => words.next().ok_or_else(|| fault("an edition"))?.clone_into(&mut table.edition),
                Some("uap") => profiles.push((line, found)),
                Some(path) => {
                    let item = Item::parse(path, words).map_err(fault)?;
                    table.place(path, item).map_err(fault)?;
                }
            }
        }
        for (line, found) in profiles {
            let profile =
                table.profile(found).map_err(|wanted| TableError { line, found: found.to_owned(), wanted })?;
            table.profiles.push(profile);
        }
        table.name = format!("CAT{:03} {}", table.category, table.edition);
        let whole = table.category > 0 && !table.profiles.is_empty();
        whole.then_some(table).ok_or_else(|| TableError {
            line: text.lines().count(),
            found: String::new(),
            wanted: "a category and a profile before the end",
        })
    }

    /// Puts an item into the table, or a part into its item.
    fn place(&mut self, path: &str, item: Item) -> Result<(), &'static str> {
        let Some((of, part)) = path.rsplit_once('/') else {
            self.items.push(item);
            return Ok(());
        };
        let mut names = of.split('/');
        let first = names.next();
        let mut whole = self.items.iter_mut().find(|item| Some(item.name.as_str()) == first);
        for name in names {
            whole = whole.and_then(|item| item.part_mut(name));
        }
        let place = whole.and_then(|item| item.part_mut(part)).ok_or("a part that a line before it announces")?;
        *place = Item { name: part.to_owned(), ..item };
        Ok(())
    }

    /// A line with a profile.
    fn profile(&self, line: &str) -> Result<Profile, &'static str> {
        let mut words = line.split_whitespace().skip(1).peekable();
        let mut case = None;
        if let Some((field, value)) = words.peek().and_then(|word| word.split_once('=')) {
            let (item, field) = field.split_once('/').ok_or("an item, `/` and a field")?;
            let value = value.parse().map_err(|_error| "a number behind `=`")?;
            let place = self.items.iter().position(|known| known.name == item).ok_or("an item of the table")?;
            case = Some((place, field.to_owned(), value));
            words.next();
        }
        let slot = |word: &str| match word {
            "-" => Ok(Slot::Spare),
            "RFS" => Ok(Slot::Sequence),
            name => self.items.iter().position(|known| known.name == name).map(Slot::Item).ok_or("items of the table"),
        };
        Ok(Profile { case, slots: words.map(slot).collect::<Result<_, _>>()? })
    }
}

impl Item {
    fn part_mut(&mut self, name: &str) -> Option<&mut Self> {
        let Shape::Compound(parts) = &mut self.shape else { return None };
        parts.iter_mut().flatten().find(|part| part.name == name)
    }

    /// A line behind its name.
    fn parse<'a>(name: &str, mut words: impl Iterator<Item = &'a str>) -> Result<Self, &'static str> {
        let shape = words.next().ok_or("a shape")?;
        let mut item =
            Self { name: name.to_owned(), number: number_of(name), shape: Shape::Explicit, fields: Vec::new() };
        if shape == "compound" {
            let part = |name: &str| Self { shape: Shape::Fixed(0), ..Self::named(name) };
            item.shape = Shape::Compound(words.map(|name| (name != "-").then(|| part(name))).collect());
            return Ok(item);
        }
        let (mut bits, mut ends, mut open) = (0, vec![0], false);
        for word in words {
            open = word == "|";
            if open {
                bits += 1;
                ends.push(bits);
            } else {
                let field = Field::parse(word, bits)?;
                bits += field.bits;
                item.fields.push(field);
            }
        }
        if !open {
            ends.push(bits);
        }
        item.fields.retain(|field| !field.name.is_empty());
        let octets = bits / 8;
        item.shape = match shape {
            "explicit" => return Ok(item),
            "repeated-fx" => Shape::RepeatedFx((bits + 1) / 8),
            "fixed" => Shape::Fixed(octets),
            "repeated-1" => Shape::Repeated(1, octets),
            "repeated-2" => Shape::Repeated(2, octets),
            "extended" => {
                let octets = ends.iter().zip(ends.iter().skip(1)).map(|(from, to)| (to - from) / 8).collect();
                Shape::Extended(Parts { octets, open })
            }
            _ => return Err("fixed, extended, repeated-fx, repeated-1, repeated-2, compound or explicit"),
        };
        let whole = if shape == "repeated-fx" { (bits + 1) % 8 == 0 } else { ends.iter().all(|end| end % 8 == 0) };
        (whole && bits > 0).then_some(item).ok_or("whole octets")
    }

    fn named(name: &str) -> Self {
        Self { name: name.to_owned(), number: number_of(name), shape: Shape::Explicit, fields: Vec::new() }
    }
}

impl Field {
    /// `NAME:BITS`, the letter of a coding, `*` and the step with its unit.
    fn parse(word: &str, start: usize) -> Result<Self, &'static str> {
        let (name, layout) = word.split_once(':').ok_or("fields such as NAME:8")?;
        let (size, step) = layout.split_once('*').map_or((layout, None), |(size, step)| (size, Some(step)));
        let (size, coding) = match size.strip_suffix(['s', 'i', 'a', 'o', 'u']) {
            None => (size, Coding::Unsigned),
            Some(rest) if size.ends_with('s') => (rest, Coding::Signed),
            Some(rest) if size.ends_with('i') => (rest, Coding::Icao),
            Some(rest) if size.ends_with('a') => (rest, Coding::Ascii),
            Some(rest) if size.ends_with('o') => (rest, Coding::Octal),
            Some(rest) => (rest, Coding::Unsigned),
        };
        let bits = size.parse().ok().filter(|bits| (1..=64).contains(bits)).ok_or("1 to 64 bits")?;
        let (step, unit) = match step {
            None => (None, ""),
            Some(text) => {
                let numeric = |c: char| c.is_ascii_digit() || matches!(c, '.' | '/' | 'e' | '-');
                let split = text.find(|c| !numeric(c)).unwrap_or(text.len());
                let (number, unit) = text.split_at(split);
                (Some(quotient(number).ok_or("a step such as 1/256NM")?), unit)
            }
        };
        let name = if name == "-" { "" } else { name };
        let of_unit = UNITS.iter().find(|(known, _)| *known == unit).map_or(1.0, |(_, si)| *si);
        let si = step.unwrap_or(1.0) * of_unit;
        Ok(Self { name: name.to_owned(), start, bits, coding, step, unit: unit.to_owned(), si })
    }
}

/// `45/8192` or `0.25`.
fn quotient(text: &str) -> Option<f64> {
    let (over, under) = text.split_once('/').unwrap_or((text, "1"));
    let (over, under): (f64, f64) = (over.parse().ok()?, under.parse().ok()?);
    Some(over / under).filter(|step| step.is_finite() && *step > 0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_with_a_table_is_said_with_its_line() {
        let head = "category 48\nedition 9\nuap 010\n";
        for (line, wanted) in [
            ("010 fixed SAC:8 SIC:7", "whole octets"),
            ("010 fixed", "whole octets"),
            ("010 fixed SAC8", "fields such as NAME:8"),
            ("010 fixed SAC:65", "1 to 64 bits"),
            ("010 fixed SAC:8*x", "a step such as 1/256NM"),
            ("010 fixed SAC:8*0m", "a step such as 1/256NM"),
            ("010 round SAC:8", "fixed, extended, repeated-fx, repeated-1, repeated-2, compound or explicit"),
            ("010/A fixed SAC:8", "a part that a line before it announces"),
            ("020 fixed SAC:8", "items of the table"),
        ] {
            let error = Edition::parse(&format!("{head}{line}")).expect_err(line);
            assert_eq!(error.wanted, wanted, "{line}");
            assert_eq!(error.line, if wanted == "items of the table" { 3 } else { 4 }, "{line}");
        }
        assert!(Edition::parse("").is_err() && Edition::parse("category 1").is_err());
        assert!(Edition::parse(&format!("{head}010 fixed SAC:8 SIC:8")).is_ok());
    }
}
