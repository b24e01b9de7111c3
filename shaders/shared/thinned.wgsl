// What a look leaves of a component. Twin: src/fusion/undetected.rs

fn thinned(l: u32, look: LaneStep, c: Component) -> f32 {
    let offset_m = vec3(c.mean[0], c.mean[1], c.mean[2]);
    let velocity = vec3(c.mean[3], c.mean[4], c.mean[5]);
    let seen = seen_of_moving(look, c.tile, offset_m, velocity) * visible_at(l, look, c.tile, offset_m);
    return c.weight * (1.0 - look.detection_probability * seen);
}
