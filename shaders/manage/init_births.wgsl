// Gives every birth its identity, its odds and its source. One invocation a birth. Guard: births past the end return.
// Twin: src/fusion/manage.rs

// Largest odds of existence.
override ODDS_MAX: f32;

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> status: array<Status>;
@group(0) @binding(2) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(3) var<storage, read> placed: array<Placed>;
@group(0) @binding(4) var<storage, read> chances: array<f32>;
@group(0) @binding(5) var<storage, read> birth_at: array<u32>;
@group(0) @binding(6) var<storage, read> homes: array<u32>;
@group(0) @binding(7) var<storage, read_write> odds: array<f32>;
@group(0) @binding(8) var<storage, read_write> identity: array<u32>;
@group(0) @binding(9) var<storage, read_write> sources: array<u32>;
@group(0) @binding(10) var<storage, read> addresses: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn init_births(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if i >= status[0].births {
        return;
    }
    let d = birth_at[i];
    let p = placed[d];
    let home = homes[i];
    let r = chances[d];
    let ratio = r / (1.0 - r);
    let o = select(ODDS_MAX, ratio, ratio < ODDS_MAX);
    odds[home] = o;
    let again = o / (1.0 + o);
    let look = looks[params.first_look + (p.tag >> 8u)];
    identity[at(home, BORN_SCAN, IDENTITY)] = look.scan;
    identity[at(home, BORN_DETECTION, IDENTITY)] = p.arrived;
    identity[at(home, FLAGS, IDENTITY)] = select(0u, CONFIRMED | WAS_CONFIRMED, again >= params.confirm);
    var address = 0u;
    if params.address_error > 0.0 {
        address = address_of(look, p);
    }
    identity[at(home, ADDRESS, IDENTITY)] = address;
    identity[at(home, ADDRESS_CHANCE, IDENTITY)] = bitcast<u32>(select(0.0, 1.0 - params.address_error, address != 0u));
    let source = p.tag & 255u;
    for (var k = 0u; k < SOURCE_WORDS; k++) {
        sources[at(home, k, SOURCE_WORDS)] = select(0u, 1u << (source % 32u), source / 32u == k);
    }
}
