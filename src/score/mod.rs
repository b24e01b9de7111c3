//! How good a picture is, against truth: GOSPA, OSPA, OSPA(2), T-GOSPA, and who was tracked by whom.
//!
//! Every number is exact: pairs nearer than the cut-off are found on a grid, the graph that they make is solved by
//! shortest augmenting paths ([`assignment`]), component by component, and nothing is sampled or capped. Positions are
//! metres in one Cartesian frame, times are integer microseconds. `docs/scoring.md` says what each number means.
//!
//! | module | question |
//! | --- | --- |
//! | [`gospa`] | how far is one scan's set of estimates from the truth, and is it place, misses or false tracks? |
//! | [`ospa`] | the same, as a mean over objects; and over a window of scans, OSPA(2) |
//! | [`t_gospa`] | the same over a whole record, with a price on changing identities; exact, for small problems |
//! | [`identity`] | how often do identities change, how pure and how complete are the tracks? |
//! | [`siap`] | completeness, ambiguity, spuriousness, accuracy, number changes, longest segments |
//! | [`clear`] | MOTA and MOTP |
//! | [`hota`] | HOTA in metres, and IDF1 |
//! | [`nees`] | are covariances honest? |
//! | [`delay`] | how long until an object is known, and how often is it lost? |
//! | [`parts`] | the same by class, by zone, over time |
//! | [`sequence`] | all of it over a recording, streamed by time |
//! | [`coherence`] | how far do the pictures of one run agree, and who may act on what it does not see? |

pub use scenes::ZonesAt;
use thiserror::Error;

pub mod assignment;
pub mod clear;
pub mod coherence;
pub mod delay;
pub mod further;
pub mod gospa;
pub mod hota;
pub mod identity;
pub mod nees;
pub mod ospa;
mod pairs;
pub mod parts;
mod scenes;
pub mod sequence;
pub mod siap;
mod spread;
pub mod states;
mod stream;
pub mod t_gospa;
mod truth;

/// What is wrong with a scoring problem.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ScoreError {
    /// A parameter of a metric is out of range.
    #[error("`{parameter}` is {found}, wanted {wanted}")]
    Parameter {
        /// Name of the field.
        parameter: &'static str,
        /// What it holds.
        found: f64,
        /// What it may hold.
        wanted: &'static str,
    },
    /// A position of a set is NaN or infinite.
    #[error("{set} position {index} is {found_m:?}, wanted finite metres")]
    NotFinite {
        /// `truth` or `estimate`.
        set: &'static str,
        /// Index in the slice, or the id of the object or track.
        index: u64,
        /// The position found.
        found_m: [f64; 3],
    },
    /// More points in one set than a `u32` can number.
    #[error("{found} points in one set, wanted at most {limit}")]
    TooManyPoints {
        /// How many there are.
        found: usize,
        /// How many there may be.
        limit: usize,
    },
    /// More candidate pairs than memory is meant for: the cut-off is far larger than the distance between objects.
    #[error("more than {limit} pairs are nearer than the cut-off of {cutoff_m} m; wanted a smaller cut-off")]
    TooManyPairs {
        /// The cut-off that makes them.
        cutoff_m: f64,
        /// How many pairs there may be.
        limit: usize,
    },
    /// An edge of an assignment problem is out of range, not finite, or out of order.
    #[error("row {row}: edge to column {column} at cost {cost}, wanted {wanted}")]
    Edge {
        /// Row of the edge.
        row: usize,
        /// Its column.
        column: u32,
        /// Its cost.
        cost: f64,
        /// What is allowed.
        wanted: &'static str,
    },
    /// T-GOSPA has too many joint assignments to be computed exactly.
    #[error(
        "t-gospa: {truths} objects and {estimates} tracks within one cut-off component have more than {limit} joint \
         assignments; wanted fewer objects, a smaller cut-off, or identity switches instead"
    )]
    TooManyStates {
        /// Objects in the component.
        truths: usize,
        /// Tracks in the component.
        estimates: usize,
        /// How many joint assignments there may be.
        limit: usize,
    },
    /// Points that must come in time order do not.
    #[error("{set} at {found_us} µs comes after {before_us} µs, wanted time order")]
    OutOfOrder {
        /// `truth`, `estimate` or `scan`.
        set: &'static str,
        /// The time that came first.
        before_us: i64,
        /// The time that came next.
        found_us: i64,
    },
    /// A track has two positions in one scan.
    #[error("track {track} has two positions at {time_us} µs, wanted one")]
    RepeatedTrack {
        /// The track.
        track: u64,
        /// When.
        time_us: i64,
    },
}

/// Checks the cut-off and an exponent, so that every power of a distance stays a normal number.
fn check_metric(cutoff_m: f64, order: f64) -> Result<(), ScoreError> {
    if !(1e-9..=1e12).contains(&cutoff_m) {
        return Err(ScoreError::Parameter { parameter: "cutoff_m", found: cutoff_m, wanted: "1e-9 to 1e12 metres" });
    }
    if !(1.0..=10.0).contains(&order) {
        return Err(ScoreError::Parameter { parameter: "order", found: order, wanted: "1 to 10" });
    }
    Ok(())
}

/// `x` to the power of `order`; the two orders in use without a call to `powf`.
fn power(x: f64, order: f64) -> f64 {
    if is(order, 2.0) {
        x * x
    } else if is(order, 1.0) {
        x
    } else {
        x.powf(order)
    }
}

/// The inverse of [`power`].
fn root(x: f64, order: f64) -> f64 {
    if is(order, 2.0) {
        x.sqrt()
    } else if is(order, 1.0) {
        x
    } else {
        x.powf(1.0 / order)
    }
}

/// Whether a parameter was given as exactly this number.
fn is(order: f64, number: f64) -> bool {
    order.to_bits() == number.to_bits()
}
