//! Where the rows of a recording went, for each partner: every one in one account.

use super::basis::Basis;
use super::feed::Outcome;
use super::journal::demands;
use crate::fusion::credit::Accounts;
use crate::ingest::{IngestReport, Reason};
use crate::policy::{Decisions, NO_POLICY};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// The accounts of one partner. For the operator: most of it is of rows that the partner may not have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Ledger {
    /// Rows that are no detections, by reason.
    pub rejected: BTreeMap<Reason, u64>,
    /// Rows that it may not have fused, by the rules that withhold them.
    pub withheld: BTreeMap<String, u64>,
    /// Rows that it may have fused later, by level.
    pub not_due: BTreeMap<String, u64>,
    /// Rows that it may have fused now, by the level at which they are taken; of those of which that leaves nothing, too.
    pub taken: BTreeMap<String, Taken>,
    /// Rows that its picture is computed from, by what became of them.
    #[serde(flatten)]
    pub used: Accounts,
}

/// What is taken at a level of `fuse`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// Rows.
    pub rows: u64,
    /// What the level demands, keys as in `levels.toml`.
    pub demands: Value,
}

/// What withholds a row of which its level leaves nothing.
const NOTHING_LEFT: &str = "nothing of them is left at their level";

impl Ledger {
    /// Of the partner with this number, whose lane, if it has one, came out like this.
    pub(super) fn of(
        basis: &Basis<'_>,
        (decisions, ingest): (&Decisions, &IngestReport),
        partner: usize,
        lane: Option<&Outcome>,
    ) -> Self {
        let name = |rules: Vec<String>| if rules.is_empty() { NO_POLICY.to_owned() } else { rules.join(", ") };
        let withheld = decisions.withheld(partner, basis.summaries).into_iter();
        let emptied = lane.map(|lane| lane.emptied).filter(|rows| *rows > 0);
        let mut taken: BTreeMap<String, Taken> = BTreeMap::new();
        for (class, summary) in (0_u32..).zip(basis.summaries) {
            let Some((level, _)) = decisions.grant(class, partner).filter(|_| summary.count > 0) else { continue };
            taken.entry(level.to_owned()).or_default().rows += summary.count;
        }
        for level in basis.policy.fuse_levels() {
            taken.entry(level.name.clone()).and_modify(|taken| taken.demands = demands(&level.obligations));
        }
        Self {
            rejected: ingest.rejected.clone(),
            withheld: withheld
                .map(|(rules, rows)| (name(rules), rows))
                .chain(emptied.map(|rows| (NOTHING_LEFT.to_owned(), rows)))
                .collect(),
            not_due: decisions.not_due(partner, basis.summaries),
            taken,
            used: lane.map(|lane| lane.accounts).unwrap_or_default(),
        }
    }

    /// All rows in it: those that were read.
    #[must_use]
    pub fn sum(&self) -> u64 {
        let Self { rejected, withheld, not_due, taken: _, used } = self;
        rejected.values().chain(withheld.values()).chain(not_due.values()).sum::<u64>() + used.sum()
    }
}
