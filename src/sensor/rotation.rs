//! How an antenna turns: each revolution as one look a sector, at the sector's own time.
//!
//! Sector s of n lies between the azimuths 360 s / n and 360 (s + 1) / n degrees. An antenna that turns clockwise sweeps
//! sectors 0, 1, … n − 1 of each revolution, one that turns counterclockwise n − 1, … 1, 0, all for the same time; a revolution
//! begins when it points north. So a look is a time and an area at once, and each detection is in the look that holds its time.
//!
//! Azimuths are measured better than times are stamped. A detection whose azimuth lies beyond the sector of its time, by no more
//! than a tolerance, is taken to be of the nearest moment at which the antenna swept its azimuth's sector; farther beyond, time and
//! azimuth contradict each other, and the detection is of no look.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// How an antenna turns.
#[derive(Clone, Debug, PartialEq)]
pub struct Rotation {
    /// How long a revolution takes, microseconds; of listed ones about how long.
    pub period_us: i64,
    /// Sectors of a revolution, from [`Rotation::SECTORS_LEAST`] to [`Rotation::SECTORS_MOST`]; a look each.
    pub sectors: u32,
    /// Which way it turns.
    pub sense: Sense,
    /// By how much the azimuth of a detection may be beyond the sector of its time, degrees: at most the width of one.
    pub tolerance_deg: f64,
    /// Its revolutions.
    pub turns: Turns,
}

/// Which way an antenna turns, seen from above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Sense {
    /// From north to east.
    #[default]
    Clockwise,
    /// From north to west.
    Counterclockwise,
}

impl Sense {
    /// An angle clockwise, in the sense of rotation.
    #[must_use]
    pub fn turned(self, clockwise: f64) -> f64 {
        match self {
            Self::Clockwise => clockwise,
            Self::Counterclockwise => -clockwise,
        }
    }
}

/// Revolutions of an antenna, from north to north.
#[derive(Clone, Debug, PartialEq)]
pub enum Turns {
    /// All as long as the period, without a pause.
    Steady {
        /// A time at which it pointed north, microseconds.
        north_us: i64,
    },
    /// Those of a table, each from its first moment to before the second: in the order of time, none within another.
    Listed(Arc<[[i64; 2]]>),
}

/// The look of an antenna at a sector.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SectorLook {
    /// Its number: that of the revolution times the sectors of one, and which one of it this is in the order of time.
    pub number: i64,
    /// When it began, microseconds.
    pub start_us: i64,
    /// When the next one does, or would.
    pub end_us: i64,
    /// The azimuths that it swept, clockwise from the first to the second, degrees.
    pub sector_deg: [f64; 2],
}

/// A time and whether it is another than was stamped.
pub(crate) type Retimed = (i64, bool);

impl Rotation {
    /// Sectors of a revolution at least: two borders of a wider one are not enough to say what is between them.
    pub const SECTORS_LEAST: u32 = 4;
    /// And at most: each is a scan, and has a mask of its own.
    pub const SECTORS_MOST: u32 = 360;
    /// As many as there are where nobody says how many.
    pub const SECTORS: u32 = 16;
    /// The tolerance where nobody says another.
    pub const TOLERANCE_DEG: f64 = 3.0;

    /// The azimuths of a sector, clockwise from the first to the second, degrees.
    #[must_use]
    pub fn sector_deg(&self, sector: u32) -> [f64; 2] {
        let n = self.sectors.max(1);
        // The last one ends where the first one begins, to the bit.
        [sector, sector + 1].map(|edge| 360.0 * f64::from(edge % n) / f64::from(n))
    }

    /// How long a look at a sector takes by the period, seconds: less than zero if the antenna turns counterclockwise.
    #[must_use]
    pub fn sweep_s(&self) -> f64 {
        self.sense.turned(1e-6 * self.period_us as f64 / f64::from(self.sectors.max(1)))
    }

