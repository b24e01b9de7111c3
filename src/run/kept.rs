//! Where the lanes of a run are kept: as reports for later runs, as logs, or both.

use crate::fusion::batch::Logging;
use crate::lane_log::{Folder, Found, Head, LaneLogError, Made, Writer};
use std::collections::BTreeMap;

/// Folders of lanes.
#[derive(Debug)]
pub(super) struct Kept {
    folder: Folder,
    /// What the logs in it are made from, if it has logs.
    from: Option<BTreeMap<String, String>>,
    /// A folder for later runs beside one of logs: it has the same entries.
    cache: Option<Folder>,
}

impl Kept {
    /// A folder for later runs.
    pub(super) fn cache(folder: Folder) -> Self {
        Self { folder, from: None, cache: None }
    }

    /// A folder of logs that are made from `from`, and one for later runs.
    pub(super) fn logs(folder: Folder, from: BTreeMap<String, String>, cache: Option<Folder>) -> Self {
        Self { folder, from: Some(from), cache }
    }

    /// Whether there are logs.
    pub(super) fn has_logs(&self) -> bool {
        self.from.is_some()
    }

    /// What files of a lane that was given what has this digest say of themselves.
    pub(super) fn head(&self, lane: usize, digest: &str, logging: Option<Logging>) -> Head {
        let made =
            |(from, Logging { existence_min }): (&BTreeMap<_, _>, _)| Made { lane, existence_min, from: from.clone() };
        Head { digest: digest.to_owned(), log: self.from.as_ref().zip(logging).map(made) }
    }

    /// What is there of a lane with reports at `times_us`. A log that is not, but whose entries the cache has, is made of these,
    /// as fusing makes it.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(super) fn find(&self, head: &Head, times_us: &[i64]) -> Result<Found, LaneLogError> {
        let find = || self.folder.find(head, times_us.iter().copied());
        let found = find();
        if matches!(found, Found::Whole(_)) {
            return Ok(found);
        }
        let Some(log) = self.cache.as_ref().and_then(|cache| cache.log(head)) else { return Ok(found) };
        self.folder.take(head, log)?;
        Ok(find())
    }

    /// Begins the file of a lane.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(super) fn store(&self, head: &Head) -> Result<Writer, LaneLogError> {
        self.folder.store(head)
    }

    /// Gives the cache the logs of these lanes that it lacks.
    ///
    /// # Errors
    /// If the disk refuses.
    pub(super) fn share(&self, digests: &[String], logging: Option<Logging>) -> Result<(), LaneLogError> {
        let Some(cache) = &self.cache else { return Ok(()) };
        for (lane, digest) in digests.iter().enumerate() {
            let head = self.head(lane, digest, logging);
            if cache.log(&head).is_none()
                && let Some(log) = self.folder.log(&head)
            {
                cache.take(&head, log)?;
            }
        }
        Ok(())
    }
}
