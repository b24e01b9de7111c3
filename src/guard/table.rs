//! `tracks.parquet` as the guard reads it: columns, rows, and whether the rows explain every byte.

use super::finding::{Beyond, Breaches};
use crate::pages::ParquetFile;
use crate::pages::contain::contained;
use crate::space::Frame;
use arrow_array::cast::AsArray;
use arrow_array::types::{Float32Type, Float64Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, RecordBatch};
use arrow_schema::{DataType, Schema, SchemaRef, TimeUnit};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Seek, Write};
use std::path::Path;

/// What the columns are, for people and for the guard.
const PAGE: &str = include_str!("../../docs/pictures.md");

/// Rows of a group.
const GROUP: usize = 32_768;
/// Existence, velocity, covariance of the position and of the velocity.
pub(super) const NUMBERS: usize = 16;

/// A row of a picture.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) time_us: i64,
    pub(super) track: u64,
    pub(super) status: String,
    pub(super) position: [f64; 3],
    pub(super) numbers: [Option<f32>; NUMBERS],
    pub(super) detections: Option<u64>,
    pub(super) last_us: Option<i64>,
    /// Whether later detections made it better; nothing where no row says so.
    pub(super) smoothed: bool,
    /// When the last detection was made that it rests on, where a column says that.
    pub(super) known_us: Option<i64>,
    /// Where the filter had it, where columns say that.
    pub(super) filtered: [Option<f64>; 3],
    /// What its track is, joined, where a column says that.
    pub(super) object: Option<u64>,
    pub(super) identity: Option<String>,
    pub(super) identity_probability: Option<f32>,
    pub(super) contributors: Option<BTreeSet<String>>,
    pub(super) authorities: Vec<String>,
    pub(super) holders: Option<Vec<String>>,
    /// Whether contributors stand in their order, each once.
    pub(super) sorted: bool,
}

impl Row {
    /// Where the filter had it, where all of that is said.
    pub(super) fn filtered_place(&self) -> Option<[f64; 3]> {
        let [a, b, c] = self.filtered;
        Some([a?, b?, c?])
    }
}

/// The names of the columns of the position.
pub(super) fn places(frame: Frame) -> [&'static str; 3] {
    match frame {
        Frame::Geodetic => ["latitude_deg", "longitude_deg", "altitude_m"],
        Frame::Local => ["x_m", "y_m", "z_m"],
    }
}

/// The names of the columns with a number of 32 bits.
pub(super) fn numbers(frame: Frame) -> [String; NUMBERS] {
    let (axes, letters) = match frame {
        Frame::Geodetic => (["east", "north", "up"], ["e", "n", "u"]),
        Frame::Local => (["x", "y", "z"], ["x", "y", "z"]),
    };
    let [a, b, c] = letters;
    let pairs = [[a, a], [a, b], [a, c], [b, b], [b, c], [c, c]].map(|pair| pair.concat());
    let mut names = vec!["existence".to_owned()];
    names.extend(axes.map(|axis| format!("velocity_{axis}_m_s")));
    names.extend(pairs.iter().map(|pair| format!("position_covariance_{pair}_m2")));
    names.extend(pairs.iter().map(|pair| format!("velocity_covariance_{pair}_m2_s2")));
    std::array::from_fn(|k| names.get(k).cloned().unwrap_or_default())
}

/// The fields that an obligation leaves out with a number.
pub(super) fn fields(number: usize) -> &'static [&'static str] {
    match number {
        0 => &["existence"],
        1..=3 => &["velocity"],
        4..=9 => &["covariance"],
        _ => &["covariance", "velocity"],
    }
}

/// The fields that an obligation leaves out with the number of detections, and with the time of the last one.
pub(super) const OF_DETECTIONS: &[&str] = &["detections", "existence"];
pub(super) const OF_LAST: &[&str] = &["contributors", "detections", "existence"];
/// The same of an address and its probability.
pub(super) const OF_IDENTITY: &[&str] = &["identity"];

