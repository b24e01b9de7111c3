//! What fusion leaves behind of each lane, in files: one file a lane, by the digest of all that went into it.
//!
//! A file holds what the lane reported, at the times at which its tracks were asked for: what a late joiner takes instead
//! of fusing again. A log holds its waves besides: the tracks after each and the detections that they took
//! ([`crate::fusion::batch::WaveLog`]), and says what run it is of. A run writes and reads these files by itself; a program
//! that keeps what its own lanes reported uses [`Folder`].
//!
//! `<digest>.lane`: [`MAGIC`], the length of the head and the head as JSON, then entries, little endian: reports and waves in
//! the order of time, a wave before a report of the same time; what became of the lane's detections; last the SHA-256 of
//! every 64 KiB of all that, and the SHA-256 of these digests: a byte that has changed is named to the block. Files are written and read as a stream: no more than one entry is held. A file is there whole or not at
//! all. One that cannot be read, is not what its last bytes say, is another lane's or holds what no lane can is damaged, and
//! nothing of it is used: it is read whole before its first entry is. A file that is being written has another name and is
//! locked; what a killed run left of one is locked by nobody, and removed when the folder is opened next. A folder holds
//! tracks of every partner: it is the operator's, as readable as an output's `_operator`, and to be trusted like the program.

mod error; // what can go wrong with files of lanes
mod format; // heads and entries as bytes
mod seal; // digests behind them
mod folder; // files of lanes in a folder
mod writer; // entries to a file
mod reader; // a file to entries

#[cfg(test)]
mod tests;

pub use error::LaneLogError;
pub(crate) use error::failed;
pub use folder::{Folder, Found};
pub use format::{Entry, Head, MAGIC, Made};
pub use reader::{Reader, Wave};
pub use writer::Writer;
