//! What the pages of a column ask for, before one of them is decoded.
//!
//! A page header says how many bytes are stored and how many they decode to; together those of all columns are what a
//! reader holds at once. Text may grow beyond its page: a value of a dictionary stands in many rows, a delta encoding
//! repeats what came before. The most bytes a row can have bound the rows of a batch.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::sync::Arc;

use parquet::arrow::ProjectionMask;
use parquet::basic::{Compression, Type};
use parquet::column::page::{Page, PageReader};
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::serialized_reader::SerializedPageReader;

use super::thrift::{PageHeader, Walk, page_header};
use super::{words, wrong};
use crate::lines::CELL_MOST;
use crate::unpack::gzip::Gunzip;

/// The pages of all columns that a reader may hold at once, in bytes.
const PAGES_MOST: u64 = 512 << 20;

/// The longest header of a page; the least and the greatest value stand in it.
const HEADER_MOST: u64 = 1 << 20;

/// A page of a dictionary, and of data in the first and the second form.
const DICTIONARY: i64 = 2;
const DATA_2: i64 = 3;
const DATA: [i64; 2] = [0, DATA_2];

/// Encodings of text whose values need more bytes than their page has.
const DELTA_LENGTHS: i64 = 6;
const DELTA_TEXT: i64 = 7;
const BY_DICTIONARY: [i64; 2] = [2, 8];

/// The columns of a file that are read.
pub(super) struct Columns<'a> {
    pub(super) file: &'a Arc<File>,
    pub(super) length: u64,
    pub(super) mask: &'a ProjectionMask,
}

/// What a column asks for.
#[derive(Default)]
struct Need {
    dictionary: u64,
    data: u64,
    /// Bytes of the text of all values.
    text: u64,
    values: u64,
    delta: bool,
}