/// The columns of every picture, of a run that fuses addresses or not, and smooths or not: name, type, and the fields without
/// which they are null.
fn columns(Form { frame, identities, smoothing, joining }: Form) -> Vec<(String, DataType, &'static [&'static str])> {
    let instant = DataType::Timestamp(TimeUnit::Microsecond, (frame == Frame::Geodetic).then(|| "UTC".into()));
    let element = arrow_schema::Field::new("element", DataType::Utf8, false);
    let texts = DataType::List(std::sync::Arc::new(element));
    let mut columns: Vec<(String, DataType, &'static [&'static str])> = vec![
        ("time".to_owned(), instant.clone(), &[]),
        ("track".to_owned(), DataType::UInt64, &[]),
        ("status".to_owned(), DataType::Utf8, &[]),
    ];
    columns.extend(places(frame).map(|name| (name.to_owned(), DataType::Float64, [].as_slice())));
    columns.extend((0..).zip(numbers(frame)).map(|(k, name)| (name, DataType::Float32, fields(k))));
    columns.push(("detections".to_owned(), DataType::UInt64, OF_DETECTIONS));
    columns.push(("last_detection".to_owned(), instant.clone(), OF_LAST));
    if smoothing {
        columns.push(("smoothed".to_owned(), DataType::Boolean, &[]));
        columns.push(("as_known_at".to_owned(), instant, OF_LAST));
        columns.extend(places(frame).map(|name| (format!("filtered_{name}"), DataType::Float64, OF_LAST)));
    }
    if joining {
        columns.push(("object".to_owned(), DataType::UInt64, &[]));
    }
    if identities {
        columns.push(("identity".to_owned(), DataType::Utf8, OF_IDENTITY));
        columns.push(("identity_probability".to_owned(), DataType::Float32, OF_IDENTITY));
    }
    columns.push(("contributors".to_owned(), texts.clone(), &["contributors"]));
    columns.push(("authorities".to_owned(), texts.clone(), &[]));
    columns.push(("holders".to_owned(), texts, &["holders"]));
    if frame == Frame::Geodetic {
        columns.push(("geometry".to_owned(), DataType::Binary, &[]));
    }
    columns
}

/// What the page says of a column, and so must the file: its unit and its meaning.
pub(super) fn told(name: &str, under: &str) -> BTreeMap<String, String> {
    let tables = PAGE.split(under).nth(1).unwrap_or_default();
    let mut lines = tables.lines().take_while(|line| !line.starts_with("###"));
    let line = lines.find(|line| line.starts_with(&format!("| `{name}` |"))).unwrap_or_default();
    let cells: Vec<String> = line.trim_matches('|').split('|').map(|cell| cell.trim().replace('`', "")).collect();
    let cell = |key: &str, place: usize| Some((key.to_owned(), cells.get(place)?.clone()));
    let said = [cell("unit", 2), cell("meaning", 4)].into_iter().flatten();
    said.filter(|(_, text)| !text.is_empty()).collect()
}

/// What a geodetic picture says of its geometry (GeoParquet 1.1).
const GEO: &str = r#"{"version":"1.1.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","geometry_types":["Point Z"]}}}"#;

/// A point as WKB: little endian, of three coordinates (1001), longitude first.
fn point([latitude, longitude, altitude]: [f64; 3]) -> Vec<u8> {
    let mut bytes = vec![1, 0xe9, 3, 0, 0];
    bytes.extend([longitude, latitude, altitude].iter().flat_map(|number| number.to_le_bytes()));
    bytes
}

/// What the columns of pictures depend on.
#[derive(Clone, Copy, Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a thing of its own")]
pub(super) struct Form {
    pub(super) frame: Frame,
    /// Whether addresses are fused.
    pub(super) identities: bool,
    /// Whether rows are smoothed.
    pub(super) smoothing: bool,
    /// Whether tracks are joined.
    pub(super) joining: bool,
}

/// Reads a picture. What is wrong with the table as a whole is added to `breaches`; then there may be no rows.
pub(super) fn read(path: &Path, place: &str, form: Form, breaches: &mut Breaches) -> Result<Vec<Row>, ParquetError> {
    let damaged = || ParquetError::General("found a damaged file, wanted pages that decode".to_owned());
    contained(|| read_sound(path, place, form, breaches)).unwrap_or_else(|| Err(damaged()))
}

