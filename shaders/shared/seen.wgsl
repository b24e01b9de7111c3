// What a look could have seen. Twin: src/scan/mask.rs

// The share at a point.
fn seen_of(look: Look, tile: vec3<i32>, offset_m: vec3<f32>) -> f32 {
    return seen_at(look.mask, tile, offset_m);
}

// The share that a mask has there, by its plane; NONE: all.
fn seen_at(mask: u32, tile: vec3<i32>, offset_m: vec3<f32>) -> f32 {
    if mask == NONE {
        return 1.0;
    }
    let cell = cell_of_plane(planes[mask], tile, offset_m);
    if cell == NONE {
        return 0.0;
    }
    return share[cell];
}
