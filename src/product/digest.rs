//! Bytes counted and hashed on their way to disk, and files that are on disk when they are called done.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::{DataType, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::WriterProperties;
use parquet::schema::types::ColumnPath;
use serde::Serialize;
use sha2::{Digest, Sha256};

use super::columns::GEO;
use super::error::{ProductError, io_error, parquet_error};
use super::manifest::FileEntry;
pub(super) use crate::digest::hex as hex_of;
pub(super) use crate::digest::sha256;

/// A digest as `sha256sum` writes it.
pub(super) fn hex(hash: Sha256) -> String {
    hex_of(&hash.finalize())
}

/// The bytes of lower-case hexadecimal digits: each text has one meaning, so no other case is taken.
pub(super) fn unhex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digit = |byte: &u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    };
    let digits: Vec<u8> = text.as_bytes().iter().map(digit).collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| high << 4 | low).collect();
    rest.is_empty().then(|| bytes.try_into().ok()).flatten()
}

/// A new file that knows the digest of what went into it.
#[derive(Debug)]
pub(super) struct HashedFile {
    path: PathBuf,
    file: BufWriter<File>,
    hash: Sha256,
    bytes: u64,
}

impl HashedFile {
    /// Creates a file that is not there yet.
    pub(super) fn create(path: &Path) -> Result<Self, ProductError> {
        let file = File::create_new(path).map_err(io_error(path, "create the file"))?;
        Ok(Self { path: path.to_owned(), file: BufWriter::new(file), hash: Sha256::new(), bytes: 0 })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Appends bytes, with an error that names the file.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), ProductError> {
        self.write_all(bytes).map_err(io_error(&self.path, "write the file"))
    }

    /// Waits until the file is on disk.
    pub(super) fn finish(self) -> Result<FileEntry, ProductError> {
        let doing = "write the file to disk";
        let file = self.file.into_inner().map_err(|error| io_error(&self.path, doing)(error.into_error()))?;
        file.sync_all().map_err(io_error(&self.path, doing))?;
        let name = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        Ok(FileEntry { name, bytes: self.bytes, sha256: hex(self.hash), rows: None, columns: None })
    }
}

impl Write for HashedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Writes a value as indented JSON; keys in the order of its type.
pub(super) fn write_json(path: &Path, value: &impl Serialize) -> Result<FileEntry, ProductError> {
    let json = |source| ProductError::Json { path: path.to_owned(), doing: "write as JSON", source };
    let mut bytes = serde_json::to_vec_pretty(value).map_err(json)?;
    bytes.push(b'\n');
    let mut file = HashedFile::create(path)?;
    file.append(&bytes)?;
    file.finish()
}

/// What is known of a file that another part of the run wrote.
pub(super) fn entry_of(path: &Path) -> Result<FileEntry, ProductError> {
    let reading = "read the file";
    let mut file = File::open(path).map_err(io_error(path, reading))?;
    let (mut hash, mut bytes, mut block) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let count = file.read(&mut block).map_err(io_error(path, reading))?;
        let Some(filled) = block.get(..count).filter(|filled| !filled.is_empty()) else { break };
        hash.update(filled);
        bytes += count as u64;
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(FileEntry { name, bytes, sha256: hex(hash), rows: None, columns: None })
}

/// What stands at a path instead of a regular file that has no other name; nothing is opened and no link is followed.
pub(super) fn no_file(path: &Path) -> Option<&'static str> {
    let Ok(there) = fs::symlink_metadata(path) else { return Some("no file") };
    if there.is_symlink() {
        Some("a link")
    } else if there.is_dir() {
        Some("a folder")
    } else if !there.is_file() {
        Some("neither a file nor a folder")
    } else {
        has_other_names(&there).then_some("a file with another name elsewhere (a hard link)")
    }
}

#[cfg(unix)]
fn has_other_names(there: &fs::Metadata) -> bool {
    std::os::unix::fs::MetadataExt::nlink(there) > 1
}

#[cfg(not(unix))]
fn has_other_names(_there: &fs::Metadata) -> bool {
    false
}

/// Names of what a folder holds, sorted.
pub(super) fn names_in(folder: &Path) -> Result<Vec<String>, ProductError> {
    let reading = "list the folder";
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(io_error(folder, reading))? {
        let entry = entry.map_err(io_error(folder, reading))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    Ok(names)
}

/// A Parquet file whose bytes are a function of its batches: one thread, fixed settings, no clock.
#[derive(Debug)]
pub(super) struct TableFile {
    writer: ArrowWriter<HashedFile>,
    schema: SchemaRef,
    path: PathBuf,
    rows: u64,
}

impl TableFile {
    /// Begins a table. Every batch written becomes one row group.
    pub(super) fn create(path: &Path, schema: SchemaRef) -> Result<Self, ProductError> {
        // Units and meanings of columns have no other place in the format.
        let told = schema.fields().iter().any(|field| !field.metadata().is_empty());
        let options = ArrowWriterOptions::new().with_properties(properties(&schema)).with_skip_arrow_metadata(!told);
        let file = HashedFile::create(path)?;
        let writer = ArrowWriter::try_new_with_options(file, SchemaRef::clone(&schema), options)
            .map_err(parquet_error(path, "begin the Parquet file"))?;
        Ok(Self { writer, schema, path: path.to_owned(), rows: 0 })
    }

    /// Writes a row group.
    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), ProductError> {
        self.write_group(std::iter::once(Ok(batch.clone())))
    }

    /// Writes a row group of several batches.
    pub(super) fn write_group(
        &mut self,
        batches: impl Iterator<Item = Result<RecordBatch, ProductError>>,
    ) -> Result<(), ProductError> {
        for batch in batches {
            let batch = batch?;
            self.rows += batch.num_rows() as u64;
            self.writer.write(&batch).map_err(|error| failed(&self.path, error))?;
        }
        self.writer.flush().map_err(|error| failed(&self.path, error))
    }

    /// Closes the table; it is on disk when this returns.
    pub(super) fn finish(self) -> Result<FileEntry, ProductError> {
        let file = self.writer.into_inner().map_err(|error| failed(&self.path, error))?;
        let columns = self.schema.fields().iter().map(|field| field.name().clone()).collect();
        Ok(FileEntry { rows: Some(self.rows), columns: Some(columns), ..file.finish()? })
    }
}

fn failed(path: &Path, error: ParquetError) -> ProductError {
    parquet_error(path, "write the Parquet file")(error)
}

/// Floats are split into byte planes, which compress; the rest gets dictionaries, made of this file's rows alone.
fn properties(schema: &SchemaRef) -> WriterProperties {
    let mut builder = WriterProperties::builder()
        .set_created_by(concat!("trackweave version ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_max_row_group_row_count(None);
    // Some readers look for it here, others in the schema.
    if let Some(geo) = schema.metadata().get(GEO) {
        builder = builder.set_key_value_metadata(Some(vec![KeyValue::new(GEO.to_owned(), geo.clone())]));
    }
    for field in schema.fields() {
        if field.data_type() == &DataType::Binary {
            let path = ColumnPath::new(vec![field.name().clone()]);
            builder = builder.set_column_dictionary_enabled(path, false);
        }
        if matches!(field.data_type(), DataType::Float32 | DataType::Float64) {
            let path = ColumnPath::new(vec![field.name().clone()]);
            builder = builder
                .set_column_dictionary_enabled(path.clone(), false)
                .set_column_encoding(path, Encoding::BYTE_STREAM_SPLIT);
        }
    }
    builder.build()
}
