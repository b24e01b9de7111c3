// Moves a field of cells to the time of the scan, with births. One invocation a cell.
// Guard: cells past the end, and those of lanes that rest, return.
// Twin: src/fusion/undetected.rs

// Cells that surely belong to one lane.
override FIELD_BLOCK: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> setups: array<Setup>;
@group(0) @binding(3) var<storage, read> field_lane: array<u32>;
@group(0) @binding(4) var<storage, read_write> field: array<f32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn predict_field(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    let l = field_lane[i / FIELD_BLOCK];
    if !is_awake(l) {
        return;
    }
    let look = looks[params.first_look + l];
    let born = setups[l].birth * look.births_s;
    field[i] = born + field[i] * look.left;
}
