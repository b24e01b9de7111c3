//! `trackweave inspect`: what is in a recording, and what its catalogue and the configuration should say.

use super::arguments;
use super::failure::{Code, Failure};
use super::layout::{count, paragraph, percent, table};
use super::screen::Screen;
use crate::ingest::{IngestError, TimeScale};
use crate::inspect::{Estimated, Inspection, PairFound, Remark, SensorFound, Speeds, inspect, rounded, time};
use crate::run::{Consistency, RunConfig, configuration_of, consistency, verdicts};
use crate::time::format_timestamp;
use serde::Serialize;

/// Runs the command.
pub(super) fn execute(arguments: &arguments::Inspect, screen: Screen) -> Result<(), Failure> {
    let arguments::Inspect { recording, run, config } = arguments;
    let tried = match (run, config) {
        (Some(out), _) => Some(configuration_of(out).map_err(|error| Failure::new(Code::Input, error))?),
        (None, Some(choice)) => Some(RunConfig::chosen(choice)?),
        (None, None) => None,
    };
    let spinner = screen.spinner();
    let found = inspect::<IngestError>(recording, &mut |rows| {
        spinner.set_message(format!("{} rows read", count(rows)));
        spinner.tick();
        Ok(())
    });
    let mut found = found?;
    let is_whole = found.sensors.iter().all(|sensor| sensor.is_listed);
    if tried.is_some() && !is_whole {
        found.remarks.push(Remark {
            at: "configuration".to_owned(),
            found: "not tried: recording.toml lacks sensors".to_owned(),
            wanted: "their entries first".to_owned(),
            key: None,
        });
    }
    let after = tried.filter(|_| is_whole).map(|config| {
        spinner.set_message("fusing");
        let consistency = consistency(recording, &config)?;
        let verdicts = verdicts(&consistency, &found, &config);
        Ok::<_, Failure>(After { consistency, verdicts })
    });
    spinner.finish_and_clear();
    let done = Done { inspection: &found, after: after.transpose()? };
    screen.publish_before(&done, || {
        let text = describe(&found) + &done.after.as_ref().map_or_else(String::new, describe_after);
        (text, found.catalogue.as_deref().map_or_else(String::new, proposed))
    })
}

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Done<'a> {
    #[serde(flatten)]
    inspection: &'a Inspection,
    /// What a configuration makes of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<After>,
}

/// What a configuration makes of a recording.
#[derive(Debug, Serialize)]
struct After {
    #[serde(flatten)]
    consistency: Consistency,
    verdicts: Vec<Remark>,
}

fn describe_after(After { consistency, verdicts }: &After) -> String {
    let head = ["sensor", "along", "rows", "NIS", "mean", "said", "would be right"];
    let rows: Vec<Vec<String>> = consistency
        .innovations
        .iter()
        .map(|of| {
            vec![
                of.sensor.clone(),
                of.key.to_owned(),
                count(of.rows),
                rounded(of.nis),
                rounded(of.nis_mean),
                short(Some(of.sigma)),
                short(of.sigma_wanted),
            ]
        })
        .collect();
    let mut text = format!(
        "\ninnovations of {} rows per degree of freedom, 1 if all is well\n{}",
        count(consistency.rows),
        table(&head, &rows)
    );
    if let Some(errors) = &consistency.errors {
        let velocity =
            errors.nees_velocity.map_or_else(String::new, |nees| format!(", {} of velocities", rounded(nees)));
        text.extend([format!(
            "\nerrors against truth per degree of freedom, {} comparisons: NEES {} of positions{velocity}\n",
            count(errors.rows),
            rounded(errors.nees_position)
        )]);
    }
    text += "\nverdict\n";
    if verdicts.is_empty() {
        text += "  errors are as large as is said\n";
    }
    text.extend(
        verdicts.iter().map(|Remark { at, found, wanted, .. }| paragraph("  ", &format!("{at}: {found}; {wanted}"))),
    );
    text
}

