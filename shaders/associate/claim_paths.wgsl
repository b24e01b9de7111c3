// Searches the path of every waiting track and claims all detections that the search has read; of those that claim the same
// all but one lose. One invocation a waiting track. Guard: tracks past the end, and those that came in before, return.
// Twin: src/fusion/associate/assign.rs

// Holds nothing yet; and has lost this round.
override WAITING: u32;
override LOST: u32;

// Bits of a claim that say whose it is, what they are the place multiplied by, and what undoes it.
override CLAIM_BITS: u32;
override SCATTER: u32;
override GATHER: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> lane: array<u32>;
@group(0) @binding(2) var<storage, read> lane_states: array<LaneState>;
@group(0) @binding(3) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(4) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(5) var<storage, read> waiting: array<u32>;
@group(0) @binding(6) var<storage, read> status: array<Status>;
@group(0) @binding(7) var<storage, read> slots: array<Slot>;
@group(0) @binding(8) var<storage, read_write> holds: array<atomic<u32>>;
@group(0) @binding(9) var<storage, read_write> claims: array<atomic<u32>>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn claim_paths(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if i >= status[0].work {
        return;
    }
    let track = waiting[i];
    if atomicLoad(&holds[track]) != WAITING {
        return;
    }
    search(track);
    claim_row(track, track);
    for (var k = 0u; k < many; k++) {
        let row = slots[reached[k]].owner;
        if (come_by[k] & DONE) != 0u && row != NONE {
            claim_row(row, track);
        }
    }
}

// Claims the detections of a row for a track.
fn claim_row(row: u32, track: u32) {
    let whose = (1u << CLAIM_BITS) - 1u;
    let first = lane_states[lane[track / BLOCK]].first;
    let own = (params.kind << CLAIM_BITS) | (((track - first) * SCATTER) & whose);
    for (var e = rows[row].start; e < rows[row].start + rows[row].count; e++) {
        let other = atomicMax(&claims[edges[e].detection], own);
        if other > own {
            atomicStore(&holds[track], LOST);
        } else if other < own && (other >> CLAIM_BITS) == params.kind {
            atomicStore(&holds[first + (((other & whose) * GATHER) & whose)], LOST);
        }
    }
}
