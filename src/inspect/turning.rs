//! How an antenna turns: azimuths of rows against their times.
//!
//! Of an antenna of rate f (turns a second, below zero counterclockwise) azimuth less f t is the same for all rows: the length of
//! the mean of exp 2πi (azimuth − f t) is 1, and with another rate, or for a sensor that does not turn, next to 0. The rate is
//! sought about how long it takes until an object is seen again, over 16 revolutions, and from then on over twice as many each
//! time, for as long as the antenna keeps it.

use std::iter;

use serde::Serialize;

use super::excerpt::Mark;
use super::geometry::quantile;
use super::period::Interval;
use crate::sensor::{Kind, Looks, Mount, Rotation, Sense, Sensor, Turns};

/// Revolutions of the first search, and how far about the interval it goes.
const REVOLUTIONS: f64 = 16.0;
const ABOUT: f64 = 0.15;
/// Rows that are wanted at least, and asked at most.
const LEAST: usize = 30;
const ASKED: usize = 2_000;
/// Least length of the mean for an antenna that turns, and the most that the other sense may have.
const ALIKE: f64 = 0.9;
const UNLIKE: f64 = 0.7;
/// A rate is tried in steps that turn the last row by so much of a turn, and refined within so many of them.
const STEP: f64 = 0.1;
const FINE: i32 = 10;

/// How an antenna turns.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Turning {
    /// How long a revolution takes, seconds.
    pub period_s: f64,
    /// The first time at which it pointed north after the first row that was asked, microseconds.
    pub north_us: i64,
    /// Whether it turns clockwise, seen from above.
    pub clockwise: bool,
    /// How far azimuths are from where it pointed, in the middle, degrees.
    pub off_deg: f64,
    /// For how long it kept this rate, seconds: all that was asked, or until it no longer did.
    pub over_s: f64,
}

/// A row: seconds after the first, and its azimuth in turns.
type Row = [f64; 2];

/// How the antenna of a sensor turns, if the rows of a stretch of time say that it does.
pub(super) fn turning(sensor: &Sensor, rows: &[Mark], interval: Interval) -> Option<Turning> {
    let azimuth_rad = azimuth_rad(sensor)?;
    let first_us = rows.first()?.time_us;
    let row = |mark: &Mark| [(mark.time_us - first_us) as f64 * 1e-6, azimuth_rad(mark) / std::f64::consts::TAU];
    let rows: Vec<Row> = rows.iter().map(row).collect();
    let [end_s, _] = *rows.last()?;
    let (mut over_s, mut found) = (REVOLUTIONS * interval.median_s, None);
    loop {
        let asked = asked(&rows, over_s);
        if asked.len() < LEAST {
            return None;
        }
        let step = STEP / over_s.min(end_s).max(interval.median_s);
        let (rate, length) = match found {
            Some((rate, _)) => {
                let about = (-FINE..=FINE).map(|k| rate + 0.1 * f64::from(k) * step);
                best(&asked, iter::once(rate).chain(about))
            }
            None => sought(&asked, interval.median_s, step)?,
        };
        if length < ALIKE {
            break;
        }
        found = Some((rate, over_s.min(end_s)));
        if over_s >= end_s {
            break;
        }
        over_s *= 2.0;
    }
    let (rate, over_s) = found?;
    Some(told((first_us, rate, over_s), &asked(&rows, over_s)))
}

/// The azimuths of rows from the site of a radar that stays where it is, radians from north.
fn azimuth_rad(sensor: &Sensor) -> Option<impl Fn(&Mark) -> f64> {
    let Kind::Radar { mount: Mount::Fixed { site_m, enu: [east, north, _] } } = &sensor.kind else { return None };
    Some(move |mark: &Mark| {
        let along = |axis: &[f64; 3]| axis.iter().zip(mark.metres).zip(site_m).map(|((a, m), s)| a * (m - s)).sum();
        libm::atan2(along(east), along(north))
    })
}

/// Rows of the first seconds, evenly spread.
fn asked(rows: &[Row], over_s: f64) -> Vec<Row> {
    let within = rows.partition_point(|[time_s, _]| *time_s <= over_s);
    rows.iter().take(within).step_by(within.div_ceil(ASKED).max(1)).copied().collect()
}

