// The cell of a plane below a point. Twin: src/scan/mask.rs

// Index of the cell below a point, or NONE.
fn cell_of_plane(p: Plane, tile: vec3<i32>, offset_m: vec3<f32>) -> u32 {
    let d = vec3<f32>(tile - p.tile) * TILE_M + (offset_m - p.offset_m);
    let i = dot3(d, p.east) / p.cell_m;
    let j = dot3(d, p.north) / p.cell_m;
    if i >= 0.0 && j >= 0.0 && i < f32(p.cells_u) && j < f32(p.cells_v) {
        return p.first + u32(j) * p.cells_u + u32(i);
    }
    return NONE;
}
