// What a look could have seen. Twin: src/scan/mask.rs

// The share at a point.
fn seen_of(look: Look, tile: vec3<i32>, offset_m: vec3<f32>) -> f32 {
    if look.mask == NONE {
        return 1.0;
    }
    let cell = cell_of_plane(planes[look.mask], tile, offset_m);
    if cell == NONE {
        return 0.0;
    }
    return share[cell];
}