fn describe(found: &Inspection) -> String {
    let mut text = head(found);
    text += "\n";
    text += &sensors(found);
    text += "\n";
    text += &motion(found);
    text += &rotations(found);
    text += &pairs(found);
    text += &silences(found);
    text += "\nwhat to look at\n";
    if found.remarks.is_empty() {
        text += "  nothing: the rows agree with the catalogue\n";
    }
    text.extend(found.remarks.iter().map(remark));
    if let Some(proposal) = &found.configuration {
        text += "\n";
        text += &paragraph("configuration  ", &format!("--config {}: {}", proposal.name, proposal.reason));
    }
    text
}

/// Entries for `recording.toml`, to copy.
fn proposed(catalogue: &str) -> String {
    format!("\nproposed for recording.toml, where the rows contradict it or it has no entry\n\n{catalogue}")
}

fn remark(Remark { at, found, wanted, key: _ }: &Remark) -> String {
    paragraph("  ", &format!("{at}: {found}; wanted {wanted}"))
}

/// Rows, their order and their times.
fn head(found: &Inspection) -> String {
    let Inspection { recording, frame, ingest, order, span_us, excerpt, .. } = found;
    let mut text = paragraph("recording   ", &format!("{recording}, {frame}"));
    let rejected: Vec<String> =
        ingest.rejected.iter().map(|(reason, rows)| format!("{} {reason}", count(*rows))).collect();
    let rejected = if rejected.is_empty() { "none".to_owned() } else { rejected.join(", ") };
    text += &paragraph("rows        ", &format!("{} read, rejected: {rejected}", count(ingest.rows_read)));
    if let Some([from_us, to_us]) = span_us {
        let instant = |us: i64| instant(us, found);
        let span = format!("{} to {}, {}", instant(*from_us), instant(*to_us), time((to_us - from_us) as f64 * 1e-6));
        text += &paragraph("time        ", &span);
    }
    let order = match order.late_rows {
        0 => "rows are in the order of time".to_owned(),
        late => format!(
            "{} rows are earlier than one before them, by up to {} s: a run sorts them",
            count(late),
            order.latest_by_s
        ),
    };
    text += &paragraph("order       ", &order);
    if excerpt.rows < excerpt.of_rows {
        let disc = if excerpt.disc_share < 1.0 {
            format!(", within a disc that holds {:.2} % of them", 100.0 * excerpt.disc_share)
        } else {
            String::new()
        };
        let taken = format!(
            "what needs neighbours comes from {} rows, of {} stretches of time{disc}; counts are of all rows",
            count(excerpt.rows),
            excerpt.stretches
        );
        text += &paragraph("excerpt     ", &taken);
    }
    text
}

/// A time as the recording has it.
fn instant(us: i64, found: &Inspection) -> String {
    let timestamps = found.time == time_name(TimeScale::Timestamp);
    if timestamps {
        return format_timestamp(us);
    }
    let text = format!(
        "{}{}.{:06}",
        if us < 0 { "-" } else { "" },
        us.unsigned_abs() / 1_000_000,
        us.unsigned_abs() % 1_000_000
    );
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

const fn time_name(scale: TimeScale) -> &'static str {
    match scale {
        TimeScale::Timestamp => "timestamp",
        TimeScale::Seconds => "seconds",
    }
}

/// A number with three digits that count; `-` where there is none.
fn short(number: Option<f64>) -> String {
    number.map_or_else(|| "-".to_owned(), crate::inspect::short)
}

fn value(of: Option<Estimated>) -> String {
    short(of.map(|found| found.value))
}

fn sensors(found: &Inspection) -> String {
    let head = ["sensor", "rows", "a second", "addresses", "outside", "twice", "repeated", "seen every", "said"];
    let rows: Vec<Vec<String>> = found
        .sensors
        .iter()
        .map(|of| {
            let share = |rows: u64| percent((of.rows > 0).then(|| rows as f64 / of.rows as f64));
            let every = of.interval.map(|interval| interval.median_s);
            vec![
                of.name.clone(),
                count(of.rows),
                short(of.rows_per_s),
                share(of.identified),
                share(of.outside_coverage),
                count(of.duplicates),
                count(of.repeats),
                every.map_or_else(|| "-".to_owned(), |s| format!("{} s", crate::inspect::short(s))),
                of.said_period_s.map_or_else(|| "-".to_owned(), |s| format!("{} s", crate::inspect::short(s))),
            ]
        })
        .collect();
    table(&head, &rows)
}

