//! What a whole record tells of its past: tracks as fusion reported them, wave by wave, made better by what came later.
//!
//! Everything here reads what one lane has, a [`Record`] or the [`Ends`] of tracks, and asks for nothing else.

pub mod backward; // wave by wave, in bounded memory
mod factor; // covariances in f64
pub mod history; // in memory and on disk
mod reach; // what lies within reach of a track that ended
pub mod record;
pub mod smooth;
pub mod stitch; // tracks over gaps
mod wave; // column by column

#[cfg(test)]
mod stitch_tests;
#[cfg(test)]
mod tests;

pub use history::{History, Known, Room};
pub use record::{Record, RecordError, Row, Track};
pub use smooth::{Interval, Smoother};
pub use stitch::{Ends, Link, Moment, Stitcher};
