// Finds the place of every birth: the next free one, or behind the tracks of a lane that was put in order.
// One invocation a place, for the births of lanes that stay. Guard: places past the end return.
// Twin: src/fusion/manage.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> lane: array<u32>;
@group(0) @binding(2) var<storage, read> fates: array<u32>;
@group(0) @binding(3) var<storage, read> keep: array<u32>;
@group(0) @binding(4) var<storage, read> lane_states: array<LaneState>;
@group(0) @binding(5) var<storage, read> blocks: array<u32>;
@group(0) @binding(6) var<storage, read> status: array<Status>;
@group(0) @binding(7) var<storage, read_write> homes: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn place_births(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let l = lane[track / BLOCK];
    if l >= params.lanes {
        return;
    }
    let s = lane_states[l];
    if s.births == 0u || s.in_place == 0u || fates[track] == KEPT || track >= s.first + s.places {
        return;
    }
    let rank = (track - s.first) - (keep[track] - keep[s.first]);
    if rank < s.births {
        homes[s.first_birth + rank] = select(track, blocks[l] * BLOCK + (track - s.first), status[0].moves == 1u);
    }
}