fn motion(found: &Inspection) -> String {
    let head = ["sensor", "chains", "of rows", "m/s 5 %", "50 %", "95 %", "P_D", "false a look", "noise"];
    let rows: Vec<Vec<String>> = found
        .sensors
        .iter()
        .map(|of| {
            let speed = |pick: fn(Speeds) -> f64| short(of.figures.speed_m_s.map(pick));
            vec![
                of.name.clone(),
                count(of.figures.chains),
                percent(Some(of.figures.chained_share)),
                speed(|speeds| speeds.p05),
                speed(|speeds| speeds.p50),
                speed(|speeds| speeds.p95),
                value(of.figures.detection_probability),
                value(of.figures.clutter_per_scan),
                noise(of),
            ]
        })
        .collect();
    table(&head, &rows)
}

fn noise(of: &SensorFound) -> String {
    let noise = &of.figures.noise;
    let parts = [
        (noise.horizontal_m, "m"),
        (noise.range_m, "m range"),
        (noise.azimuth_deg, "° azimuth"),
        (noise.elevation_deg, "° elevation"),
        (noise.vertical_m.filter(|_| noise.elevation_deg.is_none()), "m height"),
    ];
    let parts = parts.into_iter().filter_map(|(found, unit)| {
        let value = crate::inspect::short(found?.value);
        Some(if unit.starts_with('°') { format!("{value}{unit}") } else { format!("{value} {unit}") })
    });
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() { "-".to_owned() } else { parts.join(", ") }
}

fn pairs(found: &Inspection) -> String {
    if found.pairs.is_empty() {
        return String::new();
    }
    let head = [
        "first and second",
        "objects",
        "east (m)",
        "north (m)",
        "up (m)",
        "clock (s)",
        "range (m)",
        "azimuth (°)",
        "left (m)",
    ];
    let told = |of: Option<Estimated>| {
        of.map_or_else(
            || "-".to_owned(),
            |Estimated { value, error }| format!("{} ± {}", rounded(value), rounded(error)),
        )
    };
    let row = |pair: &PairFound| {
        let [first, second] = &pair.sensors;
        vec![
            format!("{first}, {second}"),
            count(pair.objects),
            told(Some(pair.east_m)),
            told(Some(pair.north_m)),
            told(pair.up_m),
            told(pair.clock_s),
            told(pair.range_m),
            told(pair.azimuth_deg),
            rounded(pair.residual_m),
        ]
    };
    let rows: Vec<Vec<String>> = found.pairs.iter().map(row).collect();
    let few = if found.pairs.iter().any(|pair| pair.errors_between == "pieces") {
        paragraph("  ", "of fewer than six objects errors are those between pieces of their ways")
    } else {
        String::new()
    };
    format!(
        "\nof common objects: where the first sees them from the second, and how much later the second's clock is\n{}{few}",
        table(&head, &rows)
    )
}

/// Antennas that turn.
fn rotations(found: &Inspection) -> String {
    let mut text = String::new();
    for of in &found.sensors {
        let Some(turning) = of.rotation else { continue };
        let sense = if turning.clockwise { "clockwise" } else { "counterclockwise" };
        let told = format!(
            "`{}` turns {sense} once in {:.6} s, north at {}; azimuths are within {:.2}° of that over {}",
            of.name,
            turning.period_s,
            instant(turning.north_us, found),
            turning.off_deg,
            time(turning.over_s)
        );
        text += &paragraph("  ", &told);
    }
    if text.is_empty() { text } else { format!("\nantennas\n{text}") }
}

/// Silences that are long for their sensor.
fn silences(found: &Inspection) -> String {
    let mut text = String::new();
    for of in &found.sensors {
        let usual_s = of.interval.map(|interval| interval.p90_s).or(of.said_period_s).unwrap_or_default();
        let mean_s = of.rows_per_s.map_or(0.0, f64::recip);
        for silence in of.silences.iter().filter(|silence| silence.seconds() > (5.0 * usual_s).max(20.0 * mean_s)) {
            let from = instant(silence.from_us, found);
            text += &paragraph("  ", &format!("`{}` is silent for {} from {from}", of.name, time(silence.seconds())));
        }
    }
    if text.is_empty() { text } else { format!("\ngaps\n{text}") }
}
