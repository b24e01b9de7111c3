// Finds the first older twin of every track among those that share a detection with it. One invocation a hypothesis.
// Guard: hypotheses past the end return. Twin: src/fusion/views/twins.rs

// A view sees both of two tracks if it sees the less likely one with this probability or more.
override TWIN_SEEN: f32;
// Largest squared Mahalanobis distance of twins.
override TWIN_GATE: f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> status: array<Status>;
@group(0) @binding(2) var<storage, read> edges: array<Hypothesis>;
@group(0) @binding(3) var<storage, read> edge_track: array<u32>;
@group(0) @binding(4) var<storage, read> columns: array<u32>;
@group(0) @binding(5) var<storage, read> entries: array<u32>;
@group(0) @binding(6) var<storage, read> portraits: array<Portrait>;
@group(0) @binding(7) var<storage, read_write> elders: array<atomic<u32>>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn elder(@builtin(global_invocation_id) id: vec3<u32>) {
    let e = index_of(id);
    if e >= params.n {
        return;
    }
    if e >= status[0].edges {
        return;
    }
    let track = edge_track[e];
    let own = portraits[track];
    if own.odds > 0.0 {
        find_elder(own, track, edges[e].detection);
    }
}

fn find_elder(own: Portrait, track: u32, d: u32) {
    for (var k = column_of(d); k < columns[d]; k++) {
        let other = edge_track[entries[k]];
        if has_elder(own, portraits[other]) {
            // Counted from the last place: the greatest is the first, and 0 is none.
            atomicMax(&elders[track], NONE - other);
            return;
        }
    }
}

fn has_elder(a: Portrait, b: Portrait) -> bool {
    let older = b.scan < a.scan || (b.scan == a.scan && b.detection < a.detection);
    return b.odds > 0.0 && older && is_twin(a, b);
}

fn is_twin(a: Portrait, b: Portrait) -> bool {
    var seen_a = a.seen;
    var seen_b = b.seen;
    var both = 0.0;
    for (var h = 0u; h < 8u; h++) {
        both = max(both, min(seen_a[h], seen_b[h]));
    }
    if both >= TWIN_SEEN {
        return false;
    }
    let u = upward(a);
    let first = level(u);
    let second = vec3(u.y * first.z - u.z * first.y, u.z * first.x - u.x * first.z, u.x * first.y - u.y * first.x);
    let apart = vec3<f32>(b.tile - a.tile) * TILE_M + (b.offset_m - a.offset_m);
    let p1 = dot3(first, apart);
    let p2 = dot3(second, apart);
    if p1 * p1 + p2 * p2 < TWIN_GATE * (a.variance_m2 + b.variance_m2) {
        return moves_alike(a, b, first, second);
    }
    return false;
}

// Whether velocities differ, along two horizontal axes, by no more than they are uncertain.
fn moves_alike(a: Portrait, b: Portrait, first: vec3<f32>, second: vec3<f32>) -> bool {
    let speed = b.velocity_m_s - a.velocity_m_s;
    let v1 = dot3(first, speed);
    let v2 = dot3(second, speed);
    let p = a.covariance;
    let q = b.covariance;
    let m = mat3x3(
        vec3(p[0] + q[0], p[1] + q[1], p[2] + q[2]),
        vec3(p[1] + q[1], p[3] + q[3], p[4] + q[4]),
        vec3(p[2] + q[2], p[4] + q[4], p[5] + q[5]),
    );
    let m1 = vec3(dot3(m[0], first), dot3(m[1], first), dot3(m[2], first));
    let m2 = vec3(dot3(m[0], second), dot3(m[1], second), dot3(m[2], second));
    let s11 = dot3(first, m1);
    let s12 = dot3(second, m1);
    let s22 = dot3(second, m2);
    let lower = s12 / s11;
    let rest = s22 - lower * s12;
    let across = v2 - lower * v1;
    return rest > 0.0 && v1 * (v1 / s11) + across * (across / rest) < TWIN_GATE;
}

// Unit vector upwards.
fn upward(a: Portrait) -> vec3<f32> {
    if a.radial == 0u {
        return vec3(0.0, 0.0, 1.0);
    }
    let p = vec3<f32>(a.tile) * TILE_M + a.offset_m;
    return p / sqrt(p.x * p.x + p.y * p.y + p.z * p.z + 1e-30f);
}

// A unit vector across one, from the axis that lies farther from it.
fn level(u: vec3<f32>) -> vec3<f32> {
    var across = vec3(0.0, -u.z, u.y);
    if u.z * u.z < 0.5 {
        across = vec3(-u.y, u.x, 0.0);
    }
    return across / sqrt(dot3(across, across));
}
