//! One partner's folder, written as its rows come.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::UInt64Type;
use arrow_array::{RecordBatch, UInt64Array};
use arrow_schema::SchemaRef;
use parquet::errors::ParquetError;

use super::associations::{Association, AssociationTable};
use super::audit::{AUDIT, Audit};
use super::batch::Buffer;
use super::beside::Beside;
use super::columns::{Fields, OBJECT, Refined};
use super::digest::{TableFile, write_json};
use super::error::{ProductError, io_error, parquet_error};
use super::links;
use super::manifest::{FileEntry, MANIFEST, Made, PartnerManifest, check_label};
use super::obligations::Row;
use super::read::opened;
use crate::policy::Obligations;
use crate::refine::Link;
use crate::space::Frame;

/// Rows in a row group, counted over this partner's rows only; about 4 MB in memory.
pub const ROWS_PER_GROUP: usize = 32_768;

/// The name of the table in a partner's folder.
pub(super) const TRACKS: &str = "tracks.parquet";
/// Its name until its tracks are joined.
const UNJOINED: &str = ".tracks.parquet";

/// Writes one partner's picture; from [`super::Staging::picture`].
#[derive(Debug)]
pub struct PictureWriter {
    partner: String,
    frame: Frame,
    folder: PathBuf,
    buffer: Buffer,
    /// Which detections made its tracks, where that is told.
    associations: Option<AssociationTable>,
    /// Which of its tracks go on as which, where that is told.
    links: Option<Vec<Link>>,
    refined: Refined,
    /// Opened when there is something to write: there may be more partners than files that a process may have open.
    table: Option<TableFile>,
}

/// A finished picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The partner that receives it.
    pub partner: String,
    /// How many rows it has.
    pub rows: u64,
    /// Its files, without the manifest.
    pub files: Vec<FileEntry>,
}

impl PictureWriter {
    /// Begins a picture in a folder that exists.
    pub(super) fn new(partner: &str, frame: Frame, fields: &Fields, folder: PathBuf) -> Self {
        let refined = Refined::default();
        let buffer = Buffer::new(partner, frame, (fields, refined));
        Self {
            partner: partner.to_owned(),
            frame,
            folder,
            buffer,
            associations: None,
            links: None,
            refined,
            table: None,
        }
    }

    /// The same, before its first row, with what tells of each whether it is smoothed.
    #[must_use]
    pub fn smoothing(self, fields: &Fields) -> Self {
        let refined = Refined { smooths: true, ..self.refined };
        self.refining(fields, refined)
    }

    /// The same, before its first row, with what tells of each of which object its track is by the links between tracks.
    #[must_use]
    pub fn joining(self, fields: &Fields) -> Self {
        let refined = Refined { joins: true, ..self.refined };
        self.refining(fields, refined)
    }

    fn refining(self, fields: &Fields, refined: Refined) -> Self {
        let buffer = Buffer::new(&self.partner, self.frame, (fields, refined));
        Self { buffer, refined, ..self }
    }

    /// The same, with a table of which detections made its tracks.
    #[must_use]
    pub fn associating(self) -> Self {
        Self { associations: Some(AssociationTable::new(&self.folder, self.frame)), ..self }
    }

    /// The same, with a table of these links between its tracks.
    #[must_use]
    pub fn linking(self, links: Vec<Link>) -> Self {
        Self { links: Some(links), ..self }
    }

    /// Whether it has a table of associations.
    #[must_use]
    pub fn associates(&self) -> bool {
        self.associations.is_some()
    }

