//! Which places lie within reach of a track that has ended: those where others began, in slabs of time, each slab a tree of
//! boxes (a bounding-volume hierarchy, halved at the median along its longest side).

/// Places of a leaf.
const LEAF: usize = 8;

/// A box along the axes, metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bounds {
    low: [f64; 3],
    high: [f64; 3],
}

impl Bounds {
    /// So far about a place along each axis.
    pub(super) fn about(place: [f64; 3], reach_m: [f64; 3]) -> Self {
        let [[x, y, z], [a, b, c]] = [place, reach_m];
        Self { low: [x - a, y - b, z - c], high: [x + a, y + b, z + c] }
    }

    /// Around both.
    pub(super) fn and(self, other: Self) -> Self {
        let [[a, b, c], [d, e, f]] = [self.low, other.low];
        let [[g, h, i], [k, l, m]] = [self.high, other.high];
        Self { low: [a.min(d), b.min(e), c.min(f)], high: [g.max(k), h.max(l), i.max(m)] }
    }

    fn meets(&self, other: &Self) -> bool {
        let along = |(low, high): (&f64, &f64)| low <= high;
        self.low.iter().zip(&other.high).all(along) && other.low.iter().zip(&self.high).all(along)
    }

    fn middle(&self, axis: usize) -> f64 {
        self.low.get(axis).zip(self.high.get(axis)).map_or(0.0, |(low, high)| low + high)
    }
}

/// Something that is somewhere at a time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    /// Its number among all.
    pub(super) number: u32,
    /// When, microseconds.
    pub(super) time_us: i64,
    /// Where it may be.
    pub(super) bounds: Bounds,
}

/// What is in one stretch of time.
#[derive(Debug)]
pub(super) struct Slab {
    /// The times of the first and of the last, microseconds.
    pub(super) span_us: [i64; 2],
    placed: Vec<Placed>,
    /// In the order in which a walk through the tree meets them.
    nodes: Vec<Node>,
}

#[derive(Debug)]
struct Node {
    bounds: Bounds,
    /// Where the walk goes on that leaves out what is below.
    next: usize,
    /// What lies below, by place.
    below: [usize; 2],
}

impl Slab {
    fn new(mut placed: Vec<Placed>) -> Self {
        let first_us = placed.iter().map(|placed| placed.time_us).min().unwrap_or(0);
        let last_us = placed.iter().map(|placed| placed.time_us).max().unwrap_or(0);
        let mut nodes = Vec::with_capacity(4 * placed.len() / LEAF + 1);
        grow(&mut placed, 0, &mut nodes);
        Self { span_us: [first_us, last_us], placed, nodes }
    }

    /// Everything that may be within a box.
    pub(super) fn within(&self, bounds: Bounds) -> impl Iterator<Item = &Placed> {
        let mut at = 0;
        let leaves = std::iter::from_fn(move || {
            loop {
                let node = self.nodes.get(at)?;
                let (meets, is_leaf) = (node.bounds.meets(&bounds), node.next == at + 1);
                at = if meets { at + 1 } else { node.next };
                if meets && is_leaf {
                    let [from, to] = node.below;
                    return self.placed.get(from..to);
                }
            }
        });
        leaves.flatten().filter(move |placed| placed.bounds.meets(&bounds))
    }
}

/// Appends the tree of some places, of which the first is number `from` of its slab, and puts them into its order.
fn grow(placed: &mut [Placed], from: usize, nodes: &mut Vec<Node>) {
    let Some(bounds) = placed.iter().map(|placed| placed.bounds).reduce(Bounds::and) else { return };
    let own = nodes.len();
    nodes.push(Node { bounds, next: own + 1, below: [from, from + placed.len()] });
    if placed.len() <= LEAF {
        return;
    }
    let extent = |axis: &usize| bounds.high.get(*axis).zip(bounds.low.get(*axis)).map_or(0.0, |(high, low)| high - low);
    let axis = (0..3).max_by(|a, b| extent(a).total_cmp(&extent(b))).unwrap_or(0);
    let middle = placed.len() / 2;
    placed.select_nth_unstable_by(middle, |a, b| {
        a.bounds.middle(axis).total_cmp(&b.bounds.middle(axis)).then(a.number.cmp(&b.number))
    });
    let (left, right) = placed.split_at_mut(middle);
    grow(left, from, nodes);
    grow(right, from + middle, nodes);
    let next = nodes.len();
    if let Some(node) = nodes.get_mut(own) {
        node.next = next;
    }
}

/// The slabs that have anything in them, in the order of time, each so many microseconds long.
pub(super) fn slabs(mut placed: Vec<Placed>, width_us: i64) -> Vec<Slab> {
    use rayon::prelude::*;
    let slab = |placed: &Placed| placed.time_us.div_euclid(width_us.max(1));
    placed.sort_unstable_by_key(|placed| (placed.time_us, placed.number));
    let apart: Vec<Vec<Placed>> = placed.chunk_by(|a, b| slab(a) == slab(b)).map(<[Placed]>::to_vec).collect();
    apart.into_par_iter().map(Slab::new).collect()
}
