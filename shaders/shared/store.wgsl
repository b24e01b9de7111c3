// Stores the state of one track. Twin: src/fusion/state.rs

// Stores three numbers as components k, k + 1, k + 2 of the mean.
fn store_mean(track: u32, k: u32, three: vec3<f32>) {
    mean[at(track, k, MEAN)] = three.x;
    mean[at(track, k + 1u, MEAN)] = three.y;
    mean[at(track, k + 2u, MEAN)] = three.z;
}

// Stores three numbers as components k, k + 1, k + 2 of the covariance.
fn store_covariance(track: u32, k: u32, three: vec3<f32>) {
    covariance[at(track, k, COVARIANCE)] = three.x;
    covariance[at(track, k + 1u, COVARIANCE)] = three.y;
    covariance[at(track, k + 2u, COVARIANCE)] = three.z;
}

fn store_state(track: u32, s: State) {
    store_mean(track, 0u, s.x);
    store_mean(track, 3u, s.v);
    store_covariance(track, 0u, vec3(s.pp[0].x, s.pp[1].x, s.pp[2].x));
    store_covariance(track, 3u, vec3(s.pv[0].x, s.pv[1].x, s.pv[2].x));
    store_covariance(track, 6u, vec3(s.pp[1].y, s.pp[2].y, s.pv[0].y));
    store_covariance(track, 9u, vec3(s.pv[1].y, s.pv[2].y, s.pp[2].z));
    store_covariance(track, 12u, vec3(s.pv[0].z, s.pv[1].z, s.pv[2].z));
    store_covariance(track, 15u, vec3(s.vv[0].x, s.vv[1].x, s.vv[2].x));
    store_covariance(track, 18u, vec3(s.vv[1].y, s.vv[2].y, s.vv[2].z));
}
