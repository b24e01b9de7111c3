//! Where platforms were: a table for each, named by the sensors that they carry.
//!
//! A place that is wrong makes every measurement from it wrong, so nothing is put up with: a bad row is an error. Rows come in
//! any order. Sensors of one file are on one platform.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::catalogue::Catalogue;
use super::error::{At, IngestError};
use super::layout::Layout;
use super::reader::Source;
use super::recording::Opened;
use super::report::Reason;
use super::table::{Table, Time};
use super::truth::{optional, required, wrong};
use crate::sensor::{Kind, Platform, Pose, Quantity};
use crate::space::{Frame, Geodetic};

/// Rows of a table at most: some 1 GB.
const POSES_MOST: usize = 10_000_000;
/// Rows of a batch.
const BATCH_ROWS: usize = 65_536;

impl Catalogue {
    /// The files of its platforms, each once, in the order of their names.
    fn platform_files(&self) -> BTreeMap<String, Option<Arc<Platform>>> {
        let platforms = self.sensors.iter().filter_map(|sensor| sensor.kind.platform());
        platforms.map(|platform| (platform.file().to_owned(), None)).collect()
    }

    /// Opens and reads the tables of its platforms in `folder`.
    ///
    /// # Errors
    /// A file that is missing or cannot be read; what is wrong with a table, and in which row.
    pub(super) fn take_platforms(&mut self, folder: &Path) -> Result<Vec<Opened>, IngestError> {
        let mut opened = Vec::new();
        let mut platforms = self.platform_files();
        for (file, platform) in &mut platforms {
            let table = Opened::open(folder.join(file))?;
            *platform = Some(Arc::new(self.platform(file, &table)?));
            opened.push(table);
        }
        for sensor in &mut self.sensors {
            let of = sensor.kind.platform().and_then(|platform| platforms.get(platform.file()));
            if let Some(platform) = of.cloned().flatten() {
                sensor.kind = Kind::radar_on(platform);
            }
        }
        Ok(opened)
    }

    fn platform(&self, file: &str, opened: &Opened) -> Result<Platform, IngestError> {
        let layout = Layout::platform(self.frame, self.time, &self.dialects.platform);
        let mut source = Source::of(opened, opened.digested()?, layout, BATCH_ROWS)?;
        let (mut poses, mut times): (Vec<Pose>, Vec<(i64, At)>) = (Vec::new(), Vec::new());
        let line = |at: At, found: &str, wanted: &str| {
            let (path, found, wanted) = (opened.path.clone(), found.to_owned(), wanted.to_owned());
            IngestError::Line { path, at, found, wanted }
        };
        while let Some(mut table) = source.next()? {
            for row in 0..table.rows() {
                if poses.len() >= POSES_MOST {
                    let wanted = format!("at most {POSES_MOST}");
                    return Err(line(table.at(row), &format!("more than {POSES_MOST} rows"), &wanted));
                }
                let pose = pose(&table, row, self.frame)?;
                times.push((pose.time_us, table.at(row)));
                poses.push(pose);
            }
            table.broken.take().map_or(Ok(()), |(_, error)| Err(error))?;
        }
        times.sort_unstable();
        let pairs = times.iter().zip(times.iter().skip(1));
        if let Some(((_, other), (_, at))) = pairs.clone().find(|((before, _), (now, _))| before == now) {
            let found = format!("the time of {other} once more");
            return Err(line(*at, &found, "one row a time: a platform is in one place"));
        }
        Platform::new(file, self.frame, poses).map_err(|found| {
            let wanted = "two rows at least, which hold the times of its detections between them";
            line(times.last().map_or(At::Row(0), |(_, at)| *at), found, wanted)
        })
    }
}

fn pose(table: &Table, row: usize, frame: Frame) -> Result<Pose, IngestError> {
    use Quantity as Q;
    let time_us = match table.time.get(row) {
        Some(Time::Us(us)) => *us,
        Some(Time::Bad(found, reason)) => return Err(wrong(table, row, "time", *reason, Some(found.to_string()))),
        Some(Time::Missing) | None => return Err(wrong(table, row, "time", Reason::Missing, None)),
    };
    let has = |quantities: &[Q]| quantities.iter().any(|quantity| table.column(*quantity).is_some());
    let or_none = |quantity: Q| Ok::<_, IngestError>(optional(table, quantity, row)?.unwrap_or(0.0));
    let heading = if has(&[Q::Heading, Q::Pitch, Q::Roll]) { Some(required(table, Q::Heading, row)?) } else { None };
    let attitude_rad = match heading {
        Some(heading) => Some([heading, or_none(Q::Pitch)?, or_none(Q::Roll)?].map(f64::to_radians)),
        None => None,
    };
    match frame {
        Frame::Local => {
            let metres = [required(table, Q::X, row)?, required(table, Q::Y, row)?, or_none(Q::Z)?];
            let velocity_m_s = if has(&[Q::Vx, Q::Vy, Q::Vz]) {
                Some([required(table, Q::Vx, row)?, required(table, Q::Vy, row)?, or_none(Q::Vz)?])
            } else {
                None
            };
            Ok(Pose { time_us, metres, velocity_m_s, attitude_rad })
        }
        Frame::Geodetic => {
            let place = Geodetic {
                latitude_deg: required(table, Q::Latitude, row)?,
                longitude_deg: required(table, Q::Longitude, row)?,
                altitude_m: required(table, Q::Altitude, row)?,
            };
            let velocity_m_s = if has(&[Q::East, Q::North, Q::Up]) {
                let (e, n, u) = (required(table, Q::East, row)?, required(table, Q::North, row)?, or_none(Q::Up)?);
                let [east, north, up] = place.enu_axes();
                let along = |((east, north), up): ((f64, f64), f64)| e * east + n * north + u * up;
                let mut axes = east.into_iter().zip(north).zip(up).map(along);
                Some(std::array::from_fn(|_| axes.next().unwrap_or_default()))
            } else {
                None
            };
            Ok(Pose { time_us, metres: place.ecef(), velocity_m_s, attitude_rad })
        }
    }
}
