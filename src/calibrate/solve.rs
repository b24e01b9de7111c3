//! Normal equations A b = g, some of whose unknowns may not be told from others.
//!
//! An exchange of unknown k with its equation turns A into the matrix that gives x_k where it gave y_k before; exchanged in all
//! of a set, A's part there is its inverse, and another exchange takes an unknown out again (principal pivot transform: Tucker,
//! 1960; the sweep of Goodnight, The American Statistician 33, 1979).

/// Of an unknown's own square, how much has to be left beside the others for it to be told from them.
const LEFT: f64 = 1e-7;

/// Normal equations.
#[derive(Clone, Debug)]
pub(super) struct Normal {
    square: Vec<Vec<f64>>,
    own: Vec<f64>,
    right: Vec<f64>,
    inside: Vec<bool>,
}

impl Normal {
    /// Of no rows yet.
    pub(super) fn new(unknowns: usize) -> Self {
        Self {
            square: vec![vec![0.0; unknowns]; unknowns],
            own: Vec::new(),
            right: vec![0.0; unknowns],
            inside: vec![false; unknowns],
        }
    }

    /// Adds what a part of the rows makes of some unknowns: their squares and right sides.
    pub(super) fn add(&mut self, unknowns: &[usize], square: &[Vec<f64>], right: &[f64]) {
        for ((&i, of), add) in unknowns.iter().zip(square).zip(right) {
            if let Some(row) = self.square.get_mut(i) {
                for (&j, add) in unknowns.iter().zip(of) {
                    row.get_mut(j).into_iter().for_each(|cell| *cell += add);
                }
            }
            self.right.get_mut(i).into_iter().for_each(|cell| *cell += add);
        }
    }

    /// Moves the right side to where the unknowns are these: what is solved for is then all of each, not what is left of it.
    pub(super) fn about(&mut self, unknowns: &[f64]) {
        for (right, row) in self.right.iter_mut().zip(&self.square) {
            *right += row.iter().zip(unknowns).map(|(a, b)| a * b).sum::<f64>();
        }
    }

    /// Takes in unknowns in this order, each that can be told from those before it; says which.
    pub(super) fn take(&mut self, order: &[usize]) -> Vec<bool> {
        self.own = self.square.iter().enumerate().filter_map(|(k, row)| row.get(k).copied()).collect();
        for &k in order {
            let own = self.own.get(k).copied().unwrap_or_default();
            if own > 0.0 && self.at(k, k) > LEFT * own {
                self.exchange(k);
            }
        }
        self.inside.clone()
    }

    /// Takes an unknown out: it is 0.
    pub(super) fn leave(&mut self, k: usize) {
        if self.inside.get(k) == Some(&true) {
            self.exchange(k);
        }
    }

    /// Whether an unknown is solved for.
    pub(super) fn has(&self, k: usize) -> bool {
        self.inside.get(k) == Some(&true)
    }

    /// The solution; 0 of what is not solved for.
    pub(super) fn solution(&self) -> Vec<f64> {
        let of = |k: usize| {
            let inside = self.inside.iter().zip(&self.right).enumerate().filter(|(_, (inside, _))| **inside);
            if self.has(k) { inside.map(|(j, (_, right))| self.at(k, j) * right).sum() } else { 0.0 }
        };
        (0..self.right.len()).map(of).collect()
    }

    /// The variance of one.
    pub(super) fn variance(&self, k: usize) -> f64 {
        if self.has(k) { self.at(k, k).max(0.0) } else { 0.0 }
    }

    fn at(&self, i: usize, j: usize) -> f64 {
        self.square.get(i).and_then(|row| row.get(j)).copied().unwrap_or_default()
    }

    fn exchange(&mut self, k: usize) {
        let pivot = self.at(k, k);
        let Some(row) = self.square.get_mut(k) else { return };
        for cell in row.iter_mut() {
            *cell /= -pivot;
        }
        row.get_mut(k).into_iter().for_each(|cell| *cell = 1.0 / pivot);
        let row = row.clone();
        for (_, other) in self.square.iter_mut().enumerate().filter(|(i, _)| *i != k) {
            let by = other.get(k).copied().unwrap_or_default();
            for (j, (cell, of)) in other.iter_mut().zip(&row).enumerate() {
                *cell = if j == k { by * of } else { *cell + by * of };
            }
        }
        self.inside.get_mut(k).into_iter().for_each(|inside| *inside = !*inside);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_is_solved_for_and_what_is_not_is_left_out() {
        // y = 2 a - b + 3 c, where d = a + b is no unknown of its own.
        let rows = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [1.0, 2.0, 1.0], [0.5, -1.0, 2.0], [3.0, 1.0, -1.0]];
        let rows: Vec<[f64; 4]> = rows.iter().map(|[a, b, c]| [*a, *b, *c, a + b]).collect();
        let mut normal = Normal::new(4);
        for row in &rows {
            let y = 2.0 * row[0] - row[1] + 3.0 * row[2];
            let square: Vec<Vec<f64>> = row.iter().map(|a| row.iter().map(|b| a * b).collect()).collect();
            normal.add(&[0, 1, 2, 3], &square, &row.map(|a| a * y));
        }
        let mut all = normal.clone();
        assert_eq!(all.take(&[0, 1, 2, 3]), [true, true, true, false]);
        let found = all.solution();
        for (found, wanted) in found.iter().zip([2.0, -1.0, 3.0, 0.0]) {
            assert!((found - wanted).abs() < 1e-9, "{found} {wanted}");
        }
        // The other way round another one is left out; and one that leaves is as if it had never been there.
        assert_eq!(normal.clone().take(&[3, 2, 1, 0]), [false, true, true, true]);
        all.leave(1);
        let mut without = normal.clone();
        without.take(&[0, 2]);
        for k in 0..4 {
            assert!((all.solution()[k] - without.solution()[k]).abs() < 1e-9, "{k}");
            assert!((all.variance(k) - without.variance(k)).abs() < 1e-9, "{k}");
        }
        // About a point that is known, what is left of the solution is solved for.
        let mut left = normal.clone();
        left.about(&[-2.0, 1.0, -3.0, 0.0]);
        left.take(&[0, 1, 2]);
        assert!(left.solution().iter().all(|off| off.abs() < 1e-9));
    }
}
