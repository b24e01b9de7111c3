//! The compact protocol of Thrift, in which Parquet writes footers and page headers: walked, not decoded.
//!
//! Every length and count is compared with the bytes that are left before anything believes it, and nothing nests deeper
//! than [`DEEPEST`]. Reference: apache/thrift, doc/specs/thrift-compact-protocol.md; apache/parquet-format,
//! parquet.thrift.

use parquet::errors::ParquetError;

use super::wrong;

/// The deepest nesting of structs and lists, and of columns.
const DEEPEST: usize = 24;

/// The most columns and groups of columns.
const SCHEMA_MOST: u64 = 4096;

/// The most row groups: the format numbers them in 16 bits.
const GROUPS_MOST: u64 = 32_768;

/// What a page says of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct PageHeader {
    /// 0 data, 1 index, 2 dictionary, 3 data in the second form.
    pub(super) kind: i64,
    pub(super) decoded: i64,
    pub(super) stored: i64,
    pub(super) values: i64,
    pub(super) encoding: i64,
}

/// Bytes being walked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Walk<'a> {
    pub(super) rest: &'a [u8],
}

/// The type of an element, as the protocol numbers it.
const STRUCT: u8 = 12;
const LIST: u8 = 9;

impl<'a> Walk<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(*first)
    }

    pub(super) fn number(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f).checked_shl(shift)?;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -(number & 1).cast_signed())
    }

    pub(super) fn take(&mut self, length: u64) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(usize::try_from(length).ok()?)?;
        self.rest = rest;
        Some(taken)
    }

    /// The number and type of the next field of a struct; a type of 0 ends it.
    fn field(&mut self, last: &mut i64) -> Option<(i64, u8)> {
        let head = self.byte()?;
        let (step, kind) = (head >> 4, head & 0x0f);
        if kind != 0 {
            *last = if step == 0 { self.signed()? } else { last.checked_add(i64::from(step))? };
        }
        Some((*last, kind))
    }

    /// Calls `each` with every field of a struct; what it does not take is skipped.
    fn fields(&mut self, depth: usize, mut each: impl FnMut(&mut Self, i64, u8) -> Option<bool>) -> Option<()> {
        let mut last = 0;
        loop {
            let (number, kind) = self.field(&mut last)?;
            if kind == 0 {
                return Some(());
            }
            // A flag in a struct is its own field type; in a list it is a byte.
            if !each(self, number, kind)? && !matches!(kind, 1 | 2) {
                self.skip(kind, depth + 1)?;
            }
        }
    }

    /// The type and number of the elements of a list, of which each has a byte at least.
    fn list(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let count = if head >> 4 == 15 { self.number()? } else { u64::from(head >> 4) };
        (count <= self.rest.len() as u64).then_some((head & 0x0f, count))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Option<()> {
        if depth > DEEPEST {
            return None;
        }
        match kind {
            1..=3 => self.byte().map(drop),
            4..=6 => self.number().map(drop),
            7 => self.take(8).map(drop),
            8 => {
                let length = self.number()?;
                self.take(length).map(drop)
            }
            LIST | 10 => {
                let (kind, count) = self.list()?;
                (0..count).try_for_each(|_| self.skip(kind, depth + 1))
            }
            11 => {
                let count = self.number()?;
                let kinds = if count == 0 { 0 } else { self.byte()? };
                let mut both = || {
                    self.skip(kinds >> 4, depth + 1)?;
                    self.skip(kinds & 0x0f, depth + 1)
                };
                (0..count).try_for_each(|_| both())
            }
            STRUCT => self.fields(depth, |_, _, _| Some(false)),
            13 => self.take(16).map(drop),
            _ => None,
        }
    }
}

