//! How `recording.toml` says when a sensor looks, checked.

use std::sync::Arc;

use serde::Deserialize;
use toml::{Spanned, Value};

use super::catalogue::TimeScale;
use super::catalogue_file::{Checker, SensorEntry};
use super::error::IngestError;
use crate::sensor::{KindName, Looks, Rotation, Turns};
use crate::time::{micros, parse_timestamp};

/// The name of a way to look.
#[derive(Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum LooksName {
    #[default]
    Periodic,
    Listed,
    Rotating,
    Reports,
}

impl Checker<'_> {
    /// When it looks; those that are listed are in a table.
    pub(super) fn looks(&self, entry: &SensorEntry, time: TimeScale) -> Result<Looks, IngestError> {
        let SensorEntry { looks, scan_period_s, expected_interval_s, .. } = entry;
        let period_us = self.microseconds("scan_period_s", scan_period_s.as_ref())?;
        let interval_us = self.microseconds("expected_interval_s", expected_interval_s.as_ref())?;
        let missing = |key, wanted| self.wrong(entry.name.span(), key, "missing", wanted);
        if *looks != LooksName::Reports {
            self.unused("expected_interval_s", expected_interval_s.as_ref(), "it with looks = \"reports\" alone")?;
        }
        if *looks != LooksName::Rotating {
            let wanted = "it with looks = \"rotating\" alone";
            self.unused("north", entry.north.as_ref(), wanted)?;
            self.unused("sectors", entry.sectors.as_ref(), wanted)?;
            self.unused("rotation", entry.rotation.as_ref(), wanted)?;
            self.unused("azimuth_tolerance_deg", entry.azimuth_tolerance_deg.as_ref(), wanted)?;
        }
        match looks {
            LooksName::Periodic => {
                let wanted = "the length of a look; or looks = \"listed\", \"rotating\" or \"reports\"";
                Ok(Looks::Periodic { period_us: period_us.ok_or_else(|| missing("scan_period_s", wanted))? })
            }
            LooksName::Listed => Ok(Looks::Listed(Arc::default())),
            LooksName::Rotating => self.rotating(entry, time, period_us).map(Looks::Rotating),
            LooksName::Reports => {
                let wanted = "how often an object reports in the mean, in seconds";
                let us = interval_us.or(period_us).ok_or_else(|| missing("expected_interval_s", wanted))?;
                Ok(Looks::Reports { expected_interval_us: us })
            }
        }
    }

    fn microseconds(&self, key: &'static str, span: Option<&Spanned<f64>>) -> Result<Option<i64>, IngestError> {
        let us = |span: &Spanned<f64>| {
            let us = micros(*span.get_ref()).filter(|us| *us > 0);
            us.ok_or_else(|| self.wrong(span.span(), key, span.get_ref(), "at least 0.000001"))
        };
        span.map(us).transpose()
    }

    /// How its antenna turns; without a time at which it pointed north its revolutions are in a table.
    fn rotating(&self, entry: &SensorEntry, time: TimeScale, period_us: Option<i64>) -> Result<Rotation, IngestError> {
        if *entry.kind.get_ref() != KindName::Radar {
            return Err(self.wrong(entry.kind.span(), "looks", "rotating", "another way to look: only a radar turns"));
        }
        let wanted =
            "a site: on a platform looks are periodic or listed, since what a sector sees turns with the platform";
        self.unused("platform", entry.platform.as_ref(), wanted)?;
        let sectors = self.sectors(entry)?;
        let width_deg = 360.0 / f64::from(sectors);
        let tolerance_deg = match &entry.azimuth_tolerance_deg {
            None => Rotation::TOLERANCE_DEG.min(width_deg),
            Some(span) => {
                let wanted = "degrees, from 0 to the width of a sector";
                self.number("azimuth_tolerance_deg", span, |deg| (0.0..=width_deg).contains(&deg), wanted)?
            }
        };
        let wanted = "the length of a revolution in seconds, at least a microsecond a sector";
        let period_us = period_us
            .filter(|us| *us >= i64::from(sectors))
            .ok_or_else(|| self.wrong(entry.name.span(), "scan_period_s", "missing or too short", wanted))?;
        let turns = match &entry.north {
            None => Turns::Listed(Arc::default()),
            Some(north) => Turns::Steady { north_us: self.north(north, time)? },
        };
        let sense = entry.rotation.as_ref().map(|sense| *sense.get_ref()).unwrap_or_default();
        Ok(Rotation { period_us, sectors, sense, tolerance_deg, turns })
    }

    fn sectors(&self, entry: &SensorEntry) -> Result<u32, IngestError> {
        let Some(span) = &entry.sectors else { return Ok(Rotation::SECTORS) };
        let within = Rotation::SECTORS_LEAST..=Rotation::SECTORS_MOST;
        let sectors = u32::try_from(*span.get_ref()).ok().filter(|sectors| within.contains(sectors));
        sectors.ok_or_else(|| self.wrong(span.span(), "sectors", span.get_ref(), "a whole number from 4 to 360"))
    }

    /// A time, as the column `time` of detections has it.
    fn north(&self, north: &Spanned<Value>, time: TimeScale) -> Result<i64, IngestError> {
        let (us, wanted) = match (time, north.get_ref()) {
            (TimeScale::Timestamp, Value::String(text)) => (parse_timestamp(text), TIMESTAMP),
            (TimeScale::Timestamp, Value::Datetime(text)) => (parse_timestamp(&text.to_string()), TIMESTAMP),
            (TimeScale::Timestamp, _) => (None, TIMESTAMP),
            (TimeScale::Seconds, Value::Float(seconds)) => (micros(*seconds), SECONDS),
            #[expect(clippy::cast_precision_loss, reason = "times are of a century")]
            (TimeScale::Seconds, Value::Integer(seconds)) => (micros(*seconds as f64), SECONDS),
            (TimeScale::Seconds, _) => (None, SECONDS),
        };
        us.filter(|us| us.unsigned_abs() < NORTH_MOST_US)
            .ok_or_else(|| self.wrong(north.span(), "north", north.get_ref(), wanted))
    }
}

const TIMESTAMP: &str = "a time such as \"2023-08-01T05:27:30.125Z\": time is timestamp";
const SECONDS: &str = "a number of seconds: time is seconds";
/// Farther from time 0 nothing was measured: the end of the year 9999.
const NORTH_MOST_US: u64 = 253_402_300_800_000_000;
