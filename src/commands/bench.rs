//! `trackweave bench`: what a scan costs, stage by stage, for worlds of several sizes at one density.

use super::arguments::{self, Mode};
use super::executor::{Choice, choose};
use super::failure::{Code, Failure};
use super::layout::{count, paragraph, percent, table};
use super::screen::Screen;
use crate::bench::{Bench, Figures, SPACING_M};
use crate::fusion::config::{self, Config};
use crate::fusion::stage::Stage;
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
    let mut config: Config = toml::from_str(CONFIG)
        .map_err(|error| Failure::new(Code::Input, format!("data/config/bench.toml: {error}")))?;
    if let Some(mode) = arguments.mode {
        config.association.mode = match mode {
            Mode::Soft => config::Mode::Soft,
            Mode::Assign => config::Mode::Assign,
        };
    }
    // The filter knows how dense the world is.
    let denser = (SPACING_M / arguments.spacing).powi(2);
    config.undetected.initial_per_km2 *= denser;
    config.undetected.births_per_km2_h *= denser;
    // The memory of a process only ever grows: the smallest size first, so that each size shows its own.
    let mut sizes = arguments.objects.clone();
    sizes.sort_unstable();
    sizes.dedup();
    let scans = size(arguments.scans)?;
    let (first, executor) = choose(arguments.executor)?;
    let mut ready = Some(first);
    let mut figures = Vec::new();
    for objects in sizes {
        let bench = Bench {
            scans,
            seed: arguments.seed,
            spacing_m: arguments.spacing,
            period_s: arguments.period,
            ..Bench::new(size(objects)?, config.clone())
        };
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

/// A column for each size.
fn describe(Measured { executor, figures }: &Measured) -> String {
    let cells = |name: &str, cell: &dyn Fn(&Figures) -> String| {
        let cells = figures.iter().map(cell);
        std::iter::once(name.to_owned()).chain(cells).collect::<Vec<_>>()
    };
    let sizes = cells("objects", &|figures| count(figures.objects as u64));
    let head: Vec<&str> = sizes.iter().map(String::as_str).collect();
    let stage = |(place, stage): (usize, Stage)| {
        cells(&format!("{}, ms", stage.name()), &|figures| {
            figures.stages_ms.get(place).map_or_else(String::new, |(_, ms)| format!("{ms:.2}"))
        })
    };
    let mut rows: Vec<Vec<String>> = Stage::ALL.into_iter().enumerate().map(stage).collect();
    let share = |(place, stage): (usize, Stage)| {
        cells(&format!("{}, share of copy speed", stage.name()), &|figures| {
            let floor = figures.floor_mb.get(place).map(|(_, mb)| mb * 1e-3);
            let spent = figures.stages_ms.get(place).map(|(_, ms)| ms * 1e-3);
            let share = floor.zip(spent).zip(figures.copy_gb_s).map(|((gb, s), speed)| gb / s / speed);
            share.map_or_else(|| "-".to_owned(), |share| percent(Some(share)))
        })
    };
    let peak = |bytes: u64| count(bytes / 1_000_000);
    if figures.iter().any(|figures| figures.copy_gb_s.is_some()) {
        rows.extend(Stage::ALL.into_iter().enumerate().map(share));
        rows.push(cells("copy speed, GB/s", &|figures| {
            figures.copy_gb_s.map_or_else(|| "-".to_owned(), |speed| format!("{speed:.1}"))
        }));
    }
    rows.extend([
        cells("beside the stages, ms", &|figures| format!("{:.2}", figures.beside_ms)),
        cells("scan (median), ms", &|figures| format!("{:.2}", figures.seconds * 1e3)),
        cells("track-scans a second", &|figures| count(whole(figures.track_scans_per_second))),
        cells("detections a second", &|figures| count(whole(figures.detections_per_second))),
        cells("objects held", &|figures| percent(Some(figures.held))),
        cells("false tracks", &|figures| percent(Some(figures.false_tracks))),
        cells("peak memory so far, MB", &|figures| figures.peak_bytes.map_or_else(|| "-".to_owned(), peak)),
        cells("arrays on the device, MB", &|figures| figures.device_bytes.map_or_else(|| "-".to_owned(), peak)),
    ]);
    let mode = figures.first().map_or("", |figures| figures.mode);
    let density = figures.first().map_or(0.0, |figures| figures.density_per_km2);
    let note = format!(
        "Mode `{mode}`, {density:.1} objects in a square kilometre. Stages: mean over the later half of the scans. Held: a \
         track within 30 m. False: tracks that are nobody's, as a share of the objects. Beside the stages: detections \
         prepared and uploaded, kernels launched. Share of copy speed: what a stage must at least move, over what the \
         device copies in that time."
    );
    format!("{}\n{}{}", table(&head, &rows), paragraph("", &note), paragraph("executor  ", &executor.words()))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a figure for people, above 0")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}
