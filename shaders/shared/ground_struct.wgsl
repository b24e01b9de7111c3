// Planes of square cells: fields of undetected targets, and what of a mask is permitted; and the limits of what is covered,
// which are those of src/scan/shape.rs. Twin: src/scan/cells.rs
struct Ground {
    tile: vec3<i32>,
    // What a limit measures; of a plane how many limits follow it.
    kind: u32,
    offset_m: vec3<f32>,
    // First of its cells, or of the shares of them that are permitted; NONE: all of everything.
    first: u32,
    // Along a row of cells, or the axis of a limit.
    east: vec3<f32>,
    // The next part of the same mask, or NONE.
    after: u32,
    // From row to row, or across that axis.
    north: vec3<f32>,
    cell_m: f32,
    cells_u: u32,
    cells_v: u32,
    // Of a limit: distance of its place from the axis, sine and cosine of its angle, least and most that a point may have.
    radius_m: f32,
    sine: f32,
    cosine: f32,
    // Of a plane that touches the globe: where its corner is along both axes, from the Earth's centre.
    least_m: f32,
    most_m: f32,
    // The next plane of the same cells, or NONE.
    next: u32,
    // From the Earth's centre to where a plane touches the globe; zero: it is flat.
    centre: vec3<f32>,
    // When a limit is asked of what moves, seconds after the time of the scan.
    ahead_s: f32,
}

// From the place of a plane or a limit to a point, metres; tiles first.
fn from_ground(g: Ground, tile: vec3<i32>, offset_m: vec3<f32>) -> vec3<f32> {
    return vec3<f32>(tile - g.tile) * TILE_M + (offset_m - g.offset_m);
}
