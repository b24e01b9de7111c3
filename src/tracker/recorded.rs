//! Sensors made in code, with the rows that they measured: a recording in memory.

use super::builder::TrackerBuilder;
use super::error::{Error, ErrorKind};
use crate::ingest::{Memory, TimeScale};
use arrow_array::RecordBatch;
use serde::Serialize;
use toml::{Table, Value};

impl TrackerBuilder {
    /// A recording in memory of the sensors of this builder, in its frame, with detections in the columns of a `detections.parquet`.
    /// `written` is what `[detections]` of a `recording.toml` would say of columns with other names and units (`docs/formats.md`).
    ///
    /// Times are seconds where the column `time` has numbers and nothing is written of it, and instants otherwise.
    ///
    /// # Errors
    /// A sensor that cannot be in this frame, two of one name, none; a builder with a catalogue, which has a recording.
    pub fn recording(
        &self,
        name: &str,
        detections: Vec<RecordBatch>,
        written: &impl Serialize,
    ) -> Result<Memory, Error> {
        let because = |error| Error::because(ErrorKind::Configuration, error);
        let written = Table::try_from(written).map_err(because)?;
        let scale = scale(&detections, &written);
        let text = self.described((name, scale), written)?;
        Ok(Memory::new(&text, detections))
    }
}

/// How times are counted.
fn scale(detections: &[RecordBatch], written: &Table) -> TimeScale {
    let origin = written.get("columns").and_then(|columns| columns.get("time"));
    let column = match origin {
        None => Some("time"),
        Some(Value::String(column)) => Some(column.as_str()),
        Some(_) => None,
    };
    let schema = detections.first().map(RecordBatch::schema);
    let found = schema.and_then(|schema| Some(schema.field_with_name(column?).ok()?.data_type().clone()));
    if found.is_some_and(|found| found.is_numeric()) { TimeScale::Seconds } else { TimeScale::Timestamp }
}
