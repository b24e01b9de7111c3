//! ASTERIX, the exchange format of air traffic surveillance (EUROCONTROL-SPEC-0149).
//!
//! A file is blocks of records, each block of one category, in whatever frames a recorder puts around them. An edition of a
//! category is a table (`tables/`), and one walk reads them all: where the octets do not say which edition they are of, the
//! one that reads the most of the first records of their sender is taken.

mod capture;
mod clock;
mod edition;
mod framing;
mod meaning;
mod own;
mod service;
mod tables;
mod tracks;
mod walk;

pub use edition::{Coding, Edition, Field, Item, Parts, Profile, Shape, Slot, TableError};
pub use framing::Framing;
pub use tables::Tables;
pub use walk::{Fault, Found, Layout};

use std::collections::BTreeMap;
use std::io::{self, Read};

use super::report::Report;
use super::summary::{Reason, Summary};
use super::window::Window;
use clock::Clock;
use framing::{Behind, Block, Frames, Passed};
use meaning::Draft;

/// What the octets do not say.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// What is around the blocks; found by itself where it is none.
    pub framing: Option<Framing>,
    /// The day of the first record, any time of it, microseconds since 1970; a capture says it by itself.
    pub date_us: Option<i64>,
    /// Editions by category, as the tables have them; found by themselves where there is none.
    pub editions: Vec<(u8, String)>,
}

/// How sure it is that a file that begins so is ASTERIX, of 100.
#[must_use]
pub fn detect(octets: &[u8]) -> u8 {
    let tables = Tables::standard();
    let found = Framing::detect(octets, &|here| tables.is_likely(here));
    found.map_or(0, |(_, sure)| sure)
}

/// A file being read.
#[derive(Debug)]
pub struct Reader<R> {
    window: Window<R>,
    frames: Option<Frames>,
    decoder: Decoder,
}

/// Blocks to reports.
#[derive(Debug)]
struct Decoder {
    editions: Vec<(u8, String)>,
    clock: Clock,
    /// The edition of a category and its sender: its place among the tables.
    chosen: BTreeMap<(u8, u16), usize>,
    sources: BTreeMap<u16, u32>,
    messages: BTreeMap<usize, u32>,
    layout: Layout,
    summary: Summary,
}

/// A window's octets, where they begin in the file, and the blocks in them.
struct Blocks<'a> {
    octets: &'a [u8],
    offset: u64,
    found: &'a [Block],
}

/// System area code and system identification code of the first record of a block, which all categories have first.
fn sender(block: &[u8]) -> u16 {
    let records = block.get(3..).unwrap_or_default();
    let behind = records.iter().position(|octet| octet & 1 == 0).map_or(records.len(), |last| last + 1);
    let said = records.first().is_some_and(|first| first & 0x80 != 0);
    let code = records.get(behind..behind + 2).filter(|_| said);
    code.map_or(0, |code| code.iter().fold(0, |sum, octet| sum << 8 | u16::from(*octet)))
}

/// What is done with a record: its edition, where its items are, its octets, and its report.
type To<'a> = &'a mut dyn FnMut(&Edition, &Layout, &[u8], Report);

impl<R: Read> Reader<R> {
    /// Reads a stream.
    pub fn new(source: R, options: Options) -> Self {
        let decoder = Decoder {
            editions: options.editions,
            clock: Clock::new(options.date_us),
            chosen: BTreeMap::new(),
            sources: BTreeMap::new(),
            messages: BTreeMap::new(),
            layout: Layout::default(),
            summary: Summary::default(),
        };
        Self { window: Window::new(source), frames: options.framing.map(Frames::new), decoder }
    }

