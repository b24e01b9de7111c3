// What a look of a lane is to one of several motion models. Twin: src/fusion/motion/models.rs

// Models that a track may have at most.
override MODELS_MAX: u32;

struct ModelLook {
    // Probability that a target of each model has come to this one.
    transition: vec4<f32>,
    // Probability of the model where nothing is known of a target.
    prior: f32,
    noise: ProcessNoise,
    turning: Turning,
}

// Where model `m` of lane `l` lies.
fn model_look_at(l: u32, m: u32) -> u32 {
    return (params.first_look + l) * MODELS_MAX + m;
}
