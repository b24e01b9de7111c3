//! The editions that are read, and which of them octets are of.

use std::cmp::Reverse;
use std::sync::LazyLock;

use super::edition::Edition;
use super::walk::{Found, Layout};

/// The tables of the tree; of a category the newest edition comes last.
const TEXTS: [&str; 15] = [
    include_str!("tables/cat001_1_4.txt"),
    include_str!("tables/cat002_1_2.txt"),
    include_str!("tables/cat010_1_1.txt"),
    include_str!("tables/cat019_1_3.txt"),
    include_str!("tables/cat020_1_11.txt"),
    include_str!("tables/cat021_0_23.txt"),
    include_str!("tables/cat021_0_26.txt"),
    include_str!("tables/cat021_2_1.txt"),
    include_str!("tables/cat021_2_7.txt"),
    include_str!("tables/cat023_1_3.txt"),
    include_str!("tables/cat034_1_29.txt"),
    include_str!("tables/cat048_1_32.txt"),
    include_str!("tables/cat062_1_21.txt"),
    include_str!("tables/cat063_1_7.txt"),
    include_str!("tables/cat065_1_6.txt"),
];

/// How many blocks decide on an edition.
const JUDGED: usize = 64;

/// How many records say whether octets are a block.
const LOOKED_AT: usize = 16;

/// Editions by category.
#[derive(Debug)]
pub struct Tables {
    editions: Vec<Edition>,
    /// By category: places in `editions`.
    of: Vec<Vec<usize>>,
}

static STANDARD: LazyLock<Tables> = LazyLock::new(|| {
    // A table that cannot be read is a fault of the tree, which a test finds.
    Tables::new(TEXTS.iter().filter_map(|text| Edition::parse(text).ok()).collect())
});

impl Tables {
    /// Those of the tree.
    #[must_use]
    pub fn standard() -> &'static Self {
        &STANDARD
    }

    fn new(editions: Vec<Edition>) -> Self {
        let mut of = vec![Vec::new(); 256];
        for (place, edition) in editions.iter().enumerate() {
            if let Some(of) = of.get_mut(usize::from(edition.category)) {
                of.push(place);
            }
        }
        Self { editions, of }
    }

    /// The editions.
    #[must_use]
    pub fn editions(&self) -> &[Edition] {
        &self.editions
    }

    /// An edition by its place.
    #[must_use]
    pub fn get(&self, place: usize) -> Option<&Edition> {
        self.editions.get(place)
    }

    fn of(&self, category: u8) -> &[usize] {
        self.of.get(usize::from(category)).map_or(&[], Vec::as_slice)
    }

    /// Whether octets begin with a block of a known category, whose first records can be read, up to its end if they are
    /// all.
    #[must_use]
    pub fn is_likely(&self, octets: &[u8]) -> bool {
        let Some(&[category, high, low]) = octets.get(..3).and_then(|head| <&[u8; 3]>::try_from(head).ok()) else {
            return false;
        };
        let Some(records) = octets.get(3..usize::from(u16::from_be_bytes([high, low]))) else { return false };
        let mut layout = Layout::default();
        let mut editions = self.of(category).iter().filter_map(|place| self.get(*place));
        editions.any(|edition| {
            let mut rest = records;
            for _ in 0..LOOKED_AT {
                match layout.read(edition, rest) {
                    Ok(size) => rest = rest.get(size..).unwrap_or_default(),
                    Err(_) => return false,
                }
                if rest.is_empty() {
                    break;
                }
            }
            true
        })
    }

    /// The edition of blocks of one category and sender: the one asked for, or the one that reads the most of them; where
    /// several do, the newest.
    pub fn choose<'a>(
        &self,
        category: u8,
        asked: &[(u8, String)],
        blocks: impl Iterator<Item = &'a [u8]>,
    ) -> Option<usize> {
        let known = self.of(category);
        let by_name = |place: &&usize| {
            let edition = self.get(**place).map(|edition| edition.edition.as_str());
            asked.iter().any(|(of, name)| *of == category && Some(name.as_str()) == edition)
        };
        if let Some(place) = known.iter().find(by_name) {
            return Some(*place);
        }
        if known.len() < 2 {
            return known.first().copied();
        }
        let blocks: Vec<&[u8]> = blocks.take(JUDGED).collect();
        let read = |place: &usize| self.get(*place).map(|edition| reads(edition, &blocks));
        known.iter().max_by_key(|place| read(place)).copied()
    }
}

/// How many blocks an edition reads to their ends, in how many of them times of day and places can be, and how few records
/// that makes: octets of another edition fall apart.
fn reads(edition: &Edition, blocks: &[&[u8]]) -> (usize, usize, Reverse<usize>) {
    let mut layout = Layout::default();
    let mut reads = (0, 0, Reverse(0));
    for block in blocks {
        let mut rest = block.get(3..).unwrap_or_default();
        let mut sane = true;
        while let Ok(size) = layout.read(edition, rest) {
            let (record, behind) = rest.split_at(size.min(rest.len()));
            sane &= layout.items(edition, record).all(|item| is_sane(&item));
            rest = behind;
            reads.2.0 += 1;
        }
        reads.0 += usize::from(rest.is_empty());
        reads.1 += usize::from(rest.is_empty() && sane);
    }
    reads
}

/// Whether a place is on the Earth, and a number of 128ths of a second within a day.
fn is_sane(item: &Found<'_>) -> bool {
    let within = |name: &str, most: f64| item.si(name).is_none_or(|value| value.abs() <= most);
    let time = item.item.fields.first().is_some_and(|field| field.bits == 24 && field.unit == "s");
    within("LAT", 90.0) && within("LON", 180.0) && (!time || within("VAL", 86_400.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_table_of_the_tree_is_read() {
        for text in TEXTS {
            let edition = Edition::parse(text);
            assert!(edition.is_ok(), "{edition:?}");
        }
        assert_eq!(Tables::standard().editions().len(), TEXTS.len());
    }
}
