//! Covariances of six numbers in f64: P = L Lᵀ (Cholesky), and what follows from L.
#![expect(clippy::indexing_slicing, reason = "indices of 6 × 6, as in the formulas")]

/// Six by six.
pub(super) type Matrix = [[f64; 6]; 6];
/// Six numbers.
pub(super) type Vector = [f64; 6];

/// L of a symmetric matrix that is positive.
#[derive(Clone, Copy, Debug)]
pub(super) struct Factor(Matrix);

impl Factor {
    /// `None` if the matrix is not positive.
    pub(super) fn of(p: &Matrix) -> Option<Self> {
        let mut l = [[0.0; 6]; 6];
        for i in 0..6 {
            for j in 0..=i {
                let rest = p[i][j] - (0..j).map(|k| l[i][k] * l[j][k]).sum::<f64>();
                l[i][j] = if i > j { rest / l[j][j] } else { rest.sqrt() };
            }
            // Of what is not positive the root is zero or no number.
            if l[i][i].is_nan() || l[i][i] <= 0.0 {
                return None;
            }
        }
        Some(Self(l))
    }

    /// ln |P|.
    pub(super) fn log_determinant(&self) -> f64 {
        (0..6).map(|i| 2.0 * libm::log(self.0[i][i])).sum()
    }

    /// L⁻¹ x: its square is xᵀ P⁻¹ x.
    pub(super) fn whitened(&self, x: &Vector) -> Vector {
        let mut y = [0.0; 6];
        for i in 0..6 {
            y[i] = (x[i] - (0..i).map(|k| self.0[i][k] * y[k]).sum::<f64>()) / self.0[i][i];
        }
        y
    }

    /// P⁻¹.
    pub(super) fn inverse(&self) -> Matrix {
        let columns: Matrix = core::array::from_fn(|j| self.whitened(&core::array::from_fn(|i| f64::from(i == j))));
        core::array::from_fn(|i| core::array::from_fn(|j| dot(&columns[i], &columns[j])))
    }
}

/// A x.
pub(super) fn times(a: &Matrix, x: &Vector) -> Vector {
    a.map(|row| dot(&row, x))
}

/// aᵀ b.
pub(super) fn dot(a: &Vector, b: &Vector) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// A + B.
pub(super) fn plus(a: &Matrix, b: &Matrix) -> Matrix {
    core::array::from_fn(|i| core::array::from_fn(|j| a[i][j] + b[i][j]))
}

/// A P Aᵀ, of a symmetric P.
pub(super) fn between(a: &Matrix, p: &Matrix) -> Matrix {
    let columns = p.map(|column| times(a, &column));
    a.map(|row| core::array::from_fn(|j| (0..6).map(|k| row[k] * columns[k][j]).sum()))
}

/// The same variance along every axis.
pub(super) fn diagonal(variance: f64) -> Matrix {
    core::array::from_fn(|i| core::array::from_fn(|j| if i == j { variance } else { 0.0 }))
}
