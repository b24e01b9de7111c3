// The state of one track where it lies. Twin: src/fusion/state.rs

fn covariance_of(track: u32, i: u32, j: u32, k: u32) -> vec3<f32> {
    return vec3(
        covariance[at(track, i, COVARIANCE)], covariance[at(track, j, COVARIANCE)], covariance[at(track, k, COVARIANCE)]
    );
}

fn load_state(track: u32) -> State {
    return State(
        mean_of(track, 0u),
        mean_of(track, 3u),
        mat3x3(covariance_of(track, 0u, 1u, 2u), covariance_of(track, 1u, 6u, 7u), covariance_of(track, 2u, 7u, 11u)),
        mat3x3(covariance_of(track, 3u, 8u, 12u), covariance_of(track, 4u, 9u, 13u), covariance_of(track, 5u, 10u, 14u)),
        mat3x3(covariance_of(track, 15u, 16u, 17u), covariance_of(track, 16u, 18u, 19u), covariance_of(track, 17u, 19u, 20u)),
    );
}
