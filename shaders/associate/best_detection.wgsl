// Finds every track's most likely detection, or none; of those that find the same the least track has it.
// Guard: places past the end return.
// Twin: src/fusion/associate/assign.rs

// The likelihood ratio at which a detection is worth as much as none.
override LEAST: f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(2) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(3) var<storage, read_write> holds: array<u32>;
@group(0) @binding(4) var<storage, read_write> slots: array<Slot>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn best_detection(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let row = rows[track];
    if row.start == AT_REST {
        return;
    }
    if row.count == 0u {
        return;
    }
    var best = row.start;
    for (var e = row.start; e < row.start + row.count; e++) {
        if edges[e].weight > edges[best].weight {
            best = e;
        }
    }
    if edges[best].weight > LEAST {
        holds[track] = best;
        atomicMin(&slots[edges[best].detection].owner, track);
    } else {
        atomicStore(&slots[params.detections + track].owner, track);
    }
}