fn read_sound(path: &Path, place: &str, form: Form, breaches: &mut Breaches) -> Result<Vec<Row>, ParquetError> {
    let mut file = crate::files::open(path)?;
    let opened = ParquetFile::open(file.try_clone()?)?;
    let schema = SchemaRef::clone(opened.schema());
    let known = columns(form);
    let mut wrong = |found: String, wanted: String| {
        breaches.add(Beyond::Column, place, found, wanted);
        Ok(Vec::new())
    };
    for (field, (name, kind, fields)) in schema.fields().iter().zip(&known) {
        if field.name() != name {
            return wrong(format!("column `{}`", field.name()), format!("`{name}`: the columns of docs/pictures.md"));
        }
        let frame = if form.frame == Frame::Geodetic { "geodetic" } else { "local" };
        let told = told(name, &format!("### Columns in a `{frame}` recording"));
        if kind != field.data_type() || field.is_nullable() == fields.is_empty() {
            return wrong(
                format!("`{name}`: {}, nullable {}", field.data_type(), field.is_nullable()),
                format!("type {kind}"),
            );
        }
        let metadata: BTreeMap<String, String> = field.metadata().clone().into_iter().collect();
        if metadata != told {
            return wrong(format!("`{name}` with {metadata:?}"), format!("{told:?}"));
        }
    }
    if schema.fields().len() != known.len() {
        return wrong(format!("{} columns", schema.fields().len()), format!("the {} of docs/pictures.md", known.len()));
    }
    let groups = opened.metadata().num_row_groups();
    // The reader adds what stands in the file beside the columns.
    let geo = (form.frame == Frame::Geodetic).then(|| ("geo".to_owned(), GEO.to_owned())).into_iter().collect();
    let plain = SchemaRef::new(Schema::new_with_metadata(schema.fields().clone(), geo));
    let mut again =
        ArrowWriter::try_new_with_options(Hashed::default(), SchemaRef::clone(&plain), as_written(&schema))?;
    let mut rows = Vec::new();
    for group in 0..groups {
        let count = usize::try_from(opened.metadata().row_group(group).num_rows()).unwrap_or(0);
        if count > GROUP || count == 0 || (group + 1 < groups && count < GROUP) {
            breaches.add(
                Beyond::Encoding,
                place,
                format!("a group of {count} rows"),
                format!("{GROUP} but in the last group"),
            );
        }
        for batch in opened.group(group, count.min(GROUP)) {
            let batch = RecordBatch::try_new(SchemaRef::clone(&plain), batch?.columns().to_vec())?;
            again.write(&batch)?;
            let before = rows.len();
            take(&batch, form.frame, &mut rows);
            geometry(&batch, rows.get(before..).unwrap_or_default(), place, breaches);
        }
        again.flush()?;
    }
    let again = again.into_inner()?;
    let mut there = Hashed::default();
    file.rewind()?;
    io::copy(&mut file, &mut there)?;
    if again.0.finalize() != there.0.finalize() {
        let found = "bytes that its rows do not explain (statistics, dictionaries, metadata)";
        breaches.add(Beyond::Encoding, place, found, "the bytes that writing its rows gives");
    }
    Ok(rows)
}

