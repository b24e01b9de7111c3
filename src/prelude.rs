//! What a program that tracks begins with: `use trackweave::prelude::*;`.
//!
//! ```
//! use trackweave::prelude::*;
//!
//! let receiver = Sensor::position("receiver").noise_horizontal_m(5.0).reports_every_s(2.0);
//! let receiver = receiver.sees_m([-1e3, 1e3], [-1e3, 1e3]);
//! let tracker = Tracker::local().preset("people").sensor(receiver).build()?;
//! # Ok::<(), Error>(())
//! ```

pub use crate::tracker::{Detection, Error, ErrorKind, Sensor, Time, Track, Tracker, TrackerBuilder};
