//! Rings in the plane: which points are inside.
//!
//! A point is inside where a ray to the east crosses the outlines an odd number of times, so holes are left out. An
//! edge holds its lower end and not its upper one, and its crossing is computed from its ends in a fixed order: a
//! point on the border of two areas that share an edge is in exactly one of them, and always in the same one.

use std::ops::RangeInclusive;
use std::sync::Arc;

/// A closed outline: its corners in order, the last joined to the first.
pub(super) type Ring = Vec<[f64; 2]>;

/// An area: an outer ring and its holes, as edges.
#[derive(Clone, Debug)]
pub(super) struct Polygon {
    pub(super) min: [f64; 2],
    pub(super) max: [f64; 2],
    // Each from its lower end to its upper one, in y; horizontal ones are kept for the raster.
    pub(super) edges: Vec<[[f64; 2]; 2]>,
    rows: Arc<Rows>,
}

/// The edges by rows of equal height, so that few are tried for a point.
#[derive(Debug, Default)]
struct Rows {
    from: f64,
    per_unit: f64,
    // Row i holds edges[starts[i]..starts[i + 1]].
    starts: Vec<usize>,
    edges: Vec<u32>,
}

/// Edges of a polygon that one row serves.
const EDGES_A_ROW: usize = 8;

/// Most places in all rows for each edge: tall edges are in many rows, and then there are fewer rows.
const ROWS_AN_EDGE: usize = 4;

impl Rows {
    fn of(edges: &[[[f64; 2]; 2]], south: f64, north: f64) -> Self {
        let mut count = edges.len() / EDGES_A_ROW;
        while count > 1 {
            let rows = Self {
                from: south,
                per_unit: count as f64 / (north - south),
                starts: vec![0; count + 1],
                edges: Vec::new(),
            };
            let places: usize = edges.iter().map(|edge| rows.spanned(edge).count()).sum();
            if rows.per_unit.is_finite() && places <= ROWS_AN_EDGE * edges.len() {
                return rows.filled(edges, places);
            }
            count /= 2;
        }
        Self::default()
    }

    fn filled(mut self, edges: &[[[f64; 2]; 2]], places: usize) -> Self {
        let mut next = vec![0; self.starts.len()];
        for row in edges.iter().flat_map(|edge| self.spanned(edge)) {
            next.get_mut(row + 1).into_iter().for_each(|count| *count += 1);
        }
        let mut sum = 0;
        for (start, count) in self.starts.iter_mut().zip(&mut next) {
            sum += *count;
            (*start, *count) = (sum, sum);
        }
        self.edges = vec![0; places];
        for (number, edge) in (0u32..).zip(edges) {
            for row in self.spanned(edge) {
                if let Some(at) = next.get_mut(row) {
                    self.edges.get_mut(*at).into_iter().for_each(|place| *place = number);
                    *at += 1;
                }
            }
        }
        self
    }

    /// The rows of an edge: a higher point is in no lower row, so they are those of its points.
    fn spanned(&self, [[_, ay], [_, by]]: &[[f64; 2]; 2]) -> RangeInclusive<usize> {
        self.row(*ay)..=self.row(*by)
    }

    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the rows first")]
    fn row(&self, y: f64) -> usize {
        let last = self.starts.len().saturating_sub(2);
        ((y - self.from) * self.per_unit).clamp(0.0, last as f64) as usize
    }
}

impl Polygon {
    pub(super) fn new(rings: &[Ring]) -> Self {
        let (mut min, mut max) = ([f64::INFINITY; 2], [f64::NEG_INFINITY; 2]);
        let mut edges = Vec::new();
        for ring in rings {
            for (&a, &b) in ring.iter().zip(ring.iter().cycle().skip(1)) {
                let ([ax, ay], [bx, by]) = (a, b);
                min = [min[0].min(ax), min[1].min(ay)];
                max = [max[0].max(ax), max[1].max(ay)];
                let upwards = ay.total_cmp(&by).then(ax.total_cmp(&bx)).is_le();
                edges.push(if upwards { [a, b] } else { [b, a] });
            }
        }
        let rows = Arc::new(Rows::of(&edges, min[1], max[1]));
        Self { min, max, edges, rows }
    }