    /// Writes a row of that table, if it has one.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn associate(&mut self, association: &Association) -> Result<(), ProductError> {
        self.associations.as_mut().map_or(Ok(()), |table| table.write(association))
    }

    /// Writes a row as its obligations allow. Equal rows in equal order give equal bytes.
    ///
    /// # Errors
    /// A number that is not finite or out of its range, a coarsening out of range, or a disk that is full.
    pub fn write(&mut self, row: &Row<'_>, cut: &Obligations) -> Result<(), ProductError> {
        self.buffer.push(row, cut)?;
        if self.buffer.len() == ROWS_PER_GROUP { self.flush() } else { Ok(()) }
    }

    /// Closes the picture and writes its audit and its manifest.
    ///
    /// # Errors
    /// A disk that is full.
    pub fn finish(self, made: &Made<'_>) -> Result<Picture, ProductError> {
        self.finish_with(made, |_| Ok(()))
    }

    /// Closes the picture, has files written beside it that are made from it alone, and writes its audit and its manifest,
    /// which lists them.
    ///
    /// # Errors
    /// A disk that is full, or what `derive` fails with.
    pub fn finish_with<E: From<ProductError>>(
        mut self,
        made: &Made<'_>,
        derive: impl FnOnce(&mut Beside<'_>) -> Result<(), E>,
    ) -> Result<Picture, E> {
        made.label.map_or(Ok(()), check_label)?;
        if self.buffer.len() > 0 {
            self.flush()?;
        }
        let table = self.table()?;
        let rows = self.buffer.rows_total;
        let mut audit = Audit::create(&self.folder.join(AUDIT))?;
        for decision in made.decisions {
            audit.record(decision)?;
        }
        let (chain, audit) = audit.close()?;
        let table = table.finish()?;
        let mut files = vec![audit, if self.refined.joins { self.joined()? } else { table }];
        if let Some(associations) = self.associations.take() {
            files.push(associations.finish()?);
        }
        if let Some(links) = &self.links {
            files.push(links::write(&self.folder, self.frame, links)?);
        }
        let mut manifest = PartnerManifest::new(self.partner.clone(), self.frame, made, chain, files);
        let mut beside = Beside::new(&self.folder, self.folder.clone()).with_manifest(&manifest);
        derive(&mut beside)?;
        manifest.files.extend(beside.into_files());
        write_json(&self.folder.join(MANIFEST), &manifest)?;
        Ok(Picture { partner: self.partner, rows, files: manifest.files })
    }

    fn flush(&mut self) -> Result<(), ProductError> {
        let batch = self.buffer.take()?;
        let mut table = self.table()?;
        table.write(&batch)?;
        self.table = Some(table);
        Ok(())
    }

    /// The table, which the caller puts back or closes.
    fn table(&mut self) -> Result<TableFile, ProductError> {
        self.table.take().map_or_else(|| TableFile::create(&self.folder.join(self.name()), self.buffer.schema()), Ok)
    }

    /// The name of the table while rows come: before all are there nobody knows which tracks are joined.
    fn name(&self) -> &'static str {
        if self.refined.joins { UNJOINED } else { TRACKS }
    }

    /// Writes the table again, joined, row group by row group.
    fn joined(&self) -> Result<FileEntry, ProductError> {
        let (from, to) = (self.folder.join(UNJOINED), self.folder.join(TRACKS));
        let objects: BTreeMap<u64, u64> = self.links.iter().flatten().map(|link| (link.to, link.object)).collect();
        let schema = self.buffer.schema();
        let wrong = |source| ProductError::Batch { place: self.partner.clone(), source };
        let place = schema.index_of(OBJECT.name).map_err(wrong)?;
        let with_objects = |batch: RecordBatch| {
            let mut columns = batch.columns().to_vec();
            if let Some(column) = columns.get_mut(place) {
                let tracks = column.as_primitive::<UInt64Type>().values().iter();
                let of = |track: &u64| objects.get(track).copied().unwrap_or(*track);
                *column = Arc::new(UInt64Array::from_iter_values(tracks.map(of)));
            }
            RecordBatch::try_new(SchemaRef::clone(&schema), columns).map_err(wrong)
        };
        let unjoined = opened(&from)?;
        let mut joined = TableFile::create(&to, SchemaRef::clone(&schema))?;
        for group in 0..unjoined.metadata().num_row_groups() {
            let batches = unjoined.group(group, ROWS_PER_GROUP);
            let read = |batch: Result<RecordBatch, ParquetError>| {
                with_objects(batch.map_err(parquet_error(&from, "read the picture"))?)
            };
            joined.write_group(batches.map(read))?;
        }
        fs::remove_file(&from).map_err(io_error(&from, "remove the file"))?;
        joined.finish()
    }
}
