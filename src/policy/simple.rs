//! Whether the rings of a polygon are simple: none meets itself, none crosses another, every hole is within the outline
//! and in no other hole.
//!
//! An outline that crosses itself encloses some area twice, and twice is outside where crossings are counted: a
//! forbidden zone would have a hole in it. So it is an error, and so is every contact of two edges but the corner that
//! neighbours share; rings may meet others at corners.
//!
//! A line sweeps over the edges from west to east (Shamos and Hoey 1976), n log n for n edges whatever their shape. The
//! edges that it meets stand in their order from south to north, and two that cross stand side by side before they do.
//! Of the area above each edge it is known whether it is outside, inside, or in a hole. The side on which a point lies
//! is computed exactly (Shewchuk 1997), so no rounding makes or hides a crossing.

use super::polygon::Ring;
use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::ops::Bound;

type Point = [f64; 2];

/// Where a polygon is wrong.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// Less than three corners that differ.
    Few {
        /// The ring, 0 for the outline.
        ring: usize,
    },
    /// A ring is at one corner twice.
    Twice {
        /// The ring.
        ring: usize,
        /// The corner.
        at: Point,
    },
    /// Two edges meet.
    Meet([(usize, [Point; 2]); 2]),
    /// An edge of a hole outside the outline, or one of the outline within a hole.
    Outside((usize, [Point; 2])),
    /// An edge of a hole within another hole.
    Within((usize, [Point; 2])),
}

/// What lies above an edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Region {
    Outside,
    Inside,
    /// The hole of this ring.
    Hole(usize),
}

/// An edge from its western end to its eastern one, or from south to north; a point where both are one.
#[derive(Clone, Copy, Debug)]
struct Edge {
    number: usize,
    ring: usize,
    from: Point,
    to: Point,
}

impl Edge {
    fn said(&self) -> (usize, [Point; 2]) {
        (self.ring, [self.from, self.to])
    }
}

impl Ord for Edge {
    /// From south to north, of edges that the sweep meets together and that do not cross. Equal are those that lie on
    /// each other where the later one begins.
    fn cmp(&self, other: &Self) -> Ordering {
        if self.number == other.number {
            return Ordering::Equal;
        }
        match order(self.from, other.from) {
            // This one begins later: it is above if it begins above the other.
            Ordering::Greater | Ordering::Equal => above(*self, *other),
            Ordering::Less => above(*other, *self).reverse(),
        }
    }
}

impl PartialOrd for Edge {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Edge {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Edge {}

fn above(later: Edge, earlier: Edge) -> Ordering {
    side(earlier.from, earlier.to, later.from).then_with(|| side(earlier.from, earlier.to, later.to))
}

fn order(a: Point, b: Point) -> Ordering {
    let ([ax, ay], [bx, by]) = (a, b);
    ax.total_cmp(&bx).then(ay.total_cmp(&by))
}

/// The first fault of a polygon that the sweep comes to; rings are open, their coordinates of moderate size.
pub(super) fn fault(rings: &[Ring]) -> Option<Fault> {
    let mut edges: Vec<Edge> = Vec::new();
    for (ring, corners) in rings.iter().enumerate() {
        // Adding nothing makes one zero of both.
        let mut corners: Vec<Point> = corners.iter().map(|corner| corner.map(|value| value + 0.0)).collect();
        corners.dedup_by(|a, b| order(*a, *b).is_eq());
        while corners.len() > 1 && corners.first() == corners.last() {
            corners.pop();
        }
        if corners.len() < 3 {
            return Some(Fault::Few { ring });
        }
        for (&a, &b) in corners.iter().zip(corners.iter().cycle().skip(1)) {
            let (from, to) = if order(a, b).is_lt() { (a, b) } else { (b, a) };
            edges.push(Edge { number: edges.len(), ring, from, to });
        }
        corners.sort_by(|a, b| order(*a, *b));
        let twice = corners.iter().zip(corners.iter().skip(1)).find(|(a, b)| order(**a, **b).is_eq());
        if let Some((&at, _)) = twice {
            return Some(Fault::Twice { ring, at });
        }
    }
    Sweep::new(edges.len()).over(&edges)
}

/// The edges that the line meets, from south to north, and what lies above each.
struct Sweep {
    met: BTreeSet<Edge>,
    above: Vec<Region>,
}

impl Sweep {
    fn new(edges: usize) -> Self {
        Self { met: BTreeSet::new(), above: vec![Region::Outside; edges] }
    }

    fn over(mut self, edges: &[Edge]) -> Option<Fault> {
        // The ends of edges, from west to east: at each, those that end there before those that begin.
        let ends = |edge: &Edge| [(edge.to, false, edge.number), (edge.from, true, edge.number)];
        let mut ends: Vec<(Point, bool, usize)> = edges.iter().flat_map(ends).collect();
        ends.sort_by(|a, b| order(a.0, b.0).then(a.1.cmp(&b.1)));
        ends.chunk_by(|a, b| order(a.0, b.0).is_eq()).find_map(|here| {
            let (ending, beginning) = here.split_at(here.partition_point(|(_, begins, _)| !begins));
            let known = |ends: &[(Point, bool, usize)]| {
                ends.iter().filter_map(|(.., number)| edges.get(*number).copied()).collect::<Vec<Edge>>()
            };
            self.at(here.first()?.0, &known(ending), known(beginning)).err()
        })
    }

