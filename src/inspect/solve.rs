//! Differences between two sensors to what they come from: least squares with Huber's weights, errors between objects.

use super::figures::Estimated;
use super::geometry::median;

/// Deviations beyond which a difference counts for less, and rounds of weighing.
const HUBER: f64 = 1.5;
const ROUNDS: usize = 8;
/// A clock offset less well known than this is not known, seconds.
const UNKNOWN_S: f64 = 5.0;
/// Nor is one by which a displacement is known so many times worse.
const COSTS: f64 = 5.0;

/// What displaces one sensor against the other.
#[derive(Clone, Copy, Debug)]
pub(super) enum Model {
    /// A way east and one north.
    Level,
    /// A range and an azimuth.
    Polar,
}

/// A difference along east and north, and what it hangs on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sample {
    pub(super) off_m: [f64; 2],
    pub(super) velocity_m_s: [f64; 2],
    /// What a metre of range and a radian of azimuth make of it, if one of the sensors is a radar.
    pub(super) polar: Option<[[f64; 2]; 2]>,
}

/// What differences come from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fitted {
    /// East, metres, or range, metres.
    pub(super) first: Estimated,
    /// North, metres, or azimuth, radians.
    pub(super) second: Estimated,
    pub(super) clock_s: Option<Estimated>,
    pub(super) residual_m: f64,
}

impl Sample {
    /// What is left of it without a displacement along east and north and an offset of clocks.
    pub(super) fn left(&self, known: Option<&Fitted>) -> [f64; 2] {
        let [[e, n], [u, v]] = [self.off_m, self.velocity_m_s];
        let Some(known) = known else { return [e, n] };
        let tau = known.clock_s.map_or(0.0, |clock| clock.value);
        [e - known.first.value - tau * u, n - known.second.value - tau * v]
    }

    /// Two rows: what each unknown makes of it, and what was found.
    fn rows(&self, model: Model) -> Option<[([f64; 3], f64); 2]> {
        let ([[a, b], [c, d]], [e, n], [u, v]) = match (model, self.polar) {
            (Model::Level, _) => ([[1.0, 0.0], [0.0, 1.0]], self.off_m, self.velocity_m_s),
            (Model::Polar, Some(polar)) => (polar, self.off_m, self.velocity_m_s),
            (Model::Polar, None) => return None,
        };
        Some([([a, c, u], e), ([b, d, v], n)])
    }
}

/// Fits the differences of objects, some rows each.
pub(super) fn fit(objects: &[&[Sample]], model: Model) -> Option<Fitted> {
    let without = solve(objects, model, 2);
    // On one course a clock takes the place of any displacement along it: motion does not tell then.
    let costs = |fitted: &Fitted| {
        let of =
            |pick: fn(&Fitted) -> f64| without.as_ref().is_some_and(|without| pick(fitted) > COSTS * pick(without));
        of(|fitted| fitted.first.error) || of(|fitted| fitted.second.error)
    };
    let with_clock = solve(objects, model, 3);
    let is_known = |fitted: &Fitted| fitted.clock_s.is_some_and(|clock| clock.error < UNKNOWN_S);
    with_clock.filter(|fitted| is_known(fitted) && !costs(fitted)).or(without)
}

type Square = [[f64; 3]; 3];

/// Solves for two unknowns, or for the clock as a third.
fn solve(objects: &[&[Sample]], model: Model, unknowns: usize) -> Option<Fitted> {
    let has_clock = unknowns == 3;
    let rows: Vec<Vec<([f64; 3], f64)>> = objects
        .iter()
        .map(|samples| samples.iter().filter_map(|sample| sample.rows(model)).flatten())
        .map(|rows| rows.map(|([a, b, t], y)| ([a, b, if has_clock { t } else { 0.0 }], y)).collect())
        .collect();
    let (mut found, mut scale) = ([0.0; 3], f64::INFINITY);
    let mut inverse = None;
    for _ in 0..ROUNDS {
        let (mut square, mut right) = ([[0.0; 3]; 3], [0.0; 3]);
        for (row, y) in rows.iter().flatten() {
            let weight = weight(residual(row, *y, found), scale);
            add(&mut square, row, weight);
            right = plus(right, weight * y, row);
        }
        if !has_clock {
            square[2][2] = 1.0;
        }
        inverse = Some(inverted(&square)?);
        found = times(&inverse?, right);
        let mut off: Vec<f64> = rows.iter().flatten().map(|(row, y)| residual(row, *y, found).abs()).collect();
        scale = (median(&mut off) / 0.6745).max(1e-9);
    }
    // Between objects: the scores of one share its errors.
    let mut spread = [[0.0; 3]; 3];
    for object in &rows {
        let score = object.iter().fold([0.0; 3], |sum, (row, y)| {
            let off = residual(row, *y, found);
            plus(sum, weight(off, scale) * off, row)
        });
        add(&mut spread, &score, 1.0);
    }
    let inverse = inverse?;
    let of = |k: usize| {
        let row = *inverse.get(k)?;
        let variance: f64 = times(&spread, row).iter().zip(row).map(|(a, b)| a * b).sum();
        let freedom = objects.len() as f64 / (objects.len() as f64 - unknowns as f64).max(1.0);
        Some(Estimated { value: *found.get(k)?, error: (variance.max(0.0) * freedom).sqrt() })
    };
    Some(Fitted { first: of(0)?, second: of(1)?, clock_s: if has_clock { of(2) } else { None }, residual_m: scale })
}

fn residual([a, b, c]: &[f64; 3], y: f64, [x, y2, z]: [f64; 3]) -> f64 {
    y - a * x - b * y2 - c * z
}

fn weight(off: f64, scale: f64) -> f64 {
    if off.abs() <= HUBER * scale { 1.0 } else { HUBER * scale / off.abs() }
}

fn plus([a, b, c]: [f64; 3], by: f64, [x, y, z]: &[f64; 3]) -> [f64; 3] {
    [a + by * x, b + by * y, c + by * z]
}

fn add(square: &mut Square, row: &[f64; 3], weight: f64) {
    for (line, of) in square.iter_mut().zip(row) {
        *line = plus(*line, weight * of, row);
    }
}

fn times(square: &Square, [x, y, z]: [f64; 3]) -> [f64; 3] {
    square.map(|[a, b, c]| a * x + b * y + c * z)
}

/// The inverse of a symmetric matrix; `None` of one that has next to none.
fn inverted([[a, b, c], [_, d, e], [_, _, f]]: &Square) -> Option<Square> {
    let cofactors =
        [[d * f - e * e, c * e - b * f, b * e - c * d], [0.0, a * f - c * c, b * c - a * e], [0.0, 0.0, a * d - b * b]];
    let [[k, l, m], [_, n, o], [_, _, p]] = cofactors;
    let determinant = a * k + b * l + c * m;
    if determinant.is_nan() || determinant <= 1e-12 * a * d * f {
        return None;
    }
    Some([[k, l, m], [l, n, o], [m, o, p]].map(|row| row.map(|x| x / determinant)))
}
