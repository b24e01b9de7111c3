//! The columns of a page's picture, computed from the rows of the table and read against the page.
//!
//! A real number becomes a whole one of some unit, and where it lies half-way between two, two libraries of mathematics may
//! round it to either: there the page's is taken if it is one of the two. All else follows from the rows, to the bytes.

use super::super::reading::Reading;
use super::super::table::Row;
use crate::space::Frame;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;
use std::collections::BTreeMap;

/// How hard the numbers are deflated.
const LEVEL: u8 = 8;
/// Bytes that a number has at most.
const LONGEST: usize = 10;

/// A value of a column, in its units.
#[derive(Clone, Copy)]
pub(super) enum Cell {
    Whole(i64),
    Real {
        units: f64,
        /// By how much reckonings of it may differ.
        slack: f64,
        /// The units after which it begins again.
        turn: Option<f64>,
    },
}

/// A column: present values by track, in the order of tracks.
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) order: u8,
    pub(super) scale: f64,
    pub(super) cells: Vec<Vec<Option<Cell>>>,
    pub(super) values: Option<Vec<String>>,
}

impl Cell {
    pub(super) fn real(units: f64) -> Self {
        Self::Real { units, slack: 1e-6 + 1e-14 * units.abs(), turn: None }
    }

    #[expect(clippy::cast_possible_truncation, reason = "a number beyond 64 bits is none that a page can hold")]
    fn rounded(self) -> i64 {
        match self {
            Self::Whole(number) => number,
            Self::Real { units, .. } => units.round() as i64,
        }
    }

    fn allows(self, found: i64) -> bool {
        let Self::Real { units, slack, turn } = self else { return self.rounded() == found };
        let off = (found as f64 - units).abs();
        let round = |turn: f64| (off - turn).abs() <= slack;
        off <= 0.5 + slack || turn.is_some_and(round)
    }
}

/// A column of numbers: its name, order and scale, and what it has of a row.
pub(super) struct Kind {
    name: &'static str,
    order: u8,
    scale: f64,
    cell: Box<OfRow>,
}

type OfRow = dyn Fn(&Row) -> Option<Cell>;

/// The columns of numbers, of rows whose times are multiples of `step`.
pub(super) fn kinds(frame: Frame, step: i64) -> Vec<Kind> {
    fn kind(name: &'static str, order: u8, scale: f64, cell: impl Fn(&Row) -> Option<Cell> + 'static) -> Kind {
        Kind { name, order, scale, cell: Box::new(cell) }
    }
    let real = |name, order, scale: f64, value: fn(&Row) -> Option<f64>| {
        kind(name, order, scale, move |row| value(row).map(|value| Cell::real(value / scale)))
    };
    let local = frame == Frame::Local;
    let (near, up) = if local { (0.01, 0.1) } else { (1.0, 1.0) };
    let mut kinds = if local {
        vec![real("x", 2, 0.01, |row| Some(row.position[0])), real("y", 2, 0.01, |row| Some(row.position[1]))]
    } else {
        let longitude = real("longitude", 2, 1e-5, |row| Some(row.position[1]));
        vec![longitude, real("latitude", 2, 1e-5, |row| Some(row.position[0]))]
    };
    let filtered = if local {
        [real("filtered_x", 2, 0.01, |row| row.filtered[0]), real("filtered_y", 2, 0.01, |row| row.filtered[1])]
    } else {
        let longitude = real("filtered_longitude", 2, 1e-5, |row| row.filtered[1]);
        [longitude, real("filtered_latitude", 2, 1e-5, |row| row.filtered[0])]
    };
    kinds.extend([
        real("altitude", 1, up, |row| Some(row.position[2])),
        real("speed", 1, 0.1, |row| velocity(row).map(|[east, north, _]| libm::hypot(east, north))),
        kind("course", 1, 0.1, course),
        real("climb", 1, 0.1, |row| velocity(row).map(|[_, _, up]| up)),
        real("existence", 1, 0.001, |row| row.numbers[0].map(f64::from)),
        kind("major", 1, near, move |row| ellipse(row, near).map(|[major, _, _]| major)),
        kind("minor", 1, near, move |row| ellipse(row, near).map(|[_, minor, _]| minor)),
        kind("angle", 1, 1.0, move |row| ellipse(row, near).map(|[_, _, angle]| angle)),
        real("vertical", 1, near, |row| row.numbers[9].map(|square| f64::from(square).sqrt())),
        kind("detections", 1, 1.0, |row| Some(Cell::Whole(i64::try_from(row.detections?).unwrap_or(i64::MAX)))),
        real("identity_probability", 1, 0.001, |row| row.identity_probability.map(f64::from)),
        real("last_detection", 2, 1000.0, |row| row.last_us.map(|us| us as f64)),
    ]);
    kinds.extend(filtered);
    kinds.extend([kind("time", 2, step as f64, move |row| row.time_us.checked_div(step).map(Cell::Whole))]);
    kinds
}

