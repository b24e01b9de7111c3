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
}

impl Kind {
    /// The type as the documentation names it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InstantUtc => "timestamp, UTC",
            Self::Instant => "timestamp",
            Self::Integer => "uint64",
            Self::Double => "float64",
            Self::Single => "float32",
            Self::Truth => "bool",
            Self::Text => "text",
            Self::TextList => "list of text",
        }
    }

    /// The type as Arrow has it.
    #[must_use]
    pub fn data_type(self) -> DataType {
        match self {
            Self::InstantUtc => DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
            Self::Instant => DataType::Timestamp(TimeUnit::Microsecond, None),
            Self::Integer => DataType::UInt64,
            Self::Double => DataType::Float64,
            Self::Single => DataType::Float32,
            Self::Truth => DataType::Boolean,
            Self::Text => DataType::Utf8,
            Self::TextList => DataType::List(element()),
        }
    }
}

/// An element of a list of texts; `element` is the name that the Parquet format gives it.
pub(super) fn element() -> Arc<ArrowField> {
    Arc::new(ArrowField::new("element", DataType::Utf8, false))
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
}

pub(super) const fn always(name: &'static str, kind: Kind, unit: &'static str) -> Column {
    Column { name, kind, unit, fields: &[] }
}

const fn part(fields: &'static [Field], name: &'static str, kind: Kind, unit: &'static str) -> Column {
    Column { name, kind, unit, fields }
}

/// The positions of the groups below in either list.
pub(super) const FIRST_POSITION: usize = 3;
/// Existence, velocity and covariances: the numbers of 32 bits that stand together.
pub(super) const FIRST_SINGLE: usize = 6;
/// How many of them there are.
pub(super) const SINGLES: usize = 16;

const GEODETIC: [Column; 29] = [
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
    part(&[Field::Contributors, Field::Detections, Field::Existence], "last_detection", Kind::InstantUtc, "µs"),
    part(&[Field::Identity], "identity", Kind::Text, ""),
    part(&[Field::Identity], "identity_probability", Kind::Single, ""),
    part(&[Field::Contributors], "contributors", Kind::TextList, ""),
    always("authorities", Kind::TextList, ""),
    part(&[Field::Holders], "holders", Kind::TextList, ""),
];

const LOCAL: [Column; 29] = [
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
    part(&[Field::Contributors, Field::Detections, Field::Existence], "last_detection", Kind::Instant, "µs"),
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

/// Whether a column is in the file of a partner whose levels can grant `fields`.
pub(super) fn present(column: &Column, fields: &Fields) -> bool {
    column.fields.iter().all(|field| fields.contains(field))
}

/// The schema of a picture: the columns that are present; those of a field may be null.
pub(super) fn picture_schema(frame: Frame, fields: &Fields) -> SchemaRef {
    schema(columns(frame).iter().filter(|column| present(column, fields)))
}

/// The schema of a list of columns.
pub(super) fn schema<'a>(columns: impl Iterator<Item = &'a Column>) -> SchemaRef {
    let fields = columns.map(|column| ArrowField::new(column.name, column.kind.data_type(), !column.fields.is_empty()));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}
