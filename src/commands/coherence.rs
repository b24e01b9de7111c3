//! `trackweave coherence`: the pictures of a finished run against each other.

use super::arguments;
use super::failure::{Code, Failure};
use super::layout::{count, metres, paragraph, percent, table};
use super::screen::Screen;
use crate::run::coherence_of;
use crate::score::coherence::{Action, AllSource, CoherenceReport, Pair, Summary};

/// Runs the command.
pub(super) fn execute(arguments: &arguments::Coherence, screen: Screen) -> Result<(), Failure> {
    let coherence = coherence_of(&arguments.out).map_err(|error| Failure::new(Code::Input, error))?;
    screen.publish(&coherence, || describe(&coherence))
}

fn describe(coherence: &CoherenceReport) -> String {
    let head = ["pictures", "should", "both see", "share", "apart (m)", "sigmas", "same", "a later (s)", "b later (s)"];
    let rows: Vec<Vec<String>> = coherence.pairs.iter().chain(&coherence.against_all_source).map(row).collect();
    let all = match &coherence.all_source {
        AllSource::Picture { partners } => format!("the picture of {}, which lacks nothing", partners.join(", ")),
        AllSource::Union => "all that anybody sees".to_owned(),
    };
    let mut parts = vec![
        table(&head, &rows),
        paragraph(
            "",
            &format!(
                "all sources: {all}; {} objects, {} reports; docs/coherence.md",
                count(coherence.objects),
                count(coherence.reports)
            ),
        ),
        "\n".to_owned(),
        paragraph("", &summary(&coherence.summary)),
    ];
    let actions: Vec<Vec<String>> = coherence.blind_authority.actions.iter().map(action).collect();
    if !actions.is_empty() {
        parts.push(format!(
            "\n{}",
            table(&["authority", "may act on", "blind", "late or coarse", "blind share"], &actions)
        ));
    }
    parts.extend(coherence.left_out.iter().map(|what| paragraph("left out  ", what)));
    parts.concat()
}

/// All of it in a sentence.
pub(super) fn summary(summary: &Summary) -> String {
    let seconds = |seconds: Option<f64>| seconds.map_or_else(|| "-".to_owned(), |seconds| format!("{seconds:.1} s"));
    format!(
        "of what two partners should both see, both see {}; {} m and {} sigmas apart; the same track to both on {}; one knows {} \
         before the other; authority over what its holder does not see: {}",
        percent(summary.shared),
        metres(summary.apart_m),
        metres(summary.apart_sigmas),
        percent(summary.same_identity),
        seconds(summary.later_s),
        percent(summary.blind_authority),
    )
}

fn row(pair: &Pair) -> Vec<String> {
    let b = pair.b.as_ref().map_or_else(|| "all sources".to_owned(), |partners| partners.join(", "));
    let total = &pair.total;
    vec![
        format!("{} and {b}", pair.a.join(", ")),
        count(total.due),
        count(total.both),
        percent(total.shared),
        metres(total.apart_rms_m),
        metres(total.apart_sigmas),
        percent(total.same_identity),
        metres(total.a_later_s),
        metres(total.b_later_s),
    ]
}

fn action(action: &Action) -> Vec<String> {
    let total = action.total;
    let share = (total.held > 0).then(|| total.blind as f64 / total.held as f64);
    vec![
        format!("{} `{}`", action.partners.join(", "), action.action),
        count(total.held),
        count(total.blind),
        count(total.late_or_coarse),
        percent(share),
    ]
}
