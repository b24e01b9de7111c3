//! A recording in memory: what its `recording.toml` says, and its tables as Arrow batches.
//!
//! The batches have the columns that the files of a folder have, and are read where they lie, some rows at a time: nothing of them is
//! copied beforehand. The same rows give the same pictures as a folder of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_ipc::writer::StreamWriter;
use arrow_schema::ArrowError;
use sha2::{Digest as _, Sha256};

use super::arrow_table;
use super::catalogue::Catalogue;
use super::error::IngestError;
use super::layout::{Field, Layout, Role};
use super::recording::{Opened, Recording};
use super::table::{Places, Table};
use crate::digest::{FileDigest, Hashing, hex};

/// Rows that are looked at together for the digest of a table.
const DIGESTED_ROWS: usize = 1 << 16;

/// A recording in memory.
///
/// ```
/// use arrow_array::{Float64Array, RecordBatch, StringArray};
/// use trackweave::ingest::Memory;
///
/// let catalogue = "
/// name = \"harbour\"
/// frame = \"local\"
/// time = \"seconds\"
/// [[sensor]]
/// name = \"camera\"
/// owner = \"camera\"
/// kind = \"position\"
/// looks = \"reports\"
/// expected_interval_s = 1.0
/// detection_probability = 0.9
/// clutter_per_scan = 0.1
/// noise = { horizontal_m = 2.0, vertical_m = 2.0 }
/// coverage = { x_m = [0.0, 500.0], y_m = [0.0, 500.0], height_m = [0.0, 50.0] }
/// ";
/// let numbers = |of: [f64; 2]| std::sync::Arc::new(Float64Array::from(of.to_vec())) as _;
/// let rows = RecordBatch::try_from_iter([
///     ("time", numbers([0.0, 1.0])),
///     ("sensor", std::sync::Arc::new(StringArray::from(vec!["camera"; 2])) as _),
///     ("x_m", numbers([10.0, 12.0])),
///     ("y_m", numbers([20.0, 20.0])),
///     ("z_m", numbers([1.0, 1.0])),
/// ])?;
/// let recording = Memory::new(catalogue, vec![rows]).open()?;
/// assert_eq!(recording.catalogue().sensors.len(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Memory {
    catalogue: Arc<str>,
    detections: Rows,
    looks: Option<Rows>,
    truth: Option<Rows>,
}

/// The batches of a table.
pub(super) type Rows = Arc<[RecordBatch]>;

impl Memory {
    /// Of the text of a `recording.toml`, and detections in batches of one schema.
    #[must_use]
    pub fn new(catalogue: &str, detections: Vec<RecordBatch>) -> Self {
        Self { catalogue: catalogue.into(), detections: detections.into(), looks: None, truth: None }
    }

    /// The same with when sensors looked, as `looks.parquet` has it.
    #[must_use]
    pub fn looks(self, looks: Vec<RecordBatch>) -> Self {
        Self { looks: Some(looks.into()), ..self }
    }

    /// The same with where the objects truly were, as `truth.parquet` has it.
    #[must_use]
    pub fn truth(self, truth: Vec<RecordBatch>) -> Self {
        Self { truth: Some(truth.into()), ..self }
    }

    /// The detections, as they were given.
    #[must_use]
    pub fn detections(&self) -> &[RecordBatch] {
        &self.detections
    }

    /// What `recording.toml` would say.
    #[must_use]
    pub fn catalogue(&self) -> &str {
        &self.catalogue
    }

    /// The recording. Tables of platforms are files, in the folder where the program runs.
    ///
    /// # Errors
    /// What is wrong with the catalogue or the looks; files of others, which a recording in memory has not.
    pub fn open(&self) -> Result<Recording, IngestError> {
        let described = Opened::told(Path::new(Catalogue::FILE), Arc::clone(&self.catalogue));
        let catalogue = Catalogue::parse(&self.catalogue, Path::new(Catalogue::FILE))?;
        let detections = Opened::rows("detections.arrow", &self.detections);
        if !catalogue.imports.is_empty() {
            return Err(IngestError::TableBesideImports { path: detections.path });
        }
        let looks = self.looks.as_ref().map(|rows| Opened::rows("looks.arrow", rows));
        let looks = match (looks, catalogue.has_listed()) {
            (None, true) => return Err(IngestError::NoTable { folder: "recording in memory".into(), stem: "looks" }),
            (Some(opened), false) => return Err(IngestError::UnaskedLooks { path: opened.path }),
            (looks, _) => looks,
        };
        let truth = self.truth.as_ref().map(|rows| Opened::rows("truth.arrow", rows));
        Recording::with((Some(described), vec![detections]), (looks, truth), Path::new(""), catalogue)
    }
}