    /// Gives the next records, one window of them; false at the end of the stream.
    ///
    /// # Errors
    ///
    /// The stream cannot be read.
    pub fn records(&mut self, to: To<'_>) -> io::Result<bool> {
        self.window.fill()?;
        let (octets, offset) = (self.window.rest(), self.window.offset());
        if octets.is_empty() {
            return Ok(false);
        }
        let tables = Tables::standard();
        let likely = |here: &[u8]| tables.is_likely(here);
        let frames = self.frames.get_or_insert_with(|| {
            Frames::new(Framing::detect(octets, &likely).map_or(Framing::Raw, |(framing, _)| framing))
        });
        let (mut blocks, mut passed) = (Vec::new(), Vec::new());
        let behind = if self.window.is_last() { Behind::Nothing } else { Behind::More };
        let size = frames.blocks(octets, behind, &likely, &mut blocks, &mut passed);
        for Passed { at, reason, found } in passed {
            self.decoder.summary.reject(offset + at as u64, reason, || found.to_owned());
        }
        let blocks = Blocks { octets, offset, found: &blocks };
        for place in 0..blocks.found.len() {
            self.decoder.block(tables, &blocks, place, to);
        }
        self.window.consume(size);
        Ok(true)
    }
}

impl<R: Read> super::Source for Reader<R> {
    fn read(&mut self, reports: &mut Vec<Report>) -> io::Result<bool> {
        self.records(&mut |_, _, _, report| reports.push(report))
    }

    fn summary(&self) -> &Summary {
        &self.decoder.summary
    }
}

impl Blocks<'_> {
    /// A block's octets, and when it was recorded.
    fn get(&self, place: usize) -> Option<(&[u8], &Block)> {
        let block = self.found.get(place)?;
        Some((self.octets.get(block.octets.clone())?, block))
    }
}

impl Decoder {
    /// Reads the records of a block.
    fn block(&mut self, tables: &Tables, blocks: &Blocks<'_>, place: usize, to: To<'_>) {
        let Some((octets, block)) = blocks.get(place) else { return };
        let mut at = blocks.offset + block.octets.start as u64;
        let Some((table, edition)) = self.edition(tables, blocks, place, octets) else {
            let category = octets.first().copied().unwrap_or(0);
            self.summary.reject(at, Reason::Unread, || format!("a block of category {category}"));
            return;
        };
        let mut rest = octets.get(3..).unwrap_or_default();
        at += 3;
        while !rest.is_empty() {
            let size = match self.layout.read(edition, rest) {
                Ok(size) => size,
                Err(fault) => {
                    self.summary.reject(at, reason(fault), || format!("a record of {}", edition.name));
                    return;
                }
            };
            let (octets, behind) = rest.split_at(size.min(rest.len()));
            let report = self.report(edition, table, octets, at, block);
            to(edition, &self.layout, octets, report);
            at += size as u64;
            rest = behind;
        }
    }

    /// The edition of a block, from it and those that follow it the first time.
    fn edition<'a>(
        &mut self,
        tables: &'a Tables,
        blocks: &Blocks<'_>,
        place: usize,
        octets: &[u8],
    ) -> Option<(usize, &'a Edition)> {
        let of = |octets: &[u8]| (octets.first().copied().unwrap_or(0), sender(octets));
        let key = of(octets);
        let chosen = self.chosen.get(&key).copied().or_else(|| {
            let later = (place..blocks.found.len()).filter_map(|place| Some(blocks.get(place)?.0));
            tables.choose(key.0, &self.editions, later.filter(|octets| of(octets) == key))
        })?;
        self.chosen.insert(key, chosen);
        Some((chosen, tables.get(chosen)?))
    }

    /// The report of the record that was laid out last.
    fn report(&mut self, edition: &Edition, table: usize, octets: &[u8], at: u64, block: &Block) -> Report {
        let Draft { mut report, source, time } = Draft::of(edition, &self.layout, octets);
        let summary = &mut self.summary;
        let (area, system) = source.unwrap_or_default();
        report.at = at;
        report.message = *self.messages.entry(table).or_insert_with(|| summary.message(&edition.name));
        let key = u16::from_be_bytes([area, system]);
        report.source = *self.sources.entry(key).or_insert_with(|| summary.source(&format!("{area:03}/{system:03}")));
        report.time = time.and_then(|time| self.clock.time(time, block.recorded));
        summary.count(&report);
        report
    }
}

const fn reason(fault: Fault) -> Reason {
    match fault {
        Fault::Short => Reason::Short,
        Fault::Unknown => Reason::UnknownField,
        Fault::Empty => Reason::Empty,
    }
}
