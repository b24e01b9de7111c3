// How likely a look detects every track: what it covers, by how likely its view sees the track at all.
// Guard: places past the end, and those of lanes that rest or have one view, return.
// Twin: src/fusion/views/mod.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> lane: array<u32>;
@group(0) @binding(3) var<storage, read> tile: array<i32>;
@group(0) @binding(4) var<storage, read> mean: array<f32>;
@group(0) @binding(5) var<storage, read> grounds: array<Ground>;
@group(0) @binding(6) var<storage, read> share: array<f32>;
@group(0) @binding(7) var<storage, read> view_looks: array<ViewLook>;
@group(0) @binding(8) var<storage, read> views: array<u32>;
@group(0) @binding(9) var<storage, read_write> windows: array<GateWindow>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn detectability(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    let l = lane[track / BLOCK];
    if !is_awake(l) {
        return;
    }
    let look = looks[params.first_look + l];
    if look.views < 2u {
        return;
    }
    let place = tile_of(track);
    let offset_m = mean_of(track, 0u);
    let seen = seen_of_moving(look, place, offset_m, mean_of(track, 3u));
    let share = visible(l, look, track, place, offset_m);
    windows[track].factor = look.detection_probability * select(-share, seen * share, seen > 0.0);
}

// The share of the law of who sees a track on "the view that looks does".
fn visible(l: u32, look: LaneStep, track: u32, place: vec3<i32>, offset_m: vec3<f32>) -> f32 {
    if look.reports == 1u {
        return 1.0;
    }
    let own = chance_now(view_looks[view_at(l, look.view)], stored_of(track, look.view));
    var law = law_of(own);
    for (var h = 0u; h < look.views; h++) {
        let view = view_looks[view_at(l, h)];
        if h != look.view && seen_at(view.mask, place, offset_m, vec3<f32>(0.0)) > 0.0 {
            law = law_with(law, chance_now(view, stored_of(track, h)));
        }
    }
    return part_of(law, own.x);
}

fn stored_of(track: u32, h: u32) -> i32 {
    return stored(views[at(track, h / 2u, VIEW_WORDS)], h);
}
