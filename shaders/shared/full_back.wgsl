// A step backwards by any F. Twin: src/refine/smooth.rs

// P FT.
fn crossed_by(s: State, f: Six) -> Six {
    let p = six_of(s);
    let rows = transposed(f);
    return Six(
        six_times(p, rows.a), six_times(p, rows.b), six_times(p, rows.c),
        six_times(p, rows.d), six_times(p, rows.e), six_times(p, rows.f),
    );
}

// I - G F.
fn rest_of(gain: Six, f: Six) -> Six {
    let a = six_times(gain, f.a);
    let b = six_times(gain, f.b);
    let c = six_times(gain, f.c);
    let d = six_times(gain, f.d);
    let e = six_times(gain, f.e);
    let g = six_times(gain, f.f);
    return Six(
        Column(vec3(1.0 - a.x.x, -a.x.yz), -a.v),
        Column(vec3(-b.x.x, 1.0 - b.x.y, -b.x.z), -b.v),
        Column(vec3(-c.x.xy, 1.0 - c.x.z), -c.v),
        Column(-d.x, vec3(1.0 - d.v.x, -d.v.yz)),
        Column(-e.x, vec3(-e.v.x, 1.0 - e.v.y, -e.v.z)),
        Column(-g.x, vec3(-g.v.xy, 1.0 - g.v.z)),
    );
}
