// Brings in the tracks that have claimed all of their paths: prices fall, and columns are handed over from the end to the track.
// No two change the same; what a search reads beyond its path may get farther meanwhile, which changes nothing for it.
// One invocation a waiting track. Guard: tracks past the end, and those that came in before, return.
// Twin: src/fusion/associate/assign.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(2) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(3) var<storage, read_write> waiting: array<u32>;
@group(0) @binding(4) var<storage, read_write> status: array<Status>;
@group(0) @binding(5) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(6) var<storage, read_write> holds: array<u32>;
@group(0) @binding(7) var<storage, read_write> lost: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn take_paths(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if i >= atomicLoad(&status[0].work) {
        return;
    }
    let track = waiting[i];
    if track == NONE {
        return;
    }
    if lost[track] == 1u {
        lost[track] = 0u;
        if params.counted == COUNT_UNFINISHED {
            atomicAdd(&status[0].unfinished, 1u);
        }
        return;
    }
    search(track);
    bring_in(track);
    waiting[i] = NONE;
}

fn bring_in(track: u32) {
    for (var k = 0u; k < many; k++) {
        if reached[k].done == 1u {
            let price = price_of(column_at(k)) + min(reached[k].distance - reached[end].distance, 0.0);
            atomicStore(&slots[column_at(k)].price, bitcast<u32>(price));
        }
    }
    var next = end;
    for (var step = 0u; step < SEARCH_MAX; step++) {
        // The column that the row leaves is the next to be handed over.
        let row = reached[next].row;
        let leaves = holds[row];
        give(column_at(next), row);
        if row == track {
            return;
        }
        next = place_of(edges[leaves].detection);
    }
}

// Gives a column to a track.
fn give(column: u32, track: u32) {
    atomicStore(&slots[column].owner, track);
    holds[track] = NONE;
    for (var e = rows[track].start; e < rows[track].start + rows[track].count; e++) {
        if edges[e].detection == column && holds[track] == NONE {
            holds[track] = e;
        }
    }
}
