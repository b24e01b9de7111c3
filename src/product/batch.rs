//! Rows to Arrow batches: the same lines serve files and callers without files.

use std::sync::Arc;

use arrow_array::builder::{
    BinaryBuilder, BooleanBuilder, Float32Builder, Float64Builder, ListBuilder, StringBuilder, UInt64Builder,
};
use arrow_array::{ArrayRef, RecordBatch, TimestampMicrosecondArray};
use arrow_schema::SchemaRef;

use super::columns::{
    FIRST_FILTERED, FIRST_POSITION, FIRST_SINGLE, Fields, Refined, SINGLES, columns, element, picture_schema, present,
};
use super::error::ProductError;
use super::obligations::{Row, Shown, show};
use crate::policy::{COARSEN_RANGE_M, Obligations};
use crate::space::Frame;

/// Rows of one picture as one Arrow batch, cut as their obligations demand, without any file.
///
/// `fields` are those that the partner's levels can grant at all: other columns are absent.
///
/// # Errors
/// A number that is not finite or out of its range, or a coarsening out of [`COARSEN_RANGE_M`].
pub fn picture_batch<'a>(
    frame: Frame,
    fields: &Fields,
    rows: impl IntoIterator<Item = (Row<'a>, &'a Obligations)>,
) -> Result<RecordBatch, ProductError> {
    let mut buffer = Buffer::new("in memory", frame, (fields, Refined::default()));
    for (row, cut) in rows {
        buffer.push(&row, cut)?;
    }
    buffer.take()
}

/// Rows of one picture that are not yet written.
#[derive(Debug)]
pub(super) struct Buffer {
    place: String,
    frame: Frame,
    fields: Fields,
    refined: Refined,
    schema: SchemaRef,
    /// All rows so far, also those already taken.
    pub rows_total: u64,
    time_us: Vec<i64>,
    track: UInt64Builder,
    status: StringBuilder,
    position: [Float64Builder; 3],
    singles: [Float32Builder; SINGLES],
    detections: UInt64Builder,
    last_detection_us: Vec<Option<i64>>,
    smoothed: BooleanBuilder,
    as_known_at_us: Vec<Option<i64>>,
    filtered: [Float64Builder; 3],
    identity: StringBuilder,
    identity_probability: Float32Builder,
    contributors: ListBuilder<StringBuilder>,
    authorities: ListBuilder<StringBuilder>,
    holders: ListBuilder<StringBuilder>,
    geometry: BinaryBuilder,
}

impl Buffer {
    /// An empty buffer; `place` is what errors call the picture.
    pub(super) fn new(place: &str, frame: Frame, (fields, refined): (&Fields, Refined)) -> Self {
        let texts = || ListBuilder::new(StringBuilder::new()).with_field(element());
        Self {
            place: place.to_owned(),
            frame,
            fields: fields.clone(),
            refined,
            schema: picture_schema(frame, (fields, refined)),
            rows_total: 0,
            time_us: Vec::new(),
            track: UInt64Builder::new(),
            status: StringBuilder::new(),
            position: std::array::from_fn(|_| Float64Builder::new()),
            singles: std::array::from_fn(|_| Float32Builder::new()),
            detections: UInt64Builder::new(),
            last_detection_us: Vec::new(),
            smoothed: BooleanBuilder::new(),
            as_known_at_us: Vec::new(),
            filtered: std::array::from_fn(|_| Float64Builder::new()),
            identity: StringBuilder::new(),
            identity_probability: Float32Builder::new(),
            contributors: texts(),
            authorities: texts(),
            holders: texts(),
            geometry: BinaryBuilder::new(),
        }
    }

    /// The schema of the batches.
    pub(super) fn schema(&self) -> SchemaRef {
        Arc::clone(&self.schema)
    }

    /// How many rows wait.
    pub(super) fn len(&self) -> usize {
        self.time_us.len()
    }

    /// Cuts a row and takes it in; on an error the buffer is as before.
    pub(super) fn push(&mut self, row: &Row<'_>, cut: &Obligations) -> Result<(), ProductError> {
        if let Some(size_m) = cut.coarsen_m
            && !COARSEN_RANGE_M.contains(&size_m)
        {
            return Err(self.wrong("coarsen_m", size_m, "an edge from 0.001 to 1000000 m"));
        }
        let shown = show(self.frame, row, cut);
        self.check(&shown)?;
        self.rows_total += 1;
        self.time_us.push(shown.time_us);
        self.track.append_value(shown.track);
        self.status.append_value(shown.status.name());
        for (builder, value) in self.position.iter_mut().zip(shown.position) {
            builder.append_value(value);
        }
        for (builder, value) in self.singles.iter_mut().zip(shown.singles) {
            builder.append_option(value.map(single));
        }
        self.detections.append_option(shown.detections);
        self.last_detection_us.push(shown.last_detection_us);
        self.smoothed.append_value(shown.smoothed);
        self.as_known_at_us.push(shown.as_known_at_us);
        for (axis, builder) in self.filtered.iter_mut().enumerate() {
            builder.append_option(shown.filtered.and_then(|place| place.get(axis).copied()));
        }
        self.identity.append_option(shown.identity.map(|(text, _)| text));
        self.identity_probability.append_option(shown.identity.map(|(_, probability)| single(probability)));
        append_texts(&mut self.contributors, shown.contributors);
        append_texts(&mut self.authorities, Some(shown.authorities));
        append_texts(&mut self.holders, shown.holders);
        if self.frame == Frame::Geodetic {
            self.geometry.append_value(well_known(shown.position));
        }
        Ok(())
    }