/// The greatest step of which all times are multiples.
pub(super) fn step_us(rows: &[&Row]) -> i64 {
    rows.iter().fold(0, |step, row| divisor(step, row.time_us)).max(1)
}

/// Along east, north and up.
fn velocity(row: &Row) -> Option<[f64; 3]> {
    let [_, east, north, up, ..] = row.numbers.map(|number| number.map(f64::from));
    Some([east?, north?, up?])
}

/// Tenths of degrees from north or +y.
fn course(row: &Row) -> Option<Cell> {
    let [east, north, _] = velocity(row)?;
    let degrees = libm::atan2(east, north).to_degrees();
    let units = if degrees < 0.0 { degrees + 360.0 } else { degrees } * 10.0;
    Some(Cell::Real { units, slack: 1e-6, turn: Some(3600.0) })
}

impl Kind {
    /// The column, over rows by track.
    pub(super) fn over(self, tracks: &[Vec<&Row>]) -> Column {
        let Self { name, order, scale, cell } = self;
        Column { name, order, scale, cells: each(tracks, |row| cell(row)), values: None }
    }
}

/// A column of texts: the place of each among those that occur, in the order in which they do in the table.
pub(super) fn texts(
    name: &'static str,
    (rows, tracks): (&[&Row], &[Vec<&Row>]),
    text: impl Fn(&Row) -> Option<String>,
) -> Column {
    let (mut values, mut numbers) = (Vec::new(), BTreeMap::new());
    for text in rows.iter().filter_map(|row| text(row)) {
        numbers.entry(text).or_insert_with_key(|text| {
            values.push(text.clone());
            i64::try_from(values.len()).unwrap_or(i64::MAX) - 1
        });
    }
    let cells = each(tracks, |row| numbers.get(&text(row)?).map(|number| Cell::Whole(*number)));
    Column { name, order: 0, scale: 1.0, cells, values: Some(values) }
}

/// Whole numbers under no name.
pub(super) fn whole(numbers: Vec<i64>) -> Column {
    let cells = vec![numbers.into_iter().map(|number| Some(Cell::Whole(number))).collect()];
    Column { name: "counts", order: 0, scale: 1.0, cells, values: None }
}

fn each(tracks: &[Vec<&Row>], mut cell: impl FnMut(&Row) -> Option<Cell>) -> Vec<Vec<Option<Cell>>> {
    tracks.iter().map(|rows| rows.iter().map(|row| cell(row)).collect()).collect()
}

/// Half-axes of one standard deviation in units, and where the larger points, degrees from north or +y.
fn ellipse(row: &Row, unit: f64) -> Option<[Cell; 3]> {
    let [_, _, _, _, ee, en, _, nn, ..] = row.numbers.map(|number| number.map(f64::from));
    let (ee, en, nn) = (ee?, en?, nn?);
    let (middle, apart) = (f64::midpoint(ee, nn), ((ee - nn) / 2.0).hypot(en));
    let [major, minor] = [middle + apart, middle - apart].map(|square| square.max(0.0).sqrt() / unit);
    // What is left of two numbers of which one is taken from the other.
    let slack = 1e-6 + 1e-7 * major;
    let degrees = 90.0 - libm::atan2(2.0 * en, ee - nn).to_degrees() / 2.0;
    let turned = if apart > 0.0 { 1e-13 * middle / apart } else { 0.0 };
    Some([
        Cell::real(major),
        Cell::Real { units: minor, slack, turn: None },
        Cell::Real { units: degrees.rem_euclid(180.0), slack: 1e-6 + turned, turn: Some(180.0) },
    ])
}

