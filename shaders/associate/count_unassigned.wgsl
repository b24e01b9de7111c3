// Counts the tracks of every cluster that found their column taken. Guard: places past the end return.
// Twin: src/fusion/associate/assign.rs

// Holds nothing yet.
override WAITING: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> rows: array<TrackHypotheses>;
@group(0) @binding(2) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(3) var<storage, read> labels: array<u32>;
@group(0) @binding(4) var<storage, read> contested: array<u32>;
@group(0) @binding(5) var<storage, read> slots: array<Slot>;
@group(0) @binding(6) var<storage, read_write> holds: array<u32>;
@group(0) @binding(7) var<storage, read_write> waiters: array<atomic<u32>>;
@group(0) @binding(8) var<storage, read_write> status: array<Status>;
@group(0) @binding(9) var<storage, read_write> work: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn count_unassigned(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let row = rows[track];
    if row.start == AT_REST {
        return;
    }
    if row.count == 0u || contested[labels[track]] == 0u || holds[track] == NONE {
        return;
    }
    if slots[edges[holds[track]].detection].owner != track {
        holds[track] = WAITING;
        if atomicAdd(&waiters[labels[track]], 1u) == 0u {
            work[atomicAdd(&status[0].work, 1u)] = labels[track];
        }
    }
}
