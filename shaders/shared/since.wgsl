// Process noise between a detection and its scan. Twin: src/fusion/since.rs

// Seconds that a track's state is later than a detection, of which noise can be taken off; none where not above 0, or
// where targets turn, whose lines leave it out.
fn seconds_since(look: LaneStep, ahead_s: f32) -> f32 {
    if look.turning.turns == 1u {
        return 0.0;
    }
    return min(-ahead_s, look.dt_s);
}

// The state without the noise of the last `seconds`, `u` being upwards.
fn without_noise(s: State, look: LaneStep, seconds: f32, u: vec3<f32>) -> State {
    let flat = noise_blocks(vec3(look.noise.drive_pp, look.noise.drive_pv, look.noise.drive_vv), seconds);
    let extra = noise_blocks(vec3(look.noise.extra_drive_pp, look.noise.extra_drive_pv, look.noise.extra_drive_vv), seconds);
    return changed_by(s, -flat, -extra, u);
}

// The state with the noise of `seconds` more.
fn with_noise(s: State, look: LaneStep, seconds: f32, u: vec3<f32>) -> State {
    let flat = noise_blocks(vec3(look.noise.drive_pp, look.noise.drive_pv, look.noise.drive_vv), seconds);
    let extra = noise_blocks(vec3(look.noise.extra_drive_pp, look.noise.extra_drive_pv, look.noise.extra_drive_vv), seconds);
    return changed_by(s, flat, extra, u);
}

// Of position, of position with velocity, of velocity.
fn noise_blocks(drive: vec3<f32>, seconds: f32) -> vec3<f32> {
    let squared = seconds * seconds;
    return vec3(drive.x * seconds * squared, drive.y * squared, drive.z * seconds);
}

fn changed_by(s: State, flat: vec3<f32>, extra: vec3<f32>, u: vec3<f32>) -> State {
    return State(
        s.x,
        s.v,
        added(s.pp, flat.x, extra.x, u),
        added(s.pv, flat.y, extra.y, u),
        added(s.vv, flat.z, extra.z, u),
    );
}

// m + flat I + extra u uT, in this order: a driver would add products so.
fn added(m: mat3x3<f32>, flat: f32, extra: f32, u: vec3<f32>) -> mat3x3<f32> {
    let x = vec3(m[0].x + flat, m[0].yz);
    let y = vec3(m[1].x, m[1].y + flat, m[1].z);
    let z = vec3(m[2].xy, m[2].z + flat);
    return mat3x3(x + u * u.x * extra, y + u * u.y * extra, z + u * u.z * extra);
}
