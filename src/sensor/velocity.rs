//! Velocities that come with reported positions: of ships and aircraft that send them.
//!
//! Either speed and course over ground, or components along the axes of the place: x, y(, z), or east, north(, up) *at the
//! reported place*. Fusion takes scalar rows along axes of the horizontal plane there, turned by the course:
//!
//! | row | along | speed and course | components |
//! | --- | --- | --- | --- |
//! | 0 | a = sin θ E + cos θ N | speed s, σs | the first, σ |
//! | 1 | b = sin θ N − cos θ E | 0, max(s σθ, σs) | the second, σ |
//! | 2 | U | climb | climb |
//!
//! θ is the course clockwise from north (y), and a quarter turn for components, so that a = E and b = N. Near rest a course
//! says nothing, and the error of a velocity is as large across it as along it: hence σs as the least across. Where
//! s σθ² / σs > 0.4 the arc is as thick as the noise of the speed, and the unbiased conversion of `radar.rs` is used.

use std::io::{self, Read};

use super::Noise;
use super::bytes::{kind, numbers, unknown};
use super::columns::{Cells, Quantity, Sigma};
use super::measurement::{VelocityRows, is_pair, narrow};
use super::radar::{BIAS_BOUND, moments};
use crate::space::Frame;

/// The columns of a velocity.
pub(super) const QUANTITIES: [Quantity; 12] = [
    Quantity::Speed,
    Quantity::Course,
    Quantity::Vx,
    Quantity::Vy,
    Quantity::Vz,
    Quantity::East,
    Quantity::North,
    Quantity::Up,
    Quantity::SigmaSpeed,
    Quantity::SigmaCourse,
    Quantity::SigmaVelocity,
    Quantity::SigmaClimb,
];

/// A reported velocity; each standard deviation beside its quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Velocity {
    /// Over ground.
    pub level: Option<Level>,
    /// Upwards, along z or up, m/s.
    pub climb_m_s: Option<[f64; 2]>,
}

/// A velocity over ground.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Level {
    /// Along x and y, or east and north.
    Components {
        /// Each of them, m/s.
        m_s: [f64; 2],
        /// Standard deviation of either.
        sigma_m_s: f64,
    },
    /// How fast, and whither.
    Course {
        /// Speed, m/s.
        speed_m_s: [f64; 2],
        /// Direction of motion clockwise from north (y), radians.
        course_rad: [f64; 2],
    },
}

/// The velocity of a row, if it has one.
///
/// # Errors
/// What is wrong with a cell.
pub(super) fn read<C: Cells>(cells: &C, noise: &Noise, frame: Frame) -> Result<Option<Velocity>, C::Fault> {
    use Quantity as Q;
    let [first, second, up] = match frame {
        Frame::Local => [Q::Vx, Q::Vy, Q::Vz],
        Frame::Geodetic => [Q::East, Q::North, Q::Up],
    };
    let speed = Sigma { of: Q::Speed, column: Q::SigmaSpeed, noise: noise.speed_m_s, key: "speed_m_s" };
    let course = Sigma { of: Q::Course, column: Q::SigmaCourse, noise: noise.course_rad, key: "course_deg" };
    let across = Sigma { of: first, column: Q::SigmaVelocity, noise: noise.velocity_m_s, key: "velocity_m_s" };
    let climb = Sigma { of: up, column: Q::SigmaClimb, noise: noise.climb_m_s, key: "climb_m_s" };
    let speaks_of = |a: Q, b: Q| Ok(cells.optional(a)?.is_some() || cells.optional(b)?.is_some());
    let level = if speaks_of(Q::Speed, Q::Course)? {
        cells.empty(first)?;
        cells.empty(second)?;
        Some(Level::Course {
            speed_m_s: [cells.required(Q::Speed)?, cells.sigma(&speed)?],
            course_rad: [cells.required(Q::Course)?.to_radians(), cells.sigma(&course)?],
        })
    } else if speaks_of(first, second)? {
        let m_s = [cells.required(first)?, cells.required(second)?];
        Some(Level::Components { m_s, sigma_m_s: cells.sigma(&across)? })
    } else {
        None
    };
    let climb_m_s = match cells.optional(up)? {
        Some(climb_m_s) => Some([climb_m_s, cells.sigma(&climb)?]),
        None => None,
    };
    Ok((level.is_some() || climb_m_s.is_some()).then_some(Velocity { level, climb_m_s }))
}

impl Velocity {
    /// The same without its climb; `None` if nothing is left.
    pub(super) fn without_climb(self) -> Option<Self> {
        self.level.map(|level| Self { level: Some(level), climb_m_s: None })
    }

    /// As rows along axes of the place.
    pub(super) fn rows(&self) -> VelocityRows {
        let (turn, [along, across]) = match self.level {
            None => ([1.0, 0.0], [[0.0; 2]; 2]),
            Some(Level::Components { m_s: [first, second], sigma_m_s }) => {
                ([1.0, 0.0], [[first, sigma_m_s], [second, sigma_m_s]])
            }
            Some(Level::Course { speed_m_s: [s, s_s], course_rad: [course, s_t] }) => {
                let turn = [libm::sin(course), libm::cos(course)];
                if s * s_t * s_t <= BIAS_BOUND * s_s {
                    (turn, [[s, s_s], [0.0, (s * s_t).max(s_s)]])
                } else {
                    let l_t = libm::exp(-s_t * s_t / 2.0);
                    let (along, _, _, across) = moments([s, s_s], l_t, 1.0, [0.0, 1.0]);
                    (turn, [[s / l_t, along.max(0.0).sqrt().max(s_s)], [0.0, across.max(0.0).sqrt().max(s_s)]])
                }
            }
        };
        let rows = [along, across, self.climb_m_s.unwrap_or_default()];
        VelocityRows {
            turn: turn.map(narrow),
            rates_m_s: rows.map(|[rate, _]| narrow(rate)),
            sigma_m_s: rows.map(|[_, sigma]| narrow(sigma)),
        }
    }

