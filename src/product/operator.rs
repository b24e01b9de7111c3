//! The operator's folder, `OUT/_operator`: the report, the decisions with the policies that made them, the audit,
//! scores, and the timings.
//!
//! It knows all partners and goes to none. `timings.json` is the only file of an output that may differ between
//! equal runs: nothing else may hold a time that was measured.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::builder::{BooleanBuilder, ListBuilder, StringBuilder};
use arrow_array::{ArrayRef, RecordBatch};
use serde::{Deserialize, Serialize};

use super::audit::{AUDIT, Audit};
use super::batch::append_texts;
use super::columns::{DECISION_COLUMNS, element, schema};
use super::digest::{HashedFile, TableFile, write_json};
use super::error::{ProductError, io_error};
use super::picture::ROWS_PER_GROUP;
use super::staging::Staging;
use crate::policy::DecisionRecord;

/// The operator's folder; no partner can have this id.
pub(super) const OPERATOR: &str = "_operator";
/// The only file that may differ between equal runs.
pub(super) const TIMINGS: &str = "timings.json";
/// The operator's page.
const PAGE: &str = "report.html";

/// The form of [`TIMINGS`]: numbers and truth values under known keys, so that nothing else fits into the one file that
/// has no digest.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form counts")]
struct Timings {
    from_cache: Vec<bool>,
    peak_bytes: Option<u64>,
    damaged: u64,
    seconds: Spent,
    stages_s: Stages,
    fusion: Work,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form counts")]
struct Spent {
    class: f64,
    look_up: f64,
    fuse: f64,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Stages {
    predict: f64,
    gate: f64,
    cluster: f64,
    associate: f64,
    update: f64,
    manage: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "only the form counts")]
struct Work {
    waves: u64,
    detections: u64,
    edges: u64,
    narrowed: u64,
    births: u64,
    merged: u64,
    clusters: [u64; 3],
    unconverged: u64,
}

/// What is wrong with the text of [`TIMINGS`].
pub(super) fn wrong_timings(bytes: &[u8]) -> Option<String> {
    serde_json::from_slice::<Timings>(bytes).err().map(|error| error.to_string())
}

impl Staging {
    /// Writes the run's report, `report.json`.
    ///
    /// # Errors
    /// A value that JSON cannot hold, a report already written, or a disk that is full.
    pub fn report(&self, report: &impl Serialize) -> Result<(), ProductError> {
        write_json(&self.operator_file("report.json"), report).map(drop)
    }

    /// Writes scores against truth, `scores.json`.
    ///
    /// # Errors
    /// As [`Staging::report`].
    pub fn scores(&self, scores: &impl Serialize) -> Result<(), ProductError> {
        write_json(&self.operator_file("scores.json"), scores).map(drop)
    }

    /// Writes how far the pictures agree, `coherence.json`.
    ///
    /// # Errors
    /// As [`Staging::report`].
    pub fn coherence(&self, coherence: &impl Serialize) -> Result<(), ProductError> {
        write_json(&self.operator_file("coherence.json"), coherence).map(drop)
    }

    /// Writes what each rule costs whom, `prices.json`.
    ///
    /// # Errors
    /// As [`Staging::report`].
    pub fn prices(&self, prices: &impl Serialize) -> Result<(), ProductError> {
        write_json(&self.operator_file("prices.json"), prices).map(drop)
    }

    /// Writes pictures as they would be if a rule were lifted, `lifts.json`.
    ///
    /// # Errors
    /// As [`Staging::report`].
    pub fn lifts(&self, lifts: &impl Serialize) -> Result<(), ProductError> {
        write_json(&self.operator_file("lifts.json"), lifts).map(drop)
    }

    /// Writes what the run took, `timings.json`: it goes here and nowhere else.
    ///
    /// # Errors
    /// As [`Staging::report`].
    pub fn timings(&self, timings: &impl Serialize) -> Result<(), ProductError> {
        write_json(&self.operator_file(TIMINGS), timings).map(drop)
    }

    /// Writes the operator's page, `report.html`.
    ///
    /// # Errors
    /// As [`Staging::report`].
    pub fn page(&self, html: &str) -> Result<(), ProductError> {
        let path = self.operator_file(PAGE);
        let mut file = HashedFile::create(&path)?;
        file.write_all(html.as_bytes()).map_err(io_error(&path, "write the page"))?;
        file.finish().map(drop)
    }

    /// Writes the decisions, `decisions.parquet`, in the order in which they come.
    ///
    /// # Errors
    /// Decisions already written, or a disk that is full.
    pub fn decisions(&self, decisions: &[DecisionRecord]) -> Result<(), ProductError> {
        let path = self.operator_file("decisions.parquet");
        let schema = schema(DECISION_COLUMNS.iter());
        let mut table = TableFile::create(&path, Arc::clone(&schema))?;
        for group in decisions.chunks(ROWS_PER_GROUP) {
            let batch = RecordBatch::try_new(Arc::clone(&schema), arrays(group))
                .map_err(|source| ProductError::Batch { place: "decisions".to_owned(), source })?;
            table.write(&batch)?;
        }
        table.finish().map(drop)
    }

    /// Begins the audit, `audit.jsonl`.
    ///
    /// # Errors
    /// An audit already begun, or a disk that refuses.
    pub fn audit(&self) -> Result<Audit, ProductError> {
        Audit::create(&self.operator_file(AUDIT))
    }

    pub(super) fn operator_file(&self, name: &str) -> PathBuf {
        self.folder().join(OPERATOR).join(name)
    }
}

fn arrays(decisions: &[DecisionRecord]) -> Vec<ArrayRef> {
    let [mut partner, mut class, mut action] = std::array::from_fn(|_| StringBuilder::new());
    let mut allowed = BooleanBuilder::new();
    let mut policies = ListBuilder::new(StringBuilder::new()).with_field(element());
    for decision in decisions {
        partner.append_value(&decision.partner);
        class.append_value(&decision.class);
        action.append_value(&decision.action);
        allowed.append_value(decision.allowed);
        append_texts(&mut policies, Some(&decision.decided_by));
    }
    vec![
        Arc::new(partner.finish()),
        Arc::new(class.finish()),
        Arc::new(action.finish()),
        Arc::new(allowed.finish()),
        Arc::new(policies.finish()),
    ]
}
