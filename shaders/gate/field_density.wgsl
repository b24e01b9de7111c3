// How many detections are expected where each one is that no track made, from a field of cells.
// Guard: detections past the end, and those of lanes with components, return.
// Twin: src/fusion/undetected.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> setups: array<Setup>;
@group(0) @binding(3) var<storage, read> grounds: array<Ground>;
@group(0) @binding(4) var<storage, read> field: array<f32>;
@group(0) @binding(5) var<storage, read> share: array<f32>;
@group(0) @binding(6) var<storage, read> observations: array<Observation>;
@group(0) @binding(7) var<storage, read> view_looks: array<ViewLook>;
@group(0) @binding(8) var<storage, read_write> placed: array<Placed>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn field_density(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    let d = placed[i];
    let l = d.tag >> 8u;
    if setups[l].kind != 0u {
        return;
    }
    let look = looks[params.first_look + l];
    let o = observations[d.observation];
    let cell = cell_of(l, d.tile, d.offset_m);
    var e = 0.0;
    if cell != NONE {
        let seen = seen_of(look, d.tile, d.offset_m) * visible_at(l, look, d.tile, d.offset_m);
        e = look.detection_probability * seen * field[cell] * o.spread;
    }
    let sum = o.clutter + e;
    // Never zero: a detection where nothing is expected is still a detection.
    placed[i].density = select(DENSITY_MIN, sum, DENSITY_MIN < sum);
    placed[i].fresh = e;
}
