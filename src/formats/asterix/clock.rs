//! Times of day that go on over midnight.
//!
//! A time of day has no date. It is taken to be within twelve hours of the time at which the record was captured, or else
//! of the time that the records before it lead to; so a record that is late over midnight is of the day before. A date that
//! is given is that of the first record.

use super::meaning::TimeOfDay;
use crate::formats::report::Time;

const DAY_US: i64 = 86_400_000_000;

/// How often a truncated time begins again.
const TURN_US: i64 = 512_000_000;

/// How far one record leads at most: of a time that cannot be trusted little is kept.
const LEAD_US: i64 = 3_600_000_000;

/// Where the records have come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Clock {
    /// The midnight before the first record, microseconds since 1970.
    date: Option<i64>,
    /// Microseconds since that midnight.
    now: Option<i64>,
}

impl Clock {
    /// A clock that starts on the day of a time, microseconds since 1970.
    #[must_use]
    pub(super) fn new(date: Option<i64>) -> Self {
        Self { date: date.map(|us| us.div_euclid(DAY_US) * DAY_US), now: None }
    }

    /// The time of a record, which may have been captured at some time; none of a truncated time that nothing leads to.
    pub(super) fn time(&mut self, of_day: TimeOfDay, captured: Option<Time>) -> Option<Time> {
        let lead = captured.map(Time::micros).or(self.now);
        let us = match (of_day, lead) {
            (TimeOfDay::Whole(us), None) => us,
            (TimeOfDay::Whole(us), Some(lead)) => nearest(us, lead, DAY_US),
            (TimeOfDay::Truncated(us), Some(lead)) => nearest(us, lead, TURN_US),
            (TimeOfDay::Truncated(_), None) => return None,
        };
        if let Some(Time::Utc(_)) = captured {
            return Some(Time::Utc(us));
        }
        let now = self.now.unwrap_or(us);
        self.now = Some(us.clamp(now.saturating_sub(LEAD_US), now.saturating_add(LEAD_US)));
        Some(self.date.map_or(Time::OfDay(us), |date| Time::Utc(date.saturating_add(us))))
    }
}

/// What is `us` within turns and nearest to a lead.
fn nearest(us: i64, lead: i64, turn: i64) -> i64 {
    let away = us.saturating_sub(lead).rem_euclid(turn);
    lead.saturating_add(if away > turn / 2 { away - turn } else { away })
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: i64 = 3_600_000_000;

    #[expect(clippy::cast_possible_truncation, reason = "a few hours")]
    fn run(date: Option<i64>, hours: &[f64]) -> Vec<f64> {
        let mut clock = Clock::new(date);
        let times = hours.iter().map(|hour| clock.time(TimeOfDay::Whole((hour * HOUR as f64) as i64), None));
        times.map(|time| time.expect("a time").micros() as f64 / HOUR as f64).collect()
    }

    #[test]
    fn midnight_is_passed_once_whoever_is_late() {
        assert_eq!(run(None, &[23.5, 23.75, 0.0, 23.875, 0.25]), [23.5, 23.75, 24.0, 23.875, 24.25]);
        let days: Vec<f64> = (0..100).map(|step| f64::from(step) % 24.0).collect();
        assert_eq!(run(None, &days), (0..100).map(f64::from).collect::<Vec<_>>(), "four days");
    }

    #[test]
    fn a_wrong_time_does_not_lead_the_others_astray() {
        assert_eq!(run(None, &[10.0, 21.5, 8.5, 10.0, 22.5, 10.0]), [10.0, 21.5, 8.5, 10.0, -1.5, 10.0]);
    }

    #[test]
    fn a_capture_has_a_date_and_so_may_the_caller() {
        let noon = 1_700_000_000_000_000 / DAY_US * DAY_US + 12 * HOUR;
        let mut clock = Clock::new(None);
        let captured = Some(Time::Utc(noon + 12 * HOUR + 1));
        assert_eq!(clock.time(TimeOfDay::Whole(DAY_US - 2), captured), Some(Time::Utc(noon + 12 * HOUR - 2)));
        assert_eq!(clock.time(TimeOfDay::Whole(5), captured), Some(Time::Utc(noon + 12 * HOUR + 5)));
        assert_eq!(Clock::new(Some(noon)).time(TimeOfDay::Whole(5), None), Some(Time::Utc(noon - 12 * HOUR + 5)));
    }

    #[test]
    fn truncated_times_follow_whole_ones() {
        let mut clock = Clock::new(None);
        assert_eq!(clock.time(TimeOfDay::Truncated(5), None), None);
        assert_eq!(clock.time(TimeOfDay::Whole(10 * TURN_US - 5), None), Some(Time::OfDay(10 * TURN_US - 5)));
        assert_eq!(clock.time(TimeOfDay::Truncated(5), None), Some(Time::OfDay(10 * TURN_US + 5)));
        assert_eq!(clock.time(TimeOfDay::Truncated(TURN_US - 1), None), Some(Time::OfDay(10 * TURN_US - 1)));
        // At 5,120 s 300 s is 212 s ago, not in five minutes.
        assert_eq!(clock.time(TimeOfDay::Truncated(300_000_000), None), Some(Time::OfDay(4_908_000_000)));
    }
}
