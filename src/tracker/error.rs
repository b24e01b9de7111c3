//! Why a tracker did not do as asked: where, what was found, what was wanted, what to do.

use crate::config::ConfigError;
use crate::fusion::error::FusionError;
use crate::ingest::IngestError;
use crate::scan::ScanError;
use crate::waves::TrackError;
use std::error::Error as StdError;
use std::fmt;

/// What kind of thing is wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A sensor that cannot be, or one name for two.
    Sensor,
    /// A sensor that the tracker does not have.
    UnknownSensor,
    /// A configuration that cannot be, or a preset that there is not.
    Configuration,
    /// A detection that no sensor of its kind can make: a number that is none, a standard deviation that is not above 0.
    Detection,
    /// Degrees where the tracker's frame has metres, or metres where it has degrees.
    Frame,
    /// A time that is none, or is before what the tracker has gone on to.
    Time,
    /// Something that the tracker was not built for.
    NotBuiltFor,
    /// The device, the memory or the disk.
    Resources,
}

/// Why a tracker did not do as asked. After one of kind [`ErrorKind::Resources`] a tracker is not to be used further; after any
/// other it is as it was before.
#[derive(Debug)]
pub struct Error {
    kind: ErrorKind,
    message: String,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl Error {
    /// What kind of thing is wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Something that was found and is not what was wanted.
    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), source: None }
    }

    /// Something that another room says.
    pub(super) fn because(kind: ErrorKind, source: impl StdError + Send + Sync + 'static) -> Self {
        Self { kind, message: source.to_string(), source: Some(Box::new(source)) }
    }

    /// What is wrong with a sensor, without the line of a file that there is not.
    pub(super) fn of_sensor(error: IngestError) -> Self {
        match error {
            IngestError::Catalogue { of, key, found, wanted, .. } => {
                Self::new(ErrorKind::Sensor, format!("{of}`{key}`: found {found}, wanted {wanted}"))
            }
            error => Self::because(ErrorKind::Sensor, error),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        // Its own words are said already.
        self.source.as_deref().and_then(StdError::source)
    }
}

impl From<ConfigError> for Error {
    fn from(error: ConfigError) -> Self {
        Self::because(ErrorKind::Configuration, error)
    }
}

impl From<ScanError> for Error {
    fn from(error: ScanError) -> Self {
        let is_input = matches!(error, ScanError::Input(_));
        Self::because(if is_input { ErrorKind::Detection } else { ErrorKind::Resources }, error)
    }
}

impl From<FusionError> for Error {
    fn from(error: FusionError) -> Self {
        Self::because(ErrorKind::Resources, error)
    }
}

impl From<TrackError> for Error {
    fn from(error: TrackError) -> Self {
        let is_period = matches!(error, TrackError::ReportPeriod { .. } | TrackError::TooManyReports { .. });
        Self::because(if is_period { ErrorKind::Configuration } else { ErrorKind::Resources }, error)
    }
}
