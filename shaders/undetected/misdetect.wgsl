// Thins a field where the look has covered it, and takes recycled tracks back. One invocation a cell.
// Guard: cells past the end, and those of lanes that rest, return.
// Twin: src/fusion/undetected.rs

// Cells that surely belong to one lane.
override FIELD_BLOCK: u32;

// The part of a target that recycled existence is counted in.
override PART: f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> field_lane: array<u32>;
@group(0) @binding(3) var<storage, read> grounds: array<Ground>;
@group(0) @binding(4) var<storage, read> share: array<f32>;
@group(0) @binding(5) var<storage, read> view_looks: array<ViewLook>;
@group(0) @binding(6) var<storage, read_write> returned: array<u32>;
@group(0) @binding(7) var<storage, read_write> field: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn misdetect(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    let l = field_lane[i / FIELD_BLOCK];
    if !is_awake(l) {
        return;
    }
    let look = looks[params.first_look + l];
    var seen = 1.0;
    if look.cover != NONE {
        seen = share[look.cover + (i - grounds[l].first)];
    }
    seen = seen * visible_in_cell(l, look, i - grounds[l].first);
    let parts = f32(returned[2u * i + 1u]) * 4096.0 + f32(returned[2u * i]);
    var back = 0.0;
    if parts > 0.0 {
        back = parts * PART / area_of(l, i);
    }
    field[i] = back + field[i] * (1.0 - look.detection_probability * seen);
    returned[2u * i] = 0u;
    returned[2u * i + 1u] = 0u;
}
