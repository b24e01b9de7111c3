// Finds the cell of every track that is to be put in order, and counts those of each cell.
// Guard: places past the end, and those without such a track, return.
// Twin: src/fusion/manage.rs

// Most tracks that may share a cell.
override CELL_MAX: u32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> fates: array<u32>;
@group(0) @binding(2) var<storage, read> lane: array<u32>;
@group(0) @binding(3) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(4) var<storage, read_write> lane_states: array<LaneState>;
@group(0) @binding(5) var<storage, read> tile: array<i32>;
@group(0) @binding(6) var<storage, read> mean: array<f32>;
@group(0) @binding(7) var<storage, read_write> keys: array<u32>;
@group(0) @binding(8) var<storage, read_write> cells: array<atomic<u32>>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn count_cells(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    keys[track] = NONE;
    let l = lane[track / BLOCK];
    if fates[track] != KEPT || l >= params.lanes {
        return;
    }
    if lane_states[l].in_place == 1u {
        return;
    }
    let cell = cell_of_grid(looks[params.first_look + l], tile_of(track), mean_of(track, 0u));
    keys[track] = cell;
    if atomicAdd(&cells[cell], 1u) >= CELL_MAX {
        lane_states[l].crowded = 1u;
    }
}
