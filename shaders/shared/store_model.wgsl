// Stores one of several motion models of a track in the room for it. Twin: src/fusion/models.rs

fn store_model_words(track: u32, m: u32, k: u32, three: vec3<f32>) {
    spare_models[model_at(track, m, k)] = three.x;
    spare_models[model_at(track, m, k + 1u)] = three.y;
    spare_models[model_at(track, m, k + 2u)] = three.z;
}

fn store_model(track: u32, m: u32, weight: f32, s: State) {
    spare_models[model_at(track, m, 0u)] = weight;
    store_model_words(track, m, 1u, s.x);
    store_model_words(track, m, 4u, s.v);
    store_model_words(track, m, 7u, vec3(s.pp[0].x, s.pp[1].x, s.pp[2].x));
    store_model_words(track, m, 10u, vec3(s.pv[0].x, s.pv[1].x, s.pv[2].x));
    store_model_words(track, m, 13u, vec3(s.pp[1].y, s.pp[2].y, s.pv[0].y));
    store_model_words(track, m, 16u, vec3(s.pv[1].y, s.pv[2].y, s.pp[2].z));
    store_model_words(track, m, 19u, vec3(s.pv[0].z, s.pv[1].z, s.pv[2].z));
    store_model_words(track, m, 22u, vec3(s.vv[0].x, s.vv[1].x, s.vv[2].x));
    store_model_words(track, m, 25u, vec3(s.vv[1].y, s.vv[2].y, s.vv[2].z));
}
