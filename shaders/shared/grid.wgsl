// The cells of a scan. Twin: src/fusion/grid.rs

// Fine cells along an edge of a coarse one.
override FINE: u32;

fn along(v: vec3<f32>, axis: u32) -> f32 {
    return select(select(v.z, v.y, axis == 1u), v.x, axis == 0u);
}

fn along_tile(v: vec3<i32>, axis: u32) -> i32 {
    return select(select(v.z, v.y, axis == 1u), v.x, axis == 0u);
}

// A cell index between 0 and `last`.
fn clamped(cell: f32, last: f32) -> u32 {
    let bounded = select(last, cell, cell < last);
    return select(0u, u32(bounded), bounded > 0.0);
}

// Place along the grid's axes, metres from its corner.
fn place_u(look: LaneStep, tile: vec3<i32>, offset_m: vec3<f32>) -> f32 {
    return (along(offset_m, look.axis_u) - look.low_u_m) + f32(along_tile(tile, look.axis_u) - look.base_u) * TILE_M;
}

fn place_v(look: LaneStep, tile: vec3<i32>, offset_m: vec3<f32>) -> f32 {
    return (along(offset_m, look.axis_v) - look.low_v_m) + f32(along_tile(tile, look.axis_v) - look.base_v) * TILE_M;
}

// The cell of a place in the wave, the nearest one of its scan for a place outside.
fn cell_of_grid(look: LaneStep, tile: vec3<i32>, offset_m: vec3<f32>) -> u32 {
    if look.detections == 0u {
        return look.first_cell;
    }
    let i = clamped(floor(place_u(look, tile, offset_m) * look.cells_per_m), f32(look.coarse_u * FINE - 1u));
    let j = clamped(floor(place_v(look, tile, offset_m) * look.cells_per_m), f32(look.coarse_v * FINE - 1u));
    let coarse = (j / FINE) * look.coarse_u + i / FINE;
    return look.first_cell + coarse * FINE * FINE + (j % FINE) * FINE + i % FINE;
}