/// How pictures are written (docs/pictures.md).
pub(super) fn as_written(schema: &SchemaRef) -> ArrowWriterOptions {
    let mut properties = WriterProperties::builder()
        .set_created_by(concat!("trackweave version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(None);
    let floats = |kind: &DataType| matches!(kind, DataType::Float32 | DataType::Float64);
    for field in schema.fields().iter().filter(|field| floats(field.data_type())) {
        let column = ColumnPath::new(vec![field.name().clone()]);
        properties = properties.set_column_dictionary_enabled(column.clone(), false);
        properties = properties.set_column_encoding(column, Encoding::BYTE_STREAM_SPLIT);
    }
    if schema.column_with_name("geometry").is_some() {
        properties = properties.set_column_dictionary_enabled(ColumnPath::new(vec!["geometry".to_owned()]), false);
        properties = properties.set_key_value_metadata(Some(vec![KeyValue::new("geo".to_owned(), GEO.to_owned())]));
    }
    ArrowWriterOptions::new().with_properties(properties.build())
}

/// Whether every geometry is the place of its row.
fn geometry(batch: &RecordBatch, rows: &[Row], place: &str, breaches: &mut Breaches) {
    let Some(column) = batch.column_by_name("geometry").and_then(|column| column.as_binary_opt::<i32>()) else {
        return;
    };
    for (found, row) in column.iter().zip(rows) {
        if found.is_none_or(|found| found != point(row.position)) {
            breaches.add(Beyond::Geometry, place, format!("`{found:02x?}`"), format!("the point {:?}", row.position));
        }
    }
}

/// Bytes that are hashed and forgotten.
#[derive(Default)]
pub(super) struct Hashed(pub(super) Sha256);

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn take(batch: &RecordBatch, frame: Frame, rows: &mut Vec<Row>) {
    let doubles = |column: usize| batch.column(column).as_primitive::<Float64Type>();
    let (time, track) = (batch.column(0).as_primitive::<TimestampMicrosecondType>(), batch.column(1));
    let (track, status) = (track.as_primitive::<UInt64Type>(), batch.column(2).as_string::<i32>());
    let position = [3, 4, 5].map(doubles);
    let numbers = numbers(frame).map(|name| batch.column_by_name(&name).map(AsArray::as_primitive::<Float32Type>));
    let detections = batch.column_by_name("detections").map(AsArray::as_primitive::<UInt64Type>);
    let last = batch.column_by_name("last_detection").map(AsArray::as_primitive::<TimestampMicrosecondType>);
    let smoothed = batch.column_by_name("smoothed").map(AsArray::as_boolean);
    let known = batch.column_by_name("as_known_at").map(AsArray::as_primitive::<TimestampMicrosecondType>);
    let filtered = places(frame).map(|name| batch.column_by_name(&format!("filtered_{name}")));
    let filtered = filtered.map(|column| column.map(AsArray::as_primitive::<Float64Type>));
    let object = batch.column_by_name("object").map(AsArray::as_primitive::<UInt64Type>);
    let identity = batch.column_by_name("identity").map(AsArray::as_string::<i32>);
    let likely = batch.column_by_name("identity_probability").map(AsArray::as_primitive::<Float32Type>);
    let contributors = batch.column_by_name("contributors").map(AsArray::as_list::<i32>);
    let authorities = batch.column_by_name("authorities").map(AsArray::as_list::<i32>);
    let holders = batch.column_by_name("holders").map(AsArray::as_list::<i32>);
    let texts = |list: &arrow_array::ListArray, row: usize| -> Vec<String> {
        list.value(row).as_string::<i32>().iter().flatten().map(str::to_owned).collect()
    };
    for row in 0..batch.num_rows() {
        let named = contributors.filter(|list| list.is_valid(row)).map(|list| texts(list, row));
        rows.push(Row {
            time_us: time.value(row),
            track: track.value(row),
            status: status.value(row).to_owned(),
            position: position.map(|column| column.value(row)),
            numbers: numbers.map(|column| column.filter(|column| column.is_valid(row)).map(|column| column.value(row))),
            detections: detections.filter(|column| column.is_valid(row)).map(|column| column.value(row)),
            last_us: last.filter(|column| column.is_valid(row)).map(|column| column.value(row)),
            smoothed: smoothed.is_some_and(|column| column.value(row)),
            known_us: known.filter(|column| column.is_valid(row)).map(|column| column.value(row)),
            filtered: filtered
                .map(|column| column.filter(|column| column.is_valid(row)).map(|column| column.value(row))),
            object: object.map(|column| column.value(row)),
            identity: identity.filter(|column| column.is_valid(row)).map(|column| column.value(row).to_owned()),
            identity_probability: likely.filter(|column| column.is_valid(row)).map(|column| column.value(row)),
            sorted: named.iter().all(|names| names.is_sorted_by(|a, b| a < b)),
            contributors: named.map(BTreeSet::from_iter),
            authorities: authorities.map(|list| texts(list, row)).unwrap_or_default(),
            holders: holders.filter(|list| list.is_valid(row)).map(|list| texts(list, row)),
        });
    }
}