    /// The look of a number.
    #[must_use]
    pub fn look(&self, number: i64) -> Option<SectorLook> {
        let n = i64::from(self.sectors.max(1));
        let (turn, swept) = (number.div_euclid(n), number.rem_euclid(n));
        let start_us = |swept: i64| match &self.turns {
            Turns::Steady { north_us } => {
                let turns_us = i128::from(self.period_us) * (i128::from(turn) * i128::from(n) + i128::from(swept));
                i64::try_from(i128::from(*north_us) + turns_us.div_euclid(i128::from(n))).ok()
            }
            Turns::Listed(turns) => {
                let [from_us, to_us] = *turns.get(usize::try_from(turn).ok()?)?;
                let part_us = i128::from(to_us - from_us) * i128::from(swept) / i128::from(n);
                Some(from_us + i64::try_from(part_us).ok()?)
            }
        };
        let sector = u32::try_from(if self.sense == Sense::Clockwise { swept } else { n - 1 - swept }).ok()?;
        let (start_us, end_us) = (start_us(swept)?, start_us(swept + 1)?);
        Some(SectorLook { number, start_us, end_us, sector_deg: self.sector_deg(sector) })
    }

    /// The look that holds a time, or, between listed revolutions, the next one; `None` after the last.
    #[must_use]
    pub fn look_at(&self, time_us: i64) -> Option<SectorLook> {
        let n = i64::from(self.sectors.max(1));
        let within = |[from_us, length_us]: [i64; 2]| {
            let swept = (i128::from(time_us) - i128::from(from_us)) * i128::from(n);
            i64::try_from(swept.div_euclid(i128::from(length_us.max(1)))).ok()
        };
        let mut number = match &self.turns {
            Turns::Steady { north_us } => within([*north_us, self.period_us])?,
            Turns::Listed(turns) => {
                let turn = turns.partition_point(|[_, to_us]| *to_us <= time_us);
                let [from_us, to_us] = *turns.get(turn)?;
                i64::try_from(turn).ok()? * n + within([from_us, to_us - from_us])?.clamp(0, n - 1)
            }
        };
        // Borders are whole microseconds, so that the look before or after may hold it.
        if self.look(number)?.end_us <= time_us {
            number = number.saturating_add(1);
        }
        self.look(number)
    }

