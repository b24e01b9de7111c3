//! Recording and policy to classes, segments, obligations and authority.
//!
//! A policy is a folder of rules in Cedar that say what each partner may have fused, may receive and may act on.
//! Rows are never asked about one by one: detections with equal attributes form a class ([`ClassKey`]), and a class is
//! decided once for each partner and level. What no rule permits is denied. Partners that may have the same classes
//! fused share one [`Segment`], one fusion problem.
//!
//! ```text
//! Policy::read ─► Classifier ─► Policy::decide ─► Decisions::segments ─► fusion
//!                                                 Releases::of        ◄─ tracks
//! ```
//!
//! Non-interference: a question to Cedar about a partner holds that partner, the class asked about, and the rules
//! that could apply to that partner; nothing of other partners and nothing of other classes. The numbers of classes
//! and partners are for the engine only: they depend on all data, and so must not reach a picture.
//! For people: `docs/policy.md`.
//!
//! ```
//! use trackweave::policy::Policy;
//!
//! let policy = Policy::read("data/demo/policy".as_ref())?;
//! let partners: Vec<&str> = policy.partners().iter().map(|partner| partner.id.as_str()).collect();
//! assert_eq!(partners, ["aspen", "birch", "clover", "dogwood"]);
//! # Ok::<(), trackweave::policy::PolicyError>(())
//! ```

mod authority; // who may act on a class of tracks
mod check; // findings of a policy that a person should look at
mod class; // rows -> classes
mod decide; // classes × partners × levels -> segments
mod difference; // what another policy would give more, and less
mod disclosure; // what a partner's own audit may name
mod every; // whether all that a sensor could detect is permitted
mod error; // what can be wrong with a policy
mod explain; // why, in words
mod folder; // what may lie in the folder of a policy
mod judge; // one question to Cedar
mod kin; // which partners get the same answers
mod known; // what a class alone says of a rule
mod levels; // levels.toml
mod lift; // the policy with one rule lifted
mod matrix; // partners × classes × levels, in groups
mod names; // names in rules that must exist
mod nesting; // how deeply text may be nested
mod outline; // rings as they are written -> polygons
mod part; // part of a batch, on one core
mod partners; // partners.toml
mod periods; // periods.toml
mod polygon; // rings in the plane
mod probe; // which rules apply, each for itself
mod raster; // zones on cells, for speed
mod read; // a folder -> a checked policy
mod release; // track classes -> level, obligations, authority
mod rules; // *.cedar
mod schema; // schema.cedarschema
mod simple; // whether the rings of a polygon cross
mod source; // a file and its lines
mod speech; // what the conditions of a rule speak of
mod strata; // times that the policy does not tell apart
mod view; // what of a policy concerns one partner
mod survey; // what a recording holds, as far as a policy can tell
mod warnings; // what a run takes, and somebody may not have meant
mod zones_file; // zones.geojson as it is written
mod zones; // zones.geojson

#[doc(hidden)]
pub use self::{
    authority::{Held, Holders, SEE_AUTHORITY},
    check::{Check, Finding, Severity, check},
    class::{ClassKey, ClassSummary, Classifier},
    decide::{Decisions, FuseRights, Segment, Verdicted},
    difference::{Change, Difference, Grant, difference},
    disclosure::Disclosure,
    explain::{Answer, Explanation, Missing, RuleText, explain_class, explain_detection, explain_track},
    judge::{DecisionRecord, NO_POLICY},
    levels::Level,
    lift::Lift,
    matrix::{Group, Matrix, Share},
    partners::{Attribute, Partner},
    periods::Periods,
    release::{Decided, Release, Releaser, Releases, Status, TrackClass},
    strata::{Strata, Stratum},
    survey::{Survey, SurveyError},
    zones::ZoneMap,
};
pub use error::PolicyError;
pub use folder::Files;
pub use read::Policy;

#[doc(hidden)]
pub use crate::obligations::{COARSEN_RANGE_M, Cell, Measured, geodetic_cell, local_cell};
pub use crate::obligations::{Field, Obligations};
