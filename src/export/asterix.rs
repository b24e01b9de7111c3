//! ASTERIX category 062, edition 1.18: a record a row, in data blocks of one time each that fit an Ethernet frame.
//!
//! Data source 0/0: who sends this is not known here. A track has a number of 16 bits from its first record, which says
//! so (TSB), to its last (TSE); then the number that has been free the longest may be another's. What a value does not
//! fit into, or the picture withholds, is left out, item by item; accuracies are rounded up.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write;

use super::ExportError;
use super::source::{Row, Source};
use crate::product::NewFile;
use crate::time::SECOND_US;

/// Bytes of a data block at most.
const BLOCK: usize = 1400;
/// Microseconds of a day.
const DAY_US: i64 = 86_400 * SECOND_US;
/// Degrees of a unit of angle.
const ANGLE_DEG: f64 = 180.0 / 33_554_432.0;
/// Metres of a unit of height: 6.25 feet.
const HEIGHT_M: f64 = 6.25 * 0.3048;
/// Metres a second of a unit of climb: 6.25 feet a minute.
const CLIMB_M_S: f64 = HEIGHT_M / 60.0;
/// Metres a second of a unit of velocity.
const VELOCITY_M_S: f64 = 0.25;
/// Metres of a degree of latitude at the least, so that angles of accuracy are not too small.
const DEGREE_M: f64 = 110_574.0;

/// Writes the file.
pub(super) fn write(source: &Source<'_>, out: &mut NewFile) -> Result<(), ExportError> {
    let mut left = source.counts()?;
    let mut numbers = Numbers::default();
    let (mut block, mut of_us) = (Vec::new(), None);
    source.each(|row| {
        let begins = !numbers.held.contains_key(&row.track);
        let number = numbers.of(row.track)?;
        let rest = left.entry(row.track).or_default();
        *rest = rest.saturating_sub(1);
        let ends = *rest == 0;
        if ends {
            numbers.free(row.track);
        }
        let record = record(&row, number, (begins, ends));
        if of_us != Some(row.time_us) || block.len() + record.len() > BLOCK - 3 {
            flush(&mut block, out)?;
        }
        of_us = Some(row.time_us);
        block.extend(record);
        Ok(())
    })?;
    flush(&mut block, out)
}

fn flush(block: &mut Vec<u8>, out: &mut NewFile) -> Result<(), ExportError> {
    if let Ok(length) = u16::try_from(block.len() + 3)
        && !block.is_empty()
    {
        out.write_all(&[62])?;
        out.write_all(&length.to_be_bytes())?;
        out.write_all(block)?;
    }
    block.clear();
    Ok(())
}

/// Numbers of tracks.
#[derive(Debug, Default)]
struct Numbers {
    held: BTreeMap<u64, u16>,
    /// Numbers that were given out so far.
    given: u16,
    freed: VecDeque<u16>,
}

impl Numbers {
    fn of(&mut self, track: u64) -> Result<u16, ExportError> {
        if let Some(&number) = self.held.get(&track) {
            return Ok(number);
        }
        let number = match self.given.checked_add(1) {
            Some(number) => {
                self.given = number;
                number
            }
            None => self.freed.pop_front().ok_or(ExportError::TooManyTracks)?,
        };
        self.held.insert(track, number);
        Ok(number)
    }

    fn free(&mut self, track: u64) {
        self.freed.extend(self.held.remove(&track));
    }
}

