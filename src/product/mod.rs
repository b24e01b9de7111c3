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
//!
//! ```
//! # #[cfg(feature = "sign")] {
//! use trackweave::product::{PublicKey, SigningKey};
//!
//! let folder = tempfile::tempdir()?;
//! let key = SigningKey::generate(&folder.path().join("key"))?;
//! assert_eq!(PublicKey::read(&folder.path().join("key.pub"))?, key.public());
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod associations; // which detections made which tracks
mod audit; // hash-chained lines
mod merkle; // the tree over them
mod authority; // the operator's tables of who may act
mod beside; // files made from a finished picture
mod batch; // rows -> Arrow batches
mod columns; // what a picture holds
mod digest; // bytes counted and hashed on their way to disk
mod error; // what can go wrong
#[cfg(feature = "sign")]
mod keys; // keys that sign
#[cfg(not(feature = "sign"))]
#[path = "no_keys.rs"]
mod keys; // none
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

#[doc(hidden)]
pub use self::{
    associations::{Association, association_columns},
    audit::{Audit, Chain, verify_chain},
    authority::{
        AuthorityWriter, EVENT_COLUMNS, Event, EventKind, STRETCH_COLUMNS, Stretch, each_stretch, read_stretches,
    },
    beside::{Beside, NewFile, not_free, output_around},
    columns::{Column, DECISION_COLUMNS, Kind, Of, Refined, columns},
    links::link_columns,
    manifest::{Calibrated, FileEntry, Given, Made, Source, check_label, configuration_sha256},
    origin::{Origin, origin_of, verify_origin},
    picture::{Picture, PictureWriter, ROWS_PER_GROUP},
    read::{read_batches, read_schema, read_table},
    releases::{Alike, ClassEntry, Demands, Fusion, LaneEntry, Lowered, ReleaseTable, TakenEntry, read_releases},
    rows::{PictureRows, PictureState, read_track},
    seal::{Recipients, Sealing},
    staging::{Staging, replace, waiting},
};
pub use batch::picture_batch;
pub use columns::Fields;
pub use error::ProductError;
#[cfg(feature = "sign")]
pub use keys::KeyError;
pub use keys::{PublicKey, SigningKey};
pub use obligations::Row;
pub use read::{PicturePoint, picture_points, read_picture};
pub use verify::{Expected, Fault, Integrity, verify_seals};

/// The engine's version, as products name it.
pub const ENGINE_VERSION: &str = env!("CARGO_PKG_VERSION");
