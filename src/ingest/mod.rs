//! Files to recording: sensor catalogue, detections in batches, truth.

mod catalogue;
mod detections;

pub use catalogue::{Catalogue, Coverage, Kind, Noise, Sensor};
pub use detections::{Detections, Measurement};
