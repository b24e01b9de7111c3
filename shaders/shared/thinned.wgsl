// What a look leaves of a component. Twin: src/fusion/undetected.rs

fn thinned(look: Look, c: Component) -> f32 {
    var seen = 1.0;
    if look.mask != NONE {
        seen = 0.0;
        let cell = cell_of_plane(planes[look.mask], c.tile, vec3(c.mean[0], c.mean[1], c.mean[2]));
        if cell != NONE {
            seen = share[cell];
        }
    }
    return c.weight * (1.0 - look.detection_probability * seen);
}
