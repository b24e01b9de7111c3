// Brings the waiting tracks of a cluster in, one after another, each along a shortest augmenting path.
// One invocation a cluster. Guard: clusters past the end return. What one run leaves waiting the next one brings in.
// Twin: src/fusion/associate/assign.rs

// Holds nothing yet.
override WAITING: u32;

// Most columns that a search looks at.
override SEARCH_MAX: u32;

// Iterations after which a run ends: well below what every driver does.
override SPENT_MAX: u32;

// Farther than any column.
override DISTANCE_MAX: f32;

// Marks a column whose distance is final.
override DONE: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(2) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(3) var<storage, read> work: array<u32>;
@group(0) @binding(4) var<storage, read> waiters: array<u32>;
@group(0) @binding(5) var<storage, read> waiting: array<u32>;
@group(0) @binding(6) var<storage, read_write> status: array<Status>;
@group(0) @binding(7) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(8) var<storage, read_write> holds: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn augment(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if i >= status[0].work {
        return;
    }
    let label = work[i];
    var start = 0u;
    if label > 0u {
        start = waiters[label - 1u];
    }
    spent = 0u;
    var last = 0u;
    for (var round = start; round < waiters[label]; round++) {
        // Not before one is brought in: every run gets on.
        if spent > SPENT_MAX {
            status[0].unfinished = 1u;
            return;
        }
        // The least of those that are left.
        var track = NONE;
        for (var k = start; k < waiters[label]; k++) {
            if holds[waiting[k]] == WAITING {
                track = min(track, waiting[k]);
            }
        }
        spent += waiters[label] - start;
        if track == NONE {
            return;
        }
        bring_in(track);
    }
}

// Columns that the search has looked at.
var<private> touched: array<u32, 128>;
var<private> looked_at: u32;
var<private> spent: u32;
// The way to the nearest free column: what lies farther is not looked at.
var<private> bound: f32;

fn bring_in(track: u32) {
    looked_at = 0u;
    bound = DISTANCE_MAX;
    var row = track;
    var base = 0.0;
    var end = NONE;
    for (var step = 0u; step < SEARCH_MAX; step++) {
        relax(row, base);
        var best = NONE;
        for (var k = 0u; k < looked_at; k++) {
            let column = touched[k];
            let s = slots[column];
            if (s.mark & DONE) == 0u && nearer(s.distance, column, best) {
                best = column;
            }
        }
        spent += looked_at;
        base = slots[best].distance;
        slots[best].mark |= DONE;
        row = slots[best].owner;
        if row == NONE {
            end = best;
            break;
        }
    }
    if end == NONE {
        // The search is cut: the track stays alone.
        end = params.detections + track;
        base = slots[end].distance;
    }
    for (var k = 0u; k < looked_at; k++) {
        if (slots[touched[k]].mark & DONE) != 0u {
            slots[touched[k]].price += slots[touched[k]].distance - base;
        }
    }
    hand_over(end, track);
    for (var k = 0u; k < looked_at; k++) {
        slots[touched[k]].distance = DISTANCE_MAX;
        slots[touched[k]].mark = 0u;
    }
}

// Whether a column is nearer than the nearest so far; ties go to the lower one.
fn nearer(distance: f32, column: u32, best: u32) -> bool {
    if best == NONE {
        return true;
    }
    let least = slots[best].distance;
    return distance < least || (distance <= least && column < best);
}

// Offers every column of a row at `base` plus its reduced cost.
fn relax(track: u32, base: f32) {
    let own = own_cost(track);
    let row = rows[track];
    offer(params.detections + track, track, base + (0.0 - slots[params.detections + track].price - own));
    for (var e = row.start; e < row.start + row.count; e++) {
        let column = edges[e].detection;
        offer(column, track, base + (cost_of(edges[e].weight) - slots[column].price - own));
    }
    spent += 2u * row.count;
}

fn offer(column: u32, track: u32, distance: f32) {
    let s = slots[column];
    if (s.mark & DONE) == 0u && distance < s.distance && distance <= bound {
        if s.distance == DISTANCE_MAX {
            if looked_at == SEARCH_MAX {
                return;
            }
            touched[looked_at] = column;
            looked_at++;
        }
        if s.owner == NONE {
            bound = distance;
        }
        slots[column].distance = distance;
        slots[column].mark = track;
    }
}

// Reduced cost of a row's present column; the least of the row if it has none yet.
fn own_cost(track: u32) -> f32 {
    let row = rows[track];
    var least = 0.0 - slots[params.detections + track].price;
    for (var e = row.start; e < row.start + row.count; e++) {
        let column = edges[e].detection;
        let reduced = cost_of(edges[e].weight) - slots[column].price;
        if slots[column].owner == track {
            return reduced;
        }
        if reduced < least {
            least = reduced;
        }
    }
    return least;
}

// Hands the columns of the path over, from its end to the new track.
fn hand_over(end: u32, track: u32) {
    var column = end;
    for (var step = 0u; step <= SEARCH_MAX; step++) {
        if column == NONE {
            return;
        }
        let row = slots[column].mark & ~DONE;
        var left = NONE;
        if row != track {
            left = params.detections + row;
            if holds[row] != NONE {
                left = edges[holds[row]].detection;
            }
        }
        slots[column].owner = row;
        holds[row] = NONE;
        if column < params.detections {
            for (var e = rows[row].start; e < rows[row].start + rows[row].count; e++) {
                if edges[e].detection == column && holds[row] == NONE {
                    holds[row] = e;
                }
            }
            spent += rows[row].count;
        }
        column = left;
    }
}
