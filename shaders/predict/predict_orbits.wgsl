// Moves every track to the time of its lane's scan, in free fall about the Earth. One invocation a track; a lane that
// rests keeps its bits. Guard: tracks past the end return. Twin: src/fusion/predict.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> lane: array<u32>;
@group(0) @binding(3) var<storage, read_write> tile: array<i32>;
@group(0) @binding(4) var<storage, read_write> mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> covariance: array<f32>;
@group(0) @binding(6) var<storage, read_write> odds: array<f32>;
@group(0) @binding(7) var<storage, read_write> rest: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn predict_orbits(@builtin(global_invocation_id) id: vec3<u32>) {
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
    let beyond = vec3(rest[at(track, 0u, REST)], rest[at(track, 1u, REST)], rest[at(track, 2u, REST)]);
    let flight = flown(look, place, load_state(track), beyond);
    store_state(track, flight.s);
    rest[at(track, 0u, REST)] = flight.rest.x;
    rest[at(track, 1u, REST)] = flight.rest.y;
    rest[at(track, 2u, REST)] = flight.rest.z;
    go_on(track, place, vec3(truncated(flight.gone.x), truncated(flight.gone.y), truncated(flight.gone.z)), look);
}
