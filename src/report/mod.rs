//! Pages: one self-contained HTML file for the operator, and one for each partner, made from its own folder alone.
//!
//! A page asks for nothing over a network and runs no code but its own, which is the same bytes in every edition (`page/`).
//! What it holds, to the last field: `docs/report.md`. Equal outputs give equal pages.

mod basemap; // Natural Earth, cut to the surroundings of a picture
mod column; // columns as a page holds them
mod document; // what a page holds, key by key
mod elsewhere; // pages of a finished output
mod error; // what can go wrong
mod folder; // a partner's folder
mod judged; // scores over time, coherence, prices
mod ledger; // where every row went
mod levels; // what levels demand, and which one a row is of
mod lifts; // pictures as they would be if a rule were lifted
mod operator; // the operator's page
mod pages; // pictures that several pages show
mod partner; // a partner's page
mod picture; // rows by track, a column at a time
mod record; // detections that tracks took, and links between tracks
mod scene; // sensors, zones, detections, truth
mod table; // the operator's tables
mod template; // the page around it all
mod words; // numbers and names in words

pub use elsewhere::report;
pub use error::ReportError;
pub use lifts::{Before, Lifted, Lifts};
pub use operator::operator_page;
pub use pages::Pages;
pub use partner::{partner_page, write};
pub use scene::Scene;
pub(crate) use words::{count, escaped};

/// The name of a page in its folder.
pub const PAGE: &str = "report.html";
