//! What a program that tracks begins with: `use trackweave::prelude::*;`.

pub use crate::tracker::{Detection, Error, ErrorKind, Sensor, Time, Track, Tracker, TrackerBuilder};
