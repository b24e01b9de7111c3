// How a position, and perhaps a velocity, was measured: scalar rows. Twin: src/scan/detections.rs

// A direction in which something was measured, and how well.
struct Axis {
    direction: vec3<f32>,
    sigma: f32,
}

struct Observation {
    position: array<Axis, 3>,
    velocity: array<Axis, 3>,
    ranges_m: array<f32, 3>,
    rates_m_s: array<f32, 3>,
    // Kinds of the rows of position, KIND_BITS bits each.
    kinds: u32,
    axes: u32,
    rates: u32,
    clutter: f32,
    spread: f32,
    // Metres to what the first row of velocity looks along; 0 where its direction is sure.
    sight_m: f32,
}
