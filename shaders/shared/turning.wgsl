// How velocities turn in the time before a look. Twin: src/fusion/motion/turn.rs

struct Turning {
    turns: u32,
    // To the left seen from above, radians a second.
    rate: f32,
    // Of a horizontal velocity: how far it comes along it, less the time, and to its left; what it loses, and gains there.
    short_s: f32,
    aside_s: f32,
    lost: f32,
    aside: f32,
    across_pv: f32,
}
