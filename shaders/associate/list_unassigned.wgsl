// Lists the tracks that found their detection taken, in whatever order they come. Guard: places past the end return.
// Twin: src/fusion/associate/assign.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(2) var<storage, read> slots: array<Slot>;
@group(0) @binding(3) var<storage, read_write> holds: array<u32>;
@group(0) @binding(4) var<storage, read_write> waiting: array<u32>;
@group(0) @binding(5) var<storage, read_write> status: array<Status>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn list_unassigned(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let held = holds[track];
    if held == NONE {
        return;
    }
    if owner_of(edges[held].detection) != track {
        holds[track] = NONE;
        waiting[atomicAdd(&status[0].work, 1u)] = track;
        atomicStore(&status[0].unfinished, 1u);
    }
}
