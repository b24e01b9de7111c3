// How the motion models of a track mix before they go on. Twin: src/fusion/models.rs

// What model `m` goes on from, the mixture of all by how likely a target has come from each to it, and its probability.
fn mixture_for(track: u32, m: u32, transition: vec4<f32>, weight: ptr<function, f32>) -> State {
    let first = load_model(track, 0u);
    var total = transition.x * model_weight(track, 0u);
    var mixed = State(first.x, first.v, total * first.pp, total * first.pv, total * first.vv);
    for (var i = 1u; i < params.models; i++) {
        let w = transition[i] * model_weight(track, i);
        if 0.0 < w {
            mixed = merged(mixed, total, load_model(track, i), w);
            total = total + w;
        }
    }
    *weight = total;
    if 0.0 < total {
        return averaged(mixed, total);
    }
    return load_model(track, m);
}
