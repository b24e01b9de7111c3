// What a look leaves of a component. Twin: src/fusion/undetected.rs

fn thinned(l: u32, look: LaneStep, c: Component) -> f32 {
    let offset_m = vec3(c.mean[0], c.mean[1], c.mean[2]);
    let seen = seen_of(look, c.tile, offset_m) * visible_at(l, look, c.tile, offset_m);
    return c.weight * (1.0 - look.detection_probability * seen);
}
