// The shortest augmenting path of a waiting track: a search over reduced costs, in the order of distance.
// Twin: src/fusion/associate/assign.rs

// A search that has not ended after so many columns gives up; hypotheses that it looks at.
override SEARCH_MAX: u32;
override LOOKED_MAX: u32;

// A column that a search has come to: the track by which it did, how far it is, whether that is final.
struct Reached {
    row: u32,
    distance: f32,
    done: u32,
}

// Columns in fours, since they are gone through again and again: the "none" of the track, then others. There is room for all
// that is looked at, and for the "none" of every row.
var<private> columns: array<vec4<u32>, 64>;
var<private> reached: array<Reached, 256>;
var<private> many: u32;
// Where the path ends.
var<private> end: u32;
// The way to the nearest free column: farther nothing is looked at.
var<private> bound: f32;
// Hypotheses that may be looked at still.
var<private> left: u32;

fn search(track: u32) {
    left = LOOKED_MAX;
    var row = track;
    var base = 0.0;
    var own = least_cost(track);
    // It may have none: whatever else it may have, there is an end.
    many = 1u;
    columns[0][0] = params.detections + track;
    bound = 0.0 - price_of(params.detections + track) - own;
    reached[0] = Reached(track, bound, 0u);
    for (var step = 1u; step < SEARCH_MAX; step++) {
        relax(row, base, own);
        end = nearest_open();
        reached[end].done = 1u;
        let column = column_at(end);
        row = owner_of(column);
        if row == NONE {
            return;
        }
        base = reached[end].distance;
        // Only the last column of a path is one of "none".
        own = cost_of(edges[holds[row]].weight) - price_of(column);
    }
    end = 0u;
    reached[0].done = 1u;
}

// The nearest column whose distance is not final; of equals the lowest.
fn nearest_open() -> u32 {
    var best = 0u;
    for (var k = 1u; k < many; k++) {
        if reached[k].done == 0u && (reached[best].done == 1u || is_nearer(k, best)) {
            best = k;
        }
    }
    return best;
}

// Offers the first columns of a row at `base` plus its reduced cost, less that of the column that the row has.
fn relax(row: u32, base: f32, own: f32) {
    let none = params.detections + row;
    offer(none, Reached(row, base + (0.0 - price_of(none) - own), 0u));
    let looked = min(rows[row].count, left);
    left -= looked;
    for (var e = rows[row].start; e < rows[row].start + looked; e++) {
        let cost = cost_of(edges[e].weight);
        // No price is above zero.
        if base + (cost - own) <= bound {
            let column = edges[e].detection;
            offer(column, Reached(row, base + (cost - price_of(column) - own), 0u));
        }
    }
}

fn offer(column: u32, by: Reached) {
    let k = place_of(column);
    if by.distance <= bound && (k == many || (reached[k].done == 0u && by.distance < reached[k].distance)) {
        columns[k / 4u][k % 4u] = column;
        reached[k] = by;
        many = max(many, k + 1u);
        if owner_of(column) == NONE {
            bound = by.distance;
        }
    }
}

// The place of a column among those reached; their number if it is not there.
fn place_of(column: u32) -> u32 {
    for (var k = 0u; k < many; k += 4u) {
        let same = columns[k / 4u] == vec4(column);
        if any(same) {
            let place = k + select(select(select(3u, 2u, same.z), 1u, same.y), 0u, same.x);
            // What stands behind the last one is of no column.
            return min(place, many);
        }
    }
    return many;
}

fn column_at(k: u32) -> u32 {
    return columns[k / 4u][k % 4u];
}

// Whether one column reached is nearer than another; of equals the lower one is.
fn is_nearer(one: u32, other: u32) -> bool {
    let a = reached[one].distance;
    let b = reached[other].distance;
    return a < b || (a <= b && column_at(one) < column_at(other));
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
