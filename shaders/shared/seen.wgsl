// What a look could have seen at a point: what is covered there, and how much of it permitted. Twin: src/scan/mask.rs

// The share at a point that stands still.
fn seen_of(look: LaneStep, tile: vec3<i32>, offset_m: vec3<f32>) -> f32 {
    return seen_of_moving(look, tile, offset_m, vec3<f32>(0.0));
}

// The same of one with a velocity, m/s.
fn seen_of_moving(look: LaneStep, tile: vec3<i32>, offset_m: vec3<f32>, velocity: vec3<f32>) -> f32 {
    return seen_at(look.mask, tile, offset_m, velocity);
}

// The share that a mask has there, by its first part: that of the part that has most; NONE: all.
fn seen_at(mask: u32, tile: vec3<i32>, offset_m: vec3<f32>, velocity: vec3<f32>) -> f32 {
    if mask == NONE {
        return 1.0;
    }
    var most = 0.0;
    for (var part = mask; part != NONE; part = grounds[part].after) {
        if is_covered(part, tile, offset_m, velocity) {
            most = max(most, permitted(part, tile, offset_m));
        }
    }
    return most;
}

fn permitted(part: u32, tile: vec3<i32>, offset_m: vec3<f32>) -> f32 {
    if grounds[part].first == NONE {
        return 1.0;
    }
    let cell = cell_of(part, tile, offset_m);
    if cell == NONE {
        return 0.0;
    }
    return share[cell];
}
