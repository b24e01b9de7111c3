//! Rings in the plane: which points are inside.
//!
//! A point is inside where a ray to the east crosses the outlines an odd number of times, so holes are left out. An
//! edge holds its lower end and not its upper one, and its crossing is computed from its ends in a fixed order: a
//! point on the border of two areas that share an edge is in exactly one of them, and always in the same one.

/// A closed outline: its corners in order, the last joined to the first.
pub(super) type Ring = Vec<[f64; 2]>;

/// An area: an outer ring and its holes, as edges.
#[derive(Clone, Debug)]
pub(super) struct Polygon {
    pub(super) min: [f64; 2],
    pub(super) max: [f64; 2],
    // Each from its lower end to its upper one, in y; horizontal ones are kept for the raster.
    pub(super) edges: Vec<[[f64; 2]; 2]>,
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
        Self { min, max, edges }
    }

    pub(super) fn holds(&self, [x, y]: [f64; 2]) -> bool {
        let [[west, south], [east, north]] = [self.min, self.max];
        if !(x >= west && x <= east && y >= south && y <= north) {
            return false;
        }
        let crossed =
            |&&[[ax, ay], [bx, by]]: &&[[f64; 2]; 2]| ay <= y && y < by && x < ax + (y - ay) * ((bx - ax) / (by - ay));
        self.edges.iter().filter(crossed).count() % 2 == 1
    }

    pub(super) fn shifted(&self, x: f64) -> Self {
        let shift = |[px, py]: [f64; 2]| [px + x, py];
        let edges = self.edges.iter().map(|edge| edge.map(shift)).collect();
        Self { min: shift(self.min), max: shift(self.max), edges }
    }
}

/// Twice the area that a ring encloses; its sign is the ring's direction.
pub(super) fn area(ring: &[[f64; 2]]) -> f64 {
    let Some(&[ox, oy]) = ring.first() else { return 0.0 };
    let next = ring.iter().cycle().skip(1);
    ring.iter().zip(next).map(|(&[ax, ay], &[bx, by])| (ax - ox) * (by - oy) - (bx - ox) * (ay - oy)).sum()
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
    fn area_has_a_direction_and_vanishes_on_a_line() {
        assert!((area(&[[0.0, 0.0], [2.0, 0.0], [2.0, 1.0]]) - 2.0).abs() < 1e-12);
        assert!((area(&[[2.0, 1.0], [2.0, 0.0], [0.0, 0.0]]) + 2.0).abs() < 1e-12);
        assert!(area(&[[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]]).abs() < 1e-12);
    }
}
