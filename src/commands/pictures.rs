//! The report of a run as text: what each partner got, what was withheld and by which rule, and who may act.

use super::coherence::summary;
use super::executor::Choice;
use super::layout::{count, counted, list, metres, paragraph, percent, table};
use crate::fusion::credit::Accounts;
use crate::policy::{Finding, Obligations};
use crate::report::PAGE;
use crate::run::{ActionAuthority, Doubt, LaneAuthority, PartnerReport, Request, RunReport, Taken, WorkReport};
use std::collections::BTreeMap;
use std::path::Path;

/// What each level of `receive` demands, in words.
pub(super) fn levels(report: &RunReport) -> BTreeMap<String, String> {
    report.levels.iter().map(|(level, obligations)| (level.clone(), demands(obligations))).collect()
}

/// The report of a run, as the commands say it; `configuration` is what was asked for.
#[must_use]
pub fn describe_run(report: &RunReport, of: (&Request<'_>, &str), choice: &Choice) -> String {
    describe(report, of, &levels(report), choice)
}

/// The report, in columns and paragraphs.
pub(super) fn describe(
    report: &RunReport,
    (request, configuration): (&Request<'_>, &str),
    levels: &BTreeMap<String, String>,
    choice: &Choice,
) -> String {
    let Request { out, config, .. } = request;
    let head = ["partner", "detections", "of all", "tracks", "rows", "GOSPA (m)", "coverage"];
    let all = report.ingest.rows_accepted;
    let rows: Vec<Vec<String>> = report.partners.iter().map(|partner| row(partner, all)).collect();
    let operator = out.join("_operator").join(PAGE);
    let mut parts = vec![
        glance(&report.partners, levels),
        format!("\nopen      {}: all of it on one page\n\n", operator.display()),
        format!(
            "{}: {}, {} rejected; partners: {}, lanes: {}\n\n",
            report.recording,
            counted(all, "detection"),
            counted(report.ingest.rows_rejected(), "row"),
            report.partners.len(),
            report.lanes.len(),
        ),
        table(&head, &rows),
    ];
    if report.partners.iter().any(|partner| partner.score.is_some()) {
        parts.push(format!(
            "GOSPA and coverage: against all of the truth, also where a partner may see nothing; within {} m\n",
            config.score.cutoff_m.get()
        ));
    }
    parts.push(ledger(&report.partners));
    // One picture is cut from nothing.
    parts.extend((report.partners.len() > 1).then(|| cost(&report.partners)));
    parts.push("\n".to_owned());
    parts.extend(report.partners.iter().map(|partner| details(partner, levels)));
    parts.extend(report.authority.lanes.iter().filter(|lane| lane.reference).map(authority));
    if report.ingest.rows_rejected() > 0 || !report.ingest.imports.is_empty() {
        parts.push(format!("\n{}\n", report.ingest));
    }
    parts.push("\n".to_owned());
    parts.extend(report.warnings.iter().map(|warning| {
        let Finding { file, line, found, wanted, severity: _ } = warning;
        paragraph("warning   ", &format!("{}:{line}: {found}, wanted {wanted}", file.display()))
    }));
    parts.extend(
        report
            .doubts
            .iter()
            .map(|Doubt { at, found, wanted }| paragraph("warning   ", &format!("{at}: {found}; wanted {wanted}"))),
    );
    parts.extend(
        report
            .coherence
            .as_ref()
            .filter(|coherence| !coherence.pairs.is_empty())
            .map(|coherence| paragraph("coherence ", &summary(&coherence.summary))),
    );
    parts.extend(request.calibration.map(|file| paragraph("corrected ", &corrected(report, file))));
    parts.push(paragraph("config    ", configuration));
    parts.push(paragraph("executor  ", &choice.words()));
    let kept = [("logs      ", request.keep_logs), ("cache     ", request.cache)];
    let kept = kept.into_iter().find_map(|(name, folder)| Some((name, folder?)));
    parts.extend(kept.map(|(name, folder)| paragraph(name, &cached(&report.work, folder))));
    let folder = out.display();
    parts.push(match report.partners.as_slice() {
        [one] => format!("picture   {folder}/{}, with its own {PAGE}\n", one.partner),
        _ => format!("pictures  {folder}/PARTNER, each with its own {PAGE}\n"),
    });
    parts.push(format!("page      {}\n", operator.display()));
    parts.concat()
}

/// Which pictures a calibration corrects.
fn corrected(report: &RunReport, file: &Path) -> String {
    let partners = |is: bool| {
        let lanes = report.lanes.iter().filter(move |lane| lane.calibration.is_some() == is);
        lanes.flat_map(|lane| &lane.partners).map(String::as_str).collect::<Vec<_>>().join(", ")
    };
    let by = file.display();
    match [partners(true), partners(false)] {
        [none, _] if none.is_empty() => {
            format!("nothing, by {by}: it has no entry that counts of any picture's detections")
        }
        [some, none] if none.is_empty() => format!("pictures of {some}, by {by}"),
        [some, others] => {
            format!("pictures of {some}, by {by}; not of {others}: no entry that counts is of their detections")
        }
    }
}

/// Partners that are told of at a glance.
const AT_A_GLANCE: usize = 20;

/// A line a partner: what it sees, and how.
fn glance(partners: &[PartnerReport], levels: &BTreeMap<String, String>) -> String {
    let width = partners.iter().take(AT_A_GLANCE).map(|partner| partner.partner.chars().count()).max().unwrap_or(0);
    let line = |partner: &PartnerReport| {
        let PartnerReport { partner: name, rows, levels: given, resolution, ledger, .. } = partner;
        let sees = match (rows, resolution.coverage) {
            (0, _) => "sees nothing".to_owned(),
            (_, Some(coverage)) => format!("sees {} of the truth", percent(Some(coverage))),
            (rows, None) => format!("gets {} rows", count(*rows)),
        };
        let how = given.iter().map(|(level, of_level)| {
            let share = percent(Some(*of_level as f64 / (*rows).max(1) as f64));
            let demands = levels.get(level).map_or("", String::as_str);
            if of_level == rows { demands.to_owned() } else { format!("{share} {demands}") }
        });
        let how: Vec<String> = how.collect();
        let how = if how.is_empty() { String::new() } else { format!(": {}", how.join("; ")) };
        let all: u64 = ledger.taken.values().map(|taken| taken.rows).sum();
        let from: Vec<String> = ledger.taken.values().filter_map(|taken| lowered(taken, all)).collect();
        let from = if from.is_empty() { String::new() } else { format!("; from detections {}", from.join(" and ")) };
        paragraph(&format!("{name:width$}  "), &format!("{sees}{how}{from}"))
    };
    let more = partners.len().saturating_sub(AT_A_GLANCE);
    let rest = if more > 0 { format!("and {} more\n", count(more as u64)) } else { String::new() };
    partners.iter().take(AT_A_GLANCE).map(line).collect::<String>() + &rest
}

/// A delay and cells, in words; none where there is neither.
fn late_or_coarse(delay_us: f64, coarsen_m: Option<f64>) -> Vec<String> {
    let late = (delay_us > 0.0).then(|| format!("{} s late", delay_us * 1e-6));
    late.into_iter().chain(coarsen_m.map(|metres| format!("in cells of {metres} m"))).collect()
}

/// How late and coarse what is taken at a level of `fuse` is, and what share of all that is taken.
fn lowered(taken: &Taken, all: u64) -> Option<String> {
    let number = |key: &str| taken.demands.get(key).and_then(serde_json::Value::as_f64);
    let words = late_or_coarse(number("delay_us").unwrap_or(0.0), number("coarsen_m"));
    let of = match percent(Some(taken.rows as f64 / all.max(1) as f64)) {
        share if taken.rows < all => format!("of which {share} "),
        _ => String::new(),
    };
    (!words.is_empty()).then(|| of + &words.join(", "))
}

/// What lanes that were there saved, and what the rest took.
fn cached(work: &WorkReport, folder: &Path) -> String {
    let WorkReport { from_cache, damaged, seconds, .. } = work;
    let stored = from_cache.iter().filter(|stored| **stored).count();
    let damage = if *damaged > 0 { format!("; damaged and replaced: {}", count(*damaged)) } else { String::new() };
    format!(
        "{}: it had {} of {} lanes; the others and all pictures took {:.2} s, finding out {:.2} s{damage}",
        folder.display(),
        count(stored as u64),
        count(from_cache.len() as u64),
        seconds.fuse,
        seconds.look_up
    )
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

/// Where every row of the recording went, for each partner.
fn ledger(partners: &[PartnerReport]) -> String {
    let rows = partners.iter().map(|PartnerReport { partner, ledger, .. }| {
        let Accounts { confirmed, unconfirmed, none, outside_coverage } = ledger.used;
        let before = [ledger.rejected.values().sum(), ledger.withheld.values().sum(), ledger.not_due.values().sum()];
        let accounts = before.into_iter().chain([outside_coverage, confirmed, unconfirmed, none]).map(count);
        std::iter::once(partner.clone()).chain(accounts).collect()
    });
    let head = ["ledger", "rejected", "withheld", "not due", "outside", "confirmed", "unconfirmed", "in no track"];
    let rows: Vec<Vec<String>> = rows.collect();
    let text = "every row of the recording, once: rejected; withheld; not due; outside its sensor's coverage; in a track that was \
        confirmed, in one that never was, in none";
    format!("\n{}{}", table(&head, &rows), paragraph("", text))
}

/// What each partner lacks beside the one that may fuse the most, and how good its picture is for what it is.
fn cost(partners: &[PartnerReport]) -> String {
    let most = partners.iter().map(|partner| partner.detections).max().unwrap_or(0);
    let Some(first) = partners.iter().find(|partner| partner.detections == most && most > 0) else {
        return String::new();
    };
    let of = |partner: &PartnerReport| {
        let score = partner.score.as_ref();
        (score.and_then(|score| score.coverage), score.and_then(|score| score.gospa_rms_m).map(|gospa| gospa.total))
    };
    let (coverage, gospa) = of(first);
    let less = |own: Option<f64>, all: Option<f64>| own.zip(all).map(|(own, all)| own - all);
    let rows = partners.iter().map(|partner| {
        let resolution = &partner.resolution;
        let (own_coverage, own_gospa) = of(partner);
        vec![
            partner.partner.clone(),
            signed(Some(100.0 * (partner.detections as f64 / most as f64 - 1.0)), " %"),
            signed(less(own_coverage, coverage).map(|less| 100.0 * less), ""),
            signed(less(own_gospa, gospa), ""),
            metres(resolution.delay_mean_s),
            metres(Some(resolution.within_m)),
            percent(resolution.coverage),
            metres(resolution.position_rmse_m),
        ]
    });
    let head = ["cost", "detections", "coverage", "GOSPA (m)", "late (s)", "within (m)", "coverage", "RMSE (m)"];
    let rows: Vec<Vec<String>> = rows.collect();
    let text = format!(
        "beside {}, which may fuse the most: detections, points of coverage, GOSPA; then each picture at its own \
         resolution: mean delay, and coverage and error within the cut-off and half a cell",
        first.partner
    );
    format!("\n{}{}", table(&head, &rows), paragraph("", &text))
}

/// A difference with its sign; `-` where there is none.
fn signed(difference: Option<f64>, unit: &str) -> String {
    difference.map_or_else(|| "-".to_owned(), |by| format!("{by:+.1}{unit}"))
}

/// Who may act on the tracks of the reference, where the policy has authorities.
fn authority(lane: &LaneAuthority) -> String {
    let head =
        format!("\nauthority over the {} confirmed tracks of {}\n", count(lane.tracks), lane.partners.join(", "));
    let action = |(name, action): (&String, &ActionAuthority)| {
        let held = action.held_rows.iter().map(|(partner, rows)| format!("{partner} on {} rows", count(*rows)));
        let mut words = vec![list(held, "nobody has it")];
        words.push(format!("gaps: nobody on {} rows, {} tracks", count(action.gap_rows), count(action.gap_tracks)));
        if action.exclusive {
            let (rows, tracks) = (count(action.overlap_rows), count(action.overlap_tracks));
            words.push(format!("overlaps: several on {rows} rows, {tracks} tracks"));
        }
        words.push(format!("hand-overs: {}", count(action.hand_overs)));
        paragraph(&format!("  `{name}`  "), &words.join("; "))
    };
    let actions: Vec<String> = lane.actions.iter().map(action).collect();
    if actions.is_empty() { String::new() } else { head + &actions.concat() }
}

fn details(partner: &PartnerReport, levels: &BTreeMap<String, String>) -> String {
    let received = partner.levels.iter().map(|(level, rows)| {
        let demands = levels.get(level).map_or("", String::as_str);
        format!("{} rows at level `{level}` ({demands})", count(*rows))
    });
    let withheld = |counts: &BTreeMap<String, u64>, what: &str| {
        let parts: Vec<String> = counts.iter().map(|(rule, number)| format!("{} ({rule})", count(*number))).collect();
        (!parts.is_empty()).then(|| format!("{what}: {}", parts.join(", ")))
    };
    let ledger = &partner.ledger;
    let detections = withheld(&ledger.withheld, "detections");
    let not_due = withheld(&ledger.not_due, "detections not due");
    let rows = withheld(&partner.rows_withheld, "rows");
    let may = partner.authorities.iter().map(|(action, rows)| format!("`{action}` on {} rows", count(*rows)));
    paragraph(&format!("{}\n  receives  ", partner.partner), &list(received, "nothing"))
        + &paragraph("  withheld  ", &list(detections.into_iter().chain(not_due).chain(rows), "nothing"))
        + &paragraph("  may       ", &list(may, "act on nothing"))
}

/// Obligations in words.
pub(super) fn demands(Obligations { delay_us, coarsen_m, omit }: &Obligations) -> String {
    let mut words = late_or_coarse(*delay_us as f64, *coarsen_m);
    words.extend(omit.iter().map(|field| format!("without {}", field.name())));
    if words.is_empty() { "exact, at once".to_owned() } else { words.join(", ") }
}
