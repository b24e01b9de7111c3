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

use super::plan::Plan;
use crate::ingest::Identities;
use crate::sensor::{Measurement, Rotation, Sensor, Turns};
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
    /// The time of its scan: that of its latest detection, or the end of an empty look or one at a sector; never before the scan
    /// before.
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
            forming.open(first_us, rank, (number, Plan::of(sensor, least_share)));
        }
        forming
    }

    /// Takes one more row, in the order of the recording.
    pub(super) fn push(&mut self, row: Row) {
        self.waiting.push_back(row);
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
            Plan::Rotating { rotation, number, .. } => (until_us, rotation.look(*number).map(|look| look.sector_deg)),
            Plan::Periodic { .. } | Plan::Reports => (until_us, None),
        };
        let at_end = matches!(plan, Plan::Rotating { .. });
        let scans = if let Plan::Reports = plan { apart(rows, self.speed_m_s, &self.identities) } else { vec![rows] };
        for mut rows in scans {
            rows.sort_by(|a, b| a.compare(b, &self.identities));
            let latest_us = rows.last().filter(|_| !at_end).map_or(end_us, |row| row.time_us);
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
            Plan::Listed { .. } | Plan::Rotating { .. } => until_us,
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
mod tests {
    use super::super::plan::taken;
    use super::*;
    use crate::sensor::{Altitudes, Coverage, Kind, ListedLook, Looks, Noise};

    fn sensor(name: &str, period_us: i64, detection_probability: f64) -> Sensor {
        Sensor {
            name: name.to_owned(),
            owner: "o".to_owned(),
            kind: Kind::Position,
            noise: Noise::default(),
            detection_probability,
            clutter_per_scan: 1.0,
            looks: Looks::Periodic { period_us },
            coverage: Coverage::Box { min: [0.0; 2], max: [1.0; 2], height_m: None },
            altitudes: Altitudes::default(),
            view: None,
        }
    }

    fn row(time_us: i64, sensor: usize) -> Row {
        let measurement = Measurement {
            axes: [[0.0; 3]; 3],
            sigma_m: [1.0, 1.0, 0.0],
            coarse_m2: [0.0; 3],
            rows: 2,
            range_m: 0.0,
            slant: false,
            curved: false,
            range_rate_m_s: None,
            velocity: None,
        };
        Row { time_us, sensor, place: Place::from_metres([0.0; 3]), measurement, source: 0, identity: 0, number: 0 }
    }

    /// Sensor, start, rows and whether it comes after a rest, of every look; rows are handed in `at_once` at a time.
    fn looks(sensors: &[Sensor], rows: &[Row], at_once: usize) -> Vec<(usize, i64, usize, bool)> {
        let span_us = [rows[0].time_us, rows[rows.len() - 1].time_us];
        let mut looks = Forming::new(sensors.iter().enumerate().collect(), span_us[0], (0.0, 1.0));
        let mut found = Vec::new();
        let mut take = |looks: &mut Forming| {
            while let Some(Look { sensor, start_us, end_us, rows, after_rest, .. }) = looks.next_look() {
                assert_eq!(Some(end_us - start_us), sensors[sensor].looks.period_us());
                found.push((sensor, start_us, rows.len(), after_rest));
            }
        };
        for rows in rows.chunks(at_once) {
            for row in rows {
                looks.push(*row);
            }
            take(&mut looks);
        }
        looks.end(span_us[1]);
        take(&mut looks);
        assert_eq!(looks.late(), 0);
        found
    }

    #[test]
    fn a_sensor_rests_between_the_looks_that_can_miss_a_track_and_those_that_forget() {
        // 0.9: (1 - 0.9)^36 takes odds of 1e30 to 1e-6.
        let sensors = [sensor("fast", 10, 0.9), sensor("slow", 1_000_000, 0.9)];
        assert_eq!(sensors.each_ref().map(|sensor| taken(sensor, 1.0)), [36; 2]);
        let rows = [row(3, 0), row(7_000_005, 0)];
        let found = looks(&sensors, &rows, 1);
        assert_eq!(found, looks(&sensors, &rows, 2), "however rows arrive");
        let of = |wanted: usize| found.iter().filter(move |look| look.0 == wanted);
        let slow: Vec<i64> = of(1).map(|look| look.1).collect();
        assert_eq!(slow, (0..8).map(|k| k * 1_000_000).collect::<Vec<_>>(), "eight looks are no reason to rest");
        let fast: Vec<i64> = of(0).map(|look| look.1 / 10).collect();
        let wanted: Vec<i64> = (0..=36).chain(700_000 - 36..=700_000).collect();
        assert_eq!(fast, wanted, "one with the row, 36 after it, 36 before the next row, one with its time");
        let rested: Vec<bool> = of(0).map(|look| look.3).collect();
        assert_eq!(rested.iter().position(|rested| *rested), Some(37));
    }

    #[test]
    fn the_last_looks_of_all_sensors_come_however_long_they_last() {
        let sensors = [sensor("fast", 10, 0.9), sensor("slow", 70, 0.9)];
        let found = looks(&sensors, &[row(3, 0), row(75, 1), row(98, 1), row(91, 0)], 1);
        let ends: Vec<_> = found.iter().rev().take(2).map(|look| (look.0, look.1, look.2)).collect();
        assert_eq!(ends, [(1, 70, 2), (0, 90, 1)], "the slow look ends after fast ones that never come");
        assert_eq!(found.iter().map(|look| look.2).sum::<usize>(), 4, "a row is lost");
    }

    #[test]
    fn a_gap_that_is_hardly_longer_has_all_its_looks() {
        let sensors = [sensor("s", 10, 0.9)];
        for (empty, taken) in [(199, 199), (200, 72), (10_000, 72)] {
            let found = looks(&sensors, &[row(5, 0), row(10 * (empty + 1) + 5, 0)], 1);
            assert_eq!(found.len(), 2 + taken, "{empty} empty looks");
            assert_eq!(found.iter().map(|look| look.2).sum::<usize>(), 2);
        }
    }

    #[test]
    fn a_look_holds_so_many_detections_and_no_more() {
        let held = |rows: usize| {
            let mut looks = Forming::new(vec![(0, &sensor("s", 10, 0.9)), (1, &sensor("t", 10, 0.9))], 0, (0.0, 1.0));
            looks.rows_max = 3;
            (0..rows).for_each(|_| looks.push(row(5, 1)));
            looks.push(row(15, 0));
            looks.end(25);
            let found = std::iter::from_fn(|| looks.next_look()).map(|look| look.rows.len()).max();
            (found, looks.overfull())
        };
        assert_eq!(held(3), (Some(3), None));
        assert_eq!(held(4), (Some(3), Some(1)));
    }

    #[test]
    fn time_that_passes_leaves_out_no_look_that_rows_do_not() {
        let sensors = [sensor("s", 10, 0.9), sensor("t", 70, 0.9)];
        let rows = [row(5, 0), row(6, 1), row(905, 0), row(20_005, 0), row(20_006, 1)];
        let by_rows = looks(&sensors, &rows, 1);
        for step_us in [1, 7, 10, 1_000, 19_000] {
            let mut passing = Forming::new(sensors.iter().enumerate().collect(), rows[0].time_us, (0.0, 1.0));
            let mut found = Vec::new();
            let mut take = |looks: &mut Forming| {
                while let Some(look) = looks.next_look() {
                    found.push((look.sensor, look.start_us, look.rows.len(), look.after_rest));
                }
            };
            let mut now_us = rows[0].time_us;
            for row in rows {
                while now_us < row.time_us {
                    passing.advance(now_us);
                    take(&mut passing);
                    now_us += step_us;
                }
                passing.push(row);
            }
            passing.end(rows[4].time_us);
            take(&mut passing);
            assert_eq!((passing.late(), found.iter().map(|look| look.2).sum::<usize>()), (0, 5), "{step_us}");
            let is_there =
                |look: &&(usize, i64, usize, bool)| found.iter().any(|one| one.0 == look.0 && one.1 == look.1);
            assert_eq!(by_rows.iter().find(|look| !is_there(look)), None, "{step_us}");
            assert!(found.len() < 2_300, "{step_us}: a rest is a rest: {}", found.len());
        }
    }

    #[test]
    fn times_at_the_ends_of_what_can_be_counted_are_no_reason_to_hang() {
        let sensors = [sensor("s", 1, 0.9), sensor("t", 9_000_000_000_000_000_000, 1.0)];
        let most = 4_600_000_000_000_000_000;
        assert!(looks(&sensors, &[row(-most, 0), row(most, 0)], 1).len() < 100);
    }

    /// Sensor, start and end, time of its scan and number of rows.
    type Told = (usize, [i64; 2], i64, usize);

    /// Every look, and how many rows are in none.
    fn all(sensors: &[Sensor], rows: &[Row], last_us: i64) -> (Vec<Told>, u64) {
        let mut looks = Forming::new(sensors.iter().enumerate().collect(), rows[0].time_us, (100.0, 1.0));
        let mut found = Vec::new();
        let mut take = |looks: &mut Forming| {
            while let Some(Look { sensor, start_us, end_us, time_us, rows, .. }) = looks.next_look() {
                found.push((sensor, [start_us, end_us], time_us, rows.len()));
            }
        };
        for row in rows {
            looks.push(*row);
            take(&mut looks);
        }
        looks.end(last_us);
        take(&mut looks);
        (found, looks.late())
    }

    #[test]
    fn a_sensor_looks_when_its_table_says_so_and_never_between() {
        let look = |start_us, end_us| ListedLook { start_us, end_us, sector_deg: None };
        let looks = Looks::Listed([look(0, 10), look(10, 20), look(50, 50), look(60, 70), look(90, 99)].into());
        let sensors = [Sensor { looks, ..sensor("s", 1, 0.9) }, sensor("t", 40, 0.9)];
        let rows = [row(5, 0), row(10, 0), row(20, 0), row(45, 1), row(50, 0), row(55, 0), row(65, 1)];
        let (found, late) = all(&sensors, &rows, 65);
        let wanted = [
            (0, [0, 10], 5, 1),
            (0, [10, 20], 20, 2),
            (1, [0, 40], 40, 0),
            (0, [50, 50], 50, 1),
            (0, [60, 70], 70, 0),
            (1, [40, 80], 70, 2),
        ];
        assert_eq!(
            found, wanted,
            "a border is of the later look, an end in its look, and the last one begins after all"
        );
        assert_eq!(late, 1, "the row at 55 is of no look");
    }

    /// A report at a number of metres.
    fn report(time_us: i64, x_m: f64) -> Row {
        Row { place: Place::from_metres([x_m, 0.0, 0.0]), ..row(time_us, 0) }
    }

    fn reporting() -> [Sensor; 1] {
        [Sensor { looks: Looks::Reports { expected_interval_us: 10_000_000 }, ..sensor("s", 1, 0.9) }]
    }

    #[test]
    fn no_two_reports_of_a_scan_may_be_of_one_object_and_silence_is_no_scan() {
        // Two objects 100 km apart, one of them twice in a second, and twice at the same time; then nothing for a day.
        let day_us = 86_400_000_000;
        let rows = [report(0, 0.0), report(100, 1e5), report(200_000, 9.0), report(200_000, 9.0), report(day_us, 5.0)];
        let (found, late) = all(&reporting(), &rows, day_us);
        let window = [0, WINDOW_US];
        let wanted = [
            (0, window, 100, 2),
            (0, window, 200_000, 1),
            (0, window, 200_000, 1),
            (0, [day_us, day_us + WINDOW_US], day_us, 1),
        ];
        assert_eq!((found.as_slice(), late), (wanted.as_slice(), 0));
    }

    #[test]
    fn reports_of_many_objects_share_a_scan_however_they_are_mixed() {
        let rows: Vec<Row> =
            (0..3).flat_map(|k| (0..200).map(move |n| report(k * 300_000 + n, n as f64 * 5e3))).collect();
        let (found, _) = all(&reporting(), &rows, 900_000);
        assert_eq!(found.iter().map(|look| look.3).collect::<Vec<_>>(), [200; 3]);
        let vague = |row: Row| Row { measurement: Measurement { sigma_m: [1e4, 1e4, 0.0], ..row.measurement }, ..row };
        let vague: Vec<Row> = rows.into_iter().map(vague).collect();
        let (found, _) = all(&reporting(), &vague, 900_000);
        assert_eq!(found.iter().map(|look| look.3).sum::<usize>(), 600);
        assert!(found.len() > 50, "places that are not known to 10 km may be one object's: {}", found.len());
    }
}