    /// The time at which a detection is taken to have been made, from its stamp and its azimuth in radians; `None` if these
    /// contradict each other, or nobody looked then.
    #[must_use]
    pub(crate) fn timed(&self, time_us: i64, azimuth_rad: f64) -> Option<Retimed> {
        let held = |time_us: i64| self.look_at(time_us).filter(|look| look.start_us <= time_us);
        let look = held(time_us)?;
        let [from_deg, _] = look.sector_deg;
        let width_deg = 360.0 / f64::from(self.sectors.max(1));
        let past_deg = (azimuth_rad.to_degrees() - from_deg).rem_euclid(360.0);
        if past_deg < width_deg {
            return Some((time_us, false));
        }
        let [beyond_deg, before_deg] = [past_deg - width_deg, 360.0 - past_deg];
        let (off_deg, is_beyond) = if beyond_deg < before_deg { (beyond_deg, true) } else { (before_deg, false) };
        let nearest_us =
            if is_beyond == (self.sense == Sense::Clockwise) { look.end_us } else { look.start_us.saturating_sub(1) };
        (off_deg <= self.tolerance_deg && held(nearest_us).is_some()).then_some((nearest_us, true))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCKWISE: Sense = Sense::Clockwise;
    const COUNTER: Sense = Sense::Counterclockwise;

    fn steady(sectors: u32, sense: Sense) -> Rotation {
        let turns = Turns::Steady { north_us: 1_234_567 };
        Rotation { period_us: 4_000_003, sectors, sense, tolerance_deg: 3.0, turns }
    }

    fn listed() -> Rotation {
        let turns = Turns::Listed([[0, 4_000_001], [4_000_001, 8_000_000], [20_000_000, 24_000_000]].into());
        Rotation { period_us: 4_000_000, sectors: 7, sense: Sense::Clockwise, tolerance_deg: 3.0, turns }
    }

    #[test]
    fn every_moment_is_of_one_look_and_the_antenna_points_into_its_sector() {
        for (sectors, sense) in [(4, CLOCKWISE), (7, CLOCKWISE), (16, COUNTER), (360, COUNTER)] {
            let rotation = steady(sectors, sense);
            let first = rotation.look_at(-9_000_000).expect("a look");
            let mut before = first.start_us;
            for number in first.number..first.number + 5 * i64::from(sectors) {
                let look = rotation.look(number).expect("a look");
                assert_eq!(look.start_us, before, "one begins as the one before ends");
                before = look.end_us;
                for time_us in [look.start_us, look.start_us + 1, look.end_us - 1] {
                    assert_eq!(rotation.look_at(time_us), Some(look), "{time_us}");
                    let turned_deg = 360.0 * ((time_us - 1_234_567) as f64 / 4_000_003.0);
                    let azimuth_deg = sense.turned(turned_deg);
                    let past_deg = (azimuth_deg - look.sector_deg[0]).rem_euclid(360.0);
                    let within = past_deg < 360.0 / f64::from(sectors) + 1e-3 || past_deg > 360.0 - 1e-3;
                    assert!(within, "{look:?}: {azimuth_deg}");
                }
            }
        }
    }

    #[test]
    fn listed_revolutions_have_looks_and_between_them_there_are_none() {
        let rotation = listed();
        let at = |time_us| rotation.look_at(time_us).map(|look| (look.number, look.start_us));
        assert_eq!(at(-5), Some((0, 0)));
        assert_eq!(at(4_000_000), Some((6, 3_428_572)));
        assert_eq!(at(4_000_001), Some((7, 4_000_001)));
        assert_eq!(at(9_000_000), Some((14, 20_000_000)), "the next one");
        assert_eq!(at(24_000_000), None);
        assert_eq!(rotation.timed(9_000_000, 0.0), None);
        assert_eq!(rotation.timed(7_999_999, 1.0_f64.to_radians()), None, "its azimuth was swept after the last look");
        assert_eq!(rotation.timed(4_000_000, 1.0_f64.to_radians()), Some((4_000_001, true)));
    }

    #[test]
    fn time_and_azimuth_that_differ_a_little_are_of_the_sector_of_the_azimuth_and_far_apart_of_none() {
        for sense in [CLOCKWISE, COUNTER] {
            let rotation = Rotation { turns: Turns::Steady { north_us: 0 }, period_us: 4_000_000, ..steady(8, sense) };
            let timed = |time_us, azimuth_deg: f64| rotation.timed(time_us, sense.turned(azimuth_deg).to_radians());
            assert_eq!(timed(250_000, 22.5), Some((250_000, false)));
            assert_eq!(timed(499_000, 46.0), Some((500_000, true)), "stamped a little early");
            assert_eq!(timed(501_000, 44.0), Some((499_999, true)), "or late");
            assert_eq!(timed(250_000, 47.9), Some((500_000, true)));
            assert_eq!(timed(250_000, 48.1), None);
            assert_eq!(timed(250_000, -3.1), None);
            assert_eq!(timed(10, -2.9), Some((-1, true)));
            assert_eq!(timed(250_000, 200.0), None);
        }
    }

    #[test]
    fn times_at_the_ends_of_what_can_be_counted_are_no_reason_to_panic() {
        for rotation in [steady(360, CLOCKWISE), steady(4, COUNTER), listed()] {
            for time_us in [i64::MIN, i64::MIN + 1, i64::MAX - 1, i64::MAX] {
                let _ = rotation.look_at(time_us);
                let _ = rotation.look(time_us);
                let _ = rotation.timed(time_us, 1.0);
            }
        }
    }
}
