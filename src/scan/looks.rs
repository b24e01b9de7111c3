//! Looks of sensors: one lane's rows in time order become, for every sensor, one look after another, empty ones too.
//!
//! Rows are pushed as they come; a look is over once a later row, or the word of whoever pushes, says so.
//!
//! Look k of a sensor covers [k, k + 1) periods since time 0, whatever was recorded. Looks come out in the order of
//! their ends, then of their sensors' names. A lane forms its looks from its own rows alone: a row that it may not see
//! can neither end one of its looks nor make one of its rows late.
//!
//! A sensor *rests* in a long stretch without a row of its lane. Of its looks there, the first ones are taken, as many as
//! must miss in a row before no track that they cover can be left, and as many of the last ones, after which the field of
//! undetected targets knows no more of what was before; those between would find nothing to change, and are left out.

use crate::sensor::{Measurement, Sensor};
use crate::space::Place;
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
}

impl Row {
    /// The order of rows, whatever that in a file: of their times, then of what was measured.
    pub(crate) fn compare(&self, other: &Self) -> Ordering {
        (self.time_us.cmp(&other.time_us))
            .then_with(|| self.measurement.compare(&self.place, (&other.measurement, &other.place)))
            .then_with(|| (self.sensor, self.source).cmp(&(other.sensor, other.source)))
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

/// Forms the looks of one lane; holds no more than the looks that are still open and the rows not yet placed.
#[derive(Debug)]
pub(super) struct Looks {
    /// By end of the open look, then rank of the sensor's name.
    open: BTreeMap<(i64, usize), Open>,
    ends: BTreeMap<usize, (i64, usize)>,
    waiting: VecDeque<Row>,
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
    period_us: i64,
    /// Looks that are taken on either side of a rest.
    taken: i64,
    rows: Vec<Row>,
}

/// When the first and the last look of a sensor begin that meet a span of time.
#[must_use]
pub(super) fn looks_between(sensor: &Sensor, span_us: [i64; 2]) -> [i64; 2] {
    let period_us = sensor.scan_period_us.max(1);
    span_us.map(|us| us.div_euclid(period_us).saturating_mul(period_us))
}

/// How many looks in a row must miss before no track that they cover can be left.
#[expect(clippy::cast_possible_truncation, reason = "within `TAKEN`")]
fn taken(sensor: &Sensor) -> i64 {
    let [least, most] = TAKEN;
    let misses = DECADES / -libm::log10(1.0 - sensor.detection_probability);
    misses.ceil().clamp(least, most) as i64
}

impl Looks {
    /// Begins with the looks of `sensors` that hold `first_us`.
    #[must_use]
    pub(super) fn new(mut sensors: Vec<(usize, &Sensor)>, first_us: i64) -> Self {
        let mut looks = Self {
            open: BTreeMap::new(),
            ends: BTreeMap::new(),
            waiting: VecDeque::new(),
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
            let period_us = sensor.scan_period_us.max(1);
            let end_us = first_us.div_euclid(period_us).saturating_add(1).saturating_mul(period_us);
            looks.open(end_us, rank, Open { sensor: number, period_us, taken: taken(sensor), rows: Vec::new() });
        }
        looks
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

    /// Rows that came after the look that they belong to was over, and were left out.
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
            let (end_us, _) = self.open.first_key_value()?.0;
            match self.waiting.front() {
                Some(row) if *end_us > row.time_us => self.place(),
                Some(_) => return self.close(),
                None if !self.ended && *end_us > self.known_us => return None,
                None if !self.ended || self.starts_within() => return self.close(),
                // It begins after the last row and never comes; that of a slower sensor may still hold rows.
                None => drop(self.open.pop_first()),
            }
        }
    }

    fn starts_within(&self) -> bool {
        self.open.first_key_value().is_some_and(|((end_us, _), open)| end_us - open.period_us <= self.known_us)
    }

    /// Puts the first waiting row into the open look of its sensor.
    fn place(&mut self) {
        let Some(row) = self.waiting.pop_front() else { return };
        let open = self.ends.get(&row.sensor).and_then(|key| Some((key.0, self.open.get_mut(key)?)));
        match open {
            Some((end_us, open)) if end_us - open.period_us <= row.time_us => {
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

    fn close(&mut self) -> Option<Look> {
        let ((end_us, rank), Open { sensor, period_us, taken, mut rows }) = self.open.pop_first()?;
        self.ends.remove(&sensor);
        rows.sort_by(Row::compare);
        let latest_us = rows.last().map_or(end_us, |row| row.time_us);
        let time_us = self.scanned_us.map_or(latest_us, |before_us| latest_us.max(before_us));
        self.scanned_us = Some(time_us);
        let look = Look { sensor, start_us: end_us - period_us, end_us, time_us, rows, after_rest: self.resting };
        let next_us = self.next_start(end_us, period_us, taken);
        self.resting |= next_us > end_us;
        if let Some(next_us) = next_us.checked_add(period_us) {
            self.open(next_us, rank, Open { sensor, period_us, taken, rows: Vec::new() });
        }
        Some(look)
    }

    /// When the look begins that follows one that ends at `end_us`: then, or after a rest.
    fn next_start(&self, end_us: i64, period_us: i64, taken: i64) -> i64 {
        let next_row_us = self.waiting.front().map_or(self.known_us, |row| row.time_us);
        let look_at = |time_us: i64| time_us.div_euclid(period_us);
        let rest = look_at(self.placed_us) + taken + 1..look_at(next_row_us) - taken;
        let next = look_at(end_us);
        if rest.contains(&next) && rest.end - rest.start >= REST_MIN { rest.end * period_us } else { end_us }
    }

    fn open(&mut self, end_us: i64, rank: usize, open: Open) {
        self.ends.insert(open.sensor, (end_us, rank));
        self.open.insert((end_us, rank), open);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensor::{Coverage, Kind, Noise};
    use crate::space::Place;

    fn sensor(name: &str, scan_period_us: i64, detection_probability: f64) -> Sensor {
        Sensor {
            name: name.to_owned(),
            owner: "o".to_owned(),
            kind: Kind::Position,
            noise: Noise::default(),
            detection_probability,
            clutter_per_scan: 1.0,
            scan_period_us,
            coverage: Coverage::Box { min: [0.0; 2], max: [1.0; 2], height_m: None },
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
        };
        Row { time_us, sensor, place: Place::from_metres([0.0; 3]), measurement, source: 0 }
    }

    /// Sensor, start, rows and whether it comes after a rest, of every look; rows are handed in `at_once` at a time.
    fn looks(sensors: &[Sensor], rows: &[Row], at_once: usize) -> Vec<(usize, i64, usize, bool)> {
        let span_us = [rows[0].time_us, rows[rows.len() - 1].time_us];
        let mut looks = Looks::new(sensors.iter().enumerate().collect(), span_us[0]);
        let mut found = Vec::new();
        let mut take = |looks: &mut Looks| {
            while let Some(Look { sensor, start_us, end_us, rows, after_rest, .. }) = looks.next_look() {
                assert_eq!(end_us, start_us + sensors[sensor].scan_period_us);
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
        assert_eq!(sensors.each_ref().map(taken), [36; 2]);
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
            let mut looks = Looks::new(vec![(0, &sensor("s", 10, 0.9)), (1, &sensor("t", 10, 0.9))], 0);
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
            let mut passing = Looks::new(sensors.iter().enumerate().collect(), rows[0].time_us);
            let mut found = Vec::new();
            let mut take = |looks: &mut Looks| {
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
}
