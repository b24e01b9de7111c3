//! What a folder holds beyond what its partner may have.

use serde::Serialize;
use std::collections::BTreeMap;

/// In what way something goes beyond.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Beyond {
    /// A file or folder that no run writes, or none where one must be.
    File,
    /// A manifest that says something else than what the folder, the configuration and the engine's version say.
    Manifest,
    /// An audit with a line that the rules and the rows do not give, or without one that they do.
    Audit,
    /// A table with bytes that its rows do not explain: statistics, dictionaries, metadata, groups of rows.
    Encoding,
    /// Other columns than every picture has.
    Column,
    /// Rows in another order than that of time and track.
    Order,
    /// A value that no picture can hold.
    Value,
    /// A time at which the partner's detections make no report.
    Time,
    /// A track that none of the partner's detections began.
    Track,
    /// A geometry that is not the place of its row.
    Geometry,
    /// A file beside the picture, in another format, that says something else than the picture.
    Export,
    /// A page for people that says something else than its folder.
    Page,
    /// A place that the track cannot have come to.
    Place,
    /// A row as well known as no permitted detection can have made it, there and then.
    Support,
    /// A number of detections, or a time of the last one, that the partner's detections do not give.
    Detections,
    /// A detection of a track that the partner was not given, that is not the track's, or beside no row that shows it.
    Association,
    /// A link of a track that does not show whole, at times or over a way that the rows of both do not give.
    Link,
    /// A row that rests on detections after its picture's horizon, or does not say what it rests on.
    Smoothing,
    /// An address that none of the partner's detections has by then.
    Identity,
    /// An owner of whom the partner may have no detection fused by then, or not the one of the track's first detection.
    Contributor,
    /// A row that no level permits.
    Level,
    /// A row that is not yet due at its level.
    Delay,
    /// A field that its level leaves out.
    Field,
    /// A position finer than its level, or than the engine's own.
    Precision,
    /// A covariance smaller than a coarse position can have.
    Covariance,
    /// Authorities, or holders of them, other than the rules grant and show.
    Authority,
    /// Accounts that do not add up to the partner's detections, or have fewer of them in tracks than rows say.
    Accounts,
    /// A picture of a lifted policy that it, or its price, does not give; in the operator's folder.
    Lifts,
}

impl Beyond {
    /// The name, as the documentation has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Manifest => "manifest",
            Self::Audit => "audit",
            Self::Encoding => "encoding",
            Self::Column => "column",
            Self::Order => "order",
            Self::Value => "value",
            Self::Time => "time",
            Self::Track => "track",
            Self::Geometry => "geometry",
            Self::Export => "export",
            Self::Page => "page",
            Self::Place => "place",
            Self::Support => "support",
            Self::Detections => "detections",
            Self::Association => "association",
            Self::Link => "link",
            Self::Smoothing => "smoothing",
            Self::Identity => "identity",
            Self::Contributor => "contributor",
            Self::Level => "level",
            Self::Delay => "delay",
            Self::Field => "field",
            Self::Precision => "precision",
            Self::Covariance => "covariance",
            Self::Authority => "authority",
            Self::Accounts => "accounts",
            Self::Lifts => "lifts",
        }
    }
}

/// The first of its kind in one folder, and how many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Breach {
    /// In what way.
    pub beyond: Beyond,
    /// The file or folder below the output, with the row where there is one.
    pub place: String,
    /// What is there.
    pub found: String,
    /// What the partner may have.
    pub wanted: String,
    /// How many of this kind there are in this folder.
    pub count: u64,
}

/// The findings in one folder.
#[derive(Debug, Default)]
pub(super) struct Breaches(BTreeMap<Beyond, Breach>);

impl Breaches {
    pub(super) fn add(&mut self, beyond: Beyond, place: &str, found: impl Into<String>, wanted: impl Into<String>) {
        let first = || Breach { beyond, place: place.to_owned(), found: found.into(), wanted: wanted.into(), count: 0 };
        self.0.entry(beyond).or_insert_with(first).count += 1;
    }

    pub(super) fn into_vec(self) -> Vec<Breach> {
        self.0.into_values().collect()
    }
}
