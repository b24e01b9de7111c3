//! Looks of sensors: one lane's rows in time order become, for every sensor, one look after another, empty ones too.
//!
//! Rows are pushed as they come; a look is over once a later row, or the word of whoever pushes, says so.
//!
//! Look k of a sensor covers [k, k + 1) periods since time 0, whatever was recorded, unless the sensor lists its looks:
//! then there are these and no others. An antenna that turns has a look a sector. Looks come out in the order of their ends, then of their sensors' names. A lane forms
//! its looks from its own rows alone: a row that it may not see can neither end one of its looks nor make one of its rows
//! late.
//!
//! A sensor *rests* in a long stretch without a row of its lane. Of its periodic looks there, the first ones are taken, as
//! many as must miss in a row before no track that they cover can be left, and as many of the last ones, after which the
//! field of undetected targets knows no more of what was before; those between would find nothing to change, and are left
//! out.
//!
//! Reports stand alone: a look holds an object at most once, but who reports when it likes may do so twice in a moment. The
//! reports of a second are shared out among scans such that no two of one scan may be of one object ([`apart`]); a second
//! without any is no look. So the cost follows the reports of the busiest place, not their number.

use super::corrections::Corrections;
use super::plan::Plan;
use crate::ingest::Identities;
use crate::sensor::{ListedLook, Measurement, Rotation, Sensor, Turns};
use crate::space::{Place, TILE_M};
use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};

/// One detection, as a look holds it.
#[derive(Clone, Copy, Debug)]
pub struct Row {
    /// When, microseconds.
    pub time_us: i64,
    /// Index of the sensor in the catalogue.
    pub sensor: usize,
    /// Measured position.
    pub place: Place,
    /// How it was measured.
    pub measurement: Measurement,
    /// Place of its owner and label among the lane's sources.
    pub source: u8,
    /// The number of the address that its target sent, as [`Scans::identity`](super::Scans::identity) gives it; 0 for none.
    pub identity: u32,
    /// Its number among the rows of its lane, where somebody counts them.
    pub number: u64,
}

impl Row {
    /// The order of rows of one sensor, whatever that in a file: of times, what was measured, addresses and sources.
    fn compare(&self, other: &Self, identities: &Identities) -> Ordering {
        let name = |row: &Self| identities.name(row.identity);
        self.compare_measured(other).then_with(|| name(self).cmp(name(other))).then(self.source.cmp(&other.source))
    }

    /// That of their times, then of what was measured.
    pub(crate) fn compare_measured(&self, other: &Self) -> Ordering {
        (self.time_us.cmp(&other.time_us))
            .then_with(|| self.measurement.compare(&self.place, (&other.measurement, &other.place)))
    }
}

/// One look of one sensor.
#[derive(Debug)]
pub struct Look {
    /// Index of the sensor in the catalogue.
    pub sensor: usize,
    /// When it began, microseconds.
    pub start_us: i64,
    /// When it ended.
    pub end_us: i64,
    /// The azimuths that it swept, clockwise from the first to the second, degrees; `None`: all that the sensor covers.
    pub sector_deg: Option<[f64; 2]>,
    /// The time of its scan: that of its latest detection, corrected where the lane's are, or the end of an empty look or one at a
    /// sector; never before the scan before.
    pub time_us: i64,
    /// What it detected, as it came, in the order of time; detections of one time in an order that only they decide.
    pub rows: Vec<Row>,
    /// Whether some looks between the lane's last row and this one were left out.
    pub after_rest: bool,
}

/// Detections that a look may hold: some 4 GB, with what fusion makes of them.
pub(super) const LOOK_ROWS_MAX: usize = 10_000_000;
/// Looks that a rest leaves out at least: a shorter one is not worth it.
const REST_MIN: i64 = 128;
/// The reports of so long are shared out among scans together, microseconds.
pub(super) const WINDOW_US: i64 = 1_000_000;
/// Standard deviations, of the speed of what nothing has detected yet and of either place, within which two reports of a
/// window may be of one object.
const NEAR_SIGMAS: f64 = 6.0;

/// Forms the looks of one lane; holds no more than the looks that are still open and the rows not yet placed.
#[derive(Debug)]
pub(super) struct Forming {
    /// By when the open look is over, then rank of the sensor's name.
    open: BTreeMap<(i64, usize), Open>,
    ends: BTreeMap<usize, (i64, usize)>,
    /// The rank of each sensor's name.
    ranks: BTreeMap<usize, usize>,
    waiting: VecDeque<Row>,
    /// The addresses of the lane's rows.
    pub(super) identities: Identities,
    /// Looks that are over.
    ready: VecDeque<Look>,
    /// Standard deviation of the speed of what nothing has detected yet, m/s.
    speed_m_s: f32,
    /// Time of the last row that was placed.
    placed_us: i64,
    /// Time of the last scan.
    scanned_us: Option<i64>,
    /// No row before it follows; after the end, the time of the last one.
    known_us: i64,
    resting: bool,
    ended: bool,
    late: u64,
    corrections: Corrections,
    /// Detections that a look may hold, and a sensor whose look had more.
    rows_max: usize,
    overfull: Option<usize>,
}

