// Detections as they arrive, and in their cells. Twin: src/scan/detections.rs
struct Detection {
    tile: vec3<i32>,
    ahead_s: f32,
    offset_m: vec3<f32>,
    observation: u32,
}

// A detection in its cell, with what no track explains of it.
struct Placed {
    tile: vec3<i32>,
    ahead_s: f32,
    offset_m: vec3<f32>,
    observation: u32,
    // Density of detections that no track made, and of undetected targets alone.
    density: f32,
    fresh: f32,
    // Lane, and source in the low eight bits.
    tag: u32,
    // Place in the scan as it arrived.
    arrived: u32,
}
