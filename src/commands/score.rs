//! `trackweave score`: the pictures of a finished run against truth.

use super::arguments;
use super::failure::Failure;
use super::layout::{count, metres, paragraph, percent, printable, table};
use super::screen::Screen;
use crate::run::{Judging, RunConfig, score_output};
use crate::score::further::Further;
use crate::score::parts::Part;
use crate::score::sequence::ScoreReport;
use std::collections::BTreeMap;

/// Runs the command.
pub(super) fn execute(arguments: &arguments::Score, screen: Screen) -> Result<(), Failure> {
    let arguments::Score { out, truth, config, partial_truth, policy } = arguments;
    let config = config.as_deref().map(RunConfig::chosen).transpose()?;
    let judging = Judging { partial_truth: *partial_truth, policy: policy.as_deref() };
    let spinner = screen.spinner();
    let scores = score_output(out, truth, config.as_ref(), judging, |partner| {
        spinner.set_message(printable(partner));
        spinner.tick();
    });
    spinner.finish_and_clear();
    let scores = scores?;
    screen.publish(&scores, || describe(&scores))
}

/// A column of a table: its head, and its cell of a picture.
type Column<T> = (&'static str, fn(&T) -> String);

/// Scores by part.
type PartsOf = fn(&Further) -> &BTreeMap<String, Part>;

/// Pictures by name, each in one row.
fn rows<'a, T: 'a>(first: &str, columns: &[Column<T>], pictures: impl Iterator<Item = (String, &'a T)>) -> String {
    let head: Vec<&str> = std::iter::once(first).chain(columns.iter().map(|(head, _)| *head)).collect();
    let row =
        |(name, of): (String, &T)| std::iter::once(name).chain(columns.iter().map(|(_, cell)| cell(of))).collect();
    table(&head, &pictures.map(row).collect::<Vec<_>>())
}

/// A number without a unit.
fn plain(number: Option<f64>) -> String {
    number.map_or_else(|| "-".to_owned(), |number| format!("{number:.3}"))
}

const GOSPA: [Column<ScoreReport>; 9] = [
    ("GOSPA (m)", |score| metres(score.gospa_rms_m.map(|gospa| gospa.total))),
    ("distance", |score| metres(score.gospa_rms_m.map(|gospa| gospa.localisation))),
    ("missed", |score| metres(score.gospa_rms_m.map(|gospa| gospa.missed))),
    ("false", |score| metres(score.gospa_rms_m.map(|gospa| gospa.false_tracks))),
    ("coverage", |score| percent(score.coverage)),
    ("spurious", |score| percent(score.spuriousness)),
    ("RMSE (m)", |score| metres(score.position_rmse_m)),
    ("switches", |score| count(score.identity.switches)),
    ("purity", |score| percent(score.identity.purity)),
];

const SIAP: [Column<Further>; 7] = [
    ("complete", |further| percent(further.siap.completeness)),
    ("ambiguity", |further| plain(further.siap.ambiguity)),
    ("spurious", |further| percent(further.siap.spuriousness)),
    ("position (m)", |further| metres(further.siap.position_accuracy_m)),
    ("velocity (m/s)", |further| metres(further.siap.velocity_accuracy_m_s)),
    ("changes/h", |further| plain(further.siap.track_number_changes_per_s.map(|rate| 3600.0 * rate))),
    ("longest", |further| percent(further.siap.longest_segment_share)),
];

const CLEAR: [Column<Further>; 9] = [
    ("MOTA", |further| plain(further.clear.mota)),
    ("MOTP (m)", |further| metres(further.clear.motp_m)),
    ("misses", |further| count(further.clear.misses)),
    ("false", |further| count(further.clear.false_positives)),
    ("switches", |further| count(further.clear.switches)),
    ("HOTA", |further| plain(further.hota.hota)),
    ("DetA", |further| plain(further.hota.det_a)),
    ("AssA", |further| plain(further.hota.ass_a)),
    ("IDF1", |further| plain(further.hota.idf1)),
];

const TIMES: [Column<Further>; 6] = [
    ("NEES", |further| plain(further.nees.mean)),
    ("bounds", |further| {
        let bounds = further.nees.lower.zip(further.nees.upper);
        bounds.map_or_else(|| "-".to_owned(), |(lower, upper)| format!("{lower:.3} to {upper:.3}"))
    }),
    ("confirm (s)", |further| metres(further.timeliness.time_to_confirm_mean_s)),
    ("never", |further| count(further.timeliness.never_confirmed)),
    ("latency (s)", |further| metres(further.timeliness.latency_mean_s)),
    ("breaks/h", |further| plain(further.timeliness.track_breaks_per_object_hour)),
];

const PARTS: [Column<Part>; 6] = [
    ("truth", |part| count(part.truth_points)),
    ("coverage", |part| percent(part.coverage)),
    ("false", |part| part.false_tracks.map_or_else(|| "-".to_owned(), count)),
    ("RMSE (m)", |part| metres(part.position_rmse_m)),
    ("switches", |part| count(part.switches)),
    ("NEES", |part| plain(part.nees.mean)),
];

fn describe(scores: &BTreeMap<String, ScoreReport>) -> String {
    let scans = scores.values().map(|score| score.scans).max().unwrap_or(0);
    let further = || scores.iter().filter_map(|(partner, score)| Some((partner.clone(), score.further.as_deref()?)));
    let mut text = format!(
        "{}GOSPA and its parts (distance, missed, false) in metres, root mean square over {} times; \
         docs/scoring.md\n",
        rows("partner", &GOSPA, scores.iter().map(|(partner, score)| (partner.clone(), score))),
        count(scans)
    );
    for (title, columns) in [("SIAP", &SIAP[..]), ("CLEAR, HOTA", &CLEAR[..]), ("NEES, times", &TIMES[..])] {
        text.push('\n');
        text += &rows(title, columns, further());
    }
    let by = |of: PartsOf| {
        further().flat_map(move |(partner, further)| {
            let named = |name: &String| if name.is_empty() { "elsewhere".to_owned() } else { name.clone() };
            of(further).iter().map(move |(name, part)| (format!("{partner}, {}", named(name)), part))
        })
    };
    let parts: [(&str, PartsOf); 2] = [("class", |further| &further.by_class), ("zone", |further| &further.by_zone)];
    for (title, of) in parts {
        if by(of).next().is_some() {
            text.push('\n');
            text += &rows(title, &PARTS, by(of));
        }
    }
    let left_out = further().flat_map(|(partner, further)| {
        further.left_out.iter().map(move |what| paragraph("left out  ", &format!("{partner}: {what}")))
    });
    let left_out: Vec<String> = left_out.collect();
    text += if left_out.is_empty() { "" } else { "\n" };
    text + &left_out.concat() + "\nover time: with --json\n"
}
