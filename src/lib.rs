//! Trackweave makes tracks from sensor data: from plots of radars, ADS-B, AIS and other reports, of a few objects or of millions, on
//! the GPU or on the processor. And it gives each partner its own picture, computed only from what that partner may see.
//!
//! | to | use |
//! | --- | --- |
//! | track what your program measures, as it comes | [`Tracker`], below |
//! | track a recording, or arrays and Arrow batches of one | [`ingest::Recording`], [`ingest::Detections`], [`run::track()`] |
//! | make each partner's picture under a policy | [`run::run`] with a [`run::Request`] |
//! | hand a picture to other tools, or verify a finished output | [`export`], [`product`] |
//! | make up a recording, with its truth | [`simulate`] |
//!
//! | feature | what for | crates |
//! | --- | --- | --- |
//! | none | the [`Tracker`], on the processor | 54 |
//! | `device` | the GPU: Vulkan, Metal, DirectX 12 | 98 |
//! | `parquet` | recordings and batches in Parquet and Arrow, files packed by gzip or zstd | 87 |
//! | `policy` | the whole path: policies, pictures, pages, exports, scores, simulated and imported recordings; implies `parquet` | 141 |
//! | `sign` | signed outputs; implies `policy` | 148 |
//! | `cli` | the program; implies all of the above | 205 |
//! | `encrypt` | outputs encrypted to their partners; implies `policy` | 252 |
//!
//! All but `encrypt` are on unless `default-features = false` says otherwise. What is hidden from this page (the stages of fusion, the
//! formats, the command line) is there for the project's own tests, and may change in any version.
//!
//! A radar turns once in four seconds and sees an object that flies past it:
//!
//! ```
//! use trackweave::prelude::*;
//!
//! let radar = Sensor::radar("north").at_m([0.0, 0.0, 0.0]).noise_range_m(20.0).noise_azimuth_deg(0.1);
//! let radar = radar.sees_range_m([500.0, 60e3]).scan_period_s(4.0).clutter_per_scan(0.1);
//! let mut tracker = Tracker::local().preset("air").sensor(radar).build()?;
//! for turn in 0..15 {
//!     let t = 4.0 * f64::from(turn);
//!     let [x, y] = [200.0 * t - 6e3, 8e3_f64];
//!     tracker.push("north", [Detection::plot(t, x.hypot(y), x.atan2(y).to_degrees())])?;
//! }
//! for track in tracker.tracks()? {
//!     println!("track {} at {:.0?} m, {:.1?} m/s", track.id, track.position_m, track.velocity_m_s);
//! }
//! # assert_eq!(tracker.tracks()?.len(), 1);
//! # Ok::<(), Error>(())
//! ```
//!
//! Modules are declared in the order in which data flows through them; imports run with the flow.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![warn(clippy::print_stdout, clippy::print_stderr)]
#![cfg_attr(
    not(feature = "cli"),
    expect(dead_code, unused_imports, reason = "what only the program, with all features, asks of other rooms")
)]

#[doc(hidden)]
pub mod space; // where things are: frames, tiles, geodesy
#[doc(hidden)]
pub mod time; // when things are: integer microseconds, ISO 8601
#[doc(hidden)]
pub mod digest; // what files hold: SHA-256
mod files; // what is read: regular files, opened without waiting
mod lines; // lines of text files, bounded
mod unpack; // files in gzip or zstd, unpacked as they are read
#[cfg(feature = "policy")]
#[doc(hidden)]
pub mod secret; // secret keys in text that is shown: never
mod resident; // how much memory this process holds
#[cfg(feature = "parquet")]
mod pages; // Parquet files, measured before they are decoded
#[doc(hidden)]
pub mod mirror; // structs that exist in Rust and WGSL alike

#[doc(hidden)]
pub mod formats; // files of others -> typed reports
#[doc(hidden)]
pub mod sensor; // what sensors measure, kind by kind
pub mod ingest; // files -> recording
#[doc(hidden)]
pub mod obligations; // what a level of a policy demands of detections and tracks
#[cfg(feature = "policy")]
pub mod policy; // recording + policy -> classes, segments, obligations, authority
#[doc(hidden)]
pub mod scan; // recording or rows + what a lane may see -> scans
#[doc(hidden)]
pub mod fusion; // scans -> tracks, on the host or the device
#[cfg(feature = "policy")]
#[doc(hidden)]
pub mod lane_log; // what fusion leaves of each lane, in files
#[doc(hidden)]
pub mod refine; // tracks over a record -> what later waves tell of them
#[cfg(feature = "policy")]
pub mod product; // tracks -> one folder a partner
#[cfg(feature = "policy")]
pub mod export; // finished pictures -> files that other tools open
#[cfg(feature = "policy")]
#[doc(hidden)]
pub mod report; // finished pictures -> pages that people look at
#[doc(hidden)]
pub mod score; // products + truth -> metrics
#[cfg(feature = "policy")]
pub mod simulate; // scenario -> recording with truth
#[cfg(feature = "policy")]
#[doc(hidden)]
pub mod inspect; // recording -> what is in it, and what its catalogue should say
#[cfg(feature = "policy")]
#[doc(hidden)]
pub mod calibrate; // logs of lanes -> what sensors are off by
#[cfg(feature = "policy")]
#[doc(hidden)]
pub mod import; // files of others -> recording, its catalogue drafted

pub mod config; // parameters of a run
#[doc(hidden)]
pub mod waves; // rows of lanes -> tracks, wave by wave, smoothed
#[cfg(feature = "policy")]
pub mod run; // the whole path
pub mod tracker; // sensors and detections made in code -> tracks, as they come
pub mod prelude; // what a program of one's own begins with
#[cfg(feature = "policy")]
#[doc(hidden)]
pub mod guard; // finished folders -> what a partner may not have
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod bench; // throughput of fusion
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod commands; // the command line

pub use tracker::{Error, ErrorKind, Tracker};
pub use {jiff, ndarray};

/// The example in `README.md`, so that it is tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
