// Makes what follows from this wave what holds. One invocation a lane. Guard: lanes past the end return.
// Twin: src/fusion/manage.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> blocks: array<u32>;
@group(0) @binding(2) var<storage, read> status: array<Status>;
@group(0) @binding(3) var<storage, read_write> lane_states: array<LaneState>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn commit_lanes(@builtin(global_invocation_id) id: vec3<u32>) {
    let l = index_of(id);
    if l >= params.n {
        return;
    }
    lane_states[l].live = lane_states[l].next_live;
    lane_states[l].components = lane_states[l].next_components;
    if status[0].moves == 1u {
        lane_states[l].first = blocks[l] * BLOCK;
        lane_states[l].places = lane_states[l].next_places;
    }
}
