//! What a picture holds: its columns, their types and units, and which a partner's levels may leave out.
//!
//! The lists here are the only ones: the schema of the files is made from them, and a test holds
//! `docs/pictures.md` against them.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::policy::Field;
use crate::space::Frame;
use arrow_schema::{DataType, Field as ArrowField, Schema, SchemaRef, TimeUnit};

/// A set of fields.
pub type Fields = BTreeSet<Field>;

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Microseconds since 1970, UTC.
    InstantUtc,
    /// Microseconds since the recording's own epoch.
    Instant,
    /// An unsigned number of 64 bits.
    Integer,
    /// One of 32 bits.
    Count,
    /// A number of 64 bits.
    Double,
    /// A number of 32 bits.
    Single,
    /// One of `true` and `false`.
    Truth,
    /// Text.
    Text,
    /// A list of texts.
    TextList,
    /// A point in well-known binary (ISO 13249-3): 29 bytes.
    Point,
}

impl Kind {
    /// The type as the documentation names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InstantUtc => "timestamp, UTC",
            Self::Instant => "timestamp",
            Self::Integer => "uint64",
            Self::Count => "uint32",
            Self::Double => "float64",
            Self::Single => "float32",
            Self::Truth => "bool",
            Self::Text => "text",
            Self::TextList => "list of text",
            Self::Point => "binary",
        }
    }

    /// The type as Arrow has it.
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            Self::InstantUtc => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Instant => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Integer => DataType::UInt64,
            Self::Count => DataType::UInt32,
            Self::Double => DataType::Float64,
            Self::Single => DataType::Float32,
            Self::Truth => DataType::Boolean,
            Self::Text => DataType::Utf8,
            Self::TextList => DataType::List(element()),
            Self::Point => DataType::Binary,
        }
    }
}

/// An element of a list of texts; `element` is the name that the Parquet format gives it.
pub(super) fn element() -> Arc<ArrowField> {
    Arc::new(ArrowField::new("element", DataType::Utf8, false))
}

/// What a picture's configuration asks for beside the filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refined {
    /// That rows are smoothed.
    pub smooths: bool,
    /// That tracks are joined.
    pub joins: bool,
}

/// The pictures that have a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// All.
    Every,
    /// Those whose configuration smooths.
    Smoothed,
    /// Those whose configuration joins tracks.
    Joined,
}

/// One column of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Column {
    /// Its name, with the unit where it has one.
    pub name: &'static str,
    /// Its type.
    pub kind: Kind,
    /// Its unit; empty where there is none.
    pub unit: &'static str,
    /// The fields that it belongs to: an obligation that leaves out one of them leaves out the column.
    pub fields: &'static [Field],
    /// Which pictures have it.
    pub of: Of,
    /// What it means, where its name does not tell.
    pub(super) meaning: Option<&'static str>,
}

