//! A recording folder, its files opened once.
//!
//! Whoever reads a recording more than once must get the same detections every time. So every pass reads through the
//! same open files: another file that is renamed over one of them is not seen. What is written into them is: the
//! SHA-256 of each file is taken before it is first read and compared after it was last read ([`Recording::check`]),
//! and every [`Reader`] has a digest of what it decoded ([`Reader::pass`]).

use std::fs::File;
use std::io::{self, Seek};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::catalogue::Catalogue;
use super::error::IngestError;
use super::imports::Import;
#[cfg(feature = "parquet")]
use super::memory::{self, Rows};
use super::reader::Reader;
use super::rows::Options;
use super::sorted::{RUN_ROWS, Sorted};
use super::truth::{Truth, TruthReader};
use crate::digest::{self, FileDigest};
use crate::files;

/// The files of a recording, open.
#[derive(Debug)]
pub struct Recording {
    catalogue: Catalogue,
    /// `recording.toml`; only who looks at a recording does without.
    described: Option<Opened>,
    looks: Option<Opened>,
    platforms: Vec<Opened>,
    /// A table, or the files of others in place of one; never none.
    detections: Vec<Opened>,
    truth: Option<Opened>,
    /// The detections in the order of time, where the file has another.
    sorted: OnceLock<Sorted>,
    keeps_identities: bool,
    /// Files are read from one place each: whoever compares their bytes is alone in it.
    comparing: Mutex<()>,
}

impl Recording {
    /// Opens `recording.toml`, `detections.parquet` or `.csv` or the files in place of them, and `truth.parquet` or `.csv` if there is one; reads the
    /// first, `looks.parquet` or `.csv` where a sensor has its looks there, and the tables of platforms.
    ///
    /// # Errors
    /// A file that is missing, there twice, or cannot be opened; what is wrong with the catalogue or the looks.
    pub fn open(folder: &Path) -> Result<Self, IngestError> {
        let described = Opened::open(folder.join(Catalogue::FILE))?;
        let catalogue = Catalogue::parse(&described.text()?, &described.path)?;
        let detections = Opened::detections(folder, &catalogue)?;
        Self::of((Some(described), detections), folder, catalogue)
    }

    /// The same of files that are open, with their catalogue.
    pub(super) fn of(
        opened: (Option<Opened>, Vec<Opened>),
        folder: &Path,
        catalogue: Catalogue,
    ) -> Result<Self, IngestError> {
        let looks = Opened::looks(folder, &catalogue)?;
        Self::with(opened, (looks, Opened::table(folder, "truth")?), folder, catalogue)
    }

    /// The same with its looks and truth; tables of platforms are in `folder`.
    pub(super) fn with(
        (described, detections): (Option<Opened>, Vec<Opened>),
        (looks, truth): (Option<Opened>, Option<Opened>),
        folder: &Path,
        mut catalogue: Catalogue,
    ) -> Result<Self, IngestError> {
        if let Some(opened) = &looks {
            catalogue.take_looks(opened, opened.digested()?)?;
        }
        let platforms = catalogue.take_platforms(folder)?;
        let (sorted, keeps_identities, comparing) = (OnceLock::new(), false, Mutex::new(()));
        Ok(Self { catalogue, described, looks, platforms, detections, truth, sorted, keeps_identities, comparing })
    }

    /// Whether there is a `recording.toml`.
    pub(crate) const fn has_catalogue(&self) -> bool {
        self.described.is_some()
    }

    /// What `recording.toml` says.
    #[must_use]
    pub const fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// The file of the detections; of several the first.
    #[must_use]
    pub fn detections(&self) -> &Path {
        self.detections.first().map_or(Path::new(""), |opened| opened.path.as_path())
    }

    /// Has every reader keep the addresses that targets sent; see [`Reader::with_identities`].
    #[must_use]
    pub fn with_identities(mut self) -> Self {
        self.keeps_identities = true;
        self
    }

