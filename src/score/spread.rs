//! Distances in sigmas.

/// Of the largest variance, what is none: that of a height which nobody estimates, turned into other axes.
const NO_VARIANCE: f64 = 1e-12;
/// Of the largest variance, what is nothing beside the diagonal.
const NEGLIGIBLE: f64 = 1e-18;
/// Sweeps of rotations after which a matrix is diagonal; five suffice.
const SWEEPS: usize = 16;

/// A distance in sigmas, squared, and the axes that it is along.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Sigmas2 {
    /// `δᵀ (P + Q)⁺ δ`: along an axis without a variance nothing is said.
    pub(super) squared: f64,
    /// Axes with a variance: 3, and 2 of a picture on a plane.
    pub(super) axes: u32,
}

/// How far apart two places are in sigmas; `None` where `P + Q` is no covariance, or zero.
pub(super) fn mahalanobis2([a, b]: [[f64; 3]; 2], [p, q]: [[[f64; 3]; 3]; 2]) -> Option<Sigmas2> {
    let ([[p00, ..], [p10, p11, _], [p20, p21, p22]], [[q00, ..], [q10, q11, _], [q20, q21, q22]]) = (p, q);
    let ([ax, ay, az], [bx, by, bz]) = (a, b);
    // Jacobi's rotations: each makes one element beside the diagonal zero, in axes that turn with it.
    let (mut diagonal, mut beside) = ([p00 + q00, p11 + q11, p22 + q22], [p21 + q21, p20 + q20, p10 + q10]);
    let mut delta = [ax - bx, ay - by, az - bz];
    for _ in 0..SWEEPS {
        let largest = diagonal.into_iter().fold(0.0, f64::max);
        if beside.iter().all(|x| x.abs() <= NEGLIGIBLE * largest) {
            break;
        }
        for _ in 0..3 {
            // Between the first two axes; then the axes move up.
            let ([xx, yy, zz], [yz, xz, xy], [dx, dy, dz]) = (diagonal, beside, delta);
            let half = 0.5 * (yy - xx);
            let tangent = if xy == 0.0 { 0.0 } else { xy / (half + (half * half + xy * xy).sqrt().copysign(half)) };
            let cosine = 1.0 / (1.0 + tangent * tangent).sqrt();
            let sine = tangent * cosine;
            let turned = |x: f64, y: f64| (cosine * x - sine * y, sine * x + cosine * y);
            let ((xz, yz), (dx, dy)) = (turned(xz, yz), turned(dx, dy));
            let (xx, yy) = (xx - tangent * xy, yy + tangent * xy);
            (diagonal, beside, delta) = ([yy, zz, xx], [xz, 0.0, yz], [dy, dz, dx]);
        }
    }
    let largest = diagonal.into_iter().fold(0.0, f64::max);
    let least = NO_VARIANCE * largest;
    if !(largest > 0.0 && largest.is_finite() && diagonal.iter().all(|variance| *variance >= -least)) {
        return None;
    }
    let there = diagonal.into_iter().zip(delta).filter(|(variance, _)| *variance > least);
    let none = Sigmas2 { squared: 0.0, axes: 0 };
    Some(there.fold(none, |Sigmas2 { squared, axes }, (variance, along)| Sigmas2 {
        squared: squared + along * along / variance,
        axes: axes + 1,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ZERO: [[f64; 3]; 3] = [[0.0; 3]; 3];

    #[test]
    fn it_is_the_quadratic_form_of_the_inverse() {
        // (P + Q)⁻¹ of [[4,1,0],[1,3,1],[0,1,2]] is 1/18 [[5,-2,1],[-2,8,-4],[1,-4,11]].
        let p = [[1.0, 0.5, 0.0], [0.5, 1.0, 1.0], [0.0, 1.0, 1.5]];
        let q = [[3.0, 0.5, 0.0], [0.5, 2.0, 0.0], [0.0, 0.0, 0.5]];
        let found = mahalanobis2([[1.0, 2.0, 3.0], [0.0, 0.0, 4.0]], [p, q]).expect("a number");
        let wanted = (5.0 - 8.0 - 2.0 + 32.0 + 16.0 + 11.0) / 18.0;
        assert!((found.squared - wanted).abs() < 1e-12, "{found:?} {wanted}");
        assert_eq!(found.axes, 3);
        assert_eq!(mahalanobis2([[0.0; 3]; 2], [ZERO; 2]), None);
        assert_eq!(mahalanobis2([[0.0; 3]; 2], [[[1.0, 2.0, 0.0], [2.0, 1.0, 0.0], [0.0, 0.0, 1.0]], ZERO]), None);
    }

    #[test]
    fn on_a_plane_the_height_says_nothing() {
        let p = [[4.0, 1.0, 0.0], [1.0, 3.0, 0.0], [0.0; 3]];
        let found = mahalanobis2([[1.0, 2.0, 3.0], [0.0; 3]], [p, ZERO]).expect("a number");
        assert!((found.squared - 15.0 / 11.0).abs() < 1e-12, "{found:?}");
        assert_eq!(found.axes, 2);
        // The same plane, turned: B P Bᵀ and B δ, with the columns of B at right angles.
        let b = [[2.0, -2.0, 1.0], [1.0, 2.0, 2.0], [2.0, 1.0, -2.0]].map(|row| row.map(|x| x / 3.0));
        let of =
            |i: usize, j: usize| (0..3).flat_map(|k| (0..3).map(move |l| b[i][k] * p[k][l] * b[j][l])).sum::<f64>();
        let turned = [0, 1, 2].map(|i| [0, 1, 2].map(|j| of(i, j)));
        let delta = [0, 1, 2].map(|i| b[i][0] + 2.0 * b[i][1] + 3.0 * b[i][2]);
        let found = mahalanobis2([delta, [0.0; 3]], [turned, ZERO]).expect("a number");
        assert!((found.squared - 15.0 / 11.0).abs() < 1e-12, "{found:?}");
        assert_eq!(found.axes, 2);
    }
}
