//! Tables beside a picture: their columns as docs/pictures.md has them, and whether their rows explain every byte.

use super::finding::{Beyond, Breaches};
use super::table::{Hashed, as_written, told};
use crate::pages::ParquetFile;
use crate::pages::contain::contained;
use crate::space::Frame;
use arrow_array::RecordBatch;
use arrow_schema::{DataType, Schema, SchemaRef, TimeUnit};
use parquet::arrow::{ArrowWriter, ProjectionMask};
use parquet::errors::ParquetError;
use sha2::Digest as _;
use std::collections::BTreeMap;
use std::io;
use std::path::Path;

/// Rows of a group.
const GROUP: usize = 32_768;

/// A column: its name, its type, and whether it may be null.
pub(super) type Column = (&'static str, DataType, bool);

/// The type of times in a picture of `frame`.
pub(super) fn instant(frame: Frame) -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, (frame == Frame::Geodetic).then(|| "UTC".into()))
}

/// What the documents say of a table: its columns, and the heading under which they stand.
#[derive(Debug)]
pub(super) struct Wanted<'a> {
    pub(super) columns: &'a [Column],
    pub(super) heading: &'static str,
}

/// Hands over the rows of a table, if it has the columns that it must have; what is wrong with it is added to `breaches`.
pub(super) fn each(
    (path, place): (&Path, &str),
    frame: Frame,
    wanted: &Wanted<'_>,
    breaches: &mut Breaches,
    mut take: impl FnMut(&RecordBatch),
) {
    let read = contained(|| read((path, place), frame, wanted, breaches, &mut take));
    let read = read.unwrap_or_else(|| Err(ParquetError::General("found a damaged file".to_owned())));
    if let Err(error) = read {
        breaches.add(Beyond::Encoding, place, error.to_string(), "a Parquet table");
    }
}

fn read(
    (path, place): (&Path, &str),
    frame: Frame,
    wanted: &Wanted<'_>,
    breaches: &mut Breaches,
    take: &mut impl FnMut(&RecordBatch),
) -> Result<(), ParquetError> {
    let mut file = crate::files::open(path)?;
    let opened = ParquetFile::open(file.try_clone()?)?;
    let schema = SchemaRef::clone(opened.schema());
    let same = schema.fields().iter().zip(wanted.columns).all(|(field, (name, kind, nullable))| {
        let said: BTreeMap<String, String> = field.metadata().clone().into_iter().collect();
        // A time means what it means in the picture.
        let of_picture =
            format!("### Columns in a `{}` recording", if frame == Frame::Geodetic { "geodetic" } else { "local" });
        let told = told(name, if *name == "time" { &of_picture } else { wanted.heading });
        field.name() == name && field.data_type() == kind && field.is_nullable() == *nullable && said == told
    });
    if !same || schema.fields().len() != wanted.columns.len() {
        breaches.add(Beyond::Column, place, format!("{:?}", schema.fields()), "the columns of docs/pictures.md");
        return Ok(());
    }
    let plain = SchemaRef::new(Schema::new(schema.fields().clone()));
    let mut again =
        ArrowWriter::try_new_with_options(Hashed::default(), SchemaRef::clone(&plain), as_written(&schema))?;
    for batch in opened.batches(ProjectionMask::all(), GROUP) {
        let batch = RecordBatch::try_new(SchemaRef::clone(&plain), batch?.columns().to_vec())?;
        take(&batch);
        again.write(&batch)?;
        again.flush()?;
    }
    let again = again.into_inner()?;
    let mut there = Hashed::default();
    io::Seek::rewind(&mut file)?;
    io::copy(&mut file, &mut there)?;
    if again.0.finalize() != there.0.finalize() {
        let found = "bytes that its rows do not explain (statistics, dictionaries, metadata)";
        breaches.add(Beyond::Encoding, place, found, "the bytes that writing its rows gives");
    }
    Ok(())
}