    /// The rows that wait, as a batch; the buffer is empty afterwards.
    pub(super) fn take(&mut self) -> Result<RecordBatch, ProductError> {
        let zoned = |times: TimestampMicrosecondArray| match self.frame {
            Frame::Geodetic => times.with_timezone("UTC"),
            Frame::Local => times,
        };
        let time = zoned(std::mem::take(&mut self.time_us).into());
        let last_detection = zoned(std::mem::take(&mut self.last_detection_us).into());
        let as_known_at = zoned(std::mem::take(&mut self.as_known_at_us).into());
        let track: ArrayRef = Arc::new(self.track.finish());
        let mut arrays: Vec<ArrayRef> = vec![Arc::new(time), Arc::clone(&track)];
        arrays.push(Arc::new(self.status.finish()));
        arrays.extend(self.position.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef));
        arrays.extend(self.singles.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef));
        arrays.push(Arc::new(self.detections.finish()));
        arrays.push(Arc::new(last_detection));
        arrays.push(Arc::new(self.smoothed.finish()));
        arrays.push(Arc::new(as_known_at));
        arrays.extend(self.filtered.iter_mut().map(|builder| Arc::new(builder.finish()) as ArrayRef));
        // Until links are known a track is itself.
        arrays.push(track);
        arrays.push(Arc::new(self.identity.finish()));
        arrays.push(Arc::new(self.identity_probability.finish()));
        arrays.push(Arc::new(self.contributors.finish()));
        arrays.push(Arc::new(self.authorities.finish()));
        arrays.push(Arc::new(self.holders.finish()));
        arrays.push(Arc::new(self.geometry.finish()));
        let kept = columns(self.frame).iter().zip(arrays);
        let kept =
            kept.filter(|(column, _)| present(column, (&self.fields, self.refined))).map(|(_, array)| array).collect();
        RecordBatch::try_new(self.schema(), kept)
            .map_err(|source| ProductError::Batch { place: self.place.clone(), source })
    }

    /// Refuses what no picture can hold: such a number is a fault of what came before.
    fn check(&self, shown: &Shown<'_>) -> Result<(), ProductError> {
        let names = |first: usize| columns(self.frame).iter().skip(first).map(|column| column.name);
        let filtered = names(FIRST_FILTERED).zip(shown.filtered.into_iter().flatten());
        for (name, value) in names(FIRST_POSITION).zip(shown.position).chain(filtered) {
            if !value.is_finite() {
                return Err(self.wrong(name, value, "a finite number"));
            }
            if name.ends_with("latitude_deg") && value.abs() > 90.0 {
                return Err(self.wrong(name, value, "-90 to 90: the position is near the centre of the Earth"));
            }
        }
        for (name, value) in names(FIRST_SINGLE).zip(shown.singles) {
            let Some(value) = value else { continue };
            if !single(value).is_finite() {
                return Err(self.wrong(name, value, "a finite number of 32 bits"));
            }
            if name == "existence" && !(0.0..=1.0).contains(&value) {
                return Err(self.wrong(name, value, "a probability from 0 to 1"));
            }
        }
        match shown.identity {
            Some((_, probability)) if !(0.0..=1.0).contains(&probability) => {
                Err(self.wrong("identity_probability", probability, "a probability from 0 to 1"))
            }
            _ => Ok(()),
        }
    }

    fn wrong(&self, column: &'static str, found: f64, wanted: &'static str) -> ProductError {
        ProductError::Number { place: self.place.clone(), row: self.rows_total + 1, column, found, wanted }
    }
}

/// Latitude, longitude and altitude as a point in WKB: little endian, `Point Z`, longitude first.
fn well_known([latitude, longitude, altitude]: [f64; 3]) -> Vec<u8> {
    let [x, y, z] = [longitude, latitude, altitude].map(f64::to_le_bytes);
    [&[1], 1001_u32.to_le_bytes().as_slice(), &x, &y, &z].concat()
}

#[expect(clippy::cast_possible_truncation, reason = "the picture's precision; what overflows is refused")]
fn single(value: f64) -> f32 {
    value as f32
}

/// Appends a list of texts, null where it is withheld.
pub(super) fn append_texts(builder: &mut ListBuilder<StringBuilder>, texts: Option<&[String]>) {
    for text in texts.unwrap_or_default() {
        builder.values().append_value(text);
    }
    builder.append(texts.is_some());
}
