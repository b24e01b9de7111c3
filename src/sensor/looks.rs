//! When a sensor looked: what says that it saw nothing.
//!
//! That nothing was seen says something only of a time at which somebody looked. A scanner looks without a pause; one that
//! pauses, or is pointed, has its looks in a table; an antenna that turns looks sector by sector; whoever reports when it likes never looks.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::rotation::{Retimed, Rotation};
use super::{Reading, Sensor};

/// When a sensor looked.
#[derive(Clone, Debug, PartialEq)]
pub enum Looks {
    /// Without a pause: look k covers [k, k + 1) periods since time 0.
    Periodic {
        /// Length of one look, microseconds.
        period_us: i64,
    },
    /// In the looks of a table alone: between them nothing was looked at, and so nothing missed.
    Listed(Arc<[ListedLook]>),
    /// Sector by sector, as its antenna turns.
    Rotating(Rotation),
    /// Never: objects, or whoever watches them, report when they like. Silence says nothing of a place, and a report nothing
    /// of other objects.
    Reports {
        /// How often an object reports in the mean, microseconds.
        expected_interval_us: i64,
    },
}

/// A look of a table. Those of one sensor are in the order of time and do not overlap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ListedLook {
    /// When it began, microseconds.
    pub start_us: i64,
    /// When it ended.
    pub end_us: i64,
    /// The azimuths that it swept, clockwise from the first to the second, degrees; `None`: all that the sensor covers.
    pub sector_deg: Option<[f64; 2]>,
}

impl Looks {
    /// The place in the table of the look that holds a time: of two that meet there, the later one.
    #[must_use]
    pub fn listed_at(&self, time_us: i64) -> Option<usize> {
        let Self::Listed(looks) = self else { return None };
        let place = looks.partition_point(|look| look.start_us <= time_us).checked_sub(1)?;
        looks.get(place).is_some_and(|look| time_us <= look.end_us).then_some(place)
    }

    /// How often an object reports in the mean, microseconds, where objects report when they like.
    #[must_use]
    pub const fn expected_interval_us(&self) -> Option<i64> {
        match self {
            Self::Reports { expected_interval_us } => Some(*expected_interval_us),
            Self::Periodic { .. } | Self::Listed(_) | Self::Rotating(_) => None,
        }
    }

    /// How many looks it has at an object in a second, or reports of one, in the mean; 0 of a list that tells no time between
    /// two.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a mean")]
    pub fn per_s(&self) -> f64 {
        match self {
            Self::Periodic { period_us: us }
            | Self::Rotating(Rotation { period_us: us, .. })
            | Self::Reports { expected_interval_us: us } => 1e6 / (*us).max(1) as f64,
            Self::Listed(looks) => {
                let span = looks.first().zip(looks.last()).map(|(first, last)| last.start_us - first.start_us);
                span.filter(|us| *us > 0).map_or(0.0, |us| 1e6 * (looks.len() - 1) as f64 / us as f64)
            }
        }
    }

    /// How long it is from one look at an object to the next in the mean, or from one report to the next, seconds.
    pub(crate) fn interval_s(&self) -> Option<f64> {
        match self {
            Self::Periodic { period_us: us }
            | Self::Rotating(Rotation { period_us: us, .. })
            | Self::Reports { expected_interval_us: us } => Some(*us as f64 * 1e-6),
            Self::Listed(_) => Some(self.per_s()).filter(|per_s| *per_s > 0.0).map(f64::recip),
        }
    }

    /// The number of the look that holds a time; `None` of one that reports, and where nobody looked.
    #[must_use]
    pub(crate) fn number_at(&self, time_us: i64) -> Option<i64> {
        match self {
            Self::Periodic { period_us } => Some(time_us.div_euclid((*period_us).max(1))),
            Self::Listed(_) => i64::try_from(self.listed_at(time_us)?).ok(),
            Self::Rotating(rotation) => {
                rotation.look_at(time_us).filter(|look| look.start_us <= time_us).map(|look| look.number)
            }
            Self::Reports { .. } => None,
        }
    }

    /// The length of its looks at the whole of what it covers, where they have one.
    #[must_use]
    pub const fn period_us(&self) -> Option<i64> {
        match self {
            Self::Periodic { period_us } | Self::Rotating(Rotation { period_us, .. }) => Some(*period_us),
            Self::Listed(_) | Self::Reports { .. } => None,
        }
    }
}

impl ListedLook {
    /// Whether it swept an azimuth, in radians.
    #[must_use]
    pub fn swept(&self, azimuth_rad: f64) -> bool {
        self.sector_deg.is_none_or(|sector_deg| in_sector(sector_deg, azimuth_rad))
    }
}

