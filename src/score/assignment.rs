//! Sparse rectangular linear assignment, where every row and column may stay alone at a price.
//!
//! Minimises `Σ cost(row, column) + skip.row · (rows alone) + skip.column · (columns alone)` over all one-to-one
//! matchings along the given edges, exactly, in f64. Rows enter one at a time in index order, each by a shortest
//! augmenting path (Dijkstra over reduced costs, with potentials): Jonker and Volgenant, *Computing* 38, 1987, in the
//! sparse, rectangular form of Crouse, *IEEE TAES* 52(4), 2016. Staying alone is a private column of the row, so a
//! solution always exists. A path search touches only the row's connected component, and in it only what is nearer
//! than the path found.
//!
//! Ties: of equally long paths the one over the lowest column wins, and a pair wins over staying alone.
#![expect(clippy::indexing_slicing, reason = "row and column numbers are checked when a row is pushed")]

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::ScoreError;

/// No row, no edge.
const NONE: u32 = u32::MAX;
/// Edges that one problem may have: 2 GB of them.
pub(super) const EDGES_MAX: usize = 1 << 27;

/// Largest cost, so that no sum of costs overflows.
const COST_MAX: f64 = 1e150;

/// A pair that may be matched.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Column of the pair.
    pub column: u32,
    /// Cost of matching it; any sign.
    pub cost: f64,
}

/// What staying alone costs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Skip {
    /// Cost of a row without a column.
    pub row: f64,
    /// Cost of a column without a row.
    pub column: f64,
}

/// An assignment problem: rows of edges.
#[derive(Clone, Debug)]
pub struct Costs {
    columns: usize,
    skip: Skip,
    row_starts: Vec<u32>,
    edges: Vec<Edge>,
}

/// The connected components of a problem that have at least one edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Components {
    /// How many there are.
    pub count: usize,
    /// Rows and columns in the largest of them.
    pub largest: usize,
}

/// An optimal matching.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// For each row the edge that it is matched along, if it has a column.
    pub matched: Vec<Option<Edge>>,
    /// Cost of the matching, skips included, summed in row order.
    pub cost: f64,
}

impl Costs {
    /// A problem without rows.
    ///
    /// # Errors
    /// If there are more columns than a `u32` numbers, or a price is not a number within 1e150.
    pub fn new(columns: usize, skip: Skip) -> Result<Self, ScoreError> {
        let limit = NONE as usize - 1;
        if columns > limit {
            return Err(ScoreError::TooManyPoints { found: columns, limit });
        }
        for (parameter, found) in [("skip.row", skip.row), ("skip.column", skip.column)] {
            if !is_cost(found) {
                return Err(ScoreError::Parameter { parameter, found, wanted: "a cost within 1e150" });
            }
        }
        Ok(Self { columns, skip, row_starts: vec![0], edges: Vec::new() })
    }

    /// Adds a row; its edges in ascending order of their columns.
    ///
    /// # Errors
    /// If a column does not exist or comes twice or out of order, a cost is not a number within 1e150, or there are too
    /// many edges.
    pub fn push_row(&mut self, edges: &[Edge]) -> Result<(), ScoreError> {
        let row = self.rows();
        let mut next_column = 0;
        for &Edge { column, cost } in edges {
            let wrong = |wanted| Err(ScoreError::Edge { row, column, cost, wanted });
            if column as usize >= self.columns {
                return wrong("a column of the problem");
            }
            if column < next_column {
                return wrong("ascending columns");
            }
            if !is_cost(cost) {
                return wrong("a cost within 1e150");
            }
            next_column = column + 1;
        }
        let limit = EDGES_MAX;
        let end = u32::try_from(self.edges.len() + edges.len()).ok().filter(|&end| end as usize <= limit);
        let Some(end) = end else {
            return Err(ScoreError::TooManyPoints { found: self.edges.len() + edges.len(), limit });
        };
        self.edges.extend_from_slice(edges);
        self.row_starts.push(end);
        Ok(())
    }

    /// Number of rows.
    #[must_use]
    pub fn rows(&self) -> usize {
        self.row_starts.len() - 1
    }

    /// Number of columns.
    #[must_use]
    pub fn columns(&self) -> usize {
        self.columns
    }

    /// The edges of a row; none if there is no such row.
    #[must_use]
    pub fn row(&self, row: usize) -> &[Edge] {
        if row < self.rows() { &self.edges[self.span(row)] } else { &[] }
    }

    /// The connected components that have an edge.
    #[must_use]
    pub fn components(&self) -> Components {
        let mut sets = DisjointSets::new(self.rows() + self.columns);
        for row in 0..self.rows() {
            for edge in self.row(row) {
                sets.join(row, self.rows() + edge.column as usize);
            }
        }
        let mut sizes = vec![0_usize; self.rows() + self.columns];
        for node in 0..sizes.len() {
            sizes[sets.root(node)] += 1;
        }
        let connected = sizes.iter().copied().filter(|&size| size > 1);
        Components { count: connected.clone().count(), largest: connected.max().unwrap_or(0) }
    }

