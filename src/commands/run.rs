//! `trackweave run`: a recording and a policy to pictures.

use super::executor::{Choice, Wish, attempt, choose};
use super::failure::{Code, Failure, say};
use super::pictures::{describe, levels};
use super::run_arguments::{Made, Run, Written};
use super::screen::Screen;
use super::signals::Signals;
use crate::ingest::{Catalogue, TimeScale};
use crate::product::{SigningKey, check_label};
use crate::run::{Besides, Progress, Request, RunConfig, RunError, RunReport, Seals, WorkReport, run_watched};
use crate::time::{micros, parse_timestamp};
use serde::Serialize;
use std::borrow::Cow;
use std::ops::ControlFlow;
use std::path::Path;

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

/// What was typed of what an output is made with, read.
#[derive(Debug)]
pub(super) struct Asked<'a> {
    made: &'a Made,
    /// The configuration, as it was asked for.
    pub(super) named: Cow<'a, str>,
    config: RunConfig,
    sign: Option<SigningKey>,
}

impl<'a> Asked<'a> {
    /// Of any output.
    pub(super) fn of(made: &'a Made) -> Result<Self, Failure> {
        let sign = made.sign.as_deref().map(SigningKey::read).transpose()?;
        let (named, config) = match &made.config {
            Some(choice) => (choice.to_string_lossy(), RunConfig::chosen(choice)?),
            None => (UNASKED.into(), RunConfig::air()?),
        };
        made.label.as_deref().map_or(Ok(()), check_label).map_err(|error| Failure::new(Code::Usage, error))?;
        Ok(Self { made, named, config, sign })
    }

    /// The run under a policy.
    pub(super) fn request(
        &'a self,
        [recording, policy, out]: [&'a Path; 3],
        of: &Written,
    ) -> Result<Request<'a>, Failure> {
        let as_of_us = match &of.as_of {
            Some(text) => Some(instant(text, Catalogue::read(recording)?.time)?),
            None => None,
        };
        Ok(Request { as_of_us, ..self.made_as(Request::new(recording, policy, out, &self.config)) })
    }

    /// The run without one.
    pub(super) fn open(&'a self, [recording, out]: [&'a Path; 2]) -> Request<'a> {
        self.made_as(Request::without_policy(recording, out, &self.config))
    }

    fn made_as(&'a self, request: Request<'a>) -> Request<'a> {
        let Made { strict, label, format, memory, calibration, .. } = self.made;
        let (label, calibration) = (label.as_deref(), calibration.as_deref());
        Request { strict: *strict, label, memory: *memory, formats: format, calibration, ..request }
    }

    /// How it is sealed under a policy.
    pub(super) fn seals(&self, of: &Written) -> Seals<'_> {
        Seals { encrypt: of.encrypt, ..self.signature() }
    }

    /// How it is sealed without one.
    pub(super) fn signature(&self) -> Seals<'_> {
        Seals { sign: self.sign.as_ref(), encrypt: false }
    }
}

/// Runs the command.
pub(super) fn execute(arguments: &Run, screen: Screen) -> Result<Code, Failure> {
    let Run { recording, policy, out, executor, written, cache, keep_logs, prices } = arguments;
    let asked = Asked::of(&written.made)?;
    let request = Request {
        cache: cache.as_deref(),
        keep_logs: keep_logs.as_deref(),
        besides: Besides { prices: *prices, ..Besides::default() },
        ..asked.request([recording, policy, out], written)?
    };
    fuse((&request, &asked.named, ""), asked.seals(written), *executor, screen)
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
    let done = attempt(wish, choose(wish)?, |executor| {
        watched((screen, &signals), |listener| run_watched(request, seals, executor, listener))
    });
    let done = done.map_err(|error| signals.name(error.into()))?;
    signals.finish();
    told((request, configuration, introduction), &done, screen)
}

/// Says what each partner got of an output that is in place.
pub(super) fn told(
    (request, configuration, introduction): (&Request<'_>, &str, &str),
    (report, choice): &(RunReport, Choice),
    screen: Screen,
) -> Result<Code, Failure> {
    let levels = levels(report);
    let out = request.out.to_string_lossy();
    let (work, untidy) = (&report.work, report.untidy.as_slice());
    let done = Done { out: &out, configuration, executor: choice, report, work, untidy };
    let shown = screen
        .publish(&done, || introduction.to_owned() + &describe(report, (request, configuration), &levels, choice));
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

/// Whoever is told how far a run is.
type Listener<'l> = dyn FnMut(Progress) -> ControlFlow<()> + 'l;

/// Runs what tells how far it is, with a bar, until a signal stops it.
pub(super) fn watched<R>(
    (screen, signals): (Screen, &Signals),
    run: impl FnOnce(&mut Listener<'_>) -> Result<R, RunError>,
) -> Result<R, RunError> {
    let bar = screen.bar(0);
    let done = run(&mut |progress| {
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
    done
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
