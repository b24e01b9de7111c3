// Where a track looks for detections. Twin: src/fusion/gate.rs
struct GateWindow {
    // What the likelihood of a detection is multiplied by; below 0 where the look does not see the track.
    factor: f32,
    // Half the edges of a box about it along the axes of the grid, metres.
    half_u: f32,
    half_v: f32,
    lane: u32,
}