/// The length of the mean, and its angle in turns.
fn alike(rows: &[Row], rate: f64) -> [f64; 2] {
    let add = |[c, s]: [f64; 2], [time_s, turn]: &Row| {
        let (sin, cos) = libm::sincos((turn - rate * time_s).rem_euclid(1.0) * std::f64::consts::TAU);
        [c + cos, s + sin]
    };
    let [c, s] = rows.iter().fold([0.0; 2], add);
    [libm::hypot(c, s) / rows.len().max(1) as f64, libm::atan2(s, c) / std::f64::consts::TAU]
}

/// The rate with the longest mean, the first of several, and that length.
fn best(rows: &[Row], rates: impl Iterator<Item = f64>) -> (f64, f64) {
    let told = rates.map(|rate| (rate, alike(rows, rate)[0]));
    told.fold((0.0, f64::NEG_INFINITY), |best, one| if one.1 > best.1 { one } else { best })
}

/// The rate about a period, of either sense, with the length of its mean; `None` if no rate fits, or both senses do: rows of one
/// azimuth do not tell.
#[expect(clippy::cast_possible_truncation, reason = "a number of steps")]
fn sought(rows: &[Row], period_s: f64, step: f64) -> Option<(f64, f64)> {
    let middle = 1.0 / period_s;
    let steps = (ABOUT * middle / step).ceil() as i32;
    let of_sense = |sense: f64| {
        let about = (-steps..=steps).map(|k| sense * (middle + f64::from(k) * step));
        best(rows, iter::once(sense * middle).chain(about))
    };
    let (right, left) = (of_sense(1.0), of_sense(-1.0));
    let (found, other) = if left.1 > right.1 { (left, right) } else { (right, left) };
    (found.1 > ALIKE - STEP && other.1 < UNLIKE).then_some(found)
}

#[expect(clippy::cast_possible_truncation, reason = "within a revolution")]
fn told((first_us, rate, over_s): (i64, f64, f64), rows: &[Row]) -> Turning {
    let [_, angle] = alike(rows, rate);
    let mut off_deg: Vec<f64> = rows
        .iter()
        .map(|[time_s, turn]| {
            let off = (turn - rate * time_s - angle).rem_euclid(1.0);
            360.0 * off.min(1.0 - off)
        })
        .collect();
    let north_s = (-angle * rate.signum()).rem_euclid(1.0) / rate.abs();
    Turning {
        period_s: 1.0 / rate.abs(),
        north_us: first_us + (north_s * 1e6).round() as i64,
        clockwise: rate > 0.0,
        off_deg: quantile(&mut off_deg, 0.5),
        over_s,
    }
}

