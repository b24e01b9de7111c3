//! Pictures that several pages of an output show: those of partners whom the rules cannot tell apart, and the operator's.
//!
//! What a page shows of a picture follows from its table and its levels, so one with the same is read and packed once.

use super::folder::Folder;
use super::picture::{self, Picture};
use super::{ReportError, basemap};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// Rows of the pictures that are kept, some 10 bytes each; more are read anew.
const KEPT_MOST: u64 = 5_000_000;

/// Where a picture is, or will be.
type Place = Arc<Mutex<Option<Arc<Shown>>>>;

/// The pictures that pages of an output were made of.
#[derive(Debug, Default)]
pub struct Pages(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    rows: u64,
    /// By what tells a picture from others and by how it is thinned; whoever finds it locked waits for it to be read.
    pictures: BTreeMap<(String, u64), Place>,
}

/// A picture as pages show it.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) picture: Picture,
    basemap: OnceLock<Option<Value>>,
}

impl Shown {
    pub(super) fn of(picture: Picture) -> Self {
        Self { picture, basemap: OnceLock::new() }
    }

    /// The map about its rows.
    pub(super) fn basemap(&self) -> Option<Value> {
        self.basemap.get_or_init(|| basemap::about(&self.picture.ground)).clone()
    }

    /// The document, of this partner.
    pub(super) fn document(&self, partner: &str) -> Map<String, Value> {
        let mut document = self.picture.document.clone();
        document.insert("partner".to_owned(), partner.into());
        document
    }
}

impl Pages {
    /// The picture in a folder.
    ///
    /// # Errors
    /// A table that is not what a run writes.
    pub(super) fn picture(&self, folder: &Folder<'_>, every: u64) -> Result<Arc<Shown>, ReportError> {
        let place = Arc::clone(held(&self.0).pictures.entry((key(folder), every)).or_default());
        let mut here = held(&place);
        if let Some(shown) = &*here {
            return Ok(Arc::clone(shown));
        }
        let shown = Arc::new(Shown::of(picture::read(folder, every)?));
        let mut kept = held(&self.0);
        if kept.rows.saturating_add(shown.picture.kept) <= KEPT_MOST {
            kept.rows += shown.picture.kept;
            *here = Some(Arc::clone(&shown));
        }
        Ok(shown)
    }
}

fn held<T>(of: &Mutex<T>) -> MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What tells a picture from others: its tables, and what its levels demand by which rules.
pub(super) fn key(folder: &Folder<'_>) -> String {
    let mut table = folder.digests();
    table.as_object_mut().map(|digests| digests.remove("audit.jsonl"));
    let levels: Vec<Value> = super::levels::levels(&folder.audit).iter().map(super::levels::Level::document).collect();
    format!("{table} {}", Value::from(levels))
}
