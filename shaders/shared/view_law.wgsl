// The law of who sees an object, view by view: some one does. Twin: src/fusion/views/mod.rs

// That one of the views so far sees it, that none does, and whether only the one that looks is among them.
struct Law {
    some: f32,
    rest: f32,
    alone: bool,
}

// Of the view that looks: that it sees it, and that it does not.
fn law_of(own: vec2<f32>) -> Law {
    return Law(own.x, own.y, true);
}

fn law_with(law: Law, other: vec2<f32>) -> Law {
    return Law(law.some + other.x * law.rest, law.rest * other.y, false);
}

// The part of the law in which the view that looks sees it.
fn part_of(law: Law, own: f32) -> f32 {
    if !law.alone && law.some > 0.0 {
        return own / law.some;
    }
    return 1.0;
}