impl Column {
    /// What a column of a picture means, as its file and the documentation say.
    #[must_use]
    pub fn meaning(&self) -> String {
        if let Some(meaning) = self.meaning {
            return meaning.to_owned();
        }
        if let Some(name) = self.name.strip_prefix("filtered_") {
            let meaning = Self { name, ..*self }.meaning();
            return format!("as the filter had it, by what was detected up to then: {meaning}");
        }
        let axis = |letter: &str| match letter {
            "e" => "east".to_owned(),
            "n" => "north".to_owned(),
            "u" => "up".to_owned(),
            axis => axis.to_owned(),
        };
        if let Some((of, pair)) = self.name.split_once("_covariance_")
            && let Some((a, b)) = pair.split_at_checked(1)
        {
            return format!("covariance of the {of}: {} and {}", axis(a), axis(b.get(..1).unwrap_or_default()));
        }
        if let Some(rest) = self.name.strip_prefix("velocity_") {
            return format!("velocity along {} at the position shown", rest.trim_end_matches("_m_s"));
        }
        let meaning = match (self.name, self.kind) {
            ("time", Kind::InstantUtc) => "microseconds since 1970-01-01T00:00:00Z",
            ("time", _) => "microseconds since the recording's own epoch; no time zone",
            ("detection", _) => "the detection, numbered from 0 over those that the picture is computed from",
            ("probability", _) => "probability that the track is an object and made it",
            ("innovation", _) => {
                "squared distance from the track's prediction over its variance; null where it began the track"
            }
            ("measured", _) => "how many numbers were measured",
            ("track", _) => "identity, the same over the track's life",
            ("status", _) => "tentative or confirmed",
            ("latitude_deg", _) => "degrees north, WGS 84",
            ("longitude_deg", _) => "degrees east, -180 to 180",
            ("altitude_m", _) => "above the WGS 84 ellipsoid",
            ("x_m", _) => "along the recording's x axis",
            ("y_m", _) => "along y",
            ("z_m", _) => "along z, up",
            ("existence", _) => "probability that the track is an object",
            ("detections", _) => "how many detections are counted to the track",
            ("last_detection", _) => "when the last of them was made",
            ("smoothed", _) => "whether later detections made the row better",
            ("as_known_at", _) => "when the last detection was made that the row rests on",
            ("identity", _) => "the address that the track's object is taken to send",
            ("identity_probability", _) => "probability that it is the object's own",
            ("contributors", _) => "owners whose detections made the track",
            ("authorities", _) => "what this partner may do with the track",
            ("holders", _) => "who may do what with it, partner:action, if a rule lets the partner see that",
            (GEOMETRY, _) => "the position as a point in WKB: longitude, latitude, altitude",
            _ => "",
        };
        meaning.to_owned()
    }
}

pub(super) const fn always(name: &'static str, kind: Kind, unit: &'static str) -> Column {
    Column { name, kind, unit, fields: &[], of: Of::Every, meaning: None }
}

pub(super) const fn part(fields: &'static [Field], name: &'static str, kind: Kind, unit: &'static str) -> Column {
    Column { name, kind, unit, fields, of: Of::Every, meaning: None }
}

pub(super) const fn meant(name: &'static str, kind: Kind, unit: &'static str, meaning: &'static str) -> Column {
    Column { name, kind, unit, fields: &[], of: Of::Every, meaning: Some(meaning) }
}

const fn smoothing(fields: &'static [Field], name: &'static str, kind: Kind, unit: &'static str) -> Column {
    Column { name, kind, unit, fields, of: Of::Smoothed, meaning: None }
}

/// The column that makes a geodetic picture GeoParquet.
pub(super) const GEOMETRY: &str = "geometry";

/// The key under which a file says which of its columns are geometries.
pub(super) const GEO: &str = "geo";

/// What every geodetic picture says there (GeoParquet 1.1). Without `crs` coordinates are longitude and latitude on WGS 84
/// (OGC:CRS84). Nothing here is from rows, no bounds either.
const GEO_OF_PICTURES: &str = "{\"version\":\"1.1.0\",\"primary_column\":\"geometry\",\"columns\":{\"geometry\":\
                               {\"encoding\":\"WKB\",\"geometry_types\":[\"Point Z\"]}}}";

/// The positions of the groups below in either list.
pub(super) const FIRST_POSITION: usize = 3;
/// Existence, velocity and covariances: the numbers of 32 bits that stand together.
pub(super) const FIRST_SINGLE: usize = 6;
/// Where the filter had the track.
pub(super) const FIRST_FILTERED: usize = 26;
/// How many of the numbers of 32 bits there are.
pub(super) const SINGLES: usize = 16;

/// The column by which tracks are joined.
pub(super) const OBJECT: Column = Column {
    name: "object",
    kind: Kind::Integer,
    unit: "",
    fields: &[],
    of: Of::Joined,
    meaning: Some("the first track of its chain of links, or itself: the same for all that are joined"),
};

/// What tells when something was seen.
const OF_LAST: [Field; 3] = [Field::Contributors, Field::Detections, Field::Existence];

