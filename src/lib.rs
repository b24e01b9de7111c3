//! Trackweave fuses recorded sensor data into tracks, in batches on the GPU, and gives each partner its own
//! picture, computed only from what that partner may see.
//!
//! The rooms are declared in the order in which data flows through them; imports run with the flow.
#![warn(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![warn(clippy::print_stdout, clippy::print_stderr)]

pub mod space; // where things are: frames, tiles, geodesy
pub mod time; // when things are: integer microseconds, ISO 8601
pub mod digest; // what files hold: SHA-256
mod files; // what is read: regular files, opened without waiting
mod lines; // lines of text files, bounded
mod unpack; // files in gzip or zstd, unpacked as they are read
pub mod secret; // secret keys in text that is shown: never
mod resident; // how much memory this process holds
mod pages; // Parquet files, measured before they are decoded
pub mod mirror; // structs that exist in Rust and WGSL alike

pub mod formats; // files of others -> typed reports
pub mod sensor; // what sensors measure, kind by kind
pub mod ingest; // files -> recording
pub mod policy; // recording + policy -> classes, segments, obligations, authority
pub mod scan; // recording or rows + what a lane may see -> scans
pub mod fusion; // scans -> tracks, on the host or the device
pub mod lane_log; // what fusion leaves of each lane, in files
pub mod refine; // tracks over a record -> what later waves tell of them
pub mod product; // tracks -> one folder a partner
pub mod export; // finished pictures -> files that other tools open
pub mod report; // finished pictures -> pages that people look at
pub mod score; // products + truth -> metrics
pub mod simulate; // scenario -> recording with truth
pub mod inspect; // recording -> what is in it, and what its catalogue should say
pub mod import; // files of others -> recording, its catalogue drafted

pub mod run; // the whole path
pub mod guard; // finished folders -> what a partner may not have
pub mod bench; // throughput of fusion
pub mod commands; // the command line

/// The example in `README.md`, so that it is tested.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
#[derive(Debug)]
pub struct Readme;
