//! Recording, or rows of a program's own, to scans: what fusion takes, look by look.
//!
//! A lane's rows in time order become looks of its sensors, a look becomes a [`Scan`]: detections as fusion sees them,
//! where the look could have seen, and whose each detection is. A lane forms its scans from its own rows alone. A run does
//! it for every segment of a policy; a program without files opens a [`Lane`] and pushes rows into [`Scans`].
//!
//! What decides who gets a track fails closed: a detection cannot be without its source, and what a look could have seen
//! is said, never left out.

mod error; // where, found, wanted
mod detections; // detections with their sources, and how they were measured
mod cells; // the cells of a field
mod shape; // where a sensor sees, exactly
mod mask; // where a look could have seen

mod plan; // how the looks of a sensor follow each other
mod looks; // rows -> looks of sensors
mod measure; // rows -> detections as fusion sees them
mod planes; // the cells over what a lane covers, and the ground below
mod coverage; // what a lane covers, and where its looks could have seen
mod stations; // what a carried sensor covers, from when on
mod views; // sensors -> views, and where each sees
mod coarsen; // a row -> the row as a level of fuse gives it
mod corrections; // what sensors were found to say too much, taken off in a lane
mod lanes; // segments -> lanes
mod forming; // rows -> scans, pushed one by one

pub use cells::{Plane, Planes};
pub use detections::{Axis, Detection, KIND_BITS, OFFSET, Observation, RANGE, ROWS_MAX, SOURCES_MAX, Sourced};
pub use error::{ScanError, Wrong};
pub use forming::Scans;
pub use lanes::Lane;
pub use looks::{Look, Row};
pub use mask::{Mask, Part, Sight};
pub use measure::Extent;
pub use shape::{CONE, LEVEL, Limit, SLAB, STRAIGHT, Shape, WEDGE};
pub use views::ViewOf;

pub(crate) use coarsen::{gives_identity, permitted};
pub(crate) use corrections::Corrections;
pub(crate) use error::{require, wrong};
pub(crate) use forming::Pending;
#[cfg(feature = "policy")]
pub(crate) use lanes::LaneBasis;
pub(crate) use lanes::Permitted;
pub(crate) use measure::{CLUTTER_RATE_M_S, HEIGHT_M};

/// One look of one lane.
#[derive(Clone, Debug)]
pub struct Scan<'a> {
    /// The lane.
    pub lane: usize,
    /// When; not before the lane's last scan.
    pub time_us: i64,
    /// Probability that the look detects what it covers, above 0.
    pub detection_probability: f32,
    /// Where it could have seen.
    pub sight: Sight<'a>,
    /// How far a measured place may lie off along what was not measured, metres.
    pub slack_m: f32,
    /// Its detections, in the order that identities count.
    pub detections: Sourced,
    /// Which view of the lane looked; the default where it has one.
    pub views: Views<'a>,
}

/// Views that a lane has at most.
pub const VIEWS_MAX: usize = 8;

/// Which of its lane's views made a look, and where each of them sees at that time. A view is a group of sensors that see
/// the same objects.
#[derive(Clone, Debug, Default)]
pub struct Views<'a> {
    /// The one that looked.
    pub looking: usize,
    /// Whether its objects report when they like: what it has not reported, it has not missed.
    pub reports: bool,
    /// Where each could see, by number: in a cell the share of the ground that it covers; none where the lane has one.
    pub sights: Vec<Sight<'a>>,
}
