//! How the looks of a sensor follow each other: which one holds a time, and how many of them can matter in a rest.

use super::looks::WINDOW_US;
use crate::sensor::{ListedLook, Looks, Rotation, SectorLook, Sensor, Turns};
use std::sync::Arc;

/// Looks that are taken at least, and at most, on either side of a rest.
const TAKEN: [f64; 2] = [8.0, 1024.0];
/// Powers of ten from the odds of the most certain track, 10³⁰, to those that no threshold is below, 10⁻⁶.
const DECADES: f64 = 36.0;

/// How the looks of a sensor follow each other.
#[derive(Debug)]
pub(super) enum Plan {
    /// Each as long; so many are taken on either side of a rest.
    Periodic { period_us: i64, taken: i64 },
    /// As a table has them; the place of the open one.
    Listed { looks: Arc<[ListedLook]>, place: usize },
    /// Sector by sector; the number of the open one, and how many are taken on either side of a rest.
    Rotating { rotation: Rotation, taken: i64, number: i64 },
    /// None; windows of reports.
    Reports,
    /// This one, told as a whole.
    Told(ListedLook),
}

impl Plan {
    pub(super) fn of(sensor: &Sensor, least_share: f32) -> Self {
        match &sensor.looks {
            Looks::Periodic { period_us } => {
                Self::Periodic { period_us: (*period_us).max(1), taken: taken(sensor, least_share) }
            }
            Looks::Listed(looks) => Self::Listed { looks: Arc::clone(looks), place: 0 },
            Looks::Rotating(rotation) => {
                let taken = taken(sensor, least_share) * i64::from(rotation.sectors);
                Self::Rotating { rotation: rotation.clone(), taken, number: 0 }
            }
            Looks::Reports { .. } => Self::Reports,
        }
    }

    /// When the look begins that holds a time, and from when on it holds none; of a list, the next one if none does. `None`
    /// after the last one.
    pub(super) fn look_at(&mut self, time_us: i64) -> Option<[i64; 2]> {
        let (looks, place) = match self {
            Self::Periodic { period_us, .. } => return window(time_us, *period_us),
            Self::Reports => return window(time_us, WINDOW_US),
            Self::Told(_) => return None,
            Self::Rotating { rotation, number, .. } => {
                let look = rotation.look_at(time_us)?;
                *number = look.number;
                return Some([look.start_us, look.end_us]);
            }
            Self::Listed { looks, place } => (looks, place),
        };
        *place = looks.partition_point(|look| look.end_us < time_us);
        while listed_until(looks, *place)? <= time_us {
            *place += 1;
        }
        Some([looks.get(*place)?.start_us, listed_until(looks, *place)?])
    }
}

/// From when on a listed look holds no row: its end is in it, unless the next one begins there.
fn listed_until(looks: &[ListedLook], place: usize) -> Option<i64> {
    let past_us = looks.get(place)?.end_us.saturating_add(1);
    Some(looks.get(place + 1).map_or(past_us, |next| next.start_us.min(past_us)))
}

/// The window of a length that holds a time.
fn window(time_us: i64, period_us: i64) -> Option<[i64; 2]> {
    let number = time_us.div_euclid(period_us);
    Some([number.checked_mul(period_us)?, number.checked_add(1)?.checked_mul(period_us)?])
}

/// When the first and the last look of a sensor begin that meet a span of time.
#[must_use]
pub(super) fn looks_between(sensor: &Sensor, span_us: [i64; 2]) -> [i64; 2] {
    let period_us = match &sensor.looks {
        Looks::Periodic { period_us } => (*period_us).max(1),
        Looks::Reports { .. } => WINDOW_US,
        Looks::Rotating(rotation) => return turned_between(rotation, span_us),
        Looks::Listed(looks) => {
            let [first_us, last_us] = span_us;
            let first = looks.get(looks.partition_point(|look| look.end_us < first_us));
            let last = looks.partition_point(|look| look.start_us <= last_us).checked_sub(1);
            let last = last.and_then(|place| looks.get(place));
            return [first.map_or(first_us, |look| look.start_us), last.map_or(last_us, |look| look.start_us)];
        }
    };
    span_us.map(|us| us.div_euclid(period_us).saturating_mul(period_us))
}

/// The same of an antenna that turns.
fn turned_between(rotation: &Rotation, [first_us, last_us]: [i64; 2]) -> [i64; 2] {
    let first = rotation.look_at(first_us);
    let last = match (&rotation.turns, rotation.look_at(last_us)) {
        (_, Some(look)) if look.start_us <= last_us => Some(look),
        (_, Some(look)) => rotation.look(look.number - 1),
        (Turns::Listed(turns), None) => {
            i64::try_from(turns.len()).ok().and_then(|turns| rotation.look(turns * i64::from(rotation.sectors) - 1))
        }
        (Turns::Steady { .. }, None) => None,
    };
    let start_us = |look: Option<SectorLook>, us: i64| look.map_or(us, |look| look.start_us);
    [start_us(first, first_us), start_us(last, last_us)]
}

/// How many looks in a row must miss before no track that they cover can be left, also where a part is withheld.
#[expect(clippy::cast_possible_truncation, reason = "within `TAKEN`")]
pub(super) fn taken(sensor: &Sensor, least_share: f32) -> i64 {
    let [least, most] = TAKEN;
    let misses = DECADES / libm::log10(1.0 - f64::from(least_share) * sensor.detection_probability).abs();
    misses.ceil().clamp(least, most) as i64
}