    /// Goes on to a corner.
    fn at(&mut self, point: Point, ending: &[Edge], mut beginning: Vec<Edge>) -> Result<(), Fault> {
        for edge in ending {
            self.met.remove(edge);
        }
        // Of the edges that go on here none may hold the corner.
        let here = Edge { number: usize::MAX, ring: 0, from: point, to: point };
        if let (Some(through), Some(corner)) = (self.met.get(&here), ending.first().or_else(|| beginning.first())) {
            return Err(Fault::Meet([through.said(), corner.said()]));
        }
        let below = self.met.range(..here).next_back().copied();
        let over = self.met.range((Bound::Excluded(here), Bound::Unbounded)).next().copied();
        beginning.sort();
        let mut before = below;
        for &edge in &beginning {
            // Two from here in one direction.
            if let Some(before) = before.filter(|before| before.cmp(&edge).is_eq()) {
                return Err(Fault::Meet([before.said(), edge.said()]));
            }
            let under = before.and_then(|edge| self.above.get(edge.number)).copied().unwrap_or(Region::Outside);
            let region = crossed(under, edge)?;
            if let Some(above) = self.above.get_mut(edge.number) {
                *above = region;
            }
            before = Some(edge);
        }
        // The new neighbours.
        let pairs = match (beginning.first(), beginning.last()) {
            (Some(&lowest), Some(&highest)) => [(below, Some(lowest)), (Some(highest), over)],
            _ => [(below, over), (None, None)],
        };
        for (a, b) in pairs {
            if let (Some(a), Some(b)) = (a, b)
                && meet(a, b)
            {
                return Err(Fault::Meet([a.said(), b.said()]));
            }
        }
        self.met.extend(beginning);
        Ok(())
    }
}

/// What lies above an edge, by what lies below it.
fn crossed(under: Region, edge: Edge) -> Result<Region, Fault> {
    match (under, edge.ring) {
        (Region::Outside, 0) => Ok(Region::Inside),
        (Region::Inside, 0) => Ok(Region::Outside),
        (Region::Inside, hole) => Ok(Region::Hole(hole)),
        (Region::Hole(hole), ring) if hole == ring => Ok(Region::Inside),
        (Region::Hole(_), 0) | (Region::Outside, _) => Err(Fault::Outside(edge.said())),
        (Region::Hole(_), _) => Err(Fault::Within(edge.said())),
    }
}

/// Whether two edges, neighbours on the line, cross. Contacts at their ends are seen where the line comes to those.
fn meet(a: Edge, b: Edge) -> bool {
    let apart = |a: Edge, b: Edge| {
        let (from, to) = (side(a.from, a.to, b.from), side(a.from, a.to, b.to));
        from == to || from.is_eq() || to.is_eq()
    };
    !apart(a, b) && !apart(b, a)
}

/// On which side of the line from `a` to `b` a point lies, exactly: greater is left of it, for an edge to the east above.
fn side(a: Point, b: Point, c: Point) -> Ordering {
    let ([ax, ay], [bx, by], [cx, cy]) = (a, b, c);
    let (left, right) = ((ax - cx) * (by - cy), (ay - cy) * (bx - cx));
    let twice_area = left - right;
    // Shewchuk's bound on what rounding can have done.
    if twice_area.abs() > 4.0 * f64::EPSILON * (left.abs() + right.abs()) {
        return twice_area.total_cmp(&0.0);
    }
    let products = [(ax, by), (-ax, cy), (-cx, by), (-ay, bx), (ay, cx), (cy, bx)];
    sum_sign(products.into_iter().flat_map(|(x, y)| {
        let product = x * y;
        [product, x.mul_add(y, -product)]
    }))
}

/// The sign of a sum, exact: the sum is kept as numbers that do not overlap, the largest last.
fn sum_sign(terms: impl Iterator<Item = f64>) -> Ordering {
    let mut parts: Vec<f64> = Vec::new();
    for term in terms {
        let mut carried = term;
        for part in &mut parts {
            let sum = carried + *part;
            let virtual_part = sum - carried;
            let rest = (carried - (sum - virtual_part)) + (*part - virtual_part);
            *part = rest;
            carried = sum;
        }
        parts.push(carried);
    }
    let largest = parts.iter().rev().find(|part| part.abs() > 0.0);
    largest.map_or(Ordering::Equal, |part| part.total_cmp(&0.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn square(x: f64, y: f64, size: f64) -> Ring {
        vec![[x, y], [x + size, y], [x + size, y + size], [x, y + size]]
    }

    #[test]
    fn rings_that_do_not_cross_are_simple() {
        let star: Ring = vec![
            [0.0, 10.0],
            [3.0, 3.0],
            [10.0, 0.0],
            [3.0, -3.0],
            [0.0, -10.0],
            [-3.0, -3.0],
            [-10.0, 0.0],
            [-3.0, 3.0],
        ];
        let again = [square(0.0, 0.0, 9.0), vec![[0.0, 0.0]; 3]].concat();
        for rings in [
            vec![star.clone(), square(-1.0, -1.0, 2.0)],
            vec![square(0.0, 0.0, 9.0), square(1.0, 1.0, 2.0), square(3.0, 3.0, 2.0), square(6.0, 1.0, 1.0)],
            vec![again],
            // A hole that touches the outline at a corner of both, as GIS programs write them.
            vec![vec![[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0]], vec![[0.0, 0.0], [5.0, 1.0], [1.0, 5.0]]],
        ] {
            for rings in [rings.clone(), rings.into_iter().map(|ring| ring.into_iter().rev().collect()).collect()] {
                assert_eq!(fault(&rings), None, "{rings:?}");
                // On their sides, so that edges stand upright elsewhere.
                let turned: Vec<Ring> = rings.iter().map(|ring| ring.iter().map(|&[x, y]| [-y, x]).collect()).collect();
                assert_eq!(fault(&turned), None, "{turned:?}");
            }
        }
    }

    #[test]
    fn every_way_to_cross_is_found() {
        let outline = || square(0.0, 0.0, 9.0);
        let bow: Ring = vec![[0.0, 0.0], [4.0, 4.0], [4.0, 0.0], [0.0, 4.0]];
        let twice_round: Ring =
            vec![[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [0.0, 9.0], [-1.0, 3.0], [6.0, 3.0], [6.0, 6.0], [-1.0, 5.0]];
        // A star of five points drawn in one go, its crossings being corners: its middle would be outside.
        let on_corners: Ring = vec![[0.0, 0.0], [4.0, 0.0], [4.0, 4.0], [2.0, 2.0], [0.0, 4.0], [2.0, 2.0]];
        for (rings, meets) in [
            (vec![bow], "Meet"),
            (vec![twice_round], "Meet"),
            (vec![on_corners], "Twice"),
            (vec![vec![[0.0, 0.0], [9.0, 0.0], [4.0, 0.0]]], "Meet"),
            (vec![vec![[0.0, 0.0], [9.0, 0.0], [9.0, 9.0], [4.0, 0.0]]], "Meet"),
            (vec![vec![[0.0, 0.0], [9.0, 9.0], [0.0, 0.0]]], "Few"),
            (vec![outline(), square(20.0, 2.0, 2.0)], "Outside"),
            (vec![outline(), square(8.0, 2.0, 2.0)], "Meet"),
            (vec![outline(), outline()], "Meet"),
            (vec![outline(), square(1.0, 1.0, 5.0), square(2.0, 2.0, 1.0)], "Within"),
            (vec![outline(), square(1.0, 1.0, 5.0), square(5.0, 5.0, 2.0)], "Within"),
            (vec![square(2.0, 2.0, 1.0), outline()], "Outside"),
            // Begins at a corner and leaves beside it.
            (vec![outline(), vec![[9.0, 9.0], [8.0, 7.0], [10.0, 12.0]]], "Meet"),
        ] {
            let found = fault(&rings).map(|fault| format!("{fault:?}")).unwrap_or_default();
            assert!(found.starts_with(meets), "{found:?} of {rings:?}");
        }
    }

    #[test]
    fn a_side_is_exact_where_rounding_hides_it() {
        // Twelve is the least step of these coordinates: an edge, and points one step beside it.
        let (a, b) = ([12.0, 12.0], [24.0, 24.0]);
        let near = 0.5_f64;
        for steps in 0..40_u64 {
            let up = f64::from_bits(near.to_bits() + steps);
            let wanted = if steps == 0 { Ordering::Equal } else { Ordering::Greater };
            assert_eq!(side(a, b, [near, up]), wanted, "{steps} steps above");
            assert_eq!(side(a, b, [up, near]), wanted.reverse(), "{steps} steps below");
        }
    }

    #[test]
    fn a_hundred_thousand_edges_are_swept_at_once() {
        let count = 50_000;
        let teeth = (0..count).map(|n| [f64::from(n), if n % 2 == 0 { 0.0 } else { 1e6 }]);
        let comb: Ring = teeth.chain([[f64::from(count), -1.0], [-1.0, -1.0]]).collect();
        // Askew, so that no axis helps.
        let askew = comb.iter().map(|&[x, y]| [x * 0.8 - y * 0.6, x * 0.6 + y * 0.8]).collect();
        let started = std::time::Instant::now();
        assert_eq!(fault(std::slice::from_ref(&comb)), None);
        assert_eq!(fault(&[askew]), None);
        let mut crossed = comb;
        crossed.swap(40_000, 40_003);
        assert!(fault(&[crossed]).is_some());
        assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    }
}
