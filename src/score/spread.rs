//! Distances in sigmas.

/// `δᵀ (P + Q)⁻¹ δ` by the Cholesky factor of the sum; `None` where that is not positive definite.
pub(super) fn mahalanobis2([a, b]: [[f64; 3]; 2], [p, q]: [[[f64; 3]; 3]; 2]) -> Option<f64> {
    let sum = |i: usize, j: usize| Some(p.get(i)?.get(j)? + q.get(i)?.get(j)?);
    let root = |x: f64| (x > 0.0 && x.is_finite()).then(|| x.sqrt());
    let ([ax, ay, az], [bx, by, bz]) = (a, b);
    let (dx, dy, dz) = (ax - bx, ay - by, az - bz);
    let l00 = root(sum(0, 0)?)?;
    let (l10, l20) = (sum(1, 0)? / l00, sum(2, 0)? / l00);
    let l11 = root(sum(1, 1)? - l10 * l10)?;
    let l21 = (sum(2, 1)? - l20 * l10) / l11;
    let l22 = root(sum(2, 2)? - l20 * l20 - l21 * l21)?;
    let x = dx / l00;
    let y = (dy - l10 * x) / l11;
    let z = (dz - l20 * x - l21 * y) / l22;
    Some(x * x + y * y + z * z)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_quadratic_form_of_the_inverse() {
        // (P + Q)⁻¹ of [[4,1,0],[1,3,1],[0,1,2]] is 1/18 [[5,-2,1],[-2,8,-4],[1,-4,11]].
        let p = [[1.0, 0.5, 0.0], [0.5, 1.0, 1.0], [0.0, 1.0, 1.5]];
        let q = [[3.0, 0.5, 0.0], [0.5, 2.0, 0.0], [0.0, 0.0, 0.5]];
        let found = mahalanobis2([[1.0, 2.0, 3.0], [0.0, 0.0, 4.0]], [p, q]).expect("a number");
        let wanted = (5.0 - 8.0 - 2.0 + 32.0 + 16.0 + 11.0) / 18.0;
        assert!((found - wanted).abs() < 1e-12, "{found} {wanted}");
        assert_eq!(mahalanobis2([[0.0; 3]; 2], [[[0.0; 3]; 3]; 2]), None);
    }
}
