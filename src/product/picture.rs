//! One partner's folder, written as its rows come.

use std::path::PathBuf;

use super::associations::{Association, AssociationTable};
use super::audit::{AUDIT, Audit};
use super::batch::Buffer;
use super::beside::Beside;
use super::columns::Fields;
use super::digest::{TableFile, write_json};
use super::error::ProductError;
use super::manifest::{FileEntry, MANIFEST, Made, PartnerManifest, check_label};
use super::obligations::Row;
use crate::policy::Obligations;
use crate::space::Frame;

/// Rows in a row group, counted over this partner's rows only; about 4 MB in memory.
pub const ROWS_PER_GROUP: usize = 32_768;

/// The name of the table in a partner's folder.
pub(super) const TRACKS: &str = "tracks.parquet";

/// Writes one partner's picture; from [`super::Staging::picture`].
#[derive(Debug)]
pub struct PictureWriter {
    partner: String,
    frame: Frame,
    folder: PathBuf,
    buffer: Buffer,
    /// Which detections made its tracks, where that is told.
    associations: Option<AssociationTable>,
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
        let buffer = Buffer::new(partner, frame, (fields, false));
        Self { partner: partner.to_owned(), frame, folder, buffer, associations: None, table: None }
    }

    /// The same, before its first row, with what tells of each whether it is smoothed.
    #[must_use]
    pub fn smoothing(self, fields: &Fields) -> Self {
        let buffer = Buffer::new(&self.partner, self.frame, (fields, true));
        Self { buffer, ..self }
    }

    /// The same, with a table of which detections made its tracks.
    #[must_use]
    pub fn associating(self) -> Self {
        Self { associations: Some(AssociationTable::new(&self.folder, self.frame)), ..self }
    }

    /// Whether it has that table.
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
        let mut files = vec![audit, table.finish()?];
        if let Some(associations) = self.associations.take() {
            files.push(associations.finish()?);
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
        self.table.take().map_or_else(|| TableFile::create(&self.folder.join(TRACKS), self.buffer.schema()), Ok)
    }
}
