// Decides for every lane whether its tracks stay where they are, and how many places it needs. One invocation a lane.
// Guard: lanes past the end return.
// Twin: src/fusion/manage.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> keep: array<u32>;
@group(0) @binding(3) var<storage, read> born: array<u32>;
@group(0) @binding(4) var<storage, read_write> lane_states: array<LaneState>;
@group(0) @binding(5) var<storage, read_write> blocks: array<u32>;
@group(0) @binding(6) var<storage, read_write> status: array<Status>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn size_lanes(@builtin(global_invocation_id) id: vec3<u32>) {
    let l = index_of(id);
    if l >= params.n {
        return;
    }
    if l >= params.lanes {
        blocks[l] = 0u;
        return;
    }
    let look = looks[params.first_look + l];
    var s = lane_states[l];
    atomicAdd(&status[0].tracks, s.live);
    let kept = keep[s.first + s.places] - keep[s.first];
    s.first_birth = 0u;
    s.births = 0u;
    s.in_place = 1u;
    s.crowded = 0u;
    s.next_places = s.places;
    s.next_live = s.live;
    if is_awake(l) {
        s.first_birth = born[look.first_detection];
        s.births = born[look.first_detection + look.detections] - s.first_birth;
        s.next_live = kept + s.births;
        if look.reorder == 1u || s.next_live > s.places {
            s.in_place = 0u;
            // An eighth to spare, so that most scans find room.
            s.next_places = s.next_live + s.next_live / 8u;
            atomicStore(&status[0].moves, 1u);
        }
    }
    lane_states[l] = s;
    blocks[l] = (s.next_places + BLOCK - 1u) / BLOCK;
}
