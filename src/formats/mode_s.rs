//! Extended squitters of Mode S: what aircraft say of themselves on 1090 MHz (RTCA DO-260B; ICAO Doc 9871).
//!
//! Read are downlink formats 17 and 18: identification, places in the air and on the ground, velocities, and the status
//! that says how good they are. Replies to interrogations (formats 0, 4, 5, 11, 16, 20, 21) say no place and are rejected
//! as unread; so are heights of type codes 20 to 22, which receivers decode in different ways.

use std::collections::BTreeMap;

use super::accuracy;
use super::cpr::{self, Encoded, Extent};
use super::report::{Geodetic, Kind, Marks, Report, Time, Velocity};
use super::summary::Reason;
use super::text::{Sink, name};

const FOOT_M: f64 = 0.3048;
const KNOT_M_S: f64 = 1852.0 / 3600.0;

/// How old the other message of a pair may be, and a place nearby, microseconds.
const PAIR_US: i64 = 10_000_000;
const NEAR_US: i64 = 300_000_000;

/// Messages to reports.
#[derive(Debug)]
pub(super) struct Squitters {
    aircraft: BTreeMap<u32, Aircraft>,
    /// Where the receiver stands, for the first place of an aircraft on the ground.
    receiver: Option<Geodetic>,
}

#[derive(Debug, Default)]
struct Aircraft {
    /// The last even and the last odd message of the air.
    last: [Option<(i64, Encoded)>; 2],
    place: Option<(i64, Geodetic)>,
    /// Of the standard, and accuracy category of position; known from a status.
    version: u64,
    accuracy: Option<u64>,
}

/// Remainders of the cyclic redundancy check for one octet, of x²⁴ + … = 0xfff409.
#[expect(clippy::indexing_slicing, reason = "below 256, when it is compiled")]
const fn remainders() -> [u32; 256] {
    let mut table = [0; 256];
    let mut octet: u32 = 0;
    while octet < 256 {
        let mut rest = octet << 16;
        let mut bit = 0;
        while bit < 8 {
            rest = if rest & 0x80_0000 == 0 { rest << 1 } else { (rest << 1) ^ 0xff_f409 };
            bit += 1;
        }
        table[octet as usize] = rest & 0xff_ffff;
        octet += 1;
    }
    table
}

static REMAINDERS: [u32; 256] = remainders();

/// What is left of a message: 0 where its parity holds.
fn remainder(message: &[u8]) -> u32 {
    let Some((data, parity)) = message.split_last_chunk::<3>() else { return u32::MAX };
    let rest = data.iter().fold(0_u32, |rest, octet| {
        let place = usize::from(u8::try_from(rest >> 16 & 0xff).unwrap_or(0) ^ octet);
        (rest << 8 & 0xff_ffff) ^ REMAINDERS.get(place).copied().unwrap_or(0)
    });
    rest ^ parity.iter().fold(0, |sum, octet| sum << 8 | u32::from(*octet))
}

/// The 56 bits of a message's content, from the first, from 0.
#[derive(Clone, Copy)]
struct Content(u64);

impl Content {
    fn bits(self, from: u32, count: u32) -> u64 {
        self.0 >> (56 - from - count) & ((1 << count) - 1)
    }

    fn small(self, from: u32, count: u32) -> u32 {
        u32::try_from(self.bits(from, count)).unwrap_or(0)
    }

    fn is_set(self, bit: u32) -> bool {
        self.bits(bit, 1) == 1
    }

    fn encoded(self) -> Encoded {
        Encoded { odd: self.is_set(21), latitude: self.small(22, 17), longitude: self.small(39, 17) }
    }
}

impl Squitters {
    /// Those that a receiver hears that stands somewhere.
    pub(super) fn of(receiver: Option<Geodetic>) -> Self {
        Self { aircraft: BTreeMap::new(), receiver }
    }

