//! What a run needs besides a recording and a policy: one TOML file, complete, without hidden defaults.
//!
//! ```
//! use trackweave::config::{RunConfig, Smoothing};
//!
//! let mut config = RunConfig::chosen("sea".as_ref())?;
//! config.smoothing = Some(Smoothing::default());
//! assert!(RunConfig::chosen("no such file".as_ref()).is_err());
//! # Ok::<(), trackweave::config::ConfigError>(())
//! ```

use crate::fusion::config::{Config, Positive, Probability};
use crate::ingest::error::toml_says;
use crate::score::ScoreError;
use crate::score::gospa::Gospa;
use crate::score::sequence::{Scans, ScoreConfig};
use crate::time::micros;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The configuration of a run; `docs/configuration.md` explains every key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RunConfig {
    /// Pictures hold every track at multiples of this period since time 0, seconds.
    #[serde(deserialize_with = "report_period")]
    pub report_period_s: Positive,
    /// How pictures are scored where there is truth.
    pub score: Scoring,
    /// Whether pictures come with a table of which detections made their tracks.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub associations: bool,
    /// How what was known later makes pictures better; nothing does without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub smoothing: Option<Smoothing>,
    /// How tracks are joined over gaps; none are without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stitching: Option<Stitching>,
    /// Which lanes a calibration is applied to; each entry to its own without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub calibration: Option<Calibrating>,
    /// The filter.
    pub fusion: Config,
}

/// How what was known later makes pictures better.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Smoothing {
    /// What was known so long after a row, seconds; all of the record without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lag_s: Option<Positive>,
}

/// How tracks are joined over gaps.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Stitching {
    /// The longest gap, seconds.
    pub gap_max_s: Positive,
    /// Probability that an object that goes on after its track's end is seen again within it.
    pub found_again: Probability,
    /// Links that are less probable are not told.
    pub probability_min: Probability,
    /// Whether rows of pictures say of which object their tracks are, by these links.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub join: bool,
}

/// Which lanes a calibration is applied to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Calibrating {
    /// All of them, as the operator declares: whoever may have all that it was computed from or not. Every manifest says so.
    Declared,
}

/// How pictures are scored.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scoring {
    /// c of GOSPA, metres.
    pub cutoff_m: Positive,
    /// p of GOSPA.
    pub order: Positive,
    /// Truth is interpolated between samples no farther apart, seconds.
    pub max_gap_s: Positive,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("{}: cannot read the configuration; wanted a file, or one of {}", path.display(), names())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is not a configuration.
    #[error("{}:{line}: {what}", path.display())]
    Parse {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What the TOML reader found and wanted.
        what: String,
    },
    /// Nothing can be scored with it.
    #[error("{}: table `score`: {source}", path.display())]
    Score {
        /// The file.
        path: PathBuf,
        /// What cannot be.
        source: ScoreError,
    },
}

/// Declares the configurations that are built in.
macro_rules! named {
    ($($name:literal),+) => {
        /// Configurations that are built in, by what they are for: those of `data/config/`; `docs/choosing.md` leads to one.
        pub const NAMED: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../data/config/", $name, ".toml")))),+];
    };
}

named!("air", "air-smoothed", "sea", "vehicles", "people", "drones", "satellites", "orbits");

impl RunConfig {
    /// The configuration for aircraft, which a run takes where it is given none.
    ///
    /// # Errors
    /// Never, unless the file that was built in is wrong.
    pub fn air() -> Result<Self, ConfigError> {
        Self::chosen(Path::new("air"))
    }

    /// The configuration of a name in [`NAMED`], else of a file: `./air` is a file, `air` is none.
    ///
    /// # Errors
    /// Says where the file is not a configuration.
    pub fn chosen(choice: &Path) -> Result<Self, ConfigError> {
        match NAMED.iter().find(|(name, _)| choice.as_os_str() == *name) {
            Some((name, text)) => Self::parse(text, Path::new(&format!("data/config/{name}.toml"))),
            None => Self::read(choice),
        }
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    /// Says where the file is not a configuration.
    pub fn read(path: &Path) -> Result<Self, ConfigError> {
        let text =
            crate::files::read_text(path).map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
        Self::parse(&text, path)
    }

    /// Reads a configuration from text; `path` is named in errors.
    ///
    /// # Errors
    /// Says where the text is not a configuration.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let config: Self = toml::from_str(text).map_err(|error| {
            let from = error.span().map_or(0, |span| span.start);
            let line = 1 + text.bytes().take(from).filter(|byte| *byte == b'\n').count();
            ConfigError::Parse { path: path.to_owned(), line, what: toml_says(&error, "docs/configuration.md") }
        })?;
        let scored = config.scoring([0; 2]).check();
        scored.map_err(|source| ConfigError::Score { path: path.to_owned(), source })?;
        Ok(config)
    }

    /// How pictures are scored, at the report times of a span.
    pub(crate) fn scoring(&self, [first_us, last_us]: [i64; 2]) -> ScoreConfig {
        let period_us = micros(f64::from(self.report_period_s.get())).unwrap_or(1).max(1);
        let scoring = &self.score;
        ScoreConfig {
            gospa: Gospa { cutoff_m: f64::from(scoring.cutoff_m.get()), order: f64::from(scoring.order.get()) },
            max_gap_s: f64::from(scoring.max_gap_s.get()),
            scans: Scans::Every { period_us, first_us, last_us },
        }
    }
}

/// The names of [`NAMED`], in words.
fn names() -> String {
    NAMED.iter().map(|(name, _)| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// A period that microseconds can count, over any span that they can.
fn report_period<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Positive, D::Error> {
    let period_s = Positive::deserialize(from)?;
    let found = period_s.get();
    if (1e-6..=4e9).contains(&found) {
        return Ok(period_s);
    }
    Err(serde::de::Error::custom(format!("found {found}, wanted seconds from 0.000001 to 4000000000")))
}
