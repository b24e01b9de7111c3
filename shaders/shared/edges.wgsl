// The graph of tracks and detections. Twin: src/fusion/arrays.rs

// The hypotheses of one track.
struct Row {
    start: u32,
    count: u32,
    missed: f32,
    gone: f32,
}

// One hypothesis: this track made that detection.
struct Edge {
    detection: u32,
    weight: f32,
}
