// How likely a look's view sees what it covers of a field of cells. Twin: src/fusion/views/mod.rs

fn visible_in_cell(l: u32, look: LaneStep, cell: u32) -> f32 {
    if look.views < 2u || look.reports == 1u {
        return 1.0;
    }
    let own = view_looks[view_at(l, look.view)].field;
    var law = law_of(vec2<f32>(own, 1.0 - own));
    for (var h = 0u; h < look.views; h++) {
        let view = view_looks[view_at(l, h)];
        var seen = 1.0;
        if view.cover != NONE {
            seen = share[view.cover + cell];
        }
        if h != look.view && seen > 0.0 {
            // Another view sees what it sees on the ground that it covers.
            let v = view.field * seen;
            law = law_with(law, vec2<f32>(v, 1.0 - v));
        }
    }
    return part_of(law, own);
}