/// The header of a page and how many bytes it has; `None` where the bytes do not suffice or are none.
pub(super) fn page_header(bytes: &[u8]) -> Option<(PageHeader, u64)> {
    let mut header = PageHeader { kind: -1, decoded: -1, stored: -1, values: 0, encoding: -1 };
    let mut walk = Walk { rest: bytes };
    walk.fields(0, |walk, number, kind| {
        match (number, kind) {
            (1, 5) => header.kind = walk.signed()?,
            (2, 5) => header.decoded = walk.signed()?,
            (3, 5) => header.stored = walk.signed()?,
            (5 | 7 | 8, STRUCT) => {
                // Values come first in all three; the encoding is field 2, or 4 in the second form.
                let encoding = if number == 8 { 4 } else { 2 };
                walk.fields(1, |walk, field, kind| {
                    match (field, kind) {
                        (1, 5) => header.values = walk.signed()?,
                        (field, 5) if field == encoding => header.encoding = walk.signed()?,
                        _ => return Some(false),
                    }
                    Some(true)
                })?;
            }
            _ => return Some(false),
        }
        Some(true)
    })?;
    Some((header, (bytes.len() - walk.rest.len()) as u64))
}

/// Walks the footer of a file: every count is backed by bytes, and the schema is no deeper and no wider than is read.
pub(super) fn footer(bytes: &[u8]) -> Result<(), ParquetError> {
    let (mut walk, mut bound) = (Walk { rest: bytes }, Ok(()));
    let done = walk.fields(0, |walk, number, kind| match (number, kind) {
        (2, LIST) => schema(walk, &mut bound),
        (4, LIST) => {
            let (_, count) = Walk { rest: walk.rest }.list()?;
            if count > GROUPS_MOST {
                bound = Err(wrong(&format!("{count} row groups"), &format!("at most {GROUPS_MOST}")));
                return None;
            }
            Some(false)
        }
        _ => Some(false),
    });
    bound?;
    done.ok_or_else(|| wrong("a damaged footer", "that of a Parquet file"))
}

fn schema(walk: &mut Walk<'_>, bound: &mut Result<(), ParquetError>) -> Option<bool> {
    let (kind, count) = walk.list()?;
    if kind != STRUCT {
        return None;
    }
    if count > SCHEMA_MOST {
        *bound = Err(wrong(&format!("{count} columns"), &format!("at most {SCHEMA_MOST}")));
        return None;
    }
    // Children still to come at every level above.
    let mut above: Vec<i64> = Vec::new();
    for _ in 0..count {
        let mut children = 0;
        walk.fields(1, |walk, number, kind| {
            if (number, kind) == (5, 5) {
                children = walk.signed()?;
                return Some(true);
            }
            Some(false)
        })?;
        if let Some(left) = above.last_mut() {
            *left -= 1;
        }
        if children > 0 {
            above.push(children);
        }
        while above.last().is_some_and(|left| *left <= 0) {
            above.pop();
        }
        if above.len() > DEEPEST {
            *bound = Err(wrong("deeply nested columns", &format!("at most {DEEPEST} levels")));
            return None;
        }
    }
    Some(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A data page of 3 values, 16 bytes, 10 stored, plain; then a byte that is no part of it.
    const PAGE: [u8; 17] = [0x15, 0, 0x15, 32, 0x15, 20, 0x2c, 0x15, 6, 0x15, 0, 0x15, 6, 0x15, 6, 0, 0];

    #[test]
    fn a_page_header_is_read_and_measured() {
        let bytes = [PAGE.as_slice(), &[9]].concat();
        let wanted = PageHeader { kind: 0, decoded: 16, stored: 10, values: 3, encoding: 0 };
        assert_eq!(page_header(&bytes), Some((wanted, 17)));
        for cut in 0..PAGE.len() {
            assert_eq!(page_header(&PAGE[..cut]), None, "{cut} bytes");
        }
    }

    #[test]
    fn counts_without_bytes_and_nesting_without_end_are_refused() {
        // Field 4, a list of 2^28 structs.
        let groups = [0x49, 0xfc, 0x80, 0x80, 0x80, 0x80, 0x01, 0, 0];
        assert!(footer(&groups).is_err());
        // Field 9, structs in structs.
        let nested = [vec![0x9c], vec![0x1c; 100_000]].concat();
        assert!(footer(&nested).is_err());
        // A schema in which every element has the next one as its only child.
        let element = [0x55, 2, 0];
        let schema = [vec![0x29, 0xfc, 200, 1], element.repeat(200), vec![0]].concat();
        assert_eq!(
            footer(&schema).unwrap_err().to_string(),
            "Parquet error: found deeply nested columns, wanted at most 24 levels"
        );
        assert!(footer(&[0]).is_ok());
    }
}