    /// Solves the problem.
    #[must_use]
    pub fn assign(&self) -> Assignment {
        let mut search = Search::new(self);
        for row in 0..self.rows() {
            let end = search.shortest_path(row);
            search.augment(row, end);
        }
        let matched: Vec<_> =
            search.edge_of_row.iter().map(|&edge| (edge != NONE).then(|| self.edges[edge as usize])).collect();
        let pairs = matched.iter().flatten().count();
        let alone = self.skip.row * (self.rows() - pairs) as f64 + self.skip.column * (self.columns - pairs) as f64;
        let cost = matched.iter().flatten().map(|edge| edge.cost).sum::<f64>() + alone;
        Assignment { matched, cost }
    }

    fn span(&self, row: usize) -> std::ops::Range<usize> {
        self.row_starts[row] as usize..self.row_starts[row + 1] as usize
    }
}

fn is_cost(cost: f64) -> bool {
    cost.abs() <= COST_MAX
}

/// Union-find whose representative is the least member.
#[derive(Debug)]
pub(super) struct DisjointSets(Vec<usize>);

impl DisjointSets {
    pub(super) fn new(nodes: usize) -> Self {
        Self((0..nodes).collect())
    }

    pub(super) fn root(&mut self, mut node: usize) -> usize {
        while self.0[node] != node {
            self.0[node] = self.0[self.0[node]];
            node = self.0[node];
        }
        node
    }

    pub(super) fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        self.0[a.max(b)] = a.min(b);
    }
}

/// A column and its distance from the row that is being placed; the nearest first, then the lowest.
#[derive(Clone, Copy, Debug)]
struct Reached {
    distance: f64,
    column: u32,
}

impl Ord for Reached {
    fn cmp(&self, other: &Self) -> Ordering {
        other.distance.total_cmp(&self.distance).then(other.column.cmp(&self.column))
    }
}

impl PartialOrd for Reached {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Reached {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Reached {}

/// Where an augmenting path ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// At a column that nobody has.
    Column(u32),
    /// At a row that gives up its column and stays alone.
    Alone(u32),
}

/// A column during the search.
#[derive(Clone, Copy, Debug)]
struct Column {
    /// Row that has it, or `NONE`.
    row: u32,
    /// Edge and row over which it was reached.
    from_edge: u32,
    from_row: u32,
    /// Shortest distance so far; infinite where not reached.
    distance: f64,
    potential: f64,
    settled: bool,
}

/// The state of the successive path searches: dual variables, the matching, and a queue.
#[derive(Debug)]
struct Search<'a> {
    costs: &'a Costs,
    edge_of_row: Vec<u32>,
    row_potential: Vec<f64>,
    columns: Vec<Column>,
    queue: BinaryHeap<Reached>,
    touched: Vec<u32>,
}

impl<'a> Search<'a> {
    fn new(costs: &'a Costs) -> Self {
        let (row, from_edge, from_row) = (NONE, NONE, NONE);
        let fresh = Column { row, from_edge, from_row, distance: f64::INFINITY, potential: 0.0, settled: false };
        Self {
            costs,
            edge_of_row: vec![NONE; costs.rows()],
            row_potential: vec![0.0; costs.rows()],
            columns: vec![fresh; costs.columns],
            queue: BinaryHeap::new(),
            touched: Vec::new(),
        }
    }

    /// Finds the shortest augmenting path from a new row and moves the potentials so that reduced costs stay >= 0.
    #[expect(clippy::cast_possible_truncation, reason = "edges and rows fit u32: every row with an edge is counted")]
    fn shortest_path(&mut self, start: usize) -> End {
        let Skip { row: skip_row, column: skip_column } = self.costs.skip;
        let (mut row, mut distance_to_row) = (start, 0.0);
        let mut alone = (f64::INFINITY, start);
        let (length, end) = loop {
            let row_potential = self.row_potential[row];
            let to_alone = distance_to_row + (skip_row - row_potential);
            if to_alone < alone.0 {
                alone = (to_alone, row);
            }
            for index in self.costs.span(row) {
                let edge = self.costs.edges[index];
                let column = &mut self.columns[edge.column as usize];
                let distance = distance_to_row + (edge.cost - skip_column - row_potential - column.potential);
                if column.settled || distance >= column.distance || distance > alone.0 {
                    continue;
                }
                if column.distance.is_infinite() {
                    self.touched.push(edge.column);
                }
                (column.distance, column.from_edge, column.from_row) = (distance, index as u32, row as u32);
                self.queue.push(Reached { distance, column: edge.column });
            }
            let Some(Reached { distance, column }) = self.next_column().filter(|next| next.distance <= alone.0) else {
                break (alone.0, End::Alone(alone.1 as u32));
            };
            let reached = &mut self.columns[column as usize];
            if reached.row == NONE {
                break (distance, End::Column(column));
            }
            reached.settled = true;
            (row, distance_to_row) = (reached.row as usize, distance);
        };
        self.row_potential[start] += length;
        for &index in &self.touched {
            let column = &mut self.columns[index as usize];
            if column.settled {
                column.potential -= length - column.distance;
                self.row_potential[column.row as usize] += length - column.distance;
            }
            (column.settled, column.distance) = (false, f64::INFINITY);
        }
        self.touched.clear();
        self.queue.clear();
        end
    }

