// One of several motion models of a track where it lies: probability, mean, covariance. Twin: src/fusion/models.rs

// Words of a model.
override MODEL: u32;

// Where word `k` of model `m` of a track lies.
fn model_at(track: u32, m: u32, k: u32) -> u32 {
    return at(track, m * MODEL + k, params.models * MODEL);
}

fn model_weight(track: u32, m: u32) -> f32 {
    return models[model_at(track, m, 0u)];
}

fn of_model(track: u32, m: u32, i: u32, j: u32, k: u32) -> vec3<f32> {
    return vec3(models[model_at(track, m, i)], models[model_at(track, m, j)], models[model_at(track, m, k)]);
}

fn load_model(track: u32, m: u32) -> State {
    return State(
        of_model(track, m, 1u, 2u, 3u),
        of_model(track, m, 4u, 5u, 6u),
        mat3x3(of_model(track, m, 7u, 8u, 9u), of_model(track, m, 8u, 13u, 14u), of_model(track, m, 9u, 14u, 18u)),
        mat3x3(of_model(track, m, 10u, 15u, 19u), of_model(track, m, 11u, 16u, 20u), of_model(track, m, 12u, 17u, 21u)),
        mat3x3(of_model(track, m, 22u, 23u, 24u), of_model(track, m, 23u, 25u, 26u), of_model(track, m, 24u, 26u, 27u)),
    );
}
