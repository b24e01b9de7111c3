//! Tracks as a table, in the columns of a picture (`docs/pictures.md`).

use super::error::{Error, ErrorKind};
use super::track::{Track, turned};
use crate::obligations::{Field, Obligations};
use crate::policy::Status;
use crate::product::{Fields, Row, picture_batch};
use crate::space::Frame;
use arrow_array::RecordBatch;

/// Columns of pictures that say what nobody decided over tracks of a [`Tracker`](super::Tracker).
const FOREIGN: [&str; 2] = ["authorities", "identity_probability"];

impl Track {
    /// Tracks as an Arrow batch, a row each, in the columns that a picture in this frame has, without those about rights.
    ///
    /// ```
    /// use trackweave::prelude::*;
    /// use trackweave::space::Frame;
    ///
    /// let batch = Track::batch(&[], Frame::Geodetic)?;
    /// assert!(batch.num_rows() == 0 && batch.schema().index_of("latitude_deg").is_ok());
    /// # Ok::<(), Error>(())
    /// ```
    ///
    /// # Errors
    /// A number that is not finite, which no tracker gives.
    pub fn batch(tracks: &[Self], frame: Frame) -> Result<RecordBatch, Error> {
        let fields: Fields = Field::ALL.into_iter().filter(|field| *field != Field::Holders).collect();
        let obligations = Obligations::default();
        let sources: Vec<Vec<String>> =
            tracks.iter().map(|track| track.sources.iter().map(ToString::to_string).collect()).collect();
        let rows = tracks.iter().zip(&sources).map(|(track, sources)| (track.row(sources), &obligations));
        let because = |error| Error::because(ErrorKind::Resources, error);
        let batch = picture_batch(frame, &fields, rows).map_err(because)?;
        let schema = batch.schema();
        let own = schema.fields().iter().enumerate().filter(|(_, field)| !FOREIGN.contains(&field.name().as_str()));
        let own: Vec<usize> = own.map(|(column, _)| column).collect();
        batch.project(&own).map_err(|error| Error::because(ErrorKind::Resources, error))
    }

    /// The track as a row of a picture.
    fn row<'a>(&'a self, contributors: &'a [String]) -> Row<'a> {
        // The axes of the engine along those of the velocity.
        let axes = self.geodetic.map_or([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]], |place| {
            let [[a, b, c], [d, e, f], [g, h, i]] = place.enu_axes();
            [[a, d, g], [b, e, h], [c, f, i]]
        });
        let [east, north, up] = self.velocity_m_s;
        Row {
            time_us: self.time.micros(),
            track: self.id,
            status: if self.confirmed { Status::Confirmed } else { Status::Tentative },
            existence: self.existence,
            position_m: self.position_m,
            velocity_m_s: axes.map(|[e, n, u]| e * east + n * north + u * up),
            covariance: turned(axes, &self.covariance),
            detections: self.detections,
            last_detection_us: self.last_detection.micros(),
            smoothed: self.smoothed,
            as_known_at_us: self.last_detection.micros(),
            filtered_m: None,
            identity: self.identity.as_deref().map(|identity| (identity, 1.0)),
            contributors,
            authorities: &[],
            holders: None,
        }
    }
}
