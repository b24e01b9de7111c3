//! Columns as a page holds them: whole numbers, their differences within a track, as bytes of variable length, deflated,
//! in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use std::collections::BTreeMap;

/// A value that is not there.
pub(super) const ABSENT: i64 = i64::MIN;
/// How hard to deflate: beyond this it takes longer and gains nothing.
const LEVEL: u8 = 8;

/// How a column is written: differences of the first or second order within a track, and what a unit stands for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Coding {
    pub(super) order: u8,
    pub(super) scale: f64,
}

impl Coding {
    /// As they are, whole numbers.
    pub(super) const PLAIN: Self = Self { order: 0, scale: 1.0 };

    /// A number in units of the scale; not finite, or too large for a page to hold exactly: absent.
    #[expect(clippy::cast_possible_truncation, reason = "far below 2⁵³")]
    pub(super) fn whole(self, value: Option<f64>) -> i64 {
        let units = value.map_or(f64::NAN, |value| libm::round(value / self.scale));
        if units.abs() < 9e15 { units as i64 } else { ABSENT }
    }

    /// The column of values whose tracks have so many rows each.
    pub(super) fn column(self, values: &[i64], counts: &[usize]) -> Value {
        let mut column = Map::new();
        column.insert("order".to_owned(), self.order.into());
        column.insert("scale".to_owned(), self.scale.into());
        let mut bytes = Vec::new();
        let mut from = 0;
        for count in counts {
            let track = values.get(from..from + count).unwrap_or_default();
            self.differences(track.iter().filter(|value| **value != ABSENT), &mut bytes);
            from += count;
        }
        column.insert("z".to_owned(), deflated(&bytes).into());
        if values.contains(&ABSENT) {
            column.insert("absent".to_owned(), deflated(&runs(values)).into());
        }
        Value::Object(column)
    }

    fn differences<'a>(self, values: impl Iterator<Item = &'a i64>, to: &mut Vec<u8>) {
        let [mut before, mut step] = [0_i64; 2];
        for (number, value) in values.enumerate() {
            let first = value.wrapping_sub(before);
            let told = if self.order == 2 && number > 1 { first.wrapping_sub(step) } else { first };
            append(if self.order == 0 { *value } else { told }, to);
            // The second value's difference is the first step.
            (before, step) = (*value, first);
        }
    }
}

/// Texts, each kept once, in the order of their first rows.
#[derive(Debug, Default)]
pub(super) struct Texts {
    numbers: BTreeMap<String, i64>,
    values: Vec<String>,
}

impl Texts {
    /// The number of a text.
    pub(super) fn number(&mut self, text: &str) -> i64 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = i64::try_from(self.values.len()).unwrap_or(ABSENT);
        self.numbers.insert(text.to_owned(), number);
        self.values.push(text.to_owned());
        number
    }

    /// The column of such numbers.
    pub(super) fn column(self, values: &[i64], counts: &[usize]) -> Value {
        let mut column = Coding::PLAIN.column(values, counts);
        if let Value::Object(column) = &mut column {
            column.insert("values".to_owned(), self.values.into());
        }
        column
    }
}

/// Runs of values that are there and of values that are not, in turn.
fn runs(values: &[i64]) -> Vec<u8> {
    let mut bytes = Vec::new();
    if values.first() == Some(&ABSENT) {
        append(0, &mut bytes);
    }
    for run in values.chunk_by(|a, b| (*a == ABSENT) == (*b == ABSENT)) {
        append(i64::try_from(run.len()).unwrap_or(i64::MAX), &mut bytes);
    }
    bytes
}

/// Zigzag, so that small negative numbers are short too; seven bits to a byte, the lowest first (LEB128).
fn append(value: i64, to: &mut Vec<u8>) {
    let mut rest = (value << 1 ^ value >> 63).cast_unsigned();
    loop {
        let [low, ..] = rest.to_le_bytes();
        rest >>= 7;
        if rest == 0 {
            to.push(low & 0x7f);
            return;
        }
        to.push(low | 0x80);
    }
}

fn deflated(bytes: &[u8]) -> String {
    STANDARD.encode(miniz_oxide::deflate::compress_to_vec(bytes, LEVEL))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a column back, by the text of docs/report.md.
    fn read(column: &Value, counts: &[usize]) -> Vec<i64> {
        let numbers = |key: &str| {
            let bytes = STANDARD.decode(column[key].as_str().expect("base64")).expect("base64");
            let bytes = miniz_oxide::inflate::decompress_to_vec(&bytes).expect("deflate");
            let (mut all, mut value, mut shift) = (Vec::new(), 0u64, 0);
            for byte in bytes {
                value |= u64::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    all.push((value >> 1).cast_signed() ^ -(value & 1).cast_signed());
                    (value, shift) = (0, 0);
                }
            }
            all
        };
        let mut here = vec![true; counts.iter().sum()];
        if column.get("absent").is_some() {
            let runs = numbers("absent");
            here =
                runs.iter().enumerate().flat_map(|(n, run)| vec![n % 2 == 0; usize::try_from(*run).unwrap()]).collect();
        }
        let (mut codes, mut at, mut all) = (numbers("z").into_iter(), 0, Vec::new());
        for count in counts {
            let (mut before, mut step, mut number) = (0, 0, 0);
            for here in &here[at..at + count] {
                if !here {
                    all.push(ABSENT);
                    continue;
                }
                let code = codes.next().expect("a number");
                let order = column["order"].as_u64().expect("an order");
                if order == 2 && number > 1 {
                    step += code;
                } else {
                    step = code;
                }
                before = if order == 0 { code } else { before + step };
                all.push(before);
                number += 1;
            }
            at += count;
        }
        all
    }

    #[test]
    fn a_column_reads_as_it_was() {
        let values = [5, -7, 1 << 40, ABSENT, 3, ABSENT, ABSENT, -1, 0, 9, 9, i64::from(i32::MIN)];
        for counts in [vec![12], vec![1, 4, 0, 7], vec![6, 6]] {
            for order in [0, 1, 2] {
                assert_eq!(
                    read(&Coding { order, scale: 1.0 }.column(&values, &counts), &counts),
                    values,
                    "{order} {counts:?}"
                );
            }
        }
        assert_eq!(read(&Coding::PLAIN.column(&[ABSENT; 3], &[3]), &[3]), [ABSENT; 3]);
        assert_eq!(read(&Coding::PLAIN.column(&[], &[]), &[]), Vec::<i64>::new());
    }

    #[test]
    fn numbers_are_rounded_to_units_and_what_is_none_is_absent() {
        let tenth = Coding { order: 1, scale: 0.1 };
        assert_eq!(
            [Some(2.449), Some(-0.05001), None, Some(f64::NAN), Some(1e300)].map(|x| tenth.whole(x)),
            [24, -1, ABSENT, ABSENT, ABSENT]
        );
    }
}
