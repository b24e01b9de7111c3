// Makes every track of a wave what the wave after, smoothed, tells of it. One invocation a track.
// Guard: tracks past the end return. Twin: src/refine/smooth.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> successors: array<u32>;
@group(0) @binding(3) var<storage, read_write> tile: array<i32>;
@group(0) @binding(4) var<storage, read_write> mean: array<f32>;
@group(0) @binding(5) var<storage, read_write> covariance: array<f32>;
@group(0) @binding(6) var<storage, read_write> existence: array<f32>;
@group(0) @binding(7) var<storage, read> spare_tile: array<i32>;
@group(0) @binding(8) var<storage, read> spare_mean: array<f32>;
@group(0) @binding(9) var<storage, read> spare_covariance: array<f32>;
@group(0) @binding(10) var<storage, read> later_existence: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn smooth_tracks(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let look = looks[params.first_look];
    let next = successors[track];
    if next == NONE {
        existence[track] = lasted(look, existence[track], 0.0);
        return;
    }
    existence[track] = lasted(look, existence[track], later_existence[next]);
    let place = tile_of(track);
    let step = straight_on(look, place, load_state(track));
    let gain = gain_of(step.crossed, step.predicted);
    let ahead = vec3<f32>(later_tile(next) - place);
    store_smoothed(track, place, back(step, gain, straight_rest(gain, look.dt_s), ahead, load_later(next)));
}
