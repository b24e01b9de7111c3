//! A finished picture, row by row in the order of the file (time, then track), or track by track.
//!
//! Track by track the picture is read once to count, and then once for every group of tracks that have at most
//! [`GROUP`] rows together: memory is bounded by that, by the longest track and by the number of tracks, and not by
//! the number of rows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{ArrowPrimitiveType, Float32Type, Float64Type, TimestampMicrosecondType, UInt64Type};
use arrow_array::{Array, ListArray, PrimitiveArray, RecordBatch, StringArray};
use arrow_schema::SchemaRef;

use super::ExportError;
use crate::product::{ProductError, read_batches, read_schema};
use crate::space::{Frame, Geodetic};

/// Rows that are held at once, about 60 MB.
const GROUP: usize = 1 << 18;

/// A track at a time, as the picture shows it: `None` is withheld or not known.
#[derive(Clone, Debug)]
pub(super) struct Row {
    /// Microseconds since 1970, or since the recording's epoch.
    pub(super) time_us: i64,
    pub(super) track: u64,
    pub(super) confirmed: bool,
    /// Latitude, longitude, altitude in degrees and metres; or x, y, z in metres.
    pub(super) position: [f64; 3],
    pub(super) existence: Option<f32>,
    /// East, north, up or x, y, z in metres a second.
    pub(super) velocity: Option<[f32; 3]>,
    /// ee, en, eu, nn, nu, uu in square metres.
    pub(super) covariance: Option<[f32; 6]>,
    pub(super) identity: Option<Arc<str>>,
    pub(super) contributors: Option<Texts>,
    pub(super) authorities: Texts,
    pub(super) holders: Option<Texts>,
}

/// A list of texts; equal ones are one in memory.
pub(super) type Texts = Arc<[String]>;

impl Row {
    /// The position as kepler, Cesium and their like have it: longitude, latitude, altitude.
    pub(super) fn lon_lat_alt(&self) -> [f64; 3] {
        let [latitude, longitude, altitude] = self.position;
        [longitude, latitude, altitude]
    }

    /// The standard deviation on the ground along its largest axis, metres.
    pub(super) fn circular_m(&self) -> Option<f64> {
        let [ee, en, _, nn, _, _] = self.covariance?.map(f64::from);
        let (mean, half) = (f64::midpoint(ee, nn), (ee - nn) / 2.0);
        Some((mean + (half * half + en * en).sqrt()).sqrt())
    }

    /// The standard deviation of the height, metres.
    pub(super) fn vertical_m(&self) -> Option<f64> {
        let [_, _, _, _, _, uu] = self.covariance?;
        Some(f64::from(uu).sqrt())
    }

    /// Degrees clockwise from north, and metres a second over ground.
    pub(super) fn course_and_speed(&self) -> Option<(f64, f64)> {
        let [east, north, _] = self.velocity?.map(f64::from);
        let course = libm::atan2(east, north).to_degrees();
        Some((if course < 0.0 { course + 360.0 } else { course }, libm::hypot(east, north)))
    }

    /// The lists that are there, each with the name of one of its texts.
    pub(super) fn lists(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        let lists = [
            ("contributor", self.contributors.as_deref()),
            ("authority", Some(&*self.authorities)),
            ("holder", self.holders.as_deref()),
        ];
        lists.into_iter().filter_map(|(name, texts)| Some((name, texts?)))
    }

    /// Its status as the picture has it.
    pub(super) fn status(&self) -> &'static str {
        if self.confirmed { "confirmed" } else { "tentative" }
    }
}

/// The picture in a partner's folder.
#[derive(Debug)]
pub(super) struct Source<'a> {
    folder: &'a Path,
    schema: SchemaRef,
    frame: Frame,
}

impl<'a> Source<'a> {
    pub(super) fn open(folder: &'a Path) -> Result<Self, ExportError> {
        let schema = read_schema(folder)?;
        let frame = if schema.field_with_name("latitude_deg").is_ok() { Frame::Geodetic } else { Frame::Local };
        Ok(Self { folder, schema, frame })
    }

    pub(super) fn frame(&self) -> Frame {
        self.frame
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// The rows as Arrow batches.
    pub(super) fn batches(
        &self,
    ) -> Result<impl Iterator<Item = Result<RecordBatch, ExportError>> + use<'_>, ExportError> {
        let failed = |source| ExportError::Rows { path: self.folder.to_owned(), source };
        Ok(read_batches(self.folder)?.map(move |batch| batch.map_err(failed)))
    }

    /// Every row in its order.
    pub(super) fn each(&self, mut take: impl FnMut(Row) -> Result<(), ExportError>) -> Result<(), ExportError> {
        let mut lists = BTreeSet::new();
        for batch in self.batches()? {
            let batch = batch?;
            let columns = Columns::of(&batch, self)?;
            (0..batch.num_rows()).try_for_each(|row| take(columns.row(row, &mut lists)))?;
        }
        Ok(())
    }

    /// How many rows each track has.
    pub(super) fn counts(&self) -> Result<BTreeMap<u64, usize>, ExportError> {
        let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
        self.each(|row| {
            *counts.entry(row.track).or_default() += 1;
            Ok(())
        })?;
        Ok(counts)
    }

    /// The times of the rows in their order, each once.
    pub(super) fn times(&self) -> Result<Vec<i64>, ExportError> {
        let mut times = Vec::new();
        self.each(|row| {
            times.extend((times.last() != Some(&row.time_us)).then_some(row.time_us));
            Ok(())
        })?;
        Ok(times)
    }