    /// Reads a message that stands at a place of the file and came at a time.
    pub(super) fn message(&mut self, at: u64, message: &[u8], time: Option<Time>, sink: &mut Sink<'_>) {
        let format = message.first().map_or(0, |first| first >> 3);
        let control = message.first().map_or(0, |first| first & 7);
        let Some((head, rest)) =
            message.split_first_chunk::<4>().filter(|_| matches!(format, 17 | 18) && message.len() == 14)
        else {
            sink.reject(at, Reason::Unread, &format!("a message of downlink format {format}"));
            return;
        };
        if remainder(message) != 0 {
            sink.reject(at, Reason::Checksum, &format!("a message of downlink format {format}"));
            return;
        }
        // Of format 18 those with an ICAO address: of equipment without a transponder, and sent again by a ground station.
        if format == 18 && !matches!(control, 0 | 6) {
            sink.reject(at, Reason::Unread, &format!("a message of downlink format 18, control field {control}"));
            return;
        }
        let address = head.iter().skip(1).fold(0, |sum, octet| sum << 8 | u32::from(*octet));
        let content = Content(rest.iter().take(7).fold(0, |sum, octet| sum << 8 | u64::from(*octet)));
        let code = content.bits(0, 5);
        let mut report = Report { at, kind: Kind::Own, time, ..Report::default() };
        report.identity.address = Some(address);
        let aircraft = self.aircraft.entry(address).or_default();
        let given = match code {
            1..=4 => identification(content, &mut report),
            5..=8 | 9..=18 | 20..=22 => aircraft.position(content, code, self.receiver, &mut report),
            19 => velocity(content, &mut report),
            31 => {
                aircraft.status(content);
                Err(Reason::Unread)
            }
            _ => Err(Reason::Unread),
        };
        match given {
            Ok(()) => {
                report.source = sink.summary.source("mode-s");
                report.message = sink.summary.message(&format!("DF{format} TC{code}"));
                sink.give(report);
            }
            Err(reason) => sink.reject(at, reason, &format!("a message of downlink format {format}, type code {code}")),
        }
    }
}

fn identification(content: Content, report: &mut Report) -> Result<(), Reason> {
    let character = |place: u32| match content.small(8 + 6 * place, 6) {
        code @ 1..=26 => char::from_u32(64 + code),
        code @ 48..=57 => char::from_u32(code),
        32 => Some(' '),
        _ => None,
    };
    let text: Option<String> = (0..8).map(character).collect();
    report.identity.callsign = name(&text.ok_or(Reason::Impossible)?);
    Ok(())
}

/// Speed and course over the ground, and the rate of climb.
fn velocity(content: Content, report: &mut Report) -> Result<(), Reason> {
    let subtype = content.bits(5, 3);
    if !matches!(subtype, 1 | 2) {
        return Err(Reason::Unread);
    }
    // Of aircraft faster than sound in steps of four; 0 says that there is none.
    let step = if subtype == 2 { 4.0 } else { 1.0 } * KNOT_M_S;
    let component = |sign: u32, from: u32| {
        let raw = content.bits(from, 10);
        let speed = (raw as f64 - 1.0) * step;
        (raw > 0).then_some(if content.is_set(sign) { -speed } else { speed })
    };
    if let Some((east_m_s, north_m_s)) = component(13, 14).zip(component(24, 25)) {
        report.velocity = Some(Velocity::Components { east_m_s, north_m_s });
        report.sigmas.velocity_m_s = accuracy::nac_v(content.bits(10, 3));
    }
    let climb = content.bits(37, 9);
    let rate = (climb as f64 - 1.0) * 64.0 * FOOT_M / 60.0;
    report.up_m_s = (climb > 0).then_some(if content.is_set(36) { -rate } else { rate });
    if report.velocity.is_none() && report.up_m_s.is_none() { Err(Reason::Empty) } else { Ok(()) }
}

/// A pressure altitude of 12 bits, metres: in steps of 25 ft, or of 100 ft in Gillham's code.
fn altitude(code: u64) -> Option<f64> {
    if code == 0 {
        return None;
    }
    if code & 0x10 != 0 {
        let number = (code & 0xfe0) >> 1 | code & 0xf;
        return Some((number as f64 * 25.0 - 1000.0) * FOOT_M);
    }
    gillham(code).map(|feet| feet * FOOT_M)
}

