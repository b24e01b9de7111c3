//! Files to recording: sensor catalogue, detections in batches, truth.
//!
//! Every format decodes into one kind of table; a table's rows are checked and converted in one place, so that a CSV
//! file, a Parquet file and a batch in memory with the same rows give the same detections. Formats: `docs/formats.md`.
//!
//! ```
//! use trackweave::ingest::{Options, Order, Recording};
//!
//! let recording = Recording::open("data/demo/recording".as_ref())?;
//! let options = Options { strict: false, rows_per_batch: 1 << 16, order: Order::Any };
//! let (mut reader, mut rows) = (recording.reader(options)?, 0);
//! while let Some(batch) = reader.next_batch()? {
//!     rows += batch.len() as u64;
//! }
//! assert_eq!(rows, reader.report().rows_accepted);
//! # Ok::<(), trackweave::ingest::IngestError>(())
//! ```

pub(crate) mod error; // where, found, wanted
mod report; // rows read, accepted, rejected

mod catalogue; // what recording.toml says
mod catalogue_file; // how it says it: keys, checks, lines

mod dialect; // how a table is written: names, units, times
mod dialect_file; // how recording.toml says it
mod looks_file; // when a sensor looks, as recording.toml says it
mod layout; // the columns of a table, and where a file has them

mod table; // rows, column by column, of any format
#[cfg(feature = "parquet")]
mod arrow_table; // Arrow batch -> table
mod csv_cells; // a line of CSV -> cells
mod csv_table; // CSV lines -> table
#[cfg(feature = "parquet")]
mod parquet_table; // Parquet row groups -> Arrow batch -> table
#[cfg(not(feature = "parquet"))]
#[path = "no_parquet.rs"]
mod parquet_table; // an error in its place

mod imports; // files of others in place of a table
mod imported; // what they gave
mod report_rows; // their reports -> table

mod detections; // what rows become
mod labels; // markings, numbered
mod identities; // addresses that targets send, numbered
mod rows; // table -> detections or reasons
mod pass; // the digest of what a pass gave
mod sorted; // rows in any order -> rows in that of time
mod reader; // folder -> detections in batches
mod truth; // folder -> true states
mod looks; // folder -> when sensors looked
mod platforms; // folder -> where platforms were
mod recording; // a folder, its files opened once
#[cfg(feature = "parquet")]
mod memory; // the same of Arrow batches
mod census; // sensors that the catalogue lacks

#[cfg(feature = "policy")]
mod import_table; // files of others -> tables of the project's own
#[cfg(feature = "parquet")]
mod write; // the other way: Parquet tables for simulations and tests

pub(crate) use census::{Listing, Named, Told};
#[cfg(feature = "policy")]
pub(crate) use import_table::{import_detections, import_looks, import_truth};
pub(crate) use imported::{Ended, Turns};
pub(crate) use imports::{day_us, edition_of};
pub(crate) use recording::ENDINGS;
pub(crate) use rows::fault_of;
pub(crate) use table::plausible_us;

#[doc(hidden)]
pub use self::{
    catalogue::TimeScale,
    dialect::Dialects,
    error::At,
    identities::Identities,
    imported::{Imported, Passed, Unread},
    imports::{Heights, Import, Takes},
    pass::Pass,
    report::{Reason, RejectedRow, StrayRow, Wrap},
    truth::{Truth, TruthReader, read_truth},
};
pub use catalogue::Catalogue;
pub use detections::Detections;
pub use error::IngestError;
#[cfg(feature = "parquet")]
pub use memory::{Memory, Where};
pub use reader::Reader;
pub use recording::Recording;
pub use report::IngestReport;
pub use rows::{Options, Order};
#[cfg(feature = "parquet")]
#[doc(hidden)]
pub use write::{ColumnType, TableWriter, Values};
