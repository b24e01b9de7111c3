//! `links.parquet`: which tracks of a picture probably go on as which, over a gap.

use super::columns::{Column, Kind, meant, schema_with_meanings};
use super::digest::TableFile;
use super::error::ProductError;
use super::manifest::FileEntry;
use super::picture::ROWS_PER_GROUP;
use crate::refine::Link;
use crate::space::Frame;
use arrow_array::{ArrayRef, Float32Array, RecordBatch, TimestampMicrosecondArray, UInt64Array};
use std::path::Path;
use std::sync::Arc;

/// The name of the table in a partner's folder.
const LINKS: &str = "links.parquet";

/// The columns of a table in `frame`.
#[must_use]
pub fn link_columns(frame: Frame) -> [Column; 6] {
    let instant = if frame == Frame::Geodetic { Kind::InstantUtc } else { Kind::Instant };
    [
        meant("from", Kind::Integer, "", "the track that ended"),
        meant("to", Kind::Integer, "", "the track that began"),
        meant("object", Kind::Integer, "", "the first track of the chain, by which all of it are joined"),
        meant("ended", instant, "µs", "when the first row shows it that has its last detection"),
        meant("began", instant, "µs", "when its first row shows the other one"),
        meant("probability", Kind::Single, "", "probability that both are one object"),
    ]
}

/// Writes the table into a partner's folder.
pub(super) fn write(folder: &Path, frame: Frame, links: &[Link]) -> Result<FileEntry, ProductError> {
    let schema = schema_with_meanings(&link_columns(frame));
    let mut file = TableFile::create(&folder.join(LINKS), Arc::clone(&schema))?;
    for links in links.chunks(ROWS_PER_GROUP) {
        let integers = |of: fn(&Link) -> u64| Arc::new(UInt64Array::from_iter_values(links.iter().map(of))) as ArrayRef;
        let times = |of: fn(&Link) -> i64| {
            let times = TimestampMicrosecondArray::from_iter_values(links.iter().map(of));
            Arc::new(if frame == Frame::Geodetic { times.with_timezone("UTC") } else { times }) as ArrayRef
        };
        let columns = vec![
            integers(|link| link.from),
            integers(|link| link.to),
            integers(|link| link.object),
            times(|link| link.ended_us),
            times(|link| link.began_us),
            Arc::new(Float32Array::from_iter_values(links.iter().map(|link| link.probability))),
        ];
        let batch = RecordBatch::try_new(Arc::clone(&schema), columns)
            .map_err(|source| ProductError::Batch { place: LINKS.to_owned(), source })?;
        file.write(&batch)?;
    }
    file.finish()
}