    pub(super) fn holds(&self, [x, y]: [f64; 2]) -> bool {
        let [[west, south], [east, north]] = [self.min, self.max];
        if !(x >= west && x <= east && y >= south && y <= north) {
            return false;
        }
        let crossed =
            |&&[[ax, ay], [bx, by]]: &&[[f64; 2]; 2]| ay <= y && y < by && x < ax + (y - ay) * ((bx - ax) / (by - ay));
        if self.rows.edges.is_empty() {
            return self.edges.iter().filter(crossed).count() % 2 == 1;
        }
        let row = self.rows.row(y);
        let bounds = self.rows.starts.get(row).zip(self.rows.starts.get(row + 1));
        let numbers = bounds.and_then(|(&from, &to)| self.rows.edges.get(from..to)).unwrap_or_default();
        let edges = numbers.iter().filter_map(|&number| self.edges.get(number as usize));
        edges.filter(crossed).count() % 2 == 1
    }

    pub(super) fn shifted(&self, x: f64) -> Self {
        let shift = |[px, py]: [f64; 2]| [px + x, py];
        let edges = self.edges.iter().map(|edge| edge.map(shift)).collect();
        Self { min: shift(self.min), max: shift(self.max), edges, rows: Arc::clone(&self.rows) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_on_a_shared_border_is_in_exactly_one_of_the_areas() {
        // Four triangles about an odd centre fill a square; no edge is along an axis but the outer ones.
        let centre = [0.3, 0.1];
        let corners = [[-1.0, -1.3], [1.1, -1.0], [1.0, 1.2], [-1.2, 1.0]];
        let triangles: Vec<Polygon> = (0..4)
            .map(|k| {
                let ring = vec![centre, corners[k], corners[(k + 1) % 4]];
                // Every other ring the other way round: direction must not matter.
                Polygon::new(&[if k % 2 == 0 { ring } else { ring.into_iter().rev().collect() }])
            })
            .collect();
        for corner in corners {
            for step in 0..1000 {
                let t = f64::from(step) / 1000.0;
                let on_edge = [centre[0] + t * (corner[0] - centre[0]), centre[1] + t * (corner[1] - centre[1])];
                let holders = triangles.iter().filter(|triangle| triangle.holds(on_edge)).count();
                assert_eq!(holders, 1, "{on_edge:?} on the way to {corner:?}");
            }
        }
    }

    #[test]
    fn rows_of_edges_give_the_answers_of_all_edges() {
        // A comb, whose edges are tall, and a spiral staircase, whose edges are not.
        let comb = (0..200).map(|n| [f64::from(n), if n % 2 == 0 { 0.0 } else { 100.0 - f64::from(n % 7) }]);
        let comb: Ring = comb.chain([[199.0, -1.0], [0.0, -1.0]]).collect();
        let round = (0..500).map(|n| f64::from(n) / 500.0 * std::f64::consts::TAU);
        let round: Ring = round.map(|angle| [100.0 + 90.0 * angle.cos(), 40.0 + 45.0 * angle.sin()]).collect();
        for ring in [comb, round] {
            let polygon = Polygon::new(std::slice::from_ref(&ring));
            let plain = Polygon { rows: Arc::default(), ..polygon.clone() };
            assert!(polygon.rows.edges.len() <= ROWS_AN_EDGE * ring.len(), "{} places", polygon.rows.edges.len());
            let corners = ring.iter().flat_map(|&[x, y]| [[x, y], [x + 0.1, y], [x, y + 0.1], [x - 0.3, y]]);
            let field = (0..4000).map(|n| [f64::from(n % 80) * 2.6, f64::from(n / 80) * 2.1 - 1.0]);
            for place in corners.chain(field) {
                assert_eq!(polygon.holds(place), plain.holds(place), "{place:?}");
            }
        }
    }
}