const GEODETIC: [Column; 36] = [
    always("time", Kind::InstantUtc, "µs"),
    always("track", Kind::Integer, ""),
    always("status", Kind::Text, ""),
    always("latitude_deg", Kind::Double, "deg"),
    always("longitude_deg", Kind::Double, "deg"),
    always("altitude_m", Kind::Double, "m"),
    part(&[Field::Existence], "existence", Kind::Single, ""),
    part(&[Field::Velocity], "velocity_east_m_s", Kind::Single, "m/s"),
    part(&[Field::Velocity], "velocity_north_m_s", Kind::Single, "m/s"),
    part(&[Field::Velocity], "velocity_up_m_s", Kind::Single, "m/s"),
    part(&[Field::Covariance], "position_covariance_ee_m2", Kind::Single, "m²"),
    part(&[Field::Covariance], "position_covariance_en_m2", Kind::Single, "m²"),
    part(&[Field::Covariance], "position_covariance_eu_m2", Kind::Single, "m²"),
    part(&[Field::Covariance], "position_covariance_nn_m2", Kind::Single, "m²"),
    part(&[Field::Covariance], "position_covariance_nu_m2", Kind::Single, "m²"),
    part(&[Field::Covariance], "position_covariance_uu_m2", Kind::Single, "m²"),
    part(&[Field::Covariance, Field::Velocity], "velocity_covariance_ee_m2_s2", Kind::Single, "m²/s²"),
    part(&[Field::Covariance, Field::Velocity], "velocity_covariance_en_m2_s2", Kind::Single, "m²/s²"),
    part(&[Field::Covariance, Field::Velocity], "velocity_covariance_eu_m2_s2", Kind::Single, "m²/s²"),
    part(&[Field::Covariance, Field::Velocity], "velocity_covariance_nn_m2_s2", Kind::Single, "m²/s²"),
    part(&[Field::Covariance, Field::Velocity], "velocity_covariance_nu_m2_s2", Kind::Single, "m²/s²"),
    part(&[Field::Covariance, Field::Velocity], "velocity_covariance_uu_m2_s2", Kind::Single, "m²/s²"),
    part(&[Field::Detections, Field::Existence], "detections", Kind::Integer, ""),
    part(&OF_LAST, "last_detection", Kind::InstantUtc, "µs"),
    smoothing(&[], "smoothed", Kind::Truth, ""),
    smoothing(&OF_LAST, "as_known_at", Kind::InstantUtc, "µs"),
    smoothing(&OF_LAST, "filtered_latitude_deg", Kind::Double, "deg"),
    smoothing(&OF_LAST, "filtered_longitude_deg", Kind::Double, "deg"),
    smoothing(&OF_LAST, "filtered_altitude_m", Kind::Double, "m"),
    OBJECT,
    part(&[Field::Identity], "identity", Kind::Text, ""),
    part(&[Field::Identity], "identity_probability", Kind::Single, ""),
    part(&[Field::Contributors], "contributors", Kind::TextList, ""),
    always("authorities", Kind::TextList, ""),
    part(&[Field::Holders], "holders", Kind::TextList, ""),
    always(GEOMETRY, Kind::Point, ""),
];

