// Counts to every birth the detection that began it, unless another track has it, and keeps when that was made.
// One invocation a birth. Guard: births past the end return.
// Twin: src/fusion/manage.rs

@group(0) @binding(0) var<uniform> params: Params;
@group(0) @binding(1) var<storage, read> status: array<Status>;
@group(0) @binding(2) var<storage, read> looks: array<LaneStep>;
@group(0) @binding(3) var<storage, read> placed: array<Placed>;
@group(0) @binding(4) var<storage, read> owners: array<u32>;
@group(0) @binding(5) var<storage, read> times: array<vec2<u32>>;
@group(0) @binding(6) var<storage, read> birth_at: array<u32>;
@group(0) @binding(7) var<storage, read> homes: array<u32>;
@group(0) @binding(8) var<storage, read_write> identity: array<u32>;

@compute @workgroup_size(WORKGROUP_SIZE)
fn credit_births(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = index_of(id);
    if i >= params.n {
        return;
    }
    if i >= status[0].births {
        return;
    }
    let d = birth_at[i];
    let time = time_of(placed[d]);
    identity[at(homes[i], COUNTED, IDENTITY)] = select(0u, 1u, owners[d] == NONE);
    identity[at(homes[i], LAST_LOW, IDENTITY)] = time.x;
    identity[at(homes[i], LAST_HIGH, IDENTITY)] = time.y;
}
