// How far from a track the detections in its gate may lie. Twin: src/fusion/gate.rs

// Half the edge of a box about the track that holds every detection in a gate, along one axis.
fn reach(look: LaneStep, s: State, axis: u32, gate: f32) -> f32 {
    let widest = max(variance_at(s, axis, look.early_s), variance_at(s, axis, look.late_s));
    let longest = max(abs(look.early_s), abs(look.late_s));
    let noise = look.sigma_m * look.sigma_m;
    // No satellite's velocity changes by more than 12 m/s a second.
    var bend = select(0.0, 6.0 * longest * longest, look.orbits == 1u);
    if look.turning.turns == 1u {
        // Of the speed, and of what it may be, half the rate times the square of the time.
        let unsure = sqrt(gate * (s.vv[0].x + s.vv[1].y + s.vv[2].z));
        bend = 0.5 * abs(look.turning.rate) * longest * longest * (sqrt(dot3(s.v, s.v)) + unsure);
    }
    return look.slack_m + bend + longest * abs(along(s.v, axis)) + sqrt(gate * (widest + noise)) * 1.0001;
}

// Variance of a position along one axis, `tau` seconds from the scan.
fn variance_at(s: State, axis: u32, tau: f32) -> f32 {
    return diagonal(s.pp, axis) + 2.0 * tau * diagonal(s.pv, axis) + tau * (tau * diagonal(s.vv, axis));
}

fn diagonal(m: mat3x3<f32>, axis: u32) -> f32 {
    return along(vec3(m[0].x, m[1].y, m[2].z), axis);
}
