//! What a track of one picture is in another: the row that shows the same object, report by report.

use super::objects::Objects;
use super::{Shown, World};
use crate::score::ScoreError;

/// Follows one track of a picture through the reports.
#[derive(Debug)]
pub struct Same {
    world: World,
    objects: Objects,
    track: (usize, u64),
}

impl Same {
    /// Before the first report; `track` is the number of a picture and that of a track in it.
    ///
    /// # Errors
    /// If the cut-off is out of range.
    pub fn new(world: World, track: (usize, u64)) -> Result<Self, ScoreError> {
        crate::score::check_metric(world.cutoff_m, 2.0)?;
        Ok(Self { objects: Objects::new(&world), world, track })
    }

    /// Takes in a report as [`Coherence::report`](super::Coherence::report) does: the row of the track, if it has one, and that
    /// of another picture which shows the same object.
    ///
    /// # Errors
    /// As there.
    pub fn report(
        &mut self,
        time_us: i64,
        pictures: &[Vec<Shown>],
        other: usize,
    ) -> Result<Option<(Shown, Option<Shown>)>, ScoreError> {
        let (picture, track) = self.track;
        let present = self.objects.report(&self.world, time_us, pictures)?;
        let found = present.iter().find_map(|object| {
            let row = object.row(picture).filter(|row| row.track == track)?;
            Some((*row, object.row(other).copied()))
        });
        Ok(found)
    }
}
