//! `trackweave bench`: what a scan costs, stage by stage, for worlds of several sizes at one density.

use super::arguments::{self, Mode};
use super::executor::{Choice, choose};
use super::failure::{Code, Failure};
use super::layout::{count, percent, table};
use super::screen::Screen;
use crate::bench::{Bench, Figures};
use crate::fusion::config::{self, Config};
use crate::fusion::executor::STAGES;
use serde::Serialize;

/// The filter of the bench.
const CONFIG: &str = include_str!("../../data/config/bench.toml");

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Measured {
    executor: Choice,
    figures: Vec<Figures>,
}

/// Runs the command.
pub(super) fn execute(arguments: &arguments::Bench, screen: Screen) -> Result<(), Failure> {
    let mut config: Config =
        toml::from_str(CONFIG).map_err(|error| Failure::new(Code::Input, format!("data/config/bench.toml: {error}")))?;
    if let Some(mode) = arguments.mode {
        config.association.mode = match mode {
            Mode::Soft => config::Mode::Soft,
            Mode::Assign => config::Mode::Assign,
        };
    }
    // The memory of a process only ever grows: the smallest size first, so that each size shows its own.
    let mut sizes = arguments.objects.clone();
    sizes.sort_unstable();
    sizes.dedup();
    let scans = size(arguments.scans)?;
    let (first, executor) = choose(arguments.executor)?;
    let mut ready = Some(first);
    let mut figures = Vec::new();
    for objects in sizes {
        let bench = Bench { objects: size(objects)?, scans, seed: arguments.seed, config: config.clone() };
        let bar = screen.bar(arguments.scans);
        bar.set_message(format!("{} objects", count(objects)));
        let executor = match ready.take() {
            Some(executor) => executor,
            None => choose(arguments.executor)?.0,
        };
        figures.push(bench.run(executor, |_| bar.inc(1))?);
        bar.finish_and_clear();
    }
    let measured = Measured { executor, figures };
    screen.publish(&measured, || describe(&measured))
}

fn size(number: u64) -> Result<usize, Failure> {
    usize::try_from(number).map_err(|error| Failure::new(Code::Usage, error))
}

fn describe(Measured { executor, figures }: &Measured) -> String {
    let mut head = vec!["objects"];
    head.extend(STAGES.iter().map(|stage| stage.name));
    head.extend(["scan", "Mtracks/s", "Mdet/s", "held", "false", "MB"]);
    let rows: Vec<Vec<String>> = figures.iter().map(row).collect();
    let mode = figures.first().map_or("", |figures| figures.mode);
    let density = figures.first().map_or(0.0, |figures| figures.density_per_km2);
    format!(
        "{}\nmilliseconds a scan, by stage (mean) and in all (median), of the later half of the scans; mode `{mode}`, \
         {density} objects/km²\nMtracks/s: million objects tracked through a scan a second; Mdet/s: million detections \
         a second\nheld: objects with a track within 30 m; false: tracks that are nobody's; MB: peak memory so far\n\
         executor: {}\n",
        table(&head, &rows),
        executor.words(),
    )
}

fn row(figures: &Figures) -> Vec<String> {
    let mut row = vec![count(figures.objects as u64)];
    row.extend(figures.stages_ms.iter().map(|(_, ms)| format!("{ms:.2}")));
    row.push(format!("{:.2}", figures.seconds * 1e3));
    row.push(format!("{:.2}", figures.track_scans_per_second * 1e-6));
    row.push(format!("{:.2}", figures.detections_per_second * 1e-6));
    row.extend([percent(Some(figures.held)), percent(Some(figures.false_tracks))]);
    row.push(figures.peak_bytes.map_or_else(|| "-".to_owned(), |bytes| count(bytes / 1_000_000)));
    row
}
