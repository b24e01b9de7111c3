// How likely a look's view sees undetected targets at a place. Twin: src/fusion/views/mod.rs

fn visible_at(l: u32, look: LaneStep, tile: vec3<i32>, offset_m: vec3<f32>) -> f32 {
    if look.views < 2u || look.reports == 1u {
        return 1.0;
    }
    let own = view_looks[view_at(l, look.view)].field;
    var law = law_of(vec2<f32>(own, 1.0 - own));
    for (var h = 0u; h < look.views; h++) {
        let view = view_looks[view_at(l, h)];
        if h != look.view && seen_at(view.mask, tile, offset_m, vec3<f32>(0.0)) > 0.0 {
            law = law_with(law, vec2<f32>(view.field, 1.0 - view.field));
        }
    }
    return part_of(law, own);
}
