//! Rows to looks to scans, once more from docs/formats.md and docs/pictures.md.
//!
//! Look k of a sensor covers [k, k + 1) of its periods since time 0; one whose looks are listed has those of its table, and
//! one whose antenna turns has a look a sector, the scan of which is at its end; one that reports has its reports, shared out by the second among scans such that those near each other are in different
//! ones. Looks follow each other in the order of their ends and then of their sensors' names, from the one that holds the
//! first detection to the one that holds the last; each is a scan, empty ones too, but for those in which the sensor rests.

use super::GuardError;
use crate::ingest::Catalogue;
use crate::sensor::{Looks, Rotation, Sensor, Turns};
use crate::space::TILE_M;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// The reports of so long are shared out together, microseconds.
const WINDOW_US: i64 = 1_000_000;

/// What looks see of a detection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) time_us: i64,
    /// When it was made, if its sensor's clock is ahead as a calibration has it.
    pub(super) at_us: i64,
    pub(super) sensor: u32,
    /// The tile of its place, and its greatest standard deviation.
    pub(super) tile: [i32; 3],
    pub(super) sigma_m: f32,
}

/// A look that is not over yet.
#[derive(Debug)]
struct Open {
    sensor: u32,
    start_us: i64,
    end_us: i64,
    rows: Vec<usize>,
}

/// What of a configuration decides how scans are formed, in the 32 bits in which it counts.
#[derive(Clone, Copy, Debug)]
pub(super) struct Forming {
    /// Of what nothing has detected yet, m/s.
    speed_m_s: f32,
    /// What a lane is taken to have of a sensor's detections, where rules may withhold a part.
    shared_share: f32,
}

impl Forming {
    /// As a configuration has it.
    #[expect(clippy::cast_possible_truncation, reason = "a configuration has it in 32 bits")]
    pub(super) fn of(configuration: &Value) -> Result<Self, GuardError> {
        let number = |key| {
            let found = configuration.pointer(key).and_then(Value::as_f64);
            found.map(|number| number as f32).ok_or(GuardError::Configuration { key })
        };
        Ok(Self {
            speed_m_s: number("/fusion/undetected/speed_m_s")?,
            shared_share: number("/fusion/detectability/shared_share")?,
        })
    }
}

