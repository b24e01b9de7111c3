// Decides what becomes of every track; recycled existence is counted in parts, which add up in any order.
// Guard: places past the end return.
// Twin: src/fusion/manage.rs

// The part of a target that recycled existence is counted in.
override PART: f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> lane: array<u32>;
@group(0) @binding(2) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(3) var<storage, read> odds: array<f32>;
@group(0) @binding(4) var<storage, read> covariance: array<f32>;
@group(0) @binding(5) var<storage, read> tile: array<i32>;
@group(0) @binding(6) var<storage, read> mean: array<f32>;
@group(0) @binding(7) var<storage, read> setups: array<Setup>;
@group(0) @binding(8) var<storage, read> grounds: array<Ground>;
@group(0) @binding(9) var<storage, read_write> returned: array<atomic<u32>>;
@group(0) @binding(10) var<storage, read_write> fates: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn prune_or_recycle(@builtin(global_invocation_id) id: vec3<u32>) {
    let track = index_of(id);
    if track >= params.n {
        return;
    }
    fates[track] = PRUNED;
    if track >= params.places {
        return;
    }
    let l = lane[track / BLOCK];
    if l >= params.lanes {
        return;
    }
    let o = odds[track];
    let r = o / (1.0 + o);
    if !is_awake(l) {
        fates[track] = select(PRUNED, KEPT, o > 0.0);
        return;
    }
    if o > 0.0 && r >= params.prune {
        let level = level_variance(looks[params.first_look + l], track);
        if r >= params.recycle && level <= params.level_max {
            fates[track] = KEPT;
        } else {
            fates[track] = RECYCLED;
            give_back(l, track, r);
        }
    }
}

// Takes the existence of a recycled track back into the field of its lane.
fn give_back(l: u32, track: u32, r: f32) {
    if setups[l].kind != 0u {
        return;
    }
    let cell = cell_of(l, tile_of(track), mean_of(track, 0u));
    if cell != NONE {
        let parts = u32(r / PART + 0.5);
        atomicAdd(&returned[2u * cell], parts & 4095u);
        atomicAdd(&returned[2u * cell + 1u], parts >> 12u);
    }
}

// The variance of a track's place over both horizontal axes.
fn level_variance(look: LaneStep, track: u32) -> f32 {
    let s = load_state(track);
    if look.radial == 0u {
        return s.pp[0].x + s.pp[1].y;
    }
    let u = up(look, tile_of(track), s.x);
    let g = columns_along(s.pp, u);
    return s.pp[0].x + s.pp[1].y + s.pp[2].z - g.x * u.x - g.y * u.y - g.z * u.z;
}