    /// Reads the detections from the first on, in the order of the file, one reader at a time; once sorted, in that of time,
    /// and any number of readers at once.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn reader(&self, options: Options) -> Result<Reader<'_>, IngestError> {
        let reader = match self.sorted.get() {
            Some(sorted) => Reader::sorted((sorted, self.detections()), &self.catalogue, options),
            None => Reader::of(&self.detections, &self.catalogue, options),
        }?;
        Ok(if self.keeps_identities { reader.with_identities() } else { reader })
    }

    /// Sorts the detections by time: from now on every reader gives them in that order. Many are held on disk, in a file
    /// without a name in `folder`; `heard` hears how many have been read.
    ///
    /// # Errors
    /// As [`Recording::reader`] and its batches, what `heard` gives, or a disk without room.
    pub fn sort<E: From<IngestError>>(
        &self,
        options: Options,
        folder: &Path,
        heard: &mut dyn FnMut(u64) -> Result<(), E>,
    ) -> Result<(), E> {
        let sorted = self.reader(options)?.sort((folder, RUN_ROWS), heard)?;
        self.sorted.get_or_init(|| sorted);
        Ok(())
    }

    /// Reads the true states batch by batch; `None` if there was no truth when the recording was opened.
    ///
    /// # Errors
    /// As [`TruthReader::open`].
    pub fn truth_reader(&self) -> Result<Option<TruthReader<'_>>, IngestError> {
        let opened = self.truth.as_ref();
        opened.map(|opened| TruthReader::of(opened, &self.catalogue, TruthReader::ROWS_PER_BATCH)).transpose()
    }

    /// All true states; `None` if there was no truth when the recording was opened.
    ///
    /// # Errors
    /// What is wrong with the file, and in which row; a file that changed while it was read.
    pub fn truth(&self) -> Result<Option<Truth>, IngestError> {
        let Some(opened) = &self.truth else { return Ok(None) };
        let truth = TruthReader::of(opened, &self.catalogue, TruthReader::ROWS_PER_BATCH).and_then(TruthReader::all);
        opened.check()?;
        truth.map(Some)
    }

    /// Whether catalogue, looks, platforms and detections hold the bytes that they held before they were first read.
    ///
    /// # Errors
    /// The file that changed, or one that cannot be read.
    pub fn check(&self) -> Result<(), IngestError> {
        let _alone = self.comparing.lock().unwrap_or_else(PoisonError::into_inner);
        let files = self.described.iter().chain(&self.looks).chain(&self.platforms).chain(&self.detections);
        files.into_iter().try_for_each(Opened::check)
    }

    /// The files, as they were before they were first read: catalogue, looks, platforms, detections, truth.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn files(&self) -> Result<Vec<FileDigest>, IngestError> {
        let read = self.described.iter().chain(&self.looks).chain(&self.platforms);
        read.chain(&self.detections).chain(&self.truth).map(|opened| opened.digest().cloned()).collect()
    }
}

/// How the files of tables end.
pub(crate) const ENDINGS: [&str; 4] = ["parquet", "csv", "csv.gz", "csv.zst"];

/// What is read more than once: a file, or what is in memory in place of one.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) path: PathBuf,
    content: Content,
    /// What it held before it was first read.
    digest: OnceLock<FileDigest>,
    /// How it is read, if it is one of others.
    pub(super) import: Option<Import>,
}

/// What a file holds, or what is in memory in place of it.
#[derive(Debug)]
pub(super) enum Content {
    File(File),
    /// `recording.toml` in memory.
    #[cfg_attr(not(feature = "parquet"), expect(dead_code, reason = "of recordings in memory"))]
    Text(Arc<str>),
    /// A table in memory.
    #[cfg(feature = "parquet")]
    Rows(Rows),
}

impl Content {
    /// The file, if it is one.
    pub(super) fn file(self, path: &Path) -> Result<File, IngestError> {
        if let Self::File(file) = self {
            return Ok(file);
        }
        Err(IngestError::Unreadable { path: path.to_owned(), what: "it is no file".to_owned() })
    }
}

impl Opened {
    /// A text in memory.
    #[cfg(feature = "parquet")]
    pub(super) fn told(path: &Path, text: Arc<str>) -> Self {
        Self { path: path.to_owned(), content: Content::Text(text), digest: OnceLock::new(), import: None }
    }

    /// A table in memory.
    #[cfg(feature = "parquet")]
    pub(super) fn rows(path: &str, rows: &Rows) -> Self {
        Self { path: path.into(), content: Content::Rows(Arc::clone(rows)), digest: OnceLock::new(), import: None }
    }

    pub(super) fn open(path: PathBuf) -> Result<Self, IngestError> {
        match files::open(&path) {
            Ok(file) => Ok(Self { path, content: Content::File(file), digest: OnceLock::new(), import: None }),
            Err(error) => Err(IngestError::Unreadable { path, what: error.to_string() }),
        }
    }

    /// Opens `recording.toml`; `None` if it is not there.
    pub(super) fn described(folder: &Path) -> Result<Option<Self>, IngestError> {
        let path = folder.join(Catalogue::FILE);
        match files::is_there(&path) {
            Ok(false) => Ok(None),
            Ok(true) => Self::open(path).map(Some),
            Err(error) => Err(IngestError::Unreadable { path, what: error.to_string() }),
        }
    }

    /// Opens the detections: a table, or the files of others that the catalogue has in place of one.
    pub(super) fn detections(folder: &Path, catalogue: &Catalogue) -> Result<Vec<Self>, IngestError> {
        match (Self::table(folder, "detections")?, catalogue.imports.as_slice()) {
            (None, []) => Err(IngestError::NoTable { folder: folder.to_owned(), stem: "detections" }),
            (Some(table), []) => Ok(vec![table]),
            (Some(table), [_, ..]) => Err(IngestError::TableBesideImports { path: table.path }),
            (None, imports) => imports.iter().map(|import| Self::import(folder, import)).collect(),
        }
    }

