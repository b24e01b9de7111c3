// What a look leaves of a component. Twin: src/fusion/undetected.rs

fn thinned(look: Look, c: Component) -> f32 {
    let seen = seen_of(look, c.tile, vec3(c.mean[0], c.mean[1], c.mean[2]));
    return c.weight * (1.0 - look.detection_probability * seen);
}
