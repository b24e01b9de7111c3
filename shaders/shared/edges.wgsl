// The graph of tracks and detections. Twin: src/fusion/arrays.rs

// Start of the row of a track whose lane rests.
override AT_REST: u32;

// The hypotheses of one track.
struct TrackHypotheses {
    start: u32,
    count: u32,
    missed: f32,
    gone: f32,
}

// One hypothesis: this track made that detection.
struct Hypothesis {
    detection: u32,
    weight: f32,
}
