// Brings in the tracks that have claimed all that their searches read: prices move, and the columns of the path are handed over.
// Nobody else reads or writes what they do. One invocation a waiting track.
// Guard: tracks past the end, and those that came in before, return.
// Twin: src/fusion/associate/assign.rs

// Holds nothing yet; and has lost this round.
override WAITING: u32;
override LOST: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(2) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(3) var<storage, read> waiting: array<u32>;
@group(0) @binding(4) var<storage, read_write> status: array<Status>;
@group(0) @binding(5) var<storage, read_write> slots: array<Slot>;
@group(0) @binding(6) var<storage, read_write> holds: array<u32>;

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
    if holds[track] == LOST {
        holds[track] = WAITING;
        if params.counted == COUNT_UNFINISHED {
            atomicAdd(&status[0].unfinished, 1u);
        }
    } else if holds[track] == WAITING {
        bring_in(track, search(track));
    }
}

fn bring_in(track: u32, end: u32) {
    for (var k = 0u; k < many; k++) {
        if (come_by[k] & DONE) != 0u {
            slots[reached[k]].price += distance[k] - distance[end];
        }
    }
    var next = end;
    for (var step = 0u; step < SEARCH_MAX; step++) {
        let row = come_by[next] & ~DONE;
        var left = params.detections + row;
        if row != track && holds[row] != NONE {
            left = edges[holds[row]].detection;
        }
        give(reached[next], row);
        if row == track {
            return;
        }
        next = place_of(left);
    }
}

// Gives a column to a track.
fn give(column: u32, track: u32) {
    slots[column].owner = track;
    holds[track] = NONE;
    for (var e = rows[track].start; e < rows[track].start + rows[track].count; e++) {
        if edges[e].detection == column && holds[track] == NONE {
            holds[track] = e;
        }
    }
}
