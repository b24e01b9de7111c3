// Lets every track of a contested cluster ask for its cheapest column; the least track gets it.
// Guard: places past the end return.
// Twin: src/fusion/associate/assign.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(2) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read> contested: array<u32>;
@group(0) @binding(5) var<storage, read_write> holds: array<u32>;
@group(0) @binding(6) var<storage, read_write> slots: array<Slot>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn bid(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let row = rows[track];
    if row.start == AT_REST {
        return;
    }
    if row.count == 0u || contested[labels[track]] == 0u {
        return;
    }
    var best = NONE;
    var least = 0.0;
    for (var e = row.start; e < row.start + row.count; e++) {
        let cost = cost_of(edges[e].weight);
        if cost < least {
            least = cost;
            best = e;
        }
    }
    holds[track] = best;
    if best == NONE {
        atomicStore(&slots[params.detections + track].owner, track);
    } else {
        atomicMin(&slots[edges[best].detection].owner, track);
    }
}
