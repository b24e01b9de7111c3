// Planes of square cells: fields of undetected targets, and where looks could have seen. Twin: src/scan/mask.rs
struct Plane {
    tile: vec3<i32>,
    cell_m: f32,
    offset_m: vec3<f32>,
    cells_u: u32,
    east: vec3<f32>,
    cells_v: u32,
    north: vec3<f32>,
    // First of its cells among those of all planes of its sort.
    first: u32,
}
