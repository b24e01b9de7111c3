//! The report of a run as text: what each partner got, what was withheld and by which rule, and who may act.

use super::executor::Choice;
use super::layout::{count, metres, paragraph, percent, table};
use crate::policy::{Field, Obligations, Policy};
use crate::run::{PartnerReport, RunReport};
use std::collections::BTreeMap;
use std::path::Path;

/// What each level of `receive` demands, in words.
pub(super) fn levels(policy: &Policy) -> BTreeMap<String, String> {
    policy.receive_levels().map(|level| (level.name.clone(), demands(&level.obligations))).collect()
}

/// The report, in columns and paragraphs.
pub(super) fn describe(report: &RunReport, levels: &BTreeMap<String, String>, choice: &Choice, out: &Path) -> String {
    let head = ["partner", "detections", "of all", "tracks", "rows", "GOSPA (m)", "coverage"];
    let all = report.ingest.rows_accepted;
    let rows: Vec<Vec<String>> = report.partners.iter().map(|partner| row(partner, all)).collect();
    let mut text = format!(
        "{}: {} detections, {} rows rejected; {} partners, fused as {} problem(s)\n\n",
        report.recording,
        count(all),
        count(report.ingest.rows_rejected()),
        report.partners.len(),
        report.lanes.len(),
    );
    text += &table(&head, &rows);
    if report.partners.iter().any(|partner| partner.score.is_some()) {
        text += "GOSPA and coverage: against the truth of everyone, also where a partner may see nothing\n";
    }
    text.push('\n');
    text.extend(report.partners.iter().map(|partner| details(partner, all, levels)));
    if report.ingest.rows_rejected() > 0 {
        text += &format!("\n{}\n", report.ingest);
    }
    let late: u64 = report.lanes.iter().map(|lane| lane.late).sum();
    if late > 0 {
        text += &format!("\n{} rows came after their look was over and were left out\n", count(late));
    }
    text.push('\n');
    text += &paragraph("executor  ", &choice.words());
    text += &format!("pictures  {}/PARTNER\noperator  {}\n", out.display(), out.join("_operator").display());
    text
}

fn row(partner: &PartnerReport, all: u64) -> Vec<String> {
    let gospa = partner.score.as_ref().and_then(|score| score.gospa_rms_m).map(|gospa| gospa.total);
    vec![
        partner.partner.clone(),
        count(partner.detections),
        percent((all > 0).then(|| partner.detections as f64 / all as f64)),
        count(partner.tracks as u64),
        count(partner.rows),
        metres(gospa),
        percent(partner.score.as_ref().and_then(|score| score.coverage)),
    ]
}

fn details(partner: &PartnerReport, all: u64, levels: &BTreeMap<String, String>) -> String {
    let received = partner.levels.iter().map(|(level, rows)| {
        let demands = levels.get(level).map_or("", String::as_str);
        format!("{} rows at level `{level}` ({demands})", count(*rows))
    });
    let withheld = |counts: &BTreeMap<String, u64>, what: &str| {
        let parts: Vec<String> = counts.iter().map(|(rule, number)| format!("{} ({rule})", count(*number))).collect();
        (!parts.is_empty()).then(|| format!("{what}: {}", parts.join(", ")))
    };
    let detections = withheld(&partner.detections_withheld, "detections");
    let rows = withheld(&partner.rows_withheld, "rows");
    let may = partner.authorities.iter().map(|(action, rows)| format!("`{action}` on {} rows", count(*rows)));
    let nothing = if all == partner.detections { "nothing" } else { "see the operator's report" };
    paragraph(&format!("{}\n  receives  ", partner.partner), &list(received, "nothing"))
        + &paragraph("  withheld  ", &list(detections.into_iter().chain(rows), nothing))
        + &paragraph("  may       ", &list(may, "act on nothing"))
}

fn list(parts: impl Iterator<Item = String>, none: &str) -> String {
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { none.to_owned() } else { parts.join("; ") }
}

/// Obligations in words.
fn demands(Obligations { delay_us, coarsen_m, omit, .. }: &Obligations) -> String {
    let mut words = Vec::new();
    if *delay_us > 0 {
        words.push(format!("{} s late", *delay_us as f64 * 1e-6));
    }
    if let Some(metres) = coarsen_m {
        words.push(format!("in cells of {metres} m"));
    }
    words.extend(omit.iter().map(|field| format!("without {}", name(*field))));
    if words.is_empty() { "exact, at once".to_owned() } else { words.join(", ") }
}

fn name(field: Field) -> &'static str {
    match field {
        Field::Velocity => "velocity",
        Field::Covariance => "covariance",
        Field::Contributors => "contributors",
        Field::Existence => "existence",
    }
}