/// A record: the field specification and the items in its order.
fn record(row: &Row, number: u16, (begins, ends): (bool, bool)) -> Vec<u8> {
    let velocity = row.velocity.map(|velocity| velocity.map(f64::from));
    let plane =
        velocity.and_then(|[east, north, _]| Some((signed(east / VELOCITY_M_S)?, signed(north / VELOCITY_M_S)?)));
    let climb = velocity.and_then(|[_, _, up]| signed(up / CLIMB_M_S));
    let [latitude, longitude, altitude] = row.position;
    let (height, address, accuracy) = (signed(altitude / HEIGHT_M), address(row), accuracy(row));

    let bit = |there: bool, bit: u8| if there { bit } else { 0 };
    // FRN 1 to 28: 010, 070, 105, 185; 380, 040, 080; 130, 220; 500.
    let mut specification = vec![
        0x80 | 0x10 | 0x08 | bit(plane.is_some(), 0x02),
        bit(address.is_some(), 0x10) | 0x08 | 0x04,
        bit(height.is_some(), 0x10) | bit(climb.is_some(), 0x04),
        bit(!accuracy.is_empty(), 0x04),
    ];
    while specification.pop_if(|last| *last == 0).is_some() {}
    let extended = specification.len() - 1;
    specification.iter_mut().take(extended).for_each(|octet| *octet |= 1);

    let mut record = specification;
    record.extend([0, 0]);
    let ticks = row.time_us.rem_euclid(DAY_US) * 128 / SECOND_US;
    record.extend(ticks.to_be_bytes().iter().skip(5));
    // The antimeridian is -180.
    let longitude = if longitude >= 180.0 { longitude - 360.0 } else { longitude };
    record.extend([latitude, longitude].map(angle).as_flattened());
    record.extend(plane.iter().flat_map(|(east, north)| [east.to_be_bytes(), north.to_be_bytes()]).flatten());
    record.extend(address.iter().flat_map(|address| [&[0x80], address.as_slice()].concat()));
    record.extend(number.to_be_bytes());
    // The height of item 130 is the more reliable one.
    record.extend([0x20 | bit(!row.confirmed, 0x02) | 1, bit(ends, 0x40) | bit(begins, 0x20)]);
    record.extend([height, climb].iter().flatten().flat_map(|value| value.to_be_bytes()));
    record.extend(accuracy);
    record
}

/// The address in item 380, if it is one of 24 bits.
fn address(row: &Row) -> Option<[u8; 3]> {
    let text = row.identity.as_deref().filter(|text| text.len() == 6)?;
    let digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    let [_, bytes @ ..] = u32::from_str_radix(text, 16).ok().filter(|_| digits)?.to_be_bytes();
    Some(bytes)
}

/// Item 500: standard deviations of latitude and longitude, and of the height.
fn accuracy(row: &Row) -> Vec<u8> {
    let Some([ee, _, _, nn, _, uu]) = row.covariance.map(|covariance| covariance.map(f64::from)) else {
        return Vec::new();
    };
    let degrees = |variance: f64, metres: f64| variance.sqrt() / metres;
    let across_m = DEGREE_M * row.position.first().map_or(0.0, |latitude| libm::cos(latitude.to_radians()));
    let place = unsigned(degrees(nn, DEGREE_M) / ANGLE_DEG).zip(unsigned(degrees(ee, across_m) / ANGLE_DEG));
    let height = unsigned(uu.sqrt() / HEIGHT_M).and_then(|units| u8::try_from(units).ok());
    let which = place.map_or(0, |_| 0x20) | height.map_or(0, |_| 0x10);
    if which == 0 {
        return Vec::new();
    }
    let place = place.iter().flat_map(|(north, east)| [north.to_be_bytes(), east.to_be_bytes()]).flatten();
    std::iter::once(which).chain(place).chain(height).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "360° is 2^26 units")]
fn angle(degrees: f64) -> [u8; 4] {
    ((degrees / ANGLE_DEG).round() as i32).to_be_bytes()
}

/// The nearest unit, if it fits.
#[expect(clippy::cast_possible_truncation, reason = "the range is checked")]
fn signed(units: f64) -> Option<i16> {
    let units = units.round();
    (f64::from(i16::MIN)..=f64::from(i16::MAX)).contains(&units).then_some(units as i16)
}

/// The next unit, if it fits.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range is checked")]
fn unsigned(units: f64) -> Option<u16> {
    let units = units.ceil();
    (0.0..=f64::from(u16::MAX)).contains(&units).then_some(units as u16)
}
