// Moves every track to the time of its lane's scan. One invocation a track; a lane that rests keeps its bits.
// Guard: tracks past the end return. Twin: src/fusion/predict.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> lane: array<u32>;
@group(0) @binding(3) var<storage, read_write> tile: array<i32>;
@group(0) @binding(4) var<storage, read_write> mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> covariance: array<f32>;
@group(0) @binding(6) var<storage, read_write> odds: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn predict(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let l = lane[track / BLOCK];
    if !is_awake(l) {
        return;
    }
    let look = looks[params.first_look + l];
    let place = tile_of(track);
    let moved = moved_by(look, place, load_state(track));
    store_state(track, moved.s);
    go_on(track, place, moved.tiles, look);
}
