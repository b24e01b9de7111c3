//! Comparison of arrays, with a census where they differ.

use core::fmt;
use trackweave::fusion::arrays::{Arrays, BLOCK, Host, REST, TrackField, Widths};
use trackweave::fusion::device::{AdapterReport, Kind};

/// How closely kernel and twin agree.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Tolerance {
    /// In every bit, but for the payload of NaN: the driver rounds every operation as Rust does.
    Bits,
    /// Within a share of the largest number of the same track and field: a driver that contracts `a * b + c` rounds
    /// once where the twin rounds twice, and the difference of near equals in P - k g can carry that to 10⁻³ of what
    /// is left.
    Relative(f32),
}

/// What differs in one array.
#[derive(Debug)]
pub(crate) struct Census {
    field: &'static str,
    differing: usize,
    total: usize,
    worst: Difference,
}

#[derive(Clone, Copy, Debug)]
struct Difference {
    index: usize,
    kernel: Number,
    twin: Number,
    /// Steps between the two; the most where only one of them is NaN.
    steps: u32,
}

#[derive(Clone, Copy, Debug)]
enum Number {
    Float(f32),
    Integer(i32),
}

impl Tolerance {
    /// Software drivers contract nothing (measured on lavapipe); of hardware that is not promised.
    pub(crate) fn of(adapter: &AdapterReport) -> Self {
        if adapter.kind == Kind::Software { Self::Bits } else { Self::Relative(1e-3) }
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Difference { index, kernel, twin, steps } = self.worst;
        let (unit, field) = (if matches!(kernel, Number::Float(_)) { "ulp" } else { "steps" }, self.field);
        write!(
            f,
            "`{field}`: {} of {} differ; the worst is [{index}]: kernel {kernel}, twin {twin}, {steps} {unit}",
            self.differing, self.total
        )
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Float(x) => write!(f, "{x:e}"),
            Self::Integer(i) => write!(f, "{i}"),
        }
    }
}

/// The arrays of tracks that stages write.
pub(crate) const WRITTEN: [TrackField; 4] =
    [TrackField::Tile, TrackField::Mean, TrackField::Covariance, TrackField::Odds];

/// Compares everything that a stage writes to tracks.
pub(crate) fn written(found: &Arrays<Host>, wanted: &Arrays<Host>, tolerance: Tolerance) -> Result<(), String> {
    let complaints: Vec<String> = WRITTEN
        .into_iter()
        .chain([TrackField::Rest, TrackField::Models])
        .filter_map(|field| compare(field, found, wanted, tolerance))
        .map(|census| census.to_string())
        .collect();
    if complaints.is_empty() { Ok(()) } else { Err(complaints.join("\n")) }
}

/// The words of an array of tracks.
pub(crate) fn words(field: TrackField, arrays: &Arrays<Host>) -> &[u32] {
    bytemuck::cast_slice(arrays.bytes(field))
}

/// Compares one array.
pub(crate) fn compare(
    field: TrackField,
    found: &Arrays<Host>,
    wanted: &Arrays<Host>,
    tolerance: Tolerance,
) -> Option<Census> {
    let fields = field.words(Widths { rest_words: REST, ..wanted.widths });
    let (found, wanted) = (words(field, found), words(field, wanted));
    assert_eq!(found.len(), wanted.len(), "`{}` has as many elements on both sides", field.name());
    let mut differences = Vec::new();
    for (index, (&kernel, &twin)) in found.iter().zip(wanted).enumerate() {
        let allowed = match tolerance {
            _ if field == TrackField::Tile => None,
            Tolerance::Bits => Some(0.0),
            Tolerance::Relative(share) => Some(share * largest_beside(wanted, fields, index)),
        };
        if let Some(difference) = differ(index, kernel, twin, allowed) {
            differences.push(difference);
        }
    }
    let worst = *differences.iter().max_by_key(|difference| difference.steps)?;
    Some(Census { field: field.name(), differing: differences.len(), total: found.len(), worst })
}

fn differ(index: usize, kernel: u32, twin: u32, allowed: Option<f32>) -> Option<Difference> {
    let Some(allowed) = allowed else {
        let (kernel, twin) = (kernel.cast_signed(), twin.cast_signed());
        let steps = kernel.abs_diff(twin);
        return (steps > 0).then_some(Difference {
            index,
            kernel: Number::Integer(kernel),
            twin: Number::Integer(twin),
            steps,
        });
    };
    let (a, b) = (f32::from_bits(kernel), f32::from_bits(twin));
    let same = kernel == twin || (a.is_nan() && b.is_nan()) || (a - b).abs() < allowed;
    let steps = if a.is_nan() || b.is_nan() { u32::MAX } else { ordered(kernel).abs_diff(ordered(twin)) };
    (!same).then_some(Difference { index, kernel: Number::Float(a), twin: Number::Float(b), steps })
}

/// Neighbouring floats are neighbouring integers.
fn ordered(bits: u32) -> i32 {
    let magnitude = (bits & 0x7fff_ffff).cast_signed();
    if bits >> 31 == 1 { -1 - magnitude } else { magnitude }
}

/// The largest magnitude among the components of the same track.
fn largest_beside(words: &[u32], fields: usize, index: usize) -> f32 {
    let (block, place) = (index / (fields * BLOCK), index % BLOCK);
    let component = |k: usize| f32::from_bits(words[(block * fields + k) * BLOCK + place]).abs();
    (0..fields).map(component).fold(0.0, f32::max)
}