    /// The place of a row in metres, Earth-centred or the recording's own.
    pub(super) fn metres(&self, row: &Row) -> [f64; 3] {
        let [a, b, c] = row.position;
        match self.frame {
            Frame::Geodetic => Geodetic { latitude_deg: a, longitude_deg: b, altitude_m: c }.ecef(),
            Frame::Local => row.position,
        }
    }

    /// Every track in the order of its number, which is that of their births, with its rows in the order of time.
    pub(super) fn by_track(&self, mut take: impl FnMut(&[Row]) -> Result<(), ExportError>) -> Result<(), ExportError> {
        let mut waiting = self.counts()?.into_iter().peekable();
        while let Some((first, mut sum)) = waiting.next() {
            let mut last = first;
            while let Some((track, count)) = waiting.next_if(|(_, count)| sum + count <= GROUP) {
                (last, sum) = (track, sum + count);
            }
            let mut rows = Vec::with_capacity(sum);
            self.each(|row| {
                rows.extend((first..=last).contains(&row.track).then_some(row));
                Ok(())
            })?;
            rows.sort_by_key(|row| row.track);
            rows.chunk_by(|a, b| a.track == b.track).try_for_each(&mut take)?;
        }
        Ok(())
    }
}

/// The columns of a batch that have a meaning here.
struct Columns<'a> {
    time: &'a PrimitiveArray<TimestampMicrosecondType>,
    track: &'a PrimitiveArray<UInt64Type>,
    status: &'a StringArray,
    position: [&'a PrimitiveArray<Float64Type>; 3],
    existence: Option<&'a PrimitiveArray<Float32Type>>,
    velocity: Option<[&'a PrimitiveArray<Float32Type>; 3]>,
    covariance: Option<[&'a PrimitiveArray<Float32Type>; 6]>,
    identity: Option<&'a StringArray>,
    contributors: Option<&'a ListArray>,
    authorities: Option<&'a ListArray>,
    holders: Option<&'a ListArray>,
}

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch, source: &Source<'_>) -> Result<Self, ExportError> {
        let (places, axes, pairs) = match source.frame {
            Frame::Geodetic => (
                ["latitude_deg", "longitude_deg", "altitude_m"],
                ["east", "north", "up"],
                ["ee", "en", "eu", "nn", "nu", "uu"],
            ),
            Frame::Local => (["x_m", "y_m", "z_m"], ["x", "y", "z"], ["xx", "xy", "xz", "yy", "yz", "zz"]),
        };
        let missing = |column: &str, wanted| {
            let (place, found) = (source.folder.display().to_string(), "no such column".to_owned());
            ExportError::Product(ProductError::Column { place, column: column.to_owned(), found, wanted })
        };
        let column = |name: &str| batch.column_by_name(name);
        let [x, y, z] = places.map(|name| primitive(batch, name).ok_or_else(|| missing(name, "float64")));
        Ok(Self {
            time: primitive(batch, "time").ok_or_else(|| missing("time", "a timestamp in microseconds"))?,
            track: primitive(batch, "track").ok_or_else(|| missing("track", "uint64"))?,
            status: column("status").and_then(|it| it.as_string_opt()).ok_or_else(|| missing("status", "text"))?,
            position: [x?, y?, z?],
            existence: primitive(batch, "existence"),
            velocity: all(axes.map(|axis| primitive(batch, &format!("velocity_{axis}_m_s")))),
            covariance: all(pairs.map(|pair| primitive(batch, &format!("position_covariance_{pair}_m2")))),
            identity: column("identity").and_then(|it| it.as_string_opt()),
            contributors: column("contributors").and_then(|it| it.as_list_opt()),
            authorities: column("authorities").and_then(|it| it.as_list_opt()),
            holders: column("holders").and_then(|it| it.as_list_opt()),
        })
    }

    fn row(&self, row: usize, lists: &mut BTreeSet<Texts>) -> Row {
        let mut list = |column: Option<&ListArray>| texts(column?, row, lists);
        Row {
            time_us: self.time.value(row),
            track: self.track.value(row),
            confirmed: self.status.value(row) == "confirmed",
            position: self.position.map(|column| column.value(row)),
            existence: self.existence.and_then(|column| value(column, row)),
            velocity: self.velocity.and_then(|columns| all(columns.map(|column| value(column, row)))),
            covariance: self.covariance.and_then(|columns| all(columns.map(|column| value(column, row)))),
            identity: self.identity.filter(|column| column.is_valid(row)).map(|column| column.value(row).into()),
            contributors: list(self.contributors),
            authorities: list(self.authorities).unwrap_or_default(),
            holders: list(self.holders),
        }
    }
}

fn primitive<'a, T: ArrowPrimitiveType>(batch: &'a RecordBatch, name: &str) -> Option<&'a PrimitiveArray<T>> {
    batch.column_by_name(name)?.as_primitive_opt()
}

/// All of them, or none.
fn all<T: Copy, const N: usize>(parts: [Option<T>; N]) -> Option<[T; N]> {
    let whole: Vec<T> = parts.into_iter().collect::<Option<_>>()?;
    whole.try_into().ok()
}

fn value<T: ArrowPrimitiveType>(column: &PrimitiveArray<T>, row: usize) -> Option<T::Native> {
    column.is_valid(row).then(|| column.value(row))
}

fn texts(column: &ListArray, row: usize, lists: &mut BTreeSet<Texts>) -> Option<Texts> {
    let values = column.is_valid(row).then(|| column.value(row))?;
    let list: Vec<String> = values.as_string_opt::<i32>()?.iter().flatten().map(str::to_owned).collect();
    if let Some(known) = lists.get(list.as_slice()) {
        return Some(Arc::clone(known));
    }
    let new: Texts = list.into();
    lists.insert(Arc::clone(&new));
    Some(new)
}
