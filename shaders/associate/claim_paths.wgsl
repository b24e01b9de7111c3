// Searches the path of every waiting track and claims the detections on its way whose distance is final; of those that claim the
// same all but one lose. One invocation a waiting track. Guard: tracks past the end, and those that came in before, return.
// Twin: src/fusion/associate/assign.rs

// Bits of a claim that say whose it is; what they are the place multiplied by, and what undoes it.
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
@group(0) @binding(8) var<storage, read> holds: array<u32>;
@group(0) @binding(9) var<storage, read_write> claims: array<atomic<u32>>;
@group(0) @binding(10) var<storage, read_write> lost: array<atomic<u32>>;

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
    if track == NONE {
        return;
    }
    search(track);
    let first = lane_states[lane[track / BLOCK]].first;
    let whose = (1u << CLAIM_BITS) - 1u;
    let own = (params.kind << CLAIM_BITS) | (((track - first) * SCATTER) & whose);
    for (var k = 0u; k < many; k++) {
        // Who comes to the "none" of a track has come to its detection.
        if reached[k].done == 0u || column_at(k) >= params.detections {
            continue;
        }
        let other = atomicMax(&claims[column_at(k)], own);
        if other > own {
            atomicStore(&lost[track], 1u);
        } else if (other >> CLAIM_BITS) == params.kind {
            atomicStore(&lost[first + (((other & whose) * GATHER) & whose)], 1u);
        }
    }
}