/// The share of some rows that agree with revolutions from north to north, a listed look each, of an antenna that turns clockwise;
/// `None` of other looks.
pub(super) fn swept_share(sensor: &Sensor, rows: &[Mark]) -> Option<f64> {
    let (Looks::Listed(looks), Some(azimuth_rad)) = (&sensor.looks, azimuth_rad(sensor)) else { return None };
    let turns = looks.iter().map(|look| [look.start_us, look.end_us]).collect();
    let tolerance_deg = Rotation::TOLERANCE_DEG;
    let rotation = Rotation {
        period_us: 1,
        sectors: Rotation::SECTORS,
        sense: Sense::Clockwise,
        tolerance_deg,
        turns: Turns::Listed(turns),
    };
    let agrees = |mark: &&Mark| rotation.timed(mark.time_us, azimuth_rad(mark)).is_some();
    Some(rows.iter().filter(agrees).count() as f64 / rows.len().max(1) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sensor::{Altitudes, Coverage, ListedLook, Noise};

    fn radar() -> Sensor {
        Sensor {
            name: "s".to_owned(),
            owner: "o".to_owned(),
            kind: Kind::radar_at_m([100.0, 50.0, 0.0]),
            noise: Noise::default(),
            detection_probability: 0.9,
            clutter_per_scan: 1.0,
            looks: Looks::Periodic { period_us: 4_000_000 },
            coverage: Coverage::Ring { range_m: [0.0, 1e6], height_m: None },
            offsets: crate::sensor::Offsets::default(),
            altitudes: Altitudes::default(),
            view: None,
        }
    }

    /// Rows of objects at these azimuths (turns), seen by an antenna of a rate that was north at 1.3 s; stamps in 1/128 s.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "some turns of some seconds")]
    fn rows(azimuths: &[f64], rate: f64, seconds: f64) -> Vec<Mark> {
        let mut rows: Vec<Mark> = Vec::new();
        for (number, azimuth) in azimuths.iter().enumerate() {
            for turn in 0..(seconds * rate.abs()) as u32 {
                let time_s = 1.3 + (f64::from(turn) + (azimuth * rate.signum()).rem_euclid(1.0)) / rate.abs();
                let (s, c) = (azimuth * std::f64::consts::TAU).sin_cos();
                let metres = [100.0 + 2e4 * s, 50.0 + 2e4 * c, 0.0];
                let time_us = ((time_s * 128.0).floor() / 128.0 * 1e6) as i64;
                let address = number as u64;
                rows.push(Mark { time_us, address, metres, ground: metres, height_m: None, speed_m_s: None });
            }
        }
        rows.sort_by_key(|row| row.time_us);
        rows
    }

    const INTERVAL: Interval = Interval { median_s: 4.1, p10_s: 4.0, p90_s: 4.2, steady: true, from_addresses: false };
    const AROUND: [f64; 7] = [0.02, 0.11, 0.3, 0.42, 0.57, 0.71, 0.9];

    #[test]
    fn period_north_and_sense_come_from_azimuths_and_times() {
        for (rate, seconds) in [(1.0 / 4.013, 1_000.0), (-1.0 / 4.013, 200.0), (1.0 / 3.9, 20_000.0)] {
            let found = turning(&radar(), &rows(&AROUND, rate, seconds), INTERVAL).expect("it turns");
            assert_eq!(found.clockwise, rate > 0.0);
            let drift_deg = 360.0 * seconds * rate.abs() * (found.period_s * rate.abs() - 1.0);
            assert!(drift_deg.abs() < 2.0, "{rate} {seconds}: {found:?} drifts by {drift_deg}");
            let north = (found.north_us as f64 * 1e-6 - 1.3) * rate.abs();
            assert!((north - north.round()).abs() < 0.004, "{rate} {seconds}: {found:?} is {north} turns off");
            // A stamp may be 0.35 degrees off its middle, and a drift of 2 degrees a quarter of it.
            assert!(found.off_deg < 0.85 && found.over_s > 0.9 * seconds, "{found:?}");
        }
    }

    #[test]
    fn what_does_not_turn_and_what_does_not_tell_are_no_antenna() {
        let mut frame = rows(&AROUND, 0.25, 400.0);
        for row in &mut frame {
            row.time_us = row.time_us.div_euclid(4_000_000) * 4_000_000;
        }
        frame.sort_by_key(|row| row.time_us);
        assert_eq!(turning(&radar(), &frame, INTERVAL), None, "all at once");
        assert_eq!(turning(&radar(), &rows(&[0.3], 0.25, 400.0), INTERVAL), None, "one azimuth fits both senses");
        assert_eq!(turning(&radar(), &rows(&AROUND, 0.25, 9.0), INTERVAL), None, "too few");
    }

    #[test]
    fn an_antenna_that_goes_on_at_another_rate_kept_its_rate_until_then() {
        let mut all = rows(&AROUND, 0.25, 400.0);
        let later = rows(&AROUND, 0.253, 400.0);
        all.extend(later.into_iter().map(|row| Mark { time_us: row.time_us + 400_000_000, ..row }));
        let found = turning(&radar(), &all, INTERVAL).expect("it turns");
        assert!((found.period_s - 4.0).abs() < 0.02 && found.over_s < 600.0, "{found:?}");
    }

    #[test]
    fn rows_agree_with_the_revolutions_in_which_they_were_seen_and_not_with_others() {
        let look = |k: i64, late_us: i64| ListedLook {
            start_us: 1_300_000 + late_us + 4_000_000 * k,
            end_us: 5_300_000 + late_us + 4_000_000 * k,
            sector_deg: None,
        };
        let share = |late_us: i64| {
            let looks = Looks::Listed((-1..110).map(|k| look(k, late_us)).collect());
            swept_share(&Sensor { looks, ..radar() }, &rows(&AROUND, 0.25, 400.0)).expect("listed looks")
        };
        assert!(share(0) > 0.999 && share(300_000) < 0.5, "{} {}", share(0), share(300_000));
        assert_eq!(swept_share(&radar(), &rows(&AROUND, 0.25, 400.0)), None);
    }
}
