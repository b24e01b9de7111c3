//! `trackweave score`: the pictures of a finished run against truth.

use super::arguments;
use super::failure::{Code, Failure};
use super::layout::{count, metres, percent, printable, table};
use super::screen::Screen;
use crate::run::{RunConfig, score_output};
use crate::score::sequence::ScoreReport;
use std::collections::BTreeMap;

/// Runs the command.
pub(super) fn execute(arguments: &arguments::Score, screen: Screen) -> Result<(), Failure> {
    let arguments::Score { out, truth, config } = arguments;
    let config = config.as_deref().map(RunConfig::chosen).transpose()?;
    let spinner = screen.spinner();
    let scores = score_output(out, truth, config.as_ref(), |partner| {
        spinner.set_message(printable(partner));
        spinner.tick();
    });
    spinner.finish_and_clear();
    let scores = scores.map_err(|error| Failure::new(Code::Input, error))?;
    screen.publish(&scores, || describe(&scores))
}

fn describe(scores: &BTreeMap<String, ScoreReport>) -> String {
    let head = [
        "partner",
        "GOSPA (m)",
        "distance",
        "missed",
        "false",
        "coverage",
        "spurious",
        "RMSE (m)",
        "switches",
        "purity",
    ];
    let rows: Vec<Vec<String>> = scores.iter().map(|(partner, score)| row(partner, score)).collect();
    let scans = scores.values().map(|score| score.scans).max().unwrap_or(0);
    format!(
        "{}\nGOSPA and its parts (distance, missed, false) in metres, root mean square over {} times; \
         docs/scoring.md\n",
        table(&head, &rows),
        count(scans)
    )
}

fn row(partner: &str, score: &ScoreReport) -> Vec<String> {
    let gospa = score.gospa_rms_m;
    vec![
        partner.to_owned(),
        metres(gospa.map(|gospa| gospa.total)),
        metres(gospa.map(|gospa| gospa.localisation)),
        metres(gospa.map(|gospa| gospa.missed)),
        metres(gospa.map(|gospa| gospa.false_tracks)),
        percent(score.coverage),
        percent(score.spuriousness),
        metres(score.position_rmse_m),
        count(score.identity.switches),
        percent(score.identity.purity),
    ]
}
