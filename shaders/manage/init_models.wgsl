// Gives every birth its motion models: each with the newborn's state, as likely as where nothing is known. One invocation a
// birth. Guard: births past the end return. Twin: src/fusion/manage.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> status: array<Status>;
@group(0) @binding(2) var<storage, read> homes: array<u32>;
@group(0) @binding(3) var<storage, read> model_looks: array<ModelLook>;
@group(0) @binding(4) var<storage, read> lane: array<u32>;
@group(0) @binding(5) var<storage, read> mean: array<f32>;
@group(0) @binding(6) var<storage, read> covariance: array<f32>;
@group(0) @binding(7) var<storage, read_write> models: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn init_models(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if i >= status[0].births {
        return;
    }
    let home = homes[i];
    for (var m = 0u; m < params.models; m++) {
        models[model_at(home, m, 0u)] = model_looks[model_look_at(lane[home / BLOCK], m)].prior;
        for (var k = 0u; k < MEAN; k++) {
            models[model_at(home, m, 1u + k)] = mean[at(home, k, MEAN)];
        }
        for (var k = 0u; k < COVARIANCE; k++) {
            models[model_at(home, m, 1u + MEAN + k)] = covariance[at(home, k, COVARIANCE)];
        }
    }
}
