// Where a track is. Twin: src/fusion/state.rs

fn tile_of(track: u32) -> vec3<i32> {
    return vec3(tile[at(track, 0u, 3u)], tile[at(track, 1u, 3u)], tile[at(track, 2u, 3u)]);
}

fn mean_of(track: u32, k: u32) -> vec3<f32> {
    return vec3(mean[at(track, k, MEAN)], mean[at(track, k + 1u, MEAN)], mean[at(track, k + 2u, MEAN)]);
}
