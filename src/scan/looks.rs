//! Looks of sensors: one lane's rows in time order become, for every sensor, one look after another, empty ones too.
//!
//! Rows are pushed as they come; a look is over once a later row, or the word of whoever pushes, says so.
//!
//! Look k of a sensor covers [k, k + 1) periods since time 0, whatever was recorded, unless the sensor lists its looks:
//! then there are these and no others. Looks come out in the order of their ends, then of their sensors' names. A lane forms
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

use crate::ingest::Identities;
use crate::sensor::{ListedLook, Looks, Measurement, Sensor};
use crate::space::{Place, TILE_M};
use std::cmp::Ordering;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

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
    /// The time of its scan: that of its latest detection, or the end of an empty look; never before the scan before.
    pub time_us: i64,
    /// What it detected, in the order of time; detections of one time in an order that only they decide.
    pub rows: Vec<Row>,
    /// Whether some looks between the lane's last row and this one were left out.
    pub after_rest: bool,
}

/// Detections that a look may hold: some 4 GB, with what fusion makes of them.
pub(super) const LOOK_ROWS_MAX: usize = 10_000_000;
/// Looks that a rest leaves out at least: a shorter one is not worth it.
const REST_MIN: i64 = 128;
/// Looks that are taken at least, and at most, on either side of a rest.
const TAKEN: [f64; 2] = [8.0, 1024.0];
/// Powers of ten from the odds of the most certain track, 10³⁰, to those that no threshold is below, 10⁻⁶.
const DECADES: f64 = 36.0;

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

/// How the looks of a sensor follow each other.
#[derive(Debug)]
enum Plan {
    /// Each as long; so many are taken on either side of a rest.
    Periodic { period_us: i64, taken: i64 },
    /// As a table has them; the place of the open one.
    Listed { looks: Arc<[ListedLook]>, place: usize },
    /// None; windows of reports.
    Reports,
    /// This one, told as a whole.
    Told(ListedLook),
}

impl Plan {
    fn of(sensor: &Sensor, least_share: f32) -> Self {
        match &sensor.looks {
            Looks::Periodic { period_us } => {
                Self::Periodic { period_us: (*period_us).max(1), taken: taken(sensor, least_share) }
            }
            Looks::Listed(looks) => Self::Listed { looks: Arc::clone(looks), place: 0 },
            Looks::Reports { .. } => Self::Reports,
        }
    }

    /// When the look begins that holds a time, and from when on it holds none; of a list, the next one if none does. `None`
    /// after the last one.
    fn look_at(&mut self, time_us: i64) -> Option<[i64; 2]> {
        let (looks, place) = match self {
            Self::Periodic { period_us, .. } => return window(time_us, *period_us),
            Self::Reports => return window(time_us, WINDOW_US),
            Self::Told(_) => return None,
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

/// When the first and the last look of a sensor begin that meet a span of time.
#[must_use]
pub(super) fn looks_between(sensor: &Sensor, span_us: [i64; 2]) -> [i64; 2] {
    let period_us = match &sensor.looks {
        Looks::Periodic { period_us } => (*period_us).max(1),
        Looks::Reports { .. } => WINDOW_US,
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

/// How many looks in a row must miss before no track that they cover can be left, also where a part is withheld.
#[expect(clippy::cast_possible_truncation, reason = "within `TAKEN`")]
fn taken(sensor: &Sensor, least_share: f32) -> i64 {
    let [least, most] = TAKEN;
    let misses = DECADES / libm::log10(1.0 - f64::from(least_share) * sensor.detection_probability).abs();
    misses.ceil().clamp(least, most) as i64
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
            Plan::Periodic { .. } | Plan::Reports => (until_us, None),
        };
        let scans = if let Plan::Reports = plan { apart(rows, self.speed_m_s, &self.identities) } else { vec![rows] };
        for mut rows in scans {
            rows.sort_by(|a, b| a.compare(b, &self.identities));
            let latest_us = rows.last().map_or(end_us, |row| row.time_us);
            let time_us = self.scanned_us.map_or(latest_us, |before_us| latest_us.max(before_us));
            self.scanned_us = Some(time_us);
            let after_rest = self.resting;
            self.ready.push_back(Look { sensor, start_us, end_us, sector_deg, time_us, rows, after_rest });
        }
        let next_row_us = self.waiting.front().map_or(self.known_us, |row| row.time_us);
        let next_us = match plan {
            Plan::Periodic { period_us, taken } => self.next_start(until_us, period_us, [taken, next_row_us]),
            // Nothing that was not listed is looked at, and no report says nothing.
            Plan::Listed { .. } | Plan::Told(_) => until_us,
            Plan::Reports => until_us.max(next_row_us),
        };
        self.resting |= matches!(plan, Plan::Periodic { .. }) && next_us > until_us;
        self.open(next_us, rank, (sensor, plan));
    }

    /// When the look begins that follows one that ends at `end_us`: then, or after a rest.
    fn next_start(&self, end_us: i64, period_us: i64, [taken, next_row_us]: [i64; 2]) -> i64 {
        let look_at = |time_us: i64| time_us.div_euclid(period_us);
        let rest = look_at(self.placed_us) + taken + 1..look_at(next_row_us) - taken;
        if rest.contains(&look_at(end_us)) && rest.end - rest.start >= REST_MIN { rest.end * period_us } else { end_us }
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
