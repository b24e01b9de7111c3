//! Files to recording: sensor catalogue, detections in batches, truth.

mod catalogue;
mod detections;
mod error;
mod report;
mod write;

pub use catalogue::{Catalogue, Coverage, Kind, Noise, Sensor};
pub use detections::{Detections, Measurement};
pub use error::{At, IngestError};
pub use report::{IngestReport, Reason, RejectedRow};
pub use write::{ColumnType, TableWriter, Values};
