// Where the fields of a track lie, and the state of one track. Twin: src/fusion/arrays.rs

// Tracks in a block.
override BLOCK: u32;
// Components of a mean: position offset in the tile, then velocity.
override MEAN: u32;
// Components of a covariance: the upper triangle of 6 x 6, row by row.
override COVARIANCE: u32;
// Side of a tile, metres.
override TILE_M: f32;

// What one dispatch works on.
struct Params {
    // Tracks in reach of the bindings.
    tracks: u32,
    // Lanes of the batch.
    lanes: u32,
}

// Mean (metres in the tile, m/s) and covariance of one track, in blocks of 3 x 3: position, position with velocity
// (element [j][i] is that of position i with velocity j), velocity. Blocks, not arrays: no index is left to compute.
struct State {
    x: vec3<f32>,
    v: vec3<f32>,
    pp: mat3x3<f32>,
    pv: mat3x3<f32>,
    vv: mat3x3<f32>,
}

// Index of field `k` of track `i` in an array with `fields` fields.
fn at(i: u32, k: u32, fields: u32) -> u32 {
    return ((i / BLOCK) * fields + k) * BLOCK + i % BLOCK;
}

// The symmetric matrix whose upper triangle is that of `m`.
fn mirrored(m: mat3x3<f32>) -> mat3x3<f32> {
    return mat3x3(vec3(m[0].x, m[1].x, m[2].x), vec3(m[1].x, m[1].y, m[2].y), m[2]);
}

fn tile_of(track: u32) -> vec3<i32> {
    return vec3(tile[at(track, 0u, 3u)], tile[at(track, 1u, 3u)], tile[at(track, 2u, 3u)]);
}

fn mean_of(track: u32, k: u32) -> vec3<f32> {
    return vec3(mean[at(track, k, MEAN)], mean[at(track, k + 1u, MEAN)], mean[at(track, k + 2u, MEAN)]);
}

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
