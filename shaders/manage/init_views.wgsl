// Says of every birth how likely each view sees it: the one that detected it does, others as they see undetected targets.
// One invocation a birth. Guard: births past the end, and those of lanes of one view, return.
// Twin: src/fusion/views/mod.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> status: array<Status>;
@group(0) @binding(2) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(3) var<storage, read> view_looks: array<ViewLook>;
@group(0) @binding(4) var<storage, read> placed: array<Placed>;
@group(0) @binding(5) var<storage, read> birth_at: array<u32>;
@group(0) @binding(6) var<storage, read> homes: array<u32>;
@group(0) @binding(7) var<storage, read> grounds: array<Ground>;
@group(0) @binding(8) var<storage, read> share: array<f32>;
@group(0) @binding(9) var<storage, read_write> views: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn init_views(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if i >= status[0].births {
        return;
    }
    let p = placed[birth_at[i]];
    let l = p.tag >> 8u;
    let look = looks[params.first_look + l];
    if look.views < 2u {
        return;
    }
    for (var k = 0u; k < VIEW_WORDS; k++) {
        var word = 0u;
        for (var h = 2u * k; h < min(2u * k + 2u, look.views); h++) {
            let view = view_looks[view_at(l, h)];
            let steps = select(view.beyond, view.covered, seen_at(view.mask, p.tile, p.offset_m, vec3<f32>(0.0)) > 0.0);
            word = with_stored(word, h, steps);
        }
        views[at(homes[i], k, VIEW_WORDS)] = word;
    }
}
