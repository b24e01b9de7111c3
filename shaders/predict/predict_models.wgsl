// Moves every track of several motion models to the time of its lane's scan: models mix, each goes on by its own turn and noise, and
// the track is their mixture. The models go to the room beside theirs. One invocation a track; a lane that rests keeps its
// bits. Guard: tracks past the end return. Twin: src/fusion/models.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> model_looks: array<ModelLook>;
@group(0) @binding(3) var<storage, read> lane: array<u32>;
@group(0) @binding(4) var<storage, read> models: array<f32>;
@group(0) @binding(5) var<storage, read_write> spare_models: array<f32>;
@group(0) @binding(6) var<storage, read_write> tile: array<i32>;
@group(0) @binding(7) var<storage, read_write> mean: array<f32>;
@group(0) @binding(8) var<storage, read_write> covariance: array<f32>;
@group(0) @binding(9) var<storage, read_write> odds: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn predict_models(@builtin(global_invocation_id) id: vec3<u32>) {
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
    let prior = load_state(track);
    let u = up(look, place, prior.x);
    // All models go to the tile of where the mixture would go on by the mean of before.
    let carry = floor((prior.x + look.dt_s * prior.v) * (1.0 / TILE_M) + 0.5);
    var total = 0.0;
    var mixed = prior;
    for (var m = 0u; m < params.models; m++) {
        let own = model_looks[model_look_at(l, m)];
        var of_model = look;
        of_model.noise = own.noise;
        of_model.turning = own.turning;
        var weight = 0.0;
        let before = mixture_for(track, m, own.transition, &weight);
        let after = onward(faded(before, u, look.height_information), u, of_model);
        let s = State(after.x - carry * TILE_M, after.v, after.pp, after.pv, after.vv);
        store_model(track, m, weight, s);
        if m == 0u {
            total = weight;
            mixed = State(s.x, s.v, weight * s.pp, weight * s.pv, weight * s.vv);
        } else if 0.0 < weight {
            mixed = merged(mixed, total, s, weight);
            total = total + weight;
        }
    }
    if 0.0 < total {
        store_state(track, averaged(mixed, total));
    }
    go_on(track, place, vec3(truncated(carry.x), truncated(carry.y), truncated(carry.z)), look);
}