fn divisor(a: i64, b: i64) -> i64 {
    let (mut a, mut b) = (a, b);
    while b != 0 {
        (a, b) = (b, a.checked_rem(b).unwrap_or(0));
    }
    a.saturating_abs()
}

impl Column {
    /// Whether it has any value; one without is left out.
    pub(super) fn holds(&self) -> bool {
        self.cells.iter().flatten().any(Option::is_some)
    }

    /// The page has to have it here.
    pub(super) fn read(&self, file: &mut Reading<'_>) {
        file.next(format!("{{\"order\":{},\"scale\":{},\"z\":\"", self.order, json!(self.scale)));
        self.numbers(file);
        file.next("\"");
        if self.cells.iter().flatten().any(Option::is_none) {
            let there = self.cells.iter().flatten().map(Option::is_some).collect::<Vec<_>>();
            let mut runs = there.chunk_by(|a, b| a == b).map(|run| i64::try_from(run.len()).unwrap_or(i64::MAX));
            let none = (there.first() == Some(&false)).then_some(0);
            let runs: Vec<i64> = none.into_iter().chain(runs.by_ref()).collect();
            file.next(format!(",\"absent\":\"{}\"", packed(&runs)));
        }
        if let Some(values) = &self.values {
            file.next(super::safe(&format!(",\"values\":{}", json!(values))));
        }
        file.next("}");
    }

    fn numbers(&self, file: &mut Reading<'_>) {
        let cells = || self.cells.iter().map(|cells| cells.iter().flatten());
        let mut told = unpacked(file.before(b'"'), cells().map(Iterator::count).sum()).into_iter();
        let (mut codes, mut row) = (Vec::new(), 0_u64);
        for cells in cells() {
            let (mut last, mut before, mut seen) = (0_i64, 0_i64, 0);
            for cell in cells {
                row += 1;
                let expected = match (self.order, seen) {
                    (0, _) | (_, 0) => 0,
                    (1, _) | (_, 1) => last,
                    _ => last.wrapping_add(last.wrapping_sub(before)),
                };
                let found = told.next().map(|code| expected.wrapping_add(code));
                let value = found.filter(|found| cell.allows(*found)).unwrap_or_else(|| cell.rounded());
                if found != Some(value) {
                    let found = found.map_or("none".to_owned(), |found| found.to_string());
                    file.wrong(format!("value {row}: {found}"), format!("{value}, in units of {}", self.scale));
                    return;
                }
                codes.push(value.wrapping_sub(expected));
                (before, last, seen) = (last, value, seen + 1);
            }
        }
        file.next(packed(&codes));
    }
}

/// Numbers as a page has them.
fn packed(numbers: &[i64]) -> String {
    let mut bytes = Vec::new();
    for number in numbers {
        let mut left = ((number << 1) ^ (number >> 63)).cast_unsigned();
        while left > 127 {
            bytes.push((left & 127) as u8 | 128);
            left >>= 7;
        }
        bytes.push((left & 127) as u8);
    }
    STANDARD.encode(miniz_oxide::deflate::compress_to_vec(&bytes, LEVEL))
}

/// The numbers of a page, at most so many; none of what is no such text.
fn unpacked(text: &[u8], most: usize) -> Vec<i64> {
    let bytes = STANDARD.decode(text).unwrap_or_default();
    let most = most.saturating_add(1).saturating_mul(LONGEST);
    let bytes = miniz_oxide::inflate::decompress_to_vec_with_limit(&bytes, most).unwrap_or_default();
    let mut numbers = Vec::new();
    let (mut number, mut shift) = (0_u64, 0_u32);
    for byte in bytes {
        number |= u64::from(byte & 127).checked_shl(shift).unwrap_or(0);
        shift += 7;
        if byte < 128 {
            let half = (number >> 1).cast_signed();
            numbers.push(if number & 1 == 0 { half } else { !half });
            (number, shift) = (0, 0);
        }
    }
    numbers
}
