// The shortest augmenting path of a waiting track: a search over reduced costs, in the order of distance.
// Twin: src/fusion/associate/assign.rs

// Most columns that a search looks at.
override SEARCH_MAX: u32;
// Farther than any column.
override DISTANCE_MAX: f32;
// Marks a column whose distance is final.
override DONE: u32;

// Columns that the search has reached, how far they are, and the tracks by which it came there.
var<private> reached: array<u32, 128>;
var<private> distance: array<f32, 128>;
var<private> come_by: array<u32, 128>;
var<private> many: u32;
// The way to the nearest free column: what lies farther is not looked at.
var<private> bound: f32;

// Finds the path; returns the place of its end among the columns reached.
fn search(track: u32) -> u32 {
    many = 0u;
    bound = DISTANCE_MAX;
    var row = track;
    var base = 0.0;
    for (var step = 0u; step < SEARCH_MAX; step++) {
        relax(row, base);
        let nearest = nearest_open();
        if nearest == NONE {
            break;
        }
        base = distance[nearest];
        come_by[nearest] |= DONE;
        row = slots[reached[nearest]].owner;
        if row == NONE {
            return nearest;
        }
    }
    // Never: its own column of "none" is free until a track has come in.
    many = 1u;
    reached[0] = params.detections + track;
    come_by[0] = track | DONE;
    return 0u;
}

// The nearest column whose distance is not final; of equals the lowest.
fn nearest_open() -> u32 {
    var best = NONE;
    for (var k = 0u; k < many; k++) {
        if (come_by[k] & DONE) == 0u {
            if best == NONE {
                best = k;
            } else if distance[k] < distance[best] || (distance[k] <= distance[best] && reached[k] < reached[best]) {
                best = k;
            }
        }
    }
    return best;
}

// Offers every column of a row at `base` plus its reduced cost; "none" first, so that a search that is cut finds an end.
fn relax(row: u32, base: f32) {
    let own = own_cost(row);
    let none = params.detections + row;
    offer(none, row, base + (0.0 - slots[none].price - own));
    for (var e = rows[row].start; e < rows[row].start + rows[row].count; e++) {
        let column = edges[e].detection;
        offer(column, row, base + (cost_of(edges[e].weight) - slots[column].price - own));
    }
}

fn offer(column: u32, row: u32, far: f32) {
    if far > bound {
        return;
    }
    let k = place_of(column);
    if k == many {
        if many == SEARCH_MAX {
            return;
        }
        reached[k] = column;
        many++;
    } else if (come_by[k] & DONE) != 0u || far >= distance[k] {
        return;
    }
    distance[k] = far;
    come_by[k] = row;
    if slots[column].owner == NONE {
        bound = far;
    }
}

// The place of a column among those reached; their number if it is not there.
fn place_of(column: u32) -> u32 {
    for (var k = 0u; k < many; k++) {
        if reached[k] == column {
            return k;
        }
    }
    return many;
}

// Reduced cost of a row's present column, so that no other of its is less; the least of the row if it has none yet.
fn own_cost(row: u32) -> f32 {
    var least = 0.0 - slots[params.detections + row].price;
    for (var e = rows[row].start; e < rows[row].start + rows[row].count; e++) {
        let column = edges[e].detection;
        let reduced = cost_of(edges[e].weight) - slots[column].price;
        if slots[column].owner == row {
            return reduced;
        }
        if reduced < least {
            least = reduced;
        }
    }
    return least;
}
