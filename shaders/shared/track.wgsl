// Where the fields of a track lie, and the state of one track. Twin: src/fusion/arrays.rs

// Tracks in a block.
override BLOCK: u32;
// Side of a tile, metres.
override TILE_M: f32;
// Components of a mean: position offset in the tile, then velocity.
const MEAN: u32 = 6u;
// Components of a covariance: the upper triangle of 6 x 6, row by row.
const COVARIANCE: u32 = 21u;

// What one dispatch works on.
struct Params {
    // Tracks in reach of the bindings.
    tracks: u32,
    // Lanes of the batch.
    lanes: u32,
}

// Mean (metres in the tile, then m/s) and covariance (upper triangle row by row) of one track.
struct State {
    mean: array<f32, MEAN>,
    covariance: array<f32, COVARIANCE>,
}

// Index of field `k` of track `i` in an array with `fields` fields.
fn at(i: u32, k: u32, fields: u32) -> u32 {
    return ((i / BLOCK) * fields + k) * BLOCK + i % BLOCK;
}

fn load_state(track: u32) -> State {
    var state: State;
    for (var k = 0u; k < MEAN; k++) {
        state.mean[k] = mean[at(track, k, MEAN)];
    }
    for (var k = 0u; k < COVARIANCE; k++) {
        state.covariance[k] = covariance[at(track, k, COVARIANCE)];
    }
    return state;
}

fn store_state(track: u32, state: ptr<function, State>) {
    for (var k = 0u; k < MEAN; k++) {
        mean[at(track, k, MEAN)] = (*state).mean[k];
    }
    for (var k = 0u; k < COVARIANCE; k++) {
        covariance[at(track, k, COVARIANCE)] = (*state).covariance[k];
    }
}