impl Columns<'_> {
    /// The most bytes of text that a row of a group has, on average over the worst page of every column.
    ///
    /// # Errors
    /// What the pages ask for, where it is too much, or where their headers are damaged.
    pub(super) fn measure(&self, group: &RowGroupMetaData) -> Result<u64, ParquetError> {
        let (mut pages, mut text) = (0_u64, 0_u64);
        for (leaf, column) in group.columns().iter().enumerate() {
            if !self.mask.leaf_included(leaf) {
                continue;
            }
            let named = |error| of_column(column, &error);
            let (need, most) = self.column(column, group.num_rows()).map_err(named)?;
            pages = pages.saturating_add(need);
            text = text.saturating_add(most);
        }
        if pages > PAGES_MOST {
            let found = format!("pages of {pages} bytes side by side");
            return Err(wrong(&found, &format!("at most {PAGES_MOST}: write smaller pages")));
        }
        Ok(text)
    }

    /// Bytes of the pages of a column that are held at once, and of the text of a row.
    fn column(&self, column: &ColumnChunkMetaData, rows: i64) -> Result<(u64, u64), ParquetError> {
        let start = column.dictionary_page_offset().unwrap_or(column.data_page_offset());
        let (start, length) = (u64::try_from(start), u64::try_from(column.compressed_size()));
        let (Ok(start), Ok(length)) = (start, length) else { return Err(damaged()) };
        let end = start.checked_add(length).filter(|end| *end <= self.length);
        let end = end.ok_or_else(|| wrong("a column that ends after the file", "the whole file"))?;
        if !is_read(column.compression()) {
            let name = column.compression().to_string();
            let found = format!("compression by {}", name.split('(').next().unwrap_or(&name));
            let wanted = "none, or that of Snappy, zstd, gzip or LZ4_RAW: pandas and polars write compression=\"zstd\", \
                          DuckDB COMPRESSION zstd";
            return Err(wrong(&found, wanted));
        }
        let is_text = column.column_type() == Type::BYTE_ARRAY;
        let nested = column.column_descr().max_rep_level() > 0;
        let (mut at, mut need, mut longest, mut most) = (start, Need::default(), 0, 0);
        while at < end {
            let (page, header) = self.header(at, end - at)?;
            let sizes = [page.decoded, page.stored, page.values].map(u64::try_from);
            let [Ok(decoded), Ok(stored), Ok(values)] = sizes else { return Err(damaged()) };
            let from = at.saturating_add(header);
            at = from.saturating_add(stored);
            if at > end {
                return Err(damaged());
            }
            if matches!(column.compression(), Compression::GZIP(_)) {
                self.inflated(&page, (from, stored), decoded)?;
            }
            if page.kind == DICTIONARY {
                if values.saturating_mul(width(column)) > decoded {
                    return Err(damaged());
                }
                need.dictionary = need.dictionary.max(decoded.max(stored));
                within(need.dictionary)?;
                longest = if is_text { self.longest(column)? } else { 0 };
            } else if DATA.contains(&page.kind) {
                need.data = need.data.max(decoded.max(stored));
                within(need.data)?;
                need.values = need.values.saturating_add(values);
                let bytes = text_of(&page, decoded, values, longest);
                need.text = need.text.saturating_add(bytes);
                most = most.max(bytes / values.max(1));
                need.delta |= [DELTA_LENGTHS, DELTA_TEXT].contains(&page.encoding);
            }
        }
        if is_text && need.delta {
            self.deltas(column)?;
        }
        let levels = if nested { need.values.saturating_mul(8) } else { 0 };
        let most = if nested { need.text / u64::try_from(rows).unwrap_or(0).max(1) } else { most };
        Ok((need.dictionary.saturating_add(need.data).saturating_add(levels), if is_text { most } else { 0 }))
    }

    /// Fails unless a page in gzip decodes to what its header says: the library for the format would give it what it asks for.
    fn inflated(&self, page: &PageHeader, (at, stored): (u64, u64), decoded: u64) -> Result<(), ParquetError> {
        if page.kind == DATA_2 {
            return Err(wrong("GZIP of pages in their second form", "compression by zstd"));
        }
        within(decoded)?;
        let mut file = self.file.as_ref();
        file.seek(SeekFrom::Start(at))?;
        let unpacked = Gunzip::new(file.take(stored)).take(decoded.saturating_add(1));
        let found = std::io::copy(&mut { unpacked }, &mut std::io::sink())?;
        if found == decoded { Ok(()) } else { Err(damaged()) }
    }

    /// The header of a page and its length.
    fn header(&self, at: u64, left: u64) -> Result<(PageHeader, u64), ParquetError> {
        let mut window = 256;
        loop {
            let bytes = bytes_at(self.file, at, left.min(window))?;
            if let Some(found) = page_header(&bytes) {
                return Ok(found);
            }
            if window >= left || window >= HEADER_MOST {
                return Err(damaged());
            }
            window *= 16;
        }
    }

    fn pages(&self, column: &ColumnChunkMetaData) -> Result<SerializedPageReader<File>, ParquetError> {
        SerializedPageReader::new(Arc::new(self.file.try_clone()?), column, 0, None)
    }

    /// The longest value of a dictionary.
    fn longest(&self, column: &ColumnChunkMetaData) -> Result<u64, ParquetError> {
        let page = self.pages(column)?.get_next_page()?;
        let Some(Page::DictionaryPage { buf, num_values, .. }) = page else { return Ok(0) };
        let (mut walk, mut longest) = (Walk { rest: &buf }, 0);
        for _ in 0..num_values {
            let length = walk.take(4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes);
            let length = u64::from(length.ok_or_else(damaged)?);
            walk.take(length).ok_or_else(damaged)?;
            longest = longest.max(length);
        }
        if longest > CELL_MOST as u64 {
            return Err(wrong(&format!("a value of {longest} bytes"), &format!("at most {CELL_MOST}")));
        }
        Ok(longest)
    }

    /// Checks the counts that delta encodings of text begin with: what decodes them trusts them.
    fn deltas(&self, column: &ColumnChunkMetaData) -> Result<(), ParquetError> {
        let (repeats, defines) = (column.column_descr().max_rep_level() > 0, column.column_descr().max_def_level() > 0);
        let mut pages = self.pages(column)?;
        while let Some(page) = pages.get_next_page()? {
            let encoding = page.encoding() as i64;
            if ![DELTA_LENGTHS, DELTA_TEXT].contains(&encoding) {
                continue;
            }
            let values = u64::from(page.num_values());
            let mut walk = Walk { rest: page.buffer() };
            let levels = match &page {
                Page::DataPageV2 { rep_levels_byte_len, def_levels_byte_len, .. } => {
                    walk.take(u64::from(*rep_levels_byte_len) + u64::from(*def_levels_byte_len)).map(drop)
                }
                _ => (0..u8::from(repeats) + u8::from(defines)).try_for_each(|_| {
                    let length = walk.take(4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_le_bytes)?;
                    walk.take(u64::from(length)).map(drop)
                }),
            };
            // A page without values has no counts.
            let counts = if encoding == DELTA_TEXT { 2 } else { 1 };
            let sound = levels.is_some()
                && (walk.rest.is_empty() || (0..counts).try_for_each(|_| delta(&mut walk, values)).is_some());
            if !sound {
                return Err(damaged());
            }
        }
        Ok(())
    }
}

