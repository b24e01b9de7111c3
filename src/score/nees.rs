//! NEES: whether the covariances of a picture are honest, with the bounds in which it lies if they are.
//!
//! Of a match with error δ and covariance P of the position the normalised squared error is `ε = δᵀ P⁻¹ δ`, 3 on average
//! where P is honest; on a plane, where the height has no variance, 2. Of matches of k axes together `Σ ε` is χ² with k degrees
//! of freedom if they are independent, so the mean an axis, `Σ ε / k`, lies within `χ²(0.025; k) / k` and `χ²(0.975; k) / k` in
//! 95 of 100 cases (Bar-Shalom, Li and Kirubarajan, 2001, 5.4.2). Errors of one track at neighbouring times are not independent:
//! the bounds are narrower than they should be.

use serde::Serialize;

use super::identity::ratio;
use super::spread::Sigmas2;

/// NEES of the position.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Nees {
    /// Matches with a covariance.
    pub rows: u64,
    /// Mean normalised squared error an axis; 1 where covariances are honest.
    pub mean: Option<f64>,
    /// Below this the covariances are too large.
    pub lower: Option<f64>,
    /// Above this they are too small.
    pub upper: Option<f64>,
}

/// Sums so far.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct NeesSums {
    rows: u64,
    axes: u64,
    sum: f64,
}

impl NeesSums {
    pub(super) fn add(&mut self, error: Sigmas2) {
        self.rows += 1;
        self.axes += u64::from(error.axes);
        self.sum += error.squared;
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        self.axes += other.axes;
        self.sum += other.sum;
    }

    pub(super) fn report(self) -> Nees {
        let dof = self.axes as f64;
        let bound = |p: f64| (self.rows > 0).then(|| chi2_quantile(dof, p) / dof);
        Nees { rows: self.rows, mean: ratio(self.sum, dof), lower: bound(0.025), upper: bound(0.975) }
    }
}

/// The x at which χ² with so many degrees of freedom has the probability p below it.
fn chi2_quantile(dof: f64, p: f64) -> f64 {
    let a = 0.5 * dof;
    // Newton's steps on P(a, x), kept within what is known to hold it, from the cube root of Wilson and Hilferty (z of 95 %).
    let z = if p < 0.5 { -1.96 } else { 1.96 };
    let cube = 1.0 - 2.0 / (9.0 * dof) + z * (2.0 / (9.0 * dof)).sqrt();
    let mut x = (0.5 * dof * cube * cube * cube).max(1e-3 * a);
    let (mut low, mut high) = (0.0, f64::INFINITY);
    for _ in 0..60 {
        let above = gamma_p(a, x) - p;
        *(if above < 0.0 { &mut low } else { &mut high }) = x;
        let density = ((a - 1.0) * x.ln() - x - libm::lgamma(a)).exp();
        let mut next = x - above / density;
        if !(next > low && next < high) {
            next = if high.is_finite() { 0.5 * (low + high) } else { 2.0 * x };
        }
        let step = (next - x).abs();
        x = next;
        if step <= 1e-13 * x {
            break;
        }
    }
    2.0 * x
}

/// The regularised lower incomplete gamma function: a series below a + 1, Lentz's continued fraction above.
fn gamma_p(a: f64, x: f64) -> f64 {
    let scale = (a * x.ln() - x - libm::lgamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum, mut n) = (1.0 / a, 1.0 / a, a);
        while term > sum * 1e-17 {
            n += 1.0;
            term *= x / n;
            sum += term;
        }
        return (scale * sum).min(1.0);
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut h = d;
    for i in 1..1_000_000 {
        let i = f64::from(i);
        let an = -i * (i - a);
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        h *= d * c;
        if (d * c - 1.0).abs() < 1e-16 {
            break;
        }
    }
    1.0 - scale * h
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_those_of_tables() {
        // scipy.stats.chi2.ppf
        for (dof, low, high) in [
            (3.0, 0.215_795_282_623_897_85, 9.348_403_604_496_148),
            (30.0, 16.790_772_265_566_63, 46.979_242_243_671_15),
            (3000.0, 2_850.084_936_519_793, 3_153.703_493_598_143_6),
            (3e6, 2_995_200.982_910_247, 3_004_802.805_701_332_6),
        ] {
            for (p, wanted) in [(0.025, low), (0.975, high)] {
                let found = chi2_quantile(dof, p);
                assert!((found / wanted - 1.0).abs() < 1e-8, "{dof} {p}: {found} {wanted}");
            }
        }
    }
}
