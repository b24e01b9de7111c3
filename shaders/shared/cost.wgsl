// What a detection costs a track. Twin: src/fusion/associate/assign.rs

// What a detection is worth over none, in nats.
override PREFERENCE: f32;
// Smallest normal number.
override DENSITY_MIN: f32;

fn cost_of(weight: f32) -> f32 {
    return (0.0 - ln(max(weight, DENSITY_MIN))) - PREFERENCE;
}