/// Where a recording is.
#[derive(Clone, Copy, Debug)]
pub enum Where<'a> {
    /// In a folder.
    Folder(&'a Path),
    /// In memory.
    Memory(&'a Memory),
}

impl<'a> From<&'a Path> for Where<'a> {
    fn from(folder: &'a Path) -> Self {
        Self::Folder(folder)
    }
}

impl<'a> From<&'a PathBuf> for Where<'a> {
    fn from(folder: &'a PathBuf) -> Self {
        Self::Folder(folder)
    }
}

impl<'a> From<&'a Memory> for Where<'a> {
    fn from(memory: &'a Memory) -> Self {
        Self::Memory(memory)
    }
}

impl<'a> Where<'a> {
    /// Opens it.
    ///
    /// # Errors
    /// As [`Recording::open`] and [`Memory::open`].
    pub fn open(self) -> Result<Recording, IngestError> {
        match self {
            Self::Folder(folder) => Recording::open(folder),
            Self::Memory(memory) => memory.open(),
        }
    }

    /// What its `recording.toml` says, and its tables of looks and platforms.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn catalogue(self) -> Result<Catalogue, IngestError> {
        match self {
            Self::Folder(folder) => Catalogue::read(folder),
            Self::Memory(memory) => Ok(memory.open()?.catalogue().clone()),
        }
    }

    /// The folder, or what errors call it.
    #[must_use]
    pub fn path(self) -> &'a Path {
        match self {
            Self::Folder(folder) => folder,
            Self::Memory(_) => Path::new("recording in memory"),
        }
    }
}

/// The digest of a table in memory: its schema and rows as a stream of Arrow.
pub(super) fn digest(path: &Path, rows: &[RecordBatch]) -> Result<FileDigest, IngestError> {
    let (mut hash, mut bytes) = (Sha256::new(), 0);
    let mut written = || -> Result<(), ArrowError> {
        let Some(first) = rows.first() else { return Ok(()) };
        // What a library writes about its frames beside the rows is none of their business.
        let schema = arrow_schema::Schema::new(first.schema().fields().clone());
        let mut writer = StreamWriter::try_new(Counting { hash: Hashing(&mut hash), bytes: &mut bytes }, &schema)?;
        for (batch, first, count) in pieces(rows, DIGESTED_ROWS) {
            writer.write(&batch.slice(first, count))?;
        }
        writer.finish()
    };
    written().map_err(|error| IngestError::Unreadable { path: path.to_owned(), what: error.to_string() })?;
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    Ok(FileDigest { name, bytes, sha256: hex(&hash.finalize()) })
}

/// Counts what goes into a hash.
struct Counting<'a> {
    hash: Hashing<'a>,
    bytes: &'a mut u64,
}

impl std::io::Write for Counting<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        *self.bytes += bytes.len() as u64;
        self.hash.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Batches in pieces of so many rows at most: the batch, the first row, how many.
fn pieces(rows: &[RecordBatch], most: usize) -> impl Iterator<Item = (&RecordBatch, usize, usize)> {
    rows.iter().flat_map(move |batch| {
        let all = batch.num_rows();
        (0..all).step_by(most).map(move |first| (batch, first, most.min(all - first)))
    })
}

/// Batches being read.
#[derive(Debug)]
pub(super) struct BatchRows {
    path: Arc<PathBuf>,
    layout: Layout,
    fields: Vec<Field>,
    rows: Rows,
    rows_per_batch: usize,
    /// The batch that is read, the next row in it, and how many rows were before.
    at: (usize, usize, u64),
}

impl BatchRows {
    pub(super) fn open(path: PathBuf, rows: Rows, layout: Layout, rows_per_batch: usize) -> Result<Self, IngestError> {
        let fields = rows.first().map_or_else(|| Ok(Vec::new()), |first| fields(&path, first, &layout))?;
        Ok(Self { path: Arc::new(path), layout, fields, rows, rows_per_batch, at: (0, 0, 0) })
    }

    /// The next rows; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<Table>, IngestError> {
        loop {
            let (batch, row, before) = self.at;
            let Some(of) = self.rows.get(batch) else { return Ok(None) };
            let count = self.rows_per_batch.min(of.num_rows() - row);
            if count == 0 {
                self.at = (batch + 1, 0, before);
                if let Some(next) = self.rows.get(batch + 1).filter(|next| next.schema() != of.schema()) {
                    self.fields = fields(&self.path, next, &self.layout)?;
                }
                continue;
            }
            self.at = (batch, row + count, before + count as u64);
            let (rows, places) = (of.slice(row, count), Places::Rows(before));
            return Ok(Some(arrow_table::decode(&self.path, &rows, &self.fields, &self.layout, places)));
        }
    }
}

/// Where the columns that are used are in a batch.
fn fields(path: &Path, batch: &RecordBatch, layout: &Layout) -> Result<Vec<Field>, IngestError> {
    let mut fields = arrow_table::fields(path, &batch.schema(), layout)?;
    fields.retain(|field| field.role != Role::Amplitude);
    Ok(fields)
}