const LOCAL: [Column; 35] = [
    always("time", Kind::Instant, "µs"),
    always("track", Kind::Integer, ""),
    always("status", Kind::Text, ""),
    always("x_m", Kind::Double, "m"),
    always("y_m", Kind::Double, "m"),
    always("z_m", Kind::Double, "m"),
    part(&[Field::Existence], "existence", Kind::Single, ""),
    part(&[Field::Velocity], "velocity_x_m_s", Kind::Single, "m/s"),
    part(&[Field::Velocity], "velocity_y_m_s", Kind::Single, "m/s"),
    part(&[Field::Velocity], "velocity_z_m_s", Kind::Single, "m/s"),
    part(&[Field::Covariance], "position_covariance_xx_m2", Kind::Single, "m²"),
    part(&[Field::Covariance], "position_covariance_xy_m2", Kind::Single, "m²"),
    part(&[Field::Covariance], "position_covariance_xz_m2", Kind::Single, "m²"),
    part(&[Field::Covariance], "position_covariance_yy_m2", Kind::Single, "m²"),
    part(&[Field::Covariance], "position_covariance_yz_m2", Kind::Single, "m²"),
    part(&[Field::Covariance], "position_covariance_zz_m2", Kind::Single, "m²"),
    part(&[Field::Covariance, Field::Velocity], "velocity_covariance_xx_m2_s2", Kind::Single, "m²/s²"),
    part(&[Field::Covariance, Field::Velocity], "velocity_covariance_xy_m2_s2", Kind::Single, "m²/s²"),
    part(&[Field::Covariance, Field::Velocity], "velocity_covariance_xz_m2_s2", Kind::Single, "m²/s²"),
    part(&[Field::Covariance, Field::Velocity], "velocity_covariance_yy_m2_s2", Kind::Single, "m²/s²"),
    part(&[Field::Covariance, Field::Velocity], "velocity_covariance_yz_m2_s2", Kind::Single, "m²/s²"),
    part(&[Field::Covariance, Field::Velocity], "velocity_covariance_zz_m2_s2", Kind::Single, "m²/s²"),
    part(&[Field::Detections, Field::Existence], "detections", Kind::Integer, ""),
    part(&OF_LAST, "last_detection", Kind::Instant, "µs"),
    smoothing(&[], "smoothed", Kind::Truth, ""),
    smoothing(&OF_LAST, "as_known_at", Kind::Instant, "µs"),
    smoothing(&OF_LAST, "filtered_x_m", Kind::Double, "m"),
    smoothing(&OF_LAST, "filtered_y_m", Kind::Double, "m"),
    smoothing(&OF_LAST, "filtered_z_m", Kind::Double, "m"),
    OBJECT,
    part(&[Field::Identity], "identity", Kind::Text, ""),
    part(&[Field::Identity], "identity_probability", Kind::Single, ""),
    part(&[Field::Contributors], "contributors", Kind::TextList, ""),
    always("authorities", Kind::TextList, ""),
    part(&[Field::Holders], "holders", Kind::TextList, ""),
];

/// The columns of `_operator/decisions.parquet`.
pub const DECISION_COLUMNS: [Column; 5] = [
    always("partner", Kind::Text, ""),
    always("class", Kind::Text, ""),
    always("action", Kind::Text, ""),
    always("allowed", Kind::Truth, ""),
    always("policies", Kind::TextList, ""),
];

/// All columns that a picture in `frame` can have, in their order.
#[must_use]
pub fn columns(frame: Frame) -> &'static [Column] {
    match frame {
        Frame::Geodetic => &GEODETIC,
        Frame::Local => &LOCAL,
    }
}

/// Whether a column is in the file of a partner whose levels can grant `fields`, of a run that refines tracks so.
pub(super) fn present(column: &Column, (fields, refined): (&Fields, Refined)) -> bool {
    let there = match column.of {
        Of::Every => true,
        Of::Smoothed => refined.smooths,
        Of::Joined => refined.joins,
    };
    there && column.fields.iter().all(|field| fields.contains(field))
}

/// The schema of a picture: the columns that are present, each with its unit and meaning; those of a field may be null.
pub(super) fn picture_schema(frame: Frame, of: (&Fields, Refined)) -> SchemaRef {
    let present = columns(frame).iter().filter(|column| present(column, of));
    let geo = (frame == Frame::Geodetic).then(|| (GEO.to_owned(), GEO_OF_PICTURES.to_owned()));
    Arc::new(Schema::new_with_metadata(present.map(said).collect::<Vec<_>>(), geo.into_iter().collect()))
}

/// The schema of a table that partners read: columns, each with its unit and meaning.
pub(super) fn schema_with_meanings(columns: &[Column]) -> SchemaRef {
    Arc::new(Schema::new(columns.iter().map(said).collect::<Vec<_>>()))
}

/// A column with its unit and meaning.
fn said(column: &Column) -> ArrowField {
    let unit = Some(column.unit).filter(|unit| !unit.is_empty()).map(|unit| ("unit".to_owned(), unit.to_owned()));
    field(column).with_metadata(unit.into_iter().chain([("meaning".to_owned(), column.meaning())]).collect())
}

/// The schema of a list of columns.
pub(super) fn schema<'a>(columns: impl Iterator<Item = &'a Column>) -> SchemaRef {
    Arc::new(Schema::new(columns.map(field).collect::<Vec<_>>()))
}

fn field(column: &Column) -> ArrowField {
    ArrowField::new(column.name, column.kind.data_type(), !column.fields.is_empty())
}
