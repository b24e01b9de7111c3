//! Truth at the time of a scan: linear between an object's two neighbouring samples.
//!
//! Reads samples in time order, ahead of the scan by no more than the largest gap that may be bridged, and forgets what
//! lies behind. Memory: the samples within that gap, and one record for each object seen in it.

use std::collections::{BTreeMap, VecDeque};

use super::ScoreError;
use super::states::{There, TruthState};

/// Truth as a function of a time that only grows.
pub(super) struct TruthInTime<I> {
    source: I,
    /// Read, and later than what may be needed now.
    ahead: Option<TruthState>,
    max_gap_us: i64,
    /// Samples after the current time.
    queue: VecDeque<Queued>,
    /// Number of samples that have left the queue.
    passed: u64,
    objects: BTreeMap<u32, Neighbours>,
    /// The number of every object so far.
    indices: BTreeMap<u32, usize>,
    last_us: i64,
    repeats: u64,
}

#[derive(Clone, Copy)]
struct Queued {
    point: TruthState,
    /// Number of the same object's next sample.
    next: Option<u64>,
}

/// An object's samples around the current time.
#[derive(Clone, Copy)]
struct Neighbours {
    /// The object's number.
    index: usize,
    before: Option<TruthState>,
    /// Number of the first sample in the queue, and of the last.
    after: Option<u64>,
    last: u64,
    last_us: i64,
}

impl<I: Iterator<Item = TruthState>> TruthInTime<I> {
    pub(super) fn new(source: I, max_gap_us: i64) -> Self {
        Self {
            source,
            ahead: None,
            max_gap_us,
            queue: VecDeque::new(),
            passed: 0,
            objects: BTreeMap::new(),
            indices: BTreeMap::new(),
            last_us: i64::MIN,
            repeats: 0,
        }
    }

    /// Samples so far that gave an object a second position at one time; the first one holds.
    pub(super) fn repeats(&self) -> u64 {
        self.repeats
    }

    /// Time of the next sample after the last time that was asked for; before it, nothing appears where nothing is.
    pub(super) fn next_time(&self) -> Option<i64> {
        self.queue.front().map(|queued| queued.point.time_us).or(self.ahead.map(|point| point.time_us))
    }

    /// Objects whose place is known at this time, in ascending order; times must not decrease.
    pub(super) fn at(&mut self, time_us: i64) -> Result<Vec<There>, ScoreError> {
        self.read(time_us)?;
        let mut there = Vec::new();
        let (queue, passed, max_gap_us) = (&self.queue, self.passed, self.max_gap_us);
        self.objects.retain(|&object, neighbours| {
            let after = neighbours.after.and_then(|number| sample(queue, passed, number));
            if let Some(before) = neighbours.before {
                let placed = place(before, after.map(|queued| queued.point), time_us, max_gap_us);
                there.extend(placed.map(|(position_m, velocity_m_s)| There {
                    object,
                    index: neighbours.index,
                    position_m,
                    velocity_m_s,
                }));
            }
            // Whatever comes after what was read is too far away to reach back.
            after.is_some()
        });
        Ok(there)
    }

    fn read(&mut self, time_us: i64) -> Result<(), ScoreError> {
        self.pass(time_us);
        let until_us = time_us.saturating_add(self.max_gap_us);
        while let Some(point) = self.ahead.take().or_else(|| self.source.next()) {
            if point.time_us < self.last_us {
                return Err(ScoreError::OutOfOrder { set: "truth", before_us: self.last_us, found_us: point.time_us });
            }
            if !point.position_m.iter().all(|x| x.is_finite()) {
                let index = u64::from(point.object);
                return Err(ScoreError::NotFinite { set: "truth", index, found_m: point.position_m });
            }
            if point.time_us > until_us {
                self.ahead = Some(point);
                return Ok(());
            }
            self.last_us = point.time_us;
            self.push(point);
            self.pass(time_us);
        }
        Ok(())
    }

    fn push(&mut self, point: TruthState) {
        let number = self.passed + self.queue.len() as u64;
        let neighbours = self.objects.entry(point.object).or_insert_with(|| {
            let next = self.indices.len();
            let index = *self.indices.entry(point.object).or_insert(next);
            Neighbours { index, before: None, after: None, last: number, last_us: i64::MIN }
        });
        if neighbours.last_us == point.time_us && (neighbours.before.is_some() || neighbours.after.is_some()) {
            self.repeats += 1;
            return;
        }
        if neighbours.after.is_none() {
            neighbours.after = Some(number);
        } else if let Some(previous) =
            neighbours.last.checked_sub(self.passed).and_then(|index| self.queue.get_mut(usize::try_from(index).ok()?))
        {
            previous.next = Some(number);
        }
        (neighbours.last, neighbours.last_us) = (number, point.time_us);
        self.queue.push_back(Queued { point, next: None });
    }

    /// Takes samples up to the time out of the queue.
    fn pass(&mut self, time_us: i64) {
        while let Some(Queued { point, next }) = self.queue.pop_front_if(|queued| queued.point.time_us <= time_us) {
            self.passed += 1;
            if let Some(neighbours) = self.objects.get_mut(&point.object) {
                (neighbours.before, neighbours.after) = (Some(point), next);
            }
        }
    }
}

