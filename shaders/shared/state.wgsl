// The state of one track. Twin: src/fusion/state.rs

// Mean (metres in the tile, m/s) and covariance of one track, in blocks of 3 x 3: position, position with velocity
// (element [j][i] is that of position i with velocity j), velocity. Blocks, not arrays: no index is left to compute.
struct State {
    x: vec3<f32>,
    v: vec3<f32>,
    pp: mat3x3<f32>,
    pv: mat3x3<f32>,
    vv: mat3x3<f32>,
}

// The symmetric matrix whose upper triangle is that of `m`.
fn mirrored(m: mat3x3<f32>) -> mat3x3<f32> {
    return mat3x3(vec3(m[0].x, m[1].x, m[2].x), vec3(m[1].x, m[1].y, m[2].y), m[2]);
}
