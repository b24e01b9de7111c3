// Says where every track goes: into the order of its cell; where a cell is crowded, into the order there was; or as far
// from its lane's beginning as it was.
// Guard: places past the end return.
// Twin: src/fusion/manage.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> lane: array<u32>;
@group(0) @binding(2) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(3) var<storage, read> lane_states: array<LaneState>;
@group(0) @binding(4) var<storage, read> keys: array<u32>;
@group(0) @binding(5) var<storage, read> keep: array<u32>;
@group(0) @binding(6) var<storage, read> cells: array<u32>;
@group(0) @binding(7) var<storage, read> unordered: array<u32>;
@group(0) @binding(8) var<storage, read> blocks: array<u32>;
@group(0) @binding(9) var<storage, read_write> targets: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn compaction_targets(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    targets[track] = NONE;
    let l = lane[track / BLOCK];
    if l >= params.lanes {
        return;
    }
    let s = lane_states[l];
    let first = blocks[l] * BLOCK;
    if s.in_place == 1u {
        targets[track] = first + (track - s.first);
        return;
    }
    let cell = keys[track];
    if cell == NONE {
        return;
    }
    if s.crowded == 1u {
        targets[track] = first + (keep[track] - keep[s.first]);
        return;
    }
    let before = start_of(looks[params.first_look + l].first_cell);
    targets[track] = first + (place_in(cell, track) - before);
}