#[derive(Debug)]
struct Open {
    sensor: usize,
    start_us: i64,
    plan: Plan,
    rows: Vec<Row>,
}

/// Reports of a window, those of each scan in the order of rows.
///
/// Two reports are near if they are in cells that touch, cubes of the engine's axes, which are tiles or the least power of
/// two of them that something of `speed_m_s` cannot leave within a window, six standard deviations of it and of two places
/// allowed. Each goes into the scan after the last one that holds a report near it: so those of one object, whoever sent
/// them, are in different scans, in their order.
fn apart(mut rows: Vec<Row>, speed_m_s: f32, identities: &Identities) -> Vec<Vec<Row>> {
    rows.sort_by(|a, b| a.compare(b, identities));
    let sigma_m = rows.iter().flat_map(|row| row.measurement.sigma_m).fold(0.0, f32::max);
    let reach_m = NEAR_SIGMAS * (f64::from(speed_m_s) * WINDOW_US as f64 * 1e-6 + 2.0 * f64::from(sigma_m));
    let doublings = (0_u32..30).find(|k| TILE_M * f64::from(1_u32 << *k) >= reach_m).unwrap_or(30);
    let mut scans: Vec<Vec<Row>> = Vec::new();
    // By cell the first scan that holds no report in it, nor will hold an earlier one.
    let mut free: BTreeMap<[i32; 3], usize> = BTreeMap::new();
    for row in rows {
        let [i, j, k] = row.place.tile.map(|tile| tile >> doublings);
        let around = |at: i32| at.saturating_sub(1)..=at.saturating_add(1);
        let cells = around(i).flat_map(|i| around(j).flat_map(move |j| around(k).map(move |k| [i, j, k])));
        let scan = cells.filter_map(|cell| free.get(&cell)).copied().max().unwrap_or(0);
        free.insert([i, j, k], scan + 1);
        match scans.get_mut(scan) {
            Some(scan) => scan.push(row),
            None => scans.push(vec![row]),
        }
    }
    scans
}

impl Forming {
    /// Begins with the looks of `sensors` that hold `first_us`; `speed_m_s` is that of what nothing has detected yet,
    /// `least_share` the least that the lane is taken to have of a sensor's detections where it may have any.
    #[must_use]
    pub(super) fn new(mut sensors: Vec<(usize, &Sensor)>, first_us: i64, (speed_m_s, least_share): (f32, f32)) -> Self {
        let mut forming = Self {
            open: BTreeMap::new(),
            ends: BTreeMap::new(),
            ranks: BTreeMap::new(),
            waiting: VecDeque::new(),
            identities: Identities::default(),
            ready: VecDeque::new(),
            speed_m_s,
            placed_us: first_us,
            scanned_us: None,
            known_us: first_us,
            resting: false,
            ended: false,
            late: 0,
            corrections: Corrections::default(),
            rows_max: LOOK_ROWS_MAX,
            overfull: None,
        };
        sensors.sort_by(|a, b| a.1.name.cmp(&b.1.name));
        for (rank, (number, sensor)) in sensors.into_iter().enumerate() {
            forming.ranks.insert(number, rank);
            forming.open(first_us, rank, (number, Plan::of(sensor, least_share)));
        }
        forming
    }

    /// The same of a lane whose measurements are corrected.
    #[must_use]
    pub(super) fn corrected(self, corrections: Corrections) -> Self {
        Self { corrections, ..self }
    }

    /// Takes one more row, in the order of the recording.
    pub(super) fn push(&mut self, row: Row) {
        self.waiting.push_back(row);
    }

    /// Takes a whole look of a sensor that tells its looks as they come, each with an end of its own; none that is over before it has
    /// been given out.
    pub(super) fn push_look(&mut self, sensor: usize, look: ListedLook, rows: Vec<Row>) {
        let Some(&rank) = self.ranks.get(&sensor) else { return };
        if let Some(latest_us) = rows.iter().map(|row| row.time_us).max() {
            self.placed_us = self.placed_us.max(latest_us);
            self.resting = false;
        }
        self.open.insert((look.end_us, rank), Open { sensor, start_us: look.start_us, plan: Plan::Told(look), rows });
    }

    /// Says that no row before `now_us` follows.
    pub(super) fn advance(&mut self, now_us: i64) {
        self.known_us = self.known_us.max(now_us);
    }

    /// Says that no row follows; the last looks are those that hold `last_us`.
    pub(super) fn end(&mut self, last_us: i64) {
        self.known_us = last_us;
        self.ended = true;
    }

    /// Rows that came after the look that they belong to was over, or belong to none, and were left out.
    #[must_use]
    pub(super) fn late(&self) -> u64 {
        self.late
    }

    /// The sensor of a look that was to hold more than [`LOOK_ROWS_MAX`] detections.
    #[must_use]
    pub(super) fn overfull(&self) -> Option<usize> {
        self.overfull
    }

