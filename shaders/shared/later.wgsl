// The state of a track in the wave after. Twin: src/refine/smooth.rs

fn later_covariance(track: u32, i: u32, j: u32, k: u32) -> vec3<f32> {
    return vec3(
        spare_covariance[at(track, i, COVARIANCE)],
        spare_covariance[at(track, j, COVARIANCE)],
        spare_covariance[at(track, k, COVARIANCE)],
    );
}

fn later_mean(track: u32, k: u32) -> vec3<f32> {
    return vec3(
        spare_mean[at(track, k, MEAN)], spare_mean[at(track, k + 1u, MEAN)], spare_mean[at(track, k + 2u, MEAN)]
    );
}

fn later_tile(track: u32) -> vec3<i32> {
    return vec3(spare_tile[at(track, 0u, 3u)], spare_tile[at(track, 1u, 3u)], spare_tile[at(track, 2u, 3u)]);
}

fn load_later(track: u32) -> State {
    return State(
        later_mean(track, 0u),
        later_mean(track, 3u),
        mat3x3(later_covariance(track, 0u, 1u, 2u), later_covariance(track, 1u, 6u, 7u), later_covariance(track, 2u, 7u, 11u)),
        mat3x3(later_covariance(track, 3u, 8u, 12u), later_covariance(track, 4u, 9u, 13u), later_covariance(track, 5u, 10u, 14u)),
        mat3x3(
            later_covariance(track, 15u, 16u, 17u), later_covariance(track, 16u, 18u, 19u), later_covariance(track, 17u, 19u, 20u)
        ),
    );
}

// Stores what a track is, brought back into the middle of its tile.
fn store_smoothed(track: u32, place: vec3<i32>, s: State) {
    let carry = floor(s.x * (1.0 / TILE_M) + 0.5);
    tile[at(track, 0u, 3u)] = place.x + truncated(carry.x);
    tile[at(track, 1u, 3u)] = place.y + truncated(carry.y);
    tile[at(track, 2u, 3u)] = place.z + truncated(carry.z);
    store_state(track, State(s.x - carry * TILE_M, s.v, s.pp, s.pv, s.vv));
}