/// C1 A1 C2 A2 C4 A4 B1 (0) B2 D2 B4 D4: 500 ft in a Gray code of eight bits, 100 ft in one of three that turns back.
fn gillham(code: u64) -> Option<f64> {
    let bit = |place: u64| code >> place & 1;
    let [c1, a1, c2, a2, c4, a4, b1, _, b2, d2, b4, d4] = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map(bit);
    let plain = |gray: &[u64]| gray.iter().fold((0, 0), |(sum, last), bit| (sum << 1 | last ^ bit, last ^ bit)).0;
    let fives = plain(&[d2, d4, a1, a2, a4, b1, b2, b4]);
    let ones = plain(&[c1, c2, c4]);
    // 5 and 6 are not used, and 7 stands for 5.
    let ones = match ones {
        0 | 5 | 6 => return None,
        7 => 5,
        ones => ones,
    };
    let ones = if fives % 2 == 1 { 6 - ones } else { ones };
    Some(fives as f64 * 500.0 + ones as f64 * 100.0 - 1300.0)
}

impl Aircraft {
    /// A place in the air or on the ground.
    fn position(
        &mut self,
        content: Content,
        code: u64,
        receiver: Option<Geodetic>,
        report: &mut Report,
    ) -> Result<(), Reason> {
        let now = report.time.ok_or(Reason::Incomplete)?.micros();
        let encoded = content.encoded();
        let near =
            self.place.filter(|(when, _)| (0..NEAR_US).contains(&now.saturating_sub(*when))).map(|(_, place)| place);
        let place = if code <= 8 {
            report.marks.put(Marks::GROUND, true);
            ground(content, report);
            near.or(receiver).and_then(|near| cpr::local(encoded, Extent::Ground, near))
        } else {
            if code <= 18 {
                report.pressure_altitude_m = altitude(content.bits(8, 12));
            }
            report.marks.put(Marks::SPI, content.bits(5, 2) == 3);
            let [even, odd] = &mut self.last;
            let (own, other) = if encoded.odd { (odd, even) } else { (even, odd) };
            *own = Some((now, encoded));
            let other = other.filter(|(when, _)| (0..PAIR_US).contains(&now.saturating_sub(*when)));
            let pair = other.and_then(|(_, other)| cpr::global(encoded, other));
            pair.or_else(|| near.and_then(|near| cpr::local(encoded, Extent::Air, near)))
        };
        let place = place.ok_or(Reason::Incomplete)?;
        self.place = Some((now, place));
        report.geodetic = Some(place);
        // The type code is the uncertainty category of the first version of the standard.
        let uncertainty = match code {
            5..=8 => 14 - code,
            9..=18 => 18 - code,
            20 | 21 => 29 - code,
            _ => 0,
        };
        let accuracy = self.accuracy.filter(|_| self.version > 0).map(accuracy::nac_p);
        let sigma = accuracy.unwrap_or_else(|| accuracy::nuc_p(uncertainty));
        (report.sigmas.east_m, report.sigmas.north_m) = (sigma, sigma);
        Ok(())
    }

    /// An operational status: version of the standard, accuracy of position.
    fn status(&mut self, content: Content) {
        if content.bits(5, 3) <= 1 {
            self.version = content.bits(40, 3);
            self.accuracy = Some(content.bits(44, 4));
        }
    }
}

/// Speed on the ground, in steps that grow, and the course, where it is valid.
fn ground(content: Content, report: &mut Report) {
    let movement = content.bits(5, 7) as f64;
    let knots = match content.bits(5, 7) {
        1 => 0.0,
        2..=8 => 0.125 + (movement - 2.0) * 0.125,
        9..=12 => 1.0 + (movement - 9.0) * 0.25,
        13..=38 => 2.0 + (movement - 13.0) * 0.5,
        39..=93 => 15.0 + (movement - 39.0),
        94..=108 => 70.0 + (movement - 94.0) * 2.0,
        109..=123 => 100.0 + (movement - 109.0) * 5.0,
        124 => 175.0,
        _ => return,
    };
    if content.is_set(12) {
        let course_deg = content.bits(13, 7) as f64 * 360.0 / 128.0;
        report.velocity = Some(Velocity::Course { speed_m_s: knots * KNOT_M_S, course_deg });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gillham_codes_are_in_order_and_each_is_one_height() {
        let mut heights: Vec<f64> = (1..4096).filter(|code| code & 0x10 == 0).filter_map(gillham).collect();
        heights.sort_by(f64::total_cmp);
        assert!((heights[0] + 1200.0).abs() < 0.1, "{}", heights[0]);
        assert!(heights.windows(2).all(|two| (two[1] - two[0] - 100.0).abs() < 0.1), "a step is not of 100 ft");
        assert_eq!(heights.len(), 1280, "up to 126,700 ft");
    }
}