    /// The next look that the rows so far show to be over.
    pub(super) fn next_look(&mut self) -> Option<Look> {
        loop {
            if let Some(look) = self.ready.pop_front() {
                return Some(look);
            }
            let Some((&(until_us, _), open)) = self.open.first_key_value() else {
                self.late += self.waiting.drain(..).count() as u64;
                return None;
            };
            match self.waiting.front() {
                Some(row) if until_us > row.time_us => self.place(),
                Some(_) => self.close(),
                None if !self.ended && until_us > self.known_us => return None,
                None if !self.ended || open.start_us <= self.known_us => self.close(),
                // It begins after the last row and never comes; that of a slower sensor may still hold rows.
                None => drop(self.open.pop_first()),
            }
        }
    }

    /// Puts the first waiting row into the open look of its sensor.
    fn place(&mut self) {
        let Some(row) = self.waiting.pop_front() else { return };
        let open = self.ends.get(&row.sensor).and_then(|key| self.open.get_mut(key));
        match open {
            Some(open) if open.start_us <= row.time_us => {
                if open.rows.len() >= self.rows_max {
                    self.overfull = Some(row.sensor);
                    return;
                }
                open.rows.push(row);
                self.placed_us = self.placed_us.max(row.time_us);
                self.resting = false;
            }
            _ => self.late += 1,
        }
    }

    /// Closes the look that is over first, and opens the next one of its sensor.
    fn close(&mut self) {
        let Some(((until_us, rank), Open { sensor, start_us, plan, rows })) = self.open.pop_first() else { return };
        self.ends.remove(&sensor);
        let (end_us, sector_deg) = match &plan {
            Plan::Listed { looks, place } => {
                looks.get(*place).map_or((until_us, None), |look| (look.end_us, look.sector_deg))
            }
            Plan::Told(look) => (look.end_us, look.sector_deg),
            Plan::Rotating { rotation, number, .. } => (until_us, rotation.look(*number).map(|look| look.sector_deg)),
            Plan::Periodic { .. } | Plan::Reports => (until_us, None),
        };
        let at_end = matches!(plan, Plan::Rotating { .. });
        let scans = if let Plan::Reports = plan { apart(rows, self.speed_m_s, &self.identities) } else { vec![rows] };
        for mut rows in scans {
            rows.sort_by(|a, b| a.compare(b, &self.identities));
            let measured_us = rows.iter().map(|row| self.corrections.time_us(row)).max();
            let latest_us = measured_us.map_or(end_us, |us| if at_end { us.max(end_us) } else { us });
            let time_us = self.scanned_us.map_or(latest_us, |before_us| latest_us.max(before_us));
            self.scanned_us = Some(time_us);
            let after_rest = self.resting;
            self.ready.push_back(Look { sensor, start_us, end_us, sector_deg, time_us, rows, after_rest });
        }
        let next_row_us = self.waiting.front().map_or(self.known_us, |row| row.time_us);
        let next_us = match &plan {
            Plan::Periodic { period_us, taken } => {
                let look_at = |time_us: i64| time_us.div_euclid(*period_us);
                let next = self.after_rest(look_at, [until_us, next_row_us], [*taken, REST_MIN]);
                next.map_or(until_us, |next| next * period_us)
            }
            Plan::Rotating { rotation: rotation @ Rotation { turns: Turns::Steady { .. }, .. }, taken, number } => {
                let look_at = |time_us: i64| rotation.look_at(time_us).map_or(*number, |look| look.number);
                let least = REST_MIN * i64::from(rotation.sectors);
                let next = self.after_rest(look_at, [until_us, next_row_us], [*taken, least]);
                next.and_then(|next| rotation.look(next)).map_or(until_us, |look| look.start_us)
            }
            // Nothing that was not listed is looked at, and no report says nothing.
            Plan::Listed { .. } | Plan::Rotating { .. } | Plan::Told(_) => until_us,
            Plan::Reports => until_us.max(next_row_us),
        };
        self.resting |= matches!(plan, Plan::Periodic { .. } | Plan::Rotating { .. }) && next_us > until_us;
        self.open(next_us, rank, (sensor, plan));
    }

    /// The number of the look after a rest in which one would begin that follows another, which ends at `end_us`; a rest leaves
    /// out `least` of them.
    fn after_rest(
        &self,
        look_at: impl Fn(i64) -> i64,
        [end_us, next_row_us]: [i64; 2],
        [taken, least]: [i64; 2],
    ) -> Option<i64> {
        let rest = look_at(self.placed_us) + taken + 1..look_at(next_row_us) - taken;
        (rest.contains(&look_at(end_us)) && rest.end - rest.start >= least).then_some(rest.end)
    }

    /// Opens the look of a sensor that holds a time, or the next one.
    fn open(&mut self, time_us: i64, rank: usize, (sensor, mut plan): (usize, Plan)) {
        let Some([start_us, until_us]) = plan.look_at(time_us) else { return };
        self.ends.insert(sensor, (until_us, rank));
        self.open.insert((until_us, rank), Open { sensor, start_us, plan, rows: Vec::new() });
    }
}

#[cfg(test)]
#[path = "looks_tests.rs"]
mod tests;
