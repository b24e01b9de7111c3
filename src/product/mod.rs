//! Tracks to files: one folder a partner, and the operator's folder.
//!
//! A picture is what a partner receives. Its rows come in with the obligations of that partner ([`Obligations`](crate::policy::Obligations)), are cut,
//! and go to `OUT/<partner>/tracks.parquet` in row groups that count rows of this partner only; `manifest.json`
//! beside it says what is in the folder, and `audit.jsonl` which rules gave it. Nothing about any other partner, no clock and no random id enters a
//! partner's folder: equal rows, configuration and engine version give equal bytes. The operator's folder holds the
//! report, the decisions with the policies that made them and the hash-chained audit; `timings.json` there is the
//! only file that may differ between equal runs. The output appears whole or not at all ([`Staging`]).
//!
//! Every file and column, with its unit: `docs/pictures.md`.

mod associations; // which detections made which tracks
mod audit; // hash-chained lines
mod merkle; // the tree over them
mod authority; // the operator's tables of who may act
mod beside; // files made from a finished picture
mod batch; // rows -> Arrow batches
mod columns; // what a picture holds
mod digest; // bytes counted and hashed on their way to disk
mod error; // what can go wrong
mod keys; // keys that sign
mod links; // which tracks go on as which
mod manifest; // what is in a folder
mod obligations; // a row as a partner may see it
mod operator; // report, decisions, timings
mod origin; // what a run read
mod picture; // one partner's folder
mod read; // pictures back into engine coordinates
mod releases; // what the rules let every partner receive
mod rows; // the same with covariances, batch by batch
mod seal; // signatures, encrypted folders
mod staging; // the output appears whole or not at all
mod verify; // whether an output is what was written

pub use associations::{Association, association_columns};
pub use audit::{Audit, Chain, verify_chain};
pub use authority::{
    AuthorityWriter, EVENT_COLUMNS, Event, EventKind, STRETCH_COLUMNS, Stretch, each_stretch, read_stretches,
};
pub use batch::picture_batch;
pub use beside::{Beside, NewFile, not_free, output_around};
pub use columns::{Column, DECISION_COLUMNS, Fields, Kind, Of, Refined, columns};
pub use error::ProductError;
pub use keys::{KeyError, PublicKey, SigningKey};
pub use links::link_columns;
pub use manifest::{FileEntry, Given, Made, Source, check_label, configuration_sha256};
pub use obligations::Row;
pub use origin::{Origin, origin_of, verify_origin};
pub use picture::{Picture, PictureWriter, ROWS_PER_GROUP};
pub use read::{PicturePoint, picture_points, read_batches, read_picture, read_schema, read_table};
pub use releases::{Alike, ClassEntry, Demands, Fusion, LaneEntry, Lowered, ReleaseTable, TakenEntry, read_releases};
pub use rows::{PictureRows, PictureState, read_track};
pub use seal::{Recipients, Sealing};
pub use staging::{Staging, replace, waiting};
pub use verify::{Expected, Fault, Integrity, verify_seals};

/// The engine's version, as products name it.
pub const ENGINE_VERSION: &str = env!("CARGO_PKG_VERSION");
