//! Recording and policy to classes, segments, obligations and authority.
//!
//! A policy is a folder of rules in Cedar that say what each partner may have fused, may receive and may act on.
//! Rows are never asked about one by one: detections with equal attributes form a class ([`ClassKey`]), and a class is
//! decided once for each partner and level. What no rule permits is denied. Partners that may have the same classes
//! fused share one [`Segment`], one fusion problem.
//!
//! ```text
//! Policy::read ─► Classifier ─► Policy::decide ─► Decisions::segments ─► fusion
//!                                                 Releaser::release   ◄─ tracks
//! ```
//!
//! Non-interference: a question to Cedar about a partner holds that partner, the class asked about, and the rules
//! that could apply to that partner; nothing of other partners and nothing of other classes. The numbers of classes
//! and partners are for the engine only: they depend on all data, and so must not reach a picture.
//! For people: `docs/policy.md`.

mod class; // rows -> classes
mod decide; // classes × partners × levels -> segments
mod disclosure; // what a partner's own audit may name
mod error; // what can be wrong with a policy
mod judge; // one question to Cedar
mod levels; // levels.toml
mod names; // names in rules that must exist
mod partners; // partners.toml
mod periods; // periods.toml
mod polygon; // rings in the plane
mod read; // a folder -> a checked policy
mod release; // track classes -> level, obligations, authority
mod rules; // *.cedar
mod schema; // schema.cedarschema
mod source; // a file and its lines
mod zones; // zones.geojson

pub use class::{ClassKey, ClassSummary, Classifier, kind_name};
pub use decide::{Decisions, FuseRights, Segment};
pub use disclosure::Disclosure;
pub use error::PolicyError;
pub use judge::{DecisionRecord, NO_POLICY};
pub use levels::{Field, Level, Obligations};
pub use partners::{Attribute, Partner};
pub use periods::Periods;
pub use read::Policy;
pub use release::{Release, Releaser, Status, TrackClass};
pub use zones::ZoneMap;