/// Whether an azimuth in radians lies in a sector.
fn in_sector([from_deg, to_deg]: [f64; 2], azimuth_rad: f64) -> bool {
    /// What radians and back may lose of a degree.
    const LOST_DEG: f64 = 1e-9;
    if to_deg - from_deg >= 360.0 {
        return true;
    }
    let turn = |deg: f64| (deg - from_deg).rem_euclid(360.0);
    let past_deg = turn(azimuth_rad.to_degrees());
    past_deg <= turn(to_deg) + LOST_DEG || past_deg >= 360.0 - LOST_DEG
}

impl Sensor {
    /// The time that one of its rows is taken to be of: a sensor measures in its looks, where it swept. `None`: it cannot be.
    pub(crate) fn timed(&self, time_us: i64, reading: &Reading) -> Option<Retimed> {
        match (&self.looks, reading.azimuth_rad()) {
            (Looks::Periodic { .. } | Looks::Reports { .. }, _) => Some((time_us, false)),
            (Looks::Rotating(rotation), azimuth_rad) => rotation.timed(time_us, azimuth_rad?),
            (Looks::Listed(looks), azimuth_rad) => {
                let look = looks.get(self.looks.listed_at(time_us)?)?;
                azimuth_rad.is_none_or(|azimuth_rad| look.swept(azimuth_rad)).then_some((time_us, false))
            }
        }
    }

    /// How long its antenna takes for a sector, seconds, less than zero if it turns counterclockwise; `None` of what does not
    /// turn.
    pub(crate) fn sweep_s(&self) -> Option<f64> {
        if let Looks::Rotating(rotation) = &self.looks { Some(rotation.sweep_s()) } else { None }
    }

    /// The sectors that its looks may have swept, each once.
    pub(crate) fn sectors_deg(&self) -> Vec<[f64; 2]> {
        match &self.looks {
            Looks::Rotating(rotation) => (0..rotation.sectors).map(|sector| rotation.sector_deg(sector)).collect(),
            Looks::Listed(looks) => {
                let sectors =
                    looks.iter().filter_map(|look| look.sector_deg).map(|sector| (sector.map(f64::to_bits), sector));
                sectors.collect::<BTreeMap<_, _>>().into_values().collect()
            }
            Looks::Periodic { .. } | Looks::Reports { .. } => Vec::new(),
        }
    }

    /// Whether a point of engine coordinates lies in a sector about its site.
    #[cfg(test)]
    pub(crate) fn has_in_sector(&self, sector_deg: [f64; 2], metres: [f64; 3]) -> bool {
        let super::Kind::Radar { mount: super::Mount::Fixed { site_m, enu: [east, north, _] } } = &self.kind else {
            return true;
        };
        let [[x, y, z], [a, b, c]] = [metres, *site_m];
        let along = |[i, j, k]: [f64; 3]| i * (x - a) + j * (y - b) + k * (z - c);
        in_sector(sector_deg, libm::atan2(along(*east), along(*north)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_on_the_border_of_two_looks_is_of_the_later_one_and_the_end_of_a_look_is_in_it() {
        let look = |start_us, end_us| ListedLook { start_us, end_us, sector_deg: None };
        let looks = Looks::Listed([look(0, 10), look(10, 20), look(30, 30)].into());
        let found = [-1, 0, 9, 10, 20, 21, 29, 30, 31].map(|time_us| looks.listed_at(time_us));
        assert_eq!(found, [None, Some(0), Some(0), Some(1), Some(1), None, None, Some(2), None]);
    }

    #[test]
    fn a_sector_goes_clockwise_from_its_first_azimuth_to_its_second() {
        let swept = |sector_deg, azimuth_deg: f64| {
            ListedLook { start_us: 0, end_us: 1, sector_deg: Some(sector_deg) }.swept(azimuth_deg.to_radians())
        };
        let all = |sector_deg| [-10.0, 0.0, 45.0, 90.0, 180.0, 350.0, 360.0].map(|azimuth| swept(sector_deg, azimuth));
        assert_eq!(all([0.0, 90.0]), [false, true, true, true, false, false, true]);
        assert_eq!(all([350.0, 45.0]), [true, true, true, false, false, true, true]);
        assert_eq!(all([-10.0, 45.0]), [true, true, true, false, false, true, true]);
        assert_eq!(all([0.0, 360.0]), [true; 7]);
        assert_eq!(all([90.0, 90.0]), [false, false, false, true, false, false, false]);
    }
}
