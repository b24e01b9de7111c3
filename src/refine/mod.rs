//! What a whole record tells of its past: tracks as fusion reported them, wave by wave, made better by what came later.
//!
//! Everything here reads a [`Record`] of one lane and gives one: it asks for nothing that the lane did not have.

pub mod backward; // wave by wave, in bounded memory
pub mod history; // on disk
pub mod record;
pub mod smooth;

#[cfg(test)]
mod tests;

pub use history::{History, Known};
pub use record::{Record, RecordError, Row, Track};
pub use smooth::{Interval, Smoother};
