// The shortest augmenting path of a waiting track: a search over reduced costs, in the order of distance.
// Twin: src/fusion/associate/assign.rs

// A search that has not ended after so many columns gives up.
override SEARCH_MAX: u32;

// A column that a search has come to: the track by which it did, how far it is, whether that is final.
struct Reached {
    column: u32,
    row: u32,
    distance: f32,
    done: u32,
}

// The column of "none" of the track, then the nearest others: the search takes no more than there is room for.
var<private> reached: array<Reached, 128>;
var<private> many: u32;
// Where the path ends.
var<private> end: u32;
// The way to the nearest free column: farther nothing is looked at.
var<private> bound: f32;

fn search(track: u32) {
    many = 0u;
    let none = params.detections + track;
    var row = track;
    var base = 0.0;
    var own = least_cost(track);
    bound = 0.0 - price_of(none) - own;
    for (var step = 1u; step < SEARCH_MAX; step++) {
        relax(row, base, own);
        end = nearest_open();
        reached[end].done = 1u;
        row = owner_of(reached[end].column);
        if row == NONE {
            return;
        }
        base = reached[end].distance;
        // Only the last column of a path is one of "none".
        own = cost_of(edges[holds[row]].weight) - price_of(reached[end].column);
    }
    end = 0u;
    reached[0].done = 1u;
}

// The nearest column whose distance is not final; of equals the lowest.
fn nearest_open() -> u32 {
    var best = 0u;
    for (var k = 1u; k < many; k++) {
        if reached[k].done == 0u && (reached[best].done == 1u || is_nearer(reached[k], reached[best])) {
            best = k;
        }
    }
    return best;
}

// Offers every column of a row at `base` plus its reduced cost, less that of the column that the row has.
fn relax(row: u32, base: f32, own: f32) {
    let none = params.detections + row;
    offer(Reached(none, row, base + (0.0 - price_of(none) - own), 0u));
    for (var e = rows[row].start; e < rows[row].start + rows[row].count; e++) {
        let cost = cost_of(edges[e].weight);
        // No price is above zero.
        if base + (cost - own) <= bound {
            let column = edges[e].detection;
            offer(Reached(column, row, base + (cost - price_of(column) - own), 0u));
        }
    }
}

fn offer(one: Reached) {
    if one.distance > bound {
        return;
    }
    let k = place_of(one.column);
    if k == many {
        put(one);
    } else if reached[k].done == 0u && one.distance < reached[k].distance {
        reached[k] = one;
    } else {
        return;
    }
    if owner_of(one.column) == NONE {
        bound = one.distance;
    }
}

// Adds a column to those reached; where there is no room, in place of the farthest, which the search would not come to.
fn put(one: Reached) {
    if many < SEARCH_MAX {
        reached[many] = one;
        many++;
        return;
    }
    var farthest = 0u;
    for (var k = 1u; k < many; k++) {
        if reached[k].done == 0u && (farthest == 0u || is_nearer(reached[farthest], reached[k])) {
            farthest = k;
        }
    }
    if farthest > 0u && is_nearer(one, reached[farthest]) {
        reached[farthest] = one;
    }
}

// The place of a column among those reached; their number if it is not there.
fn place_of(column: u32) -> u32 {
    for (var k = 0u; k < many; k++) {
        if reached[k].column == column {
            return k;
        }
    }
    return many;
}

// Whether one column is nearer than another; of equals the lower one is.
fn is_nearer(one: Reached, other: Reached) -> bool {
    return one.distance < other.distance || (one.distance <= other.distance && one.column < other.column);
}

// The least reduced cost of a row.
fn least_cost(row: u32) -> f32 {
    var least = 0.0 - price_of(params.detections + row);
    for (var e = rows[row].start; e < rows[row].start + rows[row].count; e++) {
        let cost = cost_of(edges[e].weight);
        if cost < least {
            least = min(least, cost - price_of(edges[e].detection));
        }
    }
    return least;
}
