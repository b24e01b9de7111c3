//! ASTERIX category 062: records from their items, each under its number in the field specification.

use super::super::table::Row;
use super::{Picture, Reading};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Bytes of a block.
const MOST: usize = 1400;
/// Units of angle in a degree.
const A_DEGREE: f64 = 33_554_432.0 / 180.0;
/// Metres of 6.25 feet.
const FEET: f64 = 6.25 * 0.3048;
/// Metres of a degree of latitude.
const DEGREE_M: f64 = 110_574.0;

/// Blocks of one time.
pub(super) fn read(file: &mut Reading<'_>, picture: &Picture<'_>) {
    let last: BTreeMap<u64, usize> = picture.rows.iter().enumerate().map(|(number, row)| (row.track, number)).collect();
    let (mut held, mut given, mut free) = (BTreeMap::new(), 0_u16, VecDeque::new());
    let mut seen = BTreeSet::new();
    let mut block: Vec<u8> = Vec::new();
    let mut before = None;
    for (number, row) in picture.rows.iter().enumerate() {
        let begins = seen.insert(row.track);
        if begins {
            let next = if given < u16::MAX { Some(given + 1) } else { free.pop_front() };
            given = given.saturating_add(1);
            held.insert(row.track, next.unwrap_or(0));
        }
        let as_numbered = held.get(&row.track).copied().unwrap_or(0);
        let ends = last.get(&row.track) == Some(&number);
        if ends {
            free.push_back(as_numbered);
        }
        let record = record(row, as_numbered, [begins, ends]);
        if before.is_some_and(|before| before != row.time_us) || block.len() + record.len() + 3 > MOST {
            end(file, &mut block);
        }
        before = Some(row.time_us);
        block.extend(record);
    }
    end(file, &mut block);
}

fn end(file: &mut Reading<'_>, block: &mut Vec<u8>) {
    let length = u16::try_from(block.len() + 3).unwrap_or(0).to_be_bytes();
    if !block.is_empty() {
        file.next([&[62], length.as_slice(), block].concat());
    }
    block.clear();
}

fn record(row: &Row, number: u16, [begins, ends]: [bool; 2]) -> Vec<u8> {
    let [latitude, longitude, height] = row.position;
    let mut items: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
    items.insert(1, vec![0, 0]);
    let of_day = row.time_us.rem_euclid(86_400_000_000) * 128 / 1_000_000;
    items.insert(4, of_day.to_be_bytes().get(5..).unwrap_or_default().to_vec());
    let longitude = if longitude >= 180.0 { longitude - 360.0 } else { longitude };
    items.insert(5, [latitude, longitude].iter().flat_map(|degrees| whole(degrees * A_DEGREE, 4)).collect());
    if let Some([east, north, up]) = row.velocity().map(|velocity| velocity.map(f64::from)) {
        let quarters = [east, north].map(|speed| speed * 4.0);
        if quarters.iter().all(|quarters| fits(*quarters)) {
            items.insert(7, quarters.iter().flat_map(|quarters| whole(*quarters, 2)).collect());
        }
        let climb = up / (FEET / 60.0);
        if fits(climb) {
            items.insert(20, whole(climb, 2));
        }
    }
    let hexadecimal = |text: &&String| text.len() == 6 && text.chars().all(|digit| digit.is_ascii_hexdigit());
    if let Some(address) = row.identity.as_ref().filter(hexadecimal) {
        let octets = (0..3).filter_map(|k| u8::from_str_radix(address.get(2 * k..2 * k + 2)?, 16).ok());
        items.insert(11, std::iter::once(0x80).chain(octets).collect());
    }
    items.insert(12, number.to_be_bytes().to_vec());
    let tentative = if row.status == "tentative" { 2 } else { 0 };
    items.insert(13, vec![0b10_0001 + tentative, if ends { 64 } else { 0 } + if begins { 32 } else { 0 }]);
    if fits(height / FEET) {
        items.insert(18, whole(height / FEET, 2));
    }
    if let Some([ee, _, _, nn, _, uu]) = row.covariance().map(|covariance| covariance.map(f64::from)) {
        let shrunk = libm::cos(latitude.to_radians());
        let north = (nn.sqrt() / DEGREE_M * A_DEGREE).ceil();
        let east = (ee.sqrt() / (DEGREE_M * shrunk) * A_DEGREE).ceil();
        let above = (uu.sqrt() / FEET).ceil();
        let (flat, tall) =
            ((0.0..=65_535.0).contains(&north) && (0.0..=65_535.0).contains(&east), (0.0..=255.0).contains(&above));
        let mut item = vec![if flat { 0x20 } else { 0 } + if tall { 0x10 } else { 0 }];
        item.extend(flat.then(|| [whole(north, 2), whole(east, 2)].concat()).into_iter().flatten());
        item.extend(tall.then(|| whole(above, 1)).into_iter().flatten());
        if flat || tall {
            items.insert(27, item);
        }
    }
    // Seven items an octet, the eighth bit where another octet follows.
    let octets = items.last_key_value().map_or(1, |(frn, _)| frn.div_ceil(7));
    let octet = |k: u8| {
        let bits = (0..7).filter(|bit| items.contains_key(&(7 * k + bit + 1))).map(|bit| 0x80 >> bit).sum::<u8>();
        bits + u8::from(k + 1 < octets)
    };
    (0..octets).map(octet).chain(items.values().flatten().copied()).collect()
}

fn fits(units: f64) -> bool {
    (-32_768.0..=32_767.0).contains(&units.round())
}

/// The nearest whole number in so many octets, the most significant one first.
#[expect(clippy::cast_possible_truncation, reason = "what does not fit is not asked for")]
fn whole(units: f64, octets: usize) -> Vec<u8> {
    let bytes = (units.round() as i64).to_be_bytes();
    bytes.get(8 - octets..).unwrap_or_default().to_vec()
}