    /// Whether it is one, with standard deviations above 0.
    pub(super) fn is_sound(&self) -> bool {
        let level = match self.level {
            None => self.climb_m_s.is_some(),
            Some(Level::Components { m_s: [first, second], sigma_m_s }) => {
                is_pair([first, sigma_m_s]) && second.is_finite()
            }
            Some(Level::Course { speed_m_s, course_rad }) => {
                speed_m_s[0] >= 0.0 && is_pair(speed_m_s) && is_pair(course_rad)
            }
        };
        level && self.climb_m_s.is_none_or(is_pair)
    }

    /// What [`Velocity::numbers`] gave.
    pub(super) fn get(from: &mut impl Read) -> io::Result<Self> {
        let level = match kind(from)? {
            0 => None,
            1 => {
                let [first, second, sigma_m_s] = numbers(from)?;
                Some(Level::Components { m_s: [first, second], sigma_m_s })
            }
            2 => Some(Level::Course { speed_m_s: numbers(from)?, course_rad: numbers(from)? }),
            of => return Err(unknown(of)),
        };
        let climb_m_s = if kind(from)? == 0 { None } else { Some(numbers(from)?) };
        Ok(Self { level, climb_m_s })
    }

    /// Every number of it, for a digest.
    pub(super) fn numbers(&self, take: &mut impl FnMut(u8, &[f64])) {
        match self.level {
            None => take(0, &[]),
            Some(Level::Components { m_s: [first, second], sigma_m_s }) => take(1, &[first, second, sigma_m_s]),
            Some(Level::Course { speed_m_s: [speed, s_s], course_rad: [course, s_t] }) => {
                take(2, &[speed, s_s, course, s_t]);
            }
        }
        take(u8::from(self.climb_m_s.is_some()), self.climb_m_s.as_ref().map_or(&[], |pair| pair));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn course(speed_m_s: [f64; 2], course_deg: [f64; 2]) -> VelocityRows {
        let course_rad = course_deg.map(f64::to_radians);
        Velocity { level: Some(Level::Course { speed_m_s, course_rad }), climb_m_s: None }.rows()
    }

    #[test]
    fn a_course_is_along_itself_and_nothing_across_it() {
        // 10 m/s to the south-east, ± 0.2 m/s and 2 degrees: 10 · 2° = 0.349 m/s across.
        let rows = course([10.0, 0.2], [135.0, 2.0]);
        let h = std::f32::consts::FRAC_1_SQRT_2;
        assert!((rows.turn[0] - h).abs() < 1e-6 && (rows.turn[1] + h).abs() < 1e-6, "{:?}", rows.turn);
        assert_eq!(rows.rates_m_s.to_vec(), [10.0, 0.0, 0.0]);
        assert!((rows.sigma_m_s[1] - 0.349_066).abs() < 1e-5 && rows.sigma_m_s[0].to_bits() == 0.2_f32.to_bits());
        assert!(rows.sigma_m_s[2].to_bits() == 0, "no climb");
    }

    #[test]
    fn near_rest_a_course_says_no_more_than_the_speed() {
        let rows = course([0.05, 0.3], [77.0, 5.0]);
        assert_eq!(rows.sigma_m_s.to_vec(), [0.3, 0.3, 0.0]);
    }

    #[test]
    fn a_vague_course_is_converted_without_bias() {
        // The mean of speed · (along, across) over 20 degrees of noise is shorter by exp(-σ²/2); the reported arc is made longer.
        let sigma = 20.0_f64.to_radians();
        let rows = course([10.0, 0.1], [0.0, 20.0]);
        let wanted = 10.0 * (sigma * sigma / 2.0).exp();
        assert!((f64::from(rows.rates_m_s[0]) - wanted).abs() < 1e-4, "{rows:?}");
        assert!(rows.sigma_m_s[0] > 0.5 && (3.0..3.6).contains(&rows.sigma_m_s[1]), "{rows:?}");
    }

    #[test]
    fn components_are_along_the_axes() {
        let level = Some(Level::Components { m_s: [3.0, -4.0], sigma_m_s: 0.5 });
        let rows = Velocity { level, climb_m_s: Some([1.5, 0.25]) }.rows();
        assert_eq!(rows.numbers().to_vec(), [1.0, 0.0, 3.0, -4.0, 1.5, 0.5, 0.5, 0.25]);
    }

    #[test]
    fn bytes_come_back() {
        let levels = [
            None,
            Some(Level::Components { m_s: [1.0, 2.0], sigma_m_s: 3.0 }),
            Some(Level::Course { speed_m_s: [1.0, 2.0], course_rad: [3.0, 4.0] }),
        ];
        for level in levels {
            for climb_m_s in [None, Some([5.0, 6.0])] {
                let velocity = Velocity { level, climb_m_s };
                let mut bytes = Vec::new();
                velocity.numbers(&mut |kind, numbers| {
                    bytes.push(kind);
                    bytes.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
                });
                let mut from = bytes.as_slice();
                assert_eq!(Velocity::get(&mut from).expect("a velocity"), velocity);
                assert!(from.is_empty());
            }
        }
    }
}