    fn next_column(&mut self) -> Option<Reached> {
        // A column may be queued once for every time that it came nearer; only its last entry counts.
        std::iter::from_fn(|| self.queue.pop()).find(|next| !self.columns[next.column as usize].settled)
    }

    /// Hands the columns along the path from the end back to the new row.
    fn augment(&mut self, start: usize, end: End) {
        let mut column = match end {
            End::Column(column) => column,
            End::Alone(row) => match std::mem::replace(&mut self.edge_of_row[row as usize], NONE) {
                NONE => return,
                edge => self.costs.edges[edge as usize].column,
            },
        };
        loop {
            let Column { from_edge, from_row, .. } = self.columns[column as usize];
            self.columns[column as usize].row = from_row;
            let edge = std::mem::replace(&mut self.edge_of_row[from_row as usize], from_edge);
            if from_row as usize == start || edge == NONE {
                return;
            }
            column = self.costs.edges[edge as usize].column;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(columns: usize, skip: f64, rows: &[&[(u32, f64)]]) -> Costs {
        let mut costs = Costs::new(columns, Skip { row: skip, column: skip }).expect("a problem");
        for row in rows {
            let edges: Vec<_> = row.iter().map(|&(column, cost)| Edge { column, cost }).collect();
            costs.push_row(&edges).expect("a row");
        }
        costs
    }

    fn columns(assignment: &Assignment) -> Vec<Option<u32>> {
        assignment.matched.iter().map(|edge| edge.map(|edge| edge.column)).collect()
    }

    #[test]
    fn a_row_gives_up_its_column_for_one_that_needs_it_more() {
        let found = problem(2, 10.0, &[&[(0, 1.0), (1, 2.0)], &[(0, 1.5)]]).assign();
        assert_eq!((columns(&found), found.cost), (vec![Some(1), Some(0)], 3.5));
    }

    #[test]
    fn a_row_stays_alone_when_its_column_serves_another_better() {
        let found = problem(1, 2.0, &[&[(0, 3.0)], &[(0, 1.0)]]).assign();
        assert_eq!((columns(&found), found.cost), (vec![None, Some(0)], 3.0));
        let found = problem(1, 1.0, &[&[(0, 3.0)]]).assign();
        assert_eq!((columns(&found), found.cost), (vec![None], 2.0));
    }

    #[test]
    fn ties_go_to_the_lowest_column_and_to_a_pair() {
        let found = problem(3, 1.0, &[&[(0, 2.0), (1, 2.0), (2, 2.0)]]).assign();
        assert_eq!(columns(&found), vec![Some(0)]);
        let found = problem(2, 5.0, &[&[(0, 1.0), (1, 1.0)], &[(0, 1.0), (1, 1.0)]]).assign();
        assert_eq!(columns(&found), vec![Some(0), Some(1)]);
    }

    #[test]
    fn an_edge_that_is_wrong_is_named() {
        let mut costs = problem(2, 1.0, &[&[]]);
        for (edges, wanted) in [
            (vec![Edge { column: 2, cost: 0.0 }], "a column of the problem"),
            (vec![Edge { column: 1, cost: f64::NAN }], "a cost within 1e150"),
            (vec![Edge { column: 1, cost: 0.0 }, Edge { column: 1, cost: 0.0 }], "ascending columns"),
        ] {
            let error = costs.push_row(&edges).expect_err("an error").to_string();
            assert!(error.starts_with("row 1: edge to column") && error.ends_with(wanted), "{error}");
        }
        assert_eq!(costs.rows(), 1, "a row that is refused leaves nothing behind");
        assert!(Costs::new(1, Skip { row: f64::INFINITY, column: 0.0 }).is_err());
    }

    #[test]
    fn components_are_counted_by_their_edges() {
        let found = problem(4, 1.0, &[&[(0, 0.5), (1, 0.5)], &[(1, 0.5)], &[], &[(3, 0.5)]]).components();
        assert_eq!(found, Components { count: 2, largest: 4 });
        assert_eq!(problem(3, 1.0, &[]).components(), Components { count: 0, largest: 0 });
    }
}