/// The time of every scan, and the detections in it by number.
pub(super) fn scans(catalogue: &Catalogue, seen: &[Seen], forming: Forming) -> Vec<(i64, Vec<usize>)> {
    let mut scans: Vec<(i64, Vec<usize>)> = Vec::new();
    let Some(last_us) = seen.iter().map(|row| row.time_us).max() else { return scans };
    let mut rows = seen.iter().enumerate().peekable();
    let first_us = rows.peek().map_or(last_us, |(_, row)| row.time_us);
    let sensors: BTreeSet<u32> = seen.iter().map(|row| row.sensor).collect();
    // Sensors of one view see the same objects; of one view no part is withheld that matters.
    let view_of = |sensor: &Sensor| sensor.view.clone().ok_or_else(|| sensor.name.clone());
    let used = sensors.iter().filter_map(|sensor| catalogue.sensors.get(*sensor as usize));
    let has_views = used.map(view_of).collect::<BTreeSet<_>>().len() > 1;
    let share = if has_views { forming.shared_share } else { 1.0 };
    let mut open: BTreeMap<(i64, &str), Open> = BTreeMap::new();
    for (number, sensor) in (0u32..).zip(&catalogue.sensors).filter(|(number, _)| sensors.contains(number)) {
        begin(&mut open, (number, sensor), first_us);
    }
    let mut placed_us = first_us;
    while let Some((&(until_us, _), look)) = open.first_key_value() {
        match rows.peek() {
            Some((number, row)) if row.time_us < until_us => {
                let of_sensor = open.values_mut().find(|look| look.sensor == row.sensor);
                if let Some(look) = of_sensor.filter(|look| look.start_us <= row.time_us) {
                    look.rows.push(*number);
                    placed_us = placed_us.max(row.time_us);
                }
                rows.next();
            }
            // It begins after the last row; the look of a slower sensor may still hold rows.
            None if look.start_us > last_us => drop(open.pop_first()),
            _ => {
                let Some((_, look)) = open.pop_first() else { return scans };
                let Some(sensor) = catalogue.sensors.get(look.sensor as usize) else { return scans };
                let next_row_us = rows.peek().map_or(last_us, |(_, row)| row.time_us);
                let next_us = match &sensor.looks {
                    Looks::Periodic { period_us } => {
                        let gap = [placed_us, next_row_us].map(|us| us.div_euclid(*period_us));
                        after_rest(until_us.div_euclid(*period_us), (misses(sensor, share), 128), gap)
                            .checked_mul(*period_us)
                    }
                    Looks::Rotating(turning) if let Some(turn) = Turn::of(turning) => {
                        let gap = [placed_us, next_row_us].map(|us| turn.number(us));
                        let every = i64::from(turning.sectors);
                        let next = after_rest(turn.number(until_us), (misses(sensor, share) * every, 128 * every), gap);
                        turn.begins(next)
                    }
                    Looks::Listed(_) | Looks::Rotating(_) => Some(until_us),
                    Looks::Reports { .. } => Some(until_us.max(next_row_us)),
                };
                let sets = match sensor.looks {
                    Looks::Reports { .. } => shared_out(look.rows, seen, forming.speed_m_s),
                    _ => vec![look.rows],
                };
                for rows in sets {
                    let times = rows.iter().filter_map(|row| seen.get(*row)).map(|row| row.at_us);
                    let end_us = if matches!(sensor.looks, Looks::Rotating(_)) { look.end_us } else { i64::MIN };
                    let own_us = times.max().map_or(look.end_us, |latest_us| latest_us.max(end_us));
                    let before_us = scans.last().map_or(own_us, |(time_us, _)| *time_us);
                    scans.push((own_us.max(before_us), rows));
                }
                if let Some(next_us) = next_us {
                    begin(&mut open, (look.sensor, sensor), next_us);
                }
            }
        }
    }
    scans
}

/// Opens the look of a sensor that holds a time or, of a list, the next one.
fn begin<'a>(open: &mut BTreeMap<(i64, &'a str), Open>, (number, sensor): (u32, &'a Sensor), time_us: i64) {
    let whole = |period_us: i64| {
        let start_us = time_us.div_euclid(period_us) * period_us;
        start_us.checked_add(period_us).map(|end_us| (start_us, end_us, end_us))
    };
    let look = match &sensor.looks {
        Looks::Periodic { period_us } => whole(*period_us),
        Looks::Reports { .. } => whole(WINDOW_US),
        Looks::Rotating(turning) => sector_at(turning, time_us).map(|[start_us, end_us]| (start_us, end_us, end_us)),
        Looks::Listed(looks) => {
            // Its last moment belongs to it, unless another one begins then.
            let until = |place: usize| {
                let past_us = looks.get(place)?.end_us + 1;
                Some(looks.get(place + 1).map_or(past_us, |next| past_us.min(next.start_us)))
            };
            let begun = looks.partition_point(|look| look.start_us <= time_us);
            let place = begun.checked_sub(1).filter(|place| until(*place).is_some_and(|us| us > time_us));
            let place = place.unwrap_or(begun);
            looks.get(place).zip(until(place)).map(|(look, until_us)| (look.start_us, look.end_us, until_us))
        }
    };
    if let Some((start_us, end_us, until_us)) = look {
        open.insert((until_us, &sensor.name), Open { sensor: number, start_us, end_us, rows: Vec::new() });
    }
}

/// Revolutions without a pause, cut into as many looks as sectors: look k begins k · period / sectors after north, rounded down.
struct Turn {
    north_us: i128,
    period_us: i128,
    sectors: i128,
}

impl Turn {
    fn of(turning: &Rotation) -> Option<Self> {
        let Turns::Steady { north_us } = turning.turns else { return None };
        Some(Self { north_us: north_us.into(), period_us: turning.period_us.into(), sectors: turning.sectors.into() })
    }