    /// Opens a file of others.
    pub(super) fn import(folder: &Path, import: &Import) -> Result<Self, IngestError> {
        let opened = Self::open(folder.join(&import.file))?;
        Ok(Self { import: Some(import.clone()), ..opened })
    }

    /// Opens the table of looks if a sensor of the catalogue has its looks there.
    ///
    /// # Errors
    /// If there is none that should be, or one that should not.
    pub(super) fn looks(folder: &Path, catalogue: &Catalogue) -> Result<Option<Self>, IngestError> {
        match (Self::table(folder, "looks")?, catalogue.has_listed()) {
            (None, true) => Err(IngestError::NoTable { folder: folder.to_owned(), stem: "looks" }),
            (Some(opened), false) => Err(IngestError::UnaskedLooks { path: opened.path }),
            (opened, _) => Ok(opened),
        }
    }

    /// Opens `stem.parquet`, or `stem.csv` as it is or packed, in `folder`; `None` if none of them is there.
    pub(super) fn table(folder: &Path, stem: &'static str) -> Result<Option<Self>, IngestError> {
        let mut found = Vec::new();
        for ending in ENDINGS {
            let path = folder.join(format!("{stem}.{ending}"));
            // A link to nowhere is there, and an error when it is opened.
            match files::is_there(&path) {
                Ok(true) => found.push(path),
                Ok(false) => {}
                Err(error) => return Err(IngestError::Unreadable { path, what: error.to_string() }),
            }
        }
        if found.len() > 1 {
            let names = found.iter().filter_map(|path| path.file_name()).map(|name| format!("`{}`", name.display()));
            let found = names.collect::<Vec<_>>().join(" and ");
            return Err(IngestError::TwoTables { folder: folder.to_owned(), found });
        }
        found.pop().map(Self::open).transpose()
    }

    /// Whether its name says that it is Parquet.
    pub(super) fn is_parquet(&self) -> bool {
        self.path.extension().is_some_and(|ending| ending == "parquet")
    }

    /// The same open file, at its first byte, or what is in memory.
    pub(super) fn rewound(&self) -> Result<Content, IngestError> {
        let rewound = |mut file: &File| {
            file.rewind()?;
            file.try_clone()
        };
        match &self.content {
            Content::File(file) => rewound(file).map(Content::File).map_err(|error| self.unreadable(&error)),
            Content::Text(text) => Ok(Content::Text(Arc::clone(text))),
            #[cfg(feature = "parquet")]
            Content::Rows(rows) => Ok(Content::Rows(Arc::clone(rows))),
        }
    }

    /// The same, after its digest has been taken.
    pub(super) fn digested(&self) -> Result<Content, IngestError> {
        self.digest()?;
        self.rewound()
    }

    /// Its text; the digest is that of this very text.
    pub(super) fn text(&self) -> Result<String, IngestError> {
        let file = self.rewound()?.file(&self.path)?;
        let text = files::text_of(file).map_err(|error| self.unreadable(&error))?;
        self.digest.get_or_init(|| FileDigest::of(&self.name(), text.as_bytes()));
        Ok(text)
    }

    fn name(&self) -> String {
        self.path.file_name().unwrap_or_default().to_string_lossy().into_owned()
    }

    fn digest(&self) -> Result<&FileDigest, IngestError> {
        if let Some(digest) = self.digest.get() {
            return Ok(digest);
        }
        let digest = self.digest_now()?;
        Ok(self.digest.get_or_init(|| digest))
    }

    fn digest_now(&self) -> Result<FileDigest, IngestError> {
        match self.rewound()? {
            Content::File(file) => digest::read(file, self.name()).map_err(|error| self.unreadable(&error)),
            Content::Text(text) => Ok(FileDigest::of(&self.name(), text.as_bytes())),
            #[cfg(feature = "parquet")]
            Content::Rows(rows) => memory::digest(&self.path, &rows),
        }
    }

    /// Whether it still holds what it held before it was first read, if it was; what is in memory does.
    fn check(&self) -> Result<(), IngestError> {
        let Some(wanted) = self.digest.get().filter(|_| matches!(self.content, Content::File(_))) else {
            return Ok(());
        };
        let found = self.digest_now()?;
        if found == *wanted {
            return Ok(());
        }
        Err(IngestError::Changed { path: self.path.clone(), found: found.to_string(), wanted: wanted.to_string() })
    }

    fn unreadable(&self, error: &io::Error) -> IngestError {
        IngestError::Unreadable { path: self.path.clone(), what: error.to_string() }
    }
}