/// Walks a run of integers in blocks of deltas, at most `values` of them.
fn delta(walk: &mut Walk<'_>, values: u64) -> Option<()> {
    let (block, minis, count) = (walk.number()?, walk.number()?, walk.number()?);
    walk.number()?;
    if block > 1 << 20 || minis == 0 || minis > 1 << 10 || count > values {
        return None;
    }
    let (each, mut left) = (block / minis, count.saturating_sub(1));
    while left > 0 {
        walk.number()?;
        for width in walk.take(minis)? {
            if left > 0 {
                walk.take(each.checked_mul(u64::from(*width))? / 8)?;
            }
            left = left.saturating_sub(each.max(1));
        }
    }
    Some(())
}

/// The most bytes that the values of a page of text may have.
fn text_of(page: &PageHeader, decoded: u64, values: u64, longest: u64) -> u64 {
    if page.encoding == DELTA_TEXT {
        // Each value may repeat all that stands before it.
        decoded.saturating_mul(values)
    } else if BY_DICTIONARY.contains(&page.encoding) {
        longest.saturating_mul(values)
    } else {
        decoded
    }
}

/// The fewest bytes of a value of a dictionary.
fn width(column: &ColumnChunkMetaData) -> u64 {
    match column.column_type() {
        Type::BOOLEAN => 1,
        Type::INT32 | Type::FLOAT | Type::BYTE_ARRAY => 4,
        Type::INT64 | Type::DOUBLE => 8,
        Type::INT96 => 12,
        Type::FIXED_LEN_BYTE_ARRAY => u64::try_from(column.column_descr().type_length()).unwrap_or(1).max(1),
    }
}

fn within(bytes: u64) -> Result<(), ParquetError> {
    if bytes > PAGES_MOST {
        return Err(wrong(&format!("a page of {bytes} bytes"), &format!("at most {PAGES_MOST}: write smaller pages")));
    }
    Ok(())
}

fn of_column(column: &ColumnChunkMetaData, error: &ParquetError) -> ParquetError {
    let text = words(error);
    ParquetError::General(format!("column `{}`: {text}", column.column_path().string().escape_debug()))
}

/// Whether pages of this compression are read.
const fn is_read(compression: Compression) -> bool {
    use Compression::{GZIP, LZ4_RAW, SNAPPY, UNCOMPRESSED, ZSTD};
    matches!(compression, UNCOMPRESSED | SNAPPY | ZSTD(_) | GZIP(_) | LZ4_RAW)
}

fn damaged() -> ParquetError {
    wrong("a damaged page", "what its header says")
}

/// Bytes of a file from a place on, fewer where it ends before.
pub(super) fn bytes_at(file: &File, at: u64, count: u64) -> Result<Vec<u8>, ParquetError> {
    let mut file = file;
    file.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::with_capacity(usize::try_from(count).unwrap_or(0));
    file.take(count).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_of_deltas_has_no_more_values_than_its_page_and_ends_where_it_says() {
        // Blocks of 128, 4 parts of 32, 3 values, the first 5; least delta 0, widths 1 0 0 0, one part of 4 bytes.
        let run = [0x80, 1, 4, 3, 10, 0, 1, 0, 0, 0, 7, 7, 7, 7];
        let after = [run.as_slice(), &[9]].concat();
        let mut walk = Walk { rest: &after };
        assert_eq!((delta(&mut walk, 3), walk.rest), (Some(()), [9].as_slice()));
        assert_eq!(delta(&mut Walk { rest: &run }, 2), None, "more values than the page");
        assert_eq!(delta(&mut Walk { rest: &run[..12] }, 3), None, "cut");
        assert_eq!(delta(&mut Walk { rest: &[0x80, 1, 0, 3, 10] }, 3), None, "no parts");
        let many = [0x80, 1, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 10];
        assert_eq!(delta(&mut Walk { rest: &many }, 3), None, "2^56 values");
    }
}
