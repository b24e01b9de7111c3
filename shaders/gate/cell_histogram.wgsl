// Finds the cell of every detection and counts those of each cell. One invocation a detection.
// Guard: detections past the end return.
// Twin: src/fusion/grid.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(2) var<storage, read> arrived: array<Detection>;
@group(0) @binding(3) var<storage, read> tags: array<u32>;
@group(0) @binding(4) var<storage, read_write> keys: array<u32>;
@group(0) @binding(5) var<storage, read_write> cells: array<atomic<u32>>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn cell_histogram(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    let d = arrived[params.first_detection + i];
    let look = looks[params.first_look + (tags[params.first_detection + i] >> 8u)];
    let cell = cell_of_grid(look, d.tile, d.offset_m);
    keys[i] = cell;
    atomicAdd(&cells[cell], 1u);
}