    fn begins(&self, number: i64) -> Option<i64> {
        i64::try_from(self.north_us + (i128::from(number) * self.period_us).div_euclid(self.sectors)).ok()
    }

    /// The number of the look that holds a time: the last one that has begun.
    fn number(&self, time_us: i64) -> i64 {
        let since = (i128::from(time_us) - self.north_us + 1) * self.sectors - 1;
        i64::try_from(since.div_euclid(self.period_us)).unwrap_or_default()
    }
}

/// The look at a sector that holds a time, or the first one after it.
fn sector_at(turning: &Rotation, time_us: i64) -> Option<[i64; 2]> {
    if let Some(turn) = Turn::of(turning) {
        let number = turn.number(time_us);
        return Some([turn.begins(number)?, turn.begins(number.checked_add(1)?)?]);
    }
    let Turns::Listed(turns) = &turning.turns else { return None };
    let [from_us, to_us] = *turns.iter().find(|[_, to_us]| *to_us > time_us)?;
    let sectors = i64::from(turning.sectors);
    let border_us = |k: i64| {
        let part_us = i128::from(to_us - from_us) * i128::from(k) / i128::from(sectors);
        i64::try_from(i128::from(from_us) + part_us).ok()
    };
    let looks = (0..sectors).map(|k| Some([border_us(k)?, border_us(k + 1)?]));
    looks.flatten().find(|[_, end_us]| *end_us > time_us)
}

/// The reports of one window, those of every scan.
///
/// Cells are cubes of 1,024 · 2ᵏ m with the least k by which they are at least six times what `speed_m_s` makes in the
/// window and twice the greatest standard deviation. A report is in the first scan after all that hold one in its cell or
/// in one that touches it.
fn shared_out(rows: Vec<usize>, seen: &[Seen], speed_m_s: f32) -> Vec<Vec<usize>> {
    let rows: Vec<(usize, &Seen)> = rows.into_iter().filter_map(|row| Some((row, seen.get(row)?))).collect();
    let sigma_m = rows.iter().map(|(_, row)| row.sigma_m).fold(0.0, f32::max);
    let least_m = 6.0 * (f64::from(speed_m_s) * WINDOW_US as f64 * 1e-6 + 2.0 * f64::from(sigma_m));
    let (mut k, mut edge_m) = (0, TILE_M);
    while edge_m < least_m && k < 30 {
        (k, edge_m) = (k + 1, 2.0 * edge_m);
    }
    let mut sets: Vec<Vec<usize>> = Vec::new();
    let mut last: BTreeMap<[i32; 3], usize> = BTreeMap::new();
    for (number, row) in rows {
        let cell = row.tile.map(|tile| tile.div_euclid(1 << k));
        let mut set = 0;
        for step in 0..27 {
            let [x, y, z] = cell;
            let near =
                [x.saturating_add(step / 9 - 1), y.saturating_add(step / 3 % 3 - 1), z.saturating_add(step % 3 - 1)];
            set = last.get(&near).map_or(set, |last| set.max(last + 1));
        }
        last.insert(cell, set);
        if sets.len() == set {
            sets.push(Vec::new());
        }
        if let Some(set) = sets.get_mut(set) {
            set.push(number);
        }
    }
    sets
}

/// How many looks must miss in a row before a track of odds 10³⁰ has less than 10⁻⁶, where a share of what they detect is
/// given; from 8 to 1,024.
#[expect(clippy::cast_possible_truncation, reason = "at most 1,024")]
fn misses(sensor: &Sensor, share: f32) -> i64 {
    (36.0 / libm::log10(1.0 - f64::from(share) * sensor.detection_probability).abs()).ceil().clamp(8.0, 1024.0) as i64
}

/// The number of the look that is taken where `next` would be, between the looks that hold one row and the next one: of
/// at least `least` more than twice `misses`, only so many of the first and of the last.
fn after_rest(next: i64, (misses, least): (i64, i64), [before, after]: [i64; 2]) -> i64 {
    let empty = after.saturating_sub(before) - 1;
    let [from, to] = [before + 1 + misses, after - misses];
    if empty - 2 * misses >= least && next >= from && next < to { to } else { next }
}
