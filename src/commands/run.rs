//! `trackweave run`: a recording and a policy to pictures.

use super::arguments::Run;
use super::executor::{Choice, Wish, attempt, choose};
use super::failure::{Code, Failure, say};
use super::pictures::{describe, levels};
use super::screen::Screen;
use super::signals::Signals;
use crate::fusion::executor::Executor;
use crate::ingest::{Catalogue, TimeScale};
use crate::product::{SigningKey, check_label};
use crate::run::{Besides, Progress, Request, RunConfig, RunError, RunReport, Seals, WorkReport, run_watched};
use crate::time::{micros, parse_timestamp};
use serde::Serialize;

/// What `--json` prints.
#[derive(Debug, Serialize)]
struct Done<'a> {
    out: &'a str,
    /// The configuration, as it was asked for.
    configuration: &'a str,
    executor: &'a Choice,
    report: &'a RunReport,
    work: &'a WorkReport,
    /// What went wrong without harm to the output.
    untidy: &'a [String],
}

/// Runs the command.
pub(super) fn execute(arguments: &Run, screen: Screen) -> Result<Code, Failure> {
    let Run { recording, policy, out, executor, config, strict, as_of, label, cache, sign, encrypt, format, prices } =
        arguments;
    let sign = sign.as_deref().map(SigningKey::read).transpose()?;
    let (named, config) = match config {
        Some(choice) => (choice.to_string_lossy(), RunConfig::chosen(choice)?),
        None => (UNASKED.into(), RunConfig::air()?),
    };
    let as_of_us = match as_of {
        Some(text) => Some(instant(text, Catalogue::read(recording)?.time)?),
        None => None,
    };
    let (label, cache) = (label.as_deref(), cache.as_deref());
    label.map_or(Ok(()), check_label).map_err(|error| Failure::new(Code::Usage, error))?;
    let (strict, prices) = (*strict, *prices);
    let request = Request::new(recording, policy, out, &config);
    let request = Request {
        strict,
        as_of_us,
        label,
        cache,
        formats: format,
        besides: Besides { prices, ..Besides::default() },
        ..request
    };
    fuse((&request, &named, ""), Seals { sign: sign.as_ref(), encrypt: *encrypt }, *executor, screen)
}

/// What is said of the configuration where none was asked for.
const UNASKED: &str = "air, without --config: for aircraft; docs/choosing.md leads to others";

/// Runs the whole path and says what each partner got, and on stderr what the output lacks or what went wrong beside it.
pub(super) fn fuse(
    (request, configuration, introduction): (&Request<'_>, &str, &str),
    seals: Seals<'_>,
    wish: Wish,
    screen: Screen,
) -> Result<Code, Failure> {
    let signals = Signals::take()?;
    let done = attempt(wish, choose(wish)?, |executor| watched(request, seals, executor, (screen, &signals)));
    let (report, choice) = done.map_err(|error| signals.name(error.into()))?;
    signals.finish();
    let levels = levels(&report);
    let out = request.out.to_string_lossy();
    let done = Done {
        out: &out,
        configuration,
        executor: &choice,
        report: &report,
        work: &report.work,
        untidy: &report.untidy,
    };
    let shown = screen
        .publish(&done, || introduction.to_owned() + &describe(&report, (request, configuration), &levels, &choice));
    shown.map_err(|failure| {
        let text = format!("{out}: the new output is in place, but its report cannot be printed: {failure}");
        Failure::new(Code::Untidy, text)
    })?;
    for (partner, why) in &report.unscored {
        say(&format!("{out}: the picture of `{partner}` is in place, but could not be scored: {why}"), screen);
    }
    report.untidy.iter().for_each(|warning| say(warning, screen));
    Ok(match (report.unscored.is_empty(), report.untidy.is_empty()) {
        (true, true) => Code::Done,
        (false, true) => Code::Unscored,
        (_, false) => Code::Untidy,
    })
}

fn watched(
    request: &Request<'_>,
    seals: Seals<'_>,
    executor: Executor,
    (screen, signals): (Screen, &Signals),
) -> Result<RunReport, RunError> {
    let bar = screen.bar(0);
    let report = run_watched(request, seals, executor, &mut |progress| {
        match progress {
            Progress::Sorting(rows) => {
                bar.set_length(rows.saturating_mul(2));
                bar.set_position(rows / 8);
                bar.set_message("sorting by time");
            }
            Progress::Classing(rows) => {
                bar.set_length(rows.saturating_mul(2));
                bar.set_position(rows / 4);
                bar.set_message("classing");
            }
            Progress::Comparing(rows, all) => {
                bar.set_length(all);
                bar.set_position(rows);
                bar.set_message("comparing with the cache");
            }
            Progress::Fusing(rows, all) => {
                bar.set_length(all);
                bar.set_position(rows);
                bar.set_message("fusing");
            }
            Progress::Smoothing => bar.set_message("smoothing"),
            Progress::Scoring => bar.set_message("scoring"),
            Progress::Pricing(done, all) => {
                bar.set_length(all);
                bar.set_position(done);
                bar.set_message("pricing");
            }
            Progress::Lifted => bar.tick(),
            Progress::Publishing => {
                bar.set_message("publishing");
                return signals.wait();
            }
        }
        signals.check()
    });
    bar.finish_and_clear();
    report
}

/// A time as the recording counts it.
pub(super) fn instant(text: &str, scale: TimeScale) -> Result<i64, Failure> {
    let (found, wanted) = match scale {
        TimeScale::Timestamp => (parse_timestamp(text), "an instant such as 2018-08-01T06:00:00Z"),
        TimeScale::Seconds => (text.parse().ok().and_then(micros), "seconds, as the recording counts them"),
    };
    found.ok_or_else(|| Failure::new(Code::Usage, format!("`--as-of` is `{text}`, wanted {wanted}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_as_the_recording_counts_it() {
        let read = |text, scale| instant(text, scale).ok();
        assert_eq!(read("1970-01-01T00:00:02Z", TimeScale::Timestamp), Some(2_000_000));
        assert_eq!(read("-2.5", TimeScale::Seconds), Some(-2_500_000));
        assert_eq!(read("2", TimeScale::Timestamp), None);
        assert_eq!(read("1970-01-01T00:00:02Z", TimeScale::Seconds), None);
        assert_eq!(read("inf", TimeScale::Seconds), None);
    }
}
