//! The nearest of many points: a k-d tree in one array, the middle of every part its root.

use super::geometry::{Vector, along, dot, minus};

/// Points, each with a number.
#[derive(Debug)]
pub(crate) struct Near {
    nodes: Vec<Node>,
}

#[derive(Clone, Copy, Debug)]
struct Node {
    at: Vector,
    of: u32,
    axis: u8,
}

impl Near {
    /// A tree of points; the same points in another order make the same tree.
    pub(crate) fn new(points: impl Iterator<Item = (Vector, u32)>) -> Self {
        let mut nodes: Vec<Node> = points.map(|(at, of)| Node { at, of, axis: 0 }).collect();
        build(&mut nodes);
        Self { nodes }
    }

    /// The at most `most` points that are nearest to a place, nearest first, each with its squared distance.
    pub(crate) fn nearest(&self, to: Vector, most: usize) -> Vec<(f64, u32)> {
        let mut found = Vec::with_capacity(most + 1);
        if most > 0 {
            search(&self.nodes, to, most, &mut found);
        }
        found
    }
}

fn build(nodes: &mut [Node]) {
    if nodes.len() < 2 {
        return;
    }
    let extent = |axis: u8| {
        let of = nodes.iter().map(|node| along(node.at, axis));
        let (low, high) = of.fold((f64::MAX, f64::MIN), |(low, high), x| (low.min(x), high.max(x)));
        high - low
    };
    let axis = if extent(0) >= extent(1).max(extent(2)) {
        0
    } else if extent(1) >= extent(2) {
        1
    } else {
        2
    };
    let order = |a: &Node, b: &Node| along(a.at, axis).total_cmp(&along(b.at, axis)).then(a.of.cmp(&b.of));
    let middle = nodes.len() / 2;
    let (low, root, high) = nodes.select_nth_unstable_by(middle, order);
    root.axis = axis;
    build(low);
    build(high);
}

fn search(nodes: &[Node], to: Vector, most: usize, found: &mut Vec<(f64, u32)>) {
    let (low, rest) = nodes.split_at(nodes.len() / 2);
    let Some((root, high)) = rest.split_first() else { return };
    let off = minus(to, root.at);
    let new = (dot(off, off), root.of);
    let place = found.partition_point(|old| (old.0, old.1) < new);
    if place < most {
        found.insert(place, new);
        found.truncate(most);
    }
    let past = along(off, root.axis);
    let (first, second) = if past < 0.0 { (low, high) } else { (high, low) };
    search(first, to, most, found);
    // Where enough lie at the very place, others there are no nearer.
    if found.len() < most || found.last().is_some_and(|(worst, _)| *worst > 0.0 && past * past <= *worst) {
        search(second, to, most, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_are_those_of_a_search_through_all() {
        let number = |k: u32, by: u32| f64::from((k * by + 17) % 1009);
        let points: Vec<(Vector, u32)> =
            (0..500).map(|k| ([number(k, 7919), number(k, 104_729), number(k, 31) / 50.0], k)).collect();
        let tree = Near::new(points.iter().copied());
        for (to, _) in points.iter().step_by(13) {
            let mut all: Vec<(f64, u32)> =
                points.iter().map(|(at, of)| (dot(minus(*to, *at), minus(*to, *at)), *of)).collect();
            all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
            all.truncate(6);
            assert_eq!(tree.nearest(*to, 6), all);
        }
        assert!(Near::new(std::iter::empty()).nearest([0.0; 3], 3).is_empty());
        assert_eq!(Near::new(points.iter().copied().take(2)).nearest([0.0; 3], 9).len(), 2);
    }
}