fn sample(queue: &VecDeque<Queued>, passed: u64, number: u64) -> Option<&Queued> {
    queue.get(usize::try_from(number.checked_sub(passed)?).ok()?)
}

/// Where an object is, and how it moves.
type Placed = ([f64; 3], Option<[f64; 3]>);

fn place(before: TruthState, after: Option<TruthState>, time_us: i64, max_gap_us: i64) -> Option<Placed> {
    if before.time_us == time_us {
        return Some((before.position_m, before.velocity_m_s));
    }
    let after = after?;
    let gap_us = after.time_us.saturating_sub(before.time_us);
    if gap_us > max_gap_us {
        return None;
    }
    let share = time_us.saturating_sub(before.time_us) as f64 / gap_us as f64;
    let between = |[ax, ay, az]: [f64; 3], [bx, by, bz]: [f64; 3]| {
        [ax + share * (bx - ax), ay + share * (by - ay), az + share * (bz - az)]
    };
    let velocity = before.velocity_m_s.zip(after.velocity_m_s).map(|(a, b)| between(a, b));
    Some((between(before.position_m, after.position_m), velocity))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(time_us: i64, object: u32, x: f64) -> TruthState {
        TruthState { time_us, object, position_m: [x, 0.0, 0.0], velocity_m_s: Some([2.0 * x, 0.0, 1.0]) }
    }

    fn stream<I: IntoIterator<Item = TruthState>>(points: I) -> TruthInTime<I::IntoIter> {
        TruthInTime::new(points.into_iter(), 10)
    }

    fn x_of(there: &[There]) -> Vec<(u32, f64)> {
        assert!(there.iter().all(|at| at.velocity_m_s == Some([2.0 * at.position_m[0], 0.0, 1.0])));
        there.iter().map(|at| (at.object, at.position_m[0])).collect()
    }

    #[test]
    fn a_place_is_interpolated_between_neighbours_that_are_near_enough() {
        let mut truth = stream([point(0, 7, 0.0), point(5, 3, 9.0), point(10, 7, 100.0), point(21, 7, 0.0)]);
        assert_eq!(x_of(&truth.at(0).expect("truth")), [(7, 0.0)]);
        assert_eq!(x_of(&truth.at(4).expect("truth")), [(7, 40.0)]);
        assert_eq!(x_of(&truth.at(5).expect("truth")), [(3, 9.0), (7, 50.0)]);
        assert_eq!(x_of(&truth.at(6).expect("truth")), [(7, 60.0)], "object 3 has one sample only");
        assert_eq!(x_of(&truth.at(10).expect("truth")), [(7, 100.0)]);
        assert_eq!(x_of(&truth.at(15).expect("truth")), [], "11 µs are more than 10");
        assert_eq!(x_of(&truth.at(21).expect("truth")), [(7, 0.0)]);
        assert_eq!(x_of(&truth.at(22).expect("truth")), []);
    }

    #[test]
    fn the_largest_gap_is_bridged_and_one_microsecond_more_is_not() {
        for (gap_us, wanted) in [(10, vec![(1, 50.0)]), (11, vec![])] {
            let mut truth = stream([point(0, 1, 0.0), point(gap_us, 1, 10.0 * gap_us as f64)]);
            assert_eq!(x_of(&truth.at(5).expect("truth")), wanted, "{gap_us} µs");
        }
    }

    #[test]
    fn a_scan_may_skip_many_samples() {
        // A zigzag, so that a neighbour passed over shows.
        let points: Vec<_> = (0..1000).flat_map(|t| [point(2 * t, 1, (t % 2) as f64), point(2 * t, 2, 5.0)]).collect();
        let mut truth = stream(points);
        for (time_us, x) in [(501, 0.5), (502, 1.0), (503, 0.5), (999, 0.5), (1000, 0.0), (1997, 0.5)] {
            assert_eq!(x_of(&truth.at(time_us).expect("truth")), [(1, x), (2, 5.0)], "at {time_us} µs");
            assert!(truth.queue.len() <= 10, "{} samples are held", truth.queue.len());
        }
    }

    #[test]
    fn a_second_position_at_one_time_is_counted_and_the_first_holds() {
        let mut truth = stream([point(0, 1, 1.0), point(0, 1, 2.0), point(4, 1, 5.0), point(4, 1, 6.0)]);
        assert_eq!(x_of(&truth.at(0).expect("truth")), [(1, 1.0)]);
        assert_eq!(x_of(&truth.at(2).expect("truth")), [(1, 3.0)]);
        assert_eq!(truth.repeats(), 2);
    }

    #[test]
    fn truth_out_of_order_or_not_finite_is_an_error() {
        let error = stream([point(5, 1, 0.0), point(4, 1, 0.0)]).at(9).expect_err("an error");
        assert_eq!(error.to_string(), "truth at 4 µs comes after 5 µs, wanted time order");
        let error = stream([point(5, 1, f64::NAN)]).at(9).expect_err("an error");
        assert_eq!(error.to_string(), "truth position 1 is [NaN, 0.0, 0.0], wanted finite metres");
    }
}
